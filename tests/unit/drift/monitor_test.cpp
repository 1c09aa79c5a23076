// SPDX-License-Identifier: Apache-2.0
// What holds for every monitor: it survives save and load at any point, hostile values, and hostile files; it allocates
// nothing, and a NaN does not silence it.
#include "vedette/drift/monitor.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/drift/monitor_makers.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using monitor_makers::for_each;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

static_assert(vedette::PersistentMonitor<drift::Adwin> && vedette::PersistentMonitor<drift::PageHinkley>);
static_assert(vedette::PersistentMonitor<drift::Cusum> && vedette::PersistentMonitor<drift::EwmaChart>);
static_assert(vedette::PersistentMonitor<drift::Ddm> && vedette::PersistentMonitor<drift::Eddm>);
static_assert(vedette::PersistentMonitor<drift::HddmA> && vedette::PersistentMonitor<drift::HddmW>);
static_assert(vedette::PersistentMonitor<drift::Stepd> && vedette::PersistentMonitor<drift::Kswin>);
static_assert(vedette::PersistentMonitor<drift::IncrementalKs>);
static_assert(vedette::PersistentMonitor<drift::EProcess> && vedette::PersistentMonitor<drift::EDetector>);

template <class M>
std::vector<MonitorState> states(M& monitor, const std::vector<double>& values) {
    std::vector<MonitorState> said;
    for (const double value : values) said.push_back(monitor.update(value));
    return said;
}

struct Lists {
    std::vector<double> options;
    std::vector<std::uint64_t> settings;
    std::vector<std::uint64_t> counts;
    std::vector<double> numbers;
    std::vector<std::uint64_t> integers;
};

template <class T>
std::vector<T> list(const vedette::Container& file, const char* name) {
    const auto values = file.values<T>(name);
    return {values.begin(), values.end()};
}

Lists open(const std::vector<std::byte>& bytes) {
    const auto file = vedette::Container::view(bytes);
    return {list<double>(file, "options"), list<std::uint64_t>(file, "settings"), list<std::uint64_t>(file, "counts"),
            list<double>(file, "numbers"), list<std::uint64_t>(file, "integers")};
}

std::vector<std::byte> close(const Lists& lists, const std::string& kind) {
    vedette::ContainerWriter writer;
    writer.add("options", lists.options);
    writer.add("settings", lists.settings);
    writer.add("counts", lists.counts);
    writer.add("numbers", lists.numbers);
    writer.add("integers", lists.integers);
    return writer.finish(kind);
}

// A file that is read must make a monitor that works; one that is not read must be refused as what it is.
template <class M>
bool survives(const std::vector<std::byte>& bytes, const std::vector<double>& values) {
    ErrorCode code{};
    try {
        M monitor = M::deserialize(bytes);
        if (M::deserialize(monitor.serialize()).serialize() != monitor.serialize()) return false;
        for (const double value : values) monitor.update(value);
        (void)M::deserialize(monitor.serialize());
        return true;
    } catch (const vedette::Error& error) {
        code = error.code();
    }
    return code == ErrorCode::corrupt_data;
}

template <class M, class T>
void try_each(Lists& lists, std::vector<T>& part, const std::vector<T>& hostile, const std::string& kind,
              const std::vector<double>& values) {
    std::size_t failed = 0;
    for (std::size_t i = 0; i < part.size(); i += 1 + part.size() / 40) {
        const T before = part[i];
        for (const T value : hostile) {
            part[i] = value;
            failed += survives<M>(close(lists, kind), values) ? 0U : 1U;
        }
        part[i] = before;
    }
    part.push_back(T{});
    failed += survives<M>(close(lists, kind), values) ? 0U : 1U;
    part.pop_back();
    if (!part.empty()) {
        const T last = part.back();
        part.pop_back();
        failed += survives<M>(close(lists, kind), values) ? 0U : 1U;
        part.push_back(last);
    }
    CHECK(failed == 0);
}

}  // namespace

TEST_CASE("a monitor saved at any point goes on bit for bit") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        using M = decltype(monitor);
        auto values = monitor_makers::stream(kind, 3000);
        for (std::size_t i = 50; i < values.size(); i += 97) values[i] = not_a_number;
        M original = monitor;
        CHECK(M::deserialize(original.serialize()).serialize() == original.serialize());
        M resumed = original;
        bool same = true;
        bool changed = false;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const MonitorState said = original.update(values[i]);
            same = same && said == resumed.update(values[i]) && said == resumed.state();
            changed = changed || said == MonitorState::change;
            // At every point of the first part, and right after every change.
            if (i < 400 || i % 61 == 0 || said == MonitorState::change) resumed = M::deserialize(resumed.serialize());
        }
        CHECK(same);
        CHECK(changed);
        CHECK(original.serialize() == resumed.serialize());
        CHECK(original.counts().changes == resumed.counts().changes);
    });
}

