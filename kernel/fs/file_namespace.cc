#include "kernel/fs/file_namespace.h"

#include <algorithm>
#include <utility>

#include "kernel/base/check.h"

namespace fs {

using posix::Errno;
namespace open_flag = posix::open_flag;

void WorkingState::SetDirectory(Ref<Inode> directory) {
  CHECK(directory->IsDirectory());
  directory_ = std::move(directory);
}

posix::Result<Ref<WorkingState>> WorkingState::Copy() const {
  Ref<WorkingState> copy = TRY(MakeObject<WorkingState>(memory(), directory_));
  copy->umask_ = umask_;
  return copy;
}

// Where a path's last component leads, or would lead.
struct FileNamespace::Found {
  Ref<Inode> inode;       // none: there is no such name
  Ref<Inode> parent;      // of the last component
  std::string_view name;  // it; "." and ".." as they are, empty for the root
  Ref<Inode> text;        // the symbolic link that `name` is a part of
  enum class Must : uint8_t { kBeAnything, kBeDirectory } must = Must::kBeAnything;

  // A name that a directory can have or get.
  [[nodiscard]] bool HasOwnName() const { return !name.empty() && name != "." && name != ".."; }
  [[nodiscard]] bool MustBeDirectory() const { return must == Must::kBeDirectory; }
};

// A walk on its way. Of each symbolic link that it has entered, what is left of the text that the
// link stood in waits in `outer`.
struct FileNamespace::Walk {
  struct Level {
    Ref<Inode> text;
    std::string_view rest;
  };

  Found found;
  std::string_view rest;
  unsigned links = 0;
  size_t depth = 0;
  std::array<Level, posix::kMaxSymlinks> outer;

  void SkipSlashes() { rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size())); }

  // The next component. CHECKed: there is one.
  std::string_view TakeName() {
    SkipSlashes();
    while (rest.empty() && depth > 0) {
      --depth;
      rest = outer[depth].rest;
      found.text = std::move(outer[depth].text);
      SkipSlashes();
    }
    const std::string_view name = rest.substr(0, rest.find('/'));
    CHECK(!name.empty());
    rest.remove_prefix(name.size());
    return name;
  }

  // Whether components follow. If none does, slashes at the end of it all ask for a directory.
  bool HasMore() {
    const auto is_name = [](std::string_view text) {
      return text.find_first_not_of('/') != std::string_view::npos;
    };
    bool ends_with_slash = !rest.empty();
    if (is_name(rest)) return true;
    for (const Level& level : std::span(outer).first(depth)) {
      if (is_name(level.rest)) return true;
      ends_with_slash = ends_with_slash || !level.rest.empty();
    }
    if (ends_with_slash) found.must = Found::Must::kBeDirectory;
    return false;
  }
};

FileNamespace::FileNamespace(Ref<Inode> root, std::string_view type) {
  CHECK(root->IsDirectory());
  mounts_[mount_count_++] = {{}, std::move(root), type};
}

