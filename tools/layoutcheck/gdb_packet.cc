#include "tools/layoutcheck/gdb_packet.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <format>
#include <optional>
#include <string>
#include <string_view>

namespace layoutcheck {
namespace {

constexpr size_t kChecksumDigits = 2;

uint8_t ChecksumOf(std::string_view payload) {
  uint8_t sum = 0;
  for (const char byte : payload) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(byte));
  return sum;
}

// "}x" stands for one byte, x with bit 5 changed.
std::string Unescape(std::string_view payload) {
  constexpr char kEscape = '}';
  constexpr char kChangedBit = 0x20;
  std::string text;
  text.reserve(payload.size());
  for (size_t index = 0; index < payload.size(); ++index) {
    const bool escaped = payload[index] == kEscape && index + 1 < payload.size();
    if (escaped) ++index;
    text += escaped ? static_cast<char>(payload[index] ^ kChangedBit) : payload[index];
  }
  return text;
}

int DigitOf(char digit) {
  constexpr int kTen = 10;
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + kTen;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + kTen;
  return -1;
}

}  // namespace

std::string EncodePacket(std::string_view payload) {
  return std::format("${}#{:02x}", payload, ChecksumOf(payload));
}

std::expected<std::optional<std::string>, std::string> PacketReader::Next() {
  const size_t start = buffer_.find('$');
  if (start == std::string::npos) {
    buffer_.clear();
    searched_ = 0;
    return std::nullopt;
  }
  const size_t end = buffer_.find('#', searched_ > start ? searched_ : start);
  if (end == std::string::npos || buffer_.size() - end <= kChecksumDigits) {
    searched_ = end == std::string::npos ? buffer_.size() : end;
    return std::nullopt;
  }
  const std::string_view payload = std::string_view(buffer_).substr(start + 1, end - start - 1);
  const std::optional<std::string> checksum =
      FromHex(std::string_view(buffer_).substr(end + 1, kChecksumDigits));
  const bool good = checksum && static_cast<uint8_t>(checksum->front()) == ChecksumOf(payload);
  std::string text = Unescape(payload);
  buffer_.erase(0, end + 1 + kChecksumDigits);
  searched_ = 0;
  if (!good) return std::unexpected("a packet with a wrong checksum");
  return text;
}

std::string ToHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr unsigned kDigitBits = 4;
  std::string digits;
  for (const char byte : bytes) {
    const uint8_t value = static_cast<uint8_t>(byte);
    digits += kDigits[value >> kDigitBits];
    digits += kDigits[value % kDigits.size()];
  }
  return digits;
}

std::optional<std::string> FromHex(std::string_view digits) {
  constexpr int kBase = 16;
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (size_t index = 0; index < digits.size(); index += 2) {
    const int high = DigitOf(digits[index]);
    const int low = DigitOf(digits[index + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * kBase + low);
  }
  return bytes;
}

}  // namespace layoutcheck
