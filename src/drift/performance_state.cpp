// SPDX-License-Identifier: Apache-2.0
// Look-up tables of scores, and a PerformanceReference as bytes and back, believing nothing.
#include "drift/performance_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* kind = "performance_reference";
constexpr std::size_t most_pieces = std::size_t{1} << 30U;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, fmt::format("performance reference: {}", what));
}

bool are_shares(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isnan(x) || (x >= 0.0 && x <= 1.0); });
}

}  // namespace

ScoreTable::ScoreTable(const stats::IsotonicMap& map, std::span<const double> edges) {
    const auto knots = map.knots();
    const auto values = map.values();
    starts_.push_back(0.0);
    for (const auto points : {knots, edges})
        for (const double point : points)
            if (point > 0.0 && point <= 1.0) starts_.push_back(point);
    std::sort(starts_.begin(), starts_.end());
    starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
    for (const double start : starts_) {
        const auto below =
            static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), start) - edges.begin());
        const auto after =
            static_cast<std::size_t>(std::upper_bound(knots.begin(), knots.end(), start) - knots.begin());
        kernels::ScorePiece piece{start, values.front(), 0.0, static_cast<std::uint32_t>(below)};
        if (after == knots.size()) {
            piece.value = values.back();
        } else if (after > 0) {
            piece.knot = knots[after - 1];
            piece.value = values[after - 1];
            piece.slope = (values[after] - values[after - 1]) / (knots[after] - knots[after - 1]);
        }
        pieces_.push_back(piece);
    }
    // Even slots, or finer ones towards an end where scores crowd: 2,000 to 3,400 slots.
    constexpr std::pair<int, unsigned> finer[] = {{4, 43}, {8, 44}, {12, 44}, {16, 45}, {24, 45}, {48, 46}, {96, 47}};
    std::size_t least = std::numeric_limits<std::size_t>::max();
    const auto try_map = [&](const SlotMap& slots) {
        std::size_t most = 1;
        auto first = first_pieces(slots, most);
        if (std::bit_ceil(most) >= least) return;
        least = std::bit_ceil(most);
        slots_ = slots;
        first_ = std::move(first);
    };
    try_map({});
    for (const auto& [octaves, shift] : finer) {
        const double gap = std::ldexp(1.0, -octaves);
        try_map({-gap, shift});
        try_map({1.0 + gap, shift});
    }
    flip_ = slots_.flip();
    base_ = slots_.order_of(0.0);
    first_step_ = least / 2;
    starts_.resize(starts_.size() + 2 * first_step_, std::numeric_limits<double>::infinity());
}

std::vector<std::uint32_t> ScoreTable::first_pieces(const SlotMap& slots, std::size_t& most) const {
    std::vector<std::uint32_t> first(slots(1.0) + 1);
    std::size_t piece = 0;
    for (std::size_t slot = 0; slot < first.size(); ++slot) {
        // A score may lie before whatever starts in its own slot.
        while (piece + 1 < starts_.size() && slots(starts_[piece + 1]) < slot) ++piece;
        first[slot] = static_cast<std::uint32_t>(piece);
        std::size_t last = piece;
        while (last + 1 < starts_.size() && slots(starts_[last + 1]) <= slot) ++last;
        most = std::max(most, last - piece + 1);
    }
    return first;
}

void PerformanceReference::State::complete() {
    counters = 0;
    for (ScoreColumn& column : columns) {
        column.table = ScoreTable(column.map, column.edges);
        column.offset = counters;
        counters += 2 * column.cells() * tally_width;
    }
}

ClassTally PerformanceReference::State::tally(std::span<const std::uint64_t> all, std::size_t column) const noexcept {
    return {all.subspan(columns[column].offset, 2 * columns[column].cells() * tally_width)};
}

std::vector<ClassTally> PerformanceReference::State::tallies(std::span<const std::uint64_t> all) const {
    std::vector<ClassTally> out;
    for (std::size_t k = 0; k < columns.size(); ++k) out.push_back(tally(all, k));
    return out;
}

std::size_t PerformanceReference::State::column_of(std::size_t which) const {
    if (which >= classes || (is_binary() && which != 1))
        throw Error(ErrorCode::invalid_argument,
                    is_binary() ? fmt::format("performance: class {}, a binary classifier has class 1 only", which)
                                : fmt::format("performance: class {}, there are {}", which, classes));
    return is_binary() ? 0 : which;
}

void add_counts(PerformanceCounts& to, const PerformanceCounts& from) noexcept {
    to.rows += from.rows;
    to.nan += from.nan;
    to.out_of_range += from.out_of_range;
    to.unknown_class += from.unknown_class;
    to.over_capacity += from.over_capacity;
}

std::vector<std::uint64_t> list_of(const PerformanceCounts& counts) {
    return {counts.rows, counts.nan, counts.out_of_range, counts.unknown_class, counts.over_capacity};
}

PerformanceCounts counts_of(std::span<const std::uint64_t> list) {
    for (const std::uint64_t count : list)
        if (count > std::uint64_t{1} << 62U)
            throw Error(ErrorCode::corrupt_data, "performance window: a count out of range");
    return {list[0], list[1], list[2], list[3], list[4]};
}

