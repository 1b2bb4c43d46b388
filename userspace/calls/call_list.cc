#include "userspace/calls/call_list.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "userspace/machine/call_numbers.h"
#include "userspace/machine/system_call.h"

namespace calls {
namespace {

constexpr bool HasForm(posix::Call call) {
  return std::ranges::any_of(kAllForms, [=](std::span<const CallForm> forms) {
    return std::ranges::find(forms, call, &CallForm::call) != forms.end();
  });
}

constexpr bool AllHaveForms() {
  for (size_t i = 0; i < posix::kCallCount; ++i) {
    if (!HasForm(static_cast<posix::Call>(i))) return false;
  }
  return true;
}

static_assert(AllHaveForms(), "A call of the kernel has no form: nobody attacks it.");

}  // namespace

std::optional<long> NumberOf(const CallForm& form) {
  if (form.own_number != 0) {
    return HasOwnCalls() ? std::optional(static_cast<long>(form.own_number)) : std::nullopt;
  }
  const auto found =
      std::ranges::find(machine::kSystemCalls, form.call, &posix::NumberedCall::call);
  if (found == machine::kSystemCalls.end()) return std::nullopt;
  return static_cast<long>(found->number);
}

bool HasOwnCalls() {
  static const bool has = machine::SystemCall(kReceiveCall, 0, 0) != -ENOSYS;
  return has;
}

// What is wider than a register takes two, of which the first has an even number.
Registers InRegisters(const CallForm& form, const Registers& arguments) {
  Registers registers{};
  size_t next = 0;
  for (size_t i = 0; i < kMostArguments && next < kMostArguments; ++i) {
    const bool is_wide = form.arguments[i].kind == Kind::kLong && kWordBytes < sizeof(int64_t);
    if (is_wide) next += next % 2;
    registers[next++] = arguments[i];
    if (is_wide) registers[next++] = arguments[i] < 0 ? -1 : 0;
  }
  return registers;
}

}  // namespace calls
