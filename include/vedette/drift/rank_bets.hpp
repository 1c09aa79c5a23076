// SPDX-License-Identifier: Apache-2.0
// Bets on the rank of each live value among reference and earlier live values: what e-processes and e-detectors share.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {

/// Cells whose edges are reference values of fixed ranks, the law of the next live value's cell, and bets against it.
///
/// The null hypothesis: reference and live values are exchangeable, e.g. independent draws of one law, whatever it is.
/// Why bets are fair although the reference is one finite draw: put all n reference values, each with its own uniform
/// number to break ties, in order, and let edge i be the value of rank r_i, chosen beforehand. The masses between edges
/// are then Dirichlet(r_1, r_2 - r_1, ..., n + 1 - r_k), whatever the law (Wilks 1941; Tukey 1947 for ties), so that
/// the cells of live values are a Polya urn:
///     P(next cell = j | cells so far) = (r_j - r_(j-1) + live values in j) / (n + 1 + live values).
/// A bet multiplies a stake by q(j)/P(j), q any distribution known before the value: in the filtration of the cells its
/// conditional mean is exactly 1, unconditionally over the draw of the reference AND the live values. Nothing is
/// asymptotic, and the growing urn needs counts alone. Treating r_j - r_(j-1) over n + 1 as the law itself ("frozen
/// reference") is not valid: such a conformal martingale alarms in 28 % of runs at a nominal 5 % (n = 200).
/// What it costs: a reference of n values can give no more evidence than about n KL(live, reference) nats, after any
/// number of live values; the urn loses no more than that. Values before a change strengthen the reference.
/// Not covered: autocorrelated streams, and a reference chosen with live values in view. Given one particular
/// reference the bets are not fair; see stats/e_values.hpp on merging.
///
/// The bets: a higher or lower level (the mean rank, three sizes each), more or less spread (two sizes each), and two
/// that learn the cells' shares from the last 512 values or so.
class RankBets {
  public:
    static constexpr std::size_t count = 12;
    using Factors = std::array<double, count>;

    /// The reference in any order; `cells` from 4 to 1024, two of them beyond the reference's extremes. Ties, also of
    /// live values with edges, are broken by pseudo-random numbers of `seed`. Throws Error: invalid_argument for a
    /// value beyond +-1e100 or NaN, not_enough_data below 8 values. O(n log n).
    RankBets(std::span<const double> reference, std::size_t cells, std::uint64_t seed);
    /// From a frozen grid that was learned from distinct values (of which an edge occurs once), or is discrete. Throws
    /// Error(unsupported) for a grid in which ties moved the edges: their ranks are not fixed; give the reference.
    RankBets(const stats::Grid& grid, std::uint64_t seed);

    /// Each bet's factor for x, >= 0; then x joins the urn. `draw` numbers the value, for ties. O(log cells).
    Factors bet(double x, std::uint64_t draw) noexcept {
        const std::size_t j = cell(x, draw);
        // (score - mean)/(1 + |mean|), in [-1, 1]: no factor is negative. What there is to divide does not wait for j.
        Scores relative;
        for (std::size_t k = 0; k < 2; ++k) {
            const double scale = 1.0 / (total_ + std::abs(score_sums_[k]));
            relative[k] = scores_[j][k] * (total_ * scale) - score_sums_[k] * scale;
        }
        const double mass = mass_[j];
        const double prior = prior_size * weight_;
        const double learned = (prior * mass + learned_[j] * total_) / ((prior + learned_sum_) * mass);
        // Pairs of lanes: one bet and its opposite at a time.
        Factors factors;
        for (std::size_t i = 0; i < 6; ++i) factors[i] = 1.0 + sizes_[i] * relative[0];
        for (std::size_t i = 6; i < 10; ++i) factors[i] = 1.0 + sizes_[i] * relative[1];
        factors[10] = learned;
        factors[11] = 0.5 + 0.5 * learned;
        learn(j);
        return factors;
    }
    /// Of stakes: of what is next to each other first, as a chain would wait for each addition.
    [[nodiscard]] static double sum(const Factors& stakes) noexcept {
        static_assert(count == 12);
        std::array<double, 6> pairs;
        for (std::size_t i = 0; i < 6; ++i) pairs[i] = stakes[i] + stakes[i + 6];
        return (pairs[0] + pairs[1]) + (pairs[2] + pairs[3]) + (pairs[4] + pairs[5]);
    }
    /// Back to the reference alone.
    void clear() noexcept;

