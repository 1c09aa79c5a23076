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
/// taken, the account that was linked or asked for longest ago leaves its group; so does one that is not linked anew
/// between two calls of `age`. No group grows beyond `largest`: links into a full one change nothing, so that what
/// everybody shares does not make one group of all, in which a few would be lost.
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

    static constexpr std::size_t usual_largest = 64;

    /// Throws Error(invalid_argument) for accounts outside 2 to `most`, or a largest group below 2.
    explicit AccountUnions(std::size_t accounts = 1024, std::size_t largest = usual_largest);

    /// Two accounts belong together; one with itself is no news. The older group keeps its number. Where one group
    /// would be too large, each stays where it is, and `group` is that of the first, 0 where it has none.
    Joined unite(std::uint32_t account, std::uint32_t other) noexcept;
    /// The number of its group; 0: in none.
    std::uint64_t group_of(std::uint32_t account) noexcept;
    /// Accounts in a group.
    [[nodiscard]] std::size_t size_of(std::uint64_t group) const noexcept;
    /// Takes an account out of its group; false where it is in none.
    bool release(std::uint32_t account) noexcept;
    /// Takes out of their groups all accounts that were not linked since the last call but one.
    void age() noexcept;

    [[nodiscard]] std::size_t capacity() const noexcept { return members_.size(); }
    [[nodiscard]] std::size_t largest() const noexcept { return largest_; }
    /// Bytes besides its own.
    [[nodiscard]] std::size_t memory() const noexcept { return members_.size() * sizeof(Member); }

    /// For files: three words a place, then the number of the last group, that of the last turn, and the largest size.
    /// `from_words` is empty for words that no object writes.
    [[nodiscard]] std::vector<std::uint64_t> words() const;
    [[nodiscard]] static std::optional<AccountUnions> from_words(std::span<const std::uint64_t> words);

  private:
    struct Member {
        std::uint64_t group = 0;  // 0: a free place
        std::uint64_t last = 0;   // turn
        std::uint32_t account = 0;
        std::uint32_t left = 0;  // calls of `age` that it stays for
    };
    static constexpr std::uint32_t fresh = 2;
    [[nodiscard]] Member* find(std::uint32_t account) noexcept;
    Member& place_of(std::uint32_t account) noexcept;

    std::vector<Member> members_;
    std::size_t largest_;
    std::uint64_t groups_ = 0, turn_ = 0;
};

}  // namespace vedette::inline v0::perturbation
