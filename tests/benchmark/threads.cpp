// Where the time of a training step goes on 1, 2, 4, 8 and 16 threads: snnTorch's tutorial 5, 784-H-10, 25
// steps, a batch of 128, Adam, with one shard for each thread.
//
// The phases of a step:
//   front      the first product (for rate-coded images, each block does its own)
//   blocks     the neurons, the second layer and the loss, forward and back
//   join       the shards' gradients are added up
//   weights    the gradient of the first layer's weights and bias
//   optimizer  Adam
//
// Each phase is given in ms as the CPU time of its busiest thread: the time that the phase takes if every
// thread has a core of its own, and if threads do not wait by spinning, which counts as CPU time. So on a
// machine with few cores, or a busy one, `OMP_WAIT_POLICY=passive build/tests/benchmark/threads` tells what
// limits many threads. `path` is the sum over the phases; `work` the CPU time of all threads. The table of
// speed-ups at the end compares both the time on the clock and the path with those of one thread.
//
// The limit of a step is the dense products that it needs, on one thread, divided by the number of threads;
// see training_step.cpp.
#include "images.hpp"
#include "limits.hpp"
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <omp.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace {

namespace st = spiketape;

constexpr st::Index batch = 128, steps = 25;

enum Phase { front, blocks, join, weights, optimizer, phases };
constexpr std::array<const char*, phases> phase_names{"front", "blocks", "join", "weights", "optimizer"};

/// The CPU time of each thread in each phase of a step.
class Account {
 public:
  explicit Account(int threads) : threads_(static_cast<std::size_t>(threads)) {}

  /// Called when the threads have been started.
  void forget() {
    const auto count = static_cast<int>(threads_.size());
#pragma omp parallel num_threads(count)
    pthread_getcpuclockid(pthread_self(), &mine().clock);
    busiest_ = {};
    work_ = steps_ = 0;
  }

  void begin() {
    for (Thread& thread : threads_) {
      thread.spent = {};
      thread.last = now(thread);
    }
  }
  /// What the calling thread has done since its last mark belongs to this phase.
  void mark(Phase phase) { mark(mine(), phase); }
  /// The same for all threads, none of which is in a phase of its own.
  void mark_all(Phase phase) {
    for (Thread& thread : threads_) mark(thread, phase);
  }
  /// Ends a step.
  void end() {
    ++steps_;
    for (std::size_t phase = 0; phase < phases; ++phase) {
      double busiest = 0;
      for (const Thread& thread : threads_) {
        busiest = std::max(busiest, thread.spent[phase]);
        work_ += thread.spent[phase];
      }
      busiest_[phase] += busiest;
    }
  }

  /// Milliseconds of a step.
  double busiest(std::size_t phase) const { return 1e3 * busiest_[phase] / steps_; }
  double path() const { return 1e3 * std::accumulate(busiest_.begin(), busiest_.end(), 0.0) / steps_; }
  double work() const { return 1e3 * work_ / steps_; }

 private:
  struct alignas(64) Thread {
    clockid_t clock{};
    double last = 0;
    std::array<double, phases> spent{};
  };

  Thread& mine() { return threads_[static_cast<std::size_t>(omp_get_thread_num())]; }
  static double now(const Thread& thread) {
    timespec time{};
    if (clock_gettime(thread.clock, &time) != 0) {
      std::fprintf(stderr, "threads: OpenMP has ended a thread\n");
      std::exit(1);
    }
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  static void mark(Thread& thread, Phase phase) {
    const double time = now(thread);
    thread.spent[phase] += time - thread.last;
    thread.last = time;
  }

  std::vector<Thread> threads_;
  std::array<double, phases> busiest_{};
  double work_ = 0, steps_ = 0;
};

/// A record on a tape that marks a phase when backward comes to it.
struct Mark {
  Account* account;
  Phase phase;
  bool all;

  void backward(st::Tape<float>&) const { all ? account->mark_all(phase) : account->mark(phase); }
};

/// The network, which marks phases between its layers.
class Network {
 public:
  Network(st::Index hidden, Account& account)
      : account_(&account), fc1_(images::pixels, hidden, random_), fc2_(hidden, 10, random_) {}

  st::ParameterList<float> parameters() const {
    return {fc1_.weight().ptr(), fc1_.bias().ptr(), fc2_.weight().ptr(), fc2_.bias().ptr()};
  }
  bool keeps_state() const { return false; }

  st::Var<float> front(const st::Var<float>& x) const {
    x.tape().record(Mark{account_, weights, true});
    const st::Var<float> currents = fc1_(x);
    account_->mark_all(Phase::front);
    x.tape().record(Mark{account_, join, true});
    return currents;
  }
  auto back(const st::Var<float>& currents) const {
    currents.tape().record(Mark{account_, blocks, false});
    return lif2_(fc2_(lif1_(currents).spk));
  }
  /// In a block.
  auto operator()(const st::Var<float>& x) const {
    x.tape().record(Mark{account_, weights, false});
    const st::Var<float> currents = fc1_(x);
    account_->mark(Phase::front);
    return back(currents);
  }

 private:
  Account* account_;
  st::Random random_{1};
  st::Linear<float> fc1_, fc2_;
  st::Leaky<float> lif1_{{.beta = 0.95f}}, lif2_{{.beta = 0.95f}};
};

class Training {
 public:
  Training(st::Index hidden, int threads, Account& account)
      : account_(&account),
        net_(hidden, account),
        adam_(net_.parameters(), {.lr = 5e-4, .threads = threads}),
        shards_(threads, threads, hidden < 4000 ? 4 : 2) {}  // as in training_step.cpp

  void step(st::SequenceView<const float> input, std::span<const int> labels) {
    account_->begin();
    shards_.run(net_, input, [&](const auto& out, st::Index first, st::Index count) {
      const auto part = labels.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      return st::cross_entropy(out.mem, part, {.samples = input.batch});
    });
    account_->mark_all(input.constant ? weights : join);  // the last phase of the run
    adam_.step(shards_.gradients());
    account_->mark_all(optimizer);
    account_->end();
  }

 private:
  Account* account_;
  Network net_;
  st::Adam<float> adam_;
  st::Shards<float> shards_;
};

constexpr int thread_counts[] = {1, 2, 4, 8, 16};

struct Case {
  std::string name;  // without the threads
  std::map<int, std::vector<double>> paths;
};
std::vector<Case> cases;

std::string name_of(const std::string& name, int threads) {
  return name + '/' + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

void add(const std::string& what, st::SequenceView<const float> input) {
  for (const st::Index hidden : {1000, 4000}) {
    const std::size_t number = cases.size();
    cases.push_back({what + "/H = " + std::to_string(hidden), {}});
    for (const int threads : thread_counts) {
      const ratio::Limit limit{limits::dense(limits::Products::both, batch, images::pixels, hidden),
                               static_cast<double>(input.stored_steps()) / threads};
      ratio::add(name_of(cases[number].name, threads), [=](benchmark::State& state) {
        Account account(threads);
        const std::vector<int> labels = [] {
          std::vector<int> of_images;
          for (st::Index i = 0; i < batch; ++i) of_images.push_back(static_cast<int>(i % 10));
          return of_images;
        }();
        Training training(hidden, threads, account);
        training.step(input, labels);  // starts the threads, allocates the tapes' memory
        account.forget();
        for (auto _ : state) training.step(input, labels);
        ratio::account(state, 1, limit);
        for (std::size_t phase = 0; phase < phases; ++phase)
          state.counters[std::to_string(phase + 1) + ' ' + phase_names[phase]] = account.busiest(phase);
        state.counters["6 path"] = account.path();
        state.counters["7 work"] = account.work();
        cases[number].paths[threads].push_back(account.path());
      });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  st::Random random(1);
  const st::Array<float> sparse = images::sparse(batch, random), dense = images::dense(batch, random);
  const st::Sequence<float> spikes = images::rate_coded(sparse, steps, random);
  add("mostly zeros", st::repeat(sparse, steps));
  add("dense", st::repeat(dense, steps));
  add("rate-coded", spikes);

  ratio::Reporter reporter("ms", 1e3);
  ratio::run(argc, argv, reporter);

  std::printf("\ntimes as fast as one thread, on the clock and by the path\n%-24s", "");
  for (const int threads : thread_counts) std::printf("%16d", threads);
  for (const Case& each : cases) {
    std::printf("\n%-24s", each.name.c_str());
    for (const int threads : thread_counts) {
      const auto path = [&](int of) {
        const auto found = each.paths.find(of);
        return found == each.paths.end() ? 0.0 : ratio::median(found->second);
      };
      std::printf("%8.2f%8.2f",
                  reporter.seconds(name_of(each.name, 1)) / reporter.seconds(name_of(each.name, threads)),
                  path(1) / path(threads));
    }
  }
  std::printf("\n");
}