TEST_CASE("NaN, infinities and huge values are counted, and silence nothing") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        using M = decltype(monitor);
        const auto values = monitor_makers::stream(kind, 4000);
        M plain = monitor;
        M troubled = monitor;
        bool same = true;
        for (const double value : values) {
            const MonitorState said = plain.update(value);
            same = same && troubled.update(value) == said;
            // An alarm is told once.
            const MonitorState after = said == MonitorState::change ? MonitorState::in_control : said;
            for (const double bad :
                 {not_a_number, infinity, -infinity, std::numeric_limits<double>::max(), -1.0000001e100})
                same = same && troubled.update(bad) == after && troubled.state() == after;
        }
        CHECK(same);
        CHECK(plain.counts().changes > 0);
        CHECK(troubled.counts().changes == plain.counts().changes);
        CHECK(troubled.counts().accepted == values.size());
        CHECK(troubled.counts().nan == values.size());
        CHECK(troubled.counts().infinite == 4 * values.size());
        CHECK(troubled.counts().refused == 0);
    });
}

TEST_CASE("what is no error, or no share, is refused") {
    for_each([](auto monitor, monitor_makers::Values) {
        const double odd[] = {-1.0, 2.0, 1e99, -1e-300, 1.0 + 0x1p-52};
        const auto fresh = monitor.serialize();
        for (const double value : odd) monitor.update(value);
        const auto& counts = monitor.counts();
        CHECK((counts.refused == 5 || counts.accepted == 5));
        monitor.reset();
        CHECK(monitor.serialize() == fresh);
    });
    drift::Ddm ddm;
    CHECK(ddm.update(0.5) == MonitorState::in_control);
    CHECK(ddm.counts().refused == 1);
    drift::HddmA hddm;
    CHECK(hddm.update(0.5) == MonitorState::in_control);
    CHECK(hddm.counts().accepted == 1);
    CHECK(hddm.update(true) == MonitorState::in_control);
    CHECK(hddm.estimate() == 0.75);
}

TEST_CASE("extreme, subnormal and equal values leave every statistic finite") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        using M = decltype(monitor);
        const bool real = kind == monitor_makers::Values::real;
        vedette::Random random(3);
        const double all[] = {0.0, -0.0, 1e100, -1e100, 5e-324, -5e-324, 1.0, 1e-100, 1e50, -1e99};
        for (int run = 0; run < 5; ++run) {
            M tried = monitor;
            for (int i = 0; i < 5000; ++i) {
                const auto pick = static_cast<std::size_t>(random.uniform() * (run < 3 ? 10.0 : 2.0));
                tried.update(real ? all[pick] : (run == 4 ? 0.0 : static_cast<double>(pick % 2)));
            }
            // The reader refuses what is not finite.
            CHECK(M::deserialize(tried.serialize()).serialize() == tried.serialize());
            // And none of it is for ever: a clear change is still seen. (ADWIN keeps such values, and their variance,
            // in its window: see its own test.)
            if (!real || std::is_same_v<M, drift::Adwin>) continue;
            // Nor of MOA's Page-Hinkley, whose sum comes back from where it went at its own pace.
            if constexpr (std::is_same_v<M, drift::PageHinkley>)
                if (monitor.options().rule == drift::PageHinkleyRule::moa) continue;
            const std::uint64_t before = tried.counts().changes;
            for (int i = 0; i < 40'000; ++i) tried.update(random.normal() + (i / 4000 % 2 == 0 ? 0.0 : 100.0));
            CHECK(tried.counts().changes > before);
        }
    });
}

#if !defined(VEDETTE_SANITIZED)
TEST_CASE("updating and resetting allocate nothing") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        const auto values = monitor_makers::stream(kind, 20'000);
        const std::size_t before = allocation_count();
        for (const double value : values) monitor.update(value);
        monitor.update(not_a_number);
        monitor.reset();
        for (const double value : values) monitor.update(value);
        CHECK(allocation_count() == before);
        CHECK(before > 0);
    });
}
#endif

TEST_CASE("a reset monitor is a new one") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        const auto fresh = monitor.serialize();
        const auto values = monitor_makers::stream(kind, 2000);
        const auto first = states(monitor, values);
        monitor.reset();
        CHECK(monitor.serialize() == fresh);
        CHECK(states(monitor, values) == first);
    });
}

