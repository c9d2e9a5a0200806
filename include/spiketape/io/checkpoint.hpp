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

#include <spiketape/io/checkpoint_file.hpp>

#include <concepts>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

inline constexpr int checkpoint_version = 1;
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
  template <typename T>
  requires(!std::is_const_v<T>) CheckpointPart(std::string name, T& object)  // NOLINT
      : name_(std::move(name)), object_(&object), visit_([](void* of_t, detail::CheckpointFile& file) {
          T& part = *static_cast<T*>(of_t);
          if constexpr (std::is_arithmetic_v<T>)
            file.number("", part);
          else if constexpr (std::same_as<T, std::string>)
            file.text("", part);
          else if constexpr (detail::is_array<T>)
            file.array("", part);
          else if constexpr (detail::VisitsCheckpoint<T>)
            part.checkpoint(file);
          else if constexpr (requires { detail::network_state(part); })
            file.network(part);
          else
            static_assert(
                sizeof(T) == 0,
                "spiketape::Checkpoint: a part is a network, an optimizer, Batches, Random, State, Tape, "
                "Shards, Windows, a number, a text or an Array; a type of your own needs: template "
                "<typename Visitor> void checkpoint(Visitor& visitor)");
        }) {}

  const std::string& name() const noexcept { return name_; }
  void visit(detail::CheckpointFile& file) const { visit_(object_, file); }

 private:
  std::string name_;
  void* object_;
  void (*visit_)(void*, detail::CheckpointFile&);
};

/// How a checkpoint is loaded.
struct CheckpointOptions {
  /// Go on although something differs on which the bits depend, such as the number of shards, the options of
  /// an optimizer or the instruction set. Shapes, types and names must fit in any case.
  bool other_bits = false;
};

/// Named parts of a program that are saved and loaded together; see the head of this file. Keeps references:
/// the parts must outlive it and must not move. The file is a safetensors file: load(net, path, {.prefix =
/// "net."}) reads one network of it.
class Checkpoint {
 public:
  /// Throws std::invalid_argument for a name that is empty, has a dot or comes twice.
  Checkpoint(std::initializer_list<CheckpointPart> parts) : parts_(parts) {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      const std::string& name = parts_[k].name();
      if (name.empty() || name.find('.') != std::string::npos || name == "spiketape")
        detail::fail_argument("spiketape::Checkpoint: name is '", detail::shown(name),
                              "', expected some letters and no dot, and not 'spiketape'");
      for (std::size_t i = 0; i < k; ++i)
        if (parts_[i].name() == name)
          detail::fail_argument("spiketape::Checkpoint: two parts have the name '", detail::shown(name),
                                "', expected different ones");
    }
  }

  /// Writes all parts to a file: completely or, on an error, not at all, see write_file. In a loop over
  /// batches, the batch of this round counts as done: save behind the step of the optimizer. Throws
  /// std::runtime_error if the file cannot be written. Allocates the bytes of the file.
  void save(const std::string& path) const { write_safetensors(path, contents()); }

  /// Reads all parts. Throws std::runtime_error, before anything is changed, if the file cannot be read or
  /// does not fit the parts, with all that does not.
  void load(const std::string& path, const CheckpointOptions& options = {}) const {
    set_contents(read_safetensors(path), "'" + path + "'", options);
  }
  /// The same from what `contents` returned; `name` stands for it in messages. Also throws
  /// std::invalid_argument for a tensor whose bytes are not as many as its shape takes.
  void set_contents(Safetensors contents, const std::string& name = "the contents",
                    const CheckpointOptions& options = {}) const {
    for (const Tensor& tensor : contents.tensors) detail::check_bytes("Checkpoint::set_contents", tensor);
    using Mode = detail::CheckpointFile::Mode;
    detail::CheckpointFile compared(contents, Mode::compare);
    visit(compared);
    compared.use("format");
    compared.refuse_unused();
    std::string faults;
    for (const std::string& fault : compared.faults) faults += "\n" + fault;
    if (!options.other_bits)
      for (const std::string& fact : compared.other_facts) faults += "\n" + fact;
    if (!faults.empty())
      detail::fail_file("spiketape::Checkpoint: ", name, " does not fit the program:", faults);
    detail::CheckpointFile read(contents, Mode::read);
    visit(read);
  }

  /// What `save` writes.
  [[nodiscard]] Safetensors contents() const {
    Safetensors contents;
    contents.metadata["format"] = "pt";
    detail::CheckpointFile file(contents, detail::CheckpointFile::Mode::write);
    visit(file);
    return contents;
  }

 private:
  void visit(detail::CheckpointFile& file) const {
    file.begin_part("spiketape");
    file.must_be("checkpoint", std::to_string(detail::checkpoint_version));
    file.fact("target", std::string(detail::target_text));
    for (const CheckpointPart& part : parts_) {
      file.begin_part(part.name());
      part.visit(file);
    }
  }

  std::vector<CheckpointPart> parts_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
