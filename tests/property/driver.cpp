// A random driver: random networks, random calls in random order, and what must hold whatever came before.
//
// A sequence is the loop of its steps, on arrays, on a tape and on both in turn. Shards on any number of
// threads and windows learn what one tape learns, for every loss. Groups and threads of an optimizer do not
// matter. A call that throws changes nothing. Copies are independent, moves keep identities, what was moved
// from throws. Memory that is warm does not grow, and no number is NaN.
//
// SPIKETAPE_DRIVER_SEED is the seed of the first case, each next case has the next seed; a failure prints its
// own. SPIKETAPE_DRIVER_CASES is the number of cases; without it they run for 20 seconds.
#include "driver_toolbox.hpp"
#include "seeds.hpp"

#include "../catch.hpp"
#include "../tolerance.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace driver {

namespace {

std::string actions;  // of the case so far

void require(bool holds, const std::string& what) {
  if (!holds) FAIL("after" << actions << ": " << what);
}

// --- Comparisons.

double largest(const Arrays& all) {
  double most = 1;
  for (const auto& each : all)
    if (each.size() > 0) most = std::max(most, each.abs().maxCoeff());
  return most;
}
bool finite(const Arrays& all) {
  return std::all_of(all.begin(), all.end(), [](const Array& each) { return each.isFinite().all(); });
}
/// Equal to the bit, or within rounding of the largest number.
void require_same(const Arrays& ours, const Arrays& expected, bool exact, const std::string& what) {
  require(finite(expected) && finite(ours), what + ": numbers are not finite");
  const double allowed = exact ? 0 : 10 * tolerance::rounding<double> * largest(expected);
  const std::size_t count = std::min(ours.size(), expected.size());  // a call may return the spikes alone
  require(count > 0 || ours.size() == expected.size(), what + ": nothing came out");
  for (std::size_t k = 0; k < count; ++k) {
    const Array &a = ours[k], &b = expected[k];
    if (a.size() == 0 && b.size() == 0) continue;
    require(a.rows() == b.rows() && a.cols() == b.cols(), what + ": the shapes differ");
    const double error = a.size() > 0 ? (a - b).abs().maxCoeff() : 0;
    if (!(error <= allowed))
      FAIL("after" << actions << ": " << what << ", part " << k << ": the error is " << error
                   << ", allowed is " << allowed);
  }
}
Arrays arrays_of(const State& state) {
  Arrays all;
  for (std::size_t k = 0; k < state.size(); ++k) all.push_back(state[k]);
  return all;
}
void require_same(const State& ours, const State& expected, bool exact, const std::string& what) {
  require(ours.size() == expected.size(), what + ": the numbers of states differ");
  require_same(arrays_of(ours), arrays_of(expected), exact, what);
}

// --- The loss: Σ weights · results, with weights that depend on the step, the sample and the feature.

Sequence weights(const st::Shape& shape, Index step, Index sample, Index part) {
  Sequence all(shape);
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i)
        all(t, b, i) =
            static_cast<double>((7 * (step + t) + 5 * (sample + b) + 3 * i + 11 * part) % 17 - 8) / 8;
  return all;
}
Var loss_of(const Vars& results, Index step, Index sample) {
  Var loss;
  for (std::size_t k = 0; k < results.size(); ++k) {
    const Var& part = results[k];
    const Var sum =
        st::sum(part.tape().constant(weights(part.shape(), step, sample, static_cast<Index>(k))) * part);
    loss = loss.empty() ? sum : loss + sum;
  }
  return loss;
}

/// What came out of a run.
struct Outcome {
  Arrays values;  // of the call
  double loss = 0;
  Arrays gradients;  // of the parameters, then of the input
};
void require_same(const Outcome& ours, const Outcome& expected, bool exact, bool exact_gradients,
                  const std::string& what) {
  require_same(ours.values, expected.values, exact, what + ": results");
  // A sum of terms of any sign is as exact as its largest term.
  const double terms =
      largest(expected.values) * static_cast<double>(expected.values.empty() ? 1 : expected.values[0].size());
  require(std::abs(ours.loss - expected.loss) <= 10 * tolerance::rounding<double> * std::max(1.0, terms),
          what + ": loss");
  require(ours.gradients.size() == expected.gradients.size(), what + ": the numbers of gradients differ");
  require_same(ours.gradients, expected.gradients, exact_gradients, what + ": gradients");
}

Arrays gradients(const Net& net, const st::GradientSums<double>& sums) {
  Arrays all;
  for (const auto& parameter : net.parameters()) all.push_back(sums.gradient(parameter));
  return all;
}

class Case {
 public:
  explicit Case(std::uint64_t seed) : d_(seed), tape_(d_.coin() ? own_ : other_) {
    kind_ = d_.between(0, kinds - 1);
    net_ = made();
    draw_input();
  }
  const char* kind() const { return net_->kind; }

