// SPDX-License-Identifier: Apache-2.0
// Counts one column into its statistics: all at once, or tile by tile beside whoever else looks at the tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "kernels/dispatch.hpp"
#include "stats/sum_bins.hpp"
#include "validation/column_values.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

class BucketPages;
class RepeatedNumbers;

/// Of texts in bytes.
struct LengthTotals {
    __extension__ using Wide = unsigned __int128;
    std::uint64_t count = 0, empty = 0;
    std::uint64_t least = ~std::uint64_t{0}, greatest = 0;
    Wide sum = 0, squares = 0;
};

class ColumnCounter {
  public:
    ColumnCounter(ColumnStatistics& column, const StatisticsOptions& options);
    ~ColumnCounter();

    /// A whole column.
    void count(const Column& column);

    /// Whether the columns of this type are counted by tiles of T.
    template <class T>
    [[nodiscard]] static constexpr bool takes(Dtype dtype) noexcept {
        const bool is_whole = dtype == Dtype::i32 || dtype == Dtype::u32 || dtype == Dtype::i64 || dtype == Dtype::u64;
        if constexpr (std::is_same_v<T, double>) {
            return dtype == Dtype::f64;
        } else if constexpr (std::is_same_v<T, float>) {
            return !is_whole && dtype != Dtype::f64;  // all of these are floats without rounding
        } else {
            return is_whole;
        }
    }
    /// A numeric column by tiles: `begin`, the tiles in any order, `finish`.
    void begin(const Column& column);
    template <class T>
    void add(const Column& column, std::size_t first, std::size_t count, const T* x);
    void finish();

  private:
    void count_texts(const Column& column);
    void count_dictionary(const Column& column);
    void add_text(std::string_view text, std::uint64_t times);
    void add_length(std::uint64_t length, std::uint64_t times);
    void settle_lengths();
    template <class T>
    void add_valid(const T* x, std::size_t n);
    template <class T>
    void settle_repeated();
    template <class T>
    void add_plain(const T* x, std::size_t n);
    template <class T>
    void add_repeated(T value, std::uint64_t times);
    template <class T>
    void add_tile(const T* x, std::size_t n);
    template <class T>
    void drop_what_is_not_finite(const T* x, std::size_t n);
    void add_finite(const float* x, std::size_t n, const kernels::ColumnCensus& census);
    void add_finite(const double* x, std::size_t n, const kernels::DoubleCensus& census);
    void add_integers(const std::uint64_t* x, std::size_t n);
    template <class Integer>
    void add_large(Integer value);
    void add_values(const double* x, std::size_t n, std::uint64_t zeros, double largest);
    void add_values(const float* x, std::size_t n, std::uint64_t zeros, double largest);
    void add_value(std::uint64_t hash, double number, std::uint64_t times = 1);
    void extend(double minimum, double maximum) noexcept;
    [[nodiscard]] bool keeps_sketches() const noexcept {
        return options_.quantiles || options_.distinct || options_.values;
    }

    ColumnStatistics& column_;
    const StatisticsOptions& options_;
    const kernels::ColumnKernels& kernel_ = kernels::kernels().columns;
    std::unique_ptr<BucketPages> pages_;
    std::unique_ptr<RepeatedNumbers> repeated_;
    Dtype dtype_ = Dtype::f64;             // of a numeric column
    std::optional<LengthTotals> lengths_;  // of texts
    std::optional<stats::SumBins> bins_;   // of what kernels cannot sum
};

}  // namespace vedette::inline v0::validation
