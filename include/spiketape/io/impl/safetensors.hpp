// What safetensors.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/file.hpp>
#include <spiketape/io/json.hpp>
#include <spiketape/io/safetensors.hpp>
#include <spiketape/io/sorted_order.hpp>
#include <spiketape/io/text_map.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI {

SPIKETAPE_IO_FUNCTION const Tensor* Safetensors::find(std::string_view name) const noexcept {
  for (const Tensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

namespace io_detail {

inline constexpr std::uint64_t longest_safetensors_header = 100'000'000;
inline constexpr const char* safetensors_metadata = "__metadata__";

/// Reads one tensor's description, and appends where its data begins and ends to `offsets`. Messages begin
/// with `where`.
SPIKETAPE_IO_FUNCTION Tensor read_safetensors_entry(JsonReader& json, std::string name,
                                                    std::vector<std::uint64_t>& offsets,
                                                    const std::string& where) {
  const auto fail = [&](Message parts) { raise_file({where, " ", joined(parts)}); };
  Tensor entry;
  bool has_type = false, has_shape = false, has_offsets = false;
  json.object([&](const std::string& key) {
    bool* const has = key == "dtype"          ? &has_type
                      : key == "shape"        ? &has_shape
                      : key == "data_offsets" ? &has_offsets
                                              : nullptr;
    if (has == nullptr || *has)
      fail({"gives tensor '", Shown{name}, has == nullptr ? "' the key '" : "' twice the key '", Shown{key},
            "', expected dtype, shape and data_offsets"});
    *has = true;
    if (has == &has_type) {
      const std::string type = json.string();
      const std::optional<DType> known = dtype_named(type);
      if (!known)
        fail({"has tensor '", Shown{name}, "' of dtype '", Shown{type},
              "', expected F64, F32, F16, BF16, BOOL, or I or U and 8, 16, 32 or 64"});
      entry.type = *known;
    } else if (has == &has_shape) {
      json.array([&] {
        const std::uint64_t extent = json.count();
        if (!std::in_range<Index>(extent))
          fail({"has tensor '", Shown{name}, "' with an extent of ", extent,
                ", more than memory has addresses"});
        entry.shape.push_back(static_cast<Index>(extent));
      });
    } else {
      const std::size_t before = offsets.size();
      json.array([&] {
        if (offsets.size() == before + 2) json.fail("two offsets");
        offsets.push_back(json.count());
      });
      if (offsets.size() != before + 2) json.fail("two offsets");
    }
  });
  if (!has_type || !has_shape || !has_offsets)
    fail({"gives tensor '", Shown{name}, "' no ",
          !has_type    ? "dtype"
          : !has_shape ? "shape"
                       : "data_offsets"});
  entry.name = std::move(name);
  return entry;
}

}  // namespace io_detail

SPIKETAPE_IO_FUNCTION Safetensors parse_safetensors(std::span<const std::uint8_t> bytes,
                                                    std::string_view name) {
  const std::string where = io_detail::text_of("spiketape::parse_safetensors: '", name, "'");
  const auto fail = [&](io_detail::Message parts) {
    io_detail::raise_file({where, " ", io_detail::joined(parts)});
  };

  if (bytes.size() < 8)
    fail({"is truncated: it has ", bytes.size(),
          " bytes, a safetensors file begins with 8 that give a length"});
  const auto length = io_detail::read_little_endian<std::uint64_t>(bytes.data());
  if (length > io_detail::longest_safetensors_header)
    fail({"has a header of ", length, " bytes, expected at most ", io_detail::longest_safetensors_header});
  if (length > bytes.size() - 8)
    fail({"is truncated: it has ", bytes.size(), " bytes, of which the header alone takes 8 + ", length});
  const auto header_size = static_cast<std::size_t>(length);
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, header_size);
  const std::span<const std::uint8_t> data = bytes.subspan(8 + header_size);

  std::vector<Tensor> entries;
  std::vector<std::uint64_t> offsets;  // two for each entry
  io_detail::TextMap metadata;
  bool has_metadata = false;
  io_detail::JsonReader json(header, where + " has a header");
  if (header.empty() || header.front() != '{') json.fail("{");
  json.object([&](std::string&& key) {
    if (key != io_detail::safetensors_metadata) {
      entries.push_back(io_detail::read_safetensors_entry(json, std::move(key), offsets, where));
      return;
    }
    if (std::exchange(has_metadata, true)) fail({"has two entries ", key});
    json.object([&](const std::string& about) {
      if (!io_detail::add_text(metadata, about, json.string()))
        fail({"has two texts '", io_detail::Shown{about}, "' in ", io_detail::safetensors_metadata});
    });
  });
  json.end();

  const auto by_name = io_detail::sorted_order(
      entries.size(), [&](std::size_t a, std::size_t b) { return entries[a].name < entries[b].name; });
  for (std::size_t k = 1; k < entries.size(); ++k)
    if (entries[by_name[k - 1]].name == entries[by_name[k]].name)
      fail({"has two tensors of the name '", io_detail::Shown{entries[by_name[k]].name}, "'"});
  const auto in_file = io_detail::sorted_order(entries.size(), [&](std::size_t a, std::size_t b) {
    return offsets[2 * a] != offsets[2 * b] ? offsets[2 * a] < offsets[2 * b]
                                            : offsets[2 * a + 1] < offsets[2 * b + 1];
  });
  std::uint64_t at = 0;
  for (const std::size_t k : in_file) {
    const std::uint64_t begin = offsets[2 * k], end = offsets[2 * k + 1];
    const io_detail::Shown tensor{entries[k].name};
    if (begin > end || end > data.size())
      fail({"has tensor '", tensor, "' at bytes ", begin, " to ", end, " of ", data.size()});
    if (begin != at)
      fail({"has tensor '", tensor, "' from byte ", begin, " of the data on, expected ", at,
            begin < at ? ": tensors overlap" : ": there is a gap"});
    const auto size = io_detail::bytes_of(entries[k].type, entries[k].shape);
    if (!size)
      fail({"has tensor '", tensor, "' of shape ", io_detail::shape_text(entries[k].shape),
            ", which takes more bytes than memory has addresses"});
    if (*size != end - begin)
      fail({"has ", end - begin, " bytes for tensor '", tensor, "', whose shape ",
            io_detail::shape_text(entries[k].shape), " of ", name_of(entries[k].type), " takes ", *size});
    at = end;
  }
  if (at != data.size()) fail({"has ", data.size(), " bytes of data, the last tensor ends at ", at});

  Safetensors result{{}, std::move(metadata)};
  for (const std::size_t k : by_name) {
    const auto begin = static_cast<std::size_t>(offsets[2 * k]),
               end = static_cast<std::size_t>(offsets[2 * k + 1]);
    entries[k].bytes.assign(data.data() + begin, data.data() + end);
    result.tensors.push_back(std::move(entries[k]));
  }
  return result;
}

SPIKETAPE_IO_FUNCTION Safetensors read_safetensors(const std::string& path) {
  return parse_safetensors(read_file(path), path);
}

SPIKETAPE_IO_FUNCTION std::string safetensors_bytes(const Safetensors& contents) {
  const auto fail = [](io_detail::Message parts) {
    io_detail::raise_argument({"spiketape::safetensors_bytes: ", io_detail::joined(parts)});
  };
  const auto json_text = [&](std::string_view text) {
    for (std::size_t at = 0, size; at < text.size(); at += size)
      if ((size = io_detail::utf8_size(text.substr(at))) == 0)
        fail({"the text '", io_detail::Shown{text}, "' is not UTF-8 at byte ", at});
    return io_detail::json_text(text);
  };

  const std::vector<Tensor>& tensors = contents.tensors;
  for (const Tensor& tensor : tensors) {
    io_detail::check_bytes("safetensors_bytes", tensor);
    if (tensor.name == io_detail::safetensors_metadata) fail({"a tensor has the name ", tensor.name});
  }
  const auto by_name = io_detail::sorted_order(
      tensors.size(), [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  for (std::size_t k = 1; k < tensors.size(); ++k)
    if (tensors[by_name[k - 1]].name == tensors[by_name[k]].name)
      fail({"two tensors have the name '", io_detail::Shown{tensors[by_name[k]].name}, "'"});
  const auto in_file = io_detail::sorted_order(tensors.size(), [&](std::size_t a, std::size_t b) {
    const std::size_t one = size_of(tensors[a].type), other = size_of(tensors[b].type);
    return one != other ? one > other : tensors[a].name < tensors[b].name;
  });

  std::string header = "{";
  const auto add = [&](io_detail::Message parts) { header += io_detail::joined(parts); };
  if (!contents.metadata.empty()) {
    add({json_text(io_detail::safetensors_metadata), ":{"});
    for (const auto& [about, text] : contents.metadata) {
      if (header.back() != '{') add({","});
      add({json_text(about), ":", json_text(text)});
    }
    add({"}"});
  }
  std::size_t at = 0;
  for (const std::size_t k : in_file) {
    const Tensor* tensor = &tensors[k];
    if (header.size() > 1) add({","});
    add({json_text(tensor->name), ":{\"dtype\":\"", name_of(tensor->type), "\",\"shape\":["});
    for (const Index extent : tensor->shape) add({header.back() == '[' ? "" : ",", extent});
    const std::size_t end = at + tensor->bytes.size();
    add({"],\"data_offsets\":[", at, ",", end, "]}"});
    at = end;
  }
  add({"}"});
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > io_detail::longest_safetensors_header)
    fail({"the header takes ", header.size(), " bytes, the format allows ",
          io_detail::longest_safetensors_header});

  std::string file;
  file.reserve(8 + header.size() + at);
  io_detail::append_little_endian(file, std::uint64_t{header.size()});
  file += header;
  for (const std::size_t k : in_file) {
    const std::vector<std::uint8_t>& bytes = tensors[k].bytes;
    file.append(bytes.begin(), bytes.end());
  }
  return file;
}

SPIKETAPE_IO_FUNCTION void write_safetensors(const std::string& path, const Safetensors& contents) {
  write_file(path, safetensors_bytes(contents));
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#include <spiketape/core/pop_macros.hpp>
