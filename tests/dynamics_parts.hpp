// The parts of a neuron's Dynamics, to leave one out or to put a wrong one in its place. None does anything.
#pragma once

#include <spiketape/neuron/dynamics.hpp>

#include <array>
#include <cstddef>

namespace parts {

template <typename... Parts>
struct Dynamics : Parts... {};

template <typename T>
using One = std::array<T, 1>;
template <typename T>
using Mask = spiketape::detail::MaskOf<T>;

struct StateCount {
  static constexpr std::size_t state_count = 1;
};
struct CoefficientCount {
  static constexpr std::size_t coefficient_count = 1;
};
struct StateNames {
  static constexpr std::array state_names = {"mem"};
};
struct Result_ {
  template <typename T>
  using Result = spiketape::SpkMem<T>;
};

struct Integrate {
  template <typename T>
  void integrate(One<T>&, const T&, const One<T>&) const {}
};
struct IntegrateAdjoint {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const One<T>&, One<T>&, T&, One<T>&) const {}
};

struct Recurrent {
  static constexpr bool recurrent = true;
};
struct RecurrentIntegrate {
  template <typename T>
  void integrate(One<T>&, const T&, const T&, const One<T>&) const {}
};
struct RecurrentIntegrateAdjoint {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const T&, const One<T>&, One<T>&, T&, T&, One<T>&) const {}
};

struct Threshold {
  template <typename T>
  T threshold(const One<T>&, const T& threshold, const One<T>&) const {
    return threshold;
  }
};
struct ThresholdAdjoint {
  template <typename T>
  void threshold_adjoint(const One<T>&, const One<T>&, const T&, One<T>&, T&, One<T>&) const {}
};

struct Reset {
  template <typename Policy, typename T>
  void reset(const Mask<T>&, const One<T>&, const Policy&, const T&, const One<T>&, One<T>&) const {}
};
struct ResetAdjoint {
  template <typename Policy, typename T>
  void reset_adjoint(const Mask<T>&, const Policy&, const T&, const One<T>&, One<T>&, One<T>&, T&,
                     One<T>&) const {}
};

}  // namespace parts
