// SPDX-License-Identifier: Apache-2.0
// Counting rows, batches and columns, and merging what was counted.
#include "vedette/guard/window.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "guard/baseline_state.hpp"
#include "guard/codes.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t score_counters_each = Window::score_count_kinds + Window::p_value_cells;
constexpr std::size_t query_counters_each = 3;

// The slot of a code behind a feature's cells.
std::size_t slot_of(std::uint16_t code, std::size_t cells) noexcept {
    switch (code) {
        case codes::nan: return cells + Window::nan;
        case codes::positive_infinity: return cells + Window::positive_infinity;
        case codes::negative_infinity: return cells + Window::negative_infinity;
        case codes::null: return cells + Window::null;
        case codes::invalid: return cells + Window::invalid;
        default: return code;
    }
}

// A category given as a number is its cell; NaN is null, anything else invalid.
template <class T>
std::uint16_t code_of_cell(T number, std::size_t cells) noexcept {
    if (std::isnan(number)) return codes::null;
    if (!(number >= 0 && number < static_cast<T>(cells)) || number != std::floor(number)) return codes::invalid;
    return static_cast<std::uint16_t>(number);
}

bool asks_model(const Baseline& baseline) noexcept {
    return std::any_of(baseline.scores().begin(), baseline.scores().end(),
                       [](const BaselineScore& each) { return each.score.score().asks() != nullptr; });
}

// Features and expressions.
std::size_t judged_by_schema(const Baseline& baseline) noexcept {
    const validation::Validator* const rules = baseline.validator();
    return rules == nullptr ? 0 : rules->feature_count() + rules->expression_count();
}

}  // namespace

Window::Window(Baseline baseline)
    : baseline_(std::move(baseline)),
      counters_(baseline_.state().counter_offsets.back()),
      score_counters_(baseline_.scores().size() * score_counters_each),
      query_counters_(asks_model(baseline_) ? baseline_.scores().size() * query_counters_each : 0),
      failed_(judged_by_schema(baseline_)),
      codes_(baseline_.feature_count()),
      row_(baseline_.feature_count()),
      row_f32_(baseline_.feature_count()) {
    if (!failed_.empty()) schema_counters_.resize(severities + failed_.size() * validation::check_count);
}

template <class T>
void Window::convert(std::span<const T> row) noexcept {
    for (std::size_t f = 0; f < row.size(); ++f) row_[f] = static_cast<double>(row[f]);
}

template <>
void Window::convert(std::span<const Value> row) noexcept {
    const Baseline::State& state = baseline_.state();
    for (std::size_t f = 0; f < row.size(); ++f) {
        row_[f] = std::numeric_limits<double>::quiet_NaN();
        if (row[f].kind == Value::Kind::number) row_[f] = row[f].number;
        if (row[f].kind == Value::Kind::text && state.features[f].kind == FeatureKind::categorical) {
            row_[f] = static_cast<double>(state.tables[f].find(row[f].text));
        }
    }
}

template void Window::convert(std::span<const float> row) noexcept;
template void Window::convert(std::span<const double> row) noexcept;

template <class T>
bool Window::count_row(std::span<const T> row) noexcept {
    const Baseline::State& state = baseline_.state();
    if (row.size() != state.features.size()) return false;
    kernels::typed<T>(kernels::kernels()).observe_row(row.data(), plan_of<T>(state), counters_.data(), codes_.data());
    for (const std::uint32_t f : state.categorical) {
        const std::size_t cells = state.cell_count(f);
        const std::uint16_t code = code_of_cell(row[f], cells);
        codes_[f] = code;
        ++counters_[state.counter_offsets[f] + slot_of(code, cells)];
    }
    return true;
}

// The codes of a row of the right width, uncounted.
template <class T>
void Window::locate_row(std::span<const T> row) noexcept {
    const Baseline::State& state = baseline_.state();
    kernels::typed<T>(kernels::kernels()).locate_row(row.data(), plan_of<T>(state), codes_.data());
    for (const std::uint32_t f : state.categorical) codes_[f] = code_of_cell(row[f], state.cell_count(f));
}

