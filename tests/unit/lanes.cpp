#include <spiketape/kernels/bit_rows.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace lanes_test {

namespace st = spiketape;
using st::Index;
using st::detail::load, st::detail::store;

namespace {

template <typename Scalar>
constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
template <typename Scalar>
constexpr Scalar not_a_number = std::numeric_limits<Scalar>::quiet_NaN();

/// More numbers than two lanes of the widest machine hold, the odd ones among them.
template <typename Scalar>
std::vector<Scalar> odd_numbers() {
  std::vector<Scalar> numbers{0,
                              -Scalar(0),
                              1,
                              -1,
                              not_a_number<Scalar>,
                              infinity<Scalar>,
                              -infinity<Scalar>,
                              std::numeric_limits<Scalar>::max(),
                              std::numeric_limits<Scalar>::min()};
  st::Random random(1);
  while (numbers.size() < 37) numbers.push_back(static_cast<Scalar>(random.uniform(-3, 3)));
  return numbers;
}

/// Equal to the bit, where every NaN counts as the same.
template <typename Scalar>
bool same_number(Scalar a, Scalar b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

/// f of all numbers, in lanes: memory of exactly that many, so sanitizers see a tail that reads or writes
/// beyond.
template <typename Scalar, typename F>
std::vector<Scalar> in_lanes(const std::vector<Scalar>& a, const std::vector<Scalar>& b, F&& f) {
  std::vector<Scalar> results(a.size());
  st::detail::for_lanes<Scalar>(static_cast<Index>(a.size()), [&](Index i, auto extent) {
    const st::Lane<Scalar> result = f(load(a.data() + i, extent), load(b.data() + i, extent));
    store(result, results.data() + i, extent);
  });
  return results;
}

/// A formula on lanes gives what it gives on plain numbers, for all pairs of odd numbers and every length of
/// a row.
template <typename Scalar, typename F>
void check_same(const char* what, F&& f) {
  INFO(what);
  const std::vector<Scalar> numbers = odd_numbers<Scalar>();
  std::size_t wrong = 0;
  for (std::size_t shift = 0; shift < numbers.size(); ++shift) {
    const std::size_t count = numbers.size() - shift;  // all lengths occur
    const std::vector<Scalar> a(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(count));
    const std::vector<Scalar> b(numbers.begin() + static_cast<std::ptrdiff_t>(shift), numbers.end());
    for (const auto& [left, right] : {std::pair(a, b), std::pair(b, a)}) {
      const std::vector<Scalar> results = in_lanes(left, right, f);
      for (std::size_t i = 0; i < count; ++i) {
        const Scalar expected = f(left[i], right[i]);
        if (same_number(results[i], expected)) continue;
        ++wrong;
        UNSCOPED_INFO(left[i] << " and " << right[i] << " give " << results[i] << ", expected " << expected);
      }
    }
  }
  CHECK(wrong == 0);
}

static_assert(st::detail::padded<float>(0) == 0 && st::detail::padded<double>(0) == 0);
static_assert(st::detail::padded<float>(1) == 16 && st::detail::padded<double>(1) == 8);
static_assert(st::detail::padded<float>(16) == 16 && st::detail::padded<float>(17) == 32);
static_assert(st::detail::padded<double>(8) == 8 && st::detail::padded<double>(9) == 16);
static_assert(st::detail::padded<float>(240) == 240);
static_assert(st::detail::padded<float>(241) == 272 && st::detail::padded<float>(256) == 272,
              "1 KiB and a lane");
static_assert(st::detail::padded<double>(128) == 136 && st::detail::padded<double>(256) == 264);
static_assert(st::detail::whole_lines<float>(0) == 0 && st::detail::whole_lines<float>(10) == 16);
static_assert(st::detail::whole_lines<float>(256) == 256 && st::detail::whole_lines<double>(129) == 136);
static_assert(64 / sizeof(float) % st::Lane<float>::size == 0 &&
                  64 / sizeof(double) % st::Lane<double>::size == 0,
              "padded rows are whole lines on every machine");

}  // namespace

TEMPLATE_TEST_CASE("arithmetic on lanes is that on numbers", "", float, double) {
  using S = TestType;
  check_same<S>("+", [](auto a, auto b) { return a + b; });
  check_same<S>("-", [](auto a, auto b) { return a - b; });
  check_same<S>("*", [](auto a, auto b) { return a * b; });
  check_same<S>("/", [](auto a, auto b) { return a / b; });
  check_same<S>("negation", [](auto a, auto) { return -a; });
  check_same<S>("abs", [](auto a, auto) { return st::abs(a); });
  check_same<S>("+=", [](auto a, auto b) { return a += b; });
  check_same<S>("-=", [](auto a, auto b) { return a -= b; });
  check_same<S>("plain numbers on both sides", [](auto a, auto) { return 1 - a * S(0.5) + 2; });
}

TEMPLATE_TEST_CASE("comparisons, selections and bounds on lanes are those on numbers, NaN included", "",
                   float, double) {
  using S = TestType;
  check_same<S>("<", [](auto a, auto b) { return st::select(a < b, a, S(7)); });
  check_same<S>("<=", [](auto a, auto b) { return st::select(a <= b, a, S(7)); });
  check_same<S>(">", [](auto a, auto b) { return st::select(a > b, a, S(7)); });
  check_same<S>(">=", [](auto a, auto b) { return st::select(a >= b, a, S(7)); });
  check_same<S>("==", [](auto a, auto b) { return st::select(a == b, a, S(7)); });
  check_same<S>("and", [](auto a, auto b) { return st::select((a < b) & (a > S(0)), a, b); });
  check_same<S>("or", [](auto a, auto b) { return st::select((a < b) | (a > S(0)), a, b); });
  // The number that is not chosen leaves no trace, be it NaN.
  check_same<S>("where", [](auto a, auto b) { return st::where(a < b, b); });
  check_same<S>("where on NaN", [](auto a, auto b) { return st::where(b == b, a / b); });
  check_same<S>("except", [](auto a, auto b) { return st::except(a < b, b); });
  check_same<S>("except on NaN", [](auto a, auto b) { return st::except(b >= S(0), a * b); });
  for (const S bound : {S(-1), S(0), S(1), infinity<S>}) {
    check_same<S>("min", [&](auto a, auto) { return st::min(a, bound); });
    check_same<S>("max", [&](auto a, auto) { return st::max(a, bound); });
  }
  check_same<S>("by number", [](auto a, auto) {
    return st::detail::by_number(a, [](S x, Index) { return x < 1 ? x / 2 : S(7); });
  });

  CHECK(std::isnan(st::min(not_a_number<S>, S(1))));
  CHECK(std::isnan(st::max(not_a_number<S>, S(1))));
  CHECK(st::where(true, S(3)) == 3);
  CHECK(st::where(false, not_a_number<S>) == 0);
  CHECK(st::except(true, not_a_number<S>) == 0);
  CHECK(st::except(false, S(3)) == 3);
  CHECK(st::select(not_a_number<S> < S(1), S(1), S(2)) == 2);
}

TEMPLATE_TEST_CASE("functions on lanes are those on numbers but for rounding", "", float, double) {
  std::vector<TestType> numbers;
  for (int i = -160; i <= 160; ++i) numbers.push_back(TestType(0.5) * static_cast<TestType>(i));
  const TestType ulp = std::numeric_limits<TestType>::epsilon();
  const auto check = [&](const char* what, auto&& f, auto&& expected, TestType ulps) {
    INFO(what);
    const std::vector<TestType> results =
        in_lanes(numbers, numbers, [&](const auto& a, const auto&) { return f(a); });
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const TestType number = expected(numbers[i]);
      INFO("of " << numbers[i] << " is " << results[i] << ", expected " << number);
      CHECK(f(numbers[i]) == number);  // of a plain number it is the standard library's
      CHECK(std::abs(results[i] - number) <= ulps * ulp * number);
    }
  };
  check(
      "exp", [](const auto& a) { return st::exp(a); }, [](TestType x) { return std::exp(x); }, 4);
  check(
      "sqrt", [](const auto& a) { return st::sqrt(st::abs(a)); },
      [](TestType x) { return std::sqrt(std::abs(x)); }, 0);  // the processors' estimates differ

