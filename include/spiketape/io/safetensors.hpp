// Files of named tensors in the safetensors format, which PyTorch, JAX and others read and write:
//
//     8 bytes      N, the length of the header, low byte first
//     N bytes      the header, JSON; for each tensor an entry
//                  "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
//                  and, if there are texts, "__metadata__": {"about": "text", ...}
//     the rest     the data; sorted by their offsets the tensors lie in it without gap or overlap, to its end
//
// Source: the description of the format in the README of https://github.com/huggingface/safetensors, 0.4.
// What is read is checked whole before anything is returned.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/file.hpp>
#include <spiketape/io/json.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// What a safetensors file holds: tensors, sorted by name, and texts about them.
struct Safetensors {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor of this name, or nullptr. Valid as long as `tensors` is not changed.
  [[nodiscard]] const Tensor* find(std::string_view name) const noexcept {
    for (const Tensor& tensor : tensors)
      if (tensor.name == name) return &tensor;
    return nullptr;
  }
};

namespace detail {

inline constexpr std::uint64_t longest_safetensors_header = 100'000'000;
inline constexpr const char* safetensors_metadata = "__metadata__";

struct SafetensorsEntry {
  std::string name;
  DType type = DType::F32;
  std::vector<Index> shape;
  std::uint64_t begin = 0, end = 0;
};

/// Reads one tensor's description. `fail(parts...)` throws.
template <typename Fail>
SafetensorsEntry read_safetensors_entry(JsonReader& json, std::string name, const Fail& fail) {
  SafetensorsEntry entry;
  bool has_type = false, has_shape = false, has_offsets = false;
  json.object([&](const std::string& key) {
    bool* const has = key == "dtype"          ? &has_type
                      : key == "shape"        ? &has_shape
                      : key == "data_offsets" ? &has_offsets
                                              : nullptr;
    if (has == nullptr || *has)
      fail("gives tensor '", shown(name), has == nullptr ? "' the key '" : "' twice the key '", shown(key),
           "', expected dtype, shape and data_offsets");
    *has = true;
    if (has == &has_type) {
      const std::string type = json.string();
      const std::optional<DType> known = dtype_named(type);
      if (!known)
        fail("has tensor '", shown(name), "' of dtype '", shown(type),
             "', expected F64, F32, F16, BF16, BOOL, or I or U and 8, 16, 32 or 64");
      entry.type = *known;
    } else if (has == &has_shape) {
      json.array([&] {
        const std::uint64_t extent = json.count();
        if (!std::in_range<Index>(extent))
          fail("has tensor '", shown(name), "' with an extent of ", extent,
               ", more than memory has addresses");
        entry.shape.push_back(static_cast<Index>(extent));
      });
    } else {
      std::uint64_t* const offsets[] = {&entry.begin, &entry.end};
      std::size_t count = 0;
      json.array([&] {
        if (count == 2) json.fail("two offsets");
        *offsets[count++] = json.count();
      });
      if (count != 2) json.fail("two offsets");
    }
  });
  if (!has_type || !has_shape || !has_offsets)
    fail("gives tensor '", shown(name), "' no ", !has_type ? "dtype" : !has_shape ? "shape" : "data_offsets");
  entry.name = std::move(name);
  return entry;
}

}  // namespace detail

/// Parses the bytes of a safetensors file; `name` stands for it in messages. Allocates the result, once
/// the header is known to describe the data. Throws std::runtime_error where the bytes are not in the format:
/// a header beyond the file or 10^8 bytes, that is no UTF-8 or JSON or says anything else than the format
/// has, a name twice, an unknown dtype, a size that is not that of the shape, data that overlaps, is left out
/// or missing.
[[nodiscard]] inline Safetensors parse_safetensors(std::span<const std::uint8_t> bytes,
                                                   std::string_view name) {
  const std::string where = detail::text_of("spiketape::parse_safetensors: '", name, "'");
  const auto fail = [&](const auto&... parts) { detail::fail_file(where, " ", parts...); };

  if (bytes.size() < 8)
    fail("is truncated: it has ", bytes.size(),
         " bytes, a safetensors file begins with 8 that give a length");
  const auto length = detail::read_little_endian<std::uint64_t>(bytes.data());
  if (length > detail::longest_safetensors_header)
    fail("has a header of ", length, " bytes, expected at most ", detail::longest_safetensors_header);
  if (length > bytes.size() - 8)
    fail("is truncated: it has ", bytes.size(), " bytes, of which the header alone takes 8 + ", length);
  const auto header_size = static_cast<std::size_t>(length);
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, header_size);
  const std::span<const std::uint8_t> data = bytes.subspan(8 + header_size);

  Safetensors result;
  std::vector<detail::SafetensorsEntry> entries;
  bool has_metadata = false;
  detail::JsonReader json(header, where + " has a header");
  if (header.empty() || header.front() != '{') json.fail("{");
  json.object([&](std::string key) {
    if (key != detail::safetensors_metadata) {
      entries.push_back(detail::read_safetensors_entry(json, std::move(key), fail));
      return;
    }
    if (std::exchange(has_metadata, true)) fail("has two entries ", key);
    json.object([&](const std::string& about) {
      if (!result.metadata.emplace(about, json.string()).second)
        fail("has two texts '", detail::shown(about), "' in ", detail::safetensors_metadata);
    });
  });
  json.end();

  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t k = 1; k < entries.size(); ++k)
    if (entries[k - 1].name == entries[k].name)
      fail("has two tensors of the name '", detail::shown(entries[k].name), "'");
  std::vector<const detail::SafetensorsEntry*> in_file;
  in_file.reserve(entries.size());
  for (const auto& entry : entries) in_file.push_back(&entry);
  std::stable_sort(in_file.begin(), in_file.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::uint64_t at = 0;
  for (const auto* entry : in_file) {
    const auto about = [&] { return "'" + detail::shown(entry->name) + "'"; };
    if (entry->begin > entry->end || entry->end > data.size())
      fail("has tensor ", about(), " at bytes ", entry->begin, " to ", entry->end, " of ", data.size());
    if (entry->begin != at)
      fail("has tensor ", about(), " from byte ", entry->begin, " of the data on, expected ", at,
           entry->begin < at ? ": tensors overlap" : ": there is a gap");
    const auto size = detail::bytes_of(entry->type, entry->shape);
    if (!size)
      fail("has tensor ", about(), " of shape ", detail::shape_text(entry->shape),
           ", which takes more bytes than memory has addresses");
    if (*size != entry->end - entry->begin)
      fail("has ", entry->end - entry->begin, " bytes for tensor ", about(), ", whose shape ",
           detail::shape_text(entry->shape), " of ", name_of(entry->type), " takes ", *size);
    at = entry->end;
  }
  if (at != data.size()) fail("has ", data.size(), " bytes of data, the last tensor ends at ", at);

  result.tensors.reserve(entries.size());
  for (auto& entry : entries) {
    const auto part = data.subspan(static_cast<std::size_t>(entry.begin),
                                   static_cast<std::size_t>(entry.end - entry.begin));
    result.tensors.push_back(
        {std::move(entry.name), entry.type, std::move(entry.shape), {part.begin(), part.end()}});
  }
  return result;
}

