// SPDX-License-Identifier: Apache-2.0
// Tables held against a schema, across the C boundary.
#include "vedette/validation/batch.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "arrow.hpp"
#include "dlpack.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "rendering.hpp"
#include "structs.hpp"
#include "values.hpp"
#include "vedette/guard/render_batch.hpp"
#include "vedette/validation/batch_repair.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;
using validation::BatchFinding;
using validation::BatchOptions;
using validation::BatchReport;

namespace {

constexpr vdt_batch_options default_options() noexcept {
    return {sizeof(vdt_batch_options), 0, 0, 5, 0.95, 0, 0};
}

BatchOptions read_options(const vdt_batch_options* given) {
    const vdt_batch_options options = read_struct(given, default_options(), "options");
    return {.offenders = options.offenders,
            .bitmaps = options.bitmaps != 0,
            .read_texts = options.read_texts != 0,
            .confidence = options.confidence == 0.0 ? 0.95 : options.confidence};
}

bool asks_repair(const vdt_batch_options* given) {
    return read_struct(given, default_options(), "options").repair != 0;
}

ArrowLevel read_level(const vdt_batch_options* given) {
    const vdt_arrow_level level = read_struct(given, default_options(), "options").arrow_level;
    if (level < VDT_ARROW_FULL || level > VDT_ARROW_NONE)
        throw Error(ErrorCode::invalid_argument, "options.arrow_level " + std::to_string(level) + " is no level");
    return static_cast<ArrowLevel>(level);
}

// `statistics` may be null.
vdt_batch_report* judge(const vdt_validator* validator, const BorrowedTable& live, const vdt_batch_options* options,
                        vdt_statistics* statistics, const vdt_allocator* allocator) {
    const BatchOptions read = read_options(options);
    const validation::NestedTable table{live.table, live.lists};
    // First the handle: where its memory is refused, nothing may have been counted.
    auto* const made = make_handle<vdt_batch_report>(allocator, validator->object, BatchReport());
    try {
        if (asks_repair(options)) {
            const validation::TableRepair repair(validator->object, table, read);
            made->object = repair.report();
            made->cells.assign(repair.cells().begin(), repair.cells().end());
            // Last, so that nothing is counted where something throws.
            if (statistics != nullptr) statistics->object.update(table);
        } else {
            made->object = statistics == nullptr ? validate_batch(validator->object, table, read)
                                                 : validate_batch(validator->object, table, statistics->object, read);
        }
    } catch (...) {
        destroy_handle(made);
        throw;
    }
    return made;
}

// Changes of a batch whose first row is that of all, with copies of their texts.
void keep_cells(std::span<const validation::CellRepair> done, std::uint64_t first,
                std::vector<validation::CellRepair>& cells, std::deque<std::string>& texts) {
    const auto keep = [&](Value& value) {
        if (value.kind == Value::Kind::text) value.text = texts.emplace_back(value.text);
    };
    for (validation::CellRepair cell : done) {
        cell.row += first;
        keep(cell.done.before);
        keep(cell.done.after);
        cells.push_back(cell);
    }
}

// A column per feature, in place.
BorrowedTable table_of(const vdt_validator* validator, const StridedMatrix& matrix) {
    const validation::Validator& rules = validator->object;
    if (matrix.columns != rules.feature_count())
        throw Error(ErrorCode::dimension_mismatch, "the matrix has " + std::to_string(matrix.columns) +
                                                       " columns, the schema " + std::to_string(rules.feature_count()) +
                                                       " features");
    std::vector<NamedColumn> columns;
    for (std::size_t j = 0; j < matrix.columns; ++j) {
        const auto* const data = static_cast<const std::byte*>(matrix.data);
        const auto offset = static_cast<std::ptrdiff_t>(j) * static_cast<std::ptrdiff_t>(matrix.column_stride);
        columns.push_back(
            {rules.feature(j).name, Column::numeric(matrix.dtype, matrix.rows == 0 ? data : data + offset, matrix.rows,
                                                    static_cast<std::ptrdiff_t>(matrix.row_stride))});
    }
    BorrowedTable result;
    result.table = Table(std::move(columns));
    return result;
}

// What there is at a place of a list of the report.
template <class T>
const T& at(const std::vector<T>& list, std::size_t index, const char* what) {
    if (index < list.size()) return list[index];
    throw Error(ErrorCode::invalid_argument,
                std::string(what) + ": " + std::to_string(index) + " is not below " + std::to_string(list.size()));
}

template <class T>
const T* borrow_list(const std::vector<T>& list) noexcept {
    return list.empty() ? nullptr : list.data();
}

}  // namespace

