// The parts of a checkpoint without their types.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/checkpoint_contents.hpp>
#include <spiketape/io/form.hpp>
#include <spiketape/io/safetensors.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// An object and how it is visited.
struct AnyCheckpointPart {
  std::string_view name;
  void* object;
  void (*visit)(void* object, CheckpointContents& contents);
};

class CheckpointParts {
 public:
  /// `target` is the instruction set, on which bits depend.
  explicit CheckpointParts(const char* target);

  // Defined once: each program would repeat them.
  CheckpointParts(const CheckpointParts&);
  CheckpointParts(CheckpointParts&&) noexcept;
  CheckpointParts& operator=(const CheckpointParts&);
  CheckpointParts& operator=(CheckpointParts&&) noexcept;
  ~CheckpointParts();

  /// Throws std::invalid_argument for a name that is empty, has a dot or comes twice.
  void add(const AnyCheckpointPart& part);

  [[nodiscard]] Safetensors contents() const;
  /// `name` stands for the contents in messages.
  void set_contents(Safetensors contents, const std::string& name, bool other_bits) const;
  void save(const std::string& path) const;
  void load(const std::string& path, bool other_bits) const;

 private:
  void visit(CheckpointContents& contents) const;

  std::vector<std::string> names_;
  std::vector<AnyCheckpointPart> parts_;
  const char* target_;
};

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/checkpoint_parts.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
