// SPDX-License-Identifier: Apache-2.0
// Fuzzes the ledger's reader: bytes as they are, and records of any content in a chain that is whole; what is accepted
// never holds more spent than granted, and goes on.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "privacy/ledger_log.hpp"
#include "promise.hpp"
#include "unit/privacy/memory_disk.hpp"
#include "vedette/core/error.hpp"

namespace {

using namespace vedette::privacy;
using vedette::testing::DiskStorage;
using vedette::testing::MemoryDisk;

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

void check_accepted(Ledger& ledger, const std::shared_ptr<MemoryDisk>& disk) {
    for (const LedgerAccount& account : ledger.accounts()) {
        for (const LedgerBalance& balance : ledger.balances(account)) {
            require(balance.spent.loss <= balance.budget.loss && balance.spent.delta <= balance.budget.delta,
                    "more spent than granted");
            require(balance.period.from < balance.period.until, "an empty period");
            try {
                ledger.spend(account, {1, 0}, balance.period.from);
                require(balance.spent.loss < balance.budget.loss, "spent beyond the budget");
            } catch (const vedette::Error& error) {
                require(error.code() == vedette::ErrorCode::budget_exhausted, error.what());
            }
        }
    }
    for (const std::uint64_t reservation : ledger.open_reservations()) ledger.cancel(reservation);
    Ledger again = Ledger::open(std::make_unique<DiskStorage>(disk));
    require(again.head().digest == ledger.head().digest, "another head when opened again");
    require(again.open_reservations().empty(), "a cancelled reservation is open");
}

void try_disk(const std::shared_ptr<MemoryDisk>& disk) {
    attempt([&] {
        Ledger ledger = Ledger::open(std::make_unique<DiskStorage>(disk));
        check_accepted(ledger, disk);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
    try_disk(vedette::testing::disk_with({bytes.begin(), bytes.end()}));

    // Each record: kind, whether it is promised, length, payload.
    auto disk = std::make_shared<MemoryDisk>();
    DiskStorage storage(disk);
    LedgerLog::initialise(storage, {});
    LedgerLog log(std::make_unique<DiskStorage>(disk), {});
    while (bytes.size() >= 2) {
        const auto kind = static_cast<LedgerRecordKind>(1 + static_cast<unsigned>(bytes[0]) % 5);
        const bool promised = static_cast<unsigned>(bytes[0]) / 5 % 2 == 0;
        const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(bytes[1]), bytes.size() - 2);
        log.append(kind, bytes.subspan(2, length), promised);
        bytes = bytes.subspan(2 + length);
    }
    try_disk(disk);
    return 0;
}
