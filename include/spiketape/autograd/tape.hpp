// The tape: remembers what was computed, and walks back through it.
#pragma once

#include <spiketape/autograd/adjoint.hpp>
#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/autograd/var.hpp>
#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/product.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape {

/// What can be recorded: a value without destructor that knows how to pass adjoints from its outputs
/// back to its inputs.
template <typename Op, typename Scalar>
concept Recordable = std::is_trivially_destructible_v<Op> && std::is_copy_constructible_v<Op> &&
    requires(const Op op, Tape<Scalar>& tape) {
  op.backward(tape);
};

/// Records operations on arrays and runs their derivatives in reverse (reverse-mode automatic
/// differentiation). One record stands for a whole matrix operation; its backward is a template
/// instance, so there is one indirect call for each operation and none for an element.
///
///     st::Tape<float> tape;
///     for (...) {
///       tape.reset();                                    // forget, keep the memory
///       auto [spk, mem] = net(tape.constant(images, 25));
///       auto loss = st::cross_entropy(mem, labels);
///       tape.backward(loss);
///       optimizer.step(tape.gradients());
///     }
///
/// Explicit: there is no global or thread-local tape. One for each thread; neither copied nor moved,
/// since handles point at it. Values, adjoints and records lie in an arena: from the second iteration
/// of the same shapes on, nothing is allocated. Until it is reset, a tape keeps the parameters and policies
/// alive that its records read, so a layer may be moved or destroyed before backward. Do not change the
/// values of parameters between a forward pass and its backward pass.
template <Real Scalar>
class Tape {
 public:
  Tape() : gradients_(&own_gradients_) {}
  /// A tape that adds the gradients of parameters into sums of the caller's, which must outlive it.
  explicit Tape(GradientSums<Scalar>& gradients) : gradients_(&gradients) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape() { reset(); }

  /// A value that is not differentiated, copied from a step or a sequence.
  Var<Scalar> constant(SequenceView<const Scalar> value) { return copy(value, false); }
  /// The same step, `steps` times over, stored once: layers multiply it once.
  Var<Scalar> constant(SequenceView<const Scalar> step, Index steps) {
    return copy(detail::repeated(step, steps, "Tape::constant"), false);
  }
  /// A value the loss is differentiated by, copied from a step or a sequence; see Var::adjoint.
  Var<Scalar> variable(SequenceView<const Scalar> value) { return copy(value, true); }
  Var<Scalar> variable(SequenceView<const Scalar> step, Index steps) {
    return copy(detail::repeated(step, steps, "Tape::variable"), true);
  }

  /// A value that lies in memory of the caller's, and an adjoint that is written there by backward
  /// (overwritten, not added to): the way to differentiate a part of a larger computation. Both must
  /// outlive the backward pass and have rows padded to whole cache lines, as values on tapes have.
  Var<Scalar> leaf(SequenceView<Scalar> value, SequenceView<Scalar> adjoint) {
    if (adjoint.shape() != value.shape() || adjoint.constant != value.constant)
      detail::fail_argument("spiketape::Tape::leaf: adjoint has shape ", adjoint.shape(), ", value has ",
                            value.shape());
    const Index width = detail::whole_lines<Scalar>(value.features);
    if (value.stride < width || adjoint.stride < width)
      detail::fail_argument("spiketape::Tape::leaf: rows have a stride of ",
                            std::min(value.stride, adjoint.stride), ", expected at least ", width,
                            " (whole cache lines); copy with Tape::variable instead");
    Var<Scalar> var = add_node(value, true);
    var.node_->adjoint = adjoint;
    foreign_ = prepend(foreign_, var.node_);
    return var;
  }

  /// Forgets everything recorded and keeps the memory. Handles made before become invalid, and what was kept
  /// alive for records is let go.
  void reset() {
    owners_.clear();
    for (; kept_ != nullptr; kept_ = kept_->previous) kept_->destroy(kept_->object);
    arena_.rewind();
    last_ = nullptr;
    foreign_ = nullptr;
    swept_ = false;
    ++round_;
    recording_.renew();
  }

  /// The derivative of `loss`, a single number, by every variable and parameter it came from: adjoints
  /// of variables are read with Var::adjoint, those of parameters are added into gradients(). Once for
  /// each recording: a second call throws until the tape is reset. If memory runs out on the way
  /// (std::bad_alloc), some gradients are there and some are not: clear them.
  void backward(const Var<Scalar>& loss) {
    check_mine(loss, "Tape::backward");
    if (loss.shape() != Shape{1, 1, 1})
      detail::fail_argument("spiketape::Tape::backward: loss has shape ", loss.shape(),
                            ", expected (1, 1, 1)");
    if (!loss.differentiable())
      detail::fail_argument("spiketape::Tape::backward: loss depends on no variable and no parameter");
    check_not_swept("backward");
    touch(loss).add(1, [](Index) { return Array<Scalar>::Ones(1, 1); });
    backward();
  }

