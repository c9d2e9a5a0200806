// Benchmarks as ratios. A time tells little about another machine, or about this one an hour later; its ratio
// to a physical limit tells more. So every benchmark names its limit, which is a benchmark of the same run.
//
// Runs nine repetitions in random order, unless the user's flags change that, and prints medians.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iomanip>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ratio {

/// An item of a benchmark takes at least as long as `units` items of the benchmark `name`.
struct Limit {
  std::string name;
  double units = 1;
};

/// Called at the end of a benchmark: its `items` of work in each iteration, and their limit. Other counters
/// are printed at the end of its row.
inline void account(benchmark::State& state, double items, const Limit& limit = {}) {
  state.counters["items"] = items;
  state.counters["units"] = limit.units;
  state.SetLabel(limit.name);
}

enum class Timed { by_us, by_itself };

/// Registers a benchmark; `body` gets a benchmark::State. Measures wall-clock time.
template <typename Body>
void add(const std::string& name, Body&& body, Timed timed = Timed::by_us) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), std::forward<Body>(body));
  timed == Timed::by_us ? registered->UseRealTime() : registered->UseManualTime();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

/// Collects the times and prints one table at the end.
class Reporter : public benchmark::ConsoleReporter {
 public:
  /// `unit` is the head of the column of times, which are printed in units of 1 / `per_second` seconds.
  Reporter(std::string unit, double per_second) : unit_(std::move(unit)), per_second_(per_second) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.iterations == 0 || run.counters.count("items") == 0)
        continue;
      Row& row = rows_[run.run_name.function_name];
      row.name = run.run_name.function_name;
      row.order = run.family_index;
      row.limit = run.report_label;
      row.units = run.counters.at("units");
      row.seconds.push_back(run.real_accumulated_time /
                            (static_cast<double>(run.iterations) * run.counters.at("items")));
      for (const auto& [name, counter] : run.counters)
        if (name != "items" && name != "units") row.others[name].push_back(counter);
    }
  }

  void Finalize() override {
    std::vector<const Row*> ordered;
    std::set<std::string> limits;
    std::size_t width = 10;
    for (const auto& [name, row] : rows_) {
      ordered.push_back(&row);
      limits.insert(row.limit);
      width = std::max(width, name.size());
    }
    std::sort(ordered.begin(), ordered.end(), [](const Row* a, const Row* b) { return a->order < b->order; });

    std::ostream& out = GetOutputStream();
    const auto cell = [&](const std::string& text) { out << "  " << std::setw(12) << text; };
    out << '\n' << std::left << std::setw(static_cast<int>(width)) << "name" << std::right;
    for (const std::string& head : {unit_, std::string("limit"), std::string("times limit")}) cell(head);
    out << "  limit is\n";
    std::string group;
    for (const Row* row : ordered) {
      if (limits.count(row->name) != 0) continue;  // limits are printed in the rows of their benchmarks
      const std::string its_group = row->name.substr(0, row->name.find('/'));
      if (its_group != group) out << '\n';
      group = its_group;
      out << std::left << std::setw(static_cast<int>(width)) << row->name << std::right;
      cell(number(time(*row) * per_second_));
      cell(number(limit(*row) * per_second_));
      cell(number(time(*row) / limit(*row)));
      out << "  " << row->limit;
      for (const auto& [name, values] : row->others) out << "  " << number(median(values)) << ' ' << name;
      out << '\n';
    }
    out << std::flush;
  }

  /// The time of an item of a benchmark; NaN if it was not run.
  double seconds(const std::string& name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nan : time(found->second);
  }
  /// The ratio of a benchmark's time to its limit; NaN if one of the two was not run.
  double times_limit(const std::string& name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nan : time(found->second) / limit(found->second);
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  struct Row {
    std::string name, limit;
    std::int64_t order = 0;
    double units = 1;
    std::vector<double> seconds;  // for each item
    std::map<std::string, std::vector<double>> others;
  };

  static double time(const Row& row) { return median(row.seconds); }
  double limit(const Row& row) const {
    const auto found = rows_.find(row.limit);
    return found == rows_.end() ? nan : row.units * time(found->second);
  }
  /// Three digits, or "-" for NaN.
  static std::string number(double value) {
    if (std::isnan(value)) return "-";
    const int places = value > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(value))), 0, 9) : 0;
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", places, value);
    return text;
  }

  std::string unit_;
  double per_second_;
  std::map<std::string, Row> rows_;
};

/// Runs all registered benchmarks. Google Benchmark's flags on the command line come after ours and override
/// them.
inline void run(int argc, char** argv, Reporter& reporter) {
  std::string ours[] = {"--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true",
                        "--benchmark_min_time=0.02"};
  std::vector<char*> arguments{argv[0]};
  for (std::string& argument : ours) arguments.push_back(argument.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (!benchmark::ReportUnrecognizedArguments(count, arguments.data()))
    benchmark::RunSpecifiedBenchmarks(&reporter);
}

}  // namespace ratio