  void run() {
    for (Index count = d_.between(3, 7); count > 0; --count) {
      if (d_.coin(0.15)) {
        net_->reset_hidden();
        draw_input();
      }
      if (d_.coin()) drive();
      const std::pair<const char*, void (Case::*)()> all[] = {{"loop", &Case::loop},
                                                              {"loop_on_tape", &Case::loop_on_tape},
                                                              {"repeated", &Case::repeated},
                                                              {"threads", &Case::threads},
                                                              {"windows", &Case::windows},
                                                              {"losses", &Case::losses},
                                                              {"optimizers", &Case::optimizers},
                                                              {"fault", &Case::fault},
                                                              {"fault on tape", &Case::fault_on_tape},
                                                              {"copies", &Case::copies},
                                                              {"moves", &Case::moves},
                                                              {"assignments", &Case::assignments},
                                                              {"histories", &Case::histories},
                                                              {"memory", &Case::memory},
                                                              {"frozen", &Case::frozen},
                                                              {"mixed", &Case::mixed}};
      const auto& [name, action] = all[static_cast<std::size_t>(d_.between(0, std::size(all) - 1))];
      actions += std::string(", ") + name;
      (this->*action)();
    }
  }

 private:
  using NetPtr = std::unique_ptr<Net>;

  NetPtr made() { return random_net(d_, kind_); }
  void draw_input() {
    const Index least = net_->couples() ? 2 : 1;  // a normalization needs two
    const Index batch = d_.coin(0.05) ? 0 : d_.between(least, d_.coin(0.2) ? 9 : 4);
    input_ = random_input(d_.coin(0.03) ? 0 : d_.between(1, 8), batch, net_->features);
  }
  Sequence random_input(Index steps, Index batch, Index features) {
    Sequence x(steps, batch, features);
    const double density = d_.coin(0.3) ? 0.2 : 1;
    for (Index t = 0; t < steps; ++t)
      for (Index b = 0; b < batch; ++b)
        for (Index i = 0; i < features; ++i)
          x(t, b, i) =
              d_.coin(density) ? d_.number(net_->in_unit ? 0 : -1, net_->in_unit ? 1 : 3, net_->exact) : 0;
    return x;
  }
  Index steps() const { return input_.steps(); }
  Index batch() const { return input_.batch(); }

  /// A valid call that leaves hidden states behind, on arrays or with a history on the tape.
  void drive() {
    tape_.reset();
    if (d_.coin())
      net_->sequence(input_);
    else
      net_->on_tape(tape_.constant(input_));
  }

  // --- Runs of a network. They change its hidden state.

  /// A tape that evaluates for a while, if a network's training knows no steps.
  struct Evaluating {
    Tape& tape;
    Evaluating(Tape& tape_, bool evaluates) : tape(tape_) { tape.set_training(!evaluates); }
    Evaluating(const Evaluating&) = delete;
    Evaluating& operator=(const Evaluating&) = delete;
    ~Evaluating() { tape.set_training(true); }
  };
  /// A sequence on the tape as one call, from the hidden state, or from `state`.
  Outcome learn(const Net& net, const View& x, State* state = nullptr) {
    start();
    const Var in = tape_.variable(x);
    const Vars out = state == nullptr ? net.on_tape(in) : net.on_tape(in, *state);
    return finish(net, in, out, loss_of(out, 0, 0));
  }
  Outcome learn_by_steps(const Net& net, const View& x, State* state) {
    start();
    const Var in = tape_.variable(x);
    Outcome outcome;
    Var loss;
    for (Index t = 0; t < x.steps; ++t) {
      const Var now = st::step(in, t);
      const Vars out = state == nullptr ? net.on_tape(now) : net.on_tape(now, *state);
      const Var part = loss_of(out, t, 0);
      loss = loss.empty() ? part : loss + part;
      append(outcome.values, out);
    }
    const Arrays values = std::move(outcome.values);
    outcome = finish(net, in, {}, loss);
    outcome.values = values;
    return outcome;
  }
  void start() {
    tape_.reset();
    tape_.gradients().clear();
  }
  Outcome finish(const Net& net, const Var& in, const Vars& out, const Var& loss) {
    Outcome outcome;
    outcome.values = numbers(out);
    tape_.backward(loss);
    outcome.loss = loss.item();
    outcome.gradients = gradients(net, tape_.gradients());
    outcome.gradients.push_back(in.has_adjoint() ? rows_of(in.adjoint())
                                                 : Array(Array::Zero(in.array().rows(), in.array().cols())));
    require(std::isfinite(outcome.loss) && finite(outcome.values) && finite(outcome.gradients),
            "numbers are not finite");
    return outcome;
  }
  static void append(Arrays& to, const Arrays& rows) {
    to.resize(rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const Array before = to[k];
      to[k].resize(before.rows() + rows[k].rows(), rows[k].cols());
      if (before.size() > 0) to[k].topRows(before.rows()) = before;
      to[k].bottomRows(rows[k].rows()) = rows[k];
    }
  }
  static void append(Arrays& to, const Vars& parts) { append(to, numbers(parts)); }
  /// That two networks are the same: one call of each, on copies.
  void require_equal(const Net& ours, const Net& expected, const std::string& what) {
    const NetPtr a = ours.copy(), b = expected.copy();
    require_same(a->hidden(), b->hidden(), true, what + ": hidden states");
    require_same(a->sequence(input_), b->sequence(input_), true, what + ": results");
    require_same(a->hidden(), b->hidden(), true, what + ": hidden states after a call");
    require_same(learn(*a, input_), learn(*b, input_), true, true, what);
  }

