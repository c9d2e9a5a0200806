// Events become spikes: each in its step and place, none lost in silence.
#include <spiketape/data/spike_samples.hpp>
#include <spiketape/data/split.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace event_data_test {

namespace st = spiketape;
using st::Index;
using Camera = std::vector<st::CameraEvent>;
using Units = std::vector<st::UnitEvent>;

namespace {

/// The numbers of spikes stored as bits.
template <typename Spikes>
st::Sequence<double> numbers(const Spikes& spikes) {
  const st::Shape shape = spikes.shape();
  st::Sequence<double> all(shape);
  std::vector<double> row(static_cast<std::size_t>(shape.features + 64));
  for (Index r = 0; r < shape.steps * shape.batch; ++r) {
    spikes.rows().write(r, row.data());
    std::copy_n(row.data(), shape.features, all.view().data + r * shape.features);
  }
  return all;
}

/// The steps that units 0, 1, … of a recording spike in.
std::vector<Index> steps(const Units& events, const st::TimeBins& time) {
  const auto binned = st::bin_spikes<double>(events, st::UnitBins{.units = 8, .time = time});
  const auto all = numbers(binned.spikes);
  std::vector<Index> found;
  for (Index i = 0; i < all.features(); ++i)
    for (Index t = 0; t < all.steps(); ++t)
      if (all(t, 0, i) != 0) found.push_back(t);
  return found;
}
std::string refused(const st::TimeBins& time, const Units& events = {{1, 0}}) {
  return error_text<std::invalid_argument>(
      [&] { static_cast<void>(st::bin_spikes<float>(events, st::UnitBins{.units = 8, .time = time})); });
}

}  // namespace

TEST_CASE("an event of a camera spikes in its step, at channel, row and column as PyTorch counts them") {
  const st::CameraBins bins{.width = 5, .height = 3, .time = {.step_length = 10, .num_steps = 4}};
  const Camera events = {{0, 0, 0, false}, {9.99, 4, 2, true}, {10, 3, 1, false}, {39, 1, 2, true}};
  const auto binned = st::bin_spikes<double>(events, bins);
  CHECK(bins.channels() == 2);
  CHECK(bins.features() == 30);
  const auto all = numbers(binned.spikes);
  CHECK(all.shape() == st::Shape{4, 1, 30});
  CHECK(all(0, 0, 0) == 1);
  CHECK(all(0, 0, 15 + 2 * 5 + 4) == 1);
  CHECK(all(1, 0, 1 * 5 + 3) == 1);
  CHECK(all(3, 0, 15 + 2 * 5 + 1) == 1);
  CHECK(all.array().sum() == 4);
  CHECK(st::to_string(binned.report) ==
        "4 events: 4 in steps (0 merged), 0 before the first, 0 behind the last");
}

TEST_CASE("polarities merge and squares of pixels become one, with parts of squares at the edges") {
  const Camera events = {{0, 4, 2, true}, {0, 4, 2, false}, {0, 1, 1, true}, {0, 2, 0, false}};
  st::CameraBins bins{
      .width = 5, .height = 3, .merge_polarity = true, .time = {.step_length = 1, .num_steps = 1}};
  const auto merged = st::bin_spikes<double>(events, bins);
  CHECK(merged.report.merged == 1);
  CHECK(numbers(merged.spikes).array().sum() == 3);
  CHECK(numbers(merged.spikes)(0, 0, 2 * 5 + 4) == 1);

  bins.merge_polarity = false;
  bins.downsample = 2;
  CHECK(bins.out_width() == 3);
  CHECK(bins.out_height() == 2);
  const auto small = numbers(st::bin_spikes<double>(events, bins).spikes);
  CHECK(small.features() == 12);
  CHECK(small(0, 0, 6 + 1 * 3 + 2) == 1);  // (4, 2), on
  CHECK(small(0, 0, 1 * 3 + 2) == 1);      // (4, 2), off
  CHECK(small(0, 0, 6) == 1);              // (1, 1), on
  CHECK(small(0, 0, 1) == 1);              // (2, 0), off
  CHECK(small.array().sum() == 4);

  const Units units = {{0, 5}, {0, 4}, {0, 6}};
  const st::UnitBins pairs{.units = 7, .downsample = 2, .time = {.step_length = 1, .num_steps = 1}};
  const auto of_pairs = st::bin_spikes<double>(units, pairs);
  CHECK(of_pairs.report.merged == 1);
  CHECK(numbers(of_pairs.spikes)(0, 0, 2) == 1);
  CHECK(numbers(of_pairs.spikes)(0, 0, 3) == 1);
}

