// The "newc" format of cpio archives, in which a boot loader hands over the first files. Linux's
// Documentation/driver-api/early-userspace/buffer-format.rst describes it.
//
// Archives are input that nobody has checked: every number and every name in one is looked at
// before it is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/posix/file.h"

namespace fs {

// Where an archive lies.
class ArchiveBytes {
 public:
  [[nodiscard]] virtual uint64_t size_bytes() const = 0;
  // CHECKed: they all lie in the archive.
  virtual void Read(uint64_t offset, std::span<std::byte> bytes) const = 0;

 protected:
  ArchiveBytes() = default;
  ~ArchiveBytes() = default;
  ArchiveBytes(const ArchiveBytes&) = default;
  ArchiveBytes& operator=(const ArchiveBytes&) = default;
};

// One entry of an archive.
struct CpioEntry {
  std::string_view name;  // as it stands there, without its zero; in the reader's memory
  posix::FileType type = posix::FileType::kRegular;
  uint32_t permissions = 0;
  uint32_t user = 0;
  uint32_t group = 0;
  uint32_t links = 0;
  int64_t modified_seconds = 0;
  posix::DeviceNumber device{};
  // Two entries of several links with the same of these are one file.
  uint32_t inode = 0;
  posix::DeviceNumber containing_device{};
  // Where the contents are, of files and symbolic links.
  uint64_t data_offset = 0;
  uint64_t data_bytes = 0;
};

enum class CpioFault : uint8_t {
  kNone,
  kMagic,       // neither "070701" nor "070702"
  kNotHex,      // a number that is none
  kNameLength,  // no name, or a longer one than a path can be
  kName,        // without its zero, or with one inside
  kMode,        // a kind of file that does not exist
  kBeyondEnd,   // the archive ends before what it announces
  kNoTrailer,   // it ends without its last entry
};

[[nodiscard]] std::string_view CpioFaultName(CpioFault fault);

// Reads one entry after the other. Several archives in a row, with zeroes between, are one.
class CpioReader {
 public:
  explicit CpioReader(const ArchiveBytes& bytes) : bytes_(bytes) {}
  CpioReader(const CpioReader&) = delete;
  CpioReader& operator=(const CpioReader&) = delete;

  // The next entry, valid until the next call; nothing at the end and behind a fault.
  [[nodiscard]] std::optional<CpioEntry> Next();

  // Why Next() returned nothing, and where the entry begins that is to blame.
  [[nodiscard]] CpioFault fault() const { return fault_; }
  [[nodiscard]] uint64_t offset() const { return entry_offset_; }

 private:
  [[nodiscard]] CpioFault ReadHeader(std::span<uint32_t> numbers);
  [[nodiscard]] CpioFault ReadName(uint32_t bytes);
  std::optional<CpioEntry> Stop(CpioFault fault);
  [[nodiscard]] bool SkipPadding();
  [[nodiscard]] bool Has(uint64_t bytes) const { return bytes <= bytes_.size_bytes() - offset_; }

  const ArchiveBytes& bytes_;
  uint64_t offset_ = 0;
  uint64_t entry_offset_ = 0;
  bool in_archive_ = false;
  CpioFault fault_ = CpioFault::kNone;
  std::array<char, posix::kPathMax> name_;
};

}  // namespace fs
