// SPDX-License-Identifier: Apache-2.0
// What is spent is never less than what was released: the writer dies after every byte, by itself and with the power.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

#include "memory_disk.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/ledger.hpp"

using vedette::Error;
using vedette::ErrorCode;
using vedette::Random;
using namespace vedette::privacy;
using namespace vedette::testing;

namespace {

const LedgerAccount account{"visits", "analyst", "report"};
constexpr LedgerPeriod always{0, 1'000'000};

// What a client knows: what it released, and what it can count on having got back.
struct Client {
    std::uint64_t released = 0;
    std::uint64_t granted = 0;
};

// A life of grants, reservations, releases and cancellations, of `steps` steps or until the disk dies.
void live(Ledger& ledger, Client& client, Random& random, int steps) {
    for (int step = 0; step < steps; ++step) {
        const LedgerCost cost{1 + random() % 1000, random() % 5};
        switch (random() % 4) {
            case 0:
                ledger.spend(account, cost, 5);
                client.released += cost.loss;
                break;
            case 1: ledger.cancel(ledger.reserve(account, cost, 5)); break;
            case 2: {
                const std::uint64_t number = ledger.reserve(account, cost, 5);
                client.released += cost.loss;
                ledger.commit(number);
                break;
            }
            default:
                (void)ledger.reserve(account, cost, 5);
                client.released += cost.loss;
                break;
        }
    }
}

std::uint64_t spent(Ledger& ledger) {
    const auto balances = ledger.balances(account);
    REQUIRE(balances.size() == 1);
    return balances[0].spent.loss;
}

// What is left of a disk, by itself and after `losses` losses of power: spent covers what was released, and life goes
// on. With power losses refused, `refused` counts them.
struct Survey {
    int losses = 0, refused = 0;

    void check(std::vector<std::byte> left, const Client& client) {
        auto after = disk_with(std::move(left));
        Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(after));
        CHECK(spent(ledger) >= client.released);
        const std::uint64_t before = spent(ledger);
        ledger.spend(account, {7, 0}, 5);  // and life goes on
        CHECK(spent(ledger) == before + 7);
        Ledger again = Ledger::open(std::make_unique<DiskStorage>(after));
        CHECK(spent(again) == before + 7);
    }

    void look(const MemoryDisk& disk, const Client& client, Random& random, int power_losses) {
        check(disk.seen, client);
        for (int loss = 0; loss < power_losses; ++loss) {
            ++losses;
            try {
                check(disk.after_power_loss(random), client);
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::corrupt_data);
                ++refused;
            }
        }
    }
};

// A life of `steps` steps from that disk on, which dies after so many bytes; whether it did.
bool live_and_die(const std::shared_ptr<MemoryDisk>& disk, std::uint64_t bytes, Client& client, int steps) {
    disk->bytes_to_live = bytes;
    try {
        Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(disk));
        Random choices(2, bytes);
        live(ledger, client, choices, steps);
        return false;
    } catch (const Crash&) {
        return true;
    }
}

std::vector<std::byte> fresh_ledger() {
    auto disk = std::make_shared<MemoryDisk>();
    Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk));
    ledger.grant(account, LedgerCost::budget(1000.0, 0.5), always);
    return disk->seen;
}

}  // namespace

TEST_CASE("spent is at least released after a death at every byte and every sync, thousands of times") {
    const std::vector<std::byte> start = fresh_ledger();
    Random random(1, 0);
    Survey survey;
    int deaths = 0;
    for (std::uint64_t bytes = 1; bytes <= 5000; ++bytes) {
        auto disk = disk_with(start);
        Client client;
        deaths += live_and_die(disk, bytes, client, 60) ? 1 : 0;
        survey.look(*disk, client, random, 2);
    }
    CHECK(deaths == 5000);
    // Never to be refused after a loss of power alone, for what a head promises was synced before it.
    CHECK(survey.refused == 0);
    CHECK(survey.losses == 10'000);
}

// From an empty disk on: the file's beginning, the first record with the zeros that the file grows by, and heads.
TEST_CASE("a death inside create or grant leaves no ledger, one without the budget, or one with all of it") {
    Random random(5, 0);
    const LedgerCost budget = LedgerCost::budget(1000.0, 0.5);
    int deaths = 0, none = 0, without = 0, with = 0;
    bool lived = false;
    // Every byte of what is written, but for the inside of 64 KiB of zeros, of which every 97th.
    for (std::uint64_t bytes = 1; !lived; bytes += bytes > 2200 && bytes < 67'000 ? 97 : 1) {
        auto disk = std::make_shared<MemoryDisk>();
        disk->bytes_to_live = bytes;
        bool answered = false;
        try {
            Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk));
            ledger.grant(account, budget, always);
            answered = lived = true;
        } catch (const Crash&) {
            ++deaths;
        }
        for (int loss = 0; loss < 3; ++loss) {
            auto after = disk_with(loss == 0 ? disk->seen : disk->after_power_loss(random));
            try {
                Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(after));
                const auto balances = ledger.balances(account);
                if (balances.empty()) {
                    ++without;
                    ledger.grant(account, budget, always);
                } else {
                    ++with;
                    CHECK(balances[0].budget == budget);
                }
                CHECK((!answered || !balances.empty()));
                ledger.spend(account, {7, 0}, 5);
                Ledger again = Ledger::open(std::make_unique<DiskStorage>(after));
                CHECK(spent(again) == 7);
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::corrupt_data);
                CHECK(!answered);
                CHECK(bytes <= 2049);  // inside create alone
                ++none;
            }
        }
    }
    CHECK(deaths > 2800);
    CHECK(none > 2000);
    CHECK(without > 1000);
    CHECK(with > 50);
}