bool are_counters(const PerformanceReference::State& state, std::span<const std::uint64_t> counters, std::uint64_t rows,
                  Knowledge knowledge) noexcept {
    for (std::size_t k = 0; k < state.columns.size(); ++k) {
        const auto own = state.tally(counters, k).counters;
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < own.size(); i += tally_width) {
            const std::uint64_t count = own[i];
            if (count > rows - total) return false;
            total += count;
            // Below 2^32 rows, so that no product runs over. Squares are rounded by half a unit each, at most.
            if (own[i + 1] > count * probability_unit) return false;
            const bool whole = own[i + 1] % probability_unit == 0 && own[i + 2] == own[i + 1];
            if (knowledge == Knowledge::labelled ? !whole : own[i + 2] > own[i + 1] + count) return false;
        }
        if (total != rows) return false;
    }
    return true;
}

std::vector<std::byte> PerformanceReference::serialize() const {
    const State& state = *state_;
    std::vector<std::uint64_t> columns;
    std::vector<double> knots;
    std::vector<double> values;
    std::vector<double> edges;
    std::vector<double> placements;
    for (const ScoreColumn& column : state.columns) {
        columns.insert(columns.end(),
                       {column.calibrated ? std::uint64_t{1} : 0, column.map.knots().size(), column.edges.size()});
        knots.insert(knots.end(), column.map.knots().begin(), column.map.knots().end());
        values.insert(values.end(), column.map.values().begin(), column.map.values().end());
        edges.insert(edges.end(), column.edges.begin(), column.edges.end());
        placements.push_back(column.placement_variance);
    }
    std::vector<double> thresholds;
    for (const Interval& interval : state.thresholds)
        thresholds.insert(thresholds.end(), {interval.lower, interval.upper});
    ContainerWriter writer;
    writer.add("columns", columns);
    writer.add("knots", knots);
    writer.add("values", values);
    writer.add("edges", edges);
    writer.add("placements", placements);
    writer.add("confusion", state.confusion);
    writer.add("realised", std::vector<double>(state.realised.begin(), state.realised.end()));
    writer.add("thresholds", thresholds);
    return writer.finish(kind);
}

namespace {

// The next `count` of a list.
std::vector<double> take(std::span<const double>& list, std::uint64_t count) {
    require(count <= list.size(), "a list that is too short");
    std::vector<double> out(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
    list = list.subspan(static_cast<std::size_t>(count));
    return out;
}

std::vector<ScoreColumn> read_columns(const Container& file) {
    const auto sizes = file.values<std::uint64_t>("columns");
    require(sizes.size() % 3 == 0 && !sizes.empty() && sizes.size() / 3 <= PerformanceReference::maximum_classes,
            "no number of columns");
    auto knots = file.values<double>("knots");
    auto values = file.values<double>("values");
    auto edges = file.values<double>("edges");
    const auto placements = file.values<double>("placements", sizes.size() / 3);
    require(knots.size() < most_pieces, "too many knots");
    std::vector<ScoreColumn> columns;
    for (std::size_t k = 0; k < sizes.size() / 3; ++k) {
        ScoreColumn column;
        require(sizes[3 * k] <= 1, "a choice that there is not");
        column.calibrated = sizes[3 * k] == 1;
        try {
            column.map = stats::IsotonicMap::from_knots(take(knots, sizes[3 * k + 1]), take(values, sizes[3 * k + 1]));
        } catch (const Error&) {
            require(false, "knots that make no map");
        }
        require(are_shares(column.map.values()) && are_shares(column.map.knots()), "a map that leaves [0, 1]");
        column.edges = take(edges, sizes[3 * k + 2]);
        // The last edge is the next number after the largest score.
        require(column.edges.size() >= 2 && column.edges.size() < 1024 && column.edges.front() >= 0.0 &&
                    column.edges.back() <= std::nextafter(1.0, 2.0) &&
                    std::adjacent_find(column.edges.begin(), column.edges.end(),
                                       [](double a, double b) { return !(a < b); }) == column.edges.end(),
                "impossible cells");
        column.placement_variance = placements[k];
        require(column.placement_variance >= 0.0 && column.placement_variance <= 1.0, "an impossible variance");
        columns.push_back(std::move(column));
    }
    require(knots.empty() && values.empty() && edges.empty(), "lists that are too long");
    return columns;
}

}  // namespace

PerformanceReference PerformanceReference::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 8 && file.metadata_keys().size() == 4, "parts that it does not have");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    const auto state = std::make_shared<State>();
    state->columns = read_columns(file);
    state->classes = std::max<std::size_t>(2, state->columns.size());
    const auto confusion = file.values<std::uint64_t>("confusion", state->classes * state->classes);
    for (const std::uint64_t count : confusion) {
        require(count <= (std::uint64_t{1} << 62U) - state->rows, "a count out of range");
        state->rows += count;
    }
    require(state->rows >= minimum_rows, "too few rows");
    state->confusion.assign(confusion.begin(), confusion.end());
    const auto realised = file.values<double>("realised", performance_metric_count);
    const auto thresholds = file.values<double>("thresholds", 2 * performance_metric_count);
    require(are_shares(realised) && are_shares(thresholds), "a metric outside [0, 1]");
    for (std::size_t i = 0; i < performance_metric_count; ++i) {
        state->realised[i] = realised[i];
        state->thresholds[i] = {thresholds[2 * i], thresholds[2 * i + 1]};
    }
    state->complete();
    PerformanceReference reference(state);
    state->digest = sha256(reference.serialize());
    return reference;
}

}  // namespace vedette::inline v0::drift
