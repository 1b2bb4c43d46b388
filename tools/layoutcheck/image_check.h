// The pages of a kernel's image, compared with its ELF file.
#pragma once

#include <span>
#include <vector>

#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {

// Pages of a segment with other rights than its own, or without any where the file has contents for
// them; executable pages of the image's region beside its code; guard pages that are mapped. `runs`
// are ascending.
[[nodiscard]] std::vector<Finding> CheckImagePages(const Layout& layout, const ElfImage& image,
                                                   std::span<const Mapping> runs);

}  // namespace layoutcheck
