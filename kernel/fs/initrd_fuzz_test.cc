// Archives made from bytes, unpacked into a file system and read to the last file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/check.h"
#include "kernel/fs/cpio_archive.h"
#include "kernel/fs/file_world.h"
#include "kernel/fs/initrd.h"
#include "kernel/fs/tmpfs_inode.h"

namespace fs {
namespace {

// Every file of the directory is read to its end, and below it the same.
void ReadAll(Inode& directory, unsigned depth) {
  constexpr unsigned kMostDepth = 20;
  CHECK(static_cast<tmp::Directory&>(directory).CheckInvariants().has_value());
  if (depth == kMostDepth) return;
  CHECK(directory
            .List(2,
                  [&](const DirectoryEntry& entry) {
                    const Ref<Inode> inode = *directory.Lookup(entry.name);
                    if (inode->IsDirectory()) ReadAll(*inode, depth + 1);
                    if (inode->type() != posix::FileType::kRegular) return Listing::kGoOn;
                    const Ref<OpenFile> file = *inode->Open(posix::open_flag::kReadOnly);
                    uint64_t bytes = 0;
                    for (size_t count = 1; count > 0; bytes += count) {
                      count = TextReader(*file).text().size();
                    }
                    CHECK(bytes <= inode->size_bytes());
                    return Listing::kGoOn;
                  })
            .has_value());
}

}  // namespace
}  // namespace fs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fs::FileWorld world;
  {
    const fs::SpanArchive archive(std::as_bytes(std::span(data, size)));
    fs::FileNamespace names = world.MakeNames();
    const fs::UnpackReport report = fs::UnpackArchive(world.memory, archive, names);
    CHECK(report.fault_offset <= size);
    fs::ReadAll(names.root(), 0);
  }
  CHECK(world.memory.blocks() == 0 && world.pool.pages().value == 0);
  return 0;
}
