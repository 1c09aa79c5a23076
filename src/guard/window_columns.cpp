// SPDX-License-Identifier: Apache-2.0
// Counting columns and tables of them.
#include <fmt/core.h>

#include <array>

#include "guard/baseline_state.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t tile = 1024;  // values converted at a time

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

}  // namespace vedette::inline v0
