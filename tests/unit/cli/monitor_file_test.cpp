// SPDX-License-Identifier: Apache-2.0
// The state of `vedette monitor` as a file: round trip, canonical bytes, and everything that is no such file.
#include "monitor_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

using vedette::ErrorCode;
using vedette::cli::read_monitors;
using vedette::cli::WatchState;
using vedette::cli::write_monitors;
using vedette::drift::make_monitor;
using vedette::drift::MonitorKind;
using vedette::testing::code_of;

namespace {

WatchState some() {
    WatchState state;
    state.rows = 12'345;
    state.columns.push_back(
        {"größe, \"x\"", MonitorKind::adwin, "delta=0.1,block=3", {}, make_monitor("adwin", "delta=0.1,block=3")});
    state.columns.push_back({"b", MonitorKind::cusum, "", {1.5, -2.0}, {}});
    state.columns.push_back({"b", MonitorKind::e_process, "", {}, {}});
    const std::vector<double> rows = vedette::testing::normals(60, 3);
    state.columns.push_back({"a,b", MonitorKind::mmd_monitor, "", {}, {}, {"a", "b"}, {}});
    state.columns.back().rows.emplace("mmd_monitor", "window=5, expected_run=50, features=8",
                                      vedette::MatrixView<double>::row_major(rows.data(), 30, 2));
    for (std::size_t i = 0; i < 7; ++i) state.columns.back().rows->update(std::span(rows).subspan(2 * i, 2));
    state.columns.push_back({"b,c", MonitorKind::mmd_monitor, "window=7", {1.0, 2.0, 3.0, 4.0}, {}, {"b", "c"}, {}});
    for (int i = 0; i < 50; ++i) state.columns[0].monitor->update(i % 5);
    return state;
}

// As write_monitors lays it out, with other parts.
std::vector<std::byte> file_with(const char* watched, const char* rows, int monitors, double learned = 0.5) {
    vedette::ContainerWriter writer;
    const auto bytes = make_monitor("adwin").serialize();
    for (int i = 0; i < monitors; ++i)
        writer.add(std::to_string(i),
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    writer.add(std::to_string(monitors), std::vector<double>{learned});
    writer.set_metadata("watched", watched);
    writer.set_metadata("rows", rows);
    return writer.finish("monitors");
}

bool refused(const std::vector<std::byte>& bytes) {
    return code_of([&] { (void)read_monitors(bytes); }) == ErrorCode::corrupt_data;
}

}  // namespace

TEST_CASE("watched columns come back as they were") {
    const auto bytes = write_monitors(some());
    WatchState state = read_monitors(bytes);
    CHECK(write_monitors(state) == bytes);
    REQUIRE(state.columns.size() == 5);
    CHECK(state.rows == 12'345);
    CHECK(state.columns[0].column == "größe, \"x\"");
    CHECK(state.columns[0].options == "delta=0.1,block=3");
    CHECK(state.columns[0].monitor->seen() == 50);
    CHECK(state.columns[1].learned == std::vector<double>{1.5, -2.0});
    CHECK_FALSE(state.columns[2].monitor);
    CHECK(state.columns[2].learned.empty());
    CHECK(state.columns[3].joined == std::vector<std::string>{"a", "b"});
    CHECK(summary(state.columns[3]).seen == 7);
    CHECK(state.columns[4].column == "b,c");
    CHECK(state.columns[4].learned.size() == 4);
    CHECK(state.columns[4].is_learning());
}

TEST_CASE("what is no state file is refused") {
    constexpr const char* two =
        R"([{"column":"a","kind":"adwin","options":""},{"column":"b","kind":"cusum","options":"sd=1"}])";
    CHECK_FALSE(refused(file_with(two, "7", 1)));
    CHECK(refused(file_with(two, "7", 1, std::nan(""))));
    CHECK(refused(file_with(two, "07", 1)));
    CHECK(refused(file_with(two, "-7", 1)));
    CHECK(refused(file_with(two, "99999999999999999999999", 1)));
    CHECK(refused(file_with(two, "", 1)));
    CHECK(refused(file_with(two, "7", 0)));
    CHECK(refused(file_with(two, "7", 2)));
    CHECK(refused(file_with("[]", "7", 0)));
    CHECK(refused(file_with("{", "7", 1)));
    CHECK(refused(file_with("[1,2]", "7", 1)));
    CHECK(refused(file_with(R"([{"column":"a","kind":"adwin"},{"column":"b","kind":"cusum","options":""}])", "7", 1)));
    // Of rows: a part of one, names that are none or there twice, another kind, another number of columns.
    const auto joined = [](const std::string& columns, const char* kind = "mmd_monitor") {
        return R"([{"column":"a","kind":"adwin","options":""},{"columns":)" + columns + R"(,"kind":")" + kind +
               R"(","options":""}])";
    };
    CHECK_FALSE(refused(file_with(joined(R"(["b"])").c_str(), "7", 1)));
    for (const char* const columns : {R"(["b","c"])", R"(["b","b"])", "[]", "[1]", R"("b")", "null"})
        CHECK(refused(file_with(joined(columns).c_str(), "7", 1)));
    CHECK(refused(file_with(joined(R"(["b"])", "cusum").c_str(), "7", 1)));
    WatchState narrow = some();
    narrow.columns[3].joined = {"a"};
    CHECK(refused(write_monitors(narrow)));
    // Of another kind than it says, of a kind that there is not, and not as it would be written.
    CHECK(refused(file_with(
        R"([{"column":"a","kind":"kswin","options":""},{"column":"b","kind":"cusum","options":""}])", "7", 1)));
    CHECK(refused(file_with(R"([{"column":"a","kind":"adwin","options":""},{"column":"b","kind":"csum","options":""}])",
                            "7", 1)));
    CHECK(refused(file_with(
        R"([{"kind":"adwin","column":"a","options":""},{"column":"b","kind":"cusum","options":""}])", "7", 1)));
    CHECK(refused(make_monitor("adwin").serialize()));
    CHECK(refused({}));
    const auto bytes = write_monitors(some());
    CHECK(refused({bytes.begin(), bytes.end() - 1}));
}
