// Files are not trusted: whatever the bytes are, a reader returns what they say, to the bit, or throws
// std::runtime_error with a text that names the file. It never takes far more memory than the file has bytes.
//
// SPIKETAPE_READERS_SEED is the seed of the first case, each next case has the next seed; a failure prints
// its own. SPIKETAPE_READERS_CASES is the number of cases of each reader.
#include "damage.hpp"
#include "files.hpp"

#include <spiketape/core/file.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/data/images.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/safetensors.hpp>
#if defined(SPIKETAPE_TEST_ZLIB) && __has_include(<zlib.h>)
#define TEST_GZIP
#include <spiketape/data/gzip.hpp>
#include <spiketape/io/npz.hpp>
#include "../zip_bytes.hpp"
#endif

#include "../catch.hpp"
#include "../idx_bytes.hpp"
#include "../temporary_folder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

// --- IDX.

template <typename T>
Bytes random_idx(Damage& damage, std::size_t dimensions) {
  std::vector<std::uint32_t> shape(dimensions);
  std::size_t count = 1;
  for (auto& extent : shape) {
    extent = static_cast<std::uint32_t>(damage.below(8) == 0 ? 0 : 1 + damage.below(4));
    count *= extent;
  }
  std::vector<T> values(count);
  for (T& value : values) {
    std::uint8_t bytes[sizeof(T)];
    for (auto& byte : bytes) byte = damage.byte();
    std::copy_n(bytes, sizeof(T), reinterpret_cast<std::uint8_t*>(&value));
  }
  return idx_bytes<T>(shape, values);
}
/// That an array says what the bytes of the file say, all of them.
template <typename T>
void require_says(const st::Idx<T>& idx, const Bytes& bytes) {
  std::vector<std::uint32_t> shape;
  for (const Index extent : idx.shape) shape.push_back(static_cast<std::uint32_t>(extent));
  require(idx_bytes<T>(shape, idx.values) == bytes, "the array is not that of the file");
  require(idx.values.capacity() <= bytes.size(), "the array takes too much memory");
}
template <typename T>
void check_idx() {
  for_each_file(2500, "'a file'", [](Damage& damage) {
    const Bytes file = random_idx<T>(damage, 1 + damage.below(4)),
                other = random_idx<T>(damage, 1 + damage.below(8));
    const Bytes bytes = damage.of(file, other);
    require_says(st::parse_idx<T>(bytes, "a file"), bytes);
  });
}

void write(const std::string& path, const Bytes& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  require(file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size(), "no file");
  std::fclose(file);
}

// --- UTF-8, from its definition: a character is 0 to 10ffff but no surrogate, in as few bytes as it takes.

/// The bytes of the character that a text begins with; 0 if it begins with none.
std::size_t character_size(const Bytes& text) {
  if (text.empty()) return 0;
  std::size_t size = 1;
  std::uint32_t code = text[0];
  for (const auto& [mask, head] : {std::pair(0xe0, 0xc0), std::pair(0xf0, 0xe0), std::pair(0xf8, 0xf0)}) {
    ++size;
    if ((text[0] & mask) == head) break;
    if (size == 4) return text[0] < 0x80 ? 1 : 0;
  }
  if (text.size() < size) return 0;
  code &= 0x7fu >> size;
  for (std::size_t i = 1; i < size; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (text[i] & 0x3fu);
  }
  const std::uint32_t least[] = {0x80, 0x800, 0x10000};
  return code >= least[size - 2] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? size : 0;
}

}  // namespace

TEST_CASE("whatever the bytes are, an IDX array is that of the bytes or there is none") {
  check_idx<std::uint8_t>();
  check_idx<std::int8_t>();
  check_idx<std::int16_t>();
  check_idx<std::int32_t>();
  check_idx<float>();
  check_idx<double>();
}

TEST_CASE("whatever is in a file, it is read to the byte") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  for_each_file(1500, path, [&](Damage& damage) {
    const Bytes bytes = damage.of(random_idx<float>(damage, 2), random_idx<float>(damage, 3));
    write(path, bytes);
    require(st::read_file(path) == bytes, "the file has other bytes");
    require_says(st::read_idx<float>(path), bytes);
  });
}

