// SPDX-License-Identifier: Apache-2.0
// The kernel two-sample test against its definition, its p-values against relabelling by hand, and hostile input.
#include "vedette/drift/maximum_mean_discrepancy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/permutation.hpp"

namespace drift = vedette::drift;
using vedette::ErrorCode;
using View = vedette::MatrixView<double>;
using FloatView = vedette::MatrixView<float>;
using vedette::testing::code_of;
using vedette::testing::normals;
using vedette::testing::sum;

namespace {

void check_close(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance) {
    REQUIRE(got.size() == wanted.size());
    double size = 0.0;
    for (const double w : wanted) size = std::max(size, std::fabs(w));
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::fabs(got[i] - wanted[i]) <= tolerance * size);
}

}  // namespace

TEST_CASE("MMD, MMD-FUSE and their contributions match the definitions, p the same splits by hand") {
    const auto& data = oracle_data("mmd.json");
    REQUIRE(data["cases"].size() == 7);
    for (const auto& row : data["cases"]) {
        const std::vector<double> x = row["reference"], y = row["live"];
        const std::size_t n = row["n"], m = row["m"], d = row["d"];
        CAPTURE(n);
        CAPTURE(m);
        const auto reference = View::row_major(x.data(), n, d), live = View::row_major(y.data(), m, d);
        drift::MmdOptions options{.test = {.permutations = 99, .seed = 5}};
        auto got = drift::maximum_mean_discrepancy(reference, live, options);
        CHECK(got.test.statistic == doctest::Approx(row["mmd"].get<double>()).epsilon(1e-9));
        CHECK(got.test.effect == doctest::Approx(row["effect"].get<double>()).epsilon(1e-9));
        CHECK(got.test.effect_interval.lower == doctest::Approx(row["lower"].get<double>()).epsilon(1e-7));
        CHECK(got.test.effect_interval.upper == doctest::Approx(row["upper"].get<double>()).epsilon(1e-7));
        check_close(got.row_contributions, row["rows"], 1e-9);
        check_close(got.feature_contributions, row["features"], 1e-8);
        if (!row["p"].is_null()) CHECK(got.test.p_value == doctest::Approx(row["p"].get<double>()));
        // Rounding to bytes may reorder splits that nearly tie.
        CHECK(std::fabs(got.test.p_value - row["p_full"].get<double>()) <= 0.021);
        options.bandwidths = {row["bandwidth"]};
        const auto same = drift::maximum_mean_discrepancy(reference, live, options);
        CHECK(same.test.statistic == doctest::Approx(got.test.statistic).epsilon(1e-10));

        options.bandwidths = row["bandwidths"].get<std::vector<double>>();
        got = drift::maximum_mean_discrepancy(reference, live, options);
        CHECK(got.test.statistic == doctest::Approx(row["mean_mmd"].get<double>()).epsilon(1e-9));
        check_close(got.row_contributions, row["mean_rows"], 1e-9);
        check_close(got.feature_contributions, row["mean_features"], 1e-8);
        CHECK(sum(got.row_contributions) == doctest::Approx(got.test.statistic).epsilon(1e-9));
        CHECK(std::fabs(sum(got.feature_contributions) - got.test.statistic) <= 1e-12);
        CHECK(got.moved_share == doctest::Approx(std::sqrt(std::max(0.0, got.test.statistic) / 2.0)).epsilon(1e-12));
        const drift::MultivariateResult mean_kernel = got;

        options.aggregation = drift::KernelAggregation::fuse;
        got = drift::maximum_mean_discrepancy(reference, live, options);
        CHECK(got.test.statistic == doctest::Approx(row["fuse"].get<double>()).epsilon(1e-9));
        check_close(got.row_contributions, row["fuse_rows"], 1e-9);
        check_close(got.feature_contributions, row["fuse_features"], 1e-8);
        CHECK(std::fabs(sum(got.feature_contributions) - sum(got.row_contributions)) <= 1e-12);
        CHECK(got.test.effect == doctest::Approx(mean_kernel.test.effect).epsilon(1e-9));
        CHECK(got.moved_share == doctest::Approx(mean_kernel.moved_share).epsilon(1e-9));
        CHECK(got.moved_share_interval.lower <= mean_kernel.moved_share_interval.lower + 1e-12);
        CHECK(got.moved_share_interval.upper >= mean_kernel.moved_share_interval.upper - 1e-12);
        if (!row["fuse_p"].is_null()) CHECK(got.test.p_value == doctest::Approx(row["fuse_p"].get<double>()));
    }
}

