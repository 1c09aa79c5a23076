// SPDX-License-Identifier: Apache-2.0
// Schemas across the C boundary: the document, and the difference of two.
#include "fence.hpp"
#include "handles.hpp"
#include "rule_inputs.hpp"
#include "structs.hpp"
#include "vedette/validation/check.hpp"
#include "vedette/validation/schema_diff.hpp"
#include "vedette/validation/schema_exchange.hpp"

using namespace vedette;
using namespace vedette::capi;

extern "C" {

const char* vdt_severity_name(vdt_severity severity) noexcept {
    if (severity < VDT_SEVERITY_NONE || severity > VDT_SEVERITY_ERROR) return "unknown";
    return validation::severity_name(static_cast<validation::Severity>(severity));
}

const char* vdt_check_name(vdt_check check) noexcept {
    if (check < 0 || check > VDT_CHECK_FRESHNESS) return "unknown";
    return validation::check_name(static_cast<validation::Check>(check));
}

const char* vdt_check_anomaly_name(vdt_check check, int32_t is_integer) noexcept {
    if (check < 0 || check > VDT_CHECK_FRESHNESS) return "unknown";
    return validation::anomaly_name(static_cast<validation::Check>(check), is_integer != 0);
}

vdt_status vdt_schema_from_json(const char* json, size_t length, const vdt_allocator* allocator, vdt_schema** out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_schema>(allocator, validation::Schema::from_json(to_text(json, length, "json")));
    });
}

vdt_status vdt_schema_to_json(const vdt_schema* schema, char* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        copy_text(schema->object.to_json(), buffer, capacity, length);
    });
}

void vdt_schema_destroy(vdt_schema* schema) noexcept {
    destroy_handle(schema);
}

vdt_status vdt_schema_import(vdt_schema_source source, const char* text, size_t length, int32_t allow_loss,
                             const vdt_allocator* allocator, vdt_schema** out, char* notes, size_t notes_capacity,
                             size_t* notes_length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const std::string_view document = to_text(text, length, "text");
        const validation::ExchangeOptions options{allow_loss != 0};
        validation::ImportedSchema imported;
        if (source == VDT_SCHEMA_SOURCE_JSON_SCHEMA) {
            imported = validation::import_json_schema(document, options);
        } else if (source == VDT_SCHEMA_SOURCE_TFDV) {
            imported = validation::import_tfdv_schema(document, options);
        } else {
            throw Error(ErrorCode::invalid_argument, "source: " + std::to_string(source) + " is none");
        }
        if (notes != nullptr || notes_length != nullptr)
            copy_text(to_json(imported.notes), notes, notes_capacity, notes_length);
        *out = make_handle<vdt_schema>(allocator, std::move(imported.schema));
    });
}

vdt_status vdt_schema_to_json_schema(const vdt_schema* schema, const char* environment, size_t environment_length,
                                     int32_t allow_loss, char* buffer, size_t capacity, size_t* length, char* notes,
                                     size_t notes_capacity, size_t* notes_length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        const validation::ExportedSchema exported = validation::export_json_schema(
            schema->object, to_text(environment, environment_length, "environment"), {allow_loss != 0});
        if (notes != nullptr || notes_length != nullptr)
            copy_text(to_json(exported.notes), notes, notes_capacity, notes_length);
        copy_text(exported.text, buffer, capacity, length);
    });
}

vdt_status vdt_baseline_with_schema(const vdt_baseline* baseline, const vdt_schema* schema, const char* environment,
                                    size_t environment_length, const vdt_allocator* allocator, vdt_baseline** out,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(schema, "schema");
        require(out, "out");
        *out = make_handle<vdt_baseline>(
            allocator, baseline->object.with_schema(
                           {schema->object, std::string(to_text(environment, environment_length, "environment"))}));
    });
}

vdt_status vdt_baseline_with_rule_inputs(const vdt_baseline* baseline, const vdt_rule_inputs* inputs,
                                         const vdt_allocator* allocator, vdt_baseline** out,
                                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        *out = make_handle<vdt_baseline>(allocator, baseline->object.with_rule_inputs(read_rule_inputs(inputs)));
    });
}

vdt_status vdt_baseline_schema(const vdt_baseline* baseline, char* buffer, size_t capacity, size_t* length,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        const BaselineSchema* const rules = baseline->object.schema();
        copy_text(rules == nullptr ? std::string() : rules->schema.to_json(), buffer, capacity, length);
    });
}

vdt_status vdt_window_schema_failures(const vdt_window* window, size_t feature, vdt_check check, uint64_t* out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(out, "out");
        const validation::Validator* const rules = window->object.baseline().validator();
        const std::size_t expressions = rules == nullptr ? 0 : rules->expression_count();
        if (feature >= window->object.baseline().feature_count() + expressions)
            throw Error(ErrorCode::invalid_argument, "feature: " + std::to_string(feature) + " is too large");
        if (check < 0 || check >= static_cast<vdt_check>(validation::check_count))
            throw Error(ErrorCode::invalid_argument, "check: " + std::to_string(check) + " is no check");
        *out = window->object.schema_failures(feature, static_cast<validation::Check>(check));
    });
}

vdt_status vdt_schema_diff(const vdt_schema* before, const vdt_schema* after, int32_t* compatible, char* buffer,
                           size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(before, "before");
        require(after, "after");
        const std::vector<validation::SchemaChange> changes = validation::diff(before->object, after->object);
        if (buffer != nullptr || length != nullptr) copy_text(to_json(changes), buffer, capacity, length);
        if (compatible != nullptr) *compatible = validation::is_compatible(changes) ? 1 : 0;
    });
}

}  // extern "C"
