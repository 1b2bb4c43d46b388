#include "kernel/init/console.h"

#include "arch/ops/console.h"

namespace kernel {
namespace {

class SerialSink : public base::Sink {
 public:
  void Write(std::string_view text) override { arch::WriteText(text); }
};

constinit SerialSink console;

}  // namespace

base::Sink& Console() { return console; }

}  // namespace kernel
