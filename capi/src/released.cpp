// SPDX-License-Identifier: Apache-2.0
// Reports on noised windows, paid out of a ledger, across the C boundary.
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr vdt_release_options default_options{sizeof(vdt_release_options), 0, nullptr, 0, nullptr, 0, nullptr, 0};

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
        *out = make_handle<vdt_report>(allocator, assess(window->object, policy, release_policy, budget));
    });
}

vdt_status vdt_report_release(const vdt_report* report, vdt_release_info* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(out, "out");
        write_struct(out, to_c(report->object.release), "out");
    });
}

}  // extern "C"
