// SPDX-License-Identifier: Apache-2.0
// Hints of leakage, across the C boundary.
#include "vedette/validation/leakage.hpp"

#include "arrow.hpp"
#include "fence.hpp"
#include "structs.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr vdt_leakage_options default_options() noexcept {
    const validation::LeakageOptions known;
    return {sizeof(vdt_leakage_options), known.cells, known.minimum_gain, known.confidence, known.minimum_rows};
}

void find(const Table& table, const char* label, std::size_t label_length, const vdt_leakage_options* options,
          std::size_t* hint_count, char* buffer, std::size_t capacity, std::size_t* length) {
    const vdt_leakage_options read = read_struct(options, default_options(), "options");
    validation::LeakageOptions rules;
    rules.cells = read.cells;
    rules.minimum_gain = read.minimum_gain;
    rules.confidence = read.confidence;
    rules.minimum_rows = read.minimum_rows;
    const validation::LeakageReport report =
        validation::find_leakage(table, to_text(label, label_length, "label"), rules);
    if (buffer != nullptr || length != nullptr) copy_text(to_json(report), buffer, capacity, length);
    if (hint_count != nullptr) *hint_count = report.hints.size();
}

}  // namespace

extern "C" {

void vdt_leakage_options_init(vdt_leakage_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_find_leakage_columns(const vdt_column* columns, size_t count, const char* label, size_t label_length,
                                    const vdt_leakage_options* options, size_t* hint_count, char* buffer,
                                    size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const BorrowedTable table = read_columns(columns, count);
        find(table.table, label, label_length, options, hint_count, buffer, capacity, length);
    });
}

vdt_status vdt_find_leakage_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch, const char* label,
                                  size_t label_length, const vdt_leakage_options* options, size_t* hint_count,
                                  char* buffer, size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const BorrowedTable table = read_arrow(schema, batch);
        find(table.table, label, label_length, options, hint_count, buffer, capacity, length);
    });
}

}  // extern "C"
