// What a zip archive holds, for .npz files. An archive is read from its end, numbers low byte first:
//
//     of each member   PK 3 4, a header of 30 bytes with the name and extra fields; the data; if the size was
//                      not known before, a descriptor: PK 7 8, which may be left out, checksum and sizes
//     the directory    of each member PK 1 2, an entry of 46 bytes with the name, extra fields and a comment
//     if 2^32 is not   PK 6 6, 56 bytes: how many members there are and where their directory begins; and
//     enough (ZIP64)   PK 6 7, 20 bytes: where those 56 are
//     the end          PK 5 6, 22 bytes with 16 and 32 bits for the same, and a comment
//
// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5. More is asked for here: these parts fill the file
// without gap or overlap, and what it says twice is the same both times. Other readers look at one place or
// the other, so of any other file they would not all read the same.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/zip/entry.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Reads which members an archive has. `where` begins its messages, such as "spiketape::parse_npz: 'x'".
class ZipReader : ZipBytes {
 public:
  using ZipBytes::ZipBytes;

  /// The members in the order of the directory. What they hold is not looked at. Throws std::runtime_error
  /// where the archive is not as described above, where a member is encrypted, neither stored nor deflated or
  /// in another file, and for names that are not UTF-8 or come twice.
  [[nodiscard]] std::vector<ZipMember> members() const {
    const Directory directory = find_directory();
    std::vector<ZipEntry> entries = read_entries(directory);
    std::vector<ZipEntry*> sorted;
    sorted.reserve(entries.size());
    for (ZipEntry& entry : entries) sorted.push_back(&entry);

    const auto by_name = [](const ZipEntry* a, const ZipEntry* b) { return a->member.name < b->member.name; };
    std::sort(sorted.begin(), sorted.end(), by_name);
    for (std::size_t k = 1; k < sorted.size(); ++k)
      if (sorted[k - 1]->member.name == sorted[k]->member.name) fail_of(*sorted[k], "twice");

    const auto by_place = [](const ZipEntry* a, const ZipEntry* b) { return a->at < b->at; };
    std::sort(sorted.begin(), sorted.end(), by_place);
    if (const std::uint64_t first = sorted.empty() ? directory.begin : sorted.front()->at; first != 0)
      fail("has ", first, " bytes in front of its first part");
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      const std::uint64_t next = k + 1 < sorted.size() ? sorted[k + 1]->at : directory.begin;
      find_data(*sorted[k], std::min<std::uint64_t>(next, directory.begin));
    }

