// The checks of memory that a caller gives a neuron for its results.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/line.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What the checks need to know of a neuron.
struct MemoryCaller {
  std::string (*type_name)();
  const char* const* state_names;
  bool recurrent;   // its first initial row is the spikes of the step before
  bool all_to_all;  // the recurrent current is stored where the spikes will be written

  const char* result(std::size_t k) const { return k == 0 ? "spk" : state_names[k - 1]; }
  const char* initial(std::size_t s) const {
    return recurrent && s == 0 ? "the spikes" : state_names[s - (recurrent ? 1 : 0)];
  }
  template <typename... What>
  [[noreturn]] void fail_result(std::size_t k, const What&... what) const {
    fail_argument(type_name(), "::forward_into: the result ", result(k), what...);
  }
};

/// Throws std::invalid_argument unless the results have the shape of the input, rows of their own, and share
/// no number with each other, with the input or with the initial rows. A result may lie exactly where its
/// state of the step before does. `results` are the spikes and the states; `initial` are the same for the
/// step before, without the spikes unless the neuron is recurrent.
template <Real Scalar>
SPIKETAPE_NOINLINE void check_memory(const MemoryCaller& caller, const SequenceView<const Scalar>& input,
                                     std::span<const SequenceView<const Scalar>> initial,
                                     std::span<const SequenceView<Scalar>> results) {
  for (std::size_t k = 0; k < results.size(); ++k)
    if (results[k].shape() != input.shape())
      caller.fail_result(k, " has shape ", results[k].shape(), ", input has ", input.shape());
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (results[k].constant) caller.fail_result(k, " is one step for all, expected one row for each step");
    if (rows_overlap(results[k]))
      caller.fail_result(k, " has a stride of ", results[k].stride, ", expected at least ",
                         results[k].features);
  }
  const char* why = caller.all_to_all ? ", since all act on all" : "";
  for (std::size_t k = 0; k < results.size(); ++k) {
    for (std::size_t other = 0; other < k; ++other)
      if (overlap<Scalar>(results[k], results[other]))
        caller.fail_result(k, " lies where the result ", caller.result(other),
                           " lies, expected other memory");
    if (overlap<Scalar>(results[k], input))
      caller.fail_result(k, " lies where input lies, expected other memory", k == 0 ? why : "");
    for (std::size_t s = 0; s < initial.size(); ++s) {
      if (!overlap<Scalar>(results[k], initial[s])) continue;
      const bool its_state = k == s + results.size() - initial.size() && !(k == 0 && caller.all_to_all);
      if (its_state && results[k].data == initial[s].data &&
          (results[k].stride == initial[s].stride || initial[s].rows() == 1))
        continue;
      caller.fail_result(k, " lies where ", caller.initial(s), " of the step before ",
                         caller.recurrent && s == 0 ? "lie" : "lies", ", expected ",
                         its_state ? "exactly there or " : "", "other memory", k == 0 ? why : "");
    }
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
