// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of fingerprinters and fingerprint stores, as given and with the checksum mended; what is accepted
// must work, stay within its memory and be canonical.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/error.hpp"
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

void try_all(const std::vector<std::byte>& bytes) {
    attempt([&] { check(perturbation::Fingerprinter::deserialize(bytes)); });
    attempt([&] { check(perturbation::FingerprintStore::deserialize(bytes)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
