// SPDX-License-Identifier: Apache-2.0
// Rows laid out for kernels of pairs: centred, scaled, row by row and in interleaved panels, with their squared norms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "kernels/pair_table.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::drift {

/// Zeros, aligned for any kernel.
template <class T>
class AlignedArray {
  public:
    AlignedArray() = default;
    explicit AlignedArray(std::size_t size) : AlignedArray(unset(size)) {
        for (std::size_t i = 0; i < size; ++i) data_.get()[i] = T{};
    }
    /// Without values, which must be written before they are read.
    [[nodiscard]] static AlignedArray unset(std::size_t size) {
        AlignedArray array;
        array.size_ = size;
        if (size != 0) array.data_.reset(static_cast<T*>(::operator new (size * sizeof(T), std::align_val_t{64})));
        return array;
    }
    [[nodiscard]] T* data() noexcept { return data_.get(); }
    [[nodiscard]] const T* data() const noexcept { return data_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
    const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }

  private:
    struct Free {
        void operator()(T* p) const noexcept { ::operator delete (p, std::align_val_t{64}); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
};

/// One sample as its test sees it: the rows of a view that take part.
template <class T>
struct Sample {
    MatrixView<T> view;
    std::vector<std::size_t> kept;
};

/// Where stored values come from: (x * shrink - centre) * scale. Shrink and scale are powers of two: they lose nothing.
struct PairFrame {
    double shrink = 1.0;  ///< not 1 where differences of values would leave the range of a double
    std::vector<double> centre;
    double scale = 1.0;  ///< takes the middle one of the rows' largest magnitudes to about 1

    /// From distances between stored rows to distances between the caller's.
    [[nodiscard]] double unit() const noexcept { return 1.0 / (shrink * scale); }
};

template <class T>
PairFrame make_frame(std::span<const Sample<T>> samples);

/// Values further out than this, in units of a typical row, leave a float's products without digits for the others.
inline constexpr double float_range = 0x1p30;

/// Rows rounded to whole multiples of a step, in 16 bits, two to a word: their distances take half as long as those of
/// floats, and are exact, so that rows close together lose nothing either.
struct RowSteps {
    double step = 0.0;                  ///< 0: there are none
    std::size_t words = 0;              ///< of a row
    std::size_t stride = 0;             ///< as PairRows::stride
    AlignedArray<std::int32_t> rows;    ///< [padded][stride]
    AlignedArray<std::int32_t> panels;  ///< [padded / panel_rows][words][panel_rows]
    AlignedArray<std::int32_t> norms;   ///< [parts of a row][padded]
};

/// W is float or double, and need not be the type of the view.
template <class W>
struct PairRows {
    std::size_t count = 0;
    std::size_t dimension = 0;
    std::size_t padded = 0;  ///< whole tiles: zeros after `count`
    std::size_t stride =
        0;  ///< of rows: an odd number of cache lines, so that a column of them meets all sets of a cache
    bool beyond_float = false;  ///< whether a magnitude in `rows` is above float_range
    AlignedArray<W> rows;       ///< [padded][stride]
    AlignedArray<W> panels;     ///< [padded / panel_rows][dimension][panel_rows]
    AlignedArray<W> norms;      ///< [padded]
    RowSteps steps;             ///< of floats, once `round_to` was asked for them

    PairRows() = default;
    /// Magnitudes beyond what squares can take are cut off there: such rows are too far away for any kernel to tell.
    template <class T>
    PairRows(const Sample<T>& sample, const PairFrame& frame);
    /// Some rows of two others of one frame: first those of `first`, counted on into `second` (which may be null).
    PairRows(const PairRows& first, const PairRows* second, std::span<const std::size_t> chosen);

    /// The finest step that these rows can be rounded to; 0 if all of them are zero.
    [[nodiscard]] double finest_step() const;
    /// Fills `steps`, once; leaves them empty, so that distances are those of floats, where the step is too fine.
    void round_to(double step);

    [[nodiscard]] const W* row(std::size_t i) const noexcept { return rows.data() + i * stride; }
    [[nodiscard]] const W* panel(std::size_t p) const noexcept {
        return panels.data() + p * kernels::panel_rows * dimension;
    }

  private:
    void allocate(std::size_t row_count, std::size_t columns);
    void finish();  // panels and norms from rows
};

/// A panel of one side against rows of another (or of the same, where only pairs of a later with an earlier row count).
template <class W>
struct PairTile {
    const PairRows<W>* panel_side;
    const PairRows<W>* row_side;
    std::size_t panel;      ///< number
    std::size_t first_row;  ///< a multiple of tile_rows
    std::size_t rows;

    [[nodiscard]] bool on_diagonal() const noexcept {
        return panel_side == row_side && first_row + rows > panel * kernels::panel_rows;
    }
    /// Zeros where lane and row are no pair.
    void mask(W* values) const noexcept;
};

/// Squared distances of a tile, exact to a few units in the last place of each, not only of the norms: pairs close
/// together and far from the centre are computed again from differences. Of sides that are both rounded to one step,
/// those of the rounded rows, exact to as much.
template <class W>
void fill_squared_distances(const PairTile<W>& tile, W* values);

/// Calls visit(tile, squared distances) for every tile of panels of `panel_side` against rows of `row_side`.
template <class W, class Visit>
void for_each_tile(const PairRows<W>& panel_side, const PairRows<W>& row_side, Visit&& visit) {
    AlignedArray<W> values(kernels::tile_rows * kernels::panel_rows);
    const bool same = &panel_side == &row_side;
    for (std::size_t p = 0; p * kernels::panel_rows < panel_side.count; ++p) {
        const std::size_t end = same ? std::min(row_side.count, (p + 1) * kernels::panel_rows) : row_side.count;
        for (std::size_t j = 0; j < end; j += kernels::tile_rows) {
            const PairTile<W> tile{&panel_side, &row_side, p, j, std::min(kernels::tile_rows, end - j)};
            fill_squared_distances(tile, values.data());
            visit(tile, values.data());
        }
    }
}

}  // namespace vedette::inline v0::drift
