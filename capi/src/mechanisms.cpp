// SPDX-License-Identifier: Apache-2.0
// Samplers, noise on vectors, private choices and the sparse vector technique, across the C boundary.
#include <algorithm>
#include <array>
#include <span>
#include <type_traits>
#include <utility>

#include "fence.hpp"
#include "handles.hpp"
#include "payment.hpp"
#include "structs.hpp"
#include "vedette/privacy/report_noisy_max.hpp"
#include "vedette/privacy/selection.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using Sampler = decltype(vdt_noise::object);

Sampler sampler_of(vdt_noise_kind kind, double parameter, uint64_t whole) {
    const bool needs_whole = kind == VDT_NOISE_STAIRCASE || kind == VDT_NOISE_UNIFORM;
    if (!needs_whole && whole != 0) throw Error(ErrorCode::invalid_argument, "whole must be 0 for this kind");
    switch (kind) {
        case VDT_NOISE_DISCRETE_LAPLACE: return privacy::DiscreteLaplace(parameter);
        case VDT_NOISE_DISCRETE_GAUSSIAN: return privacy::DiscreteGaussian(parameter);
        case VDT_NOISE_GEOMETRIC: return privacy::Geometric(parameter);
        case VDT_NOISE_STAIRCASE:
            return privacy::Staircase(privacy::WholeSensitivity(whole), privacy::Epsilon(parameter));
        case VDT_NOISE_BERNOULLI: return privacy::Bernoulli(parameter);
        case VDT_NOISE_EXPONENTIAL_BERNOULLI: return privacy::ExponentialBernoulli(parameter);
        case VDT_NOISE_UNIFORM:
            if (parameter != 0.0) throw Error(ErrorCode::invalid_argument, "parameter must be 0 for this kind");
            if (whole > uint64_t{1} << 63U) throw Error(ErrorCode::invalid_argument, "whole is above 2^63");
            return privacy::UniformInteger(whole);
        default: throw Error(ErrorCode::invalid_argument, "kind is no kind of noise");
    }
}

// Coins and unsigned integers go through a small buffer of their own type.
template <class T, class Law>
void sample_through(const Law& law, std::span<int64_t> out) {
    std::array<T, 1024> part;
    for (std::size_t begin = 0; begin < out.size(); begin += part.size()) {
        const std::span<T> drawn(part.data(), std::min(part.size(), out.size() - begin));
        law.sample(drawn);
        std::transform(drawn.begin(), drawn.end(), out.begin() + static_cast<std::ptrdiff_t>(begin),
                       [](T x) { return static_cast<int64_t>(x); });
    }
    std::fill(part.begin(), part.end(), T{});
}

void sample_from(const Sampler& sampler, std::span<int64_t> out) {
    std::visit(
        [&](const auto& law) {
            using Law = std::decay_t<decltype(law)>;
            if constexpr (std::is_same_v<Law, privacy::UniformInteger>) {
                sample_through<uint64_t>(law, out);
            } else if constexpr (std::is_same_v<Law, privacy::Bernoulli> ||
                                 std::is_same_v<Law, privacy::ExponentialBernoulli>) {
                sample_through<uint8_t>(law, out);
            } else {
                law.sample(out);
            }
        },
        sampler);
}

template <class T>
vdt_status add_record(vdt_vector_sum* sum, const vdt_vector_mechanism* mechanism, const T* record, size_t count,
                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sum, "sum");
        require(mechanism, "mechanism");
        mechanism->release().add(to_span(record, count, "record"), sum->object);
    });
}

template <class T>
vdt_status release_sum(const vdt_vector_mechanism* mechanism, const vdt_vector_sum* sum, T* out, size_t count,
                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(sum, "sum");
        mechanism->release().release(sum->object, to_span(out, count, "out"));
    });
}

template <class T>
vdt_status noise_record(const vdt_vector_mechanism* mechanism, T* record, size_t count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        const std::span<T> values = to_span(record, count, "record");
        mechanism->release().release(std::span<const T>(values), values);
    });
}

std::size_t choose(vdt_selection_kind kind, double epsilon, uint64_t sensitivity, int32_t one_sided, int64_t lower,
                   int64_t upper, std::span<const int64_t> utilities) {
    const privacy::StepSensitivity steps(sensitivity);
    const privacy::Epsilon loss(epsilon);
    const auto change =
        read_flag(one_sided, "one_sided") ? privacy::UtilityChange::one_sided : privacy::UtilityChange::any;
    switch (kind) {
        case VDT_SELECT_EXPONENTIAL:
            return privacy::ExponentialMechanism({lower, upper}, steps, loss).choose(utilities);
        case VDT_SELECT_PERMUTE_AND_FLIP: return privacy::PermuteAndFlip({lower, upper}, steps, loss).choose(utilities);
        case VDT_SELECT_NOISY_MAX:
            return privacy::ReportNoisyMax(steps, loss, change, privacy::NoisyMaxNoise::geometric).choose(utilities);
        case VDT_SELECT_NOISY_MAX_LAPLACE:
            return privacy::ReportNoisyMax(steps, loss, change, privacy::NoisyMaxNoise::laplace).choose(utilities);
        default: throw Error(ErrorCode::invalid_argument, "kind is no kind of selection");
    }
}

}  // namespace

