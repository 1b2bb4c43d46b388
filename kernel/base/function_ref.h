// A reference to something callable, for parameters: two words, no allocation, no template in the
// callee.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace base {

template <class Signature>
class FunctionRef;

// Refers to the object with operator() that it was made from, which must outlive the call. A plain
// function needs none of this.
template <class Returned, class... Arguments>
class FunctionRef<Returned(Arguments...)> {
 public:
  template <class Callable>
    requires(std::is_class_v<std::remove_cvref_t<Callable>> &&
             !std::same_as<std::remove_cvref_t<Callable>, FunctionRef> &&
             std::is_invocable_r_v<Returned, Callable&, Arguments...>)
  FunctionRef(Callable&& callable)  // NOLINT(google-explicit-constructor): a parameter's type
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Returned {
          using Object = std::remove_reference_t<Callable>;
          return (*static_cast<Object*>(object))(std::forward<Arguments>(arguments)...);
        }) {}

  Returned operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* object_;
  Returned (*call_)(void*, Arguments...);
};

}  // namespace base
