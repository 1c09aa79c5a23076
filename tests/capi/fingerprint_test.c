// SPDX-License-Identifier: Apache-2.0
// Memory across requests, from C: probing found, memory kept, bytes and merging, misuse.
#include "check.h"

enum { PIXELS = 768, COLUMNS = 12 };

static vdt_fingerprint_options small_options(void) {
    vdt_fingerprint_options options;
    vdt_fingerprint_options_init(&options, sizeof options);
    options.values = PIXELS;
    options.window = 20;
    options.stride = 1;
    options.memory = 200000;
    options.period = 10;
    options.periods = 3;
    options.has_key = 1;
    options.key[0] = 5;
    return options;
}

static void fill(uint8_t* image, uint64_t seed) {
    for (int i = 0; i < PIXELS; ++i) image[i] = (uint8_t)(256.0 * draw(&seed));
}

static void images(void) {
    vdt_fingerprint_options options = small_options();
    vdt_fingerprint_store *store = NULL, *again = NULL, *other = NULL;
    vdt_fingerprint_match match, silent;
    uint8_t image[PIXELS];
    float floats[PIXELS];
    double doubles[PIXELS];
    uint32_t mark = 0;
    uint64_t remembered = 0, capacity = 0, memory = 0, after = 0;
    CHECK_OK(vdt_fingerprint_store_create(&options, NULL, &store, e));
    CHECK_OK(vdt_fingerprint_store_counts(store, &remembered, &capacity, &memory, e));
    CHECK(remembered == 0 && capacity > 1500 && memory <= 200000 && memory > 199000);
    vdt_fingerprint_match_init(&match, sizeof match);
    for (uint64_t i = 0; i < 50; ++i) {
        fill(image, i);
        CHECK_OK(vdt_fingerprint_store_observe_u8(store, image, PIXELS, "alice", 5, i / 5, &match, e));
        CHECK(match.score < 0.15 && match.slots == 48 && match.is_silent == 0 && match.compared <= 64);
    }
    fill(image, 30);
    image[100] ^= 64;
    for (int i = 0; i < PIXELS; ++i) {
        floats[i] = (float)image[i] / 255.0f;
        doubles[i] = image[i] / 255.0;
    }
    CHECK_OK(vdt_fingerprint_store_observe_f32(store, floats, PIXELS, "mallory", 7, 11, &match, e));
    CHECK_OK(vdt_fingerprint_store_account_mark(store, "alice", 5, &mark, e));
    CHECK(match.score > 0.8 && match.query == 30 && match.period == 0 && match.account == mark);
    CHECK_OK(vdt_fingerprint_store_observe_f64(store, doubles, PIXELS, "mallory", 7, 11, &match, e));
    CHECK_OK(vdt_fingerprint_store_account_mark(store, "mallory", 7, &mark, e));
    CHECK(match.score == 1.0 && match.query == 50 && match.period == 1 && match.account == mark);

    size_t length = 0;
    CHECK_OK(vdt_fingerprint_store_to_bytes(store, NULL, 0, &length, e));
    unsigned char* const bytes = malloc(length);
    CHECK_OK(vdt_fingerprint_store_to_bytes(store, bytes, length, &length, e));
    CHECK_OK(vdt_fingerprint_store_from_bytes(bytes, length, NULL, &again, e));
    CHECK_OK(vdt_fingerprint_store_observe_u8(again, image, PIXELS, NULL, 0, 12, &match, e));
    CHECK(match.score == 1.0 && match.query == 51);
    bytes[length / 2] ^= 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_fingerprint_store_from_bytes(bytes, length, NULL, &other, e));
    free(bytes);

    options.silent = 1;
    CHECK_OK(vdt_fingerprint_store_create(&options, NULL, &other, e));
    vdt_fingerprint_match_init(&silent, sizeof silent);
    CHECK_OK(vdt_fingerprint_store_observe_u8(other, image, PIXELS, "bob", 3, 12, &silent, e));
    CHECK(silent.is_silent == 1 && silent.score == 0.0 && silent.overlap == 0);
    CHECK_OK(vdt_fingerprint_store_merge(other, store, e));
    CHECK_OK(vdt_fingerprint_store_counts(other, &remembered, NULL, &after, e));
    CHECK(remembered == 53 && after == memory);
    CHECK_OK(vdt_fingerprint_store_rotate_key(other, NULL, e));
    CHECK_OK(vdt_fingerprint_store_observe_u8(other, image, PIXELS, "bob", 3, 12, &silent, e));
    CHECK(silent.overlap == 0);
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "merging", vdt_fingerprint_store_merge(store, other, e));
    vdt_fingerprint_store_destroy(other);
    vdt_fingerprint_store_destroy(again);
    vdt_fingerprint_store_destroy(store);
}

