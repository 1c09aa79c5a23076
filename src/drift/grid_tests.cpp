// SPDX-License-Identifier: Apache-2.0
// The tests of one feature: a pass over the ordered cells, a pass over the pooled ones, then the laws.
#include "vedette/drift/grid_tests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "cell_pooling.hpp"
#include "grid_laws.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double pi = std::numbers::pi;
// The divergences use shares smoothed by half a count per pooled cell (Jeffreys), so that an empty cell is no
// catastrophe and their null laws hold down to the least expected count.
constexpr double smoothing = 0.5;
constexpr std::size_t block_size = kernels::most_pooled_cells;

}  // namespace

/// One evaluation: holds the two sides while its passes run.
class GridEvaluation {
  public:
    GridEvaluation(const GridReference& reference, std::span<const std::uint64_t> live,
                   const stats::Confidence& confidence, GridEvidence& out) noexcept
        : reference_(reference), live_(live), confidence_(confidence), out_(out) {}

    void run() noexcept;

  private:
    [[nodiscard]] TestResult blank() const noexcept;
    void pass_ordered() noexcept;
    template <class Sink>
    void pooled(Sink&& sink) const noexcept;
    void sum_pooled() noexcept;
    [[nodiscard]] double mean_difference_sf(double z) const noexcept;
    void finish_ks() noexcept;
    void finish_wasserstein() noexcept;
    void finish_contingency() noexcept;
    void fill_contingency(double pearson, const Noncentral& bounds) noexcept;
    void finish_total_variation() noexcept;
    void finish_chi_square_tails() noexcept;
    void fill_divergence(TestResult& result, double divergence, double factor, const Noncentral& bounds) const noexcept;

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
    kernels::PooledSums sums_;
    std::size_t pooled_cells_ = 0;
    std::array<double, block_size> reference_block_;  // left uninitialised on purpose
    std::array<double, block_size> live_block_;
    GridEvidence& out_;
};

TestResult GridEvaluation::blank() const noexcept {
    TestResult result;
    result.reference_count = n_;
    result.live_count = m_;
    return result;
}

void GridEvaluation::run() noexcept {
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
    if (live_.size() < 2 || !(n_ > 0.0) || !(m_ > 0.0)) return;
    variance_factor_ = 1.0 / n_ + 1.0 / m_;
    if (reference_.is_ordered()) {
        pass_ordered();
        finish_ks();
        finish_wasserstein();
    }
    sum_pooled();
    out_.pooled_cells = pooled_cells_;
    if (pooled_cells_ < 2) return;
    finish_contingency();
    finish_total_variation();
    finish_chi_square_tails();
}

