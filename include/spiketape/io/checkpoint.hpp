// Everything that training needs to go on, in one file: networks, optimizers, batches, generators and
// numbers.
//
//     int epoch = 0;
//     st::Checkpoint checkpoint{{"net", net}, {"adam", adam}, {"batches", batches}, {"shards", shards},
//                               {"epoch", epoch}};
//     if (std::filesystem::exists("run.safetensors")) checkpoint.load("run.safetensors");
//     for (; epoch < 20; ++epoch)
//       for (const auto& batch : batches.shuffled()) {
//         ...
//         adam.step(shards.gradients());
//         if (++step % 100 == 0) checkpoint.save("run.safetensors");
//       }
//
// A training that is killed at any moment and started again ends with the bits of one that was not: the file
// is replaced whole or not at all, the pass over the batches that was under way goes on behind those that
// were taken, and random numbers go on, too.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>
#include <spiketape/core/moved_from.hpp>
#include <spiketape/io/checkpoint_file.hpp>
#include <spiketape/io/checkpoint_parts.hpp>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The instruction set, on which bits depend; see docs/reproducibility.md.
inline constexpr const char* target_text =
    SPIKETAPE_ABI_TEXT(SPIKETAPE_ABI_TARGET) SPIKETAPE_ABI_TEXT(SPIKETAPE_ABI_FMA);

template <typename T>
concept VisitsCheckpoint = requires(T& object, CheckpointFile& file) {
  object.checkpoint(file);
};
template <typename T>
inline constexpr bool is_array = false;
template <Real Scalar>
inline constexpr bool is_array<Array<Scalar>> = true;

/// Writes, compares or reads an object of this type.
template <typename T>
void visit_part(void* object, CheckpointContents& contents) {
  T& part = *static_cast<T*>(object);
  CheckpointFile file(contents);
  if constexpr (std::is_arithmetic_v<T> && sizeof(T) <= sizeof(double))
    file.number("", part);
  else if constexpr (std::same_as<T, std::string>)
    file.text("", part);
  else if constexpr (is_array<T>)
    file.array("", part);
  else if constexpr (VisitsCheckpoint<T>)
    part.checkpoint(file);
  else if constexpr (IsNetwork<T>)
    file.network(part);
  else
    static_assert(
        sizeof(T) == 0,
        "spiketape::Checkpoint: a part is a network, an optimizer, Batches, Random, State, Tape, "
        "Shards, Windows, a number of up to 8 bytes, a text or an Array; a type of your own needs: template "
        "<typename Visitor> void checkpoint(Visitor& visitor)");
}

}  // namespace detail

/// A part of a checkpoint: a name and a reference to what it is. That is
///
///   a network or layer   its parameters and what decides its results, and hidden states
///   Adam, AdamW, SGD     the learning rates, changed options and the data of each parameter
///   Batches              the order of the images and the place in the pass under way
///   Random               the generator
///   State                its values, without their history on a tape
///   Tape, Shards, Windows
///                        the round of training and the seed, on which the random numbers of layers depend
///   Trainer              the place in the training and its log
///   Best, EarlyStopping, ReduceLROnPlateau
///                        the best value, what counts from it, and the parameters that belong to it
///   a number, bool, text or Array<Scalar>
///   a type of your own   with a member `template <typename Visitor> void checkpoint(Visitor& visitor)` that
///                        calls visitor.number("name", member) or text, array, or fact for what must be the
///                        same
class CheckpointPart {
 public:
  /// The name is copied when the Checkpoint is made.
  template <typename T>
  requires(!std::is_const_v<T>)
      CheckpointPart(std::string_view name SPIKETAPE_LIFETIMEBOUND, T& object)  // NOLINT
      : part_{name, &object, detail::visit_part<T>} {}

 private:
  friend class Checkpoint;
  detail::AnyCheckpointPart part_;
};

/// How a checkpoint is loaded.
struct CheckpointOptions {
  /// Go on although something differs on which the bits depend, such as the number of shards, the options of
  /// an optimizer or the instruction set. Shapes, types and names must fit in any case.
  bool other_bits = false;
};

/// Named parts of a program that are saved and loaded together; see the head of this file. Keeps references:
/// the parts must outlive it and must not move. One that was moved from throws std::invalid_argument. The
/// file is a safetensors file: load(net, path, {.prefix = "net."}) reads one network of it.
class Checkpoint {
 public:
  /// Throws std::invalid_argument for a name that is empty, has a dot or comes twice.
  Checkpoint(std::initializer_list<CheckpointPart> parts) : parts_(detail::target_text) {
    for (const CheckpointPart& part : parts) parts_.add(part.part_);
  }

  /// Writes all parts to a file: completely or, on an error, not at all, see write_file. In a loop over
  /// batches, the batch of this round counts as done: save behind the step of the optimizer. Throws
  /// std::runtime_error if the file cannot be written. Allocates the bytes of the file.
  void save(const std::string& path) const { parts().save(path); }

  /// Reads all parts. Throws std::runtime_error, before anything is changed, if the file cannot be read or
  /// does not fit the parts, with all that does not.
  void load(const std::string& path, const CheckpointOptions& options = {}) const {
    parts().load(path, options.other_bits);
  }
  /// The same from what `contents` returned; `name` stands for it in messages. Also throws
  /// std::invalid_argument for a tensor whose bytes are not as many as its shape takes.
  void set_contents(Safetensors contents, const std::string& name = "the contents",
                    const CheckpointOptions& options = {}) const {
    parts().set_contents(std::move(contents), name, options.other_bits);
  }

  /// What `save` writes.
  [[nodiscard]] Safetensors contents() const { return parts().contents(); }

 private:
  const detail::CheckpointParts& parts() const {
    if (moved_from_.yes)
      detail::fail_argument(
          "spiketape::Checkpoint: it has been moved from, expected an assignment before its next use");
    return parts_;
  }

  detail::MovedFrom moved_from_;
  detail::CheckpointParts parts_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
