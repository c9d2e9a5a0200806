// What checkpoint_contents.hpp declares: one part at a time.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/utf8.hpp>
#include <spiketape/io/checkpoint_contents.hpp>
#include <spiketape/io/decimal.hpp>
#include <spiketape/io/policy_text.hpp>
#include <spiketape/io/text_map.hpp>

#include <algorithm>
#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

SPIKETAPE_IO_FUNCTION CheckpointContents::CheckpointContents(Safetensors& contents, Mode mode)
    : contents_(contents), mode_(mode) {}
SPIKETAPE_IO_FUNCTION CheckpointContents::~CheckpointContents() {}

SPIKETAPE_IO_FUNCTION std::string CheckpointContents::full_name(std::string_view name) const {
  return joined({part_, name.empty() ? "" : ".", name});
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::fault(std::string_view name, std::string_view what) {
  faults.push_back(joined({Shown{name}, " ", what}));
}

SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name,
                                                       std::string_view now) {
  const std::string full = full_name(name);
  if (mode_ == Mode::write) {
    add_text(contents_.metadata, full, std::string(now));
  } else if (mode_ == Mode::compare) {
    const std::string* was = text_at(contents_.metadata, full);
    if (was == nullptr)
      fault(full, "is missing");
    else if (*was != now)
      (kind == Kind::fact ? other_facts : faults)
          .push_back(joined({Shown{full}, " was ", Shown{*was}, ", now it is ", now}));
    used_.insert(full);
  }
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name, bool now) {
  compare(kind, name, std::string_view(member_text(now)));
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name, long long now) {
  compare(kind, name, std::string_view(member_text(now)));
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name,
                                                       unsigned long long now) {
  compare(kind, name, std::string_view(member_text(now)));
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name, float now) {
  compare(kind, name, std::string_view(decimal_text(now)));
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::compare(Kind kind, std::string_view name, double now) {
  compare(kind, name, std::string_view(decimal_text(now)));
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::text(std::string_view name, std::string& value) {
  const std::string full = full_name(name);
  if (mode_ == Mode::write) {
    add_text(contents_.metadata, full, value);
    return;
  }
  const std::string* read = text_at(contents_.metadata, full);
  if (mode_ == Mode::read) {
    value = *read;
    return;
  }
  if (read == nullptr) fault(full, "is missing");
  used_.insert(full);
}

SPIKETAPE_IO_FUNCTION Tensor& CheckpointContents::add(std::string_view name, DType type,
                                                      std::vector<Index> shape) {
  contents_.tensors.push_back({full_name(name), type, std::move(shape), {}});
  return contents_.tensors.back();
}
SPIKETAPE_IO_FUNCTION const Tensor* CheckpointContents::find(std::string_view name, DType type, int extents) {
  const std::string full = full_name(name);
  const Tensor* tensor = contents_.find(full);
  if (tensor == nullptr) return nullptr;
  used_.insert(full);
  const bool fits =
      tensor->type == type && (extents < 0 || tensor->shape.size() == static_cast<std::size_t>(extents));
  if (fits) return tensor;
  if (mode_ == Mode::compare)
    fault(full, joined({"is ", name_of(tensor->type), " of shape ", shape_text(tensor->shape), ", expected ",
                        name_of(type), extents == 0 ? ", one number" : ""}));
  return nullptr;
}
SPIKETAPE_IO_FUNCTION const Tensor* CheckpointContents::find_rows(std::string_view name, DType type,
                                                                  Index rows, Index cols) {
  const Tensor* tensor = find(name, type, -1);
  const std::vector<Index> expected{rows, cols};
  if (tensor != nullptr && mode_ == Mode::compare && !tensor->shape.empty() && tensor->shape != expected)
    fault(tensor->name,
          joined({"has shape ", shape_text(tensor->shape), ", expected ", shape_text(expected)}));
  return tensor;
}
SPIKETAPE_IO_FUNCTION const Tensor* CheckpointContents::required(std::string_view name, DType type,
                                                                 int extents) {
  const std::string full = full_name(name);
  if (mode_ == Mode::compare && contents_.find(full) == nullptr) fault(full, "is missing");
  return find(name, type, extents);
}

/// True if the bits are those of the file.
SPIKETAPE_IO_FUNCTION bool CheckpointContents::stored_bits(std::string_view name, DType type,
                                                           std::uint64_t& bits) {
  if (mode_ == Mode::write) {
    Tensor& tensor = add(name, type, {});
    for (std::size_t k = 0; k < size_of(type); ++k)
      tensor.bytes.push_back(static_cast<std::uint8_t>(bits >> 8 * k));
    return false;
  }
  const Tensor* tensor = required(name, type, 0);
  if (tensor == nullptr) return false;
  bits = bits_at(*tensor, 0);
  return true;
}
SPIKETAPE_IO_FUNCTION bool CheckpointContents::bits(std::string_view name, DType type, std::uint64_t& bits) {
  return stored_bits(name, type, bits) && mode_ == Mode::read;
}
SPIKETAPE_IO_FUNCTION bool CheckpointContents::may_read(std::string_view name, bool in_range,
                                                        std::string_view number) {
  if (!in_range && mode_ == Mode::compare)
    fault(full_name(name), joined({"is ", number, ", which is out of range"}));
  return in_range && mode_ == Mode::read;
}
SPIKETAPE_IO_FUNCTION bool CheckpointContents::whole(std::string_view name, std::int64_t& value,
                                                     std::int64_t least, std::int64_t most) {
  auto bits = static_cast<std::uint64_t>(value);
  if (!stored_bits(name, DType::I64, bits)) return false;
  const auto read = static_cast<std::int64_t>(bits);
  if (!may_read(name, read >= least && read <= most, std::to_string(read))) return false;
  value = read;
  return true;
}
SPIKETAPE_IO_FUNCTION bool CheckpointContents::whole(std::string_view name, std::uint64_t& value,
                                                     std::uint64_t least, std::uint64_t most) {
  std::uint64_t read = value;
  if (!stored_bits(name, DType::U64, read)) return false;
  if (!may_read(name, read >= least && read <= most, std::to_string(read))) return false;
  value = read;
  return true;
}

SPIKETAPE_IO_FUNCTION void CheckpointContents::permutation(std::string_view name, std::vector<Index>& order) {
  if (mode_ == Mode::write) {
    Tensor& tensor = add(name, DType::I64, {static_cast<Index>(order.size())});
    for (const Index i : order) append_little_endian(tensor.bytes, static_cast<std::uint64_t>(i));
    return;
  }
  const Tensor* tensor = required(name, DType::I64, 1);
  if (tensor == nullptr) return;
  std::vector<Index> read;
  for (std::size_t i = 0; i < number_count(*tensor); ++i)
    read.push_back(static_cast<Index>(bits_at(*tensor, i)));
  if (mode_ == Mode::read) {
    order = std::move(read);
    return;
  }
  std::vector<bool> there(order.size(), false);
  std::size_t count = 0;
  for (const Index i : read)
    if (i >= 0 && std::cmp_less(i, order.size()) && !there[static_cast<std::size_t>(i)]) {
      there[static_cast<std::size_t>(i)] = true;
      ++count;
    }
  if (count != order.size() || read.size() != order.size())
    fault(tensor->name, joined({"is not an order of 0 to ", order.size() - 1}));
}

SPIKETAPE_IO_FUNCTION void CheckpointContents::network(const NetworkState& state) {
  const std::string prefix = part_ + '.';
  if (mode_ != Mode::write) {
    load_network(state, prefix);
    return;
  }
  Safetensors own = saved_state(state);
  for (Tensor& tensor : own.tensors) {
    tensor.name.insert(0, prefix);
    contents_.tensors.push_back(std::move(tensor));
  }
  for (const auto& [name, value] : own.metadata) add_text(contents_.metadata, prefix + name, value);
}
SPIKETAPE_IO_FUNCTION void CheckpointContents::load_network(const NetworkState& state,
                                                            const std::string& prefix) {
  Safetensors own;
  for (const Tensor& tensor : contents_.tensors)
    if (tensor.name.starts_with(prefix)) own.tensors.push_back(tensor);
  for (const auto& [name, text] : contents_.metadata)
    if (name.starts_with(prefix)) add_text(own.metadata, name, text);
  const LoadOptions options{.strict = false, .prefix = prefix};
  if (mode_ == Mode::read) {
    load_state(state, own, options, {});
    return;
  }
  const LoadReport report = compare_state(state, own, options);
  for (const std::string& name : report.missing) faults.push_back(joined({prefix, name, " is missing"}));
  for (const std::string& name : report.refused) faults.push_back(prefix + name);
  const auto in = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Tensor& tensor : own.tensors) {
    const std::string name = shown(std::string_view(tensor.name).substr(prefix.size()));
    // A state that no neuron of the network keeps is skipped, too.
    if (!in(report.unknown, name) && !in(report.skipped, name)) used_.insert(tensor.name);
  }
  for (const auto& [name, text] : own.metadata) used_.insert(name);
}

SPIKETAPE_IO_FUNCTION void CheckpointContents::refuse_unused() {
  used_.insert("format");
  for (const Tensor& tensor : contents_.tensors)
    if (used_.count(tensor.name) == 0) fault(tensor.name, "is unknown");
  for (const auto& [name, text] : contents_.metadata)
    if (used_.count(name) == 0) fault(name, "is unknown");
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
