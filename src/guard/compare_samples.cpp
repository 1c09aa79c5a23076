// SPDX-License-Identifier: Apache-2.0
// The tests on samples that a policy asks for, and whole tables judged in one go.
#include <deque>
#include <string>
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

}  // namespace

SampleComparisons compare_samples(const Policy& policy, const Table& reference, const Table& live) {
    policy.validate();
    drift::JointOptions options;
    options.test.nan = drift::NanPolicy::omit;
    options.test.confidence = 1.0 - policy.level;
    options.test.method = policy.samples.method;
    options.test.alternative = policy.samples.alternative;
    options.test.permutations = static_cast<std::size_t>(policy.samples.permutations);
    options.test.seed = policy.samples.seed;
    options.rows = policy.samples.rows;
    SampleComparisons comparisons;
    std::vector<NamedColumn> kept;
    for (const NamedColumn& column : reference.columns()) {
        const FeaturePolicy& rules = policy.for_feature(column.name);
        const Column* other = live.find(column.name);
        if (rules.ignore || other == nullptr) continue;
        kept.push_back(column);
        if (rules.sample_tests.empty()) continue;
        auto compared = drift::compare(Table({column}), Table({{column.name, *other}}), rules.sample_tests,
                                       options.test, options.rows);
        comparisons.features.push_back(std::move(compared.front()));
    }
    if (!policy.joint_tests.empty())
        comparisons.joint = drift::compare_jointly(Table(std::move(kept)), live, policy.joint_tests, options);
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
