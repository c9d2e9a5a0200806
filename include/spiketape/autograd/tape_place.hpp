// Where in a training a tape computes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/batch_part.hpp>
#include <spiketape/core/random_key.hpp>

#include <cstdint>
#include <new>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {
class PlaceUndo;
}  // namespace detail

/// Where in a training a tape computes: which part of a batch, in which round, from which seed. Losses and the
/// random numbers of layers depend on it. A base of Tape that knows no Scalar.
class TapePlace {
 public:
  /// The index in the whole batch of this tape's first sample, for random surrogates and layers: a batch
  /// split over tapes draws the same numbers as in one piece. 0 unless set; a reset keeps it.
  Index first_sample() const noexcept { return first_sample_; }
  void set_first_sample(Index first_sample) { first_sample_ = first_sample; }

  /// The same for steps: the index in the whole sequence of the step that each layer computes next. A reset
  /// keeps it.
  Index first_step() const noexcept { return first_step_; }
  void set_first_step(Index first_step) {
    first_step_ = first_step;
    last_ = last_before_ = nullptr;
  }

  /// The part of a batch that is computed on this tape: losses take the targets of this part and divide by the
  /// sizes of the whole, so that the losses of all parts add up to that of the batch. All there is, unless set;
  /// a reset keeps it. set_part sets first_sample and first_step, too; Shards and Windows call it. Throws
  /// std::invalid_argument for a range that is no part of its whole.
  const BatchPart& part() const noexcept { return part_; }
  void set_part(const BatchPart& part) {
    detail::check_range(part.samples, "samples");
    detail::check_range(part.steps, "steps");
    part_ = part;
    set_first_sample(part.samples.first);
    set_first_step(part.steps.first);
  }
  /// Whether losses take targets of the whole batch only, until the next set_part; see BatchPart.
  void set_whole_targets(bool whole) noexcept { part_.whole_targets = whole; }

  /// The seed of the random numbers of layers, see RandomKey. 0 unless set; a reset keeps it.
  std::uint64_t seed() const noexcept { return seed_; }
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  /// The round of training, on which the random numbers of layers depend, too. Each reset starts the next
  /// round; code that runs parts of one round on several recordings sets it.
  std::uint64_t round() const noexcept { return round_; }
  void set_round(std::uint64_t round) { round_ = round; }

  /// For Checkpoint: visits what goes on later. The recording does not.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.number("seed", seed_);
    visitor.number("round", round_);
  }

 protected:
  TapePlace() = default;
  ~TapePlace() = default;

  void start_round() noexcept {
    last_ = last_before_ = nullptr;
    ++round_;
  }
  /// The key of a call of `steps` steps. The calls of the layer at this address follow each other in time.
  RandomKey key(const void* layer, std::uint64_t number, Index steps, Arena& arena) {
    StepsDone* done = last_;
    while (done != nullptr && done->layer != layer) done = done->previous;
    if (done == nullptr) last_ = done = new (arena.allocate(sizeof(StepsDone))) StepsDone{layer, 0, last_, 0};
    const Index first = first_step_ + std::exchange(done->steps, done->steps + steps);
    return RandomKey(seed_, round_, first_sample_, first).of_layer(number);
  }

 private:
  friend class detail::PlaceUndo;
  struct StepsDone {  // in the arena
    const void* layer;
    Index steps;
    StepsDone* previous;
    Index before = 0;  // the call of a network under way
  };

  BatchPart part_;
  Index first_sample_ = 0, first_step_ = 0;
  std::uint64_t seed_ = 0, round_ = 0;
  StepsDone *last_ = nullptr, *last_before_ = nullptr;
  int calls_ = 0;  // of networks under way, one inside the other
};

namespace detail {

/// Puts the step that each layer computes next back unless a network's call on a tape ends well: the calls
/// after one that threw draw the same random numbers as without it. A null pointer: no tape.
class PlaceUndo {
 public:
  SPIKETAPE_NOINLINE explicit PlaceUndo(TapePlace* place) noexcept : place_(place) {
    if (place_ == nullptr || place_->calls_++ > 0) return;
    place_->last_before_ = place_->last_;
    for (auto* done = place_->last_; done != nullptr; done = done->previous) done->before = done->steps;
  }
  PlaceUndo(const PlaceUndo&) = delete;
  PlaceUndo& operator=(const PlaceUndo&) = delete;
  SPIKETAPE_NOINLINE ~PlaceUndo() {
    if (place_ == nullptr || --place_->calls_ > 0 || ended_) return;
    place_->last_ = place_->last_before_;
    for (auto* done = place_->last_; done != nullptr; done = done->previous) done->steps = done->before;
  }
  void end() noexcept { ended_ = true; }

 private:
  TapePlace* place_;
  bool ended_ = false;
};

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
