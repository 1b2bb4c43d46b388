// Against the C library's idea of the same structures, which is of another origin.
#include "arch/x86_64/facts/signal_frame.h"

#include <signal.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

struct Row {
  const char* what;
  size_t ours;
  size_t theirs;
};

constexpr size_t InGregs(int index) {
  return offsetof(ucontext_t, uc_mcontext) + offsetof(mcontext_t, gregs) +
         static_cast<size_t>(index) * sizeof(greg_t);
}
#define ATLAS_OURS(member) (offsetof(UserContext, registers) + offsetof(SignalContext, member))

constexpr Row kRows[] = {
    {"flags", offsetof(UserContext, flags), offsetof(ucontext_t, uc_flags)},
    {"link", offsetof(UserContext, link), offsetof(ucontext_t, uc_link)},
    {"stack base", offsetof(UserContext, stack) + offsetof(SignalStack, base),
     offsetof(ucontext_t, uc_stack) + offsetof(stack_t, ss_sp)},
    {"stack flags", offsetof(UserContext, stack) + offsetof(SignalStack, flags),
     offsetof(ucontext_t, uc_stack) + offsetof(stack_t, ss_flags)},
    {"stack size", offsetof(UserContext, stack) + offsetof(SignalStack, size_bytes),
     offsetof(ucontext_t, uc_stack) + offsetof(stack_t, ss_size)},
    {"r8", ATLAS_OURS(r8), InGregs(REG_R8)},
    {"r15", ATLAS_OURS(r15), InGregs(REG_R15)},
    {"rdi", ATLAS_OURS(rdi), InGregs(REG_RDI)},
    {"rsi", ATLAS_OURS(rsi), InGregs(REG_RSI)},
    {"rbp", ATLAS_OURS(rbp), InGregs(REG_RBP)},
    {"rbx", ATLAS_OURS(rbx), InGregs(REG_RBX)},
    {"rdx", ATLAS_OURS(rdx), InGregs(REG_RDX)},
    {"rax", ATLAS_OURS(rax), InGregs(REG_RAX)},
    {"rcx", ATLAS_OURS(rcx), InGregs(REG_RCX)},
    {"rsp", ATLAS_OURS(rsp), InGregs(REG_RSP)},
    {"rip", ATLAS_OURS(rip), InGregs(REG_RIP)},
    {"rflags", ATLAS_OURS(rflags), InGregs(REG_EFL)},
    {"selectors", ATLAS_OURS(cs), InGregs(REG_CSGSFS)},
    {"error code", ATLAS_OURS(error_code), InGregs(REG_ERR)},
    {"vector", ATLAS_OURS(vector), InGregs(REG_TRAPNO)},
    {"old mask", ATLAS_OURS(old_mask), InGregs(REG_OLDMASK)},
    {"cr2", ATLAS_OURS(cr2), InGregs(REG_CR2)},
    {"floating point", ATLAS_OURS(float_state),
     offsetof(ucontext_t, uc_mcontext) + offsetof(mcontext_t, fpregs)},
    {"mask", offsetof(UserContext, mask), offsetof(ucontext_t, uc_sigmask)},
    {"siginfo_t", sizeof(SignalFrame::info), sizeof(siginfo_t)},
    {"x87 control", offsetof(FxsaveArea, control_word), offsetof(_libc_fpstate, cwd)},
    {"mxcsr", offsetof(FxsaveArea, mxcsr), offsetof(_libc_fpstate, mxcsr)},
    {"xmm", offsetof(FxsaveArea, xmm), offsetof(_libc_fpstate, _xmm)},
};
#undef ATLAS_OURS

TEST(SignalFrame, IsWhatTheCLibraryReads) {
  for (const Row& row : kRows) EXPECT_EQ(row.ours, row.theirs) << row.what;
}

// What the kernel under this test made for a handler of it.
struct Seen {
  uint64_t context_to_info;
  uint64_t stack_alignment;
  uint64_t float_alignment;
  uint32_t magic;
  uint32_t magic_behind;
  uint64_t flags;
};
Seen seen;

void Handle(int, siginfo_t* info, void* context) {
  const auto frame = reinterpret_cast<uint64_t>(context) - offsetof(SignalFrame, context);
  const auto* const user = static_cast<const UserContext*>(context);
  const uint64_t floats = user->registers.float_state;
  const auto* const facts =
      reinterpret_cast<const XsaveFacts*>(floats + offsetof(FxsaveArea, for_software));
  seen = {.context_to_info = reinterpret_cast<uint64_t>(info) - reinterpret_cast<uint64_t>(user),
          .stack_alignment = (frame + sizeof(uint64_t)) % 16,
          .float_alignment = floats % 64,
          .magic = facts->magic,
          .magic_behind = facts->magic == kXsaveMagic
                              ? *reinterpret_cast<const uint32_t*>(floats + facts->bytes)
                              : kXsaveMagicBehind,
          .flags = user->flags};
}

TEST(SignalFrame, IsWhatLinuxMakes) {
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_sigaction = Handle;
  action.sa_flags = SA_SIGINFO;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  ASSERT_EQ(raise(SIGUSR1), 0);
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
  EXPECT_EQ(seen.context_to_info, offsetof(SignalFrame, info) - offsetof(SignalFrame, context));
  EXPECT_EQ(seen.stack_alignment, 0u);
  EXPECT_EQ(seen.float_alignment, 0u);
  if ((seen.flags & kContextHasXsave) != 0) EXPECT_EQ(seen.magic, kXsaveMagic);
  EXPECT_EQ(seen.magic_behind, kXsaveMagicBehind);
  EXPECT_NE(seen.flags & kContextHasStackSelector, 0u);
}

TEST(SignalFrame, Place) {
  const SignalFramePlace place = PlaceSignalFrame(0x10000, 836);
  EXPECT_EQ(place.float_state, 0xfc80u);
  EXPECT_EQ(place.frame, 0xfab8u);
  EXPECT_EQ((place.frame + 8) % 16, 0u);
}

}  // namespace
}  // namespace arch::x86_64
