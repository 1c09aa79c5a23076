// SPDX-License-Identifier: Apache-2.0
// A spend of the privacy ledger, with and without a sync to the disk, beside the sync alone.
#include "vedette/privacy/ledger.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

namespace {

using namespace vedette::privacy;

std::filesystem::path fresh_path(const char* name) {
    std::filesystem::path path = std::filesystem::current_path() / (name + std::to_string(::getpid()));
    std::filesystem::remove(path);
    return path;
}

void spend(benchmark::State& state) {
    const std::filesystem::path path = fresh_path("bench-ledger-");
    {
        Ledger ledger = Ledger::create(path, {.durable = state.range(0) != 0});
        const LedgerAccount account{"visits", "analyst", "report"};
        ledger.grant(account, LedgerCost::budget(1e6, 1.0), {0, 1});
        for (auto _ : state) ledger.spend(account, {1, 1}, 0);
    }
    std::filesystem::remove(path);
}

// What a program would do that appends a line and syncs it.
void append_and_sync(benchmark::State& state) {
    const std::filesystem::path path = fresh_path("bench-sync-");
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::array<char, 88> line{};
    for (auto _ : state)
        if (::write(file, line.data(), line.size()) != 88 || ::fsync(file) != 0) state.SkipWithError("cannot sync");
    ::close(file);
    std::filesystem::remove(path);
}

}  // namespace

BENCHMARK(spend)->Name("ledger_spend")->ArgName("durable")->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK(append_and_sync)->UseRealTime();
BENCHMARK_MAIN();
