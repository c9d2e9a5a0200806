// Stochastic gradient descent.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/optim/optimizer.hpp>

#include <cstddef>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of SGD, all finite; see there for the equations.
struct SGDOptions {
  /// η, the learning rate, at least 0. SGD::set_lr changes it later.
  double lr = 1e-2;
  /// μ, the part of the last velocity that is kept, at least 0.
  double momentum = 0;
  /// λ, the factor of the parameters that is added to their gradients (an L2 penalty), at least 0.
  double weight_decay = 0;
  /// The number of threads of a step (OpenMP), at least 1. The result does not depend on it, to the bit.
  int threads = 1;
};

namespace detail {

template <Real Scalar>
struct SGDState {
  AlignedVector<Scalar> velocity;

  template <typename F>
  void visit(F&& f) {
    f("velocity", velocity);
  }
};

}  // namespace detail

/// v ← μ v + (g + λ p), p ← p − η v, with η = lr, μ = momentum, λ = weight_decay: PyTorch's SGD without
/// dampening. `step` updates every parameter that a gradient has reached and clears that gradient; it leaves
/// the others unchanged. It allocates in a parameter's first update only. Throws std::invalid_argument for an
/// option out of range.
template <Real Scalar>
class SGD : public detail::Optimizer<Scalar, detail::SGDState<Scalar>> {
 public:
  /// An optimizer of these parameters, whose memory it shares. Allocates.
  explicit SGD(ParameterList<Scalar> parameters, const SGDOptions& options = {})
      : detail::Optimizer<Scalar, detail::SGDState<Scalar>>("SGD", std::move(parameters), options.lr),
        options_(options) {
    detail::check_option<Scalar>("SGD", "momentum", options.momentum, 0);
    detail::check_option<Scalar>("SGD", "weight_decay", options.weight_decay, 0);
    detail::check_option<Scalar>("SGD", "threads", options.threads, 1);
  }

  /// One update of every parameter that has a gradient in `gradients`; then drops those gradients. Allocates
  /// in a parameter's first update only; if memory runs out, nothing has changed. Throws std::invalid_argument
  /// if none has one, since the step would have no effect (see Parameter on which network an optimizer
  /// trains), and if the optimizer was moved from.
  void step(GradientSums<Scalar>& gradients) {
    using L = Lane<Scalar>;
    const L lr = this->lr(), momentum = options_.momentum, decay = options_.weight_decay;
    const auto prepare = [](auto& state, std::size_t count) { state.velocity.resize(count); };
    this->update_all(gradients, options_.threads, prepare, [](auto&) {},
                     [&](Scalar* all, const Scalar* all_gradients, Index begin, Index end, auto& state) {
                       Scalar* values = all + begin;
                       const Scalar* gradient = all_gradients + begin;
                       Scalar* velocity = state.velocity.data() + begin;
                       detail::for_lanes<Scalar>(
                           end - begin, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
                             const L p = detail::load(values + i, extent);
                             const L g = multiply_add(decay, p, detail::load(gradient + i, extent));
                             const L v = multiply_add(momentum, detail::load(velocity + i, extent), g);
                             detail::store(v, velocity + i, extent);
                             detail::store(p - lr * v, values + i, extent);
                           });
                     });
  }

  /// For Checkpoint.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("momentum", options_.momentum);
    visitor.fact("weight_decay", options_.weight_decay);
    detail::Optimizer<Scalar, detail::SGDState<Scalar>>::checkpoint(visitor);
  }

 private:
  SGDOptions options_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
