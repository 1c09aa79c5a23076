// SPDX-License-Identifier: Apache-2.0
// Kernels of banks: one step of many equal monitors, each of its own feature, side by side.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

inline constexpr std::size_t bank_lanes = 8;  // features of a group: one byte of each bit map

inline constexpr std::size_t bank_block = 64;  ///< features whose bits, and whose counts, are looked at together

/// What a bank keeps of its features, whichever monitor it is made of. Lists by feature are padded to whole groups;
/// those of doubles are aligned to 64 bytes. Bit i % 8 of byte i / 8 of a bit map is feature i.
struct BankView {
    std::size_t features;
    std::size_t stride;        ///< features, padded
    double* columns;           ///< statistic c of feature i: columns[c * stride + i]
    const double* parameters;  ///< parameter p of feature i: parameters[p * stride + i]
    const double* settings;    ///< what all features share
    bool uniform;              ///< all features have the same parameters
    double* skipped;           ///< rows until the last start, and those turned away since
    double* skipped_by_all;    ///< of each block of features: its `skipped` where that is known to be one; else NaN
    std::uint8_t* begins;      ///< the next accepted value is the first
    std::uint8_t* changing;    ///< in the state `change`
    std::uint8_t* warned;      ///< in the state `warning`
    std::uint8_t* changed;     ///< collects: changed at some row
    std::uint64_t* nan;
    std::uint64_t* infinite;
    std::uint64_t* refused;
    std::uint64_t* changes;
    std::uint64_t* last_change;  ///< rows so far when it last changed, that row included; 0 for never
    std::uint64_t rows;          ///< taken before these
};

/// Takes `row_count` rows, `row_stride` elements apart.
template <class T>
using UpdateBank = void (*)(const BankView* bank, const T* rows, std::size_t row_count,
                            std::ptrdiff_t row_stride) noexcept;

/// Which statistics, parameters and settings stand where: see chart_rules.inl.hpp and error_rules.inl.hpp.
template <class T>
struct BankKernels {
    UpdateBank<T> page_hinkley;
    UpdateBank<T> cusum;
    UpdateBank<T> ewma_chart;
    UpdateBank<T> ddm;
    UpdateBank<T> hddm_a;
};

}  // namespace vedette::inline v0::kernels
