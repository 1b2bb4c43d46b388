#include "kernel/syscall/memory_calls.h"

#include <algorithm>
#include <array>
#include <expected>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/fs/disk.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/open_file.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/absent_pages.h"
#include "kernel/process/areas.h"
#include "kernel/process/current.h"
#include "kernel/process/process.h"
#include "kernel/space/address_space.h"
#include "kernel/syscall/services.h"

namespace syscall {
namespace {

using base::Error;
using posix::Errno;

kernel::AddressSpace& Space() { return *kernel::CurrentProcess().space; }

// What each call makes of an address space's errors; the rest is kInvalid.
struct Translation {
  Error from;
  Errno to;
};

Errno Translated(Error error, std::span<const Translation> translations) {
  if (error == Error::kOutOfMemory) return Errno::kOutOfMemory;
  for (const Translation& one : translations) {
    if (one.from == error) return one.to;
  }
  return Errno::kInvalid;
}

constexpr std::array kMapErrors = {Translation{Error::kNotPermitted, Errno::kAccess},
                                   Translation{Error::kOverlap, Errno::kExists},
                                   Translation{Error::kOutOfRange, Errno::kOutOfMemory}};

// Of calls that ask for memory to be there.
constexpr std::array kRangeErrors = {Translation{Error::kNotPermitted, Errno::kAccess},
                                     Translation{Error::kNotFound, Errno::kOutOfMemory},
                                     Translation{Error::kOutOfRange, Errno::kOutOfMemory}};

// Where it is there and cannot be read: of mlock().
constexpr std::array kLockErrors = {Translation{Error::kNotPermitted, Errno::kOutOfMemory},
                                    Translation{Error::kNotFound, Errno::kOutOfMemory},
                                    Translation{Error::kOutOfRange, Errno::kOutOfMemory}};

constexpr std::array kRemapErrors = {Translation{Error::kNotPermitted, Errno::kAccess},
                                     Translation{Error::kNotFound, Errno::kFault},
                                     Translation{Error::kOutOfRange, Errno::kFault},
                                     Translation{Error::kOverlap, Errno::kOutOfMemory}};

template <class T>
posix::Result<T> Translated(const base::Result<T>& result,
                            std::span<const Translation> translations) {
  if (!result) return std::unexpected(Translated(result.error(), translations));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *result;
  }
}

// Length 0 included: 0 bytes. Nothing when no range is so long.
std::optional<uint64_t> WholePages(size_t length) {
  const auto bytes = base::TryAlignUp(length, mm::kPageSize);
  if (!bytes || *bytes > std::numeric_limits<uintptr_t>::max()) return std::nullopt;
  return bytes;
}

// The pages of a call whose address has to be aligned. Errors: kInvalid, and kOutOfMemory when the
// range wraps. An empty one is empty.
posix::Result<mm::VirtRange> PagesOf(uintptr_t address, size_t length) {
  if (!mm::IsAligned(mm::VirtAddr{address}, mm::kPageSize)) {
    return std::unexpected(Errno::kInvalid);
  }
  const auto bytes = WholePages(length);
  if (!bytes) return std::unexpected(Errno::kOutOfMemory);
  const mm::VirtRange range{mm::VirtAddr{address}, *bytes};
  const uint64_t room = std::numeric_limits<uintptr_t>::max() - address;
  if (!range.IsEmpty() && *bytes - 1 > room) return std::unexpected(Errno::kOutOfMemory);
  return range;
}

// All pages that the bytes touch: for calls that take any address.
posix::Result<mm::VirtRange> PagesTouched(uintptr_t address, size_t length) {
  const uintptr_t in_page = address % mm::kPageSize;
  if (length > std::numeric_limits<size_t>::max() - in_page) {
    return std::unexpected(Errno::kOutOfMemory);
  }
  return PagesOf(address - in_page, length + in_page);
}

mm::Access AccessOf(uint32_t protection) {
  mm::Access access = mm::Access::kNone;
  if ((protection & posix::protection::kRead) != 0) access = access | mm::Access::kRead;
  if ((protection & posix::protection::kWrite) != 0) access = access | mm::Access::kWrite;
  if ((protection & posix::protection::kExecute) != 0) access = access | mm::Access::kExecute;
  return access;
}

bool IsSharedMapping(uint32_t flags) {
  return (flags & posix::map_flag::kTypeMask) != posix::map_flag::kPrivate;
}

posix::Result<> CheckMapFlags(uint32_t protection, uint32_t flags) {
  using namespace posix::map_flag;  // NOLINT(google-build-using-namespace)
  const uint32_t type = flags & kTypeMask;
  // Linux checks the flags of files alone.
  const bool is_checked = type == kSharedValidate && (flags & kAnonymous) == 0;
  const bool is_known = type == kShared || type == kPrivate || is_checked;
  if (!is_known || (flags & (kGrowsDown | kHugePages)) != 0) {
    return std::unexpected(Errno::kInvalid);
  }
  if ((protection & ~posix::protection::kAll) != 0) return std::unexpected(Errno::kInvalid);
  if (is_checked && (flags & ~kValidated) != 0) return std::unexpected(Errno::kNotSupported);
  return {};
}

// Adds what the file says to `request`.
posix::Result<> MapFile(mm::MapRequest& request, fs::OpenFile& file, bool is_shared) {
  if (!file.IsReadable()) return std::unexpected(Errno::kAccess);
  if (is_shared && !file.IsWritable()) {
    if (mm::Has(request.access, mm::Access::kWrite)) return std::unexpected(Errno::kAccess);
    request.may = mm::Without(request.may, mm::Access::kWrite);
  }
  switch (file.inode().mapped_as()) {
    case fs::MappedAs::kNothing:
      return std::unexpected(Errno::kNotSuchDevice);
    case fs::MappedAs::kZeroes:
      return {};
    case fs::MappedAs::kPages:
      request.object = mm::ObjectReference(*file.inode().pages());
      request.kind = mm::VmaKind::kFile;
      return {};
  }
  return {};
}

// Memory that processes share and that no name leads to.
posix::Result<> MapSharedMemory(mm::MapRequest& request) {
  auto made = mm::PagedObject::Create(TheServices().objects, request.size_bytes);
  if (!made) return std::unexpected(posix::ErrnoOf(made.error()));
  request.object = std::move(made->reference);
  request.kind = mm::VmaKind::kShared;
  request.offset_bytes = 0;
  return {};
}

posix::Result<mm::Place> PlaceOf(uintptr_t address, uint32_t flags) {
  using namespace posix::map_flag;  // NOLINT(google-build-using-namespace)
  if ((flags & (kFixed | kFixedNoReplace)) == 0) {
    return address == 0 ? mm::Place::kAnywhere : mm::Place::kHint;
  }
  if (!mm::IsAligned(mm::VirtAddr{address}, mm::kPageSize)) {
    return std::unexpected(Errno::kInvalid);
  }
  return (flags & kFixedNoReplace) != 0 ? mm::Place::kExactlyFree : mm::Place::kExactly;
}

// RLIMIT_DATA. Without a limit, nobody counts.
posix::Result<> CheckRoomForData(uint64_t more_bytes) {
  const uint64_t limit = kernel::CurrentProcess().limits[posix::Resource::kDataBytes].soft;
  if (limit == posix::kUnlimited) return {};
  uint64_t used = 0;
  process::ForEachArea(Space(), [&](const mm::VmaReport& area) {
    if (process::IsData(area)) used += area.range.size_bytes;
  });
  if (used > limit || more_bytes > limit - used) return std::unexpected(Errno::kOutOfMemory);
  return {};
}

// Memory that a process would have to itself, and more of it than there is at all: refused at once,
// as Linux does. Less may still not be there when it is used.
posix::Result<> CheckPrivateMemory(mm::Access access, mm::Sharing sharing, uint64_t bytes) {
  const bool is_own = sharing == mm::Sharing::kPrivate && mm::Has(access, mm::Access::kWrite);
  if (is_own && bytes > TheServices().all_memory.bytes()) {
    return std::unexpected(Errno::kOutOfMemory);
  }
  return {};
}

// RLIMIT_MEMLOCK, which binds everybody but root. Pages that are locked already count twice.
// Errors: kNotPermitted (nothing may be locked), kOutOfMemory.
posix::Result<> CheckLockable(uint64_t more_bytes) {
  const process::Process& process = kernel::CurrentProcess();
  const uint64_t limit = process.limits[posix::Resource::kLockedBytes].soft;
  if (process.credentials.effective_user == 0 || limit == posix::kUnlimited) return {};
  if (limit == 0) return std::unexpected(Errno::kNotPermitted);
  const uint64_t used = Space().counters().areas.locked.bytes();
  if (used > limit || more_bytes > limit - used) return std::unexpected(Errno::kOutOfMemory);
  return {};
}

// Writes back what the shared areas of `range` show; files in memory have nothing behind them.
// Blocks, and the areas may change meanwhile.
posix::Result<> StoreShared(const mm::VirtRange& range) {
  auto area = Space().FindFirstNotBelow(range.base);
  while (area && area->range.base <= range.last()) {
    const mm::VirtAddr last = std::min(area->range.last(), range.last());
    if (area->object && area->sharing == mm::Sharing::kShared) {
      const mm::VirtAddr first = std::max(area->range.base, range.base);
      const uint64_t offset = area->offset_bytes + area->range.OffsetOf(first);
      const uint64_t first_page = offset / mm::kPageSize;
      const uint64_t last_page = (offset + (last - first)) / mm::kPageSize;
      TRY(fs::ResultOf(area->object->StorePages(first_page, last_page)));
    }
    if (last == range.last()) break;
    area = Space().FindFirstNotBelow(last + 1);
  }
  return {};
}

// An application of the kernel image has its parts, where the layout packs them, and maps nothing.
posix::Result<> CheckMayMap() {
  if (kernel::CurrentProcess().plan) return std::unexpected(Errno::kNotPermitted);
  return {};
}

// Such a process's heap has a limit that the kernel's image sets.
bool IsHeapAllowed(mm::VirtAddr heap_end) {
  const auto& plan = kernel::CurrentProcess().plan;
  return !plan || heap_end.value - plan->heap().base.value <= plan->heap().size_bytes;
}

posix::CallResult MapPages(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                           int descriptor, uint64_t offset_bytes) {
  TRY(CheckMayMap());
  TRY(CheckMapFlags(protection, flags));
  if (length == 0) return std::unexpected(Errno::kInvalid);
  const auto bytes = WholePages(length);
  if (!bytes) return std::unexpected(Errno::kOutOfMemory);
  if (offset_bytes > mm::PagedObject::kMostBytes - *bytes) {
    return std::unexpected(Errno::kOverflow);
  }
  const bool is_shared = IsSharedMapping(flags);
  mm::MapRequest request = {
      .size_bytes = *bytes,
      .access = AccessOf(protection),
      .sharing = is_shared ? mm::Sharing::kShared : mm::Sharing::kPrivate,
      .locked = (flags & posix::map_flag::kLocked) != 0 ? mm::Locked::kYes : mm::Locked::kNo,
      .offset_bytes = offset_bytes,
      .place = TRY(PlaceOf(address, flags)),
      .va = mm::AlignDown(mm::VirtAddr{address}, mm::kPageSize)};
  TRY(CheckRoom(*bytes));
  if (request.locked == mm::Locked::kYes) {
    const auto lockable = CheckLockable(*bytes);
    const bool is_too_much = !lockable && lockable.error() == Errno::kOutOfMemory;
    if (!lockable) return std::unexpected(is_too_much ? Errno::kAgain : lockable.error());
  }
  if (process::IsData(request)) TRY(CheckRoomForData(*bytes));
  if ((flags & posix::map_flag::kNoReserve) == 0) {
    TRY(CheckPrivateMemory(request.access, request.sharing, *bytes));
  }
  if ((flags & posix::map_flag::kAnonymous) == 0) {
    const fs::Ref<fs::OpenFile> file = TRY(kernel::CurrentProcess().files->Get(descriptor));
    TRY(MapFile(request, *file, is_shared));
  }
  if (!request.object) request.offset_bytes = 0;
  if (is_shared && !request.object) TRY(MapSharedMemory(request));
  const mm::VirtAddr va = TRY(Translated(Space().Map(request), kMapErrors));
  // Only a wish: pages that cannot be made now are made by faults, or not.
  if ((flags & posix::map_flag::kPopulate) != 0) {
    static_cast<void>(process::LoadPages(kernel::CurrentProcess(), {va, *bytes}));
    (void)Space().Populate({va, *bytes});
  }
  return static_cast<intptr_t>(va.value);
}

// mremap() of no bytes: what is shared at `from` is mapped a second time.
posix::CallResult MapAgain(mm::VirtAddr from, uint64_t size_bytes, std::optional<mm::VirtAddr> to) {
  if (to && !mm::IsAligned(*to, mm::kPageSize)) return std::unexpected(Errno::kInvalid);
  const auto area = Space().Find(from);
  if (!area) return std::unexpected(Errno::kFault);
  if (area->sharing != mm::Sharing::kShared) return std::unexpected(Errno::kInvalid);
  TRY(CheckRoom(size_bytes));
  const mm::VirtAddr va =
      TRY(Translated(Space().Map({.size_bytes = size_bytes,
                                  .access = area->access,
                                  .may = area->may,
                                  .kind = area->kind,
                                  .sharing = area->sharing,
                                  .object = area->object,
                                  .offset_bytes = area->offset_bytes + area->range.OffsetOf(from),
                                  .place = to ? mm::Place::kExactly : mm::Place::kAnywhere,
                                  .va = to.value_or(mm::VirtAddr{0})}),
                     kMapErrors));
  return static_cast<intptr_t>(va.value);
}

posix::CallResult SetLocked(uintptr_t address, size_t length, mm::Locked locked) {
  const mm::VirtRange range = TRY(PagesTouched(address, length));
  if (length == 0) return 0;
  if (locked != mm::Locked::kNo) TRY(CheckLockable(range.size_bytes));
  if (locked == mm::Locked::kYes) TRY(process::LoadPages(kernel::CurrentProcess(), range));
  TRY(Translated(Space().SetLocked(range, locked), kLockErrors));
  return 0;
}

}  // namespace

