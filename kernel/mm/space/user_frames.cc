#include "kernel/mm/space/user_frames.h"

#include "kernel/base/check.h"

namespace mm {

base::Result<> UserFrames::Start() {
  CHECK(zero_ == kNoFrame);
  const FrameNumber frame = TRY(source_.AllocateFrame());
  windows_.Zero(frame);
  zero_ = frame;
  return {};
}

UserFrames::~UserFrames() {
  if (zero_ != kNoFrame) source_.FreeFrame(zero_);
}

}  // namespace mm
