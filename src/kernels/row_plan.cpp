// SPDX-License-Identifier: Apache-2.0
// Row plans, compiled for the baseline.
#include "kernels/row_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"

#define VEDETTE_KERNEL_ISA row_plan_layout
#include "kernels/search_tree.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

template <class T>
void check_grid(std::span<const T> edges, std::size_t feature) {
    if (edges.size() > max_edge_count) {
        throw Error(ErrorCode::invalid_argument, "row plan: feature " + std::to_string(feature) + " has " +
                                                     std::to_string(edges.size()) + " edges, at most " +
                                                     std::to_string(max_edge_count) + " are allowed");
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (!(edges[i] > -std::numeric_limits<T>::infinity()) || (i > 0 && edges[i] < edges[i - 1])) {
            throw Error(ErrorCode::invalid_argument, "row plan: edge " + std::to_string(i) + " of feature " +
                                                         std::to_string(feature) + " is " + std::to_string(edges[i]) +
                                                         ", edges must be numbers that do not decrease");
        }
    }
}

void check_range(std::size_t value, const char* what) {
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::overflow, std::string("row plan: ") + what + " is " + std::to_string(value) +
                                             ", at most 4294967295 are allowed");
    }
}

}  // namespace

template <class T>
RowPlan<T>::RowPlan(std::span<const std::span<const T>> grids, std::span<const std::uint32_t> counter_offsets) {
    constexpr std::size_t line = 64 / sizeof(T);
    check_range(grids.size(), "the number of features");
    if (!counter_offsets.empty() && counter_offsets.size() != grids.size()) {
        throw Error(ErrorCode::dimension_mismatch, "row plan: " + std::to_string(counter_offsets.size()) +
                                                       " counter offsets for " + std::to_string(grids.size()) +
                                                       " grids");
    }
    std::size_t tree_end = 0;
    for (std::size_t i = 0; i < grids.size(); ++i) {
        const std::span<const T> edges = grids[i];
        check_grid(edges, i);
        if (!counter_offsets.empty()) counter_count_ = counter_offsets[i];
        check_range(counter_count_, "the number of counters");
        offsets_.push_back(static_cast<std::uint32_t>(counter_count_));
        if (edges.empty()) {
            skipped_.push_back(static_cast<std::uint32_t>(i));
            continue;
        }
        check_range(tree_end, "the number of tree entries");
        features_.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(edges.size()),
                             static_cast<std::uint32_t>(counter_count_), static_cast<std::uint32_t>(tree_end)});
        counter_count_ += edges.size() + 1 + special_count;
        tree_end += (row_plan_layout::tree_size(edges.size()) + line - 1) / line * line;
    }
    trees_.resize(tree_end / line);
    T* const trees = trees_.empty() ? nullptr : trees_.front().values;
    for (const RowFeature& f : features_) {
        row_plan_layout::build_tree(grids[f.feature].data(), f.edge_count, trees + f.tree_offset);
    }

    const auto depth = [](const RowFeature& f) { return row_plan_layout::tree_depth(f.edge_count); };
    std::stable_sort(features_.begin(), features_.end(),
                     [&](const RowFeature& a, const RowFeature& b) { return depth(a) < depth(b); });
    for (const RowFeature& f : features_) {
        for (int d = depth(f); d <= 3; ++d) ++view_.depth_end[d - 1];
    }
    view_.features = features_.data();
    view_.trees = trees;
    view_.skipped = skipped_.data();
    view_.skipped_count = skipped_.size();
    view_.feature_count = grids.size();
}

template class RowPlan<float>;
template class RowPlan<double>;

}  // namespace vedette::inline v0::kernels
