// SPDX-License-Identifier: Apache-2.0
// The policy that live data are judged by: a file, and what the command line says in its place.
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <set>

#include "commands.hpp"
#include "core/named_options.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

/// [COLUMN=]TEST[:OPTIONS]
struct FeatureTest {
    std::string column;  ///< empty = every feature
    DriftTest test = DriftTest::automatic;
    std::optional<SampleOptions> options;
};

// The entry as a policy has it, so that it is read and refused as there.
FeatureTest parse_feature_test(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string head = text.substr(0, colon);
    const std::size_t sign = head.rfind('=');
    FeatureTest result;
    if (sign != std::string::npos) result.column = head.substr(0, sign);
    const std::string word = sign == std::string::npos ? head : head.substr(sign + 1);
    try {
        nlohmann::json entry = nlohmann::json::object();
        if (colon != std::string::npos)
            entry = nlohmann::json::parse(
                detail::write_options(detail::parse_options({"test", word.c_str()}, text.substr(colon + 1))));
        entry["test"] = word;
        const nlohmann::json document{{"defaults", {{"sample_tests", {entry}}}}};
        const FeaturePolicy rules = Policy::from_json(document.dump()).defaults;
        result.test = rules.sample_tests.front();
        if (!rules.sample_options.empty()) result.options = rules.sample_options.begin()->second;
    } catch (const Error& error) {
        throw InputError(fmt::format("--feature-test {}: {}", text, error.what()));
    }
    return result;
}

void add_test(FeaturePolicy& rules, const FeatureTest& wanted) {
    rules.sample_tests.push_back(wanted.test);
    if (wanted.options) rules.sample_options[wanted.test] = *wanted.options;
}

void forget_tests(FeaturePolicy& rules) {
    rules.sample_tests.clear();
    rules.sample_options.clear();
}

// The first for a feature, or for all of them, takes the place of what was there; further ones join it.
void add_feature_tests(Policy& policy, const std::vector<std::string>& texts) {
    std::vector<FeatureTest> of_all, of_columns;
    for (const std::string& text : texts) {
        FeatureTest wanted = parse_feature_test(text);
        (wanted.column.empty() ? of_all : of_columns).push_back(std::move(wanted));
    }
    if (!of_all.empty()) {
        forget_tests(policy.defaults);
        for (const FeatureTest& wanted : of_all) add_test(policy.defaults, wanted);
        for (auto& [name, rules] : policy.features) {
            rules.sample_tests = policy.defaults.sample_tests;
            rules.sample_options = policy.defaults.sample_options;
        }
    }
    std::set<std::string> begun;
    for (const FeatureTest& wanted : of_columns) {
        FeaturePolicy& rules = policy.features.try_emplace(wanted.column, policy.defaults).first->second;
        if (begun.insert(wanted.column).second) forget_tests(rules);
        add_test(rules, wanted);
    }
}

// What the command line says holds for all tests, those too to which the policy gives something of their own.
template <class T>
void set_for_all(Policy& policy, const std::optional<T>& value, T SamplePolicy::*general,
                 std::optional<T> SampleOptions::*own) {
    if (!value) return;
    policy.samples.*general = *value;
    const auto reset = [&](auto& options) {
        for (auto& [test, of_test] : options) (of_test.*own).reset();
    };
    reset(policy.joint_options);
    reset(policy.defaults.sample_options);
    for (auto& [name, rules] : policy.features) reset(rules.sample_options);
}

}  // namespace

Policy policy_of(const LiveOptions& options) {
    Policy policy = read_policy(options.policy_path);
    if (options.correction) policy.correction = *options.correction;
    if (!options.joint_tests.empty()) {
        policy.joint_tests = options.joint_tests;
        policy.joint_options.clear();
    }
    set_for_all(policy, options.method, &SamplePolicy::method, &SampleOptions::method);
    set_for_all(policy, options.alternative, &SamplePolicy::alternative, &SampleOptions::alternative);
    set_for_all(policy, options.permutations, &SamplePolicy::permutations, &SampleOptions::permutations);
    set_for_all(policy, options.bandwidths, &SamplePolicy::bandwidths, &SampleOptions::bandwidths);
    set_for_all(policy, options.most_rows, &SamplePolicy::most_rows, &SampleOptions::most_rows);
    if (options.block > 1)
        set_for_all(policy, std::optional(drift::RowBlocks{.block = options.block}), &SamplePolicy::rows,
                    &SampleOptions::rows);
    if (!options.tests.empty()) {
        const auto set_tests = [&](FeaturePolicy& rules) {
            forget_tests(rules);
            rules.sample_tests = options.tests;
        };
        set_tests(policy.defaults);
        for (auto& [name, rules] : policy.features) set_tests(rules);
    }
    add_feature_tests(policy, options.feature_tests);
    if ((options.bandwidths || options.most_rows) && policy.joint_tests.empty())
        throw InputError("--bandwidth and --most-rows are for tests of features together; name some by --multivariate");
    const bool names_samples = options.method || options.alternative || options.permutations || options.block > 1;
    const bool by_default = !options.weights.empty() || !options.also.empty();
    if (names_samples && !by_default && !policy.compares_samples())
        throw InputError(
            "--method, --alternative, --permutations and --block are for tests on samples; name some by --test, "
            "--feature-test or --multivariate");
    return policy;
}

}  // namespace vedette::inline v0::cli
