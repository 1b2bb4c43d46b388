// Packets of the GDB remote serial protocol ("Remote Protocol" in GDB's manual): $payload#checksum.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cstdint>

namespace layoutcheck {

// The packet as it is sent. Nothing that is asked here needs escaping.
[[nodiscard]] std::string EncodePacket(std::string_view payload);

// Finds packets in what a stub sends, however it is cut into pieces.
class PacketReader {
 public:
  void Add(std::string_view bytes) { buffer_ += bytes; }

  // The payload of the next packet; nothing while it is not complete. Acknowledgements are skipped.
  // The error: its checksum is wrong.
  [[nodiscard]] std::expected<std::optional<std::string>, std::string> Next();

 private:
  std::string buffer_;
  size_t searched_ = 0;  // bytes of the buffer in which no packet ends
};

[[nodiscard]] std::string ToHex(std::string_view bytes);
// Nothing if `digits` are not pairs of hexadecimal digits.
[[nodiscard]] std::optional<std::string> FromHex(std::string_view digits);

}  // namespace layoutcheck