template <>
void Window::locate_row(std::span<const Value> row) noexcept {
    const Baseline::State& state = baseline_.state();
    convert(row);
    kernels::kernels().f64.locate_row(row_.data(), plan_of<double>(state), codes_.data());
    for (std::size_t f = 0; f < row.size(); ++f) {
        const bool categorical = state.features[f].kind == FeatureKind::categorical;
        if (row[f].kind == Value::Kind::null) {
            codes_[f] = codes::null;
        } else if (row[f].kind == Value::Kind::text) {
            codes_[f] = categorical ? static_cast<std::uint16_t>(row_[f]) : codes::invalid;
        } else if (categorical) {
            codes_[f] = code_of_cell(row[f].number, state.cell_count(f));
        }
    }
}

template void Window::locate_row(std::span<const float> row) noexcept;
template void Window::locate_row(std::span<const double> row) noexcept;

template <>
bool Window::count_row(std::span<const Value> row) noexcept {
    const Baseline::State& state = baseline_.state();
    if (row.size() != state.features.size()) return false;
    locate_row(row);
    for (std::size_t f = 0; f < row.size(); ++f)
        ++counters_[state.counter_offsets[f] + slot_of(codes_[f], state.cell_count(f))];
    return true;
}

template bool Window::count_row(std::span<const float> row) noexcept;
template bool Window::count_row(std::span<const double> row) noexcept;

bool Window::observe(std::span<const float> row) noexcept {
    return count_row(row);
}
bool Window::observe(std::span<const double> row) noexcept {
    return count_row(row);
}
bool Window::observe(std::span<const Value> row) noexcept {
    return count_row(row);
}

template <class T>
void Window::observe_matrix(const MatrixView<T>& rows) {
    const Baseline::State& state = baseline_.state();
    if (rows.columns() != state.features.size()) {
        throw Error(ErrorCode::dimension_mismatch, fmt::format("the matrix has {} columns, the baseline {} features",
                                                               rows.columns(), state.features.size()));
    }
    const auto& kernel = kernels::typed<T>(kernels::kernels());
    if (rows.is_row_major()) {
        kernel.observe_rows(rows.data(), rows.rows(), rows.row_stride(), plan_of<T>(state), counters_.data());
    } else {
        for (std::size_t f = 0; f < state.features.size(); ++f) {
            if (state.features[f].kind == FeatureKind::categorical) continue;
            const ColumnView<T> column = rows.column(f);
            const std::span<const T> edges = edges_of<T>(state, f);
            std::uint64_t* const cells = counters_.data() + state.counter_offsets[f];
            kernel.count_cells(column.data(), column.size(), column.stride(), edges.data(), edges.size(), cells,
                               cells + edges.size() + 1);
        }
    }
    for (const std::uint32_t f : state.categorical) {
        const std::size_t cells = state.cell_count(f);
        std::uint64_t* const counters = counters_.data() + state.counter_offsets[f];
        for (std::size_t i = 0; i < rows.rows(); ++i) ++counters[slot_of(code_of_cell(rows(i, f), cells), cells)];
    }
}

void Window::observe(const MatrixView<float>& rows) {
    observe_matrix(rows);
}
void Window::observe(const MatrixView<double>& rows) {
    observe_matrix(rows);
}

