#include "kernel/fs/proc.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/fs/proc_node.h"
#include "kernel/fs/proc_print.h"

namespace fs {
namespace proc {
namespace {

using posix::Errno;
using posix::FileType;

// Inodes of the system are numbered from here on; those of processes have larger numbers.
constexpr uint64_t kRootNumber = 1;
constexpr uint64_t NumberOfSystem(size_t row) { return kRootNumber + row; }

// A file where there is something to print, else a directory.
struct SystemRow {
  std::string_view name;
  size_t directory;  // its row
  void (*print)(const ProcParts& parts, base::Sink& sink) = nullptr;
  posix::Result<> (*set)(const ProcParts& parts, std::string_view text) = nullptr;
};

constexpr size_t kRootRow = 0;
constexpr size_t kSysRow = 1;
constexpr size_t kSysKernelRow = 2;
constexpr size_t kSysVmRow = 3;
constexpr SystemRow kSystemRows[] = {
    {"", kRootRow},
    {"sys", kRootRow},
    {"kernel", kSysRow},
    {"vm", kSysRow},
    {"buddyinfo", kRootRow, PrintBuddyInfo},
    {"cmdline", kRootRow, PrintCommandLine},
    {"cpuinfo", kRootRow, PrintCpuInfo},
    {"filesystems", kRootRow, PrintFilesystems},
    {"interrupts", kRootRow, PrintInterrupts},
    {"loadavg", kRootRow, PrintLoadAverage},
    {"meminfo", kRootRow, PrintMemInfo},
    {"mounts", kRootRow, PrintMounts},
    {"slabinfo", kRootRow, PrintSlabInfo},
    {"stat", kRootRow, PrintStat},
    {"unknown_calls", kRootRow, PrintUnknownCalls},
    {"uptime", kRootRow, PrintUptime},
    {"verify", kRootRow, PrintVerification},
    {"version", kRootRow, PrintVersion},
    {"vmallocinfo", kRootRow, PrintVmallocInfo},
    {"vmstat", kRootRow, PrintVmStat},
    {"zoneinfo", kRootRow, PrintZoneInfo},
    {"hostname", kSysKernelRow, PrintHostName},
    {"osrelease", kSysKernelRow, PrintOsRelease},
    {"ostype", kSysKernelRow, PrintOsType},
    {"pid_max", kSysKernelRow, PrintPidMax},
    {"drop_caches", kSysVmRow, PrintDropCaches, SetDropCaches},
};
static_assert(kSystemRows[kSysRow].name == "sys" && kSystemRows[kSysKernelRow].name == "kernel");
static_assert(kSystemRows[kSysVmRow].name == "vm");

FileType TypeOf(const SystemRow& row) {
  return row.print == nullptr ? FileType::kDirectory : FileType::kRegular;
}

uint32_t PermissionsOf(const SystemRow& row) {
  return row.set == nullptr ? kFilePermissions : kSettingPermissions;
}

class SystemText final : public TextNode {
 public:
  SystemText(Memory& memory, const ProcParts& parts, Ref<Inode> parent, size_t row)
      : TextNode(memory, parts, std::move(parent), kSystemRows[row].name,
                 {.inode = NumberOfSystem(row), .permissions = PermissionsOf(kSystemRows[row])}),
        row_(row) {}

  posix::Result<> PrintTo(base::Sink& sink) const override {
    kSystemRows[row_].print(parts(), sink);
    return {};
  }
  posix::Result<> Set(std::string_view text) override {
    if (kSystemRows[row_].set == nullptr) return TextNode::Set(text);
    return kSystemRows[row_].set(parts(), text);
  }

 private:
  size_t row_;
};

class SystemDirectory : public ProcNode {
 public:
  SystemDirectory(Memory& memory, const ProcParts& parts, Ref<Inode> parent, size_t row)
      : ProcNode(memory, parts, std::move(parent), kSystemRows[row].name,
                 {.inode = NumberOfSystem(row),
                  .type = FileType::kDirectory,
                  .permissions = kDirectoryPermissions,
                  .links = 2}),
        row_(row) {}

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override {
    for (size_t row = 1; row < std::size(kSystemRows); ++row) {
      if (kSystemRows[row].directory != row_ || kSystemRows[row].name != name) continue;
      if (kSystemRows[row].print != nullptr) {
        return TRY(MakeObject<SystemText>(memory(), parts(), Ref<Inode>(this), row));
      }
      return TRY(MakeObject<SystemDirectory>(memory(), parts(), Ref<Inode>(this), row));
    }
    return std::unexpected(Errno::kNoEntry);
  }

  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override {
    static_cast<void>(ListRows(position, visitor));
    return {};
  }

