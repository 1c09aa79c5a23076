// SPDX-License-Identifier: Apache-2.0
// Kernels of ADWIN's bank: eight exponential histograms at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bank_table.hpp"

namespace vedette::inline v0::kernels {

/// Bucket `slot` of `level` of lane `lane` of a group stands at ((group * levels + level) * slots + slot) * 8 + lane,
/// oldest first, its count at (group * levels + level) * 8 + lane. The columns of `bank` are width, total and squared
/// deviations. Lanes beyond the last feature follow it.
struct AdwinBankView {
    BankView bank;
    std::size_t levels;
    std::size_t slots;  ///< of a level: one more than may stay
    double* totals;
    double* deviations;
    std::uint32_t* counts;
    std::uint32_t* used_levels;  ///< by lane; the last of them is not empty, but for an empty window
    std::uint32_t* until_check;  ///< by lane
    std::uint32_t* agreed;       ///< by group: below this level all its lanes have as many buckets; < levels
    std::uint32_t clock;
    bool restarts;  ///< with an empty window after a change
};

/// A group and a row of a call, where something is to be done before it goes on.
struct AdwinStop {
    std::size_t group;
    std::size_t row;
    unsigned due;         ///< lanes whose check is due
    unsigned overflowed;  ///< lanes whose last level is overfull
};

/// The bound of a check, by lane: see may_cut.
struct AdwinBound {
    double least;            ///< values of either part
    double squared_part[8];  ///< 2 v ln(2 ln(W)/delta) (W - 2 margin)
    double linear_part[8];   ///< 2/3 ln(2 ln(W)/delta) (W - 2 margin)
    double slack[8];         ///< far above the rounding error of a difference of means
};

template <class T>
struct AdwinKernels {
    /// Goes on at stop->group and stop->row until the first stop, which it writes; false at the end of all.
    bool (*insert)(const AdwinBankView* bank, const T* rows, std::size_t row_count, std::ptrdiff_t row_stride,
                   AdwinStop* stop) noexcept;
    /// The lanes of a group that may have a cut; all that have one are among them.
    unsigned (*may_cut)(const AdwinBankView* bank, std::size_t group, const AdwinBound* bound) noexcept;
};

}  // namespace vedette::inline v0::kernels
