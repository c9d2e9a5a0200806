// A call that runs out of memory leaves states as they were: every allocation of a call fails once, and the
// call is then made again. An executable of its own: it replaces malloc.
#include "counters.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "../catch.hpp"
#include "../numeric.hpp"
#include "../own_layers.hpp"
#include "../plain_neurons.hpp"

#include <new>
#include <stdexcept>
#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

/// The states of a call that is given, or those inside of a neuron or network.
template <typename Net>
std::vector<st::Array<double>> states_of(const Net& net, st::State<double>* state) {
  std::vector<st::Array<double>> states;
  const auto add = [&](const auto& values, const auto&) { states.push_back(values); };
  if (state != nullptr)
    for (std::size_t k = 0; k < state->size(); ++k) states.push_back((*state)[k]);
  else if constexpr (requires { net.for_each_hidden(add); })
    net.for_each_hidden(add);
  return states;
}
bool same(const std::vector<st::Array<double>>& a, const std::vector<st::Array<double>>& b) {
  bool equal = a.size() == b.size();
  for (std::size_t k = 0; equal && k < a.size(); ++k) equal = numeric::same(a[k], b[k]);
  return equal;
}

/// Fails each allocation of call(net, state) after `calls` good ones. `make()` returns a new network.
template <typename Make, typename Call>
void check_every_failure(Make&& make, bool with_state, int calls, Call&& call) {
  INFO("after " << calls << " calls, " << (with_state ? "with" : "without") << " a state");
  for (long failing = 0, failures = 1; failing <= failures; ++failing) {
    const auto net = make();
    auto own = net.state(2);
    st::State<double>* state = with_state ? &own : nullptr;
    st::Tape<double> tape;
    for (int i = 0; i < calls; ++i) {
      call(net, state, tape);
      tape.reset();
    }
    const auto before = states_of(net, state);
    bool failed = false;
    allocation::start(failing);
    try {
      call(net, state, tape);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const long count = allocation::stop();
    if (failing == 0) failures = count;  // of a call that is let alone
    INFO("allocation " << failing << " of " << failures);
    REQUIRE(failed == (failing > 0));
    if (!failed) continue;
    REQUIRE(same(states_of(net, state), before));
    tape.reset();
    call(net, state, tape);
    const auto after = states_of(net, state);
    const auto twin = make();
    auto twin_own = twin.state(2);
    st::State<double>* twin_state = with_state ? &twin_own : nullptr;
    for (int i = 0; i <= calls; ++i) {
      call(twin, twin_state, tape);
      tape.reset();
    }
    REQUIRE(same(after, states_of(twin, twin_state)));
  }
}

/// On a step, a sequence and a tape, from zero states and from others.
template <typename Make>
void check_calls(Make&& make, bool with_state) {
  const st::Array<double> step = st::Array<double>::Constant(2, 3, 0.7);
  const auto sequence = st::Sequence<double>::repeat(step, 3);
  const auto on = [&](const auto& net, st::State<double>* state, const auto& input) {
    if (state != nullptr)
      net(input, *state);
    else
      net(input);
  };
  for (const int calls : {0, 1}) {
    check_every_failure(make, with_state, calls,
                        [&](const auto& net, auto* state, auto&) { on(net, state, step); });
    check_every_failure(make, with_state, calls,
                        [&](const auto& net, auto* state, auto&) { on(net, state, sequence); });
    check_every_failure(make, with_state, calls, [&](const auto& net, auto* state, auto& tape) {
      on(net, state, tape.constant(sequence));
    });
  }
}

}  // namespace

TEST_CASE("a neuron's states are those before a call that runs out of memory") {
  if (!allocation::sees_malloc) return;
  check_calls([] { return st::Synaptic<double>({.alpha = 0.9, .beta = 0.5, .init_hidden = true}); }, false);
  check_calls([] { return st::Synaptic<double>({.alpha = 0.9, .beta = 0.5}); }, true);
}

TEST_CASE("a network's states are those before a call that runs out of memory in any layer") {
  if (!allocation::sees_malloc) return;
  const auto make = [](bool init_hidden) {
    st::Random random(3);
    return st::Sequential{
        st::Linear<double>(3, 5, random), st::Leaky<double>({.beta = 0.9, .init_hidden = init_hidden}),
        st::Linear<double>(5, 4, random),
        st::Synaptic<double>({.alpha = 0.9, .beta = 0.5, .init_hidden = init_hidden, .output = true})};
  };
  check_calls([&] { return make(true); }, false);
  check_calls([&] { return make(false); }, true);
  check_calls([&] { return st::Sequential{own::Delay<double>(2), st::Leaky<double>({.beta = 0.9})}; }, true);
}

TEST_CASE("a network's states are those before a call that any of its layers refuses") {
  st::Random random(3);
  const st::Sequential net{st::Leaky<double>({.beta = 0.9, .init_hidden = true}),
                           [](const auto& x) {
                             if (x.batch() == 1) throw std::runtime_error("no");
                             return x;
                           },
                           st::Linear<double>(3, 4, random)};
  st::Tape<double> tape;
  CHECK_THROWS_AS(net(tape.constant(st::Array<double>::Ones(1, 3).eval())), std::runtime_error);
  CHECK(net.layer<0>().mem().size() == 0);
  net(tape.constant(st::Array<double>::Ones(2, 3).eval()));
  CHECK(net.layer<0>().mem()(1, 2) == 1);
}

TEST_CASE("hidden states are set all, or none if memory runs out") {
  if (!allocation::sees_malloc) return;
  const auto make = [] { return st::Synaptic<double>({.alpha = 0.9, .beta = 0.5, .init_hidden = true}); };
  const auto other = make();
  other(st::Array<double>::Ones(2, 3).eval());
  const auto state = st::hidden_state(other);
  for (long failing = 1; failing <= 3; ++failing) {
    const auto lif = make();
    bool failed = false;
    allocation::start(failing);
    try {
      st::set_hidden_state(lif, state);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    allocation::stop();
    REQUIRE(failed);
    CHECK(same(states_of(lif, nullptr), std::vector<st::Array<double>>(2)));
  }
}