TEST_CASE("whatever is in two files, images and labels are those of the files") {
  const TemporaryFolder folder;
  const std::string images_path = folder / "images", labels_path = folder / "labels";
  for_each_file(2500, folder.path(), [&](Damage& damage) {
    const auto count = static_cast<std::uint32_t>(damage.below(5));
    const auto labelled = damage.below(4) == 0 ? static_cast<std::uint32_t>(damage.below(5)) : count;
    Bytes pixels(count * 6), classes(labelled);
    for (auto* all : {&pixels, &classes})
      for (auto& byte : *all) byte = damage.byte();
    const Bytes images = idx_bytes<std::uint8_t>({count, 2, 3}, pixels);
    const Bytes labels = idx_bytes<std::uint8_t>({labelled}, classes);
    const bool whole = damage.below(2) == 0;  // else both are damaged, and hardly ever fit each other
    const Bytes image_bytes = whole ? images : damage.of(images, labels);
    const Bytes label_bytes = damage.of(labels, images);
    st::Images result;
    if (damage.below(8) == 0) {
      write(images_path, image_bytes);
      write(labels_path, label_bytes);
      result = st::read_images(images_path, labels_path, 0.5);
    } else {
      result = st::make_images(st::parse_idx<std::uint8_t>(image_bytes, images_path),
                               st::parse_idx<std::uint8_t>(label_bytes, labels_path), 0.5, images_path,
                               labels_path);
    }
    const auto extent = [](Index value) { return static_cast<std::uint32_t>(value); };
    const Bytes read_labels(result.labels.begin(), result.labels.end());
    require(idx_bytes<std::uint8_t>({extent(result.count())}, read_labels) == label_bytes,
            "the labels are not those of the file");
    require(result.features() == result.height * result.width, "the extents differ");
    const Bytes read_pixels(result.pixels.data(), result.pixels.data() + result.pixels.size());
    require(idx_bytes<std::uint8_t>({extent(result.count()), extent(result.height), extent(result.width)},
                                    read_pixels) == image_bytes,
            "the pixels are not those of the file");
  });
}

// --- Tensors.

namespace {

st::Tensor random_tensor(Damage& damage, std::string name) {
  st::Tensor tensor{std::move(name), static_cast<st::DType>(damage.below(13)), {}, {}};
  std::size_t size = st::size_of(tensor.type);
  for (std::size_t extents = damage.below(4); extents > 0; --extents) {
    tensor.shape.push_back(static_cast<Index>(damage.below(4)));
    size *= static_cast<std::size_t>(tensor.shape.back());
  }
  for (; size > 0; --size) tensor.bytes.push_back(damage.byte());
  return tensor;
}
std::size_t size_of(const st::Tensor& tensor) {
  std::size_t size = st::size_of(tensor.type);
  for (const Index extent : tensor.shape) size *= static_cast<std::size_t>(extent);
  return size;
}
Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// A file that begins with `start` bytes, of which those from `length` on are the length of the header that follows,
/// low byte first. Damages all of it, or the header alone, and then its length is right.
Bytes damaged(Damage& damage, std::size_t start, std::size_t length, const Bytes& file, const Bytes& other) {
  if (damage.below(2) == 0) return damage.of(file, other);
  const auto header_end = [&](const Bytes& from) {
    return from.begin() + static_cast<std::ptrdiff_t>(start + (from[length] | std::size_t{from[length + 1]} << 8));
  };
  const auto begin = static_cast<std::ptrdiff_t>(start);
  const Bytes header =
      damage.of({file.begin() + begin, header_end(file)}, {other.begin() + begin, header_end(other)});
  Bytes bytes(file.begin(), file.begin() + begin);
  bytes[length] = static_cast<std::uint8_t>(header.size());
  bytes[length + 1] = static_cast<std::uint8_t>(header.size() >> 8);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), header_end(file), file.end());
  bytes.shrink_to_fit();
  return bytes;
}

}  // namespace

TEST_CASE("whatever the bytes of a safetensors file are, its tensors are what they say or it is refused") {
  const auto random_file = [](Damage& damage) {
    st::Safetensors contents;
    for (std::size_t k = damage.below(4); k > 0; --k)
      contents.tensors.push_back(random_tensor(damage, std::string(1 + damage.below(3), static_cast<char>('a' + k))));
    if (damage.below(2) == 0) contents.metadata = {{"a\n", "\u00e9"}, {"b", ""}};
    return bytes_of(st::safetensors_bytes(contents));
  };
  for_each_file(10000, "'a file'", [&](Damage& damage) {
    const Bytes file = random_file(damage), bytes = damaged(damage, 8, 0, file, random_file(damage));
    const st::Safetensors contents = st::parse_safetensors(bytes, "a file");
    std::size_t size = 8 + (bytes[0] | std::size_t{bytes[1]} << 8);
    for (const st::Tensor& tensor : contents.tensors) {
      require(tensor.bytes.size() == size_of(tensor), "a tensor has other bytes than its shape takes");
      require(std::search(bytes.begin(), bytes.end(), tensor.bytes.begin(), tensor.bytes.end()) != bytes.end() ||
                  tensor.bytes.empty(),
              "the bytes of a tensor are not in the file");
      size += tensor.bytes.size();
    }
    require(size == bytes.size(), "the tensors do not fill the file");
    const st::Safetensors same = st::parse_safetensors(bytes_of(st::safetensors_bytes(contents)), "a file");
    require(same.metadata == contents.metadata && same.tensors.size() == contents.tensors.size(),
            "what is written again is something else");
    for (const st::Tensor& tensor : contents.tensors) {
      const st::Tensor* found = same.find(tensor.name);
      require(found != nullptr && found->type == tensor.type && found->shape == tensor.shape &&
                  found->bytes == tensor.bytes,
              "a tensor that is written again is another");
    }
  });
}

