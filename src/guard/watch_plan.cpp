// SPDX-License-Identifier: Apache-2.0
// Which monitors a policy asks for.
#include "guard/watch_plan.hpp"

#include <algorithm>
#include <utility>

#include "drift/monitor_options.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/any_monitor.hpp"

namespace vedette::inline v0 {

namespace {

// Of a process that is judged with others and must not start anew; the smallest that there is.
std::string with_unreachable_level(const MonitorRule& rule) {
    drift::OptionList options = drift::parse_options(rule.kind.c_str(), rule.options);
    options.push_back({"level", 1e-100});
    return drift::write_options(options);
}

}  // namespace

std::vector<std::string> planned_outputs(const Policy& policy) {
    std::vector<std::string> names;
    for (const auto& [name, rules] : policy.outputs) names.push_back(name);
    return names;
}

std::vector<PlannedStream> plan_streams(const Baseline& baseline, const Policy& policy) {
    policy.validate();
    for (const auto& [name, rules] : policy.features) {
        const auto feature = baseline.find(name);
        if (!feature)
            throw Error(ErrorCode::invalid_policy,
                        "policy /features/" + name + ": the baseline has no feature of this name");
        const bool own = !rules.monitors.empty() && rules.monitors != policy.defaults.monitors;
        if (own && baseline.features()[*feature].kind != FeatureKind::numeric)
            throw Error(ErrorCode::invalid_policy,
                        "policy /features/" + name + "/monitors: the feature is categorical, its values have no order");
    }
    std::vector<PlannedStream> streams;
    const bool joins = policy.joined_evidence.false_discovery_rate > 0.0;
    const auto add = [&](const std::string& name, StreamSource source, std::size_t index, MonitorRule rule) {
        if (joins && rule.kind == drift::monitor_kind_name(drift::MonitorKind::e_process))
            rule.options = with_unreachable_level(rule);
        streams.push_back({name, source, index, std::move(rule)});
    };
    for (std::size_t f = 0; f < baseline.feature_count(); ++f) {
        const FeatureBaseline& feature = baseline.features()[f];
        const FeaturePolicy& rules = policy.for_feature(feature.name);
        if (rules.ignore || feature.kind != FeatureKind::numeric) continue;
        for (const MonitorRule& rule : rules.monitors) add(feature.name, StreamSource::feature, f, rule);
    }
    std::size_t output = 0;
    for (const auto& [name, rules] : policy.outputs) {
        for (const MonitorRule& rule : rules) add(name, StreamSource::output, output, rule);
        ++output;
    }
    for (const MonitorRule& rule : policy.performance.monitors)
        add(drift::performance_metric_name(policy.performance.metric), StreamSource::performance, 0, rule);
    return streams;
}

std::vector<PlannedGroup> plan_groups(const Baseline& baseline, const Policy& policy) {
    std::vector<PlannedGroup> groups;
    for (const auto& [name, rules] : policy.groups) {
        const auto refuse = [&group = name](const std::string& what) {
            throw Error(ErrorCode::invalid_policy, "policy /groups/" + group + "/features: " + what);
        };
        groups.push_back({name, {}, rules.monitors});
        for (const std::string& wanted : rules.features) {
            const auto feature = baseline.find(wanted);
            if (!feature) refuse("the baseline has no feature \"" + wanted + "\"");
            if (baseline.features()[*feature].kind != FeatureKind::numeric)
                refuse("\"" + wanted + "\" is categorical, its values have no distances");
            groups.back().features.push_back(*feature);
        }
    }
    return groups;
}

bool matches(const MonitorRule& rule, const drift::AnyMonitor& monitor) {
    // Made anew with what the rule names over what the monitor has: the same again, unless they differ.
    const char* const name = drift::monitor_kind_name(monitor.kind());
    drift::OptionList has = drift::parse_options(name, monitor.options_json());
    const drift::OptionList asked = drift::parse_options(name, rule.options);
    std::uint64_t block = 1;
    for (const drift::Option& option : asked) {
        if (option.key == "block" || option.key == "thin") {
            block = std::max(block, drift::read_whole(name, option.key, option.value, ~0ULL));
            if (block > 1 && drift::find_option(has, option.key) == nullptr) return false;
            continue;
        }
        if (option.key == "average_run_length" && monitor.kind() == drift::MonitorKind::cusum) continue;
        const drift::OptionValue* const value = drift::find_option(has, option.key);
        if (value == nullptr || !drift::same_value(*value, option.value)) return false;
    }
    return block == monitor.block_length();
}

}  // namespace vedette::inline v0
