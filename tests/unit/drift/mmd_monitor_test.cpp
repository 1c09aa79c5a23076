// SPDX-License-Identifier: Apache-2.0
// The windowed random-feature MMD: its statistic from first principles, blocks and bytes bit for bit, hostile rows; the
// wave kernels against their scalar twin.
#include "vedette/drift/mmd_monitor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_waves.hpp"
#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/row_monitor.hpp"

namespace drift = vedette::drift;
namespace kernels = vedette::kernels;
using View = vedette::MatrixView<double>;
using Monitor = drift::MmdMonitor<double>;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;
using vedette::testing::normals;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t columns = 3;

View view_of(const std::vector<double>& values) {
    return View::row_major(values.data(), values.size() / columns, columns);
}

const Monitor& fitted() {
    static const auto reference = normals(300 * columns, 1);
    static const Monitor monitor(view_of(reference),
                                 {.features = 16, .window = 20, .expected_run = 60.0, .simulations = 2000, .seed = 3});
    return monitor;
}

std::vector<MonitorState> watch(Monitor& monitor, const std::vector<double>& values) {
    std::vector<MonitorState> states(values.size() / columns);
    monitor.update(view_of(values), states);
    return states;
}

}  // namespace

#if !defined(VEDETTE_SANITIZED)
TEST_CASE("a row enters the MMD monitor without an allocation") {
    Monitor monitor = fitted();
    auto x = normals(100 * columns, 2);
    x[7] = std::nan("");
    x[100] = infinity;
    const std::size_t before = allocation_count();
    monitor.update(view_of(x));
    monitor.update({x.data(), columns});
    monitor.reset();
    const std::size_t after = allocation_count();
    CHECK(after == before);
    CHECK(after > 0);
}
#endif

TEST_CASE("the MMD monitor's statistic is n m/(n + m) MMD^2 of the window, as RandomFeatureMmd has it") {
    Monitor monitor = fitted();
    const auto x = normals(70 * columns, 5);
    CHECK(std::isnan(monitor.statistic()));
    CHECK(std::isnan(monitor.distance()));
    CHECK(monitor.threshold() == infinity);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < 70; ++i) {
        const auto said = monitor.update({x.data() + i * columns, columns});
        const auto window = monitor.fitted().window();
        auto direct = window;
        const std::size_t first = std::max<std::size_t>(begin, i + 1 > begin + 20 ? i + 1 - 20 : begin);
        REQUIRE(monitor.fitted().observe(direct, View::row_major(x.data() + first * columns, i + 1 - first, columns)));
        REQUIRE(monitor.width() == i + 1 - first);
        REQUIRE(monitor.live().serialize() == direct.serialize());
        const bool looks = i + 1 - begin >= 5;
        REQUIRE(std::isnan(monitor.statistic()) == !looks);
        if (looks) {
            const auto test = monitor.fitted().test(direct);
            REQUIRE(monitor.statistic() == doctest::Approx(test.test.statistic).epsilon(1e-9));
            const double n = 300.0;
            const double m = monitor.width();
            REQUIRE(monitor.statistic() ==
                    doctest::Approx(n * m / (n + m) * monitor.distance() * monitor.distance()).epsilon(1e-12));
        }
        REQUIRE((said == MonitorState::change) == (looks && monitor.statistic() > monitor.threshold()));
        if (said == MonitorState::change) begin = i + 1;
    }
    CHECK(monitor.counts().accepted == 70);
    CHECK(monitor.options().first_look == 5);
}