  /// The same from adjoints that are already there: see open_adjoint.
  void backward() {
    check_not_swept("backward");
    swept_ = true;
    for (const Record* record = last_; record != nullptr; record = record->previous)
      record->run(record->op, *this);
    for (const Foreign* leaf = foreign_; leaf != nullptr; leaf = leaf->previous)
      if (!leaf->node->touched) clear_adjoint(*leaf->node);
  }

  /// The adjoint of a value, to be filled before backward(): zero at first.
  SequenceView<Scalar> open_adjoint(const Var<Scalar>& var) {
    check_mine(var, "Tape::open_adjoint");
    if (!var.differentiable())
      detail::fail_argument(
          "spiketape::Tape::open_adjoint: the value is a constant, expected a differentiable one");
    if (!var.node_->touched) {
      provide_adjoint(*var.node_);
      clear_adjoint(*var.node_);
    }
    return var.node_->adjoint;
  }

  /// The sums of the parameters' gradients.
  GradientSums<Scalar>& gradients() { return *gradients_; }
  const GradientSums<Scalar>& gradients() const { return *gradients_; }

  /// Where the samples of this tape begin in the whole batch, for random surrogates: so a batch that is split
  /// over tapes draws what it draws in one piece. 0 unless set; a reset keeps it.
  Index first_sample() const { return first_sample_; }
  void set_first_sample(Index first_sample) { first_sample_ = first_sample; }

  /// The same for steps: the number of the first step of this tape in the whole sequence.
  Index first_step() const { return first_step_; }
  void set_first_step(Index first_step) { first_step_ = first_step; }
  /// What random numbers of layers depend on, beside sample, step and feature: a seed, 0 unless set, and the
  /// round of training. Each reset begins the next round; who runs parts of one round on several recordings
  /// sets it.
  std::uint64_t seed() const { return seed_; }
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::uint64_t round() const { return round_; }
  void set_round(std::uint64_t round) { round_ = round; }

  /// Whether layers that do something else in training, such as dropout, train (the default) or evaluate.
  bool training() const { return training_; }
  void set_training(bool training) { training_ = training; }

  /// Threads that large products on this tape are split over (OpenMP): 1 unless set, at least 1. The results
  /// are the same to the bit.
  int threads() const { return workspace_.threads(); }
  void set_threads(int threads) {
    if (threads < 1)
      detail::fail_argument("spiketape::Tape::set_threads: threads is ", threads, ", expected at least 1");
    workspace_.set_threads(threads);
  }

  /// Bytes held for values, adjoints and records.
  std::size_t capacity() const { return arena_.capacity(); }

  // The door for operations, the library's and yours: make room for the result, compute it, record
  // how to go back.

  /// Room for a result, its padding zero, the rest not initialised.
  Var<Scalar> result(const Shape& shape, bool differentiable, bool constant = false) {
    check_not_swept("result");
    return add_node(room(shape, constant), differentiable);
  }
  /// The same for operations that write whole lines of every row: nothing is initialised.
  Var<Scalar> bare_result(const Shape& shape, bool differentiable, bool constant = false) {
    check_not_swept("result");
    return add_node(bare_room(shape, constant), differentiable);
  }
  /// A result that is kept as rows of bits; its numbers are written out when somebody asks for its value.
  Var<Scalar> result(const Shape& shape, bool differentiable, const detail::BitRows<Scalar>& bits) {
    check_not_swept("result");
    SequenceView<Scalar> value;
    value.steps = shape.steps;
    value.batch = shape.batch;
    value.features = shape.features;
    const Var<Scalar> var = add_node(value, differentiable);
    set_bits(var, bits);
    return var;
  }
  /// The same beside numbers that are written at once.
  void set_bits(const Var<Scalar>& var, const detail::BitRows<Scalar>& bits) {
    var.node_->bits = new (arena_.allocate(sizeof(bits))) detail::BitRows<Scalar>(bits);
  }
  /// The bits of such a result, else nullptr: for operations that need no numbers.
  const detail::BitRows<Scalar>* bits(const Var<Scalar>& var) const {
    check_mine(var, "Tape::bits");
    return var.node_->bits;
  }
  /// Writable view of a result, for the operation that made it.
  SequenceView<Scalar> writable(const Var<Scalar>& var) {
    check_mine(var, "Tape::writable");
    return var.node_->value;
  }

  /// Remembers an operation: `op.backward(tape)` will be called in reverse order of recording.
  template <typename Op>
  requires Recordable<Op, Scalar>
  void record(const Op& op) {
    check_not_swept("record");
    void* place = arena_.allocate(sizeof(Op));
    new (place) Op(op);
    auto* record = static_cast<Record*>(arena_.allocate(sizeof(Record)));
    new (record)
        Record{[](const void* recorded, Tape& tape) { static_cast<const Op*>(recorded)->backward(tape); },
               place, last_};
    last_ = record;
  }