static void rows(void) {
    const double steps[COLUMNS] = {1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
    double row[COLUMNS] = {10, -20, 30, -40, 50, 60, 70, 80, 90, 11, 12, NAN};
    vdt_fingerprint_options options;
    vdt_fingerprint_store* store = NULL;
    vdt_fingerprint_match match;
    vdt_fingerprint_options_init(&options, sizeof options);
    options.kind = VDT_FINGERPRINT_ROW;
    options.values = COLUMNS;
    options.memory = 100000;
    // A key of its own: under a drawn one, the slot that changed agrees by chance once in 256 times.
    options.has_key = 1;
    for (uint64_t i = 0; i < 4; ++i) options.key[i] = 77 + i;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "steps", vdt_fingerprint_store_create(&options, NULL, &store, e));
    options.steps = steps;
    options.step_count = 5;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "steps", vdt_fingerprint_store_create(&options, NULL, &store, e));
    options.step_count = COLUMNS;
    CHECK_OK(vdt_fingerprint_store_create(&options, NULL, &store, e));
    vdt_fingerprint_match_init(&match, sizeof match);
    CHECK_OK(vdt_fingerprint_store_observe_f64(store, row, COLUMNS, "a", 1, 0, &match, e));
    CHECK(match.overlap == 0 && match.slots == 10);
    row[0] += 100;
    CHECK_OK(vdt_fingerprint_store_observe_f64(store, row, COLUMNS, "a", 1, 0, &match, e));
    CHECK(match.overlap == 9 && match.score == 0.9);
    vdt_fingerprint_store_destroy(store);
}

// Tags of threats: of scores and of memories, none of other findings.
static void threats(void) {
    static const struct {
        vdt_reason reason;
        size_t tags;
        const char* atlas;
    } known[] = {{VDT_REASON_SCORE, 4, "AML.T0015"},
                 {VDT_REASON_CALIBRATED_SCORE, 4, "AML.T0043"},
                 {VDT_REASON_FUSED_SCORES, 4, "AML.T0015"},
                 {VDT_REASON_QUERY_ATTACK, 3, "AML.T0043.001"},
                 {VDT_REASON_EXTRACTION, 3, "AML.T0024.002"},
                 {VDT_REASON_UNLIKE_BENIGN, 3, "AML.T0024.002"},
                 {VDT_REASON_NULL_VALUE, 0, NULL},
                 {VDT_REASON_CALIBRATED_SCORE_NOT_EVALUATED, 0, NULL},
                 {-1, 0, NULL},
                 {99, 0, NULL}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
        vdt_threat_tag tag;
        int found = known[i].atlas == NULL;
        CHECK(vdt_reason_threat_count(known[i].reason) == known[i].tags);
        for (size_t k = 0; k < known[i].tags; ++k) {
            CHECK_OK(vdt_reason_threat(known[i].reason, k, &tag, e));
            CHECK(strlen(tag.catalogue) > 0 && strlen(tag.name) > 0);
            found |= known[i].atlas != NULL && strcmp(tag.id, known[i].atlas) == 0;
        }
        CHECK(found);
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "not below", vdt_reason_threat(known[i].reason, known[i].tags, &tag, e));
    }
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_reason_threat(VDT_REASON_SCORE, 0, NULL, e));
}

