// What a tape keeps for one recording beside its records. It lies in the tape's arena and knows no Scalar.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>

#include <new>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Objects that live until the recording ends.
class KeptObjects {
 public:
  KeptObjects() = default;
  KeptObjects(const KeptObjects&) = delete;
  KeptObjects& operator=(const KeptObjects&) = delete;
  ~KeptObjects() { release(); }

  /// Moves an object into the arena.
  template <typename T>
  const T& keep(T object, Arena& arena) {
    void* place = arena.allocate(sizeof(T));
    void* link = arena.allocate(sizeof(Link));
    const T* kept = new (place) T(std::move(object));
    last_ = new (link) Link{[](const void* gone) { static_cast<const T*>(gone)->~T(); }, kept, last_};
    return *kept;
  }
  /// Destroys all, the last first.
  void release() noexcept {
    for (; last_ != nullptr; last_ = last_->previous) last_->destroy(last_->object);
  }

 private:
  struct Link {
    void (*destroy)(const void* object);
    const void* object;
    Link* previous;
  };
  Link* last_ = nullptr;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
