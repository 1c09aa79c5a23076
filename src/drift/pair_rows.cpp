// SPDX-License-Identifier: Apache-2.0
// Centring, scaling and interleaving of rows; squared distances without cancellation.
#include "drift/pair_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/dispatch.hpp"

namespace vedette::inline v0::drift {
namespace {

using kernels::panel_rows;
using kernels::tile_rows;

double largest_magnitude(std::span<const Sample<double>> samples) noexcept {
    double largest = 0.0;
    for (const Sample<double>& sample : samples)
        for (const std::size_t i : sample.kept)
            for (std::size_t j = 0; j < sample.view.columns(); ++j)
                largest = std::max(largest, std::fabs(sample.view(i, j)));
    return largest;
}

// 2^-e for a magnitude of about 2^e, both within the range of normal doubles.
double inverse_power(double magnitude) noexcept {
    return magnitude > 0.0 ? std::ldexp(1.0, std::clamp(-std::ilogb(magnitude), -1000, 1000)) : 1.0;
}

}  // namespace

namespace {

// Medians of a few rows from all over: near the bulk, wherever a few values are. A mean could be dragged so far away
// that centring took every digit of the others.
template <class T>
void fill_centre(std::span<const Sample<T>> samples, PairFrame& frame) {
    std::size_t total = 0;
    for (const Sample<T>& sample : samples) total += sample.kept.size();
    constexpr std::size_t most = 31;
    const std::size_t count = std::min(total, most);
    std::vector<ColumnView<T>> rows;
    for (std::size_t k = 0; k < count; ++k) {
        std::size_t place = k * total / count;
        for (const Sample<T>& sample : samples) {
            if (place < sample.kept.size()) {
                rows.push_back(sample.view.row(sample.kept[place]));
                break;
            }
            place -= sample.kept.size();
        }
    }
    const auto middle = static_cast<std::ptrdiff_t>(count / 2);
    std::vector<T> values(count);
    for (std::size_t j = 0; j < samples[0].view.columns(); ++j) {
        for (std::size_t k = 0; k < count; ++k) values[k] = rows[k][j];
        std::nth_element(values.begin(), values.begin() + middle, values.end());
        frame.centre.push_back(static_cast<double>(values[static_cast<std::size_t>(middle)]) * frame.shrink);
    }
}

// The largest distance of a coordinate from the centre.
template <class T>
double magnitude_of(const ColumnView<T>& row, const PairFrame& frame) noexcept {
    constexpr std::size_t lanes = 8;  // side by side, as a maximum in turn is slow
    const std::size_t count = frame.centre.size();
    const auto largest_of = [&](const auto& x) noexcept {
        double largest[lanes] = {};
        const auto take = [&](std::size_t j, std::size_t lane) {
            const double distance = std::fabs(static_cast<double>(x[j]) * frame.shrink - frame.centre[j]);
            largest[lane] = distance > largest[lane] ? distance : largest[lane];
        };
        std::size_t j = 0;
        for (; j + lanes <= count; j += lanes)
            for (std::size_t lane = 0; lane < lanes; ++lane) take(j + lane, lane);
        for (; j < count; ++j) take(j, 0);
        return *std::max_element(largest, largest + lanes);
    };
    return row.is_contiguous() ? largest_of(row.data()) : largest_of(row);
}

}  // namespace

template <class T>
PairFrame make_frame(std::span<const Sample<T>> samples) {
    PairFrame frame;
    if constexpr (sizeof(T) == sizeof(double))
        if (largest_magnitude(samples) > 0x1p1020) frame.shrink = 0.25;
    fill_centre(samples, frame);
    std::vector<double> magnitudes;
    for (const Sample<T>& sample : samples) {
        // A few hundred rows tell the magnitude; those that stand far out must not set it.
        const std::size_t skip = sample.kept.size() / 256 + 1;
        for (std::size_t k = 0; k < sample.kept.size(); k += skip) {
            const double magnitude = magnitude_of(sample.view.row(sample.kept[k]), frame);
            if (magnitude > 0.0) magnitudes.push_back(magnitude);
        }
    }
    if (magnitudes.empty()) return frame;
    const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>(magnitudes.size() / 2);
    std::nth_element(magnitudes.begin(), middle, magnitudes.end());
    frame.scale = inverse_power(*middle);
    return frame;
}

template PairFrame make_frame(std::span<const Sample<float>>);
template PairFrame make_frame(std::span<const Sample<double>>);

template <class W>
void PairRows<W>::allocate(std::size_t row_count, std::size_t columns) {
    count = row_count;
    dimension = columns;
    padded = (row_count + tile_rows - 1) / tile_rows * tile_rows;
    constexpr std::size_t line = 64 / sizeof(W);
    stride = columns < line ? columns : ((columns + line - 1) / line | 1U) * line;
    rows = AlignedArray<W>::unset(padded * stride);
    panels = AlignedArray<W>::unset(padded * columns);
    norms = AlignedArray<W>::unset(padded);
}

template <class W>
void PairRows<W>::finish() {
    const auto& table = kernels::pairs<W>(kernels::kernels());
    std::fill(rows.data() + count * stride, rows.data() + padded * stride, W{0});
    for (std::size_t p = 0; p < padded / panel_rows; ++p) {
        W* const out = panels.data() + p * panel_rows * dimension;
        table.interleave(row(p * panel_rows), stride, dimension, out);
        // The same sums as products, so that equal rows are at distance zero.
        table.panel_norms(out, dimension, norms.data() + p * panel_rows);
    }
}

template <class W>
template <class T>
PairRows<W>::PairRows(const Sample<T>& sample, const PairFrame& frame) {
    allocate(sample.kept.size(), sample.view.columns());
    const auto& table = kernels::pairs<W>(kernels::kernels());
    constexpr double limit = sizeof(W) == sizeof(float) ? 0x1p40 : 0x1p400;
    constexpr double least = sizeof(W) == sizeof(float) ? 0x1p-50 : 0x1p-400;  // squares stay normal
    const kernels::PairPlace place{frame.centre.data(), frame.shrink, frame.scale, limit, least, float_range};
    std::vector<T> copy;
    for (std::size_t k = 0; k < sample.kept.size(); ++k) {
        const ColumnView<T> values = sample.view.row(sample.kept[k]);
        const T* x = values.data();
        if (!values.is_contiguous()) {
            copy.resize(dimension);
            for (std::size_t j = 0; j < dimension; ++j) copy[j] = values[j];
            x = copy.data();
        }
        W* const out = rows.data() + k * stride;
        bool is_beyond = false;
        if constexpr (sizeof(T) == sizeof(float)) {
            is_beyond = table.place_f32(x, dimension, &place, out);
        } else {
            is_beyond = table.place_f64(x, dimension, &place, out);
        }
        beyond_float = beyond_float || is_beyond;
    }
    finish();
}

template <class W>
PairRows<W>::PairRows(const PairRows& first, const PairRows* second, std::span<const std::size_t> chosen) {
    allocate(chosen.size(), first.dimension);
    for (std::size_t k = 0; k < chosen.size(); ++k) {
        const W* const x = chosen[k] < first.count ? first.row(chosen[k]) : second->row(chosen[k] - first.count);
        std::copy_n(x, dimension, rows.data() + k * stride);
    }
    finish();
}

namespace {

constexpr std::size_t part_depth = 2 * kernels::step_part_words;

// Room for an odd number of cache lines of words in each row.
std::size_t odd_lines(std::size_t words) noexcept {
    constexpr std::size_t line = 64 / sizeof(std::int32_t);
    return ((words + line - 1) / line | 1U) * line;
}

}  // namespace

template <class W>
double PairRows<W>::finest_step() const {
    const auto& table = kernels::pairs<W>(kernels::kernels());
    alignas(64) W part[panel_rows];
    W largest{0};
    for (std::size_t p = 0; p < padded / panel_rows; ++p) {
        for (std::size_t k = 0; k < dimension; k += part_depth) {
            table.panel_norms(panel(p) + k * panel_rows, std::min(part_depth, dimension - k), part);
            largest = std::max(largest, *std::max_element(part, part + panel_rows));
        }
    }
    // By rounding a row grows by half a step a column at most, sqrt(part_depth)/2 = 8 steps of 23,170: 1/2,896. The
    // rest is for the norm's own rounding.
    constexpr double room = 1.0 + 1.0 / 2048;
    return room * std::sqrt(static_cast<double>(largest) / kernels::most_part_norm);
}

template <class W>
void PairRows<W>::round_to(double step) {
    if constexpr (sizeof(W) == sizeof(float)) {
        if (!(step >= finest_step()) || !(1.0 / step < std::numeric_limits<float>::max())) return;
        const kernels::StepKernels& table = kernels::kernels().steps;
        RowSteps made;
        made.step = step;
        made.words = (dimension + 1) / 2;
        made.stride = odd_lines(made.words);
        made.rows = AlignedArray<std::int32_t>::unset(padded * made.stride);
        made.panels = AlignedArray<std::int32_t>::unset(padded * made.words);
        const std::size_t parts = (dimension + part_depth - 1) / part_depth;
        made.norms = AlignedArray<std::int32_t>::unset(parts * padded);
        const auto scale = static_cast<float>(1.0 / step);
        for (std::size_t i = 0; i < padded; ++i)
            table.round_row(row(i), dimension, scale, made.rows.data() + i * made.stride);
        for (std::size_t p = 0; p < padded / panel_rows; ++p) {
            std::int32_t* const words = made.panels.data() + p * panel_rows * made.words;
            for (std::size_t part = 0; part < parts; ++part) {
                const std::size_t begin = part * part_depth;
                table.round_panel(panel(p) + begin * panel_rows, std::min(part_depth, dimension - begin), scale,
                                  words + part * kernels::step_part_words * panel_rows,
                                  made.norms.data() + part * padded + p * panel_rows);
            }
        }
        steps = std::move(made);
    } else {
        static_cast<void>(step);
    }
}

template struct PairRows<float>;
template struct PairRows<double>;
template PairRows<float>::PairRows(const Sample<float>&, const PairFrame&);
template PairRows<float>::PairRows(const Sample<double>&, const PairFrame&);
template PairRows<double>::PairRows(const Sample<float>&, const PairFrame&);
template PairRows<double>::PairRows(const Sample<double>&, const PairFrame&);

template <class W>
void PairTile<W>::mask(W* values) const noexcept {
    const std::size_t first_lane = panel * panel_rows;
    if (first_lane + panel_rows > panel_side->count) {
        const std::size_t lanes = panel_side->count - first_lane;
        for (std::size_t j = 0; j < rows; ++j)
            std::fill(values + j * panel_rows + lanes, values + (j + 1) * panel_rows, W{0});
    }
    if (!on_diagonal()) return;
    for (std::size_t j = 0; j < rows; ++j) {
        if (first_row + j < first_lane) continue;
        const std::size_t until = std::min(first_row + j - first_lane + 1, panel_rows);
        std::fill_n(values + j * panel_rows, until, W{0});
    }
}

template struct PairTile<float>;
template struct PairTile<double>;

namespace {

// Sixteen sums in turn, the same on every machine. Differences of rows close together lose nothing.
template <class W>
W squared_difference(const W* x, const W* y, std::size_t dimension) noexcept {
    constexpr std::size_t lanes = 16;
    W sum[lanes] = {};
    std::size_t k = 0;
    for (; k + lanes <= dimension; k += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const W d = x[k + lane] - y[k + lane];
            sum[lane] += d * d;
        }
    }
    for (std::size_t lane = 0; k + lane < dimension; ++lane) {
        const W d = x[k + lane] - y[k + lane];
        sum[lane] += d * d;
    }
    for (std::size_t width = lanes / 2; width > 0; width /= 2)
        for (std::size_t lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
    return sum[0];
}

// Where |x - y|^2 is below so much of |x|^2 + |y|^2, cancellation has cost 8 bits of 24, 20 of 53.
template <class W>
constexpr W nearness = sizeof(W) == sizeof(float) ? W(0x1p-8) : W(0x1p-20);

template <class W>
void refine(const PairTile<W>& tile, W* values) {
    const W* const panel_norms = tile.panel_side->norms.data() + tile.panel * panel_rows;
    const W* const row_norms = tile.row_side->norms.data() + tile.first_row;
    const std::size_t lanes = std::min(panel_rows, tile.panel_side->count - tile.panel * panel_rows);
    for (std::size_t j = 0; j < tile.rows; ++j) {
        std::size_t begin = 0;
        if (tile.on_diagonal() && tile.first_row + j >= tile.panel * panel_rows)
            begin = tile.first_row + j - tile.panel * panel_rows + 1;
        for (std::size_t i = begin; i < lanes; ++i) {
            W& value = values[j * panel_rows + i];
            if (value < (panel_norms[i] + row_norms[j]) * nearness<W>)
                value = squared_difference(tile.panel_side->row(tile.panel * panel_rows + i),
                                           tile.row_side->row(tile.first_row + j), tile.row_side->dimension);
        }
    }
}

}  // namespace

template <class W>
void fill_squared_distances(const PairTile<W>& tile, W* values) {
    if constexpr (sizeof(W) == sizeof(float)) {
        const RowSteps &panel = tile.panel_side->steps, &rows = tile.row_side->steps;
        if (panel.step > 0.0 && panel.step == rows.step) {
            const kernels::StepProduct product{panel.panels.data() + tile.panel * panel_rows * panel.words,
                                               rows.rows.data() + tile.first_row * rows.stride,
                                               panel.words,
                                               rows.stride,
                                               tile.rows,
                                               panel.norms.data() + tile.panel * panel_rows,
                                               rows.norms.data() + tile.first_row,
                                               tile.panel_side->padded,
                                               tile.row_side->padded,
                                               static_cast<float>(panel.step * panel.step),
                                               values};
            return kernels::kernels().steps.distances(&product);
        }
    }
    const auto& table = kernels::pairs<W>(kernels::kernels());
    const PairRows<W>& side = *tile.row_side;
    const kernels::PanelProduct<W> product{tile.panel_side->panel(tile.panel),
                                           side.dimension,
                                           side.row(tile.first_row),
                                           side.stride,
                                           1,
                                           tile.rows,
                                           values,
                                           false};
    table.multiply(&product);
    if (table.squared_distances(tile.panel_side->norms.data() + tile.panel * panel_rows,
                                side.norms.data() + tile.first_row, tile.rows, nearness<W>, values))
        refine(tile, values);
}

template void fill_squared_distances(const PairTile<float>&, float*);
template void fill_squared_distances(const PairTile<double>&, double*);

}  // namespace vedette::inline v0::drift
