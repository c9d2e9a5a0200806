// The gradients of all shards of a batch, wherever they were computed, as one sum.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/mpi/processes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

/// How gradients are summed over shards.
enum class Sum {
  /// In the order of the shards: the bits do not depend on the number of processes.
  in_order,
  /// Those of each process first, then over processes as MPI likes (MPI_Allreduce): fewer bytes if a process
  /// has several shards; the bits depend on the number of processes, and may on the MPI library.
  any_order,
};

namespace detail {

template <Real Scalar>
MPI_Datatype mpi_type() {
  return sizeof(Scalar) == 4 ? MPI_FLOAT : MPI_DOUBLE;
}

/// Joins the gradients of shards, of which each process has a run of neighbours. All numbers stand behind
/// each other, parameter by parameter; each process sums a slice of them over all shards and then hands it
/// out. Allocates nothing from the second time of the same parameters on, besides what MPI does.
template <Real Scalar>
class JoinedGradients {
 public:
  JoinedGradients(const Processes& processes, ParameterList<Scalar> parameters, Index shards, Sum sum,
                  int threads)
      : processes_(processes),
        parameters_(std::move(parameters)),
        shards_(shards),
        sum_(sum),
        threads_(threads) {
    spiketape::detail::check_parameter_list("mpi", parameters_);
    const auto count = static_cast<std::size_t>(processes.count());
    for (std::vector<int>* counts : {&sent_, &sent_from_, &taken_, &taken_from_}) counts->resize(count);
    facts_.resize(static_cast<std::size_t>(shards * facts_each()));
    own_facts_.resize(static_cast<std::size_t>(own() * facts_each()));
    begins_.resize(parameters_.size() + 1);
  }

  /// The first shard of a process, and how many this one has.
  Index first_shard(int process) const noexcept {
    return spiketape::detail::part_begin(shards_, process, processes_.count());
  }
  Index first_shard() const noexcept { return first_shard(processes_.number()); }
  Index own() const noexcept { return first_shard(processes_.number() + 1) - first_shard(); }

  GradientSums<Scalar>& sums() noexcept { return sums_; }
  std::size_t parameter_count() const noexcept { return parameters_.size(); }

  /// Takes what this process knows: of its shard i the loss, loss(i), and which gradients it has if
  /// `training`. Throws std::invalid_argument for a gradient of a parameter that was not given.
  template <typename Gradients, typename Loss>
  void note(bool training, Gradients&& gradients, Loss&& loss) {
    sums_.clear();
    for (Index i = 0; i < own(); ++i) note_shard(i, training ? &gradients(i) : nullptr, loss(i));
  }
  /// Returns the sum of the losses of all shards; joins their gradients if `training`. Waits for all
  /// processes.
  template <typename Gradients>
  double join(bool training, Gradients&& gradients) {
    const FlushDenormals flush;
    exchange_facts();
    double total = 0;
    for (Index shard = 0; shard < shards_; ++shard) total += facts(shard)[0];
    if (!training) return total;
    lay_out();
    if (sum_ == Sum::in_order)
      sum_in_order(gradients);
    else
      sum_in_any_order(gradients);
    hand_over();
    return total;
  }

 private:
  /// What is known of a shard: its loss, and for each parameter 0 if there is no gradient, -1 if there is one
  /// laid out like the parameter, else the number of neurons that share it and have a sum each.
  Index facts_each() const noexcept { return 1 + static_cast<Index>(parameters_.size()); }
  const double* facts(Index shard) const noexcept { return facts_.data() + shard * facts_each(); }
  bool has_gradient(Index shard, std::size_t k) const noexcept { return facts(shard)[1 + k] != 0; }

  void note_shard(Index i, GradientSums<Scalar>* gradients, double loss) {
    double* fact = own_facts_.data() + i * facts_each();
    *fact++ = loss;
    std::size_t noted = 0;
    for (const auto& parameter : parameters_) {
      const GradientSum<Scalar>* sum = gradients == nullptr ? nullptr : gradients->find(parameter);
      const bool written = sum != nullptr && sum->written;
      noted += written ? 1 : 0;
      *fact++ = !written ? 0 : sum->shared ? static_cast<double>(sum->features) : -1;
    }
    if (gradients == nullptr) return;
    std::size_t all = 0;
    gradients->for_each_gradient([&](const GradientSum<Scalar>&) { ++all; });
    if (all != noted)
      spiketape::detail::fail_argument("spiketape::mpi: ", all, " parameters have a gradient, ", noted,
                                       " of those that were given, expected all: give net.parameters()");
  }

