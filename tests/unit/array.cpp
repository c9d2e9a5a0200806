#include <spiketape/core/array.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace array_test {

namespace st = spiketape;

namespace {

/// 0, 1, 2, ... in memory order.
template <typename Scalar>
st::Array<Scalar> counted(st::Index rows, st::Index cols) {
  st::Array<Scalar> array(rows, cols);
  for (st::Index i = 0; i < array.size(); ++i) array.data()[i] = static_cast<Scalar>(i);
  return array;
}

template <typename To, typename From>
constexpr bool converts = std::is_convertible_v<From, To>;

static_assert(converts<st::SequenceView<const float>, const st::Array<float>&>);
static_assert(!converts<st::SequenceView<const float>, const st::Array<double>&>,
              "never a hidden conversion");
static_assert(converts<st::SequenceView<float>, st::Array<float>&>);
static_assert(!converts<st::SequenceView<float>, const st::Array<float>&>, "what is const is not written to");
static_assert(converts<st::SequenceView<const float>, st::SequenceView<float>>);
static_assert(!converts<st::SequenceView<float>, st::SequenceView<const float>>);
static_assert(converts<st::SequenceView<const float>, const st::Sequence<float>&>);
static_assert(converts<st::SequenceView<float>, st::Sequence<float>&>);
static_assert(!converts<st::SequenceView<float>, const st::Sequence<float>&>);
static_assert(std::is_trivially_destructible_v<st::SequenceView<float>>, "tapes keep it in an arena");
static_assert(st::Real<float> && st::Real<double> && !st::Real<int> && !st::Real<const float>);

}  // namespace

TEST_CASE("a shape compares by its extents and reads like a tuple") {
  const st::Shape shape{5, 2, 3};
  CHECK(shape == st::Shape{5, 2, 3});
  CHECK(shape != st::Shape{4, 2, 3});
  CHECK(shape != st::Shape{5, 1, 3});
  CHECK(shape != st::Shape{5, 2, 4});
  CHECK(st::detail::text_of("shape ", shape, '!') == "shape (5, 2, 3)!");
}

TEMPLATE_TEST_CASE("an array is seen as one step, without a copy", "", float, double) {
  st::Array<TestType> array = counted<TestType>(3, 4);
  const st::SequenceView<const TestType> view = array;
  CHECK(view.data == array.data());
  CHECK(view.shape() == st::Shape{1, 3, 4});
  CHECK(view.stride == 4);
  CHECK_FALSE(view.constant);
  CHECK_FALSE(view.empty());
  CHECK(view.rows() == 3);
  CHECK(view.stored_steps() == 1);
  CHECK(view.row(0, 2)[1] == 9);
  CHECK((view.array() == array).all());

  const st::SequenceView<TestType> writable = array;
  writable.row(0, 1)[2] = 70;
  CHECK(array(1, 2) == 70);
  writable.array().setZero();
  CHECK((array == 0).all());
}

TEST_CASE("rows, maps, blocks and matrices are seen where they lie") {
  const st::Array<double> array = counted<double>(5, 7);
  const auto check = [](const st::SequenceView<const double>& view, const auto& expected, const double* data,
                        st::Index stride) {
    CHECK(view.data == data);
    CHECK(view.shape() == st::Shape{1, expected.rows(), expected.cols()});
    if (expected.rows() > 1) CHECK(view.stride == stride);
    CHECK((view.array() == expected.array()).all());
  };
  check(array.block(1, 2, 3, 4), array.block(1, 2, 3, 4), &array(1, 2), 7);
  check(array.middleRows(2, 2), array.middleRows(2, 2), &array(2, 0), 7);
  check(array.leftCols(3), array.leftCols(3), array.data(), 7);
  check(array.row(3), array.row(3), &array(3, 0), 7);
  const st::Row<double> row = array.row(2);
  check(row, row, row.data(), 7);
  const st::ArrayMap<const double> map(array.data() + 1, 3, 2, Eigen::OuterStride<>(14));
  check(map, map, array.data() + 1, 14);
  CHECK(map(2, 1) == 1 + 2 * 14 + 1);
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix = array.matrix();
  check(matrix, matrix, matrix.data(), 7);
  // A column-major array of (features, batch) has the same bytes as our (batch, features).
  const Eigen::ArrayXXd columns = array.transpose();
  check(columns.transpose(), array, columns.data(), 7);

  st::Array<double> target = st::Array<double>::Zero(5, 7);
  auto block = target.block(1, 2, 3, 4);
  const st::SequenceView<double> inside = block;
  inside.array().setOnes();
  CHECK(target.sum() == 12);
  CHECK(target.block(1, 2, 3, 4).sum() == 12);
}

