#include "kernel/fs/tmpfs.h"

#include "kernel/base/check.h"
#include "kernel/fs/tmpfs_inode.h"

namespace fs {

posix::FileStatus TmpFileSystem::NewStatus(posix::FileType type, uint32_t permissions) {
  const posix::TimeSpec now = parts_.environment.Now();
  return {.inode = next_inode_++,
          .type = type,
          .permissions = permissions & posix::kPermissionMask,
          .links = 0,
          .containing_device = number_,
          .accessed = now,
          .modified = now,
          .changed = now};
}

posix::Result<Ref<Inode>> TmpFileSystem::MakeRoot() {
  constexpr uint32_t kPermissions = 0755;
  return TRY(MakeObject<tmp::Directory>(parts_.memory, *this,
                                        NewStatus(posix::FileType::kDirectory, kPermissions)));
}

posix::Result<Ref<Inode>> TmpFileSystem::MakeUnnamed(uint32_t permissions) {
  const mm::PagedObject::Handle pages =
      TRY(posix::ToPosix(mm::PagedObject::Create(parts_.pool, 0)));
  return TRY(MakeObject<tmp::Regular>(parts_.memory, *this,
                                      NewStatus(posix::FileType::kRegular, permissions), pages));
}

posix::Result<> TmpFileSystem::SetContents(Inode& file, uint64_t size_bytes, Contents& contents) {
  CHECK(file.mapped_as() == MappedAs::kPages && file.size_bytes() == 0);
  auto& regular = static_cast<tmp::Regular&>(file);
  CHECK(regular.contents_ == nullptr);
  base::Result<mm::PagedObject::Handle> made =
      mm::PagedObject::Create(regular.system().parts_.pool, size_bytes, &contents);
  if (!made) {
    contents.ObjectEnded();
    return std::unexpected(posix::ErrnoOf(made.error()));
  }
  regular.pages_ = &made->object;
  regular.reference_ = made->reference;
  regular.contents_ = &contents;
  regular.Own();
  return {};
}

}  // namespace fs
