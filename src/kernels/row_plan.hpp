// SPDX-License-Identifier: Apache-2.0
// Builds and owns what the row kernels read: the search trees of a row's features, and where their counters lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/table.hpp"

namespace vedette::inline v0::kernels {

/// The grids of one row. `T` is float or double. Immutable once built: any number of threads may share it.
template <class T>
class RowPlan {
  public:
    /// One grid per feature, in row order; an empty grid marks a feature to skip (it gets `code_skipped` and no
    /// counters). Counters lie from `counter_offsets[feature]` on: edge_count + 1 cells, then NaN, +Inf, -Inf; without
    /// offsets they are laid out feature after feature.
    /// Throws Error(invalid_argument) on a grid of more than 1023 edges, or one that decreases or holds a NaN. Equal
    /// edges (two that became one in T) and +Inf at the end are fine: their cells stay empty.
    explicit RowPlan(std::span<const std::span<const T>> grids, std::span<const std::uint32_t> counter_offsets = {});

    const RowPlanView<T>* view() const noexcept { return &view_; }
    std::size_t feature_count() const noexcept { return view_.feature_count; }
    /// Length of the counter array.
    std::size_t counter_count() const noexcept { return counter_count_; }
    /// First counter of a feature; for a skipped one, where the next feature's begin.
    std::size_t counter_offset(std::size_t feature) const noexcept { return offsets_[feature]; }

    // The view points into the storage.
    RowPlan(const RowPlan&) = delete;
    RowPlan& operator=(const RowPlan&) = delete;
    RowPlan(RowPlan&& other) noexcept = default;
    RowPlan& operator=(RowPlan&& other) noexcept = default;

  private:
    struct alignas(64) CacheLine {
        T values[64 / sizeof(T)];
    };
    std::vector<RowFeature> features_;
    std::vector<std::uint32_t> skipped_;
    std::vector<std::uint32_t> offsets_;
    std::vector<CacheLine> trees_;
    std::size_t counter_count_ = 0;
    RowPlanView<T> view_{};
};

extern template class RowPlan<float>;
extern template class RowPlan<double>;

}  // namespace vedette::inline v0::kernels
