// The applications that are linked into the image. Images whose layout shares no code with
// processes have none.
#pragma once

#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/process/application.h"

namespace applications {

[[nodiscard]] std::span<const process::Application> All();

// Where user mode enters each. CHECKed: there are some.
[[nodiscard]] mm::VirtAddr Start();

}  // namespace applications
