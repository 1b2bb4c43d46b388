#include "kernel/fs/open_file.h"

#include <limits>

namespace fs {

using posix::Errno;
namespace open_flag = posix::open_flag;

namespace {

constexpr uint64_t kMostPosition = std::numeric_limits<int64_t>::max();

}  // namespace

OpenFile::~OpenFile() {
  if (FileLocks* const locks = inode_->locks()) locks->RemoveAll(this);
}

void OpenFile::SetStatusFlags(uint32_t flags) {
  // Not O_ASYNC: nobody would send SIGIO.
  constexpr uint32_t kChangeable = open_flag::kAppend | open_flag::kNonBlock | open_flag::kDirect;
  flags_ = (flags_ & ~kChangeable) | (flags & kChangeable);
}

posix::Result<size_t> OpenFile::Read(Destination& destination) {
  const size_t count = TRY(inode().ReadAt(position_, destination));
  if (inode().IsSeekable()) position_ += count;
  return count;
}

posix::Result<size_t> OpenFile::Write(Source& source) {
  if (!inode().IsSeekable()) return inode().WriteAt(0, source);
  const bool appends = (flags_ & open_flag::kAppend) != 0;
  const uint64_t from = appends ? inode().size_bytes() : position_;
  const size_t count = TRY(WriteFrom(from, source));
  position_ = from + count;
  return count;
}

// Nothing reaches beyond what lseek() can say, or what the writer may.
posix::Result<size_t> OpenFile::WriteFrom(uint64_t offset, Source& source) {
  if (const uint64_t most = source.MostFileBytes(); most != Source::kNoLimit) {
    if (source.left() > 0 && offset >= most) return std::unexpected(Errno::kFileTooLarge);
    source.CutTo(most > offset ? most - offset : 0);
  }
  if (source.left() > kMostPosition - offset) return std::unexpected(Errno::kFileTooLarge);
  return inode().WriteAt(offset, source);
}

posix::Result<size_t> OpenFile::ReadAt(uint64_t offset, Destination& destination) {
  if (!inode().IsSeekable()) return std::unexpected(Errno::kIllegalSeek);
  if (offset > kMostPosition) return std::unexpected(Errno::kInvalid);
  return inode().ReadAt(offset, destination);
}

posix::Result<size_t> OpenFile::WriteAt(uint64_t offset, Source& source) {
  if (!inode().IsSeekable()) return std::unexpected(Errno::kIllegalSeek);
  if (offset > kMostPosition) return std::unexpected(Errno::kInvalid);
  // Linux appends even here.
  const bool appends = (flags_ & open_flag::kAppend) != 0;
  return WriteFrom(appends ? inode().size_bytes() : offset, source);
}

posix::Result<uint64_t> OpenFile::Seek(int64_t offset, posix::Whence whence) {
  if (!inode().IsSeekable()) return std::unexpected(Errno::kIllegalSeek);
  const uint64_t size = inode().size_bytes();
  int64_t from = 0;
  switch (whence) {
    case posix::Whence::kSet:
      break;
    case posix::Whence::kCurrent:
      from = static_cast<int64_t>(position_);
      break;
    case posix::Whence::kEnd:
      from = static_cast<int64_t>(size);
      break;
    case posix::Whence::kData:
    case posix::Whence::kHole:
      // To programs a file is data from its start to its end, and then a hole.
      if (offset < 0 || static_cast<uint64_t>(offset) >= size) {
        return std::unexpected(Errno::kNoDevice);
      }
      if (whence == posix::Whence::kHole) offset = static_cast<int64_t>(size);
      break;
    default:
      return std::unexpected(Errno::kInvalid);
  }
  int64_t position = 0;
  if (__builtin_add_overflow(from, offset, &position)) return std::unexpected(Errno::kOverflow);
  if (position < 0) return std::unexpected(Errno::kInvalid);
  position_ = static_cast<uint64_t>(position);
  return position_;
}

posix::Result<> OpenFile::List(DirectoryVisitor visitor) {
  return inode().List(position_, [&](const DirectoryEntry& entry) {
    if (visitor(entry) == Listing::kStop) return Listing::kStop;
    position_ = entry.next_position;
    return Listing::kGoOn;
  });
}

posix::Result<uintptr_t> OpenFile::Ioctl(uint32_t, IoctlArgument&) {
  return std::unexpected(Errno::kNotTerminal);
}

}  // namespace fs
