// A dense layer: y = x W + b.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/linear_product.hpp>
#include <spiketape/nn/layer.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of a dense layer.
struct LinearOptions {
  bool bias = true;  ///< false: y = x W; b stays zero.
};

/// A dense layer, y = x W + b, from rows of (in_features) to rows of (out_features). A whole sequence is one
/// product: of dense rows or, on a tape, of the inputs that are not zero, whichever is faster (the same sums
/// in another order). A sequence whose steps are all the same is multiplied once, and so is its weight
/// gradient. On a tape it is differentiated by its input, W and b.
///
/// W is stored as (in_features, out_features), the transpose of PyTorch's, so that the weights of one input
/// lie in one row. As in nn.Linear, W and b start uniform in ±1/√in_features.
template <Real Scalar_>
class Linear : public Layer<Linear<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;

  /// Throws std::invalid_argument for a negative number of features, and for more weights than memory has
  /// addresses.
  Linear(Index in_features, Index out_features, Random& random, const LinearOptions& options = {})
      : weight_("weight", checked("in_features", in_features), checked("out_features", out_features)),
        bias_("bias", 1, out_features),
        has_bias_(options.bias) {
    const double bound = in_features > 0 ? 1 / std::sqrt(static_cast<double>(in_features)) : 0;
    detail::fill_uniform(weight_, random, bound);
    if (has_bias_) detail::fill_uniform(bias_, random, bound);
    bias_.set_learned(has_bias_);
    weight_.set_saved_transposed(true);
  }

  Linear(const Linear&) = default;
  Linear(Linear&&) = default;
  /// Takes the values and whether there is a bias; see Parameter.
  Linear& operator=(const Linear& other) { return assign(other); }
  Linear& operator=(Linear&& other) { return assign(std::move(other)); }
  ~Linear() = default;

  /// The numbers of a row that it takes and of one that it returns, and whether it adds b.
  Index in_features() const noexcept { return weight_.rows(); }
  Index out_features() const noexcept { return weight_.cols(); }
  bool has_bias() const noexcept { return has_bias_; }

  /// W, (in_features, out_features). `linear.weight().set_transposed(w)` takes PyTorch's.
  Parameter<Scalar>& weight() { return weight_; }
  const Parameter<Scalar>& weight() const { return weight_; }
  /// b, (1, out_features); zero and not learned without a bias.
  Parameter<Scalar>& bias() { return bias_; }
  const Parameter<Scalar>& bias() const { return bias_; }

  /// The shape of the result. Throws std::invalid_argument for another number of features than in_features.
  Shape result(const Shape& input) const {
    if (input.features != in_features())
      this->fail("input has ", input.features, " features, ", weight_.name(), " expects ", in_features(),
                 detail::why_empty(input.batch, input.features));
    return {input.steps, input.batch, out_features()};
  }

  /// Multiplies dense rows or events, whichever is faster. A call on arrays allocates nothing for a single
  /// row; for more, Eigen's product takes its packing space from the stack up to 128 KiB, else from the heap.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    if (context.tape() == nullptr) return forward_on_arrays(x, y, context);
    auto* kept = context.template save<Kept>(1);
    kept->events = events_of(x, context);
    kept->columns = columns_of(x, kept->events, context);
    const Index width = detail::whole_lines<Scalar>(out_features());
    if (!kept->events) return product().forward(numbers(x, context), y, width, &context.tape()->workspace());
    if (kept->columns) {
      product().forward(kept->columns, y);
      if (product().sound(y, context.threads())) return;
    }
    product().forward(kept->events, y, width, context.threads());
  }

  /// x̄ = ȳ Wᵀ, W̄ = xᵀ ȳ, b̄ = Σ ȳ; on a tape only.
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    Tape<Scalar>& tape = *context.tape();
    const auto* kept = context.template saved<Kept>();
    const bool learns_bias = has_bias_ && bias_.learned();
    bool finite = true;  // whether ȳ is; its sums show it sooner
    if (learns_bias) {
      GradientSum<Scalar>& sum = tape.gradients().sum_of(bias_.ptr());
      product().add_bias_adjoint(y_adjoint, {sum.values.data(), !sum.written}, tape.threads());
      sum.written = true;
      finite = detail::all_finite<Scalar>({sum.values.data(), {1, 1, out_features()}, bias_.stride()});
    }
    if (weight_.learned()) {
      if (!learns_bias && (kept->columns || !kept->events))
        finite = product().finite(y_adjoint, tape.threads());
      GradientSum<Scalar>& sum = tape.gradients().sum_of(weight_.ptr());
      const Sums place{sum.values.data(), !sum.written};
      if (kept->columns && finite)
        product().add_weight_adjoint(kept->columns, y_adjoint, place);
      else if (kept->events)
        product().add_weight_adjoint(kept->events, y_adjoint, place, tape.arena(), tape.threads());
      else
        product().add_weight_adjoint(numbers(x, context), y_adjoint, place, tape.arena(), tape.workspace(),
                                     finite);
      sum.written = true;
    }
    if (!x_adjoint.empty())
      product().input_adjoint(y_adjoint, x_adjoint.view, x_adjoint.first, tape.arena(), tape.workspace());
  }

  /// Calls f(name, parameter) for W and, if there is one, b.
  template <typename F>
  void for_each_parameter(F&& f) {
    f("weight", weight_);
    if (has_bias_) f("bias", bias_);
  }

  /// The number of synapses of one input.
  Index fan_out() const { return out_features(); }

  static constexpr const char* name = "Linear";
  static constexpr bool takes_bits = true, stores_adjoints = true;

 private:
  using Sums = typename detail::LinearProduct<Scalar>::WeightSums;
  /// The form in which forward read the input, if not as a dense array.
  struct Kept {
    detail::Events<Scalar> events;
    detail::ActiveColumns<Scalar> columns;
  };

  template <typename Other>
  Linear& assign(Other&& other) {
    has_bias_ = other.has_bias_;
    weight_ = std::forward<Other>(other).weight_;
    bias_ = std::forward<Other>(other).bias_;
    // A network has named the weight; it named no bias if there was none.
    const std::string& path = weight_.name();
    constexpr std::string_view weight = ".weight";
    if (bias_.ptr() != nullptr && path.ends_with(weight))
      bias_.ptr()->name = path.substr(0, path.size() - weight.size()) + ".bias";
    return *this;
  }

  static Index checked(const char* parameter, Index features) {
    if (features < 0)
      detail::fail_argument("spiketape::Linear: ", parameter, " is ", features, ", expected at least 0");
    return features;
  }

  /// Multiplies spikes as events if they are few enough, all other inputs as dense rows.
  void forward_on_arrays(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
                         Context<Scalar>& context) const {
    const detail::BitRows<Scalar>* bits = context.bits();
    if (bits != nullptr && bits->count(x.rows()) <= detail::most_events(x.rows(), x.features))
      product().forward(events_of(x, context), y, out_features(), 1);
    else
      product().forward(numbers(x, context), y, out_features(), nullptr);
  }

  /// The input as events if it is sparse enough, else empty. Bits are decoded without writing out numbers.
  detail::Events<Scalar> events_of(const SequenceView<const Scalar>& x, Context<Scalar>& context) const {
    const Index rows = x.rows(), most = detail::most_events(rows, x.features);
    const detail::BitRows<Scalar>* bits = context.bits();
    if (bits == nullptr)
      return detail::decode(x, detail::EventRoom<Scalar>(rows, x.features, most, context.memory()));
    const Index count = bits->count(rows);
    if (count > most) return {};
    return detail::decode(
        *bits, rows, detail::EventRoom<Scalar>(rows, x.features, count, context.memory(), !bits->shared));
  }

  /// The events by sample, if the same columns of a sample are active in enough steps to share rows of W, and
  /// these rows are long enough for that to pay off.
  detail::ActiveColumns<Scalar> columns_of(const SequenceView<const Scalar>& x,
                                           const detail::Events<Scalar>& events,
                                           Context<Scalar>& context) const {
    const bool may_pay = events && !x.constant && x.steps >= 4 && out_features() > 64;
    return may_pay ? detail::active_columns(events, x.shape(), context.memory())
                   : detail::ActiveColumns<Scalar>();
  }

  /// The input as numbers, written to scratch memory if it comes as bits.
  static SequenceView<const Scalar> numbers(const SequenceView<const Scalar>& x, Context<Scalar>& context) {
    const detail::BitRows<Scalar>* bits = context.bits();
    if (bits == nullptr || !x.empty()) return x;
    const Index stride = detail::whole_lines<Scalar>(x.features);
    Scalar* memory = context.template scratch<Scalar>(x.rows() * stride);
    for (Index row = 0; row < x.rows(); ++row) bits->write(row, memory + row * stride);
    return {memory, x.shape(), stride};
  }

  detail::LinearProduct<Scalar> product() const {
    return {weight_.data(), weight_.stride(), bias_.data(), in_features(), out_features()};
  }

  Parameter<Scalar> weight_;
  Parameter<Scalar> bias_;
  bool has_bias_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
