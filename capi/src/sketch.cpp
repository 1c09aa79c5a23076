// SPDX-License-Identifier: Apache-2.0
// Quantile sketches of streams, across the C boundary.
#include <cmath>
#include <limits>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/drift/sketch_tests.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

vdt_sketch_result default_result() noexcept {
    return {sizeof(vdt_sketch_result),
            0,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            0,
            0};
}

vdt_sketch_result to_c(const drift::SketchKsResult& result) noexcept {
    return {sizeof(vdt_sketch_result),
            0,
            result.statistic,
            result.statistic_interval.lower,
            result.statistic_interval.upper,
            result.p_value,
            result.p_value_interval.lower,
            result.p_value_interval.upper,
            result.effect_interval.lower,
            result.effect_interval.upper,
            result.rank_error,
            result.sketch_error_probability,
            result.reference_count,
            result.live_count};
}

}  // namespace

extern "C" {

vdt_status vdt_sketch_create(uint32_t k, uint64_t seed, const vdt_allocator* allocator, vdt_sketch** out,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_sketch>(allocator, stats::KllSketch<double>(k == 0 ? 200 : k, seed));
    });
}

vdt_status vdt_sketch_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_sketch** out,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = make_handle<vdt_sketch>(allocator, stats::KllSketch<double>::deserialize(view));
    });
}

vdt_status vdt_sketch_to_bytes(const vdt_sketch* sketch, void* buffer, size_t capacity, size_t* length,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        const std::vector<std::byte> bytes = sketch->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_sketch_destroy(vdt_sketch* sketch) noexcept {
    destroy_handle(sketch);
}

vdt_status vdt_sketch_update(vdt_sketch* sketch, double value, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        sketch->object.update(value);
    });
}

vdt_status vdt_sketch_update_column(vdt_sketch* sketch, const vdt_column* column, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        ColumnStorage storage;
        const Column values = read_column(column, storage);
        if (!values.is_numeric()) throw Error(ErrorCode::type_mismatch, "column: categories have no order to sketch");
        constexpr std::size_t tile = 4096;
        double numbers[tile];
        for (std::size_t begin = 0; begin < values.size(); begin += tile) {
            const std::size_t count = std::min(tile, values.size() - begin);
            values.copy_as_double(begin, count, numbers);
            for (std::size_t i = 0; i < count; ++i)
                if (values.is_valid(begin + i)) sketch->object.update(numbers[i]);
        }
    });
}

vdt_status vdt_sketch_merge(vdt_sketch* sketch, const vdt_sketch* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        require(other, "other");
        sketch->object.merge(other->object);
    });
}

uint64_t vdt_sketch_count(const vdt_sketch* sketch) noexcept {
    return sketch == nullptr ? 0 : sketch->object.count();
}

vdt_status vdt_sketch_rank(const vdt_sketch* sketch, double value, double* rank, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        require(rank, "rank");
        *rank = sketch->object.rank(value);
    });
}

vdt_status vdt_sketch_quantile(const vdt_sketch* sketch, double share, double* value, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        require(value, "value");
        *value = sketch->object.quantile(share);
    });
}

vdt_status vdt_sketch_rank_error(const vdt_sketch* sketch, double confidence, double* rank_error,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sketch, "sketch");
        require(rank_error, "rank_error");
        *rank_error = sketch->object.uniform_rank_error(confidence);
    });
}

void vdt_sketch_result_init(vdt_sketch_result* result, size_t size) noexcept {
    init_struct(result, size, default_result());
}

vdt_status vdt_compare_sketches(const vdt_sketch* reference, const vdt_sketch* live, double confidence,
                                vdt_sketch_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        write_struct(out, to_c(drift::ks_two_sample(reference->object, live->object, {.confidence = confidence})),
                     "out");
    });
}

}  // extern "C"
