// Runs a NIR graph that is known at run time only. nir_layers.hpp turns one into a network of layers, which
// is faster and can be trained; nir.hpp reads files.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/io/nir/flat.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/nir/options.hpp>
#include <spiketape/io/nir/run_node.hpp>
#include <spiketape/io/nir/values.hpp>
#include <spiketape/kernels/convolution.hpp>
#include <spiketape/kernels/linear_product.hpp>
#include <spiketape/kernels/pool.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

template <Real Scalar>
class NirNetwork;

/// The state of a NirNetwork between calls: one for each stream or thread. A value: a copy goes on from the
/// same point.
template <Real Scalar>
class NirState {
 public:
  NirState() = default;
  /// The samples of the calls; 0 before the first.
  Index batch() const noexcept { return batch_; }
  /// Sets all to zero, as at the beginning.
  void reset() {
    for (Part& part : parts_)
      for (Array<Scalar>* array : {&part.i, &part.v, &part.sent, &part.sent_before, &part.ring})
        array->setZero();
    step_ = 0;
  }

 private:
  friend class NirNetwork<Scalar>;
  struct Part {
    Array<Scalar> i, v;            // of neurons
    Array<Scalar> received, sent;  // (batch, features) of this step
    Array<Scalar> sent_before;     // of the step before, if someone needs it
    Array<Scalar> ring;            // of a Delay: what it received in the last steps
  };
  std::vector<Part> parts_;
  Index batch_ = 0, step_ = 0;
};

/// A NIR graph as a network: inputs go from node to node along the edges, once in each step. A node takes the
/// sum of what the nodes before it send. In a loop, what a neuron sends to nodes that lead back to it arrives
/// in the next step. See detail::NirNeuron for the steps of neurons; further nodes:
///
///     Affine W x + b,   Linear W x,   Conv1d, Conv2d, SumPool2d, AvgPool2d as in PyTorch,   Scale s x,
///     Threshold 1 where x > threshold, else 0, Delay x of round(delay / dt) steps before, zero at first;
///     Flatten, Input and Output x
///
/// What a parameter gives once it gives for all neurons. Samples are rows: of an input of shape (2, 34, 34),
/// 2312 features in C order.
///
///     const st::NirNetwork<float> net(st::read_nir("net.nir"), {.dt = 1e-4, .reset = st::NirReset::zero});
///     const st::Sequence<float> spikes = net(input);             // (steps, batch, features)
///     auto state = net.state(1);
///     for (...) const st::Sequence<float> out = net(step, state);   // a step, an Eigen array, goes on
///
/// Calls are const: threads share a network, each with a state of its own. One that was moved from throws
/// std::invalid_argument until it is assigned to.
template <Real Scalar>
class NirNetwork {
 public:
  /// Calls f(path, values) for each neuron node and step, in the order in which they are computed: its spikes
  /// (batch, features), 0 or 1, or the membrane of one that does not fire. `path` is block/lif for the node
  /// lif in the graph block. Both end with the call.
  using Observer = std::function<void(const std::string& path, const Array<Scalar>& values)>;

  /// Copies what it needs of the graph; numbers are rounded to Scalar. Allocates. Throws
  /// std::invalid_argument, with the name of the node, for a graph that does not fit together (see
  /// nir_bytes), that has more or less than one Input or Output, or nodes without an input; for types of
  /// nodes, parameters and texts that are not known; numbers of features that differ along an edge; a window
  /// over something whose height and width nobody says, or that it does not fit; coefficients that are not
  /// finite, times that are not positive; a loop without a neuron or a Delay; dt or a reset that nobody gives
  /// or that differ from the graph's metadata; and reset by subtraction with a v_reset that is not 0.
  explicit NirNetwork(const NirGraph& graph, const NirOptions& options = {}) {
    const detail::NirRules rules("NirNetwork", options, graph);
    const detail::NirFlat flat = detail::NirFlattener("NirNetwork").flat(graph);
    input_ = flat.input;
    output_ = flat.output;
    std::vector<detail::NirValues> values;
    values.reserve(flat.nodes.size());
    for (const detail::NirFlatNode& node : flat.nodes) values.emplace_back(rules, node);
    detail::find_nir_features(rules, flat, values, nodes_);
    for (std::size_t k = 0; k < nodes_.size(); ++k) detail::make_nir_node(nodes_[k], values[k], rules);
    const std::vector<std::size_t> loop = detail::nir_loops(flat);
    const auto is_late = [&](std::size_t from, std::size_t to) {
      return nodes_[from].kind == Kind::neuron && loop[from] == loop[to];
    };
    for (std::size_t to = 0; to < nodes_.size(); ++to)
      for (const std::size_t from : flat.nodes[to].sources) {
        nodes_[to].from.push_back({from, is_late(from, to)});
        if (is_late(from, to)) nodes_[from].sends_late = true;
      }
    order_ = detail::nir_order("NirNetwork", flat, [&](std::size_t from, std::size_t to) {
      return !is_late(from, to) && !nodes_[to].receives_late();
    });
  }