TEST_CASE("floats give the statistic of their values to 1e-7, in any storage order") {
    for (const std::size_t d : {1UL, 17UL, 300UL}) {
        const std::size_t n = 150, m = 97;
        std::vector<float> x, y;
        for (const double v : normals(n * d, 1)) x.push_back(static_cast<float>(v + 3.0));
        for (const double v : normals(m * d, 2)) y.push_back(static_cast<float>(v + 3.1));
        const std::vector<double> wide_x(x.begin(), x.end()), wide_y(y.begin(), y.end());
        std::vector<float> turned(x.size());
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < d; ++j) turned[j * n + i] = x[i * d + j];
        const auto live = FloatView::row_major(y.data(), m, d);
        const auto got = drift::maximum_mean_discrepancy(FloatView::row_major(x.data(), n, d), live);
        const auto columns = drift::maximum_mean_discrepancy(FloatView::column_major(turned.data(), n, d), live);
        const auto wide =
            drift::maximum_mean_discrepancy(View::row_major(wide_x.data(), n, d), View::row_major(wide_y.data(), m, d));
        CHECK(std::fabs(got.test.statistic - wide.test.statistic) <= 1e-7);
        CHECK(std::fabs(got.test.p_value - wide.test.p_value) <= 0.005);
        CHECK(columns.test.statistic == got.test.statistic);
        CHECK(columns.test.p_value == got.test.p_value);
        check_close(got.row_contributions, wide.row_contributions, 1e-4);
        check_close(got.feature_contributions, wide.feature_contributions, 1e-4);
        CHECK(sum(got.row_contributions) == doctest::Approx(got.test.statistic).epsilon(1e-9));
    }
}

TEST_CASE("many rows of floats, rounded to steps, give the statistic of their values as few do") {
    // Of equal laws rounding costs MMD^2 (step/s)/rows (standard deviation), allowed to be 1e-7: six of those. Else
    // (step/s) sqrt(0.5/rows), with step/s up to 1e-4: 2e-6, and six of those.
    for (const std::size_t d : {16UL, 65UL, 300UL}) {
        CAPTURE(d);
        const std::size_t n = 1100, m = 1010;
        std::vector<float> x, same, moved;
        for (const double v : normals(n * d, 1)) x.push_back(static_cast<float>(v + 3.0));
        for (const double v : normals(m * d, 2)) same.push_back(static_cast<float>(v + 3.0));
        for (const double v : normals(m * d, 2)) moved.push_back(static_cast<float>(1.2 * v + 3.1));
        // A row repeated on both sides: a distance of zero in steps too.
        std::copy_n(x.begin(), d, same.begin());
        const std::vector<double> wide_x(x.begin(), x.end());
        const auto reference = FloatView::row_major(x.data(), n, d);
        const drift::MmdOptions options{.test = {.permutations = 199}};
        for (const std::vector<float>* live : {&same, &moved}) {
            const double bound = live == &same ? 6e-7 : 1.2e-5;
            const std::vector<double> wide_live(live->begin(), live->end());
            const auto got =
                drift::maximum_mean_discrepancy(reference, FloatView::row_major(live->data(), m, d), options);
            const auto wide = drift::maximum_mean_discrepancy(View::row_major(wide_x.data(), n, d),
                                                              View::row_major(wide_live.data(), m, d), options);
            CHECK(got.test.statistic != wide.test.statistic);
            CHECK(std::fabs(got.test.statistic - wide.test.statistic) <= bound);
            CHECK(std::fabs(got.test.p_value - wide.test.p_value) <= 0.02);
            CHECK(sum(got.row_contributions) == doctest::Approx(got.test.statistic).epsilon(1e-9));
            CHECK(std::fabs(sum(got.feature_contributions) - got.test.statistic) <=
                  1e-4 * std::fabs(wide.test.statistic) + 1e-6);
            // Against a frozen reference no row is rounded.
            const drift::MaximumMeanDiscrepancy<float> frozen(reference, options);
            const drift::MaximumMeanDiscrepancy<double> wide_frozen(View::row_major(wide_x.data(), n, d), options);
            for (const float factor : {1.0F, 100.0F}) {
                std::vector<float> scaled(*live);
                for (float& v : scaled) v *= factor;
                const std::vector<double> wide_scaled(scaled.begin(), scaled.end());
                const double of_floats = frozen.test(FloatView::row_major(scaled.data(), m, d)).test.statistic;
                const double of_doubles = wide_frozen.test(View::row_major(wide_scaled.data(), m, d)).test.statistic;
                CHECK(std::fabs(of_floats - of_doubles) <= 1e-6);
            }
        }
        // One row far out makes the steps of all too coarse: then floats' own products.
        x[0] = 1e6F;
        const std::vector<double> far_x(x.begin(), x.end()), wide_same(same.begin(), same.end());
        const double of_floats =
            drift::maximum_mean_discrepancy(reference, FloatView::row_major(same.data(), m, d), options).test.statistic;
        const double of_doubles = drift::maximum_mean_discrepancy(View::row_major(far_x.data(), n, d),
                                                                  View::row_major(wide_same.data(), m, d), options)
                                      .test.statistic;
        CHECK(std::fabs(of_floats - of_doubles) <= 1e-7);
    }
}

