// SPDX-License-Identifier: Apache-2.0
// The Anderson-Darling test of two or more samples.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "drift/bridge_form.hpp"
#include "drift/sample_tests.hpp"
#include "drift/unsorted_walk.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/chi_squared_mixture.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "anderson_darling";
constexpr double negligible_ties = 1e-6;  // of the sum of cubed shares
constexpr double few_of_several = 100.0;  // values of the smallest of several tied samples
constexpr double pi = std::numbers::pi;

// Scholz and Stephens' equations 6 and 7 for two samples, whose squared differences are the same but for their sizes.
struct WeightedScan {
    double n = 0.0;
    double m = 0.0;
    bool midrank = true;
    double passed = 0.0;
    double difference = 0.0;  // n m (F - G)
    double sum = 0.0;
    double cubes = 0.0;  // of the sizes of tie groups, less the sizes

    template <class T>
    void operator()(T, std::size_t c_count, std::size_t d_count) {
        const auto c = static_cast<double>(c_count);
        const auto d = static_cast<double>(d_count);
        const double size = c + d;
        const double total = n + m;
        const double step = c * m - d * n;
        const double share = midrank ? 0.5 : 1.0;
        const double middle = difference + share * step;
        const double rank = passed + share * size;
        const double variance = rank * (total - rank) - (midrank ? 0.25 * total * size : 0.0);
        // The last group of the right-continuous form ends where both functions are 1, as does a single group.
        sum += variance > 0.0 ? size * middle * middle / variance : 0.0;
        cubes += size * (size * size - 1.0);
        difference += step;
        passed += size;
    }
    void resume(const kernels::WalkState& state) {
        difference = state.reference_below * m - state.live_below * n;
        passed = state.reference_below + state.live_below;
    }
    void absorb(const double* sums) {
        sum += sums[0];
        cubes += sums[1];
    }
    [[nodiscard]] bool has_few_ties() const {
        const double total = n + m;
        return cubes / (total * total * total) <= negligible_ties;
    }
    [[nodiscard]] double statistic() const {
        const double total = n + m;
        return (midrank ? (total - 1.0) / total : 1.0) * sum / (n * m);
    }
    [[nodiscard]] double extremeness() const { return sum; }
};

// The same for any number of samples, fed with the counts of each.
class SampleScan {
  public:
    SampleScan(std::span<const double> sizes, bool midrank)
        : sizes_(sizes), below_(sizes.size(), 0.0), midrank_(midrank) {
        for (const double size : sizes) total_ += size;
    }

    void operator()(std::span<const std::size_t> counts) {
        double size = 0.0;
        for (const std::size_t count : counts) size += static_cast<double>(count);
        const double share = midrank_ ? 0.5 : 1.0;
        const double rank = passed_ + share * size;
        const double variance = rank * (total_ - rank) - (midrank_ ? 0.25 * total_ * size : 0.0);
        double squares = 0.0;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const auto count = static_cast<double>(counts[i]);
            const double excess = total_ * (below_[i] + share * count) - rank * sizes_[i];
            squares += excess * excess / sizes_[i];
            below_[i] += count;
        }
        if (variance > 0.0) sum_ += size / total_ * squares / variance;
        passed_ += size;
    }
    [[nodiscard]] double statistic() const { return (midrank_ ? (total_ - 1.0) / total_ : 1.0) * sum_; }

  private:
    std::span<const double> sizes_;
    std::vector<double> below_;
    bool midrank_;
    double total_ = 0.0;
    double passed_ = 0.0;
    double sum_ = 0.0;
};

// Sums of 1/i and 1/i^2 for i = 1 .. n.
std::pair<double, double> harmonic(double n) {
    if (n <= 200.0) {
        double first = 0.0;
        double second = 0.0;
        for (double i = n; i >= 1.0; i -= 1.0) {
            first += 1.0 / i;
            second += 1.0 / (i * i);
        }
        return {first, second};
    }
    const double r = 1.0 / n;
    return {std::log(n) + std::numbers::egamma + r * (0.5 - r * (1.0 / 12.0 - r * r / 120.0)),
            pi * pi / 6.0 - r * (1.0 - r * (0.5 - r * (1.0 / 6.0 - r * r / 30.0)))};
}

