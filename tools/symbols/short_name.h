#pragma once

#include <string>
#include <string_view>

namespace symbols {

// The name a backtrace shows for a linker symbol: demangled, without return type, parameters and
// template arguments.
//   _ZN2mm9PageTableIN4arch6PolicyEE3MapEv  ->  mm::PageTable<>::Map
std::string ShortName(std::string_view linker_name);

}  // namespace symbols
