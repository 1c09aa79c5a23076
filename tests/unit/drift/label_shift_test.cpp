// SPDX-License-Identifier: Apache-2.0
// Label shift beside NumPy and by its identity; features ranked by what their change costs; losses watched.
#include "vedette/drift/label_shift.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/core/container.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/drift/performance_ranking.hpp"

using namespace vedette::drift;
using vedette::Decision;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;
using Counts = std::vector<std::uint64_t>;

static_assert(vedette::PersistentMonitor<HarmMonitor>);

TEST_CASE("Shares, weights and their errors are NumPy's") {
    for (const auto& item : oracle_data("performance.json")["label_shift"]) {
        const auto table = item["table"].get<Counts>();
        const auto live = item["live"].get<Counts>();
        const LabelShift shift = estimate_label_shift(table, live);
        REQUIRE(shift.decision == Decision::pass);
        CHECK(shift.condition == doctest::Approx(item["condition"].get<double>()).epsilon(1e-10));
        CHECK_FALSE(shift.was_cut);
        for (std::size_t j = 0; j < live.size(); ++j) {
            const ClassShare& one = shift.classes[j];
            CHECK(one.live == doctest::Approx(item["shares"][j].get<double>()).epsilon(1e-10));
            CHECK(one.weight == doctest::Approx(item["weights"][j].get<double>()).epsilon(1e-10));
            CHECK(one.weight_error == doctest::Approx(item["weight_errors"][j].get<double>()).epsilon(1e-10));
            CHECK(one.share_error == doctest::Approx(item["share_errors"][j].get<double>()).epsilon(1e-10));
        }
    }
}

TEST_CASE("Live predictions that follow from a shift give it back, and the accuracy with it") {
    // P(prediction | label) in tenths, labels 1:1:2; live labels 5:3:2 of 1000.
    const Counts table{80, 10, 40, 10, 70, 20, 10, 20, 140};
    const Counts live{5 * 80 + 3 * 10 + 2 * 20, 5 * 10 + 3 * 70 + 2 * 10, 5 * 10 + 3 * 20 + 2 * 70};
    const LabelShift shift = estimate_label_shift(table, live);
    const double expected[] = {0.5, 0.3, 0.2};
    for (std::size_t j = 0; j < 3; ++j) {
        CHECK(shift.classes[j].live == doctest::Approx(expected[j]).epsilon(1e-12));
        CHECK(shift.classes[j].live_interval.lower < expected[j]);
        CHECK(shift.classes[j].live_interval.upper > expected[j]);
    }
    CHECK(shift.accuracy == doctest::Approx(0.5 * 0.8 + 0.3 * 0.7 + 0.2 * 0.7).epsilon(1e-12));
    CHECK(shift.test.p_value < 1e-9);
    const LabelShift none = estimate_label_shift(table, Counts{130, 100, 170});
    CHECK(none.classes[2].weight == doctest::Approx(1.0));
    CHECK(none.test.p_value == doctest::Approx(1.0));
}

