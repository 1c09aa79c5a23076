// SPDX-License-Identifier: Apache-2.0
// The Mann-Whitney test: U, its exact and normal laws, and the probability of superiority with its interval.
#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/sample_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double exact_steps_automatic = 1e6;
constexpr double exact_steps_largest = 2e9;
constexpr std::size_t exact_size_largest = 1000;  // binomial coefficients must fit a double

// Twice U, tie cubes and the sums of squared placements, in one pass.
struct RankScan {
    double n = 0.0;
    double m = 0.0;
    Alternative alternative = Alternative::two_sided;
    double below = 0.0;       // reference values passed
    double live_below = 0.0;  // live values passed
    double twice_u = 0.0;     // of the live values: 2 (below + ties/2) each
    double tie_cubes = 0.0;   // sum of t^3 - t
    double live_squares = 0.0;
    double reference_squares = 0.0;

    template <class T>
    void operator()(T, std::size_t c_count, std::size_t d_count) {
        const auto c = static_cast<double>(c_count);
        const auto d = static_cast<double>(d_count);
        const double live_place = 2.0 * below + c;
        const double reference_place = 2.0 * live_below + d;
        twice_u += d * live_place;
        live_squares += d * live_place * live_place;
        reference_squares += c * reference_place * reference_place;
        const double t = c + d;
        tie_cubes += t * (t * t - 1.0);
        below += c;
        live_below += d;
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
    const double total = scan.n + scan.m;
    // Two values can only be tied or not; their correction's denominator is not 0.
    const double ties = total > 1.0 ? scan.tie_cubes / (total * (total - 1.0)) : 0.0;
    const double deviation = std::sqrt(scan.n * scan.m / 12.0 * std::max(0.0, total + 1.0 - ties));
    if (!(deviation > 0.0)) return 1.0;
    const double z = (0.5 * scan.extremeness() - 0.5) / deviation;
    const double tail = stats::normal_sf(z);
    return scan.alternative == Alternative::two_sided ? std::min(1.0, 2.0 * tail) : tail;
}

// Newcombe's (2006) variance of the estimate at the true value theta.
double model_variance(double theta, double n, double m) {
    const double rest = 0.5 * (n + m) - 1.0;
    return theta * (1.0 - theta) * (1.0 + rest * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta))) / (n * m);
}

// DeLong's variance of the estimate, from the spread of the placements.
double placement_variance(const RankScan& scan) {
    const double mean = scan.twice_u / (scan.n * scan.m);
    const auto part = [mean](double squares, double count, double other) {
        if (count < 2.0) return 0.0;
        return 0.25 * std::max(0.0, squares / (other * other * count) - mean * mean) / (count - 1.0);
    };
    return part(scan.live_squares, scan.m, scan.n) + part(scan.reference_squares, scan.n, scan.m);
}

// Where |estimate - theta| = z sqrt(variance(theta)), on either side.
Interval superiority_interval(const RankScan& scan, double estimate, double confidence) {
    const double z = stats::Confidence(confidence).z();
    const double model = model_variance(estimate, scan.n, scan.m);
    const double widen = model > 0.0 ? std::max(1.0, placement_variance(scan) / model) : 1.0;
    const auto edge = [&](double outer) {
        double inside = estimate;
        double outside = outer;
        for (int step = 0; step < 60; ++step) {
            const double theta = 0.5 * (inside + outside);
            const double distance = estimate - theta;
            const bool covered = distance * distance <= z * z * widen * model_variance(theta, scan.n, scan.m);
            (covered ? inside : outside) = theta;
        }
        return outside;
    };
    return {edge(0.0), edge(1.0)};
}

}  // namespace

template <class T>
TestResult mann_whitney(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    check_options("mann_whitney", options);
    TestResult result = start_result("mann_whitney", reference, live, 1);
    const RankScan empty{result.reference_count, result.live_count, options.alternative};
    RankScan scan = empty;
    for_each_tie_group(reference.values(), live.values(), [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    result.statistic = 0.5 * scan.twice_u;
    const double estimate = result.statistic / (scan.n * scan.m);
    result.effect = estimate - 0.5;
    const Interval interval = superiority_interval(scan, estimate, options.confidence);
    result.effect_interval = {interval.lower - 0.5, interval.upper - 0.5};
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

template TestResult mann_whitney<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult mann_whitney<double>(const SortedSample<double>&, const SortedSample<double>&, const TestOptions&);

}  // namespace vedette::inline v0::drift
