// A dense layer: y = x W + b.
#pragma once

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/kernels/linear_product.hpp>
#include <spiketape/kernels/spike_train.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace spiketape {

namespace detail {

/// Whether two views have a number in common. Columns side by side in one array have none.
template <Real Scalar>
bool overlap(const SequenceView<const Scalar>& a, const SequenceView<const Scalar>& b) {
  if (a.rows() == 0 || b.rows() == 0 || a.features == 0 || b.features == 0) return false;
  const auto before = [](const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y) {
    return std::less_equal<>()(x.data + (x.rows() - 1) * x.stride + x.features, y.data);
  };
  if (before(a, b) || before(b, a)) return false;
  if (a.stride != b.stride || a.stride == 0) return true;
  const Index shift = ((b.data - a.data) % a.stride + a.stride) % a.stride;
  return shift < a.features || shift + b.features > a.stride;
}

/// The record of a call on a tape: what the adjoints of input, W and b are made of.
template <Real Scalar>
struct LinearOp {
  Var<Scalar> input, output;
  LinearProduct<Scalar> product;
  Events<Scalar> events;
  ActiveColumns<Scalar> columns;
  GradientSum<Scalar>* weight_sum;
  GradientSum<Scalar>* bias_sum;  // nullptr: no bias

  void backward(Tape<Scalar>& tape) const {
    if (!output.has_adjoint()) return;
    const SequenceView<const Scalar> y_adjoint = output.adjoint();
    const auto place = [](GradientSum<Scalar>& sum) {
      return typename LinearProduct<Scalar>::WeightSums{sum.values.data(), !sum.written};
    };
    if (columns)
      product.add_weight_adjoint(columns, y_adjoint, place(*weight_sum));
    else if (events)
      product.add_weight_adjoint(events, y_adjoint, place(*weight_sum), tape.arena(), tape.threads());
    else
      product.add_weight_adjoint(input.value(), y_adjoint, place(*weight_sum), tape.workspace());
    weight_sum->written = true;
    if (bias_sum != nullptr) {
      product.add_bias_adjoint(y_adjoint, place(*bias_sum));
      bias_sum->written = true;
    }
    if (!input.differentiable()) return;
    const Adjoint<Scalar> x_adjoint = tape.touch(input);
    product.input_adjoint(y_adjoint, x_adjoint.view, x_adjoint.first, tape.arena(), tape.workspace());
  }
};

}  // namespace detail

/// What a dense layer may leave out.
struct LinearOptions {
  bool bias = true;  // false: y = x W, and b stays zero
};

/// A dense layer, y = x W + b, on rows of (in_features), giving rows of (out_features). A whole sequence
/// is one product, of dense rows or, on a tape, of the few inputs that are not zero, whichever is faster (the
/// same sums in another order). A sequence whose steps are all the same is multiplied once, and so is its
/// weight gradient. On a tape it is differentiated by its input, W and b.
///
/// W is kept as (in_features, out_features), the transpose of PyTorch's, so that what one input neuron
/// sends lies in one row; like nn.Linear, W and b start uniform in ±1/√in_features.
template <Real Scalar_>
class Linear {
 public:
  using Scalar = Scalar_;

  /// Throws std::invalid_argument for a negative number of features.
  Linear(Index in_features, Index out_features, Random& random, const LinearOptions& options = {})
      : weight_("weight", checked("in_features", in_features), checked("out_features", out_features)),
        bias_("bias", 1, out_features),
        has_bias_(options.bias) {
    const double bound = in_features > 0 ? 1 / std::sqrt(static_cast<double>(in_features)) : 0;
    detail::fill_uniform(weight_, random, bound);
    if (has_bias_) detail::fill_uniform(bias_, random, bound);
  }

  Index in_features() const { return weight_.rows(); }
  Index out_features() const { return weight_.cols(); }
  bool has_bias() const { return has_bias_; }

  /// W, (in_features, out_features): `linear.weight().array() = w.transpose()` takes PyTorch's.
  Parameter<Scalar>& weight() { return weight_; }
  const Parameter<Scalar>& weight() const { return weight_; }
  /// b, (1, out_features); zero and not learned without a bias.
  Parameter<Scalar>& bias() { return bias_; }
  const Parameter<Scalar>& bias() const { return bias_; }

  ParameterList<Scalar> parameters() const {
    if (has_bias_) return {weight_.ptr(), bias_.ptr()};
    return {weight_.ptr()};
  }

  /// On a tape: a step or a sequence. Allocates nothing once the tape has warmed up. This and all calls throw
  /// std::invalid_argument if the input has not in_features features.
  Var<Scalar> operator()(const Var<Scalar>& input) const {
    check(input.shape());
    Tape<Scalar>& tape = input.tape();
    const Shape shape{input.steps(), input.batch(), out_features()};
    const Var<Scalar> output = tape.result(shape, true, input.constant());
    const auto events = events_of(input);
    const auto columns = columns_of(input, events);
    const Index width = detail::whole_lines<Scalar>(out_features());
    if (columns)
      product().forward(columns, tape.writable(output));
    else if (events)
      product().forward(events, tape.writable(output), width, tape.threads());
    else
      product().forward(input.value(), tape.writable(output), width, &tape.workspace());
    tape.record(detail::LinearOp<Scalar>{input, output, product(), events, columns,
                                         &tape.gradients().sum_of(weight_.ptr()),
                                         has_bias_ ? &tape.gradients().sum_of(bias_.ptr()) : nullptr});
    return output;
  }