// The windowed MMD of a memory: traffic of another law is found, of the account alone, and through bytes.
static void unlike_benign(void) {
    enum { ROWS = 400, WIDTH = 3 };
    static float benign[ROWS * WIDTH];
    uint64_t seed = 7;
    for (size_t i = 0; i < ROWS * WIDTH; ++i) benign[i] = (float)draw(&seed);
    vdt_matrix rows;
    vdt_matrix_init(&rows, sizeof rows);
    rows.dtype = VDT_F32;
    rows.data = benign;
    rows.rows = ROWS;
    rows.columns = WIDTH;
    rows.byte_length = sizeof benign;
    vdt_mmd_monitor_options monitor_options;
    vdt_mmd_monitor_options_init(&monitor_options, sizeof monitor_options);
    monitor_options.window = 40;
    monitor_options.features = 32;
    monitor_options.expected_run = 1000.0;
    monitor_options.simulations = 1000;
    vdt_mmd_monitor* monitor = NULL;
    CHECK_OK(vdt_mmd_monitor_create(&rows, &monitor_options, NULL, &monitor, e));
    vdt_query_memory_options options;
    vdt_query_memory *memory = NULL, *again = NULL;
    vdt_query_memory_options_init(&options, sizeof options);
    CHECK(options.mmd == NULL && options.mmd_accounts == 16);
    options.mmd = monitor;
    options.mmd_accounts = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "accounts", vdt_query_memory_create(&options, NULL, &memory, e));
    options.mmd_accounts = 2;
    CHECK_OK(vdt_query_memory_create(&options, NULL, &memory, e));
    vdt_mmd_monitor_destroy(monitor);

    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = NULL;
    vdt_window* window = make_window(baseline);
    vdt_request_vectors vectors;
    vdt_verdict verdict;
    const double row[FEATURES] = {170.0, 70.0, 0.0};
    float input[WIDTH];
    int thief_found = 0, other_found = 0;
    CHECK_OK(vdt_guard_create(baseline, NULL, NULL, &guard, e));
    vdt_request_vectors_init(&vectors, sizeof vectors);
    vectors.embedding = input;
    vectors.embedding_length = WIDTH;
    vectors.memory = memory;
    vectors.account_length = 5;
    vdt_verdict_init(&verdict, sizeof verdict);
    for (uint64_t i = 0; i < 120; ++i) {
        const int is_thief = i % 2 == 0;
        for (size_t j = 0; j < WIDTH; ++j) input[j] = (float)(draw(&seed) * (is_thief ? 0.3 : 1.0));
        vectors.account = is_thief ? "thief" : "other";
        CHECK_OK(vdt_guard_check_f64_with(guard, row, FEATURES, &vectors, window, &verdict, e));
        *(is_thief ? &thief_found : &other_found) |= verdict.mmd.unlike_benign == VDT_ALARM;
        if (verdict.mmd.unlike_benign == VDT_ALARM) CHECK((verdict.reasons >> VDT_REASON_UNLIKE_BENIGN & 1u) != 0);
        if (i == 1) CHECK(verdict.mmd.unlike_benign == VDT_NOT_EVALUATED && verdict.mmd.rows == 1);
    }
    CHECK(thief_found && !other_found);
    CHECK(verdict.mmd.unlike_benign == VDT_PASS && verdict.mmd.rows == 40);
    CHECK(verdict.mmd.statistic <= verdict.mmd.threshold && verdict.mmd.distance >= 0.0);
    CHECK(verdict.memory.extraction == VDT_NOT_EVALUATED && isnan(verdict.memory.p_value));
    size_t length = 0;
    CHECK_OK(vdt_query_memory_to_bytes(memory, NULL, 0, &length, e));
    unsigned char *const bytes = malloc(length), *const more = malloc(length);
    CHECK_OK(vdt_query_memory_to_bytes(memory, bytes, length, &length, e));
    CHECK_OK(vdt_query_memory_from_bytes(bytes, length, NULL, &again, e));
    CHECK_OK(vdt_query_memory_to_bytes(again, more, length, &length, e));
    CHECK(memcmp(bytes, more, length) == 0);
    const uint64_t taken = vdt_query_memory_size(again);
    CHECK(taken > length / 2 && vdt_query_memory_size(NULL) == 0);
    vdt_query_memory_destroy(again);
    again = NULL;
    CHECK_FAILS(VDT_OVERFLOW, "allowed", vdt_query_memory_from_bytes_within(bytes, length, taken - 1, NULL, &again, e));
    CHECK_OK(vdt_query_memory_from_bytes_within(bytes, length, taken, NULL, &again, e));
    CHECK(vdt_query_memory_size(again) == taken);
    static const char path[] = "capi_fingerprint_test.memory";
    CHECK_OK(vdt_query_memory_save(again, path, e));
    vdt_query_memory_destroy(again);
    again = NULL;
    CHECK_FAILS(VDT_OVERFLOW, "allowed", vdt_query_memory_load_within(path, taken - 1, NULL, &again, e));
    CHECK(again == NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "path", vdt_query_memory_load_within(NULL, taken, NULL, &again, e));
    CHECK_OK(vdt_query_memory_load_within(path, taken, NULL, &again, e));
    CHECK(vdt_query_memory_size(again) == taken);
    vdt_query_memory_destroy(again);
    again = NULL;
    CHECK_OK(vdt_query_memory_load(path, NULL, &again, e));
    CHECK(vdt_query_memory_size(again) == taken);
    CHECK(remove(path) == 0);
    free(bytes);
    free(more);
    vdt_query_memory_destroy(again);
    vdt_query_memory_destroy(memory);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

