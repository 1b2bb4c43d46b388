#include "tools/layoutcheck/gdb_packet.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace layoutcheck {
namespace {

struct Row {
  std::string_view name;
  std::string_view received;
  std::vector<std::string> packets;  // "!" stands for a wrong checksum
};

const Row kRows[] = {
    {"nothing", "", {}},
    {"one", "$OK#9a", {"OK"}},
    {"empty", "$#00", {""}},
    {"acknowledged", "+$OK#9a+", {"OK"}},
    {"two", "+$OK#9a+$m01#ce", {"OK", "m01"}},
    {"noise before", "abc$OK#9a", {"OK"}},
    {"capital digits", "$OK#9A", {"OK"}},
    {"escaped", "$}\x03#80", {"#"}},
    {"escape at the end", "$}#7d", {"}"}},
    {"without its end", "$OK", {}},
    {"without its checksum", "$OK#", {}},
    {"with half of its checksum", "$OK#9", {}},
    {"wrong checksum", "$OK#9b", {"!"}},
    {"no checksum", "$OK#zz", {"!"}},
    {"after a wrong one", "$OK#9b$OK#9a", {"!", "OK"}},
};

std::vector<std::string> ReadAll(PacketReader& reader) {
  std::vector<std::string> packets;
  while (true) {
    auto packet = reader.Next();
    if (packet && !*packet) return packets;
    packets.push_back(packet ? **packet : "!");
  }
}

TEST(PacketReader, Packets) {
  for (const Row& row : kRows) {
    PacketReader reader;
    reader.Add(row.received);
    EXPECT_EQ(ReadAll(reader), row.packets) << row.name;
  }
}

TEST(PacketReader, PacketsInPieces) {
  for (const Row& row : kRows) {
    PacketReader reader;
    std::vector<std::string> packets;
    for (const char byte : row.received) {
      reader.Add(std::string(1, byte));
      packets.append_range(ReadAll(reader));
    }
    EXPECT_EQ(packets, row.packets) << row.name;
  }
}

TEST(GdbPacket, Encodes) {
  EXPECT_EQ(EncodePacket("OK"), "$OK#9a");
  EXPECT_EQ(EncodePacket(""), "$#00");
  EXPECT_EQ(EncodePacket("m1000,10"), "$m1000,10#bb");
}

TEST(GdbPacket, Hexadecimal) {
  EXPECT_EQ(ToHex("\x01\xFFz"), "01ff7a");
  EXPECT_EQ(FromHex("01fF7a"), "\x01\xFFz");
  EXPECT_EQ(FromHex(""), "");
  EXPECT_EQ(FromHex("0"), std::nullopt);
  EXPECT_EQ(FromHex("0g"), std::nullopt);
  EXPECT_EQ(FromHex("E22"), std::nullopt);
}

}  // namespace
}  // namespace layoutcheck
