// SPDX-License-Identifier: Apache-2.0
// Everything an ISA source includes, and the function that fills its table.
#pragma once

#include "kernels/bank.inl.hpp"
#include "kernels/buckets.inl.hpp"
#include "kernels/calibration.inl.hpp"
#include "kernels/cells.inl.hpp"
#include "kernels/codes.inl.hpp"
#include "kernels/coins.inl.hpp"
#include "kernels/columns.inl.hpp"
#include "kernels/draws.inl.hpp"
#include "kernels/fingerprints.inl.hpp"
#include "kernels/images.inl.hpp"
#include "kernels/intervals.inl.hpp"
#include "kernels/labels.inl.hpp"
#include "kernels/moments.inl.hpp"
#include "kernels/ordered.inl.hpp"
#include "kernels/pairs.inl.hpp"
#include "kernels/pooled.inl.hpp"
#include "kernels/records.inl.hpp"
#include "kernels/rows.inl.hpp"
#include "kernels/scores.inl.hpp"
#include "kernels/sliding.inl.hpp"
#include "kernels/steps.inl.hpp"
#include "kernels/texts.inl.hpp"
#include "kernels/trees.inl.hpp"
#include "kernels/walk.inl.hpp"
#include "kernels/waves.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

template <class T>
constexpr TypedKernels<T> entries() noexcept {
    return {&count_cells<T>, &moments<T>, &locate_row<T>, &observe_row<T>, &observe_rows<T>};
}
template <class T>
constexpr PairKernels<T> pair_entries() noexcept {
    return {&multiply<T>,   &panel_norms<T>,       &place_row<T, float>, &place_row<T, double>,
            &interleave<T>, &squared_distances<T>, &gaussian<T>,         &distances<T>,
            &add_sums<T>,   &sum_squares<T>,       &quantise<T>};
}
template <class T>
constexpr WalkKernels<T> walk_entries() noexcept {
    return {&walk<T>};
}
constexpr LabelKernels label_entries() noexcept {
    return {&random_splits, &add_chosen};
}
constexpr ScoreKernels score_entries() noexcept {
    return {&logit_range,         &logit_sums,   &entropy_sums,  &count_at_least, &collect_between, &panel_product,
            &nearest_row,         &search_trees, &code_products, vnni_products(), &encode_words,    &nearest_words,
            &split_word_products, &squared_gap,  &widen_half,    &widen_bfloat16};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
