#include "kernel/syscall/directory_calls.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/space/user_pointer.h"
#include "kernel/syscall/file_access.h"

namespace syscall {

using fs::Inode;
using fs::NewInode;
using fs::OpenFile;
using fs::Ref;
using posix::Errno;
using posix::FileType;

// --- getdents
// -------------------------------------------------------------------------------------

namespace {

// struct linux_dirent has words and its type in its last byte; linux_dirent64 has the type before
// the name.
enum class EntryLayout : uint8_t { kWords, kLong };

// One entry, as the program gets it.
class EncodedEntry {
 public:
  // Error: kOverflow, when a number has no room in a word.
  [[nodiscard]] posix::Result<> Encode(const fs::DirectoryEntry& entry, EntryLayout layout) {
    const uint8_t type = posix::DirectoryEntryType(entry.type);
    if (layout == EntryLayout::kWords) {
      constexpr uintptr_t kMost = std::numeric_limits<uintptr_t>::max();
      if (entry.inode > kMost || entry.next_position > kMost) {
        return std::unexpected(Errno::kOverflow);
      }
      Start(sizeof(WordHeader) + entry.name.size() + 2, alignof(WordHeader));
      const WordHeader header = {static_cast<uintptr_t>(entry.inode),
                                 static_cast<uintptr_t>(entry.next_position),
                                 static_cast<uint16_t>(bytes_)};
      std::memcpy(buffer_.data(), &header, kWordNameOffset);
      std::ranges::copy(std::as_bytes(std::span(entry.name)), buffer_.begin() + kWordNameOffset);
      buffer_[bytes_ - 1] = static_cast<std::byte>(type);
      return {};
    }
    Start(kLongNameOffset + entry.name.size() + 1, alignof(uint64_t));
    const LongHeader header = {entry.inode, entry.next_position, static_cast<uint16_t>(bytes_),
                               type};
    std::memcpy(buffer_.data(), &header, kLongNameOffset);
    std::ranges::copy(std::as_bytes(std::span(entry.name)), buffer_.begin() + kLongNameOffset);
    return {};
  }

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span(buffer_).first(bytes_);
  }

 private:
  struct WordHeader {
    uintptr_t inode;
    uintptr_t next_position;
    uint16_t bytes;
  };
  struct LongHeader {
    uint64_t inode;
    uint64_t next_position;
    uint16_t bytes;
    uint8_t type;
  };
  static constexpr size_t kWordNameOffset = offsetof(WordHeader, bytes) + sizeof(uint16_t);
  static constexpr size_t kLongNameOffset = offsetof(LongHeader, type) + sizeof(uint8_t);
  static_assert(kLongNameOffset == 19);
  static constexpr size_t kMostBytes = 296;
  static_assert(kMostBytes >= sizeof(WordHeader) + posix::kNameMax + 2 + alignof(WordHeader));

  void Start(size_t bytes, size_t alignment) {
    bytes_ = static_cast<size_t>(base::AlignUp(bytes, alignment));
    std::ranges::fill(std::span(buffer_).first(bytes_), std::byte{0});
  }

  std::array<std::byte, kMostBytes> buffer_;
  size_t bytes_ = 0;
};

posix::CallResult ListInto(int descriptor, uintptr_t buffer, size_t bytes, EntryLayout layout) {
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  size_t done = 0;
  posix::Result<> failed;
  const posix::Result<> listed = file->List([&](const fs::DirectoryEntry& entry) {
    EncodedEntry encoded;
    failed = encoded.Encode(entry, layout);
    if (!failed) return fs::Listing::kStop;
    const std::span<const std::byte> piece = encoded.bytes();
    if (piece.size() > bytes - done) {
      if (done == 0) failed = std::unexpected(Errno::kInvalid);
      return fs::Listing::kStop;
    }
    failed = kernel::WriteUser({buffer + done}, piece);
    if (!failed) return fs::Listing::kStop;
    done += piece.size();
    return fs::Listing::kGoOn;
  });
  TRY(listed);
  if (done == 0 && !failed) return std::unexpected(failed.error());
  return static_cast<intptr_t>(done);
}

}  // namespace

