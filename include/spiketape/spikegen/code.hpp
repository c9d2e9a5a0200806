// How data become spikes: what a code is, and encoding on arrays.
//
// A code is a struct of options: Rate, Latency, Delta, Phase, Population, or your own. It has
//
//   static constexpr const char* name
//                     for error texts and summaries
//   static constexpr spikegen::Memory memory
//                     what it must know of earlier steps of the same data
//   Shape result(const Shape& data) const
//                     the shape of the result; throws if an option is wrong or the data do not fit
//   bool gives_spikes() const
//                     whether the result is spikes of the value 1. Then the code has `spikes`, else `numbers`
//   void spikes(const spikegen::Signal<Scalar>& signal, const spikegen::SpikeRows& to) const
//                     calls to.set(row, feature) for each spike, in any order; there is none before
//   void numbers(const spikegen::Signal<Scalar>& signal, SequenceView<Scalar> to) const
//                     writes all numbers
//   void backward(SequenceView<const Scalar> x, SequenceView<const Scalar> y_adjoint,
//                 Adjoint<Scalar> x_adjoint) const
//                     adds to the adjoint of the data; for a code that is differentiable
//
// the last three as templates over Scalar. Row t·batch + b is step t and sample b, both counted from the
// beginning of the call. Random numbers come from signal.key, so a batch encodes the same whole and in parts.
//
//     struct Sign {  // a spike where a number is positive
//       static constexpr const char* name = "Sign";
//       static constexpr auto memory = st::spikegen::Memory::steps;
//       st::Shape result(const st::Shape& data) const { return data; }
//       bool gives_spikes() const { return true; }
//       template <st::Real Scalar>
//       void spikes(const st::spikegen::Signal<Scalar>& signal, const st::spikegen::SpikeRows& to) const {
//         const auto& x = signal.x;
//         for (st::Index t = 0; t < x.steps; ++t)
//           for (st::Index b = 0; b < x.batch; ++b)
//             for (st::Index i = 0; i < x.features; ++i)
//               if (x.row(t, b)[i] > 0) to.set(t * x.batch + b, i);
//       }
//     };
//
// A code is a layer as Encode<Scalar, Code> (nn/encode.hpp), and a function of arrays by encode().
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/random_key.hpp>
#include <spiketape/kernels/spike_train.hpp>

#include <algorithm>
#include <bit>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// What a code must know of earlier steps of the same data.
enum class Memory {
  nothing,  ///< It treats all steps alike: of data that are the same in all steps, so is the result.
  steps,    ///< How many there were.
  input,    ///< The data of the last one.
};

/// Data to encode in one call, and where the call stands in the whole. Valid during that call.
template <Real Scalar>
struct Signal {
  SequenceView<const Scalar> x;       ///< The data of this call.
  SequenceView<const Scalar> before;  ///< The step before it, for Memory::input; empty at the beginning.
  RandomKey key;             ///< Its first_step() is the step of the whole that the call begins with.
  Arena& memory;             ///< Scratch memory, until the call ends.
  Index steps_of_whole = 0;  ///< Steps of the whole that this call is a part of; 0: it is all.

  /// Steps of the whole.
  Index whole_steps() const noexcept { return steps_of_whole > 0 ? steps_of_whole : x.steps; }
};

/// Where a code writes spikes: rows of bits.
struct SpikeRows {
  detail::LineBits* bits;  ///< The first row; zero at first.
  Index lines;             ///< Of a row.
  Index features;          ///< Of a line.

