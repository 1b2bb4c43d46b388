#include "kernel/fs/frame_archive.h"

#include <array>
#include <cstddef>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/regions/frame_window_fake.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

// Too large for a kernel's stack.
[[clang::no_destroy]] constinit std::optional<mm::FakeFrameWindows> windows_storage;

TEST(FrameArchive, ReadsAcrossFramesAndWindows) {
  mm::FakeFrameWindows& windows = windows_storage.emplace();
  // Two frames that the direct map shows and one that it does not.
  constexpr mm::FrameNumber kFirst = mm::FakeFrameWindows::kFirst;
  constexpr size_t kFrames = 3;
  for (size_t i = 0; i < kFrames * mm::kPageSize; ++i) {
    windows.Bytes(kFirst + mm::PageCount{i / mm::kPageSize})[i % mm::kPageSize] =
        static_cast<std::byte>(i * 7 / 3);
  }
  constexpr size_t kOffset = 100;
  const FrameArchive archive(windows,
                             {mm::BaseOf(kFirst) + kOffset, kFrames * mm::kPageSize - 2 * kOffset});
  EXPECT_EQ(archive.size_bytes(), kFrames * mm::kPageSize - 2 * kOffset);
  struct Row {
    size_t offset;
    size_t bytes;
  };
  constexpr Row kRows[] = {{0, 1},     {0, 4096},  {3995, 2},   {4090, 4100},
                           {8091, 10}, {12087, 1}, {100, 8000}, {12088, 0}};
  for (const Row& row : kRows) {
    static std::array<std::byte, 8192> read;
    archive.Read(row.offset, std::span(read).first(row.bytes));
    for (size_t i = 0; i < row.bytes; ++i) {
      const size_t at = kOffset + row.offset + i;
      ASSERT_TRUE(read[i] == static_cast<std::byte>(at * 7 / 3)) << row.offset;
    }
    EXPECT_EQ(windows.open_slots(), 0U);
  }
}

}  // namespace
}  // namespace fs