posix::Result<> CheckRoom(uint64_t more_bytes) {
  const uint64_t limit = kernel::CurrentProcess().limits[posix::Resource::kAddressSpaceBytes].soft;
  if (limit == posix::kUnlimited) return {};
  const uint64_t used = Space().counters().areas.total.bytes();
  if (used > limit || more_bytes > limit - used) return std::unexpected(Errno::kOutOfMemory);
  return {};
}

posix::CallResult Mmap(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                       int descriptor, uintptr_t offset_bytes) {
  if (offset_bytes % mm::kPageSize != 0) return std::unexpected(Errno::kInvalid);
  return MapPages(address, length, protection, flags, descriptor, offset_bytes);
}

posix::CallResult Mmap2(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                        int descriptor, uintptr_t offset_pages) {
  return MapPages(address, length, protection, flags, descriptor,
                  uint64_t{offset_pages} * mm::kPageSize);
}

posix::CallResult Munmap(uintptr_t address, size_t length) {
  TRY(CheckMayMap());
  const auto range = PagesOf(address, length);
  if (!range || range->IsEmpty()) return std::unexpected(Errno::kInvalid);
  TRY(Translated(Space().Unmap(*range), {}));
  return 0;
}

posix::CallResult Mprotect(uintptr_t address, size_t length, uint32_t protection) {
  TRY(CheckMayMap());
  if ((protection & ~posix::protection::kAll) != 0) return std::unexpected(Errno::kInvalid);
  const mm::VirtRange range = TRY(PagesOf(address, length));
  if (range.IsEmpty()) return 0;
  TRY(Translated(Space().Protect(range, AccessOf(protection)), kRangeErrors));
  return 0;
}