  /// Sets the spike of a feature of a row; neither is checked.
  void set(Index row, Index feature) const noexcept {
    detail::LineBits& bits_of_line = bits[row * lines + feature / features];
    bits_of_line = static_cast<detail::LineBits>(bits_of_line | 1u << feature % features);
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

namespace spiketape::inline SPIKETAPE_ABI::detail {

// Whether a code has a member of this name, also a template: then the name means two things.
struct NamesSpikes {
  void spikes() const {}
};
struct NamesNumbers {
  void numbers() const {}
};
template <typename Code, typename Name>
struct CodeAnd : Code, Name {};

/// Does not compile for what is no code, and the compiler says why.
template <Real Scalar, typename Code>
consteval bool check_code() {
  constexpr bool says = requires(const Code& code, const Shape& shape) {
    static_cast<const char*>(Code::name);
    static_cast<spikegen::Memory>(Code::memory);
    static_cast<Shape>(code.result(shape));
    static_cast<bool>(code.gives_spikes());
  };
  static_assert(says,
                "spiketape: a code has static constexpr name and memory, and const members result(shape) and "
                "gives_spikes(): see spikegen/code.hpp");
  constexpr bool spikes = requires(const Code& code, const spikegen::Signal<Scalar>& signal) {
    code.spikes(signal, spikegen::SpikeRows());
  };
  constexpr bool numbers =
      requires(const Code& code, const spikegen::Signal<Scalar>& signal, const SequenceView<Scalar>& y) {
    code.numbers(signal, y);
  };
  if constexpr (!spikes && !std::is_final_v<Code>)
    static_assert(
        requires { &CodeAnd<Code, NamesSpikes>::spikes; },
        "spiketape: spikes of a code is a const template: template <st::Real Scalar> void spikes(const "
        "st::spikegen::Signal<Scalar>& signal, const st::spikegen::SpikeRows& to) const");
  if constexpr (!numbers && !std::is_final_v<Code>)
    static_assert(
        requires { &CodeAnd<Code, NamesNumbers>::numbers; },
        "spiketape: numbers of a code is a const template: template <st::Real Scalar> void numbers(const "
        "st::spikegen::Signal<Scalar>& signal, const st::SequenceView<Scalar>& to) const");
  static_assert(spikes || numbers, "spiketape: a code has spikes or numbers, see spikegen/code.hpp");
  return true;
}

/// Clears the bits of a result and lets the code write them. `bits` has room for the rows of `shape`.
template <Real Scalar, typename Code>
void write_spikes(const Code& code, const spikegen::Signal<Scalar>& signal, const Shape& shape,
                  LineBits* bits) {
  const Index lines = whole_lines<Scalar>(shape.features) / line<Scalar>;
  std::fill_n(bits, shape.steps * shape.batch * lines, LineBits(0));
  if constexpr (requires { code.spikes(signal, spikegen::SpikeRows()); })
    code.spikes(signal, {bits, lines, line<Scalar>});
  else
    fail_argument("spiketape::Encode: gives_spikes() of ", Code::name, " is true, expected a member spikes");
}

/// The code's result as numbers.
template <Real Scalar, typename Code>
void write_numbers(const Code& code, spikegen::Signal<Scalar> signal, SequenceView<Scalar> y) {
  if (y.constant) {  // then so are the data, and one step stands for all
    signal.x = signal.x.step(0);
    y = y.step(0);
  }
  if (!code.gives_spikes()) {
    if constexpr (requires { code.numbers(signal, y); })
      code.numbers(signal, y);
    else
      fail_argument("spiketape::Encode: gives_spikes() of ", Code::name,
                    " is false, expected a member numbers");
    return;
  }
  const Index lines = whole_lines<Scalar>(y.features) / line<Scalar>;
  auto* bits = signal.memory.template allocate<LineBits>(y.rows() * lines);
  write_spikes(code, signal, y.shape(), bits);
  y.clear();
  for (Index row = 0; row < y.rows(); ++row, bits += lines)
    for (Index l = 0; l < lines; ++l)
      for (unsigned rest = bits[l]; rest != 0; rest &= rest - 1)
        y.data[row * y.stride + l * line<Scalar> + std::countr_zero(rest)] = unit_spike<Scalar>;
}

/// The spikes of data as bits, 1/32 of the memory of floats.
template <Real Scalar, typename Code>
SpikeTrain<Scalar> spikes_of(const SequenceView<const Scalar>& x, const Code& code, const RandomKey& key) {
  static_assert(check_code<Scalar, Code>());
  const Shape shape = code.result(x.shape());
  if (!code.gives_spikes())
    fail_argument("spiketape::spikegen::spikes: ", Code::name,
                  " gives other values than 0 and 1 with these "
                  "options, expected spikes");
  SpikeTrain<Scalar> train(shape, &unit_spike<Scalar>, true);
  Arena memory;
  write_spikes<Scalar>(code, {x, {}, key, memory}, shape, train.bits());
  return train;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Encodes data with a code: a step, a sequence, or st::repeat(step, steps). The same data, code and key give
/// the same result on every platform; `st::RandomKey(seed, 0, first_sample)` encodes a part of a batch.
/// Allocates the result and scratch memory. Throws std::invalid_argument for wrong options or data, see the
/// code.
template <typename Data, typename Code>
[[nodiscard]] auto encode(const Data& data, const Code& code, const RandomKey& key = {}) {
  const auto x = view_of(data);
  using Scalar = typename detail::NumbersOf<std::remove_cvref_t<decltype(x)>>::type;
  static_assert(detail::check_code<Scalar, Code>());
  Sequence<Scalar> y(code.result(x.shape()), x.constant && Code::memory == Memory::nothing);
  Arena memory;
  const FlushDenormals flush;
  detail::write_numbers<Scalar>(code, {x, {}, key, memory}, y.view());
  return y;
}

/// The same as bits, for a layer or a network: `net(st::spikegen::spikes(st::repeat(image, 25),
/// st::spikegen::Rate()))`. What lies there is decoded into events without a detour through numbers. Also
/// throws std::invalid_argument if the code gives other values than 0 and 1.
template <typename Data, typename Code>
[[nodiscard]] auto spikes(const Data& data, const Code& code, const RandomKey& key = {}) {
  return detail::spikes_of(view_of(data), code, key);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
