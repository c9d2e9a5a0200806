// A driver of training of any type, such as one that works on several machines.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI {

/// What a Trainer drives: Shards, Windows, or an object that has, like these,
///
///     run(net, input, loss), evaluate(net, input, loss)    on a whole batch; return its loss
///     gradients()                                          of the whole batch
///     set_seed(seed), checkpoint(visitor)
///
/// It may have threads(), on how many it runs: gradients are clipped on as many. If it runs a part of the
/// batch only, it has
///
///     share(classes)    fills in the predicted classes of the samples that others ran; there is one for each
///                       sample of the batch of the last call
///     check_same({{name, number}, ...})
///                       throws unless these options are the same for all who train together
template <typename Driver, typename Scalar>
concept TrainingDriver = requires(Driver& driver) {
  static_cast<GradientSums<Scalar>&>(driver.gradients());
  driver.set_seed(std::uint64_t());
};

/// The name of an option and its number.
struct NamedNumber {
  const char* name;  ///< As in the options.
  double number;     ///< Its value.
};

namespace detail {

/// A TrainingDriver without its type, which must outlive it.
template <Real Scalar>
class AnyDriver {
 public:
  AnyDriver() = default;
  template <TrainingDriver<Scalar> Driver>
  explicit AnyDriver(Driver& driver)
      : of_(&driver),
        gradients_([](void* of) -> GradientSums<Scalar>* { return &static_cast<Driver*>(of)->gradients(); }),
        visit_([](void* of, AnyVisitor& visitor) { static_cast<Driver*>(of)->checkpoint(visitor); }) {
    if constexpr (requires { driver.threads(); }) threads_ = driver.threads();
    constexpr bool shares = requires(std::span<int> classes) { driver.share(classes); };
    constexpr bool compares = requires { driver.check_same({{"", 0.0}}); };
    static_assert(shares == compares,
                  "spiketape::Trainer: a driver has share(classes) and check_same(numbers), or none of them");
    if constexpr (shares && compares) {
      share_ = [](void* of, std::span<int> classes) { static_cast<Driver*>(of)->share(classes); };
      check_same_ = [](void* of, std::initializer_list<NamedNumber> options) {
        static_cast<Driver*>(of)->check_same(options);
      };
    }
    if constexpr (requires { driver.truncates(); })
      if (!driver.truncates())
        fail_argument(
            "spiketape::Trainer: the windows of the driver come from the last to the first, expected "
            "{.truncate = true}");
  }

  [[nodiscard]] void* object() const noexcept { return of_; }
  [[nodiscard]] int threads() const noexcept { return threads_; }
  [[nodiscard]] GradientSums<Scalar>& gradients() const { return *gradients_(of_); }
  void share(std::span<int> classes) const {
    if (share_ != nullptr) share_(of_, classes);
  }
  void check_same(std::initializer_list<NamedNumber> options) const {
    if (check_same_ != nullptr) check_same_(of_, options);
  }

  template <typename Visitor>
  void checkpoint(Visitor& visitor) const {
    Visits<Visitor> visits(visitor);
    visit_(of_, visits);
  }

 private:
  /// What drivers call of a visitor of checkpoints, whatever its type.
  class AnyVisitor {
   public:
    virtual void fact(std::string_view name, const std::string& now) = 0;
    virtual void fact(std::string_view name, Index now) = 0;
    virtual void fact(std::string_view name, bool now) = 0;
    void fact(std::string_view name, int now) { fact(name, Index(now)); }
    virtual bool number(std::string_view name, std::uint64_t& value) = 0;

   protected:
    ~AnyVisitor() = default;
  };
  template <typename Visitor>
  class Visits final : public AnyVisitor {
   public:
    explicit Visits(Visitor& visitor) : visitor_(visitor) {}
    void fact(std::string_view name, const std::string& now) override { visitor_.fact(name, now); }
    void fact(std::string_view name, Index now) override { visitor_.fact(name, now); }
    void fact(std::string_view name, bool now) override { visitor_.fact(name, now); }
    bool number(std::string_view name, std::uint64_t& value) override { return visitor_.number(name, value); }

   private:
    Visitor& visitor_;
  };

  void* of_ = nullptr;
  int threads_ = 1;
  GradientSums<Scalar>* (*gradients_)(void*) = nullptr;
  void (*visit_)(void*, AnyVisitor&) = nullptr;
  void (*share_)(void*, std::span<int>) = nullptr;                           // null: it runs whole batches
  void (*check_same_)(void*, std::initializer_list<NamedNumber>) = nullptr;  // likewise
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
