#include "tools/symbols/short_name.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace symbols {
namespace {

constexpr std::string_view kOperator = "operator";
constexpr std::string_view kAnonymous = "(anonymous namespace)";

std::string Demangle(const std::string& linker_name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(linker_name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(demangled.get()) : linker_name;
}

// The punctuation that belongs to an operator's name at the start of `text`, as in "()", "<=>",
// "->".
std::string_view OperatorSymbol(std::string_view text) {
  if (text.starts_with("()") || text.starts_with("[]")) return text.substr(0, 2);
  std::string_view symbol = text.substr(0, text.find_first_not_of("<>=+-*/%^&|~!,"));
  // "operator<<int>(": the last '<' opens template arguments.
  const bool parameters_follow = text.substr(symbol.size()).starts_with('(');
  if (symbol.size() > 1 && symbol.ends_with('<') && !parameters_follow) symbol.remove_suffix(1);
  return symbol;
}

// Walks over a demangled name, keeping what is outside parameters and template arguments.
class Shortener {
 public:
  std::string Shorten(std::string_view name) {
    for (rest_ = name; !rest_.empty();) Step();
    return std::move(kept_);
  }

 private:
  void Step() {
    if (depth_ == 0 && Take(kAnonymous)) return;
    if (depth_ == 0 && rest_.starts_with(kOperator)) return TakeOperator();
    const char character = rest_.front();
    rest_.remove_prefix(1);
    switch (character) {
      case '<':
        if (depth_++ == 0) kept_ += "<>";
        return;
      case '(':
        // The parameters end the name, unless the name goes on behind them: "Outer(int)::local".
        ++depth_;
        return;
      case '>':
      case ')':
        --depth_;
        return;
      case ' ':
        // What stands before a space is a return type; what stands behind the parameters is "const"
        // and the like.
        if (depth_ == 0) TakeSpace();
        return;
      default:
        if (depth_ == 0) kept_ += character;
    }
  }

  void TakeSpace() {
    const bool suffix = rest_.starts_with("const") || rest_.starts_with("volatile") ||
                        rest_.starts_with("[") || rest_.starts_with("&");
    if (suffix) {
      rest_ = rest_.substr(rest_.find("::") == std::string_view::npos ? rest_.size()
                                                                      : rest_.find("::"));
    } else {
      kept_.clear();
    }
  }

  void TakeOperator() {
    Take(kOperator);
    if (rest_.starts_with(' ')) {  // operator new, conversion operators
      const std::string_view words = rest_.substr(0, rest_.find('('));
      Take(words);
    } else {
      Take(OperatorSymbol(rest_));
    }
  }

  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    kept_ += text;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view rest_;
  std::string kept_;
  int depth_ = 0;
};

}  // namespace

std::string ShortName(std::string_view linker_name) {
  if (!linker_name.starts_with("_Z")) return std::string(linker_name);
  return Shortener().Shorten(Demangle(std::string(linker_name)));
}

}  // namespace symbols