// Refuses what would exceed the limits: of this window, or of its sum with another one.
void Window::check_totals(ErrorCode code, const Window* other) const {
    const auto add = [code](std::uint64_t& total, std::uint64_t count) {
        if (count > largest_count - total) {
            throw Error(code, fmt::format("a window counts more than {} values of a feature", largest_count));
        }
        total += count;
    };
    const std::vector<std::size_t>& offsets = baseline_.state().counter_offsets;
    for (std::size_t f = 0; f + 1 < offsets.size(); ++f) {
        std::uint64_t total = 0;
        for (std::size_t i = offsets[f]; i < offsets[f + 1]; ++i) {
            add(total, counters_[i]);
            if (other != nullptr) add(total, other->counters_[i]);
        }
    }
    std::uint64_t requests = 0;
    for (const Window* window : {this, other}) {
        if (window == nullptr) continue;
        for (const std::uint64_t count : window->requests_) add(requests, count);
        for (std::size_t i = 0; i < score_counters_.size(); i += score_counters_each) {
            std::uint64_t judged = 0;
            for (std::size_t k = 0; k < score_count_kinds; ++k) {
                if (window->score_counters_[i + k] > largest_count / 2 - judged)
                    throw Error(code, "a window counts more requests of a score than it can");
                judged += window->score_counters_[i + k];
            }
            std::uint64_t told = 0;
            for (std::size_t k = score_count_kinds; k < score_counters_each; ++k) {
                if (window->score_counters_[i + k] > judged - told)
                    throw Error(code, "a window counts more p-values of a score than requests");
                told += window->score_counters_[i + k];
            }
        }
        for (const std::uint64_t count : window->memory_counters_)
            if (count > largest_count / 2 || count > window->memory_counters_[watched])
                throw Error(code, "a window counts more requests of a memory than it can");
        for (const std::uint64_t count : window->query_counters_)
            if (count > largest_count / 2) throw Error(code, "a window counts more questions to the model than it can");
        for (std::size_t i = 0; i < schema_counters_.size(); ++i) {
            std::uint64_t failures = 0;
            for (const Window* each : {this, other})
                if (each != nullptr) add(failures, each->schema_counters_[i]);
        }
        if (window->rejected_ > largest_count / 2) throw Error(code, "a window counts more rejected rows than it can");
    }
}

void Window::merge(const Window& other) {
    if (other.baseline_.id() != baseline_.id()) {
        throw Error(ErrorCode::baseline_mismatch, "the other window was counted against another baseline");
    }
    check_totals(ErrorCode::overflow, &other);
    for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i] += other.counters_[i];
    for (std::size_t i = 0; i < requests_.size(); ++i) requests_[i] += other.requests_[i];
    for (std::size_t i = 0; i < score_counters_.size(); ++i) score_counters_[i] += other.score_counters_[i];
    for (std::size_t i = 0; i < memory_counts; ++i) memory_counters_[i] += other.memory_counters_[i];
    for (std::size_t i = 0; i < query_counters_.size(); ++i) query_counters_[i] += other.query_counters_[i];
    for (std::size_t i = 0; i < schema_counters_.size(); ++i) schema_counters_[i] += other.schema_counters_[i];
    rejected_ += other.rejected_;
}

void Window::reset() noexcept {
    std::fill(counters_.begin(), counters_.end(), 0);
    requests_ = {};
    std::fill(score_counters_.begin(), score_counters_.end(), 0);
    memory_counters_ = {};
    std::fill(query_counters_.begin(), query_counters_.end(), 0);
    std::fill(schema_counters_.begin(), schema_counters_.end(), 0);
    rejected_ = 0;
}

std::uint64_t Window::rows() const noexcept {
    const Baseline::State& state = baseline_.state();
    std::uint64_t most = 0;
    for (std::size_t f = 0; f < state.features.size(); ++f) {
        const auto begin = counters_.begin() + static_cast<std::ptrdiff_t>(state.counter_offsets[f]);
        const auto end = counters_.begin() + static_cast<std::ptrdiff_t>(state.counter_offsets[f + 1]);
        most = std::max(most, std::accumulate(begin, end, std::uint64_t{0}));
    }
    return most;
}

std::span<const std::uint64_t> Window::counts(std::size_t feature) const noexcept {
    const Baseline::State& state = baseline_.state();
    return std::span(counters_).subspan(state.counter_offsets[feature], state.cell_count(feature));
}

std::uint64_t Window::extra(std::size_t feature, Extra which) const noexcept {
    const Baseline::State& state = baseline_.state();
    return counters_[state.counter_offsets[feature] + state.cell_count(feature) + which];
}

