// The tape: records operations and runs them backward.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/adjoint.hpp>
#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/autograd/recording.hpp>
#include <spiketape/autograd/tape_place.hpp>
#include <spiketape/autograd/var.hpp>
#include <spiketape/core/arena.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/random_key.hpp>
#include <spiketape/kernels/product.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// What can be recorded: a value with a trivial destructor, whose `backward` passes adjoints from its outputs
/// to its inputs.
template <typename Op, typename Scalar>
concept Recordable = std::is_trivially_destructible_v<Op> && std::is_copy_constructible_v<Op> &&
    requires(const Op op, Tape<Scalar>& tape) {
  op.backward(tape);
};

/// Records operations on arrays and runs their derivatives in reverse (reverse-mode automatic
/// differentiation). One record stands for a whole matrix operation; its backward is a template instance, so
/// each operation costs one indirect call and each element none.
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
/// There is no global or thread-local tape; use one for each thread. A tape is neither copied nor moved,
/// since handles point to it. Values, adjoints and records lie in an arena: from the second iteration of the
/// same shapes on, nothing is allocated. Until it is reset, a tape keeps the parameters and policies alive
/// that its records read, so a layer may be moved or destroyed before backward. Do not change the values of
/// parameters between a forward pass and its backward pass.
template <Real Scalar>
class Tape : public TapePlace {
 public:
  Tape() : gradients_(&own_gradients_) {}
  /// A tape that adds the gradients of parameters to the caller's sums, which must outlive it.
  explicit Tape(GradientSums<Scalar>& gradients) : gradients_(&gradients) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape() { reset(); }

  /// A value that is not differentiated, copied from a step or a sequence.
  [[nodiscard]] Var<Scalar> constant(SequenceView<const Scalar> value) { return copy(value, false); }
  /// The same step, `steps` times, stored once; layers multiply it once.
  [[nodiscard]] Var<Scalar> constant(SequenceView<const Scalar> step, Index steps) {
    return copy(detail::repeated(step, steps, "Tape::constant"), false);
  }
  /// A value that the loss is differentiated by, copied from a step or a sequence; see Var::adjoint.
  [[nodiscard]] Var<Scalar> variable(SequenceView<const Scalar> value) { return copy(value, true); }
  [[nodiscard]] Var<Scalar> variable(SequenceView<const Scalar> step, Index steps) {
    return copy(detail::repeated(step, steps, "Tape::variable"), true);
  }

  /// Say what is wrong with numbers of another type.
  template <detail::OfAnotherScalar<Scalar> Other, typename... Steps>
  auto constant(const Other&, const Steps&...) {
    return detail::refuse_scalar<Other, Scalar>();
  }
  template <detail::OfAnotherScalar<Scalar> Other, typename... Steps>
  auto variable(const Other&, const Steps&...) {
    return detail::refuse_scalar<Other, Scalar>();
  }

  /// A value in the caller's memory and an adjoint that backward overwrites there: for differentiating a part
  /// of a larger computation. Both must outlive the backward pass. Operations may read the padding of both
  /// and overwrite that of the adjoint. Throws std::invalid_argument unless they have the same shape and rows
  /// padded to whole cache lines, like values on tapes, and if they share a number.
  [[nodiscard]] Var<Scalar> leaf(SequenceView<Scalar> value, SequenceView<Scalar> adjoint) {
    detail::check_leaf(value, adjoint);
    Var<Scalar> var = add_node(value, true);
    var.node_->adjoint = adjoint;
    foreign_ = prepend(foreign_, var.node_);
    return var;
  }

  /// Forgets all records and keeps the memory. Invalidates existing handles and releases the objects kept for
  /// records.
  SPIKETAPE_NOINLINE void reset() {
    kept_.release();
    arena_.rewind();
    last_ = nullptr;
    foreign_ = nullptr;
    swept_ = false;
    start_round();
    recording_.renew();
  }

  /// Computes the derivative of `loss`, a single number, by every variable and parameter it depends on. Read
  /// adjoints of variables with Var::adjoint; those of parameters are added to gradients(). Throws
  /// std::invalid_argument for any other loss, and for a second call before a reset. If memory runs out
  /// (std::bad_alloc), some gradients are complete and some are not: clear them.
  SPIKETAPE_NOINLINE void backward(const Var<Scalar>& loss) {
    check_mine(loss, "Tape::backward");
    if (loss.shape() != Shape{1, 1, 1})
      detail::fail_argument("spiketape::Tape::backward: loss has shape ", loss.shape(),
                            ", expected (1, 1, 1)");
    if (!loss.differentiable())
      detail::fail_argument("spiketape::Tape::backward: loss depends on no variable and no parameter");
    check_not_swept("backward");
    *open_adjoint(loss).data += 1;
    backward();
  }

