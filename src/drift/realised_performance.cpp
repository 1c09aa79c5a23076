// SPDX-License-Identifier: Apache-2.0
// Rows with labels, counted as those without are, and how far the estimates were from them.
#include "vedette/drift/realised_performance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "drift/performance_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* kind = "realised_window";

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, fmt::format("realised window: {}", what));
}

}  // namespace

std::size_t DelayCounts::cell(std::uint64_t delay) noexcept {
    if (delay < 16) return static_cast<std::size_t>(delay);
    const auto octave = static_cast<std::size_t>(std::bit_width(delay)) - 5;  // 0 from 16 on
    return 16 + 8 * octave + static_cast<std::size_t>((delay >> (octave + 1)) & 7U);
}

void DelayCounts::merge(const DelayCounts& other) noexcept {
    for (std::size_t i = 0; i < cells; ++i) counts_[i] += other.counts_[i];
}

std::uint64_t DelayCounts::count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
}

std::uint64_t DelayCounts::quantile(double probability) const noexcept {
    const double wanted =
        std::clamp(std::isnan(probability) ? 1.0 : probability, 0.0, 1.0) * static_cast<double>(count());
    double reached = 0.0;
    for (std::size_t i = 0; i < cells; ++i) {
        reached += static_cast<double>(counts_[i]);
        if (counts_[i] == 0 || reached < wanted) continue;
        if (i < 16) return i;
        return (8 + (i - 16) % 8) << ((i - 16) / 8 + 1);
    }
    return 0;
}

RealisedWindow::RealisedWindow(PerformanceReference reference)
    : reference_(std::move(reference)),
      counters_(reference_.state_->counters),
      probabilities_(reference_.state_->columns.size()),
      cells_(reference_.state_->columns.size()) {}

bool RealisedWindow::count(std::span<const std::uint32_t> cells, std::uint32_t prediction, std::uint32_t label,
                           std::uint64_t right_units) noexcept {
    if (counts_.rows >= PerformanceWindow::maximum_rows) {
        ++counts_.over_capacity;
        return false;
    }
    const PerformanceReference::State& state = *reference_.state_;
    for (std::size_t k = 0; k < cells.size(); ++k) {
        const std::size_t own = state.is_binary() ? 1 : k;
        tally(state.counters_at(counters_, k, prediction == own, cells[k]), label == own ? probability_unit : 0);
    }
    ++counts_.rows;
    tally(estimated_.data(), right_units);
    estimated_[3] += prediction == label ? 1U : 0U;
    return true;
}

bool RealisedWindow::observe(std::span<const double> scores, std::uint32_t prediction, std::uint32_t label) noexcept {
    const PerformanceReference::State& state = *reference_.state_;
    if (label >= state.classes) {
        ++counts_.unknown_class;
        return false;
    }
    if (!state.read(scores, prediction, counts_, probabilities_, cells_)) return false;
    return count(cells_, prediction, label, state.right_units(probabilities_, prediction));
}

void RealisedWindow::observe(MatrixView<double> scores, std::span<const std::uint32_t> predictions,
                             std::span<const std::uint32_t> labels) {
    const std::size_t columns = reference_.columns();
    if (scores.columns() != columns || predictions.size() != scores.rows() || labels.size() != scores.rows())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("realised window: {} rows of {} scores, {} predictions, {} labels, of {} columns",
                                scores.rows(), scores.columns(), predictions.size(), labels.size(), columns));
    std::vector<double> row(columns);
    for (std::size_t i = 0; i < scores.rows(); ++i) {
        for (std::size_t k = 0; k < columns; ++k) row[k] = scores(i, k);
        observe(row, predictions[i], labels[i]);
    }
}

void RealisedWindow::merge(const RealisedWindow& other) {
    if (reference_ != other.reference_)
        throw Error(ErrorCode::baseline_mismatch, "realised window: the other is of another reference");
    if (other.counts_.rows > PerformanceWindow::maximum_rows - counts_.rows)
        throw Error(ErrorCode::overflow, fmt::format("realised window: {} rows and {} are more than {}", counts_.rows,
                                                     other.counts_.rows, PerformanceWindow::maximum_rows));
    add_counts(counts_, other.counts_);
    for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i] += other.counters_[i];
    for (std::size_t i = 0; i < estimated_.size(); ++i) estimated_[i] += other.estimated_[i];
    delays_.merge(other.delays_);
}

