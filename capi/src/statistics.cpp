// SPDX-License-Identifier: Apache-2.0
// Statistics of tables, and schemas learned from tables or from them, across the C boundary.
#include "vedette/validation/statistics.hpp"

#include <span>
#include <string>
#include <utility>

#include "arrow.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/validation/infer.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;
using validation::Inference;
using validation::InferenceOptions;
using validation::TableStatistics;

namespace {

constexpr vdt_statistics_options default_statistics() noexcept {
    return {sizeof(vdt_statistics_options), 1, 1, 1};
}

constexpr vdt_inference_options default_inference() noexcept {
    constexpr InferenceOptions defaults;
    return {sizeof(vdt_inference_options), 0,
            defaults.minimum_rows,         defaults.most_refused,
            defaults.confidence,           defaults.slack,
            defaults.most_domain_values};
}

InferenceOptions read_options(const vdt_inference_options* given) {
    const vdt_inference_options options = read_struct(given, default_inference(), "options");
    return {.minimum_rows = options.minimum_rows,
            .most_refused = options.most_refused,
            .confidence = options.confidence,
            .slack = options.slack,
            .most_domain_values = options.most_domain_values,
            .read_texts = options.read_texts != 0};
}

vdt_schema* give(const vdt_allocator* allocator, Inference inference, const InferenceOptions& options) {
    std::string evidence;
    for (const validation::FeatureEvidence& feature : inference.features) {
        for (const validation::RuleEvidence& rule : feature.rules)
            evidence += describe(feature, rule, options.most_refused) + '\n';
    }
    return make_handle<vdt_schema>(allocator, std::move(inference.schema), std::move(evidence));
}

vdt_schema* give(const vdt_allocator* allocator, validation::Relaxation relaxation) {
    std::string evidence;
    for (const validation::SchemaChange& step : relaxation.steps) evidence += describe(step) + '\n';
    return make_handle<vdt_schema>(allocator, std::move(relaxation.schema), std::move(evidence));
}

}  // namespace

extern "C" {

void vdt_statistics_options_init(vdt_statistics_options* options, size_t size) noexcept {
    init_struct(options, size, default_statistics());
}

void vdt_inference_options_init(vdt_inference_options* options, size_t size) noexcept {
    init_struct(options, size, default_inference());
}

vdt_status vdt_statistics_create(const vdt_statistics_options* options, const vdt_allocator* allocator,
                                 vdt_statistics** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const vdt_statistics_options read = read_struct(options, default_statistics(), "options");
        *out = make_handle<vdt_statistics>(allocator, TableStatistics({.quantiles = read.quantiles != 0,
                                                                       .distinct = read.distinct != 0,
                                                                       .values = read.values != 0}));
    });
}

void vdt_statistics_destroy(vdt_statistics* statistics) noexcept {
    destroy_handle(statistics);
}

vdt_status vdt_statistics_update_columns(vdt_statistics* statistics, const vdt_column* columns, size_t count,
                                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        const BorrowedTable part = read_columns(columns, count);
        statistics->object.update(part.table);
    });
}

vdt_status vdt_statistics_update_arrow(vdt_statistics* statistics, const struct ArrowSchema* schema,
                                       const struct ArrowArray* batch, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        const BorrowedTable part = read_arrow(schema, batch, NestedRead::lists);
        statistics->object.update({part.table, part.lists});
    });
}

vdt_status vdt_statistics_update_arrow_stream(vdt_statistics* statistics, struct ArrowArrayStream* stream,
                                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        read_arrow_stream(stream, [&](const validation::NestedTable& part) { statistics->object.update(part); });
    });
}

vdt_status vdt_statistics_merge(vdt_statistics* statistics, const vdt_statistics* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        require(other, "other");
        statistics->object.merge(other->object);
    });
}

uint64_t vdt_statistics_rows(const vdt_statistics* statistics) noexcept {
    return statistics == nullptr ? 0 : statistics->object.rows();
}

vdt_status vdt_statistics_to_bytes(const vdt_statistics* statistics, void* buffer, size_t capacity, size_t* length,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        const std::vector<std::byte> bytes = statistics->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

vdt_status vdt_statistics_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                     vdt_statistics** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = make_handle<vdt_statistics>(allocator, TableStatistics::deserialize(view));
    });
}

vdt_status vdt_statistics_to_json(const vdt_statistics* statistics, size_t commonest, char* buffer, size_t capacity,
                                  size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        copy_text(statistics->object.to_json(commonest), buffer, capacity, length);
    });
}

vdt_status vdt_schema_infer_columns(const vdt_column* columns, size_t count, const vdt_inference_options* options,
                                    const vdt_allocator* allocator, vdt_schema** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const InferenceOptions read = read_options(options);
        const BorrowedTable table = read_columns(columns, count);
        *out = give(allocator, infer_schema(table.table, read), read);
    });
}

vdt_status vdt_schema_infer_arrow(const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                  const vdt_inference_options* options, const vdt_allocator* allocator,
                                  vdt_schema** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const InferenceOptions read = read_options(options);
        const BorrowedTable table = read_arrow(schema, batch, NestedRead::lists);
        *out = give(allocator, infer_schema(validation::NestedTable{table.table, table.lists}, read), read);
    });
}

vdt_status vdt_schema_infer_statistics(const vdt_statistics* statistics, const vdt_inference_options* options,
                                       const vdt_allocator* allocator, vdt_schema** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(statistics, "statistics");
        require(out, "out");
        const InferenceOptions read = read_options(options);
        *out = give(allocator, infer_schema(statistics->object, read), read);
    });
}

vdt_status vdt_schema_relax_columns(const vdt_schema* schema, const vdt_column* columns, size_t count,
                                    const vdt_inference_options* options, const vdt_allocator* allocator,
                                    vdt_schema** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        require(out, "out");
        const BorrowedTable table = read_columns(columns, count);
        *out = give(allocator, relax(schema->object, table.table, read_options(options)));
    });
}

vdt_status vdt_schema_relax_arrow(const vdt_schema* schema, const struct ArrowSchema* arrow_schema,
                                  const struct ArrowArray* batch, const vdt_inference_options* options,
                                  const vdt_allocator* allocator, vdt_schema** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        require(out, "out");
        const BorrowedTable table = read_arrow(arrow_schema, batch, NestedRead::lists);
        const validation::NestedTable nested{table.table, table.lists};
        *out = give(allocator, relax(schema->object, nested, read_options(options)));
    });
}

vdt_status vdt_schema_evidence(const vdt_schema* schema, char* buffer, size_t capacity, size_t* length,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(schema, "schema");
        copy_text(schema->evidence, buffer, capacity, length);
    });
}

}  // extern "C"
