// SPDX-License-Identifier: Apache-2.0
// HBOS: histograms laid down as boundaries of cells, and a score for each.
#include "vedette/perturbation/histogram_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "perturbation/column_search.hpp"
#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "histogram_score";
constexpr const char* who = "HistogramScore";
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::size_t most_bins = 4096;
constexpr std::size_t pyod_bins = 10;
constexpr double pyod_floor = 0.1;   // "alpha"
constexpr double pyod_margin = 0.5;  // "tol"

// Cells of one feature: score k of what is at or above k boundaries.
struct Cells {
    std::vector<float> bounds;
    std::vector<double> scores;
};

// A bin [begin, begin of the next), the last one closed at the end.
struct Bins {
    std::vector<double> begins;
    std::vector<std::size_t> counts;
    double end = 0.0;

    [[nodiscard]] double width(std::size_t k) const {
        return (k + 1 < begins.size() ? begins[k + 1] : end) - begins[k];
    }
};

// The least float at least x, or above it.
float float_at_least(double x) {
    if (x > static_cast<double>(std::numeric_limits<float>::max())) return infinity;
    const auto rounded = static_cast<float>(std::max(x, -static_cast<double>(std::numeric_limits<float>::max())));
    return static_cast<double>(rounded) < x ? std::nextafter(rounded, infinity) : rounded;
}
float float_above(double x) {
    const float least = float_at_least(x);
    return static_cast<double>(least) == x ? std::nextafter(least, infinity) : least;
}

// Edges as NumPy's: begin + k (end - begin)/count, of a single value 1/2 to either side.
Bins bins_of_equal_width(std::span<const float> column, std::size_t count) {
    Bins bins;
    double begin = column.front();
    bins.end = column.back();
    if (begin == bins.end) {
        begin -= 0.5;
        bins.end += 0.5;
    }
    const double step = (bins.end - begin) / static_cast<double>(count);
    for (std::size_t k = 0; k < count; ++k) bins.begins.push_back(begin + static_cast<double>(k) * step);
    bins.counts.assign(count, 0);
    std::size_t bin = 0;
    for (const float x : column) {
        while (bin + 1 < count && bins.begins[bin + 1] <= static_cast<double>(x)) ++bin;
        ++bins.counts[bin];
    }
    return bins;
}

Bins bins_of_equal_count(std::span<const float> column, std::size_t count) {
    Bins bins;
    bins.end = column.back();
    const std::size_t size = std::max<std::size_t>(1, column.size() / count);
    for (std::size_t i = 0; i < column.size();) {
        std::size_t end = std::min(i + size, column.size());
        while (end < column.size() && column[end] == column[end - 1]) ++end;
        if (column[i] == column.back() && !bins.counts.empty()) {
            bins.counts.back() += end - i;
        } else {
            bins.begins.push_back(column[i]);
            bins.counts.push_back(end - i);
        }
        i = end;
    }
    return bins;
}

Cells paper_cells(std::span<const float> column, HistogramScoreKind kind, std::size_t count) {
    Cells cells;
    const double beyond_one_value = std::log(2.0 * static_cast<double>(column.size()));
    if (column.front() == column.back()) {
        cells.bounds = {column.front(), float_above(column.back())};
        cells.scores = {beyond_one_value, 0.0, beyond_one_value};
        return cells;
    }
    const Bins bins = kind == HistogramScoreKind::equal_width ? bins_of_equal_width(column, count)
                                                              : bins_of_equal_count(column, count);
    double widest = 0.0, highest = 0.0;
    for (std::size_t k = 0; k < bins.begins.size(); ++k) {
        widest = std::max(widest, bins.width(k));
        highest = std::max(highest, static_cast<double>(bins.counts[k]) / bins.width(k));
    }
    const double beyond = std::log(highest * widest * 2.0);
    cells.scores.push_back(beyond);
    for (std::size_t k = 0; k < bins.begins.size(); ++k) {
        const auto rows = static_cast<double>(bins.counts[k]);
        cells.bounds.push_back(float_at_least(bins.begins[k]));
        cells.scores.push_back(rows == 0.0 ? beyond : std::log(highest * bins.width(k) / rows));
    }
    cells.bounds.push_back(float_above(column.back()));
    cells.scores.push_back(beyond);
    return cells;
}

Cells pyod_cells(std::span<const float> column, std::size_t count) {
    const Bins bins = bins_of_equal_width(column, count);
    Cells cells;
    cells.scores.push_back(0.0);
    for (std::size_t k = 0; k < count; ++k) {
        const double density = static_cast<double>(bins.counts[k]) / bins.width(k) / static_cast<double>(column.size());
        // Counted in [begin, end), looked up in (begin, end].
        cells.bounds.push_back(k == 0 ? float_at_least(bins.begins[0] - pyod_margin * bins.width(0))
                                      : float_above(bins.begins[k]));
        cells.scores.push_back(-std::log2(density + pyod_floor));
    }
    cells.bounds.push_back(float_above(bins.end + pyod_margin * bins.width(count - 1)));
    const double farther = *std::max_element(cells.scores.begin() + 1, cells.scores.end());
    cells.scores.front() = farther;
    cells.scores.push_back(farther);
    return cells;
}

}  // namespace

