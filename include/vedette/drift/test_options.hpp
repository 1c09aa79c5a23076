// SPDX-License-Identifier: Apache-2.0
// What a caller may choose for every two-sample test: direction, null law, NaN, confidence, permutations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::drift {

/// Which way the live values are suspected to have moved. `greater`: they tend to be larger than the reference's.
/// (SciPy words this by its first argument, and not alike for every test.) Values are pinned.
enum class Alternative : std::uint8_t { two_sided = 0, less = 1, greater = 2 };

/// Where the p-value comes from. `automatic`: exact where that is quick, else asymptotic; permutation where no other
/// law is known. A test that has no such law throws Error(unsupported). Values are pinned.
enum class Method : std::uint8_t { automatic = 0, exact = 1, asymptotic = 2, permutation = 3 };

/// What a NaN in a sample does: an error, or left out (the counts of the result tell how many took part). Infinities
/// are ordinary values to tests of ranks, and an error to tests of distances and moments. Values are pinned.
enum class NanPolicy : std::uint8_t { refuse = 0, omit = 1 };

/// Options of every test on samples; a field that a test has no use for is named by that test's description. Throws
/// Error(invalid_argument) at the call for a confidence outside (0, 1) or, where permutations give the p-value, zero of
/// them; tests that can do without a p-value say so.
struct TestOptions {
    Alternative alternative = Alternative::two_sided;
    Method method = Method::automatic;
    NanPolicy nan = NanPolicy::refuse;
    double confidence = 0.95;        ///< of the effect's interval
    std::size_t permutations = 999;  ///< p-values are (1 + #)/(permutations + 1)
    std::uint64_t seed = 0;          ///< of the permutations: same seed, same p-value, on every machine
};

/// How rows in the order of time are taken, where neighbours resemble each other so that they are not exchangeable and
/// tests alarm too often (stats::thinning_interval says how far apart they must be). Of numbers, means of `block`
/// consecutive values are compared in place of the values, which keeps power against a change of level; or the first of
/// each `thin` rows, which keeps what the test is about. Categories, which have no mean, are thinned in both cases.
/// Results and their effects are of what is compared. Both at least 1, and one of them 1.
struct RowBlocks {
    std::uint32_t block = 1;
    std::uint32_t thin = 1;

    friend bool operator==(const RowBlocks&, const RowBlocks&) = default;
};

/// "two_sided", "less", "greater"; "unknown" for any other value.
const char* alternative_name(Alternative alternative) noexcept;
/// "automatic", "exact", "asymptotic", "permutation"; "unknown" for any other value.
const char* method_name(Method method) noexcept;

}  // namespace vedette::inline v0::drift
