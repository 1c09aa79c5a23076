// SPDX-License-Identifier: Apache-2.0
// The search, block by block of panels.
#include "perturbation/nearest_class.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "perturbation/linear_head.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr std::size_t panel_rows = kernels::product_rows;
constexpr std::size_t block_panels = 32;
constexpr std::size_t block_rows = block_panels * panel_rows;
// With fewer points a request is multiplied sooner than put in words.
constexpr std::size_t fewest_for_words = panel_rows + 1;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
// Beyond it a product might not be a float.
constexpr double largest_product = 1e37;
// More than |w|^2 - 2 z'w in float commonly differs by rounding, relative to each of the two.
constexpr double rounding = 1e-6;
// So much of a distance may be lost before all rows are measured in double.
constexpr double most_cancelled = 1e-5;
// A row without words, and what underflows in float, is shorter.
constexpr double wordless = 1e-25, underflow = 1e-36;

std::vector<double> squared_lengths(std::span<const float> rows, std::size_t columns) {
    const Eigen::VectorXd norms = matrix_of(rows, columns).rowwise().squaredNorm();
    return {norms.begin(), norms.end()};
}

}  // namespace

NearestClass::NearestClass(std::vector<float> rows, std::size_t columns)
    : columns_(columns),
      rows_(std::move(rows)),
      panels_(PanelMatrix::from(matrix_of(rows_, columns), false)),
      norms_(squared_lengths(rows_, columns)),
      pairs_((columns + 1) / 2) {
    for (const double norm : norms_) longest_ = std::max(longest_, std::sqrt(norm));
    if (norms_.size() < fewest_for_words) return;
    const std::size_t panels = (norms_.size() + panel_rows - 1) / panel_rows;
    lines_.resize(panels * pairs_ * 2);
    units_.resize(panels * panel_rows);
    padded_norms_.resize(panels * panel_rows, std::numeric_limits<float>::infinity());
    extremes_.resize(panels);
    std::vector<std::int16_t> words(columns);
    for (std::size_t row = 0; row < norms_.size(); ++row) {
        const std::size_t panel = row / panel_rows;
        kernels::EncodedRow encoded{};
        kernels::kernels().scores.encode_words(rows_.data() + row * columns, columns, 1.0F, words.data(), nullptr,
                                               &encoded);
        units_[row] = encoded.unit;
        // Longer ones are not asked for by words.
        padded_norms_[row] = static_cast<float>(std::min(norms_[row], largest_product));
        extremes_[panel].square = std::max(extremes_[panel].square, norms_[row]);
        extremes_[panel].length = std::max(extremes_[panel].length, std::sqrt(norms_[row]));
        for (std::size_t k = 0; k < columns; ++k) {
            // Element (pair * 32 + row) * 2 + k % 2 of a panel, of which a line holds the half.
            const std::size_t at = (k / 2 * panel_rows + row % panel_rows) * 2 + k % 2;
            lines_[panel * pairs_ * 2 + at / 32].words[at % 32] = words[k];
        }
    }
}

double NearestClass::gap(const float* z, std::size_t row) const noexcept {
    return kernels::kernels().scores.squared_gap(z, rows_.data() + row * columns_, columns_);
}

NearestClass::Found NearestClass::find_by_products(const float* z, std::size_t first,
                                                   std::size_t count) const noexcept {
    kernels::NearestRow found;
    const kernels::RowPanels block{panels_.values().data() + first * columns_, norms_.data() + first, count, columns_};
    kernels::kernels().scores.nearest_row(&block, z, &found);
    // A coordinate that is not finite leaves no product finite.
    if (!std::isfinite(found.distance)) return {not_a_number, 0};
    const std::size_t row = first + found.row;
    // Once more without the cancellation of large squares.
    Found best{gap(z, row), static_cast<std::uint32_t>(row)};
    // Where they cancel more than the distance has of them, another class may be nearer.
    const double length = std::sqrt(std::max(0.0, best.square - static_cast<double>(found.distance)));
    if (rounding * longest_ * (longest_ + 2.0 * length) <= most_cancelled * best.square) return best;
    for (std::size_t i = first; i < first + count; ++i) {
        const double square = gap(z, i);
        if (square < best.square) best = {square, static_cast<std::uint32_t>(i)};
    }
    return best;
}