  // --- A sequence is the loop of its steps.

  void loop() {
    const bool exact = net_->exact;
    if (!net_->forgets_state() && !net_->starts_over && steps() > 0) {
      const NetPtr a = net_->copy(), b = net_->copy(), c = net_->copy();
      const Arrays whole = a->sequence(input_);
      Arrays rows;
      for (Index t = 0; t < steps(); ++t) append(rows, b->step(Array(input_.step(t))));
      require_same(rows, whole, exact, "a loop of steps");
      require_same(b->hidden(), a->hidden(), exact, "the hidden state after a loop of steps");
      if (c->hidden().batch() == batch()) {  // its hidden state as one outside
        State state = c->hidden();
        const Arrays outside = c->with_state(input_, state);
        require_same(whole, outside, exact, "a call from a state");
        require_same(state, a->hidden(), exact, "the state after a call");
      }
    }
    const State hidden = net_->hidden();
    State one = net_->state(batch()), many = net_->state(batch()), parts = one;
    const Arrays whole = net_->with_state(input_, one);
    if (steps() == 0) return;
    Arrays rows, halves;
    for (Index t = 0; t < steps(); ++t) append(rows, net_->with_state(View(input_).step(t), many));
    const Index cut = d_.between(0, steps());
    for (const auto& [first, count] : {std::pair(Index(0), cut), std::pair(cut, steps() - cut)})
      if (count > 0) append(halves, net_->with_state(st::steps(input_, first, count), parts));
    require_same(rows, whole, exact, "a loop of steps from a state");
    require_same(many, one, exact, "the state after a loop of steps");
    require_same(halves, whole, exact, "two halves of a sequence");
    require_same(parts, one, exact, "the state after two halves");
    require(net_->hidden() == hidden, "a call with a state has changed the hidden state");
  }

  void loop_on_tape() {
    if (steps() == 0) return;
    const bool outside = net_->forgets_state() || d_.coin();
    const NetPtr a = net_->copy(), b = net_->copy(), c = net_->copy();
    const Evaluating evaluating(tape_, net_->couples());
    State one = net_->state(batch()), many = one, third = one;
    const Outcome whole = learn(*a, input_, outside ? &one : nullptr);
    const Outcome by_steps = learn_by_steps(*b, input_, outside ? &many : nullptr);
    require_same(by_steps, whole, net_->exact, net_->exact_gradients, "a loop of steps on a tape");
    require_same(many, one, net_->exact, "the state after a loop on a tape");
    require_same(b->hidden(), a->hidden(), net_->exact, "the hidden state after a loop on a tape");
    const Arrays values = outside ? c->with_state(input_, third) : c->sequence(input_);
    require_same(values, whole.values, net_->exact, "arrays and a tape");
    require_same(third, one, net_->exact, "the state after arrays and a tape");
    require_same(c->hidden(), a->hidden(), net_->exact, "the hidden state after arrays and a tape");
  }

