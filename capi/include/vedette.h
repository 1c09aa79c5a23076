// SPDX-License-Identifier: Apache-2.0
// The C interface of Vedette: guards a machine-learning model where its decisions fall. The only ABI promise we make.
//
// Life of a guard:  reference columns -> vdt_baseline -> vdt_guard -> check rows, counting into a vdt_window per thread
//                   -> merge the windows -> vdt_assess -> vdt_report.
//
// The rules, said once
//  errors     A call that can fail returns vdt_status, 0 being success. Its last parameter is the caller's own
//  vdt_error
//             (or NULL), written only when the call fails. Out-parameters are written only when it succeeds, except
//             `length` of the two-call functions. Handles are left as they were by a call that fails. A NULL handle or
//             out-parameter is VDT_INVALID_ARGUMENT. Any call that allocates may also give VDT_OUT_OF_MEMORY.
//  ownership  Every pointer is *borrowed* for the call unless its function says *borrowed until destroy* or *owned*
//             (the caller calls the matching destroy). Nothing is ever transferred to the library, and nothing the
//             library hands out is passed to free(). Handles may be destroyed in any order: what one needs of another,
//             it keeps. Destroying NULL does nothing.
//  threads    Unless a function says otherwise, it may run at the same time as any other call on the same handle that
//             takes it `const`. A call that takes a handle without `const` needs that handle for itself alone.
//  structs    Those that begin with `struct_size` may grow at the end. Fill them with their `_init` function, then set
//             what you need. A smaller (older) size is honoured: missing inputs are defaults, missing outputs are not
//             written. A larger (newer) input is refused with VDT_UNSUPPORTED unless its unknown bytes are zero; of a
//             larger output only the known part is written. A size below 8 or no multiple of 8 is
//             VDT_INVALID_ARGUMENT. `reserved` is zero in what you give, and nothing to read: where it stands for
//             more, a function beside the struct says what. vdt_string, vdt_value and vdt_finding never change.
//  text       Input text is UTF-8, a pointer and a length (NULL only with length 0); paths and format names end in NUL.
//             Output text is two-call: with a NULL buffer only *length is written (without the final NUL); a buffer
//             needs capacity > *length and is closed by a NUL. Bytes and numbers the same, without the NUL. A buffer
//             that is too small stays as it was: VDT_OVERFLOW, and *length says what is needed. `length` may be NULL
//             when the buffer is not.
//  callbacks  They run on the calling thread, inside the call that needs them; they must not unwind, longjmp or call
//             back into a handle of the running call.
#ifndef VEDETTE_H
#define VEDETTE_H

