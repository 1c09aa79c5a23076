// SPDX-License-Identifier: Apache-2.0
// The tests of one feature: a pass over the ordered cells, a pass over the pooled ones, then the laws.
#include "vedette/drift/grid_tests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "fast_log.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double pooled_minimum = 5.0;  // Cochran's rule, for up to 16 cells
// The divergences use shares smoothed by half a count per pooled cell (Jeffreys), so that an empty cell is no
// catastrophe and their null laws hold down to the least expected count.
constexpr double smoothing = 0.5;
constexpr std::size_t block_size = 64;

// Counters stay below 2^63, and the signed conversion is one instruction where the unsigned one is a branch.
double to_double(std::uint64_t count) noexcept {
    return static_cast<double>(static_cast<std::int64_t>(count));
}

// Sums over pooled cells, with p and q the shares of the reference and of the live side. Where a name ends in p or q,
// the sum is over the gradient of the statistic by that share, weighted with the share; the 2 stands for its square.
struct PooledSums {
    double pearson = 0.0;
    double pearson_p = 0.0, pearson_p2 = 0.0, pearson_q = 0.0, pearson_q2 = 0.0;
    double likelihood = 0.0;
    double inverse_totals = 0.0;
    double largest_share = 0.0;
    double psi = 0.0;
    double psi_p = 0.0, psi_p2 = 0.0, psi_q = 0.0, psi_q2 = 0.0;
    double shannon_p = 0.0, shannon_p2 = 0.0, shannon_q = 0.0, shannon_q2 = 0.0;
    double hellinger = 0.0;
    double variation = 0.0;
    double folded = 0.0, folded_squares = 0.0, odds_1 = 0.0, odds_1_squares = 0.0, odds_2 = 0.0, odds_2_squares = 0.0;
};

// Per pooled cell; left uninitialised on purpose.
struct Block {
    using Values = std::array<double, block_size>;
    Values inverse_total, odds, deviation, p, q, inverse_product, squared_root_difference;
    Values log_r, log_l;  // ln(r N / (n t)), ln(l N / (m t))
    Values log_p, log_q;  // ln(2p / (p+q)), ln(2q / (p+q))
};

// Without much drift all arguments are close to one, where the logarithm needs no exponent.
void take_logs(Block::Values& values, std::size_t cells) noexcept {
    double outside = 0.0;
#pragma omp simd reduction(+ : outside)
    for (std::size_t i = 0; i < cells; ++i) outside += std::abs(values[i] - 1.0) < near_one ? 0.0 : 1.0;
    if (outside == 0.0) {
        for (std::size_t i = 0; i < cells; ++i) values[i] = log_near_one(values[i]);
    } else {
        for (std::size_t i = 0; i < cells; ++i) values[i] = fast_log(values[i]);
    }
}

// What a divergence needs beyond its value: its null law is factor * D / (1/n+1/m) ~ chi-square, and `spread` is the
// ratio of its variance away from the null to that of the noncentral chi-square (1 for small drift).
struct Noncentral {
    double lower = 0.0;
    double upper = 0.0;
};

// Noncentrality values at which `statistic` is the upper or lower normal quantile, Var = 2k + 4 * spread * lambda, with
// the first Cornish-Fisher term for the skewness.
Noncentral invert_noncentral(double statistic, double degrees, double z, double spread) noexcept {
    const auto solve = [&](double sign) {
        double lambda = 0.0;
        for (int round = 0; round < 2; ++round) {
            const double skew = (2.0 / 3.0) * (degrees + 3.0 * lambda) / (degrees + 2.0 * lambda);
            const double x = statistic - (z * z - 1.0) * skew;
            const double inside = 4.0 * spread * spread * z * z + 4.0 * spread * (x - degrees) + 2.0 * degrees;
            const double s = sign * 2.0 * spread * z + std::sqrt(std::max(0.0, inside));
            lambda = s <= 0.0 ? 0.0 : std::max(0.0, (s * s - 2.0 * degrees) / (4.0 * spread));
        }
        return lambda;
    };
    return {solve(-1.0), solve(1.0)};
}

