// What steers a training: schedules, and what watches a metric.
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace schedules_test {

namespace st = spiketape;

namespace {

const double nan = std::numeric_limits<double>::quiet_NaN();

template <typename Schedule>
void check_rates(const Schedule& schedule, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("index " << i);
    CHECK(schedule(static_cast<st::Index>(i)) == Approx(expected[i]).epsilon(1e-12));
  }
}

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

}  // namespace

TEST_CASE("schedules give the learning rates of PyTorch 1.13") {
  check_rates(st::StepLR{.lr = 0.2, .step_size = 3, .gamma = 0.5},
              {0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05});
  const st::CosineAnnealingLR cosine{.lr = 0.2, .t_max = 6, .eta_min = 0.01};
  check_rates(cosine, {0.2, 0.1872724133595217, 0.1525, 0.105, 0.0575, 0.022727586640478324, 0.01,
                       0.022727586640478324, 0.0575});
  check_rates(st::LinearLR{.lr = 0.2, .start_factor = 0.25, .total_iters = 4},
              {0.05, 0.0875, 0.125, 0.1625, 0.2, 0.2, 0.2});
  check_rates(st::LinearLR{.lr = 0.2, .start_factor = 1, .end_factor = 0.1, .total_iters = 4},
              {0.2, 0.155, 0.11, 0.065, 0.02, 0.02, 0.02});
  check_rates(st::OneCycleLR{.max_lr = 0.2, .total_steps = 10},
              {0.008, 0.104, 0.2, 0.19009692640269477, 0.1623491307899526, 0.12225240438725786,
               0.07774839561274215, 0.0376516692100474, 0.009903873597305258, 8e-07});
  check_rates(st::OneCycleLR{.max_lr = 0.2,
                             .total_steps = 10,
                             .pct_start = 0.4,
                             .div_factor = 10,
                             .final_div_factor = 100,
                             .anneal = st::Anneal::linear},
              {0.02, 0.08, 0.14, 0.2, 0.1667, 0.1334, 0.1001, 0.0668, 0.0335, 0.0002});
  check_rates(st::OneCycleLR{.max_lr = 0.2, .total_steps = 10, .three_phase = true},
              {0.008, 0.104, 0.2, 0.104, 0.008, 0.007236144370702039, 0.005236344370702039,
               0.0027644556292979604, 0.0007646556292979606, 8e-07});
  check_rates(st::OneCycleLR{.max_lr = 0.2, .total_steps = 3},
              {0.19888308709018238, 0.09252742053339501, 8e-07});
  check_rates(st::WarmUp(4, cosine, 0.25), {0.05, 0.0875, 0.125, 0.1625, 0.2, 0.1872724133595217, 0.1525,
                                            0.105, 0.0575, 0.022727586640478324});
  check_rates(st::WarmUp(2, [](st::Index) { return 3.0; }), {1, 2, 3, 3});
}

TEST_CASE("a learning rate is reduced on a plateau as in PyTorch 1.13") {
  const std::vector<double> metrics{1.0, .9, .95, .89995, .91, .92, .93, .5, .6, .6, .6, .6, .6, .6, .6, nan};
  const auto rates = [&](const st::ReduceLROnPlateauOptions& options) {
    st::ReduceLROnPlateau plateau(options);
    std::vector<double> all;
    for (const double metric : metrics) all.push_back(plateau(metric));
    CHECK(plateau.lr() == all.back());
    return all;
  };
  const auto check = [&](const st::ReduceLROnPlateauOptions& options, const std::vector<double>& expected) {
    const auto all = rates(options);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(all[i] == Approx(expected[i]).epsilon(1e-12));
  };
  check({.lr = 0.2, .factor = 0.5, .patience = 2},
        {.2, .2, .2, .2, .1, .1, .1, .1, .1, .1, .05, .05, .05, .025, .025, .025});
  check({.lr = 0.2, .factor = 0.5, .patience = 1, .cooldown = 2, .min_lr = 0.03},
        {.2, .2, .2, .1, .1, .1, .1, .1, .1, .05, .05, .05, .05, .03, .03, .03});
  check({.lr = 0.2, .patience = 2, .better = st::Better::higher},
        {.2, .2, .2, .02, .02, .02, .002, .002, .002, .0002, .0002, .0002, 2e-5, 2e-5, 2e-5, 2e-6});
  CHECK(error([] { st::ReduceLROnPlateau({.factor = 1}); }) ==
        "spiketape::ReduceLROnPlateau: factor is 1, expected less than 1");
  CHECK(error([] { st::ReduceLROnPlateau({.patience = -1}); }) ==
        "spiketape::ReduceLROnPlateau: patience is -1, expected a finite number of at least 0");
}

