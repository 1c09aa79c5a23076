// SPDX-License-Identifier: Apache-2.0
// Correlated running totals beside dense matrices in 40 digits: sensitivity, variance, and what integers really change.
#include "vedette/privacy/correlated_count.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>
#include <vector>

#include "allocation_failure.hpp"
#include "fixed_keystream.hpp"
#include "fuzz/container_input.hpp"
#include "test_budget.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/random.hpp"
#include "vedette/privacy/continual_count.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);

/// A budget in rho.
class RhoBudget final : public ReleaseBudget {
  public:
    void spend(const Guarantee&) override { throw vedette::Error(ErrorCode::invalid_argument, "kept in rho"); }
    void spend_zcdp(double rho) override { spent += rho; }
    double spent = 0.0;
};

CorrelatedCount make(std::uint64_t horizon, CountFactor factor, double rho, std::size_t buffers = 0,
                     const PrivacyUnit& unit = anyone) {
    RhoBudget budget;
    CorrelatedCount count(unit, horizon, factor, Rho(rho), budget, buffers);
    CHECK(budget.spent == rho);
    return count;
}

TEST_CASE("correlated totals beside dense matrices: sensitivity and every step's variance") {
    const auto& oracle = oracle_data("privacy_matrix.json");
    for (const auto& entry : oracle["factors"]) {
        CAPTURE(entry["horizon"].dump());
        CAPTURE(entry["buffers"].dump());
        const bool is_root = entry["factor"] == "root";
        const auto factor = is_root ? CountFactor::toeplitz_root : CountFactor::buffered_toeplitz;
        const std::uint64_t horizon = entry["horizon"];
        const double column = entry["column"];
        for (const double rho : {0x1p-10, 0.5, 300.0}) {
            const CorrelatedCount count = make(horizon, factor, rho, entry["buffers"]);
            CHECK(count.sensitivity() >= column * (1.0 - 1e-12));
            CHECK(count.sensitivity() <= column * (1.0 + 1e-7));
            CHECK(count.rho() <= rho * (1.0 + 1e-12));
            CHECK(count.rho() >= rho * (1.0 - 1e-9));
            CHECK(count.sigma() == doctest::Approx(column / std::sqrt(2.0 * rho)).epsilon(1e-7));
            const auto& squares = entry["rows_squared"];
            for (std::size_t t = 1; t <= squares.size(); ++t)
                REQUIRE(count.variance(t) / (count.sigma() * count.sigma()) ==
                        doctest::Approx(squares[t - 1].get<double>()).epsilon(1e-6));
        }
    }
    // No column of C is longer than what is counted as the sensitivity, of any horizon and number of buffers.
    for (const auto& row : oracle["longest"]) {
        CAPTURE(row.dump());
        const std::uint64_t horizon = row[0];
        const std::size_t buffers = row[1];
        const auto factor = buffers == 0 ? CountFactor::toeplitz_root : CountFactor::buffered_toeplitz;
        const double column = row[2], squares = row[3];
        for (const double rho : {0x1p-20, 1.0, 0x1p15}) {
            const CorrelatedCount count = make(horizon, factor, rho, buffers);
            CHECK(count.sensitivity() >= column * (1.0 - 1e-12));
            CHECK(count.sensitivity() <= column * (1.0 + 1e-6));
            CHECK(count.variance(horizon) / (count.sigma() * count.sigma()) == doctest::Approx(squares).epsilon(1e-6));
        }
    }
    for (const auto& row : oracle["losses"]) {
        const std::uint64_t horizon = row[0];
        CHECK(make(horizon, CountFactor::buffered_toeplitz, 1.0).decays().size() == row[1].get<std::size_t>());
        CHECK(row[2].get<double>() < 1.01);
        if (horizon > 2000) continue;
        const CorrelatedCount root = make(horizon, CountFactor::toeplitz_root, 1.0),
                              buffered = make(horizon, CountFactor::buffered_toeplitz, 1.0);
        CHECK(buffered.variance(horizon) / root.variance(horizon) ==
              doctest::Approx(row[2].get<double>()).epsilon(1e-5));
    }
    // Beside a tree's: levels x (ones of the step), in units of 1 / (2 rho).
    CHECK(make(1023, CountFactor::buffered_toeplitz, 0.5).variance(1023) < 0.11 * 10.0 * 10.0);
}

// C's coefficients from the public decays and scales, or by the root's recurrence.
std::vector<double> column_of(const CorrelatedCount& count) {
    std::vector<double> c(count.horizon(), 1.0);
    for (std::size_t k = 1; k < c.size(); ++k) {
        if (count.factor() == CountFactor::toeplitz_root) {
            c[k] = c[k - 1] * (1.0 - 0.5 / static_cast<double>(k));
            continue;
        }
        c[k] = 0.0;
        for (std::size_t j = 0; j < count.decays().size(); ++j)
            c[k] += count.scales()[j] * std::pow(count.decays()[j], static_cast<double>(k - 1));
    }
    return c;
}

