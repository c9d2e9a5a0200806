// Numbers below the smallest normal one are zero where the library works, and each thread's floating-point
// mode is the caller's again behind each call. tests/denormals has what depends on the optimizer's level.
#include <spiketape/core/float_mode.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace denormals_test {

namespace st = spiketape;
using st::Index;
using st::detail::FloatMode;

namespace {

constexpr float smallest = std::numeric_limits<float>::min();

/// The mode of this thread without its exception flags.
FloatMode mode() { return st::detail::float_mode() & ~st::detail::exception_flags; }
/// The modes a caller may have: denormals are kept, or not.
const FloatMode keeping = mode() & ~st::detail::flush_bits, flushing = mode() | st::detail::flush_bits;
/// The mode in which the library works for a caller who keeps denormals.
const FloatMode working = st::detail::flushes_denormals ? flushing : keeping;

/// Counts the numbers that are neither zero nor normal. By comparing bits: comparisons of numbers depend on
/// the mode.
template <typename Scalar>
Index denormals(const st::SequenceView<const Scalar>& numbers) {
  Index count = 0;
  for (Index row = 0; row < numbers.rows(); ++row)
    for (Index i = 0; i < numbers.features; ++i)
      count += std::fpclassify(numbers.row(0, row)[i]) == FP_SUBNORMAL ? 1 : 0;
  return count;
}
template <typename Scalar>
bool all_zero(const st::SequenceView<const Scalar>& numbers) {
  for (Index row = 0; row < numbers.rows(); ++row)
    for (Index i = 0; i < numbers.features; ++i)
      if (std::fpclassify(numbers.row(0, row)[i]) != FP_ZERO) return false;
  return true;
}

/// A layer that says in which mode it works, and throws in its n-th forward or backward.
struct Probe : st::Layer<Probe, float> {
  struct Seen {
    std::vector<FloatMode> forward{}, backward{};
    std::size_t throws_in_forward = 0, throws_in_backward = 0;
  };
  Seen* seen;

  explicit Probe(Seen& seen_) : seen(&seen_) {}
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const float> x, st::SequenceView<float> y, st::Context<float>&) const {
    y.array() = x.array();
    seen->forward.push_back(mode());
    if (seen->forward.size() == seen->throws_in_forward) throw std::runtime_error("forward");
  }
  void backward(st::SequenceView<const float>, st::SequenceView<const float> y_adjoint,
                st::Adjoint<float> x_adjoint, st::Context<float>&) const {
    if (!x_adjoint.empty()) x_adjoint.add(y_adjoint.array());
    seen->backward.push_back(mode());
    if (seen->backward.size() == seen->throws_in_backward) throw std::runtime_error("backward");
  }
};

/// Numbers between 0 and a few times the smallest normal one.
st::Array<float> tiny(Index rows, Index cols) {
  st::Random random(3);
  return numeric::random_array<float>(random, rows, cols, 0, 4) * smallest;
}

/// Calls of every kind on numbers so small that most of what they compute is denormal. Each returns numbers.
struct Calls {
  st::Random random{7};
  st::Linear<float> fc{6, 40, random, {.bias = false}};
  st::Leaky<float> lif{{.beta = 0.5f, .learn_beta = true}};
  st::Leaky<float> kept{{.beta = 0.5f, .init_hidden = true, .output = true}};
  st::Sequential<st::Linear<float>, st::Leaky<float>> net{st::Linear(fc), st::Leaky(lif)},
      stateful{st::Linear(fc), st::Leaky(kept)};
  st::Array<float> step = tiny(5, 6), wide = tiny(5, 40);
  st::Array<float> wider = numeric::random_array<float>(random, 5, 40, 0, 88);
  st::Sequence<float> steps = st::Sequence<float>::repeat(step, 9);
  std::vector<int> labels{0, 1, 2, 3, 4};

