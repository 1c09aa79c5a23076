// SPDX-License-Identifier: Apache-2.0
// What autocorrelation does to rates of false alarms and to levels, and what blocks and thinning make of it: the tables
// of bench/README.md, by simulation of first-order autoregressive streams of normal values.
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_options.hpp"

namespace {

using namespace vedette;

constexpr double correlations[] = {0.0, 0.2, 0.5, 0.8};  // of neighbours

// Mean 0, variance 1.
class Stream {
  public:
    Stream(double correlation, std::uint64_t seed, std::uint64_t run)
        : random_(seed, run),
          correlation_(correlation),
          fresh_(std::sqrt(1.0 - correlation * correlation)),
          last_(random_.normal()) {}
    double next() { return last_ = correlation_ * last_ + fresh_ * random_.normal(); }
    std::vector<double> take(std::size_t count) {
        std::vector<double> values(count);
        for (double& value : values) value = next();
        return values;
    }

  private:
    Random random_;
    double correlation_;
    double fresh_;
    double last_;
};

struct Contender {
    const char* name;
    const char* kind;
    const char* options;
};

// All are set to one false alarm in 10,000 independent values: of blocks and thinned streams, in 500 of what enters.
constexpr Contender contenders[] = {
    {"CUSUM", "cusum", "average_run_length=10000"},
    {"CUSUM, block 20", "cusum", "average_run_length=500, block=20"},
    {"CUSUM, thin 20", "cusum", "average_run_length=500, thin=20"},
    {"e-detector", "e_detector", "average_run_length=10000"},
    {"e-detector, block 20", "e_detector", "average_run_length=500, block=20"},
    {"e-detector, thin 20", "e_detector", "average_run_length=500, thin=20"},
};

// What is known of the time before is long, so that run lengths are the monitor's and not the luck of its reference.
drift::AnyMonitor make(const Contender& contender, double correlation) {
    const bool learns_law = std::string(contender.kind) == "e_detector";
    const std::vector<double> values = Stream(correlation, 1, 0).take(learns_law ? 100'000 : 2'000'000);
    return drift::make_monitor(contender.kind, contender.options, {.values = values});
}

// Values per false alarm.
double run_length(drift::AnyMonitor monitor, double correlation, std::size_t length) {
    Stream stream(correlation, 2, 0);
    for (std::size_t i = 0; i < length; ++i) monitor.update(stream.next());
    return static_cast<double>(length) / static_cast<double>(monitor.counts().changes);
}

// Values from a change of the mean by one half to the alarm.
double delay(const drift::AnyMonitor& fresh, double correlation, std::size_t runs) {
    double sum = 0.0;
    for (std::size_t run = 0; run < runs; ++run) {
        drift::AnyMonitor monitor = fresh;
        Stream stream(correlation, 3, run);
        for (int i = 0; i < 200; ++i) monitor.update(stream.next());
        std::size_t waited = 1;
        while (waited < 100'000 && monitor.update(0.5 + stream.next()) != MonitorState::change) ++waited;
        sum += static_cast<double>(waited);
    }
    return sum / static_cast<double>(runs);
}

std::string header(const char* first) {
    std::string text = std::string("| ") + first + " |";
    for (const double correlation : correlations) {
        char cell[32];
        std::snprintf(cell, sizeof cell, " %.1f |", correlation);
        text += cell;
    }
    return text + "\n|---|--:|--:|--:|--:|";
}

void print_monitors(std::size_t scale) {
    std::puts(
        header("values per false alarm, 10,000 asked for (delay at mean + 0.5 sd); correlation of neighbours").c_str());
    for (const Contender& contender : contenders) {
        std::printf("| %s |", contender.name);
        for (const double correlation : correlations) {
            const drift::AnyMonitor fresh = make(contender, correlation);
            std::printf(" %.0f (%.0f) |", run_length(fresh, correlation, 4000 * scale),
                        delay(fresh, correlation, scale));
            std::fflush(stdout);
        }
        std::puts("");
    }
}

void print_tests(std::size_t runs) {
    struct Row {
        const char* name;
        std::size_t block;
        bool thin;
    };
    constexpr Row rows[] = {{"all rows", 1, false}, {"block 20", 20, false}, {"thin 20", 20, true}};
    std::puts("");
    std::puts(header("alarms of Kolmogorov-Smirnov in %, level 5 %, 4,000 rows a side (at mean + 0.2 sd)").c_str());
    for (const Row& row : rows) {
        std::printf("| %s |", row.name);
        for (const double correlation : correlations) {
            double alarms[2] = {};
            for (std::size_t run = 0; run < runs; ++run)
                for (const bool moved : {false, true}) {
                    Stream stream(correlation, 4, run);
                    const auto reduced = [&](double shift) {
                        std::vector<double> kept;
                        for (std::size_t i = 0; i < 4000 / row.block; ++i) {
                            double sum = 0.0;
                            for (std::size_t k = 0; k < row.block; ++k) {
                                const double value = shift + stream.next();
                                if (!row.thin || k == 0) sum += value;
                            }
                            kept.push_back(sum);
                        }
                        return kept;
                    };
                    const drift::SortedSample<double> reference(reduced(0.0));
                    stream.take(1000);
                    const drift::SortedSample<double> live(reduced(moved ? 0.2 : 0.0));
                    alarms[moved ? 1 : 0] +=
                        drift::run_test(DriftTest::kolmogorov_smirnov, reference, live).p_value <= 0.05 ? 1.0 : 0.0;
                }
            std::printf(" %.1f (%.1f) |", 100.0 * alarms[0] / static_cast<double>(runs),
                        100.0 * alarms[1] / static_cast<double>(runs));
        }
        std::puts("");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t scale = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
    if (scale == 0) {
        std::fputs("usage: bench_autocorrelation [runs]\n", stderr);
        return 2;
    }
    print_monitors(scale);
    print_tests(scale);
}