const char* histogram_score_name(HistogramScoreKind kind) noexcept {
    switch (kind) {
        case HistogramScoreKind::equal_width: return "hbos";
        case HistogramScoreKind::equal_count: return "hbos_dynamic";
        case HistogramScoreKind::pyod: return "hbos_pyod";
    }
    return "unknown";
}

HistogramScore::HistogramScore(MatrixView<float> reference, const HistogramScoreOptions& options)
    : options_(options), dimension_(reference.columns()) {
    require_option(who, "kind", static_cast<std::size_t>(options.kind), 0, 2);
    const bool is_pyod = options.kind == HistogramScoreKind::pyod;
    if (options.bins != 0) require_option(who, "bins", options.bins, is_pyod ? 2 : 1, most_bins);
    const std::vector<float> rows = reference_rows(reference, who);
    const std::size_t count = reference.rows();
    const auto root = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(count))));
    const std::size_t bins = options.bins != 0 ? options.bins : is_pyod ? pyod_bins : std::min(root, most_bins);
    std::vector<Cells> features;
    std::vector<float> column(count);
    for (std::size_t j = 0; j < dimension_; ++j) {
        for (std::size_t i = 0; i < count; ++i) column[i] = rows[i * dimension_ + j];
        std::sort(column.begin(), column.end());
        features.push_back(is_pyod ? pyod_cells(column, bins) : paper_cells(column, options.kind, bins));
        width_ = std::max(width_, features.back().bounds.size());
    }
    for (Cells& cells : features) {
        cells.bounds.resize(width_, infinity);
        cells.scores.resize(width_ + 1, cells.scores.back());
        append_tree(std::span<const float>(cells.bounds), bounds_);
        scores_.insert(scores_.end(), cells.scores.begin(), cells.scores.end());
    }
}

// each(feature, its score); false where the row has none.
template <class Each>
bool HistogramScore::for_each_cell(std::span<const float> row, Each&& each) const noexcept {
    if (row.size() != dimension_ || has_nan(row)) return false;
    search_columns(bounds_.data(), tree_levels(width_), row,
                   [&](std::size_t j, std::size_t cell) { each(j, scores_[j * (width_ + 1) + cell]); });
    return true;
}

double HistogramScore::score(std::span<const float> row) const noexcept {
    double sum = 0.0;
    return for_each_cell(row, [&](std::size_t, double score) { sum += score; }) ? sum : not_a_score;
}

double HistogramScore::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension_) return not_a_score;
    double sum = 0.0;
    const bool is_scored = for_each_cell(row, [&](std::size_t j, double score) { sum += contributions[j] = score; });
    return is_scored ? sum : not_a_score;
}

std::vector<std::byte> HistogramScore::serialize() const {
    const kernels::TreeLevels tree = tree_levels(width_);
    std::vector<float> all;
    for (std::size_t j = 0; j < dimension_; ++j)
        for (std::size_t i = 0; i < width_; ++i) all.push_back(column_entry(&bounds_[j * tree.blocks], tree, i));
    ContainerWriter writer;
    const std::uint64_t bounds[] = {dimension_, width_}, scores[] = {dimension_, width_ + 1};
    writer.add("bounds", std::span<const float>(all), bounds);
    writer.add("scores", std::span<const double>(scores_), scores);
    writer.add_scalar("kind", static_cast<std::uint8_t>(kind()));
    writer.add_scalar("bins", static_cast<std::uint64_t>(options_.bins));
    return writer.finish(file_kind);
}

HistogramScore HistogramScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto bounds_shape = file.tensor("bounds").shape, scores_shape = file.tensor("scores").shape;
    const auto bounds = file.values<float>("bounds");
    const auto scores = file.values<double>("scores");
    const auto kind = file.scalar<std::uint8_t>("kind");
    const auto bins = file.scalar<std::uint64_t>("bins");
    require_file(file.tensors().size() == 4 && kind <= 2 && bounds_shape.size() == 2 && scores_shape.size() == 2, who);
    require_file(bounds_shape[0] >= 1 && bounds_shape[0] <= 0xFFFF && bounds_shape[0] == scores_shape[0], who);
    require_file(bounds_shape[1] >= 1 && scores_shape[1] == bounds_shape[1] + 1, who);
    require_file(bins <= most_bins, who);
    HistogramScore score;
    score.options_ = {static_cast<HistogramScoreKind>(kind), static_cast<std::size_t>(bins)};
    score.dimension_ = static_cast<std::size_t>(bounds_shape[0]);
    score.width_ = static_cast<std::size_t>(bounds_shape[1]);
    require_file(!has_nan(bounds), who);
    for (const double each : scores) require_file(std::isfinite(each), who);
    for (std::size_t j = 0; j < score.dimension_; ++j) {
        const auto column = bounds.subspan(j * score.width_, score.width_);
        require_file(std::is_sorted(column.begin(), column.end()), who);
        append_tree(column, score.bounds_);
    }
    score.scores_.assign(scores.begin(), scores.end());
    return score;
}

}  // namespace vedette::inline v0::perturbation
