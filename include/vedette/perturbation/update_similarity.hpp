// SPDX-License-Identifier: Apache-2.0
// Do an account's inputs move in straight lines? The similarity of the successive steps between them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/perturbation/fingerprint.hpp"

namespace vedette::inline v0::perturbation {

struct UpdateSimilarityOptions {
    std::size_t values = 0;               ///< of an input, 1 to 2^26
    std::size_t accounts = 4096;          ///< remembered: a power of two from 8 to 2^20, 536 bytes each
    std::optional<FingerprintKey> key{};  ///< of the projection; empty: drawn by the system
};

/// What is said of an account's last step.
struct UpdateEvidence {
    /// |similarity + 1/2|, 0 to 1.5, higher is more anomalous; NaN until the third input, after an equal one and for an
    /// input of the wrong size, with a value that is not finite or a step beyond floats away.
    double score = std::numeric_limits<double>::quiet_NaN();
    double similarity = std::numeric_limits<double>::quiet_NaN();  ///< cosine of the last two steps, -1 to 1
    double length = std::numeric_limits<double>::quiet_NaN();      ///< of the last step
};

/// The similarity of updates (GWAD, arXiv 2503.02986, calls it delta similarity):
/// iterative attacks walk, search lines and step to and fro, so that the step from the last input to this one points
/// along, or against, the step before. For inputs drawn independently from one law the two steps share an input with
/// opposite signs, and their cosine is about -1/2: the score is the distance from that. Steps are compared in a secret
/// random projection to 64 dimensions (signed sums: Charikar, Chen and Farach-Colton 2002), to within about 1/8;
/// parallel steps stay parallel exactly.
///
/// Blind to random perturbations around one input (their steps are like independent inputs, only small: the
/// fingerprint store's case) and to attacks that mix unrelated inputs in.
///
/// Memory is taken at construction: a byte a value, and 536 bytes an account, in sets of 8 of which the account idle
/// for longest gives way. Not thread-safe; updates allocate nothing. O(values).
class UpdateSimilarity {
  public:
    static constexpr std::size_t lanes = 64;
    static constexpr std::size_t ways = 8;  ///< accounts of a set

    /// Throws Error(invalid_argument) for an option out of range.
    explicit UpdateSimilarity(const UpdateSimilarityOptions& options);

    UpdateEvidence update(std::span<const std::uint8_t> input, std::string_view account) noexcept;
    UpdateEvidence update(std::span<const float> input, std::string_view account) noexcept;

    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "update_similarity": what `deserialize` returns goes on bit for bit. The bytes hold the
    /// projection, and so are as secret. Throws Error(corrupt_data) for anything else. There is no merging: steps have
    /// an order, so one account's inputs must go to one object.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static UpdateSimilarity deserialize(std::span<const std::byte> bytes);

  private:
    UpdateSimilarity() = default;
    using Sketch = std::array<float, lanes>;
    struct Place {
        std::uint64_t account = 0;
        std::uint64_t last = 0;  // turn; 0: free
        std::uint64_t inputs = 0;
        Sketch input{}, step{};
    };
    template <class T>
    UpdateEvidence take(std::span<const T> input, std::string_view account) noexcept;
    Place& place_of(std::uint64_t account) noexcept;

    std::vector<std::int8_t> signs_;
    std::array<std::uint64_t, 2> account_key_{};
    std::vector<Place> places_;
    std::uint64_t turn_ = 0;
};

}  // namespace vedette::inline v0::perturbation
