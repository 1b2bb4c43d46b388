#include "kernel/fs/cpio.h"

#include <algorithm>

#include "kernel/base/bits.h"

namespace fs {
namespace {

constexpr std::string_view kMagic = "070701";
constexpr std::string_view kMagicWithSum = "070702";  // the sums are not looked at
constexpr std::string_view kTrailer = "TRAILER!!!";
constexpr uint64_t kAlignment = 4;
constexpr size_t kMagicBytes = 6;
constexpr size_t kNumberDigits = 8;

// The numbers of a header, in their order.
enum Field : uint8_t {
  kInode,
  kMode,
  kUser,
  kGroup,
  kLinks,
  kModified,
  kFileSize,
  kMajor,
  kMinor,
  kDeviceMajor,
  kDeviceMinor,
  kNameSize,
  kCheck,
  kFields,
};
constexpr size_t kHeaderBytes = kMagicBytes + kFields * kNumberDigits;
static_assert(kHeaderBytes == 110);

std::optional<uint32_t> DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<uint32_t> NumberOf(std::string_view digits) {
  uint32_t number = 0;
  for (const char c : digits) {
    const std::optional<uint32_t> digit = DigitOf(c);
    if (!digit) return std::nullopt;
    number = number << 4 | *digit;
  }
  return number;
}

std::optional<posix::FileType> TypeOf(uint32_t mode) {
  const auto type = static_cast<posix::FileType>(mode & posix::kTypeMask);
  switch (type) {
    case posix::FileType::kFifo:
    case posix::FileType::kCharacterDevice:
    case posix::FileType::kDirectory:
    case posix::FileType::kBlockDevice:
    case posix::FileType::kRegular:
    case posix::FileType::kSymlink:
    case posix::FileType::kSocket:
      return type;
  }
  return std::nullopt;
}

std::span<std::byte> BytesOf(std::span<char> text) { return std::as_writable_bytes(text); }

}  // namespace

std::string_view CpioFaultName(CpioFault fault) {
  switch (fault) {
    case CpioFault::kNone:
      return "sound";
    case CpioFault::kMagic:
      return "not a newc header";
    case CpioFault::kNotHex:
      return "a number is not hexadecimal";
    case CpioFault::kNameLength:
      return "a name is empty or too long";
    case CpioFault::kName:
      return "a name does not end where it should";
    case CpioFault::kMode:
      return "an unknown kind of file";
    case CpioFault::kBeyondEnd:
      return "the archive ends inside an entry";
    case CpioFault::kNoTrailer:
      return "the archive has no last entry";
  }
  return "unknown fault";
}

std::optional<CpioEntry> CpioReader::Stop(CpioFault fault) {
  fault_ = fault;
  offset_ = bytes_.size_bytes();
  in_archive_ = false;
  return std::nullopt;
}

// Between archives: moves on to what is not zero. False at the end.
bool CpioReader::SkipPadding() {
  constexpr size_t kPiece = 64;
  std::array<std::byte, kPiece> piece;
  while (offset_ < bytes_.size_bytes()) {
    const auto count =
        static_cast<size_t>(std::min<uint64_t>(kPiece, bytes_.size_bytes() - offset_));
    const std::span<std::byte> read = std::span(piece).first(count);
    bytes_.Read(offset_, read);
    const auto zeroes =
        std::ranges::find_if(read, [](std::byte b) { return b != std::byte{0}; }) - read.begin();
    offset_ += static_cast<uint64_t>(zeroes);
    if (static_cast<size_t>(zeroes) < count) return true;
  }
  return false;
}

// The numbers of the header here, and moves behind it.
CpioFault CpioReader::ReadHeader(std::span<uint32_t> numbers) {
  if (!Has(kHeaderBytes)) return CpioFault::kBeyondEnd;
  std::array<char, kHeaderBytes> text;
  bytes_.Read(offset_, BytesOf(text));
  const std::string_view header(text.data(), text.size());
  if (!header.starts_with(kMagic) && !header.starts_with(kMagicWithSum)) return CpioFault::kMagic;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto number = NumberOf(header.substr(kMagicBytes + i * kNumberDigits, kNumberDigits));
    if (!number) return CpioFault::kNotHex;
    numbers[i] = *number;
  }
  offset_ += kHeaderBytes;
  return CpioFault::kNone;
}

// The name here, which has `bytes` bytes with its zero.
CpioFault CpioReader::ReadName(uint32_t bytes) {
  constexpr uint32_t kLeastBytes = 2;
  if (bytes < kLeastBytes || bytes > name_.size()) return CpioFault::kNameLength;
  if (!Has(bytes)) return CpioFault::kBeyondEnd;
  bytes_.Read(offset_, BytesOf(std::span(name_).first(bytes)));
  const size_t length = std::string_view(name_.data(), bytes).find('\0');
  return length == bytes - 1 ? CpioFault::kNone : CpioFault::kName;
}

std::optional<CpioEntry> CpioReader::Next() {
  while (true) {
    if (!in_archive_) {
      entry_offset_ = offset_;
      if (!SkipPadding()) return std::nullopt;
      in_archive_ = true;
    }
    entry_offset_ = offset_;
    if (offset_ == bytes_.size_bytes()) return Stop(CpioFault::kNoTrailer);
    std::array<uint32_t, kFields> numbers;
    CpioFault fault = ReadHeader(numbers);
    if (fault == CpioFault::kNone) fault = ReadName(numbers[kNameSize]);
    if (fault != CpioFault::kNone) return Stop(fault);
    const std::string_view name(name_.data(), numbers[kNameSize] - 1);

    // Names and contents are padded, counted from the start of the archive.
    const uint64_t data = base::AlignUp(offset_ + numbers[kNameSize], kAlignment);
    if (name == kTrailer) {
      offset_ = std::min(data, bytes_.size_bytes());
      in_archive_ = false;
      continue;
    }
    const uint32_t size = numbers[kFileSize];
    if (data > bytes_.size_bytes() || size > bytes_.size_bytes() - data) {
      return Stop(CpioFault::kBeyondEnd);
    }
    const std::optional<posix::FileType> type = TypeOf(numbers[kMode]);
    if (!type) return Stop(CpioFault::kMode);
    offset_ = std::min(base::AlignUp(data + size, kAlignment), bytes_.size_bytes());
    return CpioEntry{.name = name,
                     .type = *type,
                     .permissions = numbers[kMode] & posix::kPermissionMask,
                     .user = numbers[kUser],
                     .group = numbers[kGroup],
                     .links = numbers[kLinks],
                     .modified_seconds = numbers[kModified],
                     .device = {numbers[kDeviceMajor], numbers[kDeviceMinor]},
                     .inode = numbers[kInode],
                     .containing_device = {numbers[kMajor], numbers[kMinor]},
                     .data_offset = data,
                     .data_bytes = size};
  }
}

}  // namespace fs
