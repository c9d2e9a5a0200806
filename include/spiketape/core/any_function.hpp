// Something callable, whatever its type, that is kept: who keeps it is compiled once.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename Signature>
class AnyFunction;

/// Owns what it was made of; copies share it. May be empty, as after a move; an empty one must not be called.
/// Allocates when it is made.
template <typename Result, typename... Arguments>
class AnyFunction<Result(Arguments...)> {
 public:
  AnyFunction() = default;
  template <typename F>
  requires(!std::same_as<F, AnyFunction> && std::is_invocable_r_v<Result, F&, Arguments...>)
      AnyFunction(F f)  // NOLINT
      : function_(std::make_shared<F>(std::move(f))), call_([](void* of_f, Arguments... arguments) -> Result {
          return static_cast<Result>((*static_cast<F*>(of_f))(static_cast<Arguments>(arguments)...));
        }) {}

  [[nodiscard]] bool empty() const noexcept { return function_ == nullptr; }
  Result operator()(Arguments... arguments) const {
    return call_(function_.get(), static_cast<Arguments>(arguments)...);
  }

 private:
  std::shared_ptr<void> function_;
  Result (*call_)(void*, Arguments...) = nullptr;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
