// What npy.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/file.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/text_cursor.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI {

namespace io_detail {

struct NpyType {
  char kind;
  DType type;
};
/// NumPy's letters. It has no BF16.
inline constexpr NpyType npy_types[] = {{'f', DType::F64}, {'i', DType::I64}, {'u', DType::U64},
                                        {'f', DType::F32}, {'i', DType::I32}, {'u', DType::U32},
                                        {'f', DType::F16}, {'i', DType::I16}, {'u', DType::U16},
                                        {'i', DType::I8},  {'u', DType::U8},  {'b', DType::BOOL}};

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<Index> shape;
};

/// Reads the header, a dictionary as Python writes it, and refuses everything else.
class NpyHeaderReader : TextCursor {
 public:
  NpyHeaderReader(std::string_view text, std::string where) : TextCursor(text, " \n", std::move(where)) {}

  NpyHeader read() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    take('{');
    while (!takes('}')) {
      const std::size_t at = at_;
      const std::string key = quoted();
      bool* const has = key == "descr"           ? &has_descr
                        : key == "fortran_order" ? &has_order
                        : key == "shape"         ? &has_shape
                                                 : nullptr;
      if (has == nullptr || *has) {
        at_ = at;
        fail("'descr', 'fortran_order' and 'shape', once each");
      }
      *has = true;
      take(':');
      if (has == &has_descr)
        header.descr = quoted();
      else if (has == &has_order)
        header.fortran_order = truth();
      else
        header.shape = extents();
      if (!takes(',')) {
        take('}');
        break;
      }
    }
    end();
    if (!has_descr || !has_order || !has_shape) fail("'descr', 'fortran_order' and 'shape', once each");
    return header;
  }

 private:
  /// A text in either quotes, without escapes: NumPy writes none for the types that are read here.
  std::string quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') fail("a text in quotes (arrays of records are not read)");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail("an end of the text");
    std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }
  bool truth() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("True or False");
  }
  std::vector<Index> extents() {
    constexpr std::size_t most = 64;  // as many as NumPy has
    std::vector<Index> shape;
    take('(');
    while (!takes(')')) {
      if (shape.size() == most) fail("at most 64 extents");
      const std::uint64_t extent = count();
      if (!std::in_range<Index>(extent)) fail("an extent in front of this that memory has addresses for");
      shape.push_back(static_cast<Index>(extent));
      if (!takes(',')) {
        take(')');
        break;
      }
    }
    return shape;
  }
};

/// Puts elements whose first extent runs fastest into the order in which the last one does.
SPIKETAPE_IO_FUNCTION void to_row_major(Tensor& tensor) {
  const std::size_t size = size_of(tensor.type), count = tensor.bytes.size() / size;
  std::vector<std::uint8_t> bytes(tensor.bytes.size());
  std::vector<Index> place(tensor.shape.size(), 0);
  for (std::size_t from = 0; from < count; ++from) {
    std::size_t to = 0;
    for (std::size_t k = 0; k < place.size(); ++k)
      to = to * static_cast<std::size_t>(tensor.shape[k]) + static_cast<std::size_t>(place[k]);
    std::copy_n(tensor.bytes.begin() + static_cast<std::ptrdiff_t>(from * size), size,
                bytes.begin() + static_cast<std::ptrdiff_t>(to * size));
    for (std::size_t k = 0; k < place.size() && ++place[k] == tensor.shape[k]; ++k) place[k] = 0;
  }
  tensor.bytes = std::move(bytes);
}

}  // namespace io_detail

