// SPDX-License-Identifier: Apache-2.0
// The table of SIMD kernels: plain function pointers over raw pointers and sizes, one table per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/adwin_table.hpp"
#include "kernels/bank_table.hpp"
#include "kernels/bucket_table.hpp"
#include "kernels/calibration_table.hpp"
#include "kernels/column_table.hpp"
#include "kernels/draw_table.hpp"
#include "kernels/fingerprint_table.hpp"
#include "kernels/image_table.hpp"
#include "kernels/interval_table.hpp"
#include "kernels/pair_table.hpp"
#include "kernels/record_table.hpp"
#include "kernels/score_table.hpp"
#include "kernels/text_table.hpp"
#include "kernels/walk_table.hpp"
#include "kernels/wave_table.hpp"

namespace vedette::inline v0::kernels {

/// A grid has 1 to `max_edge_count` strictly increasing finite edges; the cell of a finite x is #{edges <= x}, so E
/// edges make E + 1 cells. NaN, +Inf and -Inf are never in a cell: they are counted apart, in this order. (Equal edges,
/// and +Inf as last edges, do no harm: the cells between them stay empty.)
inline constexpr std::size_t max_edge_count = 1023;
inline constexpr std::size_t special_count = 3;

/// Moments run over blocks of this size, and keep a block's sums about a shift if the sum of squares is at most
/// `largest_cancellation` times the spread: six bits are lost then, of 53.
inline constexpr std::size_t moment_block_bytes = 16384;
/// A block in which at most one value in so many is not finite is summed about the same shift as a finite one.
inline constexpr std::size_t moment_few_in = 250;
inline constexpr double largest_cancellation = 64.0;

/// Sums over pooled cells run in this many virtual lanes.
inline constexpr std::size_t pooled_lanes = 8;
/// At most so many cells go to one call.
inline constexpr std::size_t most_pooled_cells = 256;
inline constexpr std::size_t most_ordered_cells = 128;
/// The bits of sqrt(1/2) and of the exponent's shift, by which a double is split into mantissa and exponent.
inline constexpr std::uint64_t log_root_half = 0x3FE6A09E667F3BCDU;
inline constexpr std::uint64_t log_bias = std::uint64_t{1024} << 52U;

/// What a row kernel writes instead of a cell index.
inline constexpr std::uint16_t code_nan = 0xFFFF;
inline constexpr std::uint16_t code_positive_infinity = 0xFFFE;
inline constexpr std::uint16_t code_negative_infinity = 0xFFFD;
inline constexpr std::uint16_t code_skipped = 0xFFFC;

/// Moments of a column. A default-constructed state is the empty one. `min` and `max` are NaN while `count` is 0, and
/// a zero is always +0; `m2` is the sum of squared deviations from `mean`.
struct MomentsState {
    std::uint64_t count = 0;  ///< finite values
    std::uint64_t nan = 0;
    std::uint64_t pos_inf = 0;
    std::uint64_t neg_inf = 0;
    std::uint64_t zeros = 0;
    double min = __builtin_nan("");
    double max = __builtin_nan("");
    double mean = 0.0;
    double m2 = 0.0;
};

/// One counted feature of a row plan. Its counters lie at `counter_offset`: edge_count + 1 cells, then NaN, +Inf, -Inf.
struct RowFeature {
    std::uint32_t feature;
    std::uint32_t edge_count;
    std::uint32_t counter_offset;
    std::uint32_t tree_offset;  ///< of its search tree, in elements from `trees`
};

/// A row plan as kernels see it (row_plan.hpp owns the storage). Features are sorted by the depth of their search
/// trees, so that no branch of the kernel depends on the feature.
template <class T>
struct RowPlanView {
    const RowFeature* features;
    std::size_t depth_end[3];  ///< features [0, depth_end[0]) have depth 1, up to depth_end[1] depth 2, then depth 3
    const T* trees;            ///< aligned to 64 bytes
    const std::uint32_t* skipped;
    std::size_t skipped_count;
    std::size_t feature_count;  ///< width of a row, skipped features included
};

/// The kernels of one element type. All are noexcept, allocate nothing, and give the same bits on every instruction
/// set. Their time depends on sizes only, but for moments: a block with non-finite values or zeros, or whose mean is
/// far from that of the block before, costs further passes over L1, up to three times a clean block's time in all.
template <class T>
struct TypedKernels {
    /// Adds to cells[edge_count + 1] and specials[3] the counts of x[0], x[stride], ..., x[(n - 1) * stride].
    void (*count_cells)(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
                        std::uint64_t* cells, std::uint64_t* specials) noexcept;

