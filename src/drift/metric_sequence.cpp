// SPDX-License-Identifier: Apache-2.0
// Metrics as ratios of two running sums, bounded at all times, and the one question whether they are too low.
#include "vedette/drift/metric_sequence.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "drift/performance_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* kind = "metric_sequence";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t numbers_of_part = 5;
constexpr std::size_t integers_of_part = 4;
constexpr std::uint64_t most_values = std::uint64_t{1} << 52U;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("metric sequence: ") + what);
}

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::invalid_argument, "metric sequence: " + what);
}

const MetricSequenceOptions& checked(const MetricSequenceOptions& options) {
    if (static_cast<std::size_t>(options.metric) >= performance_metric_count) refuse("metric is none");
    if (!(options.level > 0.0 && options.level < 1.0))
        refuse("level is " + std::to_string(options.level) + ", must lie between 0 and 1");
    if (!(options.alarm_level > 0.0 && options.alarm_level < 1.0))
        refuse("alarm_level is " + std::to_string(options.alarm_level) + ", must lie between 0 and 1");
    return options;
}

// Whether N + F is no 0 or 1 that is known.
bool are_ratios(const MetricSequenceOptions& options) noexcept {
    return !options.with_labels && options.metric != PerformanceMetric::accuracy &&
           options.metric != PerformanceMetric::precision;
}

std::size_t parts_of(const MetricSequenceOptions& options, std::size_t columns) noexcept {
    return options.metric == PerformanceMetric::accuracy ? 1 : columns;
}

// Of one side of one sum, of so many sides in all.
stats::StitchedBoundary boundary_of(const MetricSequenceOptions& options, std::size_t columns, double level,
                                    double sides) {
    const double sums = static_cast<double>(parts_of(options, columns)) * (are_ratios(options) ? 2.0 : 1.0);
    return {level / (sums * sides), options.intrinsic_time};
}

void add(stats::PredictedDeviations& to, const stats::PredictedDeviations& from) noexcept {
    to = {to.count + from.count, to.sum + from.sum, to.squares + from.squares};
}

// F1 of the share J = TP/(TP + FP + FN), and back.
double f1_of_share(double share) noexcept {
    return 2.0 * share / (1.0 + share);
}

Interval mean_bounds(const stats::PredictedDeviations& sums, const stats::StitchedBoundary& boundary) noexcept {
    if (sums.count == 0) return {0.0, 1.0};
    const double half = sums.half_width(boundary);
    return {std::max(0.0, sums.mean() - half), std::min(1.0, sums.mean() + half)};
}

}  // namespace

MetricSequence::MetricSequence(PerformanceReference reference, const MetricSequenceOptions& options)
    : reference_(std::move(reference)),
      options_(checked(options)),
      boundary_(boundary_of(options_, reference_.columns(), options_.level, 2.0)),
      alarm_boundary_(boundary_of(options_, reference_.columns(), options_.alarm_level, 1.0)),
      parts_(parts_of(options_, reference_.columns())),
      harm_({.tolerated = options_.tolerated,
             .level = options_.alarm_level,
             .warning_level = std::max(0.05, options_.alarm_level),
             .intrinsic_time = options_.intrinsic_time}),
      probabilities_(reference_.columns()),
      cells_(reference_.columns()) {}

bool MetricSequence::is_ratio() const noexcept {
    return are_ratios(options_);
}

// Rows in pairs of which each row is in one: without labels any two that follow each other, with them two of other
// classes, the one before having waited whatever its score.
std::optional<MetricSequence::Weights> MetricSequence::pair(Part& part, const Row& row) const noexcept {
    const bool complete = part.waits && (!options_.with_labels || part.probability != row.probability);
    if (!complete) {
        part.waits = true;
        part.probability = row.probability;
        part.cell = row.cell;
        return std::nullopt;
    }
    part.waits = false;
    const double above = row.cell > part.cell ? 1.0 : row.cell == part.cell ? 0.5 : 0.0;
    const double up = row.probability * (1.0 - part.probability);
    const double down = part.probability * (1.0 - row.probability);
    return Weights{up * above + down * (1.0 - above), up * (1.0 - above) + down * above};
}

