// The kernel's harness judged from outside: its own tests, some of which fail on purpose, must give
// exactly this KTAP.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "kernel/base/print.h"
#include "testing/unit/kernel_runner.h"
#include "testing/unit/test.h"

namespace {

constexpr bool kOneRow = true;

enum class Colour : uint8_t { kRed, kGreen };
struct Opaque {
  int value;
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

TEST(Harness, Passes) {
  EXPECT_EQ(1, 1u);
  EXPECT_EQ(std::string_view("a"), "a");
  EXPECT_NE(-1, UINT64_MAX) << "signs do not matter";
  EXPECT_LT(-1, 0u);
  EXPECT_LE(3, 3);
  EXPECT_GT(4, 3);
  EXPECT_GE(4, 4);
  EXPECT_TRUE(true);
  ASSERT_FALSE(false);
  if (kOneRow)
    EXPECT_TRUE(true);
  else
    EXPECT_TRUE(false);
}

TEST(Harness, ReportsRowsAndGoesOn) {
  for (const int row : {7, 8}) EXPECT_EQ(row, 7) << "row " << row;
  EXPECT_EQ(Colour::kRed, Colour::kGreen);
  EXPECT_EQ(Opaque{1}, Opaque{2});
}

TEST(Harness, AssertLeaves) {
  ASSERT_TRUE(1 > 2) << "said";
  ADD_FAILURE() << "unreachable";
}

TEST(Harness, EveryRelationCanFail) {
  EXPECT_NE(1, 1);
  EXPECT_LT(1, 1);
  EXPECT_LE(2, 1);
  EXPECT_GT(1, 1);
  EXPECT_GE(0, 1);
  EXPECT_FALSE(true);
}

constexpr std::string_view kExpected = R"(KTAP version 1
1..4
ok 1 - Harness.Passes
# EXPECT_EQ(row, 7): 8 and 7; row 8
# EXPECT_EQ(Colour::kRed, Colour::kGreen): 0 and 1
# EXPECT_EQ(Opaque{1}, Opaque{2}): ? and ?
not ok 2 - Harness.ReportsRowsAndGoesOn
# ASSERT_TRUE(1 > 2): false and true; said
not ok 3 - Harness.AssertLeaves
# EXPECT_NE(1, 1): 1 and 1
# EXPECT_LT(1, 1): 1 and 1
# EXPECT_LE(2, 1): 2 and 1
# EXPECT_GT(1, 1): 1 and 1
# EXPECT_GE(0, 1): 0 and 1
# EXPECT_FALSE(true): true and false
not ok 4 - Harness.EveryRelationCanFail
)";

class StringSink final : public base::Sink {
 public:
  void Write(std::string_view text) override { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The same text without "file:line: ", which any edit of this file would move.
std::string WithoutPlaces(const std::string& text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t line_length = text.find('\n', at) + 1 - at;
    std::string line = text.substr(at, line_length);
    const size_t place = line.find(".cc:");
    if (line.starts_with("# ") && place != std::string::npos) {
      line = "# " + line.substr(line.find(": ", place) + 2);
    }
    result += line;
    at += line_length;
  }
  return result;
}

}  // namespace

int main() {
  StringSink sink;
  const int failed = unit::RunAllTests(sink);
  const std::string seen = WithoutPlaces(sink.text());
  if (failed == 3 && seen == kExpected) return 0;
  std::printf("%d failed, wanted 3. Seen:\n%sWanted:\n%s", failed, seen.c_str(),
              std::string(kExpected).c_str());
  return 1;
}
