// Networks of layers, one after the other.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/state.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/nn/hidden_state.hpp>
#include <spiketape/nn/layer.hpp>
#include <spiketape/nn/leaves.hpp>
#include <spiketape/nn/named.hpp>
#include <spiketape/nn/passing.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// A network, written with one line for each layer:
///
///     st::Sequential net{st::named("fc1", st::Linear<float>(64, 200, random)),
///                        st::named("lif1", st::Leaky<float>({.beta = 0.9f})),
///                        st::Linear<float>(200, 10, random), st::Leaky<float>({.beta = 0.9f})};
///     auto [spk, mem] = net(input);
///
/// (Use braces: in them the layers draw their weights from first to last; in parentheses C++ does not specify
/// the order.) Names are optional. A layer is what nn/layer.hpp says, a neuron, a network, or anything else
/// that is callable with the result of the layer before. A lambda of ops takes every kind of input, such as
/// [](const auto& x) { return 2.0f * x; }; on arrays it allocates. A neuron passes on its spikes. If the last
/// layer is a neuron, the result is its {spk, mem} (or {spk, syn, mem}, …); if that neuron has init_hidden,
/// its states are empty unless `output = true`. The input is an Eigen array, a Sequence, a view such as
/// st::repeat(image, 25), or a value on a tape, of (batch, features) or (steps, batch, features), and so is
/// the result. Calls on arrays return arrays of their own. With a state they return memory of that state,
/// valid until its next call, and allocate nothing from the second step on.
///
/// Calls are const: any number of threads may call a network at once, each with its own tape or state, if no
/// neuron has init_hidden and nobody changes parameters meanwhile (an optimizer, load, set, assignment).
///
/// On a tape and for a Sequence, spikes go from a neuron to a dense layer as bits, which become events there.
/// For a Sequence the neuron then keeps only its last states.
///
/// A call that throws leaves the states of all layers as they were, those inside of neurons, too, but not
/// those of a neuron that a lambda calls.
///
/// A value: a copy is a second network. Assignment and swap transfer values, and parameters keep their
/// identity; see Parameter. One that was moved from throws std::invalid_argument until it is assigned to.
template <typename... Layers>
class Sequential : public HasParameters<Sequential<Layers...>> {
  static_assert(sizeof...(Layers) > 0, "spiketape::Sequential: expected at least one layer");

 public:
  using Scalar = typename detail::FirstScalar<Layers...>::type;
  static constexpr const char* name = "Sequential";
  static_assert(
      (AnyLayer<Layers, Scalar> && ...),
      "spiketape::Sequential: a layer is a class derived from st::Layer, a neuron, a network or a lambda of "
      "ops, all with the same Scalar: see nn/layer.hpp");
  static_assert(
      (detail::is_what_its_base_says<Layers> && ...),
      "spiketape::Sequential: a layer gives its base another class than itself: write struct MyLayer "
      ": st::Layer<MyLayer, float>");
  /// The number of states of all layers.
  static constexpr std::size_t carried = (std::size_t(0) + ... + detail::carried_by<Layers>());

  /// Takes layers over, and named ones: temporaries, or layers that are moved here. Throws
  /// std::invalid_argument for a name that is empty, has a dot or comes twice.
  template <typename... Given>
  requires(detail::made_of<std::tuple<Layers...>, Given...> &&
           !(detail::copies_parameters<Given> || ...)) explicit Sequential(Given&&... given)
      : Sequential(detail::MakeNetwork(), std::forward<Given>(given)...) {}
  /// Copies what is given by its name. The network trains the copy; what was given stays as it is.
  template <typename... Given>
  requires(detail::made_of<std::tuple<Layers...>, Given...> && (detail::copies_parameters<Given> || ...))
  [[deprecated("spiketape::Sequential: a layer given by its name is copied, and only the copy learns: write "
               "std::move(fc), and find it again as net.layer<0>(), or st::Linear(fc) for a copy")]]
  explicit Sequential(Given&&... given)
      : Sequential(detail::MakeNetwork(), std::forward<Given>(given)...) {}