// P(X >= x) of a non-negative sum of folded normals by a scaled chi law with its mean and variance. Exact in the limit
// for a single term; the degrees of freedom solve variance/mean^2 = k/mu_k^2 - 1 with mu_k^2 ~ k - 1/2 + 1/(8k).
double folded_sum_sf(double x, double mean, double variance) noexcept {
    if (!(mean > 0.0) || !(variance > 0.0)) return std::numeric_limits<double>::quiet_NaN();
    const double y = 1.0 + std::min(variance / (mean * mean), 0.5708);
    const double degrees = (0.5 * y + std::sqrt(std::max(0.0, 0.25 * y * y - 0.5 * y * (y - 1.0)))) / (2.0 * (y - 1.0));
    const double mean_square = degrees - 0.5 + 0.125 / degrees;
    const double square = x * x * mean_square / (mean * mean);
    if (degrees < 30.0) return stats::chi_squared_sf(square, degrees);
    // Wilson and Hilferty's (1931) cube root, well within the error of the matched moments.
    const double step = 2.0 / (9.0 * degrees);
    return stats::normal_sf((std::cbrt(square / degrees) - (1.0 - step)) / std::sqrt(step));
}

}  // namespace

/// One evaluation: holds the two sides while its passes run.
class GridEvaluation {
  public:
    GridEvaluation(const GridReference& reference, std::span<const std::uint64_t> live,
                   const stats::Confidence& confidence) noexcept
        : reference_(reference), live_(live), confidence_(confidence) {}

    GridEvidence run() noexcept;

  private:
    [[nodiscard]] TestResult blank() const noexcept;
    void pass_ordered() noexcept;
    [[nodiscard]] double least_expected() const noexcept;
    void add_pooled(double reference_count, double live_count) noexcept;
    template <class Sink>
    void pooled_ordered(Sink&& sink) const noexcept;
    template <class Sink>
    void pooled_nominal(Sink&& sink) const noexcept;
    template <class Sink>
    void pooled(Sink&& sink) const noexcept;
    void add_block(std::size_t cells) noexcept;
    void add_counts(const Block& block, std::size_t cells) noexcept;
    void add_shares(const Block& block, std::size_t cells) noexcept;
    [[nodiscard]] double mean_difference_sf(double z) const noexcept;
    void finish_ks() noexcept;
    void finish_wasserstein() noexcept;
    void finish_contingency() noexcept;
    void finish_divergences() noexcept;
    void finish_total_variation() noexcept;
    void finish_chi_square_tails() noexcept;
    void fill_divergence(TestResult& result, double divergence, double factor, double spread) const noexcept;

    const GridReference& reference_;
    std::span<const std::uint64_t> live_;
    const stats::Confidence& confidence_;
    double n_ = 0.0;
    double m_ = 0.0;
    double variance_factor_ = 0.0;  // 1/n + 1/m
    double largest_difference_ = 0.0;
    double distance_ = 0.0;  // Wasserstein-1 in units of the range
    double live_variance_ = 0.0;
    double corrected_g_ = 0.0;
    PooledSums sums_;
    std::size_t pooled_cells_ = 0;
    std::size_t filled_ = 0;
    std::array<double, block_size> reference_block_;
    std::array<double, block_size> live_block_;
    GridEvidence out_;
};

TestResult GridEvaluation::blank() const noexcept {
    TestResult result;
    result.reference_count = n_;
    result.live_count = m_;
    return result;
}

