// SPDX-License-Identifier: Apache-2.0
// A running count over several runs: it dies at every byte that it writes, and is paid for exactly once all the same.
#include "running_stream.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "input.hpp"
#include "unit/privacy/memory_disk.hpp"
#include "vedette/core/error.hpp"

using namespace vedette;
using namespace vedette::privacy;
using namespace vedette::testing;

namespace {

const LedgerAccount account{"visits", "analyst", "days"};
const std::vector<std::vector<std::string>> runs = {{"mon", "tue"}, {"wed"}, {"thu", "fri", "sat"}};
const std::map<std::string, std::uint64_t> rows_of = {{"mon", 5}, {"tue", 7}, {"wed", 0}, {"thu", 11},
                                                      {"fri", 1}, {"sat", 3}, {"sun", 2}};

cli::RunningTerms terms_of(const ReleaseLoss& loss) {
    return {PrivacyUnit::record(Neighbouring::add_remove), loss, CountFactor::buffered_toeplitz, 6,
            stats::Confidence(0.95)};
}

// A ledger, a state file, and what the world was told.
struct World {
    cli::RunningTerms terms;
    bool in_rho;
    std::shared_ptr<MemoryDisk> disk;
    std::optional<std::vector<std::byte>> state;
    std::map<std::string, double> told;
    std::uint64_t saves = 0;

    World(const ReleaseLoss& loss, bool rho)
        : terms(terms_of(loss)), in_rho(rho), disk(std::make_shared<MemoryDisk>()) {
        Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk));
        // Another one's: open before the stream, and none of its business.
        ledger.grant({"visits", "other", "days"}, LedgerCost::budget(9.0), {0, 100});
        (void)ledger.reserve({"visits", "other", "days"}, LedgerCost::of(1.0), 5);
        ledger.grant(account, LedgerCost::budget(10.0), {0, 100}, rho ? LedgerMeasure::rho : LedgerMeasure::epsilon);
    }
    [[nodiscard]] Ledger open() const { return Ledger::open(std::make_unique<DiskStorage>(disk)); }
    [[nodiscard]] std::uint64_t spent() const { return open().balances(account).at(0).spent.loss; }

    // A file that is replaced as a whole: the process may die before and after that.
    void save(std::span<const std::byte> bytes) {
        const auto tick = [this] {
            if (disk->bytes_to_live-- == 1) throw Crash();
        };
        ++saves;
        tick();
        state.emplace(bytes.begin(), bytes.end());
        tick();
    }
    void run(const std::vector<std::string>& steps) {
        Ledger ledger = open();
        cli::Payment payment(ledger, account, 5, in_rho);
        cli::RunningStream stream(
            terms, state, [this](std::span<const std::byte> bytes) { save(bytes); }, payment);
        std::vector<std::uint64_t> rows;
        for (const std::string& step : steps) rows.push_back(rows_of.at(step));
        for (const cli::RunningTotal& total : stream.run(steps, rows)) {
            CHECK(total.interval.lower <= total.value);
            const auto [place, is_new] = told.emplace(total.step, total.value);
            // Told again, it is the same: nothing is drawn twice.
            CHECK((is_new || place->second == total.value));
        }
    }
};

// What is true whenever a process has died.
void check_paid(const World& world, std::uint64_t cost) {
    const std::uint64_t spent = world.spent();
    CHECK(spent <= cost);
    if (!world.told.empty()) CHECK(spent == cost);
}

// On from there to the end, by somebody who settles what is in doubt. Whether something was.
bool finish(World& world, std::size_t first) {
    bool doubted = false;
    for (std::size_t i = first; i < runs.size(); ++i) {
        try {
            world.run(runs[i]);
        } catch (const cli::InputError& error) {
            CHECK(std::string(error.what()).find("--cancel") != std::string::npos);
            CHECK(world.told.empty());
            CHECK(!doubted);
            doubted = true;
            Ledger ledger = world.open();
            const std::vector<std::uint64_t> open = ledger.open_reservations();
            REQUIRE(open.size() == 2);
            ledger.cancel(open[1]);
            world.run(runs[i]);
        }
    }
    return doubted;
}

