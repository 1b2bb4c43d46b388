// A guest in QEMU behind a gdb stub: stopped while this exists.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/gdb_connection.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/memory_tree.h"
#include "tools/layoutcheck/register_names.h"

namespace layoutcheck {

// What happens to the guest at the end. A guest that was stopped before stays so either way.
enum class Afterwards : uint8_t { kResume, kStayStopped };

class GdbGuest final : public PageSource {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<GdbGuest>, std::string> Attach(
      std::string_view address, Milliseconds patience, Afterwards afterwards);
  GdbGuest(const GdbGuest&) = delete;
  ~GdbGuest() override;

  [[nodiscard]] std::expected<Machine, std::string> ReadMachine(unsigned cpu);

  [[nodiscard]] std::span<const PhysicalRange> Ram() const { return tree_.ram; }
  [[nodiscard]] std::span<const PhysicalRange> Memory() const override { return tree_.memory; }
  [[nodiscard]] std::expected<std::vector<Page>, std::string> ReadPages(
      std::span<const PhysicalAddress> addresses) override;

  // Changes memory. For tests: a check only reads.
  [[nodiscard]] std::expected<void, std::string> Write(PhysicalAddress address,
                                                       std::span<const uint8_t> bytes);

 private:
  GdbGuest(GdbConnection connection, Afterwards afterwards)
      : connection_(std::move(connection)), afterwards_(afterwards) {}

  [[nodiscard]] std::expected<void, std::string> Describe();
  [[nodiscard]] bool HasRegister(std::string_view name) const;
  [[nodiscard]] std::expected<uint64_t, std::string> ReadRegister(std::string_view name);
  [[nodiscard]] std::expected<Machine, std::string> ReadX86_64();
  [[nodiscard]] std::expected<Machine, std::string> ReadArm();
  // What the names of registers end in that the processor's state has copies of.
  [[nodiscard]] std::expected<std::string_view, std::string> ArmBank();

  GdbConnection connection_;
  Afterwards afterwards_;
  TargetDescription description_;
  MemoryTree tree_;
};

}  // namespace layoutcheck