  /// Steps on arrays and on a tape in turn, with a state that is copied and moved on the way.
  void mixed() {
    if (steps() == 0) return;
    State one = net_->state(batch()), many = one;
    const Arrays whole = net_->with_state(input_, one);
    Arrays rows;
    const NetPtr kept = net_->copy();
    const bool inside = !net_->forgets_state() && !net_->starts_over;
    if (inside) net_->reset_hidden();
    Tape tapes[2];
    for (Index t = 0; t < steps();) {
      const Index count = d_.between(1, steps() - t);
      const Sequence part = st::steps(input_, t, count);
      const bool on_tape = d_.coin();
      Tape& tape = tapes[d_.between(0, 1)];
      if (d_.coin(0.3)) tape.reset();
      tape.set_threads(static_cast<int>(d_.between(1, 2)));
      if (net_->couples() || d_.coin(0.2)) tape.set_training(false);
      if (inside) {
        append(rows, on_tape ? numbers(net_->on_tape(tape.constant(part))) : net_->sequence(part));
        if (d_.coin(0.2)) net_->detach_hidden();
        if (d_.coin(0.2)) net_->set_hidden(net_->hidden());
        if (d_.coin(0.2)) net_ = d_.coin() ? net_->copy() : net_->taken();
      } else {
        append(rows,
               on_tape ? numbers(net_->on_tape(tape.constant(part), many)) : net_->with_state(part, many));
        if (d_.coin(0.2)) many.detach();
        if (d_.coin(0.2)) {
          State other = many;
          many = d_.coin() ? std::move(other) : State(std::move(other));
        }
      }
      t += count;
    }
    require_same(rows, whole, net_->exact, "steps on arrays and on tapes");
    if (!inside) require_same(many, one, net_->exact, "the state after steps on arrays and on tapes");
    if (inside) require_same(net_->hidden(), one, net_->exact, "the hidden state after those");
    net_->assign(*kept);
  }
  static Arrays numbers(const Vars& parts) {
    Arrays rows;
    for (const auto& part : parts) add_rows(rows, part.value());
    return rows;
  }

  void repeated() {
    if (steps() == 0) return;
    const Array step = input_.step(0);
    Sequence written(input_.shape());
    for (Index t = 0; t < steps(); ++t) written.step(t) = step;
    const View still = st::repeat(step, steps());
    const NetPtr a = net_->copy(), b = net_->copy();
    require_same(a->sequence(still), b->sequence(written), net_->exact, "a repeated step");
    require_same(a->hidden(), b->hidden(), net_->exact, "the hidden state after a repeated step");
    Outcome ours = learn(*a, still), expected = learn(*b, written);
    Array& input_gradient = expected.gradients.back();
    Array sum = Array::Zero(batch(), net_->features);
    for (Index t = 0; t < steps(); ++t) sum += input_gradient.middleRows(t * batch(), batch());
    // The adjoint of the one stored step, as each step of its view.
    input_gradient = sum.replicate(ours.gradients.back().rows() / std::max<Index>(batch(), 1), 1);
    if (batch() == 0) input_gradient = ours.gradients.back();
    require_same(ours, expected, net_->exact, false, "a repeated step on a tape");
  }

  // --- Drivers of training.

  void threads() {
    const Index block = d_.between(0, 3);
    st::Shards<double> serial(static_cast<int>(d_.between(1, 4)), 1, block);
    const Array step = steps() > 0 ? Array(input_.step(0)) : Array(batch(), net_->features);
    const View x = d_.coin() && steps() > 0 ? View(st::repeat(step, steps())) : View(input_);
    if (net_->keeps_state()) {
      const NetPtr fresh = net_->copy();
      require(throws_invalid([&] { net_->run(serial, x, loss_of); }),
              "Shards took a network with hidden state");
      return require_equal(*net_, *fresh, "a network that Shards refused");
    }
    if (net_->parameters().empty() || batch() == 0 || steps() == 0) return;
    if (refuses(serial, block)) return;
    Outcome whole = learn(*net_, x);
    whole.gradients.pop_back();
    whole.values.clear();
    const Outcome first = in_shards(serial, x);
    require_same(first, whole, true, false, "shards");
    if (net_->couples()) return;
    if (d_.coin(0.3)) {
      st::Shards<double> blocks(serial.count(), static_cast<int>(d_.between(2, 3)), 0);
      require_same(in_shards(blocks, x), whole, true, false, "threads without blocks");
    }
    if (d_.coin(0.5)) {  // the same blocks on several threads, twice, the second time warm
      st::Shards<double> parallel(serial.count(), static_cast<int>(d_.between(2, 3)), 2);
      st::Shards<double> alone(serial.count(), 1, 2);
      const Outcome expected = in_shards(alone, x);
      for (int round = 0; round < 2; ++round) {
        const Outcome ours = in_shards(parallel, x);
        require(ours.loss == expected.loss, "the loss depends on the number of threads");
        require_same(ours, expected, true, true, "threads");
      }
    }
    if (d_.coin(0.3)) {  // exceptions in all shards, or in one
      const bool in_all = !net_->has_function || d_.coin();
      if (!in_all) fuse = static_cast<int>(d_.between(1, 3));
      const bool threw = blown([&] { net_->run(serial, x, in_all ? Loss(throwing_loss) : Loss(loss_of)); });
      require(threw || !in_all, "an exception of a loss got lost");
      require_same(in_shards(serial, x), first, true, true, "shards after an exception");
    }
  }
  /// Whether shards cannot run the network, which couples samples; they say so.
  bool refuses(st::Shards<double>& shards, Index block) {
    if (!net_->couples() || (shards.count() == 1 && block == 0)) return false;
    const NetPtr fresh = net_->copy();
    require(throws_invalid([&] { net_->run(shards, input_, loss_of); }), "Shards split what couples samples");
    require_equal(*net_, *fresh, "a network that Shards refused");
    return true;
  }
  static Var throwing_loss(const Vars&, Index, Index) { throw Blown(); }
  Outcome in_shards(st::Shards<double>& shards, const View& x) {
    Outcome outcome;
    outcome.loss = net_->run(shards, x, loss_of);
    outcome.gradients = gradients(*net_, shards.gradients());
    return outcome;
  }

