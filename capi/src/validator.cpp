// SPDX-License-Identifier: Apache-2.0
// Validators across the C boundary: rows and tensors held against a schema.
#include "vedette/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "fence.hpp"
#include "handles.hpp"
#include "rule_inputs.hpp"
#include "structs.hpp"
#include "values.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;
using validation::CheckSet;
using validation::RowVerdict;
using validation::TensorFault;
using validation::TensorView;
using validation::Validator;

namespace {

// The validator, in which `feature` is known to be an index.
const Validator& known(const vdt_validator* validator, std::size_t feature) {
    require(validator, "validator");
    if (feature >= validator->object.feature_count()) {
        throw Error(ErrorCode::invalid_argument, "feature " + std::to_string(feature) + " is not below the " +
                                                     std::to_string(validator->object.feature_count()) +
                                                     " of the schema");
    }
    return validator->object;
}

constexpr vdt_tensor default_tensor() noexcept {
    return {sizeof(vdt_tensor), 0, nullptr, 0, UINT64_MAX, nullptr, nullptr, 0};
}

void write_verdict(const RowVerdict& verdict, vdt_row_verdict* out) noexcept {
    *out = {static_cast<vdt_severity>(verdict.severity), verdict.failed};
}

// Null when a row may be judged, else what is wrong with the arguments.
const char* complaint(const vdt_validator* validator, const void* row, std::size_t width, const std::uint32_t* failed,
                      std::size_t failed_length, const vdt_row_verdict* verdict) noexcept {
    if (validator == nullptr) return "validator is NULL";
    if (row == nullptr && width != 0) return "row is NULL";
    if (failed == nullptr && failed_length != 0) return "failed is NULL, and failed_length is not 0";
    if (verdict == nullptr) return "verdict is NULL";
    return nullptr;
}

template <class T>
vdt_status check_numbers(const vdt_validator* validator, const T* row, std::size_t width, std::uint32_t* failed,
                         std::size_t failed_length, vdt_row_verdict* verdict, vdt_error* error) noexcept {
    if (const char* const message = complaint(validator, row, width, failed, failed_length, verdict)) {
        return fail(error, VDT_INVALID_ARGUMENT, message);
    }
    write_verdict(validator->object.validate(std::span(row, width), std::span(failed, failed_length)), verdict);
    return VDT_OK;
}

// A caller's values, known to be readable.
void read_row(const void* row, std::size_t first, std::span<Value> values) noexcept {
    const vdt_value* const given = static_cast<const vdt_value*>(row) + first;
    for (std::size_t i = 0; i < values.size(); ++i) (void)read_value(given[i], values[i]);
}

// Value by value, each told in the caller's own layout. `repair(i, done)`: whether value i was changed.
template <class Judge, class RepairOne>
void repair_each(const Validator& validator, std::size_t width, vdt_repaired* told, std::size_t capacity,
                 vdt_repair_verdict& verdict, Judge&& judge, RepairOne&& repair) noexcept {
    write_verdict(judge(), &verdict.before);
    verdict.after = verdict.before;
    verdict.repaired = 0;
    if (verdict.before.failed == 0) return;
    const std::size_t count = std::min(width, validator.feature_count());
    for (std::size_t i = 0; i < count; ++i) {
        validation::Repaired done;
        if (!repair(i, done)) continue;
        if (verdict.repaired < capacity) told[verdict.repaired] = write_repaired(done);
        ++verdict.repaired;
    }
    if (verdict.repaired != 0) write_verdict(judge(), &verdict.after);
}

template <class T>
vdt_status repair_numbers(const vdt_validator* validator, T* row, std::size_t width, std::uint32_t* failed,
                          std::size_t failed_length, vdt_repaired* told, std::size_t capacity,
                          vdt_repair_verdict* verdict, vdt_error* error) noexcept {
    const vdt_row_verdict* const any = verdict == nullptr ? nullptr : &verdict->before;
    if (const char* const message = complaint(validator, row, width, failed, failed_length, any))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    if (told == nullptr && capacity != 0)
        return fail(error, VDT_INVALID_ARGUMENT, "told is NULL, and capacity is not 0");
    const Validator& rules = validator->object;
    repair_each(
        rules, width, told, capacity, *verdict,
        [&] { return rules.validate(std::span<const T>(row, width), std::span(failed, failed_length)); },
        [&](std::size_t i, validation::Repaired& done) { return rules.repair_value(i, row[i], done); });
    return VDT_OK;
}

// As read_dlpack of DLPack tensors, but of any rank, and never a failure: no exception, since this is the request path.
TensorFault read_tensor(const vdt_tensor& given, TensorView& view) noexcept {
    if (given.dtype < VDT_F32 || given.dtype > VDT_BF16) return TensorFault::element_type;
    if (given.rank > validation::most_dimensions) return TensorFault::rank;
    if (given.rank != 0 && given.shape == nullptr) return TensorFault::no_tensor;
    view.dtype = static_cast<Dtype>(given.dtype);
    view.data = given.data;
    view.byte_offset = given.byte_offset;
    view.shape = {given.shape, static_cast<std::size_t>(given.rank)};
    if (given.strides != nullptr) view.strides = {given.strides, static_cast<std::size_t>(given.rank)};
    if (given.byte_length != UINT64_MAX) view.byte_length = given.byte_length;
    return TensorFault::none;
}

TensorFault read_tensor(const void* given, TensorView& view) noexcept {
    return validation::read_tensor(static_cast<const dlpack::Tensor*>(given), view);
}

// Texts that are known to be readable.
void read_texts(const void* texts, std::size_t first, std::span<Value> values) noexcept {
    const vdt_string* const given = static_cast<const vdt_string*>(texts) + first;
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = Value(std::string_view(given[i].data == nullptr ? "" : given[i].data, given[i].length));
}

bool are_readable(const vdt_string* texts, std::uint64_t count) noexcept {
    return count == 0 || (texts != nullptr && std::all_of(texts, texts + count, [](const vdt_string& text) {
                              return text.data != nullptr || text.length == 0;
                          }));
}

// A tensor whose struct is known to be readable; one whose fields make no sense gets a type that fails its check.
validation::NamedTensor read_named(const void* request, std::size_t place) noexcept {
    const vdt_named_tensor& given = static_cast<const vdt_named_tensor*>(request)[place];
    validation::NamedTensor named{{given.name.data == nullptr ? "" : given.name.data, given.name.length}, {}, {}};
    vdt_tensor whole = default_tensor();
    // As read_struct, which has checked it.
    std::memcpy(&whole, given.tensor, std::min<std::size_t>(given.tensor->struct_size, sizeof whole));
    if (given.holds_texts != 0) {
        named.texts = validation::RowPart(&read_texts, given.texts, given.text_count);
        if (whole.rank <= validation::most_dimensions && (whole.rank == 0 || whole.shape != nullptr)) {
            named.tensor.shape = {whole.shape, static_cast<std::size_t>(whole.rank)};
            return named;
        }
    } else if (read_tensor(whole, named.tensor) == TensorFault::none) {
        return named;
    }
    named.texts.reset();
    named.tensor = {};
    named.tensor.dtype = Dtype{};
    return named;
}

// Null: a piece of a kind that is not known, or of values that cannot be read, of which `looked_at` are asked for.
std::optional<validation::RowPart> read_part(const vdt_row_part& part, std::size_t looked_at) noexcept {
    const std::size_t length = part.length, asked = std::min(length, looked_at);
    if (part.data == nullptr && length != 0) return std::nullopt;
    switch (part.kind) {
        case VDT_PART_F32: return std::span(static_cast<const float*>(part.data), length);
        case VDT_PART_F64: return std::span(static_cast<const double*>(part.data), length);
        case VDT_PART_I64: return std::span(static_cast<const std::int64_t*>(part.data), length);
        case VDT_PART_STRINGS:
            if (!are_readable(static_cast<const vdt_string*>(part.data), asked)) return std::nullopt;
            return validation::RowPart(&read_texts, part.data, length);
        case VDT_PART_VALUES: {
            const std::span values(static_cast<const vdt_value*>(part.data), asked);
            if (!std::all_of(values.begin(), values.end(), [](const vdt_value& v) { return is_readable(v); }))
                return std::nullopt;
            return validation::RowPart(&read_row, part.data, length);
        }
        default: return std::nullopt;
    }
}

template <class Tensor>
TensorFault find_fault(const Tensor& given) noexcept {
    TensorView view;
    const TensorFault fault = read_tensor(given, view);
    return fault != TensorFault::none ? fault : validation::check_tensor(view).fault;
}

template <class Tensor>
vdt_status check_tensor(const vdt_validator* validator, std::size_t feature, const Tensor& given,
                        vdt_row_verdict* verdict, vdt_error* error) noexcept {
    if (validator == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "validator is NULL");
    if (verdict == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "verdict is NULL");
    TensorView view;
    const bool is_readable = read_tensor(given, view) == TensorFault::none;
    write_verdict(is_readable ? validator->object.validate(feature, view)
                              : RowVerdict{validation::Severity::error, set_of(validation::Check::memory)},
                  verdict);
    return VDT_OK;
}

}  // namespace