void GridEvaluation::pass_ordered() noexcept {
    static constexpr std::array<double, kernels::most_ordered_cells> no_places{};  // where distances have no meaning
    const bool with_distance = !reference_.widths_.empty();
    kernels::OrderedSums sums;
    for (std::size_t begin = 0; begin < live_.size(); begin += kernels::most_ordered_cells) {
        const kernels::OrderedBlock block{reference_.cumulated_.data() + begin,
                                          live_.data() + begin,
                                          with_distance ? reference_.widths_.data() + begin : no_places.data(),
                                          with_distance ? reference_.positions_.data() + begin : no_places.data(),
                                          std::min(kernels::most_ordered_cells, live_.size() - begin),
                                          1.0 / m_,
                                          reference_.discrete_};
        kernels::kernels().ordered_sums(&block, &sums);
    }
    largest_difference_ = std::min(1.0, sums.largest_difference);
    distance_ = sums.distance;
    const double first = sums.first / m_;
    live_variance_ = std::max(0.0, sums.second / m_ - first * first);
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
                         : stats::kolmogorov_finite_sf(std::min(1.0, largest_difference_ + shortfall), effective, 1e-4);
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

template <class Sink>
void GridEvaluation::pooled(Sink&& sink) const noexcept {
    const CellCounts counts{reference_.counts_, live_, n_, m_};
    if (reference_.is_ordered()) {
        pool_ordered(counts, reference_.discrete_, reference_.smallest_inner_count_, sink);
    } else {
        pool_nominal(counts, sink);
    }
}

// The smoothing depends on the number of pooled cells, so nothing is summed before they are counted. All but huge
// tables fit into the block that the count leaves filled.
void GridEvaluation::sum_pooled() noexcept {
    const auto keep = [this](std::size_t place, double reference_count, double live_count) {
        reference_block_[place] = reference_count;
        live_block_[place] = live_count;
    };
    std::size_t count = 0;  // a local, which stays in a register
    pooled([&](double reference_count, double live_count) {
        if (count < block_size) keep(count, reference_count, live_count);
        ++count;
    });
    pooled_cells_ = count;
    if (pooled_cells_ < 2) return;
    const double added = smoothing * static_cast<double>(pooled_cells_);
    const double total = n_ + m_;
    const kernels::PooledScale scale{
        n_,         m_,         1.0 / n_,  1.0 / m_,           std::max(n_, m_),  1.0 / total,
        total / n_, total / m_, smoothing, 1.0 / (n_ + added), 1.0 / (m_ + added)};
    const auto sum = [&](std::size_t cells) {
        kernels::kernels().pooled_sums(reference_block_.data(), live_block_.data(), cells, &scale, &sums_);
    };
    if (pooled_cells_ <= block_size) return sum(pooled_cells_);
    std::size_t filled = 0;
    pooled([&](double reference_count, double live_count) {
        keep(filled, reference_count, live_count);
        if (++filled < block_size) return;
        sum(filled);
        filled = 0;
    });
    if (filled > 0) sum(filled);
}

// The statistics whose null law is chi-square and whose intervals come from one inversion: Pearson's, on which that of
// G leans too, and the three divergences.
void GridEvaluation::finish_contingency() noexcept {
    const double nm = n_ * m_;
    const auto variance_of = [this](double p, double p2, double q, double q2) {
        return (p2 - p * p) / n_ + (q2 - q * q) / m_;
    };
    const auto spread_of = [](double ratio, double most) {
        return std::isfinite(ratio) ? std::clamp(ratio, 0.25, most) : 1.0;
    };
    const double pearson = nm * sums_.pearson;
    const double pearson_variance =
        nm * nm * variance_of(sums_.pearson_p, sums_.pearson_p2, sums_.pearson_q, sums_.pearson_q2);
    const double psi = std::max(0.0, sums_.psi);
    const double psi_variance = variance_of(sums_.psi_p, sums_.psi_p2, sums_.psi_q, sums_.psi_q2);
    const double shannon = std::clamp(0.5 * (sums_.shannon_p + sums_.shannon_q), 0.0, std::numbers::ln2);
    const double shannon_variance =
        0.25 * variance_of(sums_.shannon_p, sums_.shannon_p2, sums_.shannon_q, sums_.shannon_q2);
    const double hellinger = std::clamp(0.5 * sums_.hellinger, 0.0, 1.0);
    const double per_factor = 1.0 / variance_factor_;
    const std::array<double, 4> statistics{pearson, psi * per_factor, 8.0 * shannon * per_factor,
                                           8.0 * hellinger * per_factor};
    const std::array<double, 4> spreads{
        pearson > 0.0 ? spread_of(pearson_variance / (4.0 * pearson), 4.0) : 1.0,
        psi > 0.0 ? spread_of(psi_variance * per_factor / (4.0 * psi), 16.0) : 1.0,
        shannon > 0.0 ? spread_of(8.0 * shannon_variance * per_factor / (4.0 * shannon), 16.0) : 1.0,
        // The variance of the squared distance is (H^2/2 - H^4/4)(1/n+1/m).
        1.0 - 0.5 * hellinger};
    const double degrees = static_cast<double>(pooled_cells_ - 1);
    const auto bounds = invert_noncentral(statistics, degrees, confidence_.z(), spreads);
    fill_contingency(pearson, bounds[0]);
    fill_divergence(out_.psi, psi, 1.0, bounds[1]);
    out_.psi_null_mean = degrees * variance_factor_;
    fill_divergence(out_.jensen_shannon, shannon, 8.0, bounds[2]);
    fill_divergence(out_.hellinger, hellinger, 8.0, bounds[3]);
    TestResult& js = out_.jensen_shannon;
    for (double* value : {&js.effect, &js.effect_interval.lower, &js.effect_interval.upper})
        *value = std::min(1.0, *value * std::numbers::log2e);
    TestResult& h = out_.hellinger;
    for (double* value : {&h.effect, &h.effect_interval.lower, &h.effect_interval.upper})
        *value = std::min(1.0, std::sqrt(*value));
}

void GridEvaluation::fill_contingency(double pearson, const Noncentral& bounds) noexcept {
    const double per_total = 1.0 / (n_ + m_);
    const double degrees = static_cast<double>(pooled_cells_ - 1);
    for (TestResult* result : {&out_.chi_square, &out_.g}) {
        result->degrees_of_freedom = degrees;
        result->effect = std::min(1.0, std::sqrt(pearson * per_total));
        result->effect_interval = {std::min(1.0, std::sqrt(bounds.lower * per_total)),
                                   std::min(1.0, std::sqrt(bounds.upper * per_total))};
    }
    out_.chi_square.statistic = pearson;
    out_.g.statistic = std::max(0.0, 2.0 * sums_.likelihood);
    // Williams's (1976) correction brings the mean of G to that of the chi-square law.
    const double total = n_ + m_;
    const double williams =
        1.0 + (total * variance_factor_ - 1.0) * (total * sums_.inverse_totals - 1.0) / (6.0 * total * degrees);
    corrected_g_ = out_.g.statistic / williams;
}

void GridEvaluation::fill_divergence(TestResult& result, double divergence, double factor,
                                     const Noncentral& bounds) const noexcept {
    const double scale = factor / variance_factor_;
    result.statistic = divergence * scale;
    result.degrees_of_freedom = static_cast<double>(pooled_cells_ - 1);
    result.effect = divergence;
    result.effect_interval = {bounds.lower / scale, bounds.upper / scale};
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
    const double widest = std::max(0.5, sums_.largest_total / (n_ + m_));
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
    GridEvidence out;
    GridEvaluation(reference, live, confidence, out).run();
    return out;
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
