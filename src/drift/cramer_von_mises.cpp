// SPDX-License-Identifier: Apache-2.0
// The two-sample Cramer-von Mises test.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "drift/bridge_form.hpp"
#include "drift/sample_tests.hpp"
#include "drift/unsorted_walk.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/chi_squared_mixture.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t exact_size_automatic = 20;
constexpr double exact_steps_automatic = 2e7;
constexpr double exact_steps_largest = 5e8;
// The sum of cubed shares of the tie groups, by which ties lower the mean of T; below this they do not matter.
constexpr double negligible_ties = 1e-6;

// Three times the integral of the squared difference n m (F - G) over pooled ranks. Within a tie group the difference
// runs straight from one end to the other, which is what Anderson's T with midranks amounts to.
struct SquareScan {
    double n = 0.0;
    double m = 0.0;
    double difference = 0.0;
    double sum = 0.0;
    double cubes = 0.0;

    template <class T>
    void operator()(T, std::size_t c, std::size_t d) {
        const double size = static_cast<double>(c + d);
        const double before = difference;
        difference += static_cast<double>(c) * m - static_cast<double>(d) * n;
        sum += size * (before * before + before * difference + difference * difference);
        cubes += size * size * size;
    }
    void resume(const kernels::WalkState& state) { difference = state.reference_below * m - state.live_below * n; }
    void absorb(const double* sums) {
        sum += sums[0];
        cubes += sums[1];
    }
    [[nodiscard]] double extremeness() const { return sum; }
};

// Counts of arrangements by the value of the sum, ascending.
using Counts = std::vector<std::pair<std::int64_t, double>>;

void add_counts(Counts& into, const Counts& from, std::int64_t shift, double times) {
    Counts merged;
    merged.reserve(into.size() + from.size());
    std::size_t i = 0;
    for (const auto& [value, count] : from) {
        while (i < into.size() && into[i].first < value + shift) merged.push_back(into[i++]);
        if (i < into.size() && into[i].first == value + shift)
            merged.emplace_back(value + shift, into[i++].second + times * count);
        else
            merged.emplace_back(value + shift, times * count);
    }
    merged.insert(merged.end(), into.begin() + static_cast<std::ptrdiff_t>(i), into.end());
    into = std::move(merged);
}

double choose(std::size_t n, std::size_t k) {
    double result = 1.0;
    for (std::size_t i = 1; i <= k; ++i)
        result = std::nearbyint(result * static_cast<double>(n - k + i) / static_cast<double>(i));
    return result;
}

// An upper bound of the list lengths summed over all states.
double exact_steps(std::size_t n, std::size_t m) {
    // The sum of at most N terms 3 d^2 of whole numbers, d at most n m over the common divisor.
    const double reach = static_cast<double>(n) * static_cast<double>(m) / static_cast<double>(std::gcd(n, m));
    const double range = 3.0 * static_cast<double>(n + m) * reach * reach;
    double steps = 0.0;
    for (std::size_t i = 0; i <= n; ++i)
        for (std::size_t j = 0; j <= m; ++j) {
            const double paths =
                std::exp(std::lgamma(static_cast<double>(i + j + 1)) - std::lgamma(static_cast<double>(i + 1)) -
                         std::lgamma(static_cast<double>(j + 1)));
            steps += std::min(paths, range);
        }
    return steps;
}

// The share of all assignments of the pooled values, ties kept, with a sum at least as large as the observed one.
template <class T>
double exact_p(const SortedSample<T>& reference, const SortedSample<T>& live) {
    const std::size_t n = reference.size();
    const std::size_t m = live.size();
    const auto divisor = static_cast<std::int64_t>(std::gcd(n, m));
    const auto up = static_cast<std::int64_t>(m) / divisor;
    const auto down = static_cast<std::int64_t>(n) / divisor;
    std::vector<Counts> states(n + 1);  // by how many of the values passed belong to the reference
    states[0] = {{0, 1.0}};
    std::size_t passed = 0;
    std::int64_t observed = 0;
    std::int64_t before = 0;
    for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t d) {
        const std::size_t size = c + d;
        const auto weight = static_cast<std::int64_t>(size);
        const std::int64_t after = before + static_cast<std::int64_t>(c) * up - static_cast<std::int64_t>(d) * down;
        observed += weight * (before * before + before * after + after * after);
        before = after;
        std::vector<Counts> next(n + 1);
        for (std::size_t i = passed > m ? passed - m : 0; i <= std::min(n, passed); ++i) {
            const auto start = static_cast<std::int64_t>(i) * up - static_cast<std::int64_t>(passed - i) * down;
            for (std::size_t chosen = 0; chosen <= size && i + chosen <= n; ++chosen) {
                if (passed - i + size - chosen > m) continue;
                const auto end =
                    start + static_cast<std::int64_t>(chosen) * up - static_cast<std::int64_t>(size - chosen) * down;
                add_counts(next[i + chosen], states[i], weight * (start * start + start * end + end * end),
                           choose(size, chosen));
            }
        }
        states = std::move(next);
        passed += size;
    });
    double all = 0.0;
    double extreme = 0.0;
    for (const auto& [value, count] : states[n]) {
        all += count;
        if (value >= observed) extreme += count;
    }
    return extreme / all;
}

