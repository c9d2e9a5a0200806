// Mini-batches of labelled images and other data, in their own or in random order.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/labels.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/data/images.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
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
  /// The memory stays where it is, so views of it stay valid. What was moved from is empty.
  Batch(Batch&& other) noexcept
      : own_input_(std::move(other.own_input_)),
        own_labels_(std::move(other.own_labels_)),
        input(other.input),
        labels(other.labels),
        first(other.first) {
    other.view(nullptr, 0, 0, nullptr, 0);
  }
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
    check_labels("Batches", "images", images.labels);
    if ((images.height != 0 || images.width != 0) &&
        (images.height < 1 || images.features() % images.height != 0 ||
         images.features() / images.height != images.width))
      fail("images has ", images.features(), " pixels of ", images.height, " x ", images.width,
           ", expected their product");
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

/// Images that were given without saying what numbers their currents are.
struct ImagesWithoutScalar {};
template <Real Scalar>
class BatchRoom<Scalar, ImagesWithoutScalar> {
  static_assert(!Real<Scalar>,
                "spiketape::Batches: Scalar cannot be deduced from images: write Batches<float>");

 public:
  using Batch = spiketape::Batch<Scalar>;
};

}  // namespace detail

/// Splits images into batches:
///
///     st::Batches<float> batches(images, 128, st::Random(seed));
///     for (const auto& batch : batches.shuffled()) train(batch.input, batch.labels);
///
/// The last batch of a pass is smaller if the batch size does not divide the number of images. The
/// constructor allocates the memory of one batch; a pass allocates nothing. `const auto& batch` is valid
/// until the next one is taken, `const auto batch` is a copy that stays. One pass must end, or its loop be
/// left, before the next begins, since they share memory; else this throws std::invalid_argument. The images
/// must outlive the Batches and must not move or change.
///
/// Other data, sequences, targets, several inputs: `Batches batches(samples, 128, random)`, see
/// data/samples.hpp.
template <Real Scalar, typename Data = Images>
class Batches {
  using Room = detail::BatchRoom<Scalar, Data>;

 public:
  /// The order of images is drawn from `random`, or from a generator split off from it, so that whoever uses
  /// it further draws other numbers. Throws std::invalid_argument if the batch size is below 1, there is no
  /// image or no pixel, there are not as many labels as images or one is below 0, the pixels are not height
  /// times width (unless both are 0), or the scale is not finite.
  Batches(const Data& data, Index batch_size, Random& random)
      : Batches(data, batch_size, Random(random).split()) {
    static_cast<void>(random.split());  // not before: what throws draws nothing
  }
  Batches(const Data& data, Index batch_size, Random&& random)
      : data_(&data), batch_size_(checked(data, batch_size)), random_(random), room_(data, batch_size_) {
    order_.resize(static_cast<std::size_t>(data.count()));
    std::iota(order_.begin(), order_.end(), Index(0));
  }
  /// Does not compile, and the compiler says why: data of another type.
  template <typename Other, typename Generator>
    requires(!std::same_as<Other, Data> && std::same_as<std::remove_cvref_t<Generator>, Random>)
  Batches(const Other& other, Index batch_size, Generator&& random)
      : Batches(refused(&other), batch_size, std::forward<Generator>(random)) {}
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

  /// The next pass in random order goes on with the last one, behind so many of its batches: for a loop that
  /// was left before its end; 0: it begins again, in the same order. There may be none left. Throws
  /// std::invalid_argument for a number that is not 0 to size().
  void resume(Index batches) {
    check_not_moved_from();
    if (batches < 0 || batches > size())
      detail::fail_argument("spiketape::Batches::resume: batches is ", batches, ", expected 0 to ", size());
    places_[true] = {.next = std::min(batches * batch_size_, data_->count()), .resumes = true};
  }

  /// Behind how many batches the next pass in random order goes on; 0: from the beginning.
  Index resumed() const noexcept {
    return places_[true].resumes ? detail::parts_of(places_[true].next, batch_size_) : 0;
  }

