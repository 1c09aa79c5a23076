// SPDX-License-Identifier: Apache-2.0
// Run lengths of the windowed random-feature MMD on fresh rows, over many references; its delay after a change.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/mmd_monitor.hpp"

namespace drift = vedette::drift;
using vedette::MonitorState;
using vedette::Random;
using View = vedette::MatrixView<double>;
using Monitor = drift::MmdMonitor<double>;

namespace {

struct World {
    std::string name;
    std::size_t columns;
    double (*draw)(Random&);
};

double normal(Random& random) {
    return random.normal();
}
double exponential(Random& random) {
    return -std::log(1.0 - random.uniform());
}
double rare(Random& random) {
    return random.uniform() < 0.1 ? 1.0 : 0.0;
}

constexpr std::size_t reference_rows = 1000;
constexpr double expected_run = 400.0;

Monitor fit(const World& world, std::uint64_t index) {
    Random random(index, 5);
    std::vector<double> reference(reference_rows * world.columns);
    for (double& value : reference) value = world.draw(random);
    return Monitor(View::row_major(reference.data(), reference_rows, world.columns),
                   {.features = 32, .window = 40, .expected_run = expected_run, .seed = index});
}

// Rows until a change, the first look being the first.
double run_length(Monitor& monitor, const World& world, Random& random, double shift) {
    constexpr std::size_t block = 8;
    std::vector<double> rows(block * world.columns);
    std::vector<MonitorState> states(block);
    monitor.reset();
    for (double length = 1.0 - monitor.options().first_look;; length += block) {
        for (double& value : rows) value = world.draw(random) + shift;
        if (monitor.update(View::row_major(rows.data(), block, world.columns), states) == 0) continue;
        return length + 1.0 +
               static_cast<double>(std::find(states.begin(), states.end(), MonitorState::change) - states.begin());
    }
}

}  // namespace

TEST_CASE("false alarms of the MMD monitor come at the chosen rate, as likely at one row as at another") {
    // References differ, so the runs of one belong together: means of references are what is averaged.
    constexpr int references = 40;
    constexpr int runs = 12;
    for (const World& world :
         {World{"normal", 5, normal}, World{"exponential", 20, exponential}, World{"rare", 8, rare}}) {
        double sum = 0.0;
        double squares = 0.0;
        Rate early;
        Rate half;
        for (std::uint64_t index = 0; index < references; ++index) {
            Monitor monitor = fit(world, index);
            Random random(index, 6);
            double total = 0.0;
            for (int i = 0; i < runs; ++i) {
                const double length = run_length(monitor, world, random, 0.0);
                total += length / runs;
                early.add(length <= 0.1 * expected_run);
                half.add(length <= expected_run * std::log(2.0));
            }
            sum += total;
            squares += total * total;
        }
        const double mean = sum / references;
        const double error = std::sqrt((squares / references - mean * mean) / references);
        CAPTURE(world.name);
        CAPTURE(mean);
        CAPTURE(error);
        CAPTURE(early.value());
        CAPTURE(half.value());
        // The stated band: a tenth either way, besides four standard errors.
        CHECK(mean > 0.9 * expected_run - 4.0 * error);
        CHECK(mean < 1.1 * expected_run + 4.0 * error);
        // Geometric: 1 - exp(-0.1) = 0.095 of the runs end within a tenth of the mean, half of them within ln 2 of it.
        CHECK(early.at_most(0.12));
        CHECK(early.at_least(0.075));
        CHECK(half.at_most(0.56));
        CHECK(half.at_least(0.44));
    }
}