NearestClass::Found NearestClass::find(const float* z) const noexcept {
    return lines_.empty() ? find_by_products(z, 0, norms_.size()) : find_by_words(z);
}

// |z - w|^2 - |z|^2 = |w|^2 - 2 z'w, and of words z" and w" of z and w
// |z'w - z"'w"| <= |z - z"| |w| + |z"| |w - w"|, the gaps half a unit in each column.
NearestClass::Found NearestClass::find_by_words(const float* z) const noexcept {
    alignas(64) std::int16_t words[most_embedding_columns];
    const kernels::ScoreKernels& scores = kernels::kernels().scores;
    kernels::EncodedRow request;
    scores.encode_words(z, columns_, 1.0F, words, nullptr, &request);
    if (columns_ % 2 != 0) words[columns_] = 0;
    const double length = std::sqrt(request.square);
    const bool is_short = length * longest_ < largest_product && longest_ * longest_ < largest_product;
    if (!is_short) return find_by_products(z, 0, norms_.size());
    // Relative to |z| |w|, of both together; words are rounded within 0.51 of a unit, which is a 32,767th of a length.
    const double gaps =
        2.0 * 0.51 / static_cast<double>(kernels::largest_word) * std::sqrt(static_cast<double>(columns_)) * 1.01;
    const auto reach = [&](const Extremes& most) {
        const double product = (gaps + rounding) * length * most.length + wordless * (length + most.length);
        return 2.0 * product + rounding * most.square + underflow;
    };
    Found best{std::numeric_limits<double>::infinity(), 0};
    alignas(64) float distance[block_rows];  // |w|^2 - 2 z'w
    float nearest[block_panels];
    double reaches[block_panels];
    double limit = std::numeric_limits<double>::infinity();  // on the least of them
    for (std::size_t first = 0; first < extremes_.size(); first += block_panels) {
        const std::size_t panels = std::min(block_panels, extremes_.size() - first);
        const std::size_t begin = first * panel_rows, rows = std::min(panels * panel_rows, norms_.size() - begin);
        const kernels::WordPanels block{lines_[first * pairs_ * 2].words, units_.data() + begin,
                                        padded_norms_.data() + begin, pairs_, rows};
        scores.nearest_words(&block, words, 2.0F * request.unit, distance, nearest);
        for (std::size_t p = 0; p < panels; ++p) {
            reaches[p] = reach(extremes_[first + p]);
            limit = std::min(limit, static_cast<double>(nearest[p]) + reaches[p]);
        }
        std::uint16_t candidates[block_rows];
        std::size_t count = 0;
        for (std::size_t p = 0; p < panels; ++p) {
            const double exact = limit + reaches[p];
            const auto highest = static_cast<float>(exact + 2e-7 * std::abs(exact));  // not below it as a float either
            if (nearest[p] > highest) continue;
            for (std::size_t i = p * panel_rows; i < (p + 1) * panel_rows; ++i)
                if (distance[i] <= highest) candidates[count++] = static_cast<std::uint16_t>(i);
        }
        const auto offer = [&](const Found& found) {
            if (found.square < best.square) best = found;
        };
        if (count > std::max<std::size_t>(8, rows / 8)) {
            offer(find_by_products(z, begin, rows));
        } else {
            for (std::size_t c = 0; c < count; ++c) {
                const std::size_t row = begin + candidates[c];
                offer({gap(z, row), static_cast<std::uint32_t>(row)});
            }
        }
        limit = std::min(limit, best.square - request.square + 1e-9 * (best.square + request.square));
    }
    if (!(best.square < std::numeric_limits<double>::infinity())) return {not_a_number, 0};
    return best;
}

}  // namespace vedette::inline v0::perturbation