  /// One step on an Eigen array (batch, in_features). Allocates the result.
  template <typename Step>
  Array<Scalar> operator()(const Eigen::DenseBase<Step>& input) const {
    const SequenceView<const Scalar> view = input;
    Array<Scalar> output(view.batch, out_features());
    forward_into(view, output);
    return output;
  }

  /// A whole sequence. Allocates the result.
  Sequence<Scalar> operator()(const Sequence<Scalar>& input) const {
    Sequence<Scalar> output({input.steps(), input.batch(), out_features()}, input.constant());
    forward_into(input, output);
    return output;
  }

  /// The spikes that a neuron in a Sequential hands on, as events if they are few enough. Allocates the
  /// result and room for them.
  Sequence<Scalar> operator()(const detail::SpikeTrain<Scalar>& spikes) const {
    check(spikes.shape());
    Sequence<Scalar> output(spikes.shape().steps, spikes.shape().batch, out_features());
    const detail::BitRows<Scalar> bits = spikes.rows();
    const Index rows = output.view().rows(), features = in_features(), count = bits.count(rows);
    Arena memory;
    if (count <= detail::most_events(rows, features)) {
      const detail::EventRoom<Scalar> room(rows, features, count, memory, !bits.shared);
      product().forward(detail::decode(bits, rows, room), output, out_features(), 1);
    } else {
      const Index stride = detail::whole_lines<Scalar>(features);
      Scalar* numbers = memory.allocate<Scalar>(rows * stride);
      for (Index row = 0; row < rows; ++row) bits.write(row, numbers + row * stride);
      product().forward({numbers, spikes.shape(), stride}, output, out_features(), nullptr);
    }
    return output;
  }
  static constexpr bool takes_spikes = true;  ///< So that Sequential does.

  /// With a result that the caller owns. Allocates nothing for a single row; for more, Eigen's product takes
  /// its packing space from the stack if it is small (128 KiB), else from the heap. Throws
  /// std::invalid_argument for an output of another shape or one that overlaps the input.
  void forward_into(SequenceView<const Scalar> input, SequenceView<Scalar> output) const {
    check(input.shape());
    if (output.shape() != Shape{input.steps, input.batch, out_features()})
      detail::fail_argument("spiketape::Linear::forward_into: output has shape ", output.shape(),
                            ", expected ", Shape{input.steps, input.batch, out_features()});
    if (output.constant != input.constant)
      detail::fail_argument("spiketape::Linear::forward_into: ", input.constant ? "input" : "output",
                            " is one step for all and ", input.constant ? "output" : "input",
                            " is not, expected both or neither");
    if (detail::overlap<Scalar>(input, output))
      detail::fail_argument(
          "spiketape::Linear::forward_into: output lies where input lies, expected other memory");
    product().forward(input, output, out_features(), nullptr);
  }

 private:
  static Index checked(const char* parameter, Index features) {
    if (features < 0)
      detail::fail_argument("spiketape::Linear: ", parameter, " is ", features, ", expected at least 0");
    return features;
  }

  void check(const Shape& input) const {
    if (input.features != in_features())
      detail::fail_argument("spiketape::Linear: input has ", input.features, " features, weights expect ",
                            in_features());
  }

  /// The input as events, if it is sparse enough; spikes are, without being written out.
  detail::Events<Scalar> events_of(const Var<Scalar>& input) const {
    const Index rows = input.constant() ? input.batch() : input.steps() * input.batch();
    const Index features = input.features(), most = detail::most_events(rows, features);
    Tape<Scalar>& tape = input.tape();
    const detail::BitRows<Scalar>* bits = tape.bits(input);
    if (bits == nullptr)
      return detail::decode(input.value(), detail::EventRoom<Scalar>(rows, features, most, tape.arena()));
    const Index count = bits->count(rows);
    if (count > most) return {};
    return detail::decode(*bits, rows,
                          detail::EventRoom<Scalar>(rows, features, count, tape.arena(), !bits->shared));
  }

  /// The events by sample, if a sample lights the same columns again and again: in enough steps to share rows
  /// of W, which must be long enough to be worth sharing.
  detail::ActiveColumns<Scalar> columns_of(const Var<Scalar>& input,
                                           const detail::Events<Scalar>& events) const {
    const bool may_pay = events && !input.constant() && input.steps() >= 4 && out_features() > 64;
    return may_pay ? detail::active_columns(events, input.shape(), input.tape().arena())
                   : detail::ActiveColumns<Scalar>();
  }

  detail::LinearProduct<Scalar> product() const {
    return {weight_.data(), weight_.stride(), bias_.data(), in_features(), out_features()};
  }

  Parameter<Scalar> weight_;
  Parameter<Scalar> bias_;
  bool has_bias_;
};

}  // namespace spiketape