  void exchange_facts() {
    for (int p = 0; p < processes_.count(); ++p) {
      const auto at = static_cast<std::size_t>(p);
      taken_from_[at] = count_of(first_shard(p) * facts_each());
      taken_[at] = count_of(first_shard(p + 1) * facts_each()) - taken_from_[at];
    }
    check(MPI_Allgatherv(own_facts_.data(), count_of(own() * facts_each()), MPI_DOUBLE, facts_.data(),
                         taken_.data(), taken_from_.data(), MPI_DOUBLE, processes_.communicator()),
          "MPI_Allgatherv");
  }

  /// Where the numbers of each parameter begin.
  void lay_out() {
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const auto features = static_cast<Index>(features_of(k));
      const Index count = features > 0 ? spiketape::detail::padded<Scalar>(features)
                                       : static_cast<Index>(parameters_[k]->values.size());
      begins_[k + 1] = begins_[k] + (features == 0 ? 0 : count);
    }
    all_.resize(std::max(all_.size(), static_cast<std::size_t>(begins_.back())));
  }
  /// The fact of a parameter that all shards with a gradient of it share, 0 if none has one.
  double features_of(std::size_t k) const {
    double features = 0;
    for (Index shard = 0; shard < shards_; ++shard) {
      const double here = facts(shard)[1 + k];
      if (here == 0 || here == features) continue;
      if (features != 0)
        raise_file({"spiketape::mpi: ", parameters_[k]->name, " is shared by ", here, " neurons in shard ",
                    shard, " and by ", features, " in another, expected one network in all processes"});
      features = here;
    }
    return features;
  }
  /// Where the slice of a process begins: at a whole line of the cache.
  Index slice_begin(int process) const noexcept {
    constexpr Index line = 64 / sizeof(Scalar);
    return process == processes_.count()
               ? begins_.back()
               : line * spiketape::detail::part_begin(begins_.back() / line, process, processes_.count());
  }

  /// Calls f(k, begin, end) for the numbers of each parameter between two places.
  template <typename F>
  void for_each_between(Index begin, Index end, F&& f) const {
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      if (const Index from = std::max(begin, begins_[k]), to = std::min(end, begins_[k + 1]); from < to)
        f(k, from, to);
  }
  /// The numbers that a GradientSums has of a parameter, or nullptr.
  const Scalar* numbers(const GradientSums<Scalar>& gradients, std::size_t k) const {
    const GradientSum<Scalar>* sum = gradients.find(parameters_[k]);
    return sum == nullptr || !sum->written ? nullptr : sum->values.data();
  }
  /// Copies those between two places; zero where it has none.
  void pack(const GradientSums<Scalar>& gradients, Index begin, Index end, Scalar* to) const {
    for_each_between(begin, end, [&](std::size_t k, Index from, Index until) {
      if (const Scalar* there = numbers(gradients, k); there != nullptr)
        std::copy(there + (from - begins_[k]), there + (until - begins_[k]), to);
      else
        std::fill_n(to, until - from, Scalar(0));
      to += until - from;
    });
  }

