// Networks and neurons without their type, for the random driver: everything that a user may do to one.
#pragma once

#include "../own_layers.hpp"
#include "../plain_neurons.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/image_shape.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace driver {

namespace st = spiketape;
using st::Index;
using Array = st::Array<double>;
using Sequence = st::Sequence<double>;
using View = st::SequenceView<const double>;
using Var = st::Var<double>;
using Vars = std::vector<Var>;
using Tape = st::Tape<double>;
using State = st::State<double>;
using Linear = st::Linear<double>;
using Leaky = st::Leaky<double>;
/// The results of a call, each as rows of all steps and samples.
using Arrays = std::vector<Array>;
/// The loss of results that begin at a step and a sample.
using Loss = std::function<Var(const Vars&, Index step, Index sample)>;

/// Random decisions.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  bool coin(double probability = 0.5) { return random_.uniform() < probability; }
  Index between(Index low, Index high) {
    return low + static_cast<Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  double real(double low, double high) { return random_.uniform(low, high); }
  /// A number whose sums with others of its kind are exact in any order, or any number.
  double number(double low, double high, bool exact) {
    return exact ? static_cast<double>(between(Index(low * 16), Index(high * 16))) / 16 : real(low, high);
  }
  Array array(Index rows, Index cols, double low, double high, bool exact) {
    Array values(rows, cols);
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = number(low, high, exact);
    return values;
  }
  st::Random& random() { return random_; }

 private:
  st::Random random_;
};

/// What a Factor throws when it is called for the n-th time.
struct Blown : std::runtime_error {
  Blown() : std::runtime_error("a lambda threw") {}
};
inline std::atomic<int> fuse{0};  // the calls until then; 0: never

/// A lambda of ops.
struct Factor {
  double factor = 1;
  Var operator()(const Var& x) const {
    if (fuse > 0 && --fuse == 0) throw Blown();
    return factor * x;
  }
};

class Net {
 public:
  virtual ~Net() = default;

  // Values.
  virtual std::unique_ptr<Net> copy() const = 0;
  virtual std::unique_ptr<Net> taken() = 0;
  virtual void assign(const Net& other) = 0;
  virtual void assign_moved(Net& other) = 0;
  virtual void exchange(Net& other) = 0;

  // Calls. Those without a state use the hidden one.
  virtual Arrays step(const Array& input) const = 0;
  virtual Arrays sequence(const View& input) const = 0;
  virtual Arrays with_state(const View& input, State& state) const = 0;
  virtual View last_result(const View& input, State& state) const = 0;
  virtual Vars on_tape(const Var& input) const = 0;
  virtual Vars on_tape(const Var& input, State& state) const = 0;
  virtual double run(st::Shards<double>& shards, const View& input, const Loss& loss) const = 0;
  virtual double run(st::Windows<double>& windows, const View& input, const Loss& loss) const = 0;

  // States and parameters.
  virtual State state(Index batch) const = 0;
  virtual State hidden() const = 0;
  virtual void set_hidden(const State& state) const = 0;
  virtual void reset_hidden() const = 0;
  virtual void detach_hidden() const = 0;
  virtual bool keeps_state() const = 0;
  virtual bool forgets_state() const = 0;
  virtual bool couples() const = 0;                          // the samples of a batch, in training
  virtual st::ParameterList<double> parameters() const = 0;  // the learned ones
  virtual std::map<std::string, st::ParameterPtr<double>> by_path() const = 0;
  virtual Arrays values() const = 0;   // of all
  virtual void change(double by) = 0;  // all values
  virtual void freeze() = 0;

  const char* kind = "";
  Index features = 0;            // of the input
  bool exact = false;            // sums are exact, so all forward calls agree to the bit
  bool exact_gradients = false;  // those of a loop and of a sequence do, too
  bool has_function = false;     // a Factor
  bool any_features = false;     // it may take inputs of other features, too
  bool starts_over = false;      // a call on arrays without a state begins at step 0
  bool in_unit = false;          // it takes numbers from 0 to 1
};

template <typename Result, typename F>
void each_part(const Result& r, F&& f) {
  if constexpr (requires { r.spk; }) {
    f(r.spk);
    if constexpr (requires { r.syn_exc; }) {
      f(r.syn_exc);
      f(r.syn_inh);
    }
    if constexpr (requires { r.syn; }) f(r.syn);
    if constexpr (requires { r.adapt; }) f(r.adapt);
    f(r.mem);
  } else {
    f(r);
  }
}
inline Array rows_of(const View& view) {
  Array rows(view.steps * view.batch, view.features);
  for (Index t = 0; t < view.steps; ++t) rows.middleRows(t * view.batch, view.batch) = view.step(t).array();
  return rows;
}
inline void add_rows(Arrays& to, const View& view) {
  if (view.features > 0) to.push_back(rows_of(view));
}
template <typename Result>
Arrays arrays(const Result& result) {
  Arrays all;
  each_part(result, [&](const auto& part) { add_rows(all, st::view_of(part)); });
  return all;
}
template <typename Result>
Vars vars(const Result& result) {
  Vars all;
  each_part(result, [&](const Var& part) {
    if (!part.empty()) all.push_back(part);
  });
  return all;
}