TEST_CASE("hostile files make a working monitor or are refused") {
    for_each([](auto monitor, monitor_makers::Values kind) {
        using M = decltype(monitor);
        const auto values = monitor_makers::stream(kind, 300);
        for (const double value : values) monitor.update(value);
        const auto bytes = monitor.serialize();
        const std::string file_kind = vedette::Container::view(bytes).kind();
        CAPTURE(file_kind);
        Lists lists = open(bytes);
        CHECK(close(lists, file_kind) == bytes);
        CHECK(code_of([&] { (void)M::deserialize(close(lists, "no_monitor")); }) == ErrorCode::corrupt_data);
        CHECK(code_of([&] { (void)M::deserialize(std::vector<std::byte>(bytes.begin(), bytes.end() - 1)); }) ==
              ErrorCode::corrupt_data);
        const std::vector<double> doubles = {not_a_number, infinity, -infinity, 0.0,    -0.0, 1.0,  -1.0, 0.5,
                                             1e100,        -1e100,   1e308,     5e-324, 2.0,  1e-3, 100.0};
        const std::vector<std::uint64_t> words = {
            0, 1, 2, 3, 6, 100, 64, 1ULL << 31U, 1ULL << 32U, (1ULL << 62U) - 1, 1ULL << 63U, ~0ULL};
        try_each<M>(lists, lists.options, doubles, file_kind, values);
        try_each<M>(lists, lists.settings, words, file_kind, values);
        try_each<M>(lists, lists.counts, words, file_kind, values);
        try_each<M>(lists, lists.numbers, doubles, file_kind, values);
        try_each<M>(lists, lists.integers, words, file_kind, values);
    });
}

TEST_CASE("options out of range are refused by name") {
    const auto refused = [](auto&& make) { return code_of(make) == ErrorCode::invalid_argument; };
    for (const double delta : {0.0, 1.0, -0.1, not_a_number, infinity}) {
        CHECK(refused([&] { drift::Adwin({.delta = delta}); }));
        CHECK(refused([&] { drift::HddmA({.drift_confidence = delta}); }));
        CHECK(refused([&] { drift::HddmW({.weight = delta}); }));
        CHECK(refused([&] { drift::Kswin({.level = delta}); }));
        CHECK(refused([&] { drift::Stepd({.drift_level = delta}); }));
        CHECK(refused([&] { drift::Eddm({.warning_level = delta}); }));
        CHECK(refused([&] { drift::IncrementalKs(monitor_makers::reference(), {.level = delta}); }));
    }
    CHECK(refused([] { drift::Adwin({.clock = 0}); }));
    CHECK(refused([] { drift::Adwin({.max_buckets = 1}); }));
    CHECK(refused([] { drift::Adwin({.max_buckets = 1001}); }));
    CHECK(refused([] { drift::Adwin({.max_buckets = 0xFFFFFFFFU}); }));
    CHECK(refused([] { drift::Adwin({.min_window_length = 0}); }));
    CHECK(refused([] { drift::Adwin({.rule = static_cast<drift::AdwinRule>(7)}); }));
    CHECK(refused([] { drift::PageHinkley({.minimum_observations = 0}); }));
    CHECK(refused([] { drift::PageHinkley({.delta = -1.0}); }));
    CHECK(refused([] { drift::PageHinkley({.threshold = 0.0}); }));
    CHECK(refused([] { drift::PageHinkley({.forgetting = 1.5}); }));
    CHECK(refused([] { drift::PageHinkley({.direction = static_cast<drift::Direction>(3)}); }));
    CHECK(refused([] { drift::Cusum({.sd = 0.0}); }));
    CHECK(refused([] { drift::Cusum({.mean = infinity}); }));
    CHECK(refused([] { drift::Cusum({.slack = -0.5}); }));
    CHECK(refused([] { drift::Cusum({.head_start = 5.0}); }));
    CHECK(refused([] { drift::EwmaChart({.weight = 0.0}); }));
    CHECK(refused([] { drift::EwmaChart({.width = 0.0}); }));
    CHECK(refused([] { drift::EwmaChart({.warning_width = 2.814}); }));
    CHECK(refused([] { drift::Ddm({.warning_level = 3.5}); }));
    CHECK(refused([] { drift::Ddm({.warm_start = 0}); }));
    CHECK(refused([] { drift::Eddm({.drift_level = 0.99}); }));
    CHECK(refused([] { drift::HddmA({.warning_confidence = 0.0001}); }));
    CHECK(refused([] { drift::Stepd({.window = 0}); }));
    CHECK(refused([] { drift::Stepd({.window = 65'537}); }));
    CHECK(refused([] { drift::Kswin({.recent = 51}); }));
    CHECK(refused([] { drift::Kswin({.window = 5000}); }));
    CHECK(refused([] { drift::Kswin({.level = 1e-9, .window = 20, .recent = 5}); }));
    CHECK(refused([] { drift::IncrementalKs(std::vector<double>{1.0, not_a_number}); }));
    CHECK(refused([] { drift::IncrementalKs(monitor_makers::reference(), {.window = 0}); }));
    CHECK(refused([] { drift::IncrementalKs(std::vector<double>{1.0, 2.0}, {.window = 2}); }));
    CHECK(code_of([] { drift::IncrementalKs(std::vector<double>{}); }) == ErrorCode::not_enough_data);
    CHECK(code_of([] { drift::IncrementalKs(std::vector<double>(99'991), {.window = 99'989}); }) ==
          ErrorCode::unsupported);
    try {
        drift::Cusum({.threshold = -2.0});
    } catch (const vedette::Error& error) {
        CHECK(std::string(error.what()).find("cusum: threshold") != std::string::npos);
        CHECK(std::string(error.what()).find("-2") != std::string::npos);
    }
}
