// SPDX-License-Identifier: Apache-2.0
// Live rows without labels: look up, and add to three counters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "drift/performance_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {

bool PerformanceReference::State::read(std::span<const double> scores, std::uint32_t prediction,
                                       PerformanceCounts& counts, std::span<double> probabilities,
                                       std::span<std::uint32_t> cells) const noexcept {
    if (scores.size() != columns.size() || prediction >= classes) {
        ++counts.unknown_class;
        return false;
    }
    for (const double score : scores)
        if (turn_away(score, counts)) return false;
    double sum = 0.0;
    for (std::size_t k = 0; k < scores.size(); ++k) {
        const auto place = columns[k].table.find(scores[k]);
        probabilities[k] = place.probability;
        cells[k] = place.cell;
        sum += place.probability;
    }
    if (is_binary()) return true;
    const double even = 1.0 / static_cast<double>(classes);
    for (double& probability : probabilities) probability = sum > 0.0 ? probability / sum : even;
    return true;
}

PerformanceWindow::PerformanceWindow(PerformanceReference reference)
    : reference_(std::move(reference)),
      counters_(reference_.state_->counters),
      probabilities_(reference_.state_->columns.size()),
      cells_(reference_.state_->columns.size()) {}

double PerformanceWindow::observe(double score, std::uint32_t prediction) noexcept {
    const PerformanceReference::State& state = *reference_.state_;
    if (!state.is_binary() || prediction > 1 || counts_.rows >= maximum_rows) [[unlikely]] {
        ++(counts_.rows >= maximum_rows ? counts_.over_capacity : counts_.unknown_class);
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (turn_away(score, counts_)) return std::numeric_limits<double>::quiet_NaN();
    const auto place = state.columns.front().table.find(score);
    tally(state.counters_at(counters_, 0, prediction == 1, place.cell), probability_units(place.probability));
    ++counts_.rows;
    // p, or 1 - p, without a branch that no processor could foresee.
    return std::abs(static_cast<double>(1 - static_cast<int>(prediction)) - place.probability);
}

double PerformanceWindow::observe(std::span<const double> scores, std::uint32_t prediction) noexcept {
    const PerformanceReference::State& state = *reference_.state_;
    if (state.is_binary() && scores.size() == 1) return observe(scores.front(), prediction);
    if (counts_.rows >= maximum_rows) {
        ++counts_.over_capacity;
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (!state.read(scores, prediction, counts_, probabilities_, cells_))
        return std::numeric_limits<double>::quiet_NaN();
    for (std::size_t k = 0; k < scores.size(); ++k)
        tally(state.counters_at(counters_, k, prediction == k, cells_[k]), probability_units(probabilities_[k]));
    ++counts_.rows;
    return probabilities_[prediction];
}

void PerformanceWindow::observe(std::span<const double> scores, std::span<const std::uint32_t> predictions) {
    if (scores.size() != predictions.size() || !reference_.state_->is_binary())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("performance window: {} scores for {} predictions, of {} columns", scores.size(),
                                predictions.size(), reference_.columns()));
    for (std::size_t i = 0; i < scores.size(); ++i) observe(scores[i], predictions[i]);
}

void PerformanceWindow::merge(const PerformanceWindow& other) {
    if (reference_ != other.reference_)
        throw Error(ErrorCode::baseline_mismatch, "performance window: the other is of another reference");
    if (other.counts_.rows > maximum_rows - counts_.rows)
        throw Error(ErrorCode::overflow, fmt::format("performance window: {} rows and {} are more than {}",
                                                     counts_.rows, other.counts_.rows, maximum_rows));
    add_counts(counts_, other.counts_);
    for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i] += other.counters_[i];
}

void PerformanceWindow::reset() noexcept {
    counts_ = {};
    std::fill(counters_.begin(), counters_.end(), 0);
}

PerformanceEstimate PerformanceWindow::estimate(double confidence) const {
    const stats::Confidence level(confidence);
    const auto tallies = reference_.state_->tallies(counters_);
    return tallies.size() == 1 ? drift::estimate_class(tallies.front(), Knowledge::estimated, level)
                               : estimate_classes(tallies, Knowledge::estimated, level);
}

double PerformanceWindow::value(PerformanceMetric metric) const noexcept {
    static const stats::Confidence level(0.95);
    const PerformanceReference::State& state = *reference_.state_;
    if (state.is_binary())
        return drift::estimate_class(state.tally(counters_, 0), Knowledge::estimated, level)[metric].value;
    std::array<ClassTally, PerformanceReference::maximum_classes> tallies;
    for (std::size_t k = 0; k < state.columns.size(); ++k) tallies[k] = state.tally(counters_, k);
    return estimate_classes(std::span(tallies).first(state.columns.size()), Knowledge::estimated, level)[metric].value;
}

PerformanceEstimate PerformanceWindow::estimate_class(std::size_t which, double confidence) const {
    const stats::Confidence level(confidence);
    const auto& state = *reference_.state_;
    return drift::estimate_class(state.tally(counters_, state.column_of(which)), Knowledge::estimated, level);
}

ConfusionCounts PerformanceWindow::confusion(std::size_t which) const {
    const auto& state = *reference_.state_;
    return confusion_of(state.tally(counters_, state.column_of(which)));
}

std::vector<std::byte> PerformanceWindow::serialize() const {
    ContainerWriter writer;
    writer.add("counts", list_of(counts_));
    writer.add("counters", counters_);
    writer.set_metadata("reference", to_hex(reference_.state_->digest));
    return writer.finish("performance_window");
}

PerformanceWindow PerformanceWindow::deserialize(const PerformanceReference& reference,
                                                 std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind("performance_window");
    const auto require = [](bool condition, const char* what) {
        if (!condition) throw Error(ErrorCode::corrupt_data, fmt::format("performance window: {}", what));
    };
    require(file.tensors().size() == 2 && file.metadata_keys().size() == 5, "parts that no window has");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    if (file.metadata("reference") != to_hex(reference.state_->digest))
        throw Error(ErrorCode::baseline_mismatch, "performance window: it is of another reference");
    PerformanceWindow window(reference);
    const PerformanceCounts counts = counts_of(file.values<std::uint64_t>("counts", 5));
    const auto counters = file.values<std::uint64_t>("counters", window.counters_.size());
    require(counts.rows <= maximum_rows && are_counters(*reference.state_, counters, counts.rows, Knowledge::estimated),
            "sums that its rows cannot have");
    window.counts_ = counts;
    std::copy(counters.begin(), counters.end(), window.counters_.begin());
    return window;
}

}  // namespace vedette::inline v0::drift