std::optional<MetricSequence::Weights> MetricSequence::weights(Part& part, const Row& row) const noexcept {
    const double p = row.probability;
    const auto part_of = [&](double weight, bool is_kept) -> std::optional<Weights> {
        if (options_.with_labels && weight == 0.0) return std::nullopt;
        return is_kept ? Weights{weight, 0.0} : Weights{0.0, weight};
    };
    switch (options_.metric) {
        case PerformanceMetric::accuracy: return Weights{p, 1.0 - p};
        case PerformanceMetric::precision:
            if (!row.predicted) return std::nullopt;
            return Weights{p, 1.0 - p};
        case PerformanceMetric::recall: return part_of(p, row.predicted);
        case PerformanceMetric::specificity: return part_of(1.0 - p, !row.predicted);
        case PerformanceMetric::f1:
            if (row.predicted) return Weights{p, 1.0 - p};
            return part_of(p, false);
        case PerformanceMetric::roc_auc: return pair(part, row);
    }
    return std::nullopt;
}

MonitorState MetricSequence::count(std::span<const std::uint32_t> cells, std::span<const double> probabilities,
                                   std::uint32_t prediction, const std::uint32_t* label) noexcept {
    loss_ = not_a_number;
    if (counts_.rows >= most_values) {
        ++counts_.over_capacity;
        return refused();
    }
    ++counts_.rows;
    const bool binary = cells.size() == 1;
    bool counted = false;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        const std::uint32_t which = binary ? 1U : static_cast<std::uint32_t>(k);
        Row row{0.0, prediction == which, cells[k]};
        if (options_.metric == PerformanceMetric::accuracy) {
            row.probability = label != nullptr  ? (prediction == *label ? 1.0 : 0.0)
                              : !binary         ? probabilities[prediction]
                              : prediction == 1 ? probabilities[0]
                                                : 1.0 - probabilities[0];
        } else {
            row.probability = label != nullptr ? (*label == which ? 1.0 : 0.0) : probabilities[k];
        }
        const std::optional<Weights> found = weights(parts_[k], row);
        if (!found) continue;
        counted = counted || found->kept + found->lost > 0.0;
        parts_[k].kept.add(std::min(found->kept, 1.0));
        if (is_ratio()) parts_[k].lost.add(std::min(found->lost, 1.0));
        if (!has_loss()) continue;
        const double least = 1.0 - options_.tolerated;
        const bool is_f1 = options_.metric == PerformanceMetric::f1;
        const double r = is_f1 ? least / (2.0 - least) : least;
        const double scale = is_f1 ? 1.0 - 0.5 * least : 1.0;
        // Of a mean that is no F1 this is F, but for rounding.
        const bool plain = !is_ratio() && !is_f1;
        loss_ = plain ? std::clamp(1.0 - found->kept, 0.0, 1.0)
                      : std::clamp(options_.tolerated + scale * (r * found->lost - (1.0 - r) * found->kept), 0.0, 1.0);
    }
    values_ += counted ? 1 : 0;
    return judge();
}

// A change is said once. Macro averages are below still, and no change anew.
MonitorState MetricSequence::refused() noexcept {
    if (state_ == MonitorState::change) state_ = has_loss() ? MonitorState::in_control : MonitorState::warning;
    return state_;
}

MonitorState MetricSequence::judge() noexcept {
    if (has_loss()) {
        // A row that has no part in the metric says nothing anew.
        if (std::isnan(loss_)) return state_ = MonitorState::in_control;
        state_ = harm_.update(loss_);
        alarms_ = harm_.counts().changes;
        return state_;
    }
    const bool below = values_ > 0 && bounds(alarm_boundary_).upper < 1.0 - options_.tolerated;
    if (!below) return state_ = MonitorState::in_control;
    const bool is_new = state_ == MonitorState::in_control;
    alarms_ += is_new ? 1 : 0;
    return state_ = is_new ? MonitorState::change : MonitorState::warning;
}

MonitorState MetricSequence::observe(std::span<const double> scores, std::uint32_t prediction) noexcept {
    loss_ = not_a_number;
    if (options_.with_labels) return refused();
    if (!reference_.state_->read(scores, prediction, counts_, probabilities_, cells_)) return refused();
    return count(cells_, probabilities_, prediction, nullptr);
}