TEST_CASE("the MMD monitor sees what charts of each column do not, and a shift of all columns soon") {
    const World world{"normal", 5, normal};
    double shifted = 0.0;
    double chart = 0.0;
    double paired = 0.0;
    constexpr int runs = 25;
    for (std::uint64_t index = 0; index < runs; ++index) {
        Monitor monitor = fit(world, 100 + index);
        Random random(index, 7);
        shifted += run_length(monitor, world, random, 1.0) / runs;
        // Charts of the five columns, which share the run length.
        std::vector<drift::Cusum> charts(5,
                                         drift::Cusum({.threshold = drift::cusum_threshold({}, 5.0 * expected_run)}));
        double rows = 1.0;
        for (bool alarm = false; !alarm; rows += 1.0)
            for (auto& column : charts) alarm |= column.update(random.normal() + 1.0) == MonitorState::change;
        chart += rows / runs;
        // Equal laws of each column, but the first two are one: no mean and no spread changes.
        monitor.reset();
        std::vector<double> row(5);
        double length = 1.0;
        do {
            for (double& value : row) value = random.normal();
            row[1] = row[0];
            row[3] = row[2];
            length += 1.0;
        } while (monitor.update(std::span<const double>(row)) != MonitorState::change && length < 1e5);
        paired += length / runs;
    }
    MESSAGE("delay of a shift by one sd: ", shifted, " rows from the first look, CUSUM charts ", chart,
            "; two pairs of equal columns: ", paired);
    CHECK(shifted < 5.0);
    CHECK(paired < 0.5 * expected_run);
}

TEST_CASE("thresholds and run lengths under the null are those of an independent simulation") {
    const nlohmann::json& oracle = oracle_data("mmd_monitor.json");
    const nlohmann::json& options = oracle["options"];
    const auto reference = oracle["reference"].get<std::vector<double>>();
    const std::size_t rows = reference.size() / 2;
    Monitor monitor(View::row_major(reference.data(), rows, 2), {.features = options["features"],
                                                                 .window = options["window"],
                                                                 .expected_run = options["expected_run"],
                                                                 .first_look = options["first_look"],
                                                                 .simulations = options["simulations"],
                                                                 .seed = options["seed"]});
    CHECK(monitor.fitted().bandwidth() == doctest::Approx(oracle["bandwidth"].get<double>()));

    // The statistic itself, while no alarm has emptied the window.
    const auto live = oracle["live"].get<std::vector<double>>();
    std::size_t compared = 0;
    for (std::size_t i = 0; i < live.size() / 2; ++i) {
        const MonitorState said = monitor.update(std::span(live).subspan(2 * i, 2));
        if (i + 1 >= monitor.options().first_look) {
            CHECK(monitor.statistic() == doctest::Approx(oracle["statistics"][i].get<double>()).epsilon(1e-4));
            ++compared;
        }
        if (said == MonitorState::change) break;
    }
    CHECK(compared > monitor.options().window);

    // Each threshold within the Monte-Carlo error of both simulations.
    const auto bytes = monitor.serialize();
    const auto thresholds = vedette::Container::view(bytes).values<double>("thresholds");
    REQUIRE(thresholds.size() == oracle["thresholds"].size());
    for (std::size_t stage = 0; stage < thresholds.size(); ++stage) {
        CAPTURE(stage);
        CHECK(thresholds[stage] > oracle["lower"][stage].get<double>());
        CHECK(thresholds[stage] < oracle["upper"][stage].get<double>());
    }

    // The mean run of streams drawn from the reference: between those of the lowest and the highest such thresholds.
    constexpr int runs = 10'000;
    constexpr std::size_t block = 8;
    Random random(17);
    std::vector<double> drawn(2 * block);
    std::vector<MonitorState> states(block);
    double sum = 0.0;
    double squares = 0.0;
    for (int run = 0; run < runs; ++run) {
        monitor.reset();
        double length = 1.0 - monitor.options().first_look;
        for (;; length += block) {
            for (std::size_t i = 0; i < block; ++i) {
                const auto row = static_cast<std::size_t>(random.uniform() * static_cast<double>(rows));
                std::copy_n(reference.begin() + static_cast<std::ptrdiff_t>(2 * row), 2,
                            drawn.begin() + static_cast<std::ptrdiff_t>(2 * i));
            }
            if (monitor.update(View::row_major(drawn.data(), block, 2), states) != 0) break;
        }
        length +=
            1.0 + static_cast<double>(std::find(states.begin(), states.end(), MonitorState::change) - states.begin());
        sum += length;
        squares += length * length;
    }
    const nlohmann::json& expected = oracle["run_length"];
    const double mean = sum / runs;
    const double own = (squares / runs - mean * mean) / runs;
    const double sd = expected["sd"];
    const double error = std::sqrt(own + sd * sd / expected["count"].get<double>());
    CAPTURE(mean);
    CHECK(mean > expected["at_lower"].get<double>() - 4.5 * error);
    CHECK(mean < expected["at_upper"].get<double>() + 4.5 * error);
}
