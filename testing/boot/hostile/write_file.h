// Output of the generators in this directory.
#pragma once

#include <string>
#include <string_view>

// Writes the whole file; ends the program with a message on stderr if it cannot.
void WriteFile(const std::string& path, std::string_view bytes);
