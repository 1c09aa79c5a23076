// SPDX-License-Identifier: Apache-2.0
// What is learned from rows with labels.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drift/performance_state.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Rows {
    MatrixView<double> scores;
    std::span<const std::uint32_t> predictions;
    std::span<const std::uint32_t> labels;
    std::size_t classes;

    [[nodiscard]] Rows part(std::size_t begin, std::size_t count) const {
        Rows out = *this;
        out.predictions = predictions.subspan(begin, count);
        out.labels = labels.subspan(begin, count);
        return out;
    }
};

void check(const Rows& rows, const PerformanceOptions& options) {
    const std::size_t n = rows.scores.rows();
    if (rows.scores.columns() == 0 || rows.scores.columns() > PerformanceReference::maximum_classes)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("performance reference: {} columns of scores, must be 1 to {}", rows.scores.columns(),
                                PerformanceReference::maximum_classes));
    if (rows.predictions.size() != n || rows.labels.size() != n)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("performance reference: {} rows of scores, {} predictions, {} labels", n,
                                rows.predictions.size(), rows.labels.size()));
    if (n < PerformanceReference::minimum_rows)
        throw Error(ErrorCode::not_enough_data, fmt::format("performance reference: {} rows, at least {} are needed", n,
                                                            PerformanceReference::minimum_rows));
    if (options.cells < stats::minimum_grid_cells || options.cells > stats::maximum_grid_cells)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("performance reference: cells = {}, must be in [{}, {}]", options.cells,
                                stats::minimum_grid_cells, stats::maximum_grid_cells));
    if (!(options.deviations > 0.0 && options.deviations <= 100.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("performance reference: deviations = {}, must be in (0, 100]", options.deviations));
    if (static_cast<unsigned>(options.calibration) > 2)
        throw Error(ErrorCode::invalid_argument, "performance reference: calibration is no CalibrationRule");
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < rows.scores.columns(); ++k)
            if (!(rows.scores(i, k) >= 0.0 && rows.scores(i, k) <= 1.0))
                throw Error(ErrorCode::invalid_argument,
                            fmt::format("performance reference: score {} of row {}, column {}, must be in [0, 1]",
                                        rows.scores(i, k), i, k));
        if (rows.predictions[i] >= rows.classes || rows.labels[i] >= rows.classes)
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("performance reference: prediction {} and label {} of row {}, must be below {}",
                                    rows.predictions[i], rows.labels[i], i, rows.classes));
    }
}

std::vector<double> indicator(std::span<const std::uint32_t> labels, std::uint32_t which) {
    std::vector<double> out;
    out.reserve(labels.size());
    for (const std::uint32_t label : labels) out.push_back(label == which ? 1.0 : 0.0);
    return out;
}

std::vector<double> column_of(const MatrixView<double>& scores, std::size_t column) {
    std::vector<double> out;
    out.reserve(scores.rows());
    for (std::size_t i = 0; i < scores.rows(); ++i) out.push_back(scores(i, column));
    return out;
}

// The variance of the share of negatives below a positive; of positives above a negative where those are fewer.
double placement_variance(std::span<const double> scores, std::span<const double> labels) {
    const double n = static_cast<double>(labels.size());
    const bool turned = std::accumulate(labels.begin(), labels.end(), 0.0) > 0.5 * n;
    std::vector<std::pair<double, bool>> rows;  // score, of the fewer
    for (std::size_t i = 0; i < scores.size(); ++i)
        rows.emplace_back(turned ? -scores[i] : scores[i], (labels[i] > 0.5) != turned);
    std::sort(rows.begin(), rows.end());
    double many = 0.0;
    for (const auto& row : rows) many += row.second ? 0.0 : 1.0;
    double few = 0.0;
    double below = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t i = 0; i < rows.size();) {
        double up = 0.0;
        double down = 0.0;
        const double score = rows[i].first;
        for (; i < rows.size() && rows[i].first == score; ++i) (rows[i].second ? up : down) += 1.0;
        const double place = (below + 0.5 * down) / many;
        few += up;
        sum += up * place;
        squares += up * place * place;
        below += down;
    }
    if (few == 0.0 || many == 0.0) return 0.0;
    return std::max(0.0, squares / few - sum / few * (sum / few));
}

ScoreColumn learn_column(const Rows& rows, std::size_t k, const PerformanceOptions& options) {
    ScoreColumn column;
    std::vector<double> scores = column_of(rows.scores, k);
    const auto which = static_cast<std::uint32_t>(rows.scores.columns() == 1 ? 1 : k);
    const std::vector<double> labels = indicator(rows.labels, which);
    column.placement_variance = placement_variance(scores, labels);
    column.calibrated =
        options.calibration == CalibrationRule::always ||
        (options.calibration == CalibrationRule::automatic && stats::needs_calibration(scores, labels, options.seed));
    if (column.calibrated) column.map = stats::IsotonicMap::fit(scores, labels);
    column.edges = stats::fit_grid(scores, options.cells).edges;
    return column;
}

