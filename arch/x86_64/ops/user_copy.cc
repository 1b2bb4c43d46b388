#include "arch/ops/user_copy.h"

#include <span>

#include "arch/ops/user_access.h"

extern "C" {
size_t CopyBytes(void* to, const void* from, size_t bytes);
size_t ZeroBytes(void* to, size_t bytes);
size_t CopyString(char* to, const char* from, size_t room);
uint64_t LoadWord(const uint32_t* from);
uint64_t CompareExchangeWord(uint32_t* at, uint32_t expected, uint32_t desired);

struct UserCopyFixup {
  uint64_t faulting;
  uint64_t goes_on_at;
};
extern const UserCopyFixup user_copy_fixups[];
extern const UserCopyFixup user_copy_fixups_limit[];
}

namespace arch {
namespace {

// What user_copy.S returns in place of a word or a length.
constexpr uint64_t kFault = ~uint64_t{0};

// User pages are open while it lives: RFLAGS.AC overrides SMAP (SDM vol. 3A 4.6.1).
class OpenUserPages {
 public:
  OpenUserPages() {
    if (has_smap) asm volatile("stac" : : : "memory");
  }
  ~OpenUserPages() {
    if (has_smap) asm volatile("clac" : : : "memory");
  }
  OpenUserPages(const OpenUserPages&) = delete;
  OpenUserPages& operator=(const OpenUserPages&) = delete;
};

std::optional<uint32_t> WordOf(uint64_t result) {
  if (result == kFault) return std::nullopt;
  return static_cast<uint32_t>(result);
}

}  // namespace

constinit bool has_smap = false;

std::optional<uint64_t> FindUserCopyFixup(uint64_t instruction) {
  for (const UserCopyFixup& fixup : std::span(user_copy_fixups, user_copy_fixups_limit)) {
    if (fixup.faulting == instruction) return fixup.goes_on_at;
  }
  return std::nullopt;
}

size_t CopyFromUser(void* to, mm::VirtAddr from, size_t bytes) {
  const OpenUserPages open;
  return CopyBytes(to, mm::PointerTo(from), bytes);
}

size_t CopyToUser(mm::VirtAddr to, const void* from, size_t bytes) {
  const OpenUserPages open;
  return CopyBytes(mm::PointerTo(to), from, bytes);
}

size_t ZeroUser(mm::VirtAddr to, size_t bytes) {
  const OpenUserPages open;
  return ZeroBytes(mm::PointerTo(to), bytes);
}

std::optional<size_t> CopyStringFromUser(char* to, mm::VirtAddr from, size_t room) {
  const OpenUserPages open;
  const uint64_t length = CopyString(to, static_cast<const char*>(mm::PointerTo(from)), room);
  if (length == kFault) return std::nullopt;
  return length;
}

std::optional<uint32_t> LoadUser32(mm::VirtAddr va) {
  const OpenUserPages open;
  return WordOf(LoadWord(static_cast<const uint32_t*>(mm::PointerTo(va))));
}

std::optional<uint32_t> CompareExchangeUser32(mm::VirtAddr va, uint32_t expected,
                                              uint32_t desired) {
  const OpenUserPages open;
  return WordOf(CompareExchangeWord(static_cast<uint32_t*>(mm::PointerTo(va)), expected, desired));
}

}  // namespace arch
