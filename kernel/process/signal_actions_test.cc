#include "kernel/process/signal_actions.h"

#include <cstdint>
#include <string_view>

#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/process/test_memory.h"
#include "testing/unit/test.h"

namespace {

using fs::Ref;
using posix::Signal;
using posix::SignalAction;
using posix::SignalSet;
using process::SignalActions;

using Memory = process::TestMemory<2, sizeof(SignalActions)>;

constexpr uintptr_t kHandler = 0x1'2340;
constexpr Signal kLast = static_cast<Signal>(posix::kSignalCount);

struct Row {
  std::string_view name;
  Signal signal;
  uintptr_t handler;
  bool is_ignored;
  uintptr_t after_exec;
};

constexpr Row kRows[] = {
    {"the first, handled", Signal::kHangUp, kHandler, false, posix::kDefaultHandler},
    {"the last, handled", kLast, kHandler, false, posix::kDefaultHandler},
    {"ignored", Signal::kTerminate, posix::kIgnoreHandler, true, posix::kIgnoreHandler},
    {"as nobody asked", Signal::kInterrupt, posix::kDefaultHandler, false, posix::kDefaultHandler},
    {"as nobody asked, of a child", Signal::kChild, posix::kDefaultHandler, true,
     posix::kDefaultHandler},
    {"a child's, handled", Signal::kChild, kHandler, false, posix::kDefaultHandler},
};

// Of all signals but one, what is so in the beginning.
void ExpectOthersAreDefault(const SignalActions& actions, const Row& row) {
  for (unsigned number = 1; number <= posix::kSignalCount; ++number) {
    const auto signal = static_cast<Signal>(number);
    if (signal == row.signal) continue;
    const SignalAction& action = actions[signal];
    EXPECT_TRUE(action.handler == posix::kDefaultHandler && action.flags == 0 &&
                action.mask().IsEmpty())
        << row.name << " " << number;
  }
}

TEST(SignalActions, KeepsCopiesAndForgets) {
  for (const Row& row : kRows) {
    Memory memory;
    const Ref<SignalActions> actions = *fs::MakeObject<SignalActions>(memory);
    SignalAction action{.handler = row.handler, .flags = 4};
    action.SetMask(SignalSet::Of(Signal::kKill, Signal::kHangUp, kLast));
    actions->Set(row.signal, action);
    const Ref<SignalActions> copy = *actions->Copy();
    // The two have nothing in common from now on.
    actions->Set(row.signal, {});
    ExpectOthersAreDefault(*actions, row);
    ExpectOthersAreDefault(*copy, row);
    EXPECT_EQ((*actions)[row.signal].handler, posix::kDefaultHandler) << row.name;
    const SignalAction& copied = (*copy)[row.signal];
    EXPECT_TRUE(copied.handler == row.handler && copied.flags == 4) << row.name;
    EXPECT_TRUE(copied.mask() == SignalSet::Of(Signal::kHangUp, kLast)) << row.name;
    EXPECT_EQ(copy->Ignores(row.signal), row.is_ignored) << row.name;
    copy->ForgetHandlers();
    EXPECT_EQ((*copy)[row.signal].handler, row.after_exec) << row.name;
    ExpectOthersAreDefault(*copy, row);
  }
}

TEST(SignalActions, LacksMemoryWithoutHarm) {
  Memory memory;
  const Ref<SignalActions> actions = *fs::MakeObject<SignalActions>(memory);
  memory.SetLimit(1);
  EXPECT_TRUE(actions->Copy().error() == posix::Errno::kOutOfMemory);
  EXPECT_EQ(memory.used(), 1U);
}

}  // namespace
