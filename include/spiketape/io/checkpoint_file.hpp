// A visitor that writes objects to the contents of a checkpoint and reads them back.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/decimal.hpp>
#include <spiketape/io/state_dict.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Visits the parts of a checkpoint. Objects with a member `checkpoint(visitor)` call these functions for
/// what they consist of; the same code then writes, compares and reads.
class CheckpointFile {
 public:
  /// `compare` finds faults and changes no object, `read` comes after it.
  enum class Mode { write, compare, read };

  CheckpointFile(Safetensors& contents, Mode mode) : contents_(contents), mode_(mode) {}

  void begin_part(const std::string& name) { part_ = name; }
  /// What does not fit, and what fits and gives other bits.
  std::vector<std::string> faults, other_facts;

  /// Something that the bits of results depend on and that is not restored.
  void fact(std::string_view name, const std::string& now) { compare(name, now, other_facts); }
  /// Something without which the rest does not fit.
  void must_be(std::string_view name, const std::string& now) { compare(name, now, faults); }
  template <typename T>
  requires std::is_arithmetic_v<T>
  void fact(std::string_view name, T now) {
    if constexpr (std::same_as<T, bool>)
      fact(name, std::string(now ? "true" : "false"));
    else if constexpr (std::floating_point<T>)
      fact(name, decimal_text(now));
    else
      fact(name, std::to_string(now));
  }

  /// A number. True if it has been read.
  template <typename T>
  requires std::is_arithmetic_v<T>
  bool number(std::string_view name, T& value,
              std::type_identity_t<T> least = std::numeric_limits<T>::lowest(),
              std::type_identity_t<T> most = std::numeric_limits<T>::max()) {
    if constexpr (std::floating_point<T>) {
      static_cast<void>(least);
      static_cast<void>(most);
      using Stored = std::conditional_t<sizeof(T) == 4, float, double>;
      using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
      auto bits = static_cast<std::uint64_t>(bits_as<Bits>(static_cast<Stored>(value)));
      if (!bits_of(name, dtype_of<Stored>, bits) || mode_ == Mode::compare) return false;
      value = static_cast<T>(bits_as<Stored>(static_cast<Bits>(bits)));
    } else if constexpr (std::is_signed_v<T>) {
      auto bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
      if (!bits_of(name, DType::I64, bits)) return false;
      const auto read = static_cast<std::int64_t>(bits);
      if (read < least || read > most) return refuse_number(name, std::to_string(read));
      if (mode_ == Mode::compare) return false;
      value = static_cast<T>(read);
    } else {
      auto bits = static_cast<std::uint64_t>(value);
      if (!bits_of(name, DType::U64, bits)) return false;
      if (bits < least || bits > most) return refuse_number(name, std::to_string(bits));
      if (mode_ == Mode::compare) return false;
      value = static_cast<T>(bits);
    }
    return true;
  }

  SPIKETAPE_COLD void text(std::string_view name, std::string& value) {
    const std::string full = full_name(name);
    if (mode_ == Mode::write) {
      contents_.metadata[full] = value;
      return;
    }
    const auto at = contents_.metadata.find(full);
    if (mode_ == Mode::compare) {
      if (at == contents_.metadata.end()) faults.push_back(shown(full) + " is missing");
      used_.insert(full);
    } else {
      value = at->second;
    }
  }

  /// An array of any shape; an empty one is left out. True if it has been read.
  template <Real Scalar>
  bool array(std::string_view name, Array<Scalar>& values) {
    if (mode_ == Mode::write) {
      if (values.size() > 0) contents_.tensors.push_back(to_tensor(full_name(name), values));
      return false;
    }
    const Tensor* tensor = find(name, dtype_of<Scalar>, 2);
    if (mode_ == Mode::compare) return false;
    if (tensor == nullptr)
      values.resize(0, 0);
    else
      values = to_array<Scalar>(*tensor);
    return true;
  }