// The variance of A^2 without ties (Scholz and Stephens 1987, equation 4), at least four values. Their double sum g of
// 1/((N - i) j) has a closed form in harmonic numbers.
double finite_variance(std::span<const double> sizes, double total) {
    double inverse = 0.0;
    for (const double size : sizes) inverse += 1.0 / size;
    const double k = static_cast<double>(sizes.size());
    const double h = harmonic(total - 1.0).first;
    const double g = harmonic(total).second - (2.0 * h + 1.0 / total) / total;
    const double a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * inverse;
    const double b =
        (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * inverse - 8.0 * h + 4.0 * g - 6.0;
    const double c =
        (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k + (2.0 * h - 6.0) * inverse + 4.0 * h;
    const double d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    return (((a * total + b) * total + c) * total + d) / ((total - 1.0) * (total - 2.0) * (total - 3.0));
}

// Scholz and Stephens' (1987) table 2: upper quantiles of the standardised statistic are b0 + b1/sqrt(k-1) + b2/(k-1).
double table_p(double standardised, double degrees) {
    constexpr std::array<double, 7> levels{0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001};
    constexpr std::array<double, 7> b0{0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085};
    constexpr std::array<double, 7> b1{-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615};
    constexpr std::array<double, 7> b2{-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154};
    std::array<double, 7> critical{};
    double centre = 0.0;
    for (std::size_t i = 0; i < 7; ++i)
        centre += (critical[i] = b0[i] + b1[i] / std::sqrt(degrees) + b2[i] / degrees) / 7.0;
    if (standardised < critical.front()) return levels.front();
    if (standardised > critical.back()) return levels.back();
    // Least squares of log(level) on 1, t, t^2, t the quantile from the centre; normal equations by Cramer's rule.
    std::array<double, 5> s{};
    std::array<double, 3> y{};
    for (std::size_t i = 0; i < 7; ++i) {
        double power = 1.0;
        for (std::size_t r = 0; r < 5; ++r, power *= critical[i] - centre) {
            s[r] += power;
            if (r < 3) y[r] += power * std::log(levels[i]);
        }
    }
    const auto determinant = [](const std::array<double, 9>& e) {
        return e[0] * (e[4] * e[8] - e[5] * e[7]) - e[1] * (e[3] * e[8] - e[5] * e[6]) +
               e[2] * (e[3] * e[7] - e[4] * e[6]);
    };
    const double whole = determinant({s[0], s[1], s[2], s[1], s[2], s[3], s[2], s[3], s[4]});
    const double c0 = determinant({y[0], s[1], s[2], y[1], s[2], s[3], y[2], s[3], s[4]}) / whole;
    const double c1 = determinant({s[0], y[0], s[2], s[1], y[1], s[3], s[2], y[2], s[4]}) / whole;
    const double c2 = determinant({s[0], s[1], y[0], s[1], s[2], y[1], s[2], s[3], y[2]}) / whole;
    const double t = standardised - centre;
    return std::exp(c0 + t * (c1 + t * c2));
}

// The tie groups as cells, and how far from continuous they are.
struct TieShares {
    explicit TieShares(double all) : total(all) {}

    void add(std::size_t size) {
        const double mass = static_cast<double>(size) / total;
        cubes += mass * (mass * mass - 1.0 / (total * total));
        cutter.add(mass, [&](double cell, bool) { masses.push_back(cell); });
    }
    void finish() {
        cutter.finish([&](double cell, bool) { masses.push_back(cell); });
    }

    double total;
    double cubes = 0.0;
    CellCutter cutter{};
    std::vector<double> masses{};
};

stats::ChiSquaredMixture tied_law(const TieShares& ties, double degrees, bool midrank) {
    BridgeForm form;
    double start = 0.0;
    for (const double mass : ties.masses) {
        const double end = start + mass;
        const double middle = 0.5 * (start + end);
        if (midrank) {
            const double c = 0.25 * mass / (middle * (1.0 - middle) - 0.25 * mass);
            form.add_cell(mass, c, 2.0 * c, c);
        } else {
            // The last end, where nothing varies, is no part of the form.
            form.add_cell(mass, 0.0, 0.0, end * (1.0 - end) > 0.0 ? mass / (end * (1.0 - end)) : 0.0);
        }
        start = end;
    }
    return stats::ChiSquaredMixture(form.weights(), degrees);
}

double untied_p(double statistic, double variance, double degrees) {
    const auto law = stats::ChiSquaredMixture::anderson_darling(degrees);
    return law.sf(degrees + (statistic - degrees) * std::sqrt(law.variance() / variance));
}

double limit_p(double statistic, double variance, double degrees, const TieShares& ties, bool midrank) {
    return ties.cubes > negligible_ties ? tied_law(ties, degrees, midrank).sf(statistic)
                                        : untied_p(statistic, variance, degrees);
}

void check(const AndersonDarlingOptions& options, double total) {
    check_options(name, options);
    require_two_sided(name, options);
    refuse_exact(name, options);
    if (total < 4.0)
        throw Error(ErrorCode::not_enough_data, "anderson_darling: " + std::to_string(static_cast<int>(total)) +
                                                    " values in all, at least 4 are needed");
}

void require_distinct(bool distinct) {
    if (!distinct)
        throw Error(ErrorCode::not_enough_data, "anderson_darling: all values are equal, at least two must differ");
}

WeightedScan start_scan(const AndersonDarlingOptions& options, const TestResult& counts) {
    check(options, counts.reference_count + counts.live_count);
    return {counts.reference_count, counts.live_count, options.variant == AndersonDarlingVariant::midrank};
}

// Statistic, effect and interval; the variance of A^2.
double describe(const WeightedScan& scan, double confidence, TestResult& result) {
    const double statistic = scan.statistic();
    const double total = scan.n + scan.m;
    const double product = scan.n * scan.m;
    const std::array<double, 2> sizes{scan.n, scan.m};
    const double variance = finite_variance(sizes, total);
    result.statistic = (statistic - 1.0) / std::sqrt(variance);
    result.degrees_of_freedom = 1.0;
    result.effect = std::sqrt(statistic * total * total / ((total - 1.0) * product));
    const auto limit = stats::ChiSquaredMixture::anderson_darling(1.0);
    const double width = std::sqrt(limit.approximate_quantile(1.0 - confidence) * total / product);
    result.effect_interval = {std::max(0.0, result.effect - width), result.effect + width};
    return variance;
}

// The pooled sample of several: the counts of each sample in every tie group, flat.
template <class T>
std::vector<std::size_t> pooled_counts(std::span<const SortedSample<T>> samples) {
    std::vector<std::pair<T, std::size_t>> pooled;
    for (std::size_t i = 0; i < samples.size(); ++i)
        for (const T value : samples[i].values()) pooled.emplace_back(value, i);
    std::sort(pooled.begin(), pooled.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::size_t> counts;
    for (std::size_t r = 0; r < pooled.size(); ++r) {
        if (r == 0 || pooled[r].first != pooled[r - 1].first) counts.resize(counts.size() + samples.size());
        ++counts[counts.size() - samples.size() + pooled[r].second];
    }
    return counts;
}

double statistic_of(std::span<const std::size_t> counts, std::span<const double> sizes, bool midrank) {
    SampleScan scan(sizes, midrank);
    for (std::size_t at = 0; at < counts.size(); at += sizes.size()) scan(counts.subspan(at, sizes.size()));
    return scan.statistic();
}

// Splits the pooled sample at random into samples of the same sizes, one after the other.
double permuted_p(std::span<const std::size_t> counts, std::span<const double> sizes, double observed,
                  const AndersonDarlingOptions& options) {
    const std::size_t k = sizes.size();
    std::vector<std::size_t> group_of;
    for (std::size_t g = 0; g < counts.size() / k; ++g)
        for (std::size_t i = 0; i < k; ++i) group_of.insert(group_of.end(), counts[g * k + i], g);
    const std::vector<std::size_t> everything = group_of;
    std::vector<std::size_t> drawn(counts.size());
    std::vector<std::uint8_t> labels(everything.size());
    std::uint64_t as_extreme = 0;
    for (std::size_t split = 0; split < options.permutations; ++split) {
        group_of = everything;
        std::fill(drawn.begin(), drawn.end(), std::size_t{0});
        for (std::size_t i = 0; i < k; ++i) {
            const std::span<std::uint8_t> labels_left(labels.data(), group_of.size());
            stats::random_split(options.seed, split * k + i, static_cast<std::size_t>(sizes[i]), labels_left);
            std::size_t kept = 0;
            for (std::size_t r = 0; r < group_of.size(); ++r) {
                if (labels_left[r] != 0)
                    ++drawn[group_of[r] * k + i];
                else
                    group_of[kept++] = group_of[r];
            }
            group_of.resize(kept);
        }
        const double permuted = statistic_of(drawn, sizes, options.variant == AndersonDarlingVariant::midrank);
        as_extreme += stats::is_as_extreme(permuted, observed) ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

}  // namespace

template <class T>
TestResult anderson_darling(const SortedSample<T>& reference, const SortedSample<T>& live,
                            const AndersonDarlingOptions& options) {
    TestResult result = start_result(name, reference, live, 1);
    const WeightedScan empty = start_scan(options, result);
    WeightedScan scan = empty;
    for_each_tie_group(reference.values(), live.values(), [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    require_distinct(std::min(reference.values().front(), live.values().front()) !=
                     std::max(reference.values().back(), live.values().back()));
    const double variance = describe(scan, options.confidence, result);
    if (options.method == Method::permutation) {
        result.p_value = permutation_p(reference.values(), live.values(), options, [&] { return empty; });
    } else if (options.law == AndersonDarlingLaw::table) {
        result.p_value = table_p(result.statistic, 1.0);
    } else {
        TieShares ties(scan.n + scan.m);
        if (!scan.has_few_ties()) {
            for_each_tie_group(reference.values(), live.values(),
                               [&](T, std::size_t c, std::size_t d) { ties.add(c + d); });
            ties.finish();
        }
        result.p_value = limit_p(scan.statistic(), variance, 1.0, ties, scan.midrank);
    }
    return result;
}

template <class T>
TestResult anderson_darling(ColumnView<T> reference, ColumnView<T> live, const AndersonDarlingOptions& options) {
    auto chunks =
        options.method == Method::permutation ? std::nullopt : PooledChunks<T>::cut(reference, live, options.nan);
    if (chunks) {
        TestResult result = start_result(name, chunks->reference_size(), chunks->live_size(), 1);
        WeightedScan scan = start_scan(options, result);
        chunks->walk(scan.midrank ? kernels::WalkSum::midrank_squares : kernels::WalkSum::right_squares, scan);
        const bool table = options.law == AndersonDarlingLaw::table;
        if (table || scan.has_few_ties()) {
            const double variance = describe(scan, options.confidence, result);
            result.p_value = table ? table_p(result.statistic, 1.0) : untied_p(scan.statistic(), variance, 1.0);
            return result;
        }
    }
    const SortedSample<T> x(reference, options.nan), y(live, options.nan);
    return anderson_darling(x, y, options);
}

template <class T>
TestResult anderson_darling(std::span<const SortedSample<T>> samples, const AndersonDarlingOptions& options) {
    if (samples.size() < 2)
        throw Error(ErrorCode::invalid_argument,
                    "anderson_darling: " + std::to_string(samples.size()) + " samples, at least 2 are needed");
    if (samples.size() == 2) return anderson_darling(samples[0], samples[1], options);
    std::vector<double> sizes;
    double total = 0.0;
    for (const SortedSample<T>& sample : samples) {
        if (sample.empty())
            throw Error(ErrorCode::not_enough_data,
                        "anderson_darling: sample " + std::to_string(sizes.size()) + " is empty");
        sizes.push_back(static_cast<double>(sample.size()));
        total += sizes.back();
    }
    check(options, total);
    const std::size_t k = sizes.size();
    const double degrees = static_cast<double>(k - 1);
    const std::vector<std::size_t> counts = pooled_counts(samples);
    require_distinct(counts.size() > k);
    const bool midrank = options.variant == AndersonDarlingVariant::midrank;
    const double statistic = statistic_of(counts, sizes, midrank);
    const double variance = finite_variance(sizes, total);
    TestResult result;
    result.reference_count = sizes[0];
    result.live_count = total - sizes[0];
    result.statistic = (statistic - degrees) / std::sqrt(variance);
    result.degrees_of_freedom = degrees;
    TieShares ties(total);
    for (std::size_t at = 0; at < counts.size(); at += k) {
        std::size_t size = 0;
        for (std::size_t i = 0; i < k; ++i) size += counts[at + i];
        ties.add(size);
    }
    ties.finish();
    const bool table = options.law == AndersonDarlingLaw::table;
    const bool tied = options.method == Method::automatic && !table && ties.cubes > negligible_ties &&
                      *std::min_element(sizes.begin(), sizes.end()) < few_of_several;
    if (options.method == Method::permutation || tied) {
        result.p_value = permuted_p(counts, sizes, statistic, options);
    } else {
        result.p_value =
            table ? table_p(result.statistic, degrees) : limit_p(statistic, variance, degrees, ties, midrank);
    }
    return result;
}

template TestResult anderson_darling<float>(const SortedSample<float>&, const SortedSample<float>&,
                                            const AndersonDarlingOptions&);
template TestResult anderson_darling<float>(std::span<const SortedSample<float>>, const AndersonDarlingOptions&);
template TestResult anderson_darling<float>(ColumnView<float>, ColumnView<float>, const AndersonDarlingOptions&);
template TestResult anderson_darling<double>(const SortedSample<double>&, const SortedSample<double>&,
                                             const AndersonDarlingOptions&);
template TestResult anderson_darling<double>(std::span<const SortedSample<double>>, const AndersonDarlingOptions&);
template TestResult anderson_darling<double>(ColumnView<double>, ColumnView<double>, const AndersonDarlingOptions&);

}  // namespace vedette::inline v0::drift
