// The entries of a zip archive's directory, see io/zip/archive.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/tensor.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

enum class ZipMethod : std::uint16_t { stored = 0, deflated = 8 };

/// A member of an archive; a view of the bytes of the file.
struct ZipMember {
  std::string_view name;
  std::span<const std::uint8_t> data;  // as they stand in the file
  std::uint64_t size = 0;              // of the data when they are unpacked
  std::uint32_t checksum = 0;          // CRC-32 of these
  ZipMethod method = ZipMethod::stored;
};

/// A member and what the directory says of its place.
struct ZipEntry {
  ZipMember member;
  std::uint16_t flags = 0;
  std::uint64_t packed = 0;  // bytes of its data in the file
  std::uint64_t at = 0;      // of its header

  static constexpr unsigned encrypted = 1, any_level = 2 | 4, described = 8, is_utf8 = 1 << 11;
};

/// The bytes of an archive, of which it reads single entries and fields. A caller checks first that these are
/// within the bytes.
class ZipBytes {
 public:
  static constexpr std::uint64_t full_16 = 0xffff, full_32 = 0xffffffff;

  ZipBytes(std::span<const std::uint8_t> bytes, std::string_view where) : bytes_(bytes), where_(where) {}

 protected:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_file(where_, " ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void fail_of(const ZipEntry& entry, const Parts&... parts) const {
    fail("has the member '", shown(entry.member.name), "' ", parts...);
  }

  template <std::unsigned_integral Unsigned>
  Unsigned number(std::size_t at) const {
    return read_little_endian<Unsigned>(bytes_.data() + at);
  }
  std::uint16_t u16(std::size_t at) const { return number<std::uint16_t>(at); }
  std::uint32_t u32(std::size_t at) const { return number<std::uint32_t>(at); }
  std::uint64_t u64(std::size_t at) const { return number<std::uint64_t>(at); }
  /// Whether a part of the archive begins here: PK and two bytes that say which.
  bool is(std::size_t at, std::uint32_t first, std::uint32_t second) const {
    return u32(at) == (0x4b50u | first << 16 | second << 24);
  }

  ZipEntry read_entry(std::size_t at) const {
    ZipEntry entry;
    ZipMember& member = entry.member;
    member.name = {reinterpret_cast<const char*>(bytes_.data()) + at + 46, u16(at + 28)};
    entry.flags = u16(at + 8);
    if ((entry.flags & ZipEntry::encrypted) != 0) fail_of(entry, "that is encrypted");
    if ((entry.flags & ~(ZipEntry::any_level | ZipEntry::described | ZipEntry::is_utf8)) != 0)
      fail_of(entry, "with the flags ", entry.flags, ", expected none but bits 1, 2, 3 and 11");
    for (std::size_t k = 0, size; k < member.name.size(); k += size) {
      size = utf8_size(member.name.substr(k));
      if (size == 0 || member.name[k] == '\0' || (size > 1 && (entry.flags & ZipEntry::is_utf8) == 0))
        fail_of(entry, "whose name is not UTF-8, or not marked as that, at byte ", k);
    }
    const unsigned method = u16(at + 10);
    if (method != static_cast<unsigned>(ZipMethod::stored) &&
        method != static_cast<unsigned>(ZipMethod::deflated))
      fail_of(entry, "of method ", method, ", expected 0 (stored) or 8 (deflated)");
    member.method = static_cast<ZipMethod>(method);
    member.checksum = u32(at + 16);
    entry.packed = u32(at + 20);
    member.size = u32(at + 24);
    entry.at = u32(at + 42);
    const std::size_t extra = at + 46 + member.name.size();
    widen(entry, extra, u16(at + 30), {&member.size, &entry.packed, &entry.at});
    if (u16(at + 34) != 0) fail_of(entry, "in file ", u16(at + 34), " of several");
    if (member.method == ZipMethod::stored && member.size != entry.packed)
      fail_of(entry, "of ", member.size, " bytes stored in ", entry.packed);
    return entry;
  }

  /// Reads extra fields, of which that of ZIP64 has the numbers that 32 bits have no room for, in this order.
  void widen(const ZipEntry& entry, std::size_t at, std::size_t size,
             std::initializer_list<std::uint64_t*> numbers) const {
    bool has_wide = false;
    for (const std::size_t end = at + size; at < end;) {
      if (end - at < 4 || end - at - 4 < u16(at + 2)) fail_of(entry, "whose extra fields have no end");
      const std::size_t field_end = at + 4 + u16(at + 2);
      if (u16(at) == 1) {
        const auto check = [&](bool holds) {
          if (!holds) fail_of(entry, "whose ZIP64 sizes are not those that it needs");
        };
        check(!std::exchange(has_wide, true));
        // Python before 3.11.4 writes all of them, those that 32 bits had room for, too.
        const bool all = field_end - at == 4 + 8 * numbers.size();
        at += 4;
        for (std::uint64_t* const number : numbers) {
          if (*number != full_32 && !all) continue;
          check(field_end - at >= 8 && (*number == full_32 || *number == u64(at)));
          *number = u64(at);
          at += 8;
        }
        check(at == field_end);
      }
      at = field_end;
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view where_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
