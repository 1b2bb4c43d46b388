#include "kernel/applications/runtime.h"

#include <algorithm>

#include "arch/ops/application.h"
#include "arch/ops/shared_state.h"
#include "arch/ops/system_calls.h"
#include "kernel/base/bits.h"

namespace applications {
namespace {

// Texts on their way to the kernel.
constexpr size_t kPieceBytes = 128;
constexpr size_t kPathBytes = 64;
using Path = std::array<char, kPathBytes>;

constexpr uint64_t kBlockAlignment = 8;

struct Heap {
  uintptr_t next = 0;  // of the next block; 0: none was ever made
};

// Of each context, as at first.
[[gnu::section(".data_shared")]] constinit Heap heap_original{};
[[gnu::section(".bss_shared")]] constinit uint32_t allocations_original = 0;

constexpr uint32_t NumberOf(posix::Call call) {
  return std::ranges::find(arch::kSystemCalls, call, &posix::NumberedCall::call)->number;
}

Path CopyOf(std::string_view path) {
  Path copy{};
  std::ranges::copy(path.substr(0, copy.size() - 1), copy.begin());
  return copy;
}

uintptr_t AddressOf(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

template <posix::Call call>
intptr_t Do(uintptr_t first = 0, uintptr_t second = 0, uintptr_t third = 0, uintptr_t fourth = 0) {
  constexpr uint32_t kNumber = NumberOf(call);
  return arch::CallSystem(kNumber, first, second, third, fourth);
}

}  // namespace

intptr_t Call(posix::Call call, uintptr_t first, uintptr_t second, uintptr_t third,
              uintptr_t fourth) {
  return arch::CallSystem(NumberOf(call), first, second, third, fourth);
}

void Exit(int status) {
  while (true) Do<posix::Call::kExitGroup>(static_cast<uintptr_t>(status));
}

void Write(int descriptor, std::string_view text) {
  std::array<char, kPieceBytes> piece;
  while (!text.empty()) {
    const size_t size = text.copy(piece.data(), piece.size());
    const intptr_t written =
        Do<posix::Call::kWrite>(static_cast<uintptr_t>(descriptor), AddressOf(piece.data()), size);
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

std::string_view Read(int descriptor, std::span<char> room) {
  const intptr_t size = Do<posix::Call::kRead>(static_cast<uintptr_t>(descriptor),
                                               AddressOf(room.data()), room.size());
  return {room.data(), static_cast<size_t>(std::max<intptr_t>(size, 0))};
}

int OpenToRead(std::string_view path) {
  const Path copy = CopyOf(path);
  return static_cast<int>(Do<posix::Call::kOpen>(AddressOf(copy.data())));
}

int OpenToWrite(std::string_view path) {
  constexpr uintptr_t kWriteOnly = 1;
  const Path copy = CopyOf(path);
  return static_cast<int>(Do<posix::Call::kOpen>(AddressOf(copy.data()), kWriteOnly));
}

void Close(int descriptor) { Do<posix::Call::kClose>(static_cast<uintptr_t>(descriptor)); }

void Move(int from, int to) {
  Do<posix::Call::kDup2>(static_cast<uintptr_t>(from), static_cast<uintptr_t>(to));
  Close(from);
}

std::optional<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (Do<posix::Call::kPipe>(AddressOf(ends.data())) != 0) return std::nullopt;
  return Pipe{.read = ends[0], .write = ends[1]};
}

ProcessId Fork() { return Do<posix::Call::kFork>(); }

void Execute(std::string_view path) {
  const Path copy = CopyOf(path);
  const std::array<uintptr_t, 2> arguments = {AddressOf(copy.data()), 0};
  Do<posix::Call::kExecve>(AddressOf(copy.data()), AddressOf(arguments.data()));
}

End Wait(ProcessId child) {
  constexpr unsigned kSignalMask = 0x7f;
  constexpr unsigned kStatusShift = 8;
  uint32_t status = 0;
  if (Do<posix::Call::kWait4>(static_cast<uintptr_t>(child), AddressOf(&status)) != child) {
    return {.status = ~0U};
  }
  return {.status = status >> kStatusShift, .signal = status & kSignalMask};
}

void WaitForChildren() {
  constexpr auto kAny = static_cast<uintptr_t>(-1);
  while (Do<posix::Call::kWait4>(kAny) > 0) {
  }
}

uintptr_t Break() { return SetBreak(0); }

uintptr_t SetBreak(uintptr_t end) { return static_cast<uintptr_t>(Do<posix::Call::kBrk>(end)); }

void* Allocate(size_t bytes) {
  Heap& heap = arch::Own(heap_original);
  ++arch::Own(allocations_original);
  if (heap.next == 0) heap.next = Break();
  const auto aligned = base::TryAlignUp(bytes, kBlockAlignment);
  if (!aligned || *aligned > UINTPTR_MAX - heap.next) return nullptr;
  const uintptr_t end = heap.next + static_cast<uintptr_t>(*aligned);
  if (end > Break() && SetBreak(end) != end) return nullptr;
  void* const block = reinterpret_cast<void*>(heap.next);
  heap.next = end;
  return block;
}

uint32_t Allocations() { return arch::Own(allocations_original); }

}  // namespace applications
