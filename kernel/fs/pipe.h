// Pipes and fifos: bytes on their way from writers to readers.
//
// A pipe holds up to kMostBytes, in blocks that it takes as it fills; the first is there from the
// start, so that a pipe without memory is short, but works. Writes of up to posix::kPipeBuf bytes
// go in whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/sched/wait_queue.h"

namespace fs {

class Pipe final : public Object {
 public:
  static constexpr size_t kBlockBytes = 4096;
  static constexpr size_t kMostBlocks = 16;
  static constexpr size_t kMostBytes = kBlockBytes * kMostBlocks;
  static_assert(kBlockBytes >= posix::kPipeBuf);

  // Error: kOutOfMemory.
  [[nodiscard]] static posix::Result<Ref<Pipe>> Create(Memory& memory);

  explicit Pipe(Memory& memory) : Object(memory) {}
  ~Pipe() override;

  // Blocks while the pipe is empty and has writers. Errors: kAgain, kRestart, kFault.
  posix::Result<size_t> Read(Destination& destination, Blocking blocking);
  // Blocks while there is no room. Errors: kBrokenPipe without readers (the caller raises SIGPIPE),
  // kAgain, kRestart, kFault.
  posix::Result<size_t> Write(Source& source, Blocking blocking);

  // One end more, and less.
  enum class End : uint8_t { kReading, kWriting, kBoth };
  void AddEnd(End end);
  void DropEnd(End end);
  [[nodiscard]] bool has_readers() const { return readers_ > 0; }
  [[nodiscard]] bool has_writers() const { return writers_ > 0; }

  // For a fifo: an end whose other side is not open yet waits for it. Error: kRestart.
  posix::Result<> WaitForOtherEnd(End end);

  [[nodiscard]] size_t bytes() const { return static_cast<size_t>(written_ - read_); }
  // posix::poll_event of an end.
  [[nodiscard]] uint16_t ReadyEvents(End end) const;
  // Woken for readers, and for writers.
  [[nodiscard]] sched::WaitQueue& queue(End end) {
    return end == End::kReading ? readable_ : writable_;
  }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // Room for a write now, as far as memory goes; `wanted` is what would be of use.
  size_t MakeRoom(size_t wanted);

  static size_t BlockOf(uint64_t position) {
    return static_cast<size_t>(position / kBlockBytes) % kMostBlocks;
  }

  std::array<std::byte*, kMostBlocks> blocks_{};
  // Counts of bytes since the pipe was last empty; they say where in the blocks.
  uint64_t read_ = 0;
  uint64_t written_ = 0;
  uint32_t readers_ = 0;
  uint32_t writers_ = 0;
  // Ends of either kind that were ever opened.
  uint64_t readers_seen_ = 0;
  uint64_t writers_seen_ = 0;
  sched::WaitQueue readable_;
  sched::WaitQueue writable_;
};

// An end that somebody has opened.
class PipeFile final : public OpenFile {
 public:
  PipeFile(Memory& memory, Ref<Inode> inode, uint32_t flags, Ref<Pipe> pipe);
  ~PipeFile() override;

  posix::Result<size_t> Read(Destination& destination) override {
    return pipe_->Read(destination, blocking());
  }
  posix::Result<size_t> Write(Source& source) override { return pipe_->Write(source, blocking()); }
  posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination) override;
  posix::Result<size_t> WriteAt(uint64_t offset, Source& source) override;
  posix::Result<uint64_t> Seek(int64_t offset, posix::Whence whence) override;
  posix::Result<uintptr_t> Ioctl(uint32_t request, IoctlArgument& argument) override;
  [[nodiscard]] uint16_t ReadyEvents() override { return pipe_->ReadyEvents(end_); }
  [[nodiscard]] sched::WaitQueue* ready_queue() override { return &pipe_->queue(end_); }
  [[nodiscard]] bool IsPipe() const override { return true; }

  [[nodiscard]] Pipe& pipe() const { return *pipe_; }

 private:
  Ref<Pipe> pipe_;
  Pipe::End end_;
};

struct PipeEnds {
  Ref<OpenFile> reading;
  Ref<OpenFile> writing;
};

// Makes pipes without a name, as pipe2() does, and numbers them.
class PipeMaker {
 public:
  PipeMaker(Memory& memory, Environment& environment)
      : memory_(memory), environment_(environment) {}

  // `flags` of posix::open_flag go to both ends. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<PipeEnds> Make(uint32_t flags);

 private:
  Memory& memory_;
  Environment& environment_;
  uint64_t next_number_ = 1;
};

// open of a fifo: blocks until the other end is open, too, as POSIX has it. Errors: kNoDevice (to
// write, without blocking, and nobody reads), kRestart, kOutOfMemory.
[[nodiscard]] posix::Result<Ref<OpenFile>> OpenFifo(Memory& memory, Inode& inode, Pipe& pipe,
                                                    uint32_t flags);

}  // namespace fs
