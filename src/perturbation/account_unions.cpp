// SPDX-License-Identifier: Apache-2.0
// Groups as numbers beside accounts: two groups become one by renaming the younger.
#include "vedette/perturbation/account_unions.hpp"

#include <algorithm>
#include <utility>

#include "perturbation/feature_rows.hpp"

namespace vedette::inline v0::perturbation {

AccountUnions::AccountUnions(std::size_t accounts) {
    require_option("AccountUnions", "accounts", accounts, 2, most);
    members_.resize(accounts);
}

AccountUnions::Member* AccountUnions::find(std::uint32_t account) noexcept {
    const auto found = std::find_if(members_.begin(), members_.end(), [account](const Member& member) {
        return member.account == account && member.group != 0;
    });
    return found == members_.end() ? nullptr : &*found;
}

AccountUnions::Member& AccountUnions::place_of(std::uint32_t account) noexcept {
    Member* place = find(account);
    if (place == nullptr) {
        // Free places have no turn, so they come first.
        place = &*std::min_element(members_.begin(), members_.end(),
                                   [](const Member& a, const Member& b) { return a.last < b.last; });
        *place = {.account = account};
    }
    place->last = ++turn_;
    return *place;
}

AccountUnions::Joined AccountUnions::unite(std::uint32_t account, std::uint32_t other) noexcept {
    if (account == other) return {group_of(account), 0};
    // The second finds a place that is not the first's, which has had its turn.
    Member& one = place_of(account);
    Member& two = place_of(other);
    if (one.group == two.group && one.group != 0) return {one.group, 0};
    if (one.group == 0 && two.group == 0) one.group = two.group = ++groups_;
    if (one.group == 0) one.group = two.group;
    if (two.group == 0) two.group = one.group;
    const auto [older, younger] = std::minmax({one.group, two.group});
    if (older == younger) return {older, 0};
    const Joined joined{older, younger};
    for (Member& member : members_)
        if (member.group == joined.ended) member.group = joined.group;
    return joined;
}

std::uint64_t AccountUnions::group_of(std::uint32_t account) noexcept {
    Member* const member = find(account);
    if (member == nullptr) return 0;
    member->last = ++turn_;
    return member->group;
}

std::size_t AccountUnions::size_of(std::uint64_t group) const noexcept {
    return group == 0 ? 0
                      : static_cast<std::size_t>(
                            std::count_if(members_.begin(), members_.end(),
                                          [group](const Member& member) { return member.group == group; }));
}

bool AccountUnions::release(std::uint32_t account) noexcept {
    Member* const member = find(account);
    if (member == nullptr) return false;
    *member = {};
    return true;
}

std::vector<std::uint64_t> AccountUnions::words() const {
    std::vector<std::uint64_t> words;
    words.reserve(3 * members_.size() + 2);
    for (const Member& member : members_) words.insert(words.end(), {member.group, member.last, member.account});
    words.insert(words.end(), {groups_, turn_});
    return words;
}

std::optional<AccountUnions> AccountUnions::from_words(std::span<const std::uint64_t> words) {
    const std::size_t places = words.size() / 3;
    constexpr std::uint64_t end = std::uint64_t{1} << 62U;
    if (words.size() % 3 != 2 || places < 2 || places > most) return std::nullopt;
    AccountUnions result(places);
    result.groups_ = words[3 * places];
    result.turn_ = words[3 * places + 1];
    if (result.groups_ >= end || result.turn_ >= end) return std::nullopt;
    std::vector<std::uint64_t> accounts;
    for (std::size_t i = 0; i < places; ++i) {
        const std::uint64_t group = words[3 * i], last = words[3 * i + 1], account = words[3 * i + 2];
        const bool is_free = group == 0 && last == 0 && account == 0;
        if (!is_free &&
            (group == 0 || group > result.groups_ || last == 0 || last > result.turn_ || account > 0xFFFFFFFFU))
            return std::nullopt;
        result.members_[i] = {group, last, static_cast<std::uint32_t>(account)};
        if (!is_free) accounts.push_back(account);
    }
    // No account is in two groups.
    std::sort(accounts.begin(), accounts.end());
    if (std::adjacent_find(accounts.begin(), accounts.end()) != accounts.end()) return std::nullopt;
    return result;
}

}  // namespace vedette::inline v0::perturbation
