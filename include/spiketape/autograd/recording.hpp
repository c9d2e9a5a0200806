// What a tape keeps for one recording beside its records. Both lie in the tape's arena and know no Scalar.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/random_key.hpp>

#include <cstdint>
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

/// Where on a recording a layer draws its random numbers, see RandomKey.
class RandomPlaces {
 public:
  std::uint64_t seed = 0, round = 0;
  Index first_sample = 0;

  /// The step that each layer computes next.
  Index first_step() const noexcept { return first_step_; }
  void start_at(Index first_step) noexcept {
    first_step_ = first_step;
    last_ = nullptr;
  }
  /// The key of a call of `steps` steps. The calls of the layer at this address follow each other in time.
  RandomKey key(const void* layer, std::uint64_t number, Index steps, Arena& arena) {
    StepsDone* done = last_;
    while (done != nullptr && done->layer != layer) done = done->previous;
    if (done == nullptr) last_ = done = new (arena.allocate(sizeof(StepsDone))) StepsDone{layer, 0, last_};
    const Index first = first_step_ + std::exchange(done->steps, done->steps + steps);
    return RandomKey(seed, round, first_sample, first).of_layer(number);
  }

 private:
  struct StepsDone {
    const void* layer;
    Index steps;
    StepsDone* previous;
  };
  Index first_step_ = 0;
  StepsDone* last_ = nullptr;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
