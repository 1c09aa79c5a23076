// SPDX-License-Identifier: Apache-2.0
// Checking a policy, and what it says.
#include "vedette/guard/policy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "drift/monitor_options.hpp"
#include "guard/policy_rules.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/row_monitor.hpp"

namespace vedette::inline v0 {

namespace policies {

void refuse(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::invalid_policy, fmt::format("policy {}: {}", path.empty() ? "/" : path, what));
}

}  // namespace policies

using namespace policies;

namespace {

// A window holds counters only: a test that needs the samples themselves is refused where it is asked for.
void check_test(DriftTest test, const std::string& path) {
    if (!runs_on_counters(test))
        refuse(path, fmt::format("{} does not run on a window's counters; `sample_tests` run on samples",
                                 drift_test_name(test)));
}

// Twice the same test would count twice in the correction.
template <class Test>
void check_once(const std::vector<Test>& tests, const std::string& path) {
    if (std::set<Test>(tests.begin(), tests.end()).size() != tests.size()) refuse(path, "names a test twice");
}

// Made once, over a reference of the form that it will have, so that what is wrong is said where it stands.
enum class Watched : std::uint8_t { feature, output, performance };

void check_monitor(const MonitorRule& rule, const std::string& path, Watched watched) {
    static const std::vector<double> values = [] {
        std::vector<double> ramp(1000);
        for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i);
        return ramp;
    }();
    static const stats::Grid grid = [] {
        std::vector<double> copy = values;
        return stats::fit_grid(copy);
    }();
    try {
        const drift::MonitorKind kind = drift::monitor_kind(rule.kind);
        const drift::MonitorReferenceUse use = drift::monitor_reference_use(kind);
        if (watched == Watched::feature && use == drift::MonitorReferenceUse::sample)
            refuse(path, rule.kind + " needs a sample of the reference, and a baseline keeps none");
        if (watched == Watched::performance && use >= drift::MonitorReferenceUse::law)
            refuse(path, rule.kind + " needs values of the reference, and of estimates there are none");
        if (watched == Watched::performance &&
            drift::monitor_values(kind, rule.options) == drift::MonitorValues::errors)
            refuse(path, rule.kind + " takes errors, 0 or 1, and estimates are shares; give it errors as an output");
        drift::MonitorReference reference{.values = {}, .grid = &grid, .mean = 0.0, .sd = 1.0};
        if (watched == Watched::output) reference = {.values = values};
        static_cast<void>(drift::make_monitor(kind, rule.options, reference));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::invalid_policy) throw;
        refuse(path, error.what());
    }
}

void check_monitors(const std::vector<MonitorRule>& rules, const std::string& path, Watched watched) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        check_monitor(rules[i], fmt::format("{}/{}", path, i), watched);
        for (std::size_t k = 0; k < i; ++k)
            if (rules[k].kind == rules[i].kind) refuse(path, "names " + rules[i].kind + " twice");
    }
}

void check_group(const GroupPolicy& group, const std::string& path) {
    if (group.monitors.empty()) refuse(path, "names no monitor");
    for (std::size_t i = 0; i < group.monitors.size(); ++i) {
        const MonitorRule& rule = group.monitors[i];
        try {
            drift::RowMonitor::check(rule.kind, rule.options);
        } catch (const Error& error) {
            refuse(fmt::format("{}/monitors/{}", path, i), error.what());
        }
        for (std::size_t k = 0; k < i; ++k)
            if (group.monitors[k].kind == rule.kind) refuse(path + "/monitors", "names " + rule.kind + " twice");
    }
    if (std::set<std::string>(group.features.begin(), group.features.end()).size() != group.features.size())
        refuse(path + "/features", "names a feature twice");
}

template <std::size_t choices, class Enum>
void check_word(Enum value, const std::string& path) {
    if (static_cast<std::size_t>(value) >= choices) {
        refuse(path, fmt::format("{} is no such choice", static_cast<int>(value)));
    }
}

// Nothing is learned of these: the reference never holds such a value.
void check_fixed(Action action, const std::string& path) {
    check_word<action_names.size()>(action, path);
    if (action == Action::learned) refuse(path, "\"learned\" is for null, not_a_number, infinity and unseen_category");
}

