// What an operation passes back to one of its inputs.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/line.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI {

/// An adjoint that an operation's backward adds to. `first` says that its memory is not initialised: the
/// operation must store instead of adding, so that no adjoint is set to zero beforehand. `add` does what is
/// needed. (In builds with assertions the memory is NaN then.)
template <Real Scalar>
struct Adjoint {
  SequenceView<Scalar> view;  ///< The memory of the adjoint; empty if it is not needed.
  bool first = false;         ///< Whether to store instead of adding.

  /// Whether it is not needed.
  [[nodiscard]] bool empty() const noexcept { return view.empty(); }

  /// Adds an Eigen expression of all rows; does nothing if empty. If the input is constant and `rows` has all
  /// steps, their sum is added. Throws std::invalid_argument for another number of rows or columns.
  template <typename Derived>
  void add(const Eigen::DenseBase<Derived>& rows) const {
    if (empty() || view.rows() == 0) return;
    const Index steps = view.constant && rows.rows() != view.rows() ? rows.rows() / view.batch : 1;
    if (rows.rows() != steps * view.rows() || rows.cols() != view.features)
      detail::fail_argument("spiketape::Adjoint::add: rows are ", rows.rows(), " x ", rows.cols(),
                            ", the adjoint has shape ", view.shape());
    if (steps != 1)
      return add(steps, [&](Index t) { return rows.derived().middleRows(t * view.batch, view.batch); });
    if (first)
      view.array() = rows.derived();
    else
      view.array() += rows.derived();
  }
  /// Adds contribution(t), an Eigen expression of (batch, features), for t = 0, ..., steps - 1. A constant
  /// sequence has one stored step, which collects the sum over all steps. A constant result has collected it
  /// already, so its `steps` is 1. Does nothing if empty.
  template <typename Contribution>
  void add(Index steps, Contribution&& contribution) const {
    if (empty()) return;
    if (first && steps == 0) view.clear();
    for (Index t = 0; t < steps; ++t) {
      auto step = view.step(t).array();
      if (first && (t == 0 || !view.constant)) {
        step = contribution(t);
      } else {
        step += contribution(t);
      }
    }
  }
};

namespace detail {

/// The checks of Tape::leaf.
template <Real Scalar>
SPIKETAPE_NOINLINE void check_leaf(const SequenceView<Scalar>& value, const SequenceView<Scalar>& adjoint) {
  if (adjoint.shape() != value.shape() || adjoint.constant != value.constant)
    fail_argument("spiketape::Tape::leaf: adjoint has shape ", adjoint.shape(), ", value has ",
                  value.shape());
  const Index width = whole_lines<Scalar>(value.features);
  if (value.stride < width || adjoint.stride < width)
    fail_argument("spiketape::Tape::leaf: rows have a stride of ", std::min(value.stride, adjoint.stride),
                  ", expected at least ", width, " (whole cache lines); copy with Tape::variable instead");
  if (overlap<Scalar>(value, adjoint))
    fail_argument("spiketape::Tape::leaf: adjoint lies where value lies, expected other memory");
}

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
