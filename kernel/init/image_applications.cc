#include "kernel/init/image_applications.h"

#include <cstddef>
#include <utility>

#include "kernel/applications/applications.h"
#include "kernel/base/check.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/space/user_pointer.h"

namespace kernel {
namespace {

// The original's pages, for the kernel to read, as long as this lives.
class OpenOriginal {
 public:
  // Error: kOutOfMemory.
  static base::Result<OpenOriginal> Open(const System& system) {
    const mm::VirtRange bytes = system.image.shared_original();
    const mm::VirtRange pages{bytes.base, mm::PagesFor(bytes.size_bytes).bytes()};
    TRY(system.areas.table().Map(pages, system.image.TargetOf(pages.base),
                                 {.user = mm::Access::kNone,
                                  .kernel = mm::Access::kRead,
                                  .caching = mm::Caching::kNormal,
                                  .scope = mm::Scope::kGlobal}));
    return OpenOriginal(system, pages);
  }
  OpenOriginal(OpenOriginal&& other) noexcept
      : system_(other.system_), pages_(std::exchange(other.pages_, {})) {}
  OpenOriginal& operator=(OpenOriginal&&) = delete;
  ~OpenOriginal() {
    if (pages_.IsEmpty()) return;
    mm::TlbBatch batch;
    CHECK(system_.areas.table().Unmap(pages_, batch).has_value());
    batch.Flush(system_.areas.table_memory());
  }

 private:
  OpenOriginal(const System& system, const mm::VirtRange& pages) : system_(system), pages_(pages) {}

  const System& system_;
  mm::VirtRange pages_;
};

}  // namespace

std::span<const process::Application> ImageApplications::applications() const {
  return applications::All();
}

mm::VirtAddr ImageApplications::start() const { return applications::Start(); }

uint64_t ImageApplications::shared_bytes() const {
  return system_.image.shared_original().size_bytes;
}

posix::Result<> ImageApplications::CopyShared(mm::VirtAddr to) {
  const auto open = OpenOriginal::Open(system_);
  if (!open) return std::unexpected(posix::ErrnoOf(open.error()));
  const mm::VirtRange original = system_.image.shared_original();
  return WriteUser(to, {static_cast<const std::byte*>(mm::PointerTo(original.base)),
                        static_cast<size_t>(original.size_bytes)});
}

}  // namespace kernel