posix::CallResult Mremap(uintptr_t address, size_t length, size_t new_length, uint32_t flags,
                         uintptr_t new_address) {
  using namespace posix::remap_flag;  // NOLINT(google-build-using-namespace)
  using Move = mm::RemapRequest::Move;
  TRY(CheckMayMap());
  const bool is_fixed = (flags & kFixed) != 0;
  const bool may_move = (flags & kMayMove) != 0;
  if ((flags & ~kAll) != 0 || (is_fixed && !may_move)) return std::unexpected(Errno::kInvalid);
  const auto range = PagesOf(address, length);
  const auto bytes = WholePages(new_length);
  if (!range || !bytes || *bytes == 0) return std::unexpected(Errno::kInvalid);
  if (range->IsEmpty()) {
    if (!may_move) return std::unexpected(Errno::kInvalid);
    return MapAgain(range->base, *bytes,
                    is_fixed ? std::optional(mm::VirtAddr{new_address}) : std::nullopt);
  }
  mm::RemapRequest request = {.size_bytes = *bytes,
                              .move = may_move ? Move::kMayMove : Move::kStay};
  if (is_fixed) {
    const auto target = PagesOf(new_address, new_length);
    if (!target || target->Overlaps(*range)) return std::unexpected(Errno::kInvalid);
    request.move = Move::kExactly;
    request.va = target->base;
  }
  if (*bytes > range->size_bytes) {
    const uint64_t more_bytes = *bytes - range->size_bytes;
    TRY(CheckRoom(more_bytes));
    if (const auto area = Space().Find(range->base)) {
      TRY(CheckPrivateMemory(area->access, area->sharing, more_bytes));
      if (process::IsData(*area)) TRY(CheckRoomForData(more_bytes));
    }
  }
  const mm::VirtAddr va = TRY(Translated(Space().Remap(*range, request), kRemapErrors));
  return static_cast<intptr_t>(va.value);
}