std::vector<std::uint64_t> table_of(const Rows& rows) {
    std::vector<std::uint64_t> table(rows.classes * rows.classes);
    for (std::size_t i = 0; i < rows.labels.size(); ++i) ++table[rows.predictions[i] * rows.classes + rows.labels[i]];
    return table;
}

// One class against the rest.
ConfusionCounts corner_counts(std::span<const std::uint64_t> table, std::size_t classes, std::size_t which) {
    ConfusionCounts out;
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < classes; ++j) {
            const auto count = static_cast<double>(table[i * classes + j]);
            (i == which ? (j == which ? out.true_positives : out.false_positives)
                        : (j == which ? out.false_negatives : out.true_negatives)) += count;
        }
    return out;
}

double share(double part, double rest, double otherwise) {
    return part + rest > 0.0 ? part / (part + rest) : otherwise;
}

std::array<double, 4> rates_of(const ConfusionCounts& c, double otherwise) {
    return {share(c.true_positives, c.false_positives, otherwise),
            share(c.true_positives, c.false_negatives, otherwise),
            share(c.true_negatives, c.false_positives, otherwise),
            share(2.0 * c.true_positives, c.false_positives + c.false_negatives, otherwise)};
}

double area_of(const Rows& rows, std::size_t begin) {
    double sum = 0.0;
    for (std::size_t k = 0; k < rows.scores.columns(); ++k) {
        std::vector<double> scores;
        for (std::size_t i = 0; i < rows.labels.size(); ++i) scores.push_back(rows.scores(begin + i, k));
        sum += stats::roc_auc(scores,
                              indicator(rows.labels, static_cast<std::uint32_t>(rows.scores.columns() == 1 ? 1 : k)));
    }
    return sum / static_cast<double>(rows.scores.columns());
}

bool has_two(std::span<const std::uint32_t> values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end();
}

// The metrics of some rows by their labels; NaN where NannyML has none: a single label or prediction says too little.
std::array<double, performance_metric_count> realised_of(const Rows& rows, std::size_t begin) {
    std::array<double, performance_metric_count> out{};
    out.fill(not_a_number);
    const bool binary = rows.scores.columns() == 1;
    const auto table = table_of(rows);
    const bool has_both = has_two(rows.labels) && has_two(rows.predictions);
    double right = 0.0;
    for (std::size_t k = 0; k < rows.classes; ++k) right += static_cast<double>(table[k * rows.classes + k]);
    if (binary || has_both) out[0] = right / static_cast<double>(rows.labels.size());
    out[5] = area_of(rows, begin);
    if (binary) {
        const auto rates = rates_of(corner_counts(table, 2, 1), not_a_number);
        if (has_both) std::copy(rates.begin(), rates.end(), out.begin() + 1);
        out[3] = rates[2];
        return out;
    }
    if (!has_both) return out;
    std::array<double, 4> sums{};
    for (std::size_t k = 0; k < rows.classes; ++k) {
        const auto rates = rates_of(corner_counts(table, rows.classes, k), 0.0);
        for (std::size_t i = 0; i < 4; ++i) sums[i] += rates[i];
    }
    for (std::size_t i = 0; i < 4; ++i) out[i + 1] = sums[i] / static_cast<double>(rows.classes);
    return out;
}

Interval threshold_of(const std::vector<double>& values, double deviations) {
    double sum = 0.0;
    double count = 0.0;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        sum += value;
        count += 1.0;
    }
    if (count == 0.0) return {};
    double squares = 0.0;
    for (const double value : values)
        if (!std::isnan(value)) squares += (value - sum / count) * (value - sum / count);
    const double spread = deviations * std::sqrt(squares / count);
    return {std::max(0.0, sum / count - spread), std::min(1.0, sum / count + spread)};
}

std::array<Interval, performance_metric_count> thresholds_of(const Rows& rows, const PerformanceOptions& options) {
    const std::size_t n = rows.labels.size();
    const std::size_t width = options.chunk_rows == 0 ? n / 10 : options.chunk_rows;
    std::array<std::vector<double>, performance_metric_count> values;
    for (std::size_t begin = 0; begin < n; begin += std::min(width, n - begin)) {
        const auto realised = realised_of(rows.part(begin, std::min(width, n - begin)), begin);
        for (std::size_t i = 0; i < values.size(); ++i) values[i].push_back(realised[i]);
    }
    std::array<Interval, performance_metric_count> out{};
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = threshold_of(values[i], options.deviations);
    return out;
}

// Of the rows that a metric is about: their share, and the variance of being right among them.
struct Component {
    double variance;
    double fraction;
};

Component component_of(double yes, double no, double all) {
    const double p = share(yes, no, not_a_number);
    return {p * (1.0 - p), (yes + no) / all};
}

