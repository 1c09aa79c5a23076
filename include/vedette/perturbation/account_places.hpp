// SPDX-License-Identifier: Apache-2.0
// Which of a fixed number of places an account has: what everything that remembers accounts one by one is built on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/perturbation/fingerprint.hpp"

namespace vedette::inline v0::perturbation {

/// Places for the accounts heard of last, by keyed hashes of their names. Where all are taken, the account silent for
/// longest gives its own way. What is kept at a place is its owner's.
///
/// Not thread-safe; look-ups allocate nothing. O(places). Memory: 16 bytes a place.
class AccountPlaces {
  public:
    static constexpr std::size_t most = 65'536;

    struct Found {
        std::size_t place = 0;
        bool is_new = false;  ///< it was free, or another account's: forget what it holds
    };

    /// `who` names the owner in errors. Throws Error(invalid_argument) for places outside 1 to `most`.
    AccountPlaces(const char* who, std::size_t places, const std::optional<FingerprintKey>& key = {});

    /// The account's place, which it is given where it has none.
    Found place_of(std::string_view account) noexcept;
    /// Its place, if it has one.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view account) const noexcept;
    /// Its place, free from now on; empty where it has none.
    std::optional<std::size_t> release(std::string_view account) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    [[nodiscard]] bool is_free(std::size_t place) const noexcept { return places_[place].last == 0; }
    [[nodiscard]] std::size_t taken() const noexcept;
    /// Bytes besides its own.
    [[nodiscard]] std::size_t memory() const noexcept { return places_.size() * sizeof(Place); }

    /// For files: two words a place, and three settings, the key among them. `from_words` is empty for words that no
    /// object writes.
    [[nodiscard]] std::vector<std::uint64_t> words() const;
    [[nodiscard]] std::array<std::uint64_t, 3> settings() const noexcept;
    [[nodiscard]] static std::optional<AccountPlaces> from_words(std::span<const std::uint64_t> words,
                                                                 std::span<const std::uint64_t> settings);

  private:
    struct Place {
        std::uint64_t account = 0;
        std::uint64_t last = 0;  // turn; 0: free
    };
    AccountPlaces() = default;
    [[nodiscard]] std::uint64_t hash_of(std::string_view account) const noexcept;
    [[nodiscard]] std::optional<std::size_t> find(std::uint64_t hash) const noexcept;

    std::array<std::uint64_t, 2> key_{};
    std::vector<Place> places_;
    std::uint64_t turn_ = 0;
};

}  // namespace vedette::inline v0::perturbation