  using Numbers = std::vector<float>;
  template <typename... Results>
  static Numbers numbers(const Results&... results) {
    Numbers all;
    const auto add = [&](const auto& result) {
      const auto view = st::view_of(result);
      for (Index row = 0; row < view.rows(); ++row)
        all.insert(all.end(), view.row(0, row), view.row(0, row) + view.features);
    };
    (add(results), ...);
    return all;
  }
  Numbers gradients(const st::GradientSums<float>& sums) const {
    Numbers all;
    for (const auto& parameter : net.parameters()) {
      const Numbers one = numbers(sums.gradient(parameter));
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
  /// The loss of some samples; a scale lifts its gradient to where it is not all zero.
  template <typename Out>
  static auto loss(const Out& out) {
    return st::sum(out.mem * 0.25f);
  }
  template <typename Optimizer>
  static Numbers updated(const st::Parameter<float>& given, Optimizer&& make) {
    st::Parameter<float> p("p", given.rows(), given.cols());
    p.array().setConstant(smallest);
    auto optimizer = make(st::ParameterList<float>{p.ptr()});
    st::GradientSums<float> sums;
    for (int i = 0; i < 40; ++i) {
      float* sum = sums.sum_of(p.ptr()).open();
      for (Index k = 0; i < 2 && k < p.cols(); ++k) sum[k] = static_cast<float>(k) * smallest;
      optimizer.step(sums);
    }
    return numbers(p.array());
  }

  std::vector<std::pair<std::string, std::function<Numbers()>>> all() {
    return {
        {"a neuron's step", [this] { return numbers(lif(wide).mem); }},
        {"a neuron's sequence", [this] { return numbers(lif(st::repeat(wide, 9)).mem); }},
        {"forward_into",
         [this] {
           st::Array<float> spk = wide, mem = wide;
           for (int t = 0; t < 9; ++t) lif.forward_into(wide, mem, spk, mem);
           return numbers(spk, mem);
         }},
        {"a neuron with a state",
         [this] {
           auto state = lif.state(5);
           return numbers(lif(st::repeat(wide, 9), state).mem);
         }},
        {"a layer's step", [this] { return numbers(fc(step)); }},
        {"a layer's sequence", [this] { return numbers(fc(steps)); }},
        {"a network on arrays", [this] { return numbers(net(steps).mem); }},
        {"a network with a state",
         [this] {
           auto state = net.state(5);
           return numbers(net(steps, state).mem);
         }},
        {"ops on arrays",
         [this] {
           const auto half = st::view_of(st::square(st::sqrt(wide))) * 0.5f;
           const auto combined = st::max(st::view_of(wide) * 0.3f - half, 0);
           return numbers(half, combined, st::mean(wide, st::Over::batch), st::min(half, st::Over::features),
                          st::softmax(wider));
         }},
        {"a sum on arrays",
         [this] {
           return Numbers{st::sum(wide), st::sum(st::Array<float>(wide * 0.01f)), st::mean(wide)};
         }},
        {"predict",
         [] {
           st::Sequence<float> outputs(3, 1, 2);  // the first class has the larger sum, of denormals
           outputs.array() << 0.9f * smallest, 2 * smallest, 0.9f * smallest, 0, 0.9f * smallest, 0;
           Numbers found;
           for (const int label : st::predict(outputs)) found.push_back(static_cast<float>(label));
           return found;
         }},
        {"a tape",
         [this] {
           st::Tape<float> tape;
           const auto x = tape.variable(step, 9);
           const auto out = net(x);
           tape.backward(loss(out) + st::cross_entropy(out.mem * smallest, labels) * smallest);
           Numbers found = numbers(out.mem.value(), x.adjoint());
           const Numbers more = gradients(tape.gradients());
           found.insert(found.end(), more.begin(), more.end());
           return found;
         }},
        {"products on threads",
         [this] {
           st::Tape<float> tape;
           tape.set_threads(3);
           const auto x = tape.variable(tiny(300, 6), 1);
           const auto y = fc(x);
           tape.backward(st::sum(y * smallest));
           Numbers found = numbers(y.value(), x.adjoint());
           const Numbers more = gradients(tape.gradients());
           found.insert(found.end(), more.begin(), more.end());
           return found;
         }},
        {"Shards", [this] { return shards(1); }},
        {"Shards on threads", [this] { return shards(3); }},
        {"Windows", [this] { return windows({}); }},
        {"truncated Windows", [this] { return windows({.truncate = true}); }},
        {"Adam",
         [this] {
           return updated(fc.bias(), [](auto list) {
             return st::Adam<float>(list, {.lr = 0.1, .beta2 = 0.9, .eps = 1e-30});
           });
         }},
        {"SGD",
         [this] {
           return updated(fc.bias(),
                          [](auto list) { return st::SGD<float>(list, {.lr = 0.3, .momentum = 0.7}); });
         }},
    };
  }

 private:
  Numbers shards(int threads) {
    st::Shards<float> parts(3, threads);
    Numbers found{
        parts.run(net, st::repeat(step, 9), [](const auto& out, Index, Index) { return loss(out); })};
    const Numbers more = gradients(parts.gradients());
    found.insert(found.end(), more.begin(), more.end());
    return found;
  }
  Numbers windows(const st::WindowsOptions& options) {
    st::Windows<float> parts(4, options);
    stateful.reset_hidden();
    Numbers found{parts.run(stateful, steps, [](const auto& out, Index, Index) { return loss(out); })};
    const Numbers more = numbers(parts.gradients().gradient(fc.weight()), kept.mem());
    found.insert(found.end(), more.begin(), more.end());
    return found;
  }
};

/// The floating-point modes of all threads of a team.
std::vector<FloatMode> modes_of_threads(int threads) {
  std::vector<FloatMode> modes(static_cast<std::size_t>(threads), mode());
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int i = 0; i < threads; ++i) modes[static_cast<std::size_t>(i)] = mode();
#endif
  return modes;
}

}  // namespace

