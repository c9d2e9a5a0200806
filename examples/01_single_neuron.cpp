// One leaky integrate-and-fire neuron with a constant current: it charges, spikes and is reset, again and
// again. Prints one line a step and writes the membrane's trace, neuron.svg, to the given folder (default:
// the current one).

#include <spiketape/plot/raster.hpp>
#include <spiketape/plot/trace.hpp>
#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;
namespace plot = st::plot;

int main(int argc, char** argv) try {
  const st::Index steps = 60;

  // U[t] = β U[t-1] + I[t], minus the threshold θ = 1 in the step after a spike.
  const st::Leaky<float> neuron({.beta = 0.9f, .threshold = 1.0f});

  // A current of 0.15 for 1 sample of 1 neuron, the same in every step.
  const st::Array<float> current = st::Array<float>::Constant(1, 1, 0.15f);
  const auto [spk, mem] = neuron(st::Sequence<float>::repeat(current, steps));

  int spikes = 0;
  for (st::Index t = 0; t < steps; ++t) {
    const float u = mem(t, 0, 0);
    const bool spike = spk(t, 0, 0) > 0;
    spikes += spike ? 1 : 0;
    std::printf("step %2d  U = %5.3f  %s%s\n", static_cast<int>(t), static_cast<double>(u),
                std::string(static_cast<std::size_t>(u * 30), '.').c_str(), spike ? " spike" : "");
  }
  std::printf("%d spikes in %d steps\n", spikes, static_cast<int>(steps));

  const std::string path = std::string(argc > 1 ? argv[1] : ".") + "/neuron.svg";
  plot::Svg picture(720, 376);
  plot::raster(picture, {60, 40, 630, 50}, spk.view(), 0,
               {.title = "A leaky neuron under a constant current", .x_label = ""});
  plot::trace(picture, {60, 126, 630, 200}, mem.view(), 0, {.y_label = "membrane U", .threshold = 1.0});
  picture.save(path);
  std::printf("wrote %s\n", path.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
