// Extents and counts from callers: none overflows, and what no memory can hold is refused with its extents.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/core/arena.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace extents_test {

namespace st = spiketape;
using st::Index;

namespace {

constexpr Index most = std::numeric_limits<Index>::max();
constexpr const char* too_many = ", expected fewer numbers than memory has addresses";

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

}  // namespace

TEST_CASE("a shape whose numbers cannot be counted is refused") {
  CHECK(error([] { st::Sequence<float>(Index(1) << 33, Index(1) << 31, 1); }) ==
        std::string("spiketape::Sequence: shape is (8589934592, 2147483648, 1)") + too_many);
  CHECK(error([] { st::Sequence<double>(0, most, most); }).find(too_many) != std::string::npos);
  CHECK(error([] { st::Sequence<float>(-1, 2, 3); }) ==
        "spiketape::Sequence: shape is (-1, 2, 3), expected no negative extent");
  const st::Array<float> one = st::Array<float>::Ones(1, 1);
  CHECK(error([&] { static_cast<void>(st::repeat(one, Index(1) << 60)); }) ==
        std::string("spiketape::repeat: the result has shape (1152921504606846976, 1, 1)") + too_many);
  CHECK(error([&] { static_cast<void>(st::Sequence<float>::repeat(one, most)); }).find(too_many) !=
        std::string::npos);
  CHECK(st::sum(st::repeat(one, Index(1) << 40)) == 0x1p40f);

  st::Tape<float> tape;
  CHECK(error([&] {
          static_cast<void>(tape.constant(one, Index(1) << 60));
        }).find("spiketape::Tape::constant: the result has shape ") == 0);
  CHECK(error([&] {
          static_cast<void>(tape.result({most, most, most}, false));
        }).find("spiketape::Tape: a value has shape ") == 0);
  CHECK(error([&] {
          static_cast<void>(tape.result({1, -1, 1}, false));
        }) == "spiketape::Tape: a value has shape (1, -1, 1), expected no negative extent");
  // A view that the caller made by hand.
  const st::SequenceView<const float> huge(one.data(), {Index(1) << 61, 1, 1}, 1, true);
  CHECK(error([&] { static_cast<void>(tape.constant(huge)); }).find(too_many) != std::string::npos);
  const st::Leaky<float> lif({.beta = 0.5});
  CHECK(error([&] { lif(huge); }).find(too_many) != std::string::npos);
  auto state = lif.state(1);
  CHECK(error([&] { lif(huge, state); }) ==
        std::string("spiketape::Leaky: input has shape (2305843009213693952, 1, 1)") + too_many);
  CHECK(error([&] {
          static_cast<void>(st::stack(std::vector{huge, huge, huge, huge}));
        }).find(too_many) != std::string::npos);
}

TEST_CASE("weights that cannot be counted are refused") {
  st::Random random(1);
  CHECK(error([&] { st::Linear<float>(Index(1) << 60, 16, random); }) ==
        std::string("spiketape::Parameter: weight is 1152921504606846976 x 16") + too_many);
  CHECK(error([&] { st::Linear<float>(1, most, random); }).find(too_many) != std::string::npos);
  CHECK(error([] { st::Parameter<float>("a", -1, 2); }) ==
        "spiketape::Parameter: a is -1 x 2, expected no negative extent");
  CHECK(error([&] {
          st::RLeaky<double>({.beta = 0.5, .linear_features = Index(1) << 40}, random);
        }).find(too_many) != std::string::npos);
  st::Arena arena;
  CHECK(error([&] { arena.allocate(most, 8); }).find("spiketape::Arena::allocate: count is ") == 0);
  CHECK(arena.allocate(3, 0) != nullptr);
}