template <typename N>
class NetOf final : public Net {
 public:
  explicit NetOf(N net) : net_(std::move(net)) {}

  std::unique_ptr<Net> copy() const override { return made(N(net_)); }
  std::unique_ptr<Net> taken() override { return made(std::move(net_)); }
  void assign(const Net& other) override { describe(other).net_ = of(other).net_; }
  void assign_moved(Net& other) override { describe(other).net_ = std::move(of(other).net_); }
  void exchange(Net& other) override {
    using std::swap;
    swap(net_, of(other).net_);
    Net& here = *this;
    std::swap(here.features, other.features);
    std::swap(here.exact, other.exact);
    std::swap(here.exact_gradients, other.exact_gradients);
    std::swap(here.any_features, other.any_features);
    std::swap(here.starts_over, other.starts_over);
    std::swap(here.in_unit, other.in_unit);
  }

  Arrays step(const Array& input) const override { return arrays(net_(input)); }
  Arrays sequence(const View& input) const override { return arrays(net_(input)); }
  Arrays with_state(const View& input, State& state) const override { return arrays(net_(input, state)); }
  View last_result(const View& input, State& state) const override {
    View first;
    each_part(net_(input, state), [&](const View& part) { first = first.empty() ? part : first; });
    return first;
  }
  Vars on_tape(const Var& input) const override { return vars(net_(input)); }
  Vars on_tape(const Var& input, State& state) const override { return vars(net_(input, state)); }
  double run(st::Shards<double>& shards, const View& input, const Loss& loss) const override {
    return shards.run(net_, input,
                      [&](const auto& out, Index first, Index) { return loss(vars(out), 0, first); });
  }
  double run(st::Windows<double>& windows, const View& input, const Loss& loss) const override {
    return windows.run(net_, input,
                       [&](const auto& out, Index first, Index) { return loss(vars(out), first, 0); });
  }

  State state(Index batch) const override { return net_.state(batch); }
  State hidden() const override { return st::hidden_state(net_); }
  void set_hidden(const State& state) const override { st::set_hidden_state(net_, state); }
  void reset_hidden() const override { st::reset_hidden(net_); }
  void detach_hidden() const override { st::detach_hidden(net_); }
  bool keeps_state() const override { return net_.keeps_state(); }
  bool forgets_state() const override { return net_.forgets_state(); }
  bool couples() const override {
    if constexpr (requires { net_.couples_samples(); })
      return net_.couples_samples() != nullptr;
    else
      return false;
  }
  st::ParameterList<double> parameters() const override { return net_.parameters(); }
  std::map<std::string, st::ParameterPtr<double>> by_path() const override {
    std::map<std::string, st::ParameterPtr<double>> all;
    for (const auto& each : net_.named_parameters()) all[each.path] = each.parameter.ptr();
    return all;
  }
  Arrays values() const override {
    Arrays all;
    for (const auto& each : net_.named_parameters()) all.push_back(each.parameter.array());
    return all;
  }
  void change(double by) override {
    for (const auto& each : net_.named_parameters()) each.parameter.array() += by;
  }
  void freeze() override { net_.freeze(); }

 private:
  static NetOf& of(Net& net) { return static_cast<NetOf&>(net); }
  static const NetOf& of(const Net& net) { return static_cast<const NetOf&>(net); }
  NetOf& describe(const Net& other) {
    static_cast<Net&>(*this) = other;
    return *this;
  }
  std::unique_ptr<Net> made(N net) const {
    auto other = std::make_unique<NetOf>(std::move(net));
    static_cast<Net&>(*other) = *this;
    return other;
  }

  N net_;
};