extern "C" {

vdt_status vdt_noise_create(vdt_noise_kind kind, double parameter, uint64_t whole, const vdt_allocator* allocator,
                            vdt_noise** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_noise>(allocator, sampler_of(kind, parameter, whole));
    });
}

void vdt_noise_destroy(vdt_noise* noise) noexcept {
    destroy_handle(noise);
}

vdt_status vdt_noise_sample(const vdt_noise* noise, int64_t* out, size_t count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(noise, "noise");
        const std::span<int64_t> values = to_span(out, count, "out");
        try {
            sample_from(noise->object, values);
        } catch (...) {
            std::fill(values.begin(), values.end(), 0);
            throw;
        }
    });
}

vdt_status vdt_vector_gaussian_create(size_t dimension, double clip, double noise, int32_t replace_one,
                                      const vdt_allocator* allocator, vdt_vector_mechanism** out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_vector_mechanism>(
            allocator,
            privacy::GaussianVectorSum(dimension, privacy::L2Norm(clip), read_neighbouring(replace_one, "replace_one"),
                                       privacy::NoiseMultiplier(noise)));
    });
}

vdt_status vdt_vector_laplace_create(size_t dimension, double clip, double noise, int32_t replace_one,
                                     const vdt_allocator* allocator, vdt_vector_mechanism** out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_vector_mechanism>(
            allocator,
            privacy::LaplaceVectorSum(dimension, privacy::L1Norm(clip), read_neighbouring(replace_one, "replace_one"),
                                      privacy::Epsilon(noise)));
    });
}

void vdt_vector_mechanism_destroy(vdt_vector_mechanism* mechanism) noexcept {
    destroy_handle(mechanism);
}

vdt_status vdt_vector_sum_create(const vdt_vector_mechanism* mechanism, const vdt_allocator* allocator,
                                 vdt_vector_sum** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(out, "out");
        *out = make_handle<vdt_vector_sum>(allocator, mechanism->release().sum());
    });
}

void vdt_vector_sum_destroy(vdt_vector_sum* sum) noexcept {
    destroy_handle(sum);
}

vdt_status vdt_vector_sum_add_f32(vdt_vector_sum* sum, const vdt_vector_mechanism* mechanism, const float* record,
                                  size_t count, vdt_error* error) noexcept {
    return add_record(sum, mechanism, record, count, error);
}

vdt_status vdt_vector_sum_add_f64(vdt_vector_sum* sum, const vdt_vector_mechanism* mechanism, const double* record,
                                  size_t count, vdt_error* error) noexcept {
    return add_record(sum, mechanism, record, count, error);
}

vdt_status vdt_vector_sum_merge(vdt_vector_sum* sum, const vdt_vector_sum* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sum, "sum");
        require(other, "other");
        sum->object.merge(other->object);
    });
}

vdt_status vdt_vector_release_f32(const vdt_vector_mechanism* mechanism, const vdt_vector_sum* sum, float* out,
                                  size_t count, vdt_error* error) noexcept {
    return release_sum(mechanism, sum, out, count, error);
}

vdt_status vdt_vector_release_f64(const vdt_vector_mechanism* mechanism, const vdt_vector_sum* sum, double* out,
                                  size_t count, vdt_error* error) noexcept {
    return release_sum(mechanism, sum, out, count, error);
}

vdt_status vdt_vector_noise_f32(const vdt_vector_mechanism* mechanism, float* record, size_t count,
                                vdt_error* error) noexcept {
    return noise_record(mechanism, record, count, error);
}

vdt_status vdt_vector_noise_f64(const vdt_vector_mechanism* mechanism, double* record, size_t count,
                                vdt_error* error) noexcept {
    return noise_record(mechanism, record, count, error);
}

vdt_status vdt_select(vdt_selection_kind kind, double epsilon, uint64_t sensitivity, int32_t one_sided, int64_t lower,
                      int64_t upper, const int64_t* utilities, size_t count, size_t* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = choose(kind, epsilon, sensitivity, one_sided, lower, upper, to_span(utilities, count, "utilities"));
    });
}

vdt_status vdt_above_threshold_create(int64_t threshold, uint64_t sensitivity, double epsilon, uint64_t positives,
                                      const vdt_allocator* allocator, vdt_above_threshold** out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_above_threshold>(
            allocator, privacy::AboveThreshold(threshold, privacy::StepSensitivity(sensitivity),
                                               privacy::Epsilon(epsilon), positives));
    });
}

void vdt_above_threshold_destroy(vdt_above_threshold* queries) noexcept {
    destroy_handle(queries);
}

vdt_status vdt_above_threshold_query(vdt_above_threshold* queries, int64_t value, int32_t* above, uint64_t* left,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(queries, "queries");
        require(above, "above");
        *above = queries->object.query(value) ? 1 : 0;
        if (left != nullptr) *left = queries->object.left();
    });
}

}  // extern "C"
