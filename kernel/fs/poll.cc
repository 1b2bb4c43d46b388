#include "kernel/fs/poll.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "kernel/base/check.h"
#include "kernel/fs/open_file.h"
#include "kernel/sched/wait_queue.h"

namespace fs {

using posix::Errno;
using posix::PollDescriptor;
namespace poll_event = posix::poll_event;

namespace {

// Places in the queues of the files that somebody waits for. A file stays while its queue is used.
struct Place {
  Ref<OpenFile> file;
  sched::Watch watch;
};

// Places for so many files: the first few on the stack, else on the heap.
class Places {
 public:
  explicit Places(Memory& memory) : memory_(memory) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  ~Places() {
    Clear();
    if (places_ != few_) memory_.Free(places_);
  }

  [[nodiscard]] posix::Result<> Reserve(size_t count) {
    if (count <= kFew) return {};
    const base::Result<void*> block = memory_.Allocate(count * sizeof(Place));
    if (!block) return std::unexpected(Errno::kOutOfMemory);
    places_ = static_cast<Place*>(*block);
    return {};
  }

  void Add(OpenFile& file, sched::WaitQueue& queue) {
    Place* const place = new (places_ + count_++) Place;
    place->file = Ref<OpenFile>(&file);
    place->watch.Attach(queue);
  }
  void Clear() {
    while (count_ > 0) std::destroy_at(places_ + --count_);
  }

 private:
  static constexpr size_t kFew = 8;

  Memory& memory_;
  alignas(Place) std::byte few_storage_[kFew * sizeof(Place)];
  Place* const few_ = reinterpret_cast<Place*>(few_storage_);
  Place* places_ = few_;
  size_t count_ = 0;
};

// Looks at all files once; where one is not ready, and `places` is there, takes a place in its
// queue.
size_t Look(const FileTable& files, std::span<PollDescriptor> descriptors, Places* places) {
  constexpr uint16_t kAlways = poll_event::kError | poll_event::kHangUp;
  size_t ready = 0;
  for (PollDescriptor& one : descriptors) {
    one.returned_events = 0;
    if (one.descriptor < 0) continue;
    OpenFile* const file = files.Find(one.descriptor);
    if (file == nullptr || (file->flags() & posix::open_flag::kPath) != 0) {
      one.returned_events = poll_event::kInvalid;
    } else {
      one.returned_events = file->ReadyEvents() & (one.events | kAlways);
      sched::WaitQueue* const queue = file->ready_queue();
      if (one.returned_events == 0 && queue != nullptr && places != nullptr) {
        places->Add(*file, *queue);
      }
    }
    if (one.returned_events != 0) ++ready;
  }
  return ready;
}

}  // namespace

posix::Result<size_t> Poll(Memory& memory, const FileTable& files,
                           std::span<PollDescriptor> descriptors, sched::Deadline deadline) {
  Places places(memory);
  const size_t ready = Look(files, descriptors, nullptr);
  if (ready > 0) return ready;
  TRY(places.Reserve(descriptors.size()));
  while (true) {
    const size_t found = Look(files, descriptors, &places);
    if (found > 0) return found;
    const sched::WaitResult result = sched::WaitForWatches(deadline);
    places.Clear();
    if (result == sched::WaitResult::kTimedOut) return Look(files, descriptors, nullptr);
    if (result == sched::WaitResult::kInterrupted) return std::unexpected(Errno::kInterrupted);
  }
}

// --- select -------------------------------------------------------------------------------------

namespace {

constexpr size_t kWordBits = sizeof(uintptr_t) * 8;

// What select() calls readable, writable and exceptional, by poll's events.
constexpr uint16_t kReadable = poll_event::kIn | poll_event::kHangUp | poll_event::kError;
constexpr uint16_t kWritable = poll_event::kOut | poll_event::kError;
constexpr uint16_t kExceptional = poll_event::kPriority;

bool IsIn(std::span<const uintptr_t> set, size_t descriptor) {
  return !set.empty() && (set[descriptor / kWordBits] >> descriptor % kWordBits & 1) != 0;
}
void Insert(std::span<uintptr_t> set, size_t descriptor) {
  set[descriptor / kWordBits] |= uintptr_t{1} << descriptor % kWordBits;
}

uint16_t WantedEvents(const DescriptorSets& sets, size_t descriptor) {
  uint16_t events = 0;
  if (IsIn(sets.readable, descriptor)) events |= poll_event::kIn;
  if (IsIn(sets.writable, descriptor)) events |= poll_event::kOut;
  if (IsIn(sets.exceptional, descriptor)) events |= poll_event::kPriority;
  return events;
}

// Sets become what `polled` found.
size_t Collect(std::span<const PollDescriptor> polled, const DescriptorSets& sets) {
  for (const std::span<uintptr_t> set : {sets.readable, sets.writable, sets.exceptional}) {
    std::ranges::fill(set, 0);
  }
  size_t bits = 0;
  const auto mark = [&bits](std::span<uintptr_t> set, const PollDescriptor& one, uint16_t wanted,
                            uint16_t found) {
    if ((one.events & wanted) == 0 || (one.returned_events & found) == 0) return;
    Insert(set, static_cast<size_t>(one.descriptor));
    ++bits;
  };
  for (const PollDescriptor& one : polled) {
    mark(sets.readable, one, poll_event::kIn, kReadable);
    mark(sets.writable, one, poll_event::kOut, kWritable);
    mark(sets.exceptional, one, poll_event::kPriority, kExceptional);
  }
  return bits;
}

}  // namespace

posix::Result<size_t> Select(Memory& memory, const FileTable& files, size_t count,
                             const DescriptorSets& sets, sched::Deadline deadline) {
  size_t wanted = 0;
  for (size_t descriptor = 0; descriptor < count; ++descriptor) {
    if (WantedEvents(sets, descriptor) == 0) continue;
    if (files.Find(static_cast<int>(descriptor)) == nullptr) {
      return std::unexpected(Errno::kBadDescriptor);
    }
    ++wanted;
  }
  const base::Result<void*> block = memory.Allocate(wanted * sizeof(PollDescriptor));
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  const std::span polled(static_cast<PollDescriptor*>(*block), wanted);
  size_t used = 0;
  for (size_t descriptor = 0; descriptor < count; ++descriptor) {
    const uint16_t events = WantedEvents(sets, descriptor);
    if (events != 0) polled[used++] = {static_cast<int32_t>(descriptor), events, 0};
  }
  posix::Result<size_t> result = Poll(memory, files, polled, deadline);
  if (result) result = Collect(polled, sets);
  memory.Free(*block);
  return result;
}

}  // namespace fs
