#include "kernel/init/console.h"

#include "arch/ops/console.h"

namespace kernel {
namespace {

class SerialSink : public base::Sink {
 public:
  void Write(std::string_view text) override {
    for (const char c : text) {
      if (c == '\n') arch::WriteCharacter('\r');
      arch::WriteCharacter(c);
    }
  }
};

constinit SerialSink console;

}  // namespace

base::Sink& Console() { return console; }

}  // namespace kernel
