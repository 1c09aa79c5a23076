// SPDX-License-Identifier: Apache-2.0
// A regular lower triangle in 16-bit whole numbers, and what that may change of any length it maps to.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/dispatch.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {

/// diag(row scales) Q diag(column scales), Q whole and a lower triangle, half the bytes of floats. What it is
/// multiplied with is put in two words a number, to about 25 bits of its length, so that products are of whole numbers,
/// exact.
class CompactTriangle {
  public:
    /// About `map`, a regular lower triangle; columns are measured by `column_scales`. Numbers are rounded from a row's
    /// last to its first, each with regard to what those behind it leave (Babai's nearest plane): rounded one by one
    /// they would err by the condition of the map. Throws Error(invalid_argument) for columns of a scale that is no
    /// normal float. O(d^3).
    static CompactTriangle from(const Eigen::MatrixXd& map, const Eigen::VectorXd& column_scales);
    /// Reads what `write` wrote; throws Error(corrupt_data).
    static CompactTriangle read(const Container& file, const std::string& name, std::size_t columns);
    /// Tensors `name`, "<name>_rows", "<name>_columns" and "<name>_error".
    void write(ContainerWriter& writer, const std::string& name) const;

    /// out[padded_rows()] = this * x[columns()]; out is aligned to 64 bytes.
    void multiply(const float* x, float* out) const noexcept;

    /// e so that | |this x|^2 / |map x|^2 - 1 | <= e for every x, but for rounding: of this = (1 + E) map, 2 |E| +
    /// |E|^2 with an upper bound of E's spectral norm.
    [[nodiscard]] double error() const noexcept { return error_; }
    /// The matrix that is stored.
    [[nodiscard]] Eigen::MatrixXd matrix() const;

    [[nodiscard]] std::size_t columns() const noexcept { return column_scales_.size(); }
    [[nodiscard]] std::size_t rows() const noexcept { return columns(); }
    [[nodiscard]] std::size_t padded_rows() const noexcept { return row_scales_.size(); }

  private:
    struct alignas(64) Line {
        std::int16_t x[32];
    };
    static constexpr std::size_t panel_rows = kernels::product_rows;
    static constexpr std::size_t panel_words = 2 * panel_rows;  // of a pair of columns

    explicit CompactTriangle(std::size_t columns);
    [[nodiscard]] std::size_t panels() const noexcept { return row_scales_.size() / panel_rows; }
    // Pairs of columns of a panel, all panels' but the last as many as it has rows at most.
    [[nodiscard]] std::size_t pairs_of(std::size_t panel) const noexcept {
        const std::size_t last = (panel + 1) * panel_rows;
        return last < columns() ? last / 2 : (columns() + 1) / 2;
    }
    // Where a panel begins.
    [[nodiscard]] std::size_t word_of(std::size_t panel) const noexcept {
        return panel_rows / 2 * (panel * (panel + 1) / 2) * panel_words;
    }
    [[nodiscard]] std::size_t word_of(std::size_t row, std::size_t column) const noexcept {
        return word_of(row / panel_rows) + (column / 2 * panel_rows + row % panel_rows) * 2 + column % 2;
    }
    [[nodiscard]] std::size_t words() const noexcept { return 32 * lines_.size(); }
    [[nodiscard]] std::int16_t& word(std::size_t at) noexcept { return lines_[at / 32].x[at % 32]; }
    [[nodiscard]] std::int16_t word(std::size_t at) const noexcept { return lines_[at / 32].x[at % 32]; }
    // The row's words are no longer than products in 32 bits allow.
    [[nodiscard]] bool is_short(std::size_t row) const noexcept;
    [[nodiscard]] const std::int16_t* data() const noexcept {
        return reinterpret_cast<const std::int16_t*>(lines_.data());
    }

    std::vector<float> column_scales_;
    std::vector<float> row_scales_;  // padded to panels
    float low_scale_;
    std::vector<Line> lines_;
    double error_ = 0.0;
};

}  // namespace vedette::inline v0::perturbation
