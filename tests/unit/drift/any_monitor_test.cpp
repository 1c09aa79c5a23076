// SPDX-License-Identifier: Apache-2.0
// Monitors by name: each kind is its class to the last bit, blocks are means of blocks, and what makes no sense is
// refused by name.
#include "vedette/drift/any_monitor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/drift/monitor_makers.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"

namespace drift = vedette::drift;
using monitor_makers::Values;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;

static_assert(vedette::PersistentMonitor<drift::AnyMonitor>);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

std::string message_of(const char* kind, const std::string& options, const drift::MonitorReference& reference = {}) {
    try {
        (void)drift::make_monitor(kind, options, reference);
    } catch (const vedette::Error& error) {
        return error.what();
    }
    return {};
}

bool mentions(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

drift::AnyMonitor erased(const std::vector<std::byte>& bytes) {
    return drift::AnyMonitor::deserialize(bytes);
}

drift::AnyMonitor make_default(drift::MonitorKind kind, const std::vector<double>& reference,
                               const std::string& options = {}) {
    return drift::make_monitor(kind, options, {.values = reference});
}

Values values_of(drift::MonitorKind kind) {
    switch (drift::monitor_values(kind)) {
        case drift::MonitorValues::shares: return Values::shares;
        case drift::MonitorValues::errors: return Values::errors;
        case drift::MonitorValues::any: break;
    }
    return Values::real;
}

template <class Check>
void for_each_kind(Check&& check) {
    for (std::uint8_t i = 0; i < drift::monitor_kind_count; ++i) check(static_cast<drift::MonitorKind>(i));
}

std::vector<double> means_of_four(const std::vector<double>& values) {
    std::vector<double> means;
    for (std::size_t i = 3; i < values.size(); i += 4)
        means.push_back((values[i - 3] + values[i - 2] + values[i - 1] + values[i]) / 4.0);
    return means;
}

std::vector<std::byte> blocked_file(const std::vector<std::uint64_t>& block, double sum,
                                    const std::vector<std::byte>& monitor) {
    vedette::ContainerWriter writer;
    writer.add("block", block);
    writer.add("sum", std::vector<double>{sum});
    writer.add("monitor",
               std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(monitor.data()), monitor.size()));
    return writer.finish("blocked_monitor");
}

}  // namespace

TEST_CASE("a monitor made by name is its class, to the last bit") {
    std::set<drift::MonitorKind> met;
    const auto reference = monitor_makers::reference();
    monitor_makers::for_each([&](auto monitor, Values kind) {
        const auto before = erased(monitor.serialize());
        met.insert(before.kind());
        const std::string name = drift::monitor_kind_name(before.kind());
        CAPTURE(name);
        const bool takes_errors_too =
            before.kind() == drift::MonitorKind::hddm_w || before.kind() == drift::MonitorKind::mean_monitor;
        CHECK(values_of(before.kind()) == (kind == Values::errors && takes_errors_too ? Values::shares : kind));
        // By its own words, both forms of them.
        auto made = drift::make_monitor(before.kind(), before.options_json(), {.values = reference});
        std::string pairs = before.options_json();
        pairs = pairs.substr(1, pairs.size() - 2);
        std::erase(pairs, '"');
        for (char& letter : pairs) letter = letter == ':' ? '=' : letter;
        CHECK(drift::make_monitor(before.kind(), pairs, {.values = reference}).serialize() == monitor.serialize());
        REQUIRE(made.serialize() == monitor.serialize());
        std::size_t differences = 0;
        std::size_t at = 0;
        for (const double value : monitor_makers::stream(kind, 3000)) {
            differences += made.update(value) == monitor.update(value) && made.state() == monitor.state() ? 0U : 1U;
            if (++at % 500 == 0) {
                CHECK(made.serialize() == monitor.serialize());
                made = drift::AnyMonitor::deserialize(made.serialize());
            }
        }
        CHECK(differences == 0);
        CHECK(monitor.counts().changes > 0);
        CHECK(made.counts().changes == monitor.counts().changes);
        CHECK(made.seen() == 3000);
        made.reset();
        CHECK(made.serialize() == before.serialize());
    });
    CHECK(met.size() == drift::monitor_kind_count);
}

