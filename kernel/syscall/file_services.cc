#include "kernel/syscall/file_services.h"

#include <optional>

#include "kernel/base/check.h"

namespace syscall {
namespace {

[[clang::no_destroy]] constinit std::optional<FileServices> file_services;

}  // namespace

void UseFileServices(const FileServices& services) {
  CHECK(!file_services.has_value());
  file_services.emplace(services);
}

const FileServices& TheFileServices() {
  CHECK(file_services.has_value());
  return *file_services;
}

}  // namespace syscall