  /// The features of a sample and of what is returned for it.
  Index in_features() const { return node(input_).out; }
  Index out_features() const { return node(output_).out; }

  /// The paths of all neuron nodes, in the order in which they are computed. Allocates.
  [[nodiscard]] std::vector<std::string> neurons() const {
    std::vector<std::string> paths;
    for (const std::size_t k : order_)
      if (nodes_[k].kind == Kind::neuron) paths.push_back(nodes_[k].path);
    return paths;
  }

  /// The state of a batch at the beginning, all zero. Allocates. Throws std::invalid_argument for a negative
  /// batch and for more numbers than memory has addresses.
  [[nodiscard]] NirState<Scalar> state(Index batch) const {
    static_cast<void>(node(0));  // throws
    NirState<Scalar> state;
    state.batch_ = batch;
    for (const Node& node : nodes_) {
      if (const char* expected = detail::shape_fault({node.ring + 1, batch, std::max(node.in, node.out)}))
        fail("a state has a batch of ", batch, " and node '", detail::shown(node.path), "' needs it for ",
             node.ring + 1, " steps of ", std::max(node.in, node.out), " features, expected ", expected);
      auto& part = state.parts_.emplace_back();
      part.received.setZero(batch, node.in);
      part.sent.setZero(batch, node.out);
      if (node.kind == Kind::neuron) {
        part.v.setZero(batch, node.out);
        if (node.neuron.has_current) part.i.setZero(batch, node.out);
      }
      if (node.sends_late) part.sent_before.setZero(batch, node.out);
      if (node.ring > 0) part.ring.setZero(node.ring * batch, node.out);
    }
    return state;
  }
  /// The membrane v of a neuron node after the last step, (batch, features); valid until the state changes.
  /// Throws std::invalid_argument if there is no such neuron or the state is that of another network.
  const Array<Scalar>& membrane(const NirState<Scalar>& state, std::string_view path) const {
    check(state, state.batch_);
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      if (nodes_[k].path == path && nodes_[k].kind == Kind::neuron) return state.parts_[k].v;
    fail("membrane: path is '", detail::shown(path), "', expected that of a neuron node");
  }

  /// What the Output sends for a step or a sequence, from a state, which becomes that after the last step, or
  /// from the beginning. Allocates the result. Throws std::invalid_argument for another number of features,
  /// and for a state of another batch or network.
  Sequence<Scalar> operator()(const SequenceView<const Scalar>& input, NirState<Scalar>& state) const {
    return trace(input, state, {});
  }
  Sequence<Scalar> operator()(const SequenceView<const Scalar>& input) const {
    NirState<Scalar> fresh = state(input.batch);
    return (*this)(input, fresh);
  }
  /// The same with an observer. If that throws, the state is in the middle of a step.
  Sequence<Scalar> trace(const SequenceView<const Scalar>& input, NirState<Scalar>& state,
                         const Observer& observer) const {
    if (input.features != in_features())
      fail("input has ", input.features, " features, node '", detail::shown(nodes_[input_].path),
           "' expects ", in_features());
    check(state, input.batch);
    Sequence<Scalar> result(input.steps, input.batch, out_features());
    for (Index t = 0; t < input.steps; ++t) {
      {
        const FlushDenormals flush;
        begin_step(input.step(t), state);
      }
      for (const std::size_t k : order_) {
        {
          const FlushDenormals flush;
          compute(k, state);
        }
        if (observer && nodes_[k].kind == Kind::neuron) observer(nodes_[k].path, state.parts_[k].sent);
      }
      result.step(t) = state.parts_[output_].sent;
      const FlushDenormals flush;
      end_step(state);
    }
    return result;
  }

 private:
  using Kind = detail::NirKind;
  using Node = detail::NirRunNode<Scalar>;