TEST_CASE("what is given of step_length, num_steps and duration decides on the steps") {
  const Units events = {{0, 0}, {.25, 1}, {.5, 2}, {.999, 3}};
  CHECK(steps(events, {.step_length = .25, .num_steps = 4}) == std::vector<Index>{0, 1, 2, 3});
  CHECK(steps(events, {.num_steps = 10, .duration = 1}) == std::vector<Index>{0, 2, 5, 9});
  CHECK(steps(events, {.step_length = .3, .duration = 1}) == std::vector<Index>{0, 0, 1, 3});
  CHECK(steps(events, {.step_length = .3}) == std::vector<Index>{0, 0, 1, 3});
  CHECK(steps(events, {.num_steps = 2}) == std::vector<Index>{0, 0, 1, 1});
  CHECK(steps({{7, 0}, {9, 1}, {8, 2}}, {.num_steps = 2}) == std::vector<Index>{0, 1, 1});  // in any order
  CHECK(steps({{7, 0}}, {.num_steps = 3}) == std::vector<Index>{0});
  CHECK(steps({{-2, 0}, {-1, 1}}, {.step_length = 1, .num_steps = 2, .begin = -2}) ==
        std::vector<Index>{0, 1});
  CHECK(steps({{-2, 0}, {-1, 1}}, {.step_length = 1, .begin = -2}) == std::vector<Index>{0, 1});

  const auto shape = [](const st::TimeBins& time, const Units& all) {
    return st::bin_spikes<float>(all, st::UnitBins{.units = 8, .time = time}).spikes.shape().steps;
  };
  CHECK(shape({.step_length = .3, .duration = 2.1}, {}) == 7);  // 2.1 / .3 is above 7
  CHECK(shape({.step_length = .1, .duration = 1.15}, {}) == 12);
  CHECK(shape({.step_length = 1}, {}) == 1);
  CHECK(shape({.step_length = 1}, {{3, 0}}) == 4);
  CHECK(shape({.step_length = 1, .begin = -2}, {{-2, 0}, {-1, 1}}) == 2);
  CHECK(shape({.num_steps = 5}, {}) == 5);
}

TEST_CASE("events in no step are refused, or dropped and counted") {
  const Units events = {{1, 0}, {2, 0}, {2.5, 0}, {2.5, 1}, {3, 0}, {4, 0}, {9, 0}};
  st::TimeBins time{.step_length = 1, .num_steps = 2, .begin = 2};
  CHECK(refused(time, events) ==
        "spiketape::bin_spikes: 7 events: 4 in steps (1 merged), 1 before the first, 2 behind the last, "
        "expected "
        "all in steps; .outside = Outside::drop leaves the others out");
  time.outside = st::Outside::drop;
  const st::BinReport report = st::bin_spikes<float>(events, st::UnitBins{.units = 8, .time = time}).report;
  CHECK(report.events == 7);
  CHECK(report.before == 1);
  CHECK(report.behind == 2);
  CHECK(report.merged == 1);
  time = {.step_length = .4, .duration = 1, .outside = st::Outside::drop};  // the third step is half as long
  CHECK(st::bin_spikes<float>(Units{{.99, 0}, {1, 0}, {1.1, 0}}, st::UnitBins{.units = 8, .time = time})
            .report.behind == 2);
}

