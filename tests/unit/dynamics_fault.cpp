// What is wrong with the Dynamics of a neuron is found, whatever it is. The words are in compile_fail/dynamics.
#include "catch.hpp"
#include "dynamics_parts.hpp"

#include <spiketape/neuron/dynamics_fault.hpp>
#include <spiketape/neuron/resets_snntorch.hpp>

#include <array>
#include <memory>
#include <string_view>

namespace dynamics_fault_test {

namespace st = spiketape;
using namespace parts;
using Fault = st::detail::DynamicsFault;

namespace {

template <typename... Parts>
constexpr Fault fault = st::detail::dynamics_fault<Dynamics<Parts...>, st::reset::Subtract, float>();

using Numbers = Dynamics<StateCount, CoefficientCount, StateNames, Result_>;
using Whole = Dynamics<Numbers, Integrate, IntegrateAdjoint>;

struct NoStates {
  static constexpr std::size_t state_count = 0;
};
struct RunTimeCount {
  std::size_t state_count = 1;
};
struct RunTimeCoefficients {
  int coefficient_count = 1;
};
struct NegativeCount {
  static constexpr int coefficient_count = -1;
};
struct TwoNames {
  static constexpr std::array state_names = {"syn", "mem"};
};
struct RunTimeNames {
  std::array<const char*, 1> state_names = {"mem"};
};
struct Views {
  static constexpr std::array<std::string_view, 1> state_names = {"mem"};
};
struct PlainNames {
  static constexpr const char* state_names[] = {"mem"};
};
template <typename T>
struct Three {
  T spk, syn, mem;
};
struct TooMany {
  template <typename T>
  using Result = Three<T>;
};
struct TooFew {
  template <typename T>
  using Result = std::array<T, 1>;
};
struct AnArray {
  template <typename T>
  using Result = std::array<T, 2>;
};

struct NotConst {
  template <typename T>
  void integrate(One<T>&, const T&, const One<T>&) {}
};
struct OfFloats {
  void integrate(One<float>&, float, const One<float>&) const {}
};
struct OfLanes {
  void integrate(One<st::Lane<float>>&, const st::Lane<float>&, const One<st::Lane<float>>&) const {}
};
struct StatesByValue {
  template <typename T>
  void integrate(One<T>, const T&, const One<T>&) const {}
};
struct ConstStates {
  template <typename T>
  void integrate(const One<T>&, const T&, const One<T>&) const {}
};
struct WrittenInput {
  template <typename T>
  void integrate(One<T>&, T&, const One<T>&) const {}
};
struct TwoStates {
  template <typename T>
  void integrate(std::array<T, 2>&, const T&, const One<T>&) const {}
};
struct Deduced {
  void integrate(auto& states, const auto& input, const auto& c) const { states[0] = c[0] * states[0] + input; }
};
class Private {
  template <typename T>
  void integrate(One<T>&, const T&, const One<T>&) const {}
};
struct Static {
  template <typename T>
  static void integrate(One<T>&, const T&, const One<T>&) {}
};
struct AdjointByValue {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const One<T>&, One<T>, T&, One<T>&) const {}
};
struct InputAdjointByValue {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const One<T>&, One<T>&, T, One<T>&) const {}
};
struct CoefficientAdjointsByValue {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const One<T>&, One<T>&, T&, One<T>) const {}
};
struct SpkAdjointByValue {
  template <typename T>
  void integrate_adjoint(const One<T>&, const T&, const T&, const One<T>&, One<T>&, T&, T, One<T>&) const {}
};

struct ThresholdWithoutStates {
  template <typename T>
  T threshold(const T& threshold, const One<T>&) const {
    return threshold;
  }
};
struct ThresholdOfNothing {
  template <typename T>
  void threshold(const One<T>&, const T&, const One<T>&) const {}
};
struct ThresholdAsNumber {
  double threshold = 1;
};
struct ThresholdAdjointByValue {
  template <typename T>
  void threshold_adjoint(const One<T>&, const One<T>&, const T&, One<T>&, T, One<T>&) const {}
};
struct ResetWithoutPolicy {
  template <typename T>
  void reset(const Mask<T>&, const One<T>&, const T&, const One<T>&, One<T>&) const {}
};
struct ResetAsChoice {
  bool reset = true;
};
struct ResetAdjointNotConst {
  template <typename Policy, typename T>
  void reset_adjoint(const Mask<T>&, const Policy&, const T&, const One<T>&, One<T>&, One<T>&, T&, One<T>&) {}
};
struct Final final : Whole {};

}  // namespace