  void windows() {
    if (steps() == 0 || net_->parameters().empty()) return;
    const Index window = d_.between(1, steps());
    const bool truncate = d_.coin(0.25);
    st::Windows<double> windows(window, {.truncate = truncate});
    const NetPtr a = net_->copy(), b = net_->copy();
    if (window < steps() && (net_->forgets_state() || net_->couples())) {
      require(throws_invalid([&] { net_->run(windows, input_, loss_of); }), "Windows lost states in silence");
      return require_equal(*net_, *a, "a network that Windows refused");
    }
    Outcome whole = learn(*a, input_);
    whole.gradients.pop_back();
    whole.values.clear();
    for (int round = 0; round < 2; ++round) {  // the second time warm
      const NetPtr c = b->copy();
      if (d_.coin(0.3)) {
        const State before = c->hidden();
        Index calls = d_.between(0, 2);
        blown([&] {
          c->run(windows, input_, [&](const Vars& out, Index step, Index sample) {
            return calls-- > 0 ? loss_of(out, step, sample) : throwing_loss(out, step, sample);
          });
        });
        c->set_hidden(before);
      }
      windows.gradients().clear();
      Outcome ours;
      ours.loss = c->run(windows, input_, loss_of);
      ours.gradients = gradients(*c, windows.gradients());
      require(finite(ours.gradients), "gradients of windows are not finite");
      if (truncate && window < steps()) ours.gradients = whole.gradients;
      require_same(ours, whole, true, false, "windows");
      require_same(c->hidden(), a->hidden(), net_->exact, "the hidden state after windows");
    }
  }

  // --- Losses and optimizers.

  void losses() {
    if (steps() == 0 || batch() == 0 || net_->parameters().empty()) return;
    const NetPtr a = net_->copy(), b = net_->copy(), c = net_->copy();
    start();
    const Var x = tape_.variable(input_);
    const Vars out = a->on_tape(x);
    const RandomLoss random = random_loss(d_, out.front().shape());
    actions += " (" + random.name + ')';
    const Loss loss = [&](const Vars& results, Index, Index) {
      return random.loss(st::LossInput<double>{results.front(), results.back()});
    };
    Outcome whole = finish(*a, x, {}, loss(out, 0, 0));
    whole.gradients.pop_back();
    const auto compare = [&](double sum, const st::GradientSums<double>& sums, const Net& net,
                             const std::string& by) {
      const double allowed = 100 * tolerance::rounding<double> * std::max(1.0, std::abs(whole.loss));
      require(std::abs(sum - whole.loss) <= allowed, random.name + " in " + by);
      require_same(gradients(net, sums), whole.gradients, false, random.name + " in " + by + ": gradients");
    };
    const Index block = d_.between(0, 3);
    st::Shards<double> shards(static_cast<int>(d_.between(1, 4)), static_cast<int>(d_.between(1, 2)), block);
    if (!net_->keeps_state() && !refuses(shards, block)) {
      const double sum = b->run(shards, input_, loss);
      compare(sum, shards.gradients(), *b, "shards");
    }
    const Index window = d_.between(1, steps());
    if (window < steps() && (net_->forgets_state() || net_->couples())) return;
    st::Windows<double> windows(window);
    if (window < steps() && random.all_steps)
      return require(throws_invalid([&] { c->run(windows, input_, loss); }),
                     "Windows cut a loss that needs all steps");
    const double sum = c->run(windows, input_, loss);
    compare(sum, windows.gradients(), *c, "windows");
  }

  void optimizers() {
    if (steps() == 0 || batch() == 0 || net_->parameters().empty()) return;
    const NetPtr a = net_->copy(), b = net_->copy();
    const std::string fault =
        optimizer_fault(d_, *a, *b, [&](const Net& net, st::GradientSums<double>& sums) {
          Tape tape{sums};
          tape.backward(loss_of(net.on_tape(tape.constant(input_)), 0, 0));
        });
    require(fault.empty(), fault);
  }

  // --- Exceptions.

