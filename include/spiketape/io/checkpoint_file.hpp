// A visitor that writes objects to the contents of a checkpoint and reads them back.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/aligned.hpp>
#include <spiketape/io/checkpoint_contents.hpp>
#include <spiketape/io/state_dict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Visits a part of a checkpoint. Objects with a member `checkpoint(visitor)` call these functions for what
/// they consist of; the same code then writes, compares and reads.
class CheckpointFile {
 public:
  explicit CheckpointFile(CheckpointContents& contents) : contents_(contents) {}

  /// Something that the bits of results depend on and that is not restored: a text or a number.
  template <typename T>
  void fact(std::string_view name, const T& now) {
    compare(Kind::fact, name, now);
  }
  /// Something without which the rest does not fit.
  template <typename T>
  void must_be(std::string_view name, const T& now) {
    compare(Kind::must_be, name, now);
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
      if (!contents_.bits(name, dtype_of<Stored>, bits)) return false;
      value = static_cast<T>(bits_as<Stored>(static_cast<Bits>(bits)));
    } else {
      using Stored = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
      auto stored = static_cast<Stored>(value);
      if (!contents_.whole(name, stored, static_cast<Stored>(least), static_cast<Stored>(most))) return false;
      value = static_cast<T>(stored);
    }
    return true;
  }

  void text(std::string_view name, std::string& value) { contents_.text(name, value); }

  /// An array of any shape; an empty one is left out. True if it has been read.
  template <Real Scalar>
  SPIKETAPE_NOINLINE bool array(std::string_view name, Array<Scalar>& values) {
    if (writes()) {
      if (values.size() == 0) return false;
      Tensor& tensor = contents_.add(name, dtype_of<Scalar>, {values.rows(), values.cols()});
      append_numbers(tensor.bytes, values.data(), values.size());
      return false;
    }
    const Tensor* tensor = contents_.find(name, dtype_of<Scalar>, 2);
    if (!reads()) return false;
    values.resize(tensor == nullptr ? 0 : tensor->shape[0], tensor == nullptr ? 0 : tensor->shape[1]);
    if (tensor != nullptr) copy_numbers(*tensor, values.data());
    return true;
  }

  /// Numbers of (rows, cols) whose rows begin `stride` apart, or one number, or none, which is left out.
  template <Real Scalar>
  SPIKETAPE_NOINLINE void rows(std::string_view name, AlignedVector<Scalar>& values, Index rows, Index cols,
                               Index stride) {
    if (writes()) {
      if (values.empty()) return;
      const bool one = values.size() == 1;
      Tensor& tensor = contents_.add(name, dtype_of<Scalar>, {});
      if (!one) tensor.shape = {rows, cols};
      for (Index row = 0; row < (one ? 1 : rows); ++row)
        append_numbers(tensor.bytes, values.data() + row * stride, one ? 1 : cols);
      return;
    }
    const Tensor* tensor = contents_.find_rows(name, dtype_of<Scalar>, rows, cols);
    if (!reads()) return;
    values.clear();
    if (tensor == nullptr) return;
    values.resize(tensor->shape.empty() ? 1 : static_cast<std::size_t>(rows * stride));  // zeros
    copy_rows(*tensor, values.data(), cols, stride);
  }

  /// The numbers 0, 1, ..., in some order.
  void permutation(std::string_view name, std::vector<Index>& order) { contents_.permutation(name, order); }

  /// The arrays and options of a network, and the states that its neurons keep.
  template <typename Network>
  void network(Network& net) {
    const NetworkState state = network_state(net);
    if (writes()) contents_.network(state);
    for_each_leaf(net, "", [&](const std::string& path, auto& layer) {
      if constexpr (requires { layer.name_of(0); }) {
        std::size_t k = 0;
        layer.for_each_hidden([&](auto& values, auto& var) {
          if (array(inner_path(path, layer.name_of(k++)), values)) var = {};
        });
      }
    });
    if (!writes()) contents_.network(state);
  }

 private:
  using Kind = CheckpointContents::Kind;

  template <typename T>
  void compare(Kind kind, std::string_view name, const T& now) {
    if constexpr (!std::is_arithmetic_v<T>)
      contents_.compare(kind, name, std::string_view(now));
    else if constexpr (std::floating_point<T> || std::same_as<T, bool>)
      contents_.compare(kind, name, now);
    else if constexpr (std::is_signed_v<T>)
      contents_.compare(kind, name, static_cast<long long>(now));
    else
      contents_.compare(kind, name, static_cast<unsigned long long>(now));
  }

  [[nodiscard]] bool writes() const { return contents_.mode() == CheckpointContents::Mode::write; }
  [[nodiscard]] bool reads() const { return contents_.mode() == CheckpointContents::Mode::read; }

  CheckpointContents& contents_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
