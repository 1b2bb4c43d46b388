#include "tools/layoutcheck/json_text.h"

#include <cstddef>
#include <expected>
#include <format>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

namespace layoutcheck {
namespace {

using Json = nlohmann::json;

// Reads a text for its mistakes only. nlohmann::json keeps the last of several equal keys.
class Critic final : public nlohmann::json_sax<Json> {
 public:
  const std::string& mistake() const { return mistake_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool start_object(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool key(string_t& name) override {
    if (open_.back().insert(name).second) return true;
    mistake_ = std::format("the key \"{}\" is there twice in one object", name);
    return false;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    mistake_ = error.what();
    return false;
  }

 private:
  // Far deeper than any layout; the parser itself has no limit.
  static constexpr size_t kDeepest = 64;

  bool Enter() {
    if (open_.size() == kDeepest) {
      mistake_ = std::format("more than {} brackets are open", kDeepest);
      return false;
    }
    open_.emplace_back();
    return true;
  }
  bool Leave() {
    open_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> open_;  // keys of each open object
  std::string mistake_;
};

}  // namespace

std::expected<nlohmann::json, std::string> ParseJson(std::string_view text) {
  Critic critic;
  if (!Json::sax_parse(text, &critic)) return std::unexpected(critic.mistake());
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace layoutcheck
