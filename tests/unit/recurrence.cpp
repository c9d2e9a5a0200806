// What a layer sends to itself, as events or, where many samples fire densely, as dense products.
#include <spiketape/neuron/recurrence.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/parameter.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "products.hpp"

namespace recurrence_test {

namespace st = spiketape;
using st::Index;

TEMPLATE_TEST_CASE("a recurrent step is S W + b, and its adjoint that of the formula, at any density", "",
                   float, double) {
  st::Random random(71);
  constexpr Index neurons = 37;
  for (const Index batch : {1, 3, 16, 20})
    for (const double density : {0.0, 0.1, 0.3, 0.9, 1.0}) {
      INFO(batch << " samples, density " << density);
      st::Tape<TestType> tape;
      st::Parameter<TestType> w("w", neurons, neurons), b("b", 1, neurons);
      st::detail::fill_uniform(w, random, 1);
      st::detail::fill_uniform(b, random, 1);
      const auto room = [&](const st::Array<TestType>& values) {
        const auto view = tape.room({1, batch, neurons});
        view.array() = values;
        return view;
      };
      st::Array<TestType> spikes(batch, neurons);
      for (Index i = 0; i < spikes.size(); ++i)
        spikes.data()[i] = random.uniform() < density ? TestType(1.5) : 0;
      const st::detail::Recurrence<TestType> recurrence{w.data(), w.stride(), b.data(), &tape.workspace()};
      const double allowed = tolerance::rounding<TestType>;

      const st::SequenceView<TestType> spk = room(spikes), current = room(spikes);
      recurrence.forward(spk, current);
      const st::Array<TestType> expected =
          (spikes.matrix() * w.array().matrix()).rowwise() + b.array().matrix().row(0);
      CHECK(numeric::near(current.array(), expected, allowed));
      recurrence.forward({}, current);
      CHECK(numeric::same(current.array(), b.array().replicate(batch, 1)));

      // The adjoint of the spikes is added to.
      const st::Array<TestType> ones = st::Array<TestType>::Ones(batch, neurons);
      const auto current_adjoint = numeric::random_array<TestType>(random, batch, neurons);
      const st::SequenceView<TestType> spk_adjoint = room(ones);
      recurrence.backward(room(current_adjoint), spk_adjoint);
      const st::Array<TestType> spk_expected =
          1 + (current_adjoint.matrix() * w.array().matrix().transpose()).array();
      CHECK(numeric::near(spk_adjoint.array(), spk_expected, allowed));
    }
}

}  // namespace recurrence_test
