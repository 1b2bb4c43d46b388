#include "kernel/fs/initrd.h"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/mm/facts/address.h"

namespace fs {
namespace {

using posix::Errno;
using posix::FileType;

constexpr uint32_t kDirectoryPermissions = 0755;

// The contents of one file, in the archive.
class ArchivedContents final : public TmpFileSystem::Contents {
 public:
  ArchivedContents(Memory& memory, const ArchiveBytes& archive, const CpioEntry& entry)
      : memory_(memory),
        archive_(archive),
        offset_(entry.data_offset),
        size_bytes_(entry.data_bytes) {}

  base::Result<> FillPage(uint64_t number, std::span<std::byte, mm::kPageSize> page) override {
    if (number > size_bytes_ / mm::kPageSize) return {};
    const uint64_t from = number * mm::kPageSize;
    const auto count = static_cast<size_t>(std::min(mm::kPageSize, size_bytes_ - from));
    archive_.Read(offset_ + from, std::span(page).first(count));
    return {};
  }

  void ObjectEnded() override {
    Memory& memory = memory_;
    std::destroy_at(this);
    memory.Free(this);
  }

  void Cut(uint64_t size_bytes) override { size_bytes_ = std::min(size_bytes_, size_bytes); }

 private:
  Memory& memory_;
  const ArchiveBytes& archive_;
  uint64_t offset_;
  uint64_t size_bytes_;
};

// A file of several links whose other entries may still come.
struct LinkedFile {
  LinkedFile* next;
  uint32_t inode;
  posix::DeviceNumber device;
  Ref<Inode> file;
};

class Unpacker {
 public:
  Unpacker(Memory& memory, const ArchiveBytes& archive, FileNamespace& names)
      : memory_(memory), archive_(archive), names_(names) {}
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  ~Unpacker() {
    while (linked_ != nullptr) {
      LinkedFile* const file = std::exchange(linked_, linked_->next);
      std::destroy_at(file);
      memory_.Free(file);
    }
  }

  posix::Result<> Unpack(const CpioEntry& entry) {
    const std::string_view path = TRY(PathOf(entry.name));
    if (path.empty()) return Adopt(names_.root(), entry);  // "." is the root itself
    TRY(MakeParents(path));
    if (entry.type == FileType::kDirectory) {
      const posix::Result<Ref<Inode>> there = names_.Find(names_.root(), path, FinalLink::kKeep);
      if (there && (*there)->IsDirectory()) return Adopt(**there, entry);
    }
    if (LinkedFile* const known = FindLinked(entry)) return AddLink(*known, path, entry);
    TRY(RemoveOld(path));
    const Ref<Inode> made = TRY(Make(path, entry));
    TRY(Adopt(*made, entry));
    if (entry.type != FileType::kRegular) return {};
    if (entry.links > 1) TRY(Remember(entry, made));
    return SetContents(*made, entry);
  }

 private:
  // The name as a path below the root, without what says nothing. Error: kInvalid for one that
  // leads out of it.
  static posix::Result<std::string_view> PathOf(std::string_view name) {
    std::string_view path = name;
    while (path.starts_with('/') || path.starts_with("./") || path == ".") path.remove_prefix(1);
    for (size_t at = 0; at <= path.size();) {
      const std::string_view component = path.substr(at, path.substr(at).find('/'));
      if (component == ".." || component.size() > posix::kNameMax) {
        return std::unexpected(Errno::kInvalid);
      }
      at += component.size() + 1;
    }
    return path;
  }

  posix::Result<> MakeParents(std::string_view path) {
    for (size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      const std::string_view parent = path.substr(0, slash);
      const posix::Result<Ref<Inode>> made =
          names_.Create(names_.root(), parent,
                        {.type = FileType::kDirectory, .permissions = kDirectoryPermissions});
      if (!made && made.error() != Errno::kExists) return std::unexpected(made.error());
    }
    return {};
  }

  posix::Result<> RemoveOld(std::string_view path) {
    const posix::Result<> removed = names_.Unlink(names_.root(), path);
    if (!removed && removed.error() != Errno::kNoEntry) return removed;
    return {};
  }

