// The class that a layer gives its base is the layer itself; otherwise the base would take it for another.
//
// CASE_LAYER: write struct MyLayer : st::Layer<MyLayer, float>
// CASE_NAMED: write struct MyLayer : st::Layer<MyLayer, float>
// CASE_NESTED: write struct MyLayer : st::Layer<MyLayer, float>
// CASE_PRIVATE_PARAMETERS: for_each_parameter of a layer is public
// CASE_PARAMETERS_WITHOUT_F: for_each_parameter of a layer is public
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

namespace st = spiketape;

struct First : st::Layer<First, float> {
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const float> x, st::SequenceView<float> y, st::Context<float>&) const {
    y.array() = x.array();
  }
  void backward(st::SequenceView<const float>, st::SequenceView<const float> y_adjoint,
                st::Adjoint<float> x_adjoint, st::Context<float>&) const {
    x_adjoint.add(y_adjoint.array());
  }
};
struct Second : st::Layer<First, float> {};  // copied from above
struct Derived : First {};                   // fine

struct Learns : st::Layer<Learns, float> {
  st::Parameter<float> a{1, 2};
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const float> x, st::SequenceView<float> y, st::Context<float>&) const {
    y.array() = x.array();
  }
  void backward(st::SequenceView<const float>, st::SequenceView<const float>, st::Adjoint<float>,
                st::Context<float>&) const {}
#if defined(CASE_PRIVATE_PARAMETERS)
 private:
#endif
#if defined(CASE_PARAMETERS_WITHOUT_F)
  void for_each_parameter() {}
#else
  template <typename F>
  void for_each_parameter(F&& f) {
    f("a", a);
  }
#endif
};

int main() {
  st::Random random(1);
#if defined(CASE_LAYER)
  st::Sequential net{st::Linear<float>(3, 2, random), Second()};
#elif defined(CASE_NAMED)
  st::Sequential net{st::named("second", Second())};
#elif defined(CASE_NESTED)
  st::Sequential net{st::Linear<float>(3, 2, random), st::Sequential{Second()}};
#elif defined(CASE_PRIVATE_PARAMETERS) || defined(CASE_PARAMETERS_WITHOUT_F)
  st::Sequential net{Learns()};
#else
  st::Sequential net{st::Linear<float>(3, 2, random), First(), Derived()};
  Learns learns;
#endif
  net(st::Array<float>::Ones(1, 3).eval());
}