// T has mean 1/6 + 1/(6 N) and a variance below the limit's: standardised, it follows the limit law closely (Anderson
// 1962, equation 15).
double continuous_p(double t, double n, double m) {
    const double total = n + m;
    const double product = n * m;
    const double mean = (1.0 + 1.0 / total) / 6.0;
    const double variance = (total + 1.0) * (4.0 * product * total - 3.0 * (n * n + m * m) - 2.0 * product) /
                            (45.0 * total * total * 4.0 * product);
    return stats::ChiSquaredMixture::cramer_von_mises().sf(1.0 / 6.0 + (t - mean) / std::sqrt(45.0 * variance));
}

// The law given the shares of the ties; `integral` is T less its constant 1/(6 N).
template <class T>
double tied_p(const SortedSample<T>& reference, const SortedSample<T>& live, double integral) {
    const double total = static_cast<double>(reference.size() + live.size());
    // Draws without replacement vary by N/(N - 1) more than the bridge when scaled by n m/N.
    const double scale = total / (total - 1.0);
    BridgeForm form;
    CellCutter cutter;
    const auto close = [&](double mass, bool) {
        const double third = scale * mass / 3.0;
        form.add_cell(mass, third, third, third);
    };
    for_each_tie_group(reference.values(), live.values(),
                       [&](T, std::size_t c, std::size_t d) { cutter.add(static_cast<double>(c + d) / total, close); });
    cutter.finish(close);
    if (form.cells() < 2) return 1.0;
    return stats::ChiSquaredMixture(form.weights()).sf(integral);
}

constexpr const char* name = "cramer_von_mises";

void check(const TestOptions& options) {
    check_options(name, options);
    require_two_sided(name, options);
}

// Statistic, effect and interval; the integral of the squared difference is T less its constant 1/(6 N).
double describe(const SquareScan& scan, double confidence, TestResult& result) {
    const double product = scan.n * scan.m;
    const double total = scan.n + scan.m;
    const double mean_square = scan.sum / (3.0 * total * product * product);
    const double integral = product / total * mean_square;
    result.statistic = integral + 1.0 / (6.0 * total);
    result.effect = std::sqrt(mean_square);
    const auto limit = stats::ChiSquaredMixture::cramer_von_mises();
    const double width = std::sqrt(limit.approximate_quantile(1.0 - confidence) * total / product);
    result.effect_interval = {std::max(0.0, result.effect - width), result.effect + width};
    return integral;
}

bool has_few_ties(const SquareScan& scan) {
    const double total = scan.n + scan.m;
    return (scan.cubes - total) / (total * total * total) < negligible_ties;
}

}  // namespace

template <class T>
TestResult cramer_von_mises(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    check(options);
    TestResult result = start_result(name, reference, live, 2);
    const SquareScan empty{result.reference_count, result.live_count};
    SquareScan scan = empty;
    for_each_tie_group(reference.values(), live.values(), [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    const double integral = describe(scan, options.confidence, result);
    const double total = scan.n + scan.m;

    Method method = options.method;
    const bool small = std::max(reference.size(), live.size()) <= exact_size_automatic;
    if (method == Method::automatic)
        method = small && exact_steps(reference.size(), live.size()) <= exact_steps_automatic ? Method::exact
                                                                                              : Method::asymptotic;
    if (method == Method::exact && (total > 200.0 || exact_steps(reference.size(), live.size()) > exact_steps_largest))
        throw Error(ErrorCode::unsupported, "cramer_von_mises: the samples of " + std::to_string(reference.size()) +
                                                " and " + std::to_string(live.size()) +
                                                " values are too large for the exact p-value");
    switch (method) {
        case Method::exact: result.p_value = exact_p(reference, live); break;
        case Method::permutation:
            result.p_value = permutation_p(reference.values(), live.values(), options, [&] { return empty; });
            break;
        default:
            result.p_value =
                has_few_ties(scan) ? continuous_p(result.statistic, scan.n, scan.m) : tied_p(reference, live, integral);
    }
    return result;
}

template <class T>
TestResult cramer_von_mises(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    check(options);
    static_assert(PooledChunks<T>::least_values > 2 * exact_size_automatic);
    if (options.method == Method::automatic || options.method == Method::asymptotic) {
        if (auto chunks = PooledChunks<T>::cut(reference, live, options.nan)) {
            TestResult result = start_result(name, chunks->reference_size(), chunks->live_size(), 2);
            SquareScan scan{result.reference_count, result.live_count};
            chunks->walk(kernels::WalkSum::squares, scan);
            if (has_few_ties(scan)) {
                describe(scan, options.confidence, result);
                result.p_value = continuous_p(result.statistic, scan.n, scan.m);
                return result;
            }
        }
    }
    const SortedSample<T> x(reference, options.nan), y(live, options.nan);
    return cramer_von_mises(x, y, options);
}

template TestResult cramer_von_mises<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult cramer_von_mises<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult cramer_von_mises<double>(const SortedSample<double>&, const SortedSample<double>&,
                                             const TestOptions&);
template TestResult cramer_von_mises<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
