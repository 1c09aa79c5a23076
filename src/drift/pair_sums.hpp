// SPDX-License-Identifier: Apache-2.0
// One pass over all pairs of rows: sums of a kernel, its bytes for relabelling, and each feature's share of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/pair_rows.hpp"
#include "drift/relabelling.hpp"

namespace vedette::inline v0::drift {

/// One or more functions of the squared distance of two rows, monotone each; a tile at a time.
template <class W>
class PairKernel {
  public:
    virtual ~PairKernel() = default;
    [[nodiscard]] virtual std::size_t functions() const noexcept = 0;
    [[nodiscard]] virtual bool wants_squares() const noexcept { return false; }
    virtual void evaluate(std::size_t function, const W* squared, std::size_t rows, W* out) const noexcept = 0;
    /// (f(squared) - f(0))/squared of a weighted sum f of the functions, finite where squared is 0: times the square of
    /// the rows' difference in one feature, that feature's share of f(squared) - f(0). These are the Aumann-Shapley
    /// values of f as a function of the features' squared differences.
    virtual void slope(const W* squared, std::size_t rows, W* out) const noexcept = 0;
};

/// Bytes are (value - low) * scale.
template <class W>
struct ByteRange {
    W low{0};
    W scale{0};
};

/// Squared distances between rows drawn at random from two samples pooled (the second may be null), all if they are
/// few.
template <class W>
class DistanceSample {
  public:
    static constexpr std::size_t most_rows = 256;
    DistanceSample(const PairRows<W>& first, const PairRows<W>* second, std::uint64_t seed);

    /// NaN for a single row. Of the distances that are not zero if the median is; 0 if all are.
    [[nodiscard]] double median() const;
    /// The largest value of which at most the share `level` lies below.
    [[nodiscard]] double quantile(double level) const;
    /// Ranges in which the bytes of each function are to lie: between 1 % and 99 % and half as much beyond, or, where
    /// those do not differ, between the extremes.
    [[nodiscard]] std::vector<ByteRange<W>> ranges(const PairKernel<W>& kernel) const;

  private:
    std::vector<W> squared_;  // ascending
};

/// Of the pairs between two sides, or within one: each pair once.
struct PairSums {
    std::vector<std::vector<double>> by_panel_row;  ///< for each function: sum over pairs of each row
    std::vector<std::vector<double>> by_row;        ///< the same for the rows of the other side
    std::vector<double> squares;                    ///< for each function: sum of squares, if the kernel wants them
    std::vector<double> slopes;                     ///< for each feature: sum of slope times squared difference

    [[nodiscard]] double total(std::size_t function) const noexcept;
};

/// Where bytes go, for each function.
template <class W>
struct ByteTarget {
    std::span<const ByteRange<W>> ranges;
    std::span<BytePanels> panels;
    std::span<std::vector<std::uint32_t>> row_sums;  ///< by padded pooled row
    std::size_t first_panel_row = 0;                 ///< where the sides begin among the pooled rows
    std::size_t first_row = 0;
};

/// `bytes` may be null. Within one side (both the same object) by_row is empty: by_panel_row holds each row's sum over
/// all others.
template <class W>
PairSums sum_pairs(const PairRows<W>& panel_side, const PairRows<W>& row_side, const PairKernel<W>& kernel,
                   const ByteTarget<W>* bytes, bool with_slopes);

/// The slopes alone.
template <class W>
std::vector<double> sum_slopes(const PairRows<W>& panel_side, const PairRows<W>& row_side, const PairKernel<W>& kernel);

}  // namespace vedette::inline v0::drift
