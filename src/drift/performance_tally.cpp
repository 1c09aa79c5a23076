// SPDX-License-Identifier: Apache-2.0
// Metrics as ratios of sums over rows, their errors to first order.
#include "drift/performance_tally.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vedette::inline v0::drift {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Rows with one prediction, in one cell or in all.
struct Sums {
    double rows = 0.0;
    double probability = 0.0;
    double square = 0.0;

    // The sum over rows of (a + b c)^2, c the probability.
    [[nodiscard]] double squares_of(double a, double b) const noexcept {
        return a * a * rows + 2.0 * a * b * probability + b * b * square;
    }
    // The variance of the sum of a + b y, where y is 1 with probability c.
    [[nodiscard]] double label_noise(double b) const noexcept { return b * b * std::max(0.0, probability - square); }
};

Sums sums_of(const std::uint64_t* counters) noexcept {
    constexpr double unit = static_cast<double>(probability_unit);
    return {static_cast<double>(counters[0]), static_cast<double>(counters[1]) / unit,
            static_cast<double>(counters[2]) / unit};
}

// [0] not predicted to be positive, [1] predicted.
struct Sides {
    Sums of[2];
};

Sums cell_sums(const ClassTally& tally, std::size_t side, std::size_t cell) noexcept {
    return sums_of(tally.counters.data() + (side * tally.cells() + cell) * tally_width);
}

Sides sides_of(const ClassTally& tally) noexcept {
    Sides sides{};
    for (std::size_t side = 0; side < 2; ++side) {
        std::uint64_t total[tally_width] = {};
        for (std::size_t cell = 0; cell < tally.cells(); ++cell)
            for (std::size_t i = 0; i < tally_width; ++i)
                total[i] += tally.counters[(side * tally.cells() + cell) * tally_width + i];
        sides.of[side] = sums_of(total);
    }
    return sides;
}

struct Value {
    double value = not_a_number;
    double variance = not_a_number;     // over draws of rows
    double label_noise = not_a_number;  // over labels of these rows
};

// The ratio of the sums of a and b over rows, where a - value b = constant + slope c on either side.
struct Linear {
    double constant[2];
    double slope[2];
};

Value ratio(const Sides& sides, double denominator, double value, const Linear& part) noexcept {
    if (!(denominator > 0.0)) return {};
    double squares = 0.0;
    double noise = 0.0;
    double rows = 0.0;
    for (std::size_t side = 0; side < 2; ++side) {
        rows += sides.of[side].rows;
        squares += sides.of[side].squares_of(part.constant[side], part.slope[side]);
        noise += sides.of[side].label_noise(part.slope[side]);
    }
    const double scale = denominator * denominator;
    return {value, rows > 1.0 ? std::max(0.0, squares) / scale * rows / (rows - 1.0) : not_a_number, noise / scale};
}

Value value_of(PerformanceMetric metric, const Sides& sides) noexcept {
    const double tp = sides.of[1].probability;
    const double fp = sides.of[1].rows - tp;
    const double fn = sides.of[0].probability;
    const double tn = sides.of[0].rows - fn;
    switch (metric) {
        case PerformanceMetric::accuracy: {
            const double all = tp + fp + fn + tn;
            const double g = (tp + tn) / all;
            return ratio(sides, all, g, {{1.0 - g, -g}, {-1.0, 1.0}});
        }
        case PerformanceMetric::precision: {
            const double g = tp / (tp + fp);
            return ratio(sides, tp + fp, g, {{0.0, -g}, {0.0, 1.0}});
        }
        case PerformanceMetric::recall: {
            const double g = tp / (tp + fn);
            return ratio(sides, tp + fn, g, {{0.0, 0.0}, {-g, 1.0 - g}});
        }
        case PerformanceMetric::specificity: {
            const double g = tn / (tn + fp);
            return ratio(sides, tn + fp, g, {{1.0 - g, -g}, {g - 1.0, g}});
        }
        case PerformanceMetric::f1: {
            const double g = 2.0 * tp / (2.0 * tp + fp + fn);
            return ratio(sides, 2.0 * tp + fp + fn, g, {{0.0, -g}, {-g, 2.0 - g}});
        }
        case PerformanceMetric::roc_auc: break;
    }
    return {};
}

