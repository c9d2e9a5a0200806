// An optimizer of any type.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// An optimizer without its type, which must outlive it.
template <Real Scalar>
class AnyOptimizer {
 public:
  template <typename Optimizer>
  explicit AnyOptimizer(Optimizer& optimizer) {
    constexpr bool fits = requires(GradientSums<Scalar> & sums) {
      optimizer.step(sums);
      optimizer.set_lr(optimizer.lr());
    };
    static_assert(fits,
                  "spiketape::Trainer: an optimizer has step(gradients), set_lr(lr) and lr(), and the network's "
                  "Scalar: write st::Adam<float> for a network of float");
    if constexpr (fits) {
      of_ = &optimizer;
      step_ = [](void* of, GradientSums<Scalar>& sums) { static_cast<Optimizer*>(of)->step(sums); };
      set_lr_ = [](void* of, double lr) { static_cast<Optimizer*>(of)->set_lr(lr); };
      lr_ = [](const void* of) -> double { return static_cast<const Optimizer*>(of)->lr(); };
    }
  }

  void step(GradientSums<Scalar>& sums) const { step_(of_, sums); }
  void set_lr(double lr) const { set_lr_(of_, lr); }
  [[nodiscard]] double lr() const { return lr_(of_); }

 private:
  void* of_ = nullptr;
  void (*step_)(void*, GradientSums<Scalar>&) = nullptr;
  void (*set_lr_)(void*, double) = nullptr;
  double (*lr_)(const void*) = nullptr;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