    [[nodiscard]] std::size_t cells() const noexcept { return mass_.size(); }
    [[nodiscard]] std::uint64_t reference_size() const noexcept { return reference_size_; }
    /// Live values in the urn.
    [[nodiscard]] std::uint64_t observations() const noexcept { return observations_; }

    friend bool operator==(const RankBets&, const RankBets&) = default;

  private:
    friend struct RankBetsCodec;

    static constexpr double prior_size = 32.0;
    static constexpr double growth = 1.0 + 1.0 / 512.0;  // of a value's weight, instead of the others' decay

    static constexpr std::array<double, 10> sizes_ = {0.9, -0.9, 0.3, -0.3, 0.1, -0.1, 0.9, -0.9, 0.3, -0.3};

    using Scores = std::array<double, 2>;  // of level and of spread, in one pair of lanes

    RankBets() = default;
    void place(std::span<const double> sorted, std::size_t cells);
    void prepare();
    void shrink_weights() noexcept;

    [[nodiscard]] std::size_t cell(double x, std::uint64_t draw) const noexcept {
        // Whole numbers in the order of the values, which compare faster. Comparisons that do not wait for one
        // another: three at a time divide by four, and eight count the last ones.
        const std::uint64_t key = key_of(x);
        std::size_t below = 0;
        const std::uint64_t* const keys = keys_.data();
        std::size_t step = keys_.size() / 4;
        for (; step >= 8; step /= 4)
            below += step * (static_cast<std::size_t>(keys[below + step - 1] <= key) +
                             static_cast<std::size_t>(keys[below + 2 * step - 1] <= key) +
                             static_cast<std::size_t>(keys[below + 3 * step - 1] <= key));
        if (step >= 4) below += 8 * static_cast<std::size_t>(keys[below + 7] <= key);
        // The last of these eight is above x: a larger step has found that, or it is padding.
        const std::uint64_t* const last = keys + below;
        std::size_t odd = 0;
        for (std::size_t i = 0; i < 6; i += 2) {
            below += static_cast<std::size_t>(last[i] <= key);
            odd += static_cast<std::size_t>(last[i + 1] <= key);
        }
        below += odd + static_cast<std::size_t>(last[6] <= key);
        if (below > 0 && keys[below - 1] == key) [[unlikely]] {
            const double uniform = tie_breaker(draw);
            while (below > 0 && keys[below - 1] == key && uniform < places_[below - 1]) --below;
        }
        return below;
    }
    // In the order of the values, both zeros alike.
    [[nodiscard]] static std::uint64_t key_of(double x) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(x + 0.0);
        return (bits >> 63U) != 0 ? ~bits : bits | std::uint64_t{1} << 63U;
    }
    [[nodiscard]] double tie_breaker(std::uint64_t draw) const noexcept;

    void learn(std::size_t j) noexcept {
        learned_[j] += weight_;
        learned_sum_ += weight_;
        weight_ *= growth;
        if (weight_ > 0x1p60) [[unlikely]]
            shrink_weights();
        mass_[j] += 1.0;
        total_ += 1.0;
        for (std::size_t k = 0; k < 2; ++k) score_sums_[k] += scores_[j][k];
        ++observations_;
    }

    std::vector<double> edges_;
    std::vector<std::uint64_t> keys_;   // of the edges, padded with the largest to a power of 2, 8 at least
    std::vector<double> places_;        // of an edge among its ties, in [0, 1)
    std::vector<std::uint64_t> ranks_;  // of the edges, from 1
    std::vector<double> mass_;          // of the urn
    std::vector<Scores> scores_;        // in [-1, 1], multiples of 2^-20: their sums are exact
    std::vector<double> learned_;       // weighted counts
    double learned_sum_ = 0.0;
    double weight_ = 1.0;
    double total_ = 0.0;
    Scores score_sums_{};
    std::uint64_t reference_size_ = 0;
    std::uint64_t observations_ = 0;
    std::uint64_t seed_ = 0;
};

}  // namespace vedette::inline v0::drift
