// A table of the layers of a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/nn/layer.hpp>
#include <spiketape/nn/leaves.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Collects the rows of a summary.
class Summary {
 public:
  static constexpr std::size_t columns = 7;

  /// Adds a layer and, if the network has run, its input and output.
  template <typename L, typename Scalar>
  void add(const std::string& path, const L& layer, const SequenceView<const Scalar>* input,
           const SequenceView<const Scalar>* output) {
    Row row{path, short_type_name<L>(), "?", "", "", "", ""};
    Index count = 0;
    struct Path {
      std::string path;
    };
    std::vector<Path> paths;
    for_each_parameter(layer, [&](std::string_view name, const auto& parameter) {
      count += parameter.rows() * parameter.cols();
      paths.push_back({std::string(name)});
    });
    check_paths(type_name<L>, paths);
    row[3] = std::to_string(count);
    row[4] = std::to_string(count * static_cast<Index>(sizeof(Scalar)));
    parameters_ += count;
    bytes_ += count * static_cast<Index>(sizeof(Scalar));
    if (output != nullptr) {
      features_ = output->features;
      const double samples = static_cast<double>(std::max<Index>(1, input->steps * input->batch));
      const double repeats = static_cast<double>(input->constant ? input->steps : 1);
      if constexpr (requires { layer.graded_spikes_factor(); }) {
        const double spikes = static_cast<double>((output->array() != 0).count()) / samples;
        row[5] = rounded(spikes);
        spikes_ += spikes;
      }
      if constexpr (requires { layer.fan_out(); }) {
        const double active = static_cast<double>((input->array() != 0).count()) * repeats / samples;
        const double operations = active * static_cast<double>(layer.fan_out());
        row[6] = rounded(operations);
        operations_ += operations;
      }
    } else if constexpr (requires { layer.in_features(); }) {
      features_ = layer.result({1, 1, layer.in_features()}).features;
    } else if constexpr (requires { layer.out_shape().features(); }) {
      features_ = layer.out_shape().features();
    } else if constexpr (requires(Shape shape) { layer.result(shape); }) {
      if (features_ >= 0) features_ = layer.result({1, 1, features_}).features;
    } else if constexpr (!requires { layer.graded_spikes_factor(); }) {
      features_ = -1;  // a neuron keeps the number; of others it is not known
    }
    if (features_ >= 0) row[2] = std::to_string(features_);
    measured_ = measured_ || output != nullptr;
    rows_.push_back(row);
  }

  std::string text() {
    rows_.insert(rows_.begin(),
                 {"layer", "type", "features", "parameters", "bytes", "spikes/step", "synaptic ops/step"});
    rows_.push_back({"total", "", "", std::to_string(parameters_), std::to_string(bytes_),
                     measured_ ? rounded(spikes_) : "", measured_ ? rounded(operations_) : ""});
    std::array<std::size_t, columns> widths{};
    for (const Row& row : rows_)
      for (std::size_t c = 0; c < columns; ++c) widths[c] = std::max(widths[c], row[c].size());
    std::string text;
    for (const Row& row : rows_) {
      std::string line;
      for (std::size_t c = 0; c < (measured_ ? columns : columns - 2); ++c) {
        const std::string space(widths[c] - row[c].size(), ' ');
        line += (c > 0 ? "  " : "") + (c < 2 ? row[c] + space : space + row[c]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
    return text;
  }

 private:
  using Row = std::array<std::string, columns>;

  template <typename L>
  static std::string short_type_name() {
    const std::string name = type_name<L>(), prefix = "spiketape::";
    return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
  }
  static std::string rounded(double number) { return text_of(std::round(number * 10) / 10); }

  std::vector<Row> rows_;
  Index parameters_ = 0, bytes_ = 0, features_ = -1;
  double spikes_ = 0, operations_ = 0;
  bool measured_ = false;
};

template <typename L>
void summarize(Summary& summary, const std::string& prefix, const L& layer) {
  using Scalar = typename L::Scalar;
  layer.for_each_layer([&](std::string_view name, const auto& inner) {
    const std::string path = prefix + std::string(name);
    if constexpr (HasLayers<std::remove_cvref_t<decltype(inner)>>)
      summarize(summary, path + '.', inner);
    else
      summary.add<std::remove_cvref_t<decltype(inner)>, Scalar>(path, inner, nullptr, nullptr);
  });
}
template <typename L, typename Scalar>
void summarize(Summary& summary, const std::string& prefix, const L& net,
               const SequenceView<const Scalar>& input) {
  auto state = net.state(input.batch);
  net.trace(input, state, [&](std::string_view name, const auto& inner, const auto& x, const auto& y) {
    const std::string path = prefix + std::string(name);
    if constexpr (HasLayers<std::remove_cvref_t<decltype(inner)>>) {
      summarize<std::remove_cvref_t<decltype(inner)>, Scalar>(summary, path + '.', inner, x);
    } else {
      const SequenceView<const Scalar> in = x, out = y;
      summary.add(path, inner, &in, &out);
    }
  });
}

}  // namespace detail

/// A table of a network, a row for each layer: its path and type, the features of its result for a sample,
/// the number of its parameters and their bytes. A neuron keeps the number of features. Behind a function,
/// such as a lambda, it is unknown, "?", up to the next layer that says it, such as a Linear. Throws what the
/// layers' result() throws, and std::invalid_argument if two parameters of a layer have one name, or if the
/// network was moved from. Allocates.
template <typename Network>
[[nodiscard]] std::string summary(const Network& net) {
  detail::check_not_moved_from(net);
  detail::Summary summary;
  detail::summarize(summary, "", net);
  return summary.text();
}

/// The same for a run on an input (a step or a sequence on arrays) from zero states, which adds for each
/// sample and step: spikes, and synaptic operations, that is, synapses of inputs that are not zero. Throws
/// what the network throws.
template <typename Network, typename Input>
[[nodiscard]] std::string summary(const Network& net, const Input& input) {
  detail::Summary summary;
  detail::summarize<Network, typename Network::Scalar>(summary, "", net, view_of(input));
  return summary.text();
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