  /// Keeps an object alive until the next reset: what a record reads, such as the memory of a parameter.
  void own(std::shared_ptr<const void> object) { owners_.push_back(std::move(object)); }
  /// A copy of an object in the tape's memory, destroyed at the next reset.
  template <typename T>
  const T& keep(T object) {
    void* place = arena_.allocate(sizeof(T));
    void* link = arena_.allocate(sizeof(Kept));
    const T* kept = new (place) T(std::move(object));
    kept_ = new (link) Kept{[](const void* gone) { static_cast<const T*>(gone)->~T(); }, kept, kept_};
    return *kept;
  }

  /// Inside backward: the adjoint of an input, to be added to.
  Adjoint<Scalar> touch(const Var<Scalar>& var) {
    detail::Node<Scalar>& node = *var.node_;
    const bool first = !node.touched;
    if (first) provide_adjoint(node);
    node.touched = true;
    return {node.adjoint, first};
  }

  /// Where values, adjoints and records lie until the next reset.
  Arena& arena() { return arena_; }
  /// Memory from there, 64-byte-aligned, not initialised.
  template <typename T>
  T* allocate(Index count) {
    return arena_.allocate<T>(count);
  }
  /// Room for a sequence with padded rows until the next reset: its padding is zero, the rest is not
  /// initialised.
  SequenceView<Scalar> room(const Shape& shape, bool constant = false) {
    const SequenceView<Scalar> view = bare_room(shape, constant);
    for (Index row = 0; row < view.rows() && shape.features < view.stride; ++row)
      std::fill_n(view.data + row * view.stride + shape.features, view.stride - shape.features, Scalar(0));
    return view;
  }
  /// The same, of which nothing is initialised.
  SequenceView<Scalar> bare_room(const Shape& shape, bool constant = false) {
    const Index stride = detail::padded<Scalar>(shape.features);
    const Index rows = constant ? shape.batch : shape.steps * shape.batch;
    return {allocate<Scalar>(rows * stride), shape, stride, constant};
  }
  /// Where matrix products pack their operands.
  detail::Workspace<Scalar>& workspace() { return workspace_; }

  /// Throws unless the value is on this tape and valid, in the name of a function or layer of spiketape.
  void check_mine(const Var<Scalar>& var, const char* function) const {
    if (&var.tape() != this)
      detail::fail_argument("spiketape::", function, ": the value belongs to another tape");
  }

 private:
  friend class Var<Scalar>;

  struct Record {
    void (*run)(const void* op, Tape& tape);
    const void* op;
    const Record* previous;
  };
  struct Foreign {
    detail::Node<Scalar>* node;
    const Foreign* previous;
  };

  struct Kept {
    void (*destroy)(const void* object);
    const void* object;
    Kept* previous;
  };

  Var<Scalar> add_node(const SequenceView<Scalar>& value, bool differentiable) {
    auto* node = new (arena_.allocate(sizeof(detail::Node<Scalar>)))
        detail::Node<Scalar>{value, SequenceView<Scalar>(), differentiable, false};
    return Var<Scalar>(*this, *node, recording_);
  }

  Var<Scalar> copy(const SequenceView<const Scalar>& value, bool differentiable) {
    Var<Scalar> var = result(value.shape(), differentiable, value.constant);
    writable(var).assign(value);
    return var;
  }

  void write_out(detail::Node<Scalar>& node) {
    node.value = bare_room(node.value.shape());
    for (Index row = 0; row < node.value.rows(); ++row)
      node.bits->write(row, node.value.data + row * node.value.stride);
  }

  void provide_adjoint(detail::Node<Scalar>& node) {
    if (node.adjoint.empty()) node.adjoint = room(node.value.shape(), node.value.constant);
    node.touched = true;
  }
  static void clear_adjoint(detail::Node<Scalar>& node) {
    node.adjoint.clear();
    node.touched = true;
  }

  const Foreign* prepend(const Foreign* list, detail::Node<Scalar>* node) {
    return new (arena_.allocate(sizeof(Foreign))) Foreign{node, list};
  }

  void check_not_swept(const char* function) const {
    if (swept_)
      detail::fail_argument("spiketape::Tape::", function,
                            ": backward has been run on this recording, expected a reset before going on");
  }

  Arena arena_;
  GradientSums<Scalar> own_gradients_;
  GradientSums<Scalar>* gradients_;
  detail::Workspace<Scalar> workspace_;
  const Record* last_ = nullptr;
  const Foreign* foreign_ = nullptr;
  bool swept_ = false;
  bool training_ = true;
  Index first_sample_ = 0;
  Index first_step_ = 0;
  std::uint64_t seed_ = 0;
  std::uint64_t round_ = 0;
  detail::Generation recording_;
  std::vector<std::shared_ptr<const void>> owners_;
  Kept* kept_ = nullptr;
};

template <Real Scalar>
SequenceView<const Scalar> Var<Scalar>::value() const {
  detail::Node<Scalar>& written = node("value");
  if (written.value.empty() && written.bits != nullptr) tape_->write_out(written);
  return written.value;
}

}  // namespace spiketape