TEST_CASE("calls give the same bits whether the caller keeps denormals or not, and restore the mode") {
  Calls calls;
  const auto of_threads = modes_of_threads(4);
  for (const auto& [name, call] : calls.all()) {
    INFO(name);
    std::vector<Calls::Numbers> found;
    for (const FloatMode callers : {keeping, flushing}) {
      const st::detail::FloatModeScope scope(callers);
      found.push_back(call());
      CHECK(mode() == callers);
    }
    CHECK(modes_of_threads(4) == of_threads);
    REQUIRE(found[0].size() == found[1].size());
    CHECK_FALSE(found[0].empty());
    Index different = 0, inexact = 0;
    for (std::size_t i = 0; i < found[0].size(); ++i) {
      different +=
          std::signbit(found[0][i]) != std::signbit(found[1][i]) || found[0][i] != found[1][i] ? 1 : 0;
      inexact += std::fpclassify(found[0][i]) == FP_SUBNORMAL ? 1 : 0;
    }
    if (st::detail::flushes_denormals) {
      CHECK(different == 0);
      CHECK(inexact == 0);
    }
  }
}

TEST_CASE("a decaying state ends at exactly zero, in a sequence, a loop and on a tape alike") {
  if (!st::detail::flushes_denormals) return;
  const auto check = [](const auto& neuron, Index steps) {
    using Neuron = std::remove_cvref_t<decltype(neuron)>;
    using Scalar = typename Neuron::Scalar;
    INFO(Neuron::name << (sizeof(Scalar) == 4 ? ", float" : ", double"));
    st::Sequence<Scalar> input(steps, 2, 19);
    input.step(0).array().setConstant(Scalar(0.3));  // below the threshold
    const auto out = neuron(input);
    CHECK(denormals<Scalar>(out.mem) == 0);
    CHECK(all_zero<Scalar>(out.mem.step(steps - 1)));
    CHECK_FALSE(all_zero<Scalar>(out.mem.step(1)));

    auto state = neuron.state(2);
    for (Index t = 0; t < steps; ++t)
      if (!numeric::same(neuron(input.step(t), state).mem.array(), out.mem.step(t).array()))
        FAIL("step " << t);

    st::Tape<Scalar> tape;
    const auto x = tape.variable(input);
    const auto on_tape = neuron(x);
    CHECK(numeric::same(on_tape.mem.value().array(), out.mem.array()));
    tape.backward(st::sum(st::step(on_tape.mem, steps - 1)));
    CHECK(denormals<Scalar>(x.adjoint()) == 0);
  };
  check(st::Leaky<float>({.beta = 0.9f, .threshold = 5}), 1000);
  check(st::Leaky<double>({.beta = 0.5, .threshold = 5}), 1200);
  check(st::Lapicque<double>({.beta = 0.5, .threshold = 5}), 1200);
  check(st::Synaptic<double>({.alpha = 0.4, .beta = 0.5, .threshold = 5}), 1200);
  check(st::Alpha<double>({.alpha = 0.5, .beta = 0.4, .threshold = 5}), 1200);
  check(st::RLeaky<double>({.beta = 0.5, .V = 0.1, .all_to_all = false, .threshold = 5}), 1200);
  check(st::RSynaptic<double>({.alpha = 0.4, .beta = 0.5, .V = 0.1, .all_to_all = false, .threshold = 5}),
        1200);
}

TEST_CASE("moments and momenta end at exactly zero") {
  if (!st::detail::flushes_denormals) return;
  const auto last_change = [](auto&& make) {
    st::Parameter<float> p("p", 3, 17);
    p.array().setConstant(1);
    auto optimizer = make(st::ParameterList<float>{p.ptr()});
    st::GradientSums<float> sums;
    for (int i = 0; i < 2010; ++i) {
      const st::SequenceView<float> sum(sums.sum_of(p.ptr()).open(), {1, p.rows(), p.cols()}, p.stride());
      if (i < 10) sum.array().setConstant(0.01f * static_cast<float>(i));
      optimizer.step(sums);
    }
    // From zero even the smallest change would be seen: Adam's is m/√v, SGD's lr·v.
    p.array().setZero();
    sums.sum_of(p.ptr()).open();
    optimizer.step(sums);
    return all_zero<float>(p.array());
  };
  CHECK(last_change([](auto list) { return st::Adam<float>(list, {.lr = 1, .beta2 = 0.9, .eps = 1e-30}); }));
  CHECK(last_change([](auto list) { return st::SGD<float>(list, {.lr = 1e20, .momentum = 0.9}); }));
}