TEST_CASE("a sequence is zero at first and lies in memory as (steps, batch, features)") {
  st::Sequence<float> sequence(2, 3, 4);
  CHECK(sequence.shape() == st::Shape{2, 3, 4});
  CHECK(sequence.steps() == 2);
  CHECK(sequence.batch() == 3);
  CHECK(sequence.features() == 4);
  CHECK_FALSE(sequence.constant());
  CHECK(sequence.array().rows() == 6);
  CHECK((sequence.array() == 0).all());
  for (st::Index t = 0; t < 2; ++t)
    for (st::Index b = 0; b < 3; ++b)
      for (st::Index i = 0; i < 4; ++i) sequence(t, b, i) = static_cast<float>((t * 3 + b) * 4 + i);
  CHECK((sequence.array() == counted<float>(6, 4)).all());
  CHECK(sequence.step(1)(2, 3) == 23);
  CHECK(sequence.view().row(1, 2)[3] == 23);
  CHECK(sequence.view().rows() == 6);
  CHECK(sequence.view().stored_steps() == 2);

  sequence.step(0).setConstant(-1);
  CHECK(sequence.array().topRows(3).maxCoeff() == -1);
  CHECK(sequence.array()(3, 0) == 12);
  const st::Sequence<float>& read = sequence;
  CHECK(read(1, 0, 1) == 13);
  CHECK(read.step(1).data() == sequence.array().data() + 12);

  const st::Sequence<float> copy = sequence;
  sequence(1, 0, 1) = 99;
  CHECK(copy(1, 0, 1) == 13);
}

TEST_CASE("a step of a sequence is itself a sequence of one step") {
  st::Array<double> memory = counted<double>(6, 5);
  const st::SequenceView<double> view(memory.data(), {3, 2, 4}, 5);  // rows of 4, 5 apart
  const st::SequenceView<double> step = view.step(2);
  CHECK(step.shape() == st::Shape{1, 2, 4});
  CHECK(step.stride == 5);
  CHECK(step.data == view.row(2, 0));
  CHECK((step.array() == memory.block(4, 0, 2, 4)).all());
  step.row(0, 1)[0] = -3;
  CHECK(memory(5, 0) == -3);
}

TEMPLATE_TEST_CASE("a repeated step is stored once", "", float, double) {
  st::Array<TestType> source = counted<TestType>(3, 7);
  const auto sequence = st::Sequence<TestType>::repeat(source.block(0, 1, 3, 4), 5);
  source.setZero();  // it was copied
  CHECK(sequence.constant());
  CHECK(sequence.shape() == st::Shape{5, 3, 4});
  CHECK(sequence.array().rows() == 3);
  CHECK(sequence.view().rows() == 3);
  CHECK(sequence.view().stored_steps() == 1);
  for (st::Index t = 0; t < 5; ++t) {
    CHECK((sequence.step(t) == counted<TestType>(3, 7).middleCols(1, 4)).all());
    CHECK(sequence(t, 2, 3) == 18);
    const auto step = sequence.view().step(t);
    CHECK_FALSE(step.constant);
    CHECK(step.shape() == st::Shape{1, 3, 4});
  }
  const st::SequenceView<const TestType> view = sequence;
  CHECK(view.constant);
  CHECK(st::view_of(view).constant);

  CHECK(st::Sequence<TestType>::repeat(source, 0).shape() == st::Shape{0, 3, 7});
  CHECK(st::Sequence<TestType>(st::Shape{4, 2, 3}, true).array().rows() == 2);
}

