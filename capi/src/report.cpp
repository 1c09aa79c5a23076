// SPDX-License-Identifier: Apache-2.0
// Reports over the C boundary: plain numbers through accessors, and whole documents through the renderers.
#include "vedette/guard/report.hpp"

#include <limits>

#include "arrow.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "rendering.hpp"
#include "structs.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/render.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

vdt_assess_options default_assess_options() noexcept {
    vdt_assess_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_render_options default_render_options() noexcept {
    vdt_render_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_feature_report blank_feature_report() noexcept {
    vdt_feature_report result{};
    result.struct_size = sizeof result;
    result.decision = VDT_NOT_EVALUATED;
    result.hypothesis = VDT_HYPOTHESIS_NONE;
    result.reference_median = result.live_median = not_a_number;
    result.statistic = result.p_value = result.adjusted_p_value = not_a_number;
    result.moved_share = result.moved_share_lower = result.moved_share_upper = not_a_number;
    result.reference_rate = result.live_rate = not_a_number;
    return result;
}

const FeatureReport& feature_of(const vdt_report* report, std::size_t feature) {
    require(report, "report");
    const std::size_t count = report->object.features.size();
    if (feature >= count) {
        throw Error(ErrorCode::invalid_argument, "feature " + std::to_string(feature) + " is not below the " +
                                                     std::to_string(count) + " of the report");
    }
    return report->object.features[feature];
}

vdt_feature_report to_c(const FeatureReport& feature) noexcept {
    vdt_feature_report result = blank_feature_report();
    result.decision = static_cast<vdt_decision>(feature.decision);
    result.test = static_cast<vdt_drift_test>(feature.test);
    result.ignored = feature.ignored ? 1 : 0;
    result.feature = feature.feature;
    result.live_rows = feature.live_rows;
    result.live_observations = feature.live_observations;
    result.evidence_count = feature.evidence().size();
    result.tolerance = feature.tolerance;
    result.reference_median = feature.reference_median;
    result.live_median = feature.live_median;
    if (const Evidence* decisive = feature.decisive()) {
        result.hypothesis = static_cast<vdt_hypothesis>(decisive->hypothesis);
        result.statistic = decisive->test.statistic;
        result.p_value = decisive->test.p_value;
        result.adjusted_p_value = decisive->adjusted_p_value;
        result.moved_share = decisive->moved_share;
        result.moved_share_lower = decisive->moved_share_interval.lower;
        result.moved_share_upper = decisive->moved_share_interval.upper;
        result.reference_rate = decisive->reference_rate;
        result.live_rate = decisive->live_rate;
    }
    return result;
}

vdt_evidence to_c(const Evidence& evidence) noexcept {
    const TestResult& test = evidence.test;
    return {sizeof(vdt_evidence),
            static_cast<vdt_hypothesis>(evidence.hypothesis),
            static_cast<vdt_decision>(evidence.decision),
            0,
            test.statistic,
            test.p_value,
            test.degrees_of_freedom,
            test.effect,
            test.effect_interval.lower,
            test.effect_interval.upper,
            test.reference_count,
            test.live_count,
            evidence.adjusted_p_value,
            evidence.moved_share,
            evidence.moved_share_interval.lower,
            evidence.moved_share_interval.upper,
            evidence.reference_rate,
            evidence.live_rate,
            static_cast<vdt_drift_test>(evidence.by),
            0};
}

const JointEvidence& joint_of(const vdt_report* report, std::size_t index) {
    require(report, "report");
    const std::size_t count = report->object.joint.size();
    if (index >= count)
        throw Error(ErrorCode::invalid_argument, "index " + std::to_string(index) + " is not below the " +
                                                     std::to_string(count) + " tests of several features");
    return report->object.joint[index];
}

vdt_joint_evidence to_c(const JointEvidence& evidence) noexcept {
    const TestResult& test = evidence.test;
    return {sizeof(vdt_joint_evidence),
            static_cast<std::int32_t>(evidence.by),
            static_cast<vdt_decision>(evidence.decision),
            0,
            test.statistic,
            test.p_value,
            test.degrees_of_freedom,
            test.effect,
            test.effect_interval.lower,
            test.effect_interval.upper,
            test.reference_count,
            test.live_count,
            evidence.adjusted_p_value,
            evidence.moved_share,
            evidence.moved_share_interval.lower,
            evidence.moved_share_interval.upper,
            evidence.features.size()};
}

// One table against another, by the rules of the two option structs.
Report compare_tables(const Table& reference, const Table& live, const vdt_baseline_options* learning,
                      const vdt_assess_options* judging) {
    const vdt_assess_options given = read_struct(judging, default_assess_options(), "judging");
    const Policy policy = read_policy(given.policy_json, given.policy_length);
    return assess(reference, live, policy, read_baseline_options(learning));
}

std::string render_as(const vdt_report* report, const char* format, const vdt_render_options* given) {
    require(report, "report");
    const Rendering rendering = read_rendering(format, given);
    return render(rendering.format, report->object, rendering.options);
}

}  // namespace

namespace vedette::inline v0::capi {

Rendering read_rendering(const char* format, const vdt_render_options* given) {
    require(format, "format");
    const std::optional<ReportFormat> known = report_format(format);
    if (!known) {
        throw Error(
            ErrorCode::invalid_argument,
            "format '" + std::string(format) + "' is none of json, html, markdown, table, junit, sarif, openmetrics");
    }
    const vdt_render_options options = read_struct(given, default_render_options(), "options");
    Rendering rendering;
    rendering.format = *known;
    rendering.options.title = to_text(options.title, options.title_length, "options.title");
    rendering.options.live_name = to_text(options.live_name, options.live_name_length, "options.live_name");
    rendering.options.color = options.color != 0;
    if (options.max_features != 0) rendering.options.max_features = options.max_features;
    return rendering;
}

}  // namespace vedette::inline v0::capi

extern "C" {

void vdt_assess_options_init(vdt_assess_options* options, size_t size) noexcept {
    init_struct(options, size, default_assess_options());
}

void vdt_report_info_init(vdt_report_info* info, size_t size) noexcept {
    init_struct(info, size, vdt_report_info{});
}

void vdt_feature_report_init(vdt_feature_report* report, size_t size) noexcept {
    init_struct(report, size, blank_feature_report());
}

void vdt_evidence_init(vdt_evidence* evidence, size_t size) noexcept {
    init_struct(evidence, size, to_c(Evidence{}));
}

void vdt_test_result_init(vdt_test_result* result, size_t size) noexcept {
    init_struct(result, size,
                vdt_test_result{0, 0, not_a_number, not_a_number, not_a_number, not_a_number, not_a_number,
                                not_a_number, 0.0, 0.0});
}

void vdt_joint_evidence_init(vdt_joint_evidence* evidence, size_t size) noexcept {
    init_struct(evidence, size, to_c(JointEvidence{}));
}

void vdt_render_options_init(vdt_render_options* options, size_t size) noexcept {
    init_struct(options, size, default_render_options());
}

vdt_status vdt_assess(const vdt_baseline* baseline, const vdt_window* window, const vdt_assess_options* options,
                      const vdt_allocator* allocator, vdt_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(window, "window");
        require(out, "out");
        const vdt_assess_options given = read_struct(options, default_assess_options(), "options");
        const Policy policy = read_policy(given.policy_json, given.policy_length);
        *out = make_handle<vdt_report>(allocator, assess(baseline->object, window->object, policy));
    });
}

