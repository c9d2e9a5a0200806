// Encoders as layers, at the front of a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/nn/layer.hpp>
#include <spiketape/spikegen/rate.hpp>

#include <concepts>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// How many steps were encoded, as a state: two numbers, since a float counts to 2^24 only.
inline constexpr Index counted_at_once = Index(1) << 20;

template <Real Scalar>
Index steps_in(const SequenceView<const Scalar>& state) {
  const Scalar* digits = state.data;
  return static_cast<Index>(digits[0]) + counted_at_once * static_cast<Index>(digits[1]);
}
template <Real Scalar>
void write_steps(Index steps, const SequenceView<Scalar>& state) {
  const Index low = steps % counted_at_once, high = steps / counted_at_once;
  for (Index b = 0; b < state.batch; ++b) {
    state.row(0, b)[0] = static_cast<Scalar>(low);
    state.row(0, b)[1] = static_cast<Scalar>(high);
  }
}

struct NamesBackward {
  void backward() const {}
};
/// As check_code, for the adjoint.
template <Real Scalar, typename Code>
consteval bool check_backward_of_code() {
  constexpr bool fits =
      requires(const Code& code, const SequenceView<const Scalar>& x, const Adjoint<Scalar>& to) {
    code.backward(x, x, to);
  };
  if constexpr (!fits && !std::is_final_v<Code>)
    static_assert(
        requires { &CodeAnd<Code, NamesBackward>::backward; },
        "spiketape: backward of a code is a const template: template <st::Real Scalar> void backward(const "
        "st::SequenceView<const Scalar>& x, const st::SequenceView<const Scalar>& y_adjoint, const "
        "st::Adjoint<Scalar>& x_adjoint) const");
  return true;
}

template <typename Input, typename Scalar>
concept SequenceOf = std::same_as<Input, Sequence<Scalar>> || std::same_as<Input, SequenceView<const Scalar>> ||
                     std::same_as<Input, SequenceView<Scalar>>;

}  // namespace detail

/// A layer that encodes its input with a code of spikegen/: Rate, or spikegen::Latency, Delta, Phase,
/// Population, or your own (spikegen/code.hpp).
///
///     st::Sequential net{st::Encode<float>({.gain = 0.5}), st::Linear<float>(784, 100, random),
///                        st::Leaky<float>({.beta = 0.9f})};
///     const auto [spk, mem] = net(tape.constant(batch.input, 25));  // other spikes in each step
///
/// Spikes go to the next layer as bits, which become events there; numbers are not written. Of one input,
/// each step encodes another: the result is not constant, but for Population. Random numbers depend on the
/// seed, the layer, the round of training, the step, the sample and the feature, so a batch encodes the same
/// whole, in shards and blocks, and in windows; see RandomKey and Tape::set_seed. On arrays, and in each
/// round of evaluation with the same seed, they are the same.
///
/// A call with a State goes on where the last one ended: step by step gives the spikes of a sequence. Without
/// a state, on arrays, each call begins at step 0 (and a Delta at its `padding`). On a tape, calls follow
/// each other until the tape is reset. In Windows a Delta would lose the last step of the window before, so
/// they refuse it; encode a long signal beforehand, by spikegen::delta.
///
/// Differentiated by the input where the code is (Population); the others add nothing to its adjoint. A call
/// on a tape allocates nothing once the tape has warmed up. Throws std::invalid_argument for wrong options,
/// when it is made or called, and for data that the code does not take.
template <Real Scalar_, typename Code = spikegen::Rate>
class Encode : public Layer<Encode<Scalar_, Code>, Scalar_> {
  static_assert(detail::check_code<Scalar_, Code>() && detail::check_backward_of_code<Scalar_, Code>());

 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Encode";
  static constexpr spikegen::Memory memory = Code::memory;
  static constexpr std::size_t carried = memory == spikegen::Memory::nothing ? 0 : 1;

  /// Encodes with this code, which checks its options when it is called.
  explicit Encode(const Code& code = {}) : code_(code) {}

  /// The code and its options.
  const Code& code() const noexcept { return code_; }

  Shape result(const Shape& input) const { return code_.result(input); }
  Shape state_shape(std::size_t, const Shape& input) const {
    return {1, input.batch, memory == spikegen::Memory::input ? input.features : 2};
  }
  bool gives_spikes() const { return code_.gives_spikes(); }
  /// Whether windows lose its state: they know how many steps there were.
  bool forgets_state() const noexcept { return memory == spikegen::Memory::input; }

  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    spikegen::Signal<Scalar> signal{x, {}, context.key(), context.memory()};
    if (context.tape() != nullptr) signal.steps_of_whole = context.tape()->part().steps.of(x.steps).whole;
    if constexpr (memory == spikegen::Memory::steps) {
      if (const auto entering = context.entering(); !entering.empty() && x.batch > 0)
        signal.key = signal.key.at_step(detail::steps_in(entering));
      detail::write_steps(signal.key.first_step() + x.steps, context.leaving());
    } else if constexpr (memory == spikegen::Memory::input) {
      signal.before = context.entering();
      if (x.steps > 0)
        context.leaving().assign(x.step(x.constant ? 0 : x.steps - 1));
      else if (!signal.before.empty())
        context.leaving().assign(signal.before);
      else
        context.leaving().clear();
    }
    if (auto* bits = context.result_bits(); bits != nullptr)
      detail::write_spikes(code_, signal, y.shape(), bits);
    else
      detail::write_numbers(code_, signal, y);
  }
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>&) const {
    if constexpr (requires { code_.backward(x, y_adjoint, x_adjoint); })
      code_.backward(x, y_adjoint, x_adjoint);
  }

  /// The spikes of a whole sequence as bits, for the next layer; see Sequential. Allocates the result.
  template <detail::SequenceOf<Scalar> Input>
  detail::SpikeTrain<Scalar> spikes(const Input& input) const {
    return detail::spikes_of(view_of(input), code_, this->array_key());
  }

 private:
  Code code_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
