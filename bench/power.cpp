// SPDX-License-Identifier: Apache-2.0
// How often each test alarms, without drift (its level) and under shifts of several kinds (its power), as JSON.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace {

using namespace vedette;
using Json = nlohmann::ordered_json;

constexpr double level = 0.05;
constexpr std::size_t rows = 200;  // a side

// A kind of shift of one feature: both sides are drawn one value at a time.
struct Family {
    const char* name;
    std::function<double(Random&)> reference;
    std::function<double(Random&)> live;
    std::size_t live_rows = rows;
};

double normal(Random& random) {
    return random.normal();
}
// Student's t of 3 degrees of freedom, scaled to variance 1.
double heavy(Random& random) {
    double sum = 0.0;
    for (int i = 0; i < 3; ++i) {
        const double z = random.normal();
        sum += z * z;
    }
    return random.normal() / std::sqrt(sum / 3.0) / std::sqrt(3.0);
}
double five_values(Random& random) {
    return std::floor(5.0 * random.uniform());
}

const std::vector<Family>& univariate() {
    static const std::vector<Family> all{
        {"level, normal", normal, normal},
        {"level, heavy tails", heavy, heavy},
        {"level, five values", five_values, five_values},
        {"the same, 60 live", five_values, five_values, 60},
        {"location, 0.3 sd", normal, [](Random& r) { return r.normal() + 0.3; }},
        {"scale, 1.3 times", normal, [](Random& r) { return 1.3 * r.normal(); }},
        {"tails, t3 for normal", normal, heavy},
        {"mixture, 5 % at 4 sd", normal, [](Random& r) { return r.normal() + (r.uniform() < 0.05 ? 4.0 : 0.0); }},
    };
    return all;
}

// A kind of shift of several features at once.
struct JointFamily {
    const char* name;
    std::size_t features;
    std::function<void(Random&, double*, std::size_t)> live;  // fills a row; reference rows are standard normal
};

void fill_normal(Random& random, double* row, std::size_t d) {
    for (std::size_t j = 0; j < d; ++j) row[j] = random.normal();
}

const std::vector<JointFamily>& multivariate() {
    static const std::vector<JointFamily> all{
        {"level, 10 features", 10, fill_normal},
        {"location of all, 0.15 sd", 10,
         [](Random& r, double* row, std::size_t d) {
             fill_normal(r, row, d);
             for (std::size_t j = 0; j < d; ++j) row[j] += 0.15;
         }},
        {"scale of all, 1.15 times", 10,
         [](Random& r, double* row, std::size_t d) {
             fill_normal(r, row, d);
             for (std::size_t j = 0; j < d; ++j) row[j] *= 1.15;
         }},
        {"correlation 0.5 of two", 10,
         [](Random& r, double* row, std::size_t d) {
             fill_normal(r, row, d);
             row[1] = 0.5 * row[0] + std::sqrt(0.75) * row[1];
         }},
        {"correlation 0.3 of all", 10,
         [](Random& r, double* row, std::size_t d) {
             const double common = r.normal();
             for (std::size_t j = 0; j < d; ++j) row[j] = std::sqrt(0.3) * common + std::sqrt(0.7) * r.normal();
         }},
        {"one of a hundred, 0.6 sd", 100,
         [](Random& r, double* row, std::size_t d) {
             fill_normal(r, row, d);
             row[d / 2] += 0.6;
         }},
    };
    return all;
}

std::vector<double> draw(Random& random, const std::function<double(Random&)>& one, std::size_t count = rows) {
    std::vector<double> values(count);
    for (double& value : values) value = one(random);
    return values;
}

// Share of runs in which `p_of(random)` is at most the level; not evaluated counts as no alarm.
template <class P>
double rejections(std::size_t runs, std::uint64_t seed, P&& p_of) {
    std::size_t rejected = 0;
    for (std::size_t run = 0; run < runs; ++run) {
        Random random(seed, run);
        try {
            rejected += p_of(random, run) <= level ? 1U : 0U;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_enough_data) throw;
        }
    }
    return static_cast<double>(rejected) / static_cast<double>(runs);
}

