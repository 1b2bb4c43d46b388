#include "tools/layoutcheck/json_object.h"

#include <charconv>
#include <cstdint>
#include <expected>
#include <format>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "nlohmann/json.hpp"

namespace layoutcheck {
namespace {

using Json = nlohmann::json;

std::optional<uint64_t> ParseNumber(std::string_view text) {
  constexpr std::string_view kPrefix = "0x";
  constexpr int kDecimal = 10;
  constexpr int kHexadecimal = 16;
  const bool is_hexadecimal = text.starts_with(kPrefix);
  if (is_hexadecimal) text.remove_prefix(kPrefix.size());
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read =
      std::from_chars(text.data(), end, value, is_hexadecimal ? kHexadecimal : kDecimal);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

}  // namespace

JsonObject::JsonObject(const Json& json, std::string place)
    : json_(json), place_(std::move(place)) {
  if (!json.is_object()) mistake_ = std::format("{}: is no object", place_);
}

void JsonObject::Refuse(std::string_view key, std::string_view problem) {
  if (IsGood()) mistake_ = std::format("{}: \"{}\": {}", place_, key, problem);
}

const Json* JsonObject::Find(std::string_view key) {
  asked_.emplace(key);
  if (!json_.is_object()) return nullptr;
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

const Json* JsonObject::FindOrRefuse(std::string_view key) {
  const Json* const value = Find(key);
  if (value == nullptr) Refuse(key, "is missing");
  return value;
}

std::string JsonObject::ToText(const Json& value, std::string_view key) {
  if (value.is_string()) return value.get<std::string>();
  Refuse(key, std::format("{} is no text", value.dump()));
  return "";
}

uint64_t JsonObject::ToNumber(const Json& value, std::string_view key) {
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_string()) {
    if (const auto number = ParseNumber(value.get_ref<const std::string&>())) return *number;
  }
  Refuse(key, std::format("{} is no number from 0 to 2^64-1", value.dump()));
  return 0;
}

std::string JsonObject::Text(std::string_view key) {
  const Json* const value = FindOrRefuse(key);
  return value == nullptr ? "" : ToText(*value, key);
}

uint64_t JsonObject::Number(std::string_view key) {
  const Json* const value = FindOrRefuse(key);
  return value == nullptr ? 0 : ToNumber(*value, key);
}

const Json* JsonObject::Array(std::string_view key) { return ToArray(FindOrRefuse(key), key); }

const Json* JsonObject::OptionalArray(std::string_view key) { return ToArray(Find(key), key); }

const Json* JsonObject::ToArray(const Json* value, std::string_view key) {
  if (value == nullptr || value->is_array()) return value;
  Refuse(key, "is no array");
  return nullptr;
}

std::optional<std::string> JsonObject::OptionalText(std::string_view key) {
  const Json* const value = Find(key);
  return value == nullptr ? std::nullopt : std::optional(ToText(*value, key));
}

std::optional<uint64_t> JsonObject::OptionalNumber(std::string_view key) {
  const Json* const value = Find(key);
  return value == nullptr ? std::nullopt : std::optional(ToNumber(*value, key));
}

std::expected<void, std::string> JsonObject::Finish() {
  if (json_.is_object()) {
    for (const auto& item : json_.items()) {
      if (!asked_.contains(item.key())) Refuse(item.key(), "is an unknown key");
    }
  }
  if (!IsGood()) return std::unexpected(mistake_);
  return {};
}

}  // namespace layoutcheck