// Accounts that share inputs are judged together: each asks fewer than a look takes, all together enough.
static void group_of_thieves(void) {
    enum { ROWS = 400, WIDTH = 3, BENIGN = 999, ACCOUNTS = 12, EACH = 8, SEEDS = 4 };
    static float benign[ROWS * WIDTH];
    static const double step = 0.25;
    uint64_t seed = 11;
    for (size_t i = 0; i < ROWS * WIDTH; ++i) benign[i] = (float)draw(&seed);
    vdt_matrix rows;
    vdt_matrix_init(&rows, sizeof rows);
    rows.dtype = VDT_F32;
    rows.data = benign;
    rows.rows = ROWS;
    rows.columns = WIDTH;
    rows.byte_length = sizeof benign;
    vdt_mmd_monitor_options monitor_options;
    vdt_mmd_monitor_options_init(&monitor_options, sizeof monitor_options);
    monitor_options.window = 40;  // a look takes 10
    monitor_options.features = 32;
    monitor_options.expected_run = 1000.0;
    monitor_options.simulations = 1000;
    vdt_mmd_monitor* monitor = NULL;
    CHECK_OK(vdt_mmd_monitor_create(&rows, &monitor_options, NULL, &monitor, e));
    vdt_fingerprint_options store_options;
    vdt_fingerprint_store* store = NULL;
    vdt_fingerprint_options_init(&store_options, sizeof store_options);
    store_options.kind = VDT_FINGERPRINT_ROW;
    store_options.values = WIDTH;
    store_options.window = 1;
    store_options.steps = &step;
    store_options.step_count = 1;
    store_options.memory = 200000;
    CHECK_OK(vdt_fingerprint_store_create(&store_options, NULL, &store, e));
    double scores[BENIGN];
    for (size_t i = 0; i < BENIGN; ++i) scores[i] = 0.2 * draw(&seed);
    vdt_query_memory_options options;
    vdt_query_memory* memory = NULL;
    vdt_query_memory_options_init(&options, sizeof options);
    CHECK(options.mmd_groups == 0 && options.mmd_group_accounts == 1024 && options.mmd_group_least_shared == 3 &&
          options.mmd_group_largest == 64);
    options.store = store;
    options.store_scores = scores;
    options.store_score_count = BENIGN;
    options.mmd_groups = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mmd", vdt_query_memory_create(&options, NULL, &memory, e));
    options.mmd = monitor;
    options.mmd_accounts = 64;
    options.store = NULL;
    options.store_score_count = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "groups", vdt_query_memory_create(&options, NULL, &memory, e));
    options.store = store;
    options.store_score_count = BENIGN;
    CHECK_OK(vdt_query_memory_create(&options, NULL, &memory, e));
    vdt_mmd_monitor_destroy(monitor);
    vdt_fingerprint_store_destroy(store);

    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = NULL;
    vdt_window* window = make_window(baseline);
    vdt_request_vectors vectors;
    vdt_verdict verdict;
    const double row[FEATURES] = {170.0, 70.0, 0.0};
    float input[WIDTH], seeds[SEEDS][WIDTH];
    char name[16], text[1024];
    int found = 0, told = 0;
    size_t length = 0;
    for (size_t i = 0; i < SEEDS; ++i)
        for (size_t j = 0; j < WIDTH; ++j) seeds[i][j] = 3.0f + (float)draw(&seed);
    CHECK_OK(vdt_guard_create(baseline, NULL, NULL, &guard, e));
    vdt_request_vectors_init(&vectors, sizeof vectors);
    vectors.input = input;
    vectors.input_length = WIDTH;
    vectors.memory = memory;
    vectors.account = name;
    vdt_verdict_init(&verdict, sizeof verdict);
    for (int i = 0; i < ACCOUNTS * EACH; ++i) {
        for (size_t j = 0; j < WIDTH; ++j) input[j] = seeds[i % SEEDS][j] + 0.01f * (float)draw(&seed);
        vectors.account_length = (uint64_t)snprintf(name, sizeof name, "thief %d", i % ACCOUNTS);
        CHECK_OK(vdt_guard_check_f64_with(guard, row, FEATURES, &vectors, window, &verdict, e));
        CHECK(verdict.mmd.unlike_benign == VDT_NOT_EVALUATED);
        if (i == 0) CHECK(verdict.mmd_group_accounts == 0 && verdict.mmd_group.unlike_benign == VDT_NOT_EVALUATED);
        if (verdict.mmd_group.unlike_benign != VDT_ALARM) continue;
        found = 1;
        CHECK(verdict.mmd_group_accounts > 1 && verdict.mmd_group_accounts <= ACCOUNTS);
        CHECK((verdict.reasons >> VDT_REASON_UNLIKE_BENIGN & 1u) != 0);
        CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
        told |= strstr(text, "accounts that share some") != NULL;
    }
    CHECK(found && told);
    vdt_query_memory_destroy(memory);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

