// SPDX-License-Identifier: Apache-2.0
// Privacy accounting across the C boundary.
#include "vedette/privacy/accounting.hpp"

#include <algorithm>
#include <span>
#include <vector>

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

privacy::Neighbouring neighbouring_of(vdt_loss_kind kind) noexcept {
    const bool replaces = kind == VDT_LOSS_REPLACED_GAUSSIAN || kind == VDT_LOSS_REPLACED_LAPLACE;
    return replaces ? privacy::Neighbouring::replace_one : privacy::Neighbouring::add_remove;
}

PrivacyLossDistribution loss_of(vdt_loss_kind kind, double noise, std::uint32_t whole, double second) {
    switch (kind) {
        case VDT_LOSS_GAUSSIAN:
        case VDT_LOSS_REPLACED_GAUSSIAN:
            refuse_unless(whole == 0, "whole must be 0 for this kind");
            return PrivacyLossDistribution::gaussian({noise, second, neighbouring_of(kind)});
        case VDT_LOSS_LAPLACE:
        case VDT_LOSS_REPLACED_LAPLACE:
            refuse_unless(whole == 0, "whole must be 0 for this kind");
            return PrivacyLossDistribution::laplace({noise, second, neighbouring_of(kind)});
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

privacy::RenyiSeries series_of(vdt_renyi_series series) {
    refuse_unless(series == VDT_RENYI_EXACT || series == VDT_RENYI_ABSOLUTE, "series is none of these");
    return static_cast<privacy::RenyiSeries>(series);
}

std::span<const double> numbers(const double* values, size_t count, const char* name) {
    if (count != 0) require(values, name);
    return {values, count};
}

privacy::LossInterval answer_of(const PrivacyLossDistribution& loss, vdt_loss_question question, double at,
                                const privacy::PrivacyLossOptions& options) {
    switch (question) {
        case VDT_ASK_EPSILON: return loss.epsilon(at, options);
        case VDT_ASK_DELTA: return loss.delta(at, options);
        case VDT_ASK_LOG_DELTA: return loss.log_delta(at, options);
        case VDT_ASK_TRUE_POSITIVE_RATE: return loss.true_positive_rate(at, options);
        default: throw Error(ErrorCode::invalid_argument, "question is none of these");
    }
}

// Where the noise of a kind is looked for: what its constructor takes.
privacy::NoiseSearch search_of(vdt_loss_kind kind, std::uint32_t whole) {
    privacy::NoiseSearch search;
    if (kind == VDT_LOSS_DISCRETE_GAUSSIAN) {
        search.least = std::max(0.05, whole / 13.0 * (1.0 + 1e-12));
        search.most = 1e4;
    } else if (kind == VDT_LOSS_DISCRETE_LAPLACE) {
        search.least = std::max(0.01, whole / 500.0 * (1.0 + 1e-12));
        search.most = 1e4;
    } else if (kind == VDT_LOSS_RANDOMIZED_RESPONSE || kind == VDT_LOSS_APPROXIMATE) {
        search.least = 1.0 / 499.0;  // of 1 over the epsilon
    } else if (kind == VDT_LOSS_REPLACED_GAUSSIAN || kind == VDT_LOSS_REPLACED_LAPLACE) {
        search.least = 0.1;
    }
    return search;
}

void write_interval(const Interval& interval, double* lower, double* upper) {
    if (lower != nullptr) *lower = interval.lower;
    *upper = interval.upper;
}

double convert(vdt_conversion conversion, double first, double second) {
    const auto gdp_sigma = [first] {
        refuse_unless(first > 0.0, "mu must be above 0 for this conversion");
        return 1.0 / first * (1.0 - 0x1p-52);
    };
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
        case VDT_GAUSSIAN_LOG_DELTA: return privacy::gaussian_log_delta(first, second);
        case VDT_RENYI_OF_PURE: return privacy::renyi_of_pure(first, second);
        case VDT_RENYI_OF_ZCDP: return privacy::renyi_of_zcdp(first, second);
        case VDT_GDP_EPSILON: return privacy::gaussian_epsilon(gdp_sigma(), second);
        case VDT_GDP_DELTA: return privacy::gaussian_delta(gdp_sigma(), second);
        case VDT_GDP_MU: return 1.0 / privacy::gaussian_sigma({first, second}) * (1.0 - 0x1p-52);
        case VDT_GDP_TYPE_II_ERROR: return privacy::gdp_type_two_error(first, second);
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

vdt_status vdt_privacy_loss_add_either(vdt_privacy_loss* loss, const vdt_privacy_loss* first,
                                       const vdt_privacy_loss* second, double probability, uint64_t times,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        require(first, "first");
        require(second, "second");
        const auto one = PrivacyLossDistribution::either(first->object, second->object, probability);
        loss->object = loss->object.compose(one.compose(times));
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

vdt_status vdt_privacy_loss_add_mixture(vdt_privacy_loss* loss, double noise, const double* shifts,
                                        const double* probabilities, size_t count, uint64_t times,
                                        vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        const std::span<const double> places = numbers(shifts, count, "shifts");
        const std::span<const double> weights = numbers(probabilities, count, "probabilities");
        const privacy::GaussianMixture mixture{noise, {places.begin(), places.end()}, {weights.begin(), weights.end()}};
        loss->object = loss->object.compose(PrivacyLossDistribution::gaussian_mixture(mixture).compose(times));
    });
}

vdt_status vdt_privacy_loss_add_atoms(vdt_privacy_loss* loss, const double* losses, const double* probabilities,
                                      size_t count, double infinite, uint64_t times, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        const std::span<const double> places = numbers(losses, count, "losses");
        const std::span<const double> weights = numbers(probabilities, count, "probabilities");
        std::vector<privacy::LossAtom> atoms;
        atoms.reserve(count);
        for (std::size_t i = 0; i < count; ++i) atoms.push_back({places[i], weights[i]});
        loss->object = loss->object.compose(PrivacyLossDistribution::from_atoms(atoms, infinite).compose(times));
    });
}