TEST_CASE("every kind has a name, and defaults that make it again") {
    const auto reference = monitor_makers::reference();
    for_each_kind([&](drift::MonitorKind kind) {
        CHECK(drift::monitor_kind(drift::monitor_kind_name(kind)) == kind);
        const auto plain = make_default(kind, reference);
        CHECK(make_default(kind, reference, drift::monitor_defaults(kind)).serialize() == plain.serialize());
        CHECK(vedette::Container::parse(plain.serialize()).kind() == drift::monitor_kind_name(kind));
        const bool needs = drift::monitor_reference_use(kind) != drift::MonitorReferenceUse::none;
        CHECK(code_of([&] { (void)drift::make_monitor(kind); }) == (needs ? ErrorCode::not_enough_data : ErrorCode{}));
    });
    CHECK(std::string(drift::monitor_kind_name(static_cast<drift::MonitorKind>(99))) == "unknown");
    CHECK(code_of([] { (void)drift::make_monitor(static_cast<drift::MonitorKind>(99)); }) ==
          ErrorCode::invalid_argument);
    CHECK(mentions(message_of("cusums", ""), "there is no kind \"cusums\"; there are adwin, page_hinkley, cusum"));
}

TEST_CASE("what a reference gives") {
    const std::vector<double> values = {1.0, 3.0, 5.0, 7.0};
    const auto cusum = drift::make_monitor("cusum", "threshold=4", {.values = values});
    CHECK(cusum.serialize() == drift::Cusum({.mean = 4.0, .sd = std::sqrt(20.0 / 3.0), .threshold = 4.0}).serialize());
    CHECK(drift::make_monitor("cusum", "mean=2,sd=3", {.values = values}).serialize() ==
          drift::Cusum({.mean = 2.0, .sd = 3.0}).serialize());
    CHECK(drift::make_monitor("ewma_chart", "mean=2", {.mean = 9.0, .sd = 0.5}).serialize() ==
          drift::EwmaChart({.mean = 2.0, .sd = 0.5}).serialize());
    const drift::CusumOptions wanted{.mean = 0.0, .sd = 1.0, .slack = 0.25};
    CHECK(drift::make_monitor("cusum", "mean=0,sd=1,slack=0.25,average_run_length=2000").serialize() ==
          drift::Cusum({.slack = 0.25, .threshold = drift::cusum_threshold(wanted, 2000.0)}).serialize());
    CHECK(mentions(message_of("cusum", "mean=1"), "needs mean and sd"));
    CHECK(mentions(message_of("cusum", "", {.values = std::vector<double>{2.0, 2.0}}), "all the same"));
    CHECK(mentions(message_of("ewma_chart", "", {.values = std::vector<double>{2.0}}), "two values"));
    const std::vector<double> broken = {1.0, not_a_number};
    CHECK(mentions(message_of("incremental_ks", "", {.values = broken}), "reference"));
    CHECK(mentions(message_of("e_process", ""), "needs a reference"));
    auto sample = vedette::testing::normals(400, 1);
    const vedette::stats::Grid grid = vedette::stats::fit_grid(sample, 16);
    CHECK(drift::make_monitor("e_detector", "", {.grid = &grid}).serialize() == drift::EDetector(grid).serialize());
    for (const char* options : {"block=4", "block=401"})
        CHECK(code_of([&] { (void)drift::make_monitor("e_detector", options, {.grid = &grid}); }) ==
              ErrorCode::not_enough_data);
    CHECK(drift::make_monitor("e_detector", "thin=4", {.grid = &grid}).block_length() == 4);
    CHECK(code_of([&] { (void)drift::make_monitor("incremental_ks", "", {.grid = &grid}); }) ==
          ErrorCode::not_enough_data);
    // The sd of single values is not that of means.
    CHECK(mentions(message_of("cusum", "block=4", {.mean = 1.0, .sd = 2.0}), "two blocks"));
    CHECK(mentions(message_of("cusum", "block=201", {.values = sample}), "two blocks"));
    CHECK(message_of("cusum", "block=4,mean=0,sd=0.5").empty());
    CHECK(message_of("cusum", "thin=4", {.mean = 1.0, .sd = 2.0}).empty());
}

