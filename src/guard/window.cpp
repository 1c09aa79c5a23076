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
constexpr std::size_t severities = 2;  // warning, error
constexpr std::size_t tile = 1024;     // values converted at a time

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

template <>
bool Window::count_row(std::span<const Value> row) noexcept {
    const Baseline::State& state = baseline_.state();
    if (row.size() != state.features.size()) return false;
    convert(row);
    kernels::kernels().f64.locate_row(row_.data(), plan_of<double>(state), codes_.data());
    for (std::size_t f = 0; f < row.size(); ++f) {
        const std::size_t cells = state.cell_count(f);
        const bool categorical = state.features[f].kind == FeatureKind::categorical;
        if (row[f].kind == Value::Kind::null) {
            codes_[f] = codes::null;
        } else if (row[f].kind == Value::Kind::text) {
            codes_[f] = categorical ? static_cast<std::uint16_t>(row_[f]) : codes::invalid;
        } else if (categorical) {
            codes_[f] = code_of_cell(row[f].number, cells);
        }
        ++counters_[state.counter_offsets[f] + slot_of(codes_[f], cells)];
    }
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

namespace {

// Numbers might be cells, or texts that look like numbers: a column does not say, so it is refused.
void require_texts(const FeatureBaseline& feature, const Column& column) {
    if (feature.kind == FeatureKind::categorical && column.is_numeric()) {
        throw Error(ErrorCode::type_mismatch,
                    fmt::format("the feature \"{}\" is categorical, its column holds numbers", feature.name));
    }
}

}  // namespace

void Window::observe(const Table& table) {
    const Baseline::State& state = baseline_.state();
    std::vector<const Column*> columns;
    for (const FeatureBaseline& feature : state.features) {
        const Column* column = table.find(feature.name);
        if (column == nullptr) {
            throw Error(ErrorCode::schema_mismatch, fmt::format("the table has no column \"{}\"", feature.name));
        }
        require_texts(feature, *column);
        columns.push_back(column);
    }
    for (const NamedColumn& column : table.columns()) {
        if (!baseline_.find(column.name)) {
            throw Error(ErrorCode::schema_mismatch, fmt::format("the baseline has no feature \"{}\"", column.name));
        }
    }
    // Looking up a dictionary needs memory; should it run out half-way, nothing has been counted.
    std::vector<std::uint64_t> before = counters_;
    try {
        for (std::size_t f = 0; f < columns.size(); ++f) observe_column(f, *columns[f]);
    } catch (...) {
        counters_.swap(before);
        throw;
    }
}

void Window::observe_column(std::size_t feature, const Column& column) {
    const FeatureBaseline& known = baseline_.feature(feature);
    const Baseline::State& state = baseline_.state();
    const std::size_t cells = state.cell_count(feature);
    std::uint64_t* const counters = counters_.data() + state.counter_offsets[feature];
    if (known.kind == FeatureKind::categorical) {
        require_texts(known, column);
        // A dictionary is looked up once, and its rows by code.
        std::vector<std::size_t> cell_of_code;
        for (const std::string_view text : column.dictionary())
            cell_of_code.push_back(state.tables[feature].find(text));
        for (std::size_t i = 0; i < column.size(); ++i) {
            if (!column.is_valid(i)) {
                ++counters[cells + null];
            } else if (column.kind() == ColumnKind::dictionary) {
                ++counters[cell_of_code[static_cast<std::size_t>(column.code(i))]];
            } else {
                ++counters[state.tables[feature].find(column.text(i))];
            }
        }
        return;
    }
    if (!column.is_numeric()) {
        for (std::size_t i = 0; i < column.size(); ++i) ++counters[cells + (column.is_valid(i) ? invalid : null)];
        return;
    }
    if (column.dtype() == Dtype::f32) {
        count_numbers<float>(feature, column);
    } else {
        count_numbers<double>(feature, column);
    }
}

template <class T>
void Window::count_numbers(std::size_t feature, const Column& column) {
    const Baseline::State& state = baseline_.state();
    const std::span<const T> edges = edges_of<T>(state, feature);
    const auto& kernel = kernels::typed<T>(kernels::kernels());
    std::uint64_t* const counters = counters_.data() + state.counter_offsets[feature];
    std::uint64_t* const specials = counters + edges.size() + 1;
    const auto address = reinterpret_cast<std::uintptr_t>(column.data());
    constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(T));
    const bool in_place = column.dtype() == dtype_of<T> && column.validity().bits == nullptr &&
                          address % alignof(T) == 0 && column.stride_bytes() % size == 0;
    if (in_place) {
        kernel.count_cells(static_cast<const T*>(column.data()), column.size(), column.stride_bytes() / size,
                           edges.data(), edges.size(), counters, specials);
        return;
    }
    std::array<T, tile> values;
    std::array<bool, tile> valid;
    for (std::size_t begin = 0; begin < column.size(); begin += tile) {
        const std::size_t count = std::min(tile, column.size() - begin);
        if constexpr (sizeof(T) == sizeof(float)) {
            column.copy_as_float(begin, count, values.data(), valid.data());
        } else {
            column.copy_as_double(begin, count, values.data(), valid.data());
        }
        std::size_t kept = count;
        if (column.validity().bits != nullptr) {
            kept = 0;
            for (std::size_t i = 0; i < count; ++i) {
                values[kept] = values[i];
                kept += valid[i] ? 1U : 0U;
            }
        }
        kernel.count_cells(values.data(), kept, 1, edges.data(), edges.size(), counters, specials);
        specials[null] += count - kept;
    }
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

std::vector<std::byte> Window::to_bytes() const {
    ContainerWriter writer;
    writer.set_metadata("baseline", to_hex(baseline_.id()));
    writer.add("counters", counters_);
    writer.add("requests", std::span<const std::uint64_t>(requests_));
    writer.add_scalar("rejected", rejected_);
    if (!score_counters_.empty()) writer.add("score_counters", score_counters_);
    // A window without a memory has the bytes that it ever had.
    if (memory_counters_[watched] > 0) writer.add("memory_counters", std::span<const std::uint64_t>(memory_counters_));
    if (!query_counters_.empty()) writer.add("query_counters", query_counters_);
    if (!schema_counters_.empty()) writer.add("schema_counters", schema_counters_);
    return writer.finish("window");
}

void Window::save(const std::filesystem::path& path) const {
    write_file_atomically(path, to_bytes());
}

Window Window::from_bytes(const Baseline& baseline, std::span<const std::byte> bytes) {
    const Container container = Container::view(bytes);
    container.require_kind("window");
    if (container.metadata("baseline") != to_hex(baseline.id())) {
        throw Error(ErrorCode::baseline_mismatch, "the window was counted against another baseline");
    }
    Window window(baseline);
    const auto counters = container.values<std::uint64_t>("counters", window.counters_.size());
    const auto requests = container.values<std::uint64_t>("requests", window.requests_.size());
    std::copy(counters.begin(), counters.end(), window.counters_.begin());
    std::copy(requests.begin(), requests.end(), window.requests_.begin());
    window.rejected_ = container.scalar<std::uint64_t>("rejected");
    if (!window.score_counters_.empty()) {
        const auto scores = container.values<std::uint64_t>("score_counters", window.score_counters_.size());
        std::copy(scores.begin(), scores.end(), window.score_counters_.begin());
    }
    if (container.find_tensor("memory_counters")) {
        const auto remembered = container.values<std::uint64_t>("memory_counters", memory_counts);
        std::copy(remembered.begin(), remembered.end(), window.memory_counters_.begin());
        if (remembered[watched] == 0) throw Error(ErrorCode::corrupt_data, "a window counts a memory that saw nothing");
    }
    if (!window.query_counters_.empty()) {
        const auto asked = container.values<std::uint64_t>("query_counters", window.query_counters_.size());
        std::copy(asked.begin(), asked.end(), window.query_counters_.begin());
    }
    if (!window.schema_counters_.empty())
        window.read_schema_counters(container.values<std::uint64_t>("schema_counters"));
    window.check_totals(ErrorCode::corrupt_data, nullptr);
    return window;
}

// Another version may know fewer checks.
void Window::read_schema_counters(std::span<const std::uint64_t> stored) {
    const std::size_t features = failed_.size();
    const std::size_t checks = stored.size() < severities ? 0 : (stored.size() - severities) / features;
    if (checks == 0 || checks > validation::check_count || stored.size() != severities + features * checks)
        throw Error(ErrorCode::corrupt_data, "the window's counters of failed checks have a wrong size");
    // A report divides by the requests that were judged: no check can have failed more often.
    const std::uint64_t requests = std::accumulate(requests_.begin(), requests_.end(), std::uint64_t{0});
    const std::uint64_t judged = requests < rejected_ ? 0 : requests - rejected_;
    if (requests < rejected_ || stored[0] > judged || stored[1] > judged - stored[0] ||
        *std::max_element(stored.begin(), stored.end()) > judged)
        throw Error(ErrorCode::corrupt_data, "the window counts more failed checks than requests");
    std::copy_n(stored.begin(), severities, schema_counters_.begin());
    for (std::size_t f = 0; f < features; ++f)
        std::copy_n(stored.begin() + static_cast<std::ptrdiff_t>(severities + f * checks), checks,
                    schema_counters_.begin() + static_cast<std::ptrdiff_t>(severities + f * validation::check_count));
}

Window Window::load(const Baseline& baseline, const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        return from_bytes(baseline, bytes);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", path.string(), error.what()));
    }
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