extern "C" {

vdt_status vdt_validator_create(const vdt_schema* schema, const char* environment, size_t environment_length,
                                const vdt_allocator* allocator, vdt_validator** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        require(out, "out");
        const std::string_view name = to_text(environment, environment_length, "environment");
        *out = make_handle<vdt_validator>(allocator, Validator(schema->object, name));
    });
}

vdt_status vdt_validator_create_with(const vdt_schema* schema, const char* environment, size_t environment_length,
                                     const vdt_rule_inputs* inputs, const vdt_allocator* allocator, vdt_validator** out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        require(out, "out");
        const std::string_view name = to_text(environment, environment_length, "environment");
        *out = make_handle<vdt_validator>(allocator, Validator(schema->object, name, read_rule_inputs(inputs)));
    });
}

void vdt_validator_destroy(vdt_validator* validator) noexcept {
    destroy_handle(validator);
}

size_t vdt_validator_feature_count(const vdt_validator* validator) noexcept {
    return validator == nullptr ? 0 : validator->object.feature_count();
}

vdt_status vdt_validator_feature_name(const vdt_validator* validator, size_t feature, vdt_string* out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = borrow(known(validator, feature).feature(feature).name);
    });
}

vdt_status vdt_validator_find(const vdt_validator* validator, const char* name, size_t name_length, size_t* feature,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(feature, "feature");
        const std::string_view text = to_text(name, name_length, "name");
        const std::optional<std::size_t> found = validator->object.find(text);
        if (!found) {
            throw Error(ErrorCode::schema_mismatch, "the schema has no feature \"" + std::string(text) + '"');
        }
        *feature = *found;
    });
}

