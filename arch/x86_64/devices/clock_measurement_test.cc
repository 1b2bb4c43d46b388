#include "arch/x86_64/devices/clock_measurement.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "arch/x86_64/devices/devices.h"
#include "kernel/base/clock_scale.h"

namespace arch::x86_64 {
namespace {

constexpr uint64_t kCyclesPerNanosecond = 3;
constexpr uint64_t kTimerFrequency = 62'500'000;

// Each read takes a microsecond, and one of them as long as the machine is stopped there.
class StoppedMachine {
 public:
  StoppedMachine(unsigned stopped_read, uint64_t stop_nanoseconds)
      : stopped_read_(stopped_read), stop_nanoseconds_(stop_nanoseconds) {}

  void Start() { start_ = now_; }
  uint64_t ReadCycles() { return Pass() * kCyclesPerNanosecond; }
  uint32_t ReadTimer() {
    return std::numeric_limits<uint32_t>::max() - static_cast<uint32_t>(Counted(kTimerFrequency));
  }
  uint16_t ReadPit() { return static_cast<uint16_t>(kTop - Counted(kPitFrequency)); }
  bool HasPitEnded() { return Counted(kPitFrequency) >= kTop; }

  [[nodiscard]] unsigned reads() const { return reads_; }

 private:
  static constexpr uint64_t kTop = 0xFFFF;

  uint64_t Pass() {
    if (reads_++ == stopped_read_) now_ += stop_nanoseconds_;
    return now_ += 1'000;
  }
  uint64_t Counted(uint64_t frequency) {
    return (Pass() - start_) * frequency / base::kNanosecondsPerSecond;
  }

  unsigned stopped_read_;
  uint64_t stop_nanoseconds_;
  unsigned reads_ = 0;
  uint64_t now_ = 0;
  uint64_t start_ = 0;
};

void ExpectAbout(uint64_t measured, uint64_t frequency) {
  EXPECT_GT(measured, frequency - frequency / 50);
  EXPECT_LT(measured, frequency + frequency / 50);
}

// Wherever it is stopped, and whether the 8254's 55 ms are over then or not.
TEST(ClockMeasurement, IsExactWhereverTheMachineIsStopped) {
  for (const uint64_t stop : {1'000'000, 20'000'000, 54'000'000, 200'000'000}) {
    unsigned reads = 1;
    for (unsigned read = 0; read < reads; ++read) {
      StoppedMachine machine(read, stop);
      const auto measured = MeasureClocks(machine);
      ASSERT_TRUE(measured.has_value()) << "stopped for " << stop << " ns at read " << read;
      SCOPED_TRACE(read);
      ExpectAbout(measured->cycles, kCyclesPerNanosecond * base::kNanosecondsPerSecond);
      ExpectAbout(measured->timer, kTimerFrequency);
      reads = machine.reads();
    }
    EXPECT_GT(reads, 100u);
  }
}

// Nobody waits forever for a counter that does not move.
TEST(ClockMeasurement, EndsWithoutAPit) {
  struct NoPit {
    void Start() {}
    uint64_t ReadCycles() { return cycles += 1'000; }
    uint32_t ReadTimer() { return 0; }
    uint16_t ReadPit() { return 0xFFFF; }
    bool HasPitEnded() { return false; }
    uint64_t cycles = 0;
  } machine;
  EXPECT_FALSE(MeasureClocks(machine).has_value());
}

}  // namespace
}  // namespace arch::x86_64
