// Makes an entry of the system call table of a function with the call's own parameters.
#pragma once

#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "arch/ops/argument_reader.h"
#include "arch/ops/user_mode.h"
#include "kernel/posix/errno.h"

namespace syscall {

// What the table holds: does the call, and returns what Linux leaves in the result register.
using Handler = intptr_t (*)(arch::UserRegisters&);

// One parameter, from the registers that follow. Integers that are wider than a register take two;
// what is narrower loses its upper bits, which user mode may have set to anything.
template <class Parameter>
Parameter TakeArgument(arch::ArgumentReader& reader) {
  using Value = std::remove_cvref_t<Parameter>;
  if constexpr (std::same_as<Value, arch::UserRegisters>) {
    return reader.registers();
  } else if constexpr (std::integral<Value> && sizeof(Value) > sizeof(uintptr_t)) {
    return static_cast<Value>(reader.NextLong());
  } else if constexpr (std::integral<Value> || std::is_enum_v<Value>) {
    return static_cast<Value>(reader.Next());
  } else {
    return Value(reader.Next());
  }
}

template <auto Function>
struct Adapter;

template <class... Parameters, posix::CallResult (*Function)(Parameters...)>
struct Adapter<Function> {
  static intptr_t Call(arch::UserRegisters& registers) {
    arch::ArgumentReader reader(registers);
    // Braces: the arguments are taken in their order.
    return std::apply(
        [](auto&&... arguments) {
          return Function(std::forward<decltype(arguments)>(arguments)...).word();
        },
        std::tuple<Parameters...>{TakeArgument<Parameters>(reader)...});
  }
};

// `Function` is a posix::CallResult(Parameters...): integers and enumerations, user pointers
// (made of the register's value), or arch::UserRegisters& for calls that change more than the
// result.
template <auto Function>
inline constexpr Handler kAdapted = Adapter<Function>::Call;

}  // namespace syscall
