// The inodes of a TmpFileSystem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"

namespace fs::tmp {

class Directory;
struct Entry;

// What all of them have: status that can be changed, and the names that lead here.
class Node : public Inode {
 public:
  posix::Result<> SetPermissions(uint32_t permissions) override;
  posix::Result<> SetOwner(std::optional<uint32_t> user, std::optional<uint32_t> group) override;
  posix::Result<> SetTimes(std::optional<posix::TimeSpec> accessed,
                           std::optional<posix::TimeSpec> modified) override;
  [[nodiscard]] std::optional<Name> FindName() const override;

 protected:
  Node(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status)
      : Inode(memory, system.parts().environment, status), system_(system) {}

  [[nodiscard]] TmpFileSystem& system() const { return system_; }
  void TouchChanged() { status().changed = environment().Now(); }
  void TouchModified() { status().modified = status().changed = environment().Now(); }

 private:
  friend class Directory;
  friend class fs::TmpFileSystem;

  TmpFileSystem& system_;
  Entry* names_ = nullptr;  // linked by Entry::next_of_inode
};

// A name in a directory; its characters follow it in memory.
struct Entry {
  Directory* parent;
  Ref<Node> inode;
  Entry* next_of_inode;
  Entry* next_in_bucket;
  Entry* previous;  // in the order of positions
  Entry* next;
  uint64_t position;
  uint32_t hash;
  uint16_t length;

  [[nodiscard]] std::string_view name() const {
    return {reinterpret_cast<const char*>(this + 1), length};
  }
};

// Names are found by a hash table that grows with them, and listed in the order in which they came.
class Directory final : public Node {
 public:
  Directory(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status)
      : Node(memory, system, status) {}
  ~Directory() override;

  posix::Result<Ref<Inode>> Lookup(std::string_view name) override;
  posix::Result<Ref<Inode>> Create(std::string_view name, const NewInode& inode) override;
  posix::Result<> Link(std::string_view name, Inode& target) override;
  posix::Result<> Unlink(std::string_view name) override;
  posix::Result<> RemoveDirectory(std::string_view name) override;
  posix::Result<> Rename(std::string_view name, Inode& to, std::string_view to_name) override;
  posix::Result<> List(uint64_t position, DirectoryVisitor visitor) override;
  [[nodiscard]] posix::FileStatus Status() const override;

  [[nodiscard]] size_t entries() const { return count_; }

  // Error: kCorrupt. O(entries).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // "." and ".." come before the entries.
  static constexpr uint64_t kFirstPosition = 2;
  static constexpr size_t kFirstBuckets = 8;

  [[nodiscard]] Entry* Find(std::string_view name) const;
  [[nodiscard]] bool IsRemoved() const { return is_removed_; }
  // Errors: kOutOfMemory, kNoEntry when the directory itself is removed.
  [[nodiscard]] posix::Result<Entry*> MakeEntry(std::string_view name, Ref<Node> inode);
  void FreeEntry(Entry& entry);
  // Entries in and out of this directory and of their inode's names; never fails.
  void Insert(Entry& entry);
  void Remove(Entry& entry);
  void GrowBuckets();
  [[nodiscard]] posix::Result<> CheckReplacing(const Node& moved, const Entry& replaced) const;
  [[nodiscard]] posix::Result<Ref<Node>> MakeNode(const NewInode& inode);
  void Drop(Entry& entry);

  Entry** buckets_ = nullptr;
  size_t bucket_count_ = 0;
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
  uint64_t next_position_ = kFirstPosition;
  size_t count_ = 0;
  bool is_removed_ = false;
};

class Regular final : public Node {
 public:
  Regular(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status,
          const mm::PagedObject::Handle& pages);
  ~Regular() override;

  posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination) override;
  posix::Result<size_t> WriteAt(uint64_t offset, Source& source) override;
  posix::Result<> Resize(uint64_t size_bytes) override;
  [[nodiscard]] uint64_t size_bytes() const override { return pages_->size_bytes(); }
  [[nodiscard]] MappedAs mapped_as() const override { return MappedAs::kPages; }
  [[nodiscard]] mm::PagedObject* pages() override { return pages_; }
  [[nodiscard]] posix::FileStatus Status() const override;

 private:
  friend class fs::TmpFileSystem;

  [[nodiscard]] posix::Result<size_t> WritePiece(uint64_t offset, Source& source);
  void Own();

  mm::PagedObject* pages_;
  mm::ObjectReference reference_;
  TmpFileSystem::Contents* contents_ = nullptr;  // what the object was made with
};

class SymbolicLink final : public Node {
 public:
  SymbolicLink(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status)
      : Node(memory, system, status) {}
  ~SymbolicLink() override { memory().Free(target_); }

  // Called once. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<> SetTarget(std::string_view target);
  posix::Result<std::string_view> ReadLink(std::span<char> buffer) override;
  [[nodiscard]] uint64_t size_bytes() const override { return length_; }
  [[nodiscard]] posix::FileStatus Status() const override;

 private:
  char* target_ = nullptr;
  size_t length_ = 0;
};

// A device or a fifo.
class Special final : public Node {
 public:
  Special(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status, Ref<Object> fifo)
      : Node(memory, system, status), fifo_(std::move(fifo)) {}
  ~Special() override;

  posix::Result<Ref<OpenFile>> Open(uint32_t flags) override;
  // Of disks; others have an OpenFile of their own.
  posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination) override;
  posix::Result<size_t> WriteAt(uint64_t offset, Source& source) override;
  posix::Result<> Sync() override;
  [[nodiscard]] uint64_t size_bytes() const override;
  [[nodiscard]] bool IsSeekable() const override { return FindDisk() != nullptr; }
  [[nodiscard]] MappedAs mapped_as() const override;
  [[nodiscard]] mm::PagedObject* pages() override;

 private:
  [[nodiscard]] Disk* FindDisk() const;

  Ref<Object> fifo_;  // none: a device
};

}  // namespace fs::tmp