TEST_CASE("blocks of rows say what single rows say, to the last bit, same bits on every instruction set") {
    Monitor single = fitted();
    Monitor blocks = fitted();
    auto x = normals(500 * columns, 9);
    for (std::size_t i = 300 * columns; i < x.size(); ++i) x[i] += 1.0;
    x[31] = std::nan("");
    x[32] = infinity;
    x[63 * columns] = -infinity;
    const auto states = watch(blocks, x);
    std::size_t changes = 0;
    for (std::size_t i = 0; i < 500; ++i) {
        const auto said = single.update({x.data() + i * columns, columns});
        REQUIRE(said == states[i]);
        changes += said == MonitorState::change ? 1U : 0U;
    }
    CHECK(single.serialize() == blocks.serialize());
    CHECK(changes == blocks.counts().changes);
    CHECK(changes >= 3);
    CHECK(std::count(states.begin() + 300, states.begin() + 330, MonitorState::change) >= 1);
    CHECK(blocks.counts().nan == 1);
    CHECK(blocks.counts().infinite == 1);
    CHECK(blocks.counts().accepted == 498);
    // A column-major view holds the same rows.
    std::vector<double> across(x.size());
    for (std::size_t i = 0; i < 500; ++i)
        for (std::size_t j = 0; j < columns; ++j) across[j * 500 + i] = x[i * columns + j];
    Monitor turned = fitted();
    turned.update(View::column_major(across.data(), 500, columns));
    CHECK(turned.serialize() == single.serialize());
}

TEST_CASE("an MMD monitor that is saved and read goes on bit for bit, wherever it was") {
    const auto x = normals(120 * columns, 11);
    Monitor monitor = fitted();
    for (std::size_t i = 0; i < 120; ++i) {
        const auto bytes = monitor.serialize();
        Monitor resumed = Monitor::deserialize(bytes);
        REQUIRE(resumed.serialize() == bytes);
        const std::span<const double> row(x.data() + i * columns, columns);
        // From row 60 on everything is far away: changes, and new beginnings.
        std::vector<double> shifted(row.begin(), row.end());
        for (double& value : shifted) value += i < 60 ? 0.0 : 3.0;
        REQUIRE(monitor.update(std::span<const double>(shifted)) == resumed.update(std::span<const double>(shifted)));
        REQUIRE(resumed.serialize() == monitor.serialize());
        monitor = std::move(resumed);
    }
    CHECK(monitor.counts().changes >= 5);
    monitor.reset();
    Monitor fresh = fitted();
    CHECK(monitor.serialize() == fresh.serialize());
}

TEST_CASE("what left the window has left no trace") {
    Monitor monitor = fitted();
    Monitor other = fitted();
    const auto x = normals(20 * columns, 13);
    auto huge = normals(7 * columns, 14);
    for (double& value : huge) value *= 1e308;
    // Too few for a look: the others push them out one by one, and may alarm meanwhile; the window's rows decide.
    monitor.update(View::row_major(huge.data(), 4, columns));
    monitor.update(view_of(x));
    other.update(view_of(x));
    if (monitor.counts().changes == 0) CHECK(monitor.live().serialize() == other.live().serialize());
    CHECK(std::isfinite(monitor.statistic()));
}

TEST_CASE("a window taken over is as if its rows had come, oldest first") {
    for (const std::size_t other_rows : {std::size_t{0}, std::size_t{7}, std::size_t{20}, std::size_t{33}}) {
        CAPTURE(other_rows);
        const auto x = normals(12 * columns, 15), y = normals(other_rows * columns, 16);
        Monitor one = fitted(), two = fitted(), all = fitted();
        one.update(view_of(x));
        two.update(view_of(y));
        all.update(view_of(x));
        const std::size_t left = two.width();  // less than all where an alarm emptied it
        all.update(View::row_major(y.data() + (other_rows - left) * columns, left, columns));
        const auto kept = two.serialize();
        one.take_window(two);
        CHECK(one.serialize() == all.serialize());
        CHECK(two.serialize() == kept);
        one.take_window(one);
        CHECK(one.serialize() == all.serialize());
    }
}

TEST_CASE("rows that may not enter are counted, change nothing and silence nothing") {
    Monitor monitor = fitted();
    const auto x = normals(30 * columns, 17);
    monitor.update(view_of(x));
    const double before = monitor.statistic();
    const std::vector<double> bad = {0.0, std::nan(""), infinity};
    for (int i = 0; i < 1000; ++i) CHECK(monitor.update(std::span<const double>(bad)) == MonitorState::in_control);
    CHECK(monitor.update(std::span<const double>(bad.data(), 2)) == MonitorState::in_control);
    CHECK(monitor.update(View::row_major(bad.data(), 3, 1)) == 0);
    CHECK(monitor.update(View{}) == 0);
    CHECK(monitor.counts().nan == 1000);
    CHECK(monitor.counts().refused == 4);
    CHECK((monitor.statistic() == before));
    std::vector<double> far(40 * columns, 1e300);
    const auto states = watch(monitor, far);
    CHECK(std::count(states.begin(), states.end(), MonitorState::change) >= 1);
}

