// SPDX-License-Identifier: Apache-2.0
// Evidence against each caller over all of its requests, with a bound on ever accusing a benign one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace vedette::inline v0::perturbation {

struct CallerEvidenceOptions {
    /// A benign caller is ever accused with at most this probability; in (0, 0.5].
    double level = 1e-3;
    /// Places for callers, 64 bytes each: a power of two from 8 to 2^24.
    std::size_t capacity = std::size_t{1} << 16U;
    /// A caller not heard of for longer may lose its place to another, in the unit of `time`.
    std::uint64_t idle_time = std::numeric_limits<std::uint64_t>::max();
    /// Of the hash that places callers: secret, or callers could choose to meet. Empty: drawn by the system.
    std::optional<std::array<std::uint64_t, 2>> key{};
};

/// What is known of a caller after a request.
struct CallerState {
    double e_value = 0.0;        ///< evidence against it; 1 or less says nothing
    std::uint64_t requests = 0;  ///< that entered it
    bool is_alarm = false;       ///< the evidence has reached 1/level, now or before
    bool is_shared = false;      ///< it had no place of its own, and shares its evidence with others
};

/// A test martingale per caller, of conformal p-values, in memory that never grows.
///
/// **Promise.** While p-values are valid given all that came before them (P(p <= t) <= t for each t), a caller whose
/// requests are all benign is ever accused with probability at most `level`, however many requests it makes and
/// whenever one looks (Ville's inequality). Conformal p-values of one calibration sample are valid in that way only
/// with a `conditional_...` guarantee, and then but for its failure probability, which adds to the level; marginal
/// ones share the luck of their calibration, and the promise does not hold for them.
///
/// **Evidence.** The mean over exponents k of products of bets k p^(k-1) (stats/e_values.hpp), begun anew at every
/// request t with weight 1/(t(t+1)): benign requests beforehand cannot wear the evidence down to less than that, and
/// it costs no memory to let all beginnings run.
///
/// **Places.** Callers are hashed (SipHash-2-4 under the key) to sets of 7 places and a common one. One whose set is
/// full takes the place of a caller idle for `idle_time`; else of one whose evidence is no more than a new entry would
/// start from, so that forgetting it forgets nothing; else it shares the common place of its set. Evidence can thus be
/// shed only by being silent for `idle_time`, and flooding the table with new names makes the flood accumulate evidence
/// in common places. Accused callers stay until `forget`. So that coming back does not multiply chances, the g-th entry
/// of a set starts from 1/(2 g(g+1)) and the common place from 1/2: together at most 1. Where places are shared, the
/// promise is about the benign callers of a place without others.
///
/// Not thread-safe: one per thread by a hash of the caller, or under the server's lock. No update allocates.
class CallerEvidence {
  public:
    /// Throws Error(invalid_argument) for an option out of range. Takes all of its memory at once.
    explicit CallerEvidence(const CallerEvidenceOptions& options = {});

    /// One request of a caller, named by any bytes, at a time that should not run backwards. A p-value that is NaN or
    /// outside [0, 1] changes nothing but `ignored()`. O(1).
    CallerState update(std::string_view caller, double p_value, std::uint64_t time) noexcept;
    /// The state of a caller without a request; one that is not known has evidence 0 and no requests.
    [[nodiscard]] CallerState state(std::string_view caller) const noexcept;
    /// Takes a caller's evidence back, e.g. after a review. False where it has no place of its own. The promise begins
    /// anew for it.
    bool forget(std::string_view caller) noexcept;

    /// Callers with a place of their own.
    [[nodiscard]] std::size_t callers() const noexcept;
    /// Of places and common places: those accused.
    [[nodiscard]] std::size_t alarms() const noexcept;
    [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }
    [[nodiscard]] const CallerEvidenceOptions& options() const noexcept { return options_; }
    /// Bytes of the table.
    [[nodiscard]] std::size_t memory() const noexcept { return places_.size() * sizeof(Place); }

    /// As a container of kind "caller_evidence": what `deserialize` returns goes on bit for bit. The bytes hold the
    /// key, and so are as secret. Throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static CallerEvidence deserialize(std::span<const std::byte> bytes);

  private:
    static constexpr std::size_t ways = 8;  // the first of a set is the common one
    static constexpr std::array<double, 4> exponents{0.25, 0.5, 0.75, 0.95};

    struct Place {
        std::uint64_t caller = 0;      // its hash
        std::uint64_t last = 0;        // time
        std::uint64_t requests = 0;    // 0: free
        double start = 0.0;            // evidence it began from; below 0: accused
        std::array<double, 4> bets{};  // one sum of products per exponent
    };

    [[nodiscard]] std::uint64_t hash_of(std::string_view caller) const noexcept;
    [[nodiscard]] std::size_t set_of(std::uint64_t hash) const noexcept;
    [[nodiscard]] const Place* find(std::uint64_t hash) const noexcept;
    Place& place_for(std::uint64_t hash, std::uint64_t time) noexcept;
    [[nodiscard]] static double evidence(const Place& place) noexcept;
    [[nodiscard]] static CallerState state_of(const Place& place, bool is_shared) noexcept;

    CallerEvidenceOptions options_;
    std::array<std::uint64_t, 2> key_{};
    std::vector<Place> places_;
    std::vector<std::uint64_t> entries_;  // that each set has had
    std::uint64_t ignored_ = 0;
};

}  // namespace vedette::inline v0::perturbation
