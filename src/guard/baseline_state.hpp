// SPDX-License-Identifier: Apache-2.0
// The inside of a baseline: what was learned, and what is derived from it once so that requests need not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/category_table.hpp"
#include "guard/schema_rules.hpp"
#include "kernels/row_plan.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/guard/baseline.hpp"

namespace vedette::inline v0 {

/// The most values that a feature may count, in a baseline or a window: the statistics are exact below 2^42 per cell.
inline constexpr std::uint64_t largest_count = (std::uint64_t{1} << 42) - 1;

struct Baseline::State {
    // Learned, and saved.
    std::uint64_t rows = 0;
    std::string name;
    std::string model_digest;
    std::vector<FeatureBaseline> features;
    std::vector<BaselineScore> scores;
    std::optional<SchemaRules> schema;
    Digest id{};

    // Derived by `prepare`.
    std::vector<std::size_t> by_name;          // feature indices in the order of names
    std::vector<std::size_t> counter_offsets;  // of each feature in a window's counters, and their total at the end
    std::vector<CategoryTable> tables;         // empty for numeric features
    std::vector<std::uint32_t> categorical;    // indices of the categorical features
    std::vector<drift::GridReference> references;
    std::vector<std::vector<float>> edges_f32;  // empty for categorical features, which the row kernels then skip
    std::vector<std::vector<double>> edges_f64;
    std::optional<kernels::RowPlan<float>> plan_f32;
    std::optional<kernels::RowPlan<double>> plan_f64;
    std::vector<std::uint16_t> expected_first;  // an entry stands out unless its code lies in
    std::vector<std::uint16_t> expected_size;   // [expected_first, expected_first + expected_size)

    /// Fills the derived part. Throws Error(corrupt_data) when the learned part contradicts itself.
    void prepare();
    /// Throws Error with this code (dimension_mismatch for a width, unless it is corrupt_data).
    void check_scores(ErrorCode code) const;

    [[nodiscard]] std::size_t cell_count(std::size_t feature) const noexcept {
        return features[feature].counts().size();
    }

    [[nodiscard]] bool stands_out(const std::uint16_t* found, std::size_t feature) const noexcept {
        return static_cast<std::uint16_t>(found[feature] - expected_first[feature]) >= expected_size[feature];
    }
    // Without an early exit, so that the compiler makes vectors of it and the time does not depend on the row.
    [[nodiscard]] bool stands_out(const std::uint16_t* found) const noexcept {
        const std::uint16_t* const first = expected_first.data();
        const std::uint16_t* const size = expected_size.data();
        std::uint16_t any = 0;
        for (std::size_t f = 0; f < features.size(); ++f) {
            any =
                static_cast<std::uint16_t>(any | (static_cast<std::uint16_t>(found[f] - first[f]) >= size[f] ? 1 : 0));
        }
        return any != 0;
    }
};

/// The edges of a numeric feature for values of T: f32 values meet edges rounded to float (0.7f is not below an edge at
/// 0.7), and f64 values of an f32 feature are cut where rounding to float would cut them.
template <class T>
std::span<const T> edges_of(const Baseline::State& state, std::size_t feature) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return state.edges_f32[feature];
    } else {
        return state.edges_f64[feature];
    }
}

/// The row plan for rows of T.
template <class T>
const kernels::RowPlanView<T>* plan_of(const Baseline::State& state) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        return state.plan_f32->view();
    } else {
        return state.plan_f64->view();
    }
}

}  // namespace vedette::inline v0
