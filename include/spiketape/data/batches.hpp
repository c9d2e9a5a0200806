// Mini-batches of labelled images and other data, in their own or in random order.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/data/images.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Some images as currents, and their labels: a view of memory that belongs to Batches. A copy has memory of
/// its own, so it may be kept while others are taken; it allocates.
template <Real Scalar>
class Batch {
  Array<Scalar> own_input_;  // of a copy
  std::vector<int> own_labels_;

 public:
  ArrayMap<const Scalar> input;  ///< (size, features), as currents, that is, scaled.
  std::span<const int> labels;   ///< The class of each row of the input.
  Index first;                   ///< Index of the first row in this pass: 0, batch_size, ...

  /// A view of (size, features) numbers, row by row, and of as many labels.
  Batch(const Scalar* data, Index size, Index features, const int* labels_, Index first_)
      : input(data, size, features, Eigen::OuterStride<>(features)),
        labels(labels_, static_cast<std::size_t>(size)),
        first(first_) {}
  /// Becomes such a view. (An assignment to `input` would write to the memory that it views.)
  void view(const Scalar* data, Index size, Index features, const int* labels_, Index first_) noexcept {
    std::construct_at(&input, data, size, features, Eigen::OuterStride<>(features));
    labels = {labels_, static_cast<std::size_t>(size)};
    first = first_;
  }
  /// A copy has memory of its own.
  Batch(const Batch& other)
      : own_input_(other.input),
        own_labels_(other.labels.begin(), other.labels.end()),
        input(own_input_.data(), own_input_.rows(), own_input_.cols(),
              Eigen::OuterStride<>(own_input_.cols())),
        labels(own_labels_),
        first(other.first) {}
  Batch(Batch&&) noexcept = default;  // memory stays where it is, so views of it stay valid
  /// The same by assignment.
  Batch& operator=(Batch other) noexcept {
    std::destroy_at(this);
    return *std::construct_at(this, std::move(other));
  }
  ~Batch() = default;

  /// The number of images.
  Index size() const { return input.rows(); }
};

namespace detail {

/// What Batches needs of a kind of data: memory for one batch, and how to fill it.
template <Real Scalar, typename Data>
class BatchRoom;

template <Real Scalar>
class BatchRoom<Scalar, Images> {
 public:
  using Batch = spiketape::Batch<Scalar>;

  /// The memory of a batch. Throws std::invalid_argument if the data cannot be batched.
  BatchRoom(const Images& images, Index batch_size) {
    const auto fail = [](const auto&... parts) { fail_argument("spiketape::Batches: ", parts...); };
    if (images.count() == 0 || images.features() == 0)
      fail("images has ", images.count(), " images of ", images.features(),
           " pixels, expected at least 1 of 1");
    if (!std::cmp_equal(images.labels.size(), images.count()))
      fail("images has ", images.labels.size(), " labels for ", images.count(), " images, expected as many");
    if (const auto scale = static_cast<Scalar>(images.scale); !is_finite(scale))
      fail("images has the scale ", images.scale, ", expected a finite one");
    input_.resize(batch_size, images.features());
    labels_.resize(static_cast<std::size_t>(batch_size));
  }

  /// Takes the samples first, …, first + size − 1 of an order; null: the data's own.
  void fill(const Images& images, const Index* order, Index first, Index size) {
    for (Index row = 0; row < size; ++row) {
      const Index image = order ? order[first + row] : first + row;
      const std::uint8_t* pixels = images.pixels.data() + image * images.features();
      Scalar* input = input_.data() + row * images.features();
      for (Index pixel = 0; pixel < images.features(); ++pixel)
        input[pixel] = static_cast<Scalar>(pixels[pixel]) * static_cast<Scalar>(images.scale);
      labels_[static_cast<std::size_t>(row)] = images.labels[static_cast<std::size_t>(image)];
    }
    batch_.view(input_.data(), size, images.features(), labels_.data(), first);
  }
  /// The last that was taken.
  const Batch& batch() const noexcept { return batch_; }

  /// For Checkpoint: what the data must be.
  template <typename Visitor>
  static void checkpoint(const Images& images, Visitor& visitor) {
    visitor.must_be("images", images.count());
    visitor.must_be("features", images.features());
  }

 private:
  Array<Scalar> input_;
  std::vector<int> labels_;
  Batch batch_{nullptr, 0, 0, nullptr, 0};
};

}  // namespace detail

/// Splits images into batches:
///
///     st::Batches<float> batches(images, 128, st::Random(seed));
///     for (const auto& batch : batches.shuffled()) train(batch.input, batch.labels);
///
/// The last batch of a pass is smaller if the batch size does not divide the number of images. The
/// constructor allocates the memory of one batch; a pass allocates nothing. `const auto& batch` is valid
/// until the next one is taken, `const auto batch` is a copy that stays. One pass must end before the next
/// begins, since they share memory. The images must outlive the Batches and must not move or change.
///
/// Other data, sequences, targets, several inputs: `Batches batches(samples, 128, random)`, see data/samples.hpp.
template <Real Scalar, typename Data = Images>
class Batches {
  using Room = detail::BatchRoom<Scalar, Data>;