std::vector<double> totals(CorrelatedCount count, const std::vector<std::uint64_t>& rows) {
    FixedKeystream stream(11);
    std::vector<double> released;
    for (const std::uint64_t x : rows) released.push_back(count.step(x, stream).value);
    return released;
}

TEST_CASE("one user's rows, wherever they lie, move what is noised by no more than the sensitivity") {
    vedette::Random random(5);
    const PrivacyUnit user = PrivacyUnit::user(Neighbouring::replace_one, {.partitions = 1, .rows = 2});
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz})
        for (int repeat = 0; repeat < 20; ++repeat) {
            constexpr std::size_t horizon = 60;
            std::vector<std::uint64_t> rows(horizon), others;
            for (std::uint64_t& x : rows) x = 5 + random() % 1000;
            others = rows;
            // Two rows away, two others come; the worst is where they are the first ones.
            const std::size_t first = repeat == 0 ? 0 : random() % horizon, second = random() % horizon;
            others[first] -= 2;
            if (repeat > 1) others[second] += 2;
            const CorrelatedCount like = make(horizon, factor, 2.0, 0, user);
            const std::vector<double> c = column_of(like);
            const auto a = totals(make(horizon, factor, 2.0, 0, user), rows),
                       b = totals(make(horizon, factor, 2.0, 0, user), others);
            double squares = 0.0;
            for (std::size_t t = 0; t < horizon; ++t) {
                double w = 0.0;  // C times the difference of the steps
                for (std::size_t k = 0; k <= t; ++k) {
                    const std::size_t s = t - k;
                    w += c[k] * ((a[s] - b[s]) - (s > 0 ? a[s - 1] - b[s - 1] : 0.0));
                }
                squares += w * w;
            }
            CHECK(std::sqrt(squares) <= like.sensitivity() * (1.0 + 1e-6));
            if (repeat == 0) CHECK(std::sqrt(squares) >= 0.49 * like.sensitivity());  // half of the units are there
        }
}

TEST_CASE("correlated totals are the totals but for the noise, whose size and interval are as promised") {
    vedette::Random random(6);
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz}) {
        constexpr std::uint64_t horizon = 300;
        constexpr int streams = 400;
        FixedKeystream stream(21);
        double squares = 0.0, last_squares = 0.0;
        int covered = 0;
        for (int i = 0; i < streams; ++i) {
            CorrelatedCount count = make(horizon, factor, 0.125);
            double total = 0.0;
            Release release;
            for (std::uint64_t t = 1; t <= horizon; ++t) {
                const std::uint64_t rows = random() % 2000;
                total += static_cast<double>(rows);
                release = count.step(rows, stream);
                if (t == 10) squares += (release.value - total) * (release.value - total);
            }
            last_squares += (release.value - total) * (release.value - total);
            covered += release.interval.lower <= total && total <= release.interval.upper ? 1 : 0;
            if (i == streams - 1) {
                // Chi-square of 400 degrees: 6 standard deviations are 0.43 of the mean.
                CHECK(std::abs(squares / streams / count.variance(10) - 1.0) < 0.43);
                CHECK(std::abs(last_squares / streams / count.variance(horizon) - 1.0) < 0.43);
                CHECK(code_of([&] { (void)count.step(0); }) == ErrorCode::budget_exhausted);
            }
        }
        // At 95 % by a bound that is wider: fewer than 365 of 400 have a chance below 1e-3 even without it.
        CHECK(covered >= 365);
    }
}

TEST_CASE("correlated totals: long streams keep their totals in a few numbers") {
    CorrelatedCount count = make(std::uint64_t{1} << 40U, CountFactor::buffered_toeplitz, 1000.0);
    CHECK(count.decays().size() <= 15);
    double total = 0.0;
    Release release;
    for (std::uint64_t t = 0; t < 20'000; ++t) {
        release = count.step(t % 1'000'003 * 7'919);
        total += static_cast<double>(t % 1'000'003 * 7'919);
    }
    CHECK(release.interval.lower <= total);
    CHECK(release.interval.upper >= total);
    CHECK(release.interval.upper - release.interval.lower < 2.0);
}

TEST_CASE("correlated totals: a step that finds no memory changes nothing, and those after it are right") {
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz})
        for (const int failing : {0, 1, 7})
            for (const int skipped : {0, 1, 2, 3}) {
                CAPTURE(failing);
                CAPTURE(skipped);
                CorrelatedCount count = make(40, factor, 1e4);
                FixedKeystream stream(13);
                double total = 0.0;
                for (int t = 0; t < 20; ++t) {
                    const std::uint64_t before = count.steps();
                    double released = 0.0;
                    bool failed = false;
                    fail_allocation(t == failing ? skipped : -1);
                    try {
                        released = count.step(100, stream).value;
                    } catch (const std::bad_alloc&) {
                        failed = true;
                    }
                    fail_allocation(-1);
                    CHECK(count.steps() == before + (failed ? 0 : 1));
                    if (failed) continue;
                    total += 100.0;
                    CHECK(std::abs(released - total) < 1.0);  // sigma is about 0.02
                }
            }
}