  template <typename... Parts>
  [[noreturn]] static void fail(const Parts&... parts) {
    detail::fail_argument("spiketape::NirNetwork: ", parts...);
  }
  const Node& node(std::size_t k) const {
    if (nodes_.empty()) fail("it has been moved from, expected an assignment before its next use");
    return nodes_[k];
  }
  void check(const NirState<Scalar>& state, Index batch) const {
    static_cast<void>(node(0));  // throws
    bool fits = state.batch_ == batch && state.parts_.size() == nodes_.size();
    for (std::size_t k = 0; fits && k < nodes_.size(); ++k) {
      const auto& part = state.parts_[k];
      fits = part.received.cols() == nodes_[k].in && part.sent.cols() == nodes_[k].out &&
             (part.v.rows() > 0) == (nodes_[k].kind == Kind::neuron && batch > 0) &&
             part.ring.rows() == nodes_[k].ring * batch;
    }
    if (!fits)
      fail("state is that of a batch of ", state.batch_, " or of another network, expected a batch of ",
           batch, ": make it with state(batch)");
  }

  SPIKETAPE_NOINLINE void begin_step(const SequenceView<const Scalar>& input, NirState<Scalar>& state) const {
    state.parts_[input_].received = input.array();
  }

  SPIKETAPE_NOINLINE void receive(std::size_t k, NirState<Scalar>& state) const {
    Array<Scalar>& received = state.parts_[k].received;
    bool first = true;
    for (const detail::NirLink& link : nodes_[k].from) {
      const auto& part = state.parts_[link.from];
      const Array<Scalar>& from = link.late ? part.sent_before : part.sent;
      if (first)
        received = from;
      else
        received += from;
      first = false;
    }
  }

  SPIKETAPE_NOINLINE void compute(std::size_t k, NirState<Scalar>& state) const {
    const Node& node = nodes_[k];
    auto& part = state.parts_[k];
    if (!node.receives_late()) receive(k, state);
    const Array<Scalar>& x = part.received;
    if (node.kind == Kind::neuron) {
      node.neuron.step(x, part.i, part.v, part.sent);
    } else if (node.kind == Kind::product) {
      const detail::LinearProduct<Scalar> product{node.weight.data(), node.weight.stride(), node.bias.data(),
                                                  node.in, node.out};
      if (x.rows() > 0)
        product.forward(SequenceView<const Scalar>(x), SequenceView<Scalar>(part.sent), node.out, nullptr);
    } else if (node.kind == Kind::convolution || node.kind == Kind::pool) {
      slide(node, x, part.sent);
    } else if (node.kind == Kind::scale) {
      part.sent = x.rowwise() * node.weight.array().row(0);
    } else if (node.kind == Kind::threshold) {
      for (Index row = 0; row < x.rows(); ++row)
        for (Index j = 0; j < node.out; ++j)
          part.sent(row, j) = x(row, j) > node.weight.array()(0, j) ? Scalar(1) : Scalar(0);
    } else if (node.kind == Kind::delay) {
      if (!node.receives_late()) keep(node, part, state);
      for (Index j = 0; j < node.out; ++j) {
        const Index delay = node.delay[static_cast<std::size_t>(j)];
        const Index at = (state.step_ - delay % node.ring + node.ring) % node.ring;
        part.sent.col(j) = part.ring.col(j).segment(at * state.batch_, state.batch_);
      }
    } else {
      part.sent = x;
    }
  }

  /// A convolution or a pool.
  static void slide(const Node& node, const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y) {
    const detail::SlidingWindow& window = node.window.window;
    if (node.kind == Kind::convolution) {
      Arena memory;
      const detail::Convolution<Scalar> convolution{
          window,          node.window.out, node.window.groups, node.weight.data(), node.weight.stride(),
          node.bias.data()};
      return convolution.forward({x, nullptr, memory}, y, memory, nullptr);
    }
    const auto divisor = node.mean ? detail::Divisor::window : detail::Divisor::one;
    for (Index row = 0; row < x.rows(); ++row)
      detail::sum_pool(window, divisor, x.data + row * x.stride, y.data + row * y.stride);
  }

  /// Keeps what a Delay has received in this step.
  void keep(const Node& node, typename NirState<Scalar>::Part& part, const NirState<Scalar>& state) const {
    part.ring.middleRows(state.step_ % node.ring * state.batch_, state.batch_) = part.received;
  }

  SPIKETAPE_NOINLINE void end_step(NirState<Scalar>& state) const {
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      if (nodes_[k].receives_late()) {
        receive(k, state);
        keep(nodes_[k], state.parts_[k], state);
      }
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      if (nodes_[k].sends_late) state.parts_[k].sent_before = state.parts_[k].sent;
    ++state.step_;
  }

  std::vector<Node> nodes_;
  std::vector<std::size_t> order_;
  std::size_t input_ = 0, output_ = 0;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