vdt_status vdt_guard_assess(const vdt_guard* guard, const vdt_window* window, const vdt_allocator* allocator,
                            vdt_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        require(window, "window");
        require(out, "out");
        const Guard& known = guard->object;
        *out = make_handle<vdt_report>(allocator, assess(known.baseline(), window->object, known.policy()));
    });
}

vdt_status vdt_compare_tables(const vdt_column* reference, size_t reference_count, const vdt_column* live,
                              size_t live_count, const vdt_baseline_options* learning,
                              const vdt_assess_options* judging, const vdt_allocator* allocator, vdt_report** out,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        const BorrowedTable left = read_columns(reference, reference_count);
        const BorrowedTable right = read_columns(live, live_count);
        *out = make_handle<vdt_report>(allocator, compare_tables(left.table, right.table, learning, judging));
    });
}

vdt_status vdt_compare_arrow(const struct ArrowSchema* reference_schema, const struct ArrowArray* reference,
                             const struct ArrowSchema* live_schema, const struct ArrowArray* live,
                             const vdt_baseline_options* learning, const vdt_assess_options* judging,
                             const vdt_allocator* allocator, vdt_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const BorrowedTable left = read_arrow(reference_schema, reference);
        const BorrowedTable right = read_arrow(live_schema, live);
        *out = make_handle<vdt_report>(allocator, compare_tables(left.table, right.table, learning, judging));
    });
}

void vdt_report_destroy(vdt_report* report) noexcept {
    destroy_handle(report);
}

vdt_decision vdt_report_decision(const vdt_report* report) noexcept {
    return report == nullptr ? VDT_NOT_EVALUATED : static_cast<vdt_decision>(report->object.decision);
}

vdt_status vdt_report_describe(const vdt_report* report, vdt_report_info* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const Report& known = report->object;
        const vdt_report_info info{sizeof(vdt_report_info),
                                   static_cast<vdt_decision>(known.decision),
                                   known.reference_rows,
                                   known.live_rows,
                                   known.features.size(),
                                   known.minimum_rows,
                                   known.level,
                                   known.count(Decision::pass),
                                   known.count(Decision::not_evaluated),
                                   known.count(Decision::warn),
                                   known.count(Decision::alarm)};
        write_struct(out, info, "out");
    });
}

