// SPDX-License-Identifier: Apache-2.0
// Sums over tiles of pairs.
#include "drift/pair_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/dispatch.hpp"
#include "stats/sort.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

using kernels::panel_rows;
using kernels::tile_rows;

std::vector<std::size_t> choose_rows(std::size_t rows, std::size_t most, std::uint64_t seed) {
    std::vector<std::size_t> chosen;
    std::vector<std::uint8_t> labels(rows, 1);
    // The last split there is: none of the permutations'.
    if (rows > most) stats::random_split(seed, std::numeric_limits<std::uint64_t>::max(), most, labels);
    for (std::size_t i = 0; i < rows; ++i)
        if (labels[i] != 0) chosen.push_back(i);
    return chosen;
}

// Sums of slope times squared differences, by features: sum of h (x_i - x_j)^2 = sums of H_i x_i^2 and H_j x_j^2, H the
// sums of h over a row, minus twice the sum of x_i (h x_j), a product as those that distances come from.
template <class W>
class SlopeSums {
  public:
    SlopeSums(const PairRows<W>& panel_side, const PairRows<W>& row_side)
        : panel_side_(panel_side),
          row_side_(row_side),
          tile_(tile_rows * panel_rows),
          products_(panel_side.dimension * panel_rows),
          by_lane_(panel_side.padded),
          by_row_(row_side.padded),
          features_(panel_side.dimension) {}

    void add(const PairTile<W>& tile, const W* squared, const PairKernel<W>& kernel) {
        const auto& table = kernels::pairs<W>(kernels::kernels());
        kernel.slope(squared, tile.rows, tile_.data());
        tile.mask(tile_.data());
        table.add_sums(tile_.data(), tile.rows, by_lane_.data() + tile.panel * panel_rows,
                       by_row_.data() + tile.first_row);
        if (tile.panel != panel_) flush();
        const kernels::PanelProduct<W> product{
            tile_.data(),     tile.rows, row_side_.row(tile.first_row), 1, row_side_.stride, row_side_.dimension,
            products_.data(), filled_};
        table.multiply(&product);
        filled_ = true;
        panel_ = tile.panel;
    }

    std::vector<double> finish() {
        flush();
        const auto add_norms = [&](const PairRows<W>& side, const std::vector<double>& sums) {
            double* const features = features_.data();
            const std::size_t count = features_.size();
            for (std::size_t i = 0; i < side.count; ++i) {
                const W* const row = side.row(i);
                const double sum = sums[i];
                for (std::size_t f = 0; f < count; ++f) {
                    const auto x = static_cast<double>(row[f]);
                    features[f] += sum * (x * x);
                }
            }
        };
        add_norms(panel_side_, by_lane_);
        add_norms(row_side_, by_row_);
        return features_;
    }

  private:
    void flush() {
        if (!filled_) return;
        const W* const panel = panel_side_.panel(panel_);
        for (std::size_t f = 0; f < features_.size(); ++f) {
            double sum[4] = {};
            for (std::size_t i = 0; i < panel_rows; ++i)
                sum[i % 4] +=
                    static_cast<double>(panel[f * panel_rows + i]) * static_cast<double>(products_[f * panel_rows + i]);
            features_[f] -= 2.0 * ((sum[0] + sum[2]) + (sum[1] + sum[3]));
        }
        filled_ = false;
    }

    const PairRows<W>& panel_side_;
    const PairRows<W>& row_side_;
    AlignedArray<W> tile_;
    AlignedArray<W> products_;
    std::vector<double> by_lane_;
    std::vector<double> by_row_;
    std::vector<double> features_;
    std::size_t panel_ = 0;
    bool filled_ = false;
};

template <class W>
void write_bytes(const PairTile<W>& tile, std::size_t function, const W* values, const ByteTarget<W>& bytes) {
    const std::size_t pooled_panel = bytes.first_panel_row / panel_rows + tile.panel;
    const std::size_t pooled_row = bytes.first_row + tile.first_row;
    std::uint32_t* const sums = bytes.row_sums[function].data();
    kernels::pairs<W>(kernels::kernels())
        .quantise(values, tile.rows, bytes.ranges[function].low, bytes.ranges[function].scale,
                  bytes.panels[function].panel(pooled_panel) + pooled_row * panel_rows,
                  sums + pooled_panel * panel_rows, sums + pooled_row);
}

}  // namespace

template <class W>
DistanceSample<W>::DistanceSample(const PairRows<W>& first, const PairRows<W>* second, std::uint64_t seed) {
    const std::vector<std::size_t> chosen =
        choose_rows(first.count + (second == nullptr ? 0 : second->count), most_rows, seed);
    const PairRows<W> rows(first, second, chosen);
    squared_.reserve(chosen.size() * chosen.size() / 2);
    for_each_tile(rows, rows, [&](const PairTile<W>& tile, const W* squared) {
        for (std::size_t j = 0; j < tile.rows; ++j) {
            const std::size_t row = tile.first_row + j, lane = tile.panel * panel_rows;
            const std::size_t begin = row < lane ? 0 : row - lane + 1;
            const std::size_t end = std::min(panel_rows, rows.count - lane);
            if (begin < end)
                squared_.insert(squared_.end(), squared + j * panel_rows + begin, squared + j * panel_rows + end);
        }
    });
    stats::sort_ascending(squared_);
}