TEST_CASE("counts keep how many events there were, and a batch has a row for each recording") {
  const std::vector<Units> batch = {{{0, 1}, {.5, 1}, {1, 0}}, {}, {{1.9, 1}}};
  const st::UnitBins bins{.units = 2, .time = {.step_length = 1}};
  const auto counted = st::bin_counts<float>(batch, bins);
  CHECK(counted.counts.shape() == st::Shape{2, 3, 2});
  CHECK(counted.counts(0, 0, 1) == 2);
  CHECK(counted.counts(1, 0, 0) == 1);
  CHECK(counted.counts(1, 2, 1) == 1);
  CHECK(counted.counts.array().sum() == 4);
  CHECK(counted.report.merged == 0);
  const auto spikes = st::bin_spikes<float>(batch, bins);
  CHECK(spikes.spikes.shape() == st::Shape{2, 3, 2});
  CHECK(numbers(st::bin_spikes<double>(batch, bins).spikes)(1, 2, 1) == 1);
  CHECK(spikes.report.merged == 1);

  // Each recording by itself with num_steps alone.
  const auto own = st::bin_counts<float>(batch, st::UnitBins{.units = 2, .time = {.num_steps = 2}});
  CHECK(own.counts(0, 0, 1) == 1);
  CHECK(own.counts(1, 0, 1) == 1);
  CHECK(own.counts(0, 2, 1) == 1);

  st::Random random(1);
  const st::Linear<float> layer(2, 3, random);  // bits go into a layer as the numbers do
  st::Sequence<float> as_numbers = counted.counts;
  as_numbers.array() = as_numbers.array().min(1);
  CHECK((layer(spikes.spikes).array() == layer(as_numbers).array()).all());
}

TEST_CASE("wrong options and events are refused by name") {
  CHECK(refused({}) ==
        "spiketape::bin_spikes: step_length is 0, num_steps 0 and duration 0, expected two of them, "
        "step_length alone or num_steps alone");
  CHECK(refused({.step_length = 1, .num_steps = 1, .duration = 1}).find("expected two") != std::string::npos);
  CHECK(refused({.duration = 1}).find("expected two") != std::string::npos);
  CHECK(refused({.step_length = -1, .num_steps = 1}) ==
        "spiketape::bin_spikes: step_length is -1, expected finite and not negative");
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(refused({.num_steps = 1, .duration = infinity}).find("duration is inf") != std::string::npos);
  CHECK(refused({.step_length = 1, .num_steps = -1}).find("num_steps is -1") != std::string::npos);
  CHECK(refused({.step_length = 1, .num_steps = 1, .begin = infinity}).find("begin is inf") !=
        std::string::npos);
  CHECK(refused({.num_steps = 1, .begin = 1}).find("num_steps stands alone") != std::string::npos);
  CHECK(refused({.step_length = 1e-300, .duration = 1e300}).find("fewer than 2^53") != std::string::npos);
  CHECK(refused({.step_length = 1, .num_steps = Index(1) << 60}, {}).find("fewer than 2^53") !=
        std::string::npos);
  CHECK(refused({.step_length = 1, .num_steps = 2}, {{1, 8}}) ==
        "spiketape::bin_spikes: event 0 of recording 0 is (time 1, unit 8), the sensor has 8 units");
  CHECK(refused({.step_length = 1, .num_steps = 2}, {{1, 0}, {-infinity, 1}}) ==
        "spiketape::bin_spikes: event 1 of recording 0 is (time -inf, unit 1), expected a finite time");
  const auto camera = [](const st::CameraBins& bins) {
    return error_text<std::invalid_argument>([&] {
      static_cast<void>(st::bin_counts<float>(Camera{{0, 3, 4, true}}, bins));
    });
  };
  const st::TimeBins one{.step_length = 1, .num_steps = 1};
  CHECK(
      camera({.width = 4, .height = 4, .time = one}) ==
      "spiketape::bin_counts: event 0 of recording 0 is (time 0, x 3, y 4, on), the sensor has 4 x 4 pixels");
  CHECK(camera({.width = 3, .height = 5, .time = one}).find("the sensor has 3 x 5") != std::string::npos);
  CHECK(camera({.width = 0, .height = 5, .time = one}).find("0 x 5 pixels, expected 1") != std::string::npos);
  CHECK(camera({.width = 8, .height = 8, .downsample = 0, .time = one}).find("downsample is 0") !=
        std::string::npos);
  // A network is made of these before anything is binned.
  CHECK(st::CameraBins{.width = 8, .height = 8, .downsample = 0}.features() == 0);
  CHECK(st::CameraBins{.width = 8, .height = 8, .downsample = std::numeric_limits<Index>::max()}.features() ==
        2);
  CHECK(st::UnitBins{.units = 8, .downsample = 0}.features() == 0);
}