void validate_performance(const PerformancePolicy& rules) {
    check_word<drift::performance_metric_count>(rules.metric, "/performance/metric");
    const bool is_ratio = rules.metric != drift::PerformanceMetric::accuracy;
    // One by one a ratio is watched by what bounds its two sums.
    const bool is_harm = std::all_of(rules.monitors.begin(), rules.monitors.end(), [](const MonitorRule& rule) {
        return rule.kind == drift::monitor_kind_name(drift::MonitorKind::harm_monitor);
    });
    const std::uint64_t least = is_ratio && !(is_harm && rules.rows == 1) ? PerformancePolicy::minimum_rows : 1;
    constexpr std::uint64_t most = std::uint64_t{1} << 31U;
    // What is not watched needs no rows.
    if (!rules.monitors.empty() && !(rules.rows >= least && rules.rows <= most))
        refuse("/performance/rows", fmt::format("{} lies outside [{}, {}], the limits for {}", rules.rows, least, most,
                                                drift::performance_metric_name(rules.metric)));
    if (!(rules.margin >= 0.0 && rules.margin < 1.0))
        refuse("/performance/margin", fmt::format("{} lies outside [0, 1)", rules.margin));
    check_monitors(rules.monitors, "/performance/monitors", Watched::performance);
}

// A level of its own would start a process anew, and its evidence be lost.
void validate_evidence(const Policy& policy) {
    const double rate = policy.joined_evidence.false_discovery_rate;
    if (!(rate == 0.0 || (rate >= 1e-12 && rate <= 0.5)))
        refuse("/joined_evidence/false_discovery_rate", fmt::format("{} is neither 0 nor in [1e-12, 0.5]", rate));
    if (rate == 0.0) return;
    std::size_t processes = 0;
    const auto look = [&processes](const std::vector<MonitorRule>& rules, const std::string& path) {
        for (const MonitorRule& rule : rules) {
            if (rule.kind != drift::monitor_kind_name(drift::MonitorKind::e_process)) continue;
            ++processes;
            const drift::OptionList options = drift::parse_options(rule.kind.c_str(), rule.options);
            if (drift::find_option(options, "level") != nullptr)
                refuse(path, "e_process has a level, and joined_evidence judges it by a false discovery rate");
        }
    };
    look(policy.defaults.monitors, "/defaults/monitors");
    for (const auto& [name, rules] : policy.features) look(rules.monitors, "/features/" + name + "/monitors");
    for (const auto& [name, rules] : policy.outputs) look(rules, "/outputs/" + name);
    if (processes == 0) refuse("/joined_evidence", "the policy names no e_process to join");
}

void validate_score(const ScoreRule& rule, const std::string& path) {
    if (!(rule.level >= least_score_level && rule.level <= 0.5))
        refuse(path + "/level", fmt::format("{} lies outside [{}, 0.5]", rule.level, least_score_level));
    check_fixed(rule.action, path + "/action");
}

void validate_samples(const SamplePolicy& samples, const std::string& path) {
    check_word<method_names.size()>(samples.method, path + "/method");
    check_word<alternative_names.size()>(samples.alternative, path + "/alternative");
    if (!(samples.permutations >= 1 && samples.permutations <= most_permutations))
        refuse(path + "/permutations", fmt::format("{} lies outside [1, {}]", samples.permutations, most_permutations));
    if (samples.rows.block == 0 || samples.rows.thin == 0) refuse(path, "block and thin are at least 1");
    if (samples.rows.block > 1 && samples.rows.thin > 1) refuse(path, "block and thin exclude each other");
    check_word<drift::test_form_count>(samples.form, path + "/form");
    constexpr std::size_t most_bandwidths = 64;
    if (samples.bandwidths.size() > most_bandwidths)
        refuse(path + "/bandwidths", fmt::format("are {}, at most {}", samples.bandwidths.size(), most_bandwidths));
    for (const double bandwidth : samples.bandwidths)
        if (!(bandwidth > 0.0 && std::isfinite(bandwidth)))
            refuse(path + "/bandwidths", fmt::format("{} must be finite and above 0", bandwidth));
    if (samples.most_rows < 4) refuse(path + "/most_rows", fmt::format("{} is less than 4", samples.most_rows));
}

// Options are of tests that are named, and stand where these do.
template <class Test>
void validate_options(const std::map<Test, SampleOptions>& options, const std::vector<Test>& tests,
                      const std::string& path, const char* (*name)(Test) noexcept) {
    for (const auto& [test, of_test] : options) {
        const auto place = std::find(tests.begin(), tests.end(), test);
        if (place == tests.end()) refuse(path, fmt::format("has options of {}, which it does not name", name(test)));
        validate_samples(SamplePolicy{}.with(of_test), fmt::format("{}/{}", path, place - tests.begin()));
    }
}