TEST_CASE("rows of two levels, few of them live: floats against a frozen reference are not rounded on one side alone") {
    const std::size_t n = 900, m = 300, d = 256;
    std::vector<float> x, y;
    for (const double v : normals(n * d, 5)) x.push_back(v > 0.0 ? 1.0F : 0.0F);
    for (const double v : normals(m * d, 6)) y.push_back(v > 0.0 ? 1.0F : 0.0F);
    const std::vector<double> wide_x(x.begin(), x.end()), wide_y(y.begin(), y.end());
    const drift::MmdOptions options{.test = {.permutations = 19}};
    const drift::MaximumMeanDiscrepancy<float> frozen(FloatView::row_major(x.data(), n, d), options);
    const drift::MaximumMeanDiscrepancy<double> wide(View::row_major(wide_x.data(), n, d), options);
    const double of_floats = frozen.test(FloatView::row_major(y.data(), m, d)).test.statistic;
    CHECK(std::fabs(of_floats - wide.test(View::row_major(wide_y.data(), m, d)).test.statistic) <= 6e-7);
}

TEST_CASE("a frozen reference gives the same statistic for the same bandwidth") {
    const auto x = normals(200 * 4, 3), y = normals(60 * 4, 4);
    const auto reference = View::row_major(x.data(), 200, 4), live = View::row_major(y.data(), 60, 4);
    for (const auto aggregation : {drift::KernelAggregation::mean_kernel, drift::KernelAggregation::fuse}) {
        const drift::MmdOptions options{.bandwidths = {0.7, 2.0}, .aggregation = aggregation};
        const drift::MaximumMeanDiscrepancy<double> frozen(reference, options);
        CHECK(frozen.dimension() == 4);
        CHECK(frozen.reference_count() == 200);
        CHECK(frozen.bandwidths()[1] == doctest::Approx(2.0).epsilon(1e-14));
        const auto got = frozen.test(live), again = frozen.test(live);
        const auto wanted = drift::maximum_mean_discrepancy(reference, live, options);
        CHECK(got.test.statistic == doctest::Approx(wanted.test.statistic).epsilon(1e-10));
        CHECK(std::fabs(got.test.p_value - wanted.test.p_value) <= 0.02);
        CHECK(got.test.p_value == again.test.p_value);
        check_close(got.feature_contributions, wanted.feature_contributions, 1e-8);
        check_close(got.row_contributions, wanted.row_contributions, 1e-8);
        CHECK(code_of([&] { (void)frozen.test(View::row_major(y.data(), 80, 3)); }) == ErrorCode::dimension_mismatch);
        CHECK(code_of([&] { (void)frozen.test(View::row_major(y.data(), 1, 4)); }) == ErrorCode::not_enough_data);
    }
    const drift::MaximumMeanDiscrepancy<double> frozen(reference);
    CHECK(frozen.bandwidths().size() == 1);
    CHECK(frozen.bandwidths()[0] == doctest::Approx(std::sqrt(0.5 * 2.0 * 3.357)).epsilon(0.1));  // median of chi2(4)
}