Json univariate_rates(std::size_t runs) {
    Json rates;
    for (std::uint8_t i = 0; i < drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        if (test == DriftTest::automatic || !runs_on_samples(test, true)) continue;
        for (const Family& family : univariate()) {
            double evidence = 0.0;
            rates[drift_test_name(test)][family.name] = rejections(runs, 7, [&](Random& random, std::size_t run) {
                const drift::SortedSample<double> x(draw(random, family.reference)),
                    y(draw(random, family.live, family.live_rows));
                drift::TestOptions options;
                options.seed = run;
                options.permutations = 199;
                const double p = drift::run_test(test, x, y, options).p_value;
                evidence += std::isnan(p) ? 0.0 : 1.0;
                return p;
            });
            if (evidence == 0.0) rates[drift_test_name(test)][family.name] = nullptr;  // a measure without a p-value
        }
        std::fprintf(stderr, "%s\n", drift_test_name(test));
    }
    return rates;
}

// The verdicts of other packages, by their own thresholds.
Json preset_rates(std::size_t runs) {
    using drift::Divergence;
    using drift::DivergencePreset;
    struct Rule {
        const char* name;
        DivergencePreset preset;
        Divergence divergence;
    };
    const std::vector<Rule> rules{
        {"evidently, PSI >= 0.1", DivergencePreset::evidently, Divergence::population_stability},
        {"evidently, KL >= 0.1", DivergencePreset::evidently, Divergence::kullback_leibler},
        {"evidently, JS >= 0.1", DivergencePreset::evidently, Divergence::jensen_shannon},
        {"evidently, Hellinger >= 0.1", DivergencePreset::evidently, Divergence::hellinger},
        {"NannyML, JS > 0.1", DivergencePreset::nannyml, Divergence::jensen_shannon},
        {"NannyML, Hellinger > 0.1", DivergencePreset::nannyml, Divergence::hellinger},
    };
    Json rates;
    for (const Rule& rule : rules)
        for (const Family& family : univariate())
            rates[rule.name][family.name] = rejections(runs, 7, [&](Random& random, std::size_t) {
                const drift::SortedSample<double> x(draw(random, family.reference)),
                    y(draw(random, family.live, family.live_rows));
                return drift::preset_divergence(rule.preset, rule.divergence, x, y).exceeds ? 0.0 : 1.0;
            });
    return rates;
}

// Every feature by itself, Holm's correction: what a univariate guard would see.
double each_by_itself(const std::vector<double>& x, const std::vector<double>& y, std::size_t d) {
    std::vector<double> p_values;
    std::vector<double> a(rows), b(rows);
    for (std::size_t j = 0; j < d; ++j) {
        for (std::size_t i = 0; i < rows; ++i) {
            a[i] = x[i * d + j];
            b[i] = y[i * d + j];
        }
        p_values.push_back(drift::run_test(DriftTest::kolmogorov_smirnov, drift::SortedSample<double>(a),
                                           drift::SortedSample<double>(b))
                               .p_value);
    }
    return std::min(1.0, *std::min_element(p_values.begin(), p_values.end()) * static_cast<double>(d));
}

Json multivariate_rates(std::size_t runs) {
    Json rates;
    const auto measure = [&](const char* name, auto&& p_of) {
        for (const JointFamily& family : multivariate()) {
            rates[name][family.name] = rejections(runs, 11, [&](Random& random, std::size_t run) {
                std::vector<double> x(rows * family.features), y(x.size());
                for (std::size_t i = 0; i < rows; ++i) {
                    fill_normal(random, x.data() + i * family.features, family.features);
                    family.live(random, y.data() + i * family.features, family.features);
                }
                return p_of(x, y, family.features, run);
            });
        }
        std::fprintf(stderr, "%s\n", name);
    };
    measure("each by itself (KS, Holm)",
            [](const auto& x, const auto& y, std::size_t d, std::size_t) { return each_by_itself(x, y, d); });
    for (std::uint8_t i = 0; i < multivariate_test_count; ++i) {
        const auto test = static_cast<MultivariateTest>(i);
        measure(multivariate_test_name(test), [test](const auto& x, const auto& y, std::size_t d, std::size_t run) {
            drift::TestOptions options;
            options.seed = run;
            options.permutations = 199;
            return drift::run_test(test, MatrixView<double>::row_major(x.data(), rows, d),
                                   MatrixView<double>::row_major(y.data(), rows, d), options)
                .test.p_value;
        });
    }
    return rates;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t runs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
    if (runs == 0) {
        std::fputs("usage: bench_power [runs]\n", stderr);
        return 2;
    }
    const Json out{{"level", level},
                   {"rows", rows},
                   {"runs", runs},
                   {"univariate", univariate_rates(runs)},
                   {"presets", preset_rates(runs)},
                   {"multivariate", multivariate_rates(runs)}};
    std::puts(out.dump(2).c_str());
}