TEST_CASE("whatever the bytes of a .npy file are, its tensor is what they say or it is refused") {
  const auto random_file = [](Damage& damage) {
    st::Tensor tensor = random_tensor(damage, "");
    if (tensor.type == st::DType::BF16) tensor.type = st::DType::F16;
    std::string file = st::npy_bytes(tensor);
    if (damage.below(2) == 0) file.replace(file.find("False"), 5, " True");
    if (const std::size_t order = file.find('<'); damage.below(2) == 0 && order < 30) file[order] = '>';
    return bytes_of(file);
  };
  for_each_file(10000, "'a file'", [&](Damage& damage) {
    const Bytes file = random_file(damage), bytes = damaged(damage, 10, 8, file, random_file(damage));
    const st::Tensor tensor = st::parse_npy(bytes, "a file");
    require(tensor.bytes.size() == size_of(tensor), "the tensor has other bytes than its shape takes");
    Bytes data(bytes.end() - static_cast<std::ptrdiff_t>(tensor.bytes.size()), bytes.end()), read = tensor.bytes;
    std::sort(data.begin(), data.end());
    std::sort(read.begin(), read.end());
    require(data == read, "the bytes of the tensor are not those of the file");
    const st::Tensor same = st::parse_npy(bytes_of(st::npy_bytes(tensor)), "a file");
    require(same.type == tensor.type && same.shape == tensor.shape && same.bytes == tensor.bytes,
            "a tensor that is written again is another");
  });
}

