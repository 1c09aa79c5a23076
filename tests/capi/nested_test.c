// SPDX-License-Identifier: Apache-2.0
// Arrow lists, maps and unions built by hand, sliced and hostile; repairs of tables and in the guard; reference sets
// and clocks.
#include "check.h"

static void release_schema(struct ArrowSchema* schema) {
    schema->release = NULL;
}
static void release_array(struct ArrowArray* array) {
    array->release = NULL;
}

/* One array with its schema; children and buffers are the caller's. */
typedef struct node {
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowSchema* schemas[3];
    struct ArrowArray* arrays[3];
    const void* buffers[3];
} node;

static void make(node* self, const char* format, const char* name, int64_t length, int64_t n_buffers) {
    memset(self, 0, sizeof *self);
    self->schema.format = format;
    self->schema.name = name;
    self->schema.children = self->schemas;
    self->schema.release = release_schema;
    self->array.length = length;
    self->array.null_count = -1;
    self->array.n_buffers = n_buffers;
    self->array.buffers = self->buffers;
    self->array.children = self->arrays;
    self->array.release = release_array;
}

static void add_child(node* self, node* child) {
    self->schemas[self->schema.n_children++] = &child->schema;
    self->arrays[self->array.n_children++] = &child->array;
}

static vdt_schema* parse(const char* json) {
    vdt_schema* schema = NULL;
    CHECK_OK(vdt_schema_from_json(json, strlen(json), NULL, &schema, e));
    return schema;
}

static vdt_validator* rules_of(const char* json) {
    vdt_schema* schema = parse(json);
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    vdt_schema_destroy(schema);
    return rules;
}

/* The rows, as bits, that fail a check of a feature; all by default of a batch of one column "x". */
static uint64_t failed_rows(const vdt_validator* rules, node* column, int64_t rows, uint64_t feature, vdt_check check,
                            vdt_arrow_level level) {
    node batch;
    make(&batch, "+s", "", rows, 1);
    add_child(&batch, column);
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    options.bitmaps = 1;
    options.arrow_level = level;
    vdt_batch_report* report = NULL;
    CHECK_OK(vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &report, e));
    vdt_batch_summary summary;
    vdt_batch_summary_init(&summary, sizeof summary);
    CHECK_OK(vdt_batch_report_summary(report, &summary, e));
    uint64_t found = 0;
    for (uint64_t i = 0; i < summary.finding_count; ++i) {
        vdt_batch_finding finding;
        vdt_batch_finding_init(&finding, sizeof finding);
        CHECK_OK(vdt_batch_report_finding(report, i, &finding, e));
        if (finding.feature != feature || finding.check != check) continue;
        for (uint64_t k = 0; k < finding.bitmap_length; ++k) found |= (uint64_t)finding.bitmap[k] << (8 * k);
    }
    vdt_batch_report_destroy(report);
    return found;
}

static void refused(vdt_status wanted, const char* text, const vdt_validator* rules, node* column, int64_t rows) {
    node batch;
    make(&batch, "+s", "", rows, 1);
    add_child(&batch, column);
    vdt_batch_report* none = NULL;
    CHECK_FAILS(wanted, text, vdt_validator_check_arrow(rules, &batch.schema, &batch.array, NULL, NULL, &none, e));
    CHECK(none == NULL);
    vdt_statistics* statistics = NULL;
    CHECK_OK(vdt_statistics_create(NULL, NULL, &statistics, e));
    CHECK_FAILS(wanted, text, vdt_statistics_update_arrow(statistics, &batch.schema, &batch.array, e));
    CHECK(vdt_statistics_rows(statistics) == 0);
    vdt_statistics_destroy(statistics);
}

static const int32_t numbers[] = {1, 2, 3, 4, 5, 60, 7, 8};

