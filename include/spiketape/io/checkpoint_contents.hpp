// The contents of a checkpoint, part by part, without the types of the parts.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>
#include <spiketape/io/load_state.hpp>
#include <spiketape/io/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// Writes what parts consist of, compares it or reads it.
class CheckpointContents {
 public:
  /// `compare` finds faults and changes no object, `read` comes after it.
  enum class Mode { write, compare, read };

  CheckpointContents(Safetensors& contents, Mode mode);
  ~CheckpointContents();
  CheckpointContents(const CheckpointContents&) = delete;

  [[nodiscard]] Mode mode() const noexcept { return mode_; }
  void begin_part(const std::string& name) { part_ = name; }
  /// What does not fit, and what fits and gives other bits.
  std::vector<std::string> faults, other_facts;

  /// Something that the bits of results depend on and that is not restored, and something without which the
  /// rest does not fit.
  enum class Kind { fact, must_be };
  void compare(Kind kind, std::string_view name, std::string_view now);
  void compare(Kind kind, std::string_view name, bool now);
  void compare(Kind kind, std::string_view name, long long now);
  void compare(Kind kind, std::string_view name, unsigned long long now);
  void compare(Kind kind, std::string_view name, float now);
  void compare(Kind kind, std::string_view name, double now);
  void text(std::string_view name, std::string& value);

  /// The bits of a floating-point number. True if they have been read.
  bool bits(std::string_view name, DType type, std::uint64_t& bits);
  /// A whole number. True if it has been read.
  bool whole(std::string_view name, std::int64_t& value, std::int64_t least, std::int64_t most);
  bool whole(std::string_view name, std::uint64_t& value, std::uint64_t least, std::uint64_t most);
  /// The numbers 0, 1, ..., in some order.
  void permutation(std::string_view name, std::vector<Index>& order);

  /// Writes a tensor, without its numbers, which go behind `bytes` of what it returns. Valid until the next.
  Tensor& add(std::string_view name, DType type, std::vector<Index> shape);
  /// A tensor of this type and number of extents (-1: any), or nullptr.
  const Tensor* find(std::string_view name, DType type, int extents);
  /// The same, which is of (rows, cols) or one number.
  const Tensor* find_rows(std::string_view name, DType type, Index rows, Index cols);

  /// The arrays and options of a network.
  void network(const NetworkState& state);

  /// After a comparison: whether the file has something that no part has asked for.
  void refuse_unused();

 private:
  std::string full_name(std::string_view name) const;
  void fault(std::string_view name, std::string_view what);
  const Tensor* required(std::string_view name, DType type, int extents);
  bool stored_bits(std::string_view name, DType type, std::uint64_t& bits);
  bool may_read(std::string_view name, bool in_range, std::string_view number);
  void load_network(const NetworkState& state, const std::string& prefix);

  Safetensors& contents_;
  Mode mode_;
  std::string part_;
  std::set<std::string> used_;
};

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/checkpoint_contents.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