TEST_CASE("whatever the bytes of a text are, its characters are those of UTF-8") {
  for_each_seed(20000, [](Damage& damage) {
    // Bytes at the borders of what UTF-8 allows, and any.
    constexpr std::uint8_t borders[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbd, 0xbe, 0xbf, 0xc0,
                                        0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xee, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
    Bytes text(damage.below(6));
    for (auto& byte : text)
      byte = damage.below(4) == 0 ? damage.byte() : borders[damage.below(std::size(borders))];
    text.shrink_to_fit();
    const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
    require(st::detail::utf8_size(view) == character_size(text), "another size of the first character");
  });
}

#ifdef TEST_GZIP

namespace {

/// Some arrays as members of an archive. `whole`: else some of their .npy files are damaged, with right checksums.
std::vector<ZipPart> random_parts(Damage& damage, bool whole) {
  const auto npy = [&] {
    st::Tensor tensor = random_tensor(damage, "");
    if (tensor.type == st::DType::BF16) tensor.type = st::DType::F16;
    return bytes_of(st::npy_bytes(tensor));
  };
  std::vector<ZipPart> parts;
  for (std::size_t k = damage.below(4); k > 0; --k) {
    const Bytes file = whole || damage.below(2) == 0 ? npy() : damage.of(npy(), npy());
    const int level = static_cast<int>(damage.below(20)) - 10;
    ZipPart part = zip_part(std::string(1, static_cast<char>('a' + k)) + ".npy", file, std::max(level, -1));
    part.wide_header = damage.below(2) == 0;
    part.wide_entry = damage.below(4) == 0;
    part.described = damage.below(2) == 0;
    if (damage.below(4) == 0) part.extra = std::string("\x12\x34\2\0ab", 6);
    parts.push_back(std::move(part));
  }
  return parts;
}
bool same_arrays(const std::vector<st::Tensor>& tensors, const std::vector<Bytes>& files) {
  const auto same = [](const st::Tensor& tensor, const Bytes& file) {
    const st::Tensor expected = st::parse_npy(file, "a file");
    return tensor.type == expected.type && tensor.shape == expected.shape && tensor.bytes == expected.bytes;
  };
  return std::equal(tensors.begin(), tensors.end(), files.begin(), files.end(), same);
}
Bytes unpacked(const ZipPart& part) {
  Bytes bytes(static_cast<std::size_t>(part.size) + 1);
  if (part.method == 0) return part.data;
  require(st::detail::inflate_raw(part.data, bytes).to == 1, "a member does not unpack");
  bytes.pop_back();
  return bytes;
}
std::vector<Bytes> unpacked(const std::vector<ZipPart>& parts) {
  std::vector<Bytes> files;
  for (const ZipPart& part : parts) files.push_back(unpacked(part));
  return files;
}

}  // namespace

TEST_CASE("whatever the bytes of a .npz file are, its tensors are those that were packed or it is refused") {
  for_each_file(2000, "'a file", [&](Damage& damage) {
    const std::size_t kind = damage.below(4);
    std::vector<ZipPart> parts = random_parts(damage, kind > 0);
    const auto files = unpacked(parts);
    if (kind == 0) {  // a member is refused as it is by itself, else read as by itself
      require(same_arrays(st::parse_npz(zip_archive(parts).all, "a file"), files), "the tensors are not the members'");
      return;
    }
    const std::vector<ZipPart> other_parts = random_parts(damage, true);
    if (kind == 1)  // checksums find damage before it is packed in
      for (ZipPart& part : parts) part.data = damage.of(part.data, other_parts.empty() ? Bytes() : other_parts[0].data);
    const ZipArchive file = zip_archive(parts, "", damage.below(2) == 0);
    const ZipArchive other = zip_archive(other_parts, "PK", damage.below(2) == 0);
    Bytes bytes = file.all;
    if (kind == 2) bytes = damage.of(bytes, other.all);
    if (kind == 3) {  // the directory alone
      const auto directory = [](const ZipArchive& archive) {
        return Bytes(archive.all.begin() + static_cast<std::ptrdiff_t>(archive.directory), archive.all.end());
      };
      const Bytes damaged_directory = damage.of(directory(file), directory(other));
      bytes.resize(file.directory);
      bytes.insert(bytes.end(), damaged_directory.begin(), damaged_directory.end());
      bytes.shrink_to_fit();
    }
    const std::vector<st::Tensor> tensors = st::parse_npz(bytes, "a file");
    require(same_arrays(tensors, files) || same_arrays(tensors, unpacked(other_parts)),
            "the tensors are those of no file");
  });
}

namespace {

Bytes compressed(const Bytes& bytes, int level) {
  z_stream stream{};
  require(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
  Bytes result(bytes.size() + 100);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = result.data();
  stream.avail_out = static_cast<uInt>(result.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "no end");
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}
Bytes random_gzip(Damage& damage) {
  Bytes bytes(damage.below(16) == 0 ? damage.below(200000) : damage.below(200));
  const std::size_t values = 1 + damage.below(20);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(damage.below(values));
  return compressed(bytes, static_cast<int>(damage.below(10)));
}
/// The contents of a file as zlib reads it.
Bytes read_by_zlib(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  Bytes all, chunk(1 << 12);
  for (int count = 0; (count = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0;)
    all.insert(all.end(), chunk.begin(), chunk.begin() + count);
  gzclose_r(file);
  return all;
}

}  // namespace

TEST_CASE("whatever the bytes are, what is unpacked is what zlib unpacks, or there is nothing") {
  const TemporaryFolder folder;
  const std::string path = folder / "file.gz";
  for_each_file(1000, path, [&](Damage& damage) {
    const Bytes file = random_gzip(damage), other = random_gzip(damage);
    const Bytes bytes = damage.of(file, other);
    const std::size_t limit = damage.below(4) == 0 ? damage.below(300) : 1 << 20;
    Bytes result;
    if (damage.below(8) == 0) {
      write(path, bytes);
      result = st::read_gzip(path, limit);
    } else {
      result = st::unpack_gzip(bytes, path, limit);
    }
    require(result.size() <= limit, "more than the limit");
    require(result.capacity() <= 2 * result.size() + (1 << 16), "the result takes too much memory");
    write(path, bytes);
    require(result == read_by_zlib(path), "another content than zlib's");
  });
}

TEST_CASE("a few bytes that unpack to very many take no memory beyond the limit") {
  z_stream stream{};
  require(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
  Bytes zeros(1 << 20), bomb(1 << 18);
  stream.next_out = bomb.data();
  stream.avail_out = static_cast<uInt>(bomb.size());
  for (int megabytes = 0; megabytes < 128; ++megabytes) {
    stream.next_in = zeros.data();
    stream.avail_in = static_cast<uInt>(zeros.size());
    require(deflate(&stream, megabytes < 127 ? Z_NO_FLUSH : Z_FINISH) >= Z_OK, "no end");
  }
  bomb.resize(stream.total_out);
  deflateEnd(&stream);
  [[maybe_unused]] const LittleMemory little;
  CHECK_THROWS_AS(st::unpack_gzip(bomb, "it", 1 << 20), std::runtime_error);
}

#endif
