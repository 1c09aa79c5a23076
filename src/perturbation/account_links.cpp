// SPDX-License-Identifier: Apache-2.0
// Space-Saving over pairs: a heap of counters, and a table that finds them.
#include "vedette/perturbation/account_links.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <utility>

#include "perturbation/feature_rows.hpp"

namespace vedette::inline v0::perturbation {
namespace {

std::uint64_t pair_of(std::uint32_t a, std::uint32_t b) noexcept {
    return std::uint64_t{std::min(a, b)} << 32U | std::max(a, b);
}

}  // namespace

AccountLinks::AccountLinks(std::size_t capacity) {
    require_option("AccountLinks", "capacity", capacity, 8, std::size_t{1} << 20U);
    heap_.resize(capacity);
    table_.resize(std::bit_ceil(2 * capacity));
}

void AccountLinks::reset() noexcept {
    std::fill(heap_.begin(), heap_.end(), Counter{});
    std::fill(table_.begin(), table_.end(), 0U);
    total_ = 0;
}

// Marks are hashes under a secret key already, so mixing them is enough.
std::size_t AccountLinks::home(std::uint64_t pair) const noexcept {
    const std::uint64_t mixed = (pair ^ pair >> 29U) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(mixed >> 32U) & (table_.size() - 1);
}

std::size_t AccountLinks::find(std::uint64_t pair) const noexcept {
    std::size_t at = home(pair);
    while (table_[at] != 0 && heap_[table_[at] - 1].pair != pair) at = (at + 1) & (table_.size() - 1);
    return at;
}

// Closes the gap, so that no search ends too soon.
void AccountLinks::erase(std::uint64_t pair) noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t gap = find(pair);
    table_[gap] = 0;
    for (std::size_t at = (gap + 1) & mask; table_[at] != 0; at = (at + 1) & mask) {
        const std::size_t own = home(heap_[table_[at] - 1].pair);
        if (((at - own) & mask) < ((at - gap) & mask)) continue;
        table_[gap] = table_[at];
        table_[at] = 0;
        gap = at;
    }
}

void AccountLinks::sink(std::size_t at) noexcept {
    const Counter moving = heap_[at];
    while (2 * at + 1 < heap_.size()) {
        std::size_t child = 2 * at + 1;
        if (child + 1 < heap_.size() && heap_[child + 1].shared < heap_[child].shared) ++child;
        if (heap_[child].shared >= moving.shared) break;
        // The child moves up: its entry is found by its pair before the heap changes.
        const std::size_t entry = heap_[child].pair != 0 ? find(heap_[child].pair) : table_.size();
        const std::size_t own = moving.pair != 0 ? find(moving.pair) : table_.size();
        std::swap(heap_[at], heap_[child]);
        if (entry < table_.size()) table_[entry] = static_cast<std::uint32_t>(at + 1);
        if (own < table_.size()) table_[own] = static_cast<std::uint32_t>(child + 1);
        at = child;
    }
}

std::uint64_t AccountLinks::count(std::uint32_t account, std::uint32_t other) noexcept {
    if (account == other) return 0;
    ++total_;
    const std::uint64_t pair = pair_of(account, other);
    const std::size_t known = find(pair);
    std::size_t at = 0;
    if (table_[known] != 0) {
        at = table_[known] - 1;
        ++heap_[at].shared;
    } else {
        const Counter least = heap_[0];
        if (least.pair != 0) erase(least.pair);
        heap_[0] = {};
        const std::size_t entry = find(pair);
        heap_[0] = {pair, least.shared + 1, least.shared};
        table_[entry] = 1;
    }
    const std::uint64_t sure = heap_[at].shared - heap_[at].overcount;
    sink(at);
    return sure;
}

void AccountLinks::forget(std::uint32_t account) noexcept {
    for (Counter& each : heap_) {
        const bool is_its = each.pair >> 32U == account || static_cast<std::uint32_t>(each.pair) == account;
        if (each.pair != 0 && is_its) each.overcount = std::max(each.overcount, each.shared - 1);
    }
}

void AccountLinks::age(std::uint32_t times) noexcept {
    // What is at most rounds up, what is at least down. The order stays, so the heap is one. No count reaches 2^63.
    const std::uint32_t shift = std::min(times, 63U);
    const std::uint64_t rest = (std::uint64_t{1} << shift) - 1;
    total_ = 0;
    for (Counter& each : heap_) {
        const std::uint64_t sure = (each.shared - each.overcount) >> shift;
        each.shared = (each.shared >> shift) + ((each.shared & rest) != 0 ? 1 : 0);
        each.overcount = each.shared - sure;
        total_ += each.shared;
    }
}

std::vector<AccountLink> AccountLinks::strongest(std::size_t most, std::uint64_t least_shared) const {
    std::vector<AccountLink> links;
    for (const Counter& counter : heap_) {
        if (counter.pair == 0 || counter.shared - counter.overcount < least_shared) continue;
        links.push_back({static_cast<std::uint32_t>(counter.pair >> 32U), static_cast<std::uint32_t>(counter.pair),
                         counter.shared, counter.overcount});
    }
    std::sort(links.begin(), links.end(), [](const AccountLink& a, const AccountLink& b) {
        return std::tuple(b.shared, a.first, a.second) < std::tuple(a.shared, b.first, b.second);
    });
    if (links.size() > most) links.resize(most);
    return links;
}

std::vector<AccountGroup> AccountLinks::groups(std::uint64_t least_shared) const {
    const std::vector<AccountLink> links = strongest(heap_.size(), least_shared);
    std::map<std::uint32_t, std::uint32_t> leader;
    const auto root = [&](std::uint32_t account) {
        while (leader.at(account) != account) account = leader.at(account) = leader.at(leader.at(account));
        return account;
    };
    for (const AccountLink& link : links) {
        leader.try_emplace(link.first, link.first);
        leader.try_emplace(link.second, link.second);
        leader[root(link.first)] = root(link.second);
    }
    std::map<std::uint32_t, AccountGroup> by_leader;
    for (const auto& [account, next] : leader) by_leader[root(account)].accounts.push_back(account);
    for (const AccountLink& link : links) by_leader[root(link.first)].shared += link.shared;
    std::vector<AccountGroup> groups;
    groups.reserve(by_leader.size());
    for (auto& [account, group] : by_leader) groups.push_back(std::move(group));
    std::sort(groups.begin(), groups.end(), [](const AccountGroup& a, const AccountGroup& b) {
        return std::tuple(b.shared, a.accounts.front()) < std::tuple(a.shared, b.accounts.front());
    });
    return groups;
}

}  // namespace vedette::inline v0::perturbation
