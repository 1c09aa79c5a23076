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

static void test_exchange(void) {
    const char* const foreign =
        "{\"properties\":{\"amount\":{\"type\":\"number\",\"minimum\":0,\"title\":\"Amount\"}},\"required\":"
        "[\"amount\"],\"additionalProperties\":false}";
    vdt_schema* schema = NULL;
    char notes[256], text[512];
    size_t length = 0;
    CHECK_OK(vdt_schema_import(VDT_SCHEMA_SOURCE_JSON_SCHEMA, foreign, strlen(foreign), 0, NULL, &schema, notes,
                               sizeof notes, &length, e));
    CHECK(strstr(notes, "/properties/amount/title") != NULL && strlen(notes) == length);
    CHECK_OK(vdt_schema_to_json_schema(schema, NULL, 0, 0, text, sizeof text, &length, NULL, 0, NULL, e));
    CHECK(strstr(text, "\"minimum\":0") != NULL && strlen(text) == length);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "/environments",
                vdt_schema_to_json_schema(schema, "x", 1, 0, text, sizeof text, NULL, NULL, 0, NULL, e));
    vdt_schema_destroy(schema);
    const char* const pbtxt = "feature { name: 'x' type: FLOAT unique_constraints { min: 2 } }";
    schema = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "1:33",
                vdt_schema_import(VDT_SCHEMA_SOURCE_TFDV, pbtxt, strlen(pbtxt), 0, NULL, &schema, NULL, 0, NULL, e));
    CHECK(schema == NULL);
    CHECK_OK(vdt_schema_import(VDT_SCHEMA_SOURCE_TFDV, pbtxt, strlen(pbtxt), 1, NULL, &schema, NULL, 0, NULL, e));
    vdt_schema_destroy(schema);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "source",
                vdt_schema_import(2, pbtxt, strlen(pbtxt), 1, NULL, &schema, NULL, 0, NULL, e));
}

static void test_comparison(void) {
    vdt_statistics_compare_options options;
    vdt_statistics_compare_options_init(&options, sizeof options);
    CHECK(options.minimum_rows_ratio < 0.0 && options.limits == NULL);
    vdt_statistics* tables[2] = {NULL, NULL};
    const double values[2][4] = {{1.0, 2.0, 3.0, 4.0}, {101.0, 102.0, 103.0, 104.0}};
    for (int i = 0; i < 2; ++i) {
        vdt_column column;
        memset(&column, 0, sizeof column);
        column.name = "x";
        column.name_length = 1;
        column.struct_size = sizeof column;
        column.kind = VDT_COLUMN_NUMERIC;
        column.dtype = VDT_F64;
        column.byte_length = sizeof values[i];
        column.data = values[i];
        column.length = 4;
        CHECK_OK(vdt_statistics_create(NULL, NULL, &tables[i], e));
        CHECK_OK(vdt_statistics_update_columns(tables[i], &column, 1, e));
    }
    vdt_decision decision = -1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "reference",
                vdt_statistics_compare(NULL, tables[1], &options, &decision, NULL, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live",
                vdt_statistics_compare(tables[0], NULL, &options, &decision, NULL, 0, NULL, e));
    vdt_comparator_limits limits[2] = {{NULL, 0, -1.0, 0.1, -1.0}, {NULL, 0, -1.0, 0.1, -1.0}};
    options.limits = limits;
    options.limit_count = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "limits",
                vdt_statistics_compare(tables[0], tables[1], &options, &decision, NULL, 0, NULL, e));
    CHECK(decision == -1);
    options.limit_count = 1;
    char told[4096];
    size_t length = 0;
    CHECK_OK(vdt_statistics_compare(tables[0], tables[1], &options, &decision, told, sizeof told, &length, e));
    CHECK(decision == VDT_ALARM);
    CHECK(length < sizeof told && strstr(told, "jensen_shannon") != NULL);
    CHECK_OK(vdt_statistics_compare(tables[0], tables[0], &options, &decision, NULL, 0, NULL, e));
    CHECK(decision == VDT_PASS);
    vdt_statistics_destroy(tables[0]);
    vdt_statistics_destroy(tables[1]);
}