MonitorState MetricSequence::observe(std::span<const double> scores, std::uint32_t prediction,
                                     std::uint32_t label) noexcept {
    loss_ = not_a_number;
    if (!options_.with_labels) return refused();
    if (label >= reference_.state_->classes) {
        ++counts_.unknown_class;
        return refused();
    }
    if (!reference_.state_->read(scores, prediction, counts_, probabilities_, cells_)) return refused();
    return count(cells_, probabilities_, prediction, &label);
}

double MetricSequence::value(const Part& part) const noexcept {
    if (part.kept.count == 0) return not_a_number;
    const double share = is_ratio() ? part.kept.sum / (part.kept.sum + part.lost.sum) : part.kept.mean();
    return options_.metric == PerformanceMetric::f1 ? f1_of_share(share) : share;
}

double MetricSequence::value() const noexcept {
    if (values_ == 0) return not_a_number;
    double sum = 0.0;
    for (const Part& part : parts_) {
        const double each = value(part);
        if (parts_.size() == 1 || !std::isnan(each)) sum += each;  // 0 for a class of which there is nothing
    }
    return sum / static_cast<double>(parts_.size());
}

Interval MetricSequence::bounds() const noexcept {
    return bounds(boundary_);
}

Interval MetricSequence::bounds(const stats::StitchedBoundary& boundary) const noexcept {
    Interval sum{0.0, 0.0};
    for (const Part& part : parts_) {
        Interval own = mean_bounds(part.kept, boundary);
        if (is_ratio()) {
            const Interval kept = own;
            const Interval lost = mean_bounds(part.lost, boundary);
            own.lower = kept.lower > 0.0 ? kept.lower / (kept.lower + lost.upper) : 0.0;
            own.upper = kept.upper + lost.lower > 0.0 ? kept.upper / (kept.upper + lost.lower) : 1.0;
        }
        if (options_.metric == PerformanceMetric::f1) own = {f1_of_share(own.lower), f1_of_share(own.upper)};
        sum.lower += own.lower;
        sum.upper += own.upper;
    }
    const auto count = static_cast<double>(parts_.size());
    return {sum.lower / count, sum.upper / count};
}

MonitorState MetricSequence::merge(const MetricSequence& other) {
    if (&other == this) refuse("merged with itself, each row would count twice");
    if (reference_ != other.reference_)
        throw Error(ErrorCode::baseline_mismatch, "metric sequence: the other is of another reference");
    if (!(options_ == other.options_)) refuse("only those of equal options merge");
    if (counts_.rows + other.counts_.rows > most_values)
        throw Error(ErrorCode::overflow, "metric sequence: more rows than can be counted");
    MonitorState said = state_;
    if (has_loss()) {
        said = harm_.merge(other.harm_);
        alarms_ = harm_.counts().changes;
    } else {
        alarms_ += other.alarms_;
    }
    add_counts(counts_, other.counts_);
    values_ += other.values_;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        add(parts_[k].kept, other.parts_[k].kept);
        add(parts_[k].lost, other.parts_[k].lost);
    }
    loss_ = not_a_number;
    if (has_loss()) return state_ = said;
    if (other.state_ != MonitorState::in_control) state_ = MonitorState::warning;  // it was told there
    return judge();
}

void MetricSequence::reset() noexcept {
    std::fill(parts_.begin(), parts_.end(), Part{});
    harm_.reset();
    counts_ = {};
    values_ = alarms_ = 0;
    state_ = MonitorState::in_control;
    loss_ = not_a_number;
}

