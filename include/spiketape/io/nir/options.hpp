// What a NIR graph does not say and a step needs: dt and the reset.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/tensor.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI {

/// Where a spike leaves the membrane. In the step of the spike (NIR's sense, reset_delay = false):
///
///     zero, zero_before_input    v becomes v_reset
///     subtract                   v becomes v − v_threshold; v_reset must be 0
///     none                       v stays
///
/// and with reset_delay = true, which only networks of this library and snnTorch's have, in the next one:
/// `zero` replaces what v becomes there, `zero_before_input` replaces v before that step's input.
enum class NirReset { zero, subtract, zero_before_input, none };

/// How a graph is run. What is left out is taken from the graph's metadata if to_nir has written it there;
/// what is given and differs from it is refused.
struct NirOptions {
  /// The time of a step in the unit of the graph's tau and delay (seconds, by convention). snnTorch writes
  /// graphs for 1e-4. Needed for all neurons but IF and I.
  std::optional<double> dt{};
  /// Needed for neurons that fire.
  std::optional<NirReset> reset{};
  /// Whether the reset acts in the step after the spike; false if nobody says so.
  std::optional<bool> reset_delay{};
  /// IF and I: v becomes v + dt·r·x, as their equation says; by default it becomes v + r·x, as all simulators
  /// of the NIR paper run them.
  bool if_takes_dt = false;
};

namespace detail {

inline constexpr std::array<const char*, 4> nir_reset_names = {"zero", "subtract", "zero_before_input",
                                                               "none"};
inline const char* nir_reset_name(NirReset reset) { return nir_reset_names[static_cast<std::size_t>(reset)]; }

inline constexpr const char* nir_dt_key = "spiketape.dt";
inline constexpr const char* nir_reset_key = "spiketape.reset";
inline constexpr const char* nir_delay_key = "spiketape.reset_delay";

/// The options together with what the graph says.
struct NirRules {
  const char* function;  // in messages
  std::optional<double> dt;
  std::optional<NirReset> reset;
  bool reset_delay, if_takes_dt;

  NirRules(const char* function_, const NirOptions& options, const NirGraph& graph)
      : function(function_),
        dt(options.dt),
        reset(options.reset),
        reset_delay(options.reset_delay.value_or(false)),
        if_takes_dt(options.if_takes_dt) {
    check_dt("dt", dt);
    const NirGroup* metadata = graph.node.find_group("metadata");
    if (metadata == nullptr) return;
    std::optional<double> their_dt;
    std::optional<NirReset> their_reset;
    std::optional<bool> their_delay;
    for (const Tensor& tensor : metadata->numbers) {
      if (tensor.name != nir_dt_key && tensor.name != nir_delay_key) continue;
      check_bytes(function, tensor);
      if (tensor.bytes.size() != size_of(tensor.type))
        fail("the metadata ", tensor.name, " has the shape ", shape_text(tensor.shape),
             ", expected one number");
      const double value = to_array<double>(tensor)(0, 0);
      if (tensor.name == nir_dt_key)
        their_dt = value;
      else
        their_delay = value != 0;
    }
    check_dt("the metadata spiketape.dt", their_dt);
    if (const auto text = metadata->texts.find(nir_reset_key); text != metadata->texts.end()) {
      for (std::size_t k = 0; k < nir_reset_names.size(); ++k)
        if (text->second == nir_reset_names[k]) their_reset = static_cast<NirReset>(k);
      if (!their_reset)
        fail("the metadata ", nir_reset_key, " is '", shown(text->second),
             "', expected zero, subtract, zero_before_input or none");
    }
    take("dt", dt, their_dt, [](double value) { return value; });
    take("reset", reset, their_reset, nir_reset_name);
    std::optional<bool> delay = options.reset_delay;
    take("reset_delay", delay, their_delay, [](bool value) { return value ? "true" : "false"; });
    reset_delay = delay.value_or(false);
  }

  double need_dt(const std::string& path) const {
    if (!dt)
      fail("node '", shown(path), "' needs the option dt, the time of a step: neither the options nor the ",
           "graph's metadata give it");
    return *dt;
  }
  NirReset need_reset(const std::string& path) const {
    if (!reset)
      fail("node '", shown(path), "' needs the option reset, zero or subtract: neither the options nor the ",
           "graph's metadata give it");
    return *reset;
  }
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_argument("spiketape::", function, ": ", parts...);
  }

 private:
  void check_dt(const char* what, const std::optional<double>& value) const {
    if (value && !(is_finite(*value) && *value > 0))
      fail(what, " is ", number_text(*value), ", expected a finite number more than 0");
  }
  static std::string number_text(const double& value) { return is_nan(value) ? "NaN" : text_of(value); }
  template <typename T, typename Shown>
  void take(const char* option, std::optional<T>& ours, const std::optional<T>& theirs,
            const Shown& show) const {
    if (ours && theirs && *ours != *theirs)
      fail("the option ", option, " is ", show(*ours), ", the graph's metadata says ", show(*theirs));
    if (!ours) ours = theirs;
  }
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