/* Of 5 lists, the first sliced away: [1, 2] | [3], null that holds 4 and 5, [], [60, 7]. */
static void test_lists(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"x\",\"type\":\"integer\",\"maximum\":50,"
        "\"valency\":[{\"minimum\":1,\"maximum\":1}]}]}");
    static const int32_t narrow[] = {0, 2, 3, 5, 5, 7};
    static const int64_t wide[] = {0, 2, 3, 5, 5, 7};
    static const int32_t views[] = {6, 2, 3, 5, 5, 7}, sizes[] = {1, 1, 2, 0, 2, 0};
    static const uint8_t valid[] = {0x1B};  // 11011, the third is null
    const struct {
        const char* format;
        const void *offsets, *sizes;
    } kinds[] = {{"+l", narrow, NULL}, {"+L", wide, NULL}, {"+vl", views, sizes}};
    for (size_t k = 0; k < 3; ++k) {
        node values, list;
        make(&values, "i", "item", 8, 2);
        values.buffers[1] = numbers;
        make(&list, kinds[k].format, "x", 4, kinds[k].sizes == NULL ? 2 : 3);
        list.array.offset = 1;
        list.buffers[0] = valid;
        list.buffers[1] = kinds[k].offsets;
        list.buffers[2] = kinds[k].sizes;
        add_child(&list, &values);
        for (vdt_arrow_level level = VDT_ARROW_FULL; level <= VDT_ARROW_NONE; ++level) {
            CHECK(failed_rows(rules, &list, 4, 0, VDT_CHECK_MAXIMUM, level) == 8);
            CHECK(failed_rows(rules, &list, 4, 0, VDT_CHECK_NULL, level) == 2);
            CHECK(failed_rows(rules, &list, 4, 0, VDT_CHECK_FEW_VALUES, level) == 4);
            CHECK(failed_rows(rules, &list, 4, 0, VDT_CHECK_MANY_VALUES, level) == 8);
            CHECK(failed_rows(rules, &list, 4, 0, VDT_CHECK_NESTEDNESS, level) == 0);
        }
        // A child that is shorter than its lists say, or none.
        values.array.length = 6;
        refused(VDT_DIMENSION_MISMATCH, "column 'x'", rules, &list, 4);
        node batch;
        make(&batch, "+s", "", 4, 1);
        add_child(&batch, &list);
        vdt_batch_options options;
        vdt_batch_options_init(&options, sizeof options);
        for (options.arrow_level = VDT_ARROW_FULL; options.arrow_level <= VDT_ARROW_NONE; ++options.arrow_level) {
            vdt_batch_report* none = NULL;
            CHECK_FAILS(VDT_DIMENSION_MISMATCH, "column 'x'",
                        vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &none, e));
        }
        values.array.length = 8;
        list.array.n_children = list.schema.n_children = 0;
        refused(VDT_INVALID_ARGUMENT, "one child", rules, &list, 4);
        list.array.n_children = 1;
        refused(VDT_DIMENSION_MISMATCH, "children", rules, &list, 4);
        list.schema.n_children = 1;
        list.arrays[0] = NULL;
        refused(VDT_INVALID_ARGUMENT, "NULL", rules, &list, 4);
        list.arrays[0] = &values.array;
        list.buffers[1] = NULL;
        refused(VDT_INVALID_ARGUMENT, "buffer 1", rules, &list, 4);
        list.array.n_buffers = 1;
        refused(VDT_INVALID_ARGUMENT, "buffers", rules, &list, 4);
    }
    vdt_validator_destroy(rules);
}

static void test_hostile_offsets(void) {
    vdt_validator* rules = rules_of("{\"version\":1,\"features\":[{\"name\":\"x\",\"type\":\"integer\"}]}");
    static const int32_t descending[] = {0, 3, 2, 4}, negative[] = {-1, 3, 4, 4}, far_off[] = {0, 1, 2, 2000000000};
    static const int64_t overflowing[] = {INT64_MAX, 0, 1}, lengths[] = {1, INT64_MAX, 1};
    static const int64_t before[] = {-2, INT64_MIN, 1}, backwards[] = {1, -1, INT64_MIN};
    static const int32_t same[] = {0, 0, 0}, whole[] = {8, 8, 8};
    node values, list;
    make(&values, "i", "item", 8, 2);
    values.buffers[1] = numbers;
    make(&list, "+l", "x", 3, 2);
    add_child(&list, &values);
    list.buffers[1] = descending;
    refused(VDT_INVALID_ARGUMENT, "ends before it begins", rules, &list, 3);
    list.buffers[1] = negative;
    refused(VDT_INVALID_ARGUMENT, "ends before it begins", rules, &list, 3);
    list.buffers[1] = far_off;
    refused(VDT_DIMENSION_MISMATCH, "needs 2000000000", rules, &list, 3);
    list.schema.format = "+vL";
    list.array.n_buffers = 3;
    list.buffers[1] = overflowing;
    list.buffers[2] = lengths;
    refused(VDT_INVALID_ARGUMENT, "ends before it begins", rules, &list, 3);
    // Sums that do not fit at all: what UBSan would tell.
    list.buffers[1] = before;
    refused(VDT_INVALID_ARGUMENT, "ends before it begins", rules, &list, 3);
    list.buffers[2] = backwards;
    refused(VDT_INVALID_ARGUMENT, "ends before it begins", rules, &list, 3);
    // Views that share all their values would cost more to read than to send.
    list.schema.format = "+vl";
    list.buffers[1] = same;
    list.buffers[2] = whole;
    refused(VDT_INVALID_ARGUMENT, "hold more than", rules, &list, 3);
    list.schema.format = "+w:9223372036854775807";
    list.array.n_buffers = 1;
    refused(VDT_OVERFLOW, "column 'x'", rules, &list, 3);
    list.schema.format = "+w:x";
    refused(VDT_TYPE_MISMATCH, "+w:x", rules, &list, 3);
    list.schema.format = "+w:2";
    CHECK(failed_rows(rules, &list, 3, 0, VDT_CHECK_TYPE, VDT_ARROW_FULL) == 0);
    // A schema that is its own child comes to an end.
    node circle;
    make(&circle, "+s", "x", 3, 1);
    circle.schemas[0] = circle.schemas[1] = &circle.schema;
    circle.arrays[0] = circle.arrays[1] = &circle.array;
    circle.schema.n_children = circle.array.n_children = 2;
    refused(VDT_UNSUPPORTED, "64", rules, &circle, 3);
    // Nor do structs without a column, each twice in the one around it, take 2^60 steps.
    static node steps[18];
    for (int i = 0; i < 18; ++i) {
        make(&steps[i], "+s", i == 0 ? "x" : i % 2 == 0 ? "a" : "b", 3, 1);
        if (i == 0) continue;
        add_child(&steps[i - 1], &steps[i]);
        add_child(&steps[i - 1], &steps[i]);
    }
    refused(VDT_UNSUPPORTED, "65536 columns", rules, &steps[0], 3);
    vdt_validator_destroy(rules);
}

