// SPDX-License-Identifier: Apache-2.0
// The nearest of unit vectors: products of floats or of 8-bit codes choose candidates, distances in double decide.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "perturbation/linear_head.hpp"

namespace vedette::inline v0::perturbation {

inline constexpr std::size_t most_neighbours = 1024;
inline constexpr double unit_tolerance = 1e-6;  // of a squared norm after rounding to float

/// The k least so far, the largest of them first.
class LeastOf {
  public:
    explicit LeastOf(std::size_t wanted) noexcept : wanted_(wanted) {}
    /// The largest of them, +Inf while there are fewer.
    [[nodiscard]] double limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
    [[nodiscard]] std::span<double> values() noexcept { return {values_, count_}; }
    void offer(double value) noexcept {
        if (count_ == wanted_) {
            if (!(value < limit_)) return;
            std::pop_heap(values_, values_ + count_);
            --count_;
        }
        values_[count_++] = value;
        std::push_heap(values_, values_ + count_);
        if (count_ == wanted_) limit_ = values_[0];
    }

  private:
    std::size_t wanted_;
    std::size_t count_ = 0;
    double limit_ = std::numeric_limits<double>::infinity();
    double values_[most_neighbours];
};

/// Floats in panels, found by their products.
class FloatScan {
  public:
    FloatScan(std::span<const float> rows, std::size_t columns);
    /// Offers the squared distances from x, of norm one, of all that may be among the least.
    void search(const float* x, LeastOf& least) const noexcept;
    [[nodiscard]] std::vector<float> rows() const;

  private:
    PanelMatrix known_;
};

/// Floats in rows, found by products of their codes.
class CodeScan {
  public:
    CodeScan(std::span<const float> rows, std::size_t columns);
    void search(const float* x, LeastOf& least) const noexcept;
    [[nodiscard]] const std::vector<float>& rows() const noexcept { return rows_; }

  private:
    struct alignas(64) Line {
        std::int8_t codes[64];
    };
    struct Query;
    struct Found;
    void scan(const Query& query, std::size_t first, std::size_t panels, Found& found) const noexcept;
    [[nodiscard]] double first_limit(const Query& query, std::size_t wanted, Found& found) const noexcept;

    std::vector<float> rows_;
    std::size_t columns_;
    std::size_t count_;
    std::vector<Line> lines_;
    std::vector<float> scales_;          // by row, padded to panels
    std::vector<std::int32_t> offsets_;  // by row, padded to panels
    std::vector<double> errors_;         // by panel, the largest |row - its codes' meaning|
};

}  // namespace vedette::inline v0::perturbation
