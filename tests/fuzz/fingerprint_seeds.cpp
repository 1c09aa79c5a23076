// SPDX-License-Identifier: Apache-2.0
// Writes the seeds of the fingerprint fuzzer anew, after a change of a format: fuzz_fingerprint_seeds FOLDER. Keys are
// fixed, so that the same format gives the same bytes.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vedette/core/file.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/query_memory.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::FingerprintKey;

constexpr FingerprintKey key{1, 2, 3, 4}, other_key{5, 6, 7, 8};

std::vector<float> row(vedette::Random& random, std::size_t values = 4) {
    std::vector<float> x(values);
    for (float& each : x) each = static_cast<float>(random.normal());
    return x;
}

perturbation::Fingerprinter rows() {
    return perturbation::Fingerprinter(
        perturbation::RowFingerprintOptions{.values = 4, .steps = {0.5}, .window = 1, .slots = 8, .key = key});
}

perturbation::FingerprintStore store(std::size_t inputs, bool silent = false) {
    perturbation::FingerprintStore made(
        rows(), {.memory = perturbation::FingerprintStore::memory_needed(rows(), 64), .silent = silent});
    vedette::Random random(inputs);
    for (std::size_t i = 0; i < inputs; ++i)
        (void)made.observe(std::span<const float>(row(random)), i % 2 == 0 ? "a" : "b", i);
    return made;
}

perturbation::AccountLinks links() {
    perturbation::AccountLinks made(8);
    for (std::uint32_t i = 0; i < 40; ++i) made.count(1 + i % 3, 2 + i % 5);
    return made;
}

perturbation::UpdateSimilarity updates() {
    perturbation::UpdateSimilarity made({.values = 4, .accounts = 8, .key = other_key});
    vedette::Random random(3);
    for (int i = 0; i < 6; ++i) (void)made.update(std::span<const float>(row(random)), i % 2 == 0 ? "a" : "b");
    return made;
}

template <class Memory>
Memory after_inputs(Memory made) {
    vedette::Random random(4);
    for (std::uint32_t i = 0; i < 30; ++i) {
        if constexpr (requires { made.update(row(random), i % 2); })
            (void)made.update(row(random), i % 2);
        else
            (void)made.update(row(random), i % 2, i % 3 == 0 ? "a" : "b");
    }
    return made;
}

const perturbation::PradaOptions prada{.values = 4, .classes = 2, .capacity = 16, .distances = 120};

// All that a memory can watch, in groups too.
vedette::QueryMemory memory() {
    std::vector<double> scores;
    for (int i = 0; i < 30; ++i) scores.push_back(i / 100.0);
    const vedette::stats::ConformalCalibration calibration(scores);
    std::vector<float> reference;
    vedette::Random random(5);
    for (int i = 0; i < 40; ++i) {
        const auto x = row(random);
        reference.insert(reference.end(), x.begin(), x.end());
    }
    const vedette::drift::MmdMonitor<float> fitted(
        vedette::MatrixView<float>::row_major(reference.data(), 40, 4),
        {.features = 8, .window = 6, .expected_run = 50.0, .simulations = 1000});
    vedette::QueryMemory made(
        perturbation::QueryWatch(store(4), calibration,
                                 {.callers = {.level = 0.01, .capacity = 8, .key = {{9, 10}}}, .links = 8},
                                 perturbation::CalibratedUpdates{updates(), calibration}),
        perturbation::PradaAccounts(prada, 2, key), vedette::MmdAccounts(fitted, 2, key),
        vedette::MmdGroups(fitted, {.groups = 2, .accounts = 4}, key));
    const std::vector<std::vector<float>> asked{row(random), row(random)};
    for (std::uint64_t i = 0; i < 24; ++i)
        (void)made.observe({.input = asked[i % 2],
                            .predicted = static_cast<std::int64_t>(i % 2),
                            .account = i % 3 == 0 ? "a" : "b",
                            .time = i});
    return made;
}

void write(const std::filesystem::path& folder, const char* name, const std::vector<std::byte>& bytes) {
    vedette::write_file_atomically(folder / name, bytes);
    std::printf("%s: %zu bytes\n", name, bytes.size());
}

void write_all(const std::filesystem::path& folder) {
    perturbation::ImageFingerprintOptions image;
    image.values = 48;
    image.window = 8;
    image.stride = 4;
    image.slots = 8;
    image.key = key;
    write(folder, "images", perturbation::Fingerprinter(image).serialize());
    write(folder, "rows", rows().serialize());
    write(folder, "store_0", store(0).serialize());
    write(folder, "store_1", store(5).serialize());
    write(folder, "store_2", store(40, true).serialize());
    write(folder, "links", links().serialize());
    write(folder, "updates", updates().serialize());
    write(folder, "prada", after_inputs(perturbation::Prada(prada)).serialize());
    write(folder, "prada_accounts", after_inputs(perturbation::PradaAccounts(prada, 2, key)).serialize());
    write(folder, "query_memory", memory().to_bytes());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 2) {
            std::fprintf(stderr, "usage: fuzz_fingerprint_seeds FOLDER\n");
            return 2;
        }
        write_all(argv[1]);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fuzz_fingerprint_seeds: %s\n", error.what());
        return 1;
    }
}
