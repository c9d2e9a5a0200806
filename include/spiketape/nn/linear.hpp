// A dense layer: y = x W + b.
#pragma once

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/active_columns.hpp>
#include <spiketape/core/events.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/core/product.hpp>
#include <spiketape/core/spike_train.hpp>

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

/// What a layer does to rows: all that its calls and its record share.
template <Real Scalar>
struct LinearProduct {
  const Scalar* weight;  // (in, out)
  Index weight_stride;
  const Scalar* bias;
  Index in, out;

  /// Up to here one row at a time, zeros left out, beats a dense product of any density.
  static constexpr Index few_outputs = 32;

  /// y = x W + b, x as events. `width` is that of y: whole lines where its rows are padded, else `out`.
  void forward(const Events<Scalar>& x, const SequenceView<Scalar>& y, Index width, int threads) const {
    parallel_ranges(threads, y.rows(), [&](int, Index begin, Index end) {
      events_times_weight(x.from(begin), end - begin, in, weight, weight_stride, bias, width,
                          y.data + begin * y.stride, y.stride);
    });
  }
  void forward(const ActiveColumns<Scalar>& x, const SequenceView<Scalar>& y) const {
    active_columns_times_weight(x, weight, weight_stride, bias, y);
  }
  /// The same with numbers. Of one row, or where outputs are few, just `out` are written: the padding stays
  /// as it is.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y, Index width,
               Workspace<Scalar>* workspace) const {
    // Zeros are left out where that always pays: the weights of few outputs lie in the cache.
    if (y.rows() == 1 || out <= few_outputs) {
      for (Index row = 0; row < y.rows(); ++row)
        row_times_weight(x.data + row * x.stride, x.features, weight, weight_stride, bias, out,
                         y.data + row * y.stride);
      return;
    }
    add_product_in_pieces<Order::as_is, Order::as_is, Scalar>(
        y.rows(), width, x.features, {x.data, x.stride}, {weight, weight_stride}, y.data, y.stride, workspace,
        [&](Index i, Index count) {
          for (Index row = 0; row < y.rows(); ++row)
            std::copy_n(bias + i, count, y.data + row * y.stride + i);
        });
  }

  /// W̄ += xᵀ ȳ. The padding of ȳ is zero.
  void add_weight_adjoint(const Events<Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          GradientSum<Scalar>& sum, Tape<Scalar>& tape) const {
    const Index rows = y_adjoint.rows(), width = whole_lines<Scalar>(out);
    if (width <= 2 * line<Scalar>)  // sorting the events would take longer than it saves
      return scatter_weight_gradient(x, rows, y_adjoint.data, y_adjoint.stride, width, sum.open(),
                                     weight_stride);
    // Rows of ȳ are read at random, so a group of them stays in the cache.
    constexpr Index group = 1024;
    const Index groups = std::max<Index>(1, (rows + group - 1) / group);
    auto* by_column = tape.template allocate<Events<Scalar>>(groups);
    for (Index g = 0; g < groups; ++g)  // may throw, and the sum must not be open before it is written
      by_column[g] = transposed(x, g * group, std::min(group, rows - g * group), in, tape);
    bool first;
    Scalar* weight_adjoint = sum.open(first);
    parallel_ranges(tape.threads(), in, [&](int, Index begin, Index end) {
      for (Index g = 0; g < groups; ++g)
        gather_weight_gradient(by_column[g].from(begin), end - begin,
                               y_adjoint.data + g * group * y_adjoint.stride, y_adjoint.stride, width,
                               weight_adjoint + begin * weight_stride, weight_stride, first && g == 0);
    });
  }
  void add_weight_adjoint(const ActiveColumns<Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          GradientSum<Scalar>& sum) const {
    active_columns_weight_gradient(x, y_adjoint, sum.open(), weight_stride);
  }
  void add_weight_adjoint(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          GradientSum<Scalar>& sum, Tape<Scalar>& tape) const {
    Scalar* weight_adjoint = sum.values.data();
    add_product_in_pieces<Order::transposed, Order::as_is, Scalar>(
        in, whole_lines<Scalar>(out), x.rows(), {x.data, x.stride}, {y_adjoint.data, y_adjoint.stride},
        weight_adjoint, weight_stride, &tape.workspace(),
        zeros(weight_adjoint, weight_stride, in, !sum.written));
    sum.written = true;
  }

  /// x̄ = ȳ Wᵀ, or += where it is not the first.
  void input_adjoint(const SequenceView<const Scalar>& y_adjoint, const Adjoint<Scalar>& x_adjoint,
                     Tape<Scalar>& tape) const {
    const SequenceView<Scalar>& x = x_adjoint.view;
    if (x.rows() == 0) return;
    if (out <= few_outputs) {
      const Index width = whole_lines<Scalar>(x.features);
      return few_outputs_times_weight(x.rows(), out, y_adjoint.data, y_adjoint.stride,
                                      transposed_weight(weight, weight_stride, in, out, width, tape), width,
                                      x.data, x.stride, x_adjoint.first);
    }
    add_product_in_pieces<Order::as_is, Order::transposed, Scalar>(
        x.rows(), x.features, out, {y_adjoint.data, y_adjoint.stride}, {weight, weight_stride}, x.data,
        x.stride, &tape.workspace(), zeros(x.data, x.stride, x.rows(), x_adjoint.first));
  }

 private:
  /// Sets pieces of columns to zero where nothing has been added yet.
  static auto zeros(Scalar* to, Index stride, Index rows, bool first) {
    return [=](Index i, Index count) {
      for (Index row = 0; first && row < rows; ++row) std::fill_n(to + row * stride + i, count, Scalar(0));
    };
  }
};

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
    if (columns)
      product.add_weight_adjoint(columns, y_adjoint, *weight_sum);
    else if (events)
      product.add_weight_adjoint(events, y_adjoint, *weight_sum, tape);
    else
      product.add_weight_adjoint(input.value(), y_adjoint, *weight_sum, tape);
    if (bias_sum != nullptr) {
      Scalar* sum = bias_sum->open();
      for (Index row = 0; row < y_adjoint.rows(); ++row) {
        const Scalar* adjoint_row = y_adjoint.data + row * y_adjoint.stride;
        for_whole_lines<Scalar>(whole_lines<Scalar>(product.out),
                                [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
                                  store(load(sum + i, whole) + load(adjoint_row + i, whole), sum + i, whole);
                                });
      }
    }
    if (input.differentiable()) product.input_adjoint(y_adjoint, tape.touch(input), tape);
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
      return detail::decode(input.value(), detail::EventRoom<Scalar>(rows, features, most, tape));
    const Index count = bits->count(rows);
    if (count > most) return {};
    return detail::decode(*bits, rows, detail::EventRoom<Scalar>(rows, features, count, tape, !bits->shared));
  }

  /// The events by sample, if a sample lights the same columns again and again: in enough steps to share rows
  /// of W, which must be long enough to be worth sharing.
  detail::ActiveColumns<Scalar> columns_of(const Var<Scalar>& input,
                                           const detail::Events<Scalar>& events) const {
    const bool may_pay = events && !input.constant() && input.steps() >= 4 && out_features() > 64;
    return may_pay ? detail::active_columns(events, input.shape(), input.tape())
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
