// SPDX-License-Identifier: Apache-2.0
// What a test of several features at once hands back: evidence, and which features and rows it rests on.
#pragma once

#include <vector>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::drift {

/// The answer of a multivariate two-sample test. Each test documents what its contributions mean, whether they sum to
/// anything and which rows they stand for; an empty vector says that the test defines none.
struct MultivariateResult {
    TestResult test;
    std::vector<double> feature_contributions;
    std::vector<double> row_contributions;
};

}  // namespace vedette::inline v0::drift