vdt_status vdt_validator_not_evaluated(const vdt_validator* validator, size_t feature, uint32_t* checks,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(checks, "checks");
        *checks = known(validator, feature).not_evaluated(feature);
    });
}

vdt_severity vdt_validator_severity(const vdt_validator* validator, size_t feature, vdt_check check) noexcept {
    if (validator == nullptr) return VDT_SEVERITY_ERROR;
    if (check < 0 || check > VDT_CHECK_FRESHNESS) return VDT_SEVERITY_NONE;
    return static_cast<vdt_severity>(validator->object.severity(feature, static_cast<validation::Check>(check)));
}

vdt_status vdt_validator_check_f32(const vdt_validator* validator, const float* row, size_t width, uint32_t* failed,
                                   size_t failed_length, vdt_row_verdict* verdict, vdt_error* error) noexcept {
    return check_numbers(validator, row, width, failed, failed_length, verdict, error);
}

vdt_status vdt_validator_check_f64(const vdt_validator* validator, const double* row, size_t width, uint32_t* failed,
                                   size_t failed_length, vdt_row_verdict* verdict, vdt_error* error) noexcept {
    return check_numbers(validator, row, width, failed, failed_length, verdict, error);
}

vdt_status vdt_validator_check_values(const vdt_validator* validator, const vdt_value* row, size_t width,
                                      uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                      vdt_error* error) noexcept {
    if (const char* const message = complaint(validator, row, width, failed, failed_length, verdict)) {
        return fail(error, VDT_INVALID_ARGUMENT, message);
    }
    // All is read before anything is written; values beyond the last feature are not looked at.
    const std::size_t count = std::min(width, validator->object.feature_count());
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_readable(row[i])) return fail_values(error);
    }
    write_verdict(validator->object.validate(&read_row, row, width, std::span(failed, failed_length)), verdict);
    return VDT_OK;
}

vdt_status vdt_validator_check_parts(const vdt_validator* validator, const vdt_row_part* parts, size_t count,
                                     uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                     vdt_error* error) noexcept {
    if (const char* const message = complaint(validator, parts, count, failed, failed_length, verdict))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    constexpr std::size_t most = 64;
    if (count > most) return fail(error, VDT_INVALID_ARGUMENT, "a row of more than 64 parts");
    std::array<validation::RowPart, most> row;
    std::size_t left = validator->object.feature_count();
    for (std::size_t i = 0; i < count; ++i) {
        const std::optional<validation::RowPart> part = read_part(parts[i], left);
        if (!part) return fail(error, VDT_INVALID_ARGUMENT, "a part of a row whose kind or values cannot be read");
        left -= std::min(left, part->size());
        row[i] = *part;
    }
    write_verdict(validator->object.validate(std::span<const validation::RowPart>(row.data(), count),
                                             std::span(failed, failed_length)),
                  verdict);
    return VDT_OK;
}

vdt_status vdt_validator_check_tensors(const vdt_validator* validator, const vdt_named_tensor* request, size_t count,
                                       uint32_t* failed, size_t failed_length, vdt_row_verdict* verdict,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        if (const char* const message = complaint(validator, request, count, failed, failed_length, verdict))
            throw Error(ErrorCode::invalid_argument, message);
        for (std::size_t i = 0; i < count; ++i) {
            require(request[i].tensor, "tensor");
            (void)read_struct(request[i].tensor, default_tensor(), "tensor");
            if (!are_readable(&request[i].name, 1) ||
                (request[i].holds_texts != 0 && !are_readable(request[i].texts, request[i].text_count)))
                throw Error(ErrorCode::invalid_argument, "a name or a text is NULL");
        }
        write_verdict(validator->object.validate(&read_named, request, count, std::span(failed, failed_length)),
                      verdict);
    });
}