GridEvidence GridEvaluation::run() noexcept {
    n_ = static_cast<double>(reference_.total_);
    std::uint64_t live_total = 0;
    std::uint64_t bits = 0;
    for (const std::uint64_t count : live_) {
        live_total += count;
        bits |= count;
    }
    // Beyond 2^42 a sum over 2^20 cells might not be exact in a double: such counters are corrupt.
    const bool fits = live_.size() == reference_.size() && (bits >> 42U) == 0;
    m_ = fits ? to_double(live_total) : 0.0;
    out_.ks = out_.chi_square = out_.g = out_.psi = out_.jensen_shannon = out_.hellinger = out_.total_variation =
        out_.wasserstein = blank();
    if (live_.size() < 2 || !(n_ > 0.0) || !(m_ > 0.0)) return out_;
    variance_factor_ = 1.0 / n_ + 1.0 / m_;
    if (reference_.is_ordered()) {
        pass_ordered();
        finish_ks();
        finish_wasserstein();
    }
    pooled([this](double, double) { ++pooled_cells_; });
    out_.pooled_cells = pooled_cells_;
    if (pooled_cells_ < 2) return out_;
    pooled([this](double reference_count, double live_count) { add_pooled(reference_count, live_count); });
    add_block(filled_);
    finish_contingency();
    finish_divergences();
    finish_total_variation();
    finish_chi_square_tails();
    return out_;
}

void GridEvaluation::pass_ordered() noexcept {
    const std::size_t cells = live_.size();
    const double per_reference = 1.0 / n_;
    const double per_live = 1.0 / m_;
    const bool with_distance = !reference_.widths_.empty();
    std::uint64_t reference_sum = 0;
    std::uint64_t live_sum = 0;
    double largest = 0.0;
    double previous = 0.0;
    double distance = 0.0;
    double first = 0.0;
    double second = 0.0;
    for (std::size_t i = 0; i < cells; ++i) {
        reference_sum += reference_.counts_[i];
        live_sum += live_[i];
        const double difference = to_double(reference_sum) * per_reference - to_double(live_sum) * per_live;
        const double size = std::abs(difference);
        largest = std::max(largest, size);
        if (with_distance) {
            const double before = std::abs(previous);
            // The difference runs straight from `previous` to `difference` over the cell, or jumps at its start.
            double height = size;
            if (!reference_.discrete_) {
                height = 0.5 * (size + before);
                if (previous * difference < 0.0) height = 0.25 * (size * size + before * before) / height;
            }
            distance += reference_.widths_[i] * height;
            const double weighted = to_double(live_[i]) * reference_.positions_[i];
            first += weighted;
            second += weighted * reference_.positions_[i];
        }
        previous = difference;
    }
    largest_difference_ = std::min(1.0, largest);
    distance_ = distance;
    first *= per_live;
    live_variance_ = std::max(0.0, second * per_live - first * first);
}

void GridEvaluation::finish_ks() noexcept {
    TestResult& result = out_.ks;
    const double effective = 1.0 / variance_factor_;
    result.statistic = largest_difference_;
    result.effect = largest_difference_;
    // A supremum seen only at the edges falls short of the full one by 0.5826 sqrt(step) on average, in units of the
    // root of the effective size (Broadie, Glasserman and Kou 1997). Zero step: the uncorrected law, conservative.
    const double shortfall = 0.5826 * std::sqrt(reference_.smallest_inner_mass_ / effective);
    result.p_value = largest_difference_ == 0.0
                         ? 1.0
                         : stats::kolmogorov_finite_sf(std::min(1.0, largest_difference_ + shortfall), effective);
    const double half = confidence_.kolmogorov() * std::sqrt(variance_factor_);
    result.effect_interval = {std::max(0.0, largest_difference_ - half), std::min(1.0, largest_difference_ + half)};
}

void GridEvaluation::finish_wasserstein() noexcept {
    if (reference_.widths_.empty()) return;
    TestResult& result = out_.wasserstein;
    const double scale = reference_.range_ * reference_.range_scale_;
    const double root = std::sqrt(variance_factor_);
    result.statistic = distance_ * scale;
    const double mean = reference_.wasserstein_mean_ * root;
    const double variance = reference_.wasserstein_variance_ * variance_factor_;
    const double signed_deviation = reference_.wasserstein_signed_ * root;
    if (mean > 0.0) {
        // The distance is at least the difference of the means, whose tail bounds the p-value from below and governs it
        // far out; the constant covers what the other sign patterns add.
        const double of_means = 1.15 * mean_difference_sf(distance_ / signed_deviation);
        result.p_value = std::min(1.0, std::max(folded_sum_sf(distance_, mean, variance), of_means));
    }
    const double sd = reference_.standard_deviation_;
    if (!(sd > 0.0) || std::isinf(sd)) return;
    const double unit = reference_.range_ / sd * reference_.range_scale_;
    result.effect = distance_ * unit;
    const double noise = std::max(mean + confidence_.z() * std::sqrt(variance), confidence_.z() * signed_deviation);
    const double reference_variance = reference_.wasserstein_signed_ * reference_.wasserstein_signed_;
    const double spread = confidence_.z() * std::sqrt(reference_variance / n_ + live_variance_ / m_);
    result.effect_interval = {std::max(0.0, distance_ - noise) * unit, std::min(1.0, distance_ + spread) * unit};
}

