// SPDX-License-Identifier: Apache-2.0
// p-values by permutation are a function of the values and the seed: no instruction set or thread enters.
#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/classifier_test.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/density_difference.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/energy_test.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace {

namespace d = vedette::drift;
using vedette::TestResult;
using Counts = std::vector<std::uint64_t>;
using View = vedette::MatrixView<double>;
using FloatView = vedette::MatrixView<float>;

constexpr std::size_t permutations = 199;
constexpr std::size_t columns = 19;
constexpr std::size_t n = 90;
constexpr std::size_t m = 71;

// Uniform numbers only: no library function takes part in making the data.
struct Data {
    std::vector<double> x, y;
    std::vector<float> x_floats, y_floats;
    std::vector<double> tied_x, tied_y;

    Data() {
        vedette::Random random(2024);
        for (std::size_t i = 0; i < n * columns; ++i) x.push_back(random.uniform());
        for (std::size_t i = 0; i < m * columns; ++i) y.push_back(1.05 * random.uniform());
        x_floats.assign(x.begin(), x.end());
        y_floats.assign(y.begin(), y.end());
        for (std::size_t i = 0; i < n; ++i) tied_x.push_back(static_cast<double>(static_cast<int>(8.0 * x[i])));
        for (std::size_t i = 0; i < m; ++i) tied_y.push_back(static_cast<double>(static_cast<int>(8.6 * y[i])));
    }
    [[nodiscard]] View reference() const { return View::row_major(x.data(), n, columns); }
    [[nodiscard]] View live() const { return View::row_major(y.data(), m, columns); }
    [[nodiscard]] FloatView reference_floats() const { return FloatView::row_major(x_floats.data(), n, columns); }
    [[nodiscard]] FloatView live_floats() const { return FloatView::row_major(y_floats.data(), m, columns); }
};

const Data& data() {
    static const Data made;
    return made;
}

// A test, and how many of 200 its p-value is: itself and the relabellings that are as extreme.
struct Case {
    std::string name;
    unsigned of_200;
    std::function<TestResult()> run;
};

std::vector<Case> cases() {
    using vedette::DriftTest;
    const d::TestOptions drawn{.method = d::Method::permutation, .permutations = permutations, .seed = 7};
    const d::TestOptions automatic{.permutations = permutations, .seed = 7};
    std::vector<Case> all;
    const auto of_samples = [&](const char* name, unsigned of_200, DriftTest test) {
        all.push_back({name, of_200, [drawn, test] {
                           return d::run_test(test, vedette::ColumnView<double>(data().tied_x),
                                              vedette::ColumnView<double>(data().tied_y), drawn);
                       }});
    };
    of_samples("kolmogorov_smirnov", 15, DriftTest::kolmogorov_smirnov);
    of_samples("kuiper", 41, DriftTest::kuiper);
    of_samples("cramer_von_mises", 71, DriftTest::cramer_von_mises);
    of_samples("anderson_darling", 14, DriftTest::anderson_darling);
    of_samples("mann_whitney", 62, DriftTest::mann_whitney);
    of_samples("epps_singleton", 1, DriftTest::epps_singleton);
    of_samples("wasserstein", 77, DriftTest::wasserstein);
    of_samples("energy_distance", 43, DriftTest::energy_distance);
    const auto of_rows = [&](const char* name, unsigned of_200, vedette::MultivariateTest test, bool floats) {
        all.push_back({name, of_200, [drawn, automatic, test, floats] {
                           const bool takes_method = test == vedette::MultivariateTest::hotelling_t2 ||
                                                     test == vedette::MultivariateTest::classifier;
                           const d::TestOptions& options = takes_method ? drawn : automatic;
                           return floats
                                      ? d::run_test(test, data().reference_floats(), data().live_floats(), options).test
                                      : d::run_test(test, data().reference(), data().live(), options).test;
                       }});
    };
    using Joint = vedette::MultivariateTest;
    of_rows("hotelling_t2", 125, Joint::hotelling_t2, false);
    of_rows("maximum_mean_discrepancy", 73, Joint::maximum_mean_discrepancy, false);
    of_rows("maximum_mean_discrepancy of floats", 73, Joint::maximum_mean_discrepancy, true);
    of_rows("energy", 79, Joint::energy, false);
    of_rows("energy of floats", 79, Joint::energy, true);
    of_rows("density_difference", 44, Joint::density_difference, false);
    of_rows("density_difference of floats", 44, Joint::density_difference, true);
    of_rows("classifier", 121, Joint::classifier, false);
    of_rows("mmd_fuse", 61, Joint::mmd_fuse, false);
    of_rows("mmd_fuse of floats", 61, Joint::mmd_fuse, true);
    static const Counts table{40, 25, 11, 2, 33, 30, 8, 6};
    static const Counts four_fold{30, 70, 41, 59};
    const d::ContingencyOptions drawn_tables{.method = d::Method::permutation, .permutations = permutations, .seed = 7};
    all.push_back({"chi_square", 62, [=] { return d::chi_square({table, 2, 4}, drawn_tables); }});
    all.push_back({"g_test", 62, [=] { return d::g_test({table, 2, 4}, drawn_tables); }});
    all.push_back({"fisher_exact", 62, [=] { return d::fisher_exact({table, 2, 4}, drawn); }});
    all.push_back({"fisher_exact of 2 x 2", 22, [=] { return d::fisher_exact({four_fold, 2, 2}, drawn); }});
    return all;
}

