// SPDX-License-Identifier: Apache-2.0
// Learning, saving and reading baselines.
#include "vedette/guard/baseline.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "guard/baseline_state.hpp"
#include "sample.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/window.hpp"

using namespace vedette;
using vedette::testing::draw_sample;
using vedette::testing::sample_baseline;

namespace {

ErrorCode refusal(std::span<const std::byte> bytes) {
    try {
        (void)Baseline::from_bytes(bytes);
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

}  // namespace

TEST_CASE("every reference value is in a cell or a counter of its own") {
    const auto sample = draw_sample(3000, 7);
    const Baseline baseline = Baseline::build(sample.table(), {.name = "loans"});
    CHECK(baseline.feature_count() == 4);
    CHECK(baseline.rows() == 3000);
    CHECK(baseline.name() == "loans");
    for (const FeatureBaseline& feature : baseline.features()) {
        CHECK(feature.observations() + feature.nulls + feature.nans + feature.positive_infinities +
                  feature.negative_infinities ==
              3000);
    }
    const FeatureBaseline& income = baseline.feature(0);
    CHECK(income.grid.cells() == 64);
    CHECK(income.moments.count == 3000);
    CHECK(income.moments.mean ==
          doctest::Approx(std::accumulate(sample.income.begin(), sample.income.end(), 0.0) / 3000));
    CHECK(baseline.feature(1).grid.discrete);
    CHECK(baseline.feature(2).grid.precision == stats::Precision::f32);
    const FeatureBaseline& country = baseline.feature(3);
    CHECK(country.kind == FeatureKind::categorical);
    CHECK(country.categories == std::vector<std::string>{"CH", "DE", "AT", "FR", "IT"});
    CHECK(country.nulls > 0);
    CHECK(baseline.find("score") == 2);
    CHECK_FALSE(baseline.find("scor").has_value());
    CHECK(baseline.category_cell(3, "AT") == 2);
    CHECK(baseline.category_cell(3, "US") == 5);
    CHECK(baseline.category_cell(3, "") == 5);
    CHECK(baseline.category_cell(3, std::string(100000, 'x')) == 5);
    CHECK_THROWS_AS((void)baseline.feature(4), Error);
}

TEST_CASE("special values are counted apart") {
    constexpr double inf = std::numeric_limits<double>::infinity();
    std::vector<double> x(100, 1.5);
    x[0] = std::nan("");
    x[1] = inf;
    x[2] = -inf;
    x[3] = -inf;
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    CHECK(baseline.feature(0).nans == 1);
    CHECK(baseline.feature(0).positive_infinities == 1);
    CHECK(baseline.feature(0).negative_infinities == 2);
    CHECK(baseline.feature(0).observations() == 96);
}

TEST_CASE("a feature without any finite value can be learned") {
    const std::vector<float> x(100, std::numeric_limits<float>::quiet_NaN());
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    CHECK(baseline.feature(0).observations() == 0);
    CHECK(Baseline::from_bytes(baseline.to_bytes()).id() == baseline.id());
}

TEST_CASE("the largest number there is still has a cell") {
    std::vector<double> x(100);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i) - 50;
    x[0] = std::numeric_limits<double>::max();
    x[1] = std::numeric_limits<double>::lowest();
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    CHECK(Baseline::from_bytes(baseline.to_bytes()).id() == baseline.id());
}

TEST_CASE("rarer categories than fit share the last cell") {
    std::vector<std::string> owned;
    std::vector<std::string_view> text;
    for (int i = 0; i < 300; ++i) owned.push_back(std::to_string(i % 30 < 20 ? 0 : i % 30));
    for (const std::string& s : owned) text.push_back(s);
    const Baseline baseline = Baseline::build(Table({{"x", Column::strings(text)}}), {.max_categories = 3});
    const FeatureBaseline& x = baseline.feature(0);
    CHECK(x.categories.size() == 3);
    CHECK(x.category_counts.front() == 200);
    CHECK(x.category_counts.back() == 80);
    CHECK(x.observations() == 300);
}

TEST_CASE("impossible requests are refused with a reason") {
    const auto sample = draw_sample(200, 3);
    CHECK_THROWS_WITH_AS((void)Baseline::build(sample.table(), {.cells = 3}), "cells = 3 lies outside [4, 1024]",
                         Error);
    CHECK_THROWS_WITH_AS((void)Baseline::build(sample.table(), {.max_categories = 2000}),
                         "max_categories = 2000 lies outside [1, 1022]", Error);
    CHECK_THROWS_WITH_AS((void)Baseline::build(sample.table(), {.minimum_rows = 500}),
                         "the reference has 200 rows, 500 are needed", Error);
    CHECK_THROWS_AS((void)Baseline::build(Table{}), Error);
    const std::vector<double> x(100, 1.0);
    CHECK_THROWS_AS((void)Baseline::build(Table({{"\xff", Column::numeric(x)}})), Error);
    CHECK_THROWS_AS((void)Baseline::build(Table({{"a\x1b[31m", Column::numeric(x)}})), Error);
}

TEST_CASE("saving and loading gives the same baseline, byte for byte") {
    const Baseline baseline = sample_baseline();
    const auto path = std::filesystem::temp_directory_path() / "vedette_baseline_test.vedette";
    baseline.save(path);
    const Baseline loaded = Baseline::load(path);
    std::filesystem::remove(path);
    CHECK(loaded.id() == baseline.id());
    CHECK(loaded.to_bytes() == baseline.to_bytes());
    CHECK(loaded.feature(0).grid.edges == baseline.feature(0).grid.edges);
    CHECK(loaded.feature(0).moments.m2 == baseline.feature(0).moments.m2);
    CHECK(loaded.feature(3).singletons == baseline.feature(3).singletons);
    CHECK_THROWS_AS((void)Baseline::load(path), Error);
}

TEST_CASE("learning twice from the same data gives the same bytes") {
    CHECK(sample_baseline().to_bytes() == sample_baseline().to_bytes());
}

TEST_CASE("a truncated or altered file is refused") {
    const auto bytes = Baseline::build(draw_sample(60, 2).table(), {.cells = 4}).to_bytes();
    for (std::size_t length = 0; length < bytes.size(); length += 7) {
        CHECK(refusal(std::span(bytes).first(length)) == ErrorCode::corrupt_data);
    }
    for (std::size_t i = 0; i < bytes.size(); i += 11) {
        auto altered = bytes;
        altered[i] ^= std::byte{0x10};
        CHECK(refusal(altered) != ErrorCode{});
    }
}

TEST_CASE("a well-formed container with impossible content is refused") {
    // Written anew with a correct digest, so that only the content can give it away.
    const auto bytes = sample_baseline(500).to_bytes();
    const Container original = Container::view(bytes);
    const auto rebuilt = [&](const std::string& tensor, auto change) {
        ContainerWriter writer;
        for (const TensorView& view : original.tensors()) {
            std::vector<std::byte> data(view.data.begin(), view.data.end());
            if (view.name == tensor) change(data);
            std::vector<std::uint64_t> shape(view.shape.begin(), view.shape.end());
            if (!shape.empty()) shape = {data.size() / dtype_size(view.dtype)};
            writer.add_tensor(view.name, view.dtype, shape, data);
        }
        for (const char* key : {"schema", "name", "model_digest"}) writer.set_metadata(key, original.metadata(key));
        return writer.finish("baseline");
    };
    CHECK(refusal(rebuilt("none", [](auto&) {})) == ErrorCode{});
    const auto fill = [](auto& data) { std::fill(data.begin(), data.end(), std::byte{0x7f}); };
    const auto shorten = [](auto& data) { data.resize(data.size() - 8); };
    for (const char* name : {"rows", "cells", "cell_counts", "nulls", "nans", "edges", "minima", "maxima", "zeros"}) {
        CAPTURE(name);
        CHECK(refusal(rebuilt(name, fill)) == ErrorCode::corrupt_data);
    }
    for (const char* name : {"cells", "cell_counts", "nulls", "nans", "edges", "means", "m2s", "singletons"}) {
        CAPTURE(name);
        CHECK(refusal(rebuilt(name, shorten)) == ErrorCode::corrupt_data);
    }
}

TEST_CASE("f64 values of an f32 feature fall where their float would") {
    std::vector<float> x;
    for (int i = 0; i < 1000; ++i) x.push_back(static_cast<float>(i % 97) / 10.0F);
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    const stats::Grid& grid = baseline.feature(0).grid;
    const auto wide = edges_of<double>(baseline.state(), 0);
    for (int i = -20; i < 2000; ++i) {
        const double value = static_cast<double>(i) / 100.0;
        const auto cell = static_cast<std::size_t>(std::upper_bound(wide.begin(), wide.end(), value) - wide.begin());
        CHECK(cell == grid.cell(static_cast<double>(static_cast<float>(value))));
    }
}

TEST_CASE("a double beyond the range of float is out of the range of an f32 feature that reaches to its end") {
    std::vector<float> x(100, 1.0F);
    x[0] = std::numeric_limits<float>::max();
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    Window window(baseline);
    const double largest = static_cast<double>(x[0]);
    for (const double value : {1.0, largest, 1e300}) window.observe(std::span<const double>(&value, 1));
    CHECK(window.counts(0).back() == 1);
    CHECK(window.counts(0).front() == 0);
}