TEST_CASE("early stopping counts the same splits") {
    const auto x = normals(40 * 2, 5), y = normals(40 * 2, 6);
    const auto reference = View::row_major(x.data(), 40, 2), live = View::row_major(y.data(), 40, 2);
    drift::MmdOptions options{.test = {.permutations = 5000, .seed = 2}};
    const double full = drift::maximum_mean_discrepancy(reference, live, options).test.p_value;
    options.stop_after = 20;
    const double stopped = drift::maximum_mean_discrepancy(reference, live, options).test.p_value;
    // Where it stopped, the share of extreme splits is exactly that many of those drawn.
    const double drawn = 20.0 / stopped;
    CHECK(drawn == doctest::Approx(std::round(drawn)).epsilon(1e-12));
    CHECK(drawn < 5000.0);
    CHECK(std::fabs(full - stopped) < 0.25);
    options.stop_after = 6000;
    CHECK(drift::maximum_mean_discrepancy(reference, live, options).test.p_value == full);
    options.test.permutations = static_cast<std::size_t>(drawn) - 1;
    const double before = drift::maximum_mean_discrepancy(reference, live, options).test.p_value;
    CHECK(before == doctest::Approx(20.0 / drawn));  // 19 of drawn - 1, plus one over plus one
}

TEST_CASE("rows without any difference, and constants that differ") {
    const std::vector<double> same(60, 3.25);
    const auto view = View::row_major(same.data(), 20, 3);
    for (const auto aggregation : {drift::KernelAggregation::mean_kernel, drift::KernelAggregation::fuse}) {
        const drift::MmdOptions options{.aggregation = aggregation};
        const auto got = drift::maximum_mean_discrepancy(view, view, options);
        CHECK(got.test.statistic == doctest::Approx(0.0).epsilon(1e-12));
        CHECK(got.test.p_value == 1.0);
        CHECK(got.test.effect == 0.0);
        CHECK(got.moved_share == 0.0);
        const std::vector<double> other(60, 4.0);
        const auto moved = drift::maximum_mean_discrepancy(view, View::row_major(other.data(), 20, 3), options);
        CHECK(moved.test.p_value == 0.001);
        CHECK(moved.test.statistic > 0.5);
    }
    const std::vector<double> other(60, 4.0);
    const auto moved = drift::maximum_mean_discrepancy(view, View::row_major(other.data(), 20, 3));
    CHECK(moved.test.statistic == doctest::Approx(2.0 * (1.0 - std::exp(-1.0))).epsilon(1e-12));
    CHECK(std::isinf(moved.test.effect));
}

TEST_CASE("scale, distance and outliers leave answers alone") {
    const auto x = normals(90, 7);
    auto y = normals(60, 8);
    for (std::size_t i = 0; i < 20; ++i) y[3 * i] += 1.0;
    const auto plain =
        drift::maximum_mean_discrepancy(View::row_major(x.data(), 30, 3), View::row_major(y.data(), 20, 3));
    for (const double scale : {1e-300, 1e-20, 1e20, 1e300}) {
        auto a = x, b = y;
        for (double& v : a) v *= scale;
        for (double& v : b) v *= scale;
        const auto got =
            drift::maximum_mean_discrepancy(View::row_major(a.data(), 30, 3), View::row_major(b.data(), 20, 3));
        CHECK(got.test.statistic == doctest::Approx(plain.test.statistic).epsilon(1e-12));
        CHECK(got.test.p_value == plain.test.p_value);
    }
    // Two clusters ten million bandwidths apart: in float products alone nothing would be left of the distances.
    std::vector<float> far_x, far_y;
    std::vector<double> wide_x, wide_y;
    for (std::size_t i = 0; i < 90; ++i)
        far_x.push_back(static_cast<float>(i < 45 ? 1e6 : -1e6) + static_cast<float>(std::round(8 * x[i])));
    for (std::size_t i = 0; i < 60; ++i)
        far_y.push_back(static_cast<float>(i < 30 ? 1e6 : -1e6) + static_cast<float>(std::round(8 * y[i])));
    wide_x.assign(far_x.begin(), far_x.end());
    wide_y.assign(far_y.begin(), far_y.end());
    const drift::MmdOptions options{.bandwidths = {8.0}};
    const auto in_float = drift::maximum_mean_discrepancy(FloatView::row_major(far_x.data(), 30, 3),
                                                          FloatView::row_major(far_y.data(), 20, 3), options);
    const auto in_double = drift::maximum_mean_discrepancy(View::row_major(wide_x.data(), 30, 3),
                                                           View::row_major(wide_y.data(), 20, 3), options);
    CHECK(in_float.test.statistic == doctest::Approx(in_double.test.statistic).epsilon(1e-3));
    CHECK(in_float.test.p_value == doctest::Approx(in_double.test.p_value).epsilon(0.05));
    // One value beyond everything, and bandwidths beyond everything.
    far_x[0] = std::numeric_limits<float>::max();
    const auto outlier = drift::maximum_mean_discrepancy(FloatView::row_major(far_x.data(), 30, 3),
                                                         FloatView::row_major(far_y.data(), 20, 3));
    CHECK(std::isfinite(outlier.test.statistic));
    CHECK(outlier.test.p_value > 0.0);
    for (const double s : {1e-300, 1e-30, 1e30, 1e300}) {
        const auto extreme = drift::maximum_mean_discrepancy(View::row_major(x.data(), 30, 3),
                                                             View::row_major(y.data(), 20, 3), {.bandwidths = {s}});
        CHECK(std::fabs(extreme.test.statistic) <= 1e-9);
        CHECK(extreme.test.p_value > 0.0);
        CHECK(extreme.test.p_value <= 1.0);
    }
}

