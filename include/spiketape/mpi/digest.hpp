// A digest of data, by which processes tell whether theirs are the same.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/train/batch_source.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

/// 64 bits that stand for numbers, which are added piece by piece: those of other numbers, or of the same in
/// other pieces, are others, but by an accident of 1 in 10^19. For comparisons among trusted processes of one
/// kind: it is not cryptographic, and depends on the order of bytes.
class Digest {
 public:
  /// Adds a piece of memory.
  void add(const void* bytes, std::size_t size) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    mix(size);
    for (; size >= 8; size -= 8, at += 8) mix(word(at, 8));
    if (size > 0) mix(word(at, size));
  }
  template <typename T>
  void add(std::span<const T> numbers) {
    add(numbers.data(), numbers.size_bytes());
  }
  /// As 16 hexadecimal digits.
  std::string text() const {
    char digits[20];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash_));
    return digits;
  }

 private:
  static std::uint64_t word(const unsigned char* at, std::size_t size) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, at, size);
    return bits;
  }
  /// Each word is multiplied into all bits, an odd factor loses none of them.
  void mix(std::uint64_t bits) {
    hash_ = (hash_ ^ bits) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 29;
  }

  std::uint64_t hash_ = 0x243f6a8885a308d3u;
};

namespace detail {

template <Real Scalar>
void add_rows(Digest& digest, const SequenceView<const Scalar>& rows) {
  const Index extents[] = {rows.steps, rows.batch, rows.features, rows.constant ? 1 : 0};
  digest.add(std::span<const Index>(extents));
  for (Index row = 0; row < rows.rows(); ++row)
    digest.add(rows.data + row * rows.stride, static_cast<std::size_t>(rows.features) * sizeof(Scalar));
}

template <Real Scalar>
Digest digest_of(const BatchSource<Scalar>& data) {
  Digest digest;
  data.each(false, [&](const TrainingBatch<Scalar>& batch) {
    add_rows(digest, batch.input);
    add_rows(digest, batch.targets.values);
    digest.add(batch.targets.labels);
    const StepMask& mask = batch.targets.mask;
    for (Index t = 0; t < mask.steps; ++t)
      for (Index b = 0; b < mask.batch; ++b) digest.add(mask.counts(t, b) ? "1" : "0", 1);
    return true;
  });
  return digest;
}

template <typename Data>
using BatchScalar = std::remove_const_t<
    std::remove_pointer_t<decltype(view_of((*std::declval<Data&>().in_order().begin()).input).data)>>;

}  // namespace detail

/// Data and their name, for check_same: Batches, or any other source of batches; see BatchSource.
struct NamedData {
  std::string_view name;  ///< What an error text calls them.
  Digest digest;          ///< Of all batches.

  /// Reads all batches once, in their own order.
  template <typename Data>
  NamedData(std::string_view of_name, Data& data)
      : name(of_name), digest(detail::digest_of(BatchSource<detail::BatchScalar<Data>>(data))) {}
};

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
