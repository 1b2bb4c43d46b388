// Memory maps as real machines and emulators report them, and what has to come of them. For tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/memory_map.h"

namespace mm {

struct Board {
  std::string_view name;
  std::span<const FirmwareRange> ranges;
  size_t regions;
  PageCount usable;
  FrameNumber last;
};

struct ReservedBoard {
  std::string_view name;
  std::span<const FirmwareRange> ranges;
  std::span<const PhysRange> reservations;
  size_t regions;
  PageCount usable;
};

namespace boards {

using enum FirmwareKind;

// QEMU's pc (i440FX) with SeaBIOS: up to 3.5 GiB lie below the hole, otherwise 3 GiB.
inline constexpr FirmwareRange kPc64MiB[] = {{{0x0000'0000}, 0x9'FC00, kRam},
                                             {{0x0009'FC00}, 0x400, kReserved},
                                             {{0x000F'0000}, 0x1'0000, kReserved},
                                             {{0x0010'0000}, 0x3EE'0000, kRam},
                                             {{0x03FE'0000}, 0x2'0000, kReserved},
                                             {{0xFFFC'0000}, 0x4'0000, kReserved},
                                             {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kPc512MiB[] = {{{0x0000'0000}, 0x9'FC00, kRam},
                                              {{0x0009'FC00}, 0x400, kReserved},
                                              {{0x000F'0000}, 0x1'0000, kReserved},
                                              {{0x0010'0000}, 0x1FEE'0000, kRam},
                                              {{0x1FFE'0000}, 0x2'0000, kReserved},
                                              {{0xFFFC'0000}, 0x4'0000, kReserved},
                                              {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kPc3GiB[] = {{{0x0000'0000}, 0x9'FC00, kRam},
                                            {{0x0009'FC00}, 0x400, kReserved},
                                            {{0x000F'0000}, 0x1'0000, kReserved},
                                            {{0x0010'0000}, 0xBFEE'0000, kRam},
                                            {{0xBFFE'0000}, 0x2'0000, kReserved},
                                            {{0xFFFC'0000}, 0x4'0000, kReserved},
                                            {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kPc6GiB[] = {
    {{0x0000'0000}, 0x9'FC00, kRam},      {{0x0009'FC00}, 0x400, kReserved},
    {{0x000F'0000}, 0x1'0000, kReserved}, {{0x0010'0000}, 0xBFEE'0000, kRam},
    {{0xBFFE'0000}, 0x2'0000, kReserved}, {{0xFFFC'0000}, 0x4'0000, kReserved},
    {{0x1'0000'0000}, 0xC000'0000, kRam}, {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};

// QEMU's q35: the PCI Express window at 0xB0000000 leaves 2 GiB below the hole.
inline constexpr FirmwareRange kQ35With64MiB[] = {{{0x0000'0000}, 0x9'FC00, kRam},
                                                  {{0x0009'FC00}, 0x400, kReserved},
                                                  {{0x000F'0000}, 0x1'0000, kReserved},
                                                  {{0x0010'0000}, 0x3EE'0000, kRam},
                                                  {{0x03FE'0000}, 0x2'0000, kReserved},
                                                  {{0xB000'0000}, 0x1000'0000, kReserved},
                                                  {{0xFED1'C000}, 0x4000, kReserved},
                                                  {{0xFFFC'0000}, 0x4'0000, kReserved},
                                                  {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kQ35With512MiB[] = {{{0x0000'0000}, 0x9'FC00, kRam},
                                                   {{0x0009'FC00}, 0x400, kReserved},
                                                   {{0x000F'0000}, 0x1'0000, kReserved},
                                                   {{0x0010'0000}, 0x1FEE'0000, kRam},
                                                   {{0x1FFE'0000}, 0x2'0000, kReserved},
                                                   {{0xB000'0000}, 0x1000'0000, kReserved},
                                                   {{0xFED1'C000}, 0x4000, kReserved},
                                                   {{0xFFFC'0000}, 0x4'0000, kReserved},
                                                   {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kQ35With3GiB[] = {
    {{0x0000'0000}, 0x9'FC00, kRam},      {{0x0009'FC00}, 0x400, kReserved},
    {{0x000F'0000}, 0x1'0000, kReserved}, {{0x0010'0000}, 0x7FEE'0000, kRam},
    {{0x7FFE'0000}, 0x2'0000, kReserved}, {{0xB000'0000}, 0x1000'0000, kReserved},
    {{0xFED1'C000}, 0x4000, kReserved},   {{0xFFFC'0000}, 0x4'0000, kReserved},
    {{0x1'0000'0000}, 0x4000'0000, kRam}, {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};
inline constexpr FirmwareRange kQ35With6GiB[] = {
    {{0x0000'0000}, 0x9'FC00, kRam},        {{0x0009'FC00}, 0x400, kReserved},
    {{0x000F'0000}, 0x1'0000, kReserved},   {{0x0010'0000}, 0x7FEE'0000, kRam},
    {{0x7FFE'0000}, 0x2'0000, kReserved},   {{0xB000'0000}, 0x1000'0000, kReserved},
    {{0xFED1'C000}, 0x4000, kReserved},     {{0xFFFC'0000}, 0x4'0000, kReserved},
    {{0x1'0000'0000}, 0x1'0000'0000, kRam}, {{0xFD'0000'0000}, 0x3'0000'0000, kReserved}};

// A laptop with UEFI and 16 GiB: firmware's own pages between those of RAM.
inline constexpr FirmwareRange kLaptop[] = {
    {{0x0000'0000}, 0x5'8000, kRam},        {{0x0005'8000}, 0x1000, kReserved},
    {{0x0005'9000}, 0x4'5000, kRam},        {{0x0009'E000}, 0x6'2000, kReserved},
    {{0x0010'0000}, 0x3FF0'0000, kRam},     {{0x4000'0000}, 0x40'0000, kReserved},
    {{0x4040'0000}, 0x49FC'6000, kRam},     {{0x8A3C'6000}, 0x1000, kAcpiNvs},
    {{0x8A3C'7000}, 0x1000, kReserved},     {{0x8A3C'8000}, 0x10D3'5000, kRam},
    {{0x9B0F'D000}, 0x3D'9000, kReserved},  {{0x9B4D'6000}, 0x7'C000, kAcpiReclaimable},
    {{0x9B55'2000}, 0x63'3000, kAcpiNvs},   {{0x9BB8'5000}, 0xA7'A000, kReserved},
    {{0x9C5F'F000}, 0x1000, kRam},          {{0x9C60'0000}, 0x320'0000, kReserved},
    {{0xF800'0000}, 0x400'0000, kReserved}, {{0xFE01'0000}, 0x1000, kReserved},
    {{0xFEC0'0000}, 0x1000, kReserved},     {{0xFEE0'0000}, 0x1000, kReserved},
    {{0xFF00'0000}, 0x100'0000, kReserved}, {{0x1'0000'0000}, 0x3'5E80'0000, kRam}};

// Device trees: one range a `reg` entry of the memory nodes.
inline constexpr FirmwareRange kVirt64MiB[] = {{{0x4000'0000}, 0x400'0000, kRam}};
inline constexpr FirmwareRange kVirt512MiB[] = {{{0x4000'0000}, 0x2000'0000, kRam}};
inline constexpr FirmwareRange kVirt3GiB[] = {{{0x4000'0000}, 0xC000'0000, kRam}};
inline constexpr FirmwareRange kRaspberryPi3[] = {{{0x0000'0000}, 0x3B40'0000, kRam}};
inline constexpr FirmwareRange kRaspberryPi4[] = {{{0x0000'0000}, 0x3B40'0000, kRam},
                                                  {{0x4000'0000}, 0xBC00'0000, kRam}};
inline constexpr FirmwareRange kBeagleBone[] = {{{0x8000'0000}, 0x2000'0000, kRam}};

// What the trees reserve: the secondary cores' spin table, the tree itself (which starts where the
// firmware happened to put it), an initial RAM disk, a frame buffer.
inline constexpr PhysRange kRaspberryPi3Reserved[] = {{{0x0000'0000}, 0x1000},
                                                      {{0x2EFF'6200}, 0x9A1C}};
inline constexpr PhysRange kRaspberryPi4Reserved[] = {
    {{0x0000'0000}, 0x8'0000}, {{0x2EFF'2F00}, 0xD046}, {{0x3B00'0000}, 0x40'0000}};
inline constexpr PhysRange kBeagleBoneReserved[] = {
    {{0x8FFF'2000}, 0xD29B}, {{0x8800'0000}, 0x45'1F3A}, {{0x9F80'0000}, 0x80'0000}};

}  // namespace boards

inline constexpr Board kBoards[] = {
    {"pc, 64 MiB", boards::kPc64MiB, 7, {0x3F7F}, {0xFFF'FFFF}},
    {"pc, 512 MiB", boards::kPc512MiB, 7, {0x1'FF7F}, {0xFFF'FFFF}},
    {"pc, 3 GiB", boards::kPc3GiB, 7, {0xB'FF7F}, {0xFFF'FFFF}},
    {"pc, 6 GiB", boards::kPc6GiB, 8, {0x17'FF7F}, {0xFFF'FFFF}},
    {"q35, 64 MiB", boards::kQ35With64MiB, 9, {0x3F7F}, {0xFFF'FFFF}},
    {"q35, 512 MiB", boards::kQ35With512MiB, 9, {0x1'FF7F}, {0xFFF'FFFF}},
    {"q35, 3 GiB", boards::kQ35With3GiB, 10, {0xB'FF7F}, {0xFFF'FFFF}},
    {"q35, 6 GiB", boards::kQ35With6GiB, 10, {0x17'FF7F}, {0xFFF'FFFF}},
    {"laptop, 16 GiB", boards::kLaptop, 20, {0x3F'9499}, {0x45'E7FF}},
    {"virt, 64 MiB", boards::kVirt64MiB, 1, {0x4000}, {0x4'3FFF}},
    {"virt, 512 MiB", boards::kVirt512MiB, 1, {0x2'0000}, {0x5'FFFF}},
    {"virt, 3 GiB", boards::kVirt3GiB, 1, {0xC'0000}, {0xF'FFFF}},
    {"Raspberry Pi 3", boards::kRaspberryPi3, 1, {0x3'B400}, {0x3'B3FF}},
    {"Raspberry Pi 4", boards::kRaspberryPi4, 2, {0xF'7400}, {0xF'BFFF}},
    {"BeagleBone Black", boards::kBeagleBone, 1, {0x2'0000}, {0x9'FFFF}},
};

inline constexpr ReservedBoard kReservedBoards[] = {
    {"Raspberry Pi 3", boards::kRaspberryPi3, boards::kRaspberryPi3Reserved, 4, {0x3'B3F5}},
    {"Raspberry Pi 4", boards::kRaspberryPi4, boards::kRaspberryPi4Reserved, 6, {0xF'6F72}},
    {"BeagleBone Black", boards::kBeagleBone, boards::kBeagleBoneReserved, 6, {0x1'F3A0}},
};

}  // namespace mm
