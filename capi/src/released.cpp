// SPDX-License-Identifier: Apache-2.0
// Reports on noised windows, paid out of a ledger, across the C boundary.
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr vdt_release_options default_options{
    sizeof(vdt_release_options), 0, nullptr, 0, nullptr, 0, nullptr, 0, nullptr, nullptr};

vdt_release_info to_c(const std::optional<ReleaseReport>& release) noexcept {
    vdt_release_info info{};
    info.struct_size = sizeof info;
    if (!release) return info;
    info.is_released = 1;
    info.epsilon = release->spent.epsilon;
    info.delta = release->spent.delta;
    info.scale = release->noise.scale;
    info.standard_deviation = release->noise.standard_deviation();
    info.rows_per_user = release->noise.rows_per_user;
    info.counters_per_row = release->noise.counters_per_row;
    info.is_gaussian = release->noise.is_gaussian ? 1 : 0;
    return info;
}

vdt_noised to_c(const ReleasedCount& count) noexcept {
    return {count.value, count.interval.lower, count.interval.upper};
}

vdt_released_column to_c(const ReleasedStatistics& statistics, std::string_view name) {
    const auto found = statistics.columns.find(name);
    if (found == statistics.columns.end())
        throw Error(ErrorCode::invalid_argument, "name: " + std::string(name) + " is not among the released columns");
    const ReleasedColumn& column = found->second;
    vdt_released_column out{};
    out.struct_size = sizeof out;
    out.rows = to_c(column.rows);
    out.nulls = to_c(column.nulls);
    out.nans = to_c(column.nans);
    out.positive_infinities = to_c(column.positive_infinities);
    out.negative_infinities = to_c(column.negative_infinities);
    if (!column.bounds) return out;
    out.has_bounds = 1;
    out.lower = column.bounds->lower();
    out.upper = column.bounds->upper();
    const std::optional<privacy::Bounds> median = statistics.quantile(name, 0.5);
    out.median_lower = median ? median->lower() : out.lower;
    out.median_upper = median ? median->upper() : out.upper;
    return out;
}

}  // namespace

extern "C" {

void vdt_release_options_init(vdt_release_options* options, size_t size) noexcept {
    init_struct(options, size, default_options);
}

void vdt_release_info_init(vdt_release_info* info, size_t size) noexcept {
    init_struct(info, size, to_c(std::nullopt));
}

vdt_status vdt_assess_released(const vdt_window* window, const vdt_release_options* options,
                               const vdt_allocator* allocator, vdt_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(options, "options");
        require(out, "out");
        const vdt_release_options given = read_struct(options, default_options, "options");
        require(given.release_policy, "options.release_policy");
        require(given.ledger, "options.ledger");
        const Policy policy = read_policy(given.policy_json, given.policy_length);
        static_cast<void>(read_allocator(allocator));  // what is refused must not be paid
        const ReleasePolicy release_policy = ReleasePolicy::from_json(
            to_text(given.release_policy, given.release_policy_length, "options.release_policy"));
        privacy::LedgerBudget budget(given.ledger->object, release_policy.account, given.now);
        std::optional<privacy::GroupRatesPartial> rates;
        if (given.rates != nullptr) rates = given.rates->object.partial();
        const ReleaseCompanions with{given.statistics != nullptr ? &given.statistics->object : nullptr,
                                     rates ? &*rates : nullptr};
        *out = make_handle<vdt_report>(allocator, assess(window->object, policy, release_policy, budget, with));
    });
}

vdt_status vdt_report_release(const vdt_report* report, vdt_release_info* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(out, "out");
        write_struct(out, to_c(report->object.release), "out");
    });
}

void vdt_released_column_init(vdt_released_column* column, size_t size) noexcept {
    init_struct(column, size, vdt_released_column{});
}

vdt_status vdt_report_released_column(const vdt_report* report, const char* name, uint64_t name_length,
                                      vdt_released_column* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const std::string_view column = to_text(name, name_length, "name");
        const std::optional<ReleaseReport>& release = report->object.release;
        if (!release || !release->statistics)
            throw Error(ErrorCode::invalid_argument, "report: no statistics were released with it");
        write_struct(out, to_c(*release->statistics, column), "out");
    });
}

vdt_status vdt_report_fairness(const vdt_report* report, const vdt_allocator* allocator, vdt_fairness** out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(out, "out");
        const std::optional<ReleaseReport>& release = report->object.release;
        if (!release || !release->fairness)
            throw Error(ErrorCode::invalid_argument, "report: no rates by group were released with it");
        *out = make_handle<vdt_fairness>(allocator, *release->fairness);
    });
}

}  // extern "C"
