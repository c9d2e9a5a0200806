// The smallest program of a user: it prints the version and runs something.
#include <spiketape/spiketape.hpp>

#include <cstdio>

#if defined(EXPECT_OPENMP) && !defined(_OPENMP)
#error spiketape::openmp does not give OpenMP
#endif
#ifdef EXPECT_ZLIB
#include <spiketape/data/gzip.hpp>
#endif
#ifdef EXPECT_HDF5
#include <hdf5.h>  // what io/nir.hpp needs, which takes longer to compile
#endif
#ifdef EXPECT_IO
#include <spiketape/io/npy.hpp>
#if SPIKETAPE_IO_INLINE
#error spiketape::io does not say that it is compiled
#endif
#endif

namespace st = spiketape;

float sum_of(st::SequenceView<const float> input);  // in second.cpp

int main() {
  std::printf("spiketape %d.%d.%d\n", SPIKETAPE_VERSION_MAJOR, SPIKETAPE_VERSION_MINOR,
              SPIKETAPE_VERSION_PATCH);

  st::Random random(1);
  st::Sequence<float> input(4, 2, 3);
  float sum = 0;
  for (float& value : input.array().reshaped()) sum += value = static_cast<float>(random.below(10));

  const bool same = sum == 105 && sum == sum_of(input);  // 105 wherever and however it is compiled
#ifdef EXPECT_IO
  const std::string labels = st::npy_bytes(st::to_tensor("labels", std::vector<int>{3, 4}));
#endif
  std::printf("sum %g, %s through a view\n", static_cast<double>(sum), same ? "the same" : "another");
#ifdef EXPECT_ZLIB
  const std::vector<std::uint8_t> packed{31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  if (!st::unpack_gzip(packed, "nothing", 1).empty()) return 1;
#endif
#ifdef EXPECT_IO
  if (st::to_labels(st::parse_npy(std::span(reinterpret_cast<const std::uint8_t*>(labels.data()), labels.size()),
                                  "labels")) != std::vector<int>{3, 4})
    return 1;
#endif
#ifdef EXPECT_HDF5
  if (H5open() < 0) return 1;
#endif
  return same ? 0 : 1;
}