vdt_status vdt_privacy_loss_ask(const vdt_privacy_loss* loss, vdt_loss_question question, double at, double allowed,
                                uint32_t max_cells, double* lower, double* upper, int32_t* width_reached,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(loss, "loss");
        require(upper, "upper");
        privacy::PrivacyLossOptions options = options_of(allowed);
        if (max_cells != 0) options.max_cells = max_cells;
        const privacy::LossInterval answer = answer_of(loss->object, question, at, options);
        write_interval(answer, lower, upper);
        if (width_reached != nullptr) *width_reached = answer.width_reached ? 1 : 0;
    });
}

vdt_status vdt_privacy_loss_calibrate(const vdt_privacy_loss* others, vdt_loss_kind kind, uint32_t whole, double second,
                                      uint64_t times, double epsilon, double delta, double precision, double* out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        privacy::NoiseSearch search = search_of(kind, whole);
        if (precision != 0.0) search.precision = precision;
        const bool by_epsilon = kind == VDT_LOSS_RANDOMIZED_RESPONSE || kind == VDT_LOSS_APPROXIMATE;
        const PrivacyLossDistribution rest = others == nullptr ? PrivacyLossDistribution() : others->object;
        const double noise = privacy::calibrate_noise(
            {epsilon, delta},
            [&](double value) {
                return rest.compose(loss_of(kind, by_epsilon ? 1.0 / value : value, whole, second).compose(times));
            },
            search);
        *out = by_epsilon ? 1.0 / noise : noise;
    });
}

vdt_status vdt_renyi_create(const double* orders, size_t count, const vdt_allocator* allocator, vdt_renyi** out,
                            vdt_error* error) noexcept {
    return vdt_renyi_create_with(orders, count, VDT_RENYI_EXACT, allocator, out, error);
}

vdt_status vdt_renyi_create_with(const double* orders, size_t count, vdt_renyi_series series,
                                 const vdt_allocator* allocator, vdt_renyi** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_renyi>(allocator,
                                      privacy::RenyiAccountant(numbers(orders, count, "orders"), series_of(series)));
    });
}

vdt_status vdt_renyi_add(vdt_renyi* accountant, const double* divergences, size_t count, uint64_t times,
                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        accountant->object.add(numbers(divergences, count, "divergences"), times);
    });
}

vdt_status vdt_renyi_curve(const vdt_renyi* accountant, const double** orders, const double** divergences,
                           size_t* count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(accountant, "accountant");
        if (orders != nullptr) *orders = accountant->object.orders().data();
        if (divergences != nullptr) *divergences = accountant->object.divergences().data();
        if (count != nullptr) *count = accountant->object.orders().size();
    });
}

vdt_status vdt_renyi_gaussian(double noise_multiplier, double sampling_rate, double order, vdt_renyi_series series,
                              double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = privacy::renyi_gaussian(noise_multiplier, sampling_rate, order, series_of(series));
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

vdt_status vdt_privacy_compose_basic(const double* epsilons, const double* deltas, size_t count, double* total_epsilon,
                                     double* total_delta, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(total_epsilon, "total_epsilon");
        require(total_delta, "total_delta");
        const std::span<const double> first = numbers(epsilons, count, "epsilons");
        const std::span<const double> second = numbers(deltas, count, "deltas");
        std::vector<privacy::Guarantee> parts;
        parts.reserve(count);
        for (std::size_t i = 0; i < count; ++i) parts.push_back({first[i], second[i]});
        const privacy::Guarantee sum = privacy::basic_composition(parts);
        *total_epsilon = sum.epsilon;
        *total_delta = sum.delta;
    });
}

vdt_status vdt_privacy_compose_advanced(double epsilon, double delta, uint64_t times, double slack,
                                        double* total_epsilon, double* total_delta, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(total_epsilon, "total_epsilon");
        require(total_delta, "total_delta");
        const privacy::Guarantee total = privacy::advanced_composition({epsilon, delta}, times, slack);
        *total_epsilon = total.epsilon;
        *total_delta = total.delta;
    });
}

vdt_status vdt_gdp_compose(const double* mu, size_t count, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = privacy::gdp_composition(numbers(mu, count, "mu"));
    });
}

vdt_status vdt_gdp_optimistic_mu(double noise_multiplier, double sampling_rate, uint64_t steps, double* out,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = privacy::gdp_optimistic_mu(noise_multiplier, sampling_rate, steps);
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
