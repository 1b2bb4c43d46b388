#include "kernel/syscall/shared_memory_calls.h"

#include <optional>

#include "kernel/ipc/shared_segments.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/current.h"
#include "kernel/space/address_space.h"
#include "kernel/syscall/memory_calls.h"
#include "kernel/syscall/services.h"

namespace syscall {
namespace {

using ipc::SharedSegments;
using posix::Errno;

SharedSegments& Segments() { return TheServices().shared_segments; }

kernel::AddressSpace& Space() { return *kernel::CurrentProcess().space; }

int32_t MyPid() { return kernel::CurrentProcess().id(); }

uint64_t NowSeconds() { return static_cast<uint64_t>(TheServices().environment.Now().seconds); }

posix::ipc::SegmentStatus<uintptr_t> StatusOf(const SharedSegments::Segment& segment) {
  using Moment = posix::ipc::Moment<uintptr_t>;
  const uint32_t removed = segment.IsRemoved() ? posix::ipc::kRemovedMode : 0;
  return {.permissions = {.key = Segments().KeyOf(segment), .mode = segment.mode | removed},
          .size_bytes = static_cast<uintptr_t>(segment.size_bytes()),
          .attached = Moment::At(segment.attached_seconds),
          .detached = Moment::At(segment.detached_seconds),
          .changed = Moment::At(segment.changed_seconds),
          .creator = segment.creator,
          .last_user = segment.last_user,
          .attachments = segment.object().views()};
}

// Where shmat() is to attach. Error: kInvalid.
posix::Result<mm::MapRequest> RequestFor(SharedSegments::Segment& segment, uintptr_t address,
                                         int flags) {
  const bool is_read_only = (flags & posix::ipc::kReadOnly) != 0;
  mm::MapRequest request = {.size_bytes = segment.object().size_bytes(),
                            .access = is_read_only ? mm::Access::kRead : mm::Access::kReadWrite,
                            .kind = mm::VmaKind::kShared,
                            .sharing = mm::Sharing::kShared,
                            .object = mm::ObjectReference(segment.object())};
  if (is_read_only) request.may = mm::Without(request.may, mm::Access::kWrite);
  if ((flags & posix::ipc::kExecute) != 0) request.access = request.access | mm::Access::kExecute;
  const bool replaces = (flags & posix::ipc::kRemap) != 0;
  if (address == 0) {
    if (replaces) return std::unexpected(Errno::kInvalid);
    return request;
  }
  mm::VirtAddr va{address};
  if ((flags & posix::ipc::kRound) != 0) va = mm::AlignDown(va, mm::kPageSize);
  if (!mm::IsAligned(va, mm::kPageSize)) return std::unexpected(Errno::kInvalid);
  request.va = va;
  request.place = replaces ? mm::Place::kExactly : mm::Place::kExactlyFree;
  return request;
}

Errno ErrorOfAttaching(base::Error error) {
  switch (error) {
    case base::Error::kOutOfMemory:
      return Errno::kOutOfMemory;
    case base::Error::kNotPermitted:
      return Errno::kAccess;
    default:
      return Errno::kInvalid;
  }
}

}  // namespace

posix::CallResult Shmget(int32_t key, size_t bytes, int flags) {
  return TRY(Segments().Get(key, bytes, flags, MyPid(), NowSeconds()));
}

posix::CallResult Shmat(int32_t id, uintptr_t address, int flags) {
  // An application of the kernel image has its parts and nothing else.
  if (kernel::CurrentProcess().plan) return std::unexpected(Errno::kNotPermitted);
  SharedSegments::Segment& segment = *TRY(Segments().Find(id));
  const mm::MapRequest request = TRY(RequestFor(segment, address, flags));
  TRY(CheckRoom(request.size_bytes));
  const auto va = Space().Map(request);
  if (!va) return std::unexpected(ErrorOfAttaching(va.error()));
  segment.attached_seconds = NowSeconds();
  segment.last_user = MyPid();
  return static_cast<intptr_t>(va->value);
}

// What is left of the attachment that began at `address`: parts of it may be gone.
posix::CallResult Shmdt(uintptr_t address) {
  const mm::VirtAddr base{address};
  const auto first = Space().Find(base);
  SharedSegments::Segment* const segment =
      first && first->object ? Segments().FindByObject(*first->object) : nullptr;
  if (segment == nullptr || first->range.base != base || first->offset_bytes != 0) {
    return std::unexpected(Errno::kInvalid);
  }
  segment->detached_seconds = NowSeconds();
  segment->last_user = MyPid();
  // Holds the segment, too, while its mappings go.
  const mm::ObjectReference object = first->object;
  const mm::VirtRange whole{base, segment->object().size_bytes()};
  auto area = first;
  while (area && whole.Contains(area->range.base)) {
    const bool is_of_it =
        area->object == object && area->offset_bytes == whole.OffsetOf(area->range.base);
    if (is_of_it && !Space().Unmap(area->range)) return std::unexpected(Errno::kOutOfMemory);
    if (area->range.last() >= whole.last()) break;
    area = Space().FindFirstNotBelow(area->range.last() + 1);
  }
  return 0;
}

posix::CallResult Shmctl(int32_t id, int command, UserSegmentStatus status) {
  SharedSegments::Segment& segment = *TRY(Segments().Find(id));
  switch (command & ~posix::ipc::kNewStructures) {
    case posix::ipc::kRemove:
      Segments().Remove(segment);
      return 0;
    case posix::ipc::kSet: {
      const auto wanted = TRY(status.Read());
      segment.mode = wanted.permissions.mode & posix::ipc::kModeMask;
      segment.changed_seconds = NowSeconds();
      return 0;
    }
    case posix::ipc::kStatus:
      TRY(status.Write(StatusOf(segment)));
      return 0;
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

}  // namespace syscall