// A memory in a guard: an account that asks the same again is accused, and the memory comes back as it was.
static void in_a_guard(void) {
    enum { BENIGN = 999, WIDTH = 3 };
    static const double step = 0.25;
    vdt_fingerprint_options store_options;
    vdt_query_memory_options options;
    vdt_fingerprint_store* store = NULL;
    vdt_update_similarity* updates = NULL;
    vdt_query_memory *memory = NULL, *again = NULL;
    double scores[BENIGN], update_score = 0.0;
    uint64_t seed = 3;
    vdt_fingerprint_options_init(&store_options, sizeof store_options);
    store_options.kind = VDT_FINGERPRINT_ROW;
    store_options.values = WIDTH;
    store_options.window = 1;
    store_options.steps = &step;
    store_options.step_count = 1;
    store_options.memory = 200000;
    CHECK_OK(vdt_fingerprint_store_create(&store_options, NULL, &store, e));
    for (size_t i = 0; i < BENIGN; ++i) scores[i] = 0.2 * draw(&seed);
    vdt_query_memory_options_init(&options, sizeof options);
    CHECK(options.guarantee == VDT_CONFORMAL_CONDITIONAL_DKW && options.prada_accounts == 16);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "nothing", vdt_query_memory_create(&options, NULL, &memory, e));
    options.guarantee = VDT_CONFORMAL_MARGINAL;
    options.store = store;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "", vdt_query_memory_create(&options, NULL, &memory, e));
    options.store_scores = scores;
    options.store_score_count = BENIGN;
    options.level = 0.01;
    options.caller_capacity = 64;
    options.links = 16;
    options.prada_values = WIDTH;
    options.prada_classes = 2;
    CHECK_OK(vdt_update_similarity_create(WIDTH, 8, NULL, NULL, &updates, e));
    static const float one[WIDTH] = {1.0f, 2.0f, 3.0f};
    CHECK_OK(vdt_update_similarity_observe_f32(updates, one, WIDTH, "a", 1, &update_score, e));
    CHECK(isnan(update_score));
    CHECK_OK(vdt_query_memory_create(&options, NULL, &memory, e));
    options.updates = updates;
    options.update_scores = scores;
    options.update_score_count = BENIGN;
    CHECK_OK(vdt_query_memory_create(&options, NULL, &again, e));
    vdt_query_memory_destroy(again);
    again = NULL;
    vdt_fingerprint_store_destroy(store);
    vdt_update_similarity_destroy(updates);

    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = NULL;
    vdt_window* window = make_window(baseline);
    vdt_request_vectors vectors;
    vdt_verdict verdict;
    const double row[FEATURES] = {170.0, 70.0, 0.0};
    CHECK_OK(vdt_guard_create(baseline, NULL, NULL, &guard, e));
    vdt_request_vectors_init(&vectors, sizeof vectors);
    vectors.input = one;
    vectors.input_length = WIDTH;
    vectors.memory = memory;
    vectors.account = "mallory";
    vectors.account_length = 7;
    vectors.predicted = 1;
    vdt_verdict_init(&verdict, sizeof verdict);
    for (uint64_t i = 0; i < 40; ++i) {
        vectors.time = i;
        CHECK_OK(vdt_guard_check_f64_with(guard, row, FEATURES, &vectors, window, &verdict, e));
    }
    CHECK((verdict.reasons >> VDT_REASON_QUERY_ATTACK & 1u) != 0);
    CHECK(verdict.memory.query_attack == VDT_ALARM && verdict.memory.e_value >= 100.0);
    CHECK(verdict.memory.overlap == 1.0 && verdict.memory.requests >= 38 && verdict.memory.is_silent == 0);
    CHECK(verdict.memory.extraction == VDT_NOT_EVALUATED && isnan(verdict.memory.statistic));
    char text[1024];
    size_t length = 0;
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
    CHECK(strstr(text, "query_attack") != NULL);

    CHECK_OK(vdt_query_memory_to_bytes(memory, NULL, 0, &length, e));
    unsigned char *const bytes = malloc(length), *const more = malloc(length);
    CHECK_OK(vdt_query_memory_to_bytes(memory, bytes, length, &length, e));
    CHECK_OK(vdt_query_memory_from_bytes(bytes, length, NULL, &again, e));
    CHECK_OK(vdt_query_memory_to_bytes(again, more, length, &length, e));
    CHECK(memcmp(bytes, more, length) == 0);
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_query_memory_from_bytes(bytes, length - 1, NULL, &again, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "itself", vdt_query_memory_merge(memory, memory, e));
    CHECK_OK(vdt_query_memory_merge(memory, again, e));
    vdt_account_link link;
    CHECK_OK(vdt_query_memory_links(memory, 1, &link, 1, &length, e));
    CHECK(length == 0);  // one account shares nothing with itself
    CHECK_OK(vdt_query_memory_forget(memory, "mallory", 7, e));
    CHECK_OK(vdt_guard_check_f64_with(guard, row, FEATURES, &vectors, window, &verdict, e));
    CHECK(verdict.memory.query_attack == VDT_PASS);
    vdt_report* report = NULL;
    vdt_memory_report found;
    vdt_memory_report_init(&found, sizeof found);
    CHECK_OK(vdt_guard_assess(guard, window, NULL, &report, e));
    CHECK_OK(vdt_report_memory(report, &found, e));
    CHECK(found.is_watched == 1 && found.is_silent == 0 && found.watched == 41 && found.decision == VDT_WARN);
    CHECK(found.query_attacks > 0 && found.query_attacks < 40 && found.extractions == 0);
    CHECK_OK(vdt_report_memory_reason(report, text, sizeof text, &length, e));
    CHECK(strstr(text, "query attacks") != NULL);
    vdt_report_destroy(report);
    vectors.account = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "account",
                vdt_guard_check_f64_with(guard, row, FEATURES, &vectors, window, &verdict, e));
    free(bytes);
    free(more);
    vdt_query_memory_destroy(again);
    vdt_query_memory_destroy(memory);
    vdt_query_memory_destroy(NULL);
    vdt_update_similarity_destroy(NULL);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

