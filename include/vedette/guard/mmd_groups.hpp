// SPDX-License-Identifier: Apache-2.0
// Against extraction by colluding accounts: has the traffic of accounts that share inputs, together, the law of benign
// traffic?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/guard/mmd_accounts.hpp"
#include "vedette/perturbation/account_unions.hpp"

namespace vedette::inline v0 {

struct MmdGroupOptions {
    std::size_t groups = 16;         ///< with a window each, 1 to MmdAccounts::most_accounts
    std::size_t accounts = 1024;     ///< in all groups, 2 to perturbation::AccountUnions::most
    std::uint64_t least_shared = 3;  ///< inputs that two accounts surely share before they belong together, from 1 on
    std::size_t largest = perturbation::AccountUnions::usual_largest;  ///< accounts of a group, from 2 on
};

/// What the window of an account's group says.
struct MmdGroupEvidence {
    std::uint32_t accounts = 0;  ///< in the group, this one among them; 0: it is in none
    MmdEvidence window{};
    std::uint64_t group = 0;  ///< its number, never given twice; 0: it is in none
};

/// One drift::MmdMonitor for each group of accounts that share inputs, so that an attack over many accounts, each of
/// which asks too little to be judged or hides in benign requests, has one window. Groups grow as links are found
/// (AccountLinks, AccountUnions); of two that become one the rows of both windows go through one window then, those of
/// the younger group last, and an alarm of either stays.
///
/// **Promise.** That of the monitor, group by group: while the inputs of all accounts of a group are independent and of
/// the reference's law, it is called another once in `expected_run` inputs of the group on average (rows of a group
/// that ended count again, as they pass through the window of the other, and may raise an alarm there). That its
/// accounts were linked must not say what they ask: accounts of one house that share default inputs have each of them
/// many times, which is another law. Leave exact repeats out (RepeatRule::left_out), which then enter no window of a
/// group either.
///
/// **Whom it accuses.** All accounts of a group, whoever of them asks: one that asks three inputs of another's, default
/// images say, is grouped with it, and can draw an alarm on it. A lead to look into, no reason to refuse an account: a
/// guard never does more than warn of it.
///
/// **What it cannot see.** A thief among many: where benign inputs are often linked (QueryWatchOptions::linked_score)
/// groups fill up to `largest` accounts, whose requests fill the window, and who comes later finds no place in them. So
/// links age as the store forgets (QueryWatch), accounts that are not linked anew leave (`age`), and exact repeats that
/// are left out link nobody. More groups that take turns than there are windows, or accounts than there are places;
/// accounts that share no input, by the fingerprints' cells; pairs that do not surely share `least_shared` inputs
/// because there are more pairs than AccountLinks has counters; inputs from before the link.
///
/// Not thread-safe; nothing but construction allocates. An input takes O(accounts + groups + d features), two groups
/// that become one O(window features). Memory: as MmdAccounts of `groups`, and 24 bytes an account, all at
/// construction.
class MmdGroups {
  public:
    /// `fitted`: as of MmdAccounts. Throws Error: invalid_argument for an option out of range, overflow.
    explicit MmdGroups(drift::MmdMonitor<float> fitted, const MmdGroupOptions& options = {},
                       const std::optional<perturbation::FingerprintKey>& key = {});

    /// Two accounts, by their marks, surely share that many inputs. What became of their groups: zeros where those are
    /// too few.
    perturbation::AccountUnions::Joined link(std::uint32_t account, std::uint32_t other, std::uint64_t shared) noexcept;
    /// Accounts that were not linked since the last call but one leave their groups; windows stay.
    void age() noexcept { unions_.age(); }
    /// One input of an account: no evidence where it is in no group, or the input has another width. With a NaN or an
    /// infinity it changes nothing.
    MmdGroupEvidence update(std::span<const float> input, std::uint32_t account) noexcept;
    /// Takes an account out of its group; what it asked stays in the window. False where it is in none.
    bool forget(std::uint32_t account) noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return windows_.dimension(); }
    [[nodiscard]] std::uint64_t least_shared() const noexcept { return least_shared_; }
    [[nodiscard]] const MmdAccounts& windows() const noexcept { return windows_; }
    /// Bytes, about.
    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "mmd_groups", as MmdAccounts is one.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MmdGroups deserialize(std::span<const std::byte> bytes,
                                               std::size_t most_memory = MmdAccounts::usual_memory);

  private:
    MmdGroups(perturbation::AccountUnions unions, MmdAccounts windows, std::uint64_t least_shared) noexcept;

    perturbation::AccountUnions unions_;
    MmdAccounts windows_;  // by the number of the group
    std::uint64_t least_shared_;
};

}  // namespace vedette::inline v0
