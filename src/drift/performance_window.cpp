// SPDX-License-Identifier: Apache-2.0
// Live rows without labels: look up, and add to three counters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "drift/performance_state.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

// p, or 1 - p, without a branch that no processor could foresee.
double right_of(double probability, std::uint32_t prediction) noexcept {
    return std::abs(static_cast<double>(1 - static_cast<int>(prediction)) - probability);
}

}  // namespace

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
    return right_of(place.probability, prediction);
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
    observe(MatrixView<double>::row_major(scores.data(), scores.size(), 1), predictions);
}

namespace {

// Rows are taken in blocks, class after class: one class's tables and counters are at hand for all of them.
constexpr std::size_t most_block_scores = 8192;

// Copies rows, class after class, `stride` apart. False where one of them cannot be counted, or holds -0.
bool copy_block(MatrixView<double> scores, std::size_t first, std::size_t rows, std::size_t stride,
                double* to) noexcept {
    constexpr auto one = std::bit_cast<std::uint64_t>(1.0);
    std::uint64_t refused = 0;  // by the first bit
    for (std::size_t k = 0; k < scores.columns(); ++k)
        for (std::size_t i = 0; i < rows; ++i) {
            const double score = scores(first + i, k);
            const auto bits = std::bit_cast<std::uint64_t>(score);
            refused |= bits | (one - bits);
            to[k * stride + i] = score;
        }
    return refused >> 63U == 0;
}

}  // namespace

void PerformanceWindow::observe(MatrixView<double> scores, std::span<const std::uint32_t> predictions,
                                std::span<double> right) {
    const PerformanceReference::State& state = *reference_.state_;
    const std::size_t columns = state.columns.size();
    if (scores.columns() != columns || scores.rows() != predictions.size() ||
        (!right.empty() && right.size() != predictions.size()))
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("performance window: {} rows of {} scores, {} predictions, room for {} results, of {} "
                                "columns",
                                scores.rows(), scores.columns(), predictions.size(), right.size(), columns));
    const std::size_t block = std::clamp<std::size_t>(most_block_scores / columns, 8, kernels::most_calibrated_rows);
    // Before anything is counted; a second call takes no memory.
    block_probabilities_.resize(block * columns);
    block_cells_.resize(block * columns);
    const std::span<double> probabilities(block_probabilities_);
    const std::span<std::uint32_t> cells(block_cells_);
    for (std::size_t first = 0; first < predictions.size(); first += block) {
        const std::size_t rows = std::min(block, predictions.size() - first);
        const auto own = predictions.subspan(first, rows);
        const bool known = std::all_of(own.begin(), own.end(), [&](std::uint32_t p) { return p < state.classes; });
        if (known && rows <= maximum_rows - counts_.rows &&
            copy_block(scores, first, rows, block, probabilities.data())) {
            count_block(probabilities, cells, block, own);
            if (!right.empty())
                for (std::size_t i = 0; i < rows; ++i)
                    right[first + i] =
                        state.is_binary() ? right_of(probabilities[i], own[i]) : probabilities[own[i] * block + i];
            continue;
        }
        for (std::size_t i = first; i < first + rows; ++i) {
            for (std::size_t k = 0; k < columns; ++k) probabilities[k] = scores(i, k);
            const double probability = observe(probabilities.first(columns), predictions[i]);
            if (!right.empty()) right[i] = probability;
        }
    }
}

void PerformanceWindow::count_block(std::span<double> probabilities, std::span<std::uint32_t> cells, std::size_t stride,
                                    std::span<const std::uint32_t> predictions) noexcept {
    const PerformanceReference::State& state = *reference_.state_;
    const kernels::CalibrationKernels& kernel = kernels::kernels().calibration;
    double totals[kernels::most_calibrated_rows] = {};
    for (std::size_t k = 0; k < state.columns.size(); ++k) {
        const kernels::ScorePieces pieces = state.columns[k].table.view();
        kernel.calibrate(&pieces, probabilities.data() + k * stride, cells.data() + k * stride, totals,
                         predictions.size());
    }
    for (std::size_t k = 0; k < state.columns.size(); ++k) {
        const kernels::CalibratedRows rows{
            .probabilities = probabilities.data() + k * stride,
            .totals = state.is_binary() ? nullptr : totals,
            .even = 1.0 / static_cast<double>(state.classes),
            .cells = cells.data() + k * stride,
            .predictions = predictions.data(),
            .positive = state.is_binary() ? 1U : static_cast<std::uint32_t>(k),
            .rows = predictions.size(),
            .counters = counters_.data() + state.columns[k].offset,
            .predicted = state.columns[k].cells() * tally_width,
        };
        kernel.count(&rows);
    }
    counts_.rows += predictions.size();
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