TEST_CASE("correlated totals go on from their bytes as if nothing had been; what cannot be a state is refused") {
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz})
        for (const int stop : {0, 1, 17, 60}) {
            CAPTURE(stop);
            constexpr int horizon = 60;
            FixedKeystream one(31), two(31);
            CorrelatedCount whole = make(horizon, factor, 0.5), part = make(horizon, factor, 0.5);
            std::vector<double> a, b;
            for (int t = 0; t < horizon; ++t)
                a.push_back(whole.step(static_cast<std::uint64_t>(t * t % 97), one).value);
            for (int t = 0; t < stop; ++t) b.push_back(part.step(static_cast<std::uint64_t>(t * t % 97), two).value);
            CorrelatedCount again = CorrelatedCount::from_bytes(part.to_bytes());
            CHECK(again.to_bytes() == part.to_bytes());
            CHECK(again.steps() == part.steps());
            CHECK(again.sigma() == part.sigma());
            CHECK(again.sensitivity() == part.sensitivity());
            CHECK(again.variance(horizon) == part.variance(horizon));
            vedette::Interval last{};
            for (int t = stop; t < horizon; ++t) {
                const Release release = again.step(static_cast<std::uint64_t>(t * t % 97), two);
                b.push_back(release.value);
                last = release.interval;
            }
            CHECK(a == b);
            CHECK((stop == horizon || last.upper > last.lower));
            CHECK(code_of([&] { (void)again.step(0); }) == ErrorCode::budget_exhausted);
        }
    // Every byte changed, and every length: refused, or a state that can go on; never a fault.
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz}) {
        CorrelatedCount count = make(9, factor, 0.5, 3);
        for (int t = 0; t < 4; ++t) (void)count.step(1000);
        const std::vector<std::byte> bytes = count.to_bytes();
        std::size_t refused = 0;
        const auto try_on = [&](const std::vector<std::byte>& changed) {
            try {
                CorrelatedCount odd = CorrelatedCount::from_bytes(changed);
                if (odd.steps() < odd.horizon()) (void)odd.step(1);
            } catch (const vedette::Error&) {
                ++refused;
            }
        };
        for (std::size_t size = 0; size < bytes.size(); size += 7)
            try_on({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
        CHECK(refused == (bytes.size() + 6) / 7);
        for (std::size_t i = 0; i < bytes.size(); ++i)
            for (const unsigned flip : {0x01U, 0x40U, 0x80U}) {
                std::vector<std::byte> changed = bytes;
                changed[i] ^= static_cast<std::byte>(flip);
                // And with the digest made right, so that what is in it is looked at.
                vedette::fuzzing::read_with_both_digests(reinterpret_cast<const std::uint8_t*>(changed.data()),
                                                         changed.size(), try_on);
            }
        CHECK(refused > bytes.size());
        CorrelatedCount taken(std::move(count));
        CHECK(code_of([&] { (void)count.to_bytes(); }) ==
              ErrorCode::invalid_argument);  // NOLINT(bugprone-use-after-move)
    }
}

#if !defined(VEDETTE_SANITIZED) && defined(__cpp_sized_deallocation)
TEST_CASE("correlated totals whose first step failed are saved as if it had not been tried") {
    for (const auto factor : {CountFactor::toeplitz_root, CountFactor::buffered_toeplitz}) {
        CorrelatedCount count = make(8, factor, 0.5);
        const std::vector<std::byte> before = count.to_bytes();
        FixedKeystream stream(33);
        fail_allocation(1);  // of two or three before the noise is drawn
        CHECK_THROWS_AS((void)count.step(1, stream), std::bad_alloc);
        fail_allocation(-1);
        CHECK(count.steps() == 0);
        CHECK(count.to_bytes() == before);
        CHECK(CorrelatedCount::from_bytes(count.to_bytes()).steps() == 0);
    }
}

TEST_CASE("what running totals hold of exact rows is wiped before its memory is given back") {
    constexpr unsigned long long rows = 0xB5'1C3A'5E77'93ULL;
    watch_freed(rows);
    { const std::vector<unsigned long long> plain(3, rows); }
    CHECK(freed_with() == 1);  // so it would be seen
    const auto freed = [](auto count, auto&& step) {
        watch_freed(rows);
        {
            auto running = std::move(count);
            step(running);
        }
        return freed_with();
    };
    const auto step = [](auto& running) {
        (void)running.step(rows);
        (void)running.step(0);
        CHECK(running.steps() == 2);
    };
    CHECK(freed(make(8, CountFactor::toeplitz_root, 0.5), step) == 0);
    CHECK(freed(make(8, CountFactor::buffered_toeplitz, 0.5), step) == 0);
    TestBudget budget;
    CHECK(freed(ContinualCount(anyone, 8, Epsilon(1.0), budget), step) == 0);
    // A state's bytes are the caller's to wipe; what they were made from, and what reading them takes, is not.
    const auto freed_by_saving = [&](auto running) {
        step(running);
        watch_freed(rows);
        const std::vector<std::byte> bytes = running.to_bytes();
        const auto by_saving = freed_with();
        std::vector<std::uint64_t> aligned(bytes.size() / 8 + 2);
        unsigned long long by_reading = 0;
        for (const std::size_t shift : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
            auto* const begin = reinterpret_cast<std::byte*>(aligned.data()) + shift;
            std::copy(bytes.begin(), bytes.end(), begin);
            watch_freed(rows);
            CHECK(decltype(running)::from_bytes({begin, bytes.size()}).steps() == 2);
            by_reading += freed_with();
        }
        return by_saving + by_reading;
    };
    CHECK(freed_by_saving(make(8, CountFactor::toeplitz_root, 0.5)) == 0);
    CHECK(freed_by_saving(make(8, CountFactor::buffered_toeplitz, 0.5)) == 0);
    CHECK(freed_by_saving(ContinualCount(anyone, 8, Epsilon(1.0), budget)) == 0);
}
#endif

TEST_CASE("correlated totals: misuse and ends") {
    const auto invalid = ErrorCode::invalid_argument;
    const auto refused = [](std::uint64_t horizon, CountFactor factor, const ReleaseLoss& loss, std::size_t buffers) {
        RhoBudget budget;
        const ErrorCode code = code_of([&] { (void)CorrelatedCount(anyone, horizon, factor, loss, budget, buffers); });
        CHECK(budget.spent == 0.0);
        return code;
    };
    const auto root = CountFactor::toeplitz_root, buffered = CountFactor::buffered_toeplitz;
    CHECK(refused(0, buffered, Rho(1.0), 0) == invalid);
    CHECK(refused((std::uint64_t{1} << 40U) + 1, buffered, Rho(1.0), 0) == invalid);
    CHECK(refused((std::uint64_t{1} << 20U) + 1, root, Rho(1.0), 0) == invalid);
    CHECK(refused(4, buffered, Rho(1.0), 65) == invalid);
    CHECK(refused(4, buffered, Rho(0x1p-25), 0) == invalid);
    CHECK(refused(4, buffered, Rho(0x1p21), 0) == invalid);
    CHECK(refused(4, buffered, Epsilon(1.0), 0) == invalid);
    TestBudget poor(0.5), rich;
    CHECK(code_of([&] {
              (void)CorrelatedCount(anyone, 4, root, {Epsilon(1.0), Delta(1e-6)}, poor);
          }) == ErrorCode::budget_exhausted);
    CHECK(code_of([&] { (void)CorrelatedCount(anyone, 4, root, Rho(1.0), rich); }) == invalid);  // not kept in rho
    CorrelatedCount count(anyone, 4, root, {Epsilon(1.0), Delta(1e-6)}, rich);
    CHECK(rich.spent == 1.0);
    CHECK(rich.delta == 1e-6);
    CHECK(zcdp_epsilon(count.rho(), 1e-6) <= 1.0 + 1e-9);
    (void)count.step(std::uint64_t{1} << 56U);
    CHECK(code_of([&] { (void)count.step(1); }) == ErrorCode::overflow);
    CHECK(count.steps() == 1);
    CorrelatedCount taken(std::move(count));
    CHECK(code_of([&] { (void)count.step(0); }) == ErrorCode::budget_exhausted);  // NOLINT(bugprone-use-after-move)
    (void)taken.step(0);
    for (const std::size_t buffers : {1U, 2U, 64U}) {
        CorrelatedCount odd = make(1000, buffered, 1e6, buffers);
        for (int t = 0; t < 1000; ++t) (void)odd.step(3);
        CHECK(std::isfinite(odd.variance(1000)));
    }
}

}  // namespace