  /// What a process adds up itself, of its own shards, is not sent.
  template <typename Gradients>
  void sum_in_order(Gradients& gradients) {
    const int self = processes_.number();
    const Index begin = slice_begin(self), end = slice_begin(self + 1), mine = end - begin;
    const Index all = own() * (begins_.back() - mine), taken = (shards_ - own()) * mine;
    send_.resize(std::max(send_.size(), static_cast<std::size_t>(all)));
    taken_slices_.resize(std::max(taken_slices_.size(), static_cast<std::size_t>(taken)));
    Index sent = 0, expected = 0;
    for (int p = 0; p < processes_.count(); ++p) {
      const auto at = static_cast<std::size_t>(p);
      sent_from_[at] = count_of(sent);
      taken_from_[at] = count_of(expected);
      if (p != self) {
        const Index from = slice_begin(p), to = slice_begin(p + 1);
        for (Index i = 0; i < own(); ++i, sent += to - from)
          pack(gradients(i), from, to, send_.data() + sent);
        expected += (first_shard(p + 1) - first_shard(p)) * mine;
      }
      sent_[at] = count_of(sent) - sent_from_[at];
      taken_[at] = count_of(expected) - taken_from_[at];
    }
    check(
        MPI_Alltoallv(send_.data(), sent_.data(), sent_from_.data(), mpi_type<Scalar>(), taken_slices_.data(),
                      taken_.data(), taken_from_.data(), mpi_type<Scalar>(), processes_.communicator()),
        "MPI_Alltoallv");
    for_each_between(begin, end, [&](std::size_t k, Index from, Index to) {
      sum_shards(k, from, to, [&](Index shard) -> const Scalar* {
        const Index i = shard - first_shard();
        if (i >= 0 && i < own()) return numbers(gradients(i), k) + (from - begins_[k]);
        return taken_slices_.data() + (i < 0 ? shard : shard - own()) * mine + (from - begin);
      });
    });
    for (int p = 0; p < processes_.count(); ++p) {
      const auto at = static_cast<std::size_t>(p);
      taken_from_[at] = count_of(slice_begin(p));
      taken_[at] = count_of(slice_begin(p + 1)) - taken_from_[at];
    }
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, mpi_type<Scalar>(), all_.data(), taken_.data(), taken_from_.data(),
                         mpi_type<Scalar>(), processes_.communicator()),
          "MPI_Allgatherv");
  }
  /// As GradientSums::add_all does: to the first shard's numbers, or to zero, those of the others are added.
  /// numbers_of(shard) is where the shard's number `from` lies.
  template <typename NumbersOf>
  void sum_shards(std::size_t k, Index from, Index to, NumbersOf&& numbers_of) {
    spiketape::detail::parallel_pieces(threads_, to - from, [&](Index piece, Index piece_end) {
      using Numbers = Eigen::ArrayX<Scalar>;
      Eigen::Map<Numbers> sum(all_.data() + from + piece, piece_end - piece);
      const auto of_shard = [&](Index shard) {
        return Eigen::Map<const Numbers>(numbers_of(shard) + piece, piece_end - piece);
      };
      if (has_gradient(0, k))
        sum = of_shard(0);
      else
        sum.setZero();
      for (Index shard = 1; shard < shards_; ++shard)
        if (has_gradient(shard, k)) sum += of_shard(shard);
    });
  }

  template <typename Gradients>
  void sum_in_any_order(Gradients& gradients) {
    for (Index i = 0; i < own(); ++i)
      sums_.add_all(std::array{static_cast<const GradientSums<Scalar>*>(&gradients(i))}, threads_);
    pack(sums_, 0, begins_.back(), all_.data());
    check(MPI_Allreduce(MPI_IN_PLACE, all_.data(), count_of(begins_.back()), mpi_type<Scalar>(), MPI_SUM,
                        processes_.communicator()),
          "MPI_Allreduce");
  }

  /// Gives the sums to where optimizers find them.
  void hand_over() {
    for_each_between(0, begins_.back(), [&](std::size_t k, Index from, Index to) {
      const auto features = static_cast<Index>(features_of(k));
      GradientSum<Scalar>& sum =
          features > 0 ? sums_.shared_sum_of(parameters_[k], features) : sums_.sum_of(parameters_[k]);
      sum.written = true;
      std::copy(all_.data() + from, all_.data() + to, sum.values.data());
    });
  }

  const Processes& processes_;
  ParameterList<Scalar> parameters_;
  Index shards_;
  Sum sum_;
  int threads_;
  std::vector<double> facts_, own_facts_;  // of all shards, and of those of this process
  std::vector<Index> begins_;              // of the numbers of each parameter; at last their number
  std::vector<int> sent_, sent_from_, taken_, taken_from_;  // numbers for and from each process
  spiketape::detail::AlignedVector<Scalar> send_;           // slices of own shards
  spiketape::detail::AlignedVector<Scalar> taken_slices_;   // the own slice of other processes' shards
  spiketape::detail::AlignedVector<Scalar> all_;            // the sums
  GradientSums<Scalar> sums_;
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