static void test_patterns(void) {
    const char* const wrong =
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"text\",\"pattern\":\"a(?=b)\"}]}";
    vdt_schema* schema = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "/features/0/pattern",
                vdt_schema_from_json(wrong, strlen(wrong), NULL, &schema, e));
    schema = parse("{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"text\",\"pattern\":\"^[a-z]+$\"}]}");
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    vdt_row_verdict verdict = {-1, 0};
    vdt_value row = {VDT_VALUE_TEXT, 0, 0.0, "abc", 3};
    CHECK_OK(vdt_validator_check_values(rules, &row, 1, NULL, 0, &verdict, e));
    CHECK(verdict.failed == 0);
    uint32_t failed = 0;
    row.text = "ABC";
    CHECK_OK(vdt_validator_check_values(rules, &row, 1, &failed, 1, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_ERROR && failed == 1u << VDT_CHECK_PATTERN);
    CHECK(strcmp(vdt_check_name(VDT_CHECK_PATTERN), "pattern") == 0);
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
}

static void test_texts(void) {
    vdt_schema* const schema = parse(
        "{\"version\":1,\"features\":[{\"name\":\"prompt\",\"type\":\"text\",\"refused_characters\":[\"control\","
        "\"bidirectional\",\"invisible\"],\"scripts\":\"single\",\"repetition\":{\"length\":1,\"minimum_grams\":3},"
        "\"refused_patterns\":[\"(?i)ignore previous\"],\"severity\":{\"invisible\":\"warning\"}}]}");
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    const struct {
        const char* text;
        uint32_t failed;
        vdt_severity severity;
    } cases[] = {{"a plain question", 0, VDT_SEVERITY_NONE},
                 {"two\nlines", 0, VDT_SEVERITY_NONE},
                 {"esc \x1B[31m", 1u << VDT_CHECK_CONTROL, VDT_SEVERITY_ERROR},
                 {"x \xE2\x80\xAE y", 1u << VDT_CHECK_CONTROL, VDT_SEVERITY_ERROR},
                 {"soft\xC2\xADly", 1u << VDT_CHECK_INVISIBLE, VDT_SEVERITY_WARNING},
                 {"p\xD0\xB0ypal", 1u << VDT_CHECK_CONFUSABLE, VDT_SEVERITY_ERROR},
                 {"no no no", 1u << VDT_CHECK_REPETITION, VDT_SEVERITY_ERROR},
                 {"Ignore previous rules", 1u << VDT_CHECK_PATTERN, VDT_SEVERITY_ERROR}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        const vdt_value row = {VDT_VALUE_TEXT, 0, 0.0, cases[i].text, strlen(cases[i].text)};
        vdt_row_verdict verdict = {-1, 0};
        CHECK_OK(vdt_validator_check_values(rules, &row, 1, NULL, 0, &verdict, e));
        CHECK(verdict.failed == cases[i].failed && verdict.severity == cases[i].severity);
    }
    CHECK(strcmp(vdt_check_name(VDT_CHECK_REPETITION), "repetition") == 0);
    CHECK(strcmp(vdt_check_name(VDT_CHECK_FRESHNESS), "freshness") == 0);
    CHECK(strcmp(vdt_check_name(VDT_CHECK_FRESHNESS + 1), "unknown") == 0);
    CHECK(vdt_validator_severity(rules, 0, VDT_CHECK_FRESHNESS) == VDT_SEVERITY_ERROR);
    CHECK(vdt_validator_severity(rules, 0, VDT_CHECK_FRESHNESS + 1) == VDT_SEVERITY_NONE);
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
}

