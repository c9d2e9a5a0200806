// The options of every neuron: errors, what is learned, what follows from what, old names.
#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"

#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/rsynaptic.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace neuron_options_test {

namespace st = spiketape;
using st::Index;
using Array = st::Array<double>;
using List = st::ParameterList<double>;
using Lapicque = st::Lapicque<double>;
using Synaptic = st::Synaptic<double>;
using Alpha = st::Alpha<double>;
using RLeaky = st::RLeaky<double>;
using RSynaptic = st::RSynaptic<double>;
using Alif = st::Alif<double>;

namespace {

st::Coefficient<double> each(std::initializer_list<double> values) { return values; }

template <typename Neuron>
std::string options_error(const typename Neuron::Options& options) {
  return error_text<std::invalid_argument>([&] { Neuron lif(options); });
}
template <typename Neuron>
std::string drawn_error(const typename Neuron::Options& options) {
  st::Random random(1);
  return error_text<std::invalid_argument>([&] { Neuron lif(options, random); });
}

}  // namespace

TEST_CASE("Lapicque takes beta alone, or two of beta, R and C") {
  const std::string lapicque = "spiketape::Lapicque: ",
                    expected = " given, expected beta alone, or two of them";
  const auto error = [](const Lapicque::Options& options) { return options_error<Lapicque>(options); };
  CHECK(error({}) == lapicque + "of beta, R and C none are" + expected);
  CHECK(error({.R = 1}) == lapicque + "of beta, R and C one is" + expected);
  CHECK(error({.C = 1}) == lapicque + "of beta, R and C one is" + expected);
  CHECK(error({.beta = 0.5, .R = 1, .C = 1}) == lapicque + "of beta, R and C all are" + expected);
  CHECK(error({.R = 1, .C = 2, .learn_beta = true}) ==
        lapicque + "learn_beta is true, but beta follows from R and C, expected beta");
  CHECK(error({.R = 0, .C = 2}) == lapicque + "R is 0, expected more than 0");
  CHECK(error({.R = 2, .C = each({1, -2})}) == lapicque + "C is -2, expected more than 0");
  CHECK(error({.beta = 1.5}) == lapicque + "beta is 1.5, expected at most 1");
  CHECK(error({.beta = each({0.5, 1.5}), .C = 2}) == lapicque + "beta is 1.5, expected at most 1");
  CHECK_NOTHROW(Lapicque({.beta = 1, .C = 2}));
  CHECK_NOTHROW(Lapicque({.beta = 1, .learn_beta = true}));
  CHECK(error_text<std::invalid_argument>([] {
          Lapicque({.beta = 1});
        }).starts_with("spiketape::Lapicque: beta is 1, expected less, or C"));
  CHECK(error({.beta = 0}) == lapicque + "beta is 0, expected more than 0");
  CHECK(error({.beta = std::numeric_limits<double>::quiet_NaN()}) ==
        lapicque + "beta is nan, expected more than 0");
  for (const char* name : {"beta", "R", "C"}) {
    Lapicque::Options options{.beta = 0.5};
    if (*name == 'b') options.beta = st::Row<double>();
    if (*name == 'R') options.R = st::Row<double>();
    if (*name == 'C') options.C = st::Row<double>();
    CHECK(error(options) == lapicque + name + " has no values, expected one or one for each neuron");
  }
  CHECK(error({.beta = 0.5, .time_step = 0}) == lapicque + "time_step is 0, expected more than 0");
  CHECK(error({.R = each({1, 2}), .C = each({1, 2, 3})}) ==
        lapicque + "C has 3 values, another parameter has 2 (expected 1 value or one for each neuron)");
  CHECK(error({.beta = each({0.5, 0.6}), .threshold = {1.0, 2.0, 3.0}}) ==
        lapicque + "beta has 2 values, threshold has 3 (expected 1 value or one for each neuron)");
}