TEST_CASE("a life that the file grows in: a death before, inside and after the growth") {
    // Almost full: the next records do not fit into what the file has.
    auto full = disk_with(fresh_ledger());
    const std::size_t size = full->seen.size();
    Client before;
    {
        Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(full));
        // Of 833 bytes each, and two of 72: 316 are left.
        for (int i = 100; i < 178; ++i) {
            const std::string name = std::string(247, 'x') + std::to_string(i);
            ledger.grant({name, name, name}, {1, 0}, always);
        }
        for (int i = 0; i < 2; ++i) {
            ledger.spend(account, {1, 0}, 5);
            ++before.released;
        }
    }
    REQUIRE(full->seen.size() == size);
    full->safe = full->seen;
    full->unsynced.clear();
    Random random(6, 0);
    Survey survey;
    int lives = 0, deaths = 0, grown = 0;
    // Four records of 72 bytes fit, each with a head of 80 and two syncs; then come 64 KiB of zeros, of which every
    // 211th byte, and the records after them.
    for (std::uint64_t bytes = 550; bytes <= 66'700; bytes += bytes > 800 && bytes < 66'050 ? 211 : 1) {
        auto disk = std::make_shared<MemoryDisk>(*full);
        Client client = before;
        ++lives;
        deaths += live_and_die(disk, bytes, client, 14) ? 1 : 0;
        grown += disk->seen.size() > size ? 1 : 0;
        survey.look(*disk, client, random, 1);
    }
    CHECK(deaths == lives);
    CHECK(grown > 900);
    CHECK(survey.refused == 0);
}

TEST_CASE("the disk of these tests does forget what nobody synced") {
    const std::vector<std::byte> start = fresh_ledger();
    Random random(4, 0);
    int forgotten = 0;
    for (int run = 0; run < 50; ++run) {
        auto disk = disk_with(start);
        Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(disk), {.durable = false});
        ledger.spend(account, {7, 0}, 5);
        auto after = disk_with(disk->after_power_loss(random));
        try {
            Ledger left = Ledger::open(std::make_unique<DiskStorage>(after));
            forgotten += spent(left) < 7 ? 1 : 0;
        } catch (const Error&) {
            ++forgotten;  // refused: a head promises what is not there
        }
    }
    CHECK(forgotten > 10);
}

// Two children at a time spend and tell, and are killed: so many rounds, and more where syncs are slow.
void kill_writers(bool durable, int rounds, int most_microseconds, std::uint64_t least_released) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("vedette-ledger-" + std::to_string(::getpid()));
    std::filesystem::remove(path);
    {
        Ledger ledger = Ledger::create(path, {.durable = durable});
        ledger.grant(account, LedgerCost::budget(1e6, 1.0), always);
    }
    std::array<int, 2> channel{};
    REQUIRE(::pipe(channel.data()) == 0);
    // Read until nothing is left. The children, who may fill it before they are killed, wait.
    REQUIRE(::fcntl(channel[0], F_SETFL, O_NONBLOCK) == 0);
    Random random(3, 0);
    std::uint64_t released = 0;
    for (int round = 0; round < rounds || (released <= least_released && round < 20 * rounds); ++round) {
        std::array<pid_t, 2> children{};
        for (pid_t& child : children) {
            child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                Ledger ledger = Ledger::open(path, {.durable = durable});
                for (std::uint64_t cost = 1;; ++cost) {
                    ledger.spend(account, {cost, 0}, 5);
                    if (::write(channel[1], &cost, sizeof cost) != sizeof cost) ::_exit(1);  // released
                }
            }
        }
        ::usleep(static_cast<useconds_t>(random() % static_cast<std::uint64_t>(most_microseconds)));
        for (const pid_t child : children) ::kill(child, SIGKILL);
        for (const pid_t child : children) ::waitpid(child, nullptr, 0);
        std::uint64_t cost = 0;
        while (::read(channel[0], &cost, sizeof cost) == sizeof cost) released += cost;
        Ledger ledger = Ledger::open(path, {.durable = durable});
        CHECK(spent(ledger) >= released);
    }
    CHECK(released > least_released);
    ::close(channel[0]);
    ::close(channel[1]);
    std::filesystem::remove(path);
}

TEST_CASE("killed processes: what the others find covers what each had been allowed to release") {
    kill_writers(false, 100, 3000, 1000);
}

TEST_CASE("the same of writers that sync before they answer") {
    kill_writers(true, 40, 10'000, 20);
}
