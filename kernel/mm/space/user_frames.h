// The frames that user pages show. Everyone who shows a frame, a page table's entry or an object
// that keeps it, is one of its owners; who drops it last gives it back.
//
// The zero frame is the exception: any number of pages show it, nobody counts them and nobody
// writes to it. No lock: descriptors' counts are atomic, the frame source has its own.
#pragma once

#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/frame_source.h"

namespace mm {

class UserFrames;

// One owner's share of a frame. Moves; drops it at the end unless it was handed on.
class FrameReference {
 public:
  FrameReference(FrameReference&& other) noexcept
      : frames_(std::exchange(other.frames_, nullptr)), frame_(other.frame_) {}
  FrameReference& operator=(FrameReference&& other) noexcept {
    std::swap(frames_, other.frames_);
    std::swap(frame_, other.frame_);
    return *this;
  }
  inline ~FrameReference();

  // A frame that nobody counts: a device's.
  [[nodiscard]] static FrameReference Uncounted(FrameNumber frame) { return {nullptr, frame}; }

  [[nodiscard]] FrameNumber frame() const { return frame_; }

  // Somebody else, a page table's entry for one, is the owner now.
  [[nodiscard]] FrameNumber Detach() {
    frames_ = nullptr;
    return frame_;
  }

 private:
  friend class UserFrames;
  FrameReference(UserFrames* frames, FrameNumber frame) : frames_(frames), frame_(frame) {}

  UserFrames* frames_;  // none: nothing to drop
  FrameNumber frame_;
};

class UserFrames {
 public:
  // All outlive this. Start() comes first.
  UserFrames(FrameSource& source, const FrameTable& table, FrameWindows& windows)
      : source_(source), table_(table), windows_(windows) {}
  UserFrames(const UserFrames&) = delete;
  UserFrames& operator=(const UserFrames&) = delete;
  ~UserFrames();

  // Takes the zero frame. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> Start();

  // A frame of one owner: with arbitrary contents, with zeroes, with what another frame holds.
  // Error: kOutOfMemory.
  [[nodiscard]] base::Result<FrameReference> Allocate() {
    return FrameReference(this, TRY(source_.AllocateFrame()));
  }
  [[nodiscard]] base::Result<FrameReference> AllocateZeroed() {
    FrameReference frame = TRY(Allocate());
    windows_.Zero(frame.frame());
    return frame;
  }
  // The same, already detached: for a page table's entry that is there.
  [[nodiscard]] base::Result<FrameNumber> TakeZeroed() {
    const FrameNumber frame = TRY(source_.AllocateFrame());
    windows_.Zero(frame);
    return frame;
  }
  [[nodiscard]] base::Result<FrameReference> AllocateCopy(FrameNumber of) {
    FrameReference frame = TRY(Allocate());
    windows_.Copy(frame.frame(), of);
    return frame;
  }

  // A frame that was allocated otherwise and has no owner yet.
  [[nodiscard]] FrameReference Adopt(FrameNumber frame) { return {this, frame}; }

  // One owner more. Error: kOutOfMemory, when it has more than can be counted.
  [[nodiscard]] base::Result<FrameReference> Share(FrameNumber frame) {
    if (frame == zero_) return FrameReference::Uncounted(frame);
    if (!table_.AddReference(frame)) return std::unexpected(base::Error::kOutOfMemory);
    return FrameReference(this, frame);
  }

  // The same, already detached: for a page table's entry that is about to be.
  [[nodiscard]] base::Result<> AddOwner(FrameNumber frame) {
    if (frame == zero_ || table_.AddReference(frame)) [[likely]]
      return {};
    return std::unexpected(base::Error::kOutOfMemory);
  }

  // One owner less, of a frame whose reference was detached. The last one gives the frame back.
  void Drop(FrameNumber frame) {
    if (frame == zero_) return;
    if (table_.DropReference(frame)) source_.FreeFrame(frame);
  }

  // Whether a write to it would show elsewhere.
  [[nodiscard]] bool IsShared(FrameNumber frame) const {
    return frame == zero_ || table_.IsShared(frame);
  }

  // How many own the frame, an object that keeps it among them. 0: nobody counts them.
  [[nodiscard]] uint32_t Owners(FrameNumber frame) const {
    return frame == zero_ ? 0 : table_.Owners(frame);
  }

  [[nodiscard]] FrameNumber zero_frame() const { return zero_; }
  // For the bytes of a frame.
  [[nodiscard]] FrameWindows& windows() { return windows_; }

 private:
  static constexpr FrameNumber kNoFrame{~uint64_t{0}};

  FrameSource& source_;
  const FrameTable& table_;
  FrameWindows& windows_;
  FrameNumber zero_ = kNoFrame;
};

FrameReference::~FrameReference() {
  if (frames_ != nullptr) frames_->Drop(frame_);
}

}  // namespace mm