posix::CallResult Madvise(uintptr_t address, size_t length, posix::MemoryAdvice advice) {
  using posix::MemoryAdvice;
  mm::Advice meant = mm::Advice::kWillNeed;
  switch (advice) {
    case MemoryAdvice::kDontNeed:
      meant = mm::Advice::kDontNeed;
      break;
    case MemoryAdvice::kFree:
      meant = mm::Advice::kFree;
      break;
    // Taken note of, where Linux has a use for it.
    case MemoryAdvice::kNormal:
    case MemoryAdvice::kRandom:
    case MemoryAdvice::kSequential:
    case MemoryAdvice::kWillNeed:
    case MemoryAdvice::kMergeable:
    case MemoryAdvice::kUnmergeable:
    case MemoryAdvice::kHugePage:
    case MemoryAdvice::kNoHugePage:
    case MemoryAdvice::kDontDump:
    case MemoryAdvice::kDoDump:
    case MemoryAdvice::kCold:
    case MemoryAdvice::kPageOut:
      break;
    default:
      return std::unexpected(Errno::kInvalid);
  }
  const auto range = PagesOf(address, length);
  if (!range) return std::unexpected(Errno::kInvalid);
  if (range->IsEmpty()) return 0;
  TRY(Translated(Space().Advise(*range, meant), kRangeErrors));
  return 0;
}