/// Reads a safetensors file. Allocates the result and, temporarily, the bytes of the file. Throws
/// std::runtime_error if the file cannot be read or parse_safetensors rejects it.
[[nodiscard]] inline Safetensors read_safetensors(const std::string& path) {
  return parse_safetensors(read_file(path), path);
}

/// The bytes of a safetensors file. Tensors are laid out by the size of their elements, the largest first,
/// then by name, so that the same contents give the same bytes, and each tensor is aligned. Allocates. Throws
/// std::invalid_argument for a name or text that is not UTF-8, for a name that comes twice or is
/// __metadata__, and for bytes that are not as many as the shape takes.
[[nodiscard]] inline std::string safetensors_bytes(const Safetensors& contents) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::safetensors_bytes: ", parts...);
  };
  const auto json_text = [&](std::string_view text) {
    for (std::size_t at = 0, size; at < text.size(); at += size)
      if ((size = detail::utf8_size(text.substr(at))) == 0)
        fail("the text '", detail::shown(text), "' is not UTF-8 at byte ", at);
    return detail::json_text(text);
  };

  std::vector<const Tensor*> tensors;
  tensors.reserve(contents.tensors.size());
  for (const Tensor& tensor : contents.tensors) {
    detail::check_bytes("safetensors_bytes", tensor);
    if (tensor.name == detail::safetensors_metadata) fail("a tensor has the name ", tensor.name);
    tensors.push_back(&tensor);
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const Tensor* a, const Tensor* b) { return a->name < b->name; });
  for (std::size_t k = 1; k < tensors.size(); ++k)
    if (tensors[k - 1]->name == tensors[k]->name)
      fail("two tensors have the name '", detail::shown(tensors[k]->name), "'");
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const Tensor* a, const Tensor* b) { return size_of(a->type) > size_of(b->type); });

  std::string header = "{";
  const auto add = [&](const auto&... parts) { ((header += parts), ...); };
  if (!contents.metadata.empty()) {
    add(json_text(detail::safetensors_metadata), ":{");
    for (const auto& [about, text] : contents.metadata) {
      if (header.back() != '{') add(",");
      add(json_text(about), ":", json_text(text));
    }
    add("}");
  }
  std::size_t at = 0;
  for (const Tensor* tensor : tensors) {
    if (header.size() > 1) add(",");
    add(json_text(tensor->name), ":{\"dtype\":\"", name_of(tensor->type), "\",\"shape\":[");
    for (const Index extent : tensor->shape) add(header.back() == '[' ? "" : ",", std::to_string(extent));
    const std::size_t end = at + tensor->bytes.size();
    add("],\"data_offsets\":[", std::to_string(at), ",", std::to_string(end), "]}");
    at = end;
  }
  add("}");
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > detail::longest_safetensors_header)
    fail("the header takes ", header.size(), " bytes, the format allows ",
         detail::longest_safetensors_header);

  std::string file;
  file.reserve(8 + header.size() + at);
  detail::append_little_endian(file, std::uint64_t{header.size()});
  file += header;
  for (const Tensor* tensor : tensors) file.append(tensor->bytes.begin(), tensor->bytes.end());
  return file;
}

/// Writes a safetensors file: completely or, on an error, not at all, see write_file. Allocates the bytes of
/// the file. Throws as safetensors_bytes and write_file do.
inline void write_safetensors(const std::string& path, const Safetensors& contents) {
  write_file(path, safetensors_bytes(contents));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