// The errors of the chi-square approximation add up over cells, so the least expected count grows with their root.
double GridEvaluation::least_expected() const noexcept {
    return pooled_minimum * std::max(1.0, 0.25 * std::sqrt(static_cast<double>(live_.size())));
}

void GridEvaluation::add_pooled(double reference_count, double live_count) noexcept {
    reference_block_[filled_] = reference_count;
    live_block_[filled_] = live_count;
    if (++filled_ < block_size) return;
    add_block(filled_);
    filled_ = 0;
}

// The two-sided tail of the standardised difference of means, by Edgeworth's series: a heavy-tailed feature needs it.
double GridEvaluation::mean_difference_sf(double z) const noexcept {
    const double unit = std::sqrt(variance_factor_);
    const double skewness = reference_.skewness_ * (1.0 / (m_ * m_) - 1.0 / (n_ * n_)) / (unit * unit * unit);
    const double kurtosis =
        reference_.kurtosis_ * (1.0 / (m_ * m_ * m_) + 1.0 / (n_ * n_ * n_)) / (unit * unit * unit * unit);
    const double z3 = z * z * z;
    const double series =
        kurtosis / 24.0 * (z3 - 3.0 * z) + skewness * skewness / 72.0 * (z3 * z * z - 10.0 * z3 + 15.0 * z);
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * pi);
    return 2.0 * (stats::normal_sf(z) + density * std::max(0.0, series));
}

// Neighbours are joined until the reference holds enough, and implies enough for the live side.
template <class Sink>
void GridEvaluation::pooled_ordered(Sink&& sink) const noexcept {
    // Cells of a fitted grid have fixed counts and gamma-distributed masses. Where the live side is the larger one, the
    // skewness of these masses is what limits the approximation, and asks for more in a cell.
    const double live_share = m_ / (n_ + m_);
    const double needed =
        least_expected() * std::max(reference_.discrete_ ? 1.0 : 1.0 + 4.0 * live_share * live_share, n_ / m_);
    const std::size_t cells = live_.size();
    if (cells >= 4 && reference_.smallest_inner_count_ >= needed) {
        // Nothing to join but the two outer cells, which hold no reference value.
        for (std::size_t i = 1; i + 1 < cells; ++i) {
            const std::uint64_t outer = (i == 1 ? live_[0] : 0) + (i + 2 == cells ? live_[cells - 1] : 0);
            sink(to_double(reference_.counts_[i]), to_double(live_[i] + outer));
        }
        return;
    }
    double left = n_;  // reference mass not yet in a closed cell
    double reference_sum = 0.0;
    double live_sum = 0.0;
    for (std::size_t i = 0; i < cells; ++i) {
        reference_sum += to_double(reference_.counts_[i]);
        live_sum += to_double(live_[i]);
        // A cell closes only when enough is left for another; the last one takes the rest.
        if (i + 1 < cells && (reference_sum < needed || left - reference_sum < needed)) continue;
        left -= reference_sum;
        sink(reference_sum, live_sum);
        reference_sum = live_sum = 0.0;
    }
}

