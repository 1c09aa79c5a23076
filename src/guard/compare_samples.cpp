// SPDX-License-Identifier: Apache-2.0
// The tests on samples that a policy asks for, and whole tables judged in one go.
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {
namespace {

// The live table with its numbers as precise as the reference's; `rounded` keeps what had to be converted.
Table as_precise_as(const Table& reference, const Table& live, std::deque<std::vector<float>>& rounded) {
    std::vector<NamedColumn> columns(live.columns().begin(), live.columns().end());
    for (NamedColumn& named : columns) {
        const Column* known = reference.find(named.name);
        const Column& column = named.column;
        if (known == nullptr || !known->is_numeric() || known->dtype() != Dtype::f32) continue;
        if (!column.is_numeric() || column.dtype() == Dtype::f32) continue;
        std::vector<float>& values = rounded.emplace_back(column.size());
        column.copy_as_float(0, values.size(), values.data());
        named.column = Column::numeric(values, column.validity());
    }
    return Table(std::move(columns));
}

drift::TestOptions options_of(const Policy& policy, const SamplePolicy& how) {
    return {.alternative = how.alternative,
            .method = how.method,
            .nan = drift::NanPolicy::omit,
            .confidence = 1.0 - policy.level,
            .permutations = static_cast<std::size_t>(how.permutations),
            .seed = how.seed};
}

// Tests that follow each other and are done alike, together: they share the sorting of their samples.
template <class Test, class Run>
void for_runs(const std::vector<Test>& named, const std::map<Test, SampleOptions>& options, const SamplePolicy& all,
              Run&& run) {
    const std::span<const Test> tests(named);
    const auto how = [&](Test test) {
        const auto own = options.find(test);
        return own == options.end() ? all : all.with(own->second);
    };
    for (std::size_t begin = 0; begin < tests.size();) {
        std::size_t end = begin + 1;
        while (end < tests.size() && how(tests[end]) == how(tests[begin])) ++end;
        run(tests.subspan(begin, end - begin), how(tests[begin]));
        begin = end;
    }
}

}  // namespace

SampleComparisons compare_samples(const Policy& policy, const Table& reference, const Table& live) {
    policy.validate();
    SampleComparisons comparisons;
    std::vector<NamedColumn> kept;
    for (const NamedColumn& column : reference.columns()) {
        const FeaturePolicy& rules = policy.for_feature(column.name);
        const Column* other = live.find(column.name);
        if (rules.ignore || other == nullptr) continue;
        kept.push_back(column);
        if (rules.sample_tests.empty()) continue;
        const Table left({column}), right({{column.name, *other}});
        drift::FeatureComparison all{std::string(column.name), column.column.is_numeric(), {}};
        for_runs(rules.sample_tests, rules.sample_options, policy.samples, [&](auto tests, const SamplePolicy& how) {
            auto compared = drift::compare(left, right, tests, options_of(policy, how), how.rows, how.form);
            const std::vector<drift::NamedResult>& results = compared.front().results;
            all.results.insert(all.results.end(), results.begin(), results.end());
        });
        comparisons.features.push_back(std::move(all));
    }
    if (policy.joint_tests.empty()) return comparisons;
    const Table joint(std::move(kept));
    for_runs(policy.joint_tests, policy.joint_options, policy.samples, [&](auto tests, const SamplePolicy& how) {
        drift::JointOptions options;
        options.test = options_of(policy, how);
        options.rows = how.rows;
        options.bandwidths = how.bandwidths;
        options.most_rows = static_cast<std::size_t>(how.most_rows);
        for (drift::JointComparison& compared : drift::compare_jointly(joint, live, tests, options))
            comparisons.joint.push_back(std::move(compared));
    });
    return comparisons;
}

Report assess(const Table& reference, const Table& live, const Policy& policy, const BaselineOptions& options) {
    policy.validate();
    std::deque<std::vector<float>> rounded;
    const Table comparable = as_precise_as(reference, live, rounded);
    const Baseline baseline = Baseline::build(reference, options);
    Window window(baseline);
    window.observe(comparable);
    if (!policy.compares_samples()) return assess(baseline, window, policy);
    const SampleComparisons compared = compare_samples(policy, reference, comparable);
    return assess(baseline, window, policy, compared.features, compared.joint);
}

}  // namespace vedette::inline v0
