// The optimizers of the random driver.
#include "driver_toolbox.hpp"

#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/clip.hpp>
#include <spiketape/optim/sgd.hpp>

#include <algorithm>

namespace driver {

namespace {

/// The values of the parameters that are not learned.
Arrays constants(const Net& net) {
  Arrays all;
  const st::ParameterList<double> learned = net.parameters();
  for (const auto& [path, parameter] : net.by_path())
    if (std::find(learned.begin(), learned.end(), parameter) == learned.end())
      all.push_back(
          Eigen::Map<const Array>(parameter->values.data(), 1, static_cast<Index>(parameter->values.size())));
  return all;
}
bool same(const Arrays& a, const Arrays& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Array& x, const Array& y) {
    return x.rows() == y.rows() && x.cols() == y.cols() && (x == y).all();
  });
}

template <typename Optimizer>
std::string fault_of(Draw& d, typename Optimizer::Options options, Net& ours, Net& theirs,
                     const Gradients& gradients) {
  const st::ParameterList<double> parameters = ours.parameters(), all = theirs.parameters();
  Optimizer one(parameters, options);
  options.threads = static_cast<int>(d.between(1, 3));
  Optimizer two(all, options);
  if (all.size() > 1 && d.coin())
    two.add_group({all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end()}, options);
  const double norm = d.coin(0.3) ? d.real(0.1, 2) : 0, value = d.coin(0.3) ? d.real(0.01, 1) : 0;
  const bool writes = ours.couples();  // a normalization writes its running figures
  const Arrays before = constants(ours);
  for (Index step = d.between(1, 4); step > 0; --step) {
    st::GradientSums<double> a, b;
    gradients(ours, a);
    gradients(theirs, b);
    if (std::none_of(parameters.begin(), parameters.end(), [&](const auto& each) { return a.has(each); }))
      return "";  // a step would throw
    if (value > 0) st::clip_grad_value(a, value), st::clip_grad_value(b, value, options.threads);
    if (norm > 0) {
      if (st::clip_grad_norm(a, norm) != st::clip_grad_norm(b, norm, options.threads))
        return "the norm of gradients depends on threads";
      if (st::clip_grad_norm(a, 1e9) > norm * (1 + 1e-9)) return "clipped gradients are too long";
    }
    one.step(a);
    two.step(b);
    if (d.coin(0.3)) {
      const double lr = d.real(0, 0.05);
      one.set_lr(lr);
      two.set_lr(lr);
    }
    if (d.coin(0.2)) two = Optimizer(std::move(two));
    for (const auto& each : parameters)
      if (a.has(each)) return "a step has left gradients behind";
    if (!same(ours.values(), theirs.values())) return "updates depend on groups or threads";
  }
  if (!writes && !same(constants(ours), before)) return "a step has changed what is not learned";
  return "";
}

}  // namespace

std::string optimizer_fault(Draw& d, Net& ours, Net& theirs, const Gradients& gradients) {
  const double lr = d.real(0.001, 0.05), decay = d.coin() ? 0 : d.real(0, 0.1);
  const Index kind = d.between(0, 2);
  if (kind == 0) {
    const double momentum = d.coin() ? 0 : d.real(0.1, 0.9);
    const bool nesterov = momentum > 0 && d.coin();
    return fault_of<st::SGD<double>>(
        d, {.lr = lr, .momentum = momentum, .weight_decay = decay, .nesterov = nesterov}, ours, theirs,
        gradients);
  }
  const double beta1 = d.real(0, 0.95), beta2 = d.real(0.5, 0.999);
  if (kind == 1)
    return fault_of<st::Adam<double>>(d, {.lr = lr, .beta1 = beta1, .beta2 = beta2, .weight_decay = decay},
                                      ours, theirs, gradients);
  return fault_of<st::AdamW<double>>(d, {.lr = lr, .beta1 = beta1, .beta2 = beta2, .weight_decay = decay},
                                     ours, theirs, gradients);
}

}  // namespace driver