 protected:
  // Where entries that are no rows begin.
  static constexpr uint64_t kRowsBehind = kFirstPosition + std::size(kSystemRows);

  [[nodiscard]] bool ListRows(uint64_t position, DirectoryVisitor visitor) const {
    if (!ListSelf(position, visitor)) return false;
    for (uint64_t at = std::max(position, kFirstPosition + 1); at < kRowsBehind; ++at) {
      const auto row = static_cast<size_t>(at - kFirstPosition);
      if (kSystemRows[row].directory != row_) continue;
      const DirectoryEntry entry = {kSystemRows[row].name, NumberOfSystem(row),
                                    TypeOf(kSystemRows[row]), at + 1};
      if (visitor(entry) == Listing::kStop) return false;
    }
    return true;
  }

 private:
  size_t row_;
};

// --- The root
// -------------------------------------------------------------------------------------

// "self": leads to the process that looks.
class SelfLink final : public ProcNode {
 public:
  SelfLink(Memory& memory, const ProcParts& parts, Ref<Inode> parent)
      : ProcNode(memory, parts, std::move(parent), kName,
                 {.inode = kNumber, .type = FileType::kSymlink, .permissions = kLinkPermissions}) {}

  posix::Result<std::string_view> ReadLink(std::span<char> buffer) override {
    const Digits digits(parts().processes.Current());
    if (digits.view().size() > buffer.size()) return std::unexpected(Errno::kInvalid);
    std::ranges::copy(digits.view(), buffer.begin());
    return std::string_view(buffer.data(), digits.view().size());
  }
  posix::Result<Ref<Inode>> FollowDirectly() override {
    return FindName()->parent->Lookup(Digits(parts().processes.Current()).view());
  }

  static constexpr std::string_view kName = "self";
  static constexpr uint64_t kNumber = NumberOfSystem(std::size(kSystemRows));
};

// The rows, "self", and a directory for each process.
class Root final : public SystemDirectory {
 public:
  Root(Memory& memory, const ProcParts& parts) : SystemDirectory(memory, parts, {}, kRootRow) {}

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override {
    if (const std::optional<int32_t> id = NumberOf(name)) {
      ProcessFacts facts;
      if (!parts().processes.Find(*id, facts)) return std::unexpected(Errno::kNoEntry);
      return MakeProcessDirectory(parts(), Ref<Inode>(this), *id, DirectoryOf::kProcess);
    }
    if (name == SelfLink::kName) {
      return TRY(MakeObject<SelfLink>(memory(), parts(), Ref<Inode>(this)));
    }
    return SystemDirectory::Lookup(name);
  }

  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override {
    constexpr uint64_t kProcesses = kRowsBehind + 1;
    if (!ListRows(position, visitor)) return {};
    const DirectoryEntry self = {SelfLink::kName, SelfLink::kNumber, FileType::kSymlink,
                                 kProcesses};
    if (position < kProcesses && visitor(self) == Listing::kStop) return {};
    // The position of a process follows from its number.
    auto before = static_cast<ProcessId>(position > kProcesses ? position - kProcesses : 0);
    while (const std::optional<ProcessId> id = parts().processes.FindNext(before)) {
      before = *id;
      const Digits digits(*id);
      const DirectoryEntry entry = {digits.view(), NumberOfProcess(*id, 0), FileType::kDirectory,
                                    kProcesses + static_cast<uint64_t>(*id)};
      if (visitor(entry) == Listing::kStop) break;
    }
    return {};
  }
};

}  // namespace
}  // namespace proc

posix::Result<Ref<Inode>> MakeProcRoot(const ProcParts& parts) {
  return TRY(MakeObject<proc::Root>(parts.memory, parts));
}

}  // namespace fs