TEST_CASE("a part of a recording is what lies in it, from time 0 on") {
  const Units events = {{1, 0}, {2, 1}, {3, 2}, {2.5, 3}};
  CHECK(st::cut(events, 2, 3) == Units{{0, 1}, {.5, 3}});
  CHECK(st::cut(events, 2, 2).empty());
  CHECK(error_text<std::invalid_argument>([&] {
          static_cast<void>(st::cut(events, -std::numeric_limits<double>::infinity(), 2));
        }).find("from -inf to 2") != std::string::npos);
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::cut(events, 3, 2)); }) ==
        "spiketape::cut: the part is from 3 to 2, expected a finite beginning that is not behind the end");
}

TEST_CASE("spikes of many recordings come in batches, with labels and the steps that count") {
  st::EventRecordings<st::UnitEvent> recordings;
  for (int i = 0; i < 5; ++i) {  // recording i has i + 1 steps and spikes in each, unit i
    Units events;
    for (int t = 0; t <= i; ++t) events.push_back({static_cast<double>(t), static_cast<std::uint32_t>(i)});
    recordings.recordings.push_back(events);
    recordings.labels.push_back(10 + i);
  }
  const st::UnitBins bins{.units = 20, .time = {.step_length = 1}};
  const st::SpikeSamples<float> samples = st::spike_samples<float>(recordings, bins);
  CHECK(samples.report.events == 15);
  CHECK(samples.steps() == 5);
  st::Batches batches(samples, 2, st::Random(3));
  std::vector<Index> found;
  for (const auto& batch : batches.shuffled()) {
    REQUIRE(batch.input.shape() == st::Shape{5, batch.size(), 20});
    REQUIRE(batch.labels.size() == static_cast<std::size_t>(batch.size()));
    const auto copy = batch;
    for (Index b = 0; b < batch.size(); ++b) {
      const Index i = batch.labels[static_cast<std::size_t>(b)] - 10;
      found.push_back(i);
      CHECK(batch.lengths[static_cast<std::size_t>(b)] == i + 1);
      for (Index t = 0; t < 5; ++t) {
        CHECK(batch.mask.counts(t, b) == (t <= i));
        for (Index k = 0; k < 20; ++k) {
          CHECK(batch.input.row(t, b)[k] == (t <= i && k == i ? 1.f : 0.f));
          CHECK(copy.input.row(t, b)[k] == batch.input.row(t, b)[k]);
        }
      }
    }
  }
  CHECK(found != std::vector<Index>{0, 1, 2, 3, 4});
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<Index>{0, 1, 2, 3, 4});

  st::Random random(1);
  const auto split = st::train_test_split(samples, random, {.test = .4});
  CHECK(split.train.count() == 3);
  CHECK(split.test.labels.size() == 2);

  st::SpikeSamples<float> same;  // all as long: nothing to mask
  same.add(st::bin_spikes<float>(recordings.recordings[2], bins), 1);
  st::Batches whole(same, 2, st::Random(3));
  for (const auto& batch : whole.in_order()) {
    CHECK(batch.size() == 1);
    CHECK(batch.mask.empty());
    CHECK(batch.lengths.empty());
  }
}

TEST_CASE("samples of spikes that do not fit together are refused") {
  const auto refused_samples = [](const st::SpikeSamples<float>& samples) {
    return error_text<std::invalid_argument>(
        [&] { st::Batches<float, st::SpikeSamples<float>>(samples, 2, st::Random(1)); });
  };
  const auto of = [](Index units) {
    return st::bin_spikes<float>(Units{}, st::UnitBins{.units = units, .time = {.num_steps = 2}});
  };
  st::SpikeSamples<float> samples;
  CHECK(refused_samples(samples) == "spiketape::Batches: samples has no sample, expected at least one");
  samples.add(of(3), 0);
  samples.add(of(4), 0);
  CHECK(refused_samples(samples) ==
        "spiketape::Batches: samples has sample 1 of (2, 1, 4), expected some steps of 1 recording and 3 "
        "features");
  samples.inputs.pop_back();
  CHECK(refused_samples(samples) ==
        "spiketape::Batches: samples has 2 labels for 1 samples, expected none or as many");
}

}  // namespace event_data_test
