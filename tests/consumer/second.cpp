// The second translation unit of the program.
#include <spiketape/spiketape.hpp>

namespace st = spiketape;

#ifdef __GNUC__  // in a shared library all else is hidden
__attribute__((visibility("default")))
#endif
float sum_of(st::SequenceView<const float> input) { return input.array().sum(); }
