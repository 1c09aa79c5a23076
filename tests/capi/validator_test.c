// SPDX-License-Identifier: Apache-2.0
// Schemas and validators through the C interface: documents, rows, tensors, words, and misuse.
#include "check.h"

static const char document[] =
    "{\"version\":1,\"environments\":[\"training\",\"serving\"],\"features\":["
    "{\"name\":\"amount\",\"type\":\"floating\",\"minimum\":0,\"maximum\":10},"
    "{\"name\":\"id\",\"type\":\"integer\",\"maximum\":9007199254740993},"
    "{\"name\":\"country\",\"type\":\"text\",\"required\":false,\"domain\":{\"values\":[\"FR\",\"IT\"]},"
    "\"severity\":{\"domain\":\"warning\"}},"
    "{\"name\":\"label\",\"type\":\"boolean\",\"environments\":[\"training\"]}]}";

static vdt_schema* parse(const char* text) {
    vdt_schema* schema = NULL;
    CHECK_OK(vdt_schema_from_json(text, strlen(text), NULL, &schema, e));
    return schema;
}

static void test_documents(const vdt_schema* schema) {
    char text[1024], again[1024];
    size_t length = 0;
    CHECK_OK(vdt_schema_to_json(schema, text, sizeof text, &length, e));
    vdt_schema* copy = parse(text);
    CHECK_OK(vdt_schema_to_json(copy, again, sizeof again, NULL, e));
    CHECK(strcmp(text, again) == 0 && strlen(text) == length);
    int32_t compatible = -1;
    CHECK_OK(vdt_schema_diff(schema, copy, &compatible, NULL, 0, NULL, e));
    CHECK(compatible == 1);
    vdt_schema_destroy(copy);

    vdt_schema* stricter =
        parse("{\"version\":1,\"features\":[{\"name\":\"amount\",\"type\":\"floating\",\"minimum\":1}]}");
    char changes[4096];
    CHECK_OK(vdt_schema_diff(schema, stricter, &compatible, changes, sizeof changes, &length, e));
    CHECK(compatible == 0 && strstr(changes, "\"breaking\"") != NULL && strstr(changes, "minimum") != NULL);
    vdt_schema_destroy(stricter);

    vdt_schema* none = NULL;
    const char* const wrong = "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"text\",\"minimum\":1}]}";
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "/features/0/minimum",
                vdt_schema_from_json(wrong, strlen(wrong), NULL, &none, e));
    CHECK_FAILS(VDT_UNSUPPORTED_VERSION, "", vdt_schema_from_json("{\"version\":2}", 13, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "json", vdt_schema_from_json(NULL, 5, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_schema_from_json(document, sizeof document - 1, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "before", vdt_schema_diff(NULL, schema, NULL, NULL, 0, NULL, e));
    CHECK(none == NULL);
}

static void test_rows(const vdt_validator* serving) {
    uint32_t failed[3] = {99, 99, 99};
    vdt_row_verdict verdict = {-1, 0};
    vdt_value row[4] = {{VDT_VALUE_NUMBER, 0, 5.0, NULL, 0},
                        {VDT_VALUE_INTEGER, 0, 0.0, NULL, 9007199254740993u},
                        {VDT_VALUE_TEXT, 0, 0.0, "FR", 2},
                        {VDT_VALUE_NULL, 0, 0.0, NULL, 0}};
    CHECK_OK(vdt_validator_check_values(serving, row, 3, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_NONE && verdict.failed == 0);
    CHECK(failed[0] == 0 && failed[1] == 0 && failed[2] == 0);
    row[1].text_length = 9007199254740994u;  // a double would round it to its neighbour
    row[2].text = "DE";
    CHECK_OK(vdt_validator_check_values(serving, row, 3, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_ERROR && failed[1] == 1u << VDT_CHECK_MAXIMUM);
    CHECK(failed[2] == 1u << VDT_CHECK_DOMAIN && verdict.failed == (failed[1] | failed[2]));
    char words[512];
    CHECK_OK(vdt_validator_explain(serving, &verdict, failed, 3, words, sizeof words, NULL, e));
    CHECK(strcmp(words,
                 "feature \"id\": maximum (INT_TYPE_BIG_INT), error\n"
                 "feature \"country\": domain (ENUM_TYPE_UNEXPECTED_STRING_VALUES), warning\n") == 0);

    CHECK_OK(vdt_validator_check_values(serving, row, 1, failed, 3, &verdict, e));
    CHECK(failed[1] == 1u << VDT_CHECK_MISSING && failed[2] == 0 && verdict.severity == VDT_SEVERITY_ERROR);
    row[1].text_length = 1;
    row[2].kind = VDT_VALUE_NULL;
    CHECK_OK(vdt_validator_check_values(serving, row, 4, NULL, 0, &verdict, e));
    CHECK(verdict.failed == 1u << VDT_CHECK_UNEXPECTED && verdict.severity == VDT_SEVERITY_ERROR);

    const float narrow[3] = {NAN, 2.0f, NAN};
    CHECK_OK(vdt_validator_check_f32(serving, narrow, 3, failed, 3, &verdict, e));
    CHECK(failed[0] == 1u << VDT_CHECK_NOT_A_NUMBER && failed[1] == 0 && failed[2] == 1u << VDT_CHECK_TYPE);
    const double wide[2] = {11.0, 2.5};
    CHECK_OK(vdt_validator_check_f64(serving, wide, 2, failed, 2, &verdict, e));
    CHECK(failed[0] == 1u << VDT_CHECK_MAXIMUM && failed[1] == 1u << VDT_CHECK_TYPE);

    const vdt_row_verdict before = verdict;
    row[0].kind = 9;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "unknown kind",
                vdt_validator_check_values(serving, row, 3, failed, 3, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "validator", vdt_validator_check_f64(NULL, wide, 2, NULL, 0, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_validator_check_f64(serving, NULL, 2, NULL, 0, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "failed", vdt_validator_check_f64(serving, wide, 2, NULL, 1, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "verdict", vdt_validator_check_f64(serving, wide, 2, NULL, 0, NULL, e));
    CHECK(verdict.failed == before.failed && verdict.severity == before.severity);
}

static void test_tensors(const vdt_validator* serving) {
    const float values[6] = {0, 1, 2, 3, 4, 20};
    const int64_t shape[2] = {2, 3}, endless[2] = {INT64_MAX, 2};
    vdt_tensor tensor;
    vdt_tensor_init(&tensor, sizeof tensor);
    tensor.dtype = VDT_F32;
    tensor.data = values;
    tensor.shape = shape;
    tensor.rank = 2;
    tensor.byte_length = sizeof values;
    vdt_tensor_fault fault = -1;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(fault == 0);
    vdt_row_verdict verdict = {-1, 0};
    CHECK_OK(vdt_validator_check_tensor(serving, 0, &tensor, &verdict, e));
    CHECK(verdict.failed == 1u << VDT_CHECK_MAXIMUM && verdict.severity == VDT_SEVERITY_ERROR);
    tensor.byte_length -= 4;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(strcmp(vdt_tensor_fault_name(fault), "out_of_bounds") == 0);
    tensor.byte_length += 8;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(fault == VDT_TENSOR_BYTE_LENGTH);
    CHECK_OK(vdt_validator_check_tensor(serving, 0, &tensor, &verdict, e));
    CHECK(verdict.failed == 1u << VDT_CHECK_MEMORY);
    tensor.shape = endless;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(fault == VDT_TENSOR_SIZE_OVERFLOW);
    tensor.dtype = 77;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(fault == VDT_TENSOR_ELEMENT_TYPE);
    tensor.dtype = VDT_F32;
    tensor.rank = UINT64_MAX;
    CHECK_OK(vdt_check_tensor(&tensor, &fault, e));
    CHECK(fault == VDT_TENSOR_RANK);
    CHECK_OK(vdt_check_dlpack(NULL, &fault, e));
    CHECK(fault == VDT_TENSOR_NO_TENSOR);
    CHECK_OK(vdt_validator_check_dlpack(serving, 0, NULL, &verdict, e));
    CHECK(verdict.failed == 1u << VDT_CHECK_MEMORY);
    tensor.struct_size = 12;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "struct_size", vdt_check_tensor(&tensor, &fault, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "struct_size", vdt_validator_check_tensor(serving, 0, &tensor, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "tensor", vdt_validator_check_tensor(serving, 0, NULL, &verdict, e));
}

int main(void) {
    vdt_schema* schema = parse(document);
    test_documents(schema);
    vdt_validator *serving = NULL, *training = NULL;
    CHECK_OK(vdt_validator_create(schema, "serving", 7, NULL, &serving, e));
    CHECK_OK(vdt_validator_create(schema, "training", 8, NULL, &training, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "nowhere", vdt_validator_create(schema, "nowhere", 7, NULL, &training, e));
    vdt_schema_destroy(schema);
    CHECK(vdt_validator_feature_count(serving) == 3 && vdt_validator_feature_count(training) == 4);
    CHECK(vdt_validator_feature_count(NULL) == 0);

    vdt_string name;
    size_t feature = 0;
    uint32_t checks = 1;
    CHECK_OK(vdt_validator_feature_name(serving, 2, &name, e));
    CHECK(name.length == 7 && memcmp(name.data, "country", 7) == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature 3", vdt_validator_feature_name(serving, 3, &name, e));
    CHECK_OK(vdt_validator_find(training, "label", 5, &feature, e));
    CHECK(feature == 3);
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "label", vdt_validator_find(serving, "label", 5, &feature, e));
    CHECK_OK(vdt_validator_not_evaluated(serving, 0, &checks, e));
    CHECK(checks == 0);
    CHECK(vdt_validator_severity(serving, 2, VDT_CHECK_DOMAIN) == VDT_SEVERITY_WARNING);
    CHECK(vdt_validator_severity(serving, 0, VDT_CHECK_MINIMUM) == VDT_SEVERITY_ERROR);
    CHECK(strcmp(vdt_check_name(VDT_CHECK_STANDARD_SCORE), "standard_score") == 0);
    CHECK(strcmp(vdt_check_name(25), "unknown") == 0 && strcmp(vdt_severity_name(-1), "unknown") == 0);
    CHECK(strcmp(vdt_check_anomaly_name(VDT_CHECK_MINIMUM, 0), "FLOAT_TYPE_SMALL_FLOAT") == 0);

    test_rows(serving);
    test_tensors(serving);
    vdt_validator_destroy(serving);
    vdt_validator_destroy(training);
    vdt_validator_destroy(NULL);
    vdt_schema_destroy(NULL);
    return check_result();
}