// NOLINTBEGIN(modernize-*): this is C.
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define VDT_API
#else
#define VDT_API __attribute__((visibility("default")))
#endif
#if defined(__cplusplus)
#define VDT_NOEXCEPT noexcept
extern "C" {
#else
#define VDT_NOEXCEPT
#endif

// ==== version ====

/// The ABI that this header describes: the number in `libvedette.so.N`.
#define VDT_ABI_VERSION 1

/// The library's version, packed as `major << 16 | minor << 8 | patch`. No errors; any thread.
VDT_API uint32_t vdt_version(void) VDT_NOEXCEPT;
/// The same as text, e.g. "0.1.0"; static.
VDT_API const char* vdt_version_string(void) VDT_NOEXCEPT;
/// The library's ABI. A program that loads the library by hand compares it with VDT_ABI_VERSION.
VDT_API int32_t vdt_abi_version(void) VDT_NOEXCEPT;
/// One line for bug reports: version, compiler, and the instruction set whose kernels are in use; static.
VDT_API const char* vdt_build_info(void) VDT_NOEXCEPT;

// ==== status ====

/// The outcome of a call. Values are pinned and never reused; expect new ones.
typedef int32_t vdt_status;
enum {
    VDT_OK = 0,
    VDT_INVALID_ARGUMENT = 100,     ///< a value outside its range, or a NULL where data is needed
    VDT_DIMENSION_MISMATCH = 101,   ///< widths, lengths or shapes that do not fit together
    VDT_TYPE_MISMATCH = 102,        ///< numeric where categorical was expected, a dtype that is not supported
    VDT_OVERFLOW = 103,             ///< a size or a counter that does not fit; a buffer that is too small
    VDT_IO_ERROR = 200,             ///< a file that cannot be opened, read or written
    VDT_CORRUPT_DATA = 201,         ///< truncated, altered or malformed bytes
    VDT_UNSUPPORTED_VERSION = 202,  ///< bytes of a newer format
    VDT_SCHEMA_MISMATCH = 300,      ///< data whose features are not those of the baseline
    VDT_BASELINE_MISMATCH = 301,    ///< a window that belongs to another baseline
    VDT_NOT_ENOUGH_DATA = 302,      ///< too few rows to learn anything from
    VDT_INVALID_POLICY = 303,       ///< a policy with an unknown key or a value out of range
    VDT_UNSUPPORTED = 400,          ///< a request, or a newer struct's field, that this library cannot honour
    VDT_OUT_OF_MEMORY = 500,        ///< an allocation failed
    VDT_CALLBACK_ABORTED = 600,     ///< a caller's callback asked to stop
    VDT_BUDGET_EXHAUSTED = 700,     ///< a privacy budget does not allow what was asked for
    VDT_INTERNAL = 900              ///< a defect of the library
};

/// The name of a status, e.g. "invalid_argument"; "ok" for 0, "unknown" for others; static.
VDT_API const char* vdt_status_name(vdt_status status) VDT_NOEXCEPT;

/// What went wrong, in the caller's memory: `vdt_error error = VDT_ERROR_INIT;`.
typedef struct vdt_error {
    uint32_t struct_size;
    int32_t code;       ///< the vdt_status that was returned
    char message[256];  ///< NUL-terminated UTF-8, cut to fit: names the argument, the value and the limit
} vdt_error;
// clang-format off
#define VDT_ERROR_INIT {(uint32_t)sizeof(vdt_error), 0, {0}}
// clang-format on

// ==== memory ====

/// Where a handle's object lives. Scope: the memory of the handle object itself, which is 64-byte aligned. The
/// containers inside it (counters, grids, names) and temporary storage use the process's `operator new`.
typedef struct vdt_allocator {
    uint32_t struct_size;
    uint32_t reserved;
    /// Returns `size` bytes at a multiple of `alignment` (a power of two), or NULL: VDT_OUT_OF_MEMORY.
    void* (*allocate)(void* user_data, size_t size, size_t alignment);
    /// Takes back what `allocate` returned, with the same size and alignment.
    void (*release)(void* user_data, void* pointer, size_t size, size_t alignment);
    void* user_data;  ///< borrowed until the handle is destroyed
} vdt_allocator;

/// Fills `allocator` with the process's own allocator; writes at most `size` bytes, and so do all `_init` functions.
VDT_API void vdt_allocator_init(vdt_allocator* allocator, size_t size) VDT_NOEXCEPT;

// ==== views of the caller's data ====

/// Text that someone else owns. Never changes.
typedef struct vdt_string {
    const char* data;  ///< UTF-8, need not end in NUL
    uint64_t length;   ///< bytes
} vdt_string;

/// One value of a mixed row. Never changes.
typedef struct vdt_value {
    int32_t kind;  ///< VDT_VALUE_*
    uint32_t reserved;
    double number;         ///< VDT_VALUE_NUMBER
    const char* text;      ///< VDT_VALUE_TEXT
    uint64_t text_length;  ///< bytes; of VDT_VALUE_INTEGER the number itself, `(uint64_t)x` of an int64_t
} vdt_value;
enum {
    VDT_VALUE_NULL = 0,
    VDT_VALUE_NUMBER = 1,
    VDT_VALUE_TEXT = 2,
    VDT_VALUE_INTEGER = 3  ///< judged exactly by a validator; a double everywhere else
};

/// The type of one element; little-endian on every supported machine.
typedef int32_t vdt_dtype;
enum {
    VDT_F32 = 1,
    VDT_F64 = 2,
    VDT_I8 = 3,
    VDT_I16 = 4,
    VDT_I32 = 5,
    VDT_I64 = 6,
    VDT_U8 = 7,
    VDT_U16 = 8,
    VDT_U32 = 9,
    VDT_U64 = 10,
    VDT_BOOL = 11,  ///< one byte, 0 or 1
    VDT_F16 = 12,
    VDT_BF16 = 13
};

/// How a vdt_column holds its values.
enum {
    VDT_COLUMN_NUMERIC = 0,     ///< `data`: elements of `dtype`, `stride` bytes apart, no alignment required
    VDT_COLUMN_DICTIONARY = 1,  ///< `data`: int32 codes, contiguous, negative = null; `dictionary`: their texts
    VDT_COLUMN_STRINGS = 2,     ///< `data`: an array of vdt_string
    VDT_COLUMN_TEXT = 3         ///< `data`: all bytes; value i is bytes [offsets[i], offsets[i + 1])
};

/// A named column. In an array of columns all have the struct_size of the first, which is also their distance.
typedef struct vdt_column {
    uint32_t struct_size;
    int32_t kind;  ///< VDT_COLUMN_*
    const char* name;
    uint64_t name_length;
    const void* data;      ///< the first element (with a negative stride: the one at the highest address)
    uint64_t length;       ///< values
    int64_t stride;        ///< bytes from one element to the next; 0 = contiguous; numeric columns only
    uint64_t byte_length;  ///< bytes of memory behind `data`; the view must fit, which is checked without overflow
    vdt_dtype dtype;       ///< numeric columns only
    uint32_t reserved;
    const uint8_t* validity;        ///< bitmap, least significant bit first, 1 = present; NULL = all present
    uint64_t validity_offset;       ///< bits before the first value's bit
    uint64_t validity_byte_length;  ///< bytes of the bitmap
    const int64_t* offsets;         ///< VDT_COLUMN_TEXT: `length + 1` of them, ascending
    const vdt_string* dictionary;   ///< VDT_COLUMN_DICTIONARY
    uint64_t dictionary_length;
} vdt_column;

/// A matrix, a row per request and a column per feature, in any strides.
typedef struct vdt_matrix {
    uint32_t struct_size;
    vdt_dtype dtype;   ///< f32 and f64 are counted in place; f16, bf16 as f32, every other type as f64
    const void* data;  ///< the element at row 0, column 0; no alignment required
    uint64_t rows;
    uint64_t columns;
    int64_t row_stride;     ///< bytes; 0 = columns * |column stride|
    int64_t column_stride;  ///< bytes; 0 = the element's size
    uint64_t byte_length;   ///< bytes of memory that hold the matrix, checked without overflow
} vdt_matrix;

VDT_API void vdt_column_init(vdt_column* column, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_matrix_init(vdt_matrix* matrix, size_t size) VDT_NOEXCEPT;

// The Arrow C Data Interface (https://arrow.apache.org/docs/format/CDataInterface.html), as that specification asks
// every producer and consumer to declare it.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char* format;
    const char* name;
    const char* metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema** children;
    struct ArrowSchema* dictionary;
    void (*release)(struct ArrowSchema*);
    void* private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;
    void (*release)(struct ArrowArray*);
    void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

// The Arrow C Stream Interface (https://arrow.apache.org/docs/format/CStreamInterface.html), as that one asks.
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
    int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
    const char* (*get_last_error)(struct ArrowArrayStream*);
    void (*release)(struct ArrowArrayStream*);
    void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

// ==== judgements ====

/// A judgement; a larger one is graver. What was not checked is said, never passed.
typedef int32_t vdt_decision;
enum { VDT_PASS = 0, VDT_NOT_EVALUATED = 1, VDT_WARN = 2, VDT_ALARM = 3 };

/// Why a request was not simply passed.
typedef int32_t vdt_reason;
enum {
    VDT_REASON_WRONG_WIDTH = 0,  ///< not one value per feature; nothing was counted
    VDT_REASON_WRONG_TYPE = 1,
    VDT_REASON_NULL_VALUE = 2,
    VDT_REASON_NOT_A_NUMBER = 3,
    VDT_REASON_INFINITE_VALUE = 4,
    VDT_REASON_UNSEEN_CATEGORY = 5,
    VDT_REASON_OUT_OF_RANGE = 6,
    VDT_REASON_FAR_OUT_OF_RANGE = 7,
    VDT_REASON_SCORE = 8,                ///< a score reached its threshold
    VDT_REASON_SCORE_NOT_EVALUATED = 9,  ///< a score answered NaN, or its callback a non-zero status
    VDT_REASON_FOREIGN_WINDOW = 10,      ///< the window belongs to another baseline; nothing was checked or counted
    VDT_REASON_CALIBRATED_SCORE = 11,    ///< a score of the baseline, at the policy's false-alarm level
    /// It could not tell, its vector was not given, or its calibration is stale.
    VDT_REASON_CALIBRATED_SCORE_NOT_EVALUATED = 12,
    VDT_REASON_FUSED_SCORES = 13,   ///< all scores of the policy together
    VDT_REASON_SCHEMA = 14,         ///< a check of the baseline's schema
    VDT_REASON_MODEL_ABORTED = 15,  ///< a callback ended a score's questions to the model by a value other than 0
    VDT_REASON_QUERY_ATTACK = 16,   ///< the memory's evidence accuses the account of a query attack
    VDT_REASON_EXTRACTION = 17,     ///< the account's inputs look like those that copy a model
    VDT_REASON_UNLIKE_BENIGN = 18   ///< the account's inputs have another law than benign traffic
};

/// A drift test. Those up to VDT_TEST_WASSERSTEIN run on the counters of a window; all but TWO_PROPORTION on the
/// samples themselves, CHI_SQUARE to TOTAL_VARIATION of numbers on a grid learned from the reference.
typedef int32_t vdt_drift_test;
enum {
    VDT_TEST_AUTOMATIC = 0,
    VDT_TEST_KOLMOGOROV_SMIRNOV = 1,
    VDT_TEST_CHI_SQUARE = 2,
    VDT_TEST_G = 3,
    VDT_TEST_POPULATION_STABILITY = 4,
    VDT_TEST_JENSEN_SHANNON = 5,
    VDT_TEST_HELLINGER = 6,
    VDT_TEST_TOTAL_VARIATION = 7,
    VDT_TEST_WASSERSTEIN = 8,
    VDT_TEST_TWO_PROPORTION = 9,  ///< of the value that most of both samples share, where all others are rare
    VDT_TEST_KUIPER = 10,
    VDT_TEST_CRAMER_VON_MISES = 11,
    VDT_TEST_ANDERSON_DARLING = 12,
    VDT_TEST_MANN_WHITNEY = 13,
    VDT_TEST_EPPS_SINGLETON = 14,
    VDT_TEST_ENERGY_DISTANCE = 15,
    VDT_TEST_WELCH_T = 16,
    VDT_TEST_LEVENE = 17,
    VDT_TEST_BROWN_FORSYTHE = 18,
    VDT_TEST_FISHER_EXACT = 19
};

/// What a piece of evidence is about.
typedef int32_t vdt_hypothesis;
enum {
    VDT_HYPOTHESIS_NONE = -1,
    VDT_HYPOTHESIS_DISTRIBUTION = 0,
    VDT_HYPOTHESIS_NULL_RATE = 1,
    VDT_HYPOTHESIS_NAN_RATE = 2,
    VDT_HYPOTHESIS_POSITIVE_INFINITY_RATE = 3,
    VDT_HYPOTHESIS_NEGATIVE_INFINITY_RATE = 4,
    VDT_HYPOTHESIS_OUT_OF_RANGE_RATE = 5,
    VDT_HYPOTHESIS_UNSEEN_RATE = 6,
    VDT_HYPOTHESIS_INVALID_RATE = 7
};

/// The words for these numbers, e.g. "not_evaluated"; "unknown" for a number that has none; static.
VDT_API const char* vdt_decision_name(vdt_decision decision) VDT_NOEXCEPT;
VDT_API const char* vdt_reason_name(vdt_reason reason) VDT_NOEXCEPT;
VDT_API const char* vdt_drift_test_name(vdt_drift_test test) VDT_NOEXCEPT;
VDT_API const char* vdt_hypothesis_name(vdt_hypothesis hypothesis) VDT_NOEXCEPT;

// ==== handles ====

typedef struct vdt_baseline vdt_baseline;  ///< what the reference looked like; immutable
typedef struct vdt_guard vdt_guard;        ///< a baseline and a policy, made ready; immutable once it is shared
typedef struct vdt_window vdt_window;      ///< one thread's counters; not thread-safe
typedef struct vdt_report vdt_report;      ///< the judgement of a window; immutable
typedef struct vdt_score vdt_score;        ///< a fitted score, calibrated or not; immutable once it is shared
typedef struct vdt_caller_evidence vdt_caller_evidence;      ///< evidence against callers; not thread-safe
typedef struct vdt_fingerprint_store vdt_fingerprint_store;  ///< inputs remembered; not thread-safe
typedef struct vdt_query_score vdt_query_score;  ///< a score that asks the model; immutable once it is shared
typedef struct vdt_update_similarity vdt_update_similarity;  ///< last steps of accounts; not thread-safe
typedef struct vdt_query_memory vdt_query_memory;            ///< what a guard remembers; not thread-safe
typedef struct vdt_explainer vdt_explainer;                  ///< what each feature adds to a prediction; immutable
typedef struct vdt_sketch vdt_sketch;  ///< quantiles of an endless stream; not thread-safe while it is updated
typedef struct vdt_sample vdt_sample;  ///< a reference column, frozen for tests of live ones; immutable
typedef struct vdt_mmd vdt_mmd;        ///< reference rows, frozen for the kernel two-sample test; immutable
typedef struct vdt_random_features vdt_random_features;  ///< the same for streams of rows; immutable
typedef struct vdt_feature_window vdt_feature_window;    ///< one thread's sums of live rows; not thread-safe

// ==== baseline ====

enum { VDT_FEATURE_NUMERIC = 0, VDT_FEATURE_CATEGORICAL = 1 };

/// How a baseline is learned.
typedef struct vdt_baseline_options {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t cells;           ///< of a numeric feature's grid, 4..1024; 0 = 64
    uint64_t max_categories;  ///< 1..1022, rarer ones share the cell of the unseen; 0 = 1000
    uint64_t minimum_rows;    ///< refuse to learn from fewer; 0 = 50
    const char* name;         ///< what it is for; free text
    uint64_t name_length;
    const char* model_digest;  ///< digest of the model that it belongs to, recorded as given
    uint64_t model_digest_length;
} vdt_baseline_options;

VDT_API void vdt_baseline_options_init(vdt_baseline_options* options, size_t size) VDT_NOEXCEPT;

/// Learns a baseline from `count` reference columns of equal length. `options` NULL = defaults, `allocator` NULL = the
/// process's; both borrowed. `*out`: owned. A feature of an f32 column is kept as f32, every other number as f64.
/// Errors: NOT_ENOUGH_DATA, INVALID_ARGUMENT, DIMENSION_MISMATCH, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_baseline_create(const vdt_column* columns, size_t count, const vdt_baseline_options* options,
                                       const vdt_allocator* allocator, vdt_baseline** out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// The same from an Arrow record batch: a struct array (format "+s") without nulls of its own, whose children are
/// bool, integers, f16, f32, f64, decimals (to the nearest double), dates, times, time stamps and durations (the
/// integers that they are stored as), utf8 and binary (with offsets of 32 or 64 bits, as views, of a fixed size),
/// dictionaries of those texts, null, or structs of all these, whose children are columns named "outer.inner". What the
/// interface states is checked (offsets ascend, views lie inside the sizes given, codes inside their dictionary); that
/// the buffers are as long as the lengths say cannot be, and is trusted. Schema and array are borrowed, and their
/// release is never called. Further error: TYPE_MISMATCH names a column of another format, such as a list.
VDT_API vdt_status vdt_baseline_create_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                             const vdt_baseline_options* options, const vdt_allocator* allocator,
                                             vdt_baseline** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads a saved baseline; `*out`: owned. Errors: IO_ERROR, CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_baseline_load(const char* path, const vdt_allocator* allocator, vdt_baseline** out,
                                     vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_baseline_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                           vdt_baseline** out, vdt_error* error) VDT_NOEXCEPT;
/// Writes the file atomically. Errors: IO_ERROR.
VDT_API vdt_status vdt_baseline_save(const vdt_baseline* baseline, const char* path, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: equal baselines give equal bytes. Two-call.
VDT_API vdt_status vdt_baseline_to_bytes(const vdt_baseline* baseline, void* buffer, size_t capacity, size_t* length,
                                         vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_baseline_destroy(vdt_baseline* baseline) VDT_NOEXCEPT;

/// Rows of the reference, and features; 0 for NULL.
VDT_API uint64_t vdt_baseline_rows(const vdt_baseline* baseline) VDT_NOEXCEPT;
VDT_API size_t vdt_baseline_feature_count(const vdt_baseline* baseline) VDT_NOEXCEPT;
/// SHA-256 of the canonical bytes as 64 hexadecimal digits. Two-call.
VDT_API vdt_status vdt_baseline_id(const vdt_baseline* baseline, char* buffer, size_t capacity, size_t* length,
                                   vdt_error* error) VDT_NOEXCEPT;
/// Texts of the baseline; `*out`: borrowed until destroy. `feature` is an index; `cell` is below the number of cells
/// less one, since the last cell is that of other and unseen categories. Errors: INVALID_ARGUMENT for an index that is
/// too large, TYPE_MISMATCH for the categories of a numeric feature.
VDT_API vdt_status vdt_baseline_name(const vdt_baseline* baseline, vdt_string* out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_baseline_model_digest(const vdt_baseline* baseline, vdt_string* out,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_baseline_feature_name(const vdt_baseline* baseline, size_t feature, vdt_string* out,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_baseline_category(const vdt_baseline* baseline, size_t feature, size_t cell, vdt_string* out,
                                         vdt_error* error) VDT_NOEXCEPT;
/// `*kind` = VDT_FEATURE_*. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_baseline_feature_kind(const vdt_baseline* baseline, size_t feature, int32_t* kind,
                                             vdt_error* error) VDT_NOEXCEPT;
/// The index of the feature of that name. Errors: SCHEMA_MISMATCH when there is none.
VDT_API vdt_status vdt_baseline_find(const vdt_baseline* baseline, const char* name, size_t name_length,
                                     size_t* feature, vdt_error* error) VDT_NOEXCEPT;
/// The cell of a category, the last cell when the reference never held it: what a row of numbers has in that place.
/// Errors: INVALID_ARGUMENT, TYPE_MISMATCH for a numeric feature.
VDT_API vdt_status vdt_baseline_category_cell(const vdt_baseline* baseline, size_t feature, const char* text,
                                              size_t text_length, size_t* cell, vdt_error* error) VDT_NOEXCEPT;
/// Copies the reference's observations per cell. Two-call, in numbers. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_baseline_counts(const vdt_baseline* baseline, size_t feature, uint64_t* buffer, size_t capacity,
                                       size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// Copies the edges of a numeric feature's grid, one fewer than cells: cell i begins at edge i - 1. Two-call.
/// Errors: INVALID_ARGUMENT, TYPE_MISMATCH for a categorical feature.
VDT_API vdt_status vdt_baseline_edges(const vdt_baseline* baseline, size_t feature, double* buffer, size_t capacity,
                                      size_t* length, vdt_error* error) VDT_NOEXCEPT;

// ==== policy ====
// A policy is a JSON text. Where a function takes one, NULL with length 0 is the default policy.

/// The default policy with every field written out. Two-call.
VDT_API vdt_status vdt_policy_default_json(char* buffer, size_t capacity, size_t* length,
                                           vdt_error* error) VDT_NOEXCEPT;
/// The JSON Schema of the document, for editors and reviews; `*out`: static.
VDT_API vdt_status vdt_policy_json_schema(vdt_string* out, vdt_error* error) VDT_NOEXCEPT;
/// Errors: INVALID_POLICY, with the JSON path of what is wrong.
VDT_API vdt_status vdt_policy_validate(const char* json, size_t length, vdt_error* error) VDT_NOEXCEPT;

// ==== window ====
// Takes one thread at a time. Counters are integers: windows merge exactly, in any order.

/// The counters of the values that are in no cell.
enum {
    VDT_EXTRA_NAN = 0,
    VDT_EXTRA_POSITIVE_INFINITY = 1,
    VDT_EXTRA_NEGATIVE_INFINITY = 2,
    VDT_EXTRA_NULL = 3,
    VDT_EXTRA_INVALID = 4  ///< of a wrong type
};

/// An empty window. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_window_create(const vdt_baseline* baseline, const vdt_allocator* allocator, vdt_window** out,
                                     vdt_error* error) VDT_NOEXCEPT;
/// Reads a saved window of this baseline. `*out`: owned. Errors: BASELINE_MISMATCH, CORRUPT_DATA, UNSUPPORTED_VERSION,
/// IO_ERROR.
VDT_API vdt_status vdt_window_load(const vdt_baseline* baseline, const char* path, const vdt_allocator* allocator,
                                   vdt_window** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_window_from_bytes(const vdt_baseline* baseline, const void* bytes, size_t size,
                                         const vdt_allocator* allocator, vdt_window** out,
                                         vdt_error* error) VDT_NOEXCEPT;
/// Writes the file atomically. Errors: IO_ERROR.
VDT_API vdt_status vdt_window_save(const vdt_window* window, const char* path, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: equal counters give equal bytes, in whatever order they were merged. Two-call.
VDT_API vdt_status vdt_window_to_bytes(const vdt_window* window, void* buffer, size_t capacity, size_t* length,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_window_destroy(vdt_window* window) VDT_NOEXCEPT;

/// Counts one row of `width` values, one per feature in the baseline's order, without judging it. A categorical entry
/// of a number row is a category's cell (vdt_baseline_category_cell), NaN = null. Never allocates or locks. Errors:
/// DIMENSION_MISMATCH for another width (nothing is counted); for values also INVALID_ARGUMENT for an unknown kind.
VDT_API vdt_status vdt_window_observe_f32(vdt_window* window, const float* row, size_t width,
                                          vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_window_observe_f64(vdt_window* window, const double* row, size_t width,
                                          vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_window_observe_values(vdt_window* window, const vdt_value* row, size_t width,
                                             vdt_error* error) VDT_NOEXCEPT;
/// Counts every row of a matrix with one column per feature, in the baseline's order.
/// Errors: DIMENSION_MISMATCH, INVALID_ARGUMENT, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_window_observe_matrix(vdt_window* window, const vdt_matrix* rows, vdt_error* error) VDT_NOEXCEPT;
/// The same from DLPack: `tensor` is a `const DLTensor *` (the `dl_tensor` member of a DLManagedTensor or of a
/// DLManagedTensorVersioned): CPU, 2-D, one lane; strides in elements or NULL, byte_offset honoured; borrowed.
/// DLPack states no size: the shape is trusted to describe memory that exists. Errors as above, and TYPE_MISMATCH for
/// another device, rank or type.
VDT_API vdt_status vdt_window_observe_dlpack(vdt_window* window, const void* tensor, vdt_error* error) VDT_NOEXCEPT;
/// Counts every row of a table whose columns are the baseline's features by name, in any order. Texts of
/// a numeric feature are counted as VDT_EXTRA_INVALID, numbers of a categorical one are refused. Errors:
/// SCHEMA_MISMATCH for a missing or a further column, TYPE_MISMATCH, DIMENSION_MISMATCH, INVALID_ARGUMENT, OVERFLOW,
/// UNSUPPORTED.
VDT_API vdt_status vdt_window_observe_columns(vdt_window* window, const vdt_column* columns, size_t count,
                                              vdt_error* error) VDT_NOEXCEPT;
/// The same from an Arrow record batch; see vdt_baseline_create_arrow.
VDT_API vdt_status vdt_window_observe_arrow(vdt_window* window, const struct ArrowSchema* schema,
                                            const struct ArrowArray* batch, vdt_error* error) VDT_NOEXCEPT;
/// Counts the values of one feature only; the column's name is not read. Errors: as for the columns.
VDT_API vdt_status vdt_window_observe_column(vdt_window* window, size_t feature, const vdt_column* column,
                                             vdt_error* error) VDT_NOEXCEPT;

/// Adds the counters of `other`, a window of the same baseline. Errors: BASELINE_MISMATCH, OVERFLOW.
VDT_API vdt_status vdt_window_merge(vdt_window* window, const vdt_window* other, vdt_error* error) VDT_NOEXCEPT;
/// Sets every counter to 0. Errors: INVALID_ARGUMENT for NULL.
VDT_API vdt_status vdt_window_reset(vdt_window* window, vdt_error* error) VDT_NOEXCEPT;

/// Rows counted; requests judged by vdt_guard_check_*, by decision; requests of a wrong width. 0 for NULL.
VDT_API uint64_t vdt_window_rows(const vdt_window* window) VDT_NOEXCEPT;
VDT_API uint64_t vdt_window_requests(const vdt_window* window, vdt_decision decision) VDT_NOEXCEPT;
VDT_API uint64_t vdt_window_rejected(const vdt_window* window) VDT_NOEXCEPT;
/// Copies the observations per cell of a feature, as vdt_baseline_counts. Two-call, in numbers.
VDT_API vdt_status vdt_window_counts(const vdt_window* window, size_t feature, uint64_t* buffer, size_t capacity,
                                     size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// How many values of a feature are in no cell, by VDT_EXTRA_*. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_window_extra(const vdt_window* window, size_t feature, int32_t which, uint64_t* out,
                                    vdt_error* error) VDT_NOEXCEPT;

// ==== guard ====

typedef struct vdt_guard_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* policy_json;
    uint64_t policy_length;
} vdt_guard_options;

/// One thing found in a request. Never changes.
typedef struct vdt_finding {
    vdt_reason reason;
    vdt_decision decision;
    uint32_t subject;   ///< index of the feature; of the score for the SCORE reasons; for UNLIKE_BENIGN see mmd_group
    uint32_t reserved;  ///< not to be read or changed: see vdt_finding_check
    /// The number found (for a wrong width: that width; of MODEL_ABORTED what the callback returned, of QUERY_ATTACK
    /// the account's e-value, of EXTRACTION W, of UNLIKE_BENIGN the MMD); NaN where there is none.
    double value;
} vdt_finding;

#define VDT_VERDICT_CAPACITY 8
#define VDT_VERDICT_SCORES 8

/// What a score says of a row. It never changes.
typedef struct vdt_score_answer {
    double score;           ///< higher = more anomalous; NaN: could not tell
    double p_value;         ///< conformal; NaN with the score, and without a calibration
    vdt_decision decision;  ///< in a verdict; VDT_NOT_EVALUATED elsewhere
    uint32_t reserved;      ///< not to be read or changed: see vdt_score_answer_status
} vdt_score_answer;

/// What the memory across requests says of one; NaN and VDT_NOT_EVALUATED where it does not watch. It never changes.
typedef struct vdt_memory_evidence {
    vdt_decision query_attack;  ///< ALARM for each request of an accused account
    vdt_decision extraction;    ///< ALARM while the account's last W lies below the threshold
    int32_t is_silent;          ///< 1: no answer to the caller may depend on it; the rest of the verdict does not
    uint32_t reserved;
    double overlap;       ///< share of the input that was asked before, 0 to 1
    double update_score;  ///< how straight the account moves
    double p_value;       ///< of these, conformal
    double e_value;       ///< the evidence against the account
    uint64_t requests;    ///< of the account that entered it
    double statistic;     ///< W of PRADA at the last look
} vdt_memory_evidence;

/// What the window of an account's inputs says, of a memory with an MMD; NaN and VDT_NOT_EVALUATED before the first
/// look and without one. It never changes.
typedef struct vdt_mmd_evidence {
    vdt_decision unlike_benign;  ///< ALARM while the account's inputs have another law than benign traffic
    uint32_t rows;               ///< in the window
    double statistic;            ///< as vdt_mmd_monitor_reading
    double threshold;
    double distance;  ///< the MMD
} vdt_mmd_evidence;

/// The judgement of one request.
typedef struct vdt_verdict {
    uint32_t struct_size;
    vdt_decision decision;
    uint32_t reasons;                            ///< bit `1 << reason` for every reason found
    uint32_t finding_count;                      ///< all findings; the first VDT_VERDICT_CAPACITY of them are stored
    vdt_finding findings[VDT_VERDICT_CAPACITY];  ///< in feature order; those beyond the count are left as they were
    uint32_t score_count;                        ///< scores of the baseline that the policy names
    uint32_t reserved;
    double fused_e_value;                         ///< NaN where the policy asks for none
    vdt_score_answer scores[VDT_VERDICT_SCORES];  ///< of those, see vdt_guard_calibrated_score_name
    uint64_t model_calls;  ///< what scores that ask the model cost: calls of its callback, and rows sent
    uint64_t model_rows;
    vdt_memory_evidence memory;
    vdt_mmd_evidence mmd;  ///< of the memory, silent where that is
    /// The same of all accounts together that share inputs with this one, and how many they are, this one among them;
    /// 0: it shares none, or the memory does not watch groups.
    vdt_mmd_evidence mmd_group;
    uint64_t mmd_group_accounts;
} vdt_verdict;

/// What a request has besides its row, for the scores of the baseline. All borrowed for the call; NULL = not given.
typedef struct vdt_request_vectors {
    uint32_t struct_size;
    uint32_t group;  ///< of calibrations by group, e.g. the predicted class
    const float* embedding;
    uint64_t embedding_length;
    const float* logits;
    uint64_t logits_length;
    double weight;  ///< of weighted calibrations; default 1
    /// For scores that ask the model: the model, its input (NULL = the row, as floats) and room for its batches, one
    /// per thread, see vdt_guard_workspace.
    const struct vdt_predict_model* model;
    const float* input;
    uint64_t input_length;
    float* workspace;
    uint64_t workspace_length;
    /// What is remembered across requests, who asks (any bytes) and when. The memory is changed: no other thread may
    /// use it meanwhile. It takes `input`, where given, else the row, and for PRADA and the MMD the embedding.
    vdt_query_memory* memory;
    const void* account;
    uint64_t account_length;
    uint64_t time;
    int64_t predicted;      ///< the predicted class; below 0 (the default): that of the largest logit, where given
    int32_t without_model;  ///< 1 = leave scores that ask the model out, without a finding or a count
    uint32_t reserved;
} vdt_request_vectors;

/// A caller's own score. Both functions get `user_data`, the row and its width, and write a score (higher = more
/// anomalous, NaN = could not tell); a non-zero return is the finding VDT_REASON_SCORE_NOT_EVALUATED. They run inside
/// vdt_guard_check_* on its thread, so several may run at once. In the row a category is its cell, a null is NaN.
typedef struct vdt_score_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* name;
    uint64_t name_length;
    /// At least one of the two; the other kind of row is converted.
    int32_t (*score_f32)(void* user_data, const float* row, size_t width, double* score);
    int32_t (*score_f64)(void* user_data, const double* row, size_t width, double* score);
    void* user_data;         ///< borrowed until the guard is destroyed
    double warn_threshold;   ///< from this score on the request is worth a warning; infinity (the default) = never
    double alarm_threshold;  ///< the same for an alarm; not below warn_threshold
} vdt_score_options;

/// Which check of the schema a finding of VDT_REASON_SCHEMA is about, a vdt_check; -1 of any other and of NULL.
VDT_API int32_t vdt_finding_check(const vdt_finding* finding) VDT_NOEXCEPT;
/// How the questions of a score that asks the model went, a VDT_ANSWER*, in a verdict; VDT_ANSWERED of a score that
/// asks none; -1 of NULL.
VDT_API int32_t vdt_score_answer_status(const vdt_score_answer* answer) VDT_NOEXCEPT;

/// What a finding may be a sign of, in the words of a public catalogue of threats. All static. It never changes.
typedef struct vdt_threat_tag {
    const char* catalogue;  ///< e.g. "MITRE ATLAS"
    const char* id;         ///< e.g. "AML.T0015"
    const char* name;       ///< e.g. "Evade AI Model"
} vdt_threat_tag;
/// Tags of findings of this reason, and one of them: of scores and of the memory across requests; 0 of others. Errors:
/// INVALID_ARGUMENT for an index that is too large.
VDT_API size_t vdt_reason_threat_count(vdt_reason reason) VDT_NOEXCEPT;
VDT_API vdt_status vdt_reason_threat(vdt_reason reason, size_t index, vdt_threat_tag* out,
                                     vdt_error* error) VDT_NOEXCEPT;

VDT_API void vdt_guard_options_init(vdt_guard_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_verdict_init(vdt_verdict* verdict, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_score_options_init(vdt_score_options* options, size_t size) VDT_NOEXCEPT;

/// Makes a baseline and a policy ready. `options` NULL = the default policy. `*out`: owned. Errors: INVALID_POLICY also
/// for a policy that names a feature which the baseline does not have, INVALID_ARGUMENT, UNSUPPORTED.
VDT_API vdt_status vdt_guard_create(const vdt_baseline* baseline, const vdt_guard_options* options,
                                    const vdt_allocator* allocator, vdt_guard** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_guard_destroy(vdt_guard* guard) VDT_NOEXCEPT;
/// Adds a score that every checked row is given: set-up only, before the guard is shared.
/// Errors: INVALID_ARGUMENT for an empty or repeated name, no function, or alarm < warn; UNSUPPORTED.
VDT_API vdt_status vdt_guard_add_score(vdt_guard* guard, const vdt_score_options* options,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API size_t vdt_guard_score_count(const vdt_guard* guard) VDT_NOEXCEPT;
/// `*out`: borrowed until destroy or the next vdt_guard_add_score. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_guard_score_name(const vdt_guard* guard, size_t index, vdt_string* out,
                                        vdt_error* error) VDT_NOEXCEPT;

/// Judges one row and counts it: the one call a server makes per request. Any number of threads may share the guard,
/// each with a window of its own. Never allocates, locks or waits. A row of a wrong width, a wrong type or a window of
/// another baseline is a *finding*, not a failure: the status is VDT_OK and the verdict says it. For the entries see
/// vdt_window_observe_f32. Errors: INVALID_ARGUMENT for NULLs, an unknown value kind or a bad struct_size.
VDT_API vdt_status vdt_guard_check_f32(const vdt_guard* guard, const float* row, size_t width, vdt_window* window,
                                       vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_check_f64(const vdt_guard* guard, const double* row, size_t width, vdt_window* window,
                                       vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_check_values(const vdt_guard* guard, const vdt_value* row, size_t width,
                                          vdt_window* window, vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
/// The same, with the vectors that scores of the baseline take; NULL = none. A score whose vector is not given is
/// VDT_REASON_CALIBRATED_SCORE_NOT_EVALUATED. Thread-safe, without allocation or lock.
VDT_API void vdt_request_vectors_init(vdt_request_vectors* vectors, size_t size) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_check_f32_with(const vdt_guard* guard, const float* row, size_t width,
                                            const vdt_request_vectors* vectors, vdt_window* window,
                                            vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_check_f64_with(const vdt_guard* guard, const double* row, size_t width,
                                            const vdt_request_vectors* vectors, vdt_window* window,
                                            vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_check_values_with(const vdt_guard* guard, const vdt_value* row, size_t width,
                                               const vdt_request_vectors* vectors, vdt_window* window,
                                               vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
struct vdt_repaired;        // of vdt_validator_repair_f32
struct vdt_repair_verdict;  // likewise
/// The same, and the row is changed in place as the baseline's schema says, see vdt_validator_repair_f32. The window
/// counts the row as it came, its failed checks too; the verdict is of the row as it is now. `told` may be NULL; it
/// gets at most `capacity` of what was changed. `repair`: the schema's verdicts before and after, zeros without a
/// schema, for a row of a wrong width and for a foreign window. To know what would be changed, give it a copy of the
/// row. Texts in `told` are the row's, or live as long as the guard; in rows of numbers they are those of the cells.
/// Never allocate, lock or wait. Errors: INVALID_ARGUMENT as above; nothing is changed or counted then.
VDT_API vdt_status vdt_guard_repair_f32(const vdt_guard* guard, float* row, size_t width,
                                        const vdt_request_vectors* vectors, vdt_window* window,
                                        struct vdt_repaired* told, size_t capacity, struct vdt_repair_verdict* repair,
                                        vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_repair_f64(const vdt_guard* guard, double* row, size_t width,
                                        const vdt_request_vectors* vectors, vdt_window* window,
                                        struct vdt_repaired* told, size_t capacity, struct vdt_repair_verdict* repair,
                                        vdt_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_guard_repair_values(const vdt_guard* guard, vdt_value* row, size_t width,
                                           const vdt_request_vectors* vectors, vdt_window* window,
                                           struct vdt_repaired* told, size_t capacity,
                                           struct vdt_repair_verdict* repair, vdt_verdict* verdict,
                                           vdt_error* error) VDT_NOEXCEPT;
/// Scores of the baseline that the policy names, in the order of a verdict's `scores`.
VDT_API size_t vdt_guard_calibrated_score_count(const vdt_guard* guard) VDT_NOEXCEPT;
/// `*out`: borrowed until destroy. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_guard_calibrated_score_name(const vdt_guard* guard, size_t index, vdt_string* out,
                                                   vdt_error* error) VDT_NOEXCEPT;
/// Floats for `workspace` with this model, and rows that one request sends to it. Errors: INVALID_ARGUMENT, OVERFLOW.
VDT_API vdt_status vdt_guard_workspace(const vdt_guard* guard, const struct vdt_predict_model* model, size_t* out,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API size_t vdt_guard_queries(const vdt_guard* guard) VDT_NOEXCEPT;
/// To be called with 1 while a drift alarm holds and with 0 when it is over: until then scores of the baseline are not
/// evaluated, and those that ask the model ask nothing. Thread-safe.
VDT_API vdt_status vdt_guard_mark_calibrations(const vdt_guard* guard, int32_t stale, vdt_error* error) VDT_NOEXCEPT;
/// A verdict of this guard in words, a line per stored finding. Two-call.
/// Errors: INVALID_ARGUMENT for a verdict that this guard cannot have given.
VDT_API vdt_status vdt_guard_explain(const vdt_guard* guard, const vdt_verdict* verdict, char* buffer, size_t capacity,
                                     size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// The same, and of each found score of the row's features what these add to it, where its kind says so and the row, as
/// numbers, is that of the verdict. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_guard_explain_f32(const vdt_guard* guard, const vdt_verdict* verdict, const float* row,
                                         size_t width, char* buffer, size_t capacity, size_t* length,
                                         vdt_error* error) VDT_NOEXCEPT;

// ==== report ====

typedef struct vdt_assess_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* policy_json;
    uint64_t policy_length;
} vdt_assess_options;

/// The report as a whole.
typedef struct vdt_report_info {
    uint32_t struct_size;
    vdt_decision decision;  ///< the gravest of the features
    uint64_t reference_rows;
    uint64_t live_rows;
    uint64_t feature_count;
    uint64_t minimum_rows;  ///< live observations below which a feature was not evaluated
    double level;           ///< false-alarm level of the whole report
    uint64_t passed;        ///< features by decision
    uint64_t not_evaluated;
    uint64_t warned;
    uint64_t alarmed;
} vdt_report_info;

/// What was found out about one feature. NaN = not defined or not evaluated.
typedef struct vdt_feature_report {
    uint32_t struct_size;
    vdt_decision decision;
    vdt_drift_test test;         ///< the test of the distribution that decided
    int32_t ignored;             ///< 1 when the policy leaves this feature out
    uint64_t feature;            ///< index in the baseline
    uint64_t live_rows;          ///< values seen, nulls and the like included
    uint64_t live_observations;  ///< values in cells
    uint64_t evidence_count;     ///< see vdt_report_evidence
    double tolerance;            ///< share of the traffic that may move without an alarm
    double reference_median;
    double live_median;
    vdt_hypothesis hypothesis;  ///< of the evidence that decided, and so on below; VDT_HYPOTHESIS_NONE without evidence
    uint32_t reserved;
    double statistic;
    double p_value;
    double adjusted_p_value;
    double moved_share;  ///< share of the traffic that moved, 0..1, and its interval
    double moved_share_lower;
    double moved_share_upper;
    double reference_rate;  ///< for rates only
    double live_rate;
} vdt_feature_report;

/// One hypothesis of one feature, tested. An alarm needs adjusted_p_value <= level and moved_share_lower > tolerance.
typedef struct vdt_evidence {
    uint32_t struct_size;
    vdt_hypothesis hypothesis;
    vdt_decision decision;
    uint32_t reserved;
    double statistic;
    double p_value;
    double degrees_of_freedom;
    double effect;  ///< in the unit of the deciding test
    double effect_lower;
    double effect_upper;
    double reference_count;
    double live_count;
    double adjusted_p_value;
    double moved_share;
    double moved_share_lower;
    double moved_share_upper;
    double reference_rate;
    double live_rate;
    vdt_drift_test test;  ///< behind it; TWO_PROPORTION where the commonest value decided; AUTOMATIC: a test of its own
    uint32_t reserved_2;
} vdt_evidence;

/// One drift test's answer, whether it decided or not.
typedef struct vdt_test_result {
    uint32_t struct_size;
    vdt_drift_test test;
    double statistic;
    double p_value;
    double degrees_of_freedom;
    double effect;
    double effect_lower;
    double effect_upper;
    double reference_count;
    double live_count;
} vdt_test_result;

/// Several features tested together: only where samples were compared, by the policy's `joint_tests`. An alarm needs
/// both keys, as of vdt_evidence; where moved_share is NaN, the test tells no share of the traffic, and warns only.
typedef struct vdt_joint_evidence {
    uint32_t struct_size;
    int32_t test;  ///< VDT_MULTIVARIATE_*
    vdt_decision decision;
    uint32_t reserved;
    double statistic;
    double p_value;
    double degrees_of_freedom;
    double effect;
    double effect_lower;
    double effect_upper;
    double reference_count;
    double live_count;
    double adjusted_p_value;
    double moved_share;
    double moved_share_lower;
    double moved_share_upper;
    uint64_t feature_count;  ///< see vdt_report_joint_features
} vdt_joint_evidence;

/// What a score that the policy names found in a window. The texts are owned by the report. NaN = not evaluated.
typedef struct vdt_score_report {
    uint32_t struct_size;
    vdt_decision decision;
    vdt_string name;             ///< in the baseline
    vdt_string kind;             ///< e.g. "mahalanobis"
    int32_t input;               ///< VDT_SCORE_*
    int32_t is_stale;            ///< 1: drift has voided its calibration, so nothing is decided
    double level;                ///< of the policy
    uint64_t calibration_count;  ///< rows
    uint64_t evaluated;          ///< requests with a decision
    uint64_t exceeded;           ///< of those, with a p-value of at most the level
    uint64_t unevaluated;        ///< requests without one
    double rate;                 ///< exceeded / evaluated, and its interval
    double rate_lower;
    double rate_upper;
    double allowed_rate;    ///< what the calibration allows a benign window
    uint64_t p_values[10];  ///< requests by the tenth of (0, 1] that their p-value lies in
    uint64_t model_calls;   ///< of the callback, and rows sent to it, where the score asks the model; else 0
    uint64_t model_rows;
    uint64_t model_aborts;  ///< requests whose questions the callback ended
} vdt_score_report;

/// What the memory across requests found in the requests of a window, silent or not.
typedef struct vdt_memory_report {
    uint32_t struct_size;
    vdt_decision decision;   ///< NOT_EVALUATED where it could tell of no request
    int32_t is_watched;      ///< 0: no request of the window was shown to a memory, and all else is 0
    int32_t is_silent;       ///< by the policy
    uint64_t watched;        ///< requests
    uint64_t query_attacks;  ///< of those, by accused accounts
    uint64_t extractions;    ///< by accounts that seem to copy the model
    uint64_t untold;         ///< of which it could tell neither
} vdt_memory_report;

/// How a report is rendered.
typedef struct vdt_render_options {
    uint32_t struct_size;
    int32_t color;      ///< 1: ANSI colours in the "table" format
    const char* title;  ///< heading; empty = the baseline's name
    uint64_t title_length;
    const char* live_name;  ///< what was judged, e.g. the name of a file; empty = not said
    uint64_t live_name_length;
    uint64_t max_features;  ///< features listed, the gravest first; 0 = 100
} vdt_render_options;

VDT_API void vdt_assess_options_init(vdt_assess_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_report_info_init(vdt_report_info* info, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_feature_report_init(vdt_feature_report* report, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_evidence_init(vdt_evidence* evidence, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_test_result_init(vdt_test_result* result, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_joint_evidence_init(vdt_joint_evidence* evidence, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_score_report_init(vdt_score_report* report, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_memory_report_init(vdt_memory_report* report, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_render_options_init(vdt_render_options* options, size_t size) VDT_NOEXCEPT;

/// Judges a window against its baseline. Too little data is VDT_NOT_EVALUATED, never VDT_PASS. `options` NULL = the
/// default policy. The window must not change meanwhile; the report keeps a copy. `*out`: owned.
/// Errors: BASELINE_MISMATCH, INVALID_POLICY, INVALID_ARGUMENT, UNSUPPORTED.
VDT_API vdt_status vdt_assess(const vdt_baseline* baseline, const vdt_window* window, const vdt_assess_options* options,
                              const vdt_allocator* allocator, vdt_report** out, vdt_error* error) VDT_NOEXCEPT;
/// The same with a guard's baseline and policy.
VDT_API vdt_status vdt_guard_assess(const vdt_guard* guard, const vdt_window* window, const vdt_allocator* allocator,
                                    vdt_report** out, vdt_error* error) VDT_NOEXCEPT;
/// Two whole samples in one go: learns a baseline from the reference, counts the live rows, runs the policy's tests on
/// samples (`sample_tests`, `joint_tests`), and judges. Both have the same columns by name, in any order; live numbers
/// are rounded to f32 where the reference's are f32. `learning`, `judging` NULL = defaults. `*out`: owned; it keeps its
/// baseline. Errors: those of vdt_baseline_create, vdt_window_observe_columns and vdt_assess.
VDT_API vdt_status vdt_compare_tables(const vdt_column* reference, size_t reference_count, const vdt_column* live,
                                      size_t live_count, const vdt_baseline_options* learning,
                                      const vdt_assess_options* judging, const vdt_allocator* allocator,
                                      vdt_report** out, vdt_error* error) VDT_NOEXCEPT;
/// The same of Arrow record batches; see vdt_baseline_create_arrow.
VDT_API vdt_status vdt_compare_arrow(const struct ArrowSchema* reference_schema, const struct ArrowArray* reference,
                                     const struct ArrowSchema* live_schema, const struct ArrowArray* live,
                                     const vdt_baseline_options* learning, const vdt_assess_options* judging,
                                     const vdt_allocator* allocator, vdt_report** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_report_destroy(vdt_report* report) VDT_NOEXCEPT;

/// VDT_NOT_EVALUATED for NULL.
VDT_API vdt_decision vdt_report_decision(const vdt_report* report) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_describe(const vdt_report* report, vdt_report_info* out, vdt_error* error) VDT_NOEXCEPT;
/// By index in the baseline. Errors: INVALID_ARGUMENT for an index that is too large, or a bad struct_size.
VDT_API vdt_status vdt_report_feature(const vdt_report* report, size_t feature, vdt_feature_report* out,
                                      vdt_error* error) VDT_NOEXCEPT;
/// Evidence `index` of a feature: the distribution first, then the rates that occurred. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_report_evidence(const vdt_report* report, size_t feature, size_t index, vdt_evidence* out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// The answer of one test of a feature; VDT_TEST_AUTOMATIC = the one that decided. All NaN where the test is not
/// defined, such as KOLMOGOROV_SMIRNOV for categories. TWO_PROPORTION answers only where it decided. Errors:
/// INVALID_ARGUMENT.
VDT_API vdt_status vdt_report_statistic(const vdt_report* report, size_t feature, vdt_drift_test test,
                                        vdt_test_result* out, vdt_error* error) VDT_NOEXCEPT;
/// How many tests of several features there are; 0 for NULL.
VDT_API size_t vdt_report_joint_count(const vdt_report* report) VDT_NOEXCEPT;
/// One of them; the features that it compared, as indices in the baseline; how much of the statistic rests on each of
/// these, as the test defines it (empty where it defines none); and a sentence on it. The last three are two-call,
/// features and contributions in numbers. Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_report_joint(const vdt_report* report, size_t index, vdt_joint_evidence* out,
                                    vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_joint_features(const vdt_report* report, size_t index, uint64_t* buffer, size_t capacity,
                                             size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_joint_contributions(const vdt_report* report, size_t index, double* buffer,
                                                  size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// The live rows on which most of the statistic rests, the largest contribution first: their numbers, from 1, and in
/// the second call their contributions, as the test defines them. Few, and none where nothing was found; two-call, in
/// numbers. vdt_compare_matrices has those of all rows.
VDT_API vdt_status vdt_report_joint_rows(const vdt_report* report, size_t index, uint64_t* buffer, size_t capacity,
                                         size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_joint_row_contributions(const vdt_report* report, size_t index, double* buffer,
                                                      size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_joint_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                           size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// Scores that the policy names, in the order of their names; 0 for NULL.
VDT_API size_t vdt_report_score_count(const vdt_report* report) VDT_NOEXCEPT;
/// One of them, and a sentence on it (two-call). Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_report_score(const vdt_report* report, size_t index, vdt_score_report* out,
                                    vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_score_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                           size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// The memory across requests, and a sentence on it (two-call; empty where no request was shown to one).
VDT_API vdt_status vdt_report_memory(const vdt_report* report, vdt_memory_report* out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_memory_reason(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Feature indices, the gravest and then the largest moved share first. Two-call, in numbers.
VDT_API vdt_status vdt_report_ranking(const vdt_report* report, uint64_t* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
/// One sentence on the whole, and one on a feature. Two-call.
VDT_API vdt_status vdt_report_summary(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_report_reason(const vdt_report* report, size_t feature, char* buffer, size_t capacity,
                                     size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// The report as "json", "html", "markdown", "table", "junit", "sarif" or "openmetrics"; `options` NULL = defaults.
/// Two-call; each call renders anew, so a large enough first buffer saves one. Errors: INVALID_ARGUMENT for another
/// format, UNSUPPORTED.
VDT_API vdt_status vdt_report_render(const vdt_report* report, const char* format, const vdt_render_options* options,
                                     char* buffer, size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// Renders straight into a file, written atomically. Further error: IO_ERROR.
VDT_API vdt_status vdt_report_save(const vdt_report* report, const char* format, const vdt_render_options* options,
                                   const char* path, vdt_error* error) VDT_NOEXCEPT;

// ==== tests on samples ====

/// Which way the live values are suspected to have moved.
enum { VDT_TWO_SIDED = 0, VDT_LESS = 1, VDT_GREATER = 2 };
/// Where the p-value comes from. AUTOMATIC: exact where that is quick, else asymptotic or, failing that, permutations.
enum { VDT_METHOD_AUTOMATIC = 0, VDT_METHOD_EXACT = 1, VDT_METHOD_ASYMPTOTIC = 2, VDT_METHOD_PERMUTATION = 3 };

/// Options of a test on samples.
typedef struct vdt_test_options {
    uint32_t struct_size;
    int32_t alternative;  ///< VDT_TWO_SIDED, ...; a test without direction takes VDT_TWO_SIDED only
    int32_t method;       ///< VDT_METHOD_*
    uint32_t reserved;
    double confidence;      ///< of the effect's interval, in (0, 1); default 0.95
    uint64_t permutations;  ///< p-values are (1 + #)/(permutations + 1); default 999
    uint64_t seed;          ///< of the permutations: same seed, same p-value, on every machine
    /// vdt_compare_columns, against autocorrelation, of rows in the order of time: means of `block` consecutive numbers
    /// are compared (of categories the first of so many), or the first of each `thin` rows. One of both is 1;
    /// default 1. Other functions take 1 alone: UNSUPPORTED.
    uint32_t block;
    uint32_t thin;
} vdt_test_options;

VDT_API void vdt_test_options_init(vdt_test_options* options, size_t size) VDT_NOEXCEPT;

/// One test on the samples themselves, two columns of the same kind, numeric or categorical; names are ignored, numbers
/// are compared as f64. Nulls, NaN and infinities are left out: the counts of the result tell how many took part.
/// VDT_TEST_AUTOMATIC: Kolmogorov-Smirnov, of categories chi-square. What the data do not allow (too few values, no
/// spread, Fisher's test of more than 2^32 items, or one-sided of more than two categories) gives NaN, not an error.
/// `options` NULL = defaults. Errors: SCHEMA_MISMATCH for a numeric column against a categorical one, UNSUPPORTED for a
/// test that is not for such columns or an option that the test does not have, INVALID_ARGUMENT, OVERFLOW.
VDT_API vdt_status vdt_compare_columns(vdt_drift_test test, const vdt_column* reference, const vdt_column* live,
                                       const vdt_test_options* options, vdt_test_result* out,
                                       vdt_error* error) VDT_NOEXCEPT;

/// The same where each row has a weight, as SciPy's wasserstein_distance and energy_distance have them: WASSERSTEIN
/// (AUTOMATIC is that) and ENERGY_DISTANCE, others are UNSUPPORTED. The p-value is by permutations of whole rows, a
/// weight staying with its value; the effect has no interval; counts are of values. `*_weights`: numeric columns of the
/// same lengths, not negative and not all 0, by one rule and on one scale on both sides (not each summing to 1: a
/// factor on one side changes the p-value); rows without a finite value are left out. `options`: block and thin are 1.
/// Errors: TYPE_MISMATCH for categories, DIMENSION_MISMATCH, INVALID_ARGUMENT for such weights, UNSUPPORTED.
VDT_API vdt_status vdt_compare_weighted(vdt_drift_test test, const vdt_column* reference,
                                        const vdt_column* reference_weights, const vdt_column* live,
                                        const vdt_column* live_weights, const vdt_test_options* options,
                                        vdt_test_result* out, vdt_error* error) VDT_NOEXCEPT;

/// Whether two or more columns of one kind, the first the reference, all come from one distribution: ANDERSON_DARLING
/// (AUTOMATIC is that), LEVENE and BROWN_FORSYTHE of numbers, CHI_SQUARE (AUTOMATIC), G and FISHER_EXACT of categories;
/// others are UNSUPPORTED. In `*out`, live_count is that of all columns but the first; an effect of numbers is for two
/// columns alone. An empty column gives NaN, not an error. Else as vdt_compare_columns. Errors: SCHEMA_MISMATCH for
/// columns of both kinds, UNSUPPORTED, INVALID_ARGUMENT for fewer than two columns, OVERFLOW.
VDT_API vdt_status vdt_compare_several(vdt_drift_test test, const vdt_column* samples, size_t sample_count,
                                       const vdt_test_options* options, vdt_test_result* out,
                                       vdt_error* error) VDT_NOEXCEPT;

/// Of how many consecutive rows to keep one, so that tests on samples, which take rows as exchangeable, hold their
/// level on autocorrelated traffic: twice the longest autocorrelation time of the values' ranks and of their distances
/// from the middle; 1 where neither shows more memory than noise does, at most `count`. `values` in the order of time,
/// all finite; pass every `*interval`-th row of both sides to the tests. A sort and some 2^28 operations at most.
/// Errors: INVALID_ARGUMENT for a value that is not finite, or NULL where `count` is not 0.
VDT_API vdt_status vdt_thinning_interval(const double* values, size_t count, uint64_t* interval,
                                         vdt_error* error) VDT_NOEXCEPT;

/// Divergences as other packages compute them, for comparing with what they report: numbers, not tests. Whose binning,
/// zero rule and logarithm; drift/divergences.hpp says what is odd about each.
enum {
    VDT_PRESET_VEDETTE = 0,
    VDT_PRESET_EVIDENTLY = 1,
    VDT_PRESET_NANNYML = 2,
    VDT_PRESET_DEEPCHECKS = 3,
    VDT_PRESET_FROUROS = 4
};
enum {
    VDT_DIVERGENCE_POPULATION_STABILITY = 0,
    VDT_DIVERGENCE_KULLBACK_LEIBLER = 1,
    VDT_DIVERGENCE_JENSEN_SHANNON = 2,
    VDT_DIVERGENCE_HELLINGER = 3,
    VDT_DIVERGENCE_TOTAL_VARIATION = 4,
    VDT_DIVERGENCE_WASSERSTEIN = 5,  ///< of numbers only, and so the next
    VDT_DIVERGENCE_ENERGY_DISTANCE = 6,
    VDT_DIVERGENCE_L_INFINITY = 7,
    VDT_DIVERGENCE_BHATTACHARYYA = 8,
    VDT_DIVERGENCE_CRAMERS_V = 9,
    VDT_DIVERGENCE_KOLMOGOROV_SMIRNOV = 10  ///< of numbers only
};
/// Of two columns of the same kind; nulls, NaN and infinities are left out. `*threshold`: the package's own default,
/// NaN where it has none; it would alarm where `*exceeds` is 1. Both may be NULL. Errors: SCHEMA_MISMATCH for a numeric
/// column against a categorical one, UNSUPPORTED for a divergence that the package does not have for such columns,
/// NOT_ENOUGH_DATA for an empty one, INVALID_ARGUMENT.
VDT_API vdt_status vdt_preset_divergence(int32_t preset, int32_t divergence, const vdt_column* reference,
                                         const vdt_column* live, double* value, double* threshold, int32_t* exceeds,
                                         vdt_error* error) VDT_NOEXCEPT;

/// A test of several features at once.
typedef int32_t vdt_multivariate_test;
enum {
    VDT_MULTIVARIATE_HOTELLING_T2 = 0,              ///< another mean
    VDT_MULTIVARIATE_MAXIMUM_MEAN_DISCREPANCY = 1,  ///< anything, most of all near the median distance of rows
    VDT_MULTIVARIATE_ENERGY = 2,                    ///< anything, without a bandwidth
    VDT_MULTIVARIATE_DENSITY_DIFFERENCE = 3,        ///< anything smooth
    VDT_MULTIVARIATE_CLASSIFIER = 4,                ///< what a linear classifier can tell apart
    VDT_MULTIVARIATE_MMD_FUSE = 5,                  ///< as MAXIMUM_MEAN_DISCREPANCY, at ten bandwidths
    VDT_MULTIVARIATE_MEAN_SHIFT = 6,                ///< another mean, by the reference's covariance alone
    VDT_MULTIVARIATE_RANDOM_FEATURE_MMD = 7         ///< as MMD, in linear time; needs 100 rows of reference
};
/// The word, e.g. "hotelling_t2"; "unknown" for a number that has none; static.
VDT_API const char* vdt_multivariate_test_name(vdt_multivariate_test test) VDT_NOEXCEPT;

/// One multivariate test on two matrices with the same columns, computed in f32 if both are f32, else in f64. Rows with
/// a NaN are left out. Columns are taken as they are: where a test measures distances (MAXIMUM_MEAN_DISCREPANCY,
/// ENERGY, MMD_FUSE), bring them to one scale first. `out->test` is the vdt_multivariate_test. `feature_contributions`:
/// one number per column, how much of the statistic rests on it; `row_contributions`: one per live row; the C++ header
/// of the test says what they sum to. Each may be NULL; NaN where the test defines none or a row was left out. Too few
/// rows give NaN, not an error. Errors: DIMENSION_MISMATCH for matrices of different widths or wrong counts,
/// INVALID_ARGUMENT for infinities among others, UNSUPPORTED for an option that the test does not have, OVERFLOW.
VDT_API vdt_status vdt_compare_matrices(vdt_multivariate_test test, const vdt_matrix* reference, const vdt_matrix* live,
                                        const vdt_test_options* options, vdt_test_result* out,
                                        double* feature_contributions, size_t feature_count, double* row_contributions,
                                        size_t row_count, vdt_error* error) VDT_NOEXCEPT;

// ==== scores ====
// How anomalous a row is for a model that is not attacked; see the README for which score sees what. Fit one to rows
// that the model knows, calibrate it with other benign rows, then ask it, or put it into a baseline for a guard.

/// What the rows of a kind of score are.
enum {
    VDT_SCORE_FEATURES = 0,
    VDT_SCORE_EMBEDDING = 1,
    VDT_SCORE_LOGITS = 2,
    VDT_SCORE_SCORES = 3,
    VDT_SCORE_MODEL = 4  ///< the model's input, about which the model is asked: see vdt_query_score_from_score
};

typedef struct vdt_score_fit_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* kind;  ///< e.g. "mahalanobis"; required
    uint64_t kind_length;
    const char* options;  ///< a JSON object, or "name=value, name=value"; NULL = all defaults
    uint64_t options_length;
    const uint32_t* labels;  ///< the class of each row; NULL = all rows are of one class
    uint64_t label_count;
    uint64_t class_count;            ///< 0 = the largest label and 1
    const vdt_matrix* head_weights;  ///< of the model's last layer, a row per class; for kinds that ask for it
    const float* head_bias;
    uint64_t head_bias_count;
} vdt_score_fit_options;

/// What a p-value of a calibration promises: see `stats/conformal.hpp`.
enum { VDT_CONFORMAL_MARGINAL = 0, VDT_CONFORMAL_CONDITIONAL_DKW = 1, VDT_CONFORMAL_CONDITIONAL_SIMES = 2 };

typedef struct vdt_score_calibration_options {
    uint32_t struct_size;
    int32_t guarantee;           ///< VDT_CONFORMAL_*
    double failure_probability;  ///< of the conditional guarantees, in (0, 0.5]; default 0.05
    const uint32_t* groups;      ///< the group of each row; NULL = one calibration for all
    uint64_t group_length;       ///< how many they are
    uint64_t group_count;        ///< 0 = the largest group and 1
    const double* weights;       ///< density ratios, live to calibration, of each row; not together with groups
    uint64_t weight_count;
} vdt_score_calibration_options;

VDT_API void vdt_score_fit_options_init(vdt_score_fit_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_score_calibration_options_init(vdt_score_calibration_options* options, size_t size) VDT_NOEXCEPT;

/// The kinds of scores: how many, and name and VDT_SCORE_* of each. `*name`: static. Errors: INVALID_ARGUMENT.
VDT_API size_t vdt_score_kind_count(void) VDT_NOEXCEPT;
VDT_API vdt_status vdt_score_kind_at(size_t index, vdt_string* name, int32_t* input, vdt_error* error) VDT_NOEXCEPT;

/// Fits a score; `reference` may be NULL for a score of logits that is not fitted. Everything is copied. `*out`: owned.
/// Errors: INVALID_ARGUMENT for an unknown kind or option, a value that the kind refuses; NOT_ENOUGH_DATA,
/// DIMENSION_MISMATCH, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_score_fit(const vdt_matrix* reference, const vdt_score_fit_options* options,
                                 const vdt_allocator* allocator, vdt_score** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_score_destroy(vdt_score* score) VDT_NOEXCEPT;
/// Calibrates, in place of any calibration before: set-up only, before the score is shared. Rows that the score cannot
/// tell of are left out; `*unscored` (may be NULL) says how many. `options` NULL = defaults. The score is as it was
/// after a failure. Errors: NOT_ENOUGH_DATA, DIMENSION_MISMATCH, INVALID_ARGUMENT, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_score_calibrate(vdt_score* score, const vdt_matrix* benign,
                                       const vdt_score_calibration_options* options, uint64_t* unscored,
                                       vdt_error* error) VDT_NOEXCEPT;
/// `*out`: static, e.g. "mahalanobis". Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_score_kind(const vdt_score* score, vdt_string* out, vdt_error* error) VDT_NOEXCEPT;
/// Entries of a row (0: any number, and for NULL), and rows of its calibration (0: none).
VDT_API size_t vdt_score_width(const vdt_score* score) VDT_NOEXCEPT;
VDT_API uint64_t vdt_score_calibration_count(const vdt_score* score) VDT_NOEXCEPT;
/// A bound, for every row, on the relative change of a squared Mahalanobis distance by `storage=int16`; 0 where nothing
/// is stored in fewer bits, NaN for NULL.
VDT_API double vdt_score_storage_error(const vdt_score* score) VDT_NOEXCEPT;

/// One row. `vectors` gives group or weight where the calibration asks for one (its vectors are not read); NULL = group
/// 0, weight 1. A row of another width is NaN, not an error. Thread-safe, without allocation or lock.
/// Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_score_row(const vdt_score* score, const float* row, size_t width,
                                 const vdt_request_vectors* vectors, vdt_score_answer* out,
                                 vdt_error* error) VDT_NOEXCEPT;
/// The same, and what each entry of the row adds to the score. `*out` and `contributions` are NaN for a kind that does
/// not tell.
VDT_API vdt_status vdt_score_row_contributions(const vdt_score* score, const float* row, size_t width, double* value,
                                               double* contributions, size_t count, vdt_error* error) VDT_NOEXCEPT;
/// Every row of a matrix, of any dtype, read as f32: scores and p-values, each NULL or of `count` >= rows places.
/// Thread-safe. Errors: INVALID_ARGUMENT, DIMENSION_MISMATCH, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_score_rows(const vdt_score* score, const vdt_matrix* rows, double* scores, double* p_values,
                                  size_t count, vdt_error* error) VDT_NOEXCEPT;
/// VDT_OK where the calibration can alarm at this false-alarm level. Errors: NOT_ENOUGH_DATA, with the number of rows
/// needed, also without a calibration; INVALID_ARGUMENT.
VDT_API vdt_status vdt_score_require_level(const vdt_score* score, double level, vdt_error* error) VDT_NOEXCEPT;
/// One e-value of p-values of several scores of one row, valid whatever their dependence; NaN ones take no part. An
/// alarm where it is at least 1/level keeps that false-alarm rate.
VDT_API double vdt_score_fused_e_value(const double* p_values, size_t count) VDT_NOEXCEPT;

/// The canonical bytes, with the calibration. Two-call.
VDT_API vdt_status vdt_score_to_bytes(const vdt_score* score, void* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
/// `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_score_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_score** out,
                                        vdt_error* error) VDT_NOEXCEPT;
/// The same as a file, written atomically. Errors: IO_ERROR besides.
VDT_API vdt_status vdt_score_save(const vdt_score* score, const char* path, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_score_load(const char* path, const vdt_allocator* allocator, vdt_score** out,
                                  vdt_error* error) VDT_NOEXCEPT;

/// A new baseline, with another id, that holds these calibrated scores in place of its own, under names of your own, by
/// which a policy asks for them. Everything is copied. `*out`: owned. Errors: INVALID_ARGUMENT for a score without a
/// calibration, an empty or repeated name, more than 64; DIMENSION_MISMATCH for a score of features of another width.
VDT_API vdt_status vdt_baseline_with_scores(const vdt_baseline* baseline, const vdt_string* names,
                                            const vdt_score* const* scores, size_t count,
                                            const vdt_allocator* allocator, vdt_baseline** out,
                                            vdt_error* error) VDT_NOEXCEPT;

typedef struct vdt_caller_options {
    uint32_t struct_size;
    uint32_t has_key;    ///< 0: a key is drawn by the system
    double level;        ///< a benign caller is ever accused with at most this probability; default 1e-3
    uint64_t capacity;   ///< places, 64 bytes each; a power of two from 8 to 2^24; default 65536
    uint64_t idle_time;  ///< a caller silent for longer may lose its place; default 2^64 - 1 = never
    uint64_t key[2];
} vdt_caller_options;

/// What is known of a caller after a request.
typedef struct vdt_caller_state {
    uint32_t struct_size;
    int32_t is_alarm;  ///< the evidence has reached 1/level, now or before
    double e_value;    ///< evidence against it; 1 or less says nothing
    uint64_t requests;
    uint32_t is_shared;  ///< it had no place of its own, and shares its evidence with others
    uint32_t reserved;
} vdt_caller_state;

VDT_API void vdt_caller_options_init(vdt_caller_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_caller_state_init(vdt_caller_state* state, size_t size) VDT_NOEXCEPT;
/// Evidence against each caller over all of its requests, in memory that never grows. The promise holds for p-values
/// of a calibration with a conditional guarantee. `options` NULL = defaults. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_caller_evidence_create(const vdt_caller_options* options, const vdt_allocator* allocator,
                                              vdt_caller_evidence** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_caller_evidence_destroy(vdt_caller_evidence* evidence) VDT_NOEXCEPT;
/// One request of a caller, named by any bytes, at a time that does not run backwards. `*state` (may be NULL) is the
/// caller's after it. A p-value that is NaN or out of [0, 1] changes nothing. No allocation. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_caller_evidence_update(vdt_caller_evidence* evidence, const void* caller, size_t caller_length,
                                              double p_value, uint64_t time, vdt_caller_state* state,
                                              vdt_error* error) VDT_NOEXCEPT;
/// Takes a caller's evidence back, after a review. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_caller_evidence_forget(vdt_caller_evidence* evidence, const void* caller, size_t caller_length,
                                              vdt_error* error) VDT_NOEXCEPT;
/// The bytes hold the key, and so are as secret. Two-call.
VDT_API vdt_status vdt_caller_evidence_to_bytes(const vdt_caller_evidence* evidence, void* buffer, size_t capacity,
                                                size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_caller_evidence_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                                  vdt_caller_evidence** out, vdt_error* error) VDT_NOEXCEPT;

// ==== memory across requests ====
// How much of an input has been asked before, and by whom: a query attack asks for nearly the same again and again. The
// score is calibrated on benign traffic like any other, and its p-values are evidence for vdt_caller_evidence_update.

/// What the inputs are, and so what a cell is.
enum {
    VDT_FINGERPRINT_IMAGE = 0,  ///< bytes, or floats from `low` to `high`, in one order of pixels and channels
    VDT_FINGERPRINT_ROW = 1     ///< tabular rows and embeddings, with a width of cells for each value or for all
};

typedef struct vdt_fingerprint_options {
    uint32_t struct_size;
    int32_t kind;         ///< VDT_FINGERPRINT_*; default IMAGE
    uint64_t values;      ///< of an input; images to 2^26, rows to 2^20; no default
    uint64_t window;      ///< values hashed together; 0 = 50 for images (to 1024), 3 for rows (to 256)
    uint64_t stride;      ///< from window to window, to `window`; 0 = half a window for images, 1 for rows
    uint64_t slots;       ///< hashes kept, a multiple of 8 from 8 to 64; default 48
    const double* steps;  ///< rows: widths of cells, 1 or `values` of them, above 0; borrowed
    uint64_t step_count;
    uint32_t step;       ///< images: of 256 levels that make one cell, 2 to 128; default 50
    uint32_t normalise;  ///< rows: not 0 = divided by their Euclidean norm first; default 0
    double low, high;    ///< images of floats: what the levels 0 and 255 stand for; default 0 and 1
    uint64_t memory;     ///< bytes the store may take, all at once: 95 an input of 48 slots; default 96 MiB
    uint64_t period;     ///< of time windows, in your unit of time; default 3600
    uint32_t periods;    ///< time windows remembered, 1 to 256; default 24
    uint32_t silent;     ///< not 0 = matches say that no answer may depend on them; default 0
    uint32_t has_key;    ///< 0: a key is drawn by the system
    uint32_t reserved;
    uint64_t key[4];
} vdt_fingerprint_options;

/// Whether the very same input is remembered, bit for bit; of nearly the same it is NONE.
enum {
    VDT_REPEAT_NONE = 0,
    /// Of the account that asks, whoever else has asked it too, up to about two dozen in between: see OTHER.
    VDT_REPEAT_OWN = 1,
    VDT_REPEAT_OTHER = 2  ///< no record of the account's own is found; of one input about slots / 2 records are kept
};

/// How much of an input was remembered, and of which earlier one.
typedef struct vdt_fingerprint_match {
    uint32_t struct_size;
    uint32_t overlap;    ///< slots that agree with the closest remembered input; 0: none does, what follows is 0 too
    double score;        ///< overlap / slots, 0 to 1
    uint32_t slots;      ///< in use
    uint32_t compared;   ///< remembered inputs that were compared, at most 64
    uint64_t query;      ///< the earlier input's number, in the order of remembering
    uint64_t period;     ///< and its time window, time / period
    uint32_t account;    ///< and its account, as vdt_fingerprint_store_account_mark tells
    uint32_t is_silent;  ///< score, count and log, but let no answer depend on it
    int32_t repeat;      ///< VDT_REPEAT_*
    uint32_t reserved;
} vdt_fingerprint_match;

VDT_API void vdt_fingerprint_options_init(vdt_fingerprint_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_fingerprint_match_init(vdt_fingerprint_match* match, size_t size) VDT_NOEXCEPT;
/// An empty store, in memory that is taken now and never grows. `*out`: owned. Errors: INVALID_ARGUMENT,
/// DIMENSION_MISMATCH for steps that are neither 1 nor `values`.
VDT_API vdt_status vdt_fingerprint_store_create(const vdt_fingerprint_options* options, const vdt_allocator* allocator,
                                                vdt_fingerprint_store** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_fingerprint_store_destroy(vdt_fingerprint_store* store) VDT_NOEXCEPT;
/// Looks an input up, then remembers it, of an account named by any bytes, at a time that does not run backwards.
/// `*match` may be NULL. No allocation; the time depends on `values` alone. Errors: INVALID_ARGUMENT,
/// DIMENSION_MISMATCH for another number of values; nothing is remembered then.
VDT_API vdt_status vdt_fingerprint_store_observe_u8(vdt_fingerprint_store* store, const uint8_t* input, size_t values,
                                                    const void* account, size_t account_length, uint64_t time,
                                                    vdt_fingerprint_match* match, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_fingerprint_store_observe_f32(vdt_fingerprint_store* store, const float* input, size_t values,
                                                     const void* account, size_t account_length, uint64_t time,
                                                     vdt_fingerprint_match* match, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_fingerprint_store_observe_f64(vdt_fingerprint_store* store, const double* input, size_t values,
                                                     const void* account, size_t account_length, uint64_t time,
                                                     vdt_fingerprint_match* match, vdt_error* error) VDT_NOEXCEPT;
/// How an account is kept: 32 bits of a keyed hash, never 0. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_fingerprint_store_account_mark(const vdt_fingerprint_store* store, const void* account,
                                                      size_t account_length, uint32_t* mark,
                                                      vdt_error* error) VDT_NOEXCEPT;
/// Inputs remembered, how many can be, and bytes taken; each may be NULL. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_fingerprint_store_counts(const vdt_fingerprint_store* store, uint64_t* remembered,
                                                uint64_t* capacity, uint64_t* memory, vdt_error* error) VDT_NOEXCEPT;
/// Forgets everything, and goes on under another key: four words, or NULL = drawn by the system.
VDT_API vdt_status vdt_fingerprint_store_rotate_key(vdt_fingerprint_store* store, const uint64_t* key,
                                                    vdt_error* error) VDT_NOEXCEPT;
/// Takes in what another store of the same options and key remembers. Inputs are numbered anew. Errors:
/// BASELINE_MISMATCH, changing nothing.
VDT_API vdt_status vdt_fingerprint_store_merge(vdt_fingerprint_store* store, const vdt_fingerprint_store* other,
                                               vdt_error* error) VDT_NOEXCEPT;
/// The bytes hold the key, and so are as secret. Two-call.
VDT_API vdt_status vdt_fingerprint_store_to_bytes(const vdt_fingerprint_store* store, void* buffer, size_t capacity,
                                                  size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_fingerprint_store_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                                    vdt_fingerprint_store** out, vdt_error* error) VDT_NOEXCEPT;
// ==== scores that ask the model again ====
// The model is a callback that predicts a batch of rows. Scores send it changed copies of a row, and say how strange
// the predictions are: each costs so many rows of the model, and none is robust against who knows it. What is promised
// is the false-alarm rate of their calibration.

/// Predicts `row_count` rows of `features` numbers each, without gaps, into `outputs`, `classes` numbers for each row.
/// Returns 0; anything else stops the call that asked, which hands it back. May keep no pointer.
typedef int32_t (*vdt_predict_callback)(void* user_data, const float* rows, size_t row_count, size_t features,
                                        float* outputs, size_t classes);

/// What the outputs are: probabilities (their sum 1 within 0.01), or logits, of which softmax is taken.
enum { VDT_MODEL_PROBABILITIES = 0, VDT_MODEL_LOGITS = 1 };

typedef struct vdt_predict_model {
    uint32_t struct_size;
    int32_t output;                ///< VDT_MODEL_*
    vdt_predict_callback predict;  ///< required; borrowed during the call, and so is its user_data
    void* user_data;
    uint64_t features;    ///< entries of a row; required
    uint64_t classes;     ///< required
    uint64_t batch_rows;  ///< no call of the callback gets more rows; default 32
} vdt_predict_model;

enum { VDT_SQUEEZE_BIT_DEPTH = 0, VDT_SQUEEZE_MEDIAN = 1, VDT_SQUEEZE_NON_LOCAL_MEANS = 2 };
/// A filter of feature squeezing. Fields that the kind does not use are not read. Never changes.
typedef struct vdt_squeezer {
    int32_t kind;            ///< VDT_SQUEEZE_*
    uint32_t bits;           ///< of BIT_DEPTH, 1 to 16
    uint32_t window;         ///< of MEDIAN, 2 or 3
    uint32_t search_window;  ///< of NON_LOCAL_MEANS, odd, 3 to 63
    uint32_t patch;          ///< of NON_LOCAL_MEANS, odd, 1 to 31
    float strength;          ///< of NON_LOCAL_MEANS, in units of the row's values
} vdt_squeezer;

enum {
    VDT_QUERY_FEATURE_SQUEEZING = 0,   ///< the largest change of the prediction by a filter of the image
    VDT_QUERY_STRIP = 1,               ///< minus the mean entropy, in bits, under overlays of clean rows
    VDT_QUERY_NOISE_STABILITY = 2,     ///< the mean change of the prediction under noise
    VDT_QUERY_MARGINAL_RESAMPLING = 3  ///< the mean change when features take values of other rows
};

typedef struct vdt_query_score_options {
    uint32_t struct_size;
    int32_t kind;                 ///< VDT_QUERY_*
    const vdt_matrix* reference;  ///< clean rows, for STRIP and MARGINAL_RESAMPLING; copied
    const vdt_squeezer* squeezers;
    uint64_t squeezer_count;
    uint64_t image_height;  ///< of FEATURE_SQUEEZING; channels are innermost
    uint64_t image_width;
    uint64_t image_channels;    ///< default 1
    uint64_t width;             ///< entries of a row, for NOISE_STABILITY
    uint64_t copies;            ///< 0 = the kind's default: 16 with noise, 32 resampled; STRIP has one per overlay
    uint64_t seed;              ///< of noise and resampling; to be kept secret
    double standard_deviation;  ///< of noise; default 0.1
    double share;               ///< of resampled features, in (0, 1]; default 0.2
    float pixel_highest;        ///< of FEATURE_SQUEEZING: the value of a fully lit pixel; default 1
    float row_weight;           ///< of STRIP; default 0.5, and so the next
    float overlay_weight;
    float lowest;  ///< copies of STRIP and NOISE_STABILITY are clipped to these; default -infinity and infinity
    float highest;
    uint32_t reserved;
} vdt_query_score_options;

enum {
    VDT_ANSWERED = 0,
    VDT_ANSWER_ABORTED = 1,             ///< the callback returned a value other than 0
    VDT_ANSWER_INVALID_PREDICTION = 2,  ///< not finite, or no probabilities although the model says so
    VDT_ANSWER_INVALID_ROW = 3,         ///< of another width, or with a value that is not finite
    VDT_ANSWER_INVALID_MODEL = 4,       ///< of another width, without classes, or the label is out of range
    VDT_ANSWER_WORKSPACE_TOO_SMALL = 5,
    VDT_ANSWER_NOT_ASKED = 6  ///< in a verdict: the calibration is stale, or `without_model`
};

typedef struct vdt_query_answer {
    uint32_t struct_size;
    int32_t status;           ///< VDT_ANSWER*
    int32_t callback_status;  ///< what the last call of the callback returned
    uint32_t reserved;
    double score;    ///< higher = more anomalous; NaN unless answered
    double p_value;  ///< conformal; NaN with the score, and without a calibration
    uint64_t calls;  ///< of the callback, the failed one too
    uint64_t rows;   ///< sent to the callback
} vdt_query_answer;

VDT_API void vdt_predict_model_init(vdt_predict_model* model, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_query_score_options_init(vdt_query_score_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_query_answer_init(vdt_query_answer* answer, size_t size) VDT_NOEXCEPT;

/// Everything is copied. `*out`: owned. Errors: INVALID_ARGUMENT, NOT_ENOUGH_DATA for a kind that needs a reference and
/// has none, OVERFLOW.
VDT_API vdt_status vdt_query_score_create(const vdt_query_score_options* options, const vdt_allocator* allocator,
                                          vdt_query_score** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_query_score_destroy(vdt_query_score* score) VDT_NOEXCEPT;
/// Entries of a row, and rows that one score sends to the model; 0 for NULL.
VDT_API size_t vdt_query_score_width(const vdt_query_score* score) VDT_NOEXCEPT;
VDT_API size_t vdt_query_score_queries(const vdt_query_score* score) VDT_NOEXCEPT;
/// Floats of workspace that this model needs. Errors: INVALID_ARGUMENT, OVERFLOW.
VDT_API vdt_status vdt_query_score_workspace(const vdt_query_score* score, const vdt_predict_model* model, size_t* out,
                                             vdt_error* error) VDT_NOEXCEPT;
/// Calibrates with benign rows, in place of any calibration before: set-up only. Of the options, groups and weights are
/// not for these scores (UNSUPPORTED). The score is as it was after a failure. `*answer` (may be NULL) holds what the
/// model was asked in all, also then. Errors: CALLBACK_ABORTED, NOT_ENOUGH_DATA, INVALID_ARGUMENT also for a row or a
/// prediction that is none, OVERFLOW.
VDT_API vdt_status vdt_query_score_calibrate(vdt_query_score* score, const vdt_matrix* benign,
                                             const vdt_predict_model* model,
                                             const vdt_score_calibration_options* options, vdt_query_answer* answer,
                                             vdt_error* error) VDT_NOEXCEPT;
/// One row. Thread-safe with a workspace for each thread; no allocation or lock besides the callback's. `*out` is
/// written whether answered or not. Errors: CALLBACK_ABORTED; INVALID_ARGUMENT, also for any other status than
/// VDT_ANSWERED.
VDT_API vdt_status vdt_query_score_row(const vdt_query_score* score, const float* row, size_t width,
                                       const vdt_predict_model* model, float* workspace, size_t workspace_size,
                                       vdt_query_answer* out, vdt_error* error) VDT_NOEXCEPT;

/// The same score, with its calibration, as a vdt_score: to be saved, and put into a baseline for a guard. By itself it
/// could not tell (NaN), for it has no model. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_query_score_to_score(const vdt_query_score* score, const vdt_allocator* allocator,
                                            vdt_score** out, vdt_error* error) VDT_NOEXCEPT;
/// And back. `*out`: owned. Errors: INVALID_ARGUMENT for a score that asks no model, UNSUPPORTED for one calibrated by
/// groups or weights.
VDT_API vdt_status vdt_query_score_from_score(const vdt_score* score, const vdt_allocator* allocator,
                                              vdt_query_score** out, vdt_error* error) VDT_NOEXCEPT;

// ==== query memory ====
// What a guard remembers across requests: probing, query attacks and extraction, account by account; see
// vdt_request_vectors. One per shard of accounts, or under the server's lock: nothing here is thread-safe. Bytes hold
// keys and inputs: keep them secret.

/// Whether an account's inputs move in straight lines: `accounts` (a power of two from 8 to 2^20) are remembered.
/// `key`: four numbers, NULL = drawn by the system. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_update_similarity_create(uint64_t values, uint64_t accounts, const uint64_t* key,
                                                const vdt_allocator* allocator, vdt_update_similarity** out,
                                                vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_update_similarity_destroy(vdt_update_similarity* updates) VDT_NOEXCEPT;
/// An input of an account; `*score` 0 to 1.5, higher is more anomalous, NaN until the third. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_update_similarity_observe_f32(vdt_update_similarity* updates, const float* input, size_t values,
                                                     const void* account, size_t account_length, double* score,
                                                     vdt_error* error) VDT_NOEXCEPT;

typedef struct vdt_query_memory_options {
    uint32_t struct_size;
    int32_t guarantee;           ///< VDT_CONFORMAL_* of the calibrations; default CONDITIONAL_DKW
    double failure_probability;  ///< default 0.05
    /// Copied, with what it remembers; NULL = query attacks are not watched. Its scores of benign requests.
    const vdt_fingerprint_store* store;
    const double* store_scores;
    uint64_t store_score_count;
    /// The same of updates, watched beside the store alone; NULL = they are not.
    const vdt_update_similarity* updates;
    const double* update_scores;
    uint64_t update_score_count;
    double level;              ///< a benign account is ever accused with at most this probability; default 0.001
    uint64_t caller_capacity;  ///< places for accounts, 64 bytes each: a power of two; default 65536
    uint64_t idle_time;        ///< an account silent for longer may lose its place; default: never
    uint64_t links;            ///< counters of pairs of accounts; default 1024
    double linked_score;       ///< two accounts share an input from this score of the store on; default 0.5
    uint64_t prada_values;     ///< of an input or its embedding; 0 = extraction is not watched by PRADA
    uint32_t prada_classes;
    uint32_t prada_accounts;   ///< remembered; default 16
    double prada_threshold;    ///< default 0.9
    uint64_t prada_capacity;   ///< inputs kept per account; default 4096
    uint64_t prada_distances;  ///< judged per account; default 5000
    /// Copied, without what it has seen: fitted to an f32 matrix of inputs or embeddings of many benign accounts; NULL
    /// = an account's inputs are not compared with benign ones. False alarms come once in its `expected_run` inputs of
    /// an account, on average.
    const struct vdt_mmd_monitor* mmd;
    uint64_t mmd_accounts;  ///< remembered; default 16
    /// What exact repeats are left out of the evidence, and of store_scores and update_scores then: NONE (the default),
    /// an account's OWN, or those of OTHER accounts too. Not for models that add noise to their answers.
    int32_t repeats_left_out;  ///< VDT_REPEAT_*
    uint32_t reserved;
    /// Windows of accounts that share inputs, by `mmd`, beside a store: so many groups, of so many accounts in all,
    /// where two surely share so many inputs. Default 0: none; 1024; 3.
    uint64_t mmd_groups;
    uint64_t mmd_group_accounts;
    uint64_t mmd_group_least_shared;
    uint64_t mmd_group_largest;  ///< accounts of a group, links into a full one change nothing; default 64
} vdt_query_memory_options;

/// Two accounts, by their marks (vdt_fingerprint_store_account_mark), and how many inputs they share: from
/// `shared - overcount` to `shared`. It never changes.
typedef struct vdt_account_link {
    uint32_t first;
    uint32_t second;
    uint64_t shared;
    uint64_t overcount;
} vdt_account_link;

VDT_API void vdt_query_memory_options_init(vdt_query_memory_options* options, size_t size) VDT_NOEXCEPT;
/// `*out`: owned. Errors: INVALID_ARGUMENT, NOT_ENOUGH_DATA for a store or updates without scores, TYPE_MISMATCH for an
/// MMD of f64, OVERFLOW.
VDT_API vdt_status vdt_query_memory_create(const vdt_query_memory_options* options, const vdt_allocator* allocator,
                                           vdt_query_memory** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_query_memory_destroy(vdt_query_memory* memory) VDT_NOEXCEPT;
/// Takes the evidence against an account back, e.g. after a review. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_query_memory_forget(vdt_query_memory* memory, const void* account, size_t account_length,
                                           vdt_error* error) VDT_NOEXCEPT;
/// Takes in what another shard remembers of inputs, and its pairs of accounts; evidence per account stays apart. A
/// shard merged twice takes room twice and its pairs are counted twice, though no score changes: sum shards up anew
/// each time, from one that nothing was merged into. Errors: BASELINE_MISMATCH for other options, INVALID_ARGUMENT,
/// also for a memory with itself; the memory is as it was.
VDT_API vdt_status vdt_query_memory_merge(vdt_query_memory* memory, const vdt_query_memory* other,
                                          vdt_error* error) VDT_NOEXCEPT;
/// The pairs of accounts that share most inputs, at least `least_shared` for certain. Two-call. Errors:
/// INVALID_ARGUMENT.
VDT_API vdt_status vdt_query_memory_links(const vdt_query_memory* memory, uint64_t least_shared,
                                          vdt_account_link* buffer, size_t capacity, size_t* length,
                                          vdt_error* error) VDT_NOEXCEPT;
/// Two-call. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_query_memory_to_bytes(const vdt_query_memory* memory, void* buffer, size_t capacity,
                                             size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION, INVALID_ARGUMENT.
VDT_API vdt_status vdt_query_memory_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                               vdt_query_memory** out, vdt_error* error) VDT_NOEXCEPT;
/// The same where all that it takes in memory is at most `most_memory` bytes, else OVERFLOW;
/// vdt_query_memory_from_bytes and vdt_query_memory_load allow 4 GiB.
VDT_API vdt_status vdt_query_memory_from_bytes_within(const void* bytes, size_t size, uint64_t most_memory,
                                                      const vdt_allocator* allocator, vdt_query_memory** out,
                                                      vdt_error* error) VDT_NOEXCEPT;
/// Bytes that it takes, about: all at its making, and never more under any input; 0 for NULL.
VDT_API uint64_t vdt_query_memory_size(const vdt_query_memory* memory) VDT_NOEXCEPT;
/// Written atomically. Errors: IO_ERROR, and as the two before.
VDT_API vdt_status vdt_query_memory_save(const vdt_query_memory* memory, const char* path,
                                         vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_query_memory_load(const char* path, const vdt_allocator* allocator, vdt_query_memory** out,
                                         vdt_error* error) VDT_NOEXCEPT;
/// The same within `most_memory` bytes, as vdt_query_memory_from_bytes_within. The file itself is read whole.
VDT_API vdt_status vdt_query_memory_load_within(const char* path, uint64_t most_memory, const vdt_allocator* allocator,
                                                vdt_query_memory** out, vdt_error* error) VDT_NOEXCEPT;

enum { VDT_EXPLAIN_OCCLUSION = 0, VDT_EXPLAIN_KERNEL_SHAP = 1 };

typedef struct vdt_explainer_options {
    uint32_t struct_size;
    int32_t method;                ///< VDT_EXPLAIN_*; default KERNEL_SHAP
    const vdt_matrix* background;  ///< rows whose values stand for a feature that is left out; required, copied
    const uint32_t* players;       ///< the player of each feature, numbered without gaps; NULL = each its own
    uint64_t player_length;        ///< how many they are
    uint64_t most_coalitions;      ///< default 4094: Shapley values are exact to 12 players
    uint64_t seed;                 ///< of sampled coalitions
} vdt_explainer_options;

typedef struct vdt_explanation {
    uint32_t struct_size;
    int32_t status;  ///< VDT_ANSWER*
    int32_t callback_status;
    uint32_t reserved;
    double prediction;  ///< the label's probability; NaN unless answered, and so the next
    double expected;    ///< its mean over the background
    uint64_t calls;
    uint64_t rows;
} vdt_explanation;

VDT_API void vdt_explainer_options_init(vdt_explainer_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_explanation_init(vdt_explanation* explanation, size_t size) VDT_NOEXCEPT;
/// `*out`: owned. Errors: INVALID_ARGUMENT, NOT_ENOUGH_DATA, DIMENSION_MISMATCH, OVERFLOW, UNSUPPORTED.
VDT_API vdt_status vdt_explainer_create(const vdt_explainer_options* options, const vdt_allocator* allocator,
                                        vdt_explainer** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_explainer_destroy(vdt_explainer* explainer) VDT_NOEXCEPT;
/// Players, and whether contributions are exact; 0 for NULL.
VDT_API size_t vdt_explainer_player_count(const vdt_explainer* explainer) VDT_NOEXCEPT;
VDT_API int32_t vdt_explainer_is_exact(const vdt_explainer* explainer) VDT_NOEXCEPT;
VDT_API vdt_status vdt_explainer_workspace(const vdt_explainer* explainer, const vdt_predict_model* model, size_t* out,
                                           vdt_error* error) VDT_NOEXCEPT;
/// What each player adds to the probability of class `label`; with KERNEL_SHAP they add up to prediction - expected.
/// `contributions`: one to a player, NaN unless answered. Thread-safe, as vdt_query_score_row. Errors: as that.
VDT_API vdt_status vdt_explainer_explain(const vdt_explainer* explainer, const float* row, size_t width, uint32_t label,
                                         const vdt_predict_model* model, float* workspace, size_t workspace_size,
                                         double* contributions, size_t count, vdt_explanation* out,
                                         vdt_error* error) VDT_NOEXCEPT;

// ==== frozen references ====
// A reference made ready once, and any number of live samples against it, from any number of threads.

/// What a NaN (or an infinity, where a function says so) in the data does: an error, or left out.
enum { VDT_NAN_REFUSE = 0, VDT_NAN_OMIT = 1 };

typedef struct vdt_sample_options {
    uint32_t struct_size;
    int32_t nan_policy;  ///< of NaN and infinities, VDT_NAN_*; default VDT_NAN_OMIT, as vdt_compare_columns
} vdt_sample_options;
VDT_API void vdt_sample_options_init(vdt_sample_options* options, size_t size) VDT_NOEXCEPT;

/// Freezes a numeric column, whose name and nulls are left out: f32, f16 and bf16 as f32, all others as f64. Takes a
/// copy and at most 400 KiB besides. `options` NULL = defaults. `*out`: owned. Errors: TYPE_MISMATCH for categories,
/// NOT_ENOUGH_DATA where no value is left, INVALID_ARGUMENT also for a value that is refused, OVERFLOW.
VDT_API vdt_status vdt_sample_create(const vdt_column* reference, const vdt_sample_options* options,
                                     const vdt_allocator* allocator, vdt_sample** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_sample_destroy(vdt_sample* sample) VDT_NOEXCEPT;
/// Values that were frozen; 0 for NULL.
VDT_API uint64_t vdt_sample_count(const vdt_sample* sample) VDT_NOEXCEPT;
/// As vdt_compare_columns of the two columns, with the same answer, but for the order of sums and draws, where the
/// live values are of the frozen type, to which they are rounded. Kolmogorov-Smirnov and Kuiper sort nothing where the
/// p-value is asymptotic: about 2 ns a value; the other tests sort the live values only. Errors: TYPE_MISMATCH for
/// categories, else as there.
VDT_API vdt_status vdt_sample_test(const vdt_sample* reference, vdt_drift_test test, const vdt_column* live,
                                   const vdt_test_options* options, vdt_test_result* out,
                                   vdt_error* error) VDT_NOEXCEPT;

/// How several bandwidths make one statistic: one kernel that is their mean, or MMD-FUSE.
enum { VDT_MMD_MEAN_KERNEL = 0, VDT_MMD_FUSE = 1 };

/// Of the kernel two-sample test; drift/maximum_mean_discrepancy.hpp says more.
typedef struct vdt_mmd_options {
    uint32_t struct_size;
    int32_t aggregation;            ///< VDT_MMD_*
    int32_t nan_policy;             ///< of rows with a NaN, VDT_NAN_*; default VDT_NAN_OMIT
    int32_t feature_contributions;  ///< 1 (default): computed, at about the cost of the kernel
    double confidence;              ///< of the effect's interval, in (0, 1); default 0.95
    uint64_t permutations;          ///< default 999
    uint64_t seed;
    uint64_t stop_after;  ///< 0, or: draw no more permutations once so many are as extreme
    const double*
        bandwidths;  ///< positive and finite, in the unit of the data; none (default): chosen by the reference
    uint64_t bandwidth_count;
} vdt_mmd_options;
VDT_API void vdt_mmd_options_init(vdt_mmd_options* options, size_t size) VDT_NOEXCEPT;

/// Freezes reference rows: kernel sums and bandwidths are computed once. In f32 where the matrix is f32, f16 or bf16,
/// else in f64. Keeps the rows twice and rows^2/2 bytes per bandwidth. Columns are taken as they are: bring them to one
/// scale first. `options` NULL = defaults; the bandwidths are copied. `*out`: owned. Errors: NOT_ENOUGH_DATA for fewer
/// than 2 rows or no column, INVALID_ARGUMENT for infinities, more than 65536 rows or an option out of range, OVERFLOW.
VDT_API vdt_status vdt_mmd_create(const vdt_matrix* reference, const vdt_mmd_options* options,
                                  const vdt_allocator* allocator, vdt_mmd** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_mmd_destroy(vdt_mmd* mmd) VDT_NOEXCEPT;
/// Columns, and reference rows that took part; 0 for NULL.
VDT_API size_t vdt_mmd_dimension(const vdt_mmd* mmd) VDT_NOEXCEPT;
VDT_API uint64_t vdt_mmd_reference_rows(const vdt_mmd* mmd) VDT_NOEXCEPT;
/// The bandwidths in use. Two-call, in numbers.
VDT_API vdt_status vdt_mmd_bandwidths(const vdt_mmd* mmd, double* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
/// Tests live rows, converted to the frozen type; result and contributions as of vdt_compare_matrices, `out->test`
/// being MAXIMUM_MEAN_DISCREPANCY or MMD_FUSE. Fewer than two rows give NaN, not an error. Errors: as there.
VDT_API vdt_status vdt_mmd_test(const vdt_mmd* mmd, const vdt_matrix* live, vdt_test_result* out,
                                double* feature_contributions, size_t feature_count, double* row_contributions,
                                size_t row_count, vdt_error* error) VDT_NOEXCEPT;

// ==== random features ====
// The kernel two-sample test for streams: a live row is summed up at a fixed cost and forgotten, in windows whose
// integers merge exactly, in any order, from any number of threads and machines.

/// drift/random_feature_mmd.hpp says more.
typedef struct vdt_random_features_options {
    uint32_t struct_size;
    int32_t standardise;  ///< 1 (default): divide each column by its standard deviation in the reference
    int32_t nan_policy;   ///< of reference rows with a NaN, VDT_NAN_*; default VDT_NAN_OMIT
    uint32_t reserved;
    uint64_t features;  ///< frequencies: a multiple of 8, from 8 to 1024; default 256
    double bandwidth;   ///< in the unit that `standardise` chooses; 0 (default): the median distance between rows
    double whitening;   ///< directions made equal, per reference row; default 0.025; 0: the plain distance
    uint64_t seed;      ///< of the frequencies: same seed and reference, same features on any machine
} vdt_random_features_options;
VDT_API void vdt_random_features_options_init(vdt_random_features_options* options, size_t size) VDT_NOEXCEPT;

/// Fits reference rows, in f32 where the matrix is f32, f16 or bf16, else in f64. `options` NULL = defaults. `*out`:
/// owned. Errors: NOT_ENOUGH_DATA for no column or fewer than 20 rows, INVALID_ARGUMENT for infinities or an option out
/// of range, OVERFLOW.
VDT_API vdt_status vdt_random_features_create(const vdt_matrix* reference, const vdt_random_features_options* options,
                                              const vdt_allocator* allocator, vdt_random_features** out,
                                              vdt_error* error) VDT_NOEXCEPT;
/// Reads saved features. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION, IO_ERROR.
VDT_API vdt_status vdt_random_features_load(const char* path, const vdt_allocator* allocator, vdt_random_features** out,
                                            vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_random_features_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                                  vdt_random_features** out, vdt_error* error) VDT_NOEXCEPT;
/// Writes the file atomically. Errors: IO_ERROR.
VDT_API vdt_status vdt_random_features_save(const vdt_random_features* features, const char* path,
                                            vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes. Two-call.
VDT_API vdt_status vdt_random_features_to_bytes(const vdt_random_features* features, void* buffer, size_t capacity,
                                                size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_random_features_destroy(vdt_random_features* features) VDT_NOEXCEPT;
/// Columns, and reference rows; 0 for NULL.
VDT_API size_t vdt_random_features_dimension(const vdt_random_features* features) VDT_NOEXCEPT;
VDT_API uint64_t vdt_random_features_reference_rows(const vdt_random_features* features) VDT_NOEXCEPT;
/// The bandwidth in use; NaN for NULL.
VDT_API double vdt_random_features_bandwidth(const vdt_random_features* features) VDT_NOEXCEPT;

/// An empty window. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_feature_window_create(const vdt_random_features* features, const vdt_allocator* allocator,
                                             vdt_feature_window** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads a saved window of these features. `*out`: owned. Errors: BASELINE_MISMATCH for other features, CORRUPT_DATA,
/// UNSUPPORTED_VERSION, IO_ERROR.
VDT_API vdt_status vdt_feature_window_load(const vdt_random_features* features, const char* path,
                                           const vdt_allocator* allocator, vdt_feature_window** out,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_feature_window_from_bytes(const vdt_random_features* features, const void* bytes, size_t size,
                                                 const vdt_allocator* allocator, vdt_feature_window** out,
                                                 vdt_error* error) VDT_NOEXCEPT;
/// Writes the file atomically. Errors: IO_ERROR.
VDT_API vdt_status vdt_feature_window_save(const vdt_feature_window* window, const char* path,
                                           vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: the same rows give the same bytes, in whatever order they came. Two-call.
VDT_API vdt_status vdt_feature_window_to_bytes(const vdt_feature_window* window, void* buffer, size_t capacity,
                                               size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_feature_window_destroy(vdt_feature_window* window) VDT_NOEXCEPT;

/// Adds one row, converted to the fitted type. Never allocates or locks. A row with a NaN or an infinity is counted as
/// left out. Errors: DIMENSION_MISMATCH for another width, OVERFLOW beyond 2^42 rows; nothing is added then.
VDT_API vdt_status vdt_feature_window_observe_f32(vdt_feature_window* window, const float* row, size_t width,
                                                  vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_feature_window_observe_f64(vdt_feature_window* window, const double* row, size_t width,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// Adds every row of a matrix; in place where its elements are of the fitted type and its rows or columns contiguous.
/// Errors: as above, and INVALID_ARGUMENT.
VDT_API vdt_status vdt_feature_window_observe_matrix(vdt_feature_window* window, const vdt_matrix* rows,
                                                     vdt_error* error) VDT_NOEXCEPT;
/// Adds the rows of `other`, a window of equal features. Errors: BASELINE_MISMATCH, OVERFLOW.
VDT_API vdt_status vdt_feature_window_merge(vdt_feature_window* window, const vdt_feature_window* other,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Forgets all rows. Errors: INVALID_ARGUMENT for NULL.
VDT_API vdt_status vdt_feature_window_reset(vdt_feature_window* window, vdt_error* error) VDT_NOEXCEPT;
/// Rows summed up; rows with a NaN or an infinity. 0 for NULL.
VDT_API uint64_t vdt_feature_window_rows(const vdt_feature_window* window) VDT_NOEXCEPT;
VDT_API uint64_t vdt_feature_window_rows_left_out(const vdt_feature_window* window) VDT_NOEXCEPT;

/// Do the window's rows come from the reference's law? `confidence` in (0, 1), of the effect's interval. `out->test` is
/// MAXIMUM_MEAN_DISCREPANCY. `feature_contributions`: a number per column, or NULL: how much of the statistic moving
/// and stretching this column would explain. An empty window gives NaN, not an error. Errors: INVALID_ARGUMENT,
/// DIMENSION_MISMATCH for a wrong count.
VDT_API vdt_status vdt_feature_window_test(const vdt_feature_window* window, double confidence, vdt_test_result* out,
                                           double* feature_contributions, size_t feature_count,
                                           vdt_error* error) VDT_NOEXCEPT;
/// How typical of the window rather than of the reference each of these rows is, one number per row; NaN for a row with
/// a NaN or an infinity. Errors: NOT_ENOUGH_DATA for an empty window, DIMENSION_MISMATCH for another width or a wrong
/// count, INVALID_ARGUMENT, OVERFLOW.
VDT_API vdt_status vdt_feature_window_witness(const vdt_feature_window* window, const vdt_matrix* rows, double* scores,
                                              size_t score_count, vdt_error* error) VDT_NOEXCEPT;

// ==== performance without labels ====
// How well a classifier does on live rows, before their labels are known and after. A reference is immutable and may be
// shared; a window is one thread's; a join is used by one thread at a time.

typedef struct vdt_performance vdt_performance;                ///< what is learned from rows with labels
typedef struct vdt_performance_window vdt_performance_window;  ///< live rows without labels, as counters
typedef struct vdt_realised_window vdt_realised_window;        ///< rows with labels, as counters
typedef struct vdt_label_join vdt_label_join;                  ///< predictions that wait for their labels

enum { VDT_CALIBRATION_AUTOMATIC = 0, VDT_CALIBRATION_ALWAYS = 1, VDT_CALIBRATION_NEVER = 2 };
/// Of several classes all but accuracy are means over classes of each against the rest.
enum {
    VDT_METRIC_ACCURACY = 0,
    VDT_METRIC_PRECISION = 1,
    VDT_METRIC_RECALL = 2,
    VDT_METRIC_SPECIFICITY = 3,
    VDT_METRIC_F1 = 4,
    VDT_METRIC_ROC_AUC = 5,
    VDT_METRIC_COUNT = 6
};

typedef struct vdt_performance_options {
    uint32_t struct_size;
    int32_t calibration;  ///< VDT_CALIBRATION_*: isotonic regression of labels on scores
    uint64_t cells;       ///< of a class's scores, for ROC-AUC, 4..1024; default 256
    uint64_t chunk_rows;  ///< reference rows per chunk, for thresholds; 0 (default): a tenth
    double deviations;    ///< of thresholds, in (0, 100]; default 3
    uint64_t seed;        ///< of the splits that decide on calibration
} vdt_performance_options;
VDT_API void vdt_performance_options_init(vdt_performance_options* options, size_t size) VDT_NOEXCEPT;

/// A metric and its intervals; NaN where it is not defined.
typedef struct vdt_metric_estimate {
    double value;
    double standard_error;
    double lower;  ///< for the law that the rows were drawn from
    double upper;
    double realised_lower;  ///< for these very rows, once labelled; with labels the value itself
    double realised_upper;
} vdt_metric_estimate;

typedef struct vdt_performance_estimate {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t rows;
    vdt_metric_estimate metrics[6];  ///< by VDT_METRIC_*
    double roc_auc_resolution;       ///< how far roc_auc can be from that of rows ordered without cells
} vdt_performance_estimate;
VDT_API void vdt_performance_estimate_init(vdt_performance_estimate* estimate, size_t size) VDT_NOEXCEPT;

/// How far estimates are from what came true, of the same rows: what tells of concept drift.
typedef struct vdt_estimate_gap {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t rows;
    double estimated;  ///< accuracy
    double realised;
    double gap;  ///< realised - estimated
    double lower;
    double upper;
    double p_value;
} vdt_estimate_gap;
VDT_API void vdt_estimate_gap_init(vdt_estimate_gap* gap, size_t size) VDT_NOEXCEPT;

typedef struct vdt_label_join_options {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t capacity;      ///< rows remembered, 1..2^24, times columns at most 2^26; default 100000
    uint64_t longest_wait;  ///< in the caller's unit of time; default without limit
    uint64_t seed;          ///< secret where ids come from strangers
} vdt_label_join_options;
VDT_API void vdt_label_join_options_init(vdt_label_join_options* options, size_t size) VDT_NOEXCEPT;

typedef struct vdt_label_join_counts {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t predictions;     ///< remembered
    uint64_t refused;         ///< predictions that cannot be counted
    uint64_t duplicates;      ///< predictions whose id waits already
    uint64_t joined;          ///< labels that found their row
    uint64_t unknown;         ///< labels of ids that nobody waits for
    uint64_t refused_labels;  ///< labels that are no class
    uint64_t expired;         ///< rows that waited too long
    uint64_t displaced;       ///< rows forgotten for lack of room
    uint64_t waiting;         ///< now
} vdt_label_join_counts;
VDT_API void vdt_label_join_counts_init(vdt_label_join_counts* counts, size_t size) VDT_NOEXCEPT;

/// Learns from rows with labels: `scores` has one column (of class 1; predictions and labels 0 or 1) or one per class.
/// `predictions` and `labels`: `scores->rows` each, borrowed. `*out`: owned. Errors: INVALID_ARGUMENT (a score outside
/// [0, 1], no class, an option), DIMENSION_MISMATCH, NOT_ENOUGH_DATA below 20 rows.
VDT_API vdt_status vdt_performance_create(const vdt_matrix* scores, const uint32_t* predictions, const uint32_t* labels,
                                          const vdt_performance_options* options, const vdt_allocator* allocator,
                                          vdt_performance** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_performance_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                              vdt_performance** out, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes. Two-call.
VDT_API vdt_status vdt_performance_to_bytes(const vdt_performance* performance, void* buffer, size_t capacity,
                                            size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_performance_destroy(vdt_performance* performance) VDT_NOEXCEPT;
/// Classes (2 for one column of scores), and columns; 0 for NULL.
VDT_API size_t vdt_performance_classes(const vdt_performance* performance) VDT_NOEXCEPT;
VDT_API size_t vdt_performance_columns(const vdt_performance* performance) VDT_NOEXCEPT;
/// Reference rows by prediction and label, [prediction * classes + label]. Two-call; lengths count numbers.
VDT_API vdt_status vdt_performance_confusion(const vdt_performance* performance, uint64_t* counts, size_t capacity,
                                             size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// The metric on the reference, and the mean -+ `deviations` standard deviations over its chunks. Each may be NULL.
/// Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_performance_reference_metric(const vdt_performance* performance, int32_t metric,
                                                    double* realised, double* lower, double* upper,
                                                    vdt_error* error) VDT_NOEXCEPT;

/// What a monitor says of a value.
typedef int32_t vdt_monitor_state;
enum {
    VDT_MONITOR_IN_CONTROL = 0,
    VDT_MONITOR_WARNING = 1,  ///< weak evidence of a change; not every kind has such a level
    VDT_MONITOR_CHANGE = 2    ///< an alarm, said once; the next value that enters begins anew
};

/// A metric with bounds that hold at all times at once, and an alarm when it is below 1 - `tolerated`: for any law,
/// dependence and drift. Of macro averages and ratios by a union of sequences; ROC-AUC is of pairs of rows, each in
/// one. One thread at a time.
typedef struct vdt_metric_sequence vdt_metric_sequence;

typedef struct vdt_metric_sequence_options {
    uint32_t struct_size;
    int32_t metric;       ///< VDT_METRIC_*; default accuracy
    int32_t with_labels;  ///< 1: rows come with their labels; 0 (default): each is worth its probabilities
    int32_t reserved;
    double level;           ///< of the bounds ever missing, default 0.01
    double alarm_level;     ///< of a false alarm ever, default 0.01
    double tolerated;       ///< 1 - metric that is still in order, in [0, 1), default 0.1
    double intrinsic_time;  ///< 1 to 1e9, default 10
} vdt_metric_sequence_options;

typedef struct vdt_metric_bounds {
    uint32_t struct_size;
    vdt_monitor_state state;
    uint64_t rows;     ///< taken
    uint64_t values;   ///< rows, or pairs of them, that the metric is of
    uint64_t refused;  ///< rows that could not be taken
    uint64_t alarms;
    double value;  ///< NaN before the first
    double lower;
    double upper;
} vdt_metric_bounds;

VDT_API void vdt_metric_sequence_options_init(vdt_metric_sequence_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_metric_bounds_init(vdt_metric_bounds* bounds, size_t size) VDT_NOEXCEPT;
/// `*out`: owned; keeps what it needs of the reference. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_metric_sequence_create(const vdt_performance* performance,
                                              const vdt_metric_sequence_options* options,
                                              const vdt_allocator* allocator, vdt_metric_sequence** out,
                                              vdt_error* error) VDT_NOEXCEPT;
/// Errors: BASELINE_MISMATCH for a sequence of another reference, CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_metric_sequence_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                                  const vdt_allocator* allocator, vdt_metric_sequence** out,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// Two-call.
VDT_API vdt_status vdt_metric_sequence_to_bytes(const vdt_metric_sequence* sequence, void* buffer, size_t capacity,
                                                size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_metric_sequence_destroy(vdt_metric_sequence* sequence) VDT_NOEXCEPT;
/// One row; `label`: NULL without labels. `state`, or NULL: what it says now. A row that is refused is counted and no
/// error. No allocation. Errors: INVALID_ARGUMENT for NULL, or a label that is there or missing against the options;
/// DIMENSION_MISMATCH.
VDT_API vdt_status vdt_metric_sequence_observe(vdt_metric_sequence* sequence, const double* scores, size_t width,
                                               uint32_t prediction, const uint32_t* label, vdt_monitor_state* state,
                                               vdt_error* error) VDT_NOEXCEPT;
/// Adds another shard's; valid where no row is in both. Errors: INVALID_ARGUMENT for itself or other options,
/// BASELINE_MISMATCH, OVERFLOW; nothing is changed then.
VDT_API vdt_status vdt_metric_sequence_merge(vdt_metric_sequence* sequence, const vdt_metric_sequence* other,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_metric_sequence_reset(vdt_metric_sequence* sequence, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_metric_sequence_bounds_get(const vdt_metric_sequence* sequence, vdt_metric_bounds* out,
                                                  vdt_error* error) VDT_NOEXCEPT;

/// An empty window; keeps what it needs of the reference. `*out`: owned.
VDT_API vdt_status vdt_performance_window_create(const vdt_performance* performance, const vdt_allocator* allocator,
                                                 vdt_performance_window** out, vdt_error* error) VDT_NOEXCEPT;
/// Errors: BASELINE_MISMATCH for a window of another reference, CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_performance_window_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                                     const vdt_allocator* allocator, vdt_performance_window** out,
                                                     vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_performance_window_to_bytes(const vdt_performance_window* window, void* buffer, size_t capacity,
                                                   size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_performance_window_destroy(vdt_performance_window* window) VDT_NOEXCEPT;
/// Counts one row of `width` scores. `right`, or NULL: the probability that the prediction is right; NaN for a row that
/// is refused (a score outside [0, 1] or NaN, no class), which is counted apart and no error. No allocation. Errors:
/// INVALID_ARGUMENT for NULL, DIMENSION_MISMATCH.
VDT_API vdt_status vdt_performance_window_observe(vdt_performance_window* window, const double* scores, size_t width,
                                                  uint32_t prediction, double* right, vdt_error* error) VDT_NOEXCEPT;
/// Counts every row of a matrix, with `predictions` of as many: the same bytes as row by row, in about half the time.
/// `right`, or NULL: as above, for each row. Errors: INVALID_ARGUMENT, DIMENSION_MISMATCH; nothing is counted then.
VDT_API vdt_status vdt_performance_window_observe_matrix(vdt_performance_window* window, const vdt_matrix* scores,
                                                         const uint32_t* predictions, double* right,
                                                         vdt_error* error) VDT_NOEXCEPT;
/// Errors: BASELINE_MISMATCH, OVERFLOW.
VDT_API vdt_status vdt_performance_window_merge(vdt_performance_window* window, const vdt_performance_window* other,
                                                vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_performance_window_reset(vdt_performance_window* window, vdt_error* error) VDT_NOEXCEPT;
/// All metrics at a confidence in (0, 1). They hold where the probability of a label given the score is the
/// reference's: not under concept drift. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_performance_window_estimate(const vdt_performance_window* window, double confidence,
                                                   vdt_performance_estimate* out, vdt_error* error) VDT_NOEXCEPT;

VDT_API vdt_status vdt_realised_window_create(const vdt_performance* performance, const vdt_allocator* allocator,
                                              vdt_realised_window** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                                  const vdt_allocator* allocator, vdt_realised_window** out,
                                                  vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_to_bytes(const vdt_realised_window* window, void* buffer, size_t capacity,
                                                size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_realised_window_destroy(vdt_realised_window* window) VDT_NOEXCEPT;
/// Counts one row with its label; a refused one is counted apart and no error. No allocation. Errors: INVALID_ARGUMENT
/// for NULL, DIMENSION_MISMATCH.
VDT_API vdt_status vdt_realised_window_observe(vdt_realised_window* window, const double* scores, size_t width,
                                               uint32_t prediction, uint32_t label, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_merge(vdt_realised_window* window, const vdt_realised_window* other,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_reset(vdt_realised_window* window, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_performance(const vdt_realised_window* window, double confidence,
                                                   vdt_performance_estimate* out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_realised_window_gap(const vdt_realised_window* window, double confidence, vdt_estimate_gap* out,
                                           vdt_error* error) VDT_NOEXCEPT;
/// The delay that a share of labels did not exceed, known to an eighth; 0 for NULL or without delays.
VDT_API uint64_t vdt_realised_window_delay(const vdt_realised_window* window, double share) VDT_NOEXCEPT;

/// `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_label_join_create(const vdt_performance* performance, const vdt_label_join_options* options,
                                         const vdt_allocator* allocator, vdt_label_join** out,
                                         vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_label_join_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                             const vdt_allocator* allocator, vdt_label_join** out,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_label_join_to_bytes(const vdt_label_join* join, void* buffer, size_t capacity, size_t* length,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_label_join_destroy(vdt_label_join* join) VDT_NOEXCEPT;
/// Remembers a prediction. What cannot be, and an id that waits already, is counted and no error. No allocation.
/// Errors: INVALID_ARGUMENT for NULL, DIMENSION_MISMATCH.
VDT_API vdt_status vdt_label_join_predict(vdt_label_join* join, uint64_t id, uint64_t time, const double* scores,
                                          size_t width, uint32_t prediction, vdt_error* error) VDT_NOEXCEPT;
/// Counts the row of that id into `window` with its label and delay. `right`, or NULL: 1 where the prediction was
/// right, 0 where it was wrong, -1 where nobody waits for that id or the label is no class, which is counted and no
/// error. No allocation. Errors: INVALID_ARGUMENT for NULL, BASELINE_MISMATCH for a window of another reference.
VDT_API vdt_status vdt_label_join_label(vdt_label_join* join, uint64_t id, uint64_t time, uint32_t label,
                                        vdt_realised_window* window, int32_t* right, vdt_error* error) VDT_NOEXCEPT;
/// The same, and the row into `sequence` too, one with labels.
VDT_API vdt_status vdt_label_join_label_sequence(vdt_label_join* join, uint64_t id, uint64_t time, uint32_t label,
                                                 vdt_realised_window* window, vdt_metric_sequence* sequence,
                                                 int32_t* right, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_label_join_counts_get(const vdt_label_join* join, vdt_label_join_counts* out,
                                             vdt_error* error) VDT_NOEXCEPT;

// ==== sketches ====
// The quantile sketch of Karnin, Lang and Liberty: a stream of any length in some kilobytes, mergeable, with a rank
// error that is guaranteed. One thread at a time may update or merge into it; const calls may run side by side.

/// An empty sketch. `k` in 8 .. 65535, larger = smaller error in proportion; 0 = 200. Sketches that will be merged
/// should have different seeds. `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_sketch_create(uint32_t k, uint64_t seed, const vdt_allocator* allocator, vdt_sketch** out,
                                     vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_sketch_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                         vdt_sketch** out, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: the same state gives the same bytes. Two-call.
VDT_API vdt_status vdt_sketch_to_bytes(const vdt_sketch* sketch, void* buffer, size_t capacity, size_t* length,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_sketch_destroy(vdt_sketch* sketch) VDT_NOEXCEPT;

/// Adds a value, or every value of a numeric column that is not null. NaN and infinities have no rank and are not
/// counted. Errors: TYPE_MISMATCH for a column of categories, OVERFLOW.
VDT_API vdt_status vdt_sketch_update(vdt_sketch* sketch, double value, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_sketch_update_column(vdt_sketch* sketch, const vdt_column* column,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Adds all that `other` (borrowed) has seen. Errors: OVERFLOW.
VDT_API vdt_status vdt_sketch_merge(vdt_sketch* sketch, const vdt_sketch* other, vdt_error* error) VDT_NOEXCEPT;

/// How many values it stands for; 0 for NULL.
VDT_API uint64_t vdt_sketch_count(const vdt_sketch* sketch) VDT_NOEXCEPT;
/// The share of values at or below `value`; NaN while empty.
VDT_API vdt_status vdt_sketch_rank(const vdt_sketch* sketch, double value, double* rank, vdt_error* error) VDT_NOEXCEPT;
/// The smallest kept value whose rank is at least `share`. Errors: INVALID_ARGUMENT for a share outside [0, 1],
/// NOT_ENOUGH_DATA while empty.
VDT_API vdt_status vdt_sketch_quantile(const vdt_sketch* sketch, double share, double* value,
                                       vdt_error* error) VDT_NOEXCEPT;
/// With probability `confidence` at least, no rank is off by more. Errors: INVALID_ARGUMENT outside (0, 1).
VDT_API vdt_status vdt_sketch_rank_error(const vdt_sketch* sketch, double confidence, double* rank_error,
                                         vdt_error* error) VDT_NOEXCEPT;

/// The Kolmogorov-Smirnov test of two sketches: what they do not know is said, as intervals.
typedef struct vdt_sketch_result {
    uint32_t struct_size;
    uint32_t reserved;
    double statistic;  ///< D between the sketches
    double statistic_lower;
    double statistic_upper;  ///< D of the full streams lies between, but for sketch_error_probability
    double p_value;          ///< to compare with a level: the upper end, sketch error included
    double p_value_lower;
    double p_value_upper;
    double effect_lower;  ///< of the distance between the distributions, at the confidence asked for
    double effect_upper;
    double rank_error;                ///< half the width of the statistic's interval
    double sketch_error_probability;  ///< what was spent; 0 when both sketches are exact
    uint64_t reference_count;
    uint64_t live_count;
} vdt_sketch_result;
VDT_API void vdt_sketch_result_init(vdt_sketch_result* result, size_t size) VDT_NOEXCEPT;
/// `confidence` in (0, 1). Errors: NOT_ENOUGH_DATA for an empty sketch, INVALID_ARGUMENT.
VDT_API vdt_status vdt_compare_sketches(const vdt_sketch* reference, const vdt_sketch* live, double confidence,
                                        vdt_sketch_result* out, vdt_error* error) VDT_NOEXCEPT;

// ==== monitors ====
// One stream, value by value, in bounded memory. A monitor is chosen by the name of its kind, and set by options as
// text. One thread at a time may update it; const calls may run side by side.
typedef struct vdt_monitor vdt_monitor;

/// Which monitor. Kinds: adwin, page_hinkley, cusum, ewma_chart, ddm, eddm, hddm_a, hddm_w, kswin, stepd,
/// incremental_ks, e_process, e_detector, harm_monitor, mean_monitor; the README says which for what.
typedef struct vdt_monitor_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* kind;
    uint64_t kind_length;
    /// `threshold=5, direction=up`, or the same as a JSON object; NULL with length 0 = all defaults. Names and values
    /// are those of the C++ option structs; `block` or `thin`, and `average_run_length` of cusum, besides.
    const char* options;
    uint64_t options_length;
    /// Numeric, borrowed, nulls left out; NULL = none. cusum and ewma_chart take from it the mean and sd that the
    /// options do not name; incremental_ks, e_process and e_detector need it.
    const vdt_column* reference;
} vdt_monitor_options;

/// What a monitor knows. Numbers that its kind does not have, or not yet, are NaN.
typedef struct vdt_monitor_reading {
    uint32_t struct_size;
    vdt_monitor_state state;
    uint64_t seen;      ///< values since it was created or reset
    uint64_t accepted;  ///< that entered the statistics (with `block`: means of blocks)
    uint64_t nan;       ///< and null; they enter no statistic, nor do the following
    uint64_t infinite;  ///< beyond +-1e100 too
    uint64_t refused;   ///< no error (0 or 1), no share (in [0, 1]), where the kind asks for those
    uint64_t changes;   ///< alarms
    double estimate;    ///< the present level: mean, error rate, moving average
    double statistic;   ///< what is compared with `limit`
    double limit;
    double p_value;         ///< of the last look
    double e_value;         ///< e_process: the present one, its statistic
    double interval_lower;  ///< harm_monitor, mean_monitor: bounds on the mean at all times
    double interval_upper;
} vdt_monitor_reading;

VDT_API void vdt_monitor_options_init(vdt_monitor_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_monitor_reading_init(vdt_monitor_reading* reading, size_t size) VDT_NOEXCEPT;
/// "in_control", "warning" or "change"; "unknown" for others; static.
VDT_API const char* vdt_monitor_state_name(vdt_monitor_state state) VDT_NOEXCEPT;

/// `*out`: owned. Errors: INVALID_ARGUMENT for an unknown kind or option (the message lists those that there are), or a
/// value out of range; NOT_ENOUGH_DATA where a reference is needed; TYPE_MISMATCH for a reference of categories.
VDT_API vdt_status vdt_monitor_create(const vdt_monitor_options* options, const vdt_allocator* allocator,
                                      vdt_monitor** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes of any kind; it goes on bit for bit. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_monitor_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                          vdt_monitor** out, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: the same state gives the same bytes. Two-call.
VDT_API vdt_status vdt_monitor_to_bytes(const vdt_monitor* monitor, void* buffer, size_t capacity, size_t* length,
                                        vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_monitor_destroy(vdt_monitor* monitor) VDT_NOEXCEPT;

/// One value; `state`, or NULL: what the monitor says. No allocation. Errors: INVALID_ARGUMENT for NULL.
VDT_API vdt_status vdt_monitor_update(vdt_monitor* monitor, double value, vdt_monitor_state* state,
                                      vdt_error* error) VDT_NOEXCEPT;
/// The same of a kswin with the draw given, for parity with other implementations: as many different places as option
/// `recent` among the older values of the window, 0 the oldest. Not read unless the value makes the window full; a
/// wrong draw refuses the value, which is counted. Errors: UNSUPPORTED for another kind, or one of blocks.
VDT_API vdt_status vdt_monitor_update_drawn(vdt_monitor* monitor, double value, const uint32_t* draw,
                                            size_t draw_length, vdt_monitor_state* state,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Every value of a numeric column, in order; a null counts as NaN. `states`, or NULL: a VDT_MONITOR_* for each value,
/// `column->length` bytes. `changes`, or NULL with capacity 0: the positions in the column of the first `capacity`
/// alarms; `*change_count`, or NULL: how many there were, which may be more. Errors: as vdt_sketch_update_column;
/// nothing was updated then.
VDT_API vdt_status vdt_monitor_update_column(vdt_monitor* monitor, const vdt_column* column, uint8_t* states,
                                             uint64_t* changes, size_t capacity, size_t* change_count,
                                             vdt_error* error) VDT_NOEXCEPT;
/// Forgets all values, not the options and the reference.
VDT_API vdt_status vdt_monitor_reset(vdt_monitor* monitor, vdt_error* error) VDT_NOEXCEPT;
/// Adds what another of the same kind and options has seen since its start or last alarm; `*state` (may be NULL): what
/// both together say. Of kinds whose bounds are of sums: harm_monitor, mean_monitor; valid where no value is in both
/// and the values of both have one mean, given what came before in either. Errors, and nothing is changed then:
/// UNSUPPORTED for kinds that depend on the order of values, and for monitors of blocks; INVALID_ARGUMENT for NULL,
/// itself, another kind or other options; OVERFLOW.
VDT_API vdt_status vdt_monitor_merge(vdt_monitor* monitor, const vdt_monitor* other, vdt_monitor_state* state,
                                     vdt_error* error) VDT_NOEXCEPT;

VDT_API vdt_status vdt_monitor_reading_get(const vdt_monitor* monitor, vdt_monitor_reading* out,
                                           vdt_error* error) VDT_NOEXCEPT;
/// The name of its kind, static; "unknown" for NULL.
VDT_API const char* vdt_monitor_kind(const vdt_monitor* monitor) VDT_NOEXCEPT;
/// All its options as a line of JSON that vdt_monitor_create takes. Two-call.
VDT_API vdt_status vdt_monitor_options_text(const vdt_monitor* monitor, char* buffer, size_t capacity, size_t* length,
                                            vdt_error* error) VDT_NOEXCEPT;

// ---- banks: the same monitor for each of thousands of features ----
// Rows, a value of each feature, update all monitors side by side in vectors; feature for feature a bank is, to the
// last bit, its monitors. A NaN changes nothing but the counts of its own feature. One thread at a time may update a
// bank; const calls may run side by side.
typedef struct vdt_bank vdt_bank;

/// Which bank. Kinds: adwin, page_hinkley, cusum, ewma_chart and, of rows of errors, ddm, hddm_a.
typedef struct vdt_bank_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* kind;
    uint64_t kind_length;
    uint64_t features;
    /// Texts as vdt_monitor_options.options, without block and thin: one for all features, or one for each.
    const vdt_string* options;
    uint64_t options_count;  ///< 0 (all defaults), 1, or `features`
    /// Borrowed; NULL = none. A column for each feature, from which cusum and ewma_chart take the mean and sd that the
    /// options do not name; NaNs are left out.
    const vdt_matrix* reference;
} vdt_bank_options;
VDT_API void vdt_bank_options_init(vdt_bank_options* options, size_t size) VDT_NOEXCEPT;

/// `*out`: owned. Errors: INVALID_ARGUMENT for a kind without bank, an option that is unknown, out of range, or must
/// not differ between features (those of the unit alone may), no feature or too many; DIMENSION_MISMATCH for a
/// reference of another width; NOT_ENOUGH_DATA where a reference is needed. The message names the feature.
VDT_API vdt_status vdt_bank_create(const vdt_bank_options* options, const vdt_allocator* allocator, vdt_bank** out,
                                   vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes of any kind of bank; it goes on bit for bit. `*out`: owned. Errors: CORRUPT_DATA,
/// UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_bank_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_bank** out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes: the same state gives the same bytes. Two-call.
VDT_API vdt_status vdt_bank_to_bytes(const vdt_bank* bank, void* buffer, size_t capacity, size_t* length,
                                     vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_bank_destroy(vdt_bank* bank) VDT_NOEXCEPT;

/// One row; `*change_count`, or NULL: how many features changed. No allocation. Errors: DIMENSION_MISMATCH for another
/// width, INVALID_ARGUMENT for NULL; nothing was updated then.
VDT_API vdt_status vdt_bank_update_f32(vdt_bank* bank, const float* row, size_t width, size_t* change_count,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_bank_update_f64(vdt_bank* bank, const double* row, size_t width, size_t* change_count,
                                       vdt_error* error) VDT_NOEXCEPT;
/// Rows in their order, quicker than one by one; `*change_count`, or NULL: how many features changed at any of them.
/// Errors: as above.
VDT_API vdt_status vdt_bank_update_matrix(vdt_bank* bank, const vdt_matrix* rows, size_t* change_count,
                                          vdt_error* error) VDT_NOEXCEPT;
/// The features that changed in the last update: the first `capacity` of them, ascending; `*count`, or NULL: how many
/// there are, which may be more. NULL with capacity 0 is fine. None right after vdt_bank_from_bytes.
VDT_API vdt_status vdt_bank_changed(const vdt_bank* bank, uint64_t* features, size_t capacity, size_t* count,
                                    vdt_error* error) VDT_NOEXCEPT;
/// Forgets all rows, not the options.
VDT_API vdt_status vdt_bank_reset(vdt_bank* bank, vdt_error* error) VDT_NOEXCEPT;

/// What the monitor of a feature knows. Allocates. Errors: INVALID_ARGUMENT for no feature.
VDT_API vdt_status vdt_bank_reading_get(const vdt_bank* bank, uint64_t feature, vdt_monitor_reading* out,
                                        vdt_error* error) VDT_NOEXCEPT;
/// `*row`: the row, from 1, with which the feature changed last; 0 if it never did. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_bank_last_change(const vdt_bank* bank, uint64_t feature, uint64_t* row,
                                        vdt_error* error) VDT_NOEXCEPT;
/// A monitor that is where the feature's is. `*out`: owned. Errors: INVALID_ARGUMENT for no feature.
VDT_API vdt_status vdt_bank_monitor(const vdt_bank* bank, uint64_t feature, const vdt_allocator* allocator,
                                    vdt_monitor** out, vdt_error* error) VDT_NOEXCEPT;
/// 0 for NULL.
VDT_API uint64_t vdt_bank_features(const vdt_bank* bank) VDT_NOEXCEPT;
/// Rows taken since it was created or reset; 0 for NULL.
VDT_API uint64_t vdt_bank_rows(const vdt_bank* bank) VDT_NOEXCEPT;
/// The name of its kind, static; "unknown" for NULL.
VDT_API const char* vdt_bank_kind(const vdt_bank* bank) VDT_NOEXCEPT;

// ==== evidence at any time ====
// E-values of monitors of kind e_process (their `e_value`), and bounds that hold at all times at once. Plain
// functions: any thread may call them.

/// The mean: an e-value under any dependence; for shards with one reference. Errors: INVALID_ARGUMENT for none, NaN or
/// a negative one.
VDT_API vdt_status vdt_average_e_values(const double* e_values, size_t count, double* out,
                                        vdt_error* error) VDT_NOEXCEPT;
/// The product: an e-value where each has mean at most 1 given those before, not for shards with one reference. Errors:
/// as above.
VDT_API vdt_status vdt_multiply_e_values(const double* e_values, size_t count, double* out,
                                         vdt_error* error) VDT_NOEXCEPT;
/// What the largest value so far of an e-process is worth at any time, whoever chooses it and by whatever else: what
/// e-BH and merging take of processes that are looked at together. `largest`: at least 1, of an e_process 1 / p_value.
/// Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_lift_e_process(double largest, double* out, vdt_error* error) VDT_NOEXCEPT;
enum { VDT_EVIDENCE_AVERAGE = 0, VDT_EVIDENCE_PRODUCT = 1 };
/// e-BH over monitors of kind e_process at one time: `monitors` lists, for each of `streams` in a row, those of its
/// `shards` (1 without shards), whose lifted e-values are averaged, or multiplied where they are independent and each
/// has a reference of its own. `e_values` and `discovered` (1 or 0), either may be NULL: `streams` of them;
/// `threshold`, may be NULL: the e-value that the discovered ones had to reach. What is discovered stays so, unless a
/// monitor reaches its own level and starts anew: give them one of 1e-100. Errors: INVALID_ARGUMENT for another kind, a
/// rate outside [1e-12, 0.5], shards with other options, and a product of shards that share a reference.
VDT_API vdt_status vdt_join_evidence(const vdt_monitor* const* monitors, size_t streams, size_t shards,
                                     double false_discovery_rate, int32_t merge, double* e_values, uint8_t* discovered,
                                     double* threshold, vdt_error* error) VDT_NOEXCEPT;
/// e-BH: rejecting where adjusted[i] <= level keeps the false discovery rate at most `level` under any dependence. NaN
/// takes no part and stays NaN. `adjusted` has room for `count`, and may be `e_values`. Errors: as above, NaN excepted.
VDT_API vdt_status vdt_adjust_e_values(const double* e_values, size_t count, double* adjusted,
                                       vdt_error* error) VDT_NOEXCEPT;

/// A confidence sequence of a stream of values; one thread at a time.
typedef struct vdt_confidence_sequence vdt_confidence_sequence;
enum {
    VDT_SEQUENCE_MEAN = 0,        ///< of values within [lower, upper]: any law, dependence and drift
    VDT_SEQUENCE_PROPORTION = 1,  ///< of zeros and ones with one probability of 1 given the past; tighter
    VDT_SEQUENCE_BETTING = 2      ///< of values within [lower, upper] with one mean given the past; tighter than MEAN
};
typedef struct vdt_confidence_sequence_options {
    uint32_t struct_size;
    int32_t kind;           ///< VDT_SEQUENCE_*; default MEAN
    double level;           ///< of the bounds ever missing, in (0, 1); default 0.05
    double intrinsic_time;  ///< MEAN: the sum of squares, in squared ranges, where it is tightest; default 10
    double lower;           ///< MEAN, BETTING; default 0
    double upper;           ///< MEAN, BETTING; default 1
    double prior_ones;      ///< PROPORTION: of the beta law mixed over, in [0.01, 1e6]; default 0.5
    double prior_zeros;
    uint64_t cells;      ///< BETTING: of the range, on whose borders bounds lie, in [16, 65536]; default 1000
    double largest_bet;  ///< BETTING: share of a wealth at stake at most, in [0.01, 0.99]; default 0.5
} vdt_confidence_sequence_options;
typedef struct vdt_confidence_bounds {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t count;    ///< values that entered
    uint64_t refused;  ///< NaN and values outside of the range, since it was created, read or reset
    double mean;       ///< NaN before the first value
    double lower;      ///< the whole range before the first value; BETTING: NaN where no mean explains the values
    double upper;
} vdt_confidence_bounds;
VDT_API void vdt_confidence_sequence_options_init(vdt_confidence_sequence_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_confidence_bounds_init(vdt_confidence_bounds* bounds, size_t size) VDT_NOEXCEPT;
/// `*out`: owned. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_confidence_sequence_create(const vdt_confidence_sequence_options* options,
                                                  const vdt_allocator* allocator, vdt_confidence_sequence** out,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes of any kind; it goes on bit for bit. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_confidence_sequence_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                                      vdt_confidence_sequence** out, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes; `refused` is no part of them. Two-call.
VDT_API vdt_status vdt_confidence_sequence_to_bytes(const vdt_confidence_sequence* sequence, void* buffer,
                                                    size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_confidence_sequence_destroy(vdt_confidence_sequence* sequence) VDT_NOEXCEPT;
/// What is refused is counted and no error. No allocation. Errors: INVALID_ARGUMENT for NULL.
VDT_API vdt_status vdt_confidence_sequence_update(vdt_confidence_sequence* sequence, const double* values, size_t count,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// Adds what another of the same options has seen, not itself; valid where no value is in both. Errors:
/// INVALID_ARGUMENT, OVERFLOW.
VDT_API vdt_status vdt_confidence_sequence_merge(vdt_confidence_sequence* sequence,
                                                 const vdt_confidence_sequence* other, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_confidence_sequence_reset(vdt_confidence_sequence* sequence, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_confidence_sequence_bounds(const vdt_confidence_sequence* sequence, vdt_confidence_bounds* out,
                                                  vdt_error* error) VDT_NOEXCEPT;

// ==== label shift, and drift by its effect ====
/// One class under label shift. NaN but `reference` where nothing was estimated.
typedef struct vdt_class_share {
    double reference;  ///< share among reference labels
    double live;       ///< estimated
    double live_lower;
    double live_upper;
    double weight;        ///< live / reference
    double weight_error;  ///< standard error
    double share_error;
} vdt_class_share;
typedef struct vdt_label_shift {
    uint32_t struct_size;
    vdt_decision decision;  ///< PASS where shares were estimated, else NOT_EVALUATED; never an alarm
    int32_t was_cut;        ///< an estimate below 0 was set to 0
    int32_t reserved;
    double condition;  ///< of the matrix of P(prediction | label)
    double statistic;  ///< are the predictions distributed as they were? chi-square
    double p_value;
    double effect;    ///< Cramer's V
    double accuracy;  ///< under the shares estimated
    double accuracy_lower;
    double accuracy_upper;
} vdt_label_shift;
VDT_API void vdt_label_shift_init(vdt_label_shift* shift, size_t size) VDT_NOEXCEPT;
/// Black-box shift estimation. `confusion`: classes x classes reference rows, [prediction * classes + label]; `live`:
/// predictions of each class. `confidence` in (0, 1); `largest_condition` in [1, 1e12], e.g. 100. `shares`, or NULL:
/// room for `classes`. Errors: DIMENSION_MISMATCH, NOT_ENOUGH_DATA, OVERFLOW, INVALID_ARGUMENT.
VDT_API vdt_status vdt_estimate_label_shift(const uint64_t* confusion, const uint64_t* live, size_t classes,
                                            double confidence, double largest_condition, vdt_label_shift* out,
                                            vdt_class_share* shares, vdt_error* error) VDT_NOEXCEPT;

/// One feature in cells. Borrowed.
typedef struct vdt_feature_cells {
    const uint64_t* reference;  ///< reference rows in each cell
    const uint64_t* right;      ///< those of them predicted rightly
    const uint64_t* live;       ///< live rows in each cell
    uint64_t cells;
} vdt_feature_cells;
typedef struct vdt_performance_effect {
    uint64_t feature;  ///< its place in the list given
    double effect;     ///< the change of accuracy that the feature's new law alone would bring
    double standard_error;
    double lower;
    double upper;
    double p_value;      ///< of no effect
    double live_unseen;  ///< share of live rows in cells without a reference row
} vdt_performance_effect;
/// The most harmful first; those without an effect to tell of last, NaN. `effects` has room for `count`. Errors:
/// DIMENSION_MISMATCH, INVALID_ARGUMENT.
VDT_API vdt_status vdt_rank_by_performance(const vdt_feature_cells* features, size_t count, double confidence,
                                           vdt_performance_effect* effects, vdt_error* error) VDT_NOEXCEPT;

// ==== watches ====
// The monitors that a policy names (of features, `outputs`, `performance`, `groups`), over the rows in the order of
// their coming: beside a window, what tells the moment of a change. One thread at a time may use a watch; it does not
// merge. Times are the caller's, any unit: they come back with alarms.
typedef struct vdt_watch vdt_watch;

/// What monitors of an output know of the time before.
typedef struct vdt_watch_reference {
    vdt_string output;
    const vdt_column* values;  ///< as vdt_monitor_options.reference
} vdt_watch_reference;

/// Rows of the reference for a group: values of its features in their order, or embeddings. Rows with a NaN are left
/// out.
typedef struct vdt_watch_group {
    vdt_string group;
    const vdt_matrix* rows;
} vdt_watch_group;

typedef struct vdt_watch_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* policy_json;  ///< NULL with length 0 = the default policy, which watches nothing
    uint64_t policy_length;
    const vdt_performance* performance;     ///< borrowed, or NULL; needed where the policy watches performance
    const vdt_watch_reference* references;  ///< borrowed: of outputs whose monitors need one
    uint64_t reference_count;
    /// Borrowed, or NULL: 1 - metric for reference rows, one by one or in blocks as the policy says. With it cusum and
    /// ewma_chart know how much estimates vary; without it they are slow.
    const vdt_column* estimates;
    const vdt_watch_group* groups;  ///< borrowed: needed for every group of the policy; fitted for seconds
    uint64_t group_count;
} vdt_watch_options;

/// Where a stream's values come from.
enum { VDT_STREAM_FEATURE = 0, VDT_STREAM_OUTPUT = 1, VDT_STREAM_PERFORMANCE = 2, VDT_STREAM_GROUP = 3 };

/// What one monitor has to say of a period. The texts are owned by the report.
typedef struct vdt_stream_report {
    uint32_t struct_size;
    int32_t source;         ///< VDT_STREAM_*
    vdt_decision decision;  ///< of the period: NOT_EVALUATED where no value entered
    vdt_monitor_state state;
    vdt_string name;          ///< of the feature, the output, the metric or the group
    vdt_string monitor;       ///< the kind
    uint64_t seen;            ///< values since the watch began
    uint64_t period_begin;    ///< values before the period
    uint64_t alarms;          ///< since the watch began
    uint64_t period_alarms;   ///< in the period
    uint64_t alarm_position;  ///< of the last alarm, in its stream, from 1; 0 = none
    int64_t alarm_time;       ///< the time that was given with it
    double estimate;          ///< these four as of vdt_monitor_reading
    double statistic;
    double limit;
    double p_value;
    double e_value;  ///< these three too
    double interval_lower;
    double interval_upper;
    double joined_e_value;   ///< of an e_process that the policy joins with others, lifted; else NaN
    uint64_t is_discovered;  ///< whether they discover it as changed: 1, else 0
} vdt_stream_report;

/// What the e-processes of a watch, or of the watches of several shards, say together (policy `joined_evidence`): of
/// the streams that e-BH discovers as changed, a share of `false_discovery_rate` at most is expected to be in order, at
/// any time and under any dependence, where each stream's values are exchangeable with its reference's until they
/// change.
typedef struct vdt_joined_evidence {
    uint32_t struct_size;
    vdt_decision decision;
    double false_discovery_rate;
    double threshold;     ///< e-value that the discovered ones had to reach; without any, that a first one must
    uint64_t streams;     ///< in the family
    uint64_t discovered;  ///< of those
    uint64_t shards;      ///< whose e-values were averaged
} vdt_joined_evidence;

VDT_API void vdt_watch_options_init(vdt_watch_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_stream_report_init(vdt_stream_report* report, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_joined_evidence_init(vdt_joined_evidence* report, size_t size) VDT_NOEXCEPT;

/// `*out`: owned; it keeps what it needs of the baseline and the options. Errors: INVALID_POLICY (the message names the
/// field or the stream), also where a reference is missing; INVALID_ARGUMENT for a reference of no output or group.
VDT_API vdt_status vdt_watch_create(const vdt_baseline* baseline, const vdt_watch_options* options,
                                    const vdt_allocator* allocator, vdt_watch** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads a saved watch of this baseline, policy and performance; it goes on bit for bit. References of outputs are not
/// looked at: monitors have kept theirs. `*out`: owned. Errors: BASELINE_MISMATCH, INVALID_POLICY where it was saved
/// with other monitors, CORRUPT_DATA, UNSUPPORTED_VERSION, IO_ERROR.
VDT_API vdt_status vdt_watch_load(const vdt_baseline* baseline, const vdt_watch_options* options, const char* path,
                                  const vdt_allocator* allocator, vdt_watch** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_watch_from_bytes(const vdt_baseline* baseline, const vdt_watch_options* options,
                                        const void* bytes, size_t size, const vdt_allocator* allocator, vdt_watch** out,
                                        vdt_error* error) VDT_NOEXCEPT;
/// Writes the file atomically. Errors: IO_ERROR.
VDT_API vdt_status vdt_watch_save(const vdt_watch* watch, const char* path, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes; the begin of the period is no part of them. Two-call.
VDT_API vdt_status vdt_watch_to_bytes(const vdt_watch* watch, void* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_watch_destroy(vdt_watch* watch) VDT_NOEXCEPT;

/// One row as vdt_window_observe_f32 and its like take it. `*state`, or NULL: what the gravest monitor of the features
/// says. Never allocates or locks. Errors: DIMENSION_MISMATCH for another width, INVALID_ARGUMENT; no monitor saw the
/// row then.
VDT_API vdt_status vdt_watch_observe_f32(vdt_watch* watch, const float* row, size_t width, int64_t time,
                                         vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_watch_observe_f64(vdt_watch* watch, const double* row, size_t width, int64_t time,
                                         vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_watch_observe_values(vdt_watch* watch, const vdt_value* row, size_t width, int64_t time,
                                            vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
/// The index of an output of the policy. Errors: INVALID_ARGUMENT, the message lists those that there are.
VDT_API vdt_status vdt_watch_output(const vdt_watch* watch, const char* name, size_t length, size_t* out,
                                    vdt_error* error) VDT_NOEXCEPT;
/// One value of an output. Errors: INVALID_ARGUMENT for an index that is none.
VDT_API vdt_status vdt_watch_observe_output(vdt_watch* watch, size_t output, double value, int64_t time,
                                            vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
/// One prediction, as vdt_performance_window_observe takes it; nothing where the policy watches no performance. What is
/// refused (scores out of range, no class, another width) the monitors get as NaN. Errors: INVALID_ARGUMENT for NULL.
VDT_API vdt_status vdt_watch_observe_prediction(vdt_watch* watch, const double* scores, size_t width,
                                                uint32_t prediction, int64_t time, vdt_monitor_state* state,
                                                vdt_error* error) VDT_NOEXCEPT;
/// The index of an embedding: a group of the policy without features. Errors: INVALID_ARGUMENT, the message lists those
/// that there are.
VDT_API vdt_status vdt_watch_embedding(const vdt_watch* watch, const char* name, size_t length, size_t* out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// One row of an embedding. Never allocates or locks. Errors: INVALID_ARGUMENT for NULL or an index of no embedding,
/// DIMENSION_MISMATCH for another width, which the report counts as a row seen and not accepted.
VDT_API vdt_status vdt_watch_observe_embedding_f32(vdt_watch* watch, size_t embedding, const float* row, size_t width,
                                                   int64_t time, vdt_monitor_state* state,
                                                   vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_watch_observe_embedding_f64(vdt_watch* watch, size_t embedding, const double* row, size_t width,
                                                   int64_t time, vdt_monitor_state* state,
                                                   vdt_error* error) VDT_NOEXCEPT;
/// Reports attached from now on tell of what comes from here on; without it, of everything.
VDT_API vdt_status vdt_watch_begin_period(vdt_watch* watch, vdt_error* error) VDT_NOEXCEPT;
/// Forgets all values, alarms and the period.
VDT_API vdt_status vdt_watch_reset(vdt_watch* watch, vdt_error* error) VDT_NOEXCEPT;
/// Monitors, each of one stream; alarms of all; rows of another width. 0 for NULL.
VDT_API size_t vdt_watch_stream_count(const vdt_watch* watch) VDT_NOEXCEPT;
VDT_API uint64_t vdt_watch_alarms(const vdt_watch* watch) VDT_NOEXCEPT;
VDT_API uint64_t vdt_watch_rejected(const vdt_watch* watch) VDT_NOEXCEPT;

/// Adds what the monitors say of the period to a report, which keeps a copy: its decision is then the gravest of all,
/// and every format shows them. It and the next are the calls that change a report. Errors: BASELINE_MISMATCH,
/// INVALID_ARGUMENT for a second watch; the report is as it was.
VDT_API vdt_status vdt_report_attach_watch(vdt_report* report, const vdt_watch* watch, vdt_error* error) VDT_NOEXCEPT;
/// Adds what the e-processes of several watches say together, one watch for each shard of a stream of requests: their
/// e-values are averaged, which needs no independence. Nothing else of the watches is added. Errors: as
/// vdt_report_attach_watch, INVALID_ARGUMENT for none or one twice, INVALID_POLICY where they join no or other streams.
VDT_API vdt_status vdt_report_attach_shards(vdt_report* report, const vdt_watch* const* watches, size_t count,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Errors: INVALID_ARGUMENT where nothing joins evidence.
VDT_API vdt_status vdt_report_joined_evidence(const vdt_report* report, vdt_joined_evidence* out,
                                              vdt_error* error) VDT_NOEXCEPT;
/// The e-value of a stream of the family, lifted (averaged over shards); whether it is discovered, 1 or 0; what is
/// watched, in words, owned by the report. Each may be NULL. Errors: INVALID_ARGUMENT for an index too large.
VDT_API vdt_status vdt_report_joined_stream(const vdt_report* report, size_t index, double* e_value,
                                            uint8_t* is_discovered, vdt_string* subject, vdt_error* error) VDT_NOEXCEPT;
/// One sentence with the numbers that decided. Two-call. Errors: as vdt_report_joined_evidence.
VDT_API vdt_status vdt_report_joined_reason(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                                            vdt_error* error) VDT_NOEXCEPT;
/// Adds what is known of the model's performance in the report's window: metrics estimated without labels (`estimated`,
/// or NULL), metrics by the labels that came (`realised`, or NULL), the verdict on them by `policy_json`'s metric and
/// margin, and, where rows with labels were counted into `labelled` and those of them that were predicted rightly into
/// `right` (both or neither NULL), the features by what their drift does to the accuracy. Every format shows them; the
/// decision is then the gravest of all. `policy_json` NULL with length 0 = the default policy. Errors: INVALID_ARGUMENT
/// where nothing is known or for a second time, BASELINE_MISMATCH, INVALID_POLICY; the report is as it was.
VDT_API vdt_status vdt_report_attach_performance(vdt_report* report, const vdt_performance_window* estimated,
                                                 const vdt_realised_window* realised, const vdt_window* labelled,
                                                 const vdt_window* right, const char* policy_json,
                                                 uint64_t policy_length, vdt_error* error) VDT_NOEXCEPT;
/// Streams of the watch that was attached; 0 without.
VDT_API size_t vdt_report_stream_count(const vdt_report* report) VDT_NOEXCEPT;
/// Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_report_stream(const vdt_report* report, size_t index, vdt_stream_report* out,
                                     vdt_error* error) VDT_NOEXCEPT;
/// Which features the last alarm of a group is due to: the contribution of rank `rank`, the largest first, and the name
/// of its feature ("f0", ... of an embedding), owned by the report. Either may be NULL. Errors: INVALID_ARGUMENT for an
/// index or a rank that is too large; of streams that are no group, or without an alarm, every rank is.
VDT_API vdt_status vdt_report_stream_contribution(const vdt_report* report, size_t index, size_t rank,
                                                  double* contribution, vdt_string* feature,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// One sentence with the numbers that decided. Two-call. Errors: as vdt_report_stream.
VDT_API vdt_status vdt_report_stream_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                            size_t* length, vdt_error* error) VDT_NOEXCEPT;
// ---- monitors of rows: a windowed random-feature MMD ----
// Has the joint law of a stream's rows (features together, embeddings) changed? Every row is looked at; false alarms
// come once in `expected_run` rows on average, and are as likely at one row as at any other. One thread at a time may
// update a monitor; const calls may run side by side.
typedef struct vdt_mmd_monitor vdt_mmd_monitor;

/// drift/mmd_monitor.hpp says more.
typedef struct vdt_mmd_monitor_options {
    uint32_t struct_size;
    int32_t standardise;   ///< as in vdt_random_features_options, and the next one
    int32_t nan_policy;    ///< of reference rows
    uint32_t window;       ///< rows; default 100. The reference should have ten times as many.
    uint64_t features;     ///< frequencies: a multiple of 8, from 8 to 1024; default 256
    double bandwidth;      ///< 0 (default): the median distance between rows
    double expected_run;   ///< rows between false alarms, from 10 to 1e6, at least `window`; default 10,000
    uint32_t first_look;   ///< rows before the first look; 0 (default): a quarter of the window
    uint32_t simulations;  ///< simulated streams, 1000 to 1e7; 0 (default): 1000 expected_run / window
    uint64_t seed;         ///< of the frequencies and of the simulation
} vdt_mmd_monitor_options;
VDT_API void vdt_mmd_monitor_options_init(vdt_mmd_monitor_options* options, size_t size) VDT_NOEXCEPT;

/// Fits reference rows, in f32 where the matrix is f32, f16 or bf16, else in f64, and simulates thresholds (seconds for
/// an expected_run of 10,000). `options` NULL = defaults. `*out`: owned. Errors: NOT_ENOUGH_DATA for no column or fewer
/// than 20 rows, INVALID_ARGUMENT for infinities or an option out of range.
VDT_API vdt_status vdt_mmd_monitor_create(const vdt_matrix* reference, const vdt_mmd_monitor_options* options,
                                          const vdt_allocator* allocator, vdt_mmd_monitor** out,
                                          vdt_error* error) VDT_NOEXCEPT;
/// Another monitor in the same state that shares what was fitted: fit once, copy for each stream. `*out`: owned.
VDT_API vdt_status vdt_mmd_monitor_copy(const vdt_mmd_monitor* monitor, const vdt_allocator* allocator,
                                        vdt_mmd_monitor** out, vdt_error* error) VDT_NOEXCEPT;
/// Reads saved bytes; it goes on bit for bit. `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_mmd_monitor_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                              vdt_mmd_monitor** out, vdt_error* error) VDT_NOEXCEPT;
/// The canonical bytes, with all that was fitted. Two-call.
VDT_API vdt_status vdt_mmd_monitor_to_bytes(const vdt_mmd_monitor* monitor, void* buffer, size_t capacity,
                                            size_t* length, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_mmd_monitor_destroy(vdt_mmd_monitor* monitor) VDT_NOEXCEPT;

/// One row, converted to the fitted type; `state`, or NULL: what the monitor says. No allocation. A row with a NaN or
/// an infinity is counted, and enters nothing. Errors: INVALID_ARGUMENT for NULL, DIMENSION_MISMATCH for another width.
VDT_API vdt_status vdt_mmd_monitor_update_f32(vdt_mmd_monitor* monitor, const float* row, size_t width,
                                              vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_mmd_monitor_update_f64(vdt_mmd_monitor* monitor, const double* row, size_t width,
                                              vdt_monitor_state* state, vdt_error* error) VDT_NOEXCEPT;
/// Row after row, the same at a quarter of the cost. `states`, or NULL: a VDT_MONITOR_* for each row; `*change_count`,
/// or NULL: how many changes there were. Errors: DIMENSION_MISMATCH, INVALID_ARGUMENT; nothing was updated then.
VDT_API vdt_status vdt_mmd_monitor_update_matrix(vdt_mmd_monitor* monitor, const vdt_matrix* rows, uint8_t* states,
                                                 size_t* change_count, vdt_error* error) VDT_NOEXCEPT;
/// Forgets all rows, not the reference.
VDT_API vdt_status vdt_mmd_monitor_reset(vdt_mmd_monitor* monitor, vdt_error* error) VDT_NOEXCEPT;
/// `estimate` is the MMD of the window from the reference, `statistic` n m/(n + m) times its square, `limit` the
/// present threshold, infinite before the first look; `p_value` is NaN.
VDT_API vdt_status vdt_mmd_monitor_reading_get(const vdt_mmd_monitor* monitor, vdt_monitor_reading* out,
                                               vdt_error* error) VDT_NOEXCEPT;
/// Columns; 0 for NULL.
VDT_API size_t vdt_mmd_monitor_dimension(const vdt_mmd_monitor* monitor) VDT_NOEXCEPT;

// ---- privacy: the budget ledger ----
// What has been spent of each privacy budget, in a file that a crash cannot make forget: a cost is on the disk before
// the call that takes it returns, so release only afterwards. Many processes may use one file, many threads one handle.
// Losses are epsilon, or rho of zero-concentrated privacy, whichever an account is kept in; they add up. Costs are kept
// in whole units of 2^-40 (loss) and 2^-63 (delta), rounded up; budgets are rounded down. Times are seconds of a clock
// that the caller reads. After an IO_ERROR or CORRUPT_DATA a handle refuses further work: open the file anew.
typedef struct vdt_ledger vdt_ledger;

/// Whose budget, and for what: each at most 255 bytes, borrowed.
typedef struct vdt_ledger_account {
    vdt_string data_set;
    vdt_string principal;
    vdt_string purpose;
} vdt_ledger_account;

typedef struct vdt_ledger_options {
    uint32_t struct_size;
    int32_t not_durable;  ///< 1: survives a crash of the process, not a loss of power
    const void* key;      ///< borrowed, 32 bytes or NULL: whoever lacks it cannot change the file unnoticed
    uint64_t key_length;
    uint64_t at_least_sequence;  ///< a head that the file must have come past, see vdt_ledger_head; 0 = any
    uint8_t at_least_digest[32];
} vdt_ledger_options;

/// One period of an account.
typedef struct vdt_ledger_balance {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t valid_from;
    int64_t valid_until;  ///< not included
    uint64_t budget_loss_units;
    uint64_t budget_delta_units;
    uint64_t spent_loss_units;  ///< what is reserved included
    uint64_t spent_delta_units;
    double budget_loss;
    double budget_delta;
    double spent_loss;
    double spent_delta;
} vdt_ledger_balance;

VDT_API void vdt_ledger_options_init(vdt_ledger_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_ledger_balance_init(vdt_ledger_balance* balance, size_t size) VDT_NOEXCEPT;

/// A new file; an existing one is an IO_ERROR. `*out`: owned.
VDT_API vdt_status vdt_ledger_create(const char* path, const vdt_ledger_options* options,
                                     const vdt_allocator* allocator, vdt_ledger** out, vdt_error* error) VDT_NOEXCEPT;
/// Errors: IO_ERROR; CORRUPT_DATA for a truncated or altered file, another key, or one older than `at_least`;
/// UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_ledger_open(const char* path, const vdt_ledger_options* options, const vdt_allocator* allocator,
                                   vdt_ledger** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_ledger_destroy(vdt_ledger* ledger) VDT_NOEXCEPT;

/// A budget for `valid_from` <= time < `valid_until`. Errors: INVALID_ARGUMENT for a period that is empty or overlaps
/// another one of the account.
VDT_API vdt_status vdt_ledger_grant(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                                    int64_t valid_from, int64_t valid_until, vdt_error* error) VDT_NOEXCEPT;
/// Takes a cost for good. Errors: BUDGET_EXHAUSTED, also where no budget is valid at `now`; nothing is written then.
VDT_API vdt_status vdt_ledger_spend(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                                    int64_t now, vdt_error* error) VDT_NOEXCEPT;
/// Sets a cost aside: it counts as spent until it is cancelled. Errors: as vdt_ledger_spend.
VDT_API vdt_status vdt_ledger_reserve(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                                      int64_t now, uint64_t* reservation, vdt_error* error) VDT_NOEXCEPT;
/// The release took place. Errors: INVALID_ARGUMENT for a reservation that is not open.
VDT_API vdt_status vdt_ledger_commit(vdt_ledger* ledger, uint64_t reservation, vdt_error* error) VDT_NOEXCEPT;
/// Nothing was released, nor will be: gives the cost back. Errors: as vdt_ledger_commit.
VDT_API vdt_status vdt_ledger_cancel(vdt_ledger* ledger, uint64_t reservation, vdt_error* error) VDT_NOEXCEPT;
/// What losses are counted in. A budget in a measure that is named refuses costs in another one, with INVALID_ARGUMENT.
/// The calls above name none; releases (vdt_private_*, vdt_assess_released) name theirs.
typedef int32_t vdt_ledger_measure;
enum {
    VDT_LEDGER_UNNAMED = 0,  ///< the caller remembers which of the two
    VDT_LEDGER_EPSILON = 1,
    VDT_LEDGER_RHO = 2,  ///< of zero-concentrated privacy
};
/// As vdt_ledger_grant, vdt_ledger_spend and vdt_ledger_reserve, in a measure that is named.
VDT_API vdt_status vdt_ledger_grant_in(vdt_ledger* ledger, const vdt_ledger_account* account,
                                       vdt_ledger_measure measure, double loss, double delta, int64_t valid_from,
                                       int64_t valid_until, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_ledger_spend_in(vdt_ledger* ledger, const vdt_ledger_account* account,
                                       vdt_ledger_measure measure, double loss, double delta, int64_t now,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_ledger_reserve_in(vdt_ledger* ledger, const vdt_ledger_account* account,
                                         vdt_ledger_measure measure, double loss, double delta, int64_t now,
                                         uint64_t* reservation, vdt_error* error) VDT_NOEXCEPT;
/// The measure of period `index` of an account. Errors: as vdt_ledger_balance_of.
VDT_API vdt_status vdt_ledger_measure_of(vdt_ledger* ledger, const vdt_ledger_account* account, size_t index,
                                         vdt_ledger_measure* out, vdt_error* error) VDT_NOEXCEPT;
/// How many periods an account has, 0 for an unknown one.
VDT_API vdt_status vdt_ledger_period_count(vdt_ledger* ledger, const vdt_ledger_account* account, size_t* count,
                                           vdt_error* error) VDT_NOEXCEPT;
/// Period `index` of an account, the earliest first. Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_ledger_balance_of(vdt_ledger* ledger, const vdt_ledger_account* account, size_t index,
                                         vdt_ledger_balance* out, vdt_error* error) VDT_NOEXCEPT;
/// The present state in a number and 32 bytes: kept elsewhere, they tell when an older file is put in place.
VDT_API vdt_status vdt_ledger_head(vdt_ledger* ledger, uint64_t* sequence, uint8_t* digest,
                                   vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: budgets in memory ----
/// Admits mechanisms, each chosen with knowledge of all earlier answers, as long as together they keep a guarantee that
/// was fixed beforehand. Not safe for concurrent changes.
typedef struct vdt_privacy_filter vdt_privacy_filter;
/// For losses in epsilon and delta: plain sums at a delta of 0, else the advanced form. `slack_share`: of delta, in
/// (0, 1], is the price of that form; what is left is for the mechanisms' own deltas. `*out`: owned.
VDT_API vdt_status vdt_privacy_filter_create(double epsilon, double delta, double slack_share,
                                             const vdt_allocator* allocator, vdt_privacy_filter** out,
                                             vdt_error* error) VDT_NOEXCEPT;
/// For losses in rho (and pure ones): the greatest rho that keeps the guarantee.
VDT_API vdt_status vdt_privacy_filter_create_zcdp(double epsilon, double delta, const vdt_allocator* allocator,
                                                  vdt_privacy_filter** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_privacy_filter_destroy(vdt_privacy_filter* filter) VDT_NOEXCEPT;
/// Spends before the release that it pays for. Errors: BUDGET_EXHAUSTED, also for what this kind of filter has no use
/// for (a delta, of rho); INVALID_ARGUMENT for NaN and negative losses; nothing was spent then.
VDT_API vdt_status vdt_privacy_filter_spend(vdt_privacy_filter* filter, double epsilon, double delta,
                                            vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_privacy_filter_spend_zcdp(vdt_privacy_filter* filter, double rho, vdt_error* error) VDT_NOEXCEPT;
/// Of the sum that is limited (epsilon, its square, or rho), what is spent, rounded up, and what is allowed.
VDT_API vdt_status vdt_privacy_filter_state(const vdt_privacy_filter* filter, double* spent, double* limit,
                                            vdt_error* error) VDT_NOEXCEPT;

/// Reads, at any time that may depend on all answers, what was spent: the readings hold for all times at once. Not safe
/// for concurrent changes.
typedef struct vdt_privacy_odometer vdt_privacy_odometer;
/// `first_rho`: the smallest budget that is read, in [1e-12, 1e6]. `*out`: owned.
VDT_API vdt_status vdt_privacy_odometer_create(double delta, double first_rho, const vdt_allocator* allocator,
                                               vdt_privacy_odometer** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_privacy_odometer_destroy(vdt_privacy_odometer* odometer) VDT_NOEXCEPT;
/// Errors: INVALID_ARGUMENT for NaN and negative losses.
VDT_API vdt_status vdt_privacy_odometer_spend(vdt_privacy_odometer* odometer, double epsilon,
                                              vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_privacy_odometer_spend_zcdp(vdt_privacy_odometer* odometer, double rho,
                                                   vdt_error* error) VDT_NOEXCEPT;
/// The epsilon so far at the odometer's delta; `*rho` (may be NULL): the sum so far, rounded up.
VDT_API vdt_status vdt_privacy_odometer_read(const vdt_privacy_odometer* odometer, double* epsilon, double* rho,
                                             vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: statistics that leave the house ----
// Differential privacy by exact integer noise: values are clamped to bounds, rounded to a grid, added as integers,
// noised and scaled. Every release is paid out of a ledger's account, before its noise is drawn;
// everything that can be refused is refused before that. A release's interval holds what it would have been without
// noise, at the confidence asked for; it says nothing about a population behind the rows.
typedef struct vdt_private_rows vdt_private_rows;

typedef struct vdt_private_rows_options {
    uint32_t struct_size;
    int32_t by_user;               ///< 0: every row is someone else's; 1: a user may have many, of which some count:
    uint64_t rows_per_user;        ///< so many in each category, default 1
    uint64_t categories_per_user;  ///< in so many categories, default 1; their product at most 2^20
    int32_t random_choice;         ///< which count: 0 the first added, 1 random ones (of the secure generator)
    int32_t replace_one;           ///< neighbours: 0 one more or less, 1 one replaced by another
} vdt_private_rows_options;

typedef struct vdt_private_release_options {
    uint32_t struct_size;
    uint32_t reserved;
    double epsilon;  ///< what the release spends, above 0
    double lower;    ///< the bounds of sums and means, chosen without looking at the values
    double upper;
    double confidence;                  ///< of the interval, default 0.95
    vdt_ledger* ledger;                 ///< borrowed, needed unless a filter pays
    const vdt_ledger_account* account;  ///< borrowed, likewise
    int64_t now;                        ///< as in vdt_ledger_spend
    /// 0: pure privacy, discrete Laplace noise. Above: (epsilon, delta), discrete Gaussian noise, which is less where a
    /// user has more than about log(1 / delta) categories; of one number or a few it is wider, however many rows a user
    /// has. Partition selection needs one. Not for quantiles.
    double delta;
    /// 0, or in place of epsilon and delta, 0 both: zero-concentrated privacy, out of an account kept in rho.
    double rho;
    vdt_privacy_filter* filter;  ///< borrowed: pays in place of ledger and account, which are NULL then
} vdt_private_release_options;

typedef struct vdt_private_release {
    uint32_t struct_size;
    uint32_t reserved;
    double value;
    double lower;
    double upper;
    double epsilon;  ///< spent
    double delta;    ///< spent
    double rho;      ///< spent, where the loss is kept in it
} vdt_private_release;

/// A noised number, which may be negative, and its interval.
typedef struct vdt_noised {
    double value;
    double lower;
    double upper;
} vdt_noised;

VDT_API void vdt_private_rows_options_init(vdt_private_rows_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_private_release_options_init(vdt_private_release_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_private_release_init(vdt_private_release* release, size_t size) VDT_NOEXCEPT;

/// Rows to be released, which are not private themselves: one handle per thread, merged afterwards. Not safe for
/// concurrent changes. `*out`: owned.
VDT_API vdt_status vdt_private_rows_create(const vdt_private_rows_options* options, const vdt_allocator* allocator,
                                           vdt_private_rows** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_private_rows_destroy(vdt_private_rows* rows) VDT_NOEXCEPT;
/// A row: whose (by user only), its value (NaN = missing) and its category; texts are borrowed and may be empty.
VDT_API vdt_status vdt_private_rows_add(vdt_private_rows* rows, const char* user, uint64_t user_length, double value,
                                        const char* category, uint64_t category_length, vdt_error* error) VDT_NOEXCEPT;
/// The other's rows come after these; the limit holds for users who are in both. Errors: DIMENSION_MISMATCH for rows
/// made with other options.
VDT_API vdt_status vdt_private_rows_merge(vdt_private_rows* rows, const vdt_private_rows* other,
                                          vdt_error* error) VDT_NOEXCEPT;

/// The number of rows that count. Errors of all releases: BUDGET_EXHAUSTED, INVALID_ARGUMENT, IO_ERROR (no entropy, or
/// of the ledger).
VDT_API vdt_status vdt_private_count(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                     vdt_private_release* out, vdt_error* error) VDT_NOEXCEPT;
/// The sum of their values, clamped to the bounds.
VDT_API vdt_status vdt_private_sum(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                   vdt_private_release* out, vdt_error* error) VDT_NOEXCEPT;
/// The mean of their values, clamped to the bounds; where no row seems to be their middle, or what of the interval is
/// nearest to it.
VDT_API vdt_status vdt_private_mean(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                    vdt_private_release* out, vdt_error* error) VDT_NOEXCEPT;
/// Counts of categories known beforehand, and last of all other rows: category_count + 1 numbers, which may be
/// negative. Each count's interval is +-`*half_width` (may be NULL). One epsilon for all. Errors: OVERFLOW for too
/// small a capacity.
VDT_API vdt_status vdt_private_histogram(const vdt_private_rows* rows, const vdt_string* categories,
                                         size_t category_count, const vdt_private_release_options* options,
                                         double* counts, size_t capacity, double* half_width,
                                         vdt_error* error) VDT_NOEXCEPT;

/// The variance (divisor: their number) of their values, clamped to the bounds: from 0 to a quarter of the squared
/// width.
VDT_API vdt_status vdt_private_variance(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                        vdt_private_release* out, vdt_error* error) VDT_NOEXCEPT;
/// The quantile numerator / denominator (at most 1000) of their values, each moved to the nearest of the two bounds and
/// what divides them into `steps` (1 to 2^16) equal steps: by the exponential mechanism, pure privacy. `out->lower` and
/// `upper` are the value; `*rank_error` (may be NULL): at the confidence, so many rows at most lie between it and the
/// best point. Its time depends on the values: do not let it be measured.
VDT_API vdt_status vdt_private_quantile(const vdt_private_rows* rows, uint32_t numerator, uint32_t denominator,
                                        uint64_t steps, const vdt_private_release_options* options,
                                        vdt_private_release* out, double* rank_error, vdt_error* error) VDT_NOEXCEPT;
/// Which categories there are, each told with the largest probability that privacy allows (optimal partition
/// selection); the counts are not told. options->delta is needed; one row per user and category. `names`: called once
/// per category, in the order of bytes; its texts end with the call.
typedef void (*vdt_name_callback)(void* user_data, const char* name, size_t length);
VDT_API vdt_status vdt_private_partitions(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                          vdt_name_callback names, void* user_data, vdt_error* error) VDT_NOEXCEPT;

/// Bounds for clamping, where nobody knows them beforehand: the outermost powers of two that hold enough values, of
/// sizes from 2^least_power to 2^largest_power (within -1022 and 1023). Empty cells pass for full ones with a
/// probability of at most `false_cell`, e.g. 0.001. `*found` 0: there are none, and both bounds are 0.
VDT_API vdt_status vdt_private_range(const vdt_private_rows* rows, int32_t least_power, int32_t largest_power,
                                     double false_cell, const vdt_private_release_options* options, int32_t* found,
                                     double* lower, double* upper, vdt_error* error) VDT_NOEXCEPT;

/// Rows of two values, or of two categories, each row someone else's or by user; not private themselves, one handle per
/// thread, merged afterwards. Not safe for concurrent changes.
typedef struct vdt_private_pairs vdt_private_pairs;
/// `replace_one`: as in vdt_private_rows_options. `*out`: owned.
VDT_API vdt_status vdt_private_pairs_create(int32_t replace_one, const vdt_allocator* allocator,
                                            vdt_private_pairs** out, vdt_error* error) VDT_NOEXCEPT;
/// The same by the options of rows, which may be by user. The categories of the limit are the cells of the two-way
/// table: rows_per_user of a user's rows count in each of categories_per_user of them. Of values there is one category,
/// and rows_per_user rows of a user count.
VDT_API vdt_status vdt_private_pairs_create_with(const vdt_private_rows_options* options,
                                                 const vdt_allocator* allocator, vdt_private_pairs** out,
                                                 vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_private_pairs_destroy(vdt_private_pairs* pairs) VDT_NOEXCEPT;
/// Rows for vdt_private_covariance; one with a NaN is left out. Errors here and below: INVALID_ARGUMENT for pairs that
/// were made by user, whose rows come with one.
VDT_API vdt_status vdt_private_pairs_add_values(vdt_private_pairs* pairs, const double* x, const double* y,
                                                size_t count, vdt_error* error) VDT_NOEXCEPT;
/// A row for vdt_private_table.
VDT_API vdt_status vdt_private_pairs_add_categories(vdt_private_pairs* pairs, vdt_string row, vdt_string column,
                                                    vdt_error* error) VDT_NOEXCEPT;
/// The same of a user; texts are borrowed and may be empty. A NaN is left out after the limit. Errors: INVALID_ARGUMENT
/// for pairs that were not made by user.
VDT_API vdt_status vdt_private_pairs_add_user_values(vdt_private_pairs* pairs, vdt_string user, double x, double y,
                                                     vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_private_pairs_add_user_categories(vdt_private_pairs* pairs, vdt_string user, vdt_string row,
                                                         vdt_string column, vdt_error* error) VDT_NOEXCEPT;
/// The limit holds for users who are in both. Errors: DIMENSION_MISMATCH for pairs made with other options.
VDT_API vdt_status vdt_private_pairs_merge(vdt_private_pairs* pairs, const vdt_private_pairs* other,
                                           vdt_error* error) VDT_NOEXCEPT;
/// The covariance (divisor: their number) of the values, x clamped to the options' bounds and y to its own.
VDT_API vdt_status vdt_private_covariance(const vdt_private_pairs* pairs, double y_lower, double y_upper,
                                          const vdt_private_release_options* options, vdt_private_release* out,
                                          vdt_error* error) VDT_NOEXCEPT;
/// The two-way table of categories known beforehand, row by row, last row and column for all others:
/// (row_count + 1) (column_count + 1) numbers. Otherwise as vdt_private_histogram.
VDT_API vdt_status vdt_private_table(const vdt_private_pairs* pairs, const vdt_string* rows, size_t row_count,
                                     const vdt_string* columns, size_t column_count,
                                     const vdt_private_release_options* options, double* counts, size_t capacity,
                                     double* half_width, vdt_error* error) VDT_NOEXCEPT;

/// Decisions counted by group and label, each record someone else's (one more or less) or by user; not private
/// themselves, one handle per thread, merged afterwards. Not safe for concurrent changes.
typedef struct vdt_group_rates vdt_group_rates;
/// Groups that are known beforehand; all others are one more. `*out`: owned.
VDT_API vdt_status vdt_group_rates_create(const vdt_string* groups, size_t group_count, const vdt_allocator* allocator,
                                          vdt_group_rates** out, vdt_error* error) VDT_NOEXCEPT;
/// The same by the options of rows, which may be by user. The categories of the limit are the groups: rows_per_user of
/// a user's decisions count in each of categories_per_user groups.
VDT_API vdt_status vdt_group_rates_create_with(const vdt_string* groups, size_t group_count,
                                               const vdt_private_rows_options* options, const vdt_allocator* allocator,
                                               vdt_group_rates** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_group_rates_destroy(vdt_group_rates* rates) VDT_NOEXCEPT;
/// So many records of a group with this decision and label, each 0 or 1. Errors: INVALID_ARGUMENT for rates that were
/// made by user.
VDT_API vdt_status vdt_group_rates_add(vdt_group_rates* rates, const char* group, uint64_t group_length,
                                       int32_t decision, int32_t label, uint64_t records,
                                       vdt_error* error) VDT_NOEXCEPT;
/// One of a user; texts are borrowed and may be empty. Errors: INVALID_ARGUMENT for rates that were not made by user.
VDT_API vdt_status vdt_group_rates_add_user(vdt_group_rates* rates, vdt_string user, vdt_string group, int32_t decision,
                                            int32_t label, vdt_error* error) VDT_NOEXCEPT;
/// The limit holds for users who are in both. Errors: DIMENSION_MISMATCH for other groups or options.
VDT_API vdt_status vdt_group_rates_merge(vdt_group_rates* rates, const vdt_group_rates* other,
                                         vdt_error* error) VDT_NOEXCEPT;

/// A fairness report: what was released of group rates. Immutable.
typedef struct vdt_fairness vdt_fairness;
/// A group; rates are NaN in [0, 1] where it seems to have no rows.
typedef struct vdt_fairness_group {
    uint32_t struct_size;
    uint32_t reserved;
    vdt_string group;  ///< borrowed from the report; empty for all others, which come last
    vdt_noised rows;
    vdt_noised selection;       ///< positive decisions of all
    vdt_noised true_positive;   ///< of positive labels
    vdt_noised false_positive;  ///< of negative labels
} vdt_fairness_group;
/// The largest less the smallest rate of the groups named.
typedef struct vdt_fairness_differences {
    uint32_t struct_size;
    uint32_t group_count;    ///< all others included
    vdt_noised parity;       ///< of selection
    vdt_noised opportunity;  ///< of true positives
    vdt_noised odds;         ///< the larger of those of true and of false positives
} vdt_fairness_differences;
VDT_API void vdt_fairness_group_init(vdt_fairness_group* group, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_fairness_differences_init(vdt_fairness_differences* differences, size_t size) VDT_NOEXCEPT;
/// All of it for one loss; all intervals hold together at the options' confidence. `*out`: owned.
VDT_API vdt_status vdt_private_group_rates(const vdt_group_rates* rates, const vdt_private_release_options* options,
                                           const vdt_allocator* allocator, vdt_fairness** out,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_fairness_destroy(vdt_fairness* fairness) VDT_NOEXCEPT;
VDT_API vdt_status vdt_fairness_differences_get(const vdt_fairness* fairness, vdt_fairness_differences* out,
                                                vdt_error* error) VDT_NOEXCEPT;
/// Errors: INVALID_ARGUMENT for an index of group_count or more.
VDT_API vdt_status vdt_fairness_group_get(const vdt_fairness* fairness, size_t index, vdt_fairness_group* out,
                                          vdt_error* error) VDT_NOEXCEPT;

/// A running total that is released after every step, all steps for one price. Threads take turns.
typedef struct vdt_running_count vdt_running_count;
typedef int32_t vdt_running_count_kind;
enum {
    VDT_RUNNING_TREE = 0,  ///< a binary tree, Laplace noise, pure privacy: options->delta and rho 0
    VDT_RUNNING_ROOT = 1,  ///< the Toeplitz root, Gaussian noise; horizon up to 2^20, step t costs O(t)
    VDT_RUNNING_BUFFERED =
        2,  ///< a buffered Toeplitz factor, within 1 % of the root's noise; about ten numbers of state
};
/// Pays for up to `horizon` steps (at most 2^40). A unit has at most `rows_per_unit` rows in the whole stream.
/// `options`: epsilon, delta, rho, confidence and who pays. `*out`: owned.
VDT_API vdt_status vdt_running_count_create(vdt_running_count_kind kind, uint64_t horizon, uint64_t rows_per_unit,
                                            const vdt_private_release_options* options, const vdt_allocator* allocator,
                                            vdt_running_count** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_running_count_destroy(vdt_running_count* count) VDT_NOEXCEPT;
/// Ends a step in which so many rows came and releases the total. Errors: BUDGET_EXHAUSTED after the horizon, OVERFLOW,
/// IO_ERROR.
VDT_API vdt_status vdt_running_count_step(vdt_running_count* count, uint64_t rows, vdt_private_release* out,
                                          vdt_error* error) VDT_NOEXCEPT;
/// The state between two steps. NOT private: sums of the true rows are in it. Keep it as secret as the rows, wipe it,
/// and go on from it once: two continuations would together lose twice what was paid. Two-call.
VDT_API vdt_status vdt_running_count_to_bytes(const vdt_running_count* count, void* buffer, size_t capacity,
                                              size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// `*out`: owned. Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_running_count_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                                vdt_running_count** out, vdt_error* error) VDT_NOEXCEPT;
/// Of the total's noise after so many steps, at most.
VDT_API vdt_status vdt_running_count_variance(const vdt_running_count* count, uint64_t step, double* out,
                                              vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: mechanisms ----
// Exact integer noise and private choices by themselves. Nothing here pays: count what is spent (vdt_ledger_spend, or
// the accounting below) before each call. Handles are immutable and safe for concurrent use, but for vdt_bounded_sum,
// vdt_vector_sum and vdt_above_threshold. IO_ERROR: the operating system gave no entropy; outputs are zeroed then.
typedef struct vdt_noise vdt_noise;
typedef int32_t vdt_noise_kind;
enum {
    VDT_NOISE_DISCRETE_LAPLACE = 0,       ///< P(x) ~ exp(-|x| / parameter), from 0.01 to 2^40
    VDT_NOISE_DISCRETE_GAUSSIAN = 1,      ///< P(x) ~ exp(-x^2 / (2 parameter^2)), from 0.01 to 2^40
    VDT_NOISE_GEOMETRIC = 2,              ///< P(x) ~ exp(-x / parameter), x >= 0
    VDT_NOISE_STAIRCASE = 3,              ///< least size for `whole` = sensitivity and parameter = epsilon
    VDT_NOISE_BERNOULLI = 4,              ///< 1 with probability parameter
    VDT_NOISE_EXPONENTIAL_BERNOULLI = 5,  ///< 1 with probability exp(-parameter)
    VDT_NOISE_UNIFORM = 6,                ///< 0 to whole - 1, whole up to 2^63
};
/// `parameter` and `whole` as the kind says, else 0. `*out`: owned.
VDT_API vdt_status vdt_noise_create(vdt_noise_kind kind, double parameter, uint64_t whole,
                                    const vdt_allocator* allocator, vdt_noise** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_noise_destroy(vdt_noise* noise) VDT_NOEXCEPT;
/// Independent draws, in bulk. In a time that does not depend on what is drawn (DESIGN of the samplers in the README).
VDT_API vdt_status vdt_noise_sample(const vdt_noise* noise, int64_t* out, size_t count, vdt_error* error) VDT_NOEXCEPT;

/// The sum of numbers, each a record's, clamped to bounds and rounded to a grid of a power of two: added in 128-bit
/// integers, so exactly and in any order, and noised by an exact sampler. The grid depends on what is given here alone.
typedef struct vdt_sum_mechanism vdt_sum_mechanism;
/// Its values so far. Not private. Not safe for concurrent changes: one per thread, merged afterwards.
typedef struct vdt_bounded_sum vdt_bounded_sum;
/// Pure privacy: epsilon from 2^-29 to 2^20, discrete Laplace noise. `replace_one`: as in vdt_private_rows_options.
/// `*out`: owned. Errors: INVALID_ARGUMENT, also for bounds between which nothing can change.
VDT_API vdt_status vdt_sum_laplace_create(double lower, double upper, double epsilon, int32_t replace_one,
                                          const vdt_allocator* allocator, vdt_sum_mechanism** out,
                                          vdt_error* error) VDT_NOEXCEPT;
/// Discrete Gaussian noise for an epsilon and a delta, rho being 0, or for a rho (zero-concentrated privacy), epsilon
/// and delta being 0.
VDT_API vdt_status vdt_sum_gaussian_create(double lower, double upper, double epsilon, double delta, double rho,
                                           int32_t replace_one, const vdt_allocator* allocator, vdt_sum_mechanism** out,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_sum_mechanism_destroy(vdt_sum_mechanism* mechanism) VDT_NOEXCEPT;
/// In units of the values: the Laplace law's scale, or sigma. `*rho` (may be NULL): a Gaussian release's
/// zero-concentrated loss, else 0.
VDT_API vdt_status vdt_sum_mechanism_noise(const vdt_sum_mechanism* mechanism, double* scale, double* rho,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_bounded_sum_create(const vdt_sum_mechanism* mechanism, const vdt_allocator* allocator,
                                          vdt_bounded_sum** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_bounded_sum_destroy(vdt_bounded_sum* sum) VDT_NOEXCEPT;
/// NaN counts as what of the bounds is nearest to 0, an infinity as its bound.
VDT_API vdt_status vdt_bounded_sum_add(vdt_bounded_sum* sum, const double* values, size_t count,
                                       vdt_error* error) VDT_NOEXCEPT;
/// Errors: DIMENSION_MISMATCH for a sum of other bounds or another grid.
VDT_API vdt_status vdt_bounded_sum_merge(vdt_bounded_sum* sum, const vdt_bounded_sum* other,
                                         vdt_error* error) VDT_NOEXCEPT;
/// The sum with noise: every call spends the loss. Errors: DIMENSION_MISMATCH for the sum of another mechanism.
VDT_API vdt_status vdt_sum_release(const vdt_sum_mechanism* mechanism, const vdt_bounded_sum* sum, double* out,
                                   vdt_error* error) VDT_NOEXCEPT;
/// The same of values at hand, without allocation.
VDT_API vdt_status vdt_sum_release_values(const vdt_sum_mechanism* mechanism, const double* values, size_t count,
                                          double* out, vdt_error* error) VDT_NOEXCEPT;

/// One number or vector: its clipped sum over records, noised.
typedef struct vdt_vector_mechanism vdt_vector_mechanism;
/// Its records so far. Not private. Not safe for concurrent changes.
typedef struct vdt_vector_sum vdt_vector_sum;
/// Gaussian noise by clipping in Euclid's norm: `noise` is the noise multiplier, sigma over the sensitivity (2^-10 to
/// 2^12); rho = 1 / (2 noise^2). Laplace noise by clipping in the L1 norm: `noise` is epsilon (2^-20 to 2^20).
VDT_API vdt_status vdt_vector_gaussian_create(size_t dimension, double clip, double noise, int32_t replace_one,
                                              const vdt_allocator* allocator, vdt_vector_mechanism** out,
                                              vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_laplace_create(size_t dimension, double clip, double noise, int32_t replace_one,
                                             const vdt_allocator* allocator, vdt_vector_mechanism** out,
                                             vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_vector_mechanism_destroy(vdt_vector_mechanism* mechanism) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_sum_create(const vdt_vector_mechanism* mechanism, const vdt_allocator* allocator,
                                         vdt_vector_sum** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_vector_sum_destroy(vdt_vector_sum* sum) VDT_NOEXCEPT;
/// A record of the mechanism's dimension. One with a NaN or an infinity counts as 0.
VDT_API vdt_status vdt_vector_sum_add_f32(vdt_vector_sum* sum, const vdt_vector_mechanism* mechanism,
                                          const float* record, size_t count, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_sum_add_f64(vdt_vector_sum* sum, const vdt_vector_mechanism* mechanism,
                                          const double* record, size_t count, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_sum_merge(vdt_vector_sum* sum, const vdt_vector_sum* other,
                                        vdt_error* error) VDT_NOEXCEPT;
/// The sum with noise.
VDT_API vdt_status vdt_vector_release_f32(const vdt_vector_mechanism* mechanism, const vdt_vector_sum* sum, float* out,
                                          size_t count, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_release_f64(const vdt_vector_mechanism* mechanism, const vdt_vector_sum* sum, double* out,
                                          size_t count, vdt_error* error) VDT_NOEXCEPT;
/// A single record clipped and noised in place, without allocation.
VDT_API vdt_status vdt_vector_noise_f32(const vdt_vector_mechanism* mechanism, float* record, size_t count,
                                        vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_vector_noise_f64(const vdt_vector_mechanism* mechanism, double* record, size_t count,
                                        vdt_error* error) VDT_NOEXCEPT;

typedef int32_t vdt_selection_kind;
enum {
    VDT_SELECT_EXPONENTIAL = 0,       ///< its time depends on the utilities
    VDT_SELECT_PERMUTE_AND_FLIP = 1,  ///< never worse in expectation; its time depends on the utilities
    VDT_SELECT_NOISY_MAX = 2,         ///< report-noisy-max, geometric noise: a time that does not
    VDT_SELECT_NOISY_MAX_LAPLACE = 3,
};
/// The index of a candidate of large utility: pure privacy of epsilon. A record changes a utility by at most
/// `sensitivity` (1 to 2^26); one_sided 1: all that change, change the same way, of use to the noisy maxima. Utilities
/// are clamped to [lower, upper], at most 2^26 apart (of no meaning to the noisy maxima).
VDT_API vdt_status vdt_select(vdt_selection_kind kind, double epsilon, uint64_t sensitivity, int32_t one_sided,
                              int64_t lower, int64_t upper, const int64_t* utilities, size_t count, size_t* out,
                              vdt_error* error) VDT_NOEXCEPT;

/// The sparse vector technique: whether each of many queries is above a threshold, up to `positives` yeses, all for one
/// epsilon. Threads take turns. Errors: INVALID_ARGUMENT.
typedef struct vdt_above_threshold vdt_above_threshold;
VDT_API vdt_status vdt_above_threshold_create(int64_t threshold, uint64_t sensitivity, double epsilon,
                                              uint64_t positives, const vdt_allocator* allocator,
                                              vdt_above_threshold** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_above_threshold_destroy(vdt_above_threshold* queries) VDT_NOEXCEPT;
/// `*above` is 0 or 1; `*left` (may be NULL): yeses that are left. Errors: BUDGET_EXHAUSTED after the last.
VDT_API vdt_status vdt_above_threshold_query(vdt_above_threshold* queries, int64_t value, int32_t* above,
                                             uint64_t* left, vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: local ----
// One categorical answer noised by whoever gives it, before it is sent: no one else needs to be trusted.
typedef struct vdt_response vdt_response;
typedef int32_t vdt_response_kind;
enum {
    VDT_RESPONSE_RANDOMIZED = 0,  ///< the truth, or with some probability another category
    /// Bits, a one where the truth is, each flipped with one probability: basic one-time RAPPOR.
    VDT_RESPONSE_UNARY_SYMMETRIC = 1,
    VDT_RESPONSE_UNARY_OPTIMISED = 2,  ///< bits with the least variance of rare categories
};
/// `epsilon` in [2^-20, 32], of one answer; `categories` from 2 to 2^20. `*out`: owned, immutable, safe for concurrent
/// use.
VDT_API vdt_status vdt_response_create(vdt_response_kind kind, double epsilon, uint32_t categories,
                                       const vdt_allocator* allocator, vdt_response** out,
                                       vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_response_destroy(vdt_response* response) VDT_NOEXCEPT;
/// Randomised response, one answer of each truth; `answers` may be `truths`. Errors: INVALID_ARGUMENT for a truth that
/// is no category, or unary bits; IO_ERROR (no entropy: answers are zeroed).
VDT_API vdt_status vdt_response_answer(const vdt_response* response, const uint32_t* truths, uint32_t* answers,
                                       size_t count, vdt_error* error) VDT_NOEXCEPT;
/// Unary bits of one answer: as many as categories, each 0 or 1. Errors: as above; DIMENSION_MISMATCH for another
/// count.
VDT_API vdt_status vdt_response_bits(const vdt_response* response, uint32_t truth, uint8_t* bits, size_t count,
                                     vdt_error* error) VDT_NOEXCEPT;
/// The share of a category among the respondents, of which `named` of `answers` name it (or have its bit): unbiased,
/// maybe outside [0, 1]; the interval is of the population's share, within [0, 1], for independent respondents.
/// `*variance` (may be NULL) is NaN for a single answer.
VDT_API vdt_status vdt_response_estimate(const vdt_response* response, uint64_t named, uint64_t answers,
                                         double confidence, vdt_noised* share, double* variance,
                                         vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: accounting ----
// What mechanisms lose together. Results are rounded against the caller. Handles: concurrent reads are safe.
/// A composition of mechanisms, as a distribution of privacy losses (PLD): epsilon and delta as intervals that hold the
/// true value; promise the upper end.
typedef struct vdt_privacy_loss vdt_privacy_loss;
typedef int32_t vdt_loss_kind;
enum {
    VDT_LOSS_GAUSSIAN = 0,             ///< noise: sigma over the sensitivity, in [0.05, 1e6]
    VDT_LOSS_LAPLACE = 1,              ///< noise: scale over the sensitivity
    VDT_LOSS_DISCRETE_GAUSSIAN = 2,    ///< noise: sigma; whole: the sensitivity, at most 13 sigma
    VDT_LOSS_DISCRETE_LAPLACE = 3,     ///< noise: scale; whole: the sensitivity
    VDT_LOSS_RANDOMIZED_RESPONSE = 4,  ///< noise: epsilon; whole: the number of answers
    VDT_LOSS_APPROXIMATE = 5,          ///< noise: epsilon; second: delta
    /// As the first two (noise over the sensitivity to one record added or removed), but a record is replaced by
    /// another one; without sampling, noise from 0.1 on.
    VDT_LOSS_REPLACED_GAUSSIAN = 6,
    VDT_LOSS_REPLACED_LAPLACE = 7,
};
/// Composes nothing. `*out`: owned.
VDT_API vdt_status vdt_privacy_loss_create(const vdt_allocator* allocator, vdt_privacy_loss** out,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_privacy_loss_destroy(vdt_privacy_loss* loss) VDT_NOEXCEPT;
/// Adds a mechanism, `times` times. `second`: the rate of Poisson sampling, 1 for none, or as the kind says.
VDT_API vdt_status vdt_privacy_loss_add(vdt_privacy_loss* loss, vdt_loss_kind kind, double noise, uint32_t whole,
                                        double second, uint64_t times, vdt_error* error) VDT_NOEXCEPT;
/// Adds one of two mechanisms by a coin that is told, `times` times: `second` with this probability. Each must compose
/// one mechanism, once.
VDT_API vdt_status vdt_privacy_loss_add_either(vdt_privacy_loss* loss, const vdt_privacy_loss* first,
                                               const vdt_privacy_loss* second, double probability, uint64_t times,
                                               vdt_error* error) VDT_NOEXCEPT;
/// All that another one composes.
VDT_API vdt_status vdt_privacy_loss_compose(vdt_privacy_loss* loss, const vdt_privacy_loss* other,
                                            vdt_error* error) VDT_NOEXCEPT;
/// The least epsilon at this delta in (0, 1): infinite where there is none. `allowed`: the wanted width of the
/// interval, 0 = 0.01. `*lower` may be NULL.
VDT_API vdt_status vdt_privacy_loss_epsilon(const vdt_privacy_loss* loss, double delta, double allowed, double* lower,
                                            double* upper, vdt_error* error) VDT_NOEXCEPT;
/// The least delta at this epsilon; `allowed`: relative to the upper end.
VDT_API vdt_status vdt_privacy_loss_delta(const vdt_privacy_loss* loss, double epsilon, double allowed, double* lower,
                                          double* upper, vdt_error* error) VDT_NOEXCEPT;

/// Adds a Gaussian sum whose sensitivity is random, `times` times: a shift (in units of the values, not negative) with
/// its probability, `count` of both; `noise` is in units of the values.
VDT_API vdt_status vdt_privacy_loss_add_mixture(vdt_privacy_loss* loss, double noise, const double* shifts,
                                                const double* probabilities, size_t count, uint64_t times,
                                                vdt_error* error) VDT_NOEXCEPT;
/// Adds a discrete privacy loss, `times` times: its atoms log(P/Q) in [-600, 600] with their probabilities under P, and
/// the probability that it is infinite, of sum 1 all together. One direction; for another one, ask another handle.
VDT_API vdt_status vdt_privacy_loss_add_atoms(vdt_privacy_loss* loss, const double* losses, const double* probabilities,
                                              size_t count, double infinite, uint64_t times,
                                              vdt_error* error) VDT_NOEXCEPT;
typedef int32_t vdt_loss_question;
enum {
    VDT_ASK_EPSILON = 0,             ///< at this delta; `allowed` is absolute
    VDT_ASK_DELTA = 1,               ///< at this epsilon; `allowed` is relative to the upper end, as below
    VDT_ASK_LOG_DELTA = 2,           ///< its logarithm, for deltas below 1e-308; `allowed` is that of the logarithm
    VDT_ASK_TRUE_POSITIVE_RATE = 3,  ///< of the best attack, at this rate of false positives (f-DP): 1 - upper is the
                                     ///< type II error that every attack has at least
};
/// Any of these as an interval that holds the true value. `allowed`: its wanted width, 0 = 0.01; `max_cells`: of the
/// grid, 2^10 to 2^26, 0 = 2^22, for 64 bytes of memory each. `*width_reached` (may be NULL, as may `lower`) is 0 where
/// the interval is wider than asked: it holds all the same, and `upper` may be infinite.
VDT_API vdt_status vdt_privacy_loss_ask(const vdt_privacy_loss* loss, vdt_loss_question question, double at,
                                        double allowed, uint32_t max_cells, double* lower, double* upper,
                                        int32_t* width_reached, vdt_error* error) VDT_NOEXCEPT;
/// The least noise (of randomised response and pure epsilons: the greatest epsilon) of a mechanism of this kind, added
/// `times` times to what `others` (NULL = nothing) composes, that keeps (epsilon, delta); `precision`: relative, 1e-6
/// to 0.1, 0 = 1e-3. `whole` and `second` as in vdt_privacy_loss_add. `others` stays as it is.
VDT_API vdt_status vdt_privacy_loss_calibrate(const vdt_privacy_loss* others, vdt_loss_kind kind, uint32_t whole,
                                              double second, uint64_t times, double epsilon, double delta,
                                              double precision, double* out, vdt_error* error) VDT_NOEXCEPT;

/// Renyi divergences, added up at fixed orders: quick, looser by 5 to 10 %.
typedef struct vdt_renyi vdt_renyi;
/// How series for fractional orders are summed: exactly, or without signs, which is looser and only for comparison with
/// packages that do so.
typedef int32_t vdt_renyi_series;
enum { VDT_RENYI_EXACT = 0, VDT_RENYI_ABSOLUTE = 1 };
/// Orders in [1.01, 1e6]; NULL and 0: the default ones, 1.1 to 1024. `*out`: owned.
VDT_API vdt_status vdt_renyi_create(const double* orders, size_t count, const vdt_allocator* allocator, vdt_renyi** out,
                                    vdt_error* error) VDT_NOEXCEPT;
/// The same with a choice of the series.
VDT_API vdt_status vdt_renyi_create_with(const double* orders, size_t count, vdt_renyi_series series,
                                         const vdt_allocator* allocator, vdt_renyi** out,
                                         vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_renyi_destroy(vdt_renyi* accountant) VDT_NOEXCEPT;
/// Any curve, one divergence for each order (infinite = nothing known), `times` times. Errors: DIMENSION_MISMATCH.
VDT_API vdt_status vdt_renyi_add(vdt_renyi* accountant, const double* divergences, size_t count, uint64_t times,
                                 vdt_error* error) VDT_NOEXCEPT;
/// `*count` orders and what was added up at each; borrowed until the accountant is added to or destroyed. Each may be
/// NULL.
VDT_API vdt_status vdt_renyi_curve(const vdt_renyi* accountant, const double** orders, const double** divergences,
                                   size_t* count, vdt_error* error) VDT_NOEXCEPT;
/// The divergence of Gaussian noise on a Poisson sample, of one order > 1.
VDT_API vdt_status vdt_renyi_gaussian(double noise_multiplier, double sampling_rate, double order,
                                      vdt_renyi_series series, double* out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_renyi_add_gaussian(vdt_renyi* accountant, double noise_multiplier, double sampling_rate,
                                          uint64_t steps, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_renyi_add_pure(vdt_renyi* accountant, double epsilon, uint64_t times,
                                      vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_renyi_add_zcdp(vdt_renyi* accountant, double rho, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_renyi_epsilon(const vdt_renyi* accountant, double delta, double* out,
                                     vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_renyi_delta(const vdt_renyi* accountant, double epsilon, double* out,
                                   vdt_error* error) VDT_NOEXCEPT;

/// Closed forms: one result from one or two numbers.
typedef int32_t vdt_conversion;
enum {
    VDT_GAUSSIAN_SIGMA = 0,      ///< of (epsilon, delta): sigma over the sensitivity
    VDT_GAUSSIAN_EPSILON = 1,    ///< of (sigma, delta)
    VDT_GAUSSIAN_DELTA = 2,      ///< of (sigma, epsilon)
    VDT_ZCDP_OF_PURE = 3,        ///< of (epsilon, 0): rho
    VDT_ZCDP_OF_GAUSSIAN = 4,    ///< of (sigma, 0): rho
    VDT_ZCDP_EPSILON = 5,        ///< of (rho, delta)
    VDT_ZCDP_DELTA = 6,          ///< of (rho, epsilon)
    VDT_GAUSSIAN_LOG_DELTA = 7,  ///< of (sigma, epsilon)
    VDT_RENYI_OF_PURE = 8,       ///< of (epsilon, order)
    VDT_RENYI_OF_ZCDP = 9,       ///< of (rho, order)
    VDT_GDP_EPSILON = 10,        ///< of (mu, delta)
    VDT_GDP_DELTA = 11,          ///< of (mu, epsilon)
    VDT_GDP_MU = 12,             ///< of (epsilon, delta): the greatest mu, to be kept by Gaussian noise
    VDT_GDP_TYPE_II_ERROR = 13,  ///< of (mu, rate of false positives): what every attack misses at least
};
VDT_API vdt_status vdt_privacy_convert(vdt_conversion conversion, double first, double second, double* out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// The least epsilon of `times` mechanisms of which nothing but (epsilon, delta) is known, at a delta of all together.
VDT_API vdt_status vdt_privacy_compose(double epsilon, double delta, uint64_t times, double total_delta, double* out,
                                       vdt_error* error) VDT_NOEXCEPT;
/// The sums of `count` guarantees (basic composition), also of mechanisms chosen adaptively.
VDT_API vdt_status vdt_privacy_compose_basic(const double* epsilons, const double* deltas, size_t count,
                                             double* total_epsilon, double* total_delta, vdt_error* error) VDT_NOEXCEPT;
/// The advanced theorem, looser than vdt_privacy_compose: for comparison with what others state.
VDT_API vdt_status vdt_privacy_compose_advanced(double epsilon, double delta, uint64_t times, double slack,
                                                double* total_epsilon, double* total_delta,
                                                vdt_error* error) VDT_NOEXCEPT;
/// mu of `count` composed mechanisms of Gaussian differential privacy.
VDT_API vdt_status vdt_gdp_compose(const double* mu, size_t count, double* out, vdt_error* error) VDT_NOEXCEPT;
/// A central limit for subsampled Gaussian noise. OPTIMISTIC: it can lie below the true value; nothing may be promised
/// on its ground.
VDT_API vdt_status vdt_gdp_optimistic_mu(double noise_multiplier, double sampling_rate, uint64_t steps, double* out,
                                         vdt_error* error) VDT_NOEXCEPT;
/// The least noise multiplier of DP-SGD, or of `steps` Gaussian releases (sampling_rate 1), that keeps the guarantee.
VDT_API vdt_status vdt_calibrate_noise(double epsilon, double delta, double sampling_rate, uint64_t steps, double* out,
                                       vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: reports that leave the house ----
// A window's counters, and with them statistics of its rows and decisions by group where the policy asks for them:
// noised once, by one law, and paid for before their noise is drawn; a report is made of nothing else. What is
// protected: whoever has at most `rows_per_user` rows in the window, which the caller sees to; not the reference, whose
// side of a report is told as it is.
typedef struct vdt_release_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char* release_policy;      ///< JSON, borrowed, needed: {"account": {"data_set", "principal", "purpose"},
    uint64_t release_policy_length;  ///< "epsilon": 1, "delta": 0, "rows_per_user": 1, "outputs": [...]}
    const char* policy_json;         ///< as vdt_assess_options, borrowed; NULL = the default policy
    uint64_t policy_length;
    vdt_ledger* ledger;  ///< borrowed, needed: with the account, kept in epsilon and delta
    int64_t now;         ///< as in vdt_ledger_spend
    /// Of the window's rows, borrowed: needed where the policy has "statistics": {"columns": [...], "least_power": -30,
    /// "largest_power": 40}, taken with quantiles. Values of lists are refused, their lengths ("tags[]") are not.
    const struct vdt_statistics* statistics;
    const vdt_group_rates* rates;  ///< borrowed: needed where the policy has "groups": [...], the same ones
} vdt_release_options;

/// What a report says of its noise.
typedef struct vdt_release_info {
    uint32_t struct_size;
    int32_t is_released;  ///< 0: the report is on an exact window, and all else is 0
    double epsilon;       ///< spent
    double delta;
    double scale;               ///< of the noise on each count: discrete Laplace, or the discrete Gaussian's sigma
    double standard_deviation;  ///< of the noise on each count
    uint64_t rows_per_user;
    uint64_t counters_per_row;
    int32_t is_gaussian;
    int32_t reserved;
} vdt_release_info;

VDT_API void vdt_release_options_init(vdt_release_options* options, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_release_info_init(vdt_release_info* info, size_t size) VDT_NOEXCEPT;

/// Noises a window and judges what came out: the report tells no exact count of it, in any format. p-values and
/// intervals allow for the noise. Every call spends. `*out`: owned; vdt_report functions take it. Errors:
/// INVALID_POLICY, INVALID_ARGUMENT, BUDGET_EXHAUSTED (nothing was drawn), IO_ERROR (no entropy: what was paid stays
/// paid; or of the ledger).
VDT_API vdt_status vdt_assess_released(const vdt_window* window, const vdt_release_options* options,
                                       const vdt_allocator* allocator, vdt_report** out, vdt_error* error) VDT_NOEXCEPT;
/// Whether and how a report is noised. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_report_release(const vdt_report* report, vdt_release_info* out, vdt_error* error) VDT_NOEXCEPT;

/// Counts of a column, each within its interval at 1 less the policy's level.
typedef struct vdt_released_column {
    uint32_t struct_size;
    int32_t has_bounds;  ///< 0: no power of two seems to hold enough numbers, and bounds and median are 0
    vdt_noised rows;
    vdt_noised nulls;
    vdt_noised nans;
    vdt_noised positive_infinities;
    vdt_noised negative_infinities;
    double lower;  ///< powers of two that the numbers seem to lie between
    double upper;
    double median_lower;  ///< and their median
    double median_upper;
} vdt_released_column;
VDT_API void vdt_released_column_init(vdt_released_column* column, size_t size) VDT_NOEXCEPT;
/// Statistics of one column of the policy. Errors: INVALID_ARGUMENT for another one, or none released.
VDT_API vdt_status vdt_report_released_column(const vdt_report* report, const char* name, uint64_t name_length,
                                              vdt_released_column* out, vdt_error* error) VDT_NOEXCEPT;
/// Rates of the policy's groups, all intervals together at 1 less its level. `*out`: owned. Errors: INVALID_ARGUMENT
/// where none were released.
VDT_API vdt_status vdt_report_fairness(const vdt_report* report, const vdt_allocator* allocator, vdt_fairness** out,
                                       vdt_error* error) VDT_NOEXCEPT;

// ---- privacy: audits ----
// Lower bounds of what a mechanism loses, from what it puts out. With probability `confidence` or more the mechanism is
// not private with less than the bound: a bound above what is claimed refutes the claim, one below proves nothing.
// Bounds are exact and rounded down, 0 where nothing is refuted. Runs must be independent of each other. All functions
// are pure and thread-safe. confidence in (0, 1), delta in [0, 1). Errors: INVALID_ARGUMENT for values out of range,
// no runs, or counts that contradict each other; `*out` is as it was then.

/// Runs on each of two neighbouring inputs, and in how many an event happened that was fixed before these runs. It
/// should be likelier on the first input.
typedef struct vdt_audit_counts {
    uint64_t first_runs;
    uint64_t first_hits;
    uint64_t second_runs;
    uint64_t second_hits;
} vdt_audit_counts;

/// Of epsilon at `delta`.
VDT_API vdt_status vdt_audit_epsilon(const vdt_audit_counts* counts, double delta, double confidence, double* out,
                                     vdt_error* error) VDT_NOEXCEPT;
/// Of mu of Gaussian differential privacy.
VDT_API vdt_status vdt_audit_gdp_mu(const vdt_audit_counts* counts, double confidence, double* out,
                                    vdt_error* error) VDT_NOEXCEPT;
/// Of epsilon of a mechanism that is known to be Gaussian noise; not a bound for any other. delta from 1e-300.
VDT_API vdt_status vdt_audit_gaussian_epsilon(const vdt_audit_counts* counts, double delta, double confidence,
                                              double* out, vdt_error* error) VDT_NOEXCEPT;
/// Of the Renyi divergence of an order in (1, 1e6].
VDT_API vdt_status vdt_audit_renyi(const vdt_audit_counts* counts, double order, double confidence, double* out,
                                   vdt_error* error) VDT_NOEXCEPT;
/// Of epsilon, from outputs on either input (NaN allowed): their first halves choose an event that tells the inputs
/// apart, a tail or cells of a histogram; the second ones test it. `counts` (may be NULL): of that event in the second
/// halves. Errors: NOT_ENOUGH_DATA for fewer than 2 outputs of an input.
VDT_API vdt_status vdt_audit_outputs(const double* first, size_t first_count, const double* second, size_t second_count,
                                     double delta, double confidence, vdt_audit_counts* counts, double* out,
                                     vdt_error* error) VDT_NOEXCEPT;
/// Of epsilon, from one run (Steinke, Nasr and Jagielski 2023): of `canaries`, each part of the input by a fair coin of
/// its own, `guesses` were guessed to be in or out, `correct` rightly, and the others left out. Where delta > 0 the
/// number of guesses must have been fixed before. At most 10^9 canaries.
VDT_API vdt_status vdt_audit_one_run_epsilon(uint64_t canaries, uint64_t guesses, uint64_t correct, double delta,
                                             double confidence, double* out, vdt_error* error) VDT_NOEXCEPT;
/// The chance of so many right guesses or more is at most this if the mechanism is (epsilon, delta)-private. epsilon in
/// [0, 700].
VDT_API vdt_status vdt_audit_one_run_p_value(uint64_t canaries, uint64_t guesses, uint64_t correct, double epsilon,
                                             double delta, double* out, vdt_error* error) VDT_NOEXCEPT;
/// Of mu, from one run of a mechanism that is known to be Gaussian (Mahloujifar, Melis and Chaudhuri 2024). At most
/// 10^6 guesses.
VDT_API vdt_status vdt_audit_one_run_gdp_mu(uint64_t canaries, uint64_t guesses, uint64_t correct, double confidence,
                                            double* out, vdt_error* error) VDT_NOEXCEPT;

// ---- validation: a schema, and rows and tensors held against it ----

typedef struct vdt_schema vdt_schema;        ///< the document: what a model expects of its features; immutable
typedef struct vdt_validator vdt_validator;  ///< the same compiled for one environment; immutable

/// How grave a finding is.
typedef int32_t vdt_severity;
enum { VDT_SEVERITY_NONE = 0, VDT_SEVERITY_WARNING = 1, VDT_SEVERITY_ERROR = 2 };

/// One thing that a schema can find wrong with a feature; `1 << check` is its bit in a set.
typedef int32_t vdt_check;
enum {
    VDT_CHECK_MISSING = 0,  ///< a required feature is absent
    VDT_CHECK_NULL = 1,
    VDT_CHECK_TYPE = 2,
    VDT_CHECK_NOT_A_NUMBER = 3,
    VDT_CHECK_INFINITY = 4,
    VDT_CHECK_MINIMUM = 5,
    VDT_CHECK_MAXIMUM = 6,
    VDT_CHECK_STANDARD_SCORE = 7,
    VDT_CHECK_INTEGRAL = 8,
    VDT_CHECK_STEP = 9,
    VDT_CHECK_DOMAIN = 10,
    VDT_CHECK_UTF8 = 11,
    VDT_CHECK_SHORT_TEXT = 12,
    VDT_CHECK_LONG_TEXT = 13,
    VDT_CHECK_FORMAT = 14,
    VDT_CHECK_SHAPE = 15,
    VDT_CHECK_NESTEDNESS = 16,
    VDT_CHECK_FEW_VALUES = 17,
    VDT_CHECK_MANY_VALUES = 18,
    VDT_CHECK_MEMORY = 19,    ///< a tensor whose bytes cannot be read
    VDT_CHECK_PRESENCE = 20,  ///< of batches, as the next three
    VDT_CHECK_COUNT = 21,
    VDT_CHECK_UNIQUE = 22,
    VDT_CHECK_MONOTONIC = 23,
    VDT_CHECK_UNEXPECTED = 24,  ///< more than the schema knows
    VDT_CHECK_PATTERN = 25,     ///< a text in which the pattern is not found, or a refused one is
    VDT_CHECK_EXPRESSION = 26,  ///< an expression over several features that is false; its place follows the features'
    VDT_CHECK_CONTROL = 27,     ///< a refused control or bidirectional control character
    VDT_CHECK_INVISIBLE = 28,   ///< a refused joiner, variation selector, tag or other invisible character
    VDT_CHECK_CONFUSABLE = 29,  ///< a word that mixes scripts, or looks like another
    VDT_CHECK_REPETITION = 30,  ///< a text that repeats itself
    VDT_CHECK_FRESHNESS = 31    ///< a time that lies too far back, or ahead, by the caller's clock
};

/// "none", "warning", "error"; "minimum", ...; the name of the anomaly in TensorFlow Data Validation, or "", integers
/// having some of their own. "unknown" for a number that has none; static.
VDT_API const char* vdt_severity_name(vdt_severity severity) VDT_NOEXCEPT;
VDT_API const char* vdt_check_name(vdt_check check) VDT_NOEXCEPT;
VDT_API const char* vdt_check_anomaly_name(vdt_check check, int32_t is_integer) VDT_NOEXCEPT;

/// Reads the strict JSON document of a schema. `*out`: owned. Errors: INVALID_ARGUMENT with the path of the fault,
/// UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_schema_from_json(const char* json, size_t length, const vdt_allocator* allocator,
                                        vdt_schema** out, vdt_error* error) VDT_NOEXCEPT;
/// Its one canonical text: equal schemas give equal bytes. Two-call.
VDT_API vdt_status vdt_schema_to_json(const vdt_schema* schema, char* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_schema_destroy(vdt_schema* schema) VDT_NOEXCEPT;

/// Documents of other tools that schemas are read from.
typedef int32_t vdt_schema_source;
enum {
    VDT_SCHEMA_SOURCE_JSON_SCHEMA = 0,  ///< JSON Schema, draft 2020-12, of an object
    VDT_SCHEMA_SOURCE_TFDV = 1          ///< tensorflow.metadata.v0.Schema in protocol buffers' text format
};

/// Reads another tool's document as a schema; what is read, and how, the C++ header `schema_exchange.hpp` says. What
/// has no exact counterpart is told in `notes`, a JSON array of objects with effect ("annotation", "stricter" or
/// "looser"), path and what; two-call, all of buffer, capacity and length may be NULL and 0. What would make the schema
/// accept more than its source is refused, unless `allow_loss` is not 0. `*out`: owned; untouched on errors:
/// INVALID_ARGUMENT with the path of the fault, BUFFER_TOO_SMALL for the notes.
VDT_API vdt_status vdt_schema_import(vdt_schema_source source, const char* text, size_t length, int32_t allow_loss,
                                     const vdt_allocator* allocator, vdt_schema** out, char* notes,
                                     size_t notes_capacity, size_t* notes_length, vdt_error* error) VDT_NOEXCEPT;
/// Writes the features expected in `environment` (NULL with length 0: all) as a JSON Schema, draft 2020-12, of one row.
/// Text and notes (see vdt_schema_import; of the notes all may be NULL and 0) are two-call. Errors: INVALID_ARGUMENT
/// for an unknown environment and, unless `allow_loss` is not 0, for what JSON Schema cannot say; BUFFER_TOO_SMALL.
VDT_API vdt_status vdt_schema_to_json_schema(const vdt_schema* schema, const char* environment,
                                             size_t environment_length, int32_t allow_loss, char* buffer,
                                             size_t capacity, size_t* length, char* notes, size_t notes_capacity,
                                             size_t* notes_length, vdt_error* error) VDT_NOEXCEPT;

/// A new baseline, with another id, that carries this schema in place of its own: vdt_guard_check_* enforces it. The
/// features that the schema expects in `environment` (NULL with length 0: see vdt_validator_create) are the baseline's,
/// in any order; texts and bytes are categorical features, all others numeric. Everything is copied. `*out`: owned.
/// Errors: INVALID_ARGUMENT, SCHEMA_MISMATCH where it expects other features, TYPE_MISMATCH.
VDT_API vdt_status vdt_baseline_with_schema(const vdt_baseline* baseline, const vdt_schema* schema,
                                            const char* environment, size_t environment_length,
                                            const vdt_allocator* allocator, vdt_baseline** out,
                                            vdt_error* error) VDT_NOEXCEPT;
/// The canonical text of the schema that a baseline carries; empty where it has none. Two-call.
VDT_API vdt_status vdt_baseline_schema(const vdt_baseline* baseline, char* buffer, size_t capacity, size_t* length,
                                       vdt_error* error) VDT_NOEXCEPT;
/// How many requests of the window failed a check of a feature, or of expression k as feature count + k; 0 without a
/// schema. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_window_schema_failures(const vdt_window* window, size_t feature, vdt_check check, uint64_t* out,
                                              vdt_error* error) VDT_NOEXCEPT;
/// What changed between two schemas, as JSON: `compatible`, and `changes` with kind ("annotation", "loosened",
/// "warned", "breaking"), feature, field, before, after. `*compatible`, if not NULL: 1 if data that `before` accepted
/// is accepted by `after`, else 0. The text is two-call; all of buffer, capacity and length may be NULL and 0.
VDT_API vdt_status vdt_schema_diff(const vdt_schema* before, const vdt_schema* after, int32_t* compatible, char* buffer,
                                   size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;

/// Compiles the features expected in `environment`; NULL with length 0: those expected everywhere and those that name
/// environments alike. `*out`: owned; the schema need not outlive it. Errors: INVALID_ARGUMENT for an environment that
/// the schema does not know.
VDT_API vdt_status vdt_validator_create(const vdt_schema* schema, const char* environment, size_t environment_length,
                                        const vdt_allocator* allocator, vdt_validator** out,
                                        vdt_error* error) VDT_NOEXCEPT;
/// Values of a reference set of the schema. Never changes.
typedef struct vdt_reference_set {
    vdt_string name;
    const vdt_string* values;
    uint64_t count;
} vdt_reference_set;

/// What a schema is judged with, but does not say itself.
typedef struct vdt_rule_inputs {
    uint32_t struct_size;
    uint32_t reserved;
    /// Of the schema's reference sets that have no values there; what is not given is not evaluated. Copied.
    const vdt_reference_set* reference_sets;
    uint64_t reference_set_count;
    /// The clock of `freshness`: nanoseconds since 1970-01-01T00:00:00Z. NULL = it is not evaluated. Called, with
    /// `user_data`, by every judgement of a schema that asks for ages, on its thread: once per row, tensor or table.
    int64_t (*now)(void* user_data);
    void* user_data;
} vdt_rule_inputs;

VDT_API void vdt_rule_inputs_init(vdt_rule_inputs* inputs, size_t size) VDT_NOEXCEPT;
/// As vdt_validator_create, with reference sets and a clock; NULL = none. Errors: INVALID_ARGUMENT also for a set that
/// the schema does not ask for, or a larger one; OVERFLOW beyond 2^24 values or 2^30 bytes.
VDT_API vdt_status vdt_validator_create_with(const vdt_schema* schema, const char* environment,
                                             size_t environment_length, const vdt_rule_inputs* inputs,
                                             const vdt_allocator* allocator, vdt_validator** out,
                                             vdt_error* error) VDT_NOEXCEPT;
/// The same baseline (with the same id), its schema judging with these. They are not saved: a baseline that was loaded,
/// or derived from another, is given them again. `*out`: owned. Errors: INVALID_ARGUMENT without a schema, and as
/// above.
VDT_API vdt_status vdt_baseline_with_rule_inputs(const vdt_baseline* baseline, const vdt_rule_inputs* inputs,
                                                 const vdt_allocator* allocator, vdt_baseline** out,
                                                 vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_validator_destroy(vdt_validator* validator) VDT_NOEXCEPT;
/// The length of a row; 0 for NULL.
VDT_API size_t vdt_validator_feature_count(const vdt_validator* validator) VDT_NOEXCEPT;
/// `*out`: borrowed until destroy. Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_validator_feature_name(const vdt_validator* validator, size_t feature, vdt_string* out,
                                              vdt_error* error) VDT_NOEXCEPT;
/// The index of the feature of that name. Errors: SCHEMA_MISMATCH when there is none.
VDT_API vdt_status vdt_validator_find(const vdt_validator* validator, const char* name, size_t name_length,
                                      size_t* feature, vdt_error* error) VDT_NOEXCEPT;
/// The checks that the schema asks of the feature but that no row can answer, as a set. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_validator_not_evaluated(const vdt_validator* validator, size_t feature, uint32_t* checks,
                                               vdt_error* error) VDT_NOEXCEPT;
/// How grave a failed check of a feature is; VDT_SEVERITY_ERROR beyond the last feature or for NULL.
VDT_API vdt_severity vdt_validator_severity(const vdt_validator* validator, size_t feature,
                                            vdt_check check) VDT_NOEXCEPT;

/// The judgement of one row or tensor. Never changes.
typedef struct vdt_row_verdict {
    vdt_severity severity;  ///< of the gravest finding
    uint32_t failed;        ///< the set of the checks that failed, of any feature; 0: the row is valid
} vdt_row_verdict;

/// Judge one row, its values in the order of the features. `failed` may be NULL; else it gets the failed checks of
/// feature i at place i, and of the schema's expression k at place feature count + k, as far as failed_length goes. A
/// row that is too short or too long is a finding (`missing`, `unexpected`), not a failure. A null is NaN where an
/// integer or a boolean is due. Any thread; never allocate or lock, but for what a schema's patterns need: RE2's
/// automaton, shared by all threads behind a lock taken for reading, allocates the states that texts have not asked for
/// before. Errors: INVALID_ARGUMENT for NULLs and an unknown value kind.
VDT_API vdt_status vdt_validator_check_f32(const vdt_validator* validator, const float* row, size_t width,
                                           uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_check_f64(const vdt_validator* validator, const double* row, size_t width,
                                           uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_check_values(const vdt_validator* validator, const vdt_value* row, size_t width,
                                              uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                              vdt_error* error) VDT_NOEXCEPT;

/// A piece of a row: values of one type, of features that follow each other. Never changes.
typedef struct vdt_row_part {
    int32_t kind;  ///< VDT_PART_*
    uint32_t reserved;
    const void* data;  ///< `length` values
    uint64_t length;
} vdt_row_part;
enum {
    VDT_PART_F32 = 1,
    VDT_PART_F64 = 2,
    VDT_PART_I64 = 3,
    VDT_PART_STRINGS = 4,  ///< vdt_string
    VDT_PART_VALUES = 5    ///< vdt_value
};

/// The same of a row in pieces, one after the other, each of values of one type, at most 64: less to read than a row of
/// vdt_value, the same answers.
VDT_API vdt_status vdt_validator_check_parts(const vdt_validator* validator, const vdt_row_part* parts, size_t count,
                                             uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                             vdt_error* error) VDT_NOEXCEPT;
/// What the calls above found, in words: a line per failed check, with no values quoted. Two-call.
VDT_API vdt_status vdt_validator_explain(const vdt_validator* validator, const vdt_row_verdict* verdict,
                                         const uint32_t* failed, size_t failed_length, char* buffer, size_t capacity,
                                         size_t* length, vdt_error* error) VDT_NOEXCEPT;

/// What the schema's `repair` does with a value.
typedef int32_t vdt_repair;
enum {
    VDT_REPAIR_CLAMP = 0,  ///< the nearest value that may stand
    VDT_REPAIR_IMPUTE = 1  ///< the feature's replacement
};

/// One value that was changed. Never changes.
typedef struct vdt_repaired {
    uint32_t feature;
    vdt_repair how;
    uint32_t failed;  ///< the set of the checks that the value failed as it came
    uint32_t reserved;
    vdt_value before;
    vdt_value after;  ///< its text is the row's own, or lives as long as the validator
} vdt_repaired;

/// The judgement of a row that may have been changed. Never changes.
typedef struct vdt_repair_verdict {
    vdt_row_verdict before;  ///< of the row as it came
    vdt_row_verdict after;   ///< of the row as it is now
    uint64_t repaired;       ///< how many values were changed; `told` holds the first of them
} vdt_repair_verdict;

/// Judge one row as above and change its values in place, where the schema repairs what they fail and the new value
/// passes; what is not repaired stays as it came. `told` may be NULL; it gets at most `capacity` of what was changed,
/// in the order of features. `failed`: of the row as it is now. Any thread, the row being the caller's alone; as much
/// allocation and locking as above: none but for patterns. Errors: INVALID_ARGUMENT for NULLs and an unknown value
/// kind; the row is then as it was.
VDT_API vdt_status vdt_validator_repair_f32(const vdt_validator* validator, float* row, size_t width, uint32_t* failed,
                                            size_t failed_length, vdt_repaired* told, size_t capacity,
                                            vdt_repair_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_repair_f64(const vdt_validator* validator, double* row, size_t width, uint32_t* failed,
                                            size_t failed_length, vdt_repaired* told, size_t capacity,
                                            vdt_repair_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_repair_values(const vdt_validator* validator, vdt_value* row, size_t width,
                                               uint32_t* failed, size_t failed_length, vdt_repaired* told,
                                               size_t capacity, vdt_repair_verdict* verdict,
                                               vdt_error* error) VDT_NOEXCEPT;

/// A tensor as a client describes it; nothing in it is trusted.
typedef struct vdt_tensor {
    uint32_t struct_size;
    vdt_dtype dtype;
    const void* data;
    uint64_t byte_offset;    ///< from `data` to the first element
    uint64_t byte_length;    ///< from `data` on; UINT64_MAX (from the `_init`) = not known, not checked
    const int64_t* shape;    ///< `rank` dimensions; may be NULL when rank is 0, which is one element
    const int64_t* strides;  ///< in elements; NULL = compact, the last dimension fastest
    uint64_t rank;
} vdt_tensor;

VDT_API void vdt_tensor_init(vdt_tensor* tensor, size_t size) VDT_NOEXCEPT;

/// What is wrong with a tensor before any byte of it is read; 0 = nothing.
typedef int32_t vdt_tensor_fault;
enum {
    VDT_TENSOR_NO_TENSOR = 1,  ///< a NULL where the tensor, its shape or its data are due
    VDT_TENSOR_VERSION = 2,
    VDT_TENSOR_DEVICE = 3,  ///< memory that the CPU cannot read
    VDT_TENSOR_ELEMENT_TYPE = 4,
    VDT_TENSOR_RANK = 5,
    VDT_TENSOR_NEGATIVE_DIMENSION = 6,
    VDT_TENSOR_SIZE_OVERFLOW = 7,
    VDT_TENSOR_STRIDE_OVERFLOW = 8,
    VDT_TENSOR_OUT_OF_BOUNDS = 9,
    VDT_TENSOR_OVERLAP = 10,      ///< more elements than the bytes they lie in can hold
    VDT_TENSOR_BYTE_LENGTH = 11,  ///< a compact tensor of another length than its bytes
    VDT_TENSOR_MISALIGNED = 12
};

/// "none", "device", ...; "unknown" for others; static.
VDT_API const char* vdt_tensor_fault_name(vdt_tensor_fault fault) VDT_NOEXCEPT;
/// Whether shape, strides and bytes of a tensor agree; no element is touched. Errors: INVALID_ARGUMENT for a bad
/// struct_size or a NULL `fault`; a faulty tensor is no failure.
VDT_API vdt_status vdt_check_tensor(const vdt_tensor* tensor, vdt_tensor_fault* fault, vdt_error* error) VDT_NOEXCEPT;
/// The same of a `const DLTensor *` (as vdt_window_observe_dlpack; a managed one is checked by its `dl_tensor`).
VDT_API vdt_status vdt_check_dlpack(const void* tensor, vdt_tensor_fault* fault, vdt_error* error) VDT_NOEXCEPT;
/// Judges a tensor that holds values of one feature: its memory (`memory`, and if that fails nothing more), type, shape
/// and every element. Any thread; never allocate or lock; time in proportion to the bytes. Errors: INVALID_ARGUMENT for
/// NULLs or a bad struct_size.
VDT_API vdt_status vdt_validator_check_tensor(const vdt_validator* validator, size_t feature, const vdt_tensor* tensor,
                                              vdt_row_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_check_dlpack(const vdt_validator* validator, size_t feature, const void* tensor,
                                              vdt_row_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;

/// All values of one feature in a request. Never changes.
typedef struct vdt_named_tensor {
    vdt_string name;
    const vdt_tensor* tensor;  ///< of texts, only its shape counts
    const vdt_string* texts;   ///< where it holds texts: the elements, in the order of a compact tensor
    uint64_t text_count;       ///< as many as the shape says
    int32_t holds_texts;       ///< 1: of a feature of texts or bytes
    uint32_t reserved;
} vdt_named_tensor;

/// Judges a request of named tensors, in any order: each as above, and a feature without one as a row that does not
/// reach it (`missing`). A name that the schema does not know, and the second tensor of one, are `unexpected`. Texts
/// fail `memory` if there are more or fewer than their shape says. An expression is asked of each element, its tensors
/// side by side, and fails where they have different numbers of elements; a tensor that is not there, or whose memory
/// or type is faulty, is null in it. `failed` as of vdt_validator_check_values. Any thread; as much allocation and
/// locking as there. Errors: INVALID_ARGUMENT for NULLs or a bad struct_size; faulty tensors are findings.
VDT_API vdt_status vdt_validator_check_tensors(const vdt_validator* validator, const vdt_named_tensor* request,
                                               size_t count, uint32_t* failed, size_t failed_length,
                                               vdt_row_verdict* verdict, vdt_error* error) VDT_NOEXCEPT;

// ---- validation: a whole table against a schema ----

typedef struct vdt_batch_report vdt_batch_report;  ///< what a schema found in a table; immutable
typedef struct vdt_statistics vdt_statistics;      ///< statistics of tables' columns; one thread at a time

/// How much of an Arrow batch is checked before it is believed. The interface states no sizes of buffers (but for those
/// of views): that offsets, values and bitmaps are as long as lengths and offsets say is the producer's word at every
/// level, and so is that pointers point to memory. Ranges of lists, places in unions and codes of dictionaries are held
/// against the lengths that arrays state at every level.
typedef int32_t vdt_arrow_level;
enum {
    /// All else that is stated, value by value: offsets ascend, views lie in their buffers, no row is null. For batches
    /// from outside. Offsets of texts are held against each other, not against the bytes' unknown size.
    VDT_ARROW_FULL = 0,
    /// What takes no look at each value: formats, numbers of buffers and children, NULLs, lengths, releases, the first
    /// and
    /// the last offset. Believed: offsets in between, where views point. For batches of a producer that you trust to be
    /// correct, such as another library in this process.
    VDT_ARROW_MINIMAL = 1,
    /// Of the batch that it is a struct and not released. All else is believed, pointers and counts too: whatever is
    /// wrong reads memory that is not the batch's. For batches that were checked before.
    VDT_ARROW_NONE = 2
};

/// How a table is judged.
typedef struct vdt_batch_options {
    uint32_t struct_size;
    int32_t bitmaps;              ///< 1: each finding tells all its rows
    int32_t read_texts;           ///< 1: texts of numeric features stand for numbers, as in a CSV file
    uint32_t offenders;           ///< rows named by each finding, from the first; the `_init` says 5
    double confidence;            ///< of the intervals of rates; 0 = 0.95
    int32_t repair;               ///< 1: the table is judged as the schema repairs it, and what was changed is told
    vdt_arrow_level arrow_level;  ///< of Arrow batches; the `_init` says VDT_ARROW_FULL
} vdt_batch_options;

VDT_API void vdt_batch_options_init(vdt_batch_options* options, size_t size) VDT_NOEXCEPT;

/// Holds every value of the columns against the features of their names, as vdt_validator_check_values judges a row,
/// and then what only many rows can tell: presence, count, uniqueness, order, the tolerated share outside a domain. A
/// column that the schema does not know is a finding (`unexpected`). `options` NULL = defaults. `*out`: owned; it keeps
/// what it needs of the validator, and nothing of the columns but texts of repaired cells. The columns are not changed:
/// with `repair` the report is of a copy, and vdt_batch_report_repaired_cell tells what to change. Errors: as
/// vdt_window_observe_columns for malformed columns.
VDT_API vdt_status vdt_validator_check_columns(const vdt_validator* validator, const vdt_column* columns, size_t count,
                                               const vdt_batch_options* options, const vdt_allocator* allocator,
                                               vdt_batch_report** out, vdt_error* error) VDT_NOEXCEPT;
/// The same from an Arrow record batch; see vdt_baseline_create_arrow. Lists (with offsets of 32 or 64 bits, as views,
/// of a fixed size), in two levels at most, are judged, too: each of their values as a value of a row, and how many
/// there are by the feature's `valency` or `shape`. A struct in a list gives lists "outer.inner", a map "outer.key" and
/// "outer.value", a union a column for each alternative.
VDT_API vdt_status vdt_validator_check_arrow(const vdt_validator* validator, const struct ArrowSchema* schema,
                                             const struct ArrowArray* batch, const vdt_batch_options* options,
                                             const vdt_allocator* allocator, vdt_batch_report** out,
                                             vdt_error* error) VDT_NOEXCEPT;
/// The same of a matrix with a column per feature, in the order of the validator: rows in any strides, such as
/// row-major ones, and DLPack (see vdt_window_observe_dlpack). Errors: DIMENSION_MISMATCH for another number of
/// columns, else as vdt_window_observe_matrix and vdt_window_observe_dlpack.
VDT_API vdt_status vdt_validator_check_matrix(const vdt_validator* validator, const vdt_matrix* rows,
                                              const vdt_batch_options* options, const vdt_allocator* allocator,
                                              vdt_batch_report** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_check_matrix_dlpack(const vdt_validator* validator, const void* tensor,
                                                     const vdt_batch_options* options, const vdt_allocator* allocator,
                                                     vdt_batch_report** out, vdt_error* error) VDT_NOEXCEPT;
/// The same of all batches of a stream, as if they were one: read to its end, every batch released as soon as it is
/// judged. The stream stays the caller's, release included. `statistics` (may be NULL): every batch is counted, too, in
/// the same pass. Errors: IO_ERROR with the stream's own words where a callback fails, as for arrays else; then nothing
/// is given out, but what was counted before stays counted. With `repair` cells are told by their row among all, with
/// texts of their own, and the report grows with what was changed; statistics are of batches as they came.
VDT_API vdt_status vdt_validator_check_arrow_stream(const vdt_validator* validator, struct ArrowArrayStream* stream,
                                                    const vdt_batch_options* options, vdt_statistics* statistics,
                                                    const vdt_allocator* allocator, vdt_batch_report** out,
                                                    vdt_error* error) VDT_NOEXCEPT;
/// As vdt_validator_check_columns and vdt_validator_check_arrow, and the table counted into `statistics` in the same
/// pass: report and statistics are those of two calls, bit for bit; statistics are of the table as it came, whatever is
/// repaired. On errors nothing is counted.
VDT_API vdt_status vdt_validator_count_columns(const vdt_validator* validator, const vdt_column* columns, size_t count,
                                               const vdt_batch_options* options, vdt_statistics* statistics,
                                               const vdt_allocator* allocator, vdt_batch_report** out,
                                               vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_validator_count_arrow(const vdt_validator* validator, const struct ArrowSchema* schema,
                                             const struct ArrowArray* batch, const vdt_batch_options* options,
                                             vdt_statistics* statistics, const vdt_allocator* allocator,
                                             vdt_batch_report** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_batch_report_destroy(vdt_batch_report* report) VDT_NOEXCEPT;

/// The judgement of the whole.
typedef struct vdt_batch_summary {
    uint32_t struct_size;
    vdt_severity severity;  ///< of the gravest finding
    uint64_t rows;
    uint64_t failed_rows;  ///< rows with an error in a value
    uint64_t finding_count;
    uint64_t unexpected_count;         ///< columns that the schema does not know
    const uint8_t* failed_row_bitmap;  ///< as vdt_batch_finding.bitmap, of failed_rows; NULL unless asked for
    uint64_t bitmap_length;            ///< bytes
    uint64_t repair_count;             ///< see vdt_batch_report_repair; 0 unless asked for
    uint64_t repaired_cells;           ///< values that were changed, see vdt_batch_report_repaired_cell
} vdt_batch_summary;

/// One check of one feature that failed.
typedef struct vdt_batch_finding {
    uint32_t struct_size;
    vdt_check check;
    uint64_t feature;       ///< its index; the number of features for columns that the schema does not know
    vdt_severity severity;  ///< VDT_SEVERITY_NONE: within what the schema tolerates
    uint32_t reserved;
    uint64_t count;  ///< rows that failed it; of `presence` and `count`: rows without a value
    double rate_lower;
    double rate_upper;
    const uint64_t* offenders;  ///< the first of those rows, ascending
    uint64_t offender_count;
    const uint8_t* bitmap;  ///< bit i % 8 of byte i / 8: row i failed (as Arrow's); NULL unless asked for
    uint64_t bitmap_length;
} vdt_batch_finding;

/// Values of one feature that were changed in one way.
typedef struct vdt_batch_repair {
    uint32_t struct_size;
    vdt_repair how;
    uint64_t feature;
    uint32_t failed;  ///< the set of the checks that they failed as they came, all together
    uint32_t reserved;
    uint64_t count;  ///< rows
    double rate_lower;
    double rate_upper;
    const uint64_t* offenders;  ///< the first of those rows, ascending
    uint64_t offender_count;
} vdt_batch_repair;

VDT_API void vdt_batch_repair_init(vdt_batch_repair* repair, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_batch_summary_init(vdt_batch_summary* summary, size_t size) VDT_NOEXCEPT;
VDT_API void vdt_batch_finding_init(vdt_batch_finding* finding, size_t size) VDT_NOEXCEPT;
/// What they point to is borrowed until destroy. Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_batch_report_summary(const vdt_batch_report* report, vdt_batch_summary* out,
                                            vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_batch_report_finding(const vdt_batch_report* report, size_t index, vdt_batch_finding* out,
                                            vdt_error* error) VDT_NOEXCEPT;
/// What was changed, in order of features: counted, and value by value (by feature, then by row). A cell's texts live
/// as long as the columns, and the validator. Errors: INVALID_ARGUMENT for an index that is too large.
VDT_API vdt_status vdt_batch_report_repair(const vdt_batch_report* report, size_t index, vdt_batch_repair* out,
                                           vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_batch_report_repaired_cell(const vdt_batch_report* report, size_t index, uint64_t* row,
                                                  vdt_repaired* out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_batch_report_unexpected(const vdt_batch_report* report, size_t index, vdt_string* out,
                                               vdt_error* error) VDT_NOEXCEPT;
/// The checks that the schema asks of a feature but a table cannot answer, as a set. Errors: INVALID_ARGUMENT.
VDT_API vdt_status vdt_batch_report_not_evaluated(const vdt_batch_report* report, size_t feature, uint32_t* checks,
                                                  vdt_error* error) VDT_NOEXCEPT;
/// The report as text: "table", "json", "markdown", "junit" or "sarif"; title, live_name and color of the options
/// count. Two-call. Errors: UNSUPPORTED for another format of reports, INVALID_ARGUMENT for no format.
VDT_API vdt_status vdt_batch_report_render(const vdt_batch_report* report, const char* format,
                                           const vdt_render_options* options, char* buffer, size_t capacity,
                                           size_t* length, vdt_error* error) VDT_NOEXCEPT;

// ---- validation: statistics of tables, and schemas learned from tables ----

/// What is kept beside counts, extremes and moments; all by default. Statistics merge with those of the same options.
typedef struct vdt_statistics_options {
    uint32_t struct_size;
    int32_t quantiles;
    int32_t distinct;  ///< how many different values
    int32_t values;    ///< the commonest
} vdt_statistics_options;

VDT_API void vdt_statistics_options_init(vdt_statistics_options* options, size_t size) VDT_NOEXCEPT;

/// Empty ones. `options` NULL = defaults. `*out`: owned.
VDT_API vdt_status vdt_statistics_create(const vdt_statistics_options* options, const vdt_allocator* allocator,
                                         vdt_statistics** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API void vdt_statistics_destroy(vdt_statistics* statistics) VDT_NOEXCEPT;
/// Counts every row. Errors: as vdt_window_observe_columns for malformed columns; INVALID_ARGUMENT for a column of
/// texts that held numbers before, or the reverse; OVERFLOW beyond 2^61 rows. Nothing is counted then.
VDT_API vdt_status vdt_statistics_update_columns(vdt_statistics* statistics, const vdt_column* columns, size_t count,
                                                 vdt_error* error) VDT_NOEXCEPT;
/// The same from an Arrow record batch. Of lists (see vdt_validator_check_arrow) "tags" counts the values, and
/// "tags[]", of lists in lists "tags[][]" besides, how many each list holds, null where it is null.
VDT_API vdt_status vdt_statistics_update_arrow(vdt_statistics* statistics, const struct ArrowSchema* schema,
                                               const struct ArrowArray* batch, vdt_error* error) VDT_NOEXCEPT;
/// Of all batches of a stream; see vdt_validator_check_arrow_stream. On errors what came before stays counted.
VDT_API vdt_status vdt_statistics_update_arrow_stream(vdt_statistics* statistics, struct ArrowArrayStream* stream,
                                                      vdt_error* error) VDT_NOEXCEPT;
/// Adds those of other rows: any shards, merged in any order, have the bytes of the whole. Errors: INVALID_ARGUMENT for
/// other options, and as vdt_statistics_update_columns.
VDT_API vdt_status vdt_statistics_merge(vdt_statistics* statistics, const vdt_statistics* other,
                                        vdt_error* error) VDT_NOEXCEPT;
VDT_API uint64_t vdt_statistics_rows(const vdt_statistics* statistics) VDT_NOEXCEPT;
/// Canonical bytes: equal statistics give equal bytes. Two-call.
VDT_API vdt_status vdt_statistics_to_bytes(const vdt_statistics* statistics, void* buffer, size_t capacity,
                                           size_t* length, vdt_error* error) VDT_NOEXCEPT;
/// Errors: CORRUPT_DATA, UNSUPPORTED_VERSION.
VDT_API vdt_status vdt_statistics_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                             vdt_statistics** out, vdt_error* error) VDT_NOEXCEPT;
/// Counts, extremes, moments, quantiles and the `commonest` values of each column as a document. Two-call.
VDT_API vdt_status vdt_statistics_to_json(const vdt_statistics* statistics, size_t commonest, char* buffer,
                                          size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;

/// Above which value a comparator alarms; a negative limit: not judged.
typedef struct vdt_comparator_limits {
    const char* column;  ///< its name, of column_length bytes; of the options' `limits` NULL: of all other columns
    size_t column_length;
    double infinity_norm;          ///< of texts: the largest difference of two shares
    double jensen_shannon;         ///< Jensen-Shannon divergence in bits, of texts and numbers
    double normalized_difference;  ///< of texts: the largest difference of two counts, over the sum of all counts
} vdt_comparator_limits;

typedef struct vdt_statistics_compare_options {
    uint32_t struct_size;
    int32_t as_tfdv;            ///< 1: as TensorFlow Data Validation computes, its NaN and ten buckets included
    uint32_t cells;             ///< of numbers, 2 to 1024; 0 = 32
    int32_t tell_values;        ///< 1: the document tells the text that differs the most
    double minimum_rows_ratio;  ///< of live rows / reference rows; negative: none, as `_init` says
    double maximum_rows_ratio;
    const vdt_comparator_limits* limits;  ///< borrowed; NULL with limit_count 0: nothing is judged
    size_t limit_count;
} vdt_statistics_compare_options;

VDT_API void vdt_statistics_compare_options_init(vdt_statistics_compare_options* options, size_t size) VDT_NOEXCEPT;
/// Skew and drift between two tables by the comparators of TensorFlow Data Validation. `*decision`, if not NULL:
/// VDT_ALARM where a comparator is above its limit or a column with one is missing, VDT_NOT_EVALUATED where one could
/// not be judged or none has a limit. The document, JSON, is two-call; all of buffer, capacity and length may be NULL
/// and 0. `options` NULL = defaults. Errors: INVALID_ARGUMENT for limits above 1 or given twice.
VDT_API vdt_status vdt_statistics_compare(const vdt_statistics* reference, const vdt_statistics* live,
                                          const vdt_statistics_compare_options* options, vdt_decision* decision,
                                          char* buffer, size_t capacity, size_t* length, vdt_error* error) VDT_NOEXCEPT;

/// When a column is said to give the label away.
typedef struct vdt_leakage_options {
    uint32_t struct_size;
    uint32_t cells;         ///< of numbers of more different values, 2 to 4096; the `_init` says 64
    double minimum_gain;    ///< in (0, 1]; 0.9
    double confidence;      ///< of all lower bounds at once; 0.95
    uint64_t minimum_rows;  ///< with a label, at least 20; fewer are refused; 100
} vdt_leakage_options;

VDT_API void vdt_leakage_options_init(vdt_leakage_options* options, size_t size) VDT_NOEXCEPT;
/// Hints that a training table gives its label away: `label_copy`, `tells_label` (a column alone foretells the label,
/// out of fold, with a lower bound of its gain), `nulls_tell`, `duplicate`, `identifier`. The document, JSON, is
/// two-call; hint_count, and all of buffer, capacity and length, may be NULL and 0. `options` NULL = defaults. No value
/// of the data is told. Errors: INVALID_ARGUMENT for a label that is no column or has one value alone and options out
/// of range, NOT_ENOUGH_DATA, and those of malformed tables.
VDT_API vdt_status vdt_find_leakage_columns(const vdt_column* columns, size_t count, const char* label,
                                            size_t label_length, const vdt_leakage_options* options, size_t* hint_count,
                                            char* buffer, size_t capacity, size_t* length,
                                            vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_find_leakage_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                          const char* label, size_t label_length, const vdt_leakage_options* options,
                                          size_t* hint_count, char* buffer, size_t capacity, size_t* length,
                                          vdt_error* error) VDT_NOEXCEPT;

/// What rules a schema is given.
typedef struct vdt_inference_options {
    uint32_t struct_size;
    int32_t read_texts;     ///< 1: texts that all stand for numbers make a numeric feature, as in a CSV file
    uint64_t minimum_rows;  ///< fewer are refused; the `_init` says 30
    /// A rule is kept if new values that fail it are at most this share, at the confidence: 0.05 at 0.95.
    double most_refused;
    double confidence;
    double slack;  ///< bounds lie this share of the observed range outside of it: 0.1
    uint64_t most_domain_values;
} vdt_inference_options;

VDT_API void vdt_inference_options_init(vdt_inference_options* options, size_t size) VDT_NOEXCEPT;

/// Learns a schema that accepts the table; rules without enough evidence are left out. `options` NULL = defaults.
/// `*out`: owned. Errors: NOT_ENOUGH_DATA, INVALID_ARGUMENT, and those of malformed tables.
VDT_API vdt_status vdt_schema_infer_columns(const vdt_column* columns, size_t count,
                                            const vdt_inference_options* options, const vdt_allocator* allocator,
                                            vdt_schema** out, vdt_error* error) VDT_NOEXCEPT;
/// The same from an Arrow record batch; of lists, shape or valency, too.
VDT_API vdt_status vdt_schema_infer_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                          const vdt_inference_options* options, const vdt_allocator* allocator,
                                          vdt_schema** out, vdt_error* error) VDT_NOEXCEPT;
/// From statistics, such as those of many shards merged. What statistics do not tell is not learned: order, whether
/// floats are whole, and of columns of more different values than the sample holds domains, formats and uniqueness;
/// lengths are in bytes. Bounds take the extremes to be seen once, which asks for more rows, never for fewer.
VDT_API vdt_status vdt_schema_infer_statistics(const vdt_statistics* statistics, const vdt_inference_options* options,
                                               const vdt_allocator* allocator, vdt_schema** out,
                                               vdt_error* error) VDT_NOEXCEPT;
/// Loosens the schema until the table fails no check with an error, and nothing else; of Arrow also columns of lists.
/// `*out`: owned.
VDT_API vdt_status vdt_schema_relax_columns(const vdt_schema* schema, const vdt_column* columns, size_t count,
                                            const vdt_inference_options* options, const vdt_allocator* allocator,
                                            vdt_schema** out, vdt_error* error) VDT_NOEXCEPT;
VDT_API vdt_status vdt_schema_relax_arrow(const vdt_schema* schema, const struct ArrowSchema* arrow_schema,
                                          const struct ArrowArray* batch, const vdt_inference_options* options,
                                          const vdt_allocator* allocator, vdt_schema** out,
                                          vdt_error* error) VDT_NOEXCEPT;
/// Why an inferred schema has its rules, or has not, a line for each; the steps of a relaxed one; empty for any other.
/// Two-call.
VDT_API vdt_status vdt_schema_evidence(const vdt_schema* schema, char* buffer, size_t capacity, size_t* length,
                                       vdt_error* error) VDT_NOEXCEPT;

#if defined(__cplusplus)
}  // extern "C"
#endif

// NOLINTEND(modernize-*)

#endif  // VEDETTE_H
