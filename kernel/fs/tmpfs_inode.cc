#include "kernel/fs/tmpfs_inode.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernel/base/check.h"
#include "kernel/fs/disk.h"
#include "kernel/fs/open_file.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/sync/cpu.h"

namespace fs::tmp {

using posix::Errno;

// --- Every inode --------------------------------------------------------------------------------

posix::Result<> Node::SetPermissions(uint32_t permissions) {
  status().permissions = permissions & posix::kPermissionMask;
  TouchChanged();
  return {};
}

posix::Result<> Node::SetOwner(std::optional<uint32_t> user, std::optional<uint32_t> group) {
  if (user) status().user = *user;
  if (group) status().group = *group;
  TouchChanged();
  return {};
}

posix::Result<> Node::SetTimes(std::optional<posix::TimeSpec> accessed,
                               std::optional<posix::TimeSpec> modified) {
  if (accessed) status().accessed = *accessed;
  if (modified) status().modified = *modified;
  TouchChanged();
  return {};
}

std::optional<Inode::Name> Node::FindName() const {
  if (names_ == nullptr) return std::nullopt;
  return Name{names_->parent, names_->name()};
}

// --- Regular files ------------------------------------------------------------------------------

Regular::Regular(Memory& memory, TmpFileSystem& system, const posix::FileStatus& status,
                 const mm::PagedObject::Handle& pages)
    : Node(memory, system, status), pages_(&pages.object), reference_(pages.reference) {
  Own();
}

// Mappings may outlive the file.
Regular::~Regular() { pages_->SetOwner(0, nullptr); }

// A list of mappings finds the file by its object.
void Regular::Own() { pages_->SetOwner(number(), static_cast<Inode*>(this)); }

posix::FileStatus Regular::Status() const {
  posix::FileStatus status = this->status();
  status.size_bytes = size_bytes();
  status.allocated_bytes = pages_->pages().bytes();
  return status;
}

posix::Result<size_t> Regular::ReadAt(uint64_t offset, Destination& destination) {
  const uint64_t size = size_bytes();
  if (offset >= size) return size_t{0};
  mm::FrameWindows& windows = system().parts().pool.frames().windows();
  auto wanted = static_cast<size_t>(std::min<uint64_t>(destination.left(), size - offset));
  size_t done = 0;
  while (done < wanted) {
    const uint64_t at = offset + done;
    const auto in_page = static_cast<size_t>(at % mm::kPageSize);
    const size_t piece = std::min(wanted - done, static_cast<size_t>(mm::kPageSize) - in_page);
    const uint64_t number = at / mm::kPageSize;
    size_t put = 0;
    // Holes of files that nothing fills are not made by reading them.
    if (contents_ == nullptr && !pages_->HasPage(number)) {
      put = destination.PutZeroes(piece);
    } else {
      const base::Result<mm::FrameReference> page = pages_->TakePage(number);
      if (!page) {
        if (done > 0) return done;
        return std::unexpected(posix::ErrnoOf(page.error()));
      }
      const locking::CpuPin pin;
      const mm::FrameWindow window = windows.Open(pin, page->frame());
      put = destination.Put(window.bytes().subspan(in_page, piece));
    }
    done += put;
    if (put < piece) return MovedOrFault(done);
  }
  return done;
}

posix::Result<size_t> Regular::WriteAt(uint64_t offset, Source& source) {
  if (source.left() == 0) return size_t{0};
  size_t done = 0;
  while (source.left() > 0) {
    const posix::Result<size_t> piece = WritePiece(offset + done, source);
    if (!piece) {
      if (done > 0) break;
      return std::unexpected(piece.error());
    }
    done += *piece;
    if (*piece == 0) {
      if (done > 0) break;
      return std::unexpected(Errno::kFault);
    }
  }
  TouchModified();
  return done;
}

// As far as one page goes; 0 when the source's memory is not there. The end moves with what was
// written, so that nothing behind it is ever seen.
posix::Result<size_t> Regular::WritePiece(uint64_t offset, Source& source) {
  const auto in_page = static_cast<size_t>(offset % mm::kPageSize);
  const size_t piece = std::min(source.left(), static_cast<size_t>(mm::kPageSize) - in_page);
  const uint64_t number = offset / mm::kPageSize;
  const uint64_t old_size = size_bytes();
  const bool grows = offset + piece > old_size;
  if (!system().HasRoom() && !pages_->HasPage(number)) return std::unexpected(Errno::kNoSpace);
  if (grows) {
    if (!pages_->Resize(offset + piece)) return std::unexpected(Errno::kFileTooLarge);
  }
  size_t taken = 0;
  const base::Result<mm::FrameReference> page = pages_->TakePage(number);
  if (page) {
    const locking::CpuPin pin;
    const mm::FrameWindow window =
        system().parts().pool.frames().windows().Open(pin, page->frame());
    taken = source.Take(window.bytes().subspan(in_page, piece));
  }
  if (grows && taken < piece) {
    const uint64_t size = taken == 0 ? old_size : std::max(old_size, offset + taken);
    CHECK(pages_->Resize(size).has_value());
  }
  if (!page) return std::unexpected(posix::ErrnoOf(page.error()));
  return taken;
}

posix::Result<> Regular::Resize(uint64_t size_bytes) {
  if (size_bytes > std::numeric_limits<int64_t>::max()) return std::unexpected(Errno::kInvalid);
  // Contents that are cut off must not come back when the file grows again.
  if (contents_ != nullptr && size_bytes < this->size_bytes()) contents_->Cut(size_bytes);
  if (!pages_->Resize(size_bytes)) return std::unexpected(Errno::kFileTooLarge);
  TouchModified();
  return {};
}

// --- Symbolic links, devices, fifos
// ---------------------------------------------------------------

posix::Result<> SymbolicLink::SetTarget(std::string_view target) {
  CHECK(target_ == nullptr);
  const base::Result<void*> block = memory().Allocate(target.size());
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  target_ = static_cast<char*>(*block);
  length_ = target.size();
  std::ranges::copy(target, target_);
  return {};
}

posix::Result<std::string_view> SymbolicLink::ReadLink(std::span<char>) {
  return std::string_view(target_, length_);
}

posix::FileStatus SymbolicLink::Status() const {
  posix::FileStatus status = this->status();
  status.size_bytes = length_;
  return status;
}

posix::Result<Ref<OpenFile>> Special::Open(uint32_t flags) {
  SpecialFiles& special = system().parts().special;
  if (fifo_) return special.OpenFifo(*this, *fifo_, flags);
  return special.OpenDevice(*this, flags);
}

// Mappings of a disk may outlive its file.
Special::~Special() {
  mm::PagedObject* const shown = pages();
  if (shown != nullptr && shown->owner() == static_cast<Inode*>(this)) shown->SetOwner(0, nullptr);
}

Disk* Special::FindDisk() const {
  if (type() != posix::FileType::kBlockDevice) return nullptr;
  return system().parts().special.FindDisk(status().device);
}

posix::Result<size_t> Special::ReadAt(uint64_t offset, Destination& destination) {
  Disk* const disk = FindDisk();
  return disk != nullptr ? disk->ReadAt(offset, destination) : Node::ReadAt(offset, destination);
}

posix::Result<size_t> Special::WriteAt(uint64_t offset, Source& source) {
  Disk* const disk = FindDisk();
  return disk != nullptr ? disk->WriteAt(offset, source) : Node::WriteAt(offset, source);
}

posix::Result<> Special::Sync() {
  Disk* const disk = FindDisk();
  return disk != nullptr ? disk->Sync() : Node::Sync();
}

uint64_t Special::size_bytes() const {
  const Disk* const disk = FindDisk();
  return disk != nullptr ? disk->size_bytes() : 0;
}

mm::PagedObject* Special::pages() {
  const Disk* const disk = FindDisk();
  return disk != nullptr ? disk->pages() : nullptr;
}

MappedAs Special::mapped_as() const {
  if (FindDisk() != nullptr) return MappedAs::kPages;
  if (fifo_ || type() != posix::FileType::kCharacterDevice) return MappedAs::kNothing;
  return system().parts().special.DeviceMappedAs(status().device);
}

}  // namespace fs::tmp
