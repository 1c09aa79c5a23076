// SPDX-License-Identifier: Apache-2.0
// The ledger's books: budgets, periods, refusals, what many writers see, and which files are refused.
#include "vedette/privacy/ledger.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "memory_disk.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

using vedette::Error;
using vedette::ErrorCode;
using vedette::Random;
using namespace vedette::privacy;
using namespace vedette::testing;

namespace {

const LedgerAccount account{"visits", "analyst", "report"};
constexpr LedgerPeriod january{100, 200}, february{200, 300};

template <class Call>
ErrorCode code_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;
}

struct File {
    std::filesystem::path path;
    File() {
        static int number = 0;
        path = std::filesystem::temp_directory_path() /
               ("vedette-books-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        std::filesystem::remove(path);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { std::filesystem::remove(path); }
};

std::shared_ptr<MemoryDisk> written_disk(const LedgerOptions& options = {}) {
    auto disk = std::make_shared<MemoryDisk>();
    Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk), options);
    ledger.grant(account, LedgerCost::budget(1.0, 1e-6), january);
    ledger.spend(account, LedgerCost::of(0.25), 150);
    ledger.cancel(ledger.reserve(account, LedgerCost::of(0.25), 150));
    (void)ledger.reserve(account, LedgerCost::of(0.125, 1e-7), 150);
    return disk;
}

Ledger open_disk(const std::vector<std::byte>& bytes, const LedgerOptions& options = {}) {
    return Ledger::open(std::make_unique<DiskStorage>(disk_with(bytes)), options);
}

}  // namespace

