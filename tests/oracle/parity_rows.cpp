// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of multivariate tests.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "drift/out_of_fold.hpp"
#include "oracle/parity_inputs.hpp"
#include "oracle/parity_looks.hpp"
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
using FloatView = vedette::MatrixView<float>;
using Values = std::vector<double>;

struct Test {
    std::string key;
    Promise promise;
    std::function<TestResult(View, View)> run;
    std::function<TestResult(FloatView, FloatView)> run_f32;

    // `ask` is called with views of either type.
    template <class Ask>
    Test(std::string name, Promise promised, Ask ask)
        : key(std::move(name)), promise(std::move(promised)), run(ask), run_f32(ask) {}
};

const drift::TestOptions omit{.nan = drift::NanPolicy::omit, .permutations = 99};

template <class T>
TestResult kernel_test(vedette::MatrixView<T> x, vedette::MatrixView<T> y, std::vector<double> bandwidths,
                       drift::KernelAggregation aggregation = drift::KernelAggregation::mean_kernel) {
    return drift::maximum_mean_discrepancy(
               x, y, {.test = omit, .bandwidths = std::move(bandwidths), .aggregation = aggregation})
        .test;
}

template <class T>
Eigen::MatrixXd complete_rows(vedette::MatrixView<T> view) {
    Eigen::MatrixXd rows(static_cast<Eigen::Index>(view.rows()), static_cast<Eigen::Index>(view.columns()));
    Eigen::Index kept = 0;
    for (std::size_t i = 0; i < view.rows(); ++i) {
        for (std::size_t j = 0; j < view.columns(); ++j)
            rows(kept, static_cast<Eigen::Index>(j)) = static_cast<double>(view(i, j));
        kept += rows.row(kept).hasNaN() ? 0 : 1;
    }
    return rows.topRows(kept);
}

// The area under the curve, and p from its variance under relabelling: the whole test but for how folds are dealt.
TestResult classify(const Eigen::MatrixXd& reference, const Eigen::MatrixXd& live,
                    const std::vector<std::size_t>& reference_folds, const std::vector<std::size_t>& live_folds,
                    std::size_t folds, double inverse_regularisation) {
    const drift::FoldedRows folded = drift::fold_rows(reference, live, reference_folds, live_folds, folds);
    drift::ProgressiveClassifier classifier(folded, inverse_regularisation, 100);
    const drift::Separation got = classifier.separation(folded.labels);
    TestResult result;
    result.statistic = got.area;
    result.p_value = vedette::stats::normal_sf((got.area - 0.5) / std::sqrt(got.null_variance));
    return result;
}

template <class T>
TestResult classify_in_turn(vedette::MatrixView<T> reference, vedette::MatrixView<T> live) {
    const Eigen::MatrixXd x = complete_rows(reference), y = complete_rows(live);
    const auto in_turn = [](Eigen::Index count) {
        std::vector<std::size_t> folds(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < folds.size(); ++i) folds[i] = i % 3;
        return folds;
    };
    return classify(x, y, in_turn(x.rows()), in_turn(y.rows()), 3, 1.0);
}

std::vector<Test> all_tests() {
    const std::string replayed = "p: the same splits of the same bytes replayed";
    const Promise several{"MMD of several bandwidths, mean", "NumPy", same, same, "p: as MMD"};
    return {{"hotelling_t2",
             {"Hotelling's T2", "NumPy, SciPy's F law"},
             [](auto x, auto y) {
                 return drift::hotelling_t2(x, y, {.method = drift::Method::asymptotic, .nan = drift::NanPolicy::omit})
                     .test;
             }},
            {"mahalanobis",
             {"mean shift from a frozen reference", "NumPy, SciPy's F law"},
             []<class T>(vedette::MatrixView<T> x, vedette::MatrixView<T> y) {
                 const drift::MahalanobisDistance<T> frozen(x, drift::NanPolicy::omit);
                 return frozen.mean_shift(y, 0.95, drift::NanPolicy::omit).test;
             }},
            {"mmd", {"MMD", "NumPy", same, same, replayed}, [](auto x, auto y) { return kernel_test(x, y, {1.0}); }},
            {"mmd_mean", several,
             [](auto x, auto y) {
                 return kernel_test(x, y, {0.5, 1.0, 2.0});
             }},
            {"mmd_fuse",
             {"MMD-FUSE", "NumPy", same, same, replayed},
             [](auto x, auto y) {
                 return kernel_test(x, y, {0.5, 1.0, 2.0}, drift::KernelAggregation::fuse);
             }},
            {"energy",
             {"energy", "NumPy", same, same, replayed},
             [](auto x, auto y) { return drift::energy_test(x, y, {.test = omit}).test; }},
            {"density_difference",
             {"density difference", "NumPy", same, same, "lambda given; p: in a row of its own"},
             [](auto x, auto y) {
                 return drift::least_squares_density_difference(
                            x, y, {.regularisation = 0.25, .nan = drift::NanPolicy::omit, .permutations = 9})
                     .test;
             }},
            {"classifier", {"classifier (AUC)", "scikit-learn", same, same, "folds given"}, [](auto x, auto y) {
                 return classify_in_turn(x, y);
             }}};
}