/// A random network or neuron of a kind, 0 … kinds − 1. Two of a kind have the same type.
constexpr Index networks = 4, networks_of_own_layers = 3, networks_of_layers = 5, neurons = 4;
constexpr Index kinds = networks + networks_of_own_layers + networks_of_layers + neurons;
std::unique_ptr<Net> random_network(Draw& draw, Index kind);
std::unique_ptr<Net> random_network_of_own_layers(Draw& draw, Index kind);
std::unique_ptr<Net> random_network_of_layers(Draw& draw, Index kind);
std::unique_ptr<Net> random_neuron(Draw& draw, Index kind);
inline std::unique_ptr<Net> random_net(Draw& draw, Index kind) {
  if (kind < networks) return random_network(draw, kind);
  kind -= networks;
  if (kind < networks_of_own_layers) return random_network_of_own_layers(draw, kind);
  kind -= networks_of_own_layers;
  if (kind < networks_of_layers) return random_network_of_layers(draw, kind);
  return random_neuron(draw, kind - networks_of_layers);
}

/// The features of a layer: they fill no line, or several.
inline Index width(Draw& d) { return d.coin(0.2) ? d.between(8, 70) : d.between(1, 7); }

/// Which neurons keep their states.
struct Hidden {
  bool all, some;
  explicit Hidden(Draw& draw) : all(draw.coin(0.4)), some(draw.coin(0.3)) {}
  bool draw(Draw& d) const { return all || (some && d.coin()); }
};

/// One number for all neurons or one for each.
inline st::Coefficient<double> coefficient_of_neurons(Draw& draw, Index features, double low, double high,
                                                      bool exact = false) {
  if (draw.coin(0.6)) return draw.number(low, high, exact);
  return st::Row<double>(draw.array(1, features, low, high, exact).row(0));
}
/// The same, or one for each two.
inline st::Coefficient<double> coefficient(Draw& draw, Index features, double low, double high,
                                           bool exact = false) {
  if (features % 2 != 0 || draw.coin(0.9)) return coefficient_of_neurons(draw, features, low, high, exact);
  const st::Row<double> values = draw.array(1, features / 2, low, high, exact).row(0);
  return st::per_channel(values, {features / 2, 1, 2});
}
/// The options that all neurons have.
template <typename Options>
Options common(Draw& d, Options o, Index features, const Hidden& hidden, bool learns = true) {
  o.threshold = coefficient(d, features, 0.5, 1.25);
  if (d.coin(0.3)) o.graded_spikes_factor = coefficient(d, features, 0.5, 1.5, true);
  o.init_hidden = hidden.draw(d);
  o.output = d.coin(0.3);
  o.inhibition = d.coin(0.15);
  o.reset_delay = d.coin(0.7);
  o.surrogate_disable = d.coin(0.1);
  o.learn_threshold = learns && d.coin(0.3);
  o.learn_graded_spikes_factor = learns && d.coin(0.3);
  if constexpr (requires { o.learn_beta; }) o.learn_beta = learns && d.coin(0.4);
  if constexpr (requires { o.learn_alpha; }) o.learn_alpha = learns && d.coin(0.4);
  if constexpr (requires { o.learn_rho; }) o.learn_rho = learns && d.coin(0.4);
  if constexpr (requires { o.snntorch_exact; }) o.snntorch_exact = o.reset_delay && d.coin(0.2);
  return o;
}
inline Linear linear(Draw& d, Index in, Index out, bool exact) {
  Linear layer(in, out, d.random(), {.bias = d.coin(0.8)});
  const double bound = in < 3 ? 1.5 : 1;
  layer.weight().set(d.array(in, out, -bound / 2, bound, exact));
  if (layer.has_bias()) layer.bias().set(d.array(1, out, -0.25, 0.5, exact));
  if (d.coin(0.1)) layer.freeze();
  return layer;
}
inline Leaky leaky(Draw& d, Index features, const Hidden& hidden) {
  return Leaky(common(d, Leaky::Options{.beta = coefficient(d, features, 0.3, 1)}, features, hidden));
}
inline Factor factor(Draw& d) { return {d.coin() ? 0.5 : 2.0}; }
/// A recurrent neuron.
template <typename N>
N recurrent(Draw& d, typename N::Options o, Index features, const Hidden& hidden, bool exact,
            bool& all_to_all) {
  o = common(d, o, features, hidden);
  o.all_to_all = all_to_all = d.coin();
  if (!all_to_all) {
    o.V = coefficient(d, features, -0.5, 0.5);
    return N(o);
  }
  o.linear_features = features;
  N neuron(o, d.random());
  neuron.recurrent_weight().set(d.array(features, features, -1, 1, exact));
  neuron.recurrent_bias().set(d.array(1, features, -0.25, 0.25, exact));
  return neuron;
}

template <typename... Layers>
std::unique_ptr<Net> network(const char* kind, Layers... layers) {
  auto net =
      std::make_unique<NetOf<st::Sequential<Layers...>>>(st::Sequential<Layers...>(std::move(layers)...));
  net->kind = kind;
  return net;
}

}  // namespace driver