TEST_CASE("costs are whole numbers: rounded up when spent, down when granted, never lost") {
    CHECK(LedgerCost::of(1.0, 1.0) == LedgerCost{std::uint64_t{1} << 40, std::uint64_t{1} << 63});
    CHECK(LedgerCost::of(std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::denorm_min()) ==
          LedgerCost{1, 1});
    CHECK(LedgerCost::of(0.1).loss == LedgerCost::budget(0.1).loss + 1);
    CHECK(LedgerCost::of(0.0) == LedgerCost{});
    for (const double wrong : {-1e-300, std::nan(""), std::numeric_limits<double>::infinity(), 1e8}) {
        CHECK(code_of([&] { (void)LedgerCost::of(wrong); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { (void)LedgerCost::of(1.0, wrong); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { (void)LedgerCost::budget(wrong); }) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a budget is spent to its last unit and not beyond, in its period only") {
    auto disk = std::make_shared<MemoryDisk>();
    Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk));
    const auto exhausted = [&](const LedgerCost& cost, std::int64_t now) {
        const auto before = ledger.head().sequence;
        CHECK(code_of([&] { ledger.spend(account, cost, now); }) == ErrorCode::budget_exhausted);
        CHECK(code_of([&] { (void)ledger.reserve(account, cost, now); }) == ErrorCode::budget_exhausted);
        CHECK(ledger.head().sequence == before);  // a refusal writes nothing
    };
    exhausted({1, 0}, 150);  // nothing granted
    ledger.grant(account, {10, 3}, january);
    ledger.grant(account, {5, 0}, february);
    exhausted({1, 0}, 99);
    exhausted({1, 0}, 300);
    exhausted({11, 0}, 150);
    exhausted({1, 4}, 150);
    exhausted({1, 1}, 250);
    ledger.spend(account, {10, 1}, 199);
    exhausted({1, 0}, 150);
    ledger.spend(account, {0, 2}, 150);
    exhausted({0, 1}, 150);
    ledger.spend(account, {5, 0}, 200);
    exhausted({1, 0}, 200);
    const auto balances = ledger.balances(account);
    REQUIRE(balances.size() == 2);
    CHECK(balances[0].period == january);
    CHECK(balances[0].spent == LedgerCost{10, 3});
    CHECK(balances[1].spent == LedgerCost{5, 0});
    // Sums that would go round are refused like any other.
    exhausted({~std::uint64_t{0}, 0}, 150);
    CHECK(code_of([&] { ledger.spend(account, {}, 150); }) == ErrorCode::invalid_argument);
    CHECK(ledger.accounts() == std::vector<LedgerAccount>{account});
    CHECK(ledger.balances({"visits", "analyst", "other"}).empty());
}

TEST_CASE("reservations count until they are cancelled, once") {
    auto disk = std::make_shared<MemoryDisk>();
    Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(disk));
    ledger.grant(account, {10, 0}, january);
    const auto first = ledger.reserve(account, {6, 0}, 150);
    CHECK(code_of([&] { (void)ledger.reserve(account, {5, 0}, 150); }) == ErrorCode::budget_exhausted);
    ledger.cancel(first);
    const auto second = ledger.reserve(account, {10, 0}, 150);
    CHECK(ledger.open_reservations() == std::vector<std::uint64_t>{second});
    ledger.commit(second);
    CHECK(ledger.open_reservations().empty());
    for (const auto closed : {first, second, std::uint64_t{1}, std::uint64_t{999}}) {
        CHECK(code_of([&] { ledger.cancel(closed); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { ledger.commit(closed); }) == ErrorCode::invalid_argument);
    }
    CHECK(ledger.balances(account)[0].spent == LedgerCost{10, 0});
}

TEST_CASE("grants: periods that overlap, are empty, or names that are too long are refused") {
    Ledger ledger = Ledger::create(std::make_unique<DiskStorage>(std::make_shared<MemoryDisk>()));
    ledger.grant(account, {10, 0}, january);
    for (const LedgerPeriod& period : {LedgerPeriod{100, 200}, LedgerPeriod{0, 101}, LedgerPeriod{199, 500},
                                       LedgerPeriod{150, 160}, LedgerPeriod{300, 300}, LedgerPeriod{400, 300}})
        CHECK(code_of([&] { ledger.grant(account, {1, 0}, period); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] {
              ledger.grant({std::string(256, 'a'), "", ""}, {1, 0}, january);
          }) == ErrorCode::invalid_argument);
    const LedgerAccount longest{std::string(255, 'a'), std::string(255, '\0'), std::string(255, '\xff')};
    ledger.grant(longest, {1, 0}, {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
    ledger.spend(longest, {1, 0}, 0);
    CHECK(ledger.accounts().size() == 2);
}

TEST_CASE("what one object writes the other reads, threads and objects mixed") {
    const File file;
    Ledger first = Ledger::create(file.path, {.durable = false});
    Ledger second = Ledger::open(file.path, {.durable = false});
    first.grant(account, {1000, 0}, january);
    std::vector<std::thread> threads;
    std::array<int, 4> allowed{};
    for (std::size_t t = 0; t < allowed.size(); ++t)
        threads.emplace_back([&, t] {
            Ledger& ledger = t % 2 == 0 ? first : second;
            for (int i = 0; i < 400; ++i) try {
                    ledger.spend(account, {1, 0}, 150);
                    ++allowed[t];
                } catch (const Error& error) {
                    if (error.code() != ErrorCode::budget_exhausted) std::terminate();
                }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(allowed[0] + allowed[1] + allowed[2] + allowed[3] == 1000);
    CHECK(first.balances(account)[0].spent == LedgerCost{1000, 0});
    CHECK(first.head().digest == second.head().digest);
    CHECK(code_of([&] { (void)Ledger::create(file.path); }) == ErrorCode::io_error);
    CHECK(code_of([&] { (void)Ledger::open("/nowhere/ledger"); }) == ErrorCode::io_error);
    // Removed or replaced under an open object.
    const auto bytes = vedette::read_file(file.path);
    vedette::write_file_atomically(file.path, bytes);
    CHECK(code_of([&] { first.spend(account, {1, 0}, 150); }) == ErrorCode::io_error);
    std::filesystem::remove(file.path);
    CHECK(code_of([&] { second.spend(account, {1, 0}, 150); }) == ErrorCode::io_error);
}

TEST_CASE("every altered bit and every truncation is refused, or hides nothing") {
    const std::vector<std::byte> good = written_disk()->seen;
    Ledger intact = open_disk(good);
    const LedgerCost spent = intact.balances(account)[0].spent;
    CHECK(spent == LedgerCost{(std::uint64_t{1} << 40) * 3 / 8, LedgerCost::of(0, 1e-7).delta});
    const LedgerHead head = intact.head();
    std::size_t end = good.size();
    while (good[end - 1] == std::byte{0}) --end;
    int refused = 0;
    for (std::size_t at = 0; at < end; ++at) {
        std::vector<std::byte> bad = good;
        bad[at] ^= std::byte{0x10};
        try {
            Ledger ledger = open_disk(bad);
            // One of two heads may be damaged, and what lies between belongs to nobody.
            CHECK(ledger.balances(account)[0].spent == spent);
            CHECK(ledger.head().digest == head.digest);
            CHECK(((at >= 64 && at < 2048)));
        } catch (const Error& error) {
            CHECK((error.code() == ErrorCode::corrupt_data || error.code() == ErrorCode::unsupported_version));
            ++refused;
        }
    }
    CHECK(refused > 300);
    for (std::size_t size = 0; size < end; ++size)
        CHECK(code_of([&] {
                  (void)open_disk({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
              }) == ErrorCode::corrupt_data);
}

TEST_CASE("an older copy is refused by whoever remembers a later head") {
    auto disk = written_disk();
    const std::vector<std::byte> old = disk->seen;
    Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(disk));
    const LedgerHead early = ledger.head();
    ledger.spend(account, {1, 0}, 150);
    const LedgerHead later = ledger.head();
    CHECK(code_of([&] { (void)open_disk(old, {.at_least = later}); }) == ErrorCode::corrupt_data);
    (void)open_disk(old, {.at_least = early});
    (void)open_disk(disk->seen, {.at_least = early});
    LedgerHead other = early;
    other.digest[0] ^= std::byte{1};
    CHECK(code_of([&] { (void)open_disk(disk->seen, {.at_least = other}); }) == ErrorCode::corrupt_data);
    // Under an open object, too.
    disk->seen = old;
    CHECK(code_of([&] { ledger.spend(account, {1, 0}, 150); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { ledger.spend(account, {1, 0}, 150); }) == ErrorCode::io_error);  // it has had enough
}

TEST_CASE("a key keeps others from writing, and must be the same") {
    const std::vector<std::byte> key(32, std::byte{7}), other(32, std::byte{8});
    const auto keyed = written_disk({.key = key})->seen;
    (void)open_disk(keyed, {.key = key});
    CHECK(code_of([&] { (void)open_disk(keyed); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)open_disk(keyed, {.key = other}); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)open_disk(written_disk()->seen, {.key = key}); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)open_disk(keyed, {.key = std::span(key).first(31)}); }) == ErrorCode::invalid_argument);
}