  /// Numbers of (rows, cols) whose rows begin `stride` apart, or one number, or none, which is left out.
  template <Real Scalar>
  void rows(std::string_view name, AlignedVector<Scalar>& values, Index rows, Index cols, Index stride) {
    const auto each = [&](FunctionRef<void(Scalar&)> f) {
      if (values.size() == 1) return f(values[0]);
      for (Index row = 0; row < rows; ++row)
        for (Index col = 0; col < cols; ++col) f(values[static_cast<std::size_t>(row * stride + col)]);
    };
    if (mode_ == Mode::write) {
      if (values.empty()) return;
      Tensor tensor{full_name(name), dtype_of<Scalar>, {rows, cols}, {}};
      if (values.size() == 1) tensor.shape = {};
      each([&](Scalar& number) { append_number_bytes(tensor.bytes, number); });
      contents_.tensors.push_back(std::move(tensor));
      return;
    }
    const Tensor* tensor = find(name, dtype_of<Scalar>, -1);
    if (tensor == nullptr) {
      if (mode_ == Mode::read) values.clear();
      return;
    }
    if (mode_ == Mode::compare) {
      if (!tensor->shape.empty() && tensor->shape != std::vector<Index>{rows, cols})
        faults.push_back(shown(tensor->name) + " has shape " + shape_text(tensor->shape) + ", expected " +
                         shape_text({rows, cols}));
      return;
    }
    values.assign(tensor->shape.empty() ? 1 : static_cast<std::size_t>(rows * stride), Scalar(0));
    std::size_t i = 0;
    each([&](Scalar& number) { number = static_cast<Scalar>(number_at(*tensor, i++)); });
  }

  /// The numbers 0, 1, ..., in some order.
  SPIKETAPE_COLD void permutation(std::string_view name, std::vector<Index>& order) {
    if (mode_ == Mode::write) {
      Tensor tensor{full_name(name), DType::I64, {static_cast<Index>(order.size())}, {}};
      for (const Index i : order) append_little_endian(tensor.bytes, static_cast<std::uint64_t>(i));
      contents_.tensors.push_back(std::move(tensor));
      return;
    }
    const Tensor* tensor = required(name, DType::I64, 1);
    if (tensor == nullptr) return;
    std::vector<Index> read;
    for (std::size_t i = 0; i < number_count(*tensor); ++i)
      read.push_back(static_cast<Index>(bits_at(*tensor, i)));
    if (mode_ == Mode::read) {
      order = std::move(read);
      return;
    }
    std::vector<bool> there(order.size(), false);
    std::size_t count = 0;
    for (const Index i : read)
      if (i >= 0 && std::cmp_less(i, order.size()) && !there[static_cast<std::size_t>(i)]) {
        there[static_cast<std::size_t>(i)] = true;
        ++count;
      }
    if (count != order.size() || read.size() != order.size())
      faults.push_back(shown(tensor->name) + " is not an order of 0 to " + std::to_string(order.size() - 1));
  }

  /// The arrays and options of a network, and the states that its neurons keep.
  template <typename Network>
  void network(Network& net) {
    const auto state = network_state(net);
    const std::string prefix = part_ + '.';
    if (mode_ == Mode::write) {
      Safetensors own = saved_state(state);
      for (Tensor& tensor : own.tensors) {
        tensor.name = prefix + tensor.name;
        contents_.tensors.push_back(std::move(tensor));
      }
      for (const auto& [name, value] : own.metadata) contents_.metadata[prefix + name] = value;
    }
    for_each_leaf(net, "", [&](const std::string& path, auto& layer) {
      if constexpr (requires { layer.name_of(0); }) {
        std::size_t k = 0;
        layer.for_each_hidden([&](auto& values, auto& var) {
          if (array((path.empty() ? "" : path + '.') + layer.name_of(k++), values)) var = {};
        });
      }
    });
    if (mode_ != Mode::write) load_network(state, prefix);
  }

  /// After a comparison: whether the file has something that no part has asked for.
  SPIKETAPE_COLD void refuse_unused() {
    for (const Tensor& tensor : contents_.tensors)
      if (used_.count(tensor.name) == 0) faults.push_back(shown(tensor.name) + " is unknown");
    for (const auto& [name, text] : contents_.metadata)
      if (used_.count(name) == 0) faults.push_back(shown(name) + " is unknown");
  }
  void use(const std::string& name) { used_.insert(name); }

