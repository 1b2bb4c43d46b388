// What tests of address spaces ask for, by page numbers, and expect of them: for those who include
// testing/unit/test.h.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/space_request.h"

namespace mm {

inline constexpr VirtAddr kBase{0x1000'0000};

constexpr VirtRange Pages(uint64_t first, uint64_t count) {
  return {kBase + PageCount{first}, PageCount{count}.bytes()};
}
constexpr VirtAddr Page(uint64_t number) { return kBase + PageCount{number}; }

inline MapRequest At(const VirtRange& range, Access access = Access::kReadWrite) {
  return {
      .size_bytes = range.size_bytes, .access = access, .place = Place::kExactly, .va = range.base};
}
inline MapRequest Showing(const VirtRange& range, const PagedObject::Handle& object,
                          Sharing sharing, uint64_t first_page = 0,
                          Access access = Access::kReadWrite) {
  MapRequest request = At(range, access);
  request.kind = VmaKind::kFile;
  request.sharing = sharing;
  request.object = object.reference;
  request.offset_bytes = PageCount{first_page}.bytes();
  return request;
}

#define EXPECT_SOUND(space) EXPECT_TRUE((space)->CheckInvariants().has_value())
#define EXPECT_DONE(result) EXPECT_TRUE((result).has_value())

}  // namespace mm
