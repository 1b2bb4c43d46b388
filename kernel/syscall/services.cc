#include "kernel/syscall/services.h"

#include "kernel/base/check.h"

namespace syscall {
namespace {

constinit const Services* the_services = nullptr;

}  // namespace

void UseServices(const Services& services) { the_services = &services; }

const Services& TheServices() {
  CHECK(the_services != nullptr);
  return *the_services;
}

}  // namespace syscall