TEST_CASE("a reference of equal rows alarms at any other row") {
    const std::vector<double> same(60 * columns, 2.5);
    Monitor monitor(view_of(same), {.features = 8, .window = 12, .expected_run = 50.0, .simulations = 1000});
    CHECK(monitor.update(view_of(same)) == 0);
    CHECK(monitor.statistic() == 0.0);
    const std::vector<double> other(columns, 4.0);
    CHECK(monitor.update(std::span<const double>(other)) == MonitorState::change);
}

TEST_CASE("an MMD monitor's misuse is an error, of rows and of bytes") {
    const auto x = normals(50 * columns, 19);
    const auto refused = [&](const drift::MmdMonitorOptions& options) {
        return code_of([&] { Monitor monitor(view_of(x), options); });
    };
    using Options = drift::MmdMonitorOptions;
    for (const Options& options :
         {Options{.window = 1}, Options{.window = 1'000'001}, Options{.expected_run = 9.0},
          Options{.expected_run = 2e6}, Options{.window = 100, .expected_run = 99.0}, Options{.first_look = 101},
          Options{.simulations = 999}, Options{.features = 12}, Options{.features = 1024, .window = 65'537},
          Options{.bandwidth = -1.0}, Options{.expected_run = std::nan("")}})
        CHECK(refused(options) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { Monitor monitor(View::row_major(x.data(), 19, columns)); }) == ErrorCode::not_enough_data);

    Monitor monitor = fitted();
    monitor.update(view_of(x));
    const auto bytes = monitor.serialize();
    CHECK(code_of([&] { (void)drift::MmdMonitor<float>::deserialize(bytes); }) == ErrorCode::corrupt_data);
    for (std::size_t length = 0; length < bytes.size(); length += 97)
        CHECK(code_of([&] { (void)Monitor::deserialize(std::span(bytes).first(length)); }) != ErrorCode{});
    for (const std::string part : {"rows", "thresholds", "age", "settings", "counts"}) {
        const auto file = vedette::Container::view(bytes);
        vedette::ContainerWriter writer;
        for (const auto& tensor : file.tensors()) {
            std::vector<std::byte> data(tensor.data.begin(), tensor.data.end());
            if (tensor.name == part)
                std::fill(data.begin(), data.end(), part == "rows" ? std::byte{0x7F} : std::byte{0xFF});
            writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, data);
        }
        CAPTURE(part);
        const auto forged = writer.finish("mmd_monitor");
        CHECK(code_of([&] { (void)Monitor::deserialize(forged); }) == ErrorCode::corrupt_data);
    }
}

TEST_CASE("waves are those of the scalar twin, same bits on every instruction set, and near the true ones") {
    vedette::Random random(23);
    for (const auto& [count, width, panels] : std::vector<std::array<std::size_t, 3>>{
             {1, 1, 1}, {4, 7, 2}, {5, 300, 3}, {64, 16, 5}, {13, 513, 8}, {0, 3, 1}}) {
        const std::size_t stride = width + 3;
        std::vector<float> rows(64 * stride);
        std::vector<float> weights(panels * width * kernels::wave_panel);
        for (float& value : rows) value = static_cast<float>(random.normal());
        for (float& value : weights) value = static_cast<float>(random.normal());
        if (count > 2) std::fill_n(rows.begin(), width, 0.0F);
        if (count > 2 && width > 2) rows[stride] = 1000.0F;
        const kernels::WaveRequest request{rows.data(), count, width, stride, weights.data(), panels};
        const std::size_t features = panels * kernels::wave_panel;
        std::vector<std::int32_t> out(count * 2 * features + 1, 7);
        auto twin = out;
        kernels::kernels().waves.evaluate(&request, out.data());
        kernels::scalar::wave_entries().evaluate(&request, twin.data());
        CHECK(out == twin);
        std::vector<std::int32_t> sums(2 * features, 5);
        auto twin_sums = sums;
        kernels::kernels().waves.add(&request, sums.data());
        kernels::scalar::wave_entries().add(&request, twin_sums.data());
        CHECK(sums == twin_sums);
        for (std::size_t i = 0; i < count && width < 20; ++i)
            for (std::size_t k = 0; k < features; ++k) {
                double phase = 0.0;
                for (std::size_t j = 0; j < width; ++j)
                    phase += static_cast<double>(rows[i * stride + j]) *
                             static_cast<double>(weights[(k / 8 * width + j) * 8 + k % 8]);
                const double size = rows[i * stride] == 1000.0F ? 4e-3 : 2e-5;
                const double angle = 2.0 * std::numbers::pi * phase;
                REQUIRE(std::abs(out[i * 2 * features + k] / 1048576.0 - std::cos(angle)) < size);
                REQUIRE(std::abs(out[i * 2 * features + features + k] / 1048576.0 - std::sin(angle)) < size);
            }
    }
}