posix::Result<> FileNamespace::AddMount(Ref<Inode> at, Ref<Inode> root, std::string_view type) {
  if (!at->IsDirectory() || !root->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  if (at->is_mount_point_) return std::unexpected(Errno::kBusy);
  if (mount_count_ == kMostMounts) return std::unexpected(Errno::kNoSpace);
  at->is_mount_point_ = true;
  mounts_[mount_count_++] = {std::move(at), std::move(root), type};
  return {};
}

// What is seen at `inode`: the root of what is mounted there, if anything is.
Ref<Inode> FileNamespace::Topmost(Ref<Inode> inode) const {
  while (inode->is_mount_point_) {
    const auto* const mount = std::ranges::find(mounts_, inode, &Mount::at);
    CHECK(mount != mounts_.end());
    inode = mount->root;
  }
  return inode;
}

const FileNamespace::Mount* FileNamespace::FindMountOf(const Inode& root) const {
  const auto is_its = [&root](const Mount& mount) { return mount.root.get() == &root; };
  const auto* const mount = std::ranges::find_if(mounts_, is_its);
  return mount == mounts_.end() ? nullptr : mount;
}

// Where ".." leads: out of a mounted file system, never above the root.
posix::Result<Ref<Inode>> FileNamespace::ParentOf(Inode& directory) const {
  Inode* at = &directory;
  while (const Mount* const mount = FindMountOf(*at)) {
    if (!mount->at) return Ref<Inode>(at);
    at = mount->at.get();
  }
  const std::optional<Inode::Name> name = at->FindName();
  if (!name) return std::unexpected(Errno::kNoEntry);  // removed meanwhile
  return Ref<Inode>(name->parent);
}

// Goes from found.inode on through one name. A missing one is an error only if more follow.
posix::Result<> FileNamespace::Step(Walk& walk, std::string_view name, FinalLink final_link) {
  Found& found = walk.found;
  if (name.size() > posix::kNameMax) return std::unexpected(Errno::kNameTooLong);
  if (!found.inode->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  const bool has_more = walk.HasMore();
  found.parent = std::move(found.inode);
  found.name = name;
  if (name == ".") {
    found.inode = found.parent;
    return {};
  }
  if (name == "..") {
    found.inode = TRY(ParentOf(*found.parent));
    return {};
  }
  posix::Result<Ref<Inode>> next = found.parent->Lookup(name);
  if (!next) {
    if (next.error() == Errno::kNoEntry && !has_more) return {};
    return std::unexpected(next.error());
  }
  found.inode = Topmost(*std::move(next));
  if (found.inode->type() != posix::FileType::kSymlink) return {};
  if (!has_more && final_link == FinalLink::kKeep && !found.MustBeDirectory()) return {};
  if (++walk.links > posix::kMaxSymlinks) return std::unexpected(Errno::kTooManySymlinks);
  posix::Result<Ref<Inode>> direct = found.inode->FollowDirectly();
  if (direct) {
    found.inode = Topmost(*std::move(direct));
    return {};
  }
  if (direct.error() != Errno::kInvalid) return std::unexpected(direct.error());
  const std::string_view target = TRY(found.inode->ReadLink({}));
  if (target.empty()) return std::unexpected(Errno::kNoEntry);
  walk.outer[walk.depth++] = {std::move(found.text), walk.rest};
  walk.rest = target;
  found.text = std::move(found.inode);
  found.inode = target.starts_with('/') ? Topmost(mounts_[0].root) : std::move(found.parent);
  return {};
}

posix::Result<FileNamespace::Found> FileNamespace::WalkPath(Inode& start, std::string_view path,
                                                            FinalLink final_link) {
  if (path.empty()) return std::unexpected(Errno::kNoEntry);
  if (path.size() >= posix::kPathMax) return std::unexpected(Errno::kNameTooLong);
  Walk walk;
  walk.rest = path;
  walk.found.inode = path.starts_with('/') ? mounts_[0].root : Ref<Inode>(&start);
  while (walk.HasMore()) {
    TRY(Step(walk, walk.TakeName(), final_link));
    if (!walk.found.inode) break;
  }
  return std::move(walk.found);
}

posix::Result<Ref<Inode>> FileNamespace::Find(Inode& start, std::string_view path,
                                              FinalLink final_link) {
  Found found = TRY(WalkPath(start, path, final_link));
  if (!found.inode) return std::unexpected(Errno::kNoEntry);
  if (found.MustBeDirectory() && !found.inode->IsDirectory()) {
    return std::unexpected(Errno::kNotDirectory);
  }
  return std::move(found.inode);
}

posix::Result<Ref<OpenFile>> FileNamespace::Open(Inode& start, std::string_view path,
                                                 uint32_t flags, uint32_t permissions) {
  const bool creates_only =
      (flags & open_flag::kCreate) != 0 && (flags & open_flag::kExclusive) != 0;
  const bool keeps = (flags & open_flag::kNoFollow) != 0 || creates_only;
  Found found = TRY(WalkPath(start, path, keeps ? FinalLink::kKeep : FinalLink::kFollow));
  if ((flags & open_flag::kPath) == 0 && (flags & open_flag::kCreate) != 0) {
    if (!found.inode) {
      if (found.MustBeDirectory()) return std::unexpected(Errno::kIsDirectory);
      if ((flags & open_flag::kDirectory) != 0) return std::unexpected(Errno::kInvalid);
      const NewInode inode = {.type = posix::FileType::kRegular, .permissions = permissions};
      const Ref<Inode> made = TRY(found.parent->Create(found.name, inode));
      return made->Open(flags);
    }
    if (creates_only) return std::unexpected(Errno::kExists);
    if (found.inode->IsDirectory()) return std::unexpected(Errno::kIsDirectory);
  }
  if (!found.inode) return std::unexpected(Errno::kNoEntry);
  return OpenFound(found, flags);
}

posix::Result<Ref<OpenFile>> FileNamespace::OpenFound(const Found& found, uint32_t flags) {
  Inode& inode = *found.inode;
  const bool wants_directory = (flags & open_flag::kDirectory) != 0 || found.MustBeDirectory();
  if (wants_directory && !inode.IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  if ((flags & open_flag::kPath) != 0) {
    constexpr uint32_t kKept = open_flag::kPath | open_flag::kDirectory | open_flag::kNoFollow;
    return inode.Inode::Open(flags & kKept);
  }
  if (inode.type() == posix::FileType::kSymlink) return std::unexpected(Errno::kTooManySymlinks);
  if (inode.IsDirectory() && (flags & open_flag::kAccessMode) != open_flag::kReadOnly) {
    return std::unexpected(Errno::kIsDirectory);
  }
  Ref<OpenFile> file = TRY(inode.Open(flags));
  const bool truncates = (flags & open_flag::kTruncate) != 0 && file->IsWritable();
  if (truncates && inode.type() == posix::FileType::kRegular) TRY(inode.Resize(0));
  return file;
}

// For calls that make a name: errors as where there is one already.
posix::Result<FileNamespace::Found> FileNamespace::WalkToNew(Inode& start, std::string_view path) {
  Found found = TRY(WalkPath(start, path, FinalLink::kKeep));
  if (found.inode || !found.HasOwnName()) return std::unexpected(Errno::kExists);
  return found;
}

posix::Result<Ref<Inode>> FileNamespace::Create(Inode& start, std::string_view path,
                                                const NewInode& inode) {
  const Found found = TRY(WalkToNew(start, path));
  if (found.MustBeDirectory() && inode.type != posix::FileType::kDirectory) {
    return std::unexpected(Errno::kNoEntry);
  }
  return found.parent->Create(found.name, inode);
}

posix::Result<> FileNamespace::Link(Inode& target, Inode& start, std::string_view path) {
  const Found found = TRY(WalkToNew(start, path));
  if (found.MustBeDirectory()) return std::unexpected(Errno::kNoEntry);
  if (target.IsDirectory()) return std::unexpected(Errno::kNotPermitted);
  return found.parent->Link(found.name, target);
}

posix::Result<> FileNamespace::Unlink(Inode& start, std::string_view path) {
  const Found found = TRY(WalkPath(start, path, FinalLink::kKeep));
  if (!found.HasOwnName()) return std::unexpected(Errno::kIsDirectory);
  if (!found.inode) return std::unexpected(Errno::kNoEntry);
  if (found.inode->IsDirectory()) return std::unexpected(Errno::kIsDirectory);
  if (found.MustBeDirectory()) return std::unexpected(Errno::kNotDirectory);
  return found.parent->Unlink(found.name);
}

posix::Result<> FileNamespace::RemoveDirectory(Inode& start, std::string_view path) {
  const Found found = TRY(WalkPath(start, path, FinalLink::kKeep));
  if (found.name.empty()) return std::unexpected(Errno::kBusy);
  if (found.name == ".") return std::unexpected(Errno::kInvalid);
  if (found.name == "..") return std::unexpected(Errno::kNotEmpty);
  if (!found.inode) return std::unexpected(Errno::kNoEntry);
  if (!found.inode->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  const Ref<Inode> beneath = TRY(found.parent->Lookup(found.name));
  if (beneath->is_mount_point_) return std::unexpected(Errno::kBusy);
  return found.parent->RemoveDirectory(found.name);
}

posix::Result<> FileNamespace::Rename(Inode& from_start, std::string_view from, Inode& to_start,
                                      std::string_view to, Replace replace) {
  const Found old_place = TRY(WalkPath(from_start, from, FinalLink::kKeep));
  const Found new_place = TRY(WalkPath(to_start, to, FinalLink::kKeep));
  if (!old_place.HasOwnName() || !new_place.HasOwnName()) return std::unexpected(Errno::kBusy);
  if (!old_place.inode) return std::unexpected(Errno::kNoEntry);
  if (new_place.inode && replace == Replace::kForbidden) return std::unexpected(Errno::kExists);
  const bool must_be_directory = old_place.MustBeDirectory() || new_place.MustBeDirectory();
  if (must_be_directory && !old_place.inode->IsDirectory()) {
    return std::unexpected(Errno::kNotDirectory);
  }
  if (old_place.parent->Status().containing_device !=
      new_place.parent->Status().containing_device) {
    return std::unexpected(Errno::kCrossDevice);
  }
  for (const Found* place : {&old_place, &new_place}) {
    const posix::Result<Ref<Inode>> beneath = place->parent->Lookup(place->name);
    if (beneath && (*beneath)->is_mount_point_) return std::unexpected(Errno::kBusy);
  }
  return old_place.parent->Rename(old_place.name, *new_place.parent, new_place.name);
}

posix::Result<std::string_view> FileNamespace::PathOf(const Inode& inode,
                                                      std::span<char> buffer) const {
  size_t left = buffer.size();
  const auto prepend = [&](std::string_view text) {
    if (text.size() > left) return false;
    left -= text.size();
    std::ranges::copy(text, buffer.begin() + static_cast<ptrdiff_t>(left));
    return true;
  };
  const Inode* at = &inode;
  while (true) {
    if (const Mount* const mount = FindMountOf(*at)) {
      if (!mount->at) break;  // the root itself
      at = mount->at.get();
      continue;
    }
    const std::optional<Inode::Name> name = at->FindName();
    if (!name) return std::unexpected(Errno::kNoEntry);
    if (!prepend(name->name) || !prepend("/")) return std::unexpected(Errno::kRange);
    at = name->parent;
  }
  if (left == buffer.size() && !prepend("/")) return std::unexpected(Errno::kRange);
  return std::string_view(buffer.data() + left, buffer.size() - left);
}

}  // namespace fs