TEST_CASE("a few huge values do not blind the test") {
    const auto x = normals(60 * 3, 11);
    auto y = normals(60 * 3, 12);
    for (double& v : y) v += 1.0;
    std::vector<float> short_x(x.begin(), x.end()), short_y(y.begin(), y.end());
    const auto p_values = [&](auto& live, const auto& reference, auto huge) {
        using T = std::remove_cvref_t<decltype(huge)>;
        for (const std::size_t i : {0U, 7U, 50U}) live[i] = i == 7 ? -huge : huge;
        const auto a = vedette::MatrixView<T>::row_major(reference.data(), 60, 3);
        const auto b = vedette::MatrixView<T>::row_major(live.data(), 60, 3);
        for (const auto aggregation : {drift::KernelAggregation::mean_kernel, drift::KernelAggregation::fuse}) {
            const auto got = drift::maximum_mean_discrepancy(a, b, {.aggregation = aggregation});
            CHECK(got.test.p_value == 0.001);
            CHECK(got.test.statistic > 0.05);
            CHECK(drift::MaximumMeanDiscrepancy<T>(a, {.aggregation = aggregation}).test(b).test.p_value == 0.001);
        }
    };
    p_values(short_y, short_x, std::numeric_limits<float>::max());
    p_values(y, x, 1e308);
    auto small_x = x, small_y = y;
    for (auto* values : {&small_x, &small_y})
        for (double& v : *values) v *= 1e-12;
    p_values(small_y, small_x, 1e308);
}

TEST_CASE("more rows than the bandwidth's sample, more splits than one batch, sizes beside every border") {
    for (const auto& [n, m, d] : {std::tuple{600UL, 31UL, 2UL}, std::tuple{63UL, 65UL, 40UL},
                                  std::tuple{64UL, 64UL, 3UL}, std::tuple{2UL, 129UL, 5UL}}) {
        const auto x = normals(n * d, n), y = normals(m * d, m + 1);
        const auto got = drift::maximum_mean_discrepancy(
            View::row_major(x.data(), n, d), View::row_major(y.data(), m, d), {.test = {.permutations = 2500}});
        CHECK(got.test.p_value > 0.001);
        CHECK(std::fabs(got.test.p_value * 2501 - std::round(got.test.p_value * 2501)) < 1e-9);
        CHECK(sum(got.row_contributions) == doctest::Approx(got.test.statistic).epsilon(1e-9));
    }
}

TEST_CASE("contributions of features add up where kernels are flat, rows repeat or values are huge") {
    auto x = normals(80 * 4, 21), y = normals(70 * 4, 22);
    for (std::size_t i = 0; i < 70; ++i) y[4 * i + 1] += 0.7;
    std::copy_n(x.begin(), 120, x.begin() + 160);
    const auto reference = View::row_major(x.data(), 80, 4), live = View::row_major(y.data(), 70, 4);
    for (const auto aggregation : {drift::KernelAggregation::mean_kernel, drift::KernelAggregation::fuse}) {
        for (const double s : {1e-300, 1e-6, 0.3, 1e3, 1e7, 1e300}) {
            CAPTURE(s);
            const auto got = drift::maximum_mean_discrepancy(
                reference, live, {.test = {.permutations = 1}, .bandwidths = {s, 2.0 * s}, .aggregation = aggregation});
            CHECK(std::fabs(sum(got.feature_contributions) - sum(got.row_contributions)) <= 1e-12);
        }
        y[5] = 1e300;
        const auto outlier = drift::maximum_mean_discrepancy(reference, live, {.aggregation = aggregation});
        for (const double share : outlier.feature_contributions) CHECK(std::isfinite(share));
        y[5] = 0.0;
    }
    const std::vector<double> same(60, 3.25);
    const auto view = View::row_major(same.data(), 20, 3);
    CHECK(drift::maximum_mean_discrepancy(view, view).feature_contributions == std::vector<double>(3, 0.0));
}

