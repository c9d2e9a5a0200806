// Memory that is allocated piece by piece and freed all at once.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/config.hpp>
#include <spiketape/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <type_traits>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Hands out 64-byte-aligned memory from large blocks. `rewind` frees all of it and keeps the blocks, so a
/// repeated pattern of use allocates only in its first round. The memory is not initialised, and no
/// destructors run.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  /// Not inlined, since freeing the blocks is much code in every caller.
  SPIKETAPE_NOINLINE ~Arena() {}

  /// Memory for `count` objects of `size` bytes, valid until `rewind`. Allocates a block only when the blocks
  /// are full. Throws std::invalid_argument if `count` is negative or more than there are addresses. An object
  /// has at least one byte.
  SPIKETAPE_NOINLINE void* allocate(std::ptrdiff_t count, std::size_t size) {
    size = std::max<std::size_t>(size, 1);
    constexpr auto addresses = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
    const auto most = static_cast<std::ptrdiff_t>(addresses / size);
    if (count < 0 || count > most)
      detail::fail_argument("spiketape::Arena::allocate: count is ", count, ", expected 0 to ", most);
    std::size_t bytes = static_cast<std::size_t>(count) * size;
    bytes = (bytes + detail::alignment - 1) / detail::alignment * detail::alignment;
    while (block_ < blocks_.size() && blocks_[block_].size() - used_ < bytes) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      // Doubling keeps the number of blocks, and the memory lost at their ends, small.
      const std::size_t previous = blocks_.empty() ? first_block / 2 : blocks_.back().size();
      blocks_.emplace_back(std::max(bytes, std::min(2 * previous, largest_growth)));
    }
    std::byte* memory = blocks_[block_].data() + used_;
    used_ += bytes;
    return memory;
  }
  /// The same for `bytes` bytes.
  void* allocate(std::size_t bytes) { return allocate(static_cast<std::ptrdiff_t>(bytes), 1); }
  /// The same for `count` values of type T.
  template <typename T>
  T* allocate(std::ptrdiff_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "spiketape::Arena: T needs its destructor");
    return static_cast<T*>(allocate(count, sizeof(T)));
  }

  /// Frees everything that was handed out and keeps the memory.
  void rewind() noexcept {
    block_ = 0;
    used_ = 0;
  }

  /// When it ends, frees what was handed out while it existed: of a loop whose rounds need no memory of each
  /// other.
  class Scope {
   public:
    /// Notes how much is taken.
    explicit Scope(Arena& arena) noexcept : arena_(arena), block_(arena.block_), used_(arena.used_) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      arena_.block_ = block_;
      arena_.used_ = used_;
    }

   private:
    Arena& arena_;
    std::size_t block_, used_;
  };

  /// Whether an address lies in its memory.
  bool contains(const void* address) const noexcept {
    for (const Block& block : blocks_)
      if (!std::less<>()(static_cast<const std::byte*>(address), block.data()) &&
          std::less<>()(static_cast<const std::byte*>(address), block.data() + block.size()))
        return true;
    return false;
  }

  /// Bytes held, in use or not.
  std::size_t capacity() const noexcept {
    std::size_t bytes = 0;
    for (const Block& block : blocks_) bytes += block.size();
    return bytes;
  }

 private:
  static constexpr std::size_t first_block = std::size_t(64) << 10;
  static constexpr std::size_t largest_growth = std::size_t(64) << 20;

  /// Uninitialised memory; std::vector would write it once for nothing.
  class Block {
   public:
    explicit Block(std::size_t size)
        : memory_(detail::AlignedAllocator<std::byte>().allocate(size)), size_(size) {}
    Block(Block&& other) noexcept : memory_(other.memory_), size_(other.size_) { other.memory_ = nullptr; }
    Block& operator=(Block&&) = delete;
    ~Block() {
      if (memory_ != nullptr) detail::AlignedAllocator<std::byte>().deallocate(memory_, size_);
    }
    std::byte* data() const { return memory_; }
    std::size_t size() const { return size_; }

   private:
    std::byte* memory_;
    std::size_t size_;
  };

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the block in use
  std::size_t used_ = 0;   // bytes of it in use
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
