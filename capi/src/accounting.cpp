// SPDX-License-Identifier: Apache-2.0
// Privacy accounting across the C boundary.
#include "vedette/privacy/accounting.hpp"

#include <span>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/privacy/dp_sgd.hpp"

using namespace vedette;
using namespace vedette::capi;
using privacy::PrivacyLossDistribution;

namespace {

void refuse_unless(bool fits, const char* message) {
    if (!fits) throw Error(ErrorCode::invalid_argument, message);
}

PrivacyLossDistribution loss_of(vdt_loss_kind kind, double noise, std::uint32_t whole, double second) {
    switch (kind) {
        case VDT_LOSS_GAUSSIAN:
        case VDT_LOSS_LAPLACE:
            refuse_unless(whole == 0, "whole must be 0 for this kind");
            return kind == VDT_LOSS_GAUSSIAN ? PrivacyLossDistribution::gaussian({noise, second})
                                             : PrivacyLossDistribution::laplace({noise, second});
        case VDT_LOSS_DISCRETE_GAUSSIAN: return PrivacyLossDistribution::discrete_gaussian(noise, whole, second);
        case VDT_LOSS_DISCRETE_LAPLACE: return PrivacyLossDistribution::discrete_laplace(noise, whole, second);
        case VDT_LOSS_RANDOMIZED_RESPONSE:
            refuse_unless(second == 1.0, "second must be 1 for this kind");
            return PrivacyLossDistribution::randomized_response(noise, whole);
        case VDT_LOSS_APPROXIMATE:
            refuse_unless(whole == 0, "whole must be 0 for this kind");
            return PrivacyLossDistribution::approximate(noise, second);
        default: throw Error(ErrorCode::invalid_argument, "kind is no kind of loss");
    }
}

privacy::PrivacyLossOptions options_of(double allowed) {
    privacy::PrivacyLossOptions options;
    if (allowed != 0.0) options.error = allowed;
    return options;
}

void write_interval(const Interval& interval, double* lower, double* upper) {
    if (lower != nullptr) *lower = interval.lower;
    *upper = interval.upper;
}

double convert(vdt_conversion conversion, double first, double second) {
    const bool is_single = conversion == VDT_ZCDP_OF_PURE || conversion == VDT_ZCDP_OF_GAUSSIAN;
    refuse_unless(!is_single || second == 0.0, "second must be 0 for this conversion");
    switch (conversion) {
        case VDT_GAUSSIAN_SIGMA: return privacy::gaussian_sigma({first, second});
        case VDT_GAUSSIAN_EPSILON: return privacy::gaussian_epsilon(first, second);
        case VDT_GAUSSIAN_DELTA: return privacy::gaussian_delta(first, second);
        case VDT_ZCDP_OF_PURE: return privacy::zcdp_of_pure(first);
        case VDT_ZCDP_OF_GAUSSIAN: return privacy::zcdp_of_gaussian(first);
        case VDT_ZCDP_EPSILON: return privacy::zcdp_epsilon(first, second);
        case VDT_ZCDP_DELTA: return privacy::zcdp_delta(first, second);
        default: throw Error(ErrorCode::invalid_argument, "conversion is none of these");
    }
}

}  // namespace

extern "C" {

vdt_status vdt_privacy_loss_create(const vdt_allocator* allocator, vdt_privacy_loss** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_privacy_loss>(allocator, PrivacyLossDistribution());
    });
}

void vdt_privacy_loss_destroy(vdt_privacy_loss* loss) noexcept {
    destroy_handle(loss);
}

vdt_status vdt_privacy_loss_add(vdt_privacy_loss* loss, vdt_loss_kind kind, double noise, uint32_t whole, double second,
                                uint64_t times, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        loss->object = loss->object.compose(loss_of(kind, noise, whole, second).compose(times));
    });
}

vdt_status vdt_privacy_loss_compose(vdt_privacy_loss* loss, const vdt_privacy_loss* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        require(other, "other");
        loss->object = loss->object.compose(other->object);
    });
}

vdt_status vdt_privacy_loss_epsilon(const vdt_privacy_loss* loss, double delta, double allowed, double* lower,
                                    double* upper, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        require(upper, "upper");
        write_interval(loss->object.epsilon(delta, options_of(allowed)), lower, upper);
    });
}

vdt_status vdt_privacy_loss_delta(const vdt_privacy_loss* loss, double epsilon, double allowed, double* lower,
                                  double* upper, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        require(upper, "upper");
        write_interval(loss->object.delta(epsilon, options_of(allowed)), lower, upper);
    });
}

vdt_status vdt_renyi_create(const double* orders, size_t count, const vdt_allocator* allocator, vdt_renyi** out,
                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (count != 0) require(orders, "orders");
        *out = make_handle<vdt_renyi>(allocator, privacy::RenyiAccountant(std::span(orders, count)));
    });
}

void vdt_renyi_destroy(vdt_renyi* accountant) noexcept {
    destroy_handle(accountant);
}

vdt_status vdt_renyi_add_gaussian(vdt_renyi* accountant, double noise_multiplier, double sampling_rate, uint64_t steps,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        accountant->object.add_gaussian(noise_multiplier, sampling_rate, steps);
    });
}

vdt_status vdt_renyi_add_pure(vdt_renyi* accountant, double epsilon, uint64_t times, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        accountant->object.add_pure(epsilon, times);
    });
}

vdt_status vdt_renyi_add_zcdp(vdt_renyi* accountant, double rho, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        accountant->object.add_zcdp(rho);
    });
}

vdt_status vdt_renyi_epsilon(const vdt_renyi* accountant, double delta, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        require(out, "out");
        *out = accountant->object.epsilon(delta);
    });
}

vdt_status vdt_renyi_delta(const vdt_renyi* accountant, double epsilon, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        require(out, "out");
        *out = accountant->object.delta(epsilon);
    });
}

vdt_status vdt_privacy_convert(vdt_conversion conversion, double first, double second, double* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = convert(conversion, first, second);
    });
}

vdt_status vdt_privacy_compose(double epsilon, double delta, uint64_t times, double total_delta, double* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = privacy::optimal_composition({epsilon, delta}, times, total_delta);
    });
}

vdt_status vdt_calibrate_noise(double epsilon, double delta, double sampling_rate, uint64_t steps, double* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        privacy::NoiseTarget target;
        target.guarantee = {epsilon, delta};
        target.sampling_rate = sampling_rate;
        target.steps = steps;
        *out = privacy::calibrate_noise(target);
    });
}

}  // extern "C"