static void test_repair(void) {
    vdt_schema* const schema = parse(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\",\"minimum\":0,\"maximum\":1,\"repair\":"
        "{\"minimum\":\"clamp\",\"maximum\":\"clamp\",\"not_a_number\":\"impute\"},\"replacement\":0.5},"
        "{\"name\":\"b\",\"type\":\"text\",\"length\":{\"maximum\":3},\"repair\":{\"long_text\":\"clamp\",\"null\":"
        "\"impute\"},\"replacement\":\"-\"}]}");
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    vdt_value row[2] = {{VDT_VALUE_NUMBER, 0, 7.0, NULL, 0}, {VDT_VALUE_TEXT, 0, 0.0, "abcdef", 6}};
    vdt_repaired told[2];
    uint32_t failed[2] = {9, 9};
    vdt_repair_verdict verdict;
    CHECK_OK(vdt_validator_repair_values(rules, row, 2, failed, 2, told, 2, &verdict, e));
    CHECK(verdict.repaired == 2 && verdict.after.failed == 0 && verdict.after.severity == VDT_SEVERITY_NONE);
    CHECK(verdict.before.failed == (1u << VDT_CHECK_MAXIMUM | 1u << VDT_CHECK_LONG_TEXT));
    CHECK(failed[0] == 0 && failed[1] == 0 && row[0].number == 1.0 && row[1].text_length == 3);
    CHECK(told[0].feature == 0 && told[0].how == VDT_REPAIR_CLAMP && told[0].failed == 1u << VDT_CHECK_MAXIMUM);
    CHECK(told[0].before.number == 7.0 && told[0].after.number == 1.0);
    CHECK(told[1].feature == 1 && told[1].before.text_length == 6 && told[1].after.text_length == 3);
    row[1].kind = VDT_VALUE_NULL;
    CHECK_OK(vdt_validator_repair_values(rules, row, 2, NULL, 0, NULL, 0, &verdict, e));
    CHECK(verdict.repaired == 1 && row[1].kind == VDT_VALUE_TEXT && row[1].text_length == 1);
    float narrow[2] = {-3.0F, 0.0F};
    CHECK_OK(vdt_validator_repair_f32(rules, narrow, 2, failed, 2, told, 1, &verdict, e));
    CHECK(verdict.repaired == 1 && narrow[0] == 0.0F && failed[0] == 0 && failed[1] == 1u << VDT_CHECK_TYPE);
    double wide[1] = {NAN};
    CHECK_OK(vdt_validator_repair_f64(rules, wide, 1, NULL, 0, told, 1, &verdict, e));
    CHECK(verdict.repaired == 1 && wide[0] == 0.5 && told[0].how == VDT_REPAIR_IMPUTE);
    CHECK(verdict.after.failed == 1u << VDT_CHECK_MISSING);
    row[0].kind = 77;
    row[1].text_length = 6;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_validator_repair_values(rules, row, 2, NULL, 0, NULL, 0, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "told", vdt_validator_repair_f64(rules, wide, 1, NULL, 0, NULL, 1, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "verdict", vdt_validator_repair_f64(rules, wide, 1, NULL, 0, NULL, 0, NULL, e));
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
}

static void test_leakage(void) {
    double label[200], same[200], noise[200];
    for (size_t i = 0; i < 200; ++i) {
        label[i] = (double)(i * 7 % 2);
        same[i] = 1.0 - label[i];
        noise[i] = (double)(i / 2 % 5);
    }
    const vdt_column columns[3] = {make_column("y", VDT_COLUMN_NUMERIC, VDT_F64, label, 200, sizeof label),
                                   make_column("same", VDT_COLUMN_NUMERIC, VDT_F64, same, 200, sizeof same),
                                   make_column("noise", VDT_COLUMN_NUMERIC, VDT_F64, noise, 200, sizeof noise)};
    vdt_leakage_options options;
    vdt_leakage_options_init(&options, sizeof options);
    CHECK(options.cells == 64 && options.minimum_gain == 0.9 && options.minimum_rows == 100);
    options.minimum_gain = 0.5;
    size_t hints = 99, length = 0;
    char text[1024];
    CHECK_OK(vdt_find_leakage_columns(columns, 3, "y", 1, &options, &hints, text, sizeof text, &length, e));
    CHECK(hints == 1 && length < sizeof text && strstr(text, "tells_label") != NULL && strstr(text, "same") != NULL);
    CHECK_OK(vdt_find_leakage_columns(columns, 3, "noise", 5, NULL, &hints, NULL, 0, NULL, e));
    CHECK(hints == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "label",
                vdt_find_leakage_columns(columns, 3, "z", 1, NULL, NULL, NULL, 0, NULL, e));
    options.minimum_rows = 201;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "label",
                vdt_find_leakage_columns(columns, 3, "y", 1, &options, NULL, NULL, 0, NULL, e));
}