Component component_of(PerformanceMetric metric, const ConfusionCounts& c, double placement, bool binary) {
    const double all = c.true_positives + c.false_positives + c.false_negatives + c.true_negatives;
    switch (metric) {
        case PerformanceMetric::accuracy:
            return component_of(c.true_positives + c.true_negatives, c.false_positives + c.false_negatives, all);
        case PerformanceMetric::precision: return component_of(c.true_positives, c.false_positives, all);
        case PerformanceMetric::recall: return component_of(c.true_positives, c.false_negatives, all);
        case PerformanceMetric::specificity: return component_of(c.true_negatives, c.false_positives, all);
        case PerformanceMetric::f1: {
            const double wrong = c.false_positives + c.false_negatives;
            Component out = component_of(c.true_positives, wrong, all);
            // Of one class only, NannyML scales it by rows per half error.
            const double scale = (c.true_positives + wrong) / (c.true_positives + 0.5 * wrong);
            if (binary) out.variance *= scale * scale;
            return out;
        }
        case PerformanceMetric::roc_auc: break;
    }
    const double positives = c.true_positives + c.false_negatives;
    const double fewer = std::min(positives, all - positives);
    return {fewer > 0.0 ? placement : not_a_number, fewer / all};
}

}  // namespace

PerformanceReference PerformanceReference::fit(MatrixView<double> scores, std::span<const std::uint32_t> predictions,
                                               std::span<const std::uint32_t> labels,
                                               const PerformanceOptions& options) {
    const Rows rows{scores, predictions, labels, std::max<std::size_t>(2, scores.columns())};
    check(rows, options);
    const auto state = std::make_shared<State>();
    state->rows = labels.size();
    state->classes = rows.classes;
    for (std::size_t k = 0; k < scores.columns(); ++k) state->columns.push_back(learn_column(rows, k, options));
    state->confusion = table_of(rows);
    state->realised = realised_of(rows, 0);
    state->thresholds = thresholds_of(rows, options);
    state->complete();
    PerformanceReference reference(state);
    state->digest = sha256(reference.serialize());
    return reference;
}

PerformanceReference PerformanceReference::fit(std::span<const double> scores,
                                               std::span<const std::uint32_t> predictions,
                                               std::span<const std::uint32_t> labels,
                                               const PerformanceOptions& options) {
    return fit(MatrixView<double>::row_major(scores.data(), scores.size(), 1), predictions, labels, options);
}

std::size_t PerformanceReference::classes() const noexcept {
    return state_->classes;
}

std::size_t PerformanceReference::columns() const noexcept {
    return state_->columns.size();
}

std::uint64_t PerformanceReference::rows() const noexcept {
    return state_->rows;
}

bool PerformanceReference::is_calibrated(std::size_t column) const {
    if (column >= columns())
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("performance reference: column {}, there are {}", column, columns()));
    return state_->columns[column].calibrated;
}

double PerformanceReference::calibrate(std::size_t column, double score) const {
    (void)is_calibrated(column);
    return score >= 0.0 && score <= 1.0 ? state_->columns[column].table.find(score).probability : not_a_number;
}

std::span<const std::uint64_t> PerformanceReference::confusion() const noexcept {
    return state_->confusion;
}

double PerformanceReference::realised(PerformanceMetric metric) const noexcept {
    return state_->realised[static_cast<std::size_t>(metric)];
}

Interval PerformanceReference::thresholds(PerformanceMetric metric) const noexcept {
    return state_->thresholds[static_cast<std::size_t>(metric)];
}

double PerformanceReference::sampling_error(PerformanceMetric metric, std::uint64_t rows) const noexcept {
    const State& state = *state_;
    const auto m = static_cast<double>(rows);
    const auto variance = [&](std::size_t which, double placement) {
        const Component part =
            component_of(metric, corner_counts(state.confusion, state.classes, which), placement, state.is_binary());
        return part.variance / (m * part.fraction);
    };
    if (state.is_binary()) return std::sqrt(variance(1, state.columns.front().placement_variance));
    if (metric == PerformanceMetric::accuracy) {
        double right = 0.0;
        for (std::size_t k = 0; k < state.classes; ++k)
            right += static_cast<double>(state.confusion[k * state.classes + k]);
        const double p = right / static_cast<double>(state.rows);
        return std::sqrt(p * (1.0 - p) / m);
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < state.classes; ++k) sum += variance(k, state.columns[k].placement_variance);
    // NannyML's own correction: it found the sum of variances a fifth too small.
    const double factor = metric == PerformanceMetric::roc_auc ? 1.2 : 1.0;
    return factor * std::sqrt(sum) / static_cast<double>(state.classes);
}

bool PerformanceReference::is_same(const PerformanceReference& other) const noexcept {
    return state_ == other.state_ || state_->digest == other.state_->digest;
}

}  // namespace vedette::inline v0::drift