TEST_CASE("what Lapicque is not given follows from beta = exp(−T/(R C))") {
  const auto check = [](const Lapicque& lif, double beta, double R, double C) {
    CHECK(lif.beta().array()(0, 0) == Approx(beta).epsilon(1e-14));
    CHECK(lif.R()[0] == Approx(R).epsilon(1e-14));
    CHECK(lif.C()[0] == Approx(C).epsilon(1e-14));
  };
  check(Lapicque({.R = 5, .C = 2}), std::exp(-0.1), 5, 2);
  check(Lapicque({.R = 5, .C = 2, .time_step = 3}), std::exp(-0.3), 5, 2);
  check(Lapicque({.beta = 0.5}), 0.5, 1, 1 / std::log(2));
  check(Lapicque({.beta = 0.5, .R = 4}), 0.5, 4, 0.25 / std::log(2));
  check(Lapicque({.beta = 0.5, .C = 4, .time_step = 3}), 0.5, 0.75 / std::log(2), 4);
  const Lapicque many({.beta = each({0.5, 0.25}), .R = 2});
  REQUIRE(many.C().size() == 2);
  CHECK(many.C()[1] == Approx(0.5 / std::log(4)).epsilon(1e-14));
}

TEST_CASE("Alpha takes alpha > beta, alpha > 0, and beta < 1") {
  const auto text = [](const char* alpha, const char* beta) {
    return std::string("spiketape::Alpha: alpha is ") + alpha + " and beta is " + beta +
           ", expected alpha > beta, alpha > 0 and beta < 1";
  };
  const auto error = [](const Alpha::Options& options) { return options_error<Alpha>(options); };
  CHECK(error({.alpha = 0.5, .beta = 0.75}) == text("0.5", "0.75"));
  CHECK(error({.alpha = 0.5, .beta = 0.5}) == text("0.5", "0.5"));
  CHECK(error({.alpha = 1.5, .beta = 1}) == text("1.5", "1"));
  CHECK(error({.alpha = -0.25, .beta = -0.5}) == text("-0.25", "-0.5"));
  CHECK(error({.alpha = {0.75, 0.5}, .beta = {0.5, 0.625}}) == text("0.5", "0.625"));
  CHECK(error({.alpha = 0.75, .beta = {0.5, 0.875}}) == text("0.75", "0.875"));
  CHECK(error({.alpha = st::Row<double>(), .beta = 0.5}) ==
        "spiketape::Alpha: alpha has no values, expected one or one for each neuron");
  CHECK(error({.alpha = 0.5, .beta = st::Row<double>()}) ==
        "spiketape::Alpha: beta has no values, expected one or one for each neuron");
  CHECK(error({.alpha = 0.9, .beta = 0.8, .reset_delay = false, .snntorch_exact = true}) ==
        "spiketape::Alpha: snntorch_exact is true and reset_delay is false, which snnTorch has for resets of "
        "the membrane only; expected one of them otherwise");
  CHECK_NOTHROW(Alpha({.alpha = 1, .beta = 0}));
  CHECK_NOTHROW(Alpha({.alpha = 0.9, .beta = 0.8, .snntorch_exact = true}));
}

TEMPLATE_TEST_CASE("a recurrent layer is all to all with a Random, or each on itself without", "", RLeaky,
                   RSynaptic) {
  using Options = typename TestType::Options;
  const auto options = [](bool all_to_all, Index linear_features) {
    if constexpr (requires(Options o) { o.alpha; })
      return Options{.alpha = 0.9, .beta = 0.8, .all_to_all = all_to_all, .linear_features = linear_features};
    else
      return Options{.beta = 0.8, .all_to_all = all_to_all, .linear_features = linear_features};
  };
  const std::string name = TestType::name, prefix = "spiketape::" + name + ": ";
  CHECK(options_error<TestType>(options(true, 4)) ==
        prefix + "all_to_all is true, expected a Random that draws the weights, " + name +
            "<float> lif({...}, random), or all_to_all = false");
  CHECK(options_error<TestType>(options(false, 4)) ==
        prefix +
            "all_to_all is false and linear_features is 4, expected it to be left out: each neuron acts on "
            "itself "
            "through V");
  CHECK(drawn_error<TestType>(options(false, 0)) ==
        prefix + "all_to_all is false, expected no Random: there are no weights to draw");
  for (const char* number : {"0", "-3"})
    CHECK(drawn_error<TestType>(options(true, std::stoi(number))) ==
          prefix + "linear_features is " + number + ", expected the number of neurons, at least 1");

  st::Random random(1), same_random(1), other_random(2);
  // What fails draws nothing, also where it fails last.
  auto wrong_threshold = options(true, 5);
  wrong_threshold.threshold = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(TestType(wrong_threshold, random), std::invalid_argument);
  const TestType lif(options(true, 5), random);
  const std::string features = prefix + "input has 4 features, linear_features is 5";
  const auto error = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  CHECK(error([&] { lif(Array(Array::Zero(2, 4))); }) == features);
  CHECK(error([&] { lif(st::Sequence<double>(3, 2, 4)); }) == features);
  st::Tape<double> tape;
  CHECK(error([&] { lif(tape.constant(Array(Array::Zero(2, 4)))); }) == features);
  CHECK_NOTHROW(lif(Array(Array::Zero(2, 5))));
  CHECK_NOTHROW(TestType(options(false, 0))(Array(Array::Zero(2, 4))));

  // W and b start like those of a Linear.
  const Array weight = lif.recurrent_weight().array(), bias = lif.recurrent_bias().array();
  REQUIRE(weight.rows() == 5);
  REQUIRE(weight.cols() == 5);
  REQUIRE(bias.rows() == 1);
  REQUIRE(bias.cols() == 5);
  const double bound = 1 / std::sqrt(5.0);
  CHECK(weight.abs().maxCoeff() <= bound);
  CHECK(weight.abs().maxCoeff() > 0.8 * bound);
  CHECK(weight.minCoeff() < 0);
  CHECK(bias.abs().maxCoeff() <= bound);
  CHECK(bias.abs().maxCoeff() > 0.2 * bound);
  CHECK((TestType(options(true, 5), same_random).recurrent_weight().array() == weight).all());
  CHECK_FALSE((TestType(options(true, 5), other_random).recurrent_weight().array() == weight).all());
  const TestType alone(options(false, 0));
  CHECK(alone.recurrent_weight().rows() == 0);
  CHECK(alone.recurrent_bias().cols() == 0);
  CHECK(alone.V().array()(0, 0) == 1);
  CHECK(lif.V().array()(0, 0) == 0);  // not there
}