posix::CallResult Brk(uintptr_t address) {
  const mm::VirtAddr now = Space().Break();
  const mm::VirtAddr wanted{address};
  const bool is_possible =
      wanted <= now ||
      (IsHeapAllowed(wanted) && CheckRoomForData(wanted - now) && CheckRoom(wanted - now) &&
       CheckPrivateMemory(mm::Access::kReadWrite, mm::Sharing::kPrivate, wanted - now));
  if (!is_possible) return static_cast<intptr_t>(now.value);
  return static_cast<intptr_t>(Space().SetBreak(wanted).value_or(now).value);
}

posix::CallResult Msync(uintptr_t address, size_t length, uint32_t flags) {
  using namespace posix::sync_flag;  // NOLINT(google-build-using-namespace)
  constexpr uint32_t kBoth = kAsynchronous | kSynchronous;
  if ((flags & ~kAll) != 0 || (flags & kBoth) == kBoth) return std::unexpected(Errno::kInvalid);
  const mm::VirtRange range = TRY(PagesOf(address, length));
  if (range.IsEmpty()) return 0;
  TRY(Translated(Space().Advise(range, mm::Advice::kWillNeed), kRangeErrors));
  if ((flags & kSynchronous) != 0) TRY(StoreShared(range));
  return 0;
}