struct Area {
    Value value;
    double resolution = not_a_number;
    double fewest = 0.0;  // of positives and negatives
};

Sums both_sides(const ClassTally& tally, std::size_t cell) noexcept {
    const Sums a = cell_sums(tally, 0, cell);
    const Sums b = cell_sums(tally, 1, cell);
    return {a.rows + b.rows, a.probability + b.probability, a.square + b.square};
}

// How far the sum over pairs can be from that of the ordered rows of a cell: half the sum of |c - c'| over pairs, of
// which the mean is at most 2/sqrt(3) standard deviations.
double pairs_in_cell(const Sums& cell) noexcept {
    if (cell.rows < 2.0) return 0.0;
    const double mean = cell.probability / cell.rows;
    constexpr double rounding = 1.0 / static_cast<double>(probability_unit);
    const double variance = std::max(0.0, cell.square / cell.rows - mean * mean) + rounding;
    return cell.rows * cell.rows * std::sqrt(variance) / (2.0 * std::numbers::sqrt3);
}

// Rows of one cell are ties: half of each pair.
Area area_of(const ClassTally& tally) noexcept {
    double positives = 0.0;
    double negatives = 0.0;
    double wins = 0.0;
    double unresolved = 0.0;
    for (std::size_t i = 0; i < tally.cells(); ++i) {
        const Sums cell = both_sides(tally, i);
        const double down = cell.rows - cell.probability;
        wins += cell.probability * (negatives + 0.5 * down);
        positives += cell.probability;
        negatives += down;
        unresolved += pairs_in_cell(cell);
    }
    if (!(positives > 0.0) || !(negatives > 0.0)) return {};
    const double pairs = positives * negatives;
    Area area;
    area.fewest = std::min(positives, negatives);
    area.resolution = unresolved / pairs;
    const double g = wins / pairs;
    double below = 0.0;
    double above = positives;
    double squares = 0.0;
    double noise = 0.0;
    for (std::size_t i = 0; i < tally.cells(); ++i) {
        const Sums cell = both_sides(tally, i);
        const double down = cell.rows - cell.probability;
        above -= cell.probability;
        // What a row wins as a negative against those above, and as a positive against those below.
        const double lost = above + 0.5 * cell.probability - g * positives;
        const double won = below + 0.5 * down - g * negatives;
        squares += cell.squares_of(lost, won - lost);
        noise += cell.label_noise(won - lost);
        below += down;
    }
    const double rows = positives + negatives;
    area.value = {g, rows > 1.0 ? std::max(0.0, squares) / (pairs * pairs) * rows / (rows - 1.0) : not_a_number,
                  noise / (pairs * pairs)};
    return area;
}

// On the scale of log odds, so that it stays within [0, 1].
Interval log_odds_interval(double value, double variance, double z) noexcept {
    if (!(value >= 0.0) || std::isnan(variance)) return {};
    if (variance == 0.0 || value <= 0.0 || value >= 1.0)
        return {std::clamp(value, 0.0, 1.0), std::clamp(value, 0.0, 1.0)};
    const double odds = std::log(value / (1.0 - value));
    const double half = z * std::sqrt(variance) / (value * (1.0 - value));
    return {1.0 / (1.0 + std::exp(half - odds)), 1.0 / (1.0 + std::exp(-half - odds))};
}

MetricEstimate estimated(const Value& value, const stats::Confidence& confidence) noexcept {
    return {value.value, std::sqrt(value.variance), log_odds_interval(value.value, value.variance, confidence.z()),
            log_odds_interval(value.value, value.label_noise, confidence.z())};
}

std::uint64_t whole(double count) noexcept {
    return static_cast<std::uint64_t>(std::llround(count));
}

