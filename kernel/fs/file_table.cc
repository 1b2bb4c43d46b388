#include "kernel/fs/file_table.h"

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "kernel/base/check.h"

namespace fs {

using posix::Errno;

FileTable::~FileTable() {
  for (Slot* slot = slots_; open_files_ > 0; ++slot) {
    if (!slot->file) continue;
    TellOfClose(*slot->file);
    slot->file = {};
    --open_files_;
  }
  memory().Free(slots_);
}

posix::Result<> FileTable::Reserve(size_t capacity) {
  if (capacity <= capacity_) return {};
  const size_t grown = std::min(std::max({capacity, 2 * capacity_, kFirstCapacity}),
                                std::max(capacity, kMostDescriptors));
  const base::Result<void*> block = memory().Allocate(grown * sizeof(Slot));
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  auto* const slots = static_cast<Slot*>(*block);
  std::uninitialized_move_n(slots_, capacity_, slots);
  std::uninitialized_default_construct_n(slots + capacity_, grown - capacity_);
  std::destroy_n(slots_, capacity_);
  memory().Free(slots_);
  slots_ = slots;
  capacity_ = grown;
  return {};
}

posix::Result<Ref<FileTable>> FileTable::Copy() const {
  Ref<FileTable> copy = TRY(MakeObject<FileTable>(memory()));
  copy->limit_ = limit_;
  // As large as what is open needs, not as large as the table once was.
  const bool has_holes = open_files_ > first_free_;
  size_t used = has_holes ? capacity_ : first_free_;
  while (used > 0 && !slots_[used - 1].file) --used;
  TRY(copy->Reserve(used));
  std::copy_n(slots_, used, copy->slots_);
  copy->open_files_ = open_files_;
  copy->first_free_ = first_free_;
  return copy;
}

posix::Result<int> FileTable::Add(Ref<OpenFile> file, CloseOnExec close_on_exec, int lowest) {
  CHECK(file);
  if (lowest < 0 || static_cast<size_t>(lowest) >= limit_) return std::unexpected(Errno::kInvalid);
  size_t slot = std::max(first_free_, static_cast<size_t>(lowest));
  while (slot < capacity_ && slots_[slot].file) ++slot;
  if (slot >= limit_) return std::unexpected(Errno::kTooManyFiles);
  TRY(Reserve(slot + 1));
  slots_[slot] = {std::move(file), close_on_exec};
  ++open_files_;
  if (static_cast<size_t>(lowest) <= first_free_) first_free_ = slot + 1;
  return static_cast<int>(slot);
}

posix::Result<int> FileTable::Place(Ref<OpenFile> file, int descriptor, CloseOnExec close_on_exec) {
  CHECK(file);
  if (descriptor < 0 || static_cast<size_t>(descriptor) >= limit_) {
    return std::unexpected(Errno::kBadDescriptor);
  }
  const auto slot = static_cast<size_t>(descriptor);
  TRY(Reserve(slot + 1));
  if (!slots_[slot].file) ++open_files_;
  // What was there goes when the table is whole again: closing it may do much.
  const Ref<OpenFile> before = std::exchange(slots_[slot].file, std::move(file));
  slots_[slot].close_on_exec = close_on_exec;
  if (before) TellOfClose(*before);
  return descriptor;
}

void FileTable::TellOfClose(OpenFile& file) const {
  if (FileLocks* const locks = file.inode().locks()) locks->RemoveAll(this);
  file.OnDescriptorClosed(*this);
}

Ref<OpenFile> FileTable::Remove(size_t descriptor) {
  TellOfClose(*slots_[descriptor].file);
  --open_files_;
  first_free_ = std::min(first_free_, descriptor);
  return std::move(slots_[descriptor].file);
}

posix::Result<> FileTable::Close(int descriptor) {
  if (Find(descriptor) == nullptr) return std::unexpected(Errno::kBadDescriptor);
  const Ref<OpenFile> closed = Remove(static_cast<size_t>(descriptor));
  return {};
}

void FileTable::CloseRange(unsigned first, unsigned last) {
  for (size_t slot = first; slot < capacity_ && slot <= last; ++slot) {
    if (slots_[slot].file) const Ref<OpenFile> closed = Remove(slot);
  }
}

void FileTable::CloseOnExecFiles() {
  for (size_t slot = 0; slot < capacity_; ++slot) {
    if (slots_[slot].file && slots_[slot].close_on_exec == CloseOnExec::kYes) {
      const Ref<OpenFile> closed = Remove(slot);
    }
  }
}

posix::Result<CloseOnExec> FileTable::close_on_exec(int descriptor) const {
  if (Find(descriptor) == nullptr) return std::unexpected(Errno::kBadDescriptor);
  return slots_[descriptor].close_on_exec;
}

posix::Result<> FileTable::SetCloseOnExec(int descriptor, CloseOnExec close_on_exec) {
  if (Find(descriptor) == nullptr) return std::unexpected(Errno::kBadDescriptor);
  slots_[descriptor].close_on_exec = close_on_exec;
  return {};
}

int FileTable::ScanFor(int from) const {
  for (size_t slot = from < 0 ? 0 : static_cast<size_t>(from); slot < capacity_; ++slot) {
    if (slots_[slot].file) return static_cast<int>(slot);
  }
  return -1;
}

void FileTable::SetLimit(size_t limit) { limit_ = std::min(limit, kMostDescriptors); }

base::Result<> FileTable::CheckInvariants() const {
  const std::span slots(slots_, capacity_);
  const auto is_open = [](const Slot& slot) { return static_cast<bool>(slot.file); };
  const auto open = static_cast<size_t>(std::ranges::count_if(slots, is_open));
  if (open != open_files_ || first_free_ > capacity_) {
    return std::unexpected(base::Error::kCorrupt);
  }
  if (!std::ranges::all_of(slots.first(first_free_), is_open)) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace fs
