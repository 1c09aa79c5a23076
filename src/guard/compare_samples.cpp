// SPDX-License-Identifier: Apache-2.0
// The tests on samples that a policy asks for.
#include <string>
#include <vector>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

SampleComparisons compare_samples(const Policy& policy, const Table& reference, const Table& live) {
    policy.validate();
    drift::JointOptions options;
    options.test.nan = drift::NanPolicy::omit;
    options.test.confidence = 1.0 - policy.level;
    SampleComparisons comparisons;
    std::vector<NamedColumn> kept;
    for (const NamedColumn& column : reference.columns()) {
        const FeaturePolicy& rules = policy.for_feature(column.name);
        const Column* other = live.find(column.name);
        if (rules.ignore || other == nullptr) continue;
        kept.push_back(column);
        if (rules.sample_tests.empty()) continue;
        auto compared =
            drift::compare(Table({column}), Table({{column.name, *other}}), rules.sample_tests, options.test);
        comparisons.features.push_back(std::move(compared.front()));
    }
    if (!policy.joint_tests.empty())
        comparisons.joint = drift::compare_jointly(Table(std::move(kept)), live, policy.joint_tests, options);
    return comparisons;
}

}  // namespace vedette::inline v0