const Test& test_of(const std::vector<Test>& tests, const std::string& key) {
    const auto found = std::find_if(tests.begin(), tests.end(), [&](const Test& test) { return test.key == key; });
    if (found == tests.end()) throw std::runtime_error("no test for the oracle's " + key);
    return *found;
}

// Kernel values and distances of floats are floats, and the bytes that are relabelled come from them, so that p is not
// compared. MMD^2 is promised to 1e-7, which is 4.2e-4 of the smallest statistic of these cases, 2.4e-4.
Promise of_floats(const Test& test) {
    Promise promise = test.promise;
    promise.test += ", f32";
    if (test.key.starts_with("mmd") || test.key == "energy") {
        promise.statistic = 4.2e-4;
        promise.p_value = never;
        promise.note = "kernel values and distances are floats";
    }
    return promise;
}

// Whether rounding to float changes no value.
bool are_floats(const Values& values) {
    return std::all_of(values.begin(), values.end(), [](double value) {
        return std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value;
    });
}

void compare_generated(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("parity.json")["rows"]) {
        const Values x = draw(item["reference"]), y = draw(item["live"]);
        const std::size_t d = item["reference"]["d"];
        const View reference = View::row_major(x.data(), x.size() / d, d),
                   live = View::row_major(y.data(), y.size() / d, d);
        const Looks look = looks({x, d}, {y, d});
        const bool as_floats = are_floats(x) && are_floats(y);
        const std::vector<float> x_f32(x.begin(), x.end()), y_f32(y.begin(), y.end());
        for (const auto& [key, wanted] : item["expected"].items()) {
            const Test& test = test_of(tests, key);
            table.row(test.promise)
                .add(item["name"], look, test.run(reference, live), number(wanted[0]), number(wanted[1]));
            if (!as_floats) continue;
            const auto reference_f32 = FloatView::row_major(x_f32.data(), x.size() / d, d),
                       live_f32 = FloatView::row_major(y_f32.data(), y.size() / d, d);
            table.row(of_floats(test))
                .add(item["name"], look, test.run_f32(reference_f32, live_f32), number(wanted[0]), number(wanted[1]));
        }
    }
}

void compare_hotelling(Table& table, const std::vector<Test>& tests) {
    const Test& t2 = test_of(tests, "hotelling_t2");
    const Test& frozen = test_of(tests, "mahalanobis");
    for (const json& item : oracle_data("hotelling.json")["cases"]) {
        const Values x = item["reference"], y = item["live"];
        const std::size_t d = item["d"];
        const View reference = View::row_major(x.data(), item["n"], d), live = View::row_major(y.data(), item["m"], d);
        const Looks look = looks({x, d}, {y, d});
        table.row(t2.promise)
            .add("hotelling.json", look, t2.run(reference, live), number(item["t2"]), number(item["p"]));
        table.row(frozen.promise)
            .add("hotelling.json", look, frozen.run(reference, live), number(item["frozen_t2"]),
                 number(item["frozen_p"]));
    }
}

void compare_kernels(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("mmd.json")["cases"]) {
        const Values x = item["reference"], y = item["live"];
        const std::size_t d = item["d"];
        const View reference = View::row_major(x.data(), item["n"], d), live = View::row_major(y.data(), item["m"], d);
        const Looks look = looks({x, d}, {y, d});
        const std::string name = item["kind"];
        drift::MmdOptions options{.test = {.permutations = 99, .seed = 5}};
        table.row(test_of(tests, "mmd").promise)
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["mmd"]),
                 number(item["p"]));
        options.bandwidths = item["bandwidths"].get<Values>();
        table.row(test_of(tests, "mmd_mean").promise)
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["mean_mmd"]),
                 {});
        options.aggregation = drift::KernelAggregation::fuse;
        table.row(test_of(tests, "mmd_fuse").promise)
            .add(name, look, drift::maximum_mean_discrepancy(reference, live, options).test, number(item["fuse"]),
                 number(item["fuse_p"]));
        table.row(test_of(tests, "energy").promise)
            .add(name, look, drift::energy_test(reference, live, {.test = {.permutations = 99, .seed = 5}}).test,
                 number(item["energy"]), number(item["energy_p"]));
    }
}

void compare_classifier(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("classifier.json")["cases"]) {
        const std::size_t d = item["d"];
        const Values x = item["reference"], y = item["live"];
        const TestResult result = classify(complete_rows(View::row_major(x.data(), item["n"], d)),
                                           complete_rows(View::row_major(y.data(), item["m"], d)),
                                           item["reference_folds"], item["live_folds"], item["folds"], item["c"]);
        table.row(test_of(tests, "classifier").promise)
            .add("classifier.json", looks({x, d}, {y, d}), result, number(item["area"]), number(item["p"]));
    }
}

}  // namespace

void compare_rows(Table& table) {
    const std::vector<Test> tests = all_tests();
    for (const Test& test : tests) table.row(test.promise);
    compare_generated(table, tests);
    compare_hotelling(table, tests);
    compare_kernels(table, tests);
    compare_classifier(table, tests);
    compare_laws_of_rows(table);
    compare_permuted_rows(table);
}

}  // namespace parity
