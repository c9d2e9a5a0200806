// What checkpoint_parts.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/checkpoint_parts.hpp>
#include <spiketape/io/text_map.hpp>

#include <cstddef>
#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

inline constexpr int checkpoint_version = 1;

SPIKETAPE_IO_FUNCTION CheckpointParts::CheckpointParts(const char* target) : target_(target) {}
SPIKETAPE_IO_FUNCTION CheckpointParts::CheckpointParts(const CheckpointParts& other)
    : names_(other.names_), parts_(other.parts_), target_(other.target_) {}
SPIKETAPE_IO_FUNCTION CheckpointParts::CheckpointParts(CheckpointParts&& other) noexcept
    : names_(std::move(other.names_)), parts_(std::move(other.parts_)), target_(other.target_) {}
SPIKETAPE_IO_FUNCTION CheckpointParts& CheckpointParts::operator=(const CheckpointParts& other) {
  return *this = CheckpointParts(other);
}
SPIKETAPE_IO_FUNCTION CheckpointParts& CheckpointParts::operator=(CheckpointParts&& other) noexcept {
  names_ = std::move(other.names_);
  parts_ = std::move(other.parts_);
  target_ = other.target_;
  return *this;
}
SPIKETAPE_IO_FUNCTION CheckpointParts::~CheckpointParts() {}

SPIKETAPE_IO_FUNCTION void CheckpointParts::add(const AnyCheckpointPart& part) {
  const std::string_view name = part.name;
  if (name.empty() || name.find('.') != std::string_view::npos || name == "spiketape")
    raise_argument({"spiketape::Checkpoint: name is '", Shown{name},
                    "', expected some letters and no dot, and not 'spiketape'"});
  for (const std::string& other : names_)
    if (other == name)
      raise_argument(
          {"spiketape::Checkpoint: two parts have the name '", Shown{name}, "', expected different ones"});
  names_.emplace_back(name);
  parts_.push_back(part);
}

SPIKETAPE_IO_FUNCTION void CheckpointParts::visit(CheckpointContents& contents) const {
  contents.begin_part("spiketape");
  using Kind = CheckpointContents::Kind;
  contents.compare(Kind::must_be, "checkpoint", static_cast<long long>(checkpoint_version));
  contents.compare(Kind::fact, "target", std::string_view(target_));
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    contents.begin_part(names_[k]);
    parts_[k].visit(parts_[k].object, contents);
  }
}

SPIKETAPE_IO_FUNCTION Safetensors CheckpointParts::contents() const {
  Safetensors contents;
  add_text(contents.metadata, "format", "pt");
  CheckpointContents written(contents, CheckpointContents::Mode::write);
  visit(written);
  return contents;
}
SPIKETAPE_IO_FUNCTION void CheckpointParts::set_contents(Safetensors contents, const std::string& name,
                                                         bool other_bits) const {
  for (const Tensor& tensor : contents.tensors) check_bytes("Checkpoint::set_contents", tensor);
  CheckpointContents compared(contents, CheckpointContents::Mode::compare);
  visit(compared);
  compared.refuse_unused();
  std::string faults;
  for (const std::string& fault : compared.faults) (faults += '\n') += fault;
  if (!other_bits)
    for (const std::string& fact : compared.other_facts) (faults += '\n') += fact;
  if (!faults.empty()) raise_file({"spiketape::Checkpoint: ", name, " does not fit the program:", faults});
  CheckpointContents read(contents, CheckpointContents::Mode::read);
  visit(read);
}
SPIKETAPE_IO_FUNCTION void CheckpointParts::save(const std::string& path) const {
  write_safetensors(path, contents());
}
SPIKETAPE_IO_FUNCTION void CheckpointParts::load(const std::string& path, bool other_bits) const {
  set_contents(read_safetensors(path), joined({"'", path, "'"}), other_bits);
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