TEST_CASE("options that make no sense are refused by name") {
    CHECK(mentions(message_of("adwin", "delta=0.1,dleta=2"), "no option \"dleta\"; there are delta, clock"));
    CHECK(mentions(message_of("adwin", R"({"delta": 2})"), "adwin: delta must lie between 0 and 1"));
    CHECK(mentions(message_of("adwin", R"({"delta": "0.1"})"), "delta must be a number"));
    CHECK(mentions(message_of("adwin", R"({"delta": [1]})"), "delta must be a number, a word"));
    CHECK(mentions(message_of("adwin", R"({"delta": [[[1]]]})"), "nested too deeply"));
    CHECK(mentions(message_of("adwin", "delta=nan"), "delta must be a number"));
    CHECK(mentions(message_of("adwin", "clock=-1"), "clock must be a whole number from 0 to 4294967295"));
    CHECK(mentions(message_of("adwin", "clock=4294967296"), "clock must be a whole number"));
    CHECK(mentions(message_of("adwin", "clock=1.5"), "clock must be a whole number"));
    CHECK(message_of("adwin", "clock=1e3").empty());
    CHECK(message_of("kswin", "seed=18446744073709551615").empty());
    CHECK(mentions(message_of("adwin", "restart_after_change=yes"), "must be true or false"));
    CHECK(mentions(message_of("adwin", "rule=Moa"), R"(rule must be one of "river", "moa")"));
    CHECK(mentions(message_of("adwin", "delta"), "not \"delta\""));
    CHECK(mentions(message_of("adwin", "=0.1"), "not \"=0.1\""));
    CHECK(mentions(message_of("adwin", "delta=0.1,,clock=3"), "not \"\""));
    CHECK(mentions(message_of("adwin", "delta=0.1,delta=0.1"), "delta is given twice"));
    CHECK(mentions(message_of("adwin", R"({"delta": 0.1, "delta": 0.1})"), "given twice"));
    CHECK(mentions(message_of("adwin", R"({"delta": 0.1)"), "not valid JSON"));
    CHECK(mentions(message_of("adwin", R"({"delta": 1e999})"), "not valid JSON"));
    CHECK(mentions(message_of("adwin", std::string(70'000, ' ')), "at most"));
    CHECK(message_of("adwin", "  delta = 0.1 , clock = 3 ").empty());
    CHECK(mentions(message_of("cusum", "mean=0,sd=1,threshold=3,average_run_length=99"), "give one of them"));
    CHECK(mentions(message_of("cusum", "mean=0,sd=1,average_run_length=3"), "run_length must be from 20"));
    CHECK(mentions(message_of("adwin", "block=0"), "block must be a whole number from 1"));
    CHECK(mentions(message_of("adwin", "thin=3000000000"), "thin must be a whole number"));
    CHECK(mentions(message_of("adwin", "block=2,thin=2"), "exclude"));
    CHECK(mentions(message_of("ddm", "block=2"), "thin them"));
    // By proportion it takes no shares: means of blocks would all be refused but those of one kind alone.
    CHECK(mentions(message_of("mean_monitor", "rule=proportion,most=0.1,block=10"), "thin them"));
    CHECK(message_of("mean_monitor", "rule=proportion,most=0.1,thin=10").empty());
    CHECK(message_of("mean_monitor", "rule=betting,most=0.1,block=10").empty());
    CHECK(message_of("ddm", "thin=2").empty());
}

TEST_CASE("a block's mean enters, and the alarm comes with its last value") {
    const auto reference = monitor_makers::reference();
    std::size_t alarmed = 0;
    for_each_kind([&](drift::MonitorKind kind) {
        const std::string name = drift::monitor_kind_name(kind);
        CAPTURE(name);
        if (drift::monitor_values(kind) == drift::MonitorValues::errors) return;
        auto plain = make_default(kind, means_of_four(reference));
        auto blocked = make_default(kind, reference, "block=4");
        CHECK(blocked.block_length() == 4);
        const auto values = monitor_makers::stream(values_of(kind), 12'000);
        std::size_t differences = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const MonitorState said = blocked.update(values[i]);
            MonitorState expected = plain.state() == MonitorState::change ? MonitorState::in_control : plain.state();
            if (i % 4 == 3) expected = plain.update((values[i - 3] + values[i - 2] + values[i - 1] + values[i]) / 4.0);
            differences += said == expected && blocked.state() == expected && blocked.seen() == i + 1 ? 0U : 1U;
            if (i % 997 == 0) blocked = drift::AnyMonitor::deserialize(blocked.serialize());
        }
        CHECK(differences == 0);
        alarmed += plain.counts().changes > 0 ? 1U : 0U;
        CHECK(blocked.counts().accepted == 3000);
        blocked.update(values[0]);
        blocked.reset();
        CHECK(blocked.serialize() == make_default(kind, reference, "block=4").serialize());
        CHECK(make_default(kind, reference, blocked.options_json()).serialize() == blocked.serialize());
    });
    CHECK(alarmed >= 9);
}

TEST_CASE("a thinned stream is one value of so many") {
    const auto reference = monitor_makers::reference();
    for_each_kind([&](drift::MonitorKind kind) {
        const std::string name = drift::monitor_kind_name(kind);
        CAPTURE(name);
        std::vector<double> third;
        for (std::size_t i = 0; i < reference.size(); i += 3) third.push_back(reference[i]);
        auto plain = make_default(kind, third);
        auto thinned = make_default(kind, reference, "thin=3");
        auto values = monitor_makers::stream(values_of(kind), 9000);
        values[300] = values[301] = not_a_number;
        std::size_t differences = 0;
        std::size_t changes = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const MonitorState said = thinned.update(values[i]);
            MonitorState expected = plain.state() == MonitorState::change ? MonitorState::in_control : plain.state();
            if (i % 3 == 0) expected = plain.update(values[i]);
            changes += said == MonitorState::change ? 1U : 0U;
            differences += said == expected && thinned.seen() == i + 1 ? 0U : 1U;
            if (i % 997 == 0) thinned = drift::AnyMonitor::deserialize(thinned.serialize());
        }
        CHECK(differences == 0);
        CHECK(thinned.counts().nan == 1);
        CHECK(changes == thinned.counts().changes);
    });
}

TEST_CASE("values that may not enter belong to no block") {
    auto blocked = drift::make_monitor("hddm_a", "block=2");
    auto plain = drift::make_monitor("hddm_a");
    for (const double value : {1.0, not_a_number, infinity, 7.0, -0.5, 1e200, 0.0}) blocked.update(value);
    plain.update(0.5);
    CHECK(blocked.counts().accepted == 1);
    CHECK(blocked.counts().nan == 1);
    CHECK(blocked.counts().infinite == 2);
    CHECK(blocked.counts().refused == 2);
    CHECK(blocked.seen() == 7);
    CHECK(blocked.reading().estimate == plain.reading().estimate);
    // A change is told once, whatever comes next.
    auto cusum = drift::make_monitor("cusum", "mean=0,sd=1,block=2,threshold=1");
    cusum.update(9.0);
    CHECK(cusum.update(9.0) == MonitorState::change);
    CHECK(cusum.update(not_a_number) == MonitorState::in_control);
    cusum.update(9.0);
    CHECK(cusum.update(9.0) == MonitorState::change);
    CHECK(cusum.update(0.0) == MonitorState::in_control);
    // The mean of the largest values stays one of them.
    auto huge = drift::make_monitor("adwin", "block=7");
    for (int i = 0; i < 70; ++i) huge.update(-1e100);
    CHECK(huge.counts().accepted == 10);
    CHECK(huge.counts().infinite == 0);
}

TEST_CASE("readings are those of the classes") {
    const auto values = monitor_makers::stream(Values::real, 700);
    const auto reference = monitor_makers::reference();
    drift::PageHinkley page({.threshold = 10.0});
    auto any_page = drift::make_monitor("page_hinkley", "threshold=10");
    drift::EwmaChart chart({.mean = 0.25, .direction = drift::Direction::down});
    auto any_chart = drift::make_monitor("ewma_chart", "mean=0.25,sd=1,direction=down");
    CHECK(std::isnan(any_chart.reading().statistic));
    drift::IncrementalKs distance(reference, {.window = 50});
    auto any_distance = drift::make_monitor("incremental_ks", "window=50", {.values = reference});
    CHECK(std::isnan(any_distance.reading().p_value));
    for (const double value : values) {
        page.update(value);
        any_page.update(value);
        chart.update(value);
        any_chart.update(value);
        distance.update(value);
        any_distance.update(value);
        const auto sums = any_page.reading();
        REQUIRE(sums.estimate == page.estimate());
        REQUIRE(sums.statistic == std::max(page.increase(), page.decrease()));
        REQUIRE((sums.statistic > sums.limit) <=
                (any_page.state() == MonitorState::change || page.observations() < 30));
        const auto limits = any_chart.reading();
        REQUIRE((limits.statistic > limits.limit) == (chart.state() == MonitorState::change));
        const auto last = any_distance.reading();
        REQUIRE(std::isnan(last.statistic) == (distance.width() < 50));
        REQUIRE((last.statistic == distance.statistic() || distance.width() < 50));
        REQUIRE((last.p_value == distance.p_value() || distance.width() < 50));
        REQUIRE(last.limit == distance.critical_distance());
    }
}

TEST_CASE("copies go their own way") {
    auto first = drift::make_monitor("adwin", "block=3");
    for (int i = 0; i < 100; ++i) first.update(i % 7);
    drift::AnyMonitor second = first;
    CHECK(second.serialize() == first.serialize());
    second.update(5.0);
    CHECK(second.serialize() != first.serialize());
    second = first;
    CHECK(second.serialize() == first.serialize());
    const drift::AnyMonitor third = std::move(second);
    CHECK(third.serialize() == first.serialize());
}

TEST_CASE("kinds whose bounds are of sums merge, and the others say why they do not") {
    const auto reference = monitor_makers::reference();
    for_each_kind([&](drift::MonitorKind kind) {
        CAPTURE(drift::monitor_kind_name(kind));
        const bool merges = kind == drift::MonitorKind::harm_monitor || kind == drift::MonitorKind::mean_monitor;
        auto monitor = make_default(kind, reference);
        auto other = make_default(kind, reference);
        for (const double value : monitor_makers::stream(values_of(kind), 12)) other.update(value);
        const auto before = monitor.serialize();
        if (merges) {
            CHECK(monitor.merge(other) == monitor.state());
            CHECK(monitor.counts().accepted == 12);
            CHECK(monitor.reading().estimate == other.reading().estimate);
        } else {
            CHECK(code_of([&] { monitor.merge(other); }) == ErrorCode::unsupported);
            CHECK(monitor.serialize() == before);
        }
        auto blocks = make_default(kind, reference, "thin=2");
        CHECK(code_of([&] { blocks.merge(blocks); }) == ErrorCode::unsupported);
        auto next = drift::make_monitor(kind == drift::MonitorKind::ddm ? "eddm" : "ddm");
        CHECK(code_of([&] { next.merge(other); }) == ErrorCode::invalid_argument);
    });
}

TEST_CASE("hostile files of blocks are refused") {
    auto monitor = drift::make_monitor("cusum", "mean=0,sd=1,block=5");
    for (int i = 0; i < 13; ++i) monitor.update(0.25);
    const auto inner = drift::Cusum({.mean = 0.0}).serialize();
    const auto refused = [](const std::vector<std::byte>& bytes) {
        return code_of([&] { (void)drift::AnyMonitor::deserialize(bytes); }) == ErrorCode::corrupt_data;
    };
    CHECK_FALSE(refused(blocked_file({5, 0, 3}, 0.75, inner)));
    CHECK_FALSE(refused(monitor.serialize()));
    CHECK(refused(blocked_file({1, 0, 0}, 0.0, inner)));
    CHECK(refused(blocked_file({0, 0, 0}, 0.0, inner)));
    CHECK(refused(blocked_file({(1ULL << 31U) + 1, 0, 0}, 0.0, inner)));
    CHECK(refused(blocked_file({5, 2, 0}, 0.0, inner)));
    CHECK(refused(blocked_file({5, 0, 5}, 0.0, inner)));
    CHECK(refused(blocked_file({5, 0, 0}, 0.5, inner)));
    CHECK(refused(blocked_file({5, 0, 1}, 1.1e100, inner)));
    CHECK(refused(blocked_file({5, 0, 1}, not_a_number, inner)));
    CHECK(refused(blocked_file({5, 1, 1}, 0.0, inner)));
    CHECK(refused(blocked_file({5, 1, 0}, 0.5, inner)));
    CHECK(refused(blocked_file({5, 0}, 0.0, inner)));
    CHECK(refused(blocked_file({5, 0, 0}, 0.0, drift::Ddm().serialize())));
    CHECK(refused(blocked_file({5, 0, 1}, -0.5, drift::HddmA().serialize())));
    CHECK(refused(blocked_file({5, 0, 0}, 0.0, monitor.serialize())));
    CHECK(refused(blocked_file({5, 0, 0}, 0.0, {})));
    CHECK(refused({}));
    vedette::ContainerWriter writer;
    writer.add("sum", std::vector<double>{1.0});
    CHECK(refused(writer.finish("baseline")));
    CHECK(refused(writer.finish("blocked_monitor")));
}

#if !defined(VEDETTE_SANITIZED)
TEST_CASE("updates and resets of monitors by name allocate nothing") {
    const auto reference = monitor_makers::reference();
    for_each_kind([&](drift::MonitorKind kind) {
        for (const char* options : {"", "thin=3"}) {
            auto monitor = make_default(kind, reference, options);
            const auto values = monitor_makers::stream(values_of(kind), 3000);
            const std::size_t before = allocation_count();
            for (const double value : values) monitor.update(value);
            (void)monitor.reading();
            monitor.reset();
            monitor.update(not_a_number);
            CHECK(allocation_count() == before);
        }
    });
}
#endif
