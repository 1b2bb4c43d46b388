// Where those who map kernel addresses take frames from, one by one.
#pragma once

#include <concepts>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace mm {

// - AllocateFrame(): one frame, contents arbitrary. Error: kOutOfMemory.
// - FreeFrame(frame): what AllocateFrame() gave.
// - LinkOf(frame), SetLink(frame, next): a number that the caller keeps with a frame he has (in its
//   descriptor's owner word).
template <class F>
concept FrameProvider = requires(F& frames, FrameNumber frame) {
  { frames.AllocateFrame() } -> std::same_as<base::Result<FrameNumber>>;
  { frames.FreeFrame(frame) } -> std::same_as<void>;
  { frames.LinkOf(frame) } -> std::same_as<FrameNumber>;
  { frames.SetLink(frame, frame) } -> std::same_as<void>;
};

}  // namespace mm
