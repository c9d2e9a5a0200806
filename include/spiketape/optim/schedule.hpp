// What a schedule is: a function from the number of an epoch or step, from 0, to its learning rate.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/any_function.hpp>
#include <spiketape/core/array.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Without a state: the number says it all.
template <typename F>
concept ScheduleOfIndex = std::is_invocable_r_v<double, const F&, Index>;

/// Does not compile for what is no schedule, and the compiler says why.
template <typename F>
consteval bool check_schedule_type() {
  static_assert(ScheduleOfIndex<F>,
                "spiketape: a schedule is a function of the number of an epoch or step, without a state, that returns "
                "its learning rate, such as st::CosineAnnealingLR{...} or [](st::Index) { return 1e-3; }. "
                "ReduceLROnPlateau follows a metric: write adam.set_lr(plateau(epoch.test_loss)) in on_epoch");
  return ScheduleOfIndex<F>;
}

}  // namespace detail

/// A schedule, whatever its type. May be empty; copies share what it was made of. Allocates when it is made.
class AnySchedule {
 public:
  /// None.
  AnySchedule() = default;
  template <typename F>
  requires(!std::same_as<F, AnySchedule>) AnySchedule(F f)  // NOLINT: a schedule is one
  {
    if constexpr (detail::check_schedule_type<F>()) rate_ = std::move(f);
  }

  /// Whether there is none.
  [[nodiscard]] bool empty() const noexcept { return rate_.empty(); }
  /// The rate of epoch or step i, from 0. Throws std::invalid_argument if there is no schedule.
  double operator()(Index i) const {
    if (empty()) detail::fail_argument("spiketape::AnySchedule: it is empty, expected a schedule");
    return rate_(i);
  }

 private:
  detail::AnyFunction<double(Index)> rate_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