std::uint64_t Window::requests(Decision decision) const noexcept {
    return requests_[static_cast<std::size_t>(decision)];
}
std::uint64_t Window::rejected() const noexcept {
    return rejected_;
}

bool Window::same_counters(const Window& other) const noexcept {
    return baseline_.id() == other.baseline_.id() && counters_ == other.counters_ && requests_ == other.requests_ &&
           rejected_ == other.rejected_ && score_counters_ == other.score_counters_ &&
           query_counters_ == other.query_counters_ && memory_counters_ == other.memory_counters_ &&
           schema_counters_ == other.schema_counters_;
}

void Window::count_score(std::size_t score, double p_value, ScoreCount which) noexcept {
    std::uint64_t* const counters = &score_counters_[score * score_counters_each];
    ++counters[which];
    if (std::isnan(p_value)) return;
    const auto cell = static_cast<std::size_t>(std::ceil(p_value * static_cast<double>(p_value_cells)));
    ++counters[score_count_kinds + std::min(cell > 0 ? cell - 1 : 0, p_value_cells - 1)];
}

void Window::count_remembered(Decision query_attack, Decision extraction) noexcept {
    ++memory_counters_[watched];
    memory_counters_[query_attacks] += query_attack == Decision::alarm ? 1 : 0;
    memory_counters_[extractions] += extraction == Decision::alarm ? 1 : 0;
    memory_counters_[untold] +=
        query_attack == Decision::not_evaluated && extraction == Decision::not_evaluated ? 1 : 0;
}

void Window::count_asked(std::size_t score, const perturbation::Answer& answer) noexcept {
    std::uint64_t* const counters = &query_counters_[score * query_counters_each];
    counters[0] += answer.queries.calls;
    counters[1] += answer.queries.rows;
    counters[2] += answer.status == perturbation::AnswerStatus::aborted && answer.queries.calls > 0 ? 1 : 0;
}

perturbation::ModelQueries Window::model_queries(std::size_t score) const noexcept {
    if (query_counters_.empty()) return {};
    return {query_counters_[score * query_counters_each], query_counters_[score * query_counters_each + 1]};
}

std::uint64_t Window::model_aborts(std::size_t score) const noexcept {
    return query_counters_.empty() ? 0 : query_counters_[score * query_counters_each + 2];
}

void Window::count_failed(validation::Severity gravest) noexcept {
    if (gravest != validation::Severity::none) ++schema_counters_[static_cast<std::size_t>(gravest) - 1];
    std::uint64_t* counters = schema_counters_.data() + severities;
    for (validation::CheckSet failed : failed_) {
        for (; failed != 0; failed &= failed - 1) ++counters[std::countr_zero(failed)];
        counters += validation::check_count;
    }
}

std::uint64_t Window::schema_failures(std::size_t feature, validation::Check check) const noexcept {
    if (schema_counters_.empty()) return 0;
    return schema_counters_[severities + feature * validation::check_count + static_cast<std::size_t>(check)];
}

std::uint64_t Window::schema_rows(validation::Severity gravest) const noexcept {
    if (schema_counters_.empty() || gravest == validation::Severity::none) return 0;
    return schema_counters_[static_cast<std::size_t>(gravest) - 1];
}

std::uint64_t Window::score_count(std::size_t score, ScoreCount which) const noexcept {
    return score_counters_[score * score_counters_each + which];
}

std::span<const std::uint64_t> Window::p_value_counts(std::size_t score) const noexcept {
    return std::span(score_counters_).subspan(score * score_counters_each + score_count_kinds, p_value_cells);
}

Window merge(std::span<const Window> windows) {
    if (windows.empty()) throw Error(ErrorCode::invalid_argument, "there is no window to merge");
    Window sum = windows.front();
    for (const Window& window : windows.subspan(1)) sum.merge(window);
    return sum;
}

}  // namespace vedette::inline v0