  /// The same from adjoints that were set with open_adjoint. Throws std::invalid_argument for a second call
  /// before a reset.
  SPIKETAPE_NOINLINE void backward() {
    check_not_swept("backward");
    swept_ = true;
    const FlushDenormals flush;
    for (const Record* record = last_; record != nullptr; record = record->previous)
      record->run(record->op, *this);
    for (const Foreign* leaf = foreign_; leaf != nullptr; leaf = leaf->previous)
      if (!leaf->node->touched) clear_adjoint(*leaf->node);
  }

  /// The adjoint of a value, to be set before backward(); zero at first. Throws std::invalid_argument for a
  /// constant.
  [[nodiscard]] SPIKETAPE_NOINLINE SequenceView<Scalar> open_adjoint(const Var<Scalar>& var) {
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
  GradientSums<Scalar>& gradients() noexcept { return *gradients_; }
  const GradientSums<Scalar>& gradients() const noexcept { return *gradients_; }

  /// The key for the random numbers of a layer's call of `steps` steps. Calls of one layer (the object at the
  /// address `layer`) on one recording follow each other in time, so a loop of steps draws the numbers of a
  /// sequence. `number` is the layer's number in its network.
  [[nodiscard]] RandomKey key(const void* layer, std::uint64_t number, Index steps) {
    return TapePlace::key(layer, number, steps, arena_);
  }

  /// Whether layers such as dropout, which behave differently in training, train (the default) or evaluate.
  bool training() const noexcept { return training_; }
  void set_training(bool training) { training_ = training; }

  /// The largest number of threads for large products on this tape (OpenMP): 1 unless set. No more start than
  /// have something to do. The results do not depend on it, to the bit. Throws std::invalid_argument below 1.
  int threads() const noexcept { return workspace_.threads(); }
  void set_threads(int threads) {
    if (threads < 1)
      detail::fail_argument("spiketape::Tape::set_threads: threads is ", threads, ", expected at least 1");
    workspace_.set_threads(threads);
  }

  /// Bytes held for values, adjoints and records.
  std::size_t capacity() const { return arena_.capacity(); }

  // For operations, the library's and yours: allocate the result, compute it, record how to go back. After
  // backward, results and records throw std::invalid_argument until a reset.

  /// Memory for a result: its padding is zero, the rest is not initialised.
  [[nodiscard]] SPIKETAPE_NOINLINE Var<Scalar> result(const Shape& shape, bool differentiable,
                                                      bool constant = false) {
    check_not_swept("result");
    return add_node(room(shape, constant), differentiable);
  }
  /// The same for operations that write whole lines of every row: nothing is initialised.
  [[nodiscard]] SPIKETAPE_NOINLINE Var<Scalar> bare_result(const Shape& shape, bool differentiable,
                                                           bool constant = false) {
    check_not_swept("result");
    return add_node(bare_room(shape, constant), differentiable);
  }
  /// A result stored as rows of bits; its numbers are written when its value is first read.
  [[nodiscard]] SPIKETAPE_NOINLINE Var<Scalar> result(const Shape& shape, bool differentiable,
                                                      const detail::BitRows<Scalar>& bits) {
    check_not_swept("result");
    check_shape(shape);
    SequenceView<Scalar> value;
    value.steps = shape.steps;
    value.batch = shape.batch;
    value.features = shape.features;
    const Var<Scalar> var = add_node(value, differentiable);
    set_bits(var, bits);
    var.node_->as_bits.store(true, std::memory_order_relaxed);
    return var;
  }
  /// Adds bits to a result whose numbers are written, too.
  void set_bits(const Var<Scalar>& var, const detail::BitRows<Scalar>& bits) {
    var.node_->bits = new (arena_.allocate(sizeof(bits))) detail::BitRows<Scalar>(bits);
  }
  /// The bits of such a result, else nullptr; for operations that need no numbers.
  const detail::BitRows<Scalar>* bits(const Var<Scalar>& var) const {
    check_mine(var, "Tape::bits");
    return var.node_->bits;
  }
  /// A writable view of a result, for the operation that made it. Without data if the result has bits only.
  SequenceView<Scalar> writable(const Var<Scalar>& var) {
    check_mine(var, "Tape::writable");
    return var.node_->value;
  }

  /// Records a copy of an operation: backward calls `op.backward(tape)` in reverse order of recording.
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

  /// Keeps an object alive until the next reset, such as the memory of a parameter that a record reads.
  SPIKETAPE_NOINLINE void own(std::shared_ptr<const void> object) { keep(std::move(object)); }
  /// Moves an object into the tape's memory; the next reset destroys it.
  template <typename T>
  const T& keep(T object) {
    return kept_.keep(std::move(object), arena_);
  }

  /// Inside backward: the adjoint of an input. The caller must write it; see Adjoint::first.
  [[nodiscard]] SPIKETAPE_NOINLINE Adjoint<Scalar> touch(const Var<Scalar>& var) {
    detail::Node<Scalar>& node = *var.node_;
    const bool first = !node.touched;
    if (first) provide_adjoint(node);
#ifndef NDEBUG
    // A backward that adds without asking whether it is the first gets NaN, not what happens to lie there.
    if (first) node.adjoint.fill(std::numeric_limits<Scalar>::quiet_NaN());
#endif
    node.touched = true;
    return {node.adjoint, first};
  }

  /// The arena of values, adjoints and records, rewound at reset.
  Arena& arena() noexcept { return arena_; }
  /// Memory from the arena, 64-byte-aligned, not initialised.
  template <typename T>
  T* allocate(Index count) {
    return arena_.allocate<T>(count);
  }
  /// Memory for a sequence with padded rows until the next reset. Its padding is zero, the rest is not
  /// initialised. Throws std::invalid_argument for a shape with a negative extent or more numbers than memory
  /// has addresses.
  SPIKETAPE_NOINLINE SequenceView<Scalar> room(const Shape& shape, bool constant = false) {
    const SequenceView<Scalar> view = bare_room(shape, constant);
    for (Index row = 0; row < view.rows() && shape.features < view.stride; ++row)
      std::fill_n(view.data + row * view.stride + shape.features, view.stride - shape.features, Scalar(0));
    return view;
  }
  /// The same without any initialisation.
  SPIKETAPE_NOINLINE SequenceView<Scalar> bare_room(const Shape& shape, bool constant = false) {
    check_shape(shape);
    const Index stride = detail::padded<Scalar>(shape.features);
    const Index rows = constant ? shape.batch : shape.steps * shape.batch;
    return {allocate<Scalar>(rows * stride), shape, stride, constant};
  }
  /// Packing space of matrix products.
  detail::Workspace<Scalar>& workspace() { return workspace_; }

  /// Throws std::invalid_argument unless the value is valid and on this tape; `function` names the caller.
  SPIKETAPE_NOINLINE void check_mine(const Var<Scalar>& var, const char* function) const {
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

  SPIKETAPE_NOINLINE Var<Scalar> add_node(const SequenceView<Scalar>& value, bool differentiable) {
    auto* node = new (arena_.allocate(sizeof(detail::Node<Scalar>)))
        detail::Node<Scalar>{value, SequenceView<Scalar>(), differentiable, false};
    return Var<Scalar>(*this, *node, recording_);
  }

  SPIKETAPE_NOINLINE Var<Scalar> copy(const SequenceView<const Scalar>& value, bool differentiable) {
    Var<Scalar> var = result(value.shape(), differentiable, value.constant);
    writable(var).assign(value);
    return var;
  }

  void write_out(detail::Node<Scalar>& node) {
    const std::lock_guard<std::mutex> lock(writing_out_);
    if (!node.as_bits.load(std::memory_order_relaxed)) return;  // another thread was faster
    const SequenceView<Scalar> numbers = bare_room(node.value.shape());
    for (Index row = 0; row < numbers.rows(); ++row)
      node.bits->write(row, numbers.data + row * numbers.stride);
    node.value.data = numbers.data;  // others may be reading the shape
    node.value.stride = numbers.stride;
    node.as_bits.store(false, std::memory_order_release);
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

  static void check_shape(const Shape& shape) {
    if (const char* expected = detail::shape_fault(shape))
      detail::fail_argument("spiketape::Tape: a value has shape ", shape, ", expected ", expected);
  }
  SPIKETAPE_NOINLINE void check_not_swept(const char* function) const {
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
  std::mutex writing_out_;
  detail::Generation recording_;
  detail::KeptObjects kept_;
};

template <Real Scalar>
SequenceView<const Scalar> Var<Scalar>::value() const {
  detail::Node<Scalar>& written = node("value");
  if (written.as_bits.load(std::memory_order_acquire)) tape_->write_out(written);
  return written.value;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