TEST_CASE("a monitor of rows by name takes means of blocks, or one row of so many, as its reference") {
    vedette::Random random(11);
    std::vector<double> reference(3 * 1000);
    for (double& value : reference) value = random.normal();
    std::vector<double> means;
    std::vector<double> thinned;
    for (std::size_t i = 0; i + 5 <= 1000; i += 5)
        for (std::size_t j = 0; j < 3; ++j) {
            double mean = 0.0;
            for (std::size_t k = 0; k < 5; ++k) mean += reference[3 * (i + k) + j] / 5.0;
            means.push_back(mean);
            thinned.push_back(reference[3 * i + j]);
        }
    const std::string options = "window=20, expected_run=500, features=16, simulations=1000, seed=3";
    for (const bool thin : {false, true}) {
        CAPTURE(thin);
        drift::RowMonitor monitor("mmd_monitor", options + (thin ? ", thin=5" : ", block=5"), view_of(reference));
        drift::RowMonitor alone("mmd_monitor", options, view_of(thin ? thinned : means));
        CHECK(monitor.has_options(options + (thin ? ", thin=5" : ", block=5")));
        CHECK_FALSE(monitor.has_options(options));
        std::vector<double> block(3);
        std::uint64_t changes = 0;
        for (std::size_t i = 0; i < 1003; ++i) {
            std::vector<double> row{random.normal(), random.normal(), random.normal() + (i < 500 ? 0.0 : 1.5)};
            const drift::RowMonitor copy = drift::RowMonitor::deserialize(monitor.serialize());
            CHECK(copy.serialize() == monitor.serialize());
            if (!thin && i % 7 == 0) {  // belongs to no block
                CHECK(monitor.update(std::vector<double>{1.0, std::nan(""), 1.0}) != MonitorState::change);
                alone.update(std::vector<double>{1.0, std::nan(""), 1.0});
            }
            changes += monitor.update(row) == MonitorState::change ? 1U : 0U;
            if (i % 5 == 0) std::fill(block.begin(), block.end(), 0.0);
            for (std::size_t j = 0; j < 3; ++j) block[j] += row[j] / 5.0;
            if (thin && i % 5 == 0) alone.update(row);
            if (!thin && i % 5 == 4) alone.update(block);
        }
        CHECK(changes > 0);
        CHECK(changes == alone.counts().changes);
        CHECK(monitor.counts().accepted == alone.counts().accepted);
        CHECK(monitor.reading().statistic == alone.reading().statistic);
        CHECK(monitor.seen() == 1003 + (thin ? 0U : 144U));
        monitor.reset();
        CHECK(monitor.seen() == 0);
        auto bytes = monitor.serialize();
        bytes[bytes.size() / 2] ^= std::byte{1};
        CHECK(code_of([&] { (void)drift::RowMonitor::deserialize(bytes); }) == ErrorCode::corrupt_data);
    }
    // Means of reference rows that lack a value are not made, and a block must be there at all.
    CHECK(code_of([&] { drift::RowMonitor("mmd_monitor", options + ", block=1001", view_of(reference)); }) ==
          ErrorCode::not_enough_data);
    CHECK(code_of([&] { drift::RowMonitor::check("mmd_monitor", "block=2, thin=2"); }) == ErrorCode::invalid_argument);
    CHECK_NOTHROW(drift::RowMonitor::check("mmd_monitor", "block=1, thin=2"));
}
