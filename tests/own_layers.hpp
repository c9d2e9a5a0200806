// Layers of a user's, one for each thing that the contract of nn/layer.hpp offers.
#pragma once

#include <spiketape/nn/layer.hpp>

#include <algorithm>
#include <vector>

namespace own {

namespace st = spiketape;
using st::Index;

/// The largest of each two neighbours. Saves which one it was. Of spikes it gives spikes.
template <typename Scalar>
struct MaxPool : st::Layer<MaxPool<Scalar>, Scalar> {
  static constexpr const char* name = "MaxPool";
  static constexpr bool takes_bits = true, gives_bits = true;

  st::Shape result(const st::Shape& input) const {
    if (input.features % 2 != 0)
      this->fail("input has ", input.features, " features, expected an even number");
    return {input.steps, input.batch, input.features / 2};
  }
  void forward(st::SequenceView<const Scalar> x, st::SequenceView<Scalar> y,
               st::Context<Scalar>& context) const {
    const Index rows = x.rows(), features = y.features;
    Index* winners = context.template save<Index>(rows * features);
    const st::detail::BitRows<Scalar>* bits = context.bits();
    const Index lines = st::detail::whole_lines<Scalar>(features) / st::detail::line<Scalar>;
    if (auto* to = context.result_bits(); to != nullptr)
      std::fill_n(to, rows * lines, st::detail::LineBits(0));
    Scalar* written = bits == nullptr
                          ? nullptr
                          : context.template scratch<Scalar>(st::detail::whole_lines<Scalar>(x.features));
    for (Index row = 0; row < rows; ++row) {
      const Scalar* from = written;
      if (bits != nullptr)
        bits->write(row, written);
      else
        from = x.data + row * x.stride;
      for (Index i = 0; i < features; ++i) {
        const Index winner = from[2 * i + 1] > from[2 * i] ? 2 * i + 1 : 2 * i;
        winners[row * features + i] = winner;
        if (auto* to = context.result_bits(); to == nullptr)
          y.data[row * y.stride + i] = from[winner];
        else if (from[winner] != 0)
          to[row * lines + i / st::detail::line<Scalar>] |=
              static_cast<st::detail::LineBits>(1u << i % st::detail::line<Scalar>);
      }
    }
  }
  void backward(st::SequenceView<const Scalar>, st::SequenceView<const Scalar> y_adjoint,
                st::Adjoint<Scalar> x_adjoint, st::Context<Scalar>& context) const {
    if (x_adjoint.empty()) return;
    const Index* winners = context.template saved<Index>();
    for (Index row = 0; row < y_adjoint.rows(); ++row)
      for (Index i = 0; i < y_adjoint.features; ++i)
        x_adjoint.view.data[row * x_adjoint.view.stride + *winners++] +=
            y_adjoint.data[row * y_adjoint.stride + i];
  }
};

/// Sets features to zero with a probability, the same ones in all steps of a sample.
template <typename Scalar>
struct Dropout : st::Layer<Dropout<Scalar>, Scalar> {
  double probability = 0.5;

  explicit Dropout(double probability_) : probability(probability_) {}
  st::Shape result(const st::Shape& input) const { return input; }
  template <typename Write>
  void each(const st::SequenceView<const Scalar>& x, st::Context<Scalar>& context, Write&& write) const {
    const st::RandomKey key = context.key();
    for (Index b = 0; b < x.batch; ++b)
      for (Index i = 0; i < x.features; ++i) {
        const bool kept = !context.training() || key.uniform(b, i) >= probability;
        const double factor = !context.training() ? 1 : kept ? 1 / (1 - probability) : 0;
        for (Index t = 0; t < x.stored_steps(); ++t) write(t, b, i, static_cast<Scalar>(factor));
      }
  }
  void forward(st::SequenceView<const Scalar> x, st::SequenceView<Scalar> y,
               st::Context<Scalar>& context) const {
    each(x, context, [&](Index t, Index b, Index i, Scalar f) { y.row(t, b)[i] = f * x.row(t, b)[i]; });
  }
  void backward(st::SequenceView<const Scalar>, st::SequenceView<const Scalar> y_adjoint,
                st::Adjoint<Scalar> x_adjoint, st::Context<Scalar>& context) const {
    if (x_adjoint.empty()) return;
    each(y_adjoint, context, [&](Index t, Index b, Index i, Scalar f) {
      x_adjoint.view.row(t, b)[i] += f * y_adjoint.row(t, b)[i];
    });
  }
};

/// Takes the mean over steps and samples away, with a running one for evaluation.
template <typename Scalar>
struct Centre : st::Layer<Centre<Scalar>, Scalar> {
  static constexpr const char* couples_samples = "Centre takes the mean over the batch";
  mutable st::Parameter<Scalar> mean;  // a running figure: written by calls that train

