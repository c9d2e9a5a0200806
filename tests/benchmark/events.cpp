// Spikes as events against dense products, for different firing rates: where is the break-even?
//
// A product goes from the bits of the spikes to the currents, and includes the list of events; the gradient
// of the weights reuses that list. Both may be faster than their limit, Eigen's product of the same size, on
// one thread.
//
// Also active columns against events, for different firing rates of an active column: images of 784 pixels,
// 19 % of them lit, in 25 steps, four samples at a time.
#include "images.hpp"
#include "limits.hpp"
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace st = spiketape;

constexpr st::Index in = 1000;
constexpr double percents[] = {0.1, 0.5, 1, 2, 5, 10, 20, 30, 40, 50};

/// A layer of (in, out) and the spikes of `rows` samples and steps, all with the same probability.
class Layer {
 public:
  Layer(st::Index rows, st::Index out, double percent)
      : rows_(rows), out_(out), weight_(in, out, random_), bits_(static_cast<std::size_t>(rows * lines)) {
    for (st::Index row = 0; row < rows; ++row)
      for (st::Index i = 0; i < in; ++i)
        if (random_.uniform() < percent / 100)
          bits_[static_cast<std::size_t>(row * lines + i / 16)] |=
              static_cast<st::detail::LineBits>(1u << i % 16);
    y_ = y_memory_.room({1, rows, out});
    y_.array().setOnes();
  }

  st::detail::Events<float> decode() {
    tape_.reset();
    return st::detail::decode<float>({bits_.data(), lines, &one, true}, rows_,
                                     {rows_, in, rows_ * in, tape_.arena(), false});
  }
  void product(const st::detail::Events<float>& events) {
    layer().forward(events, y_, st::detail::whole_lines<float>(out_), 1);
  }
  void gradient(const st::detail::Events<float>& events) {
    layer().add_weight_adjoint(events, y_, sums(), gradient_memory_, 1);
    gradient_memory_.rewind();
  }

 private:
  static constexpr st::Index lines = (in + 15) / 16;
  static constexpr float one = 1;

  st::detail::LinearProduct<float> layer() const {
    return {weight_.weight().data(), weight_.weight().stride(), weight_.bias().data(), in, out_};
  }
  st::detail::LinearProduct<float>::WeightSums sums() {
    return {sum_.values.data(), !std::exchange(sum_.written, true)};
  }

  st::Random random_{1};
  st::Index rows_, out_;
  st::Linear<float> weight_;
  st::GradientSums<float> sums_;
  st::GradientSum<float>& sum_ = sums_.sum_of(weight_.weight().ptr());
  std::vector<st::detail::LineBits> bits_;
  st::Tape<float> tape_, y_memory_;  // only for their memory
  st::Arena gradient_memory_;
  st::SequenceView<float> y_;
};

/// Flickering images: in each step, each lit pixel fires with the same probability.
class Flicker {
 public:
  enum class By { events, active_columns };

  explicit Flicker(double percent) {
    const st::Array<float> images = images::sparse(samples, random_);
    const auto probability = static_cast<float>(percent / 100);
    input_ = images::rate_coded((images > 0).cast<float>() * probability, steps, random_);
    const st::Var<float> x = tape_.constant(input_);
    events_ = st::detail::decode(
        x.value(), {x.value().rows(), images::pixels, x.value().rows() * images::pixels, tape_.arena()});
    y_ = tape_.room({steps, samples, out});
    y_.array().setOnes();
  }

  /// The product and the gradient of the weights, including the gathering.
  void run(By by) {
    const st::detail::LinearProduct<float> product{layer_.weight().data(), layer_.weight().stride(),
                                                   layer_.bias().data(), images::pixels, out};
    const st::detail::LinearProduct<float>::WeightSums sums{sum_.values.data(),
                                                            !std::exchange(sum_.written, true)};
    if (by == By::events) {
      product.forward(events_, y_, st::detail::whole_lines<float>(out), 1);
      product.add_weight_adjoint(events_, y_, sums, memory_, 1);
    } else {
      const auto columns = st::detail::active_columns(events_, input_.shape(), memory_, 0);
      product.forward(columns, y_);
      product.add_weight_adjoint(columns, y_, sums);
    }
    memory_.rewind();
  }

