// Handles that know whether their owner still exists.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A generation number in a process-wide table. Its owner, such as a tape, writes a new number to invalidate
/// all references. A reference keeps the address of the table entry and the number it was made with; it is
/// valid while the two agree, and may be asked after the owner is gone: entries are reused by later owners
/// but never freed, and no number is used twice. The constructor may allocate.
class Generation {
 public:
  Generation() : place_(table().take()) { renew(); }
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() {
    renew();
    table().give_back(place_);
  }

  /// Invalidates all references. Called by the destructor, too.
  void renew() noexcept {
    static std::atomic<std::uint64_t> last{0};
    place_->number.store(++last, std::memory_order_relaxed);
  }

  /// A reference, kept in a handle. A default-constructed one is never valid.
  class Reference {
   public:
    Reference() = default;
    explicit Reference(const Generation& owner)
        : place_(&owner.place_->number), number_(owner.place_->number.load(std::memory_order_relaxed)) {}
    bool valid() const noexcept {
      return place_ != nullptr && place_->load(std::memory_order_relaxed) == number_;
    }

   private:
    const std::atomic<std::uint64_t>* place_ = nullptr;
    std::uint64_t number_ = 0;
  };

 private:
  struct Place {
    std::atomic<std::uint64_t> number = 0;
    Place* next_free = nullptr;
  };

  class Table {
   public:
    Place* take() {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (free_ == nullptr) return new Place;
      return std::exchange(free_, free_->next_free);
    }
    void give_back(Place* place) noexcept {
      const std::lock_guard<std::mutex> lock(mutex_);
      place->next_free = std::exchange(free_, place);
    }

   private:
    std::mutex mutex_;
    Place* free_ = nullptr;
  };

  /// Never destroyed: static objects may hold references and ask them at exit.
  static Table& table() {
    static auto* const all = new Table;
    return *all;
  }

  Place* place_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
