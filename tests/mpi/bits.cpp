// Whatever the number of processes, the bits are those of one: each process also trains alone, with as many
// shards, and compares. Started by mpirun.
#include "../allocation/counters.hpp"

#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/mpi/shards.hpp>
#include <spiketape/mpi/windows.hpp>
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>

#include "../numeric.hpp"
#include "../plain_neurons.hpp"

#include <string>
#include <type_traits>
#include <vector>

namespace st = spiketape;
using st::Index;

#include "expect.hpp"

// What MPI allocates is not ours.
#define NOT_COUNTED(call)                                     \
  const bool counting = allocation::counting.exchange(false); \
  const int result = call;                                    \
  allocation::counting = counting;                            \
  return result
extern "C" {
int MPI_Allgather(const void* a, int b, MPI_Datatype c, void* d, int e, MPI_Datatype f, MPI_Comm g) {
  NOT_COUNTED(PMPI_Allgather(a, b, c, d, e, f, g));
}
int MPI_Allgatherv(const void* a, int b, MPI_Datatype c, void* d, const int* e, const int* f, MPI_Datatype g,
                   MPI_Comm h) {
  NOT_COUNTED(PMPI_Allgatherv(a, b, c, d, e, f, g, h));
}
int MPI_Alltoallv(const void* a, const int* b, const int* c, MPI_Datatype d, void* e, const int* f,
                  const int* g, MPI_Datatype h, MPI_Comm i) {
  NOT_COUNTED(PMPI_Alltoallv(a, b, c, d, e, f, g, h, i));
}
int MPI_Allreduce(const void* a, void* b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f) {
  NOT_COUNTED(PMPI_Allreduce(a, b, c, d, e, f));
}
}