TEST_CASE("What cannot be solved is not evaluated") {
    const LabelShift blind = estimate_label_shift(Counts{50, 50, 50, 50}, Counts{30, 70});
    CHECK(blind.decision == Decision::not_evaluated);
    CHECK(blind.condition > 1e12);
    CHECK(std::isnan(blind.classes[0].live));
    CHECK(blind.classes[0].reference == 0.5);
    CHECK(blind.test.p_value < 0.05);
    const Counts weak{51, 50, 49, 50};
    CHECK(estimate_label_shift(weak, Counts{50, 50}).decision == Decision::not_evaluated);
    CHECK(estimate_label_shift(weak, Counts{50, 50}, {.largest_condition = 1000}).decision == Decision::pass);
    CHECK(estimate_label_shift(Counts{50, 0, 10, 0}, Counts{30, 70}).decision == Decision::not_evaluated);
    CHECK(estimate_label_shift(Counts{50, 5, 10, 50}, Counts{0, 0}).decision == Decision::not_evaluated);
    const LabelShift cut = estimate_label_shift(Counts{90, 20, 10, 80}, Counts{0, 100});
    CHECK(cut.was_cut);
    CHECK(cut.classes[0].live == 0.0);
    CHECK(cut.classes[1].live == 1.0);
    CHECK(cut.classes[0].live_interval.upper > 0.0);
    CHECK(code_of([] { estimate_label_shift(Counts{1, 2, 3}, Counts{1, 2}); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([] { estimate_label_shift(Counts{1}, Counts{1}); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([] { estimate_label_shift(Counts{0, 0, 0, 0}, Counts{1, 2}); }) == ErrorCode::not_enough_data);
    CHECK(code_of([] {
              estimate_label_shift(Counts{1, 0, 0, 1}, Counts{~std::uint64_t{0}, 2});
          }) == ErrorCode::overflow);
    CHECK(code_of([] {
              estimate_label_shift(Counts{1, 0, 0, 1}, Counts{1, 2}, {.confidence = 1.0});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              estimate_label_shift(Counts{1, 0, 0, 1}, Counts{1, 2}, {.largest_condition = std::nan("")});
          }) == ErrorCode::invalid_argument);
}

TEST_CASE("Features are ranked by what their change does to the accuracy") {
    // The first moved most, to where the model is as good; the second a little, to where it is bad; the third not.
    const Counts reference{500, 300, 200};
    const Counts even{450, 270, 180};
    const Counts uneven{480, 270, 60};
    const Counts far{0, 100, 900};
    const Counts near{450, 300, 250};
    const Counts same{500, 300, 200};
    const Counts nobody{0, 0, 0};
    const std::vector<FeatureCells> features{
        {reference, even, far}, {reference, uneven, near}, {reference, uneven, same}, {reference, uneven, nobody}};
    const auto ranked = rank_by_performance(features);
    REQUIRE(ranked.size() == 4);
    CHECK(ranked[0].feature == 1);
    CHECK(ranked[0].effect == doctest::Approx(-0.05 * 0.96 + 0.05 * 0.3));
    CHECK(ranked[0].p_value < 0.05);
    CHECK(std::abs(ranked[1].effect) < 1e-12);
    CHECK(ranked[3].feature == 3);
    CHECK(std::isnan(ranked[3].effect));
    const Counts half_empty{10, 0};
    const Counts half_right{9, 0};
    const Counts elsewhere{3, 9};
    const std::vector<FeatureCells> unseen{{half_empty, half_right, elsewhere}};
    CHECK(rank_by_performance(unseen)[0].live_unseen == 0.75);
    CHECK(rank_by_performance(unseen)[0].effect == 0.0);
    CHECK(rank_by_performance(unseen)[0].p_value == 1.0);
    const auto code = [](const FeatureCells& cells) {
        return code_of([&] { (void)rank_by_performance(std::span(&cells, 1)); });
    };
    CHECK(code({Counts{1, 2}, Counts{1}, Counts{1, 2}}) == ErrorCode::dimension_mismatch);
    CHECK(code({Counts{}, Counts{}, Counts{}}) == ErrorCode::dimension_mismatch);
    CHECK(code({Counts{1}, Counts{2}, Counts{1}}) == ErrorCode::invalid_argument);
    CHECK(rank_by_performance({}).empty());
}

TEST_CASE("The sequence is that of Howard et al.") {
    const auto& item = oracle_data("performance.json")["sequence"];
    HarmMonitor monitor({.tolerated = 0.99, .level = item["level"], .intrinsic_time = item["intrinsic"]});
    CHECK(monitor.bounds().lower == 0.0);
    CHECK(monitor.bounds().upper == 1.0);
    std::size_t seen = 0;
    for (const auto& loss : item["losses"]) {
        monitor.update(loss.get<double>());
        if (++seen % 50 != 0) continue;
        const double expected = item["lower"][seen / 50 - 1];
        CHECK(monitor.bounds().lower == doctest::Approx(std::max(0.0, expected)).epsilon(1e-12));
        CHECK(monitor.bounds().upper == doctest::Approx(std::min(1.0, 2.0 * monitor.mean() - expected)).epsilon(1e-12));
    }
}

TEST_CASE("Harm is told, saved and resumed, and nonsense is counted") {
    HarmMonitor monitor({.tolerated = 0.1, .level = 0.01});
    for (const double bad : {std::nan(""), -0.1, 1.1, std::numeric_limits<double>::infinity()})
        CHECK(monitor.update(bad) == MonitorState::in_control);
    CHECK(monitor.counts().accepted == 0);
    CHECK(monitor.counts().refused == 2);
    vedette::Random random(4);
    MonitorState state = MonitorState::in_control;
    bool warned = false;
    std::size_t steps = 0;
    while (state != MonitorState::change && steps < 5000) {
        HarmMonitor copy = HarmMonitor::deserialize(monitor.serialize());
        const double loss = random.uniform() < 0.3 ? 1.0 : 0.0;
        state = monitor.update(loss);
        CHECK(copy.update(loss) == state);
        CHECK(copy.serialize() == monitor.serialize());
        warned = warned || state == MonitorState::warning;
        ++steps;
    }
    CHECK(state == MonitorState::change);
    CHECK(warned);
    CHECK(monitor.bounds().lower > 0.1);
    CHECK(steps < 600);
    CHECK(monitor.update(0.0) == MonitorState::in_control);
    CHECK(monitor.observations() == 1);
    CHECK(code_of([] { HarmMonitor({.tolerated = 1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { HarmMonitor({.level = 0.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { HarmMonitor({.level = 0.2, .warning_level = 0.1}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { HarmMonitor({.intrinsic_time = 0.5}); }) == ErrorCode::invalid_argument);
    CHECK(tolerated_loss(0, 100, 0.05) == doctest::Approx(1.0 - std::pow(0.05, 0.01)));
    CHECK(tolerated_loss(10, 100, 0.05, 0.02) > 0.12);
    CHECK(code_of([] { (void)tolerated_loss(0, 0, 0.05); }) == ErrorCode::not_enough_data);
    CHECK(code_of([] { (void)tolerated_loss(2, 1, 0.05); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)tolerated_loss(1, 1, 0.05); }) == ErrorCode::invalid_argument);
}

TEST_CASE("harm seen by several streams together is told when they are merged") {
    const vedette::drift::HarmOptions options{.tolerated = 0.1, .level = 0.01};
    HarmMonitor shards[2] = {HarmMonitor(options), HarmMonitor(options)};
    HarmMonitor whole(options);
    vedette::Random random(9);
    // Each by itself too short to alarm.
    std::size_t rows = 0;
    double total = 0.0;
    MonitorState said = MonitorState::in_control;
    while (said != MonitorState::change && rows < 5000) {
        const double loss = random.uniform() < 0.25 ? 1.0 : 0.0;
        CHECK(shards[rows % 2].update(loss) != MonitorState::change);
        whole.update(loss);
        total += loss;
        ++rows;
        HarmMonitor merged = shards[0];
        said = merged.merge(shards[1]);
        CHECK(merged.observations() == rows);
        CHECK(merged.mean() == doctest::Approx(total / static_cast<double>(rows)).epsilon(1e-12));
        CHECK(merged.counts().accepted == rows);
        CHECK(merged.state() == said);
        if (said != MonitorState::change) continue;
        CHECK(merged.bounds().lower > 0.1);
        CHECK(merged.counts().changes == 1);
        // What was told is begun anew, on either side.
        HarmMonitor next = merged;
        CHECK(next.merge(HarmMonitor(options)) == MonitorState::in_control);
        CHECK(next.observations() == 0);
        next = shards[0];
        CHECK(next.merge(merged) != MonitorState::change);
        CHECK(next.observations() == shards[0].observations());
        CHECK(next.counts().changes == 1);
        CHECK(HarmMonitor::deserialize(next.serialize()).serialize() == next.serialize());
        CHECK(HarmMonitor::deserialize(merged.serialize()).serialize() == merged.serialize());
    }
    CHECK(said == MonitorState::change);
    const auto before = whole.serialize();
    CHECK(code_of([&] { whole.merge(whole); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { whole.merge(HarmMonitor({.tolerated = 0.2, .level = 0.01})); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { whole.merge(HarmMonitor({.tolerated = 0.1, .level = 0.02})); }) == ErrorCode::invalid_argument);
    CHECK(whole.serialize() == before);
    // Merged with itself again and again, there is an end.
    CHECK(code_of([&] {
              for (int i = 0; i < 64; ++i) whole.merge(HarmMonitor(whole));
          }) == ErrorCode::overflow);
}

TEST_CASE("a harm monitor's file whose sums are of more losses than it accepted is refused: merging would run over") {
    HarmMonitor monitor({.tolerated = 0.1, .level = 0.01});
    monitor.update(0.0);
    const auto bytes = monitor.serialize();
    const auto file = vedette::Container::view(bytes);
    const auto with_losses = [&](std::uint64_t losses) {
        vedette::ContainerWriter writer;
        for (const auto& tensor : file.tensors())
            if (tensor.name != "integers")
                writer.add_tensor(std::string(tensor.name), tensor.dtype, tensor.shape, tensor.data);
        writer.add("integers", Counts{losses});
        return writer.finish("harm_monitor");
    };
    CHECK(HarmMonitor::deserialize(with_losses(1)).serialize() == bytes);
    for (const std::uint64_t losses : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1} << 53U})
        CHECK(code_of([&] { (void)HarmMonitor::deserialize(with_losses(losses)); }) == ErrorCode::corrupt_data);
}

TEST_CASE("label shift: few rows of one class are no certainty") {
    const Counts table{480, 60, 20, 440};
    const auto sure = estimate_label_shift(table, Counts{0, 5});
    CHECK(sure.was_cut);
    CHECK(sure.classes[1].live == 1.0);
    CHECK(sure.classes[1].live_interval.lower < 0.8);
    CHECK(sure.classes[0].live_interval.upper > 0.2);
    // How often the interval of 10 rows holds a share of 0.95: all outcomes, each by its probability.
    const double share = 0.95, said = 0.05 * 20.0 / 500.0 + share * 440.0 / 500.0;
    double covered = 0.0, ways = 1.0;
    for (int k = 0; k <= 10; ++k) {
        const auto shift =
            estimate_label_shift(table, Counts{static_cast<std::uint64_t>(10 - k), static_cast<std::uint64_t>(k)});
        const vedette::Interval& bounds = shift.classes[1].live_interval;
        if (bounds.lower <= share && share <= bounds.upper)
            covered += ways * std::pow(said, k) * std::pow(1.0 - said, 10 - k);
        ways *= static_cast<double>(10 - k) / static_cast<double>(k + 1);
    }
    CHECK(covered > 0.95);
}