  template <typename Run>
  static bool throws_invalid(Run&& run) {
    try {
      run();
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  }
  /// Runs with a fuse that was set before; returns whether it has blown.
  template <typename Run>
  static bool blown(Run&& run) {
    bool has = false;
    try {
      run();
    } catch (const Blown&) {
      has = true;
    }
    fuse = 0;
    return has;
  }

  void fault() {
    const NetPtr fresh = net_->copy();
    State state = net_->state(batch());
    if (steps() > 0 && d_.coin()) net_->with_state(input_, state);
    const State before = state;
    const bool threw = failing_call(state);
    if (threw) {
      require(state == before, "a call that threw has changed the state");
      require_same(net_->values(), fresh->values(), true, "parameters after a call that threw");
      require_equal(*net_, *fresh, "a network after a call that threw");
      State expected = before;
      require_same(net_->with_state(input_, state), fresh->with_state(input_, expected), true,
                   "a call from the state after one that threw");
    } else {
      net_->assign(*fresh);
    }
  }
  /// A call that should throw; whether it did.
  bool failing_call(State& state) {
    const Net& net = *net_;
    tape_.reset();
    const Sequence wide = random_input(std::max<Index>(steps(), 1), batch(), net.features + 1);
    const Sequence more = random_input(std::max<Index>(steps(), 1), batch() + 1, net.features);
    const auto refused = [&](auto&& run) {
      const bool threw = throws_invalid(run);
      require(threw || net.any_features, "a call with a wrong shape did not throw");
      return threw;
    };
    const auto always = [&](auto&& run) {
      require(throws_invalid(run), "a wrong call did not throw");
      return true;
    };
    switch (d_.between(0, 13)) {
      case 0:
        return refused([&] { net.step(Array(wide.step(0))); });
      case 1:
        return refused([&] { net.sequence(wide); });
      case 2:
        return refused([&] { net.on_tape(tape_.constant(wide)); });
      case 3:
        return refused([&] { net.with_state(wide, state); });
      case 4:
        return refused([&] { net.on_tape(tape_.constant(wide), state); });
      case 5:
        return always([&] { net.with_state(more, state); });
      case 6:
        return always([&] { net.on_tape(tape_.constant(more), state); });
      case 7:
        return always([&] { net.on_tape(Var()); });
      case 8: {
        const Var old = tape_.constant(input_);
        tape_.reset();
        return always([&] { net.on_tape(old); });
      }
      case 9:
        return always([&] { net.set_hidden(State(net.hidden().size() + 1, batch())); });
      case 10: {  // the hidden state has another batch
        const State hidden = net.hidden();
        if (hidden.batch() == 0 || more.batch() == hidden.batch()) return false;
        return always([&] {
          d_.coin() ? static_cast<void>(net.sequence(more))
                    : static_cast<void>(net.step(Array(more.step(0))));
        });
      }
      case 11: {  // after backward
        const Var x = tape_.variable(input_);
        tape_.backward(st::sum(x));
        return always([&] { net.on_tape(x); });
      }
      case 12: {  // what lies in the state itself
        if (batch() == 0 || steps() == 0) return false;
        State other = state;
        const View result = net.last_result(input_, other);
        const State last = other;
        require(throws_invalid([&] { net.with_state(result, other); }) && other == last,
                "a call read the results that it ends");
        return false;
      }
      default:
        return throwing_lambda(state);
    }
  }
  bool throwing_lambda(State& state) {
    if (!net_->has_function) return false;
    fuse = static_cast<int>(d_.between(1, 2));
    const Index call = d_.between(0, 4);
    return blown([&] {
      if (call == 0) net_->sequence(input_);
      if (call == 1) net_->with_state(input_, state);
      if (call == 2) net_->on_tape(tape_.constant(input_));
      if (call == 3) net_->on_tape(tape_.constant(input_), state);
      if (call == 4 && steps() > 0) net_->step(Array(input_.step(0)));
    });
  }

  /// A call that throws between two that do not, on one recording.
  void fault_on_tape() {
    if (steps() == 0) return;
    const NetPtr a = net_->copy(), b = net_->copy();
    const auto run = [&](Net& net, bool with_fault) {
      start();
      const Var x = tape_.variable(input_);
      const Vars first = net.on_tape(x);
      if (with_fault) {
        const State hidden = net.hidden();
        bool threw = false;
        if (net.has_function) {
          fuse = static_cast<int>(d_.between(1, 2));
          threw = blown([&] { net.on_tape(x); });
          fuse = 0;
        } else if (hidden.batch() > 0) {
          threw = throws_invalid(
              [&] { net.on_tape(tape_.constant(random_input(1, hidden.batch() + 1, net.features))); });
        }
        require(!threw || net.hidden() == hidden, "a call that threw has changed the hidden state");
        if (!threw && net.has_function) return Outcome();
      }
      const Vars second = net.on_tape(x);
      return finish(net, x, second, loss_of(first, 0, 0) + loss_of(second, 1, 0));
    };
    const Outcome ours = run(*a, true);
    if (ours.gradients.empty()) return;  // it had no chance to throw
    require_same(ours, run(*b, false), true, true, "calls around one that threw");
    require_same(a->hidden(), b->hidden(), true, "the hidden state after them");
  }

  // --- Values.

  void copies() {
    const NetPtr fresh = net_->copy(), other = net_->copy();
    const st::ParameterList<double> own = net_->parameters();
    require(own.empty() || own != other->parameters(), "a copy shares parameters");
    other->change(d_.coin() ? 0.0625 : 0.125);
    learn(*other, input_);
    for (const auto& parameter : own)
      require(!tape_.gradients().has(parameter), "a copy's gradients have reached the original");
    require_same(net_->values(), fresh->values(), true, "parameters after a copy's change");
    require_equal(*net_, *fresh, "a network whose copy was changed");
    const NetPtr kept = other->copy();
    learn(*net_, input_);
    net_->change(-0.0625);
    require_equal(*other, *kept, "a copy whose original was changed");
    net_->assign(*fresh);
    require_equal(*net_, *fresh, "a network that was assigned a copy");
  }

  void moves() {
    const NetPtr fresh = net_->copy();
    const st::ParameterList<double> parameters = net_->parameters();
    const Outcome expected = learn(*fresh->copy(), input_);
    // A network may move and end between forward and backward.
    {
      NetPtr source = net_->copy();
      start();
      const Var x = tape_.variable(input_);
      const Vars out = source->on_tape(x);
      const Var loss = loss_of(out, 0, 0);
      NetPtr taken = source->taken();
      if (d_.coin()) source = nullptr;
      const st::ParameterList<double> list = taken->parameters();
      if (d_.coin()) taken = taken->taken();
      require(list == taken->parameters(), "a move has changed the identity of parameters");
      require_same(finish(*taken, x, out, loss), expected, true, true, "backward after a move");
    }
    NetPtr taken = net_->taken();
    check_moved_from(*net_);
    require(taken->parameters() == parameters, "a move has changed the identity of parameters");
    require_equal(*taken, *fresh, "a network that was moved");
    if (d_.coin())
      net_->assign(*taken);
    else if (d_.coin())
      net_->assign_moved(*taken);
    else
      net_ = std::move(taken);
    require_equal(*net_, *fresh, "a network that was moved from and assigned to");
  }
  void check_moved_from(Net& gone) {
    tape_.reset();
    const Array step = Array::Ones(std::max<Index>(batch(), 1), net_->features);
    State state = fresh_state(gone, step.rows());
    const State before = state;
    const std::function<void()> calls[] = {[&] { gone.step(step); },
                                           [&] { gone.sequence(st::repeat(step, 2)); },
                                           [&] { gone.on_tape(tape_.constant(step)); },
                                           [&] { gone.with_state(step, state); },
                                           [&] { gone.on_tape(tape_.constant(step), state); },
                                           [&] { static_cast<void>(gone.parameters()); },
                                           [&] { static_cast<void>(gone.values()); },
                                           [&] { gone.freeze(); }};
    for (const auto& call : calls)
      require(throws_invalid(call), "a network that was moved from did not throw");
    require(state == before, "a network that was moved from has changed a state");
    gone.reset_hidden();
    gone.detach_hidden();
    const NetPtr copy = gone.copy();
    require(throws_invalid([&] { copy->step(step); }),
            "a copy of a network that was moved from did not throw");
  }
  static State fresh_state(const Net& net, Index batch) { return net.state(batch); }

  void assignments() {
    NetPtr other = made();
    if (d_.coin()) other->sequence(random_input(2, batch(), other->features));
    const NetPtr ours = net_->copy(), theirs = other->copy();
    const auto before = net_->by_path();
    if (d_.coin()) {
      net_->exchange(*other);
      input_ = random_input(steps(), batch(), net_->features);
      require_equal(*net_, *theirs, "a network after a swap");
      const Sequence kept = std::exchange(input_, random_input(steps(), batch(), other->features));
      require_equal(*other, *ours, "the other network after a swap");
      input_ = kept;
      return;
    }
    if (d_.coin())
      net_->assign(*other);
    else
      net_->assign_moved(*other);
    input_ = random_input(steps(), batch(), net_->features);
    require_equal(*net_, *theirs, "a network that was assigned to");
    for (const auto& [path, parameter] : net_->by_path()) {
      const auto place = before.find(path);
      if (place == before.end()) continue;
      const auto& former = place->second;
      require(former == parameter || former->rows != parameter->rows || former->cols != parameter->cols,
              "assignment has changed the identity of " + path);
    }
    net_->assign(*net_);  // to itself
    net_->assign_moved(*net_);
    require_equal(*net_, *theirs, "a network that was assigned to itself");
  }

  // --- Histories, memory, frozen parameters.

  void histories() {
    // An encoder goes on behind a call until its tape is reset.
    if (!net_->keeps_state() || net_->starts_over) return;
    const NetPtr a = net_->copy(), b = net_->copy(), c = net_->copy();
    const auto first = [&](const Net& net) {
      start();
      const Var x = tape_.variable(input_);
      net.on_tape(x);
      return x;
    };
    const auto after = [&](const Net& net, const Var& x) {
      const Var y = tape_.variable(input_);
      const Vars out = net.on_tape(y);
      const Outcome outcome = finish(net, y, out, loss_of(out, 0, 0));
      require(!x.valid() || !x.has_adjoint() || (x.adjoint().array() == 0).all(),
              "a gradient has passed a cut");
      return outcome;
    };
    const Var of_b = first(*b);
    b->detach_hidden();
    const Outcome detached = after(*b, of_b);
    const Var of_c = first(*c);
    c->set_hidden(c->hidden());  // cuts, too
    require_same(after(*c, of_c), detached, true, true,
                 "a hidden state that was set, and one that was detached");
    const Var of_a = first(*a);
    const State hidden = a->hidden();
    start();
    require(a->hidden() == hidden, "a hidden state has changed with its tape's reset");
    require_same(after(*a, of_a), detached, true, true, "a hidden state after its tape's reset");
    Tape elsewhere;
    const NetPtr e = net_->copy();
    start();
    e->on_tape(tape_.constant(input_));
    const Vars out = e->on_tape(elsewhere.constant(input_));
    const Arrays values = numbers(out);
    require_same(values, detached.values, true, "a hidden state that comes from another tape");
  }

  void memory() {
    const NetPtr a = net_->copy();
    const State hidden = a->hidden();
    std::size_t bytes = 0, sums = 0;
    for (int round = 0; round < 6; ++round) {
      if (a->hidden().size() == hidden.size()) a->set_hidden(hidden);
      learn(*a, input_);
      if (round == 1) {
        bytes = tape_.capacity();
        sums = tape_.gradients().capacity();
      }
    }
    tape_.reset();
    require(tape_.capacity() <= bytes, "a warm tape has grown");
    require(tape_.gradients().capacity() <= sums, "warm gradients have grown");
    if (net_->keeps_state() || net_->parameters().empty() || batch() == 0 || steps() == 0) return;
    const Index block = d_.between(0, 2);
    st::Shards<double> shards(static_cast<int>(d_.between(1, 3)), 1, block);
    if (refuses(shards, block)) return;
    for (int round = 0; round < 5; ++round) {
      net_->run(shards, input_, loss_of);
      if (round == 1) bytes = shards.capacity();
    }
    require(shards.capacity() == bytes, "warm shards have grown");
  }

  void frozen() {
    const NetPtr a = net_->copy(), b = net_->copy();
    const Outcome learned = learn(*a, input_);
    const st::ParameterList<double> parameters = b->parameters();
    b->freeze();
    require(b->parameters().empty(), "frozen parameters are learned");
    const Outcome still = learn(*b, input_);
    for (const auto& parameter : parameters)
      require(!tape_.gradients().has(parameter), "a frozen parameter has a gradient");
    require_same(still.values, learned.values, true, "results of a frozen network");
    require_same(Arrays{still.gradients.back()}, Arrays{learned.gradients.back()}, true,
                 "input gradients of a frozen network");
  }

  Draw d_;
  Index kind_;
  NetPtr net_;
  Sequence input_;
  st::GradientSums<double> sums_;
  Tape own_, other_{sums_};
  Tape& tape_;
};

}  // namespace

TEST_CASE("whatever is done to a network, and in whatever order, the laws hold") {
  const std::uint64_t first = from_environment("SPIKETAPE_DRIVER_SEED", 1);
  const std::uint64_t cases = from_environment("SPIKETAPE_DRIVER_CASES", 0);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(20);
  std::uint64_t done = 0;
  for (; cases == 0 ? done == 0 || Clock::now() < end : done < cases; ++done) {
    const std::uint64_t seed = first + done;
    INFO("SPIKETAPE_DRIVER_SEED=" << seed << " SPIKETAPE_DRIVER_CASES=1 repeats this case");
    fuse = 0;
    Case one(seed);
    INFO(one.kind());
    actions.clear();
    try {
      one.run();
    } catch (const std::exception& error) {
      FAIL("after" << actions << ": an exception came out, " << error.what());
    }
  }
  SUCCEED(done << " cases");
}

}  // namespace driver
