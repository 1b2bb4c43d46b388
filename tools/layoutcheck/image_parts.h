// Whether the parts of a kernel image follow each other as its layout says.
#pragma once

#include <span>
#include <vector>

#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {

// From image_link_base to the end of its region pages have the rights of one part after the other,
// in the layout's order; where one ends, nobody can see from outside. The last part may have holes.
// No finding for a layout without parts or without image_link_base. `runs` are ascending.
[[nodiscard]] std::vector<Finding> CheckImageParts(const Layout& layout,
                                                   std::span<const Mapping> runs);

}  // namespace layoutcheck
