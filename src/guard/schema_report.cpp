// SPDX-License-Identifier: Apache-2.0
// Whether more requests of a window fail the schema than the policy tolerates.
#include "guard/schema_report.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "guard/noisy_rate.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0 {

namespace {

using validation::Check;
using validation::Severity;

Decision decision_of(Action action) noexcept {
    return action == Action::alarm ? Decision::alarm : action == Action::warn ? Decision::warn : Decision::pass;
}

}  // namespace

std::optional<SchemaReport> assess_schema(const Baseline& baseline, const Window& window, const Policy& policy,
                                          const ReleaseNoise* noise) {
    const validation::Validator* const rules = baseline.validator();
    if (rules == nullptr) return std::nullopt;
    SchemaReport report;
    for (const Decision decision : {Decision::pass, Decision::not_evaluated, Decision::warn, Decision::alarm})
        report.requests += window.requests(decision);
    report.requests -= window.rejected();
    if (report.requests == 0) return std::nullopt;
    report.errors = window.schema_rows(Severity::error);
    report.warnings = window.schema_rows(Severity::warning);
    report.tolerance = policy.schema.tolerance;
    const stats::Confidence confidence(1.0 - policy.level);
    constexpr std::uint64_t counters_of_requests = 5;
    const NoisyCount requests{static_cast<double>(report.requests), counters_of_requests};
    report.error_rate = rate_interval({static_cast<double>(report.errors), 1}, requests, confidence, noise);
    const Interval any_rate =
        rate_interval({static_cast<double>(report.errors + report.warnings), 2}, requests, confidence, noise);
    if (report.error_rate.lower > report.tolerance) report.decision = decision_of(policy.schema.error);
    if (any_rate.lower > report.tolerance) report.decision = worst(report.decision, decision_of(policy.schema.warning));
    if (report.decision == Decision::not_evaluated && report.requests >= policy.minimum_rows)
        report.decision = Decision::pass;
    for (std::size_t f = 0; f < rules->feature_count() + rules->expression_count(); ++f)
        for (std::size_t c = 0; c < validation::check_count; ++c) {
            const auto check = static_cast<Check>(c);
            const std::uint64_t count = window.schema_failures(f, check);
            if (count == 0) continue;
            const std::string& subject = f < rules->feature_count()
                                             ? rules->feature(f).name
                                             : rules->expression(f - rules->feature_count()).name;
            report.failures.push_back({f, subject, check, rules->severity(f, check), count});
        }
    std::stable_sort(report.failures.begin(), report.failures.end(),
                     [](const SchemaFailure& a, const SchemaFailure& b) { return a.count > b.count; });
    return report;
}

std::string SchemaReport::reason() const {
    if (decision == Decision::not_evaluated)
        return fmt::format("schema: too few requests, {}, {} of them with an error", requests, errors);
    return fmt::format("schema: {} of {} requests have an error, {} a warning; tolerated {:.3g} %", errors, requests,
                       warnings, 100.0 * tolerance);
}

std::string Report::schema_reason(std::size_t index) const {
    const SchemaFailure& failure = schema.value().failures.at(index);
    return fmt::format("{}: {} of {} requests",
                       validation::describe(*baseline.validator(), {static_cast<std::uint32_t>(failure.feature),
                                                                    failure.check, failure.severity}),
                       failure.count, schema->requests);
}

}  // namespace vedette::inline v0