vdt_status vdt_report_feature(const vdt_report* report, size_t feature, vdt_feature_report* out,
                              vdt_error* error) noexcept {
    return fence(error, [&] { write_struct(out, to_c(feature_of(report, feature)), "out"); });
}

vdt_status vdt_report_evidence(const vdt_report* report, size_t feature, size_t index, vdt_evidence* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        const auto evidence = feature_of(report, feature).evidence();
        if (index >= evidence.size()) {
            throw Error(ErrorCode::invalid_argument, "index " + std::to_string(index) + " is not below the " +
                                                         std::to_string(evidence.size()) + " pieces of evidence");
        }
        write_struct(out, to_c(evidence[index]), "out");
    });
}

vdt_status vdt_report_statistic(const vdt_report* report, size_t feature, vdt_drift_test test, vdt_test_result* out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        const FeatureReport& known = feature_of(report, feature);
        const DriftTest which = test == VDT_TEST_AUTOMATIC ? known.test : static_cast<DriftTest>(test);
        const bool is_named = test >= VDT_TEST_AUTOMATIC && test <= VDT_TEST_TWO_PROPORTION;
        const TestResult* found = is_named ? drift::result_of(known.statistics, which) : nullptr;
        // The test of the commonest value exists only where it decided, and then as the first evidence.
        const bool decided = is_named && which == DriftTest::two_proportion && which == known.test;
        if (decided && !known.evidence().empty()) found = &known.evidence().front().test;
        if (found == nullptr) {
            throw Error(ErrorCode::invalid_argument,
                        "test: " + std::to_string(test) + " is none of 0 to 8, nor the 9 of a feature that it decided");
        }
        write_struct(out, to_c(which, *found), "out");
    });
}

size_t vdt_report_joint_count(const vdt_report* report) noexcept {
    return report == nullptr ? 0 : report->object.joint.size();
}

vdt_status vdt_report_joint(const vdt_report* report, size_t index, vdt_joint_evidence* out,
                            vdt_error* error) noexcept {
    return fence(error, [&] { write_struct(out, to_c(joint_of(report, index)), "out"); });
}

vdt_status vdt_report_joint_features(const vdt_report* report, size_t index, uint64_t* buffer, size_t capacity,
                                     size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const JointEvidence& evidence = joint_of(report, index);
        const std::vector<std::uint64_t> features(evidence.features.begin(), evidence.features.end());
        copy_numbers<std::uint64_t>(features, buffer, capacity, length);
    });
}

vdt_status vdt_report_joint_contributions(const vdt_report* report, size_t index, double* buffer, size_t capacity,
                                          size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] { copy_numbers<double>(joint_of(report, index).contributions, buffer, capacity, length); });
}

vdt_status vdt_report_joint_rows(const vdt_report* report, size_t index, uint64_t* buffer, size_t capacity,
                                 size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        std::vector<std::uint64_t> positions;
        for (const drift::RowContribution& row : joint_of(report, index).rows) positions.push_back(row.position);
        copy_numbers<std::uint64_t>(positions, buffer, capacity, length);
    });
}

vdt_status vdt_report_joint_row_contributions(const vdt_report* report, size_t index, double* buffer, size_t capacity,
                                              size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        std::vector<double> contributions;
        for (const drift::RowContribution& row : joint_of(report, index).rows)
            contributions.push_back(row.contribution);
        copy_numbers<double>(contributions, buffer, capacity, length);
    });
}

vdt_status vdt_report_joint_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                   size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        (void)joint_of(report, index);
        copy_text(report->object.joint_reason(index), buffer, capacity, length);
    });
}

vdt_status vdt_report_ranking(const vdt_report* report, uint64_t* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const std::vector<std::size_t> ranking = report->object.ranking();
        const std::vector<std::uint64_t> indices(ranking.begin(), ranking.end());
        copy_numbers<std::uint64_t>(indices, buffer, capacity, length);
    });
}

vdt_status vdt_report_summary(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        copy_text(report->object.summary(), buffer, capacity, length);
    });
}

vdt_status vdt_report_reason(const vdt_report* report, size_t feature, char* buffer, size_t capacity, size_t* length,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        (void)feature_of(report, feature);
        copy_text(report->object.reason(feature), buffer, capacity, length);
    });
}

vdt_status vdt_report_render(const vdt_report* report, const char* format, const vdt_render_options* options,
                             char* buffer, size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] { copy_text(render_as(report, format, options), buffer, capacity, length); });
}

vdt_status vdt_report_save(const vdt_report* report, const char* format, const vdt_render_options* options,
                           const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        write_file_atomically(path, render_as(report, format, options));
    });
}

}  // extern "C"
