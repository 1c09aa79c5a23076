// SPDX-License-Identifier: Apache-2.0
// A law on 0, 1, 2, ... as integer thresholds for a random word, exact: what the thresholds leave over is settled
// lazily.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "privacy/enclosure.hpp"
#include "privacy/keystream.hpp"

namespace vedette::inline v0::privacy {

/// The weights, up to a constant, of outcome k. `r` is the law's rate.
enum class LawShape : std::uint8_t {
    half_gaussian,        ///< exp(-k^2 r)
    folded_gaussian,      ///< 1 at 0, else 2 exp(-k^2 r): the size of a discrete Gaussian
    geometric,            ///< exp(-k r)
    truncated_geometric,  ///< exp(-k r), k < outcomes
    signed_geometric,     ///< 2 m outcomes: exp(-k r) for k < m, and exp(-(k - m + 1) r) above: m values of either sign
};

/// Draws by comparing a uniform 63-bit integer u with thresholds.
///
/// With p_k the probabilities and any integers m_k <= 2^63 p_k, T_k = m_0 + ... + m_k: outcome k is given for
/// T_{k-1} <= u < T_k, that is with probability m_k / 2^63 exactly. What is left, u >= T_{K-1} of the last of K
/// thresholds, belongs to outcome k by 2^63 p_k - m_k parts, laid end to end in order of k. There u is taken as the
/// first 63 bits of a real number V, and `resolve` draws further bits of it until interval arithmetic proves which part
/// V lies in. So every outcome has exactly its probability, and no rounded number decides.
///
/// m_k is the floor of 2^63 times a proven lower bound of p_k, 190 bits wide (so, but for a chance of 2^-120, the floor
/// of 2^63 p_k itself), and what is left has a probability of at most about K / 2^63.
class ExactLaw {
  public:
    /// `outcomes` of a finite law (at least 1); ignored for the others. Set-up O(K), some 100 us for a hundred
    /// thresholds.
    ExactLaw(LawShape shape, const Rate& rate, std::uint64_t outcomes = 0);

    /// T_k - 1, so that the outcome is the number of entries below u; all of them below u means `resolve`.
    [[nodiscard]] std::span<const std::int64_t> thresholds() const noexcept { return thresholds_; }
    [[nodiscard]] bool is_left_over(std::uint64_t u) const noexcept {
        return static_cast<std::int64_t>(u) > thresholds_.back();
    }
    /// The outcome for a u that is left over. Variable time; allocates.
    [[nodiscard]] std::uint64_t resolve(std::uint64_t u, detail::Keystream& keystream) const;

  private:
    class Weights;

    [[nodiscard]] bool is_finite() const noexcept { return shape_ >= LawShape::truncated_geometric; }
    [[nodiscard]] Enclosure total(const Intervals& intervals) const;

    LawShape shape_;
    Rate rate_;
    std::uint64_t outcomes_;
    std::vector<std::int64_t> thresholds_;
};

/// Whether a uniform real number, whose first 64 bits are `word`, lies below exp(-n rate): further bits are drawn until
/// that is proven. Variable time; allocates.
bool resolve_exp_bernoulli(const Natural& n, const Rate& rate, std::uint64_t word, detail::Keystream& keystream);
/// The same of exp(-x), for a positive finite x.
bool resolve_exp_bernoulli(double x, std::uint64_t word, detail::Keystream& keystream);
/// Whether a uniform real number, whose first 64 bits are those of p, lies below p.
bool resolve_bernoulli(double p, detail::Keystream& keystream);
/// floor(2^64 x), at most 2^64 - 1, for x from 0 to 1.
std::uint64_t top_word(double x) noexcept;
/// floor(2^64 exp(-x)) or one less, at most 2^64 - 1: below it a word says yes, above the next one no.
std::uint64_t exp_threshold(double x);
/// floor(2^shift rate / log 2) or one less; it must be below 2^64.
std::uint64_t binary_rate(const Rate& rate, std::size_t shift);

}  // namespace vedette::inline v0::privacy