extern "C" {

void vdt_batch_options_init(vdt_batch_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_batch_summary_init(vdt_batch_summary* summary, size_t size) noexcept {
    init_struct(summary, size, vdt_batch_summary{});
}

void vdt_batch_repair_init(vdt_batch_repair* repair, size_t size) noexcept {
    init_struct(repair, size, vdt_batch_repair{});
}

void vdt_batch_finding_init(vdt_batch_finding* finding, size_t size) noexcept {
    init_struct(finding, size, vdt_batch_finding{});
}

vdt_status vdt_validator_check_columns(const vdt_validator* validator, const vdt_column* columns, size_t count,
                                       const vdt_batch_options* options, const vdt_allocator* allocator,
                                       vdt_batch_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(out, "out");
        const BorrowedTable live = read_columns(columns, count);
        *out = judge(validator, live, options, nullptr, allocator);
    });
}

vdt_status vdt_validator_check_arrow(const vdt_validator* validator, const struct ArrowSchema* schema,
                                     const struct ArrowArray* batch, const vdt_batch_options* options,
                                     const vdt_allocator* allocator, vdt_batch_report** out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(out, "out");
        const BorrowedTable live = read_arrow(schema, batch, NestedRead::lists, read_level(options));
        *out = judge(validator, live, options, nullptr, allocator);
    });
}

vdt_status vdt_validator_check_matrix(const vdt_validator* validator, const vdt_matrix* rows,
                                      const vdt_batch_options* options, const vdt_allocator* allocator,
                                      vdt_batch_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(out, "out");
        *out = judge(validator, table_of(validator, read_matrix(rows)), options, nullptr, allocator);
    });
}

vdt_status vdt_validator_check_matrix_dlpack(const vdt_validator* validator, const void* tensor,
                                             const vdt_batch_options* options, const vdt_allocator* allocator,
                                             vdt_batch_report** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(out, "out");
        *out = judge(validator, table_of(validator, read_dlpack(tensor)), options, nullptr, allocator);
    });
}

vdt_status vdt_validator_count_columns(const vdt_validator* validator, const vdt_column* columns, size_t count,
                                       const vdt_batch_options* options, vdt_statistics* statistics,
                                       const vdt_allocator* allocator, vdt_batch_report** out,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(statistics, "statistics");
        require(out, "out");
        const BorrowedTable live = read_columns(columns, count);
        *out = judge(validator, live, options, statistics, allocator);
    });
}

vdt_status vdt_validator_count_arrow(const vdt_validator* validator, const struct ArrowSchema* schema,
                                     const struct ArrowArray* batch, const vdt_batch_options* options,
                                     vdt_statistics* statistics, const vdt_allocator* allocator, vdt_batch_report** out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(statistics, "statistics");
        require(out, "out");
        const BorrowedTable live = read_arrow(schema, batch, NestedRead::lists, read_level(options));
        *out = judge(validator, live, options, statistics, allocator);
    });
}

