// SPDX-License-Identifier: Apache-2.0
// Chords and tangents of hockey-stick curves, as masses on a grid, with every rounding error charged to its side.
//
// In x = e^loss the curve h(x) = sum of (P - x Q)+ is convex, and a measure on grid points is a convex function with
// kinks there alone. Compositions are monotone in each factor's curve, and in each mass.
#include "privacy/loss_grid.hpp"

#include <algorithm>
#include <cmath>

namespace vedette::inline v0::privacy {
namespace {

constexpr double unit = 0x1p-53;

// The error bound that LossTails promise, the logarithm by the exponent.
double tail_error(double tail) noexcept {
    if (tail < 1e-300) return 1e-307;
    return tail * unit * (8.0 - 2.8 * static_cast<double>(std::ilogb(tail)));
}

struct Mass {
    double value;
    double error;
};

Mass between(double above_low, double below_low, double above_high, double below_high, double roundings) noexcept {
    const bool upper = above_low < below_high;
    const double big = upper ? above_low : below_high;
    const double small = upper ? above_high : below_low;
    return {std::max(0.0, big - small), roundings * (tail_error(big) + tail_error(small))};
}

Mass p_between(const LossTails& low, const LossTails& high) noexcept {
    return between(low.p_above, low.p_below, high.p_above, high.p_below, std::max(low.roundings, high.roundings));
}

Mass q_between(const LossTails& low, const LossTails& high) noexcept {
    return between(low.q_above, low.q_below, high.q_above, high.q_below, std::max(low.roundings, high.roundings));
}

struct Span {
    std::int64_t first;
    std::int64_t last;
};

Span grid_span(const LossLaw& law, double step, double tail) {
    const LossRange range = law.range(tail);
    // A loss on a grid point may be computed a rounding error beyond it.
    return {static_cast<std::int64_t>(std::floor(range.least / step)) - 1,
            static_cast<std::int64_t>(std::ceil(range.greatest / step)) + 1};
}

// One cell of the partition that the tangents belong to: masses, and their difference at the grid point.
struct Cell {
    double p = 0.0;
    double q = 0.0;       // x Q
    double excess = 0.0;  // P - x Q
    double error = 0.0;
};

Cell make_cell(const Mass& p, const Mass& q, double loss) noexcept {
    const double x = std::exp(loss);
    Cell cell;
    cell.p = p.value;
    cell.q = q.value == 0.0 ? 0.0 : x * q.value;
    cell.error = p.error + x * q.error + (4.0 + 2.0 * std::fabs(loss)) * unit * (p.value + cell.q);
    cell.excess = p.value - cell.q;
    return cell;
}

// An atom off the grid, or an end steeper than the grid, would make masses negative beside it: there the losses of a
// whole cell are lowered to a grid point instead, at a cost in proportion to the step. From above downwards, so that
// what a cell receives is judged with it.
void lower_atoms(std::vector<Cell>& cells, double step) noexcept {
    const double right = std::expm1(step);
    const double left = -std::expm1(-step);
    for (std::size_t i = cells.size(); i-- > 0;) {
        Cell& cell = cells[i];
        if (std::fabs(cell.excess) <= cell.error) {
            cell.excess = 0.0;
        } else if (cell.excess > 0.0) {
            if (i > 0 && cell.excess > 0.5 * right * cells[i - 1].q) {
                cell.q = cell.p;
                cell.excess = 0.0;
            }
        } else if (i + 1 == cells.size() || -cell.excess > 0.5 * left * std::min(cells[i + 1].p, cells[i + 1].q)) {
            if (i > 0) {
                Cell& before = cells[i - 1];
                before.p += cell.p;
                before.q += cell.p;
                before.error += cell.error;
            }
            cell = {};
        }
    }
    // A cell that was judged by one before it which has gone since.
    for (std::size_t i = 1; i < cells.size(); ++i) {
        if (cells[i].excess <= 0.5 * right * cells[i - 1].q) continue;
        cells[i].q = cells[i].p;
        cells[i].excess = 0.0;
    }
}

}  // namespace

double grid_points(const LossLaw& law, double step, double tail) {
    const LossRange range = law.range(tail);
    return (range.greatest - range.least) / step + 6.0;
}

LossMeasure chords(const LossLaw& law, double step, double tail) {
    const Span span = grid_span(law, step, tail);
    const auto n = static_cast<std::size_t>(span.last - span.first + 1);
    LossMeasure result{span.first, std::vector<double>(n, 0.0), 0.0};
    const double width = -std::expm1(-step);
    LossTails low = law.at(static_cast<double>(span.first) * step);
    result.mass[0] = low.p_below + low.roundings * tail_error(low.p_below);
    for (std::size_t i = 0; i + 1 < n; ++i) {
        const double loss = static_cast<double>(span.first + static_cast<std::int64_t>(i)) * step;
        const LossTails high = law.at(loss + step);
        const Mass p = p_between(low, high);
        const Mass q = q_between(low, high);
        const Cell cell = make_cell(p, q, loss);
        // What the cell's mass is divided into: at least as much of it above as there is, and in all at least as much
        // as there is. So an error of the division costs its size times the cell's width, not its size.
        const double most = p.value + p.error;
        const double up = std::clamp((cell.excess + cell.error) / width * (1.0 + 4.0 * unit), 0.0, most);
        result.mass[i + 1] += up;
        result.mass[i] += (most - up) * (1.0 + 2.0 * unit);
        low = high;
    }
    result.infinite = low.p_above + low.roundings * tail_error(low.p_above);
    if (law.infinite() == 0.0 && low.p_above == 0.0) result.infinite = 0.0;
    return result;
}

LossMeasure tangents(const LossLaw& law, double step, double tail) {
    const Span span = grid_span(law, step, tail);
    const auto n = static_cast<std::size_t>(span.last - span.first + 1);
    const double middle = std::log1p(0.5 * std::expm1(step));  // of two grid points, in x
    std::vector<Cell> cells(n);
    LossTails low{1.0, 0.0, 1.0, 0.0};
    for (std::size_t i = 0; i < n; ++i) {
        const double loss = static_cast<double>(span.first + static_cast<std::int64_t>(i)) * step;
        const LossTails high =
            i + 1 < n ? law.at(loss + middle) : LossTails{law.infinite(), 1.0 - law.infinite(), 0.0, 1.0};
        cells[i] = make_cell(p_between(low, high), q_between(low, high), loss);
        low = high;
    }
    lower_atoms(cells, step);
    const double right = std::expm1(step);
    const double left = -std::expm1(-step);
    LossMeasure result{span.first, std::vector<double>(n), law.infinite()};
    for (std::size_t i = 0; i < n; ++i) {
        // The line above the grid point may have to be lowered at its ends: by `over` at the next grid point, by
        // `under` at this one.
        const Cell next = i + 1 < n ? cells[i + 1] : Cell{};
        const Cell before = i > 0 ? cells[i - 1] : Cell{};
        const double over = std::max(next.excess, 0.0);
        const double under = std::max(-cells[i].excess, 0.0);
        const double over_before = std::max(cells[i].excess, 0.0);
        const double under_before = std::max(-before.excess, 0.0);
        const double mass = cells[i].q - (over - under) / right + (over_before - under_before) / (i > 0 ? left : 1.0);
        result.mass[i] = std::max(0.0, mass - (2.0 * cells[i].error + next.error + before.error) / left);
    }
    return result;
}

}  // namespace vedette::inline v0::privacy