 public:
  /// The order of images is drawn from `random`, or from a generator split off from it, so that whoever uses
  /// it further draws other numbers. Throws std::invalid_argument if the batch size is below 1, there is no
  /// image or no pixel, the number of labels is not that of images, or the scale is not finite.
  Batches(const Data& data, Index batch_size, Random& random)
      : Batches(data, batch_size, Random(random).split()) {
    static_cast<void>(random.split());  // not before: what throws draws nothing
  }
  Batches(const Data& data, Index batch_size, Random&& random)
      : data_(&data), batch_size_(checked(data, batch_size)), random_(random), room_(data, batch_size_) {
    order_.resize(static_cast<std::size_t>(data.count()));
    std::iota(order_.begin(), order_.end(), Index(0));
  }
  template <typename Generator>
    requires std::same_as<std::remove_cvref_t<Generator>, Random>
  Batches(const Data&&, Index, Generator&&) = delete;  // the data would not live long enough

  /// The number of batches in a pass.
  Index size() const { return detail::parts_of(data_->count(), batch_size_); }

  class Pass;
  /// One pass over all samples in a new random order. The same seed gives the same sequence of orders on every
  /// machine. Allocates nothing.
  [[nodiscard]] Pass shuffled() & { return pass(true); }
  /// One pass over all samples in their own order; draws no random numbers. Allocates nothing.
  [[nodiscard]] Pass in_order() & { return pass(false); }

  /// For Checkpoint: visits the order and place of the pass under way, whose loop has not ended. A batch that
  /// has been taken counts as done. After loading, the next call of the same kind goes on with that pass, behind
  /// the batches that were done; there may be none left.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    check_not_moved_from();
    Room::checkpoint(*data_, visitor);
    visitor.fact("batch_size", batch_size_);
    random_.checkpoint(visitor);
    visitor.permutation("order", order_);
    visitor.number("shuffled", shuffled_);
    Index place = under_way_ > 0 || resumes_ ? place_ : -1;
    if (visitor.number("place", place, -1, data_->count())) {
      place_ = place;
      resumes_ = place >= 0;
    }
  }

 private:
  Pass pass(bool shuffled) {
    check_not_moved_from();
    const bool goes_on = std::exchange(resumes_, false) && shuffled_ == shuffled;
    if (shuffled && !goes_on) random_.shuffle(order_);
    shuffled_ = shuffled;
    return Pass(*this, shuffled ? order_.data() : nullptr, goes_on ? place_ : 0);
  }
  void check_not_moved_from() const {
    if (order_.empty())
      detail::fail_argument("spiketape::Batches: it has been moved from, expected an assignment first");
  }

  static Index checked(const Data& data, Index batch_size) {
    if (batch_size < 1)
      detail::fail_argument("spiketape::Batches: batch_size is ", batch_size, ", expected at least 1");
    return std::min(batch_size, data.count());
  }

  const Data* data_;
  Index batch_size_;
  Random random_;
  std::vector<Index> order_;
  Room room_;
  int under_way_ = 0;      // iterators of a pass
  Index place_ = 0;        // the first image behind the batches that it has taken
  bool shuffled_ = false;  // its kind
  bool resumes_ = false;   // the next pass goes on there
};

/// A pass, from shuffled() or in_order(): a range of batches to iterate over once.
template <Real Scalar, typename Data>
class Batches<Scalar, Data>::Pass {
 public:
  class Iterator;

  /// Each batch once, in the order of the pass.
  Iterator begin() const { return Iterator(*batches_, order_, first_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend Batches;
  Pass(Batches& batches, const Index* order, Index first)
      : batches_(&batches), order_(order), first_(first) {}

  Batches* batches_;
  const Index* order_;  // null: the images' own
  Index first_;
};

/// An input iterator; each step fills the memory of the batch.
template <Real Scalar, typename Data>
class Batches<Scalar, Data>::Pass::Iterator {
 public:
  using value_type = typename Room::Batch;
  using difference_type = std::ptrdiff_t;

  const value_type& operator*() const { return batches_->room_.batch(); }
  Iterator& operator++() {
    first_ += size_;
    fill();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) { return iterator.size_ == 0; }

 private:
  friend Pass;
  Iterator(Batches& batches, const Index* order, Index first)
      : pass_(batches), batches_(&batches), order_(order), first_(first) {
    fill();
  }

  void fill() {
    const Data& data = *batches_->data_;
    size_ = std::min(batches_->batch_size_, data.count() - first_);
    batches_->place_ = first_ + size_;
    batches_->room_.fill(data, order_, first_, size_);
  }

  /// Tells the batches that a pass is under way.
  struct UnderWay {
    explicit UnderWay(Batches& batches) : of(batches) { ++of.under_way_; }
    UnderWay(const UnderWay& other) : UnderWay(other.of) {}
    UnderWay& operator=(const UnderWay&) { return *this; }
    ~UnderWay() { --of.under_way_; }
    Batches& of;
  };

  UnderWay pass_;
  Batches* batches_;
  const Index* order_;
  Index first_;
  Index size_ = 0;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
