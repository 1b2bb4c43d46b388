#include "arch/x86_64/firmware/acpi.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace arch::x86_64 {
namespace {

using Bytes = std::span<const std::byte>;
template <class T>
using Checked = std::expected<T, AcpiFault>;

constexpr uint64_t kHeaderBytes = 36;
constexpr uint64_t kMaxTableBytes = uint64_t{1} << 20;  // QEMU's DSDT is 8 KiB, a server's 200

// Offsets in the FADT, ACPI 6.4 table 5.9.
constexpr size_t kFadtDsdt = 40;
constexpr size_t kFadtSmiCommand = 48;
constexpr size_t kFadtAcpiEnable = 52;
constexpr size_t kFadtControlA = 64;
constexpr size_t kFadtControlB = 68;
constexpr size_t kFadtFlags = 112;
constexpr size_t kFadtResetSpace = 116;
constexpr size_t kFadtResetAddress = 120;
constexpr size_t kFadtResetValue = 128;
constexpr size_t kFadtExtendedDsdt = 140;

constexpr uint32_t kFlagResetSupported = 1u << 10;
constexpr uint8_t kSpaceIoPort = 1;

template <class T>
T At(Bytes table, size_t offset) {
  T value;
  std::memcpy(&value, table.subspan(offset, sizeof(T)).data(), sizeof(T));
  return value;
}

// As At(), for fields that only later revisions of a table have: 0 where the table stops short.
template <class T>
T AtOrZero(Bytes table, size_t offset) {
  return offset + sizeof(T) <= table.size() ? At<T>(table, offset) : T{};
}

bool SumsToZero(Bytes bytes) {
  uint8_t sum = 0;
  for (const std::byte byte : bytes) sum = static_cast<uint8_t>(sum + std::to_integer<int>(byte));
  return sum == 0;
}

bool StartsWith(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// A table with its header, whole and with a good checksum.
Checked<Bytes> FindTable(const PhysicalView& view, mm::PhysAddr pa, std::string_view signature) {
  const auto header = view.Find(pa, kHeaderBytes);
  if (!header) return std::unexpected(AcpiFault::kOutOfReach);
  const uint32_t length = At<uint32_t>(*header, 4);
  if (!StartsWith(*header, signature) || length < kHeaderBytes || length > kMaxTableBytes) {
    return std::unexpected(AcpiFault::kBadTable);
  }
  const auto table = view.Find(pa, length);
  if (!table) return std::unexpected(AcpiFault::kOutOfReach);
  if (!SumsToZero(*table)) return std::unexpected(AcpiFault::kBadTable);
  return *table;
}

// The root table: 32-bit pointers in the RSDT, 64-bit ones in the XSDT that replaces it.
struct RootTable {
  Bytes pointers;
  size_t pointer_bytes;
};

Checked<RootTable> FindRootTable(const PhysicalView& view, mm::PhysAddr root_pointer) {
  constexpr uint64_t kFirstRevisionBytes = 20;
  constexpr uint64_t kSecondRevisionBytes = 36;
  if (root_pointer.value == 0) return std::unexpected(AcpiFault::kNoRootPointer);
  const auto first = view.Find(root_pointer, kFirstRevisionBytes);
  if (!first) return std::unexpected(AcpiFault::kOutOfReach);
  if (!StartsWith(*first, "RSD PTR ") || !SumsToZero(*first)) {
    return std::unexpected(AcpiFault::kBadRootPointer);
  }
  mm::PhysAddr pa{At<uint32_t>(*first, 16)};
  RootTable root{{}, sizeof(uint32_t)};
  if (At<uint8_t>(*first, 15) >= 2) {
    const auto second = view.Find(root_pointer, kSecondRevisionBytes);
    if (!second || !SumsToZero(*second)) return std::unexpected(AcpiFault::kBadRootPointer);
    pa = mm::PhysAddr{At<uint64_t>(*second, 24)};
    root.pointer_bytes = sizeof(uint64_t);
  }
  const auto table = FindTable(view, pa, root.pointer_bytes == sizeof(uint64_t) ? "XSDT" : "RSDT");
  if (!table) return std::unexpected(table.error());
  root.pointers = table->subspan(kHeaderBytes);
  return root;
}

Checked<Bytes> FindFadt(const PhysicalView& view, const RootTable& root) {
  for (size_t at = 0; at + root.pointer_bytes <= root.pointers.size(); at += root.pointer_bytes) {
    uint64_t pa = 0;
    std::memcpy(&pa, root.pointers.subspan(at).data(), root.pointer_bytes);
    const auto signature = view.Find(mm::PhysAddr{pa}, 4);
    if (signature && StartsWith(*signature, "FACP")) {
      return FindTable(view, mm::PhysAddr{pa}, "FACP");
    }
  }
  return std::unexpected(AcpiFault::kNoFadt);
}

// The FADT gives ports as 32 bits; what does not fit is no port.
uint16_t PortAt(Bytes fadt, size_t offset) {
  const auto port = AtOrZero<uint32_t>(fadt, offset);
  return port <= UINT16_MAX ? static_cast<uint16_t>(port) : 0;
}

std::optional<AcpiPower::Reset> FindReset(Bytes fadt) {
  if (fadt.size() <= kFadtResetValue) return std::nullopt;
  if ((At<uint32_t>(fadt, kFadtFlags) & kFlagResetSupported) == 0) return std::nullopt;
  if (At<uint8_t>(fadt, kFadtResetSpace) != kSpaceIoPort) return std::nullopt;
  const auto port = At<uint64_t>(fadt, kFadtResetAddress);
  if (port == 0 || port > UINT16_MAX) return std::nullopt;
  return AcpiPower::Reset{static_cast<uint16_t>(port), At<uint8_t>(fadt, kFadtResetValue)};
}

Checked<SleepTypes> FindSleepTypes(const PhysicalView& view, Bytes fadt) {
  uint64_t pa = AtOrZero<uint64_t>(fadt, kFadtExtendedDsdt);
  if (pa == 0) pa = At<uint32_t>(fadt, kFadtDsdt);
  const auto dsdt = FindTable(view, mm::PhysAddr{pa}, "DSDT");
  if (!dsdt) return std::unexpected(dsdt.error());
  const auto types = FindOffSleepTypes(dsdt->subspan(kHeaderBytes));
  if (!types) return std::unexpected(AcpiFault::kNoSleepState);
  return *types;
}

// Reads byte code front to back; running off its end is noticed once, in ok().
class ByteCodeReader {
 public:
  explicit ByteCodeReader(Bytes bytes) : bytes_(bytes) {}

  uint8_t Next() {
    if (bytes_.empty()) {
      ok_ = false;
      return 0;
    }
    const auto byte = std::to_integer<uint8_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    return byte;
  }

  void Skip(size_t count) {
    for (size_t i = 0; i < count; ++i) Next();
  }

  // An integer that fits a byte: ACPI 6.4, 20.2.3 (ZeroOp, OneOp, BytePrefix).
  uint8_t NextInteger() {
    constexpr uint8_t kZeroOp = 0x00, kOneOp = 0x01, kBytePrefix = 0x0a;
    const uint8_t opcode = Next();
    if (opcode == kBytePrefix) return Next();
    if (opcode != kZeroOp && opcode != kOneOp) ok_ = false;
    return opcode;
  }

  bool ok() const { return ok_; }

 private:
  Bytes bytes_;
  bool ok_ = true;
};

// What follows the name: PackageOp, PkgLength, NumElements, elements (ACPI 6.4, 20.2.4, 20.2.5.4).
std::optional<SleepTypes> ReadSleepPackage(Bytes byte_code) {
  constexpr uint8_t kPackageOp = 0x12;
  constexpr unsigned kLengthBytesShift = 6;  // how many bytes of PkgLength follow the first
  constexpr uint8_t kMaxSleepType = 7;       // SLP_TYP has three bits
  ByteCodeReader reader(byte_code);
  if (reader.Next() != kPackageOp) return std::nullopt;
  reader.Skip(reader.Next() >> kLengthBytesShift);
  if (reader.Next() < 2) return std::nullopt;
  const uint8_t a = reader.NextInteger();
  const uint8_t b = reader.NextInteger();
  if (!reader.ok() || a > kMaxSleepType || b > kMaxSleepType) return std::nullopt;
  return SleepTypes{a, b};
}

}  // namespace

const char* Describe(AcpiFault fault) {
  switch (fault) {
    case AcpiFault::kNoRootPointer:
      return "the loader names no ACPI root pointer";
    case AcpiFault::kBadRootPointer:
      return "the ACPI root pointer has a wrong signature or checksum";
    case AcpiFault::kOutOfReach:
      return "an ACPI table is outside the memory that start-up can read";
    case AcpiFault::kBadTable:
      return "an ACPI table has a wrong signature, length or checksum";
    case AcpiFault::kNoFadt:
      return "ACPI has no fixed description table";
    case AcpiFault::kNoPowerControl:
      return "ACPI names no power control port";
    case AcpiFault::kNoSleepState:
      return "ACPI does not describe the off state";
  }
  return "the ACPI tables are unusable";
}

std::optional<SleepTypes> FindOffSleepTypes(Bytes byte_code) {
  constexpr std::string_view kName = "\x08_S5_";  // NameOp, then the name padded to four
  const auto* text = reinterpret_cast<const char*>(byte_code.data());
  const std::string_view haystack(text, byte_code.size());
  for (size_t at = haystack.find(kName); at != haystack.npos; at = haystack.find(kName, at + 1)) {
    const auto types = ReadSleepPackage(byte_code.subspan(at + kName.size()));
    if (types) return types;
  }
  return std::nullopt;
}

std::expected<AcpiPower, AcpiFault> ReadAcpiPower(const PhysicalView& view,
                                                  mm::PhysAddr root_pointer) {
  const auto root = FindRootTable(view, root_pointer);
  if (!root) return std::unexpected(root.error());
  const auto fadt = FindFadt(view, *root);
  if (!fadt) return std::unexpected(fadt.error());
  if (fadt->size() <= kFadtFlags) return std::unexpected(AcpiFault::kBadTable);

  const uint16_t control_a = PortAt(*fadt, kFadtControlA);
  if (control_a == 0) return std::unexpected(AcpiFault::kNoPowerControl);
  const auto types = FindSleepTypes(view, *fadt);
  if (!types) return std::unexpected(types.error());
  return AcpiPower{
      .control_a_port = control_a,
      .control_b_port = PortAt(*fadt, kFadtControlB),
      .off_type_a = types->a,
      .off_type_b = types->b,
      .smi_command_port = PortAt(*fadt, kFadtSmiCommand),
      .enable_value = At<uint8_t>(*fadt, kFadtAcpiEnable),
      .reset = FindReset(*fadt),
  };
}

}  // namespace arch::x86_64