/* What a level believes: text offsets that descend behind the first and before the last. */
static void test_levels(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"x\",\"type\":\"text\",\"nullable\":true,"
        "\"length\":{\"maximum\":2}}]}");
    static const int32_t inner[] = {0, 3, 1, 4}, last[] = {5, 6, 7, 4};
    static const uint8_t valid[] = {0x05};  // of the second, which descends, nothing is read
    node text;
    make(&text, "u", "x", 3, 3);
    text.buffers[0] = valid;
    text.buffers[1] = inner;
    text.buffers[2] = "abcdefgh";
    refused(VDT_INVALID_ARGUMENT, "do not ascend", rules, &text, 3);
    CHECK(failed_rows(rules, &text, 3, 0, VDT_CHECK_LONG_TEXT, VDT_ARROW_MINIMAL) == 5);
    CHECK(failed_rows(rules, &text, 3, 0, VDT_CHECK_LONG_TEXT, VDT_ARROW_NONE) == 5);
    text.buffers[1] = last;
    node batch;
    make(&batch, "+s", "", 3, 1);
    add_child(&batch, &text);
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    vdt_batch_report* none = NULL;
    options.arrow_level = VDT_ARROW_MINIMAL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "the last offset",
                vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &none, e));
    // Rows that are null are looked for at the fullest level alone.
    static const uint8_t two[] = {0x03};
    text.buffers[1] = inner;
    batch.buffers[0] = two;
    options.arrow_level = VDT_ARROW_FULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row 2 is null",
                vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &none, e));
    options.arrow_level = VDT_ARROW_MINIMAL;
    vdt_batch_report* report = NULL;
    CHECK_OK(vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &report, e));
    vdt_batch_report_destroy(report);
    // Counts of buffers: believed at the last level.
    text.array.n_buffers = 7;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "buffers",
                vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &none, e));
    options.arrow_level = VDT_ARROW_NONE;
    CHECK_OK(vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &report, e));
    vdt_batch_report_destroy(report);
    options.arrow_level = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "no level",
                vdt_validator_check_arrow(rules, &batch.schema, &batch.array, &options, NULL, &none, e));
    CHECK(none == NULL);
    vdt_validator_destroy(rules);
}