TEST_CASE("layers work in the library's mode; what drives calls keeps its own, on every thread") {
  for (const FloatMode callers : {keeping, flushing}) {
    const st::detail::FloatModeScope scope(callers);
    const FloatMode inside = st::detail::flushes_denormals ? flushing : callers;
    Probe::Seen seen;
    const Probe probe(seen);
    const auto x = tiny(6, 6);
    probe(x);
    probe(st::repeat(x, 3));
    st::Tape<float> tape;
    tape.backward(st::sum(probe(tape.variable(x))));
    CHECK(seen.forward == std::vector<FloatMode>(3, inside));
    CHECK(seen.backward == std::vector<FloatMode>(1, inside));

    for (const int threads : {1, 3}) {
      std::vector<FloatMode> of_losses(3), of_lambdas(3);
      st::Random random(1);
      const st::Sequential net{st::Linear<float>(6, 6, random), st::Leaky<float>({.beta = 0.5f}),
                               [](const auto& v) {
                                 if (mode() != keeping && mode() != flushing) throw std::logic_error("mode");
                                 return v * 2;
                               }};
      st::Shards<float>(3, threads).run(net, x, [&](const auto& out, Index first, Index) {
        of_losses[static_cast<std::size_t>(first / 2)] = mode();
        return st::sum(out);
      });
      CHECK(of_losses == std::vector<FloatMode>(3, callers));
      st::Shards<float>(3, threads).run(6, [&](st::Tape<float>& part, Index first, Index count) {
        of_lambdas[static_cast<std::size_t>(first / 2)] = mode();
        return st::sum(net(part.constant(x.middleRows(first, count))));
      });
      CHECK(of_lambdas == std::vector<FloatMode>(3, callers));
    }

    FloatMode of_function = 0;
    const auto check = st::check_gradients(
        [&](const auto& v) {
          of_function = mode();
          return st::square(v);
        },
        st::Sequence<double>(1, 1, 1));
    CHECK(check);
    CHECK(of_function == callers);
  }
}

TEST_CASE("exceptions leave the mode as it was") {
  const auto of_threads = modes_of_threads(4);
  const auto throws = [&](const std::string& text, auto&& run) {
    for (const FloatMode callers : {keeping, flushing}) {
      const st::detail::FloatModeScope scope(callers);
      CHECK(error_text<std::runtime_error>(run) == text);
      CHECK(mode() == callers);
    }
    CHECK(modes_of_threads(4) == of_threads);
  };
  const auto x = tiny(6, 6);
  throws("forward", [&] {
    Probe::Seen seen{.throws_in_forward = 1};
    Probe{seen}(x);
  });
  throws("backward", [&] {
    Probe::Seen seen{.throws_in_backward = 1};
    const Probe probe(seen);
    st::Tape<float> tape;
    tape.backward(st::sum(probe(tape.variable(x))));
  });
  for (const int threads : {1, 3})
    throws("loss", [&] {
      st::Shards<float>(3, threads).run(6, [&](st::Tape<float>& tape, Index first, Index count) {
        const auto sum = st::sum(tape.variable(x.middleRows(first, count)));
        if (first == 4) throw std::runtime_error("loss");
        return sum;
      });
    });
}

TEST_CASE("exception flags that a call raises stay raised") {
  if (st::detail::exception_flags == 0 || !st::detail::flushes_denormals) return;
  const st::detail::FloatModeScope scope(keeping);
  st::detail::set_float_mode(keeping);  // no flag
  const auto infinite = st::view_of(tiny(1, 16)) / 0;
  CHECK(st::sum(infinite) > 1);
  CHECK((st::detail::float_mode() & st::detail::exception_flags) != 0);
}

#ifdef _OPENMP
TEST_CASE("threads that the library starts do not keep its mode") {
  // A new thread has no team yet.
  std::vector<FloatMode> modes;
  std::thread([&] {
    const st::detail::FloatModeScope scope(keeping);
    st::Random random(1);
    const st::Linear<float> fc(64, 100, random);
    st::Tape<float> tape;
    tape.set_threads(4);
    static_cast<void>(fc(tape.constant(st::Array<float>(st::Array<float>::Ones(500, 64)))));
    modes = modes_of_threads(4);
  }).join();
  CHECK(modes == std::vector<FloatMode>(4, keeping));
}
#endif

TEST_CASE("a scope may be nested and writes nothing then") {
  const st::detail::FloatModeScope scope(keeping);
  {
    const st::FlushDenormals outer;
    CHECK(mode() == working);
    {
      const st::FlushDenormals inner;
      CHECK(mode() == working);
    }
    CHECK(mode() == working);
    const st::detail::FloatModeScope other(keeping);
    {
      const st::FlushDenormals inner;
      CHECK(mode() == working);
    }
    CHECK(mode() == keeping);
  }
  CHECK(mode() == keeping);
}

}  // namespace denormals_test
