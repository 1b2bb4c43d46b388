// A section that no linker script of ours has a place for, and that nothing may leave out.

namespace tiny {

[[gnu::section(".stray"), gnu::used, gnu::retain]] volatile int stray = 1;

}  // namespace tiny
