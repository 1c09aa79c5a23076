// SPDX-License-Identifier: Apache-2.0
// Against extraction by natural inputs: has each account's traffic the law of benign traffic?
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/perturbation/account_places.hpp"

namespace vedette::inline v0 {

/// What an account's window of inputs says; NaN before the first look.
struct MmdEvidence {
    std::uint32_t rows = 0;  ///< in the window
    double statistic = std::numeric_limits<double>::quiet_NaN();
    double threshold = std::numeric_limits<double>::quiet_NaN();
    double distance = std::numeric_limits<double>::quiet_NaN();  ///< the MMD, 0 to sqrt 2, with its bias
    /// From the input with which the window was found of another law on, until the window has been full again without.
    bool is_alarm = false;
};

/// A drift::MmdMonitor of the inputs, or better their embeddings, of each of the accounts heard of last, in memory that
/// never grows. Where all places are taken, the account silent for longest gives its own way.
///
/// **Promise.** That of the monitor, account by account: traffic of the reference's law, of independent inputs, is
/// called another once in `expected_run` of an account's inputs on average. It is an average over accounts, which have
/// each a law of their own: let the reference be the inputs of many, and `expected_run` many times what an account asks
/// in a day, or the narrow interests of one benign account are found too.
///
/// **What it cannot see.** Copying by inputs of the benign law, if need be over many accounts; what the embedding does
/// not tell apart.
///
/// Not thread-safe; updates allocate nothing. O(accounts + d features). Memory: `accounts` times that of a monitor, all
/// at construction; what was fitted is shared.
class MmdAccounts {
  public:
    static constexpr std::size_t most_accounts = perturbation::AccountPlaces::most;
    /// What `deserialize` takes at most, unless told otherwise.
    static constexpr std::size_t usual_memory = std::size_t{1} << 31U;

    /// `fitted`: to benign rows of many accounts; what it has seen since is forgotten. Throws Error: invalid_argument
    /// for accounts outside 1 to most_accounts, overflow where all of them together take more than 2^34 bytes.
    MmdAccounts(drift::MmdMonitor<float> fitted, std::size_t accounts,
                const std::optional<perturbation::FingerprintKey>& key = {});

    /// One input of an account. Of another width, or with a NaN or an infinity, it changes nothing.
    MmdEvidence update(std::span<const float> input, std::string_view account) noexcept;
    /// The rows in the window of `other`, oldest first, become inputs of `account` too, and `other` is forgotten. Where
    /// one of both is in alarm, its window alone goes on: rows from before an alarm do not end it. Nothing where
    /// `other` has no place or is the account itself. O(window features).
    void join(std::string_view account, std::string_view other) noexcept;
    /// Forgets an account; false where it has no place.
    bool forget(std::string_view account) noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return monitors_.front().dimension(); }
    [[nodiscard]] const drift::MmdMonitorOptions& options() const noexcept { return monitors_.front().options(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return places_.size(); }
    [[nodiscard]] std::size_t accounts() const noexcept { return places_.taken(); }
    /// Bytes, about: what each account has, besides what was fitted.
    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "mmd_accounts": what `deserialize` returns goes on bit for bit. The bytes hold a key.
    /// Throws Error(corrupt_data) for anything else, and overflow, before it is taken, for one of more than
    /// `most_memory`: free places are no bytes of a file.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MmdAccounts deserialize(std::span<const std::byte> bytes,
                                                 std::size_t most_memory = usual_memory);

  private:
    MmdAccounts(perturbation::AccountPlaces places, std::vector<drift::MmdMonitor<float>> monitors) noexcept;

    perturbation::AccountPlaces places_;
    std::vector<drift::MmdMonitor<float>> monitors_;  // by place
};

}  // namespace vedette::inline v0
