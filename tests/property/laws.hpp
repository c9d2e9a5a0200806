// All laws for one neuron class: one Scalar, one reset, one quantizer.
#pragma once

#include "described.hpp"
#include "law_bits.hpp"
#include "law_differences.hpp"
#include "law_extremes.hpp"
#include "law_hidden.hpp"
#include "law_threads.hpp"

#include <memory>

namespace laws {

template <typename Described>
Range range_of() {
  Range range;
  range.variants = Described::variants;
  range.with_exact = Described::with_exact;
  range.whole_product = Described::whole_product;
  return range;
}

template <typename Described, typename Scalar, typename Reset, typename Quantizer = st::quant::None>
class Laws {
  using Neuron = typename Described::template Neuron<Scalar, Reset, Quantizer>;
  static constexpr bool to_zero =
      std::is_same_v<Reset, st::reset::Zero> || std::is_same_v<Reset, st::reset::ZeroBeforeInput>;

 public:
  void check() {
    Seen seen;
    for_choices(range_of<Described>(), [&](const Choice& choice) {
      const auto s = draw<Described, Scalar>(random_, choice);
      const auto neuron = made(s);
      check_learned(*neuron, choice);
      check_bits(*neuron, s, seen);
    });
    CHECK(seen.spikes > 1000);
    CHECK(50 * seen.overflows <= seen.runs);
    if constexpr (std::is_same_v<Scalar, double>) {
      // Other pairs' company each time: what takes three to be seen is met, too.
      for (int time = 0; time < 3; ++time)
        for_choices(range_of<Described>().for_differences(), [&](const Choice& choice) {
          auto s = draw<Described, double>(random_, choice);
          const auto neuron = made(s);
          learn(*neuron, s);
          check_differences<Described, Reset, Quantizer>(*neuron, s);
        });
    }

    Range few = range_of<Described>();
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
  template <typename F>
  void for_choices(const Range& range, F&& f) {
    for (const Choice& drawn : choices(range, random_())) {
      const Choice choice = Described::possible(drawn);
      INFO(choice.text());
      f(choice);
    }
  }

  static std::unique_ptr<Subject<Scalar>> made(const Setup<Scalar>& s) {
    return std::make_unique<SubjectOf<Neuron>>(Described::template make<Neuron>(s));
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
    const auto neuron = made(s);
    s.init_hidden = true;
    check_hidden(*made(s), *neuron, s);
  }

  void extremes(Choice choice) {
    const Index sample = 1, hit = choice.shape.features / 2;
    const bool alone = !choice.inhibition && !Described::all_to_all(choice);
    if (!alone) choice.per_neuron = true;
    auto s = draw<Described, Scalar>(random_, choice);
    const bool highest = std::is_same_v<Quantizer, st::quant::None> || !choice.inhibition;
    // snnTorch multiplies by what selects here.
    if (!choice.snntorch_exact)
      check_infinity(*made(s), s, to_zero, highest, sample, hit, [](std::size_t k, std::size_t count) {
        const std::size_t states = Described::states.size();
        return k + states >= count && Described::infinite(k + states - count);
      });
    s.input(0, sample, hit) = 0;  // it does not fire
    if (!alone) s.coefficient("threshold")(0, choice.shape.features == 1 ? 0 : hit) = Scalar(1e6);
    check_nan(*made(s), s, sample, hit);
  }

  bool threads(Choice choice) {
    const auto of_size = [&](Index features) {
      choice.shape.features = features;
      return Described::template make<Neuron>(draw<Described, Scalar>(random_, choice));
    };
    Neuron hidden_neuron = of_size(17), out = of_size(5);
    return check_threads<Neuron, Scalar>(random_, std::move(hidden_neuron), std::move(out), 17, 5,
                                         5 * Described::input.high);
  }

  st::Random random_{20};
};

}  // namespace laws
