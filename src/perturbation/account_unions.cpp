// SPDX-License-Identifier: Apache-2.0
// Groups as numbers beside accounts: two groups become one by renaming the younger.
#include "vedette/perturbation/account_unions.hpp"

#include <algorithm>
#include <utility>

#include "perturbation/feature_rows.hpp"

namespace vedette::inline v0::perturbation {

AccountUnions::AccountUnions(std::size_t accounts, std::size_t largest) : largest_(largest) {
    require_option("AccountUnions", "accounts", accounts, 2, most);
    require_option("AccountUnions", "largest", largest, 2, most);
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
    place->left = fresh;
    return *place;
}

AccountUnions::Joined AccountUnions::unite(std::uint32_t account, std::uint32_t other) noexcept {
    if (account == other) return {group_of(account), 0};
    const Member* const first = find(account);
    const Member* const second = find(other);
    const std::uint64_t groups[] = {first != nullptr ? first->group : 0, second != nullptr ? second->group : 0};
    if (groups[0] == 0 || groups[0] != groups[1]) {
        const auto size = [this](std::uint64_t group) { return group == 0 ? 1 : size_of(group); };
        if (size(groups[0]) + size(groups[1]) > largest_) return {group_of(account), 0};
    }
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

void AccountUnions::age() noexcept {
    for (Member& member : members_) {
        if (member.group == 0) continue;
        if (--member.left == 0) member = {};
    }
}

std::vector<std::uint64_t> AccountUnions::words() const {
    std::vector<std::uint64_t> words;
    words.reserve(3 * members_.size() + 3);
    for (const Member& member : members_)
        words.insert(words.end(), {member.group, member.last, std::uint64_t{member.left} << 32U | member.account});
    words.insert(words.end(), {groups_, turn_, largest_});
    return words;
}

std::optional<AccountUnions> AccountUnions::from_words(std::span<const std::uint64_t> words) {
    std::size_t places = words.size() / 3;
    constexpr std::uint64_t end = std::uint64_t{1} << 62U;
    if (words.size() % 3 != 0 || places < 3 || places - 1 > most) return std::nullopt;
    --places;
    const std::uint64_t largest = words[3 * places + 2];
    if (largest < 2 || largest > most) return std::nullopt;
    AccountUnions result(places, static_cast<std::size_t>(largest));
    result.groups_ = words[3 * places];
    result.turn_ = words[3 * places + 1];
    if (result.groups_ >= end || result.turn_ >= end) return std::nullopt;
    std::vector<std::uint64_t> accounts, turns;
    for (std::size_t i = 0; i < places; ++i) {
        const std::uint64_t group = words[3 * i], last = words[3 * i + 1], account = words[3 * i + 2] & 0xFFFFFFFFU,
                            left = words[3 * i + 2] >> 32U;
        const bool is_free = group == 0 && last == 0 && account == 0 && left == 0;
        if (!is_free &&
            (group == 0 || group > result.groups_ || last == 0 || last > result.turn_ || left == 0 || left > fresh))
            return std::nullopt;
        result.members_[i] = {group, last, static_cast<std::uint32_t>(account), static_cast<std::uint32_t>(left)};
        if (is_free) continue;
        accounts.push_back(account);
        turns.push_back(last);
    }
    // No account is in two groups, and no turn has two accounts: who leaves would depend on their order.
    if (!all_differ(std::move(accounts)) || !all_differ(std::move(turns))) return std::nullopt;
    std::vector<std::uint64_t> groups;
    for (const Member& member : result.members_)
        if (member.group != 0) groups.push_back(member.group);
    std::sort(groups.begin(), groups.end());
    for (std::size_t i = result.largest_; i < groups.size(); ++i)
        if (groups[i] == groups[i - result.largest_]) return std::nullopt;
    return result;
}

}  // namespace vedette::inline v0::perturbation