posix::CallResult Mincore(uintptr_t address, size_t length, kernel::UserPointer<std::byte> pages) {
  constexpr size_t kPagesAtOnce = 512;
  mm::VirtRange rest = TRY(PagesOf(address, length));
  std::array<std::byte, kPagesAtOnce> states;
  size_t done = 0;
  while (!rest.IsEmpty()) {
    const size_t count =
        static_cast<size_t>(std::min<uint64_t>(kPagesAtOnce, rest.size_bytes / mm::kPageSize));
    const uint64_t bytes = count * mm::kPageSize;
    const auto part = std::span(states).first(count);
    TRY(Translated(Space().Residency({rest.base, bytes}, part), kRangeErrors));
    TRY(pages.At(done).WriteMany(part));
    done += count;
    rest.size_bytes -= bytes;
    if (!rest.IsEmpty()) rest.base = rest.base + bytes;
  }
  return 0;
}

posix::CallResult Mlock(uintptr_t address, size_t length) {
  return SetLocked(address, length, mm::Locked::kYes);
}

posix::CallResult Mlock2(uintptr_t address, size_t length, uint32_t flags) {
  if ((flags & ~posix::lock_flag::kOnFault) != 0) return std::unexpected(Errno::kInvalid);
  const bool is_on_fault = (flags & posix::lock_flag::kOnFault) != 0;
  return SetLocked(address, length, is_on_fault ? mm::Locked::kOnFault : mm::Locked::kYes);
}

posix::CallResult Munlock(uintptr_t address, size_t length) {
  return SetLocked(address, length, mm::Locked::kNo);
}

posix::CallResult Mlockall(uint32_t flags) {
  using namespace posix::lock_flag;  // NOLINT(google-build-using-namespace)
  if (flags == 0 || flags == kAllOnFault || (flags & ~(kCurrent | kFuture | kAllOnFault)) != 0) {
    return std::unexpected(Errno::kInvalid);
  }
  const mm::VmaCounters areas = Space().counters().areas;
  TRY(CheckLockable((flags & kCurrent) != 0 ? (areas.total - areas.locked).bytes() : 0));
  const mm::Locked locked = (flags & kAllOnFault) != 0 ? mm::Locked::kOnFault : mm::Locked::kYes;
  Space().SetFutureLocked((flags & kFuture) != 0 ? locked : mm::Locked::kNo);
  if ((flags & kCurrent) == 0) return 0;
  process::ForEachArea(Space(), [=](const mm::VmaReport& area) {
    // As on Linux, what cannot be made present does not fail the call.
    (void)Space().SetLocked(area.range, locked);
  });
  return 0;
}

posix::CallResult Munlockall() {
  Space().SetFutureLocked(mm::Locked::kNo);
  posix::Result<> unlocked;
  process::ForEachArea(Space(), [&unlocked](const mm::VmaReport& area) {
    const auto result = Space().SetLocked(area.range, mm::Locked::kNo);
    if (!result && unlocked) unlocked = Translated(result, kRangeErrors);
  });
  TRY(unlocked);
  return 0;
}

}  // namespace syscall