TEST_CASE("the largest counts make one part, not none") {
  CHECK(st::detail::parts_of(10, most) == 1);
  CHECK(st::detail::parts_of(most, most) == 1);
  CHECK(st::detail::parts_of(most, 2) == most / 2 + 1);
  CHECK(st::detail::parts_of(0, 3) == 0);
  for (const Index count : {Index(10), Index(11), Index(0)})
    for (Index i = 0; i <= 4; ++i) CHECK(st::detail::part_begin(count, i, 4) == count * i / 4);
  CHECK(st::detail::part_begin(most, 3, 3) == most);

  const st::Sequential net{
      st::Leaky<float>({.beta = 0.5, .init_hidden = true, .learn_beta = true, .output = true})};
  const st::Array<float> one = st::Array<float>::Constant(1, 1, 0.25f);
  for (const bool truncate : {false, true}) {
    st::Windows<float> windows(most, {.truncate = truncate});
    st::reset_hidden(net);
    Index seen = 0;
    const float loss = windows.run(net, st::repeat(one, 2), [&](const auto& out, Index, Index steps) {
      seen = steps;
      return st::sum(out.mem);
    });
    CHECK(seen == 2);
    CHECK(loss == 0.25f + 0.375f);
  }
  const st::SequenceView<const float> huge(one.data(), {Index(1) << 61, 1, 1}, 1, true);
  st::Windows<float> windows(1);
  CHECK(error([&] {
          windows.run(net, huge, [](const auto& out, Index, Index) { return st::sum(out.mem); });
        }) == std::string("spiketape::Windows::run: input has shape (2305843009213693952, 1, 1)") + too_many);

  st::Shards<float> shards(4, 1, most);
  std::vector<Index> firsts;
  const float loss = shards.run(most, [&](st::Tape<float>& tape, Index first, Index count) {
    firsts.push_back(first);
    return tape.variable(st::Array<float>::Constant(1, 1, count > most / 4 - 2 ? 1.f : 0.f).eval());
  });
  CHECK(firsts == std::vector<Index>{0, most / 4, most / 2, most / 4 * 3 + 2});
  CHECK(loss == 4);
  CHECK(error([&] { shards.run(-1, [](st::Tape<float>&, Index, Index) { return st::Var<float>(); }); }) ==
        "spiketape::Shards::run: batch is -1, expected at least 0");
}

TEST_CASE("losses of many parts are added in double") {
  // In float, 2^24 + 1 is 2^24.
  st::Shards<float> shards(3);
  const float total = shards.run(3, [](st::Tape<float>& tape, Index first, Index) {
    return tape.variable(st::Array<float>::Constant(1, 1, first == 0 ? 16777216.f : 1.f).eval());
  });
  CHECK(total == 16777218.f);
  const st::Sequential net{st::Leaky<float>(
      {.beta = 0, .threshold = 1e30, .init_hidden = true, .learn_beta = true, .output = true})};
  st::Sequence<float> input(3, 1, 1);
  input.array() << 16777216.f, 1, 1;
  for (const bool truncate : {false, true}) {
    st::reset_hidden(net);
    st::Windows<float> windows(1, {.truncate = truncate});
    CHECK(windows.run(net, input, [](const auto& out, Index, Index) { return st::sum(out.mem); }) ==
          16777218.f);
  }
}

TEST_CASE("no more threads start than have something to do") {
  CHECK(st::detail::busy_threads(1000, 4) == 4);
  CHECK(st::detail::busy_threads(1000, 0) == 1);
  CHECK(st::detail::busy_threads(2, most) == 2);
#ifdef _OPENMP
  std::vector<int> teams;
  std::thread([&] {  // has had no team yet
    for (const Index count : {5, 2, 4, 1}) {  // the largest first: libomp leaks a little where a team grows
      std::atomic<int> team{0};
      st::detail::parallel_for(1000, count, [&](Index) { team = omp_get_num_threads(); });
      teams.push_back(team);
    }
    std::atomic<int> team{0};
    st::detail::parallel_for(2, 5, [&](Index) { team = omp_get_num_threads(); });
    teams.push_back(team);
  })
      .join();
  CHECK(teams == std::vector<int>{5, 5, 5, 1, 2});  // none ends that the caller allows
#endif
  std::vector<Index> begins;
  st::detail::parallel_ranges(1, 10, 4, [&](int, Index begin, Index) { begins.push_back(begin); });
  CHECK(begins == std::vector<Index>{0});
  std::atomic<int> ranges{0}, numbers{0};
  st::detail::parallel_ranges(1000, 10, 4, [&](int, Index begin, Index end) {
    ++ranges;
    numbers += static_cast<int>(end - begin);
  });
  CHECK(ranges == 2);
  CHECK(numbers == 10);

  // A million threads would take memory for each, if not a stack.
  st::Random random(3);
  const st::Linear<float> layer(8, 300, random);
  st::Tape<float> tape;
  tape.set_threads(1000000);
  const st::Array<float> input = st::Array<float>::Ones(40, 8);
  const auto y = layer(tape.constant(input));
  tape.backward(st::sum(y));
  CHECK(tape.threads() == 1000000);
  CHECK(y.array().row(39).isApprox(layer(st::Array<float>::Ones(1, 8).eval()).row(0), 1e-5f));
}

}  // namespace extents_test