void validate_feature(const FeaturePolicy& rules, const std::string& path) {
    check_word<drift_test_count>(rules.test, path + "/test");
    check_test(rules.test, path + "/test");
    for (const DriftTest test : rules.sample_tests)
        if (!is_for_samples(test))
            refuse(path + "/sample_tests", fmt::format("{} does not run on samples", drift_test_name(test)));
    check_once(rules.sample_tests, path + "/sample_tests");
    validate_options(rules.sample_options, rules.sample_tests, path + "/sample_tests", &drift_test_name);
    check_word<action_names.size()>(rules.request.null, path + "/request/null");
    check_word<action_names.size()>(rules.request.not_a_number, path + "/request/not_a_number");
    check_word<action_names.size()>(rules.request.infinity, path + "/request/infinity");
    check_word<action_names.size()>(rules.request.unseen_category, path + "/request/unseen_category");
    check_fixed(rules.request.out_of_range, path + "/request/out_of_range");
    check_fixed(rules.request.far_out_of_range, path + "/request/far_out_of_range");
    check_fixed(rules.request.wrong_type, path + "/request/wrong_type");
    check_monitors(rules.monitors, path + "/monitors", Watched::feature);
    if (!(rules.tolerance >= 0.0 && rules.tolerance <= 1.0)) {
        refuse(path + "/tolerance", fmt::format("{} lies outside [0, 1]", rules.tolerance));
    }
    if (!(rules.request.far_factor >= 0.0 && rules.request.far_factor <= max_far_factor)) {
        refuse(path + "/request/far_factor",
               fmt::format("{} lies outside [0, {}]", rules.request.far_factor, max_far_factor));
    }
}

}  // namespace

const char* action_name(Action action) noexcept {
    const auto index = static_cast<std::size_t>(action);
    return index < action_names.size() ? action_names[index] : "unknown";
}

SamplePolicy SamplePolicy::with(const SampleOptions& options) const {
    SamplePolicy result = *this;
    if (options.method) result.method = *options.method;
    if (options.alternative) result.alternative = *options.alternative;
    if (options.permutations) result.permutations = *options.permutations;
    if (options.seed) result.seed = *options.seed;
    if (options.rows) result.rows = *options.rows;
    if (options.form) result.form = *options.form;
    if (options.bandwidths) result.bandwidths = *options.bandwidths;
    if (options.most_rows) result.most_rows = *options.most_rows;
    return result;
}

const FeaturePolicy& Policy::for_feature(std::string_view name) const {
    const auto found = features.find(name);
    return found == features.end() ? defaults : found->second;
}

bool Policy::compares_samples() const noexcept {
    return !joint_tests.empty() || !defaults.sample_tests.empty() ||
           std::any_of(features.begin(), features.end(),
                       [](const auto& rule) { return !rule.second.sample_tests.empty(); });
}

bool Policy::watches_streams() const noexcept {
    return !outputs.empty() || !groups.empty() || !performance.monitors.empty() || !defaults.monitors.empty() ||
           std::any_of(features.begin(), features.end(),
                       [](const auto& rule) { return !rule.second.monitors.empty(); });
}

void Policy::validate() const {
    if (!(level >= 1e-12 && level <= 0.5)) refuse("/level", fmt::format("{} lies outside [1e-12, 0.5]", level));
    if (minimum_rows == 0) refuse("/minimum_rows", "must be a positive integer");
    check_word<correction_names.size()>(correction, "/correction");
    for (const MultivariateTest test : joint_tests) check_word<multivariate_test_count>(test, "/joint_tests");
    check_once(joint_tests, "/joint_tests");
    validate_options(joint_options, joint_tests, "/joint_tests", &multivariate_test_name);
    validate_samples(samples, "/samples");
    validate_feature(defaults, "/defaults");
    for (const auto& [name, rules] : features) validate_feature(rules, "/features/" + name);
    for (const auto& [name, rules] : outputs) {
        if (rules.empty()) refuse("/outputs/" + name, "names no monitor");
        check_monitors(rules, "/outputs/" + name, Watched::output);
    }
    validate_performance(performance);
    check_fixed(schema.error, "/schema/error");
    check_fixed(schema.warning, "/schema/warning");
    if (!(schema.tolerance >= 0.0 && schema.tolerance <= 1.0))
        refuse("/schema/tolerance", fmt::format("{} lies outside [0, 1]", schema.tolerance));
    validate_evidence(*this);
    for (const auto& [name, rules] : groups) check_group(rules, "/groups/" + name);
    if (scores.size() > most_scores)
        refuse("/scores", fmt::format("names {} scores, at most {}", scores.size(), most_scores));
    for (const auto& [name, rule] : scores) validate_score(rule, "/scores/" + name);
    validate_score(fused_scores, "/fused_scores");
    check_fixed(memory.query_attacks, "/memory/query_attacks");
    check_fixed(memory.extraction, "/memory/extraction");
}

}  // namespace vedette::inline v0