  /// For Checkpoint: visits the order and place of the pass under way, whose loop has not ended, or that the
  /// next one resumes; of both kinds that in random order. A batch that has been taken counts as done. After
  /// loading, the next call of the same kind goes on with that pass, behind the batches that were done; there
  /// may be none left.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    check_not_moved_from();
    Room::checkpoint(*data_, visitor);
    visitor.fact("batch_size", batch_size_);
    random_.checkpoint(visitor);
    visitor.permutation("order", order_);
    bool shuffled = places_[true].pending() || !places_[false].pending();
    visitor.number("shuffled", shuffled);
    Index next = places_[shuffled].pending() ? places_[shuffled].next : -1;
    if (!visitor.number("place", next, -1, data_->count())) return;
    places_ = {};
    if (next >= 0) places_[shuffled] = {.next = next, .resumes = true};
  }

 private:
  template <typename Other>
  static const Data& refused(const Other*) {
    static_assert(std::same_as<Other, Data>,
                  "spiketape::Batches: the data are of another type than these Batches, which are of images "
                  "unless it is deduced: write Batches batches(samples, 64, random)");
    std::terminate();
  }
  Pass pass(bool shuffled) {
    check_not_moved_from();
    check_no_pass();  // before it draws
    Place& place = places_[shuffled];
    const bool goes_on = std::exchange(place.resumes, false);
    if (shuffled && !goes_on) random_.shuffle(order_);
    return Pass(*this, shuffled, goes_on ? place.next : 0);
  }
  void check_no_pass() const {
    if (places_[0].under_way.count + places_[1].under_way.count > 0)
      detail::fail_argument(
          "spiketape::Batches: a pass is under way, expected its end before the next one, since they share "
          "memory");
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

  /// Iterators that are not at their end. They know the Batches by address: copies have none.
  struct UnderWay {
    int count = 0;

    UnderWay() = default;
    UnderWay(const UnderWay&) noexcept {}
    UnderWay& operator=(const UnderWay&) noexcept { return *this; }
    ~UnderWay() = default;
  };
  /// Of passes of one kind.
  struct Place {
    Index next = 0;        // the first image behind the batches that were taken
    bool resumes = false;  // the next pass goes on there
    UnderWay under_way = {};

    bool pending() const { return resumes || under_way.count > 0; }
  };

  const Data* data_;
  Index batch_size_;
  Random random_;
  std::vector<Index> order_;
  Room room_;
  std::array<Place, 2> places_;  // in their own order, and in random order
};

/// A pass, from shuffled() or in_order(): a range of batches to iterate over once.
template <Real Scalar, typename Data>
class Batches<Scalar, Data>::Pass {
 public:
  class Iterator;

  /// Each batch once, in the order of the pass.
  Iterator begin() const { return Iterator(*batches_, shuffled_, first_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend Batches;
  Pass(Batches& batches, bool shuffled, Index first)
      : batches_(&batches), shuffled_(shuffled), first_(first) {}

  Batches* batches_;
  bool shuffled_;
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
  Iterator(Batches& batches, bool shuffled, Index first)
      : batches_(&batches), shuffled_(shuffled), first_(first) {
    batches.check_no_pass();
    fill();
  }

  void fill() {
    batches_->check_not_moved_from();
    const Data& data = *batches_->data_;
    Place& place = batches_->places_[shuffled_];
    size_ = std::min(batches_->batch_size_, data.count() - first_);
    place.next = first_ + size_;
    counted_ = size_ > 0 ? Counted(&place.under_way.count) : Counted();
    batches_->room_.fill(data, shuffled_ ? batches_->order_.data() : nullptr, first_, size_);
  }

  /// Counts itself.
  class Counted {
   public:
    explicit Counted(int* count = nullptr) : count_(count) {
      if (count_ != nullptr) ++*count_;
    }
    Counted(const Counted& other) : Counted(other.count_) {}
    Counted& operator=(Counted other) {
      std::swap(count_, other.count_);
      return *this;
    }
    ~Counted() {
      if (count_ != nullptr) --*count_;
    }

   private:
    int* count_;
  };

  Batches* batches_;
  bool shuffled_;
  Index first_;
  Index size_ = 0;
  Counted counted_;
};

template <typename Generator>
Batches(const Images&, Index, Generator&&) -> Batches<float, detail::ImagesWithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
