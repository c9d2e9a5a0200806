#include <spiketape/core/parameter.hpp>

#include "catch.hpp"

#include <cstdint>
#include <utility>
#include <vector>

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
  CHECK(third.name() == "weight");
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
  st::Parameter<float> taken("other", 1, 1);
  taken = std::move(layers[4]);
  CHECK(taken.ptr() == known[4]);
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