/* {k0: 1, k1: 2}, {}, {k2: 60} and a union of a number and a list of numbers. */
static void test_maps_and_unions(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"x.key\",\"type\":\"text\",\"domain\":{\"values\":[\"k0\",\"k1\"]}},"
        "{\"name\":\"x.value\",\"type\":\"integer\",\"maximum\":50}]}");
    static const int32_t offsets[] = {0, 2, 2, 3}, of_keys[] = {0, 2, 4, 6}, values_of[] = {1, 2, 60};
    node keys, values, entries, map;
    make(&keys, "u", "key", 3, 3);
    keys.buffers[1] = of_keys;
    keys.buffers[2] = "k0k1k2";
    make(&values, "i", "value", 3, 2);
    values.buffers[1] = values_of;
    make(&entries, "+s", "entries", 3, 1);
    add_child(&entries, &keys);
    add_child(&entries, &values);
    make(&map, "+m", "x", 3, 2);
    map.buffers[1] = offsets;
    add_child(&map, &entries);
    CHECK(failed_rows(rules, &map, 3, 0, VDT_CHECK_DOMAIN, VDT_ARROW_FULL) == 4);
    CHECK(failed_rows(rules, &map, 3, 1, VDT_CHECK_MAXIMUM, VDT_ARROW_FULL) == 4);
    entries.schema.format = "i";
    refused(VDT_INVALID_ARGUMENT, "a map", rules, &map, 3);
    entries.schema.format = "+s";
    entries.schema.n_children = entries.array.n_children = 1;
    refused(VDT_INVALID_ARGUMENT, "two columns", rules, &map, 3);
    vdt_validator_destroy(rules);

    rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"x.n\",\"type\":\"integer\",\"required\":false,\"maximum\":50},"
        "{\"name\":\"x.l\",\"type\":\"integer\",\"required\":false,\"maximum\":50,\"valency\":[{\"maximum\":1}]}]}");
    static const int8_t types[] = {5, 9, 5, 9};
    static const int32_t places[] = {2, 1, 0, 0}, of_n[] = {60, 2, 3}, of_l[] = {0, 2, 3};
    node n, items, l, u;
    make(&n, "i", "n", 3, 2);
    n.buffers[1] = of_n;
    make(&items, "i", "item", 3, 2);
    items.buffers[1] = values_of;
    make(&l, "+l", "l", 2, 2);
    l.buffers[1] = of_l;
    add_child(&l, &items);
    make(&u, "+ud:5,9", "x", 4, 2);
    u.buffers[0] = types;
    u.buffers[1] = places;
    add_child(&u, &n);
    add_child(&u, &l);
    CHECK(failed_rows(rules, &u, 4, 0, VDT_CHECK_MAXIMUM, VDT_ARROW_FULL) == 4);  // 3, -, 60, -
    CHECK(failed_rows(rules, &u, 4, 1, VDT_CHECK_MAXIMUM, VDT_ARROW_FULL) == 2);  // -, [60], -, [1, 2]
    CHECK(failed_rows(rules, &u, 4, 1, VDT_CHECK_MANY_VALUES, VDT_ARROW_FULL) == 8);
    static const int32_t outside[] = {2, 2, 0, 0}, below_zero[] = {-1, 1, 0, 0};
    u.buffers[1] = outside;
    refused(VDT_INVALID_ARGUMENT, "offset 2 is outside its 2", rules, &u, 4);
    u.buffers[1] = below_zero;
    refused(VDT_INVALID_ARGUMENT, "offset -1", rules, &u, 4);
    u.buffers[1] = places;
    static const int8_t unknown[] = {5, 9, 4, 9};
    u.buffers[0] = unknown;
    refused(VDT_INVALID_ARGUMENT, "of no type", rules, &u, 4);
    u.buffers[0] = types;
    u.schema.format = "+ud:5";
    refused(VDT_DIMENSION_MISMATCH, "format names", rules, &u, 4);
    u.schema.format = "+ud:5,5";
    refused(VDT_TYPE_MISMATCH, "+ud:5,5", rules, &u, 4);
    u.schema.format = "+us:5,9";
    u.array.n_buffers = 1;
    refused(VDT_DIMENSION_MISMATCH, "column 'x.n'", rules, &u, 4);  // whose alternatives are as long as it is
    vdt_validator_destroy(rules);
}

static vdt_column column_of(const char* name, const double* values, size_t count) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = name;
    column.name_length = strlen(name);
    column.data = values;
    column.length = count;
    column.byte_length = count * sizeof *values;
    column.dtype = VDT_F64;
    return column;
}

