// A small world for tests of files, on the host and in the kernels: memory that counts and fails, a
// clock that stands still, and a root file system.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/mm/exhaustion_memory.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/test_failures.h"

namespace fs {

// A heap is too large for a kernel's stack.
[[clang::no_destroy]] inline constinit std::optional<mm::KernelHeap> test_heap;

// Counts its blocks; any allocation can be made to fail.
class TestMemory final : public Memory {
 public:
  TestMemory() { test_heap.emplace(memory_.depot, large_); }
  TestMemory(const TestMemory&) = delete;
  TestMemory& operator=(const TestMemory&) = delete;
  ~TestMemory() {
    CHECK(blocks_ == 0);
    test_heap.reset();
  }

  base::Result<void*> Allocate(size_t bytes) override {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    void* const block = TRY(test_heap->Allocate(bytes));
    ++blocks_;
    return block;
  }
  void Free(void* block) override {
    if (block == nullptr) return;
    test_heap->Free(block);
    CHECK(blocks_ > 0 && mm::fault_note.count == 0);
    --blocks_;
  }

  [[nodiscard]] size_t blocks() const { return blocks_; }

  mm::FailurePoint failure;

 private:
  mm::SlabTestMemory memory_;
  mm::TestLargeBlocks large_{memory_.pages};
  size_t blocks_ = 0;
};

class TestEnvironment final : public Environment {
 public:
  posix::TimeSpec Now() override { return now; }
  void SetNow(const posix::TimeSpec& time) override { now = time; }
  uint64_t MonotonicNanoseconds() override { return monotonic; }
  void FillRandom(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = std::byte{next_++};
  }
  void StirRandom(std::span<const std::byte> bytes) override { stirred_bytes += bytes.size(); }

  posix::TimeSpec now{1000, 5};
  uint64_t monotonic = 0;
  uint64_t stirred_bytes = 0;

 private:
  uint8_t next_ = 1;
};

// Frames for contents; the direct map shows them all.
class TestFrames final : public mm::FrameSource, public mm::FrameWindows {
 public:
  explicit TestFrames(mm::TrialMemory& memory)
      : mm::FrameWindows(memory.table()), memory_(memory) {}

  base::Result<mm::FrameNumber> AllocateFrame() override { return memory_.AllocateFrame(); }
  void FreeFrame(mm::FrameNumber frame) override { memory_.FreeFrame(frame); }

 private:
  void* MapSlot(unsigned, mm::FrameNumber) override {
    CHECK(false);
    return nullptr;
  }
  void UnmapSlot(unsigned) override { CHECK(false); }

  mm::TrialMemory& memory_;
};

// No devices; fifos are pipes.
class TestSpecialFiles final : public SpecialFiles {
 public:
  explicit TestSpecialFiles(Memory& memory) : memory_(memory) {}

  posix::Result<Ref<OpenFile>> OpenDevice(Inode&, uint32_t) override {
    return std::unexpected(posix::Errno::kNoDevice);
  }
  posix::Result<Ref<Object>> MakeFifo() override { return TRY(Pipe::Create(memory_)); }
  posix::Result<Ref<OpenFile>> OpenFifo(Inode& inode, Object& fifo, uint32_t flags) override {
    return fs::OpenFifo(memory_, inode, static_cast<Pipe&>(fifo), flags);
  }
  [[nodiscard]] MappedAs DeviceMappedAs(posix::DeviceNumber) const override {
    return MappedAs::kNothing;
  }

 private:
  Memory& memory_;
};

// Everything but a root, so that a test can look what is left when its root is gone.
struct FileWorld {
  static constexpr mm::PageCount kMostPages{40};

  FileWorld() { CHECK(frames.Start().has_value()); }

  [[nodiscard]] FileNamespace MakeNames() { return {*system.MakeRoot(), "tmpfs"}; }

  TestMemory memory;
  TestEnvironment environment;
  mm::TrialMemory trial{mm::trial_storage};
  TestFrames source{trial};
  mm::UserFrames frames{source, trial.table(), source};
  mm::SlabDepot depot{trial, trial.table()};
  mm::PagedObjectPool pool{depot, frames};
  TestSpecialFiles special{memory};
  TmpFileSystem system{{memory, environment, pool, special}, {0, 2}, kMostPages};
};

[[nodiscard]] inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Writes the text where the file stands; the count, or minus the error.
inline intptr_t WriteText(OpenFile& file, std::string_view text) {
  KernelSource source(BytesOf(text));
  const posix::Result<size_t> result = file.Write(source);
  return result ? static_cast<intptr_t>(*result) : posix::ReturnValueOf(result.error());
}

// What one read gives, up to kMostBytes; the text is the reader's.
class TextReader {
 public:
  static constexpr size_t kMostBytes = 512;

  explicit TextReader(OpenFile& file, size_t most = kMostBytes) {
    KernelDestination destination(std::as_writable_bytes(std::span(bytes_).first(most)));
    const posix::Result<size_t> result = file.Read(destination);
    if (result) count_ = *result;
    if (!result) error_ = result.error();
  }

  [[nodiscard]] std::string_view text() const { return {bytes_.data(), count_}; }
  [[nodiscard]] std::optional<posix::Errno> error() const { return error_; }

 private:
  std::array<char, kMostBytes> bytes_{};
  size_t count_ = 0;
  std::optional<posix::Errno> error_;
};

// Gives only so many bytes: behind them, the program's memory is not there.
class BrokenSource final : public Source {
 public:
  BrokenSource(size_t bytes, size_t there) : Source(bytes), there_(there) {}

 private:
  size_t CopyIn(std::span<std::byte> bytes) override {
    const size_t count = std::min(bytes.size(), there_ - moved());
    std::fill_n(bytes.begin(), count, std::byte{'x'});
    return count;
  }
  size_t there_;
};

class BrokenDestination final : public Destination {
 public:
  BrokenDestination(size_t bytes, size_t there) : Destination(bytes), there_(there) {}

 private:
  size_t CopyOut(std::span<const std::byte> bytes) override {
    return std::min(bytes.size(), there_ - moved());
  }
  size_t ZeroOut(size_t count) override { return std::min(count, there_ - moved()); }
  size_t there_;
};

}  // namespace fs