  /// The last layer's result for a step, a sequence or a value on a tape. Throws what the layers throw, such
  /// as std::invalid_argument for a wrong number of features.
  template <typename Input>
  auto operator()(const Input& input) const {
    static_assert(detail::check_network_input<LayerAt<0>, Input>());
    if constexpr (detail::OfAnotherScalar<Input, Scalar>)
      return detail::refuse_scalar<Input, Scalar>();
    else
      return all_or_nothing<0, sizeof...(Layers)>(input);
  }
  /// The same from a state, which is updated to that after the last step; see State. Hidden states are
  /// neither read nor written, and a last neuron returns all its states.
  auto operator()(const Var<Scalar>& input, State<Scalar>& state) const {
    return run(input, state.of_layer(full_name, carried, input.batch()));
  }
  auto operator()(const SequenceView<const Scalar>& input, State<Scalar>& state) const {
    const auto parts = state.of_layer(full_name, carried, input.batch);
    return run(input, parts, state.memory_for(full_name, input));
  }
  /// Does not compile, and the compiler says why: numbers of another type.
  template <detail::OfAnotherScalar<Scalar> Other>
  auto operator()(const Other&, State<Scalar>&) const {
    return detail::refuse_scalar<Other, Scalar>();
  }

  /// A call, under snnTorch's name.
  template <typename... Arguments>
  auto forward(Arguments&&... arguments) const {
    return (*this)(std::forward<Arguments>(arguments)...);
  }

  /// The states for a batch, all zero: one State for each stream or thread.
  [[nodiscard]] State<Scalar> state(Index batch) const { return State<Scalar>(carried, batch); }

  /// The network in two parts, net(x) = net.back(net.front(x)). `front` is the layers before the first neuron
  /// (or other layer with states), which treat each step separately; `back` is the rest. Without a neuron,
  /// `front` is everything; if a neuron comes first, `front` returns its input.
  template <typename Input>
  auto front(const Input& input) const {
    return call<0, first_neuron()>(input);
  }
  template <typename Input>
  auto back(const Input& input) const {
    return all_or_nothing<first_neuron(), sizeof...(Layers)>(input);
  }

  /// Whether a layer keeps its states inside (a neuron with init_hidden).
  bool keeps_state() const {
    bool keeps = false;
    for_each_layer([&](std::string_view, const auto& layer) {
      if constexpr (requires { layer.keeps_state(); }) keeps = keeps || layer.keeps_state();
    });
    return keeps;
  }

  /// Whether a layer with states keeps none inside, so that a call without a state starts from zero.
  bool forgets_state() const {
    bool forgets = false;
    for_each_layer([&](std::string_view, const auto& layer) {
      if constexpr (requires { layer.forgets_state(); }) forgets = forgets || layer.forgets_state();
    });
    return forgets;
  }

  /// Layer i, counted from 0, such as net.layer<0>(); valid until the network moves or ends.
  template <std::size_t i>
  auto& layer() {
    static_assert(i < sizeof...(Layers), "spiketape::Sequential: the network has fewer layers");
    return std::get<i>(layers_);
  }
  template <std::size_t i>
  const auto& layer() const {
    static_assert(i < sizeof...(Layers), "spiketape::Sequential: the network has fewer layers");
    return std::get<i>(layers_);
  }

  /// Calls f(path, parameter) for every parameter of every layer.
  template <typename F>
  void for_each_parameter(F&& f) {
    std::string_view path;
    const auto visit = [&](auto own, auto& parameter) { f(detail::joined({path, '.', own}), parameter); };
    for_each_layer(*this, [&](std::string_view layer_path, auto& layer) {
      path = layer_path;
      detail::for_each_parameter(layer, visit);
    });
  }
  /// Calls f(name, layer) for every layer. The name of an unnamed layer is its number.
  template <typename F>
  void for_each_layer(F&& f) {
    for_each_layer(*this, f);
  }
  template <typename F>
  void for_each_layer(F&& f) const {
    for_each_layer(*this, f);
  }