vdt_status vdt_validator_repair_f32(const vdt_validator* validator, float* row, size_t width, uint32_t* failed,
                                    size_t failed_length, vdt_repaired* told, size_t capacity,
                                    vdt_repair_verdict* verdict, vdt_error* error) noexcept {
    return repair_numbers(validator, row, width, failed, failed_length, told, capacity, verdict, error);
}

vdt_status vdt_validator_repair_f64(const vdt_validator* validator, double* row, size_t width, uint32_t* failed,
                                    size_t failed_length, vdt_repaired* told, size_t capacity,
                                    vdt_repair_verdict* verdict, vdt_error* error) noexcept {
    return repair_numbers(validator, row, width, failed, failed_length, told, capacity, verdict, error);
}

vdt_status vdt_validator_repair_values(const vdt_validator* validator, vdt_value* row, size_t width, uint32_t* failed,
                                       size_t failed_length, vdt_repaired* told, size_t capacity,
                                       vdt_repair_verdict* verdict, vdt_error* error) noexcept {
    const vdt_row_verdict* const any = verdict == nullptr ? nullptr : &verdict->before;
    if (const char* const message = complaint(validator, row, width, failed, failed_length, any))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    if (told == nullptr && capacity != 0)
        return fail(error, VDT_INVALID_ARGUMENT, "told is NULL, and capacity is not 0");
    const Validator& rules = validator->object;
    const std::size_t count = std::min(width, rules.feature_count());
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_readable(row[i])) return fail_values(error);
    }
    repair_each(
        rules, width, told, capacity, *verdict,
        [&] { return rules.validate(&read_row, row, width, std::span(failed, failed_length)); },
        [&](std::size_t i, validation::Repaired& done) {
            Value value;
            (void)read_value(row[i], value);
            if (!rules.repair_value(i, value, done)) return false;
            row[i] = write_value(value);
            return true;
        });
    return VDT_OK;
}

vdt_status vdt_validator_explain(const vdt_validator* validator, const vdt_row_verdict* verdict, const uint32_t* failed,
                                 size_t failed_length, char* buffer, size_t capacity, size_t* length,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(validator, "validator");
        require(verdict, "verdict");
        if (failed_length != 0) require(failed, "failed");
        const std::span<const CheckSet> sets(failed, failed_length);
        const Validator& rules = validator->object;
        const RowVerdict judged{static_cast<validation::Severity>(verdict->severity), verdict->failed};
        std::vector<validation::RowFinding> findings(rules.list(judged, sets, {}));
        (void)rules.list(judged, sets, findings);
        std::string text;
        for (const validation::RowFinding& finding : findings) text += describe(rules, finding) + '\n';
        copy_text(text, buffer, capacity, length);
    });
}

void vdt_tensor_init(vdt_tensor* tensor, size_t size) noexcept {
    init_struct(tensor, size, default_tensor());
}

const char* vdt_tensor_fault_name(vdt_tensor_fault fault) noexcept {
    if (fault < 0 || fault > VDT_TENSOR_MISALIGNED) return "unknown";
    return validation::tensor_fault_name(static_cast<TensorFault>(fault));
}

vdt_status vdt_check_tensor(const vdt_tensor* tensor, vdt_tensor_fault* fault, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(tensor, "tensor");
        require(fault, "fault");
        *fault = static_cast<vdt_tensor_fault>(find_fault(read_struct(tensor, default_tensor(), "tensor")));
    });
}

vdt_status vdt_check_dlpack(const void* tensor, vdt_tensor_fault* fault, vdt_error* error) noexcept {
    if (fault == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "fault is NULL");
    *fault = static_cast<vdt_tensor_fault>(find_fault(tensor));
    return VDT_OK;
}

vdt_status vdt_validator_check_tensor(const vdt_validator* validator, size_t feature, const vdt_tensor* tensor,
                                      vdt_row_verdict* verdict, vdt_error* error) noexcept {
    if (tensor == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "tensor is NULL");
    if (tensor->struct_size == sizeof(vdt_tensor)) return check_tensor(validator, feature, *tensor, verdict, error);
    vdt_tensor whole{};
    const vdt_status status = fence(error, [&] { whole = read_struct(tensor, default_tensor(), "tensor"); });
    return status != VDT_OK ? status : check_tensor(validator, feature, whole, verdict, error);
}

vdt_status vdt_validator_check_dlpack(const vdt_validator* validator, size_t feature, const void* tensor,
                                      vdt_row_verdict* verdict, vdt_error* error) noexcept {
    return check_tensor(validator, feature, tensor, verdict, error);
}

}  // extern "C"