static void misuse(void) {
    vdt_fingerprint_options options = small_options();
    vdt_fingerprint_store* store = NULL;
    vdt_fingerprint_match match;
    uint8_t image[PIXELS] = {0};
    uint64_t remembered = 9;
    options.kind = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_fingerprint_store_create(&options, NULL, &store, e));
    options = small_options();
    options.memory = 500;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "memory", vdt_fingerprint_store_create(&options, NULL, &store, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_fingerprint_store_create(NULL, NULL, &store, e));
    options = small_options();
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_fingerprint_store_create(&options, NULL, NULL, e));
    CHECK_OK(vdt_fingerprint_store_create(&options, NULL, &store, e));
    memset(&match, 0, sizeof match);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "match",
                vdt_fingerprint_store_observe_u8(store, image, PIXELS, "a", 1, 0, &match, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "768",
                vdt_fingerprint_store_observe_u8(store, image, PIXELS - 1, "a", 1, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "input",
                vdt_fingerprint_store_observe_u8(store, NULL, PIXELS, "a", 1, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "account",
                vdt_fingerprint_store_observe_u8(store, image, PIXELS, NULL, 1, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "store",
                vdt_fingerprint_store_observe_u8(NULL, image, PIXELS, "a", 1, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mark", vdt_fingerprint_store_account_mark(store, "a", 1, NULL, e));
    CHECK_OK(vdt_fingerprint_store_counts(store, &remembered, NULL, NULL, e));
    CHECK(remembered == 0);
    vdt_fingerprint_store_destroy(store);
    vdt_fingerprint_store_destroy(NULL);
}

int main(void) {
    images();
    rows();
    in_a_guard();
    threats();
    unlike_benign();
    group_of_thieves();
    misuse();
    return check_result();
}