static void test_expressions(void) {
    const char* const wrong =
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\"}],"
        "\"expressions\":[{\"name\":\"order\",\"expression\":\"a <= b\"}]}";
    vdt_schema* schema = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "/expressions/0/expression: at byte 5",
                vdt_schema_from_json(wrong, strlen(wrong), NULL, &schema, e));
    schema = parse(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\"},{\"name\":\"b\",\"type\":\"floating\"}],"
        "\"expressions\":[{\"name\":\"order\",\"expression\":\"a <= b\"}]}");
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    const vdt_value values[2] = {{VDT_VALUE_NUMBER, 0, 2.0, NULL, 0}, {VDT_VALUE_NUMBER, 0, 1.0, NULL, 0}};
    const double numbers[2] = {2.0, 1.0};
    char words[256];
    for (int way = 0; way < 2; ++way) {
        vdt_row_verdict verdict = {-1, 0};
        uint32_t failed[3] = {99, 99, 99};
        if (way == 0) {
            CHECK_OK(vdt_validator_check_values(rules, values, 2, failed, 3, &verdict, e));
        } else {
            CHECK_OK(vdt_validator_check_f64(rules, numbers, 2, failed, 3, &verdict, e));
        }
        CHECK(verdict.severity == VDT_SEVERITY_ERROR && verdict.failed == 1u << VDT_CHECK_EXPRESSION);
        CHECK(failed[0] == 0 && failed[1] == 0 && failed[2] == 1u << VDT_CHECK_EXPRESSION);
        CHECK_OK(vdt_validator_explain(rules, &verdict, failed, 3, words, sizeof words, NULL, e));
        CHECK(strcmp(words, "expression \"order\" of \"a\", \"b\": error\n") == 0);
    }
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
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

