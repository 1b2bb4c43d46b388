// /proc/<pid> and what lies in it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/fs/file_namespace.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/open_file.h"
#include "kernel/fs/proc_node.h"
#include "kernel/fs/proc_print.h"

namespace fs::proc {
namespace {

using posix::Errno;
using posix::FileType;

// Of a process's numbers, its directory has the first, then come the rows, then its descriptors.
constexpr size_t kOwnNumber = 0;
constexpr size_t kFirstRowNumber = 1;
constexpr size_t kFirstDescriptorNumber = 0x100;

enum class ProcessEntry : uint8_t {
  kText,         // what `print` prints
  kCommandLine,  // bytes of the process's memory
  kEnvironment,
  kExecutable,  // links
  kWorkingDirectory,
  kRoot,
  kDescriptors,  // directories
  kThreads,
};

struct ProcessRow {
  std::string_view name;
  ProcessEntry entry = ProcessEntry::kText;
  bool (*print)(const ProcParts& parts, ProcessId id, base::Sink& sink) = nullptr;
};

bool PrintProcessMounts(const ProcParts& parts, ProcessId, base::Sink& sink) {
  PrintMounts(parts, sink);
  return true;
}

constexpr ProcessRow kProcessRows[] = {
    {"fd", ProcessEntry::kDescriptors},
    {"task", ProcessEntry::kThreads},
    {"cmdline", ProcessEntry::kCommandLine},
    {"environ", ProcessEntry::kEnvironment},
    {"cwd", ProcessEntry::kWorkingDirectory},
    {"exe", ProcessEntry::kExecutable},
    {"root", ProcessEntry::kRoot},
    {"comm", ProcessEntry::kText, PrintProcessName},
    {"layout", ProcessEntry::kText, PrintProcessLayout},
    {"maps", ProcessEntry::kText, PrintMaps},
    {"mounts", ProcessEntry::kText, PrintProcessMounts},
    {"smaps", ProcessEntry::kText, PrintSmaps},
    {"stat", ProcessEntry::kText, PrintProcessStat},
    {"statm", ProcessEntry::kText, PrintProcessStatm},
    {"status", ProcessEntry::kText, PrintProcessStatus},
};

FileType TypeOf(const ProcessRow& row) {
  switch (row.entry) {
    case ProcessEntry::kText:
    case ProcessEntry::kCommandLine:
    case ProcessEntry::kEnvironment:
      return FileType::kRegular;
    case ProcessEntry::kExecutable:
    case ProcessEntry::kWorkingDirectory:
    case ProcessEntry::kRoot:
      return FileType::kSymlink;
    case ProcessEntry::kDescriptors:
    case ProcessEntry::kThreads:
      return FileType::kDirectory;
  }
  return FileType::kRegular;
}

class PrintedText final : public TextNode {
 public:
  PrintedText(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id, size_t row)
      : TextNode(
            memory, parts, std::move(parent), kProcessRows[row].name,
            {.inode = NumberOfProcess(id, kFirstRowNumber + row), .permissions = kFilePermissions}),
        id_(id),
        row_(row) {}

  posix::Result<> PrintTo(base::Sink& sink) const override {
    if (!kProcessRows[row_].print(parts(), id_, sink)) return std::unexpected(Errno::kNoProcess);
    return {};
  }

 private:
  ProcessId id_;
  size_t row_;
};

// Bytes of the process's own memory: its arguments, or its environment.
class MemoryText final : public ProcNode {
 public:
  MemoryText(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id, size_t row)
      : ProcNode(
            memory, parts, std::move(parent), kProcessRows[row].name,
            {.inode = NumberOfProcess(id, kFirstRowNumber + row), .permissions = kFilePermissions}),
        id_(id),
        text_(kProcessRows[row].entry == ProcessEntry::kCommandLine ? ProcessText::kCommandLine
                                                                    : ProcessText::kEnvironment) {}

  posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination) override {
    return parts().processes.ReadText(id_, text_, offset, destination);
  }

 private:
  ProcessId id_;
  ProcessText text_;
};

// A link that leads to an inode, whatever its path; the path is only shown.
class InodeLink : public ProcNode {
 public:
  posix::Result<std::string_view> ReadLink(std::span<char> buffer) override {
    const Ref<Inode> target = TRY(FollowDirectly());
    const auto path = parts().names.PathOf(*target, buffer);
    return path ? *path : Describe(*target, buffer);
  }