posix::CallResult Getdents(int descriptor, uintptr_t buffer, uint32_t bytes) {
  return ListInto(descriptor, buffer, bytes, EntryLayout::kWords);
}
posix::CallResult Getdents64(int descriptor, uintptr_t buffer, uint32_t bytes) {
  return ListInto(descriptor, buffer, bytes, EntryLayout::kLong);
}

// --- The working directory
// ------------------------------------------------------------------------

namespace {

posix::CallResult MoveTo(Ref<Inode> directory) {
  if (!directory->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  Place().SetDirectory(std::move(directory));
  return 0;
}

}  // namespace

posix::CallResult Chdir(uintptr_t path) {
  PlaceAt place;
  TRY(place.Read(posix::kAtWorkingDirectory, path));
  return MoveTo(TRY(place.Find(0)));
}

posix::CallResult Fchdir(int descriptor) { return MoveTo(Ref(&TRY(FileOf(descriptor))->inode())); }

posix::CallResult Getcwd(uintptr_t buffer, size_t bytes) {
  fs::Memory& memory = TheServices().memory;
  const base::Result<void*> block = memory.Allocate(posix::kPathMax);
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  const std::span text(static_cast<char*>(*block), posix::kPathMax);
  text.back() = '\0';
  const posix::Result<std::string_view> path =
      Names().PathOf(Place().directory(), text.first(text.size() - 1));
  posix::CallResult result = std::unexpected(Errno::kRange);
  if (!path) {
    result = std::unexpected(path.error());
  } else if (path->size() < bytes) {
    const auto with_zero = text.last(path->size() + 1);
    result = kernel::WriteUser({buffer}, std::as_bytes(with_zero)).transform([&] {
      return static_cast<intptr_t>(with_zero.size());
    });
  }
  memory.Free(*block);
  return result;
}

// --- Making names
// ---------------------------------------------------------------------------------

namespace {

posix::CallResult MakeAt(int directory, uintptr_t path, NewInode inode) {
  PlaceAt place;
  TRY(place.Read(directory, path));
  inode.permissions &= posix::kPermissionMask & ~Place().umask();
  return Names().Create(place.start(), place.path(), inode).transform([](const auto&) {});
}

}  // namespace

posix::CallResult Mkdir(uintptr_t path, uint32_t mode) {
  return Mkdirat(posix::kAtWorkingDirectory, path, mode);
}
posix::CallResult Mkdirat(int directory, uintptr_t path, uint32_t mode) {
  return MakeAt(directory, path, {.type = FileType::kDirectory, .permissions = mode});
}

posix::CallResult Mknod(uintptr_t path, uint32_t mode, uint32_t device) {
  return Mknodat(posix::kAtWorkingDirectory, path, mode, device);
}
posix::CallResult Mknodat(int directory, uintptr_t path, uint32_t mode, uint32_t device) {
  const uint32_t bits = mode & posix::kTypeMask;
  const FileType type = bits == 0 ? FileType::kRegular : static_cast<FileType>(bits);
  switch (type) {
    case FileType::kRegular:
    case FileType::kFifo:
    case FileType::kCharacterDevice:
    case FileType::kBlockDevice:
      return MakeAt(
          directory, path,
          {.type = type, .permissions = mode, .device = posix::DeviceNumber::Decode(device)});
    case FileType::kDirectory:
      return std::unexpected(Errno::kNotPermitted);
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

posix::CallResult Symlink(uintptr_t target, uintptr_t path) {
  return Symlinkat(target, posix::kAtWorkingDirectory, path);
}
posix::CallResult Symlinkat(uintptr_t target, int directory, uintptr_t path) {
  UserPath text;
  TRY(text.Read(target));
  if (text.text().empty()) return std::unexpected(Errno::kNoEntry);
  return MakeAt(directory, path, {.type = FileType::kSymlink, .target = text.text()});
}

posix::CallResult Link(uintptr_t from, uintptr_t to) {
  return Linkat(posix::kAtWorkingDirectory, from, posix::kAtWorkingDirectory, to, 0);
}
posix::CallResult Linkat(int from_directory, uintptr_t from, int to_directory, uintptr_t to,
                         uint32_t flags) {
  constexpr uint32_t kFlags = posix::kAtSymlinkFollow | posix::kAtEmptyPath;
  if ((flags & ~kFlags) != 0) return std::unexpected(Errno::kInvalid);
  const bool follows = (flags & posix::kAtSymlinkFollow) != 0;
  const uint32_t find_flags =
      (flags & posix::kAtEmptyPath) | (follows ? 0 : posix::kAtSymlinkNoFollow);
  PlaceAt source;
  TRY(source.Read(from_directory, from));
  PlaceAt target;
  TRY(target.Read(to_directory, to));
  const Ref<Inode> inode = TRY(source.Find(find_flags));
  return Names().Link(*inode, target.start(), target.path());
}

// --- Removing and moving them
// ---------------------------------------------------------------------

posix::CallResult Rmdir(uintptr_t path) {
  return Unlinkat(posix::kAtWorkingDirectory, path, posix::kAtRemoveDirectory);
}
posix::CallResult Unlink(uintptr_t path) { return Unlinkat(posix::kAtWorkingDirectory, path, 0); }
posix::CallResult Unlinkat(int directory, uintptr_t path, uint32_t flags) {
  if ((flags & ~posix::kAtRemoveDirectory) != 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(directory, path));
  if (flags == 0) return Names().Unlink(place.start(), place.path());
  return Names().RemoveDirectory(place.start(), place.path());
}

posix::CallResult Rename(uintptr_t from, uintptr_t to) {
  return Renameat2(posix::kAtWorkingDirectory, from, posix::kAtWorkingDirectory, to, 0);
}
posix::CallResult Renameat(int from_directory, uintptr_t from, int to_directory, uintptr_t to) {
  return Renameat2(from_directory, from, to_directory, to, 0);
}
posix::CallResult Renameat2(int from_directory, uintptr_t from, int to_directory, uintptr_t to,
                            uint32_t flags) {
  using Replace = fs::FileNamespace::Replace;
  if ((flags & ~posix::kRenameNoReplace) != 0) return std::unexpected(Errno::kInvalid);
  PlaceAt source;
  TRY(source.Read(from_directory, from));
  PlaceAt target;
  TRY(target.Read(to_directory, to));
  const Replace replace = flags == 0 ? Replace::kAllowed : Replace::kForbidden;
  return Names().Rename(source.start(), source.path(), target.start(), target.path(), replace);
}

// --- readlink
// -------------------------------------------------------------------------------------

posix::CallResult Readlink(uintptr_t path, uintptr_t buffer, size_t bytes) {
  return Readlinkat(posix::kAtWorkingDirectory, path, buffer, bytes);
}
posix::CallResult Readlinkat(int directory, uintptr_t path, uintptr_t buffer, size_t bytes) {
  // As much as a link that is made up as it is read needs for a path of files below here.
  constexpr size_t kMadeUp = 512;
  if (static_cast<int32_t>(bytes) <= 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(directory, path));
  const Ref<Inode> inode = TRY(place.Find(posix::kAtSymlinkNoFollow | posix::kAtEmptyPath));
  std::array<char, kMadeUp> room;
  const std::string_view target = TRY(inode->ReadLink(room));
  const std::string_view shown = target.substr(0, bytes);
  TRY(kernel::WriteUser({buffer}, std::as_bytes(std::span(shown))));
  return static_cast<intptr_t>(shown.size());
}

posix::CallResult Mount() { return std::unexpected(Errno::kNotPermitted); }
posix::CallResult Umount2() { return std::unexpected(Errno::kNotPermitted); }

}  // namespace syscall