TEST_CASE("the library's splits are those of the oracle") {
    for (const auto& row : oracle_data("mmd.json")["splits"]) {
        std::vector<std::uint8_t> labels(row["total"].get<std::size_t>());
        vedette::stats::random_split(row["seed"], row["index"], row["chosen"], labels);
        std::string text;
        for (const std::uint8_t label : labels) text += label != 0 ? '1' : '0';
        CHECK(text == row["labels"].get<std::string>());
    }
}

TEST_CASE("misuse is named") {
    auto x = normals(40, 1);
    const auto view = View::row_major(x.data(), 20, 2);
    const auto call = [&](View a, View b, drift::MmdOptions o) {
        return [=] { (void)drift::maximum_mean_discrepancy(a, b, o); };
    };
    CHECK(code_of(call(view, View::row_major(x.data(), 10, 4), {})) == ErrorCode::dimension_mismatch);
    CHECK(code_of(call(view, View::row_major(x.data(), 1, 2), {})) == ErrorCode::not_enough_data);
    CHECK(code_of(call(View::row_major(x.data(), 20, 0), View::row_major(x.data(), 20, 0), {})) ==
          ErrorCode::not_enough_data);
    CHECK(code_of(call(view, view, {.test = {.alternative = drift::Alternative::less}})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.test = {.method = drift::Method::exact}})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.test = {.permutations = 0}})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.bandwidths = {1.0, 0.0}})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.bandwidths = {std::nan("")}})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.aggregation = static_cast<drift::KernelAggregation>(9)})) ==
          ErrorCode::invalid_argument);
    const std::vector<float> many(65540, 1.0F);
    CHECK(code_of([&] {
              (void)drift::maximum_mean_discrepancy(FloatView::row_major(many.data(), 65530, 1),
                                                    FloatView::row_major(many.data(), 10, 1));
          }) == ErrorCode::invalid_argument);
    x[7] = std::nan("");
    CHECK(code_of(call(view, view, {})) == ErrorCode::invalid_argument);
    const auto omitted = drift::maximum_mean_discrepancy(view, view, {.test = {.nan = drift::NanPolicy::omit}});
    CHECK(omitted.test.live_count == 19.0);
    CHECK(std::isnan(omitted.row_contributions[3]));
    CHECK(!std::isnan(omitted.row_contributions[4]));
    x[7] = std::numeric_limits<double>::infinity();
    CHECK(code_of(call(view, view, {.test = {.nan = drift::NanPolicy::omit}})) == ErrorCode::invalid_argument);
}

TEST_CASE("the same bits on every instruction set") {
    // Uniform numbers only: no library function takes part in making the data.
    vedette::Random random(2024);
    std::vector<float> x(90 * 33), y(71 * 33);
    for (float& v : x) v = static_cast<float>(random.uniform());
    for (float& v : y) v = static_cast<float>(random.uniform() * 1.05);
    const auto reference = FloatView::row_major(x.data(), 90, 33), live = FloatView::row_major(y.data(), 71, 33);
    const auto got = drift::maximum_mean_discrepancy(reference, live, {.bandwidths = {0.7, 2.1}});
    const std::vector<double> wide_x(x.begin(), x.end()), wide_y(y.begin(), y.end());
    const auto wide =
        drift::maximum_mean_discrepancy(View::row_major(wide_x.data(), 90, 33), View::row_major(wide_y.data(), 71, 33));
    CHECK(got.test.statistic == 0x1.c6a762eb29cp-10);
    CHECK(got.test.p_value == 0.087);
    CHECK(sum(got.feature_contributions) == 0x1.c6a6cf90e902p-10);
    CHECK(wide.test.statistic == 0x1.c4c1b34ccd18p-9);
    CHECK(wide.test.p_value == 0.086);
}
