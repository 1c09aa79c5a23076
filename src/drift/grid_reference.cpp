// SPDX-License-Identifier: Apache-2.0
// Preparing the reference side of the grid tests.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "vedette/core/error.hpp"
#include "vedette/drift/grid_tests.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t maximum_cells = std::size_t{1} << 20U;
constexpr std::uint64_t maximum_count = std::uint64_t{1} << 42U;

void check_size(std::size_t cells) {
    if (cells > maximum_cells)
        throw Error(ErrorCode::invalid_argument,
                    "GridReference: counts has " + std::to_string(cells) + " cells, at most 1048576 are supported");
}

std::uint64_t checked_sum(std::span<const std::uint64_t> counts) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) {
        if (count >= maximum_count)
            throw Error(ErrorCode::overflow,
                        "GridReference: a count is " + std::to_string(count) + ", must be below 2^42");
        total += count;
    }
    return total;
}

// The share of the smallest inner cell when inner cells are of nearly equal mass, else 0.
double near_equal_mass(std::span<const std::uint64_t> counts, std::uint64_t total) {
    if (counts.size() < 5 || total == 0) return 0.0;
    const auto inner = counts.subspan(1, counts.size() - 2);
    const auto [smallest, largest] = std::minmax_element(inner.begin(), inner.end());
    const double mean = static_cast<double>(total) / static_cast<double>(inner.size());
    const double least = static_cast<double>(*smallest);
    if (least < 0.5 * mean || static_cast<double>(*largest) > 2.0 * mean) return 0.0;
    return least / static_cast<double>(total);
}

}  // namespace

GridReference GridReference::ordered(std::span<const std::uint64_t> counts, std::span<const double> edges,
                                     double minimum, double maximum, double standard_deviation, bool discrete) {
    check_size(counts.size());
    GridReference reference;
    reference.counts_.assign(counts.begin(), counts.end());
    reference.total_ = checked_sum(counts);
    reference.discrete_ = discrete;
    reference.cumulated_.reserve(counts.size());
    std::uint64_t below = 0;
    for (const std::uint64_t count : counts)
        reference.cumulated_.push_back(static_cast<double>(below += count) *
                                       (1.0 / static_cast<double>(reference.total_)));
    reference.smallest_inner_mass_ = discrete ? 0.0 : near_equal_mass(counts, reference.total_);
    reference.standard_deviation_ = standard_deviation;
    if (counts.size() >= 4 && counts.front() == 0 && counts.back() == 0)
        reference.smallest_inner_count_ = static_cast<double>(*std::min_element(counts.begin() + 1, counts.end() - 1));
    if (!edges.empty()) reference.prepare_wasserstein(edges, minimum, maximum);
    return reference;
}

GridReference GridReference::ordered(const stats::Grid& grid, double standard_deviation) {
    return ordered(grid.reference_counts, grid.edges, grid.minimum, grid.maximum, standard_deviation, grid.discrete);
}

GridReference GridReference::nominal(std::span<const std::uint64_t> counts) {
    check_size(counts.size());
    GridReference reference;
    reference.counts_.assign(counts.begin(), counts.end());
    reference.total_ = checked_sum(counts);
    reference.ordered_ = false;
    return reference;
}

