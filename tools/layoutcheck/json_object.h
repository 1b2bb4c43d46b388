// One object of a JSON text, read key by key.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace layoutcheck {

// Keeps the first mistake, and the keys that were asked for, so that all others are mistakes.
class JsonObject {
 public:
  // `place` names the object in messages: "region 3 (heap)". `json` must outlive this.
  JsonObject(const nlohmann::json& json, std::string place);

  // Values of keys that must be there. Empty or 0 after a mistake.
  [[nodiscard]] std::string Text(std::string_view key);
  [[nodiscard]] uint64_t Number(std::string_view key);  // a number, or text such as "0xF000"
  [[nodiscard]] const nlohmann::json* Array(std::string_view key);

  // Values of keys that may be there.
  [[nodiscard]] std::optional<std::string> OptionalText(std::string_view key);
  [[nodiscard]] std::optional<uint64_t> OptionalNumber(std::string_view key);
  [[nodiscard]] const nlohmann::json* OptionalArray(std::string_view key);  // null if not there

  // A mistake about a key.
  void Refuse(std::string_view key, std::string_view problem);

  [[nodiscard]] bool IsGood() const { return mistake_.empty(); }

  // The first mistake: a key that nobody has asked for is one.
  [[nodiscard]] std::expected<void, std::string> Finish();

 private:
  const nlohmann::json* Find(std::string_view key);
  const nlohmann::json* FindOrRefuse(std::string_view key);
  const nlohmann::json* ToArray(const nlohmann::json* value, std::string_view key);
  std::string ToText(const nlohmann::json& value, std::string_view key);
  uint64_t ToNumber(const nlohmann::json& value, std::string_view key);

  const nlohmann::json& json_;
  std::string place_;
  std::set<std::string, std::less<>> asked_;
  std::string mistake_;
};

}  // namespace layoutcheck