namespace {

constexpr Index steps = 6, features = 20;

auto make_net(bool init_hidden) {
  st::Random random(71);
  return st::Sequential{
      st::Linear<float>(features, 33, random),
      st::Leaky<float>({.beta = 0.8f, .init_hidden = init_hidden, .learn_beta = true}),
      st::Dropout<float>(0.2), st::Linear<float>(33, 5, random),
      st::Leaky<float>({.beta = 0.9f, .init_hidden = init_hidden, .learn_threshold = true, .output = true})};
}

/// Batches of any size, some smaller than the number of processes.
struct Batch {
  st::Sequence<float> sequence;
  st::Array<float> step;
  std::vector<int> labels;
};
std::vector<Batch> make_batches() {
  st::Random random(5);
  std::vector<Batch> batches;
  for (const Index size : {4, 1, 9, 2, 12, 12}) {
    std::vector<int> labels;
    for (Index b = 0; b < size; ++b) labels.push_back(static_cast<int>(random.below(5)));
    batches.push_back({numeric::random_sequence<float>(random, {steps, size, features}, -2, 4),
                       numeric::random_array<float>(random, size, features, -2, 4), std::move(labels)});
  }
  return batches;
}
const std::vector<Batch> batches = make_batches();

/// What a training has made: losses and parameters.
struct Result {
  std::vector<float> losses{};
  std::vector<st::Array<float>> parameters{};
  long allocations = 0;  // of the last step
};
bool same(const Result& a, const Result& b) {
  bool equal = a.losses == b.losses;
  for (std::size_t k = 0; k < a.parameters.size(); ++k)
    equal = equal && numeric::same(a.parameters[k], b.parameters[k]);
  return equal;
}
bool near(const Result& a, const Result& b) {
  bool close = true;
  for (std::size_t k = 0; k < a.parameters.size(); ++k)
    close = close && (a.parameters[k] - b.parameters[k]).abs().maxCoeff() < 1e-4f;
  return close;
}

/// Three rounds over the batches, by any driver; the first one's result, and what the last one allocates from
/// its batch `counted` on.
template <typename Net, typename Driver>
Result train(const Net& net, Driver& driver, bool constant, std::size_t counted = 0) {
  st::Adam<float> adam(net.parameters(), {.lr = 0.01f});
  driver.set_seed(3);
  Result result;
  st::Loss<float> loss = st::ce_rate_loss();
  for (int round = 0; round < 3; ++round) {
    for (std::size_t k = 0; k < batches.size(); ++k) {
      const Batch& batch = batches[k];
      if (k == counted) allocation::start();
      const st::SequenceView<const float> input =
          constant ? st::repeat(batch.step, steps) : batch.sequence.view();
      const float of_batch = driver.run(net, input, loss.with(batch.labels));
      adam.step(driver.gradients());
      const float evaluated = k % 2 == 0 ? driver.evaluate(net, input, loss) : 0;
      if (round > 0) continue;
      result.losses.push_back(of_batch);
      result.losses.push_back(evaluated);
    }
    result.allocations = allocation::stop();
    if (round == 0)
      for (const auto& each : net.named_parameters()) result.parameters.push_back(each.parameter.array());
  }
  return result;
}

Result by_shards(const st::mpi::Processes& processes, const st::mpi::ShardsOptions& options, bool constant) {
  const auto net = make_net(false);
  st::mpi::Shards<float> shards(processes, net.parameters(), options);
  return train(net, shards, constant);
}
Result by_windows(const st::mpi::Processes& processes, int shards, bool truncate) {
  const auto net = make_net(true);
  st::mpi::Windows<float> windows(processes, net.parameters(), 4, {.truncate = truncate}, {.shards = shards});
  return train(net, windows, false, batches.size() - 1);  // states of another size are new ones
}

/// Windows without processes, which begin each run as mpi::Windows does.
struct PlainWindows : st::Windows<float> {
  using Windows::Windows;
  template <typename Net, typename Loss>
  float run(const Net& net, const st::SequenceView<const float>& input, const Loss& loss) {
    net.reset_hidden();
    gradients().clear();
    return Windows::run(net, input, loss);
  }
  template <typename Net, typename Loss>
  float evaluate(const Net& net, const st::SequenceView<const float>& input, const Loss& loss) {
    net.reset_hidden();
    return Windows::evaluate(net, input, loss);
  }
};

void same_bits(const st::mpi::Processes& all, const st::mpi::Processes& alone) {
  for (const int count : {1, 3, 4, 8})
    for (const bool constant : {false, true}) {
      const std::string what = std::to_string(count) + " shards, constant " + std::to_string(constant);
      st::mpi::ShardsOptions options{.shards = count, .block = 2};
      const Result here = by_shards(all, options, constant), expected = by_shards(alone, options, constant);
      expect(same(here, expected), all, what);
      expect(here.allocations == 0, all, what + ": allocations " + std::to_string(here.allocations));
      st::mpi::ShardsOptions fast = options;
      fast.sum = st::mpi::Sum::any_order;
      const Result any = by_shards(all, fast, constant);
      expect(near(any, expected), all, what + ", in any order");
      expect(any.allocations == 0, all, what + ", in any order: allocations");
      if (count == 8) {
        options.threads = 2;
        expect(same(by_shards(all, options, constant), expected), all, what + ", two threads");
      }
      // Shards without processes; see mpi::Shards for the case where they differ.
      if (constant && count > 1) continue;
      const auto net = make_net(false);
      st::Shards<float> shards(count, 1, 2);
      expect(same(train(net, shards, constant), expected), all, what + ", st::Shards");
    }
  for (const bool truncate : {false, true}) {
    const auto net = make_net(true);
    PlainWindows plain(4, {.truncate = truncate});
    const Result of_one = train(net, plain, false, batches.size() - 1);
    expect(same(of_one, by_windows(all, 1, truncate)), all, "windows, one shard");
    const Result here = by_windows(all, 4, truncate);
    expect(same(here, by_windows(alone, 4, truncate)), all, "windows");
    // What is allocated are states, which are new after a reset, in each shard of a process.
    const long most = of_one.allocations * ((4 + all.count() - 1) / all.count());
    expect(here.allocations <= most, all, "windows: allocations " + std::to_string(here.allocations));
  }
}

// They refer to the processes.
template <typename Processes>
constexpr bool takes = std::is_constructible_v<st::mpi::Shards<float>, Processes, st::ParameterList<float>,
                                               st::mpi::ShardsOptions>&&
    std::is_constructible_v<st::mpi::Windows<float>, Processes, st::ParameterList<float>, st::Index,
                            st::WindowsOptions, st::mpi::ShardsOptions>;
static_assert(takes<const st::mpi::Processes&> && !takes<st::mpi::Processes>);

void refusals(const st::mpi::Processes& all) {
  const auto net = make_net(false);
  const int own = all.number() == all.count() - 1 ? 1 : 0;  // what the last process does otherwise
  const bool several = all.count() > 1;
  const auto contains = [&](const std::string& text, const std::string& part) {
    expect(text.find(part) != std::string::npos, all, text + "\nexpected: " + part);
  };
  const std::string last = std::to_string(all.count() - 1);
  st::mpi::Shards<float> shards(all, net.parameters(), {.shards = 4});
  st::Loss<float> loss = st::ce_rate_loss();
  const auto run = [&](const Batch& batch) {
    shards.run(net, batch.sequence.view(), loss.with(batch.labels));
  };
  if (several) {
    contains(error_of(all, [&] { run(batches[own == 1 ? 1 : 0]); }),
             "in the training on a batch process " + last + " has samples 1, process 0 has 4");
    contains(error_of(all,
                      [&] {
                        own == 1 ? shards.check_same({{"epochs", 3}}) : run(batches[0]);
                      }),
             "process " + last + " has come to its options, process 0 to the training on a batch");
    contains(error_of(all,
                      [&] {
                        shards.check_same({{"epochs", 3.0 + own}});
                      }),
             "process " + last + " has epochs 4, process 0 has 3");
  }
  st::Random random(1);
  const st::Sequential normed{st::Linear<float>(features, 5, random), st::BatchNorm1d<float>(5),
                              st::Leaky<float>({.beta = 0.5f})};
  st::mpi::Shards<float> of_normed(all, normed.parameters(), {.shards = all.count()});
  if (several)
    contains(
        error_of<std::invalid_argument>(
            all, [&] { of_normed.run(normed, batches[0].sequence.view(), loss.with(batches[0].labels)); }),
        "couples samples (a batch norm takes mean and variance over the batch), expected one shard");
  st::mpi::Shards<float> of_one(all, {net.layer<0>().weight().ptr()}, {.shards = 1});
  if (own == 1 || !several)  // it alone has samples
    contains(error_of<std::invalid_argument>(
                 all, [&] { of_one.run(net, batches[0].sequence.view(), loss.with(batches[0].labels)); }),
             "6 parameters have a gradient, 1 of those that were given, expected all");
  const auto weight = net.layer<0>().weight().ptr();
  contains(error_of<std::invalid_argument>(all,
                                           [&] {
                                             st::mpi::Shards<float>(all, {weight, nullptr}, {});
                                           }),
           "spiketape::mpi: parameter 1 is null, expected one of a network");
  contains(error_of<std::invalid_argument>(all,
                                           [&] {
                                             st::mpi::Shards<float>(all, {weight, weight}, {});
                                           }),
           "spiketape::mpi: parameter 1, '0.weight', is parameter 0 once more, expected each once");
  // In all processes, also where no samples are.
  contains(
      error_of<std::invalid_argument>(
          all, [&] { shards.run(net, st::Sequence<float>(0, 1, features), loss.with(batches[1].labels)); }),
      "spiketape::mpi::Shards::run: input has shape (0, 1, " + std::to_string(features) +
          "), expected at least one step");
}

}  // namespace

int main(int argc, char** argv) {
  return st::mpi::run(argc, argv, [](const st::mpi::Processes& all) {
    const st::mpi::Processes alone(MPI_COMM_SELF);
    same_bits(all, alone);
    refusals(all);
    if (all.first()) std::printf("%d processes compute the bits of one\n", all.count());
  });
}