  /// Runs the network on arrays from a state and calls f(name, layer, input, output) for each layer. The
  /// views of its input and output are valid during that call.
  template <typename F>
  void trace(const SequenceView<const Scalar>& input, State<Scalar>& state, F&& f) const {
    const auto parts = state.of_layer(full_name, carried, input.batch);
    run_all(input, parts, &state.memory_for(full_name, input), f);
  }

  /// The reason why a batch cannot be split, if a layer couples its samples, else nullptr.
  const char* couples_samples() const { return detail::coupling_of(*this); }

  Sequential(const Sequential&) = default;
  Sequential(Sequential&&) = default;
  /// Takes the values of another network's layers; layers and parameters keep their names.
  Sequential& operator=(const Sequential& other) {
    if (this != &other) assign(other.layers_, other.names_);
    return *this;
  }
  Sequential& operator=(Sequential&& other) {
    if (this != &other) assign(std::move(other.layers_), std::move(other.names_));
    return *this;
  }
  ~Sequential() = default;

  friend void swap(Sequential& a, Sequential& b) {
    const Sequential kept(a);
    a = b;
    b = kept;
  }

  // For networks: numbers of layers, see Layer, and calls as parts of a larger one, with the states of all
  // layers.

  void set_number(std::uint64_t number) {
    std::uint64_t i = 0;
    for_each_layer(*this, [&](std::string_view, auto& layer) {
      ++i;
      if constexpr (requires { layer.set_number(i); }) layer.set_number(detail::mix_bits(number + i));
    });
  }

  auto run(const Var<Scalar>& input, detail::StateParts<Scalar> parts) const {
    return run_all(input, parts, nullptr);
  }
  auto run(const SequenceView<const Scalar>& input, detail::StateParts<Scalar> parts, Arena& memory) const {
    return run_all(input, parts, &memory);
  }
  template <typename F>
  void for_each_hidden_part(F&& f) const {
    for_hidden([&](const auto& layer) {
      if constexpr (requires { layer.for_each_hidden_part(f); }) layer.for_each_hidden_part(f);
    });
  }

  /// `reset_hidden` resets and `detach_hidden` detaches the hidden states of all layers that have some.
  void reset_hidden() const {
    for_hidden([](const auto& layer) { layer.reset_hidden(); });
  }
  void detach_hidden() const {
    for_hidden([](const auto& layer) { layer.detach_hidden(); });
  }

  /// Calls f(values, var) for every hidden state of every layer; see LIF.
  template <typename F>
  void for_each_hidden(F&& f) const {
    for_hidden([&](const auto& layer) {
      if constexpr (requires { layer.for_each_hidden(f); }) layer.for_each_hidden(f);
    });
  }

 private:
  static std::string full_name() { return detail::type_name<Sequential>(); }

  template <typename Others, typename Names>
  void assign(Others&& layers, Names&& names) {
    layers_ = std::forward<Others>(layers);
    if (!names_[0].empty()) return;
    names_ = std::forward<Names>(names);  // of a network that was moved from
    detail::name_parameters(*this);
  }

  template <std::size_t i>
  using LayerAt = std::tuple_element_t<i, std::tuple<Layers...>>;

  static constexpr std::size_t first_neuron() {
    std::size_t i = 0;
    static_cast<void>(((detail::has_states<Layers>() || (static_cast<void>(++i), false)) || ...));
    return i;
  }

  template <typename... Given>
  explicit Sequential(detail::MakeNetwork, Given&&... given)
      : layers_(detail::without_name<Given>(given)...) {
    std::size_t i = 0;
    (detail::name_layer(names_, i++, detail::own_name(given)), ...);
    detail::name_parameters(*this);
    set_number(0);
  }