void GridReference::prepare_wasserstein(std::span<const double> edges, double minimum, double maximum) {
    if (edges.size() + 1 != counts_.size())
        throw Error(ErrorCode::dimension_mismatch, "GridReference: " + std::to_string(edges.size()) + " edges for " +
                                                       std::to_string(counts_.size()) +
                                                       " cells, must be one fewer than cells");
    for (std::size_t i = 0; i < edges.size(); ++i)
        if (std::isnan(edges[i]) || (i > 0 && !(edges[i - 1] < edges[i])))
            throw Error(ErrorCode::invalid_argument, "GridReference: edges[" + std::to_string(i) + "] does not ascend");
    if (!std::isfinite(minimum) || !std::isfinite(maximum) || minimum > maximum)
        throw Error(ErrorCode::invalid_argument, "GridReference: minimum " + std::to_string(minimum) + " and maximum " +
                                                     std::to_string(maximum) + " must be finite and in order");
    range_ = maximum - minimum;
    if (std::isinf(range_)) {
        range_scale_ = 2.0;
        range_ = 0.5 * maximum - 0.5 * minimum;
    }
    if (range_ == 0.0 || total_ == 0) return;  // nothing to measure a distance on

    const auto place = [&](double edge) {
        const double inside = std::clamp(edge, minimum, maximum);
        return (range_scale_ == 2.0 ? 0.5 * inside - 0.5 * minimum : inside - minimum) / range_;
    };
    const std::size_t cells = counts_.size();
    widths_.assign(cells, 0.0);
    positions_.assign(cells, 0.0);
    for (std::size_t i = 0; i < cells; ++i) {
        const double from = i == 0 ? 0.0 : place(edges[i - 1]);
        const double to = i + 1 == cells ? 1.0 : place(edges[i]);
        widths_[i] = to - from;
        positions_[i] = discrete_ ? from : 0.5 * (from + to);
    }

    // Null moments of sum v_j |B(F_j)| for a Brownian bridge B at the cumulated masses F_j. E|B_i B_j| of two normals
    // with correlation rho = a_i / a_j, a = sqrt(F/(1-F)), is a series in rho^2 whose terms separate: O(cells).
    constexpr double pi = std::numbers::pi;
    constexpr double coefficients[3] = {0.5, 1.0 / 24.0, pi / 2.0 - 1.0 - 0.5 - 1.0 / 24.0};  // the rest at rho^8
    double mean = 0.0;
    double signed_sum = 0.0;  // variance of sum v_j B(F_j)
    double absolute = 0.0;    // variance of the sum of absolute values
    double below = 0.0;
    double below_powers[3] = {0.0, 0.0, 0.0};
    double cumulated = 0.0;
    for (std::size_t i = 0; i + 1 < cells; ++i) {
        cumulated += static_cast<double>(counts_[i]);
        const double f = cumulated / static_cast<double>(total_);
        const double weight = discrete_ ? widths_[i] : 0.5 * (widths_[i] + widths_[i + 1]);
        const double rest = 1.0 - f;
        if (!(f > 0.0) || !(rest > 0.0) || weight == 0.0) continue;
        const double deviation = std::sqrt(f * rest);
        const double odds = f / rest;
        mean += weight * deviation;
        signed_sum += weight * rest * (weight * f + 2.0 * below);
        below += weight * f;
        double cross = 0.0;
        double power = odds;  // odds, odds^2, odds^4
        for (int k = 0; k < 3; ++k) {
            cross += coefficients[k] * below_powers[k] / power;
            below_powers[k] += weight * deviation * power;
            power *= power;
        }
        absolute += weight * deviation * (2.0 / pi) * (weight * deviation * (pi / 2.0 - 1.0) + 2.0 * cross);
    }
    double centre = 0.0;
    for (std::size_t i = 0; i < cells; ++i) centre += static_cast<double>(counts_[i]) * positions_[i];
    centre /= static_cast<double>(total_);
    double moments[3] = {0.0, 0.0, 0.0};
    for (std::size_t i = 0; i < cells; ++i) {
        const double deviation = positions_[i] - centre;
        double power = deviation;
        for (double& moment : moments) moment += static_cast<double>(counts_[i]) * (power *= deviation);
    }
    for (double& moment : moments) moment /= static_cast<double>(total_);
    if (moments[0] > 0.0) {
        skewness_ = moments[1] / std::pow(moments[0], 1.5);
        kurtosis_ = moments[2] / (moments[0] * moments[0]) - 3.0;
    }
    wasserstein_mean_ = mean * std::sqrt(2.0 / pi);
    wasserstein_variance_ = absolute;
    wasserstein_signed_ = std::sqrt(signed_sum);
}

}  // namespace vedette::inline v0::drift