// Categories that are rare in both samples together, or absent from the reference, share one cell. Given the totals of
// both samples the null law of the table does not depend on this choice; choosing by the reference alone would keep
// just the categories that chance made frequent there.
template <class Sink>
void GridEvaluation::pooled_nominal(Sink&& sink) const noexcept {
    const std::size_t cells = live_.size();
    const double needed = least_expected() * (n_ + m_) / std::min(n_, m_);
    const auto total_of = [this](std::size_t i) { return to_double(reference_.counts_[i]) + to_double(live_[i]); };
    const auto is_rare = [&](std::size_t i) { return reference_.counts_[i] == 0 || total_of(i) < needed; };
    double rare_reference = 0.0;
    double rare_live = 0.0;
    std::size_t smallest = cells;
    for (std::size_t i = 0; i < cells; ++i) {
        if (is_rare(i)) {
            rare_reference += to_double(reference_.counts_[i]);
            rare_live += to_double(live_[i]);
        } else if (smallest == cells || total_of(i) < total_of(smallest)) {
            smallest = i;
        }
    }
    const bool alone = rare_reference + rare_live >= needed;  // else the smallest of the others takes them in
    for (std::size_t i = 0; i < cells; ++i) {
        if (is_rare(i)) continue;
        const bool host = !alone && i == smallest;
        sink(to_double(reference_.counts_[i]) + (host ? rare_reference : 0.0),
             to_double(live_[i]) + (host ? rare_live : 0.0));
    }
    if (alone) sink(rare_reference, rare_live);
}

template <class Sink>
void GridEvaluation::pooled(Sink&& sink) const noexcept {
    if (reference_.is_ordered())
        pooled_ordered(sink);
    else
        pooled_nominal(sink);
}

// Each quantity per cell goes through an array, and each sum may be reordered, so that compilers use vector
// instructions.
void GridEvaluation::add_block(std::size_t cells) noexcept {
    Block block;
    const double total = n_ + m_;
    const double added = smoothing * static_cast<double>(pooled_cells_);
    const double per_smoothed_n = 1.0 / (n_ + added);
    const double per_smoothed_m = 1.0 / (m_ + added);
    const double per_total = 1.0 / total;
    const double reference_scale = total / n_;
    const double live_scale = total / m_;
    constexpr double tiny = 1e-290;  // an empty cell: its term is zero times a finite logarithm
    for (std::size_t i = 0; i < cells; ++i) {
        const double r = reference_block_[i];
        const double l = live_block_[i];
        const double t = r + l;
        const double rest = std::max(total - t, 0.5);
        const double product = 1.0 / (t * rest);  // one division for two reciprocals
        block.inverse_total[i] = rest * product;
        block.odds[i] = t * t * product;
        block.deviation[i] = std::sqrt(t * rest) * per_total;
        block.log_r[i] = std::max(r * block.inverse_total[i] * reference_scale, tiny);
        block.log_l[i] = std::max(l * block.inverse_total[i] * live_scale, tiny);
    }
    for (std::size_t i = 0; i < cells; ++i) {
        const double p = (reference_block_[i] + smoothing) * per_smoothed_n;
        const double q = (live_block_[i] + smoothing) * per_smoothed_m;
        const double both = p + q;
        const double inverse = 1.0 / (p * q * both);
        block.p[i] = p;
        block.q[i] = q;
        block.inverse_product[i] = both * inverse;
        block.log_p[i] = 2.0 * p * p * q * inverse;
        block.log_q[i] = 2.0 * p * q * q * inverse;
        block.squared_root_difference[i] = both - 2.0 * std::sqrt(p * q);
    }
    for (auto* logs : {&block.log_r, &block.log_l, &block.log_p, &block.log_q}) take_logs(*logs, cells);
    add_counts(block, cells);
    add_shares(block, cells);
}