  template <typename Self, typename F>
  static void for_each_layer(Self& self, F&& f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (f(std::string_view(self.names_[i]), std::get<i>(self.layers_)), ...);
    }
    (std::make_index_sequence<sizeof...(Layers)>());
  }

  template <typename Input>
  static TapePlace* place_of(const Input& input) {
    if constexpr (std::same_as<Input, Var<Scalar>>)
      return input.valid() ? &input.tape() : nullptr;
    else
      return nullptr;
  }

  /// The same as `call`. If it throws, hidden states are those before it.
  template <std::size_t i, std::size_t end, typename Input>
  auto all_or_nothing(const Input& input) const {
    detail::StateUndo undo([this](auto&& f) { this->for_each_hidden_part(f); });
    detail::PlaceUndo place_undo(place_of(input));
    auto result = call<i, end>(input);
    undo.end();
    place_undo.end();
    return result;
  }

  /// The layers i, …, end − 1.
  template <std::size_t i, std::size_t end, typename Input>
  auto call(const Input& input) const {
    if constexpr (i == end) {
      return input;
    } else if constexpr (i + 1 < end) {
      const auto& layer = std::get<i>(layers_);
      constexpr bool passes_spikes = detail::PassesSpikes<LayerAt<i>, LayerAt<i + 1>, Input>;
      constexpr bool may_not = requires { layer.gives_spikes(); };  // as its options say
      if constexpr (passes_spikes && may_not) {
        if (layer.gives_spikes()) return call<i + 1, end>(layer.spikes(input));
      }
      if constexpr (passes_spikes && !may_not) {
        return call<i + 1, end>(layer.spikes(input));
      } else {
        const auto result = detail::layer_result<Scalar>(layer, input);
        return call<i + 1, end>(detail::passed_on(result));
      }
    } else {
      auto result = detail::layer_result<Scalar>(std::get<i>(layers_), input);
      if constexpr (requires {
                      result.spk;
                      std::get<i>(layers_).output();
                    })
        if (std::get<i>(layers_).init_hidden() && !std::get<i>(layers_).output()) {
          auto spk = std::move(result.spk);
          result = {};
          result.spk = std::move(spk);
        }
      if constexpr (detail::EigenExpression<decltype(result)>)
        return result.eval();  // its operands end with this scope
      else
        return result;
    }
  }

  /// The same as `run_from` the first layer. If it throws, the states in `parts` are those before it.
  template <typename Input, typename Observer = detail::TakesAnything>
  auto run_all(const Input& input, detail::StateParts<Scalar> parts, Arena* memory,
               const Observer& observer = {}) const {
    detail::StateUndo undo([parts](auto&& f) {
      for (auto& part : parts) f(part);
    });
    detail::PlaceUndo place_undo(place_of(input));
    auto result = run_from<0>(input, parts, memory, observer);
    undo.end();
    place_undo.end();
    return result;
  }

  /// Runs the layers from i on with the states in `parts`; on arrays the results lie in `memory`.
  template <std::size_t i, typename Input, typename Observer = detail::TakesAnything>
  auto run_from(const Input& input, detail::StateParts<Scalar> parts, [[maybe_unused]] Arena* memory,
                const Observer& observer = {}) const {
    using L = LayerAt<i>;
    const L& layer = std::get<i>(layers_);
    constexpr bool on_a_tape = std::same_as<Input, Var<Scalar>>;
    constexpr std::size_t own = detail::carried_by<L>();
    const auto result = [&] {
      if constexpr (!detail::RunsWithStates<L> && on_a_tape)
        return layer(input);
      else if constexpr (!detail::RunsWithStates<L>)
        return detail::copied<Scalar>(view_of(detail::layer_result<Scalar>(layer, input)), *memory);
      else if constexpr (on_a_tape)
        return layer.run(input, parts.first(own));
      else
        return layer.run(input, parts.first(own), *memory);
    }();
    observer(std::string_view(names_[i]), layer, input, detail::passed_on(result));
    if constexpr (i + 1 == sizeof...(Layers))
      return result;
    else
      return run_from<i + 1>(detail::passed_on(result), parts.subspan(own), memory, observer);
  }

  template <typename Action>
  void for_hidden(Action action) const {
    const auto apply = [&](const auto& layer) {
      if constexpr (detail::HasHiddenState<std::remove_cvref_t<decltype(layer)>>) action(layer);
    };
    std::apply([&](const auto&... layer) { (apply(layer), ...); }, layers_);
  }

  std::tuple<Layers...> layers_;
  std::array<std::string, sizeof...(Layers)> names_;
};

template <typename... Given>
Sequential(Given&&...) -> Sequential<detail::unnamed<Given>...>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
