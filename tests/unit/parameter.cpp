#include <spiketape/core/parameter.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parameter_test {

namespace st = spiketape;
using st::Index;

TEMPLATE_TEST_CASE("a parameter is an array with a name, in rows padded with zeros", "", float, double) {
  for (const Index cols : {1, 5, 16, 256}) {
    st::Parameter<TestType> parameter("weight", 3, cols);
    CHECK(parameter.name() == "weight");
    CHECK(parameter.rows() == 3);
    CHECK(parameter.cols() == cols);
    CHECK(parameter.stride() == st::detail::padded<TestType>(cols));
    CHECK(reinterpret_cast<std::uintptr_t>(parameter.data()) % 64 == 0);
    CHECK((parameter.array() == 0).all());

    parameter.array().setConstant(2);
    parameter.array()(2, cols - 1) = 7;
    CHECK(parameter.data()[2 * parameter.stride() + cols - 1] == 7);
    for (Index row = 0; row < 3; ++row)
      for (Index col = cols; col < parameter.stride(); ++col)
        REQUIRE(parameter.data()[row * parameter.stride() + col] == 0);
    const st::Parameter<TestType>& read = parameter;
    CHECK(read.array().sum() == static_cast<TestType>(2 * 3 * cols + 5));
    CHECK(read.data() == read.ptr()->values.data());
    CHECK((read.ptr()->array() == read.array()).all());
  }
  CHECK(st::Parameter<TestType>("none", 0, 4).array().rows() == 0);
  CHECK(st::Parameter<TestType>("none", 4, 0).array().cols() == 0);
}

TEST_CASE("a copy of a parameter is a second array") {
  st::Parameter<double> first("weight", 2, 3);
  first.array().setConstant(1);
  st::Parameter<double> second = first;
  CHECK(second.ptr() != first.ptr());
  CHECK(second.name() == "weight");
  CHECK((second.array() == 1).all());
  second.array().setConstant(5);
  CHECK((first.array() == 1).all());

  const auto identity = first.ptr();
  st::Parameter<double> third("other", 1, 1);
  third = second;
  CHECK(third.name() == "other");
  CHECK(third.cols() == 3);
  CHECK(third.ptr() != second.ptr());
  CHECK((third.array() == 5).all());
  st::Parameter<double>& same = first;
  first = same;
  CHECK(first.ptr() == identity);
  CHECK((first.array() == 1).all());
}

TEST_CASE("a parameter that moves is still the same one") {
  std::vector<st::Parameter<float>> layers;
  std::vector<st::ParameterPtr<float>> known;
  std::vector<const float*> memory;
  for (int i = 0; i < 9; ++i) {  // the vector moves them as it grows
    layers.emplace_back("weight", 2, 3);
    layers.back().array().setConstant(static_cast<float>(i));
    known.push_back(layers.back().ptr());
    memory.push_back(layers.back().data());
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    CHECK(layers[i].ptr() == known[i]);
    CHECK(layers[i].data() == memory[i]);
    CHECK(layers[i].array()(1, 2) == static_cast<float>(i));
  }
}

TEST_CASE("assignment and swap hand over values, and each parameter keeps its identity and its name") {
  const auto made = [](const char* name, double value) {
    st::Parameter<double> parameter(name, 2, 3);
    parameter.set(value);
    return parameter;
  };
  st::Parameter<double> a = made("a", 1), b = made("b", 2);
  const auto a_known = a.ptr(), b_known = b.ptr();
  a = b;
  CHECK(a.ptr() == a_known);
  CHECK((a.array() == 2).all());
  a = made("c", 3);
  CHECK(a.ptr() == a_known);
  CHECK(a.name() == "a");
  CHECK((a_known->array() == 3).all());
  a = std::move(b);
  CHECK(a.ptr() == a_known);
  CHECK(b.ptr() == b_known);
  CHECK((a.array() == 2).all());

  a.set(5);
  b.set(6);
  swap(a, b);
  CHECK(a.ptr() == a_known);
  CHECK(b.ptr() == b_known);
  CHECK((a.array() == 6).all());
  CHECK((b.array() == 5).all());

  // Another shape makes a new parameter, which no optimizer takes for the old one.
  a = st::Parameter<double>("d", 4, 1);
  CHECK(a.ptr() != a_known);
  CHECK(a.rows() == 4);
  CHECK(a.name() == "a");
}

TEST_CASE("set checks the shape") {
  st::Parameter<double> parameter("fc1.weight", 2, 3);
  Eigen::MatrixXd values(2, 3);
  values << 1, 2, 3, 4, 5, 6;
  parameter.set(values);
  CHECK((parameter.array() == values.array()).all());
  parameter.set_transposed(Eigen::MatrixXd(values.transpose()) * 2);
  CHECK((parameter.array() == 2 * values.array()).all());
  parameter.set(parameter.array() + 1);
  CHECK((parameter.array() == 2 * values.array() + 1).all());
  CHECK(error_text<std::invalid_argument>([&] { parameter.set(values.transpose()); }) ==
        "spiketape::Parameter::set: values are 3 x 2, fc1.weight expects 2 x 3");
  CHECK(error_text<std::invalid_argument>([&] { parameter.set_transposed(values); }) ==
        "spiketape::Parameter::set_transposed: values are 2 x 3, fc1.weight expects 3 x 2");
  CHECK((parameter.array() == 2 * values.array() + 1).all());

  // A row of padded memory keeps its padding.
  for (Index col = 3; col < parameter.stride(); ++col) CHECK(parameter.data()[col] == 0);

  st::Parameter<double> row("bias", 1, 3);
  row.set(Eigen::Vector3d(1, 2, 3));
  CHECK(row.array()(0, 2) == 3);
  CHECK(error_text<std::invalid_argument>([&] { row.set(Eigen::RowVectorXd(4)); }) ==
        "spiketape::Parameter::set: values are 1 x 4, bias expects 1 x 3");
}

TEST_CASE("a frozen parameter is not learned, until it is no longer frozen") {
  st::Parameter<double> parameter("weight", 1, 1);
  CHECK(parameter.learned());
  parameter.freeze();
  CHECK_FALSE(parameter.learned());
  CHECK_FALSE(st::Parameter<double>(parameter).learned());
  parameter.unfreeze();
  CHECK(parameter.learned());
}

TEST_CASE("whoever holds a parameter keeps its memory") {
  st::ParameterPtr<double> hold;
  {
    st::Parameter<double> parameter("weight", 2, 3);
    parameter.array().setConstant(4);
    hold = parameter.ptr();
  }
  CHECK((hold->array() == 4).all());
}

}  // namespace parameter_test