    /// Merges the moments of n values into `state`. Sums run in double over blocks and merge (Chan, Golub, LeVeque
    /// 1983). A block is summed about zero, about the mean of the block before it in this call where that lies far from
    /// zero, or about its first finite value where not all are finite; and again about its own mean where that loses
    /// more than `largest_cancellation` allows. When squares of deviations pass the double range (about 1e154), `m2`
    /// becomes +Inf, while `mean` stays finite.
    void (*moments)(const T* x, std::size_t n, std::ptrdiff_t stride, MomentsState* state) noexcept;

    /// codes[feature_count] of one row.
    void (*locate_row)(const T* row, const RowPlanView<T>* plan, std::uint16_t* codes) noexcept;

    /// locate_row, and adds 1 to the counter of each feature that is not skipped.
    void (*observe_row)(const T* row, const RowPlanView<T>* plan, std::uint64_t* counters,
                        std::uint16_t* codes) noexcept;

    /// Counts row_count rows, row_stride elements apart, without writing codes.
    void (*observe_rows)(const T* rows, std::size_t row_count, std::ptrdiff_t row_stride, const RowPlanView<T>* plan,
                         std::uint64_t* counters) noexcept;
};

/// The two totals of a table of counts, and what follows from them.
struct PooledScale {
    double n;                ///< of the reference
    double m;                ///< of the live side
    double per_n, per_m;     ///< 1/n, 1/m
    double larger_total;     ///< max(n, m)
    double per_total;        ///< 1/(n + m)
    double reference_scale;  ///< (n + m)/n
    double live_scale;       ///< (n + m)/m
    double smoothing;        ///< added to every count for shares that are never zero
    double per_smoothed_n, per_smoothed_m;
};

/// Sums over pooled cells, with p and q the shares of the reference and of the live side. Where a name ends in p or q,
/// the sum is over the gradient of the statistic by that share, weighted with the share; the 2 stands for its square.
struct PooledSums {
    double pearson = 0.0;
    double pearson_p = 0.0, pearson_p2 = 0.0, pearson_q = 0.0, pearson_q2 = 0.0;
    double likelihood = 0.0;
    double inverse_totals = 0.0;
    double variation = 0.0;
    double folded = 0.0, folded_squares = 0.0, odds_1 = 0.0, odds_1_squares = 0.0, odds_2 = 0.0, odds_2_squares = 0.0;
    double largest_total = 0.0;
    double psi = 0.0;
    double psi_p = 0.0, psi_p2 = 0.0, psi_q = 0.0, psi_q2 = 0.0;
    double shannon_p = 0.0, shannon_p2 = 0.0, shannon_q = 0.0, shannon_q2 = 0.0;
    double hellinger = 0.0;
};

/// Ordered cells of a two-sample comparison, at most `most_ordered_cells` in one call.
struct OrderedBlock {
    const double* reference;    ///< the reference's distribution function at the cells' ends
    const std::uint64_t* live;  ///< counts
    const double* widths;       ///< of the cells
    const double* positions;
    std::size_t cells;
    double per_live;  ///< 1 / total of the live side
    bool discrete;    ///< the difference jumps at a cell's start, else it runs straight over the cell
};

/// What a pass over ordered cells has come to; begins with zeros.
struct OrderedSums {
    std::uint64_t live_total = 0;
    double difference = 0.0;  ///< of the distribution functions, at the end of the last cell
    double largest_difference = 0.0;
    double distance = 0.0;             ///< area between the distribution functions, in units of the widths
    double first = 0.0, second = 0.0;  ///< live counts times positions, and times their squares
};

/// Heights in blocks of 2^block_bits places, at least 16; a place's own is heights[i] + offsets[i >> block_bits]. With
/// the extremes of heights in each block. All pointers are aligned to 64 bytes, and the lists by block padded to a
/// multiple of 16 with zeros. Sizes and places are below 2^31, no height beyond +-2^30.
struct SlidingHeights {
    std::int32_t* heights;
    std::int32_t* offsets;
    std::int32_t* highest;
    std::int32_t* lowest;
    unsigned block_bits;
    std::size_t block_count;
};

struct KernelTable {
    const char* name;
    TypedKernels<float> f32;
    TypedKernels<double> f64;