TEST_CASE("what has no number in it is still a shape") {
  CHECK(st::Sequence<float>().shape() == st::Shape{0, 0, 0});
  CHECK(st::SequenceView<float>().empty());
  CHECK(st::SequenceView<float>().shape() == st::Shape{});
  CHECK(st::Sequence<float>(3, 0, 4).view().rows() == 0);
  CHECK(st::Sequence<float>(0, 2, 4).array().rows() == 0);
  const st::Array<float> none(0, 4);
  CHECK(st::view_of(none).shape() == st::Shape{1, 0, 4});
}

TEST_CASE("view_of sees arrays, sequences and views alike") {
  st::Sequence<double> sequence(2, 3, 4);
  sequence(1, 2, 3) = 5;
  CHECK(st::view_of(sequence).row(1, 2)[3] == 5);
  CHECK(st::view_of(sequence.view()).data == sequence.array().data());
  const st::Array<double> array = counted<double>(3, 4);
  CHECK(st::view_of(array).data == array.data());
  CHECK(st::view_of(array.topRows(2)).shape() == st::Shape{1, 2, 4});
}

TEST_CASE("sequences that cannot be say why") {
  const auto shape_error = [](st::Index steps, st::Index batch, st::Index features) {
    return error_text<std::invalid_argument>([&] { st::Sequence<float> sequence(steps, batch, features); });
  };
  CHECK(shape_error(2, -1, 3) == "spiketape::Sequence: shape is (2, -1, 3), expected no negative extent");
  CHECK(shape_error(-2, 1, 3) == "spiketape::Sequence: shape is (-2, 1, 3), expected no negative extent");
  CHECK(shape_error(-2, -1, 3) == "spiketape::Sequence: shape is (-2, -1, 3), expected no negative extent");
  CHECK(shape_error(2, 1, -3) == "spiketape::Sequence: shape is (2, 1, -3), expected no negative extent");

  const auto repeat_error = [](const st::SequenceView<const float>& step, st::Index steps) {
    return error_text<std::invalid_argument>(
        [&] { static_cast<void>(st::Sequence<float>::repeat(step, steps)); });
  };
  const st::Sequence<float> two(2, 3, 4);
  CHECK(repeat_error(two, 3) == "spiketape::Sequence::repeat: input has 2 steps, expected 1 to repeat it");
  CHECK(repeat_error(two.view().step(0), -1) ==
        "spiketape::Sequence::repeat: steps is -1, expected at least 0");
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::repeat(two, 3)); }) ==
        "spiketape::repeat: input has 2 steps, expected 1 to repeat it");
  const auto view = st::repeat(two.step(1), 7);
  CHECK(view.shape() == st::Shape{7, 3, 4});
  CHECK(view.constant);
  CHECK(view.data == two.view().row(1, 0));
}

TEST_CASE("repeat of a temporary or an expression owns its step; of what has a name it is a view") {
  using Step = st::Array<float>;
  const Step step = Step::Constant(2, 3, 1.5f);
  const auto of_temporary = st::repeat((2 * step).eval(), 20);
  const auto of_expression = st::repeat(2 * step, 20);
  const auto of_row = st::repeat(st::Row<float>::Constant(3, 3), 20);
  for (const auto& sequence : {of_temporary, of_expression}) {
    CHECK(sequence.shape() == st::Shape{20, 2, 3});
    CHECK(sequence.constant());
    CHECK((sequence.array() == 3).all());
  }
  CHECK(of_row.shape() == st::Shape{20, 1, 3});
  CHECK(st::repeat(st::Sequence<float>(1, 2, 3), 4).constant());

  const auto of_name = st::repeat(step, 20);
  static_assert(std::is_same_v<decltype(of_name), const st::SequenceView<const float>>);
  CHECK(of_name.data == step.data());
  const auto of_block = st::repeat(step.topRows(1), 20);
  CHECK(of_block.data == step.data());
  CHECK(st::repeat(of_name.step(0), 3).data == step.data());
}

}  // namespace array_test
