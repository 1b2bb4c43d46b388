#include "kernel/fs/pipe.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/posix/ioctl.h"

namespace fs {

using posix::Errno;
namespace open_flag = posix::open_flag;
namespace poll_event = posix::poll_event;

posix::Result<Ref<Pipe>> Pipe::Create(Memory& memory) {
  Ref<Pipe> pipe = TRY(MakeObject<Pipe>(memory));
  const base::Result<void*> block = memory.Allocate(kBlockBytes);
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  pipe->blocks_[0] = static_cast<std::byte*>(*block);
  return pipe;
}

Pipe::~Pipe() {
  for (std::byte* const block : blocks_) memory().Free(block);
}

posix::Result<size_t> Pipe::Read(Destination& destination, Blocking blocking) {
  if (destination.left() == 0) return size_t{0};
  while (bytes() == 0) {
    if (writers_ == 0) return size_t{0};
    if (blocking == Blocking::kNo) return std::unexpected(Errno::kAgain);
    if (readable_.Wait() == sched::WaitResult::kInterrupted) {
      return std::unexpected(Errno::kRestart);
    }
  }
  size_t done = 0;
  bool is_there = true;
  while (is_there && bytes() > 0 && destination.left() > 0) {
    const auto in_block = static_cast<size_t>(read_ % kBlockBytes);
    const size_t piece = std::min({bytes(), kBlockBytes - in_block, destination.left()});
    const size_t put = destination.Put(std::span(blocks_[BlockOf(read_)] + in_block, piece));
    read_ += put;
    done += put;
    is_there = put == piece;
  }
  if (bytes() == 0) read_ = written_ = 0;  // the first block is the one that is sure to be there
  if (done > 0 && !writable_.IsEmpty()) writable_.WakeAll();
  return is_there ? posix::Result<size_t>(done) : MovedOrFault(done);
}

// Blocks that a write of `wanted` bytes needs are taken here, before anything is copied.
size_t Pipe::MakeRoom(size_t wanted) {
  const uint64_t last = read_ + kMostBytes;
  // The block that the oldest byte is in cannot be written again before it is empty.
  const uint64_t end = std::min(last - read_ % kBlockBytes, written_ + wanted);
  uint64_t reached = written_;
  while (reached < end) {
    std::byte*& block = blocks_[BlockOf(reached)];
    if (block == nullptr) {
      const base::Result<void*> memory = this->memory().Allocate(kBlockBytes);
      if (!memory) break;
      block = static_cast<std::byte*>(*memory);
    }
    reached += kBlockBytes - reached % kBlockBytes;
  }
  return static_cast<size_t>(std::min(reached, end) - written_);
}

posix::Result<size_t> Pipe::Write(Source& source, Blocking blocking) {
  size_t done = 0;
  while (source.left() > 0) {
    if (readers_ == 0) {
      if (done > 0) return done;
      return std::unexpected(Errno::kBrokenPipe);
    }
    const size_t wanted = source.left();
    size_t room = MakeRoom(wanted);
    // What is short enough goes in whole or not at all.
    const bool is_whole = done > 0 || wanted > posix::kPipeBuf || room >= wanted;
    if (room == 0 || !is_whole) {
      if (blocking == Blocking::kNo) {
        if (done > 0) return done;
        return std::unexpected(Errno::kAgain);
      }
      if (writable_.Wait() == sched::WaitResult::kInterrupted) {
        if (done > 0) return done;
        return std::unexpected(Errno::kRestart);
      }
      continue;
    }
    while (room > 0) {
      const auto in_block = static_cast<size_t>(written_ % kBlockBytes);
      const size_t piece = std::min(room, kBlockBytes - in_block);
      const size_t taken = source.Take(std::span(blocks_[BlockOf(written_)] + in_block, piece));
      written_ += taken;
      done += taken;
      room -= piece;
      if (taken > 0 && !readable_.IsEmpty()) readable_.WakeAll();
      if (taken < piece) return MovedOrFault(done);
    }
  }
  return done;
}

void Pipe::AddEnd(End end) {
  if (end != End::kWriting) {
    ++readers_;
    ++readers_seen_;
    writable_.WakeAll();
  }
  if (end != End::kReading) {
    ++writers_;
    ++writers_seen_;
    readable_.WakeAll();
  }
}

void Pipe::DropEnd(End end) {
  if (end != End::kWriting) {
    CHECK(readers_ > 0);
    --readers_;
  }
  if (end != End::kReading) {
    CHECK(writers_ > 0);
    --writers_;
  }
  // Who waits for an end that is gone has to notice.
  if (readers_ == 0) writable_.WakeAll();
  if (writers_ == 0) readable_.WakeAll();
  if (readers_ == 0 && writers_ == 0) read_ = written_ = 0;
}

posix::Result<> Pipe::WaitForOtherEnd(End end) {
  const bool reads = end == End::kReading;
  const uint64_t& seen = reads ? writers_seen_ : readers_seen_;
  const uint32_t& open = reads ? writers_ : readers_;
  const uint64_t before = seen;
  // One that was opened and closed meanwhile counts.
  while (open == 0 && seen == before) {
    if (queue(end).Wait() == sched::WaitResult::kInterrupted) {
      return std::unexpected(Errno::kRestart);
    }
  }
  return {};
}

uint16_t Pipe::ReadyEvents(End end) const {
  uint16_t events = 0;
  if (end != End::kWriting) {
    if (bytes() > 0) events |= poll_event::kIn | poll_event::kReadNormal;
    if (writers_ == 0) events |= poll_event::kHangUp;
  }
  if (end != End::kReading) {
    // Room for a write that goes in whole, the oldest byte's block left out.
    const uint64_t used = bytes() + read_ % kBlockBytes;
    if (used + posix::kPipeBuf <= kMostBytes) events |= poll_event::kOut | poll_event::kWriteNormal;
    if (readers_ == 0) events |= poll_event::kError;
  }
  return events;
}

base::Result<> Pipe::CheckInvariants() const {
  const bool counts = written_ >= read_ && written_ - read_ <= kMostBytes && blocks_[0] != nullptr;
  if (!counts) return std::unexpected(base::Error::kCorrupt);
  for (uint64_t at = read_; at < written_; at += kBlockBytes) {
    if (blocks_[BlockOf(at)] == nullptr) return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

// --- Ends ---------------------------------------------------------------------------------------

namespace {

Pipe::End EndOf(uint32_t flags) {
  switch (flags & open_flag::kAccessMode) {
    case open_flag::kReadOnly:
      return Pipe::End::kReading;
    case open_flag::kWriteOnly:
      return Pipe::End::kWriting;
    default:
      return Pipe::End::kBoth;
  }
}

// What fstat shows of a pipe without a name, and /proc/<pid>/fd opens once more.
class PipeInode final : public Inode {
 public:
  PipeInode(Memory& memory, Environment& environment, const posix::FileStatus& status,
            Ref<Pipe> pipe)
      : Inode(memory, environment, status), pipe_(std::move(pipe)) {}

  posix::Result<Ref<OpenFile>> Open(uint32_t flags) override {
    return OpenFifo(memory(), *this, *pipe_, flags);
  }
  [[nodiscard]] bool IsSeekable() const override { return false; }

 private:
  Ref<Pipe> pipe_;
};

}  // namespace

PipeFile::PipeFile(Memory& memory, Ref<Inode> inode, uint32_t flags, Ref<Pipe> pipe)
    : OpenFile(memory, std::move(inode), flags), pipe_(std::move(pipe)), end_(EndOf(flags)) {
  pipe_->AddEnd(end_);
}

PipeFile::~PipeFile() { pipe_->DropEnd(end_); }

posix::Result<size_t> PipeFile::ReadAt(uint64_t, Destination&) {
  return std::unexpected(Errno::kIllegalSeek);
}
posix::Result<size_t> PipeFile::WriteAt(uint64_t, Source&) {
  return std::unexpected(Errno::kIllegalSeek);
}
posix::Result<uint64_t> PipeFile::Seek(int64_t, posix::Whence) {
  return std::unexpected(Errno::kIllegalSeek);
}

posix::Result<uintptr_t> PipeFile::Ioctl(uint32_t request, IoctlArgument& argument) {
  if (request != posix::ioctl::kBytesToRead) return std::unexpected(Errno::kNotTerminal);
  const auto bytes = static_cast<int32_t>(pipe_->bytes());
  TRY(argument.Write(std::as_bytes(std::span(&bytes, 1))));
  return uintptr_t{0};
}

posix::Result<PipeEnds> PipeMaker::Make(uint32_t flags) {
  constexpr uint32_t kPermissions = 0600;
  constexpr posix::DeviceNumber kPipeDevice = {0, 0xc};
  const posix::TimeSpec now = environment_.Now();
  const Ref<Pipe> pipe = TRY(Pipe::Create(memory_));
  const Ref<Inode> inode =
      TRY(MakeObject<PipeInode>(memory_, environment_,
                                posix::FileStatus{.inode = next_number_++,
                                                  .type = posix::FileType::kFifo,
                                                  .permissions = kPermissions,
                                                  .containing_device = kPipeDevice,
                                                  .accessed = now,
                                                  .modified = now,
                                                  .changed = now},
                                pipe));
  const uint32_t kept = flags & (open_flag::kNonBlock | open_flag::kDirect);
  PipeEnds ends;
  ends.reading = TRY(MakeObject<PipeFile>(memory_, inode, kept | open_flag::kReadOnly, pipe));
  ends.writing = TRY(MakeObject<PipeFile>(memory_, inode, kept | open_flag::kWriteOnly, pipe));
  return ends;
}

posix::Result<Ref<OpenFile>> OpenFifo(Memory& memory, Inode& inode, Pipe& pipe, uint32_t flags) {
  const Ref<Pipe> held(&pipe);
  const Pipe::End end = EndOf(flags);
  const bool waits = (flags & open_flag::kNonBlock) == 0;
  if (end == Pipe::End::kWriting && !waits && !pipe.has_readers()) {
    return std::unexpected(Errno::kNoDevice);
  }
  Ref<OpenFile> file = TRY(MakeObject<PipeFile>(memory, Ref<Inode>(&inode), flags, held));
  if (end != Pipe::End::kBoth && waits) TRY(pipe.WaitForOtherEnd(end));
  return file;
}

}  // namespace fs