  // Rounded once, or twice where the machine must.
  const auto fused = in_lanes(numbers, numbers, [](const auto& a, const auto& b) {
    return st::multiply_add(a, b, st::Lane<TestType>(TestType(0.1)));
  });
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const TestType x = numbers[i];
    CHECK(st::multiply_add(x, x, TestType(0.1)) == Approx(x * x + TestType(0.1)).epsilon(4 * ulp));
    CHECK((fused[i] == x * x + TestType(0.1) || fused[i] == std::fma(x, x, TestType(0.1))));
  }
}

TEMPLATE_TEST_CASE("a part of a lane reads and writes nothing else", "", float, double) {
  using L = st::Lane<TestType>;
  for (Index count = 1; count <= L::size; ++count) {
    std::vector<TestType> from(static_cast<std::size_t>(count), 5);
    TestType lane[L::size], to[L::size];
    L::load(from.data(), count).store(lane);
    std::fill_n(to, L::size, TestType(-1));
    (L(7)).store(to, count);
    for (Index i = 0; i < L::size; ++i) {
      CHECK(lane[i] == (i < count ? 5 : 0));
      CHECK(to[i] == (i < count ? 7 : -1));
    }
  }
  TestType numbers[L::size];
  st::detail::by_number(L(2), [](TestType x, Index i) {
    return x + static_cast<TestType>(i);
  }).store(numbers);
  for (Index i = 0; i < L::size; ++i) CHECK(numbers[i] == static_cast<TestType>(2 + i));
  L::counting_from(30).store(numbers);
  for (Index i = 0; i < L::size; ++i) CHECK(numbers[i] == static_cast<TestType>(30 + i));
  L(TestType(0.25)).store(numbers);
  for (const TestType number : numbers) CHECK(number == TestType(0.25));
}