// Counts of labels: rates, and so Wilson's interval; F1 is 2 J/(1 + J) of the rate J = TP/(TP + FP + FN).
Interval counted_interval(PerformanceMetric metric, const ConfusionCounts& c,
                          const stats::Confidence& confidence) noexcept {
    const auto rate = [&](double yes, double no) {
        return stats::wilson(whole(yes), whole(yes) + whole(no), confidence);
    };
    switch (metric) {
        case PerformanceMetric::accuracy:
            return rate(c.true_positives + c.true_negatives, c.false_positives + c.false_negatives);
        case PerformanceMetric::precision: return rate(c.true_positives, c.false_positives);
        case PerformanceMetric::recall: return rate(c.true_positives, c.false_negatives);
        case PerformanceMetric::specificity: return rate(c.true_negatives, c.false_positives);
        case PerformanceMetric::f1: {
            const Interval shared = rate(c.true_positives, c.false_positives + c.false_negatives);
            return {2.0 * shared.lower / (1.0 + shared.lower), 2.0 * shared.upper / (1.0 + shared.upper)};
        }
        case PerformanceMetric::roc_auc: break;
    }
    return {};
}

MetricEstimate labelled_area(const Area& area, const stats::Confidence& confidence) noexcept {
    MetricEstimate estimate = estimated(area.value, confidence);
    estimate.realised = {estimate.value, estimate.value};
    // No pair, or every pair, in the wrong order says nothing of the variance, which is at most A (1 -
    // A)/min(positives, negatives) (Birnbaum and Klose 1957): a rate of so many trials.
    if (estimate.value <= 0.0 || estimate.value >= 1.0)
        estimate.interval =
            stats::wilson(estimate.value >= 1.0 ? whole(area.fewest) : 0, whole(area.fewest), confidence);
    return estimate;
}

constexpr PerformanceMetric ratios[] = {PerformanceMetric::accuracy, PerformanceMetric::precision,
                                        PerformanceMetric::recall, PerformanceMetric::specificity,
                                        PerformanceMetric::f1};

MetricEstimate& at(PerformanceEstimate& estimate, PerformanceMetric metric) noexcept {
    return estimate.metrics[static_cast<std::size_t>(metric)];
}

// The mean over classes. Influences of different classes upon precision lie in different rows, so variances add; for
// the others the standard deviation of a mean is at most the mean of the standard deviations.
Value macro(std::span<const ClassTally> classes, PerformanceMetric metric, Area* worst) noexcept {
    double sum = 0.0;
    double deviations[2] = {};
    double variances[2] = {};
    for (const ClassTally& tally : classes) {
        Value value;
        if (metric == PerformanceMetric::roc_auc) {
            const Area area = area_of(tally);
            value = area.value;
            worst->resolution = worst->fewest == 0.0 ? area.resolution : worst->resolution + area.resolution;
            worst->fewest = 1.0;
        } else {
            value = value_of(metric, sides_of(tally));
            // A class that is never predicted, or never there, has 0, as everywhere in this field.
            if (std::isnan(value.value)) value = {0.0, 0.0, 0.0};
        }
        sum += value.value;
        deviations[0] += std::sqrt(value.variance);
        deviations[1] += std::sqrt(value.label_noise);
        variances[0] += value.variance;
        variances[1] += value.label_noise;
    }
    const auto count = static_cast<double>(classes.size());
    const bool apart = metric == PerformanceMetric::precision;
    const auto variance = [&](std::size_t i) {
        return (apart ? variances[i] : deviations[i] * deviations[i]) / (count * count);
    };
    return {sum / count, variance(0), variance(1)};
}

// Every row counts once, with the probability of the class predicted.
Value accuracy_of(std::span<const ClassTally> classes) noexcept {
    Sums right;
    for (const ClassTally& tally : classes) {
        const Sums side = sides_of(tally).of[1];
        right.rows += side.rows;
        right.probability += side.probability;
        right.square += side.square;
    }
    const double g = right.probability / right.rows;
    Sides sides{};
    sides.of[1] = right;
    return ratio(sides, right.rows, g, {{0.0, -g}, {0.0, 1.0}});
}