SPIKETAPE_IO_FUNCTION Tensor parse_npy(std::span<const std::uint8_t> bytes, std::string_view name) {
  const std::string where = io_detail::text_of("spiketape::parse_npy: '", name, "'");
  const auto fail = [&](const auto&... parts) { io_detail::fail_file(where, " ", parts...); };

  constexpr std::string_view magic = "\x93NUMPY";
  if (bytes.size() < magic.size() ||
      !std::equal(magic.begin(), magic.end(), bytes.begin(),
                  [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
    fail("does not begin as a .npy file does, with the byte 147 and NUMPY");
  if (bytes.size() < 10) fail("is truncated: it has ", bytes.size(), " bytes");
  const int version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0)
    fail("is of version ", version, ".", bytes[7], ", expected 1.0, 2.0 or 3.0");
  const std::size_t begin = version == 1 ? 10 : 12;
  if (bytes.size() < begin) fail("is truncated: it has ", bytes.size(), " bytes");
  const std::uint32_t length = version == 1 ? io_detail::read_little_endian<std::uint16_t>(bytes.data() + 8)
                                            : io_detail::read_little_endian<std::uint32_t>(bytes.data() + 8);
  if (length > bytes.size() - begin)
    fail("is truncated: it has ", bytes.size(), " bytes, of which the header alone takes ", begin, " + ",
         length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + begin, length);
  io_detail::NpyHeader header = io_detail::NpyHeaderReader(text, where + " has a header").read();

  const std::string& descr = header.descr;
  std::optional<DType> type;
  if (descr.size() == 3)
    for (const io_detail::NpyType& known : io_detail::npy_types)
      if (descr[1] == known.kind && descr[2] == static_cast<char>('0' + size_of(known.type)))
        type = known.type;
  const bool swapped = !descr.empty() && descr[0] == '>';
  if (!type || (!swapped && descr[0] != '<' && !(descr[0] == '|' && size_of(*type) == 1)))
    fail("has elements of type '", io_detail::shown(descr),
         "', expected f2, f4, f8, i1 to i8, u1 to u8 or b1 with < or >");
  const auto size = io_detail::bytes_of(*type, header.shape);
  if (!size)
    fail("has the shape ", io_detail::shape_text(header.shape),
         ", which takes more bytes than memory has addresses");
  const std::span<const std::uint8_t> data = bytes.subspan(begin + length);
  if (data.size() != *size)
    fail("has ", data.size(), " bytes of data, its shape ", io_detail::shape_text(header.shape), " of ",
         name_of(*type), " takes ", *size);

  Tensor tensor{std::string(name), *type, std::move(header.shape), {data.begin(), data.end()}};
  if (swapped)
    for (auto element = tensor.bytes.begin(); element != tensor.bytes.end();
         element += static_cast<std::ptrdiff_t>(size_of(*type)))
      std::reverse(element, element + static_cast<std::ptrdiff_t>(size_of(*type)));
  if (header.fortran_order && tensor.shape.size() > 1) io_detail::to_row_major(tensor);
  return tensor;
}

SPIKETAPE_IO_FUNCTION Tensor read_npy(const std::string& path) { return parse_npy(read_file(path), path); }

SPIKETAPE_IO_FUNCTION std::string npy_bytes(const Tensor& tensor) {
  io_detail::check_bytes("npy_bytes", tensor);
  if (tensor.type == DType::BF16 || tensor.shape.size() > 64)
    io_detail::fail_tensor("npy_bytes", tensor, "a type that NumPy has, and at most 64 extents");
  char kind = ' ';
  for (const io_detail::NpyType& known : io_detail::npy_types)
    if (known.type == tensor.type) kind = known.kind;
  const std::size_t size = size_of(tensor.type);
  std::string header = io_detail::text_of("{'descr': '", size == 1 ? '|' : '<', kind, size,
                                          "', 'fortran_order': False, 'shape': (");
  for (std::size_t k = 0; k < tensor.shape.size(); ++k) {
    header += std::to_string(tensor.shape[k]);
    header += k + 1 < tensor.shape.size() ? ", " : tensor.shape.size() == 1 ? "," : "";
  }
  header += "), }";
  // The data begins at a multiple of 64.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\1';
  file += '\0';
  io_detail::append_little_endian(file, static_cast<std::uint16_t>(header.size()));
  file += header;
  file.append(tensor.bytes.begin(), tensor.bytes.end());
  return file;
}

SPIKETAPE_IO_FUNCTION void write_npy(const std::string& path, const Tensor& tensor) {
  write_file(path, npy_bytes(tensor));
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#include <spiketape/core/pop_macros.hpp>
