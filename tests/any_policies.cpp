#include "any_quantizer.hpp"
#include "any_surrogate.hpp"

#include <deque>

namespace st = spiketape;
using st::Lane;

template <typename T>
T AnySurrogate::derivative(const T& x, std::uint64_t element) const {
  const auto own = [&] {
    if constexpr (std::is_same_v<T, Lane<float>>)
      return own_float;
    else
      return own_double;
  }();
  if (own != nullptr) return own(x, a, b);
  if (kind == StochasticSpike) return StochasticSpike_.derivative(x, element);
  return visit([&](const auto& surrogate) -> T { return surrogate.derivative(x); });
}
template Lane<float> AnySurrogate::derivative(const Lane<float>&, std::uint64_t) const;
template Lane<double> AnySurrogate::derivative(const Lane<double>&, std::uint64_t) const;

double AnySurrogate::primitive(double x) const {
  return visit([&](const auto& surrogate) { return surrogate.primitive(x); });
}

namespace {

template <typename Scalar, typename Quantizer>
using Prepared = st::detail::Prepared<Scalar, Quantizer>;

template <typename Scalar, typename Quantizer>
const void* kept(const Quantizer& quantizer) {
  static std::deque<Prepared<Scalar, Quantizer>> all;
  return &all.emplace_back(st::detail::prepared<Scalar>(quantizer));
}

template <typename Quantizer, typename T>
T applied(const void* quantizer, const T& v) {
  using Scalar = typename st::detail::LaneTraits<T>::Scalar;
  return static_cast<const Prepared<Scalar, Quantizer>*>(quantizer)->apply(v);
}

}  // namespace

template <typename Quantizer>
AnyQuantizer::AnyQuantizer(Kind kind, const Quantizer& quantizer)
    : kind_(kind), in_float_(kept<float>(quantizer)), in_double_(kept<double>(quantizer)) {}
AnyQuantizer::AnyQuantizer(const st::quant::Uniform& quantizer) : AnyQuantizer(Uniform, quantizer) {}
AnyQuantizer::AnyQuantizer(const st::quant::NonUniform& quantizer) : AnyQuantizer(NonUniform, quantizer) {}

template <typename T>
T AnyQuantizer::apply(const T& v) const {
  constexpr bool is_float = std::is_same_v<T, Lane<float>>;
  const void* quantizer = is_float ? in_float_ : in_double_;
  switch (kind_) {
    case Uniform: return applied<st::quant::Uniform>(quantizer, v);
    case NonUniform: return applied<st::quant::NonUniform>(quantizer, v);
    case None: break;
  }
  return v;
}
template Lane<float> AnyQuantizer::apply(const Lane<float>&) const;
template Lane<double> AnyQuantizer::apply(const Lane<double>&) const;
