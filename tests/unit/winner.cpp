// Under inhibition one neuron of a sample may fire: the first of those with the largest number.
#include "catch.hpp"

#include <spiketape/core/random.hpp>
#include <spiketape/neuron/winner.hpp>

#include <limits>
#include <vector>

namespace winner_test {

namespace st = spiketape;

namespace {

template <typename Scalar>
st::Index winner(const std::vector<Scalar>& row) {
  return st::detail::winner_of<Scalar>(static_cast<st::Index>(row.size()), [&](st::Index i, auto extent) {
    return st::detail::load(row.data() + i, extent);
  });
}

template <typename Scalar>
st::Index expected(const std::vector<Scalar>& row) {
  st::Index best = -1;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (row[i] == row[i] && (best < 0 || row[i] > row[static_cast<std::size_t>(best)]))
      best = static_cast<st::Index>(i);
  return best;
}

}  // namespace

TEMPLATE_TEST_CASE("the first of the largest wins, wherever it stands, and NaN never", "", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity(),
                 nan = std::numeric_limits<TestType>::quiet_NaN();
  const TestType some[] = {-infinity, -2, -1, TestType(-0.5), 0, 1, infinity, nan};
  st::Random random(1);
  for (std::size_t size = 1; size <= 70; ++size)
    for (std::uint64_t kinds = 1; kinds <= 8; ++kinds) {  // few different numbers: many ties
      std::vector<TestType> row(size);
      for (TestType& number : row) number = some[(random.below(kinds) * 5 + size) % 8];
      INFO(size << " numbers of " << kinds << " kinds");
      REQUIRE(winner(row) == expected(row));
    }
  CHECK(winner(std::vector<TestType>(20, nan)) == -1);
  CHECK(winner(std::vector<TestType>(20, -infinity)) == 0);
}

TEMPLATE_TEST_CASE("it is found among more neurons than a float can count", "", float, double) {
  using L = st::Lane<TestType>;
  const st::Index last = (st::Index(1) << 24) + 38;
  for (const st::Index place : {last, last - 1, st::Index(1) << 20, (st::Index(1) << 20) - 1}) {
    const auto found = st::detail::winner_of<TestType>(last + 1, [&](st::Index i, auto) {
      return select(L::counting_from(0) == L(static_cast<TestType>(place - i)), L(3), L(2));
    });
    CHECK(found == place);
    const st::Index first = place / L::size * L::size;
    TestType won[L::size];
    const auto winners = st::detail::winners_at<TestType>(first, place, -1);
    select(winners.now, L(1), L(0)).store(won);
    for (st::Index k = 0; k < L::size; ++k) CHECK(won[k] == (first + k == place ? 1 : 0));
  }
}

}  // namespace winner_test