static void test_repaired_tables(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\",\"minimum\":0,\"maximum\":1,\"repair\":"
        "{\"minimum\":\"clamp\",\"not_a_number\":\"impute\"},\"replacement\":0.5}]}");
    const double values[] = {0.25, -3.0, NAN, 7.0, -1.0};
    const vdt_column column = column_of("a", values, 5);
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    options.repair = 1;
    vdt_batch_report* report = NULL;
    CHECK_OK(vdt_validator_check_columns(rules, &column, 1, &options, NULL, &report, e));
    vdt_batch_summary summary;
    vdt_batch_summary_init(&summary, sizeof summary);
    CHECK_OK(vdt_batch_report_summary(report, &summary, e));
    CHECK(summary.finding_count == 1 && summary.failed_rows == 1);  // 7 stays
    CHECK(summary.repair_count == 2 && summary.repaired_cells == 3);
    vdt_batch_repair repair;
    vdt_batch_repair_init(&repair, sizeof repair);
    CHECK_OK(vdt_batch_report_repair(report, 0, &repair, e));
    CHECK(repair.how == VDT_REPAIR_CLAMP && repair.feature == 0 && repair.count == 2);
    CHECK(repair.failed == 1u << VDT_CHECK_MINIMUM && repair.offender_count == 2 && repair.offenders[1] == 4);
    CHECK(repair.rate_lower < 0.4 && repair.rate_upper > 0.4);
    uint64_t row = 0;
    vdt_repaired cell;
    CHECK_OK(vdt_batch_report_repaired_cell(report, 1, &row, &cell, e));
    CHECK(row == 2 && cell.how == VDT_REPAIR_IMPUTE && isnan(cell.before.number) && cell.after.number == 0.5);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "3", vdt_batch_report_repaired_cell(report, 3, &row, &cell, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "2", vdt_batch_report_repair(report, 2, &repair, e));
    char text[8192];
    CHECK_OK(vdt_batch_report_render(report, "json", NULL, text, sizeof text, NULL, e));
    CHECK(strstr(text, "\"how\": \"impute\"") != NULL);
    CHECK(values[1] == -3.0);
    vdt_batch_report_destroy(report);
    vdt_validator_destroy(rules);
}

/* Two batches of a number and a text, whose memory is overwritten as soon as it is released. */
static double stream_numbers[3];
static char stream_texts[16];
static int stream_batch;
static node stream_column, stream_text, stream_rows;

static int stream_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
    (void)stream;
    *out = stream_rows.schema;
    return 0;
}
static void release_batch(struct ArrowArray* array) {
    memset(stream_texts, '#', sizeof stream_texts);
    for (int i = 0; i < 3; ++i) stream_numbers[i] = 99.0;
    array->release = NULL;
}
static int stream_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
    static const double drawn[2][3] = {{0.25, -3.0, NAN}, {7.0, -1.0, 0.5}};
    static const char* const texts[2] = {
        "abc"
        "lengthy"
        "",
        "x"
        "yes"
        "longer"};
    static const int32_t ends[2][4] = {{0, 3, 10, 10}, {0, 1, 4, 10}};
    (void)stream;
    memset(out, 0, sizeof *out);
    if (stream_batch == 2) return 0;
    memcpy(stream_numbers, drawn[stream_batch], sizeof stream_numbers);
    memcpy(stream_texts, texts[stream_batch], strlen(texts[stream_batch]));
    stream_column.buffers[1] = stream_numbers;
    stream_text.buffers[1] = ends[stream_batch];
    stream_text.buffers[2] = stream_texts;
    *out = stream_rows.array;
    out->release = release_batch;
    ++stream_batch;
    return 0;
}
static const char* stream_error(struct ArrowArrayStream* stream) {
    (void)stream;
    return NULL;
}
static void release_stream(struct ArrowArrayStream* stream) {
    stream->release = NULL;
}

static void test_repaired_stream(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\",\"minimum\":0,\"maximum\":1,\"repair\":"
        "{\"minimum\":\"clamp\",\"not_a_number\":\"impute\"},\"replacement\":0.5},"
        "{\"name\":\"t\",\"type\":\"text\",\"length\":{\"maximum\":3},\"repair\":{\"long_text\":\"clamp\"}}]}");
    make(&stream_column, "g", "a", 3, 2);
    make(&stream_text, "u", "t", 3, 3);
    make(&stream_rows, "+s", "", 3, 1);
    add_child(&stream_rows, &stream_column);
    add_child(&stream_rows, &stream_text);
    stream_batch = 0;
    struct ArrowArrayStream stream = {stream_schema, stream_next, stream_error, release_stream, NULL};
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    options.repair = 1;
    vdt_statistics* statistics = NULL;
    CHECK_OK(vdt_statistics_create(NULL, NULL, &statistics, e));
    vdt_batch_report* report = NULL;
    CHECK_OK(vdt_validator_check_arrow_stream(rules, &stream, &options, statistics, NULL, &report, e));
    CHECK(vdt_statistics_rows(statistics) == 6);
    vdt_batch_summary summary;
    vdt_batch_summary_init(&summary, sizeof summary);
    CHECK_OK(vdt_batch_report_summary(report, &summary, e));
    CHECK(summary.rows == 6 && summary.finding_count == 1 && summary.failed_rows == 1);  // 7 stays
    CHECK(summary.repair_count == 3 && summary.repaired_cells == 5);
    vdt_batch_repair repair;
    vdt_batch_repair_init(&repair, sizeof repair);
    CHECK_OK(vdt_batch_report_repair(report, 0, &repair, e));
    CHECK(repair.how == VDT_REPAIR_CLAMP && repair.feature == 0 && repair.count == 2);
    CHECK(repair.offender_count == 2 && repair.offenders[0] == 1 && repair.offenders[1] == 4);
    uint64_t row = 0;
    vdt_repaired cell;
    CHECK_OK(vdt_batch_report_repaired_cell(report, 4, &row, &cell, e));
    CHECK(row == 5 && cell.feature == 1 && cell.how == VDT_REPAIR_CLAMP);
    CHECK(cell.before.text_length == 6 && memcmp(cell.before.text, "longer", 6) == 0);
    CHECK(cell.after.text_length == 3 && memcmp(cell.after.text, "lon", 3) == 0);
    vdt_batch_report_destroy(report);
    vdt_statistics_destroy(statistics);
    vdt_validator_destroy(rules);
}

