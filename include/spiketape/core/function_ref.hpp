// A reference to something callable, whatever its type: functions that take it are compiled once.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <concepts>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename Signature>
class FunctionRef;

/// Refers to what it was made of, which must outlive it: for parameters only.
template <typename Result, typename... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <typename F>
  requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef>) FunctionRef(F&& function)  // NOLINT
      : function_(&function), call_([](const void* of_f, Arguments... arguments) -> Result {
          using Called = std::add_const_t<std::remove_reference_t<F>>;
          return (*static_cast<Called*>(of_f))(static_cast<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const {
    return call_(function_, static_cast<Arguments>(arguments)...);
  }

 private:
  const void* function_;
  Result (*call_)(const void*, Arguments...);
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