void die_everywhere(const ReleaseLoss& loss, bool in_rho, std::uint64_t cost) {
    const World start(loss, in_rho);
    Random random(3, 0);
    bool lived = false;
    int deaths = 0, doubts = 0, told_before = 0;
    for (std::uint64_t bytes = 1; !lived; ++bytes) {
        World world = start;
        world.disk = disk_with(start.disk->seen);
        world.disk->bytes_to_live = bytes;
        std::size_t done = 0;
        lived = true;
        try {
            for (; done < runs.size(); ++done) world.run(runs[done]);
        } catch (const Crash&) {
            lived = false;
        }
        deaths += lived ? 0 : 1;
        told_before += lived || world.told.empty() ? 0 : 1;
        for (int power = 0; power < 2 && !lived; ++power) {
            World after = world;
            after.disk = disk_with(power == 0 ? world.disk->seen : world.disk->after_power_loss(random));
            check_paid(after, cost);
            doubts += finish(after, done) ? 1 : 0;
            CHECK(after.spent() == cost);  // exactly once
            CHECK(after.told.size() == 6);
        }
    }
    CHECK(deaths > 100);
    CHECK(doubts > 0);        // between the reservation and its number
    CHECK(told_before == 4);  // before and after the saves of the second run and the third
    CHECK(doubts < 2 * deaths);
}

}  // namespace

TEST_CASE("a running count that dies at every byte is paid for once, and tells nothing that is not paid for") {
    die_everywhere(Epsilon(1.0), false, LedgerCost::of(1.0).loss);
    die_everywhere(Rho(0.5), true, LedgerCost::of(0.5).loss);
}

TEST_CASE("a stream refuses other terms, another account, a closed reservation, and steps that were told") {
    World world(Epsilon(2.0), false);
    world.run(runs[0]);
    const std::uint64_t saves = world.saves;
    CHECK(saves == 3);  // unpaid, paid, totals
    const std::map<std::string, double> first = world.told;
    world.run(runs[0]);  // told again
    CHECK(world.saves == saves);
    CHECK(world.told == first);
    CHECK_THROWS_AS(world.run({"tue", "wed"}), cli::InputError);
    CHECK_THROWS_AS(world.run({"tue"}), cli::InputError);
    CHECK(world.saves == saves);
    World other = world;
    other.terms = terms_of(Epsilon(1.0));
    CHECK_THROWS_AS(other.run(runs[1]), cli::InputError);
    other.terms = terms_of(Epsilon(2.0));
    other.terms.horizon = 5;
    CHECK_THROWS_AS(other.run(runs[1]), cli::InputError);
    World torn = world;
    (*torn.state)[torn.state->size() - 1] ^= std::byte{1};
    CHECK_THROWS_AS(torn.run(runs[1]), Error);
    World closed = world;
    closed.disk = disk_with(world.disk->seen);
    {
        Ledger ledger = closed.open();
        ledger.cancel(ledger.open_reservations().at(1));
    }
    CHECK_THROWS_AS(closed.run(runs[1]), cli::InputError);
    world.run(runs[1]);
    world.run(runs[2]);
    CHECK_THROWS_AS(world.run({"sun"}), cli::InputError);  // beyond the horizon
    CHECK(world.spent() == LedgerCost::of(2.0).loss);
}

TEST_CASE("a refused budget leaves a stream that can be begun") {
    World world(Epsilon(20.0), false);
    CHECK_THROWS_AS(world.run(runs[0]), Error);
    CHECK(world.told.empty());
    world.terms = terms_of(Epsilon(3.0));
    world.run(runs[0]);
    CHECK(world.spent() == LedgerCost::of(3.0).loss);
}
