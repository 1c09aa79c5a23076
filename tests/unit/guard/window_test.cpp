// SPDX-License-Identifier: Apache-2.0
// Counting by row, batch, table and column gives the same counters; merging is exact in any order.
#include "vedette/guard/window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "sample.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

using namespace vedette;
using vedette::testing::draw_sample;
using vedette::testing::Sample;
using vedette::testing::sample_baseline;

namespace {

std::vector<Value> row_of(const Sample& sample, std::size_t i) {
    const Validity valid{sample.country_valid.data(), 0};
    return {sample.income[i], sample.claims[i], static_cast<double>(sample.score[i]),
            valid[i] ? Value(sample.country[i]) : Value()};
}

std::vector<double> numbers_of(const Baseline& baseline, const Sample& sample, std::size_t i) {
    const Validity valid{sample.country_valid.data(), 0};
    return {sample.income[i], sample.claims[i], static_cast<double>(sample.score[i]),
            valid[i] ? static_cast<double>(baseline.category_cell(3, sample.country[i])) : std::nan("")};
}

}  // namespace

TEST_CASE("rows, tables, matrices and columns are counted alike") {
    const Baseline baseline = sample_baseline();
    Sample live = draw_sample(1501, 5, 0.3);
    live.income[3] = std::nan("");
    live.income[4] = std::numeric_limits<double>::infinity();
    live.score[9] = -std::numeric_limits<float>::infinity();
    live.country[11] = "US";

    Window by_table(baseline);
    by_table.observe(live.table());
    CHECK(by_table.rows() == 1501);

    Window by_value(baseline);
    Window by_number(baseline);
    std::vector<double> row_major;
    for (std::size_t i = 0; i < live.rows(); ++i) {
        CHECK(by_value.observe(row_of(live, i)));
        const auto numbers = numbers_of(baseline, live, i);
        CHECK(by_number.observe(numbers));
        row_major.insert(row_major.end(), numbers.begin(), numbers.end());
    }
    CHECK(by_value == by_table);
    CHECK(by_number == by_table);

    Window by_matrix(baseline);
    by_matrix.observe(MatrixView<double>::row_major(row_major.data(), live.rows(), 4));
    CHECK(by_matrix == by_table);

    std::vector<double> column_major(row_major.size());
    for (std::size_t i = 0; i < live.rows(); ++i) {
        for (std::size_t f = 0; f < 4; ++f) column_major[f * live.rows() + i] = row_major[i * 4 + f];
    }
    Window by_column_matrix(baseline);
    by_column_matrix.observe(MatrixView<double>::column_major(column_major.data(), live.rows(), 4));
    CHECK(by_column_matrix == by_table);

    Window by_column(baseline);
    const Table table = live.table();
    for (std::size_t f = 4; f-- > 0;) by_column.observe_column(f, table.columns()[f].column);
    CHECK(by_column == by_table);
}

TEST_CASE("f32 rows of decimal numbers fall into the cells that their f64 values chose") {
    std::vector<double> x;
    for (int i = 0; i < 1000; ++i) x.push_back(static_cast<double>(i % 50) / 10.0);
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    Window narrow(baseline);
    Window wide(baseline);
    for (const double value : x) {
        const float as_float = static_cast<float>(value);
        narrow.observe(std::span<const float>(&as_float, 1));
        wide.observe(std::span<const double>(&value, 1));
    }
    CHECK(narrow == wide);
    CHECK(std::equal(wide.counts(0).begin(), wide.counts(0).end(), baseline.feature(0).counts().begin()));
}

TEST_CASE("values of the wrong kind are counted as invalid, never dropped") {
    const Baseline baseline = sample_baseline();
    Window window(baseline);
    CHECK(window.observe(std::vector<Value>{"text", 1.0, 1.0, 0.5}));
    CHECK(window.observe(std::vector<Value>{1.0, 1.0, 1.0, -1.0}));
    CHECK(window.observe(std::vector<Value>{1.0, 1.0, 1.0, 6.0}));
    CHECK(window.extra(0, Window::invalid) == 1);
    CHECK(window.extra(3, Window::invalid) == 3);
    CHECK(window.rows() == 3);
    CHECK_FALSE(window.observe(std::vector<Value>{1.0}));
    CHECK_FALSE(window.observe(std::vector<float>(5, 1.0F)));
    CHECK(window.rows() == 3);

    const std::vector<std::string_view> words(10, "word");
    window.observe_column(0, Column::strings(words));
    CHECK(window.extra(0, Window::invalid) == 11);
}

