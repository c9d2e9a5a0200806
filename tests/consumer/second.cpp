// The second translation unit of the program.
#include <spiketape/spiketape.hpp>

namespace st = spiketape;

float sum_of(st::SequenceView<const float> input) { return input.array().sum(); }
