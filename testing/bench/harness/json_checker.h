// Whether a text is JSON: for tests.
#pragma once

#include <cstddef>
#include <string_view>

namespace bench {

class JsonChecker {
 public:
  // True if all of `text` is one JSON value.
  [[nodiscard]] static bool IsJson(std::string_view text) {
    JsonChecker checker(text);
    return checker.Value() && (checker.Space(), checker.rest_.empty());
  }

 private:
  explicit JsonChecker(std::string_view text) : rest_(text) {}

  void Space() {
    const size_t length = rest_.find_first_not_of(" \n");
    rest_.remove_prefix(length == std::string_view::npos ? rest_.size() : length);
  }

  bool Take(std::string_view token) {
    Space();
    if (!rest_.starts_with(token)) {
      return false;
    }
    rest_.remove_prefix(token.size());
    return true;
  }

  bool Value() {
    Space();
    if (rest_.starts_with('{')) {
      return Items("{", "}", [this] { return String() && Take(":") && Value(); });
    }
    if (rest_.starts_with('[')) {
      return Items("[", "]", [this] { return Value(); });
    }
    return rest_.starts_with('"') ? String() : Take("null") || Number();
  }

  template <typename Item>
  bool Items(std::string_view opening, std::string_view closing, Item item) {
    if (!Take(opening)) {
      return false;
    }
    if (Take(closing)) {
      return true;
    }
    do {
      if (!item()) {
        return false;
      }
    } while (Take(","));
    return Take(closing);
  }

  bool String() {
    if (!Take("\"")) {
      return false;
    }
    while (!rest_.empty() && rest_.front() != '"') {
      if (static_cast<unsigned char>(rest_.front()) < 0x20) {
        return false;
      }
      rest_.remove_prefix(rest_.starts_with('\\') && rest_.size() > 1 ? 2 : 1);
    }
    return Take("\"");
  }

  bool Number() {
    const size_t length = rest_.find_first_not_of("+-.0123456789e");
    const size_t digits = length == std::string_view::npos ? rest_.size() : length;
    rest_.remove_prefix(digits);
    return digits > 0;
  }

  std::string_view rest_;
};

}  // namespace bench
