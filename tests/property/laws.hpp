// All laws for one neuron class: one Scalar, one reset, some quantizers.
#pragma once

#include "described.hpp"
#include "law_bits.hpp"
#include "law_differences.hpp"
#include "law_extremes.hpp"
#include "law_hidden.hpp"
#include "law_threads.hpp"

#include <spiketape/neuron/resets_snntorch.hpp>

#include <initializer_list>
#include <memory>

namespace laws {

/// What depends on a neuron's type.
template <typename Scalar>
struct Type {
  Reset reset;
  std::unique_ptr<Subject<Scalar>> (*made)(const Setup<Scalar>&);
  bool (*check_threads)(st::Random&, const Setup<Scalar>& hidden, const Setup<Scalar>& out,
                        double largest_input);
};

template <typename Described, typename Scalar, typename ResetType>
Type<Scalar> type() {
  using Neuron = typename Described::template Neuron<Scalar, ResetType>;
  Type<Scalar> type{};
  if (std::is_same_v<ResetType, st::reset::Subtract>) type.reset = Reset::Subtract;
  if (std::is_same_v<ResetType, st::reset::Zero>) type.reset = Reset::Zero;
  if (std::is_same_v<ResetType, st::reset::ZeroBeforeInput>) type.reset = Reset::ZeroBeforeInput;
  type.made = [](const Setup<Scalar>& s) -> std::unique_ptr<Subject<Scalar>> {
    return std::make_unique<subject::SubjectOf<Neuron>>(Described::template make<Neuron>(s));
  };
  type.check_threads = [](st::Random& random, const Setup<Scalar>& hidden, const Setup<Scalar>& out,
                          double largest_input) {
    return laws::check_threads<Neuron, Scalar>(random, Described::template make<Neuron>(hidden),
                                               Described::template make<Neuron>(out),
                                               hidden.shape().features, out.shape().features, largest_input);
  };
  return type;
}

template <typename Described, typename Scalar>
class Laws {
 public:
  Laws(const Type<Scalar>& type, AnyQuantizer::Kind quantizer) : type_(type) {
    range_.reset = type.reset;
    range_.quantizer = quantizer;
    range_.variants = Described::variants;
    range_.with_exact = Described::with_exact;
#ifndef SPIKETAPE_TEST_SANITIZED  // memory is touched in the same ways by pairs, and in a tenth of the time
    range_.whole_product = Described::whole_product && std::is_same_v<Scalar, double>;  // float is the same code
#endif
  }

  void check() {
    Seen seen;
    for_choices(range_, [&](const Choice& choice) {
      const auto s = draw<Described, Scalar>(random_, choice);
      const auto neuron = type_.made(s);
      check_learned(*neuron, choice);
      check_bits(*neuron, s, seen);
    });
    CHECK(seen.spikes > 1000);
    CHECK(50 * seen.overflows <= seen.runs);
    if constexpr (std::is_same_v<Scalar, double>) {
      // Pairs have other company each time: what takes three to be seen is met, too.
      for (int time = 0; time < (range_.whole_product ? 1 : 3); ++time)
        for_choices(range_.for_differences(), [&](const Choice& choice) {
          auto s = draw<Described, double>(random_, choice);
          const auto neuron = type_.made(s);
          learn(*neuron, s);
          check_differences<Described>(*neuron, s);
        });
    }

    Range few = range_;
    few.whole_product = false;
    few.steps = {5};
    few.batches = {3};
    few.features = {1, 5, 19};
    for_choices(few, [&](Choice choice) {
      choice.with_states = false;
      hidden(choice);
      extremes(choice);
    });
    bool reached = false;
    int round = 0;
    for_choices(few, [&](const Choice& choice) {
      if (round++ % 6 == 0) reached = threads(choice) || reached;
    });
    CHECK(reached);
  }

 private:
  void for_choices(const Range& range, const std::function<void(const Choice&)>& f) {
    for (const Choice& drawn : choices(range, random_())) {
      const Choice choice = Described::possible(drawn);
      INFO(choice.text());
      f(choice);
    }
  }