// What chi-square, G and total variation need: sums over counts as they are.
void GridEvaluation::add_counts(const Block& block, std::size_t cells) noexcept {
    const double per_n = 1.0 / n_;
    const double per_m = 1.0 / m_;
    double pearson = 0.0, pearson_p = 0.0, pearson_p2 = 0.0, pearson_q = 0.0, pearson_q2 = 0.0, likelihood = 0.0;
    double inverse_totals = 0.0;
#pragma omp simd reduction(+ : pearson, pearson_p, pearson_p2, pearson_q, pearson_q2, likelihood, inverse_totals)
    for (std::size_t i = 0; i < cells; ++i) {
        const double r = reference_block_[i];
        const double l = live_block_[i];
        const double p = r * per_n;
        const double q = l * per_m;
        const double slope = (p - q) * block.inverse_total[i];
        pearson += slope * (p - q);
        const double gradient_p = 2.0 * slope - n_ * slope * slope;
        const double gradient_q = 2.0 * slope + m_ * slope * slope;
        pearson_p += p * gradient_p;
        pearson_p2 += p * gradient_p * gradient_p;
        pearson_q += q * gradient_q;
        pearson_q2 += q * gradient_q * gradient_q;
        likelihood += r * block.log_r[i] + l * block.log_l[i];
        inverse_totals += block.inverse_total[i];
    }
    double variation = 0.0, folded = 0.0, folded_squares = 0.0, odds_1 = 0.0, odds_1_squares = 0.0, odds_2 = 0.0;
    double odds_2_squares = 0.0, largest_total = 0.0;
#pragma omp simd reduction(+ : variation, folded, folded_squares, odds_1, odds_1_squares, odds_2, odds_2_squares)
    for (std::size_t i = 0; i < cells; ++i) {
        const double r = reference_block_[i];
        const double l = live_block_[i];
        const double one = block.deviation[i] * block.odds[i];
        const double two = one * block.odds[i];
        variation += std::abs(r * per_n - l * per_m);
        folded += block.deviation[i];
        folded_squares += block.deviation[i] * block.deviation[i];
        odds_1 += one;
        odds_1_squares += one * one;
        odds_2 += two;
        odds_2_squares += two * two;
    }
    for (std::size_t i = 0; i < cells; ++i)
        largest_total = std::max(largest_total, reference_block_[i] + live_block_[i]);
    sums_.pearson += pearson;
    sums_.pearson_p += pearson_p;
    sums_.pearson_p2 += pearson_p2;
    sums_.pearson_q += pearson_q;
    sums_.pearson_q2 += pearson_q2;
    sums_.likelihood += likelihood;
    sums_.inverse_totals += inverse_totals;
    sums_.variation += variation;
    sums_.folded += folded;
    sums_.folded_squares += folded_squares;
    sums_.odds_1 += odds_1;
    sums_.odds_1_squares += odds_1_squares;
    sums_.odds_2 += odds_2;
    sums_.odds_2_squares += odds_2_squares;
    sums_.largest_share = std::max(sums_.largest_share, largest_total / (n_ + m_));
}

// What the divergences need: sums over smoothed shares.
void GridEvaluation::add_shares(const Block& block, std::size_t cells) noexcept {
    double psi = 0.0, psi_p = 0.0, psi_p2 = 0.0, psi_q = 0.0, psi_q2 = 0.0;
    double shannon_p = 0.0, shannon_p2 = 0.0, shannon_q = 0.0, shannon_q2 = 0.0, hellinger = 0.0;
#pragma omp simd reduction(+ : psi, psi_p, psi_p2, psi_q, psi_q2, shannon_p, shannon_p2, shannon_q, shannon_q2, \
                               hellinger)
    for (std::size_t i = 0; i < cells; ++i) {
        const double p = block.p[i];
        const double q = block.q[i];
        const double log_ratio = block.log_p[i] - block.log_q[i];
        psi += (p - q) * log_ratio;
        const double gradient_p = log_ratio - q * q * block.inverse_product[i];
        const double gradient_q = log_ratio + p * p * block.inverse_product[i];
        psi_p += p * gradient_p;
        psi_p2 += p * gradient_p * gradient_p;
        psi_q += q * gradient_q;
        psi_q2 += q * gradient_q * gradient_q;
        shannon_p += p * block.log_p[i];
        shannon_p2 += p * block.log_p[i] * block.log_p[i];
        shannon_q += q * block.log_q[i];
        shannon_q2 += q * block.log_q[i] * block.log_q[i];
        hellinger += block.squared_root_difference[i];
    }
    sums_.psi += psi;
    sums_.psi_p += psi_p;
    sums_.psi_p2 += psi_p2;
    sums_.psi_q += psi_q;
    sums_.psi_q2 += psi_q2;
    sums_.shannon_p += shannon_p;
    sums_.shannon_p2 += shannon_p2;
    sums_.shannon_q += shannon_q;
    sums_.shannon_q2 += shannon_q2;
    sums_.hellinger += hellinger;
}