// The mean of the classes' intervals, at least as wide as that of the mean; accuracy is a rate.
void set_labelled_intervals(PerformanceEstimate& estimate, std::span<const ClassTally> classes,
                            const stats::Confidence& confidence) noexcept {
    std::array<Interval, performance_metric_count> sums{};
    sums.fill({0.0, 0.0});
    for (const ClassTally& tally : classes) {
        const PerformanceEstimate one = estimate_class(tally, Knowledge::labelled, confidence);
        for (std::size_t i = 0; i < performance_metric_count; ++i) {
            const Interval& interval = one.metrics[i].interval;
            sums[i].lower += std::isnan(interval.lower) ? 0.0 : interval.lower;
            sums[i].upper += std::isnan(interval.upper) ? 1.0 : interval.upper;
        }
    }
    const auto count = static_cast<double>(classes.size());
    for (std::size_t i = 0; i < performance_metric_count; ++i) {
        MetricEstimate& metric = estimate.metrics[i];
        metric.realised = {metric.value, metric.value};
        metric.interval =
            std::isnan(metric.value) ? Interval{} : Interval{sums[i].lower / count, sums[i].upper / count};
    }
    MetricEstimate& accuracy = at(estimate, PerformanceMetric::accuracy);
    const double right = accuracy.value * static_cast<double>(estimate.rows);
    accuracy.interval = stats::wilson(whole(right), estimate.rows, confidence);
}

}  // namespace

const char* performance_metric_name(PerformanceMetric metric) noexcept {
    switch (metric) {
        case PerformanceMetric::accuracy: return "accuracy";
        case PerformanceMetric::precision: return "precision";
        case PerformanceMetric::recall: return "recall";
        case PerformanceMetric::specificity: return "specificity";
        case PerformanceMetric::f1: return "f1";
        case PerformanceMetric::roc_auc: return "roc_auc";
    }
    return "unknown";
}

std::optional<PerformanceMetric> performance_metric(std::string_view name) noexcept {
    for (std::size_t i = 0; i < performance_metric_count; ++i)
        if (name == performance_metric_name(static_cast<PerformanceMetric>(i)))
            return static_cast<PerformanceMetric>(i);
    return {};
}

ConfusionCounts confusion_of(const ClassTally& tally) noexcept {
    const Sides sides = sides_of(tally);
    return {sides.of[1].probability, sides.of[1].rows - sides.of[1].probability, sides.of[0].probability,
            sides.of[0].rows - sides.of[0].probability};
}

PerformanceEstimate estimate_class(const ClassTally& tally, Knowledge knowledge,
                                   const stats::Confidence& confidence) noexcept {
    const Sides sides = sides_of(tally);
    PerformanceEstimate estimate;
    estimate.rows = static_cast<std::uint64_t>(sides.of[0].rows + sides.of[1].rows);
    for (const PerformanceMetric metric : ratios) {
        MetricEstimate& out = at(estimate, metric);
        out = estimated(value_of(metric, sides), confidence);
        if (knowledge == Knowledge::estimated || std::isnan(out.value)) continue;
        out.interval = counted_interval(metric, confusion_of(tally), confidence);
        out.realised = {out.value, out.value};
    }
    const Area area = area_of(tally);
    at(estimate, PerformanceMetric::roc_auc) =
        knowledge == Knowledge::labelled ? labelled_area(area, confidence) : estimated(area.value, confidence);
    estimate.roc_auc_resolution = area.resolution;
    return estimate;
}

PerformanceEstimate estimate_classes(std::span<const ClassTally> classes, Knowledge knowledge,
                                     const stats::Confidence& confidence) noexcept {
    PerformanceEstimate estimate;
    const Sides first = sides_of(classes.front());
    estimate.rows = static_cast<std::uint64_t>(first.of[0].rows + first.of[1].rows);
    if (estimate.rows == 0) return estimate;
    Area area;
    for (std::size_t i = 0; i < performance_metric_count; ++i) {
        const auto metric = static_cast<PerformanceMetric>(i);
        const Value value =
            metric == PerformanceMetric::accuracy ? accuracy_of(classes) : macro(classes, metric, &area);
        at(estimate, metric) = estimated(value, confidence);
    }
    if (knowledge == Knowledge::labelled) set_labelled_intervals(estimate, classes, confidence);
    estimate.roc_auc_resolution = area.resolution / static_cast<double>(classes.size());
    return estimate;
}

}  // namespace vedette::inline v0::drift