 private:
  static constexpr st::Index out = 1000, samples = 4, steps = 25;

  st::Random random_{1};
  st::Linear<float> layer_{images::pixels, out, random_};
  st::GradientSums<float> sums_;
  st::GradientSum<float>& sum_ = sums_.sum_of(layer_.weight().ptr());
  st::Sequence<float> input_;
  st::Tape<float> tape_;
  st::Arena memory_;
  st::detail::Events<float> events_;
  st::SequenceView<float> y_;
};

std::string name_of(const std::string& group, double percent) {
  char text[16];
  std::snprintf(text, sizeof text, "/%.1f %%", percent);
  return group + text;
}

/// Registers one of the two products at all densities. Returns the prefix of their names.
std::string add(limits::Products which, st::Index rows, st::Index out) {
  const std::string group = std::string(which == limits::Products::forward ? "product" : "gradient") +
                            " 1000 to " + std::to_string(out) + ", " + std::to_string(rows) + " rows";
  const ratio::Limit limit{limits::dense(which, rows, in, out)};
  for (const double percent : percents)
    ratio::add(name_of(group, percent), [=](benchmark::State& state) {
      Layer layer(rows, out, percent);
      auto events = layer.decode();
      for (auto _ : state) {
        if (which == limits::Products::forward)
          layer.product(layer.decode());
        else
          layer.gradient(events);
        benchmark::ClobberMemory();
      }
      ratio::account(state, 1, limit);
    });
  return group;
}

void add_flicker() {
  for (const double percent : {30, 40, 50, 60, 70, 80, 90, 100}) {
    const auto add_one = [&](Flicker::By by, const char* name, const ratio::Limit& limit) {
      const std::string full = name_of(name, percent);
      ratio::add(full, [=](benchmark::State& state) {
        Flicker flicker(percent);
        for (auto _ : state) {
          flicker.run(by);
          benchmark::ClobberMemory();
        }
        ratio::account(state, 1, limit);
      });
      return full;
    };
    const std::string events = add_one(Flicker::By::events, "flicker as events", {});
    add_one(Flicker::By::active_columns, "flicker as active columns", {events});
  }
}

/// Prints the densities at which events take as long as the dense product, interpolated linearly between
/// measured ones. There may be several: finding the events is slowest where bits are hardest to predict.
void print_break_even(const ratio::Reporter& reporter, const std::string& group) {
  if (std::isnan(reporter.times_limit(name_of(group, percents[0])))) return;  // was not run
  std::printf("%-33s events are faster", group.c_str());
  double percent_before = 0, before = 0;
  for (const double percent : percents) {
    const double now = reporter.times_limit(name_of(group, percent));
    if ((before < 1) != (now < 1)) {
      const double crossing = percent_before + (percent - percent_before) * (1 - before) / (now - before);
      std::printf(before < 1 ? " up to %.1f %%" : ", and from %.1f %%", crossing);
    }
    percent_before = percent;
    before = now;
  }
  std::printf(before < 1 ? " up to %.0f %% at least\n" : "\n", percent_before);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> groups;
  for (const auto which : {limits::Products::forward, limits::Products::gradient})
    for (const st::Index out : {in, st::Index(10)})
      for (const st::Index rows : {3200, 100}) groups.push_back(add(which, rows, out));
  add_flicker();

  ratio::Reporter reporter("ms", 1e3);
  ratio::run(argc, argv, reporter);
  std::printf("\n");
  for (const std::string& group : groups) print_break_even(reporter, group);
}
