// SPDX-License-Identifier: Apache-2.0
// Whole tables compared through the C interface: tests on samples and on several features under a policy.
#include "check.h"

static reference before, after;

static const char policy[] =
    "{\"joint_tests\": [\"hotelling_t2\", \"energy\"], \"defaults\": {\"sample_tests\": [\"mann_whitney\", "
    "\"g_test\"]},"
    " \"features\": {\"weight\": {\"sample_tests\": [\"levene\"]}}}";

static size_t feature_named(const vdt_column* columns, const char* name) {
    for (size_t i = 0; i < FEATURES; ++i)
        if (strlen(name) == columns[i].name_length && memcmp(columns[i].name, name, columns[i].name_length) == 0)
            return i;
    return FEATURES;
}

int main(void) {
    fill_reference(&before, 1);
    fill_reference(&after, 2);
    for (int i = 0; i < REFERENCE_ROWS; ++i) after.height[i] += 8.0;
    vdt_column left[FEATURES], right[FEATURES];
    reference_columns(&before, left);
    reference_columns(&after, right);
    vdt_report* report = NULL;
    CHECK_OK(vdt_compare_tables(left, FEATURES, left, FEATURES, NULL, NULL, NULL, &report, e));
    CHECK(vdt_report_decision(report) == VDT_PASS && vdt_report_joint_count(report) == 0);
    vdt_report_destroy(report);

    vdt_assess_options judging;
    vdt_assess_options_init(&judging, sizeof judging);
    judging.policy_json = policy;
    judging.policy_length = sizeof policy - 1;
    vdt_baseline_options learning;
    vdt_baseline_options_init(&learning, sizeof learning);
    learning.cells = 16;
    learning.name = "people";
    learning.name_length = 6;
    CHECK_OK(vdt_compare_tables(left, FEATURES, right, FEATURES, &learning, &judging, NULL, &report, e));
    CHECK(vdt_report_decision(report) == VDT_ALARM);
    vdt_feature_report feature;
    vdt_feature_report_init(&feature, sizeof feature);
    CHECK_OK(vdt_report_feature(report, feature_named(left, "height"), &feature, e));
    CHECK(feature.decision == VDT_ALARM && feature.test == VDT_TEST_MANN_WHITNEY);
    CHECK_OK(vdt_report_feature(report, feature_named(left, "weight"), &feature, e));
    CHECK(feature.decision == VDT_PASS && feature.test == VDT_TEST_LEVENE);
    CHECK_OK(vdt_report_feature(report, feature_named(left, "colour"), &feature, e));
    CHECK(feature.decision == VDT_PASS && feature.test == VDT_TEST_G);
    vdt_evidence evidence;
    vdt_evidence_init(&evidence, sizeof evidence);
    CHECK_OK(vdt_report_evidence(report, feature_named(left, "height"), 0, &evidence, e));
    vdt_test_result expected;
    vdt_test_result_init(&expected, sizeof expected);
    CHECK_OK(vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left[0], &right[0], NULL, &expected, e));
    CHECK(evidence.test == VDT_TEST_MANN_WHITNEY && evidence.p_value == expected.p_value);

    CHECK(vdt_report_joint_count(report) == 2);
    vdt_joint_evidence joint;
    vdt_joint_evidence_init(&joint, sizeof joint);
    CHECK(isnan(joint.p_value) && joint.feature_count == 0);
    CHECK_OK(vdt_report_joint(report, 0, &joint, e));
    CHECK(joint.test == VDT_MULTIVARIATE_HOTELLING_T2 && joint.decision == VDT_ALARM && joint.feature_count == 2);
    CHECK(joint.p_value < 1e-6 && joint.adjusted_p_value >= joint.p_value && joint.moved_share_lower > 0.05);
    CHECK(joint.live_count == REFERENCE_ROWS && joint.effect_lower > 0.0 && joint.effect_upper > joint.effect_lower);
    uint64_t indices[FEATURES];
    double contributions[FEATURES];
    size_t length = 0;
    CHECK_OK(vdt_report_joint_features(report, 0, indices, FEATURES, &length, e));
    CHECK(length == 2 && indices[0] == 0 && indices[1] == 1);
    CHECK_OK(vdt_report_joint_contributions(report, 0, contributions, FEATURES, &length, e));
    CHECK(length == 2 && contributions[0] > contributions[1]);
    uint64_t rows[8];
    double shares[8];
    CHECK_OK(vdt_report_joint_rows(report, 0, rows, 8, &length, e));
    CHECK(length == 5);
    CHECK_OK(vdt_report_joint_row_contributions(report, 0, shares, 8, &length, e));
    CHECK(length == 5 && shares[4] > 0.0);
    for (size_t i = 0; i < length; ++i)
        CHECK(rows[i] >= 1 && rows[i] <= REFERENCE_ROWS && (i == 0 || shares[i] <= shares[i - 1]));
    CHECK_FAILS(VDT_OVERFLOW, "capacity", vdt_report_joint_rows(report, 0, rows, 4, &length, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint_rows(report, 2, NULL, 0, &length, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint_row_contributions(report, 2, NULL, 0, &length, e));
    char text[512];
    CHECK_OK(vdt_report_joint_reason(report, 0, text, sizeof text, NULL, e));
    CHECK(strlen(text) > 10);
    CHECK_OK(vdt_report_joint(report, 1, &joint, e));
    CHECK(joint.test == VDT_MULTIVARIATE_ENERGY);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint(report, 2, &joint, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint_features(report, 2, NULL, 0, &length, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint_contributions(report, 2, NULL, 0, &length, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index 2", vdt_report_joint_reason(report, 2, NULL, 0, &length, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "report", vdt_report_joint(NULL, 0, &joint, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_report_joint(report, 0, NULL, e));
    CHECK_FAILS(VDT_OVERFLOW, "capacity", vdt_report_joint_features(report, 0, indices, 1, &length, e));
    CHECK(vdt_report_joint_count(NULL) == 0);
    CHECK_OK(vdt_report_render(report, "json", NULL, NULL, 0, &length, e));
    char* json = malloc(length + 1);
    CHECK_OK(vdt_report_render(report, "json", NULL, json, length + 1, NULL, e));
    CHECK(strstr(json, "people") != NULL && strstr(json, "mann_whitney") != NULL);
    free(json);
    vdt_report_destroy(report);

    report = NULL;
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "", vdt_compare_tables(left, FEATURES, right, 2, NULL, NULL, NULL, &report, e));
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "", vdt_compare_tables(left, 2, right, FEATURES, NULL, NULL, NULL, &report, e));
    vdt_column wrong = right[0];
    right[0] = right[2];
    right[0].name = "height";
    right[0].name_length = 6;
    right[2] = wrong;
    right[2].name = "colour";
    right[2].name_length = 6;
    CHECK_FAILS(VDT_TYPE_MISMATCH, "colour",
                vdt_compare_tables(left, FEATURES, right, FEATURES, NULL, NULL, NULL, &report, e));
    reference_columns(&after, right);
    left[0].length = left[1].length = left[2].length = 10;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "",
                vdt_compare_tables(left, FEATURES, right, FEATURES, NULL, NULL, NULL, &report, e));
    reference_columns(&before, left);
    judging.policy_length -= 1;
    CHECK_FAILS(VDT_INVALID_POLICY, "",
                vdt_compare_tables(left, FEATURES, right, FEATURES, NULL, &judging, NULL, &report, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live", vdt_compare_tables(left, 3, NULL, 0, NULL, NULL, NULL, &report, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_compare_tables(left, 3, right, 3, NULL, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_compare_arrow(NULL, NULL, NULL, NULL, NULL, NULL, NULL, &report, e));
    CHECK(report == NULL);
    return check_result();
}
