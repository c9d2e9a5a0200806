// A program that has the headers of its window system, and writes what X11's macros leave of our names.
#if __has_include(<X11/Xlib.h>)
#include <X11/Xlib.h>
#endif

#include <sys/types.h>
#if __has_include(<sys/sysmacros.h>)
#include <sys/sysmacros.h>
#endif

#include <spiketape/spiketape.hpp>

namespace st = spiketape;

st::Leaky<float, st::reset::NoReset, st::surrogate::ATan, st::quant::NoQuantizer> behind_x11() {
  return st::Leaky<float, st::reset::NoReset, st::surrogate::ATan, st::quant::NoQuantizer>({.beta = 0.9f});
}
