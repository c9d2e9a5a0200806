// The losses of the random driver.
#include "driver_toolbox.hpp"

#include <spiketape/functional/losses.hpp>

namespace driver {

namespace {

std::vector<double> class_weights(Draw& d, Index classes) {
  std::vector<double> weight;
  if (d.coin(0.3))
    for (Index c = 0; c < classes; ++c) weight.push_back(d.real(0.25, 2));
  return weight;
}
/// The number of classes of a population code, or 0: each output is a class.
Index groups(Draw& d, Index outputs) {
  const Index classes = d.between(1, outputs);
  return outputs % classes == 0 && d.coin(0.7) ? classes : 0;
}
st::Reduction reduction(Draw& d) { return d.coin(0.8) ? st::Reduction::mean : st::Reduction::sum; }

}  // namespace

RandomLoss random_loss(Draw& d, const st::Shape& shape) {
  RandomLoss random;
  Index classes = shape.features;
  bool numbers = false, by_step = false;
  switch (d.between(0, 9)) {
    case 0: {
      const Index of_code = groups(d, classes);
      if (of_code > 0) classes = of_code;
      st::CeLossOptions options{.reduction = reduction(d),
                                .weight = class_weights(d, classes),
                                .label_smoothing = d.coin() ? 0 : d.real(0, 0.5),
                                .num_classes = of_code};
      if (!options.weight.empty() && d.coin()) options.reduction = st::Reduction::weighted_mean;
      random = {"ce_rate_loss", st::ce_rate_loss(options), false};
      by_step = options.weight.empty() && d.coin(0.3);
      break;
    }
    case 1: {
      const Index of_code = groups(d, classes);
      if (of_code > 0) classes = of_code;
      random = {"ce_count_loss",
                st::ce_count_loss({.reduction = reduction(d),
                                   .weight = class_weights(d, classes),
                                   .label_smoothing = d.coin() ? 0 : d.real(0, 0.5),
                                   .num_classes = of_code}),
                true};
      break;
    }
    case 2:
      random = {"ce_max_membrane_loss",
                st::ce_max_membrane_loss({.reduction = reduction(d), .weight = class_weights(d, classes)}),
                true};
      break;
    case 3:
      random = {"tet_loss", st::tet_loss({.lambda = d.real(0, 1), .level = d.real(0, 2)}), false};
      by_step = d.coin(0.3);
      break;
    case 4: {
      const Index of_code = groups(d, classes);
      if (of_code > 0) classes = of_code;
      random = {"mse_count_loss",
                st::mse_count_loss({.correct_rate = d.real(0.5, 1),
                                    .incorrect_rate = d.real(0, 0.5),
                                    .num_classes = of_code,
                                    .reduction = reduction(d),
                                    .weight = class_weights(d, classes)}),
                true};
      break;
    }
    case 5:
      random = {"mse_membrane_loss",
                st::mse_membrane_loss({.on_target = d.real(0.5, 1.5),
                                       .off_target = d.real(-0.5, 0.5),
                                       .reduction = reduction(d),
                                       .weight = class_weights(d, classes)}),
                false};
      break;
    case 6:
      random = {"mse_loss",
                st::mse_loss(
                    {.readout = d.coin() ? st::Readout::mem : st::Readout::spk, .reduction = reduction(d)}),
                false};
      numbers = true;
      break;
    case 7:
      random = {"ce_temporal_loss",
                st::ce_temporal_loss({.inverse = d.coin() ? st::Inverse::negate : st::Inverse::reciprocal,
                                      .reduction = reduction(d),
                                      .weight = class_weights(d, classes)}),
                true};
      break;
    case 8:
      random = {"mse_temporal_loss",
                st::mse_temporal_loss({.tolerance = static_cast<double>(d.between(0, 2)),
                                       .reduction = reduction(d),
                                       .weight = class_weights(d, classes)}),
                true};
      break;
    default:
      random = d.coin() ? RandomLoss{"firing_rate_loss",
                                     st::firing_rate_loss({.lambda = 2, .lower = 0.1, .upper = 0.3}), true}
                        : RandomLoss{"l1_rate_sparsity", st::l1_rate_sparsity(0.1), false};
  }
  std::vector<unsigned char> bytes;
  st::StepMask mask;
  if (d.coin(0.4)) {
    std::vector<Index> lengths;
    for (Index b = 0; b < shape.batch; ++b) lengths.push_back(d.between(1, shape.steps));
    mask = st::mask_of_lengths(lengths, shape.steps, bytes);
    random.name += " with a mask";
  }
  if (numbers) {  // an extent of 1 counts for all
    Sequence targets(d.coin(0.3) ? 1 : shape.steps, d.coin(0.2) ? 1 : shape.batch, shape.features);
    for (double& number : targets.array().reshaped()) number = d.real(-1, 1);
    random.loss.with(View(targets), mask);
  } else {
    std::vector<int> labels;
    for (Index k = by_step ? shape.steps * shape.batch : shape.batch; k > 0; --k)
      labels.push_back(static_cast<int>(d.between(0, classes - 1)));
    random.loss.with(labels, mask);
  }
  return random;
}

}  // namespace driver
