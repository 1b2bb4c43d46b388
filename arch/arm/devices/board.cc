#include "arch/arm/devices/board.h"

namespace arch::arm {
namespace {

constinit BoardDevices board;

}  // namespace

const BoardDevices& Board() { return board; }

void SetBoard(const BoardDevices& devices) { board = devices; }

}  // namespace arch::arm
