// SPDX-License-Identifier: Apache-2.0
// The place of an account: found, given, taken from the one silent for longest.
#include "vedette/perturbation/account_places.hpp"

#include <algorithm>
#include <utility>

#include "kernels/scalar_fingerprints.hpp"
#include "perturbation/feature_rows.hpp"
#include "perturbation/secret_stream.hpp"

namespace vedette::inline v0::perturbation {

AccountPlaces::AccountPlaces(const char* who, std::size_t places, const std::optional<FingerprintKey>& key) {
    require_option(who, "accounts", places, 1, most);
    const std::vector<std::uint64_t> words = expand_words(key_of(key), 5, 2);
    key_ = {words[0], words[1]};
    places_.resize(places);
}

std::uint64_t AccountPlaces::hash_of(std::string_view account) const noexcept {
    const std::uint64_t key[2] = {key_[0], key_[1]};
    return kernels::scalar::sip_hash<1, 3>(reinterpret_cast<const std::uint8_t*>(account.data()), account.size(), key);
}

AccountPlaces::Found AccountPlaces::place_of(std::string_view account) noexcept {
    const std::uint64_t hash = hash_of(account);
    if (const std::optional<std::size_t> known = find(hash)) {
        places_[*known].last = ++turn_;
        return {*known, false};
    }
    const auto oldest = std::min_element(places_.begin(), places_.end(),
                                         [](const Place& a, const Place& b) { return a.last < b.last; });
    *oldest = {hash, ++turn_};
    return {static_cast<std::size_t>(oldest - places_.begin()), true};
}

std::optional<std::size_t> AccountPlaces::find(std::uint64_t hash) const noexcept {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i].last != 0 && places_[i].account == hash) return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> AccountPlaces::find(std::string_view account) const noexcept {
    return find(hash_of(account));
}

std::optional<std::size_t> AccountPlaces::release(std::string_view account) noexcept {
    const std::optional<std::size_t> known = find(account);
    if (known) places_[*known] = {};
    return known;
}

std::size_t AccountPlaces::taken() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(places_.begin(), places_.end(), [](const Place& place) { return place.last != 0; }));
}

std::vector<std::uint64_t> AccountPlaces::words() const {
    std::vector<std::uint64_t> words;
    for (const Place& place : places_) words.insert(words.end(), {place.account, place.last});
    return words;
}

std::array<std::uint64_t, 3> AccountPlaces::settings() const noexcept {
    return {key_[0], key_[1], turn_};
}

std::optional<AccountPlaces> AccountPlaces::from_words(std::span<const std::uint64_t> words,
                                                       std::span<const std::uint64_t> settings) {
    const std::size_t places = words.size() / 2;
    if (words.size() % 2 != 0 || places < 1 || places > most || settings.size() != 3 ||
        settings[2] >= std::uint64_t{1} << 62U)
        return std::nullopt;
    AccountPlaces result;
    result.key_ = {settings[0], settings[1]};
    result.turn_ = settings[2];
    for (std::size_t i = 0; i < places; ++i) {
        const Place place{words[2 * i], words[2 * i + 1]};
        if (place.last > result.turn_ || (place.last == 0 && place.account != 0)) return std::nullopt;
        result.places_.push_back(place);
    }
    // No account has two places: the second would outlive its being forgotten. No turn has two accounts: who gives way
    // would depend on their order.
    std::vector<std::uint64_t> accounts, turns;
    for (const Place& place : result.places_) {
        if (place.last == 0) continue;
        accounts.push_back(place.account);
        turns.push_back(place.last);
    }
    if (!all_differ(std::move(accounts)) || !all_differ(std::move(turns))) return std::nullopt;
    return result;
}

}  // namespace vedette::inline v0::perturbation
