// SPDX-License-Identifier: Apache-2.0
// The Mann-Whitney test: U, its exact and normal laws, and the probability of superiority with its interval.
#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/sample_tests.hpp"
#include "drift/superiority.hpp"
#include "drift/unsorted_walk.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double exact_steps_automatic = 1e6;
constexpr double exact_steps_largest = 2e9;
constexpr std::size_t exact_size_largest = 1000;  // binomial coefficients must fit a double

struct RankScan : PlacementSums {
    Alternative alternative = Alternative::two_sided;

    void resume(const kernels::WalkState& state) {
        below = state.reference_below;
        live_below = state.live_below;
    }
    void absorb(const double* sums) {
        twice_u += sums[0];
        tie_cubes += sums[1];
        live_squares += sums[2];
        reference_squares += sums[3];
    }
    [[nodiscard]] double extremeness() const {
        const double excess = twice_u - n * m;
        switch (alternative) {
            case Alternative::greater: return excess;
            case Alternative::less: return -excess;
            default: return std::abs(excess);
        }
    }
};

// Additions that the exact law takes: choosing m of N scores, by their sum.
double exact_steps(double n, double m) {
    return (n + m) * std::min(n, m) * 2.0 * n * m;
}

// The tails of twice U among all choices of the live values from the pooled ones, given their ties: the number of
// choices of j of the first scores, by their sum above the smallest possible one.
template <class T>
double exact_p(const SortedSample<T>& reference, const SortedSample<T>& live, const RankScan& scan) {
    // The smaller sample is counted; twice its U lies in [0, 2 n m], and that of the other is the rest.
    const bool count_live = live.size() <= reference.size();
    const std::size_t chosen = std::min(reference.size(), live.size());
    const std::size_t range = 2 * reference.size() * live.size() + 1;
    std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(range, 0.0));
    ways[0][0] = 1.0;
    std::size_t passed = 0;
    for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t d) {
        const std::size_t size = c + d;
        for (std::size_t member = 0; member < size; ++member) {
            // With j - 1 chosen before, taking this one adds its twofold midrank less that of a j-th smallest value.
            const std::size_t most = std::min(chosen, passed + member + 1);
            for (std::size_t j = most; j > 0; --j) {
                const std::ptrdiff_t shift =
                    static_cast<std::ptrdiff_t>(2 * passed + size + 1) - static_cast<std::ptrdiff_t>(2 * j);
                const std::vector<double>& from = ways[j - 1];
                std::vector<double>& to = ways[j];
                const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(range);
                for (std::ptrdiff_t s = std::max<std::ptrdiff_t>(0, -shift);
                     s < last - std::max<std::ptrdiff_t>(0, shift); ++s)
                    to[static_cast<std::size_t>(s + shift)] += from[static_cast<std::size_t>(s)];
            }
        }
        passed += size;
    });
    const std::vector<double>& law = ways[chosen];
    const auto twice_u = static_cast<std::size_t>(scan.twice_u);
    const std::size_t observed = count_live ? twice_u : range - 1 - twice_u;
    double all = 0.0;
    double upper = 0.0;
    double lower = 0.0;
    for (std::size_t s = 0; s < range; ++s) {
        all += law[s];
        if (s >= observed) upper += law[s];
        if (s <= observed) lower += law[s];
    }
    if (!count_live) std::swap(upper, lower);
    switch (scan.alternative) {
        case Alternative::greater: return upper / all;
        case Alternative::less: return lower / all;
        default: return std::min(1.0, 2.0 * std::min(upper, lower) / all);
    }
}

double normal_p(const RankScan& scan) {
    const double deviation = std::sqrt(permutation_variance(scan));
    if (!(deviation > 0.0)) return 1.0;
    const double z = (0.5 * scan.extremeness() - 0.5) / deviation;
    const double tail = stats::normal_sf(z);
    return scan.alternative == Alternative::two_sided ? std::min(1.0, 2.0 * tail) : tail;
}

constexpr const char* name = "mann_whitney";

void describe(const RankScan& scan, double confidence, TestResult& result) {
    result.statistic = 0.5 * scan.twice_u;
    const double estimate = result.statistic / (scan.n * scan.m);
    result.effect = estimate - 0.5;
    const Interval interval =
        superiority_interval(estimate, placement_variance(scan), stats::Confidence(confidence).z(),
                             [&](double theta) { return model_variance(theta, scan.n, scan.m); });
    result.effect_interval = {interval.lower - 0.5, interval.upper - 0.5};
}

}  // namespace

template <class T>
TestResult mann_whitney(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    check_options(name, options);
    TestResult result = start_result(name, reference, live, 1);
    const RankScan empty{{.n = result.reference_count, .m = result.live_count}, options.alternative};
    RankScan scan = empty;
    for_each_tie_group(reference.values(), live.values(), [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    describe(scan, options.confidence, result);
    const double steps = exact_steps(scan.n, scan.m);
    const bool feasible = steps <= exact_steps_largest && reference.size() + live.size() <= exact_size_largest;
    Method method = options.method;
    if (method == Method::automatic)
        method = feasible && steps <= exact_steps_automatic ? Method::exact : Method::asymptotic;
    if (method == Method::exact && !feasible)
        throw Error(ErrorCode::unsupported, "mann_whitney: the exact p-value would take " + std::to_string(steps) +
                                                " steps, at most 2e9 and 1000 values are supported");
    switch (method) {
        case Method::exact: result.p_value = exact_p(reference, live, scan); break;
        case Method::permutation:
            result.p_value = permutation_p(reference.values(), live.values(), options, [&] { return empty; });
            break;
        default: result.p_value = normal_p(scan);
    }
    return result;
}

template <class T>
TestResult mann_whitney(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    check_options(name, options);
    static_assert(PooledChunks<T>::least_values > exact_size_largest);
    if (options.method == Method::automatic || options.method == Method::asymptotic) {
        if (auto chunks = PooledChunks<T>::cut(reference, live, options.nan)) {
            TestResult result = start_result(name, chunks->reference_size(), chunks->live_size(), 1);
            RankScan scan{{.n = result.reference_count, .m = result.live_count}, options.alternative};
            chunks->walk(kernels::WalkSum::placements, scan);
            describe(scan, options.confidence, result);
            result.p_value = normal_p(scan);
            return result;
        }
    }
    const SortedSample<T> x(reference, options.nan), y(live, options.nan);
    return mann_whitney(x, y, options);
}

template TestResult mann_whitney<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult mann_whitney<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult mann_whitney<double>(const SortedSample<double>&, const SortedSample<double>&, const TestOptions&);
template TestResult mann_whitney<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
