// The applications that are part of the image, and the original of what contexts share.
#pragma once

#include "kernel/init/system.h"
#include "kernel/process/application.h"

namespace kernel {

class ImageApplications final : public process::ApplicationSource {
 public:
  // `system` outlives it.
  explicit ImageApplications(const System& system) : system_(system) {}

  [[nodiscard]] std::span<const process::Application> applications() const override;
  [[nodiscard]] mm::VirtAddr start() const override;
  [[nodiscard]] uint64_t shared_bytes() const override;
  [[nodiscard]] posix::Result<> CopyShared(mm::VirtAddr to) override;

 private:
  const System& system_;
};

}  // namespace kernel
