// JSON texts, read strictly: a key that is there twice is an error, too.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace layoutcheck {

// The error says what is wrong and where.
[[nodiscard]] std::expected<nlohmann::json, std::string> ParseJson(std::string_view text);

}  // namespace layoutcheck
