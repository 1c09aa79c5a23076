// SPDX-License-Identifier: Apache-2.0
// Privacy audits, across the C boundary.
#include "vedette/privacy/audit.hpp"

#include "fence.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;
using stats::Confidence;

namespace {

privacy::AuditCounts to_counts(const vdt_audit_counts* counts) {
    require(counts, "counts");
    return {counts->first_runs, counts->first_hits, counts->second_runs, counts->second_hits};
}

// Writes what `bound` gives, unless it throws.
template <class Bound>
vdt_status bounded(double* out, vdt_error* error, const Bound& bound) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = bound();
    });
}

}  // namespace

extern "C" {

vdt_status vdt_audit_epsilon(const vdt_audit_counts* counts, double delta, double confidence, double* out,
                             vdt_error* error) noexcept {
    return bounded(out, error,
                   [&] { return privacy::audit_epsilon(to_counts(counts), delta, Confidence(confidence)); });
}

vdt_status vdt_audit_gdp_mu(const vdt_audit_counts* counts, double confidence, double* out, vdt_error* error) noexcept {
    return bounded(out, error, [&] { return privacy::audit_gdp_mu(to_counts(counts), Confidence(confidence)); });
}

vdt_status vdt_audit_gaussian_epsilon(const vdt_audit_counts* counts, double delta, double confidence, double* out,
                                      vdt_error* error) noexcept {
    return bounded(out, error,
                   [&] { return privacy::audit_gaussian_epsilon(to_counts(counts), delta, Confidence(confidence)); });
}

vdt_status vdt_audit_renyi(const vdt_audit_counts* counts, double order, double confidence, double* out,
                           vdt_error* error) noexcept {
    return bounded(out, error, [&] { return privacy::audit_renyi(to_counts(counts), order, Confidence(confidence)); });
}

vdt_status vdt_audit_outputs(const double* first, size_t first_count, const double* second, size_t second_count,
                             double delta, double confidence, vdt_audit_counts* counts, double* out,
                             vdt_error* error) noexcept {
    return bounded(out, error, [&] {
        if (first_count != 0) require(first, "first");
        if (second_count != 0) require(second, "second");
        const auto audit = privacy::audit_outputs(std::span(first, first_count), std::span(second, second_count), delta,
                                                  Confidence(confidence));
        const privacy::AuditCounts& held = audit.counts;
        if (counts != nullptr) *counts = {held.first_runs, held.first_hits, held.second_runs, held.second_hits};
        return audit.epsilon;
    });
}

vdt_status vdt_audit_one_run_epsilon(uint64_t canaries, uint64_t guesses, uint64_t correct, double delta,
                                     double confidence, double* out, vdt_error* error) noexcept {
    return bounded(out, error, [&] {
        return privacy::one_run_epsilon({canaries, guesses, correct}, delta, Confidence(confidence));
    });
}

vdt_status vdt_audit_one_run_gdp_mu(uint64_t canaries, uint64_t guesses, uint64_t correct, double confidence,
                                    double* out, vdt_error* error) noexcept {
    return bounded(out, error, [&] {
        return privacy::one_run_gdp_mu({canaries, guesses, correct}, Confidence(confidence));
    });
}

vdt_status vdt_audit_one_run_p_value(uint64_t canaries, uint64_t guesses, uint64_t correct, double epsilon,
                                     double delta, double* out, vdt_error* error) noexcept {
    return bounded(out, error, [&] { return privacy::one_run_p_value({canaries, guesses, correct}, epsilon, delta); });
}

}  // extern "C"