    std::vector<ZipMember> result;
    result.reserve(entries.size());
    for (const ZipEntry& entry : entries) result.push_back(entry.member);
    return result;
  }

 private:
  struct Directory {
    std::size_t begin, end;
    std::uint64_t count;
  };
  std::size_t find_end() const {
    const std::size_t most = std::min<std::size_t>(bytes_.size(), 22 + full_16);
    for (std::size_t size = 22; size <= most; ++size) {
      const std::size_t at = bytes_.size() - size;
      if (is(at, 5, 6) && u16(at + 20) == size - 22) return at;
    }
    fail("does not end as a zip archive does, with the bytes PK 5 6 and 18 more, and a comment");
  }

  Directory find_directory() const {
    std::size_t end = find_end();
    // This file, the directory's file, members in this file and in all, size and begin of the directory.
    std::array<std::uint64_t, 6> facts = {u16(end + 4),  u16(end + 6),  u16(end + 8),
                                          u16(end + 10), u32(end + 12), u32(end + 16)};
    if (end >= 20 && is(end - 20, 6, 7)) {
      const std::uint64_t wide_end = u64(end - 12);
      if (end < 76 || wide_end != end - 76 || !is(end - 76, 6, 6) || u64(end - 72) != 44 ||
          u32(end - 16) != 0 || u32(end - 4) > 1)
        fail("has a ZIP64 end at byte ", wide_end, ", expected one of 56 bytes in front of byte ", end - 20);
      end -= 76;
      const std::array<std::uint64_t, 6> wide = {u32(end + 16), u32(end + 20), u64(end + 24),
                                                 u64(end + 32), u64(end + 40), u64(end + 48)};
      for (std::size_t k = 0; k < facts.size(); ++k)
        if (facts[k] != wide[k] && facts[k] != (k < 4 ? full_16 : full_32))
          fail("has two ends, of which one says ", facts[k], " and the other ", wide[k]);
      facts = wide;
    }
    const auto [file, directory_file, count_here, count, size, begin] = facts;
    if (file != 0 || directory_file != 0 || count_here != count)
      fail("is one of several files of an archive");
    if (size > end || begin != end - size)
      fail("has a directory of ", size, " bytes at byte ", begin, ", expected one that ends at byte ", end);
    return {static_cast<std::size_t>(begin), end, count};
  }

  std::vector<ZipEntry> read_entries(const Directory& directory) const {
    std::vector<ZipEntry> entries;
    std::size_t at = directory.begin;
    for (; at < directory.end; at += entry_size(at)) {
      if (directory.end - at < 46 || !is(at, 1, 2) || entry_size(at) > directory.end - at)
        fail("has no whole entry of its directory at byte ", at);
      entries.push_back(read_entry(at));
    }
    if (entries.size() != directory.count)
      fail("has ", entries.size(), " entries in its directory, expected ", directory.count);
    return entries;
  }
  std::size_t entry_size(std::size_t at) const {
    return 46 + std::size_t{u16(at + 28)} + u16(at + 30) + u16(at + 32);
  }

  /// Finds the data of a member, which must reach from entry.at to `next` with all that belongs to it.
  void find_data(ZipEntry& entry, std::uint64_t next) const {
    if (entry.at > next || next - entry.at < 30 || !is(static_cast<std::size_t>(entry.at), 3, 4))
      fail_of(entry, "without a header at byte ", entry.at);
    const auto at = static_cast<std::size_t>(entry.at);
    const std::size_t room = static_cast<std::size_t>(next) - at, name_size = u16(at + 26);
    const std::size_t header = 30 + name_size + u16(at + 28);
    if (header > room || entry.packed > room - header)
      fail_of(entry, "of ", entry.packed, " bytes with a header of ", header, " in ", room,
              " bytes: it overlaps what follows");
    const std::string_view name(reinterpret_cast<const char*>(bytes_.data()) + at + 30, name_size);
    std::uint64_t packed = u32(at + 18), size = u32(at + 22);
    widen(entry, at + 30 + name_size, u16(at + 28), {&size, &packed});
    const bool described = (entry.flags & ZipEntry::described) != 0;
    const auto agrees = [&](std::uint64_t number, std::uint64_t expected) {
      return number == expected || (described && number == 0);
    };
    const char* const other = name != entry.member.name                                           ? "name"
                              : u16(at + 6) != entry.flags                                        ? "flags"
                              : u16(at + 8) != static_cast<unsigned>(entry.member.method)         ? "method"
                              : !agrees(u32(at + 14), entry.member.checksum)                      ? "checksum"
                              : !agrees(packed, entry.packed) || !agrees(size, entry.member.size) ? "size"
                                                                                                  : nullptr;
    if (other != nullptr) fail_of(entry, "with another ", other, " in its header than in the directory");
    const std::size_t data = at + header, data_size = static_cast<std::size_t>(entry.packed);
    entry.member.data = bytes_.subspan(data, data_size);
    check_behind(entry, data + data_size, room - header - data_size, described);
  }

  /// Checks the bytes behind the data: a descriptor if there is one, else none.
  void check_behind(const ZipEntry& entry, std::size_t at, std::size_t size, bool described) const {
    if (!described && size != 0) fail_of(entry, "with ", size, " bytes behind its data");
    if (!described) return;
    // Each of its four forms has another size.
    const bool is_marked = size == 16 || size == 24, is_wide = size == 20 || size == 24;
    bool right = (is_marked && is(at, 7, 8)) || size == 12 || size == 20;
    if (right) {
      at += is_marked ? 4 : 0;
      const std::uint64_t packed = is_wide ? u64(at + 4) : u32(at + 4);
      const std::uint64_t unpacked = is_wide ? u64(at + 12) : u32(at + 8);
      right = u32(at) == entry.member.checksum && packed == entry.packed && unpacked == entry.member.size;
    }
    if (!right) fail_of(entry, "with ", size, " bytes behind its data, expected its checksum and sizes");
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