static void* no_memory(void* user_data, size_t size, size_t alignment) {
    (void)user_data, (void)size, (void)alignment;
    return NULL;
}

/* Where there is no memory for the report, nothing is counted. */
static void test_no_memory(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\",\"maximum\":1,"
        "\"repair\":{\"maximum\":\"clamp\"}}]}");
    const double values[] = {0.25, 7.0};
    const vdt_column column = column_of("a", values, 2);
    vdt_allocator allocator;
    vdt_allocator_init(&allocator, sizeof allocator);
    allocator.allocate = no_memory;
    vdt_batch_options options;
    vdt_batch_options_init(&options, sizeof options);
    vdt_statistics* statistics = NULL;
    CHECK_OK(vdt_statistics_create(NULL, NULL, &statistics, e));
    for (options.repair = 0; options.repair < 2; ++options.repair) {
        vdt_batch_report* none = NULL;
        CHECK_FAILS(VDT_OUT_OF_MEMORY, "allocation",
                    vdt_validator_count_columns(rules, &column, 1, &options, statistics, &allocator, &none, e));
        CHECK(none == NULL && vdt_statistics_rows(statistics) == 0);
    }
    vdt_statistics_destroy(statistics);
    vdt_validator_destroy(rules);
}

static void test_repaired_requests(void) {
    double values[100];
    for (int i = 0; i < 100; ++i) values[i] = i % 10;
    const vdt_column column = column_of("age", values, 100);
    vdt_baseline *plain = NULL, *ruled = NULL;
    CHECK_OK(vdt_baseline_create(&column, 1, NULL, NULL, &plain, e));
    vdt_schema* schema = parse(
        "{\"version\":1,\"features\":[{\"name\":\"age\",\"type\":\"floating\",\"minimum\":1,"
        "\"repair\":{\"minimum\":\"clamp\"}}]}");
    CHECK_OK(vdt_baseline_with_schema(plain, schema, NULL, 0, NULL, &ruled, e));
    vdt_guard* guard = NULL;
    vdt_window* window = NULL;
    CHECK_OK(vdt_guard_create(ruled, NULL, NULL, &guard, e));
    CHECK_OK(vdt_window_create(ruled, NULL, &window, e));
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    vdt_repaired told;
    vdt_repair_verdict repair;
    float narrow[] = {-5.0F};
    CHECK_OK(vdt_guard_repair_f32(guard, narrow, 1, NULL, window, &told, 1, &repair, &verdict, e));
    CHECK(narrow[0] == 1.0F && repair.repaired == 1 && verdict.decision == VDT_PASS);
    CHECK(repair.before.failed == 1u << VDT_CHECK_MINIMUM && repair.after.failed == 0);
    CHECK(told.feature == 0 && told.before.number == -5.0 && told.after.number == 1.0);
    double wide[] = {-5.0};
    CHECK_OK(vdt_guard_repair_f64(guard, wide, 1, NULL, window, NULL, 0, &repair, &verdict, e));
    CHECK(wide[0] == 1.0 && repair.repaired == 1);
    vdt_value mixed[] = {{VDT_VALUE_NUMBER, 0, -5.0, NULL, 0}, {99, 0, 0.0, NULL, 0}};
    CHECK_OK(vdt_guard_repair_values(guard, mixed, 1, NULL, window, &told, 1, &repair, &verdict, e));
    CHECK(mixed[0].number == 1.0 && repair.repaired == 1);
    // A wrong width is a finding, and what is wrong with the arguments leaves all as it was.
    CHECK_OK(vdt_guard_repair_values(guard, mixed, 2, NULL, window, &told, 1, &repair, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM && repair.repaired == 0);
    mixed[0].kind = 99;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind",
                vdt_guard_repair_values(guard, mixed, 1, NULL, window, NULL, 0, &repair, &verdict, e));
    wide[0] = -5.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "told",
                vdt_guard_repair_f64(guard, wide, 1, NULL, window, NULL, 1, &repair, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "repair",
                vdt_guard_repair_f64(guard, wide, 1, NULL, window, NULL, 0, NULL, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "guard",
                vdt_guard_repair_f64(NULL, wide, 1, NULL, window, NULL, 0, &repair, &verdict, e));
    CHECK(wide[0] == -5.0);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(ruled);
    vdt_baseline_destroy(plain);
    vdt_schema_destroy(schema);
}

static int64_t clock_of(void* user_data) {
    return *(const int64_t*)user_data;
}

static void test_inputs(void) {
    vdt_schema* schema = parse(
        "{\"version\":1,\"features\":[{\"name\":\"id\",\"type\":\"integer\",\"reference_set\":\"known\"},"
        "{\"name\":\"at\",\"type\":\"integer\",\"freshness\":{\"maximum_age\":60}}],"
        "\"reference_sets\":[{\"name\":\"known\",\"most_values\":2}]}");
    const vdt_string values[] = {{"7", 1}, {"-9", 2}, {"8", 1}};
    vdt_reference_set set = {{"known", 5}, values, 2};
    int64_t now = 1000000000000;
    vdt_rule_inputs inputs;
    vdt_rule_inputs_init(&inputs, sizeof inputs);
    inputs.reference_sets = &set;
    inputs.reference_set_count = 1;
    inputs.now = clock_of;
    inputs.user_data = &now;
    vdt_validator *rules = NULL, *bare = NULL, *none = NULL;
    CHECK_OK(vdt_validator_create_with(schema, NULL, 0, &inputs, NULL, &rules, e));
    CHECK_OK(vdt_validator_create_with(schema, NULL, 0, NULL, NULL, &bare, e));
    const double row[] = {8.0, 939.0}, good[] = {-9.0, 940.0};
    uint32_t failed[2];
    vdt_row_verdict verdict;
    CHECK_OK(vdt_validator_check_f64(rules, row, 2, failed, 2, &verdict, e));
    CHECK(failed[0] == 1u << VDT_CHECK_DOMAIN && failed[1] == 1u << VDT_CHECK_FRESHNESS);
    CHECK_OK(vdt_validator_check_f64(rules, good, 2, failed, 2, &verdict, e));
    CHECK(verdict.failed == 0);
    now += 1000000000;
    CHECK_OK(vdt_validator_check_f64(rules, good, 2, failed, 2, &verdict, e));
    CHECK(failed[1] == 1u << VDT_CHECK_FRESHNESS);
    // Without them neither is evaluated, which is said.
    CHECK_OK(vdt_validator_check_f64(bare, row, 2, failed, 2, &verdict, e));
    CHECK(verdict.failed == 0);
    uint32_t open = 0;
    CHECK_OK(vdt_validator_not_evaluated(bare, 0, &open, e));
    CHECK(open == 1u << VDT_CHECK_DOMAIN);
    CHECK_OK(vdt_validator_not_evaluated(bare, 1, &open, e));
    CHECK(open == 1u << VDT_CHECK_FRESHNESS);
    set.count = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "at most 2", vdt_validator_create_with(schema, NULL, 0, &inputs, NULL, &none, e));
    set.count = UINT64_MAX;
    CHECK_FAILS(VDT_OVERFLOW, "values", vdt_validator_create_with(schema, NULL, 0, &inputs, NULL, &none, e));
    set.count = 2;
    set.name.length = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "know", vdt_validator_create_with(schema, NULL, 0, &inputs, NULL, &none, e));
    set.name.length = 5;
    set.values = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "values", vdt_validator_create_with(schema, NULL, 0, &inputs, NULL, &none, e));
    set.values = values;
    CHECK(none == NULL);

    // In the guard.
    double ids[100], times[100];
    for (int i = 0; i < 100; ++i) {
        ids[i] = i % 2 == 0 ? 7 : -9;
        times[i] = 900 + i;
    }
    const vdt_column columns[] = {column_of("id", ids, 100), column_of("at", times, 100)};
    vdt_baseline *plain = NULL, *ruled = NULL, *timed = NULL, *nothing = NULL;
    CHECK_OK(vdt_baseline_create(columns, 2, NULL, NULL, &plain, e));
    CHECK_OK(vdt_baseline_with_schema(plain, schema, NULL, 0, NULL, &ruled, e));
    CHECK_OK(vdt_baseline_with_rule_inputs(ruled, &inputs, NULL, &timed, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "no schema", vdt_baseline_with_rule_inputs(plain, &inputs, NULL, &nothing, e));
    CHECK(nothing == NULL);
    vdt_guard* guard = NULL;
    vdt_window* window = NULL;
    CHECK_OK(vdt_guard_create(timed, NULL, NULL, &guard, e));
    CHECK_OK(vdt_window_create(ruled, NULL, &window, e));  // of the same identity
    vdt_verdict found;
    vdt_verdict_init(&found, sizeof found);
    now = 1000000000000;
    CHECK_OK(vdt_guard_check_f64(guard, good, 2, window, &found, e));
    CHECK(found.decision == VDT_PASS);
    now += 60000000000;
    CHECK_OK(vdt_guard_check_f64(guard, good, 2, window, &found, e));
    CHECK(found.decision == VDT_ALARM && found.findings[0].reason == VDT_REASON_SCHEMA);
    CHECK(found.findings[0].reserved == VDT_CHECK_FRESHNESS);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(timed);
    vdt_baseline_destroy(ruled);
    vdt_baseline_destroy(plain);
    vdt_validator_destroy(rules);
    vdt_validator_destroy(bare);
    vdt_schema_destroy(schema);
}

