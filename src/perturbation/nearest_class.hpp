// SPDX-License-Identifier: Apache-2.0
// Points, and the one nearest to a request: products of 16-bit words leave few, distances in double decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/dispatch.hpp"
#include "perturbation/whitening.hpp"

namespace vedette::inline v0::perturbation {

class NearestClass {
  public:
    /// Points one after the other, at least one, all finite, of at most `most_embedding_columns` coordinates.
    NearestClass(std::vector<float> rows, std::size_t columns);

    struct Found {
        double square;  ///< of the distance; NaN where z is not finite, or too long for products in float
        std::uint32_t row;
    };
    /// The first of equals; of points whose distances differ by no more than products in float err, either may be told.
    /// z is aligned to 64 bytes. O(rows columns), of words but where many points are about as near.
    [[nodiscard]] Found find(const float* z) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return norms_.size(); }
    [[nodiscard]] const std::vector<float>& rows() const noexcept { return rows_; }

  private:
    struct alignas(64) Line {
        std::int16_t words[32];
    };
    // Of a panel's rows, the largest.
    struct Extremes {
        double length = 0.0;
        double square = 0.0;
    };

    [[nodiscard]] double gap(const float* z, std::size_t row) const noexcept;
    [[nodiscard]] Found find_by_products(const float* z, std::size_t first, std::size_t count) const noexcept;
    [[nodiscard]] Found find_by_words(const float* z) const noexcept;

    std::size_t columns_;
    std::vector<float> rows_;
    PanelMatrix panels_;
    std::vector<double> norms_;  // squared lengths
    // Where there are enough points for words to pay, half the bytes of floats:
    std::size_t pairs_;
    std::vector<Line> lines_;
    std::vector<float> units_;         // by row, padded to panels
    std::vector<float> padded_norms_;  // by row, +Inf beyond the last
    std::vector<Extremes> extremes_;   // by panel
    double longest_ = 0.0;
};

}  // namespace vedette::inline v0::perturbation