TEST_CASE("Dynamics that keep the contract pass") {
  CHECK(fault<Whole> == Fault::none);
  CHECK(fault<Whole, Threshold, ThresholdAdjoint, Reset, ResetAdjoint> == Fault::none);
  CHECK(fault<Numbers, Recurrent, RecurrentIntegrate, RecurrentIntegrateAdjoint> == Fault::none);
  CHECK(fault<Numbers, Deduced, IntegrateAdjoint> == Fault::none);
  CHECK(fault<Numbers, Static, IntegrateAdjoint> == Fault::none);
  CHECK(fault<Dynamics<StateCount, CoefficientCount, PlainNames, AnArray>, Integrate, IntegrateAdjoint> ==
        Fault::none);
  CHECK(fault<Whole, ThresholdAsNumber, ResetAsChoice> == Fault::none);
  CHECK(st::detail::dynamics_fault<Final, st::reset::Zero, double>() == Fault::none);
  CHECK(st::NeuronDynamics<Whole, float, st::reset::Subtract>);
  CHECK_FALSE(st::NeuronDynamics<Numbers, float, st::reset::Subtract>);
}

TEST_CASE("wrong numbers and types of Dynamics are found") {
  CHECK(fault<Whole, std::unique_ptr<int>> == Fault::copyable);
  CHECK(fault<NoStates, CoefficientCount, StateNames, Result_> == Fault::state_count);
  CHECK(fault<RunTimeCount, CoefficientCount, StateNames, Result_> == Fault::state_count);
  CHECK(fault<StateCount, RunTimeCoefficients, StateNames, Result_> == Fault::coefficient_count);
  CHECK(fault<StateCount, NegativeCount, StateNames, Result_> == Fault::coefficient_count);
  CHECK(fault<StateCount, CoefficientCount, TwoNames, Result_> == Fault::state_names);
  CHECK(fault<StateCount, CoefficientCount, RunTimeNames, Result_> == Fault::state_names);
  CHECK(fault<StateCount, CoefficientCount, Views, Result_> == Fault::state_names);
  CHECK(fault<StateCount, CoefficientCount, StateNames, TooMany> == Fault::result);
  CHECK(fault<StateCount, CoefficientCount, StateNames, TooFew> == Fault::result);
}

TEST_CASE("wrong integrations of Dynamics are found") {
  CHECK(fault<Numbers, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, RecurrentIntegrate, RecurrentIntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, NotConst, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, OfFloats, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, OfLanes, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, StatesByValue, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, ConstStates, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, WrittenInput, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, TwoStates, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, Private, IntegrateAdjoint> == Fault::integrate);
  CHECK(fault<Numbers, Integrate> == Fault::integrate_adjoint);
  CHECK(fault<Numbers, Integrate, RecurrentIntegrateAdjoint> == Fault::integrate_adjoint);
  CHECK(fault<Numbers, Integrate, AdjointByValue> == Fault::integrate_adjoint);
  CHECK(fault<Numbers, Integrate, InputAdjointByValue> == Fault::integrate_adjoint);
  CHECK(fault<Numbers, Integrate, CoefficientAdjointsByValue> == Fault::integrate_adjoint);
  CHECK(fault<Whole, Recurrent> == Fault::recurrent_integrate);
  CHECK(fault<Numbers, Recurrent, RecurrentIntegrate, IntegrateAdjoint> == Fault::recurrent_integrate_adjoint);
  CHECK(fault<Numbers, Recurrent, RecurrentIntegrate, SpkAdjointByValue> == Fault::recurrent_integrate_adjoint);
}

TEST_CASE("thresholds and resets of Dynamics are found wrong, not left out in silence") {
  CHECK(fault<Whole, ThresholdAdjoint> == Fault::threshold);
  CHECK(fault<Whole, ThresholdAsNumber, ThresholdAdjoint> == Fault::threshold);
  CHECK(fault<Whole, ThresholdWithoutStates, ThresholdAdjoint> == Fault::threshold);
  CHECK(fault<Whole, ThresholdWithoutStates> == Fault::threshold);
  CHECK(fault<Whole, ThresholdOfNothing, ThresholdAdjoint> == Fault::threshold);
  CHECK(fault<Whole, Threshold> == Fault::threshold_adjoint);
  CHECK(fault<Whole, Threshold, ThresholdAdjointByValue> == Fault::threshold_adjoint);
  CHECK(fault<Whole, ResetAdjoint> == Fault::reset);
  CHECK(fault<Whole, ResetWithoutPolicy> == Fault::reset);
  CHECK(fault<Whole, ResetWithoutPolicy, ResetAdjoint> == Fault::reset);
  CHECK(fault<Whole, Reset> == Fault::reset_adjoint);
  CHECK(fault<Whole, Reset, ResetAdjointNotConst> == Fault::reset_adjoint);
}

}  // namespace dynamics_fault_test