void RealisedWindow::reset() noexcept {
    counts_ = {};
    std::fill(counters_.begin(), counters_.end(), 0);
    estimated_ = {};
    delays_ = {};
}

PerformanceEstimate RealisedWindow::performance(double confidence) const {
    const stats::Confidence level(confidence);
    const auto tallies = reference_.state_->tallies(counters_);
    return tallies.size() == 1 ? estimate_class(tallies.front(), Knowledge::labelled, level)
                               : estimate_classes(tallies, Knowledge::labelled, level);
}

PerformanceEstimate RealisedWindow::class_performance(std::size_t which, double confidence) const {
    const stats::Confidence level(confidence);
    const auto& state = *reference_.state_;
    return estimate_class(state.tally(counters_, state.column_of(which)), Knowledge::labelled, level);
}

ConfusionCounts RealisedWindow::confusion(std::size_t which) const {
    const auto& state = *reference_.state_;
    return confusion_of(state.tally(counters_, state.column_of(which)));
}

EstimateGap RealisedWindow::gap(double confidence) const {
    const stats::Confidence level(confidence);
    EstimateGap out;
    out.rows = estimated_[0];
    if (out.rows == 0) return out;
    const auto n = static_cast<double>(out.rows);
    constexpr double unit = static_cast<double>(probability_unit);
    out.estimated = static_cast<double>(estimated_[1]) / unit / n;
    out.realised = static_cast<double>(estimated_[3]) / n;
    out.gap = out.realised - out.estimated;
    const double noise = std::max(0.0, static_cast<double>(estimated_[1]) - static_cast<double>(estimated_[2])) / unit;
    // Given the rows, what came true varies around its own mean by at most a fair coin's variance, p (1 - p) of that
    // mean: Wilson's interval, moved.
    const Interval rate = stats::wilson(estimated_[3], out.rows, level);
    out.interval = {rate.lower - out.estimated, rate.upper - out.estimated};
    // Sums are exact to half a unit a row; certainty that holds has no variance, and no evidence against it.
    const double distance = std::abs(out.gap) * n;
    if (noise > 0.0) {
        out.p_value = std::min(1.0, 2.0 * stats::normal_sf(distance / std::sqrt(noise)));
    } else {
        out.p_value = distance <= n / unit ? 1.0 : 0.0;
    }
    return out;
}

std::vector<std::byte> RealisedWindow::serialize() const {
    ContainerWriter writer;
    writer.add("counts", list_of(counts_));
    writer.add("counters", counters_);
    writer.add("estimated", std::vector<std::uint64_t>(estimated_.begin(), estimated_.end()));
    writer.add("delays", std::vector<std::uint64_t>(delays_.counts_.begin(), delays_.counts_.end()));
    writer.set_metadata("reference", to_hex(reference_.state_->digest));
    return writer.finish(kind);
}

RealisedWindow RealisedWindow::deserialize(const PerformanceReference& reference, std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 4 && file.metadata_keys().size() == 5, "parts that no window has");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    if (file.metadata("reference") != to_hex(reference.state_->digest))
        throw Error(ErrorCode::baseline_mismatch, "realised window: it is of another reference");
    RealisedWindow window(reference);
    const PerformanceCounts counts = counts_of(file.values<std::uint64_t>("counts", 5));
    const auto counters = file.values<std::uint64_t>("counters", window.counters_.size());
    require(counts.rows <= PerformanceWindow::maximum_rows &&
                are_counters(*reference.state_, counters, counts.rows, Knowledge::labelled),
            "sums that its rows cannot have");
    const auto estimated = file.values<std::uint64_t>("estimated", 4);
    require(estimated[0] == counts.rows && estimated[1] <= counts.rows * probability_unit &&
                estimated[2] <= estimated[1] + counts.rows && estimated[3] <= counts.rows,
            "estimates that its rows cannot have");
    const auto delays = file.values<std::uint64_t>("delays", DelayCounts::cells);
    std::uint64_t total = 0;
    for (const std::uint64_t count : delays) {
        require(count <= counts.rows - total, "more delays than rows");
        total += count;
    }
    window.counts_ = counts;
    std::copy(counters.begin(), counters.end(), window.counters_.begin());
    std::copy(estimated.begin(), estimated.end(), window.estimated_.begin());
    std::copy(delays.begin(), delays.end(), window.delays_.counts_.begin());
    return window;
}

}  // namespace vedette::inline v0::drift
