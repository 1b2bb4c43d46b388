// Prints the numbers of one layout: emit_<name> ld|asm|json|page|map.
#include <cstdio>
#include <string_view>

#include "kernel/base/print.h"
#include "layouts/emit_map.h"
#include "layouts/emit_page.h"
#include "layouts/emit_text.h"
#include "layouts/selected.h"

namespace {

class StandardOutput final : public base::Sink {
 public:
  void Write(std::string_view text) override { std::fwrite(text.data(), 1, text.size(), stdout); }
};

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string_view form = argument_count == 2 ? arguments[1] : "";
  StandardOutput output;
  if (form == "ld") {
    layouts::EmitLinkerSymbols(output, layouts::selected::kLayouts);
  } else if (form == "asm") {
    layouts::EmitAssemblerHeader(output, layouts::selected::kLayouts);
  } else if (form == "json") {
    layouts::EmitJson(output, layouts::selected::kLayouts);
  } else if (form == "page") {
    layouts::EmitPage(output, layouts::selected::kLayouts);
  } else if (form == "map") {
    layouts::EmitMap(output, layouts::selected::kLayouts);
  } else {
    std::fprintf(stderr, "usage: %s ld|asm|json|page|map\n", arguments[0]);
    return 2;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
