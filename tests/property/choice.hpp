// All that is chosen at run time when a neuron is put to the laws.
#pragma once

#include "../any_quantizer.hpp"
#include "../any_surrogate.hpp"
#include "pairs.hpp"

#include <spiketape/core/array.hpp>

#include <array>
#include <string>
#include <vector>

namespace laws {

namespace st = spiketape;
using st::Index;

/// What the loss of a law is made of: all that a call returns, or a part of it.
enum class LossOf { All, Spikes, Membranes, count };

/// The type of a neuron's reset, by which its class is chosen.
enum class Reset { None, Subtract, Zero, ZeroBeforeInput };

struct Choice {
  bool reset_delay = true;
  bool inhibition = false;
  bool per_neuron = false;
  bool surrogate_disable = false;
  bool with_states = false;
  bool snntorch_exact = false;
  bool graded = true;   // else spikes have the value 1
  bool learned = true;  // every coefficient; else none
  LossOf loss_of = LossOf::All;
  AnySurrogate::Kind surrogate = AnySurrogate::ATan;
  int variant = 0;  // of a neuron that comes in several
  st::Shape shape;
  // The same in all choices of a law.
  Reset reset = Reset::None;
  AnyQuantizer::Kind quantizer = AnyQuantizer::None;

  bool to_zero() const { return reset == Reset::Zero || reset == Reset::ZeroBeforeInput; }
  std::string text() const {
    return std::string(reset_delay ? "delayed" : "same-step") + (inhibition ? " inhibited" : "") +
           (per_neuron ? " per-neuron" : "") + (surrogate_disable ? " surrogate_disable" : "") +
           (with_states ? " with states" : "") + (snntorch_exact ? " exact" : "") +
           (graded ? " graded" : "") + (learned ? "" : " nothing learned") + " loss " +
           std::to_string(static_cast<int>(loss_of)) + " surrogate " + std::to_string(surrogate) +
           " variant " + std::to_string(variant) + " shape " + std::to_string(shape.steps) + ' ' +
           std::to_string(shape.batch) + ' ' + std::to_string(shape.features);
  }
};

/// What there is to choose from. The shapes do not divide the lanes, or are empty, or a single number.
struct Range {
  Reset reset = Reset::None;
  AnyQuantizer::Kind quantizer = AnyQuantizer::None;
  int variants = 1;
  bool with_exact = false;
  bool whole_product = false;  // of switches and surrogates, beside all pairs
  int surrogates = AnySurrogate::count;
  std::vector<Index> steps = {1, 2, 100};
  std::vector<Index> batches = {0, 1, 3};
  std::vector<Index> features = {1, 5, 17, 33, 64};

  /// The same for central differences, which need a surrogate that can be integrated and few numbers.
  Range for_differences() const {
    Range range = *this;
    range.surrogates = AnySurrogate::with_primitive;
    range.steps = {1, 2, 7};
    range.batches = {1, 3};
    range.features = {1, 3, 5, 17};
    return range;
  }
};

/// Choices in which every pair is met.
inline std::vector<Choice> choices(const Range& range, std::uint64_t seed) {
  const auto count = [](const auto& values) { return static_cast<int>(values.size()); };
  const int exact = range.with_exact ? 2 : 1;
  const std::vector<int> counts = {2,
                                   2,
                                   2,
                                   2,
                                   2,
                                   exact,
                                   range.surrogates,
                                   2,
                                   2,
                                   static_cast<int>(LossOf::count),
                                   range.variants,
                                   count(range.steps),
                                   count(range.batches),
                                   count(range.features)};
  std::vector<Combination> product;
  for (int bits = 0; range.whole_product && bits < 32 * exact; ++bits)
    for (int surrogate = 0; surrogate < range.surrogates; ++surrogate) {
      Combination combination(counts.size(), open);
      for (int k = 0; k < 6; ++k) combination[static_cast<std::size_t>(k)] = bits >> k & 1;
      combination[6] = surrogate;
      combination[8] = 1;  // all is learned
      product.push_back(combination);
    }
  std::vector<Choice> result;
  for (const Combination& c : Pairs(counts, st::Random(seed)).complete(std::move(product))) {
    const auto at = [&](const std::vector<Index>& values, std::size_t f) {
      return values[static_cast<std::size_t>(c[f])];
    };
    result.push_back({c[0] != 0, c[1] != 0, c[2] != 0, c[3] != 0, c[4] != 0, c[5] != 0, c[7] != 0, c[8] != 0,
                      static_cast<LossOf>(c[9]), static_cast<AnySurrogate::Kind>(c[6]), c[10],
                      st::Shape{at(range.steps, 11), at(range.batches, 12), at(range.features, 13)}, range.reset,
                      range.quantizer});
  }
  return result;
}

}  // namespace laws