TEST_CASE("parameters() are what is learned, and nothing else") {
  CHECK(Lapicque({.R = 5, .C = 2}).parameters().empty());
  const Lapicque lapicque(
      {.beta = 0.5, .learn_beta = true, .learn_threshold = true, .learn_graded_spikes_factor = true});
  CHECK(lapicque.parameters() ==
        List{lapicque.beta().ptr(), lapicque.threshold().ptr(), lapicque.graded_spikes_factor().ptr()});

  CHECK(Synaptic({.alpha = 0.5, .beta = 0.5}).parameters().empty());
  const Synaptic by_alpha({.alpha = 0.5, .beta = 0.5, .learn_alpha = true});
  CHECK(by_alpha.parameters() == List{by_alpha.alpha().ptr()});
  const Synaptic synaptic({.alpha = 0.5,
                           .beta = 0.5,
                           .learn_alpha = true,
                           .learn_beta = true,
                           .learn_threshold = true,
                           .learn_graded_spikes_factor = true});
  CHECK(synaptic.parameters() == List{synaptic.alpha().ptr(), synaptic.beta().ptr(),
                                      synaptic.threshold().ptr(), synaptic.graded_spikes_factor().ptr()});
  CHECK(synaptic.alpha().name() == "alpha");
  CHECK(synaptic.beta().name() == "beta");

  CHECK(Alpha({.alpha = 0.9, .beta = 0.5}).parameters().empty());
  const Alpha alpha(
      {.alpha = 0.9, .beta = 0.5, .learn_alpha = true, .learn_beta = true, .learn_threshold = true});
  CHECK(alpha.parameters() == List{alpha.alpha().ptr(), alpha.beta().ptr(), alpha.threshold().ptr()});

  st::Random random(1);
  const RLeaky self({.beta = 0.5, .all_to_all = false, .learn_beta = true});
  CHECK(self.parameters() == List{self.beta().ptr(), self.V().ptr()});
  CHECK(RLeaky({.beta = 0.5, .all_to_all = false, .learn_recurrent = false}).parameters().empty());
  const RLeaky rleaky({.beta = 0.5, .linear_features = 3, .learn_threshold = true}, random);
  CHECK(rleaky.parameters() ==
        List{rleaky.threshold().ptr(), rleaky.recurrent_weight().ptr(), rleaky.recurrent_bias().ptr()});
  CHECK(RLeaky({.beta = 0.5, .linear_features = 3, .learn_recurrent = false}, random).parameters().empty());

  const RSynaptic own({.alpha = 0.5, .beta = 0.5, .all_to_all = false, .learn_alpha = true});
  CHECK(own.parameters() == List{own.alpha().ptr(), own.V().ptr()});
  const RSynaptic rsynaptic({.alpha = 0.5, .beta = 0.5, .linear_features = 3, .learn_beta = true}, random);
  CHECK(rsynaptic.parameters() ==
        List{rsynaptic.beta().ptr(), rsynaptic.recurrent_weight().ptr(), rsynaptic.recurrent_bias().ptr()});

  CHECK(Alif({.beta = 0.5}).parameters().empty());
  const Alif alif({.beta = 0.5,
                   .learn_beta = true,
                   .learn_rho = true,
                   .learn_adaptation = true,
                   .learn_threshold = true,
                   .learn_graded_spikes_factor = true});
  CHECK(alif.parameters() == List{alif.beta().ptr(), alif.rho().ptr(), alif.adaptation().ptr(),
                                  alif.threshold().ptr(), alif.graded_spikes_factor().ptr()});
  CHECK(alif.rho().array()(0, 0) == 0.99);
  CHECK(alif.adaptation().array()(0, 0) == 1.8);
}