static void test_tables(const vdt_validator* training) {
    const double amount[3] = {1.0, 11.0, NAN};
    const int64_t id[3] = {1, 9007199254740994, 3};
    const vdt_string country[3] = {{"FR", 2}, {"DE", 2}, {"IT", 2}}, label[3] = {{"true", 4}, {"0", 1}, {"?", 1}};
    vdt_column columns[5];
    columns[0] = make_column("amount", VDT_COLUMN_NUMERIC, VDT_F64, amount, 3, sizeof amount);
    columns[1] = make_column("id", VDT_COLUMN_NUMERIC, VDT_I64, id, 3, sizeof id);
    columns[2] = make_column("country", VDT_COLUMN_STRINGS, 0, country, 3, sizeof country);
    columns[3] = make_column("label", VDT_COLUMN_STRINGS, 0, label, 3, sizeof label);
    columns[4] = make_column("new", VDT_COLUMN_NUMERIC, VDT_F64, amount, 3, sizeof amount);
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    options.bitmaps = options.read_texts = 1;
    vdt_batch_report* report = NULL;
    CHECK_OK(vdt_validator_check_columns(training, columns, 5, &options, NULL, &report, e));
    vdt_batch_summary summary;
    vdt_batch_summary_init(&summary, sizeof summary);
    CHECK_OK(vdt_batch_report_summary(report, &summary, e));
    CHECK(summary.rows == 3 && summary.failed_rows == 2 && summary.severity == VDT_SEVERITY_ERROR);
    CHECK(summary.finding_count == 6 && summary.bitmap_length == 1 && summary.failed_row_bitmap[0] == 6);
    static const struct {
        vdt_check check;
        uint64_t feature, row;
        vdt_severity severity;
    } expected[5] = {{VDT_CHECK_NOT_A_NUMBER, 0, 2, VDT_SEVERITY_ERROR},
                     {VDT_CHECK_MAXIMUM, 0, 1, VDT_SEVERITY_ERROR},
                     {VDT_CHECK_MAXIMUM, 1, 1, VDT_SEVERITY_ERROR},
                     {VDT_CHECK_DOMAIN, 2, 1, VDT_SEVERITY_WARNING},
                     {VDT_CHECK_TYPE, 3, 2, VDT_SEVERITY_ERROR}};
    vdt_batch_finding finding;
    vdt_batch_finding_init(&finding, sizeof finding);
    for (size_t i = 0; i < 5; ++i) {
        CHECK_OK(vdt_batch_report_finding(report, i, &finding, e));
        CHECK(finding.check == expected[i].check && finding.feature == expected[i].feature);
        CHECK(finding.severity == expected[i].severity && finding.count == 1 && finding.offender_count == 1);
        CHECK(finding.offenders[0] == expected[i].row && finding.bitmap[0] == 1u << expected[i].row);
    }
    CHECK_OK(vdt_batch_report_finding(report, 5, &finding, e));
    CHECK(finding.check == VDT_CHECK_UNEXPECTED && finding.feature == 4 && summary.unexpected_count == 1);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "6", vdt_batch_report_finding(report, 6, &finding, e));
    vdt_string name;
    CHECK_OK(vdt_batch_report_unexpected(report, 0, &name, e));
    CHECK(name.length == 3 && memcmp(name.data, "new", 3) == 0);
    uint32_t checks = 1;
    CHECK_OK(vdt_batch_report_not_evaluated(report, 0, &checks, e));
    CHECK(checks == 0);
    char text[8192];
    CHECK_OK(vdt_batch_report_render(report, "json", NULL, text, sizeof text, NULL, e));
    CHECK(strstr(text, "\"failed_rows\": 2") != NULL);
    CHECK_FAILS(VDT_UNSUPPORTED, "html", vdt_batch_report_render(report, "html", NULL, text, sizeof text, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "pdf", vdt_batch_report_render(report, "pdf", NULL, text, sizeof text, NULL, e));
    vdt_batch_report_destroy(report);

    vdt_batch_report* none = NULL;
    options.confidence = 2.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_validator_check_columns(training, columns, 5, &options, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "validator", vdt_validator_check_columns(NULL, columns, 5, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_validator_check_arrow(training, NULL, NULL, NULL, NULL, &none, e));
    CHECK(none == NULL);
    vdt_batch_report_destroy(NULL);
}

/* A baseline carries a schema, and the guard enforces it. */
static void test_guarded(void) {
    double values[100];
    for (int i = 0; i < 100; ++i) values[i] = i % 10;
    vdt_column column = {0};
    vdt_column_init(&column, sizeof column);
    column.name = "age";
    column.name_length = 3;
    column.data = values;
    column.length = 100;
    column.byte_length = sizeof values;
    column.dtype = VDT_F64;
    vdt_baseline *plain = NULL, *ruled = NULL, *none = NULL;
    CHECK_OK(vdt_baseline_create(&column, 1, NULL, NULL, &plain, e));
    vdt_schema* schema = parse("{\"version\":1,\"features\":[{\"name\":\"age\",\"type\":\"integer\",\"minimum\":0}]}");
    vdt_schema* other = parse("{\"version\":1,\"features\":[{\"name\":\"size\",\"type\":\"integer\"}]}");
    CHECK_OK(vdt_baseline_with_schema(plain, schema, NULL, 0, NULL, &ruled, e));
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "size", vdt_baseline_with_schema(plain, other, NULL, 0, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "schema", vdt_baseline_with_schema(plain, NULL, NULL, 0, NULL, &none, e));
    CHECK(none == NULL);
    char text[256];
    size_t length = 1;
    CHECK_OK(vdt_baseline_schema(plain, text, sizeof text, &length, e));
    CHECK(length == 0);
    CHECK_OK(vdt_baseline_schema(ruled, text, sizeof text, &length, e));
    CHECK(strstr(text, "\"age\"") != NULL);

    vdt_guard* guard = NULL;
    vdt_window* window = NULL;
    CHECK_OK(vdt_guard_create(ruled, NULL, NULL, &guard, e));
    CHECK_OK(vdt_window_create(ruled, NULL, &window, e));
    vdt_verdict verdict = {0};
    vdt_verdict_init(&verdict, sizeof verdict);
    const double row = -2.0;
    CHECK_OK(vdt_guard_check_f64(guard, &row, 1, window, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM && (verdict.reasons >> VDT_REASON_SCHEMA & 1u) != 0);
    CHECK(verdict.findings[0].reason == VDT_REASON_SCHEMA &&
          vdt_finding_check(&verdict.findings[0]) == VDT_CHECK_MINIMUM);
    uint64_t count = 0;
    CHECK_OK(vdt_window_schema_failures(window, 0, VDT_CHECK_MINIMUM, &count, e));
    CHECK(count == 1);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature", vdt_window_schema_failures(window, 1, VDT_CHECK_MINIMUM, &count, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "check", vdt_window_schema_failures(window, 0, 99, &count, e));
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_schema_destroy(schema);
    vdt_schema_destroy(other);
    vdt_baseline_destroy(plain);
    vdt_baseline_destroy(ruled);
}

static void test_parts(const vdt_validator* serving) {
    const double amount = 3.5;
    const int64_t id = 7;
    const vdt_string known = {"FR", 2}, unknown = {"XX", 2}, broken = {NULL, 2};
    const vdt_value value = {VDT_VALUE_TEXT, 0, 0.0, "IT", 2};
    vdt_row_part row[] = {{VDT_PART_F64, 0, &amount, 1}, {VDT_PART_I64, 0, &id, 1}, {VDT_PART_STRINGS, 0, &known, 1}};
    uint32_t failed[3] = {9, 9, 9};
    vdt_row_verdict verdict = {-1, 0};
    CHECK_OK(vdt_validator_check_parts(serving, row, 3, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_NONE && verdict.failed == 0 && failed[0] == 0 && failed[2] == 0);
    row[2].data = &unknown;
    CHECK_OK(vdt_validator_check_parts(serving, row, 3, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_WARNING && failed[2] == 1u << VDT_CHECK_DOMAIN);
    row[2].kind = VDT_PART_VALUES;
    row[2].data = &value;
    CHECK_OK(vdt_validator_check_parts(serving, row, 3, NULL, 0, &verdict, e));
    CHECK(verdict.failed == 0);
    const float large = 11.0F;
    row[0].kind = VDT_PART_F32;
    row[0].data = &large;
    CHECK_OK(vdt_validator_check_parts(serving, row, 1, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_ERROR && failed[0] == 1u << VDT_CHECK_MAXIMUM);
    CHECK(failed[1] == 1u << VDT_CHECK_MISSING && failed[2] == 0);

    const vdt_row_verdict before = verdict;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_validator_check_parts(serving, NULL, 1, NULL, 0, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "verdict", vdt_validator_check_parts(serving, row, 1, NULL, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "64", vdt_validator_check_parts(serving, row, 65, NULL, 0, &verdict, e));
    row[0].kind = 6;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_validator_check_parts(serving, row, 1, NULL, 0, &verdict, e));
    row[0].kind = VDT_PART_STRINGS;
    row[0].data = &broken;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "read", vdt_validator_check_parts(serving, row, 1, NULL, 0, &verdict, e));
    row[0].data = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "read", vdt_validator_check_parts(serving, row, 1, NULL, 0, &verdict, e));
    CHECK(verdict.severity == before.severity && verdict.failed == before.failed);
}

static void test_requests(const vdt_validator* serving) {
    const double amounts[2] = {3.5, 4.5};
    const int64_t ids[2] = {7, 8}, two[1] = {2};
    const vdt_string countries[2] = {{"FR", 2}, {"XX", 2}};
    vdt_tensor amount, id, country;
    vdt_tensor_init(&amount, sizeof amount);
    amount.shape = two;
    amount.rank = 1;
    id = country = amount;
    amount.dtype = VDT_F64;
    amount.data = amounts;
    id.dtype = VDT_I64;
    id.data = ids;
    vdt_named_tensor request[] = {{{"country", 7}, &country, countries, 2, 1, 0},
                                  {{"id", 2}, &id, NULL, 0, 0, 0},
                                  {{"amount", 6}, &amount, NULL, 0, 0, 0},
                                  {{"amount", 6}, &amount, NULL, 0, 0, 0}};
    uint32_t failed[3] = {9, 9, 9};
    vdt_row_verdict verdict = {-1, 0};
    CHECK_OK(vdt_validator_check_tensors(serving, request, 3, failed, 3, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_WARNING && verdict.failed == 1u << VDT_CHECK_DOMAIN);
    CHECK(failed[0] == 0 && failed[1] == 0 && failed[2] == 1u << VDT_CHECK_DOMAIN);
    CHECK_OK(vdt_validator_check_tensors(serving, request, 4, NULL, 0, &verdict, e));
    CHECK(verdict.severity == VDT_SEVERITY_ERROR && (verdict.failed & 1u << VDT_CHECK_UNEXPECTED) != 0);
    request[0].text_count = 1;  // fewer than the shape says
    CHECK_OK(vdt_validator_check_tensors(serving, request, 2, failed, 3, &verdict, e));
    CHECK(failed[0] == 1u << VDT_CHECK_MISSING && failed[1] == 0 && failed[2] == 1u << VDT_CHECK_MEMORY);
    id.dtype = 99;
    CHECK_OK(vdt_validator_check_tensors(serving, request + 1, 1, failed, 3, &verdict, e));
    CHECK(failed[1] == 1u << VDT_CHECK_MEMORY && verdict.severity == VDT_SEVERITY_ERROR);
    CHECK_OK(vdt_validator_check_tensors(serving, NULL, 0, failed, 3, &verdict, e));
    CHECK(verdict.failed == 1u << VDT_CHECK_MISSING);

    const vdt_row_verdict before = verdict;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_validator_check_tensors(serving, NULL, 1, NULL, 0, &verdict, e));
    request[2].tensor = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "tensor",
                vdt_validator_check_tensors(serving, request + 2, 1, NULL, 0, &verdict, e));
    request[0].texts = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "text", vdt_validator_check_tensors(serving, request, 1, NULL, 0, &verdict, e));
    amount.struct_size = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "tensor",
                vdt_validator_check_tensors(serving, request + 3, 1, NULL, 0, &verdict, e));
    CHECK(verdict.severity == before.severity && verdict.failed == before.failed);
}

int main(void) {
    test_exchange();
    test_comparison();
    test_patterns();
    test_guarded();
    test_texts();
    test_repair();
    test_leakage();
    test_expressions();
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
    CHECK(strcmp(vdt_check_name(32), "unknown") == 0 && strcmp(vdt_severity_name(-1), "unknown") == 0);
    CHECK(strcmp(vdt_check_anomaly_name(VDT_CHECK_MINIMUM, 0), "FLOAT_TYPE_SMALL_FLOAT") == 0);

    test_rows(serving);
    test_tensors(serving);
    test_parts(serving);
    test_requests(serving);
    test_tables(training);
    vdt_validator_destroy(serving);
    vdt_validator_destroy(training);
    vdt_validator_destroy(NULL);
    vdt_schema_destroy(NULL);
    return check_result();
}
