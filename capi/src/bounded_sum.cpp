// SPDX-License-Identifier: Apache-2.0
// Sums of bounded numbers under Laplace or Gaussian noise, across the C boundary.
#include "vedette/privacy/bounded_sum.hpp"

#include <variant>

#include "fence.hpp"
#include "handles.hpp"
#include "payment.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

privacy::GaussianSum gaussian_sum(const privacy::Bounds& bounds, privacy::Neighbouring neighbouring, double epsilon,
                                  double delta, double rho) {
    if (rho == 0.0) return {bounds, neighbouring, privacy::Epsilon(epsilon), privacy::Delta(delta)};
    if (epsilon != 0.0 || delta != 0.0)
        throw Error(ErrorCode::invalid_argument, "rho is in place of epsilon and delta: leave those 0");
    return {bounds, neighbouring, privacy::Rho(rho)};
}

}  // namespace

extern "C" {

vdt_status vdt_sum_laplace_create(double lower, double upper, double epsilon, int32_t replace_one,
                                  const vdt_allocator* allocator, vdt_sum_mechanism** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_sum_mechanism>(
            allocator, privacy::LaplaceSum({lower, upper}, read_neighbouring(replace_one, "replace_one"),
                                           privacy::Epsilon(epsilon)));
    });
}

vdt_status vdt_sum_gaussian_create(double lower, double upper, double epsilon, double delta, double rho,
                                   int32_t replace_one, const vdt_allocator* allocator, vdt_sum_mechanism** out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_sum_mechanism>(
            allocator,
            gaussian_sum({lower, upper}, read_neighbouring(replace_one, "replace_one"), epsilon, delta, rho));
    });
}

void vdt_sum_mechanism_destroy(vdt_sum_mechanism* mechanism) noexcept {
    destroy_handle(mechanism);
}

vdt_status vdt_sum_mechanism_noise(const vdt_sum_mechanism* mechanism, double* scale, double* rho,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(scale, "scale");
        const auto* const gaussian = std::get_if<privacy::GaussianSum>(&mechanism->object);
        *scale = gaussian != nullptr ? gaussian->sigma() : std::get<privacy::LaplaceSum>(mechanism->object).scale();
        if (rho != nullptr) *rho = gaussian != nullptr ? gaussian->rho() : 0.0;
    });
}

vdt_status vdt_bounded_sum_create(const vdt_sum_mechanism* mechanism, const vdt_allocator* allocator,
                                  vdt_bounded_sum** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(out, "out");
        *out = make_handle<vdt_bounded_sum>(allocator,
                                            std::visit([](const auto& law) { return law.sum(); }, mechanism->object));
    });
}

void vdt_bounded_sum_destroy(vdt_bounded_sum* sum) noexcept {
    destroy_handle(sum);
}

vdt_status vdt_bounded_sum_add(vdt_bounded_sum* sum, const double* values, size_t count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sum, "sum");
        sum->object.add(to_span(values, count, "values"));
    });
}

vdt_status vdt_bounded_sum_merge(vdt_bounded_sum* sum, const vdt_bounded_sum* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sum, "sum");
        require(other, "other");
        sum->object.merge(other->object);
    });
}

vdt_status vdt_sum_release(const vdt_sum_mechanism* mechanism, const vdt_bounded_sum* sum, double* out,
                           vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(sum, "sum");
        require(out, "out");
        *out = std::visit([&](const auto& law) { return law.release(sum->object); }, mechanism->object);
    });
}

vdt_status vdt_sum_release_values(const vdt_sum_mechanism* mechanism, const double* values, size_t count, double* out,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mechanism, "mechanism");
        require(out, "out");
        const std::span<const double> span = to_span(values, count, "values");
        *out = std::visit([&](const auto& law) { return law.release(span); }, mechanism->object);
    });
}

}  // extern "C"
