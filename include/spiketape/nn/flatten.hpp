// Flatten: images as one row of features, which they are already.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/nn/layer.hpp>

namespace spiketape::inline SPIKETAPE_ABI {

/// Returns its input, as PyTorch's nn.Flatten: here the features of a sample are one row in any case,
/// channels of rows of columns. It stands in a network so that the layers have the numbers, and parameters
/// the names, that they have in PyTorch. On a tape it costs nothing; on arrays it copies.
template <Real Scalar_>
class Flatten : public Layer<Flatten<Scalar_>, Scalar_> {
  using Base = Layer<Flatten, Scalar_>;

 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Flatten";

  Shape result(const Shape& input) const { return input; }
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y, Context<Scalar>&) const {
    y.assign(x);
  }
  void backward(const SequenceView<const Scalar>&, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>&) const {
    x_adjoint.add(y_adjoint.array());
  }

  // On a tape the input is the result, and nothing is recorded.
  using Base::operator();
  Var<Scalar> operator()(const Var<Scalar>& input) const { return input; }
  using Base::run;
  Var<Scalar> run(const Var<Scalar>& input, detail::StateParts<Scalar>) const { return input; }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
