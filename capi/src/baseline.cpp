// SPDX-License-Identifier: Apache-2.0
// Baselines and policies over the C boundary.
#include "vedette/guard/baseline.hpp"

#include "arrow.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/core/digest.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

const FeatureBaseline& feature_of(const vdt_baseline* baseline, std::size_t feature) {
    require(baseline, "baseline");
    check_feature(baseline->object, feature);
    return baseline->object.feature(feature);
}

void require_kind(const FeatureBaseline& feature, FeatureKind kind) {
    if (feature.kind != kind) {
        throw Error(ErrorCode::type_mismatch, "feature '" + feature.name + "' is " + feature_kind_name(feature.kind) +
                                                  ", not " + feature_kind_name(kind));
    }
}

std::span<const std::byte> to_span(const void* bytes, std::size_t size) {
    if (size != 0) require(bytes, "bytes");
    return {static_cast<const std::byte*>(bytes), size};
}

}  // namespace

extern "C" {

void vdt_baseline_options_init(vdt_baseline_options* options, size_t size) noexcept {
    init_struct(options, size, default_baseline_options());
}

vdt_status vdt_baseline_create(const vdt_column* columns, size_t count, const vdt_baseline_options* options,
                               const vdt_allocator* allocator, vdt_baseline** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const BorrowedTable reference = read_columns(columns, count);
        *out = make_handle<vdt_baseline>(allocator, Baseline::build(reference.table, read_baseline_options(options)));
    });
}

vdt_status vdt_baseline_create_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                     const vdt_baseline_options* options, const vdt_allocator* allocator,
                                     vdt_baseline** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const BorrowedTable reference = read_arrow(schema, batch);
        *out = make_handle<vdt_baseline>(allocator, Baseline::build(reference.table, read_baseline_options(options)));
    });
}

vdt_status vdt_baseline_load(const char* path, const vdt_allocator* allocator, vdt_baseline** out,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_baseline>(allocator, Baseline::load(path));
    });
}

vdt_status vdt_baseline_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_baseline** out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_baseline>(allocator, Baseline::from_bytes(to_span(bytes, size)));
    });
}

vdt_status vdt_baseline_save(const vdt_baseline* baseline, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(path, "path");
        baseline->object.save(path);
    });
}

vdt_status vdt_baseline_to_bytes(const vdt_baseline* baseline, void* buffer, size_t capacity, size_t* length,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        const std::vector<std::byte> bytes = baseline->object.to_bytes();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_baseline_destroy(vdt_baseline* baseline) noexcept {
    destroy_handle(baseline);
}

uint64_t vdt_baseline_rows(const vdt_baseline* baseline) noexcept {
    return baseline == nullptr ? 0 : baseline->object.rows();
}

size_t vdt_baseline_feature_count(const vdt_baseline* baseline) noexcept {
    return baseline == nullptr ? 0 : baseline->object.feature_count();
}

vdt_status vdt_baseline_id(const vdt_baseline* baseline, char* buffer, size_t capacity, size_t* length,
                           vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        copy_text(to_hex(baseline->object.id()), buffer, capacity, length);
    });
}

vdt_status vdt_baseline_name(const vdt_baseline* baseline, vdt_string* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        *out = borrow(baseline->object.name());
    });
}

vdt_status vdt_baseline_model_digest(const vdt_baseline* baseline, vdt_string* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        *out = borrow(baseline->object.model_digest());
    });
}

vdt_status vdt_baseline_feature_name(const vdt_baseline* baseline, size_t feature, vdt_string* out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = borrow(feature_of(baseline, feature).name);
    });
}

vdt_status vdt_baseline_category(const vdt_baseline* baseline, size_t feature, size_t cell, vdt_string* out,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const FeatureBaseline& known = feature_of(baseline, feature);
        require_kind(known, FeatureKind::categorical);
        if (cell >= known.categories.size()) {
            throw Error(ErrorCode::invalid_argument, "cell " + std::to_string(cell) + " is not below the " +
                                                         std::to_string(known.categories.size()) + " categories of '" +
                                                         known.name + "'");
        }
        *out = borrow(known.categories[cell]);
    });
}

vdt_status vdt_baseline_feature_kind(const vdt_baseline* baseline, size_t feature, int32_t* kind,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(kind, "kind");
        *kind = static_cast<int32_t>(feature_of(baseline, feature).kind);
    });
}

vdt_status vdt_baseline_find(const vdt_baseline* baseline, const char* name, size_t name_length, size_t* feature,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(feature, "feature");
        const std::string_view text = to_text(name, name_length, "name");
        const auto found = baseline->object.find(text);
        if (!found) {
            throw Error(ErrorCode::schema_mismatch, "the baseline has no feature '" + std::string(text) + "'");
        }
        *feature = *found;
    });
}

vdt_status vdt_baseline_category_cell(const vdt_baseline* baseline, size_t feature, const char* text,
                                      size_t text_length, size_t* cell, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(cell, "cell");
        require_kind(feature_of(baseline, feature), FeatureKind::categorical);
        *cell = baseline->object.category_cell(feature, to_text(text, text_length, "text"));
    });
}

vdt_status vdt_baseline_counts(const vdt_baseline* baseline, size_t feature, uint64_t* buffer, size_t capacity,
                               size_t* length, vdt_error* error) noexcept {
    return fence(
        error, [&] { copy_numbers<std::uint64_t>(feature_of(baseline, feature).counts(), buffer, capacity, length); });
}

vdt_status vdt_baseline_edges(const vdt_baseline* baseline, size_t feature, double* buffer, size_t capacity,
                              size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const FeatureBaseline& known = feature_of(baseline, feature);
        require_kind(known, FeatureKind::numeric);
        copy_numbers<double>(known.grid.edges, buffer, capacity, length);
    });
}

vdt_status vdt_policy_default_json(char* buffer, size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] { copy_text(Policy{}.to_json(), buffer, capacity, length); });
}

vdt_status vdt_policy_json_schema(vdt_string* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = borrow(Policy::json_schema());
    });
}

vdt_status vdt_policy_validate(const char* json, size_t length, vdt_error* error) noexcept {
    return fence(error, [&] { read_policy(json, length).validate(); });
}

}  // extern "C"
