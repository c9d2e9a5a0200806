// Stochastic gradient descent.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/optim/optimizer.hpp>

#include <concepts>
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
  /// Nesterov's momentum; needs a momentum.
  bool nesterov = false;
  /// The number of threads of a step (OpenMP), at least 1; of several groups, the largest. The result does
  /// not depend on it, to the bit.
  int threads = 1;
};

namespace detail {

template <Real Scalar>
struct SGDRule {
  using Options = SGDOptions;
  static constexpr const char* name = "SGD";

  struct State {
    AlignedVector<Scalar> velocity;

    template <typename F>
    void visit(F&& f) {
      f("velocity", velocity);
    }
  };

  static void check(const Options& options) {
    check_option<Scalar>(name, "momentum", options.momentum, 0);
    check_option<Scalar>(name, "weight_decay", options.weight_decay, 0);
    if (options.nesterov && options.momentum == 0)
      fail_argument("spiketape::", name, ": momentum is 0, with nesterov expected more");
  }
  template <typename F>
  static void visit(Options& options, F&& f) {
    f("momentum", options.momentum);
    f("weight_decay", options.weight_decay);
    f("nesterov", options.nesterov);
  }

  static void prepare(State& state, std::size_t count) { state.velocity.resize(count); }
  static void advance(State&, const Options&) {}
  static void update(Scalar* all, const Scalar* all_gradients, Index begin, Index end, State& state,
                     const Options& options) {
    using L = Lane<Scalar>;
    const L lr = options.lr, momentum = options.momentum, decay = options.weight_decay;
    Scalar* values = all + begin;
    const Scalar* gradient = all_gradients + begin;
    Scalar* velocity = state.velocity.data() + begin;
    for_lanes<Scalar>(end - begin, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
      const L p = load(values + i, extent);
      const L g = multiply_add(decay, p, load(gradient + i, extent));
      const L v = multiply_add(momentum, load(velocity + i, extent), g);
      store(v, velocity + i, extent);
      store(p - lr * (options.nesterov ? multiply_add(momentum, v, g) : v), values + i, extent);
    });
  }
};

}  // namespace detail

/// v ← μ v + (g + λ p), p ← p − η v, with η = lr, μ = momentum, λ = weight_decay: PyTorch's SGD without
/// dampening. With nesterov p ← p − η (g + λ p + μ v), with the new v (PyTorch 1.13, torch.optim.SGD). `step`
/// updates every parameter that a gradient has reached and clears that gradient; it leaves the others
/// unchanged. It allocates in a parameter's first update only. Throws std::invalid_argument for an option out
/// of range.
template <Real Scalar>
class SGD : public detail::Optimizer<Scalar, detail::SGDRule<Scalar>> {
 public:
  /// An optimizer of these parameters, whose memory it shares. Allocates.
  explicit SGD(ParameterList<Scalar> parameters, const SGDOptions& options = {})
      : SGD::Optimizer(std::move(parameters), options) {}
  /// Does not compile, and the compiler says why: parameters of another Scalar, or a network.
  template <typename Given>
  requires detail::no_parameters<Given, Scalar>
  explicit SGD(const Given& given, const SGDOptions& options = {})
      : SGD(detail::refuse_parameters<Scalar>(given), options) {}
};
template <typename Network>
requires requires { typename Network::Scalar; }
SGD(const Network&, const SGDOptions& = {})->SGD<typename Network::Scalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