void GridEvaluation::finish_contingency() noexcept {
    const double total = n_ + m_;
    const double degrees = static_cast<double>(pooled_cells_ - 1);
    const double nm = n_ * m_;
    const double pearson = nm * sums_.pearson;
    const double variance = nm * nm *
                            ((sums_.pearson_p2 - sums_.pearson_p * sums_.pearson_p) / n_ +
                             (sums_.pearson_q2 - sums_.pearson_q * sums_.pearson_q) / m_);
    const double spread = pearson > 0.0 ? std::clamp(variance / (4.0 * pearson), 0.25, 4.0) : 1.0;
    const Noncentral bounds = invert_noncentral(pearson, degrees, confidence_.z(), spread);
    for (TestResult* result : {&out_.chi_square, &out_.g}) {
        result->degrees_of_freedom = degrees;
        result->effect = std::min(1.0, std::sqrt(pearson / total));
        result->effect_interval = {std::min(1.0, std::sqrt(bounds.lower / total)),
                                   std::min(1.0, std::sqrt(bounds.upper / total))};
    }
    out_.chi_square.statistic = pearson;
    out_.g.statistic = std::max(0.0, 2.0 * sums_.likelihood);
    // Williams's (1976) correction brings the mean of G to that of the chi-square law.
    const double williams =
        1.0 + (total * variance_factor_ - 1.0) * (total * sums_.inverse_totals - 1.0) / (6.0 * total * degrees);
    corrected_g_ = out_.g.statistic / williams;
}

void GridEvaluation::fill_divergence(TestResult& result, double divergence, double factor,
                                     double spread) const noexcept {
    const double degrees = static_cast<double>(pooled_cells_ - 1);
    const double scale = factor / variance_factor_;
    result.statistic = divergence * scale;
    result.degrees_of_freedom = degrees;
    const Noncentral bounds = invert_noncentral(result.statistic, degrees, confidence_.z(), spread);
    result.effect = divergence;
    result.effect_interval = {bounds.lower / scale, bounds.upper / scale};
}

void GridEvaluation::finish_divergences() noexcept {
    const auto spread_of = [this](double variance, double factor, double divergence) {
        if (!(divergence > 0.0)) return 1.0;
        const double ratio = factor * variance / (variance_factor_ * 4.0 * divergence);
        return std::isfinite(ratio) ? std::clamp(ratio, 0.25, 16.0) : 1.0;
    };
    const double psi = std::max(0.0, sums_.psi);
    const double psi_variance =
        (sums_.psi_p2 - sums_.psi_p * sums_.psi_p) / n_ + (sums_.psi_q2 - sums_.psi_q * sums_.psi_q) / m_;
    fill_divergence(out_.psi, psi, 1.0, spread_of(psi_variance, 1.0, psi));
    out_.psi_null_mean = static_cast<double>(pooled_cells_ - 1) * variance_factor_;

    const double shannon = std::clamp(0.5 * (sums_.shannon_p + sums_.shannon_q), 0.0, std::numbers::ln2);
    const double shannon_variance = 0.25 * ((sums_.shannon_p2 - sums_.shannon_p * sums_.shannon_p) / n_ +
                                            (sums_.shannon_q2 - sums_.shannon_q * sums_.shannon_q) / m_);
    fill_divergence(out_.jensen_shannon, shannon, 8.0, spread_of(shannon_variance, 8.0, shannon));
    TestResult& js = out_.jensen_shannon;
    for (double* value : {&js.effect, &js.effect_interval.lower, &js.effect_interval.upper})
        *value = std::min(1.0, *value * std::numbers::log2e);

    const double hellinger = std::clamp(0.5 * sums_.hellinger, 0.0, 1.0);
    // The variance of the squared distance is (H^2/2 - H^4/4)(1/n+1/m).
    fill_divergence(out_.hellinger, hellinger, 8.0, 1.0 - 0.5 * hellinger);
    TestResult& h = out_.hellinger;
    for (double* value : {&h.effect, &h.effect_interval.lower, &h.effect_interval.upper})
        *value = std::min(1.0, std::sqrt(*value));
}

