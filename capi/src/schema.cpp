// SPDX-License-Identifier: Apache-2.0
// Schemas across the C boundary: the document, and the difference of two.
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/validation/check.hpp"
#include "vedette/validation/schema_diff.hpp"

using namespace vedette;
using namespace vedette::capi;

extern "C" {

const char* vdt_severity_name(vdt_severity severity) noexcept {
    if (severity < VDT_SEVERITY_NONE || severity > VDT_SEVERITY_ERROR) return "unknown";
    return validation::severity_name(static_cast<validation::Severity>(severity));
}

const char* vdt_check_name(vdt_check check) noexcept {
    if (check < 0 || check > VDT_CHECK_UNEXPECTED) return "unknown";
    return validation::check_name(static_cast<validation::Check>(check));
}

const char* vdt_check_anomaly_name(vdt_check check, int32_t is_integer) noexcept {
    if (check < 0 || check > VDT_CHECK_UNEXPECTED) return "unknown";
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
