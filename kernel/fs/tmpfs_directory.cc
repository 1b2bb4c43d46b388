#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "kernel/base/check.h"
#include "kernel/fs/tmpfs_inode.h"

namespace fs::tmp {

using posix::Errno;

namespace {

// FNV-1a, 32 bits.
uint32_t HashOf(std::string_view name) {
  constexpr uint32_t kBasis = 2166136261;
  constexpr uint32_t kPrime = 16777619;
  uint32_t hash = kBasis;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * kPrime;
  return hash;
}

}  // namespace

Directory::~Directory() {
  while (first_ != nullptr) {
    Entry& entry = *first_;
    Remove(entry);
    FreeEntry(entry);
  }
  memory().Free(static_cast<void*>(buckets_));
}

Entry* Directory::Find(std::string_view name) const {
  if (bucket_count_ == 0) return nullptr;
  const uint32_t hash = HashOf(name);
  Entry* entry = buckets_[hash % bucket_count_];
  while (entry != nullptr && (entry->hash != hash || entry->name() != name)) {
    entry = entry->next_in_bucket;
  }
  return entry;
}

posix::Result<Ref<Inode>> Directory::Lookup(std::string_view name) {
  const Entry* const entry = Find(name);
  if (entry == nullptr) return std::unexpected(Errno::kNoEntry);
  return Ref<Inode>(entry->inode);
}

// --- Entries ------------------------------------------------------------------------------------

posix::Result<Entry*> Directory::MakeEntry(std::string_view name, Ref<Node> inode) {
  CHECK(!name.empty() && name.size() <= posix::kNameMax);
  if (is_removed_) return std::unexpected(Errno::kNoEntry);
  GrowBuckets();
  if (bucket_count_ == 0) return std::unexpected(Errno::kOutOfMemory);
  const base::Result<void*> block = memory().Allocate(sizeof(Entry) + name.size());
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  auto* const entry = new (*block) Entry{.parent = this,
                                         .inode = std::move(inode),
                                         .next_of_inode = nullptr,
                                         .next_in_bucket = nullptr,
                                         .previous = nullptr,
                                         .next = nullptr,
                                         .position = 0,
                                         .hash = HashOf(name),
                                         .length = static_cast<uint16_t>(name.size())};
  std::ranges::copy(name, reinterpret_cast<char*>(entry + 1));
  return entry;
}

void Directory::FreeEntry(Entry& entry) {
  // The inode may be the last thing that goes; the entry's memory is the directory's.
  const Ref<Node> inode = std::move(entry.inode);
  std::destroy_at(&entry);
  memory().Free(&entry);
}

void Directory::Insert(Entry& entry) {
  Entry*& bucket = buckets_[entry.hash % bucket_count_];
  entry.next_in_bucket = bucket;
  bucket = &entry;
  entry.position = next_position_++;
  entry.previous = last_;
  entry.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &entry;
  last_ = &entry;
  ++count_;
  Node& inode = *entry.inode;
  entry.next_of_inode = inode.names_;
  inode.names_ = &entry;
  ++inode.status().links;
  if (inode.IsDirectory()) ++status().links;  // its ".."
}

void Directory::Remove(Entry& entry) {
  Entry** link = &buckets_[entry.hash % bucket_count_];
  while (*link != &entry) link = &(*link)->next_in_bucket;
  *link = entry.next_in_bucket;
  (entry.previous == nullptr ? first_ : entry.previous->next) = entry.next;
  (entry.next == nullptr ? last_ : entry.next->previous) = entry.previous;
  --count_;
  Node& inode = *entry.inode;
  Entry** name = &inode.names_;
  while (*name != &entry) name = &(*name)->next_of_inode;
  *name = entry.next_of_inode;
  --inode.status().links;
  if (inode.IsDirectory()) --status().links;
}

// Doubles the buckets when entries crowd; without memory they crowd more.
void Directory::GrowBuckets() {
  if (bucket_count_ > 0 && count_ < 2 * bucket_count_) return;
  const size_t count = std::max(kFirstBuckets, 2 * bucket_count_);
  const base::Result<void*> block = memory().Allocate(count * sizeof(Entry*));
  if (!block) return;
  auto* const buckets = static_cast<Entry**>(*block);
  std::fill_n(buckets, count, nullptr);
  for (Entry* entry = first_; entry != nullptr; entry = entry->next) {
    Entry*& bucket = buckets[entry->hash % count];
    entry->next_in_bucket = bucket;
    bucket = entry;
  }
  memory().Free(static_cast<void*>(buckets_));
  buckets_ = buckets;
  bucket_count_ = count;
}

// --- Changes ------------------------------------------------------------------------------------

posix::Result<Ref<Node>> Directory::MakeNode(const NewInode& inode) {
  constexpr uint32_t kLinkPermissions = 0777;
  TmpFileSystem& system = this->system();
  posix::FileStatus status = system.NewStatus(inode.type, inode.permissions);
  switch (inode.type) {
    case posix::FileType::kDirectory:
      return TRY(MakeObject<Directory>(memory(), system, status));
    case posix::FileType::kRegular: {
      const mm::PagedObject::Handle pages =
          TRY(posix::ToPosix(mm::PagedObject::Create(system.parts().pool, 0)));
      return TRY(MakeObject<Regular>(memory(), system, status, pages));
    }
    case posix::FileType::kSymlink: {
      status.permissions = kLinkPermissions;
      const Ref<SymbolicLink> link = TRY(MakeObject<SymbolicLink>(memory(), system, status));
      TRY(link->SetTarget(inode.target));
      return Ref<Node>(link);
    }
    case posix::FileType::kFifo:
      return TRY(
          MakeObject<Special>(memory(), system, status, TRY(system.parts().special.MakeFifo())));
    case posix::FileType::kCharacterDevice:
    case posix::FileType::kBlockDevice:
      status.device = inode.device;
      return TRY(MakeObject<Special>(memory(), system, status, Ref<Object>()));
    case posix::FileType::kSocket:
      break;
  }
  return std::unexpected(Errno::kInvalid);
}

posix::Result<Ref<Inode>> Directory::Create(std::string_view name, const NewInode& inode) {
  if (is_removed_) return std::unexpected(Errno::kNoEntry);
  if (Find(name) != nullptr) return std::unexpected(Errno::kExists);
  Ref<Node> made = TRY(MakeNode(inode));
  Insert(*TRY(MakeEntry(name, made)));
  TouchModified();
  return Ref<Inode>(made);
}

posix::Result<> Directory::Link(std::string_view name, Inode& target) {
  if (target.Status().containing_device != status().containing_device) {
    return std::unexpected(Errno::kCrossDevice);
  }
  if (Find(name) != nullptr) return std::unexpected(Errno::kExists);
  auto& node = static_cast<Node&>(target);
  Insert(*TRY(MakeEntry(name, Ref<Node>(&node))));
  node.TouchChanged();
  TouchModified();
  return {};
}

void Directory::Drop(Entry& entry) {
  Node& inode = *entry.inode;
  inode.TouchChanged();
  Remove(entry);
  if (inode.IsDirectory()) static_cast<Directory&>(inode).is_removed_ = true;
  FreeEntry(entry);
  TouchModified();
}

posix::Result<> Directory::Unlink(std::string_view name) {
  Entry* const entry = Find(name);
  if (entry == nullptr) return std::unexpected(Errno::kNoEntry);
  if (entry->inode->IsDirectory()) return std::unexpected(Errno::kIsDirectory);
  Drop(*entry);
  return {};
}

posix::Result<> Directory::RemoveDirectory(std::string_view name) {
  Entry* const entry = Find(name);
  if (entry == nullptr) return std::unexpected(Errno::kNoEntry);
  if (!entry->inode->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  if (static_cast<Directory&>(*entry->inode).count_ > 0) return std::unexpected(Errno::kNotEmpty);
  Drop(*entry);
  return {};
}

posix::Result<> Directory::CheckReplacing(const Node& moved, const Entry& replaced) const {
  if (!moved.IsDirectory()) {
    if (replaced.inode->IsDirectory()) return std::unexpected(Errno::kIsDirectory);
    return {};
  }
  if (!replaced.inode->IsDirectory()) return std::unexpected(Errno::kNotDirectory);
  if (static_cast<const Directory&>(*replaced.inode).count_ > 0) {
    return std::unexpected(Errno::kNotEmpty);
  }
  return {};
}

posix::Result<> Directory::Rename(std::string_view name, Inode& to, std::string_view to_name) {
  auto& target = static_cast<Directory&>(to);
  Entry* const entry = Find(name);
  if (entry == nullptr) return std::unexpected(Errno::kNoEntry);
  const Ref<Node> moved = entry->inode;
  for (const Inode* at = &to; moved->IsDirectory();) {
    if (at == moved.get()) return std::unexpected(Errno::kInvalid);
    const std::optional<Name> up = at->FindName();
    if (!up) break;
    at = up->parent;
  }
  Entry* const replaced = target.Find(to_name);
  if (replaced != nullptr) {
    if (replaced->inode == moved) return {};  // two names of one file: POSIX leaves both
    TRY(target.CheckReplacing(*moved, *replaced));
  }
  // Everything that can fail comes before the first change.
  Entry& renamed = *TRY(target.MakeEntry(to_name, moved));
  if (replaced != nullptr) target.Drop(*replaced);
  Remove(*entry);
  FreeEntry(*entry);
  target.Insert(renamed);
  moved->TouchChanged();
  TouchModified();
  target.TouchModified();
  return {};
}

// --- Looking ------------------------------------------------------------------------------------

posix::Result<> Directory::List(uint64_t position, DirectoryVisitor visitor) {
  if (is_removed_) return {};
  const std::optional<Name> up = FindName();
  const uint64_t above = up ? up->parent->number() : number();
  if (position == 0) {
    const DirectoryEntry self = {".", number(), posix::FileType::kDirectory, 1};
    if (visitor(self) == Listing::kStop) return {};
  }
  if (position <= 1) {
    const DirectoryEntry parent = {"..", above, posix::FileType::kDirectory, kFirstPosition};
    if (visitor(parent) == Listing::kStop) return {};
  }
  const Entry* entry = first_;
  while (entry != nullptr && entry->position < position) entry = entry->next;
  for (; entry != nullptr; entry = entry->next) {
    const DirectoryEntry shown = {entry->name(), entry->inode->number(), entry->inode->type(),
                                  entry->position + 1};
    if (visitor(shown) == Listing::kStop) break;
  }
  return {};
}

posix::FileStatus Directory::Status() const {
  constexpr uint64_t kEntryBytes = 20;  // about what Linux shows a tmpfs directory to have
  posix::FileStatus status = this->status();
  if (!is_removed_) ++status.links;  // "."
  // The root has no name; its own ".." counts in its place.
  if (!is_removed_ && !FindName()) ++status.links;
  status.size_bytes = count_ * kEntryBytes;
  return status;
}

base::Result<> Directory::CheckInvariants() const {
  size_t listed = 0;
  uint64_t position = 0;
  const Entry* previous = nullptr;
  for (const Entry* entry = first_; entry != nullptr; entry = entry->next) {
    const bool in_order = entry->position >= position && entry->previous == previous;
    if (!in_order || entry->parent != this || Find(entry->name()) != entry) {
      return std::unexpected(base::Error::kCorrupt);
    }
    position = entry->position + 1;
    previous = entry;
    ++listed;
  }
  if (listed != count_ || previous != last_ || position > next_position_) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace fs::tmp