void GridEvaluation::finish_total_variation() noexcept {
    TestResult& result = out_.total_variation;
    const double variation = std::min(1.0, 0.5 * sums_.variation);
    // Under the null the differences are normal with correlations -sqrt(odds_i odds_j): moments of their absolute sum.
    const double root = std::sqrt(variance_factor_);
    const double mean = 0.5 * root * std::sqrt(2.0 / pi) * sums_.folded;
    const double cross_1 = sums_.odds_1 * sums_.odds_1 - sums_.odds_1_squares;
    const double cross_2 = sums_.odds_2 * sums_.odds_2 - sums_.odds_2_squares;
    const double variance =
        0.25 * variance_factor_ *
        (sums_.folded_squares * (1.0 - 2.0 / pi) + (2.0 / pi) * (0.5 * cross_1 + (0.5 * pi - 1.5) * cross_2));
    result.statistic = variance > 0.0 ? (variation - mean) / std::sqrt(variance) : 0.0;
    result.effect = variation;
    // The distance is the largest difference over all sets of cells; the normal tail of the set of largest variance
    // governs where few cells matter; the constant covers the sets next to it.
    const double widest = std::max(0.5, sums_.largest_share);
    const double of_set =
        2.0 * stats::normal_sf(variation / std::max(root * std::sqrt(widest * (1.0 - widest)), 1e-300));
    result.p_value = std::min(1.0, std::max(folded_sum_sf(variation, mean, variance), of_set));
    const double noise = mean + confidence_.z() * std::sqrt(std::max(0.0, variance));
    result.effect_interval = {std::max(0.0, variation - noise),
                              std::min(1.0, variation + 0.5 * confidence_.z() * root)};
}

void GridEvaluation::finish_chi_square_tails() noexcept {
    const std::array<double, 5> statistics{out_.chi_square.statistic, corrected_g_, out_.psi.statistic,
                                           out_.jensen_shannon.statistic, out_.hellinger.statistic};
    std::array<double, 5> tails{};
    stats::chi_squared_sf(statistics, static_cast<double>(pooled_cells_ - 1), tails);
    out_.chi_square.p_value = tails[0];
    out_.g.p_value = tails[1];
    out_.psi.p_value = tails[2];
    out_.jensen_shannon.p_value = tails[3];
    out_.hellinger.p_value = tails[4];
}

GridEvidence evaluate(const GridReference& reference, std::span<const std::uint64_t> live,
                      const stats::Confidence& confidence) noexcept {
    return GridEvaluation(reference, live, confidence).run();
}

TestResult ks(const GridReference& reference, std::span<const std::uint64_t> live,
              const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).ks;
}

TestResult chi_square(const GridReference& reference, std::span<const std::uint64_t> live,
                      const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).chi_square;
}

TestResult g_test(const GridReference& reference, std::span<const std::uint64_t> live,
                  const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).g;
}

TestResult psi(const GridReference& reference, std::span<const std::uint64_t> live,
               const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).psi;
}

TestResult jensen_shannon(const GridReference& reference, std::span<const std::uint64_t> live,
                          const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).jensen_shannon;
}

TestResult hellinger(const GridReference& reference, std::span<const std::uint64_t> live,
                     const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).hellinger;
}

TestResult total_variation(const GridReference& reference, std::span<const std::uint64_t> live,
                           const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).total_variation;
}

TestResult wasserstein_1(const GridReference& reference, std::span<const std::uint64_t> live,
                         const stats::Confidence& confidence) noexcept {
    return evaluate(reference, live, confidence).wasserstein;
}

}  // namespace vedette::inline v0::drift
