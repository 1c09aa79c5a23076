// SPDX-License-Identifier: Apache-2.0
// The search, block by block of panels.
#include "perturbation/neighbour_search.hpp"

#include <cmath>

namespace vedette::inline v0::perturbation {
namespace {

constexpr std::size_t panel_rows = kernels::product_rows;
constexpr std::size_t block_panels = 256;
constexpr std::size_t block_rows = block_panels * panel_rows;
// Of a row, and of a request.
constexpr double largest_code = 127.0, largest_query_code = 63.0;
// What the product of codes, scaled in float, and 1 - distance^2 / 2 differ by beyond the codes' errors: half of two
// norms' tolerance, and three roundings of at most 1.1.
constexpr double scan_slack = unit_tolerance + 4e-7;

// Squared distance to row `first` of a panel.
double panel_gap(const float* x, const float* panel, std::size_t first, std::size_t count) noexcept {
    float row[most_embedding_columns];
    for (std::size_t i = 0; i < count; ++i) row[i] = panel[i * panel_rows + first];
    return kernels::kernels().scores.squared_gap(x, row, count);
}

// Eight maxima at a time, which a compiler turns into vectors: one after the other they would wait for each other.
float panel_maximum(const float* x) noexcept {
    float most[8];
    std::copy_n(x, 8, most);
    for (std::size_t i = 8; i < panel_rows; i += 8)
        for (std::size_t k = 0; k < 8; ++k) most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
    for (std::size_t width = 4; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k) most[k] = most[k + width] > most[k] ? most[k + width] : most[k];
    return most[0];
}

// Of `count` nearnesses one that `wanted` of them have at least: the wanted-th largest of maxima over groups of rows,
// from which `reach(first of the group)` is taken away. `order` has room for `count`; -Inf where there are too few.
template <class Reach>
double wanted_nearness(const float* nearness, std::size_t count, std::size_t wanted, float* order,
                       const Reach& reach) noexcept {
    if (count < wanted) return -std::numeric_limits<double>::infinity();
    std::size_t width = panel_rows;
    while (width > 1 && count / width < 2 * wanted) width /= 4;
    width = std::max<std::size_t>(width, 1);
    std::size_t groups = 0;
    for (std::size_t i = 0; i < count; i += width) {
        const std::size_t end = std::min(i + width, count);
        const float top =
            end - i == panel_rows ? panel_maximum(nearness + i) : *std::max_element(nearness + i, nearness + end);
        order[groups++] = static_cast<float>(static_cast<double>(top) - reach(i) - 1e-7);
    }
    std::nth_element(order, order + (wanted - 1), order + groups, std::greater<>());
    return static_cast<double>(order[wanted - 1]);
}

// Codes of x, and the norm of what they leave out; returns their unit.
float encode(const float* x, std::size_t count, double most, std::int8_t* codes, double& error) noexcept {
    float largest = 0.0F;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x[i]));
    const auto unit = static_cast<float>(static_cast<double>(largest) / most);
    const double inverse = 1.0 / static_cast<double>(unit);
    constexpr double to_even = 0x1.8p52;  // added and taken away again, it rounds to a whole number
    double square = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        const double value = static_cast<double>(x[i]);
        const double code = std::clamp((value * inverse + to_even) - to_even, -most, most);
        const double rest = value - code * static_cast<double>(unit);
        codes[i] = static_cast<std::int8_t>(code);
        square += rest * rest;
    }
    error = std::sqrt(square) * (1.0 + 1e-12);
    return unit;
}

// Whoever made the rows has refused columns that are none.
std::size_t row_count(std::span<const float> rows, std::size_t columns) noexcept {
    return columns == 0 ? 0 : rows.size() / columns;
}

}  // namespace

FloatScan::FloatScan(std::span<const float> rows, std::size_t columns)
    : known_(PanelMatrix::from(matrix_of(rows, columns), false)) {}