 protected:
  using ProcNode::ProcNode;

 private:
  // What has no path: "pipe:[12]", as Linux shows it.
  static posix::Result<std::string_view> Describe(const Inode& inode, std::span<char> buffer) {
    size_t used = 0;
    const auto add = [&](std::string_view text) {
      const size_t count = std::min(text.size(), buffer.size() - used);
      std::ranges::copy(text.substr(0, count), buffer.begin() + static_cast<ptrdiff_t>(used));
      used += count;
    };
    if (inode.type() != FileType::kFifo) {
      add("(deleted)");
    } else {
      add("pipe:[");
      add(Digits(static_cast<int32_t>(inode.number())).view());
      add("]");
    }
    return std::string_view(buffer.data(), used);
  }
};

// "exe", "cwd" and "root".
class ProcessLink final : public InodeLink {
 public:
  ProcessLink(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id, size_t row)
      : InodeLink(memory, parts, std::move(parent), kProcessRows[row].name,
                  {.inode = NumberOfProcess(id, kFirstRowNumber + row),
                   .type = FileType::kSymlink,
                   .permissions = kLinkPermissions}),
        id_(id),
        entry_(kProcessRows[row].entry) {}

  posix::Result<Ref<Inode>> FollowDirectly() override {
    if (entry_ == ProcessEntry::kRoot) return Ref<Inode>(&parts().names.root());
    Ref<Inode> target = entry_ == ProcessEntry::kExecutable
                            ? parts().processes.Executable(id_)
                            : parts().processes.WorkingDirectory(id_);
    if (!target) return std::unexpected(Errno::kNoEntry);
    return target;
  }

 private:
  ProcessId id_;
  ProcessEntry entry_;
};

// --- Descriptors
// ------------------------------------------------------------------------------------

// "fd/3": leads to what the descriptor has open.
class DescriptorLink final : public InodeLink {
 public:
  DescriptorLink(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id,
                 int descriptor)
      : InodeLink(
            memory, parts, std::move(parent), Digits(descriptor).view(),
            {.inode = NumberOfProcess(id, kFirstDescriptorNumber + static_cast<size_t>(descriptor)),
             .type = FileType::kSymlink,
             .permissions = kLinkPermissions}),
        id_(id),
        descriptor_(descriptor) {}

  posix::Result<Ref<Inode>> FollowDirectly() override {
    const Ref<FileTable> files = parts().processes.Files(id_);
    OpenFile* const file = files ? files->Find(descriptor_) : nullptr;
    if (file == nullptr) return std::unexpected(Errno::kNoEntry);
    return Ref<Inode>(&file->inode());
  }

 private:
  ProcessId id_;
  int descriptor_;
};

class DescriptorDirectory final : public ProcNode {
 public:
  DescriptorDirectory(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id,
                      size_t row)
      : ProcNode(memory, parts, std::move(parent), kProcessRows[row].name,
                 {.inode = NumberOfProcess(id, kFirstRowNumber + row),
                  .type = FileType::kDirectory,
                  .permissions = kDirectoryPermissions,
                  .links = 2}),
        id_(id) {}

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override {
    const std::optional<int32_t> descriptor = NumberOf(name);
    const Ref<FileTable> files = parts().processes.Files(id_);
    if (!descriptor || !files || files->Find(*descriptor) == nullptr) {
      return std::unexpected(Errno::kNoEntry);
    }
    return TRY(MakeObject<DescriptorLink>(memory(), parts(), Ref<Inode>(this), id_, *descriptor));
  }

  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override {
    const Ref<FileTable> files = parts().processes.Files(id_);
    if (!ListSelf(position, visitor) || !files) return {};
    auto descriptor = static_cast<int>(std::max(position, kFirstPosition) - kFirstPosition);
    while ((descriptor = files->ScanFor(descriptor)) >= 0) {
      const Digits digits(descriptor);
      const auto at = static_cast<size_t>(descriptor);
      const DirectoryEntry entry = {digits.view(),
                                    NumberOfProcess(id_, kFirstDescriptorNumber + at),
                                    FileType::kSymlink, kFirstPosition + at + 1};
      if (visitor(entry) == Listing::kStop) break;
      ++descriptor;
    }
    return {};
  }

