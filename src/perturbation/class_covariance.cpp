// SPDX-License-Identifier: Apache-2.0
// Two passes over the rows: sums of classes, then products of columns, block by block through the kernel of products.
#include "perturbation/class_covariance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/dispatch.hpp"
#include "perturbation/linear_head.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr double largest_value = 1e30;

Eigen::Index index_of(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

// Sums of products of each two columns over rows that come one by one. Columns lie in panels, which serve the kernel on
// either side: nothing is transposed.
class ColumnProducts {
  public:
    explicit ColumnProducts(std::size_t columns)
        : columns_(columns),
          panels_((columns + width - 1) / width),
          block_(panels_ * depth * width / line_size),
          sums_(panels_ * (panels_ + 1) / 2 * width * width / line_size) {}

    /// Of the next row, its parts: each(first column, number of columns, where they go).
    template <class Each>
    void add(Each&& each) {
        for (std::size_t first = 0; first < columns_; first += width)
            each(first, std::min(width, columns_ - first), panel(first / width) + held_ * width);
        if (++held_ == depth) multiply();
    }

    [[nodiscard]] Eigen::MatrixXd finish() {
        if (held_ > 0) multiply();
        Eigen::MatrixXd products(index_of(columns_), index_of(columns_));
        const double* sum = values(sums_);
        for (std::size_t first = 0; first < panels_ * width; first += width) {
            for (std::size_t c = first; c < panels_ * width; ++c, sum += width) {
                for (std::size_t i = 0; i < width && first + i <= c && c < columns_; ++i) {
                    products(index_of(first + i), index_of(c)) = sum[i];
                    products(index_of(c), index_of(first + i)) = sum[i];
                }
            }
        }
        return products;
    }

  private:
    static constexpr std::size_t width = kernels::panel_rows;
    // Rows of a block: two panels of them fit the first cache, those of 512 columns the second.
    static constexpr std::size_t depth = 96;
    static constexpr std::size_t line_size = 8;
    struct alignas(64) Line {
        double x[line_size];
    };

    [[nodiscard]] static double* values(std::vector<Line>& lines) noexcept {
        return reinterpret_cast<double*>(lines.data());
    }
    [[nodiscard]] double* panel(std::size_t p) noexcept { return values(block_) + p * depth * width; }

    void multiply() noexcept {
        const auto& kernel = kernels::kernels().pairs_f64;
        double* sum = values(sums_);
        for (std::size_t p = 0; p < panels_; ++p) {
            for (std::size_t q = p; q < panels_; ++q, sum += width * width) {
                const kernels::PanelProduct<double> product{panel(p), held_, panel(q), 1, width, width, sum, true};
                kernel.multiply(&product);
            }
        }
        held_ = 0;
    }

    std::size_t columns_, panels_, held_ = 0;
    std::vector<Line> block_;
    std::vector<Line> sums_;  // of each panel with itself and those after it
};

// What a row is multiplied by: 1, or 1 over its norm.
double scale_of(const std::string& owner, const float* row, std::size_t count, std::size_t i, bool normalise) {
    std::size_t insane = 0;
    for (std::size_t j = 0; j < count; ++j) insane += std::abs(static_cast<double>(row[j])) <= largest_value ? 0U : 1U;
    if (insane > 0) {
        const auto* const at = std::find_if(
            row, row + count, [](float x) { return !(std::abs(static_cast<double>(x)) <= largest_value); });
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{}: row {}, column {} is {}, must lie within 1e30", owner, i, at - row, *at));
    }
    if (!normalise) return 1.0;
    const double square = squared_length(row, count);
    if (square == 0.0) throw Error(ErrorCode::invalid_argument, fmt::format("{}: row {} has norm zero", owner, i));
    return 1.0 / std::sqrt(square);
}

// Rows one after the other, contiguous whatever the view's strides.
class RowReader {
  public:
    explicit RowReader(MatrixView<float> rows) : rows_(rows), copy_(rows.is_row_major() ? 0 : rows.columns()) {}
    [[nodiscard]] const float* row(std::size_t i) noexcept {
        if (rows_.is_row_major()) return &rows_(i, 0);
        for (std::size_t j = 0; j < copy_.size(); ++j) copy_[j] = rows_(i, j);
        return copy_.data();
    }

  private:
    MatrixView<float> rows_;
    std::vector<float> copy_;
};

}  // namespace

Eigen::MatrixXd ClassCovariance::total() const {
    ColumnProducts products(static_cast<std::size_t>(mean.size()));
    double count = 0.0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
        const auto weight = static_cast<double>(counts[c]);
        const Eigen::RowVectorXd row = std::sqrt(weight) * (means.row(index_of(c)) - mean);
        products.add(
            [&](std::size_t first, std::size_t width, double* out) { std::copy_n(row.data() + first, width, out); });
        count += weight;
    }
    return within + products.finish() / count;
}

ClassCovariance class_covariance(const std::string& owner, MatrixView<float> rows,
                                 std::span<const std::uint32_t> labels, std::size_t classes, bool normalise) {
    const std::size_t n = rows.rows(), d = rows.columns();
    ClassCovariance made{Eigen::RowVectorXd::Zero(index_of(d)),
                         RowMajorMatrix::Zero(index_of(classes), index_of(d)),
                         std::vector<std::size_t>(classes),
                         {}};
    for (std::size_t i = 0; i < n; ++i) {
        if (labels[i] >= classes)
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{}: labels[{}] is {}, must be below {}", owner, i, labels[i], classes));
        ++made.counts[labels[i]];
    }
    const auto empty = std::find(made.counts.begin(), made.counts.end(), std::size_t{0});
    if (empty != made.counts.end())
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("{}: class {} has no row", owner, empty - made.counts.begin()));
    RowReader reader(rows);
    std::vector<double> scales(n);
    // About the first row, so that a column of one value varies by nothing at all.
    Eigen::RowVectorXd first(index_of(d));
    for (std::size_t i = 0; i < n; ++i) {
        const float* const row = reader.row(i);
        scales[i] = scale_of(owner, row, d, i, normalise);
        const Eigen::Map<const Eigen::RowVectorXf> values(row, index_of(d));
        if (i == 0) first = values.cast<double>() * scales[0];
        made.means.row(index_of(labels[i])) += values.cast<double>() * scales[i] - first;
    }
    made.mean = first + made.means.colwise().sum() / static_cast<double>(n);
    for (std::size_t c = 0; c < classes; ++c)
        made.means.row(index_of(c)) = first + made.means.row(index_of(c)) / static_cast<double>(made.counts[c]);
    ColumnProducts products(d);
    constexpr double none = std::numeric_limits<double>::infinity();
    const auto place = kernels::kernels().pairs_f64.place_f32;
    for (std::size_t i = 0; i < n; ++i) {
        const float* const row = reader.row(i);
        const double* const centre = &made.means(index_of(labels[i]), 0);
        products.add([&](std::size_t begin, std::size_t width, double* out) {
            const kernels::PairPlace centred{centre + begin, scales[i], 1.0, none, 0.0, none};
            place(row + begin, width, &centred, out);
        });
    }
    made.within = products.finish() / static_cast<double>(n);
    return made;
}

}  // namespace vedette::inline v0::perturbation
