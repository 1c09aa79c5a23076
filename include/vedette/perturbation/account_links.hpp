// SPDX-License-Identifier: Apache-2.0
// Which accounts ask for the same inputs: the pairs that share most, and the groups that they make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::perturbation {

/// Two accounts, and how many inputs of one were close to inputs of the other.
struct AccountLink {
    std::uint32_t first = 0, second = 0;  ///< marks (FingerprintStore::account_mark); first < second
    std::uint64_t shared = 0;             ///< at most this many
    std::uint64_t overcount = 0;          ///< and at least `shared - overcount`
};

/// Accounts that belong together by links.
struct AccountGroup {
    std::vector<std::uint32_t> accounts;  ///< ascending
    std::uint64_t shared = 0;             ///< over all links within
};

/// Counts shared inputs per pair of accounts in a fixed number of counters, by Space-Saving (Metwally, Agrawal and El
/// Abbadi 2005): every pair with more than total()/capacity inputs has a counter, and no count is too small. An
/// attacker who spreads one attack over many accounts shares inputs between them; so do benign accounts of one house
/// (default images, retries through two gateways), so a group is a lead, not a verdict.
///
/// Not thread-safe. Counting allocates nothing and takes O(log capacity) in expectation. Memory: 48 bytes a counter.
class AccountLinks {
  public:
    /// Throws Error(invalid_argument) for a capacity outside 8 to 2^20.
    explicit AccountLinks(std::size_t capacity = 1024);

    /// One input of one account that was close to one of another. An account with itself is no link. Returns how many
    /// the two share for certain.
    std::uint64_t count(std::uint32_t account, std::uint32_t other) noexcept;
    /// Of what an account has shared until now, but one input with each other is certain no more. O(capacity).
    void forget(std::uint32_t account) noexcept;
    /// Halves all counts, as many times, so that what was shared long ago weighs less and less: both promises hold for
    /// the halved counts. O(capacity).
    void age(std::uint32_t times = 1) noexcept;

    /// The pairs that share most, at most `most`, those of at least `least_shared` for certain.
    [[nodiscard]] std::vector<AccountLink> strongest(std::size_t most, std::uint64_t least_shared = 1) const;
    /// Groups connected by pairs that share at least `least_shared` for certain, the strongest first.
    [[nodiscard]] std::vector<AccountGroup> groups(std::uint64_t least_shared) const;

    /// Adds what another has counted (Agarwal et al. 2012): both promises hold for all inputs together. A pair that one
    /// of them does not hold may have been counted there as often as its least counter, and is taken to have been.
    /// Throws Error(baseline_mismatch) for another capacity.
    void merge(const AccountLinks& other);

    /// As a container of kind "account_links": what `deserialize` returns goes on the same. Throws Error(corrupt_data)
    /// for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static AccountLinks deserialize(std::span<const std::byte> bytes);

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return heap_.size(); }
    /// Bytes besides its own.
    [[nodiscard]] std::size_t memory() const noexcept {
        return heap_.size() * sizeof(Counter) + table_.size() * sizeof(std::uint32_t);
    }
    void reset() noexcept;

  private:
    struct Counter {
        std::uint64_t pair = 0;  // 0: free
        std::uint64_t shared = 0, overcount = 0;
    };
    [[nodiscard]] std::size_t home(std::uint64_t pair) const noexcept;
    [[nodiscard]] std::size_t find(std::uint64_t pair) const noexcept;
    void erase(std::uint64_t pair) noexcept;
    void fill(std::vector<Counter> counters, std::uint64_t total);
    [[nodiscard]] std::uint64_t floor() const noexcept { return heap_.front().shared; }
    void sink(std::size_t at) noexcept;

    std::vector<Counter> heap_;         // the least count on top
    std::vector<std::uint32_t> table_;  // open addressing: 1 + place in the heap; 0: free
    std::uint64_t total_ = 0;
};

}  // namespace vedette::inline v0::perturbation