std::vector<std::byte> MetricSequence::serialize() const {
    std::vector<double> numbers;
    std::vector<std::uint64_t> integers;
    for (const Part& part : parts_) {
        numbers.insert(numbers.end(),
                       {part.kept.sum, part.kept.squares, part.lost.sum, part.lost.squares, part.probability});
        integers.insert(integers.end(), {part.kept.count, part.lost.count, part.waits ? 1U : 0U, part.cell});
    }
    ContainerWriter writer;
    writer.set_metadata("reference", to_hex(reference_.state_->digest));
    writer.add("options",
               std::vector<double>{options_.level, options_.alarm_level, options_.tolerated, options_.intrinsic_time});
    writer.add("places",
               std::vector<std::uint64_t>{static_cast<std::uint64_t>(options_.metric), options_.with_labels ? 1U : 0U,
                                          values_, alarms_, static_cast<std::uint64_t>(state_)});
    writer.add("counts", list_of(counts_));
    writer.add("numbers", numbers);
    writer.add("integers", integers);
    const std::vector<std::byte> harm = harm_.serialize();
    writer.add("harm", std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(harm.data()), harm.size()));
    return writer.finish(kind);
}

void MetricSequence::read_part(std::size_t index, std::span<const double> numbers,
                               std::span<const std::uint64_t> integers) {
    const double* const n = numbers.data() + index * numbers_of_part;
    const std::uint64_t* const i = integers.data() + index * integers_of_part;
    Part& part = parts_[index];
    part.kept = {i[0], n[0], n[1]};
    part.lost = {i[1], n[2], n[3]};
    require(part.kept.is_possible() && part.lost.is_possible() && i[0] <= counts_.rows &&
                i[1] == (is_ratio() ? i[0] : 0) && n[0] + n[2] <= static_cast<double>(i[0]) * (1.0 + 1e-9),
            "sums that no rows have");
    require(i[2] <= 1 && n[4] >= 0.0 && n[4] <= 1.0 && i[3] < reference_.state_->columns[index].cells(),
            "a row that waits for none");
    part.waits = i[2] == 1;
    part.probability = n[4];
    part.cell = static_cast<std::uint32_t>(i[3]);
}

MetricSequence MetricSequence::deserialize(const PerformanceReference& reference, std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 6 && file.metadata_keys().size() == 5, "parts that none has");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    if (file.metadata("reference") != to_hex(reference.state_->digest))
        throw Error(ErrorCode::baseline_mismatch, "metric sequence: it is of another reference");
    const auto options = file.values<double>("options", 4);
    const auto places = file.values<std::uint64_t>("places", 5);
    require(places[0] < performance_metric_count && places[1] <= 1 && places[4] <= 2, "a word that is none");
    const auto make = [&] {
        try {
            return MetricSequence(reference, {.metric = static_cast<PerformanceMetric>(places[0]),
                                              .with_labels = places[1] == 1,
                                              .level = options[0],
                                              .alarm_level = options[1],
                                              .tolerated = options[2],
                                              .intrinsic_time = options[3]});
        } catch (const Error& error) {
            throw Error(ErrorCode::corrupt_data, error.what());
        }
    };
    MetricSequence sequence = make();
    sequence.counts_ = counts_of(file.values<std::uint64_t>("counts", 5));
    require(sequence.counts_.rows <= most_values && places[2] <= sequence.counts_.rows &&
                places[3] <= sequence.counts_.rows,
            "more values or alarms than rows");
    sequence.values_ = places[2];
    sequence.alarms_ = places[3];
    sequence.state_ = static_cast<MonitorState>(places[4]);
    const auto numbers = file.values<double>("numbers", sequence.parts_.size() * numbers_of_part);
    const auto integers = file.values<std::uint64_t>("integers", sequence.parts_.size() * integers_of_part);
    for (std::size_t k = 0; k < sequence.parts_.size(); ++k) sequence.read_part(k, numbers, integers);
    HarmMonitor harm = HarmMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>("harm")));
    const HarmOptions& own = sequence.harm_.options();
    require(harm.options().tolerated == own.tolerated && harm.options().level == own.level &&
                harm.options().warning_level == own.warning_level &&
                harm.options().intrinsic_time == own.intrinsic_time,
            "an alarm of other options");
    require(sequence.has_loss()
                ? harm.counts().changes == sequence.alarms_ && harm.counts().accepted == sequence.parts_[0].kept.count
                : harm.counts().accepted == 0,
            "an alarm of other rows");
    sequence.harm_ = harm;
    return sequence;
}

}  // namespace vedette::inline v0::drift