/* The same rows in a row-major matrix, in a column-major one, and as DLPack. */
static void test_matrices(void) {
    vdt_validator* rules = rules_of(
        "{\"version\":1,\"features\":[{\"name\":\"a\",\"type\":\"floating\",\"maximum\":3},"
        "{\"name\":\"b\",\"type\":\"floating\",\"minimum\":0}]}");
    const float rows[] = {1, -1, 5, 2, 3, 4, 9, -9}, columns[] = {1, 5, 3, 9, -1, 2, 4, -9};
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = rows;
    matrix.rows = 4;
    matrix.columns = 2;
    matrix.byte_length = sizeof rows;
    int64_t shape[] = {4, 2}, strides[] = {1, 4};
    struct {
        void* data;
        int32_t device, device_id, ndim;
        uint8_t code, bits;
        uint16_t lanes;
        int64_t *shape, *strides;
        uint64_t byte_offset;
    } tensor = {(void*)columns, 1, 0, 2, 2, 32, 1, shape, strides, 0};
    for (int layout = 0; layout < 3; ++layout) {
        vdt_batch_report* report = NULL;
        if (layout == 1) {
            matrix.data = columns;
            matrix.row_stride = sizeof(float);
            matrix.column_stride = 4 * sizeof(float);
        }
        if (layout == 2) {
            CHECK_OK(vdt_validator_check_matrix_dlpack(rules, &tensor, NULL, NULL, &report, e));
        } else {
            CHECK_OK(vdt_validator_check_matrix(rules, &matrix, NULL, NULL, &report, e));
        }
        vdt_batch_finding finding;
        vdt_batch_finding_init(&finding, sizeof finding);
        CHECK_OK(vdt_batch_report_finding(report, 0, &finding, e));
        CHECK(finding.check == VDT_CHECK_MAXIMUM && finding.count == 2 && finding.offenders[1] == 3);
        CHECK_OK(vdt_batch_report_finding(report, 1, &finding, e));
        CHECK(finding.check == VDT_CHECK_MINIMUM && finding.count == 2 && finding.offenders[0] == 0);
        vdt_batch_report_destroy(report);
    }
    vdt_batch_report* none = NULL;
    matrix.columns = 1;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "1 columns", vdt_validator_check_matrix(rules, &matrix, NULL, NULL, &none, e));
    matrix.columns = 2;
    matrix.byte_length = 7;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_validator_check_matrix(rules, &matrix, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_validator_check_matrix_dlpack(rules, NULL, NULL, NULL, &none, e));
    CHECK(none == NULL);
    vdt_validator_destroy(rules);
}

int main(void) {
    test_matrices();
    test_no_memory();
    test_lists();
    test_hostile_offsets();
    test_levels();
    test_maps_and_unions();
    test_repaired_tables();
    test_repaired_stream();
    test_repaired_requests();
    test_inputs();
    return check_result();
}