vdt_status vdt_validator_check_arrow_stream(const vdt_validator* validator, struct ArrowArrayStream* stream,
                                            const vdt_batch_options* options, vdt_statistics* statistics,
                                            const vdt_allocator* allocator, vdt_batch_report** out,
                                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(out, "out");
        const bool repairs = asks_repair(options);
        validation::BatchStream judged(validator->object, read_options(options));
        std::vector<validation::CellRepair> cells;
        std::deque<std::string> texts;
        read_arrow_stream(
            stream,
            [&](const validation::NestedTable& part) {
                if (repairs) {
                    const std::uint64_t first = judged.rows();
                    keep_cells(judged.repair(part).cells(), first, cells, texts);
                    if (statistics != nullptr) statistics->object.update(part);
                } else {
                    statistics == nullptr ? judged.add(part) : judged.add(part, statistics->object);
                }
            },
            read_level(options));
        // By feature, then by row, as of one table.
        std::stable_sort(cells.begin(), cells.end(),
                         [](const auto& a, const auto& b) { return a.done.feature < b.done.feature; });
        auto* const made = make_handle<vdt_batch_report>(allocator, validator->object, judged.finish());
        made->cells = std::move(cells);
        made->texts = std::move(texts);
        *out = made;
    });
}

void vdt_batch_report_destroy(vdt_batch_report* report) noexcept {
    destroy_handle(report);
}

vdt_status vdt_batch_report_summary(const vdt_batch_report* report, vdt_batch_summary* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const BatchReport& object = report->object;
        write_struct(out,
                     vdt_batch_summary{sizeof(vdt_batch_summary), static_cast<vdt_severity>(object.severity),
                                       object.rows, object.failed_rows, object.findings.size(),
                                       object.unexpected.size(), borrow_list(object.failed_row_bitmap),
                                       object.failed_row_bitmap.size(), object.repairs.size(), report->cells.size()},
                     "out");
    });
}

vdt_status vdt_batch_report_finding(const vdt_batch_report* report, size_t index, vdt_batch_finding* out,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const BatchFinding& finding = at(report->object.findings, index, "index");
        write_struct(out,
                     vdt_batch_finding{sizeof(vdt_batch_finding), static_cast<vdt_check>(finding.check),
                                       finding.feature, static_cast<vdt_severity>(finding.severity), 0, finding.count,
                                       finding.rate.lower, finding.rate.upper, borrow_list(finding.offenders),
                                       finding.offenders.size(), borrow_list(finding.bitmap), finding.bitmap.size()},
                     "out");
    });
}

vdt_status vdt_batch_report_repair(const vdt_batch_report* report, size_t index, vdt_batch_repair* out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const validation::BatchRepair& repair = at(report->object.repairs, index, "index");
        write_struct(out,
                     vdt_batch_repair{sizeof(vdt_batch_repair), static_cast<vdt_repair>(repair.how), repair.feature,
                                      repair.failed, 0, repair.count, repair.rate.lower, repair.rate.upper,
                                      borrow_list(repair.offenders), repair.offenders.size()},
                     "out");
    });
}

vdt_status vdt_batch_report_repaired_cell(const vdt_batch_report* report, size_t index, uint64_t* row,
                                          vdt_repaired* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(row, "row");
        require(out, "out");
        const validation::CellRepair& cell = at(report->cells, index, "index");
        *row = cell.row;
        *out = write_repaired(cell.done);
    });
}

vdt_status vdt_batch_report_unexpected(const vdt_batch_report* report, size_t index, vdt_string* out,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(out, "out");
        *out = borrow(at(report->object.unexpected, index, "index"));
    });
}

vdt_status vdt_batch_report_not_evaluated(const vdt_batch_report* report, size_t feature, uint32_t* checks,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(checks, "checks");
        *checks = at(report->object.not_evaluated, feature, "feature");
    });
}

vdt_status vdt_batch_report_render(const vdt_batch_report* report, const char* format,
                                   const vdt_render_options* options, char* buffer, size_t capacity, size_t* length,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const Rendering rendering = read_rendering(format, options);
        copy_text(render(rendering.format, report->rules, report->object, rendering.options), buffer, capacity, length);
    });
}

}  // extern "C"