    /// Adds the sums of `cells` pooled cells, at most `most_pooled_cells`, with these counts (each cell's total
    /// positive) to `sums`. Cells whose shares differ by more than about a quarter take up to a third longer.
    void (*pooled_sums)(const double* reference, const double* live, std::size_t cells, const PooledScale* scale,
                        PooledSums* sums) noexcept;

    /// Takes `sums` over the next cells. The time depends on their number alone.
    void (*ordered_sums)(const OrderedBlock* block, OrderedSums* sums) noexcept;

    /// Adds `step` to the places [from, to), from < to <= block_count << block_bits; the largest size of any height, 0
    /// at least. The time depends on the sizes alone (and on whether both ends are in one block).
    std::int32_t (*shift_heights)(const SlidingHeights* sliding, std::size_t from, std::size_t to,
                                  std::int32_t step) noexcept;

    PairKernels<float> pairs_f32;
    PairKernels<double> pairs_f64;
    LabelKernels labels;
    StepKernels steps;
    WalkKernels<float> walk_f32;
    WalkKernels<double> walk_f64;
    BucketKernels<float> buckets_f32;
    BucketKernels<double> buckets_f64;
    DrawKernels draws;
    RecordKernels<float> records_f32;
    RecordKernels<double> records_f64;
    BankKernels<float> bank_f32;
    BankKernels<double> bank_f64;
    AdwinKernels<float> adwin_f32;
    AdwinKernels<double> adwin_f64;
    ScoreKernels scores;
    WaveKernels waves;
    IntervalKernels<float> intervals_f32;
    IntervalKernels<double> intervals_f64;
    ColumnKernels columns;
    FingerprintKernels fingerprints;
    ImageKernels images;
    TextKernels texts;
    CalibrationKernels calibration;
};

/// The member of a table for an element type.
template <class T>
constexpr const TypedKernels<T>& typed(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.f32;
    } else {
        return table.f64;
    }
}
template <class T>
constexpr const PairKernels<T>& pairs(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.pairs_f32;
    } else {
        return table.pairs_f64;
    }
}
template <class T>
constexpr const BucketKernels<T>& buckets(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.buckets_f32;
    } else {
        return table.buckets_f64;
    }
}
template <class T>
constexpr const BankKernels<T>& banks(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.bank_f32;
    } else {
        return table.bank_f64;
    }
}
template <class T>
constexpr const AdwinKernels<T>& adwins(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.adwin_f32;
    } else {
        return table.adwin_f64;
    }
}
template <class T>
constexpr const WalkKernels<T>& walks(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.walk_f32;
    } else {
        return table.walk_f64;
    }
}
template <class T>
constexpr const IntervalKernels<T>& intervals(const KernelTable& table) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return table.intervals_f32;
    } else {
        return table.intervals_f64;
    }
}

}  // namespace vedette::inline v0::kernels
