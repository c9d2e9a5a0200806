// Dropout: leaves features out at random while a network trains.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/nn/layer.hpp>

namespace spiketape::inline SPIKETAPE_ABI {

/// In training, sets each feature of a sample to zero with the probability p and multiplies the others by
/// 1/(1 − p); in evaluation the result is the input (Srivastava, Hinton, Krizhevsky, Sutskever and
/// Salakhutdinov, Dropout, JMLR 2014). What is left out of a sample is left out in all steps of a call: what
/// changed with every step would average out over time (Lee, Sarwar, Panda, Srinivasan and Roy, Enabling
/// spike-based backpropagation, Frontiers in Neuroscience 2020). In snnTorch, where nn.Dropout is called step
/// by step, it does change.
///
///     st::Dropout<float> dropout(0.2);
///
/// A tape trains unless tape.set_training(false), arrays evaluate. The random numbers are those of RandomKey:
/// other ones in each round of training, the same whole, in blocks and on any number of threads. Layers of a
/// network draw different ones; layers outside of a network, on one tape, the same. On a tape it is
/// differentiated by its input. Keeps the factors of a step for backward.
template <Real Scalar_>
class Dropout : public Layer<Dropout<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Dropout";

  /// Throws std::invalid_argument unless p is from 0 to 1.
  explicit Dropout(double p = 0.5) : p_(p) {
    if (!(p >= 0 && p <= 1)) this->fail("p is ", p, ", expected 0 to 1");
  }
  /// The probability that a number becomes zero.
  double p() const noexcept { return p_; }

  Shape result(const Shape& input) const { return input; }

  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    if (!context.training()) return y.assign(x);
    const SequenceView<Scalar> factors(context.template save<Scalar>(x.batch * x.features),
                                       {1, x.batch, x.features}, x.features);
    const RandomKey& key = context.key();
    const auto kept = static_cast<Scalar>(1 / (1 - p_));
    for (Index b = 0; b < x.batch; ++b)
      for (Index i = 0; i < x.features; ++i) factors.row(0, b)[i] = key.uniform(b, i) < p_ ? Scalar(0) : kept;
    for (Index t = 0; t < x.stored_steps(); ++t) y.step(t).array() = x.step(t).array() * factors.array();
  }
  void backward(const SequenceView<const Scalar>&, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    if (!context.training()) return x_adjoint.add(y_adjoint.array());
    const ArrayMap<const Scalar> factors(context.template saved<Scalar>(), y_adjoint.batch,
                                         y_adjoint.features, Eigen::OuterStride<>(y_adjoint.features));
    x_adjoint.add(y_adjoint.stored_steps(), [&](Index t) { return y_adjoint.step(t).array() * factors; });
  }

 private:
  double p_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
