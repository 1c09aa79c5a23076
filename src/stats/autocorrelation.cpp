// SPDX-License-Identifier: Apache-2.0
// Geyer's estimator of the integrated autocorrelation time, on values and on ranks.
#include "vedette/stats/autocorrelation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr double operation_budget = 0x1p28;
constexpr std::size_t decimation = 8;
constexpr std::size_t fewest_values = 4;
constexpr std::size_t portmanteau_lags = 10;
constexpr double portmanteau_level = 1e-5;

// Sum of centred[i] * centred[i + lag], in independent chains so that it does not wait for each addition.
double lagged_product(std::span<const double> centred, std::size_t lag) {
    constexpr std::size_t chains = 8;
    const std::size_t pairs = centred.size() - lag;
    const std::size_t whole = pairs - pairs % chains;
    double sums[chains] = {};
    for (std::size_t i = 0; i < whole; i += chains)
        for (std::size_t k = 0; k < chains; ++k) sums[k] += centred[i + k] * centred[i + k + lag];
    for (std::size_t i = whole; i < pairs; ++i) sums[0] += centred[i] * centred[i + lag];
    return std::accumulate(sums, sums + chains, 0.0);
}

// Scaled to at most 1 in size, so that squares neither overflow nor vanish, and centred.
std::vector<double> centre(std::span<const double> values) {
    double largest = 0.0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    std::vector<double> centred(values.begin(), values.end());
    if (largest == 0.0) return centred;
    double mean = 0.0;
    for (double& value : centred) mean += value /= largest;
    mean /= static_cast<double>(values.size());
    for (double& value : centred) value -= mean;
    return centred;
}

double time_of_centred(std::vector<double> centred) {
    const auto n = static_cast<double>(centred.size());
    if (centred.size() < fewest_values) return 1.0;
    const double variance = lagged_product(centred, 0);
    if (!(variance > 1e-24 * n)) return 1.0;  // nothing but the rounding of a constant
    const auto affordable = static_cast<std::size_t>(operation_budget / n);
    const std::size_t lags = std::min(centred.size() / 2, std::max<std::size_t>(affordable, 64));
    double sum = 0.0;
    double previous = 2.0;
    for (std::size_t lag = 0; lag + 1 < lags; lag += 2) {
        // Sums of neighbouring autocorrelations of a reversible chain are positive and fall: noise shows as a break.
        const double pair = (lagged_product(centred, lag) + lagged_product(centred, lag + 1)) / variance;
        if (pair <= 0.0) return std::clamp(2.0 * sum - 1.0, 1.0, n);
        previous = std::min(previous, pair);
        sum += previous;
    }
    if (lags == centred.size() / 2) return n;
    std::vector<double> thinned;
    thinned.reserve(centred.size() / decimation + 1);
    for (std::size_t i = 0; i < centred.size(); i += decimation) thinned.push_back(centred[i]);
    const double mean = std::accumulate(thinned.begin(), thinned.end(), 0.0) / static_cast<double>(thinned.size());
    for (double& value : thinned) value -= mean;
    return std::min(n, static_cast<double>(decimation) * time_of_centred(std::move(thinned)));
}

void check_finite(std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw Error(ErrorCode::invalid_argument, "values[" + std::to_string(i) + "] is not finite");
}

// Midranks, centred at zero.
std::vector<double> centred_ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    const double middle = 0.5 * static_cast<double>(values.size() - 1);
    for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i + 1;
        while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
        const double rank = 0.5 * static_cast<double>(i + end - 1) - middle;
        for (; i < end; ++i) ranks[order[i]] = rank;
    }
    return ranks;
}

// Whether the first autocorrelations are more than noise: Ljung and Box's (1978) test. The estimate of the time alone
// cannot tell, since its error under independence has heavy tails.
bool has_memory(std::span<const double> centred) {
    const std::size_t n = centred.size();
    const double variance = lagged_product(centred, 0);
    if (!(variance > 0.0)) return false;
    const std::size_t lags = std::clamp<std::size_t>(n / 5, 1, portmanteau_lags);
    double sum = 0.0;
    for (std::size_t lag = 1; lag <= lags; ++lag) {
        const double correlation = lagged_product(centred, lag) / variance;
        sum += correlation * correlation / static_cast<double>(n - lag);
    }
    const auto count = static_cast<double>(n);
    return chi_squared_sf(count * (count + 2.0) * sum, static_cast<double>(lags)) <= portmanteau_level;
}

}  // namespace

double autocorrelation_time(std::span<const double> values) {
    check_finite(values);
    return time_of_centred(centre(values));
}

std::size_t thinning_interval(std::span<const double> values) {
    check_finite(values);
    if (values.size() < fewest_values) return 1;
    std::vector<double> ranks = centre(centred_ranks(values));
    double longest = has_memory(ranks) ? time_of_centred(ranks) : 1.0;
    for (double& rank : ranks) rank = std::abs(rank);
    const std::vector<double> distances = centre(ranks);
    if (has_memory(distances)) longest = std::max(longest, time_of_centred(distances));
    if (longest <= 1.02) return 1;  // moves no level that anyone would notice
    return static_cast<std::size_t>(std::min(static_cast<double>(values.size()), std::ceil(2.0 * longest)));
}

}  // namespace vedette::inline v0::stats