// Everything that a result says.
std::vector<std::uint64_t> bits(const TestResult& result) {
    std::vector<std::uint64_t> all;
    for (const double value : {result.statistic, result.p_value, result.effect, result.effect_interval.lower,
                               result.effect_interval.upper, result.degrees_of_freedom})
        all.push_back(std::bit_cast<std::uint64_t>(value));
    return all;
}

}  // namespace

TEST_CASE("p-values by permutation have the same bits on every instruction set") {
    for (const Case& each : cases()) {
        CAPTURE(each.name);
        CHECK(each.run().p_value == static_cast<double>(each.of_200) / 200.0);
    }
}

TEST_CASE("p-values by permutation have the same bits on every thread, among others") {
    const std::vector<Case> all = cases();
    std::vector<std::vector<std::uint64_t>> alone;
    for (const Case& each : all) alone.push_back(bits(each.run()));
    std::vector<std::vector<std::vector<std::uint64_t>>> found(3);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < found.size(); ++t)
        threads.emplace_back([&all, &mine = found[t], t] {
            // Each begins elsewhere, so that different tests run side by side.
            mine.resize(all.size());
            for (std::size_t i = 0; i < all.size(); ++i) {
                const std::size_t at = (i + 5 * t) % all.size();
                mine[at] = bits(all[at].run());
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const auto& each : found) CHECK(each == alone);
}

TEST_CASE("MMD of random features has the same bits on every instruction set and in any order of rows and windows") {
    const d::RandomFeatureMmd<float> frozen(data().reference_floats(), {.features = 32, .seed = 3});
    d::FeatureWindow whole = frozen.window(), first = frozen.window(), second = frozen.window();
    REQUIRE(frozen.observe(whole, data().live_floats()));
    REQUIRE(frozen.observe(second, FloatView::row_major(data().y_floats.data(), 30, columns)));
    REQUIRE(frozen.observe(first, FloatView::row_major(data().y_floats.data() + 30 * columns, m - 30, columns)));
    first.merge(second);
    CHECK(first.serialize() == whole.serialize());
    std::uint64_t digest = 0;
    for (const std::int64_t sum : whole.sums()) digest = digest * 0x100000001b3U + static_cast<std::uint64_t>(sum);
    CHECK(digest == 6683410699327576743U);
}