TEST_CASE("merging is exact, associative and commutative, to the byte") {
    const Baseline baseline = sample_baseline();
    std::vector<Window> parts;
    Window whole(baseline);
    for (std::uint64_t seed = 10; seed < 18; ++seed) {
        const Sample live = draw_sample(200 + seed, seed);
        parts.emplace_back(baseline);
        parts.back().observe(live.table());
        whole.observe(live.table());
    }
    const auto bytes = whole.to_bytes();
    Random random(3);
    for (int round = 0; round < 20; ++round) {
        for (std::size_t i = parts.size(); i-- > 1;) {
            std::swap(parts[i], parts[static_cast<std::size_t>(random.uniform() * static_cast<double>(i + 1))]);
        }
        CHECK(merge(parts).to_bytes() == bytes);
    }
    Window left(baseline);
    for (std::size_t i = 0; i < 4; ++i) left.merge(parts[i]);
    Window right(baseline);
    for (std::size_t i = 4; i < 8; ++i) right.merge(parts[i]);
    right.merge(left);
    CHECK(right.to_bytes() == bytes);
    CHECK_THROWS_AS((void)merge({}), Error);
}

TEST_CASE("a window of another baseline, or one that would overflow, is refused and nothing is lost") {
    const Baseline baseline = sample_baseline();
    const Baseline other = sample_baseline(1999);
    Window window(baseline);
    window.observe(draw_sample(100, 4).table());
    const Window before = window;
    Window foreign(other);
    CHECK_THROWS_AS(window.merge(foreign), Error);
    CHECK_THROWS_AS((void)Window::from_bytes(other, window.to_bytes()), Error);
    CHECK(window == before);

    Window doubled = window;
    for (int i = 0; i < 35; ++i) doubled.merge(Window(doubled));
    const Window huge = doubled;
    const auto double_until_refused = [&] {
        for (int i = 0; i < 10; ++i) doubled.merge(Window(doubled));
    };
    CHECK_THROWS_AS(double_until_refused(), Error);
    CHECK(doubled.rows() >= huge.rows());
}

TEST_CASE("a table with the wrong columns leaves the window as it was") {
    const Baseline baseline = sample_baseline();
    Window window(baseline);
    const Sample live = draw_sample(100, 4);
    CHECK_THROWS_WITH_AS(window.observe(Table({{"income", Column::numeric(live.income)}})),
                         "the table has no column \"claims\"", Error);
    const Table table = live.table();
    std::vector<NamedColumn> columns(table.columns().begin(), table.columns().end());
    columns.push_back({"extra", Column::numeric(live.income)});
    CHECK_THROWS_WITH_AS(window.observe(Table(columns)), "the baseline has no feature \"extra\"", Error);
    CHECK_THROWS_AS(window.observe(MatrixView<float>::row_major(live.score.data(), 10, 3)), Error);
    CHECK_THROWS_AS(window.observe_column(9, Column::numeric(live.income)), Error);
    CHECK_THROWS_WITH_AS(window.observe_column(3, Column::numeric(live.income)),
                         "the feature \"country\" is categorical, its column holds numbers", Error);
    CHECK(window == Window(baseline));
}

TEST_CASE("saving, loading and resetting") {
    const Baseline baseline = sample_baseline();
    Window window(baseline);
    window.observe(draw_sample(321, 4).table());
    const auto path = std::filesystem::temp_directory_path() / "vedette_window_test.vedette";
    window.save(path);
    CHECK(Window::load(baseline, path) == window);
    std::filesystem::remove(path);
    CHECK_THROWS_AS((void)Window::load(baseline, path), Error);
    CHECK_THROWS_AS((void)Baseline::from_bytes(window.to_bytes()), Error);
    CHECK_THROWS_AS((void)Window::from_bytes(baseline, baseline.to_bytes()), Error);
    window.reset();
    CHECK(window == Window(baseline));
    CHECK(window.rows() == 0);
}

TEST_CASE("a feature's total is limited, not only each of its counters") {
    std::vector<double> x;
    for (int i = 0; i < 100; ++i) x.push_back(static_cast<double>(i % 10));
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    const auto window_with = [&](std::size_t cell, std::uint64_t count) {
        const auto bytes = Window(baseline).to_bytes();
        const Container original = Container::view(bytes);
        ContainerWriter writer;
        writer.set_metadata("baseline", original.metadata("baseline"));
        const auto zeros = original.values<std::uint64_t>("counters");
        std::vector<std::uint64_t> counters(zeros.begin(), zeros.end());
        counters[cell] = count;
        writer.add("counters", counters);
        writer.add("requests", original.values<std::uint64_t>("requests"));
        writer.add_scalar("rejected", std::uint64_t{0});
        return Window::from_bytes(baseline, writer.finish("window"));
    };
    constexpr std::uint64_t half = std::uint64_t{1} << 41;
    Window window = window_with(3, half);
    const Window before = window;
    CHECK_THROWS_AS(window.merge(window_with(4, half)), Error);
    CHECK(window == before);
    window.merge(window_with(4, half - 1));
    CHECK(window.rows() == 2 * half - 1);
    CHECK(Window::from_bytes(baseline, window.to_bytes()) == window);
    CHECK_THROWS_AS((void)window_with(3, 2 * half), Error);
    CHECK_THROWS_AS((void)window_with(3, ~std::uint64_t{0}), Error);
}