  posix::Result<Ref<Inode>> Make(std::string_view path, const CpioEntry& entry) {
    NewInode inode = {.type = entry.type, .permissions = entry.permissions, .device = entry.device};
    if (entry.type != FileType::kSymlink) return names_.Create(names_.root(), path, inode);
    // The target of a link is its contents.
    if (entry.data_bytes == 0 || entry.data_bytes >= posix::kPathMax) {
      return std::unexpected(Errno::kInvalid);
    }
    const auto length = static_cast<size_t>(entry.data_bytes);
    const base::Result<void*> block = memory_.Allocate(length);
    if (!block) return std::unexpected(Errno::kOutOfMemory);
    const std::span target(static_cast<char*>(*block), length);
    archive_.Read(entry.data_offset, std::as_writable_bytes(target));
    inode.target = {target.data(), target.size()};
    posix::Result<Ref<Inode>> made = names_.Create(names_.root(), path, inode);
    memory_.Free(*block);
    return made;
  }

  static posix::Result<> Adopt(Inode& inode, const CpioEntry& entry) {
    if (inode.type() != entry.type) return std::unexpected(Errno::kInvalid);
    if (entry.type != FileType::kSymlink) TRY(inode.SetPermissions(entry.permissions));
    TRY(inode.SetOwner(entry.user, entry.group));
    const posix::TimeSpec modified = {.seconds = entry.modified_seconds};
    return inode.SetTimes(modified, modified);
  }

  posix::Result<> SetContents(Inode& file, const CpioEntry& entry) {
    if (entry.data_bytes == 0 || file.size_bytes() != 0) return {};
    const base::Result<void*> block = memory_.Allocate(sizeof(ArchivedContents));
    if (!block) return std::unexpected(Errno::kOutOfMemory);
    auto* const contents = new (*block) ArchivedContents(memory_, archive_, entry);
    return TmpFileSystem::SetContents(file, entry.data_bytes, *contents);
  }

  [[nodiscard]] LinkedFile* FindLinked(const CpioEntry& entry) const {
    if (entry.type != FileType::kRegular || entry.links < 2) return nullptr;
    LinkedFile* file = linked_;
    while (file != nullptr &&
           (file->inode != entry.inode || file->device != entry.containing_device)) {
      file = file->next;
    }
    return file;
  }

  posix::Result<> Remember(const CpioEntry& entry, const Ref<Inode>& file) {
    const base::Result<void*> block = memory_.Allocate(sizeof(LinkedFile));
    if (!block) return std::unexpected(Errno::kOutOfMemory);
    linked_ = new (*block) LinkedFile{linked_, entry.inode, entry.containing_device, file};
    return {};
  }

  // One more name; any one of the entries, usually the last, has the contents.
  posix::Result<> AddLink(LinkedFile& known, std::string_view path, const CpioEntry& entry) {
    const posix::Result<Ref<Inode>> there = names_.Find(names_.root(), path, FinalLink::kKeep);
    if (!there || *there != known.file) {
      TRY(RemoveOld(path));
      TRY(names_.Link(*known.file, names_.root(), path));
    }
    return SetContents(*known.file, entry);
  }

  Memory& memory_;
  const ArchiveBytes& archive_;
  FileNamespace& names_;
  LinkedFile* linked_ = nullptr;
};

}  // namespace

UnpackReport UnpackArchive(Memory& memory, const ArchiveBytes& archive, FileNamespace& names) {
  UnpackReport report;
  CpioReader reader(archive);
  Unpacker unpacker(memory, archive, names);
  while (const std::optional<CpioEntry> entry = reader.Next()) {
    const posix::Result<> unpacked = unpacker.Unpack(*entry);
    if (unpacked) {
      ++report.files;
    } else if (unpacked.error() == Errno::kOutOfMemory) {
      report.out_of_memory = true;
      return report;
    } else {
      ++report.passed_over;
    }
  }
  report.fault = reader.fault();
  report.fault_offset = reader.offset();
  return report;
}

}  // namespace fs
