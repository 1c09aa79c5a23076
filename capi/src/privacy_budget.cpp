// SPDX-License-Identifier: Apache-2.0
// Filters and odometers across the C boundary.
#include <cmath>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/privacy/release.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

// A filter refuses these as it refuses what it cannot afford; a caller's mistake should have a name.
void check_loss(double loss, const char* argument) {
    if (!(loss >= 0.0)) throw Error(ErrorCode::invalid_argument, std::string(argument) + " must be at least 0");
}

}  // namespace

extern "C" {

vdt_status vdt_privacy_filter_create(double epsilon, double delta, double slack_share, const vdt_allocator* allocator,
                                     vdt_privacy_filter** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_privacy_filter>(allocator, privacy::PrivacyFilter({epsilon, delta}, slack_share));
    });
}

vdt_status vdt_privacy_filter_create_zcdp(double epsilon, double delta, const vdt_allocator* allocator,
                                          vdt_privacy_filter** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_privacy_filter>(allocator, privacy::PrivacyFilter::zcdp({epsilon, delta}));
    });
}

void vdt_privacy_filter_destroy(vdt_privacy_filter* filter) noexcept {
    destroy_handle(filter);
}

vdt_status vdt_privacy_filter_spend(vdt_privacy_filter* filter, double epsilon, double delta,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(filter, "filter");
        check_loss(epsilon, "epsilon");
        check_loss(delta, "delta");
        privacy::FilterBudget(filter->object).spend({epsilon, delta});
    });
}

vdt_status vdt_privacy_filter_spend_zcdp(vdt_privacy_filter* filter, double rho, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(filter, "filter");
        check_loss(rho, "rho");
        privacy::FilterBudget(filter->object).spend_zcdp(rho);
    });
}

vdt_status vdt_privacy_filter_state(const vdt_privacy_filter* filter, double* spent, double* limit,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(filter, "filter");
        require(spent, "spent");
        require(limit, "limit");
        *spent = filter->object.spent().value();
        *limit = filter->object.limit().value();
    });
}

vdt_status vdt_privacy_odometer_create(double delta, double first_rho, const vdt_allocator* allocator,
                                       vdt_privacy_odometer** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_privacy_odometer>(allocator, privacy::PrivacyOdometer(delta, first_rho));
    });
}

void vdt_privacy_odometer_destroy(vdt_privacy_odometer* odometer) noexcept {
    destroy_handle(odometer);
}

vdt_status vdt_privacy_odometer_spend(vdt_privacy_odometer* odometer, double epsilon, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(odometer, "odometer");
        odometer->object.spend_pure(epsilon);
    });
}

vdt_status vdt_privacy_odometer_spend_zcdp(vdt_privacy_odometer* odometer, double rho, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(odometer, "odometer");
        odometer->object.spend_zcdp(rho);
    });
}

vdt_status vdt_privacy_odometer_read(const vdt_privacy_odometer* odometer, double* epsilon, double* rho,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(odometer, "odometer");
        require(epsilon, "epsilon");
        *epsilon = odometer->object.read().epsilon;
        if (rho != nullptr) *rho = odometer->object.spent().value();
    });
}

}  // extern "C"
