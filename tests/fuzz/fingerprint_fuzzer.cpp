// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of fingerprinters, fingerprint stores and all other memory of accounts, as given and with the
// checksum mended; what is accepted must work, stay within its memory and be canonical.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/query_memory.hpp"
#include "vedette/perturbation/fingerprint_store.hpp"

namespace {

namespace perturbation = vedette::perturbation;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "fingerprint fuzzer: %s\n", what);
    std::abort();
}

// What a reader refuses, it refuses with one of these.
template <class Read>
void attempt(Read&& read) {
    try {
        read();
        ++vedette::fuzzing::accepted;
    } catch (const vedette::Error& error) {
        const vedette::ErrorCode code = error.code();
        require(code == vedette::ErrorCode::corrupt_data || code == vedette::ErrorCode::unsupported_version,
                error.what());
    }
}

void check(const perturbation::Fingerprinter& fingerprinter) {
    const auto bytes = fingerprinter.serialize();
    require(perturbation::Fingerprinter::deserialize(bytes).serialize() == bytes, "its bytes are not canonical");
    if (fingerprinter.values() > 100'000) return;  // slow, and no other code
    const std::vector<std::uint8_t> input(fingerprinter.values(), 77);
    require(fingerprinter.fingerprint(std::span<const std::uint8_t>(input)).slots == fingerprinter.slots(), "no print");
}

void check(perturbation::FingerprintStore store) {
    const auto bytes = store.serialize();
    require(perturbation::FingerprintStore::deserialize(bytes).serialize() == bytes,
            "a store's bytes are not canonical");
    const std::size_t values = store.fingerprinter().values();
    const std::vector<float> input(values < 100'000 ? values : 1, 0.5F);
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto match = store.observe(std::span<const float>(input), "a", i << (i % 60));
        require(match.compared <= perturbation::FingerprintStore::most_compared, "compares too many");
        require(store.size() <= store.capacity() && store.memory() <= store.options().memory, "grows");
    }
    perturbation::FingerprintStore merged = store;
    merged.merge(store);
    require(merged.size() <= merged.capacity(), "a merged store grows");
    require(perturbation::FingerprintStore::deserialize(merged.serialize()).serialize() == merged.serialize(),
            "a merged store is no store");
}

void check(const perturbation::AccountLinks& links) {
    const auto bytes = links.serialize();
    perturbation::AccountLinks again = perturbation::AccountLinks::deserialize(bytes);
    require(again.serialize() == bytes, "the bytes of links are not canonical");
    for (std::uint32_t i = 0; i < 200; ++i) again.count(i % 7, i % 11);
    perturbation::AccountLinks merged = again;
    merged.merge(links);
    require(perturbation::AccountLinks::deserialize(merged.serialize()).serialize() == merged.serialize(),
            "merged links are none");
}

// Once more from its bytes: both must go on alike.
template <class Memory, class Observe>
void go_on(Memory memory, Observe observe) {
    const auto bytes = memory.serialize();
    Memory again = Memory::deserialize(bytes);
    require(again.serialize() == bytes, "the bytes of a memory are not canonical");
    const std::size_t taken = memory.memory();
    for (int i = 0; i < 60; ++i) {
        observe(memory, i);
        observe(again, i);
    }
    require(memory.serialize() == again.serialize(), "a memory does not go on as it was");
    require(memory.memory() == taken, "a memory grows");
}

std::vector<float> input_of(std::size_t values, int i) {
    return std::vector<float>(values < 10'000 ? values : 1, 0.37F * static_cast<float>(i % 9));
}

void check(const perturbation::UpdateSimilarity& updates) {
    go_on(updates, [](perturbation::UpdateSimilarity& memory, int i) {
        (void)memory.update(std::span<const float>(input_of(70, i)), i % 2 == 0 ? "a" : "b");
    });
}

void check(const perturbation::Prada& prada) {
    if (prada.options().values * prada.options().capacity > 1'000'000) return;  // slow, and no other code
    go_on(prada, [](perturbation::Prada& memory, int i) {
        (void)memory.update(input_of(memory.options().values, i), static_cast<std::uint32_t>(i % 3));
    });
}

void check(const perturbation::PradaAccounts& accounts) {
    if (accounts.options().values * accounts.options().capacity * accounts.capacity() > 1'000'000) return;
    go_on(accounts, [](perturbation::PradaAccounts& memory, int i) {
        (void)memory.update(input_of(memory.options().values, i), 0, i % 3 == 0 ? "a" : "b");
    });
}

void check(vedette::QueryMemory memory) {
    const auto bytes = memory.to_bytes();
    vedette::QueryMemory again = vedette::QueryMemory::from_bytes(bytes);
    require(again.to_bytes() == bytes, "the bytes of a query memory are not canonical");
    const std::size_t values = memory.queries() != nullptr ? memory.queries()->store().fingerprinter().values() : 8;
    for (int i = 0; i < 20; ++i) {
        const std::vector<float> input = input_of(values, i);
        const auto one = memory.observe({.input = input, .predicted = i % 2, .account = "a"});
        const auto two = again.observe({.input = input, .predicted = i % 2, .account = "a"});
        require(one.query_attack == two.query_attack && one.extraction == two.extraction, "it does not go on");
    }
    require(memory.to_bytes() == again.to_bytes(), "a query memory does not end as it was");
}

void try_all(const std::vector<std::byte>& bytes) {
    attempt([&] { check(perturbation::AccountLinks::deserialize(bytes)); });
    attempt([&] { check(perturbation::UpdateSimilarity::deserialize(bytes)); });
    attempt([&] { check(perturbation::Prada::deserialize(bytes, 1U << 26U)); });
    attempt([&] { check(perturbation::PradaAccounts::deserialize(bytes, 1U << 26U)); });
    attempt([&] { check(vedette::QueryMemory::from_bytes(bytes, 1U << 26U)); });
    attempt([&] { check(perturbation::Fingerprinter::deserialize(bytes)); });
    attempt([&] { check(perturbation::FingerprintStore::deserialize(bytes)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