  /// What is learned goes elsewhere after the neuron was made, decay rates also to where they are clamped.
  void learn(const Subject<double>& neuron, Setup<double>& s) {
    const auto learned = draw<Described, double>(random_, s.choice, true);
    for (const auto& parameter : neuron.parameters()) {
      auto values = parameter->array();
      if (const auto place = s.coefficients.find(parameter->name); place != s.coefficients.end())
        values = place->second = learned.coefficients.at(parameter->name);
      else  // of a recurrence
        values = numeric::random_array<double>(random_, values.rows(), values.cols(), -0.4, 0.4);
    }
  }

  static void check_learned(const Subject<Scalar>& neuron, const Choice& choice) {
    std::vector<std::string> expected, names;
    if (choice.learned) {
      expected = Described::learned(choice);
      for (const char* name : {"threshold", "graded_spikes_factor"}) expected.emplace_back(name);
      if (Described::all_to_all(choice))
        for (const char* name : {"recurrent.weight", "recurrent.bias"}) expected.emplace_back(name);
    }
    for (const auto& parameter : neuron.parameters()) names.push_back(parameter->name);
    CHECK(names == expected);
  }

  void hidden(const Choice& choice) {
    auto s = draw<Described, Scalar>(random_, choice);
    const auto neuron = type_.made(s);
    s.init_hidden = true;
    check_hidden(*type_.made(s), *neuron, s);
  }

  void extremes(Choice choice) {
    const Index sample = 1, hit = choice.shape.features / 2;
    const bool alone = !choice.inhibition && !Described::all_to_all(choice);
    if (!alone) choice.per_neuron = true;
    auto s = draw<Described, Scalar>(random_, choice);
    const bool highest = choice.quantizer == AnyQuantizer::None || !choice.inhibition;
    // snnTorch multiplies by what selects here.
    if (!choice.snntorch_exact)
      check_infinity(*type_.made(s), s, highest, sample, hit, [](std::size_t k, std::size_t count) {
        const std::size_t states = Described::states.size();
        return k + states >= count && Described::infinite(k + states - count);
      });
    s.input(0, sample, hit) = 0;  // it does not fire
    if (!alone) s.coefficient("threshold")(0, choice.shape.features == 1 ? 0 : hit) = Scalar(1e6);
    check_nan(*type_.made(s), s, sample, hit);
  }

  bool threads(Choice choice) {
    const auto of_size = [&](Index features) {
      choice.shape.features = features;
      return draw<Described, Scalar>(random_, choice);
    };
    const auto hidden = of_size(17), out = of_size(5);
    return type_.check_threads(random_, hidden, out, 5 * Described::input.high);
  }

  const Type<Scalar> type_;
  Range range_;
  st::Random random_{20};
};

/// With each of these quantizers.
template <typename Described, typename Scalar, typename ResetType>
void check(std::initializer_list<AnyQuantizer::Kind> quantizers) {
  for (const auto quantizer : quantizers)
    Laws<Described, Scalar>(type<Described, Scalar, ResetType>(), quantizer).check();
}

}  // namespace laws

// What is the same for all neurons is compiled once, in laws.cpp.
#define SPIKETAPE_LAWS(linkage, Scalar)                                                                        \
  linkage template void laws::check_bits(const laws::Subject<Scalar>&, const laws::Setup<Scalar>&, laws::Seen&); \
  linkage template void laws::check_hidden(const laws::Subject<Scalar>&, const laws::Subject<Scalar>&,           \
                                           const laws::Setup<Scalar>&);                                          \
  linkage template void laws::check_nan(const laws::Subject<Scalar>&, const laws::Setup<Scalar>&,                \
                                        spiketape::Index, spiketape::Index);                                     \
  linkage template void laws::check_infinity(const laws::Subject<Scalar>&, const laws::Setup<Scalar>&, bool,     \
                                             spiketape::Index, spiketape::Index,                                 \
                                             const std::function<bool(std::size_t, std::size_t)>&);              \
  linkage template bool laws::check_threads(spiketape::Random&, const laws::LearningNet<Scalar>&,                \
                                            spiketape::Index, double);                                           \
  linkage template spiketape::Var<Scalar> laws::weighted(const laws::Setup<Scalar>&,                                    \
                                                  const std::vector<spiketape::Var<Scalar>>&, spiketape::Index); \
  linkage template laws::Numbers<Scalar> laws::gradients(const laws::Subject<Scalar>&,                           \
                                                         const spiketape::Var<Scalar>&,                          \
                                                         const std::vector<spiketape::Var<Scalar>>&);

SPIKETAPE_LAWS(extern, float)
SPIKETAPE_LAWS(extern, double)
