// SPDX-License-Identifier: Apache-2.0
// Sums over shares, by the kernel of the grid tests where both sides have mass.
#include "vedette/drift/divergences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "drift/share_sums.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void check(const DivergenceOptions& options) {
    const bool amount_fits = std::isfinite(options.amount) && options.amount >= 0.0 &&
                             (options.zero != ZeroRule::floor || options.amount <= 1.0);
    if (!amount_fits)
        throw Error(ErrorCode::invalid_argument, "divergences: amount is " + std::to_string(options.amount) +
                                                     ", must be finite and not negative, as a floor at most 1");
    if (!(options.base > 1.0) || !std::isfinite(options.base))
        throw Error(ErrorCode::invalid_argument,
                    "divergences: base is " + std::to_string(options.base) + ", must be finite and above 1");
}

double checked_total(std::span<const double> masses, const char* side) {
    double total = 0.0;
    for (std::size_t i = 0; i < masses.size(); ++i) {
        if (!(masses[i] >= 0.0) || !std::isfinite(masses[i]))
            throw Error(ErrorCode::invalid_argument, "divergences: mass " + std::to_string(i) + " of the " + side +
                                                         " side is " + std::to_string(masses[i]) +
                                                         ", must be finite and not negative");
        total += masses[i];
    }
    if (!(total > 0.0))
        throw Error(ErrorCode::not_enough_data, std::string("divergences: the ") + side + " side has no mass");
    if (!std::isfinite(total))
        throw Error(ErrorCode::invalid_argument, std::string("divergences: the ") + side + " side's sum overflows");
    return total;
}

std::vector<double> shares_of(std::span<const double> masses, const char* side, const DivergenceOptions& options) {
    const double added = options.zero == ZeroRule::add ? options.amount : 0.0;
    const double total = checked_total(masses, side) + added * static_cast<double>(masses.size());
    std::vector<double> shares(masses.begin(), masses.end());
    for (double& share : shares) {
        share = (share + added) / total;
        if (options.zero == ZeroRule::floor && share == 0.0) share = options.amount;
    }
    return shares;
}

// p log(p/q) - p + q, never negative: what the sums of p and q, both 1, take away again.
double relative_entropy(double p, double q) {
    if (p == 0.0) return q;
    if (q == 0.0) return infinity;
    return std::max(0.0, p * std::log(p / q) - (p - q));
}

}  // namespace

void divide_by_total(std::vector<double>& shares) {
    double total = 0.0;
    for (const double share : shares) total += share;
    for (double& share : shares) share /= total;
}

Divergences sum_shares(std::span<const double> reference, std::span<const double> live) {
    // Counts of one item a side are shares: no smoothing, and totals of 1.
    constexpr kernels::PooledScale scale{1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 2.0, 2.0, 0.0, 1.0, 1.0};
    constexpr double smallest = 1e-100;  // below, products of three shares leave the range of doubles
    std::array<double, kernels::most_pooled_cells> p{};
    std::array<double, kernels::most_pooled_cells> q{};
    kernels::PooledSums sums;
    Divergences out;
    double alone = 0.0;  // Jensen and Shannon's terms beyond the kernel's, twice
    double apart = 0.0;
    double variation = 0.0;
    std::size_t filled = 0;
    const auto flush = [&] {
        if (filled > 0) kernels::kernels().pooled_sums(p.data(), q.data(), filled, &scale, &sums);
        filled = 0;
    };
    for (std::size_t i = 0; i < reference.size(); ++i) {
        const double a = reference[i];
        const double b = live[i];
        if (a == 0.0 && b == 0.0) continue;
        out.kullback_leibler_reference += relative_entropy(a, b);
        out.kullback_leibler_live += relative_entropy(b, a);
        variation += std::abs(a - b);
        if (a < smallest || b < smallest) {
            const double both = a + b;
            out.population_stability += a == b ? 0.0 : (a - b) * (std::log(a) - std::log(b));
            alone +=
                (a > 0.0 ? a * std::log(2.0 * (a / both)) : 0.0) + (b > 0.0 ? b * std::log(2.0 * (b / both)) : 0.0);
            apart += std::pow(std::sqrt(a) - std::sqrt(b), 2.0);
            continue;
        }
        p[filled] = a;
        q[filled] = b;
        if (++filled == p.size()) flush();
    }
    flush();
    out.population_stability = std::max(0.0, out.population_stability + sums.psi);
    const double shannon = 0.5 * (sums.shannon_p + sums.shannon_q + alone);
    out.jensen_shannon_divergence = std::clamp(shannon, 0.0, std::numbers::ln2);
    out.hellinger = std::sqrt(std::clamp(0.5 * (sums.hellinger + apart), 0.0, 1.0));
    out.total_variation = std::min(1.0, 0.5 * variation);
    out.jensen_shannon_distance = std::sqrt(out.jensen_shannon_divergence);
    return out;
}

Divergences divergences(std::span<const double> reference, std::span<const double> live,
                        const DivergenceOptions& options) {
    check(options);
    if (reference.size() != live.size())
        throw Error(ErrorCode::dimension_mismatch, "divergences: the reference has " +
                                                       std::to_string(reference.size()) + " cells, the live side " +
                                                       std::to_string(live.size()));
    std::vector<double> p = shares_of(reference, "reference", options);
    std::vector<double> q = shares_of(live, "live", options);
    Divergences out = sum_shares(p, q);
    if (options.zero == ZeroRule::floor) {
        const double as_they_are = out.population_stability;
        divide_by_total(p);
        divide_by_total(q);
        out = sum_shares(p, q);
        out.population_stability = as_they_are;
    }
    const double unit = options.base == std::numbers::e ? 1.0 : 1.0 / std::log(options.base);
    out.population_stability *= unit;
    out.kullback_leibler_reference *= unit;
    out.kullback_leibler_live *= unit;
    out.jensen_shannon_divergence *= unit;
    out.jensen_shannon_distance *= std::sqrt(unit);
    return out;
}

Divergences divergences(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                        const DivergenceOptions& options) {
    const std::vector<double> p(reference.begin(), reference.end());
    const std::vector<double> q(live.begin(), live.end());
    return divergences(std::span<const double>(p), std::span<const double>(q), options);
}

}  // namespace vedette::inline v0::drift
