#include "kernel/fs/inode.h"

#include "kernel/fs/open_file.h"

namespace fs {

using posix::Errno;

posix::Result<> Inode::SetPermissions(uint32_t) { return std::unexpected(Errno::kNotPermitted); }

posix::Result<> Inode::SetOwner(std::optional<uint32_t>, std::optional<uint32_t>) {
  return std::unexpected(Errno::kNotPermitted);
}

posix::Result<> Inode::SetTimes(std::optional<posix::TimeSpec>, std::optional<posix::TimeSpec>) {
  return std::unexpected(Errno::kNotPermitted);
}

Errno Inode::WhyNoDirectoryChange() const {
  return IsDirectory() ? Errno::kNotPermitted : Errno::kNotDirectory;
}

posix::Result<Ref<Inode>> Inode::Lookup(std::string_view) {
  return std::unexpected(IsDirectory() ? Errno::kNoEntry : Errno::kNotDirectory);
}
posix::Result<Ref<Inode>> Inode::Create(std::string_view, const NewInode&) {
  return std::unexpected(WhyNoDirectoryChange());
}
posix::Result<> Inode::Link(std::string_view, Inode&) {
  return std::unexpected(WhyNoDirectoryChange());
}
posix::Result<> Inode::Unlink(std::string_view) { return std::unexpected(WhyNoDirectoryChange()); }
posix::Result<> Inode::RemoveDirectory(std::string_view) {
  return std::unexpected(WhyNoDirectoryChange());
}
posix::Result<> Inode::Rename(std::string_view, Inode&, std::string_view) {
  return std::unexpected(WhyNoDirectoryChange());
}
posix::Result<> Inode::List(uint64_t, DirectoryVisitor) {
  return std::unexpected(Errno::kNotDirectory);
}

posix::Result<std::string_view> Inode::ReadLink(std::span<char>) {
  return std::unexpected(Errno::kInvalid);
}
posix::Result<Ref<Inode>> Inode::FollowDirectly() { return std::unexpected(Errno::kInvalid); }

posix::Result<Ref<OpenFile>> Inode::Open(uint32_t flags) {
  return MakeObject<OpenFile>(memory(), Ref<Inode>(this), flags);
}

posix::Result<size_t> Inode::ReadAt(uint64_t, Destination&) {
  return std::unexpected(IsDirectory() ? Errno::kIsDirectory : Errno::kInvalid);
}
posix::Result<size_t> Inode::WriteAt(uint64_t, Source&) {
  return std::unexpected(IsDirectory() ? Errno::kIsDirectory : Errno::kInvalid);
}
posix::Result<> Inode::Resize(uint64_t) {
  return std::unexpected(IsDirectory() ? Errno::kIsDirectory : Errno::kInvalid);
}

posix::Result<FileLocks*> Inode::MakeLocks() {
  if (!locks_) locks_ = TRY(MakeObject<FileLocks>(memory()));
  return locks_.get();
}

}  // namespace fs
