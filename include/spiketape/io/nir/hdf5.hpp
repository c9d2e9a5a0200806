// What reading and writing HDF5 files takes of the HDF5 library, version 1.8 or newer.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/tensor.hpp>

#include <hdf5.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Something of the HDF5 library that must be closed. Negative: the call that made it failed.
class Hdf5Id {
 public:
  Hdf5Id() = default;
  Hdf5Id(hid_t id, herr_t (*close)(hid_t)) noexcept : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }
  explicit operator bool() const noexcept { return id_ >= 0; }
  hid_t get() const noexcept { return id_; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Stops the HDF5 library from printing errors, until the end of its scope.
class Hdf5Quiet {
 public:
  Hdf5Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Hdf5Quiet(const Hdf5Quiet&) = delete;
  Hdf5Quiet& operator=(const Hdf5Quiet&) = delete;
  ~Hdf5Quiet() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// What the HDF5 library says of the last call, which failed.
inline std::string hdf5_reason() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned number, const H5E_error2_t* about, void* to) -> herr_t {
        if (number == 0 && about->desc != nullptr) *static_cast<std::string*>(to) = about->desc;
        return 0;
      },
      &text);
  return text.empty() ? "the HDF5 library does not say why" : "the HDF5 library says: " + shown(text);
}

/// A file in memory. Its name must be that of no other open file and of none on the disk.
inline Hdf5Id hdf5_memory_access() {
  Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), std::size_t{1} << 16, 0);
  return access;
}
inline std::string hdf5_memory_name(const void* owner) {
  return text_of("spiketape/memory/", reinterpret_cast<std::uintptr_t>(owner));
}

/// h5py's type of truth values.
inline Hdf5Id hdf5_bool() {
  Hdf5Id type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  const std::int8_t values[] = {0, 1};
  H5Tenum_insert(type.get(), "FALSE", &values[0]);
  H5Tenum_insert(type.get(), "TRUE", &values[1]);
  return type;
}
/// IEEE 754 binary16, for which the HDF5 library has no name.
inline Hdf5Id hdf5_half() {
  Hdf5Id type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

/// The type of elements in a file as this library stores them, low byte first; BF16 has none.
inline Hdf5Id hdf5_type(DType type) {
  if (type == DType::BOOL) return hdf5_bool();
  if (type == DType::F16) return hdf5_half();
  const auto copy = [](hid_t of) { return Hdf5Id(H5Tcopy(of), H5Tclose); };
  if (type == DType::F64) return copy(H5T_IEEE_F64LE);
  if (type == DType::F32) return copy(H5T_IEEE_F32LE);
  if (type == DType::I64) return copy(H5T_STD_I64LE);
  if (type == DType::I32) return copy(H5T_STD_I32LE);
  if (type == DType::I16) return copy(H5T_STD_I16LE);
  if (type == DType::I8) return copy(H5T_STD_I8LE);
  if (type == DType::U64) return copy(H5T_STD_U64LE);
  if (type == DType::U32) return copy(H5T_STD_U32LE);
  if (type == DType::U16) return copy(H5T_STD_U16LE);
  if (type == DType::U8) return copy(H5T_STD_U8LE);
  return {};
}
/// The type that a file's type is, in either order of bytes; none if it is no other.
inline std::optional<DType> dtype_of_hdf5(hid_t type) {
  for (const DTypeFacts& facts : dtype_facts) {
    Hdf5Id ours = hdf5_type(facts.type);
    if (!ours) continue;
    if (H5Tequal(type, ours.get()) > 0) return facts.type;
    if (facts.type == DType::BOOL) continue;
    H5Tset_order(ours.get(), H5T_ORDER_BE);
    if (H5Tequal(type, ours.get()) > 0) return facts.type;
  }
  return std::nullopt;
}

/// Texts of any length, which h5py writes, in memory as pointers.
inline Hdf5Id hdf5_text_type(H5T_cset_t characters) {
  Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), characters);
  return type;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
