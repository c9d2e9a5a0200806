// The classes that a network predicts for a batch, read from its outputs part by part.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/labels.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss_kind.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// One class for each sample of a batch, as `predict_rate` gives; the batch has a label for each. Parts of
/// the batch may come from several threads at once. Sums over windows of steps are kept in between.
class Predictions {
 public:
  std::vector<int> classes;  ///< Of each sample.

  template <Real Scalar>
  void read(const Var<Scalar>& outputs, const LossTargets<Scalar>& targets, Index num_classes) {
    const StepMask& mask = targets.mask;
    const SequenceView<const Scalar> view = outputs.value();
    const BatchPart& part = outputs.tape().part();
    const PartRange samples = part.samples.of(view.batch), steps = part.steps.of(view.steps);
    if (view.features == 0) return;
    if (!mask.empty() && (mask.steps != steps.whole || mask.batch != samples.whole))
      fail_argument("spiketape::Trainer: mask is ", mask.steps, " x ", mask.batch, ", expected ", steps.whole,
                    " x ", samples.whole, " steps and samples");
    for (Index b = 0; b < view.batch; ++b)
      if (!mask.counts_some(samples.first + b))
        fail_argument("spiketape::Trainer: no step of sample ", samples.first + b,
                      " counts in the mask, expected at least one");
    const Index group = neurons_of_class("Trainer", view.features, num_classes),
                groups = view.features / group;
    if (std::cmp_greater(samples.first + view.batch, classes.size()))
      fail_argument("spiketape::Trainer: the network makes ", view.batch, " samples of ", classes.size(),
                    ", expected as many");
    check_targets(
        "Trainer",
        targets.labels.subspan(static_cast<std::size_t>(samples.first), static_cast<std::size_t>(view.batch)),
        groups, samples.first);
    if (steps.partial() && steps.first == 0)
      window_sums_.assign(static_cast<std::size_t>(view.batch * groups), 0);
    for (Index b = 0; b < view.batch; ++b) {
      double* sums = steps.partial() ? window_sums_.data() + b * groups
                                     : outputs.tape().template allocate<double>(groups);
      if (!steps.partial()) std::fill_n(sums, groups, 0.0);
      for (Index t = 0; t < view.steps; ++t) {
        if (!mask.counts(steps.first + t, samples.first + b)) continue;
        const Scalar* row = view.row(t, b);
        for (Index k = 0; k < groups; ++k)
          for (Index i = 0; i < group; ++i) sums[k] += static_cast<double>(*row++);
      }
      classes[static_cast<std::size_t>(samples.first + b)] =
          static_cast<int>(index_of_largest(groups, [&](Index i) { return sums[i]; }));
    }
  }

 private:
  std::vector<double> window_sums_;  // of the outputs, over the windows so far
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