TEST_CASE("schedules that cannot be say why") {
  CHECK(error([] { st::StepLR{.step_size = 0}(1); }) ==
        "spiketape::StepLR: step_size is 0, expected at least 1");
  CHECK(error([] { st::StepLR{}(-1); }) == "spiketape::StepLR: index is -1, expected at least 0");
  CHECK(error([] { st::LinearLR{.lr = nan}(1); }) ==
        "spiketape::LinearLR: lr is nan, expected a finite number of at least 0");
  CHECK(error([] { st::OneCycleLR{.total_steps = 3}(3); }) ==
        "spiketape::OneCycleLR: index is 3, expected at most 2: total_steps is 3");
  CHECK(error([] { st::OneCycleLR{.total_steps = 3, .pct_start = 1.5}(0); }) ==
        "spiketape::OneCycleLR: pct_start is 1.5, expected 0 to 1");
  CHECK(error([] { st::WarmUp(0, st::StepLR{}); }) == "spiketape::WarmUp: steps is 0, expected at least 1");
}

TEST_CASE("early stopping waits for its patience") {
  st::EarlyStopping stop({.patience = 2, .min_delta = 0.1});
  CHECK_FALSE(stop(1.0));
  CHECK_FALSE(stop(0.95));  // too small a step
  CHECK_FALSE(stop(0.85));
  CHECK_FALSE(stop(nan));
  CHECK(stop(0.8));
  CHECK(stop.best() == 0.85);
  st::EarlyStopping rising({.patience = 1, .better = st::Better::higher});
  CHECK_FALSE(rising(0.5));
  CHECK_FALSE(rising(0.6));
  CHECK(rising(0.6));
  st::EarlyStopping never({.patience = 2});
  CHECK_FALSE(never(nan));
  CHECK(never(nan));
  CHECK(error([] { st::EarlyStopping({.patience = 0}); }) ==
        "spiketape::EarlyStopping: patience is 0, expected at least 1");
}

TEST_CASE("the parameters of the best epoch come back") {
  st::Random random(1);
  st::Linear<double> net(3, 2, random);
  net.bias().freeze();
  st::Best best(net, {.better = st::Better::higher});
  CHECK(error([&] { best.restore(); }) ==
        "spiketape::Best::restore: no metric has been the best yet, expected one");
  const auto epoch = [&](double value, double metric) {
    net.weight().set(value);
    net.bias().set(-value);
    return best(metric);
  };
  CHECK_FALSE(epoch(0, nan));
  CHECK(best.epoch() == -1);
  CHECK(epoch(1, 0.5));
  CHECK(epoch(2, 0.7));
  CHECK_FALSE(epoch(3, 0.7));
  CHECK_FALSE(epoch(4, 0.6));
  best.restore();
  CHECK((best.metric() == 0.7 && best.epoch() == 2));
  CHECK(((net.weight().array() == 2).all() && (net.bias().array() == -2).all()));
  CHECK(net.weight().ptr()->values[2] == 0);  // padding
}

TEST_CASE("a warm-up speaks for itself") {
  CHECK(error([&] { static_cast<void>(st::WarmUp(2, st::StepLR{})(-1)); }) ==
        "spiketape::WarmUp: index is -1, expected at least 0");
}

TEST_CASE("an empty schedule says so") {
  st::AnySchedule schedule;
  CHECK(error([&] { static_cast<void>(schedule(0)); }) ==
        "spiketape::AnySchedule: it is empty, expected a schedule");
  CHECK(error([&] { static_cast<void>(st::WarmUp(2, schedule)(0)); }).find("it is empty") !=
        std::string::npos);
  schedule = st::StepLR{.lr = 0.5};
  CHECK(schedule(0) == 0.5);
  const st::AnySchedule taken = std::move(schedule);
  CHECK((schedule.empty() && taken(0) == 0.5));
}

TEST_CASE("the best of a parameter that is gone does not come back") {
  st::Leaky<double> neuron({.beta = 0.5, .learn_beta = true});
  st::Best best(neuron);
  CHECK(best(0.1));
  neuron.beta().set(st::Row<double>::Constant(3, 0.9));
  const std::string text =
      " beta has been given another shape, which made it a new parameter: expected a Best made after that";
  CHECK(error([&] { best.restore(); }) == "spiketape::Best::restore:" + text);
  CHECK((neuron.beta().array() == 0.9).all());
}

}  // namespace schedules_test