 private:
  std::string full_name(std::string_view name) const {
    return name.empty() ? part_ : part_ + '.' + std::string(name);
  }

  SPIKETAPE_COLD void compare(std::string_view name, const std::string& now,
                              std::vector<std::string>& differ) {
    const std::string full = full_name(name);
    if (mode_ == Mode::write) {
      contents_.metadata[full] = now;
    } else if (mode_ == Mode::compare) {
      const auto at = contents_.metadata.find(full);
      if (at == contents_.metadata.end())
        faults.push_back(shown(full) + " is missing");
      else if (at->second != now)
        differ.push_back(shown(full) + " was " + shown(at->second) + ", now it is " + now);
      used_.insert(full);
    }
  }

  /// A tensor of this type and number of extents (-1: any), or nullptr.
  SPIKETAPE_COLD const Tensor* find(std::string_view name, DType type, int extents) {
    const std::string full = full_name(name);
    const Tensor* tensor = contents_.find(full);
    if (tensor == nullptr) return nullptr;
    used_.insert(full);
    const bool fits =
        tensor->type == type && (extents < 0 || tensor->shape.size() == static_cast<std::size_t>(extents));
    if (fits) return tensor;
    if (mode_ == Mode::compare)
      faults.push_back(shown(full) + " is " + name_of(tensor->type) + " of shape " +
                       shape_text(tensor->shape) + ", expected " + name_of(type) +
                       (extents == 0 ? ", one number" : ""));
    return nullptr;
  }
  const Tensor* required(std::string_view name, DType type, int extents) {
    const bool there = contents_.find(full_name(name)) != nullptr;
    if (!there && mode_ == Mode::compare) faults.push_back(shown(full_name(name)) + " is missing");
    return find(name, type, extents);
  }

  /// The bits of a number. True if they are those of the file.
  SPIKETAPE_COLD bool bits_of(std::string_view name, DType type, std::uint64_t& bits) {
    if (mode_ == Mode::write) {
      Tensor tensor{full_name(name), type, {}, {}};
      for (std::size_t k = 0; k < size_of(type); ++k)
        tensor.bytes.push_back(static_cast<std::uint8_t>(bits >> 8 * k));
      contents_.tensors.push_back(std::move(tensor));
      return false;
    }
    const Tensor* tensor = required(name, type, 0);
    if (tensor == nullptr) return false;
    bits = bits_at(*tensor, 0);
    return true;
  }
  bool refuse_number(std::string_view name, const std::string& value) {
    if (mode_ == Mode::compare)
      faults.push_back(shown(full_name(name)) + " is " + value + ", which is out of range");
    return false;
  }

  template <Real Scalar>
  SPIKETAPE_COLD void load_network(const NetworkState<Scalar>& state, const std::string& prefix) {
    Safetensors own;
    for (const Tensor& tensor : contents_.tensors)
      if (tensor.name.starts_with(prefix)) own.tensors.push_back(tensor);
    for (const auto& [name, text] : contents_.metadata)
      if (name.starts_with(prefix)) own.metadata[name] = text;
    const LoadOptions options{.strict = false, .prefix = prefix};
    if (mode_ == Mode::read) {
      load_state(state, own, options, [](const std::string&) {});
      return;
    }
    LoadReport report;
    static_cast<void>(plan_load(state, own, options, report));
    for (const std::string& name : report.missing) faults.push_back(prefix + name + " is missing");
    for (const std::string& name : report.refused) faults.push_back(prefix + name);
    const auto in = [](const std::vector<std::string>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), shown(name)) != names.end();
    };
    for (const Tensor& tensor : own.tensors) {
      const std::string name = tensor.name.substr(prefix.size());
      // A state that no neuron of the network keeps is skipped, too.
      if (!in(report.unknown, name) && !in(report.skipped, name)) used_.insert(tensor.name);
    }
    for (const auto& [name, text] : own.metadata) used_.insert(name);
  }

  Safetensors& contents_;
  Mode mode_;
  std::string part_;
  std::set<std::string> used_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
