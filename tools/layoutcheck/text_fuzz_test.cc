// Whatever a file, a stub or a monitor says, it is read or refused.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/gdb_packet.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/memory_tree.h"
#include "tools/layoutcheck/register_names.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)layoutcheck::ReadLayouts(text);
  (void)layoutcheck::ReadElfImage(text);
  (void)layoutcheck::ParseMemoryTree(text);
  layoutcheck::TargetDescription description;
  uint32_t next = 0;
  layoutcheck::AddDescription(text, description, next);
  layoutcheck::PacketReader reader;
  reader.Add(text);
  while (true) {
    const auto packet = reader.Next();
    if (packet && !*packet) return 0;
  }
}
