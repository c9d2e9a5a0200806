// A code of one's own does what it says, or does not compile.
//
// CASE_NO_MEMORY: a code has static constexpr name and memory, and const members result(shape) and gives_spikes()
// CASE_NO_GIVES_SPIKES: a code has static constexpr name and memory, and const members result(shape) and gives_spikes()
// CASE_SPIKES_NOT_CONST: spikes of a code is a const template
// CASE_SPIKES_BY_REFERENCE: spikes of a code is a const template
// CASE_SPIKES_OF_DOUBLE: spikes of a code is a const template
// CASE_NUMBERS_NOT_CONST: numbers of a code is a const template
// CASE_NOTHING: a code has spikes or numbers
// CASE_BACKWARD: backward of a code is a const template
// CASE_ON_ARRAYS: spikes of a code is a const template
#include <spiketape/nn/encode.hpp>

namespace st = spiketape;

struct Sign {
  static constexpr const char* name = "Sign";
#if !defined(CASE_NO_MEMORY)
  static constexpr auto memory = st::spikegen::Memory::nothing;
#endif
  st::Shape result(const st::Shape& data) const { return data; }
#if !defined(CASE_NO_GIVES_SPIKES)
  bool gives_spikes() const { return true; }
#endif
#if defined(CASE_SPIKES_NOT_CONST) || defined(CASE_ON_ARRAYS)
  template <st::Real Scalar>
  void spikes(const st::spikegen::Signal<Scalar>&, const st::spikegen::SpikeRows&) {}
#elif defined(CASE_SPIKES_BY_REFERENCE)
  template <st::Real Scalar>
  void spikes(const st::spikegen::Signal<Scalar>&, st::spikegen::SpikeRows&) const {}
#elif defined(CASE_SPIKES_OF_DOUBLE)
  void spikes(const st::spikegen::Signal<double>&, const st::spikegen::SpikeRows&) const {}
#elif !defined(CASE_NOTHING)
  template <st::Real Scalar>
  void spikes(const st::spikegen::Signal<Scalar>&, const st::spikegen::SpikeRows&) const {}
#endif
#if defined(CASE_NUMBERS_NOT_CONST)
  template <st::Real Scalar>
  void numbers(const st::spikegen::Signal<Scalar>&, const st::SequenceView<Scalar>&) {}
#endif
#if defined(CASE_BACKWARD)
  template <st::Real Scalar>
  void backward(const st::SequenceView<const Scalar>&, const st::Adjoint<Scalar>&) const {}
#endif
};

int main() {
#if defined(CASE_ON_ARRAYS)
  static_cast<void>(st::spikegen::encode(st::Array<float>::Ones(2, 3).eval(), Sign()));
#else
  const st::Encode<float, Sign> encode;
  encode(st::Array<float>::Ones(2, 3).eval());
#endif
}
