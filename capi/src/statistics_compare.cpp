// SPDX-License-Identifier: Apache-2.0
// Comparators on the bytes of statistics, across the C boundary.
#include "vedette/validation/statistics_compare.hpp"

#include <string>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/core/error.hpp"

using namespace vedette;
using namespace vedette::capi;
using validation::ComparatorLimits;
using validation::ComparisonOptions;
using validation::TableStatistics;

namespace {

constexpr vdt_statistics_compare_options default_options() noexcept {
    return {sizeof(vdt_statistics_compare_options), 0, 0, 0, -1.0, -1.0, nullptr, 0};
}

// NaN is no absent limit: the comparison refuses it.
std::optional<double> given(double limit) {
    return limit < 0.0 ? std::nullopt : std::optional(limit);
}

ComparisonOptions read_options(const vdt_statistics_compare_options& options) {
    ComparisonOptions rules;
    rules.as_tfdv = options.as_tfdv != 0;
    if (options.cells != 0) rules.cells = options.cells;
    rules.minimum_rows_ratio = given(options.minimum_rows_ratio);
    rules.maximum_rows_ratio = given(options.maximum_rows_ratio);
    if (options.limit_count != 0) require(options.limits, "limits");
    bool has_general = false;
    for (std::size_t i = 0; i < options.limit_count; ++i) {
        const vdt_comparator_limits& one = options.limits[i];
        const ComparatorLimits limits{given(one.infinity_norm), given(one.jensen_shannon),
                                      given(one.normalized_difference)};
        const bool is_general = one.column == nullptr;
        const bool is_new =
            is_general ? !has_general
                       : rules.columns.emplace(to_text(one.column, one.column_length, "column"), limits).second;
        if (!is_new)
            throw Error(ErrorCode::invalid_argument, "limits: those at " + std::to_string(i) + " are given twice");
        if (is_general) rules.limits = limits;
        has_general = has_general || is_general;
    }
    return rules;
}

TableStatistics read_statistics(const void* bytes, std::size_t size, const char* argument) {
    require(bytes, argument);
    return TableStatistics::deserialize({static_cast<const std::byte*>(bytes), size});
}

}  // namespace

extern "C" {

void vdt_statistics_compare_options_init(vdt_statistics_compare_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_statistics_compare(const void* reference, size_t reference_size, const void* live, size_t live_size,
                                  const vdt_statistics_compare_options* options, vdt_decision* decision, char* buffer,
                                  size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const vdt_statistics_compare_options read = read_struct(options, default_options(), "options");
        const ComparisonOptions rules = read_options(read);
        const TableStatistics before = read_statistics(reference, reference_size, "reference");
        const TableStatistics now = read_statistics(live, live_size, "live");
        const validation::StatisticsComparison comparison = validation::compare_statistics(before, now, rules);
        if (buffer != nullptr || length != nullptr)
            copy_text(to_json(comparison, read.tell_values != 0), buffer, capacity, length);
        if (decision != nullptr) *decision = static_cast<vdt_decision>(comparison.decision);
    });
}

}  // extern "C"
