// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of multivariate tests.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "drift/out_of_fold.hpp"
#include "oracle/parity_inputs.hpp"
#include "oracle/parity_table.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/density_difference.hpp"
#include "vedette/drift/energy_test.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"
#include "vedette/stats/distributions.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using vedette::TestResult;
using View = vedette::MatrixView<double>;
using Values = std::vector<double>;

Looks looks(const Values& reference, const Values& live, std::size_t d) {
    Looks out;
    std::set<Values> distinct;
    std::size_t sizes[2] = {0, 0};
    std::size_t at = 0;
    for (const Values* side : {&reference, &live}) {
        for (std::size_t i = 0; i < side->size(); i += d) {
            Values row(side->begin() + static_cast<std::ptrdiff_t>(i),
                       side->begin() + static_cast<std::ptrdiff_t>(i + d));
            if (std::any_of(row.begin(), row.end(), [](double v) { return std::isnan(v); })) {
                out.nan = true;
                continue;
            }
            ++sizes[at];
            if (!out.tied) out.tied = !distinct.insert(std::move(row)).second;
        }
        ++at;
    }
    out.smallest = static_cast<double>(std::min(sizes[0], sizes[1]));
    out.largest = static_cast<double>(std::max(sizes[0], sizes[1]));
    return out;
}

struct Test {
    std::string key;
    Promise promise;
    std::function<TestResult(View, View)> run;
};

const drift::TestOptions omit{.nan = drift::NanPolicy::omit, .permutations = 99};

std::vector<Test> all_tests() {
    return {{"hotelling_t2",
             {"Hotelling's T2", "NumPy, SciPy's F law"},
             [](View x, View y) {
                 return drift::hotelling_t2(x, y, {.method = drift::Method::asymptotic, .nan = drift::NanPolicy::omit})
                     .test;
             }},
            {"mahalanobis",
             {"mean shift from a frozen reference", "NumPy, SciPy's F law"},
             [](View x, View y) {
                 const drift::MahalanobisDistance<double> frozen(x, drift::NanPolicy::omit);
                 return frozen.mean_shift(y, 0.95, drift::NanPolicy::omit).test;
             }},
            {"mmd",
             {"MMD", "NumPy", same, same, "p: the same splits replayed, in the same bytes"},
             [](View x, View y) {
                 return drift::maximum_mean_discrepancy(x, y, {.test = omit, .bandwidths = {1.0}}).test;
             }},
            {"energy",
             {"energy", "NumPy", same, same, "p: the same splits replayed"},
             [](View x, View y) { return drift::energy_test(x, y, {.test = omit}).test; }},
            {"density_difference", {"density difference", "NumPy"}, [](View x, View y) {
                 return drift::least_squares_density_difference(
                            x, y, {.regularisation = 0.25, .nan = drift::NanPolicy::omit, .permutations = 9})
                     .test;
             }}};
}

void compare_generated(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("parity.json")["rows"]) {
        const Values x = draw(item["reference"]), y = draw(item["live"]);
        const std::size_t d = item["reference"]["d"];
        const View reference = View::row_major(x.data(), x.size() / d, d),
                   live = View::row_major(y.data(), y.size() / d, d);
        const Looks look = looks(x, y, d);
        for (const Test& test : tests) {
            if (!item["expected"].contains(test.key)) continue;
            const json& wanted = item["expected"][test.key];
            table.row(test.promise)
                .add(item["name"], look, test.run(reference, live), number(wanted[0]), number(wanted[1]));
        }
    }
}

void compare_hotelling(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("hotelling.json")["cases"]) {
        const Values x = item["reference"], y = item["live"];
        const std::size_t d = item["d"];
        const View reference = View::row_major(x.data(), item["n"], d), live = View::row_major(y.data(), item["m"], d);
        const Looks look = looks(x, y, d);
        table.row(tests[0].promise)
            .add("hotelling.json", look, tests[0].run(reference, live), number(item["t2"]), number(item["p"]));
        table.row(tests[1].promise)
            .add("hotelling.json", look, tests[1].run(reference, live), number(item["frozen_t2"]),
                 number(item["frozen_p"]));
    }
}

void compare_kernels(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("mmd.json")["cases"]) {
        const Values x = item["reference"], y = item["live"];
        const std::size_t d = item["d"];
        const View reference = View::row_major(x.data(), item["n"], d), live = View::row_major(y.data(), item["m"], d);
        const Looks look = looks(x, y, d);
        const std::string name = item["kind"];
        drift::MmdOptions options{.test = {.permutations = 99, .seed = 5}};
        table.row(tests[2].promise)
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["mmd"]),
                 number(item["p"]));
        options.bandwidths = item["bandwidths"].get<Values>();
        table.row({"MMD of several bandwidths, mean", "NumPy"})
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["mean_mmd"]),
                 {});
        options.aggregation = drift::KernelAggregation::fuse;
        table.row({"MMD-FUSE", "NumPy", same, same, tests[2].promise.note})
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["fuse"]),
                 number(item["fuse_p"]));
        table.row(tests[3].promise)
            .add(name, look, drift::energy_test(reference, live, {.test = {.permutations = 99, .seed = 5}}).test,
                 number(item["energy"]), number(item["energy_p"]));
    }
}

// The area under the curve and the variance behind the p-value, of given folds.
void compare_classifier(Table& table) {
    for (const json& item : oracle_data("classifier.json")["cases"]) {
        const std::size_t d = item["d"];
        const Values x = item["reference"], y = item["live"];
        const auto matrix = [&](const Values& values) -> Eigen::MatrixXd {
            using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
            return Eigen::Map<const Rows>(values.data(), static_cast<Eigen::Index>(values.size() / d),
                                          static_cast<Eigen::Index>(d));
        };
        const drift::FoldedRows folded = drift::fold_rows(matrix(x), matrix(y), item["reference_folds"],
                                                          item["live_folds"], item["folds"].get<std::size_t>());
        drift::ProgressiveClassifier classifier(folded, item["c"], 100);
        const drift::Separation got = classifier.separation(folded.labels);
        TestResult result;
        result.statistic = got.area;
        result.p_value = vedette::stats::normal_sf((got.area - 0.5) / std::sqrt(got.null_variance));
        table.row({"classifier (AUC), given folds", "scikit-learn"})
            .add("classifier.json", looks(x, y, d), result, number(item["area"]), number(item["p"]));
    }
}

}  // namespace

void compare_rows(Table& table) {
    const std::vector<Test> tests = all_tests();
    for (const Test& test : tests) table.row(test.promise);
    compare_generated(table, tests);
    compare_hotelling(table, tests);
    compare_kernels(table, tests);
    compare_classifier(table);
}

}  // namespace parity