template <class W>
double DistanceSample<W>::median() const {
    if (squared_.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto middle_of = [](std::span<const W> sorted) {
        const std::size_t half = sorted.size() / 2;
        const auto upper = static_cast<double>(sorted[half]);
        return sorted.size() % 2 != 0 ? upper : 0.5 * (upper + static_cast<double>(sorted[half - 1]));
    };
    const double all = middle_of(squared_);
    if (all > 0.0) return all;
    const auto positive = std::upper_bound(squared_.begin(), squared_.end(), W{0});
    return positive == squared_.end() ? 0.0 : middle_of({positive, squared_.end()});
}

template <class W>
double DistanceSample<W>::quantile(double level) const {
    if (squared_.empty()) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(squared_[static_cast<std::size_t>(level * static_cast<double>(squared_.size() - 1))]);
}

template <class W>
std::vector<ByteRange<W>> DistanceSample<W>::ranges(const PairKernel<W>& kernel) const {
    std::vector<ByteRange<W>> ranges(kernel.functions());
    if (squared_.empty()) return ranges;
    AlignedArray<W> places(tile_rows * panel_rows), values(tile_rows * panel_rows);
    places[0] = static_cast<W>(quantile(0.01));
    places[1] = static_cast<W>(quantile(0.99));
    places[2] = squared_.front();
    places[3] = squared_.back();
    for (std::size_t f = 0; f < ranges.size(); ++f) {
        kernel.evaluate(f, places.data(), 1, values.data());
        const W inner = std::min(values[0], values[1]), outer = std::max(values[0], values[1]);
        const W beyond = W(0.5) * (outer - inner);
        W low = std::min(values[2], values[3]), high = std::max(values[2], values[3]);
        if (beyond > W{0}) {
            low = std::max(low, inner - beyond);
            high = std::min(high, outer + beyond);
        }
        ranges[f].low = low;
        const W scale = W{255} / (high - low);
        ranges[f].scale = high > low && std::isfinite(scale) ? scale : W{0};
    }
    return ranges;
}

double PairSums::total(std::size_t function) const noexcept {
    const std::vector<double>& sums = by_panel_row[function];
    const double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
    return by_row.empty() ? 0.5 * sum : sum;  // within a side each pair is in two rows' sums
}

template <class W>
PairSums sum_pairs(const PairRows<W>& panel_side, const PairRows<W>& row_side, const PairKernel<W>& kernel,
                   const ByteTarget<W>* bytes, bool with_slopes) {
    const auto& table = kernels::pairs<W>(kernels::kernels());
    const std::size_t functions = kernel.functions();
    PairSums sums;
    sums.by_panel_row.assign(functions, std::vector<double>(panel_side.padded));
    sums.by_row.assign(functions, std::vector<double>(row_side.padded));
    sums.squares.assign(functions, 0.0);
    SlopeSums<W> slopes(panel_side, row_side);
    AlignedArray<W> values(tile_rows * panel_rows);
    for_each_tile(panel_side, row_side, [&](const PairTile<W>& tile, const W* squared) {
        for (std::size_t f = 0; f < functions; ++f) {
            kernel.evaluate(f, squared, tile.rows, values.data());
            tile.mask(values.data());
            table.add_sums(values.data(), tile.rows, sums.by_panel_row[f].data() + tile.panel * panel_rows,
                           sums.by_row[f].data() + tile.first_row);
            if (kernel.wants_squares()) sums.squares[f] += table.sum_squares(values.data(), tile.rows);
            if (bytes != nullptr) write_bytes(tile, f, values.data(), *bytes);
        }
        if (with_slopes) slopes.add(tile, squared, kernel);
    });
    if (with_slopes) sums.slopes = slopes.finish();
    for (std::size_t f = 0; f < functions; ++f) {
        if (&panel_side == &row_side)
            for (std::size_t i = 0; i < panel_side.count; ++i) sums.by_panel_row[f][i] += sums.by_row[f][i];
        sums.by_panel_row[f].resize(panel_side.count);
        sums.by_row[f].resize(row_side.count);
    }
    if (&panel_side == &row_side) sums.by_row.clear();
    return sums;
}

template <class W>
std::vector<double> sum_slopes(const PairRows<W>& panel_side, const PairRows<W>& row_side,
                               const PairKernel<W>& kernel) {
    SlopeSums<W> slopes(panel_side, row_side);
    for_each_tile(panel_side, row_side,
                  [&](const PairTile<W>& tile, const W* squared) { slopes.add(tile, squared, kernel); });
    return slopes.finish();
}

template class DistanceSample<float>;
template class DistanceSample<double>;
template PairSums sum_pairs(const PairRows<float>&, const PairRows<float>&, const PairKernel<float>&,
                            const ByteTarget<float>*, bool);
template PairSums sum_pairs(const PairRows<double>&, const PairRows<double>&, const PairKernel<double>&,
                            const ByteTarget<double>*, bool);
template std::vector<double> sum_slopes(const PairRows<float>&, const PairRows<float>&, const PairKernel<float>&);
template std::vector<double> sum_slopes(const PairRows<double>&, const PairRows<double>&, const PairKernel<double>&);

}  // namespace vedette::inline v0::drift
