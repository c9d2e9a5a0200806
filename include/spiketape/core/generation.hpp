// Whether something is still there that others only refer to.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace spiketape::detail {

/// A place in a process-wide table. Its owner, such as a tape, writes a new generation there whenever older
/// references to it end. A reference keeps the address of the place and the generation it was made in, and
/// can ask at any time whether both still belong together, also when the owner is gone: places are reused by
/// later owners, but never freed, and no generation comes twice.
class Generation {
 public:
  Generation() : place_(table().take()) { renew(); }
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() {
    renew();
    table().give_back(place_);
  }

  /// Ends all references.
  void renew() {
    static std::atomic<std::uint64_t> last{0};
    place_->store(++last, std::memory_order_relaxed);
  }

  /// What others keep.
  class Reference {
   public:
    Reference() = default;
    explicit Reference(const Generation& owner)
        : place_(owner.place_), number_(place_->load(std::memory_order_relaxed)) {}
    bool valid() const noexcept {
      return place_ != nullptr && place_->load(std::memory_order_relaxed) == number_;
    }

   private:
    const std::atomic<std::uint64_t>* place_ = nullptr;
    std::uint64_t number_ = 0;
  };

 private:
  using Place = std::atomic<std::uint64_t>;

  class Table {
   public:
    Place* take() {
      const std::lock_guard lock(mutex_);
      if (free_.empty()) return &places_.emplace_back(0);
      Place* place = free_.back();
      free_.pop_back();
      return place;
    }
    void give_back(Place* place) {
      const std::lock_guard lock(mutex_);
      free_.push_back(place);
    }

   private:
    std::mutex mutex_;
    std::deque<Place> places_;
    std::vector<Place*> free_;
  };

  /// Never destroyed: references may be asked after static objects are gone.
  static Table& table() {
    static auto* const all = new Table;
    return *all;
  }

  Place* place_;
};

}  // namespace spiketape::detail