TEST_CASE("hidden states are read by their names, and forgotten by the old ones") {
  const Array input = Array::Constant(2, 3, 0.75);
  st::Random random(1);
  const Lapicque lapicque({.beta = 0.5, .init_hidden = true});
  const Synaptic synaptic({.alpha = 0.5, .beta = 0.5, .init_hidden = true});
  const Alpha alpha({.alpha = 0.9, .beta = 0.5, .init_hidden = true});
  const RLeaky rleaky({.beta = 0.5, .linear_features = 3, .init_hidden = true}, random);
  const RSynaptic rsynaptic({.alpha = 0.5, .beta = 0.5, .linear_features = 3, .init_hidden = true}, random);
  const Alif alif({.beta = 0.5, .init_hidden = true});
  for (int step = 0; step < 2; ++step) {
    CHECK((lapicque(input).mem == lapicque.mem()).all());
    const auto s = synaptic(input);
    CHECK((s.syn == synaptic.syn()).all());
    CHECK((s.mem == synaptic.mem()).all());
    const auto a = alpha(input);
    CHECK((a.syn_exc == alpha.syn_exc()).all());
    CHECK((a.syn_inh == alpha.syn_inh()).all());
    CHECK((a.mem == alpha.mem()).all());
    CHECK((rleaky(input).mem == rleaky.mem()).all());
    const auto r = rsynaptic(input);
    CHECK((r.syn == rsynaptic.syn()).all());
    CHECK((r.mem == rsynaptic.mem()).all());
    const auto i = alif(input);
    CHECK((i.adapt == alif.adapt()).all());
    CHECK((i.mem == alif.mem()).all());
  }
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
  CHECK(lapicque.init_lapicque().size() == 0);
  const auto [syn, mem] = synaptic.init_synaptic();
  const auto [syn_exc, syn_inh, alpha_mem] = alpha.init_alpha();
  const auto [spk, rleaky_mem] = rleaky.init_rleaky();
  const auto [rspk, rsyn, rmem] = rsynaptic.init_rsynaptic();
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
  CHECK(synaptic.syn().size() == 0);
  CHECK(alpha.syn_exc().size() + alpha.syn_inh().size() == 0);
  CHECK(rsynaptic.syn().size() == 0);
  CHECK(lapicque.mem().size() + synaptic.mem().size() + alpha.mem().size() + rleaky.mem().size() +
            rsynaptic.mem().size() ==
        0);
  // What they return is taken for zeros, so a loop ports from snnTorch as it stands.
  const Synaptic plain({.alpha = 0.5, .beta = 0.5});
  CHECK((plain(input, syn, mem).mem == plain(input).mem).all());
  const Alpha plain_alpha({.alpha = 0.9, .beta = 0.5});
  CHECK((plain_alpha(input, syn_exc, syn_inh, alpha_mem).mem == plain_alpha(input).mem).all());
  const RLeaky plain_rleaky({.beta = 0.5, .all_to_all = false});
  CHECK((plain_rleaky(input, spk, rleaky_mem).mem == plain_rleaky(input).mem).all());
  const RSynaptic plain_rsynaptic({.alpha = 0.5, .beta = 0.5, .all_to_all = false});
  CHECK((plain_rsynaptic(input, rspk, rsyn, rmem).mem == plain_rsynaptic(input).mem).all());
}

}  // namespace neuron_options_test
