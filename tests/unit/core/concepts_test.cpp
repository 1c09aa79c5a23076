// SPDX-License-Identifier: Apache-2.0
// The concepts accept what fits and refuse what almost fits.
#include "vedette/core/concepts.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

struct GoodScore {
    double score(std::span<const float>) const noexcept { return 0; }
};
struct ThrowingScore {
    double score(std::span<const float>) const { return 0; }
};
struct MutatingScore {
    double score(std::span<const float>) noexcept { return 0; }
};
struct TextScore {
    std::string score(std::span<const float>) const noexcept { return {}; }
};

struct GoodMonitor {
    vedette::MonitorState update(double) noexcept { return {}; }
    void reset() noexcept {}
    vedette::MonitorState state() const noexcept { return {}; }
};
struct ThrowingMonitor {
    vedette::MonitorState update(double) { return {}; }
    void reset() noexcept {}
    vedette::MonitorState state() const noexcept { return {}; }
};
struct SilentMonitor {
    void update(double) noexcept {}
    void reset() noexcept {}
    vedette::MonitorState state() const noexcept { return {}; }
};
struct SavedMonitor : GoodMonitor {
    std::vector<std::byte> serialize() const { return {}; }
    static SavedMonitor deserialize(std::span<const std::byte>) { return {}; }
};

struct GoodMechanism {
    using value_type = long;
    long release(long value, int&) const { return value; }
};
struct ReturnsAnother {
    using value_type = long;
    double release(long value, int&) const { return static_cast<double>(value); }
};

static_assert(vedette::Score<GoodScore> && !vedette::Score<GoodScore, double>);
static_assert(!vedette::Score<ThrowingScore> && !vedette::Score<MutatingScore> && !vedette::Score<TextScore>);
static_assert(vedette::Monitor<GoodMonitor> && !vedette::Monitor<ThrowingMonitor> && !vedette::Monitor<GoodScore>);
static_assert(!vedette::Monitor<SilentMonitor>);
static_assert(vedette::PersistentMonitor<SavedMonitor> && !vedette::PersistentMonitor<GoodMonitor>);
static_assert(vedette::Mechanism<GoodMechanism, int> && !vedette::Mechanism<ReturnsAnother, int>);

}  // namespace

TEST_CASE("a function from two samples to evidence is a two-sample test") {
    const auto test = [](const std::vector<double>& a, const std::vector<double>& b) {
        return vedette::TestResult{.statistic = static_cast<double>(a.size()) - static_cast<double>(b.size())};
    };
    static_assert(vedette::TwoSampleTest<decltype(test), std::vector<double>>);
    const auto bare = [](const std::vector<double>&, const std::vector<double>&) { return 0.5; };
    static_assert(!vedette::TwoSampleTest<decltype(bare), std::vector<double>>);
    CHECK(test({1.0, 2.0}, {1.0}).statistic == 1.0);
}
