// SPDX-License-Identifier: Apache-2.0
// What is spent is never less than what was released: the writer dies after every byte, by itself and with the power.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

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
    int deaths = 0, losses_refused = 0, losses = 0;
    for (std::uint64_t bytes = 1; bytes <= 5000; bytes += 2) {
        auto disk = disk_with(start);
        Client client;
        disk->bytes_to_live = bytes;
        bool died = false;
        try {
            Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(disk));
            Random choices(2, bytes);
            live(ledger, client, choices, 60);
        } catch (const Crash&) {
            died = true;
        }
        deaths += died ? 1 : 0;
        const auto check = [&](std::vector<std::byte> left) {
            auto after = disk_with(std::move(left));
            Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(after));
            CHECK(spent(ledger) >= client.released);
            const std::uint64_t before = spent(ledger);
            ledger.spend(account, {7, 0}, 5);  // and life goes on
            CHECK(spent(ledger) == before + 7);
            Ledger again = Ledger::open(std::make_unique<DiskStorage>(after));
            CHECK(spent(again) == before + 7);
        };
        check(disk->seen);
        for (int loss = 0; loss < 3; ++loss) {
            ++losses;
            try {
                check(disk->after_power_loss(random));
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::corrupt_data);
                ++losses_refused;
            }
        }
    }
    CHECK(deaths == 2500);
    // Never to be refused after a loss of power alone, for what a head promises was synced before it.
    CHECK(losses_refused == 0);
    CHECK(losses == 7500);
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

TEST_CASE("killed processes: what the others find covers what each had been allowed to release") {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("vedette-ledger-" + std::to_string(::getpid()));
    std::filesystem::remove(path);
    {
        Ledger ledger = Ledger::create(path, {.durable = false});
        ledger.grant(account, LedgerCost::budget(1e6, 1.0), always);
    }
    std::array<int, 2> channel{};
    REQUIRE(::pipe(channel.data()) == 0);
    // Read until nothing is left. The children, who may fill it before they are killed, wait.
    REQUIRE(::fcntl(channel[0], F_SETFL, O_NONBLOCK) == 0);
    Random random(3, 0);
    std::uint64_t released = 0;
    for (int round = 0; round < 100; ++round) {
        std::array<pid_t, 2> children{};
        for (pid_t& child : children) {
            child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                Ledger ledger = Ledger::open(path, {.durable = false});
                for (std::uint64_t cost = 1;; ++cost) {
                    ledger.spend(account, {cost, 0}, 5);
                    if (::write(channel[1], &cost, sizeof cost) != sizeof cost) ::_exit(1);  // released
                }
            }
        }
        ::usleep(static_cast<useconds_t>(random() % 3000));
        for (const pid_t child : children) ::kill(child, SIGKILL);
        for (const pid_t child : children) ::waitpid(child, nullptr, 0);
        std::uint64_t cost = 0;
        while (::read(channel[0], &cost, sizeof cost) == sizeof cost) released += cost;
        Ledger ledger = Ledger::open(path, {.durable = false});
        CHECK(spent(ledger) >= released);
    }
    CHECK(released > 1000);
    ::close(channel[0]);
    ::close(channel[1]);
    std::filesystem::remove(path);
}
