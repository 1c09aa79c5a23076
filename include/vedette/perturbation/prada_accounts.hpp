// SPDX-License-Identifier: Apache-2.0
// PRADA for each of the accounts heard of last, in memory that never grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "vedette/perturbation/account_places.hpp"
#include "vedette/perturbation/prada.hpp"

namespace vedette::inline v0::perturbation {

/// A Prada per account. Where all places are taken, the account silent for longest gives its own way: an attacker with
/// more accounts than there are places is not judged (and rate limits, or links between accounts, are the answer).
///
/// Not thread-safe; updates allocate nothing. O(accounts + capacity values). Memory: `accounts` times that of a Prada,
/// all at construction.
class PradaAccounts {
  public:
    static constexpr std::size_t most_accounts = AccountPlaces::most;

    /// Throws Error as Prada, invalid_argument for accounts outside 1 to most_accounts, overflow where all of them
    /// together take more than 2^34 bytes.
    PradaAccounts(const PradaOptions& options, std::size_t accounts, const std::optional<FingerprintKey>& key = {});

    PradaState update(std::span<const float> input, std::uint32_t predicted, std::string_view account) noexcept;
    /// Forgets an account; false where it has no place.
    bool forget(std::string_view account) noexcept;

    [[nodiscard]] const PradaOptions& options() const noexcept { return pradas_.front().options(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return places_.size(); }
    [[nodiscard]] std::size_t accounts() const noexcept { return places_.taken(); }
    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "prada_accounts": what `deserialize` returns goes on bit for bit. The bytes hold inputs
    /// and a key. Throws Error(corrupt_data) for anything else, and overflow, before it is taken, for one of more than
    /// `most_memory`: free places are no bytes of a file.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static PradaAccounts deserialize(std::span<const std::byte> bytes,
                                                   std::size_t most_memory = Prada::usual_memory);

  private:
    PradaAccounts(AccountPlaces places, std::vector<Prada> pradas) noexcept
        : places_(std::move(places)), pradas_(std::move(pradas)) {}

    AccountPlaces places_;
    std::vector<Prada> pradas_;  // by place
};

}  // namespace vedette::inline v0::perturbation