TEMPLATE_TEST_CASE("rows and columns of a square of lanes change places", "", float, double) {
  using L = st::Lane<TestType>;
  L square[L::size];
  for (Index q = 0; q < L::size; ++q) square[q] = L::counting_from(100 * q);
  st::detail::transpose<TestType>(square);
  for (Index q = 0; q < L::size; ++q) {
    TestType row[L::size];
    square[q].store(row);
    for (Index i = 0; i < L::size; ++i) CHECK(row[i] == static_cast<TestType>(100 * i + q));
  }
}

TEMPLATE_TEST_CASE("a row is walked in lanes, once each, with a part at its end", "", float, double) {
  constexpr Index size = st::Lane<TestType>::size;
  for (Index count = 0; count <= 3 * size + 1; ++count) {
    std::vector<int> visits(static_cast<std::size_t>(4 * size));
    Index parts = 0;
    st::detail::for_lanes<TestType>(count, [&](Index i, auto extent) {
      Index length = size;
      if constexpr (std::is_same_v<decltype(extent), st::detail::Part>) {
        length = extent.count;
        ++parts;
      }
      for (Index k = 0; k < length; ++k) ++visits[static_cast<std::size_t>(i + k)];
    });
    CHECK(parts == (count % size == 0 ? 0 : 1));
    Index rounded = 0;
    const Index width = st::detail::whole_lines<TestType>(count);
    st::detail::for_whole_lines<TestType>(width, [&](Index i, st::detail::Whole) {
      CHECK(i == rounded);
      rounded += size;
    });
    CHECK(rounded == width);
    for (std::size_t i = 0; i < visits.size(); ++i)
      CHECK(visits[i] == (static_cast<Index>(i) < count ? 1 : 0));
  }
}

TEMPLATE_TEST_CASE("the bits of masks in a row, the first number's lowest, and the masks of bits", "", float,
                   double) {
  using L = st::Lane<TestType>;
  constexpr Index line = st::detail::line<TestType>;
  std::array<st::Mask<TestType>, line / L::size> masks;
  for (unsigned pattern = 0; pattern < 1u << line; pattern += line == 16 ? 37 : 1) {
    TestType numbers[line];
    for (Index i = 0; i < line; ++i) numbers[i] = static_cast<TestType>(pattern >> i & 1u);
    for (std::size_t k = 0; k < masks.size(); ++k)
      masks[k] = L(0) < L::load(numbers + static_cast<Index>(k) * L::size);
    REQUIRE(st::detail::bits_of(masks) == pattern);
    for (Index k = 0; k < line; k += L::size) {
      const unsigned of_lane = pattern >> k & ((1u << L::size) - 1);
      TestType chosen[L::size];
      st::select(st::detail::mask_of<TestType>(of_lane), L(2), L(3)).store(chosen);
      for (Index i = 0; i < L::size; ++i) REQUIRE(chosen[i] == ((of_lane >> i & 1u) != 0 ? 2 : 3));
    }
  }
}

}  // namespace lanes_test