void FloatScan::search(const float* x, LeastOf& least) const noexcept {
    constexpr std::size_t first_rows = 64 * panel_rows;
    const std::size_t columns = known_.columns();
    const float* const values = known_.values().data();
    // Of unit vectors the square is 2 - 2 x'r, but for norms' rounding and d roundings of the product.
    const double slack = 2.0 * unit_tolerance + 2.0 * 1.02 * static_cast<double>(columns + 4) * 0x1p-24;
    // Of one panel's rows, those near enough.
    const auto offer = [&](const float* products, std::size_t first, std::size_t count, double lowest) noexcept {
        const auto enough = static_cast<float>(std::max(lowest, 1.0 - 0.5 * (least.limit() + slack)) - 1e-7);
        // Without a branch a compiler turns it into vectors; a missing row's product is 0, which is no harm.
        std::uint32_t near = 0;
        for (std::size_t i = 0; i < panel_rows; ++i) near |= products[i] >= enough ? 1U : 0U;
        if (near == 0) return;
        for (std::size_t i = 0; i < count; ++i) {
            const auto product = static_cast<double>(products[i]);
            if (product < lowest || product < 1.0 - 0.5 * (least.limit() + slack)) continue;
            least.offer(panel_gap(x, values + first * columns, i, columns));
        }
    };
    // Of the first rows all products are found before a distance is: while there is no limit yet, each row would be
    // measured.
    float nearness[first_rows], order[first_rows];
    const std::size_t begin = std::min(first_rows, known_.rows());
    constexpr double none = -std::numeric_limits<double>::infinity();
    known_.for_each_product(x, [&](std::size_t first, std::size_t count, const float* products) {
        if (first >= begin) return offer(products, first, count, none);
        std::copy_n(products, panel_rows, nearness + first);
        if (first + count < begin) return;
        const double lowest =
            wanted_nearness(nearness, begin, least.wanted(), order, [=](std::size_t) { return slack; });
        for (std::size_t row = 0; row < begin; row += panel_rows)
            offer(nearness + row, row, std::min(panel_rows, begin - row), lowest);
    });
}

std::vector<float> FloatScan::rows() const {
    const std::size_t columns = known_.columns();
    std::vector<float> out(known_.rows() * columns);
    for (std::size_t row = 0; row < known_.rows(); ++row) {
        const float* const panel = known_.values().data() + row / panel_rows * panel_rows * columns;
        for (std::size_t k = 0; k < columns; ++k) out[row * columns + k] = panel[k * panel_rows + row % panel_rows];
    }
    return out;
}

// The request's codes.
struct CodeScan::Query {
    std::int8_t codes[most_embedding_columns];
    float unit;
    double error;

    Query(const float* x, std::size_t columns) noexcept {
        unit = encode(x, columns, largest_query_code, codes, error);
        std::fill(codes + columns, codes + (columns + 3) / 4 * 4, std::int8_t{0});
    }
    // |x'r - x''r''| <= |x - x''| |r| + |x''| |r - r''|, both of norm one but for rounding.
    [[nodiscard]] double reach(double row_error) const noexcept {
        return (error + (1.0 + error) * row_error) * (1.0 + unit_tolerance) + scan_slack;
    }
};

// What a block's scan found: 1 - distance^2 / 2 of every row but for the panel's reach.
struct CodeScan::Found {
    std::size_t first = 0;
    std::size_t rows = 0;
    float nearness[block_rows];
    float largest[block_panels];
    union {
        float order[block_rows];               // while a limit is sought
        std::uint16_t candidates[block_rows];  // then
    };
    [[nodiscard]] std::size_t panels() const noexcept { return (rows + panel_rows - 1) / panel_rows; }
};