 private:
  ProcessId id_;
};

// --- The directories
// --------------------------------------------------------------------------------

class ThreadsDirectory final : public ProcNode {
 public:
  ThreadsDirectory(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id,
                   size_t row)
      : ProcNode(memory, parts, std::move(parent), kProcessRows[row].name,
                 {.inode = NumberOfProcess(id, kFirstRowNumber + row),
                  .type = FileType::kDirectory,
                  .permissions = kDirectoryPermissions,
                  .links = 2}),
        id_(id) {}

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override {
    const std::optional<int32_t> thread = NumberOf(name);
    if (!thread || parts().processes.FindNextThread(id_, *thread - 1) != *thread) {
      return std::unexpected(Errno::kNoEntry);
    }
    return MakeProcessDirectory(parts(), Ref<Inode>(this), *thread, DirectoryOf::kThread);
  }

  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override {
    if (!ListSelf(position, visitor)) return {};
    auto before = static_cast<ProcessId>(std::max(position, kFirstPosition) - kFirstPosition);
    while (const std::optional<ProcessId> id = parts().processes.FindNextThread(id_, before)) {
      before = *id;
      const Digits digits(*id);
      const DirectoryEntry entry = {digits.view(), NumberOfProcess(*id, 0), FileType::kDirectory,
                                    kFirstPosition + static_cast<uint64_t>(*id)};
      if (visitor(entry) == Listing::kStop) break;
    }
    return {};
  }

 private:
  ProcessId id_;
};

class ProcessDirectory final : public ProcNode {
 public:
  ProcessDirectory(Memory& memory, const ProcParts& parts, Ref<Inode> parent, ProcessId id,
                   DirectoryOf of)
      : ProcNode(memory, parts, std::move(parent), Digits(id).view(),
                 {.inode = NumberOfProcess(id, kOwnNumber),
                  .type = FileType::kDirectory,
                  .permissions = kDirectoryPermissions,
                  .links = 2}),
        id_(id),
        of_(of) {}

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override {
    const auto* const row = std::ranges::find(kProcessRows, name, &ProcessRow::name);
    if (row == std::end(kProcessRows) || !Has(*row)) return std::unexpected(Errno::kNoEntry);
    switch (row->entry) {
      case ProcessEntry::kText:
        return Make<PrintedText>(*row);
      case ProcessEntry::kCommandLine:
      case ProcessEntry::kEnvironment:
        return Make<MemoryText>(*row);
      case ProcessEntry::kExecutable:
      case ProcessEntry::kWorkingDirectory:
      case ProcessEntry::kRoot:
        return Make<ProcessLink>(*row);
      case ProcessEntry::kDescriptors:
        return Make<DescriptorDirectory>(*row);
      case ProcessEntry::kThreads:
        return Make<ThreadsDirectory>(*row);
    }
    return std::unexpected(Errno::kNoEntry);
  }

  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override {
    if (!ListSelf(position, visitor)) return {};
    for (uint64_t at = std::max(position, kFirstPosition);
         at < kFirstPosition + std::size(kProcessRows); ++at) {
      const auto row = static_cast<size_t>(at - kFirstPosition);
      if (!Has(kProcessRows[row])) continue;
      const DirectoryEntry entry = {kProcessRows[row].name,
                                    NumberOfProcess(id_, kFirstRowNumber + row),
                                    TypeOf(kProcessRows[row]), at + 1};
      if (visitor(entry) == Listing::kStop) break;
    }
    return {};
  }

 private:
  template <class Node>
  posix::Result<Ref<Inode>> Make(const ProcessRow& row) {
    const auto index = static_cast<size_t>(&row - std::begin(kProcessRows));
    return TRY(MakeObject<Node>(memory(), parts(), Ref<Inode>(this), id_, index));
  }

  [[nodiscard]] bool Has(const ProcessRow& row) const {
    return of_ == DirectoryOf::kProcess || row.entry != ProcessEntry::kThreads;
  }

  ProcessId id_;
  DirectoryOf of_;
};

}  // namespace

posix::Result<Ref<Inode>> MakeProcessDirectory(const ProcParts& parts, Ref<Inode> parent,
                                               ProcessId id, DirectoryOf of) {
  return TRY(MakeObject<ProcessDirectory>(parts.memory, parts, std::move(parent), id, of));
}

}  // namespace fs::proc
