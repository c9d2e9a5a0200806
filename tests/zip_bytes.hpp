// The bytes of zip archives, written without the library. Needs zlib.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A member of an archive. `data` stand in the file as they are, `size` and `checksum` are what it says of them.
struct ZipPart {
  std::string name;
  std::vector<std::uint8_t> data;
  std::uint64_t size = 0;
  std::uint32_t checksum = 0;
  unsigned method = 0, flags = 0;
  bool wide_header = false, wide_entry = false;  // sizes in the fields of ZIP64, all ones in front of them
  bool described = false;                        // sizes and checksum behind the data, none in front
  std::string extra = {};                        // more extra fields
  std::string comment = {};
};

/// Bytes as a member that is stored or, at a level from 0 to 9, deflated.
inline ZipPart zip_part(std::string name, const std::vector<std::uint8_t>& bytes, int level = -1) {
  const auto count = static_cast<uInt>(bytes.size());
  const uLong checksum = crc32(crc32(0, nullptr, 0), bytes.data(), count);
  ZipPart part{std::move(name), bytes, bytes.size(), static_cast<std::uint32_t>(checksum)};
  if (level < 0) return part;
  part.method = 8;
  part.data.resize(bytes.size() + 100);
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = count;
  stream.next_out = part.data.data();
  stream.avail_out = static_cast<uInt>(part.data.size());
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
      deflate(&stream, Z_FINISH) != Z_STREAM_END)
    throw std::logic_error("zlib does not deflate");
  part.data.resize(stream.total_out);
  deflateEnd(&stream);
  return part;
}

struct ZipArchive {
  std::vector<std::uint8_t> all;
  std::size_t directory = 0;

  ZipArchive& add(std::size_t size, std::uint64_t number) {
    for (std::size_t k = 0; k < size; ++k) all.push_back(static_cast<std::uint8_t>(number >> 8 * k));
    return *this;
  }
  ZipArchive& add(std::string_view text) {
    all.insert(all.end(), text.begin(), text.end());
    return *this;
  }
};

/// The bytes of an archive, and where its directory begins. `wide_end` adds the end of ZIP64.
inline ZipArchive zip_archive(const std::vector<ZipPart>& parts, std::string_view comment = "", bool wide_end = false) {
  constexpr std::uint64_t ones = 0xffffffff;
  ZipArchive to;
  std::vector<std::size_t> places;
  for (const ZipPart& part : parts) {
    places.push_back(to.all.size());
    const bool described = part.described, wide = part.wide_header;
    const std::uint64_t packed = described ? 0 : part.data.size(), size = described ? 0 : part.size;
    to.add("PK\3\4").add(2, wide ? 45 : 20).add(2, part.flags | (described ? 8 : 0)).add(2, part.method);
    to.add(4, 0x210000).add(4, described ? 0 : part.checksum).add(4, wide ? ones : packed).add(4, wide ? ones : size);
    to.add(2, part.name.size()).add(2, part.extra.size() + (wide ? 20 : 0)).add(part.name);
    if (wide) to.add(2, 1).add(2, 16).add(8, size).add(8, packed);
    to.add(part.extra);
    to.all.insert(to.all.end(), part.data.begin(), part.data.end());
    const std::size_t bytes = wide ? 8 : 4;
    if (described) to.add("PK\7\b").add(4, part.checksum).add(bytes, part.data.size()).add(bytes, part.size);
  }
  to.directory = to.all.size();
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const ZipPart& part = parts[k];
    const bool wide = part.wide_entry;
    to.add("PK\1\2").add(2, 0x314).add(2, wide ? 45 : 20).add(2, part.flags | (part.described ? 8 : 0));
    to.add(2, part.method).add(4, 0x210000).add(4, part.checksum).add(4, wide ? ones : part.data.size());
    to.add(4, wide ? ones : part.size).add(2, part.name.size()).add(2, part.extra.size() + (wide ? 28 : 0));
    to.add(2, part.comment.size()).add(2, 0).add(2, 0).add(4, 0x1800000).add(4, wide ? ones : places[k]).add(part.name);
    if (wide) to.add(2, 1).add(2, 24).add(8, part.size).add(8, part.data.size()).add(8, places[k]);
    to.add(part.extra).add(part.comment);
  }
  const std::size_t end = to.all.size(), count = parts.size();
  if (wide_end) {
    to.add("PK\6\6").add(8, 44).add(2, 0x32d).add(2, 45).add(4, 0).add(4, 0).add(8, count).add(8, count);
    to.add(8, end - to.directory).add(8, to.directory).add("PK\6\7").add(4, 0).add(8, end).add(4, 1);
  }
  to.add("PK\5\6").add(4, 0).add(2, wide_end ? ones : count).add(2, wide_end ? ones : count);
  to.add(4, wide_end ? ones : end - to.directory).add(4, wide_end ? ones : to.directory);
  to.add(2, comment.size()).add(comment);
  return to;
}