CodeScan::CodeScan(std::span<const float> rows, std::size_t columns)
    : rows_(rows.begin(), rows.end()), columns_(columns), count_(row_count(rows, columns)) {
    const std::size_t panels = (count_ + panel_rows - 1) / panel_rows, depth = (columns + 3) / 4 * 4;
    lines_.resize(panels * panel_rows * depth / sizeof(Line));
    scales_.resize(panels * panel_rows);
    offsets_.resize(panels * panel_rows);
    errors_.resize(panels);
    std::vector<std::int8_t> codes(columns);
    for (std::size_t row = 0; row < count_; ++row) {
        const std::size_t panel = row / panel_rows;
        double error = 0.0;
        scales_[row] = encode(rows_.data() + row * columns, columns, largest_code, codes.data(), error);
        errors_[panel] = std::max(errors_[panel], error);
        std::int8_t* const out =
            reinterpret_cast<std::int8_t*>(lines_.data()) + panel * panel_rows * depth + row % panel_rows * 4;
        for (std::size_t k = 0; k < columns; ++k) {
            out[k / 4 * panel_rows * 4 + k % 4] = codes[k];
            offsets_[row] -= 64 * codes[k];
        }
    }
}

void CodeScan::scan(const Query& query, std::size_t first, std::size_t panels, Found& found) const noexcept {
    const std::size_t groups = (columns_ + 3) / 4;
    found.first = first * panel_rows;
    found.rows = std::min(panels * panel_rows, count_ - found.first);
    const kernels::CodePanels block{
        reinterpret_cast<const std::int8_t*>(lines_.data()) + first * groups * 4 * panel_rows,
        scales_.data() + found.first, offsets_.data() + found.first, groups, panels};
    kernels::code_products()(&block, query.codes, query.unit, found.nearness, found.largest);
    if (found.rows == panels * panel_rows) return;
    const float* const last = found.nearness + (panels - 1) * panel_rows;
    found.largest[panels - 1] = *std::max_element(last, static_cast<const float*>(found.nearness) + found.rows);
}

// A nearness that `wanted` rows of the first block have at least.
double CodeScan::first_limit(const Query& query, std::size_t wanted, Found& found) const noexcept {
    return wanted_nearness(found.nearness, found.rows, wanted, found.order,
                           [&](std::size_t i) { return query.reach(errors_[(found.first + i) / panel_rows]); });
}

void CodeScan::search(const float* x, LeastOf& least) const noexcept {
    const Query query(x, columns_);
    const auto distance = kernels::kernels().scores.squared_gap;
    Found found;
    const std::size_t panels = errors_.size();
    for (std::size_t first = 0; first < panels; first += block_panels) {
        scan(query, first, std::min(block_panels, panels - first), found);
        const double limit = first == 0 ? first_limit(query, least.wanted(), found) : 1.0 - 0.5 * least.limit();
        std::size_t count = 0;
        for (std::size_t p = 0; p < found.panels(); ++p) {
            const double lowest = limit - query.reach(errors_[first + p]);
            if (static_cast<double>(found.largest[p]) < lowest) continue;
            const std::size_t end = std::min((p + 1) * panel_rows, found.rows);
            for (std::size_t i = p * panel_rows; i < end; ++i) {
                found.candidates[count] = static_cast<std::uint16_t>(i);
                count += static_cast<double>(found.nearness[i]) >= lowest ? 1 : 0;
            }
        }
        for (std::size_t c = 0; c < count; ++c) {
            const std::size_t i = found.candidates[c], row = found.first + i;
            if (c + 4 < count) {
                const float* const next = rows_.data() + (found.first + found.candidates[c + 4]) * columns_;
                for (std::size_t k = 0; k < std::min<std::size_t>(columns_, 128); k += 16) __builtin_prefetch(next + k);
            }
            const double lowest = 1.0 - 0.5 * least.limit() - query.reach(errors_[row / panel_rows]);
            if (static_cast<double>(found.nearness[i]) < lowest) continue;
            least.offer(distance(x, rows_.data() + row * columns_, columns_));
        }
    }
}

}  // namespace vedette::inline v0::perturbation
