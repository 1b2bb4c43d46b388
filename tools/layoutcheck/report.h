// What the program prints.
#pragma once

#include <span>
#include <string>

#include "tools/layoutcheck/check.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {

// One line for each stretch of equal rights: addresses, size, rights, page sizes, frames.
[[nodiscard]] std::string MapAsText(const TableForm& form, std::span<const Mapping> runs);
// Every run.
[[nodiscard]] std::string MapAsJson(const TableForm& form, std::span<const Mapping> runs);

// One line for each region, each with its faults, and a last line that begins LAYOUT OK or LAYOUT
// FAULT.
[[nodiscard]] std::string CheckAsText(const TableForm& form, const Layout& layout,
                                      const CheckReport& report);
// The same with `runs`, every one, and without a limit to the faults.
[[nodiscard]] std::string CheckAsJson(const TableForm& form, const Layout& layout,
                                      const CheckReport& report, std::span<const Mapping> runs);

}  // namespace layoutcheck
