// SPDX-License-Identifier: Apache-2.0
// Which group an account belongs to now: what AccountLinks finds afterwards, kept while requests come in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vedette::inline v0::perturbation {

/// Groups of the accounts that were linked last, by their marks (FingerprintStore::account_mark). Where all places are
/// taken, the account that was linked or asked for longest ago leaves its group.
///
/// Not thread-safe; nothing but construction allocates. O(accounts). Memory: 24 bytes an account.
class AccountUnions {
  public:
    static constexpr std::size_t most = 65'536;

    /// What became of two accounts' groups.
    struct Joined {
        std::uint64_t group = 0;  ///< of both, from now on
        std::uint64_t ended = 0;  ///< the younger of two groups, which is part of the other now; 0: none
    };

    /// Throws Error(invalid_argument) for accounts outside 2 to `most`.
    explicit AccountUnions(std::size_t accounts = 1024);

    /// Two accounts belong together; one with itself is no news. The older group keeps its number.
    Joined unite(std::uint32_t account, std::uint32_t other) noexcept;
    /// The number of its group; 0: in none.
    std::uint64_t group_of(std::uint32_t account) noexcept;
    /// Accounts in a group.
    [[nodiscard]] std::size_t size_of(std::uint64_t group) const noexcept;
    /// Takes an account out of its group; false where it is in none.
    bool release(std::uint32_t account) noexcept;

    [[nodiscard]] std::size_t capacity() const noexcept { return members_.size(); }
    /// Bytes besides its own.
    [[nodiscard]] std::size_t memory() const noexcept { return members_.size() * sizeof(Member); }

    /// For files: three words a place, then the number of the last group and of the last turn. `from_words` is empty
    /// for words that no object writes.
    [[nodiscard]] std::vector<std::uint64_t> words() const;
    [[nodiscard]] static std::optional<AccountUnions> from_words(std::span<const std::uint64_t> words);

  private:
    struct Member {
        std::uint64_t group = 0;  // 0: a free place
        std::uint64_t last = 0;   // turn
        std::uint32_t account = 0;
    };
    [[nodiscard]] Member* find(std::uint32_t account) noexcept;
    Member& place_of(std::uint32_t account) noexcept;

    std::vector<Member> members_;
    std::uint64_t groups_ = 0, turn_ = 0;
};

}  // namespace vedette::inline v0::perturbation
