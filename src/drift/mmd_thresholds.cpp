// SPDX-License-Identifier: Apache-2.0
// Streams drawn from the reference, their largest statistic in each stage, and which of them alarm first.
#include "drift/mmd_thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/dispatch.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t most_means = 512;
constexpr std::uint64_t stream_tag = 0x6d6d640000000000U;
constexpr std::uint64_t mean_tag = 0x6d65616e00000000U;

// Rows are fewer than 2^32.
std::size_t draw(Random& random, std::size_t count) noexcept {
    return static_cast<std::size_t>(((random() >> 32U) * count) >> 32U);
}

struct Rows {
    std::span<const std::int32_t> values;
    std::size_t width;

    [[nodiscard]] std::size_t count() const noexcept { return values.size() / width; }
    [[nodiscard]] const std::int32_t* row(std::size_t i) const noexcept { return values.data() + i * width; }
};

std::vector<double> mean_of(const Rows& rows) {
    std::vector<double> mean(rows.width, 0.0);
    for (std::size_t i = 0; i < rows.count(); ++i)
        for (std::size_t k = 0; k < rows.width; ++k) mean[k] += rows.row(i)[k];
    for (double& value : mean) value /= static_cast<double>(rows.count());
    return mean;
}

// What the reference's mean might have been: that of rows drawn from it, brought to the size of the whole reference.
std::vector<double> resampled_mean(const Rows& rows, const std::vector<double>& mean, double reference_count,
                                   Random random) {
    const std::size_t count = rows.count();
    std::vector<double> sums(rows.width, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t* const row = rows.row(draw(random, count));
        for (std::size_t k = 0; k < rows.width; ++k) sums[k] += row[k];
    }
    const auto n = static_cast<double>(count);
    const double shrinkage = std::sqrt(n / reference_count);
    for (std::size_t k = 0; k < rows.width; ++k) sums[k] = mean[k] + shrinkage * (sums[k] / n - mean[k]);
    return sums;
}

// The largest statistic of each stage in one stream of twice the window.
class Stream {
  public:
    Stream(const Rows& rows, double reference_count, const LookPlan& plan)
        : rows_(rows), plan_(plan), ring_(plan.window), sums_(rows.width), zeros_(rows.width) {
        for (std::uint64_t row = 1; row <= plan.window; ++row)
            scales_.push_back(harmonic_scale(reference_count, static_cast<double>(row)));
    }

    void run(const std::vector<double>& mean, Random random, double* largest) {
        std::fill(sums_.begin(), sums_.end(), 0.0);
        std::size_t next = 0;
        for (std::uint64_t row = 1; row <= 2 * plan_.window; ++row) {
            const std::size_t drawn = draw(random, rows_.count());
            const std::int32_t* const leaving = row > plan_.window ? rows_.row(ring_[next]) : zeros_.data();
            ring_[next] = static_cast<std::uint32_t>(drawn);
            next = next + 1 == ring_.size() ? 0 : next + 1;
            const std::uint64_t held = std::min(row, plan_.window);
            const kernels::WaveSlide slide{rows_.row(drawn),          leaving,     mean.data(),
                                           static_cast<double>(held), rows_.width, sums_.data()};
            const double squares = waves_.slide(&slide);
            if (row < plan_.first_look) continue;
            double& stage = largest[plan_.stage_of(row)];
            stage = std::max(stage, squares * scales_[held - 1]);
        }
    }

  private:
    const kernels::WaveKernels& waves_ = kernels::kernels().waves;
    const Rows& rows_;
    const LookPlan& plan_;
    std::vector<std::uint32_t> ring_;
    std::vector<double> sums_;
    std::vector<std::int32_t> zeros_;
    std::vector<double> scales_;
};

// What a new value exceeds with that probability: between order statistics, the k-th largest of n being exceeded at a
// rate of k/(n + 1).
double upper_quantile(std::vector<double>& values, double probability) {
    const double place = probability * static_cast<double>(values.size() + 1) - 1.0;
    const auto before = static_cast<std::size_t>(std::max(0.0, std::floor(place)));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(before, values.size() - 1));
    std::nth_element(values.begin(), at, values.end(), std::greater<>());
    if (place <= 0.0 || at + 1 == values.end()) return *at;
    const double below = *std::max_element(at + 1, values.end());
    return *at + (place - std::floor(place)) * (below - *at);
}

}  // namespace

std::vector<double> simulate_thresholds(std::span<const std::int32_t> values, std::size_t width, double reference_count,
                                        const LookPlan& plan, std::size_t simulations, std::uint64_t seed) {
    const Rows rows{values, width};
    const std::vector<double> mean = mean_of(rows);
    std::vector<std::vector<double>> means;
    for (std::size_t i = 0; i < std::min(simulations, most_means); ++i)
        means.push_back(resampled_mean(rows, mean, reference_count, Random(seed, mean_tag + i)));
    const std::size_t stages = plan.growing_stages() + 1;
    std::vector<double> largest(simulations * stages, 0.0);
    Stream stream(rows, reference_count, plan);
    for (std::size_t i = 0; i < simulations; ++i)
        stream.run(means[i % means.size()], Random(seed, stream_tag + i), largest.data() + i * stages);

    std::vector<double> thresholds;
    std::vector<std::size_t> running(simulations);
    for (std::size_t i = 0; i < simulations; ++i) running[i] = i;
    for (std::size_t stage = 0; stage < stages; ++stage) {
        const std::uint64_t begin = plan.first_look + stage * plan.stage_rows();
        const std::uint64_t stage_rows =
            stage + 1 == stages ? plan.window : std::min(plan.stage_rows(), plan.window + 1 - begin);
        const double alarms = -std::expm1(static_cast<double>(stage_rows) * std::log1p(-1.0 / plan.expected_run));
        std::vector<double> statistics;
        statistics.reserve(running.size());
        for (const std::size_t i : running) statistics.push_back(largest[i * stages + stage]);
        const double threshold = upper_quantile(statistics, alarms);
        thresholds.push_back(threshold);
        std::erase_if(running, [&](std::size_t i) { return largest[i * stages + stage] > threshold; });
    }
    return thresholds;
}

}  // namespace vedette::inline v0::drift