  explicit Centre(Index features) : mean(1, features) { mean.set_learned(false); }
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const Scalar> x, st::SequenceView<Scalar> y,
               st::Context<Scalar>& context) const {
    if (context.training()) {
      const st::Row<Scalar> now = x.array().colwise().mean();
      mean.array().row(0) = Scalar(0.9) * mean.array().row(0) + Scalar(0.1) * now;
      y.array() = x.array().rowwise() - now;
    } else {
      y.array() = x.array().rowwise() - st::Row<Scalar>(mean.array().row(0));
    }
  }
  void backward(st::SequenceView<const Scalar>, st::SequenceView<const Scalar> y_adjoint,
                st::Adjoint<Scalar> x_adjoint, st::Context<Scalar>& context) const {
    const Scalar factor = context.training() ? 1 : 0;
    const st::Row<Scalar> now = factor * y_adjoint.array().colwise().mean();
    x_adjoint.add(y_adjoint.array().rowwise() - now);
  }
  template <typename F>
  void for_each_parameter(F&& f) {
    f("mean", mean);
  }
};

/// y[t] = w x[t] + x[t − delay]; what has not come out yet is its state.
template <typename Scalar>
struct Delay : st::Layer<Delay<Scalar>, Scalar> {
  static constexpr std::size_t carried = 1;
  Index delay;
  st::Parameter<Scalar> weight;

  explicit Delay(Index delay_) : delay(delay_), weight("weight", 1, 1) { weight.set(Scalar(0.5)); }
  st::Shape result(const st::Shape& input) const { return input; }
  st::Shape state_shape(std::size_t, const st::Shape& input) const {
    return {delay, input.batch, input.features};
  }

  void forward(st::SequenceView<const Scalar> x, st::SequenceView<Scalar> y,
               st::Context<Scalar>& context) const {
    const auto entering = context.entering();
    const auto leaving = context.leaving();
    const Scalar w = weight.array()(0, 0);
    for (Index t = 0; t < x.steps; ++t) {
      y.step(t).array() = w * x.step(t).array();
      if (t >= delay)
        y.step(t).array() += x.step(t - delay).array();
      else if (!entering.empty())
        y.step(t).array() += entering.step(t).array();
    }
    for (Index d = 0; d < delay; ++d) {
      const Index t = x.steps - delay + d;  // < 0: a step of an earlier call
      if (t >= 0)
        leaving.step(d).array() = x.step(t).array();
      else if (!entering.empty())
        leaving.step(d).array() = entering.step(delay + t).array();
      else
        leaving.step(d).array().setZero();
    }
  }
  void backward(st::SequenceView<const Scalar> x, st::SequenceView<const Scalar> y_adjoint,
                st::Adjoint<Scalar> x_adjoint, st::Context<Scalar>& context) const {
    const Scalar w = weight.array()(0, 0);
    if (const auto w_adjoint = context.gradient(weight); !w_adjoint.empty())
      for (Index t = 0; t < x.steps; ++t)
        w_adjoint.array()(0, 0) += (x.step(t).array() * y_adjoint.step(t).array()).sum();
    const auto leaving = context.leaving_adjoint();
    const auto to = [&](const st::Adjoint<Scalar>& adjoint, Index steps, auto&& part) {
      if (adjoint.empty()) return;
      st::SequenceView<Scalar> room(context.template scratch<Scalar>(x.batch * x.features),
                                    {1, x.batch, x.features}, x.features);
      auto sum = room.array();
      adjoint.add(steps, [&](Index t) {
        sum.setZero();
        part(t, sum);
        return sum;
      });
    };
    to(x_adjoint, x.steps, [&](Index t, auto& sum) {
      sum = w * y_adjoint.step(t).array();
      if (t + delay < x.steps) sum += y_adjoint.step(t + delay).array();
      if (const Index d = t - x.steps + delay; d >= 0 && !leaving.empty()) sum += leaving.step(d).array();
    });
    to(context.entering_adjoint(), delay, [&](Index d, auto& sum) {
      if (d < x.steps) sum += y_adjoint.step(d).array();
      if (d >= x.steps && !leaving.empty()) sum += leaving.step(d - x.steps).array();
    });
  }
  template <typename F>
  void for_each_parameter(F&& f) {
    f("weight", weight);
  }
};

/// Gradients of the parameters of a network by a loss on what it returns.
template <typename Network>
std::vector<st::Array<double>> gradients(const Network& net, st::Tape<double>& tape,
                                         const st::Var<double>& loss) {
  tape.backward(loss);
  std::vector<st::Array<double>> all;
  for (const auto& parameter : net.parameters()) all.push_back(tape.gradients().gradient(parameter));
  return all;
}

}  // namespace own
