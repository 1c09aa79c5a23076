// SPDX-License-Identifier: Apache-2.0
// The table of callers: places, bets and bytes.
#include "vedette/perturbation/caller_evidence.hpp"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "caller_evidence";
constexpr std::size_t most_places = std::size_t{1} << 24U;

void check(const CallerEvidenceOptions& options) {
    const auto refuse = [](const std::string& what) {
        throw Error(ErrorCode::invalid_argument, "CallerEvidence: " + what);
    };
    if (!(options.level > 0.0 && options.level <= 0.5))
        refuse("level is " + std::to_string(options.level) + ", must lie in (0, 0.5]");
    if (!std::has_single_bit(options.capacity) || options.capacity < 8 || options.capacity > most_places)
        refuse("capacity is " + std::to_string(options.capacity) + ", must be a power of two from 8 to 2^24");
}

// Weight of the t-th beginning, and of all after it.
double weight_of(std::uint64_t t) noexcept {
    const auto x = static_cast<double>(t);
    return 1.0 / (x * (x + 1.0));
}
double weight_after(std::uint64_t t) noexcept {
    return 1.0 / (static_cast<double>(t) + 1.0);
}

}  // namespace

CallerEvidence::CallerEvidence(const CallerEvidenceOptions& options) : options_(options) {
    check(options);
    if (options.key) {
        key_ = *options.key;
    } else {
        if (sodium_init() < 0) throw Error(ErrorCode::internal, "CallerEvidence: no source of secure randomness");
        randombytes_buf(key_.data(), sizeof key_);
        options_.key = key_;
    }
    places_.resize(options.capacity);
    entries_.resize(options.capacity / ways);
}

std::uint64_t CallerEvidence::hash_of(std::string_view caller) const noexcept {
    static_assert(crypto_shorthash_KEYBYTES == sizeof key_ && crypto_shorthash_BYTES == sizeof(std::uint64_t));
    unsigned char key[sizeof key_], out[sizeof(std::uint64_t)];
    for (std::size_t i = 0; i < sizeof key; ++i) key[i] = static_cast<unsigned char>(key_[i / 8] >> (8 * (i % 8)));
    crypto_shorthash(out, reinterpret_cast<const unsigned char*>(caller.data()), caller.size(), key);
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < sizeof out; ++i) hash |= std::uint64_t{out[i]} << (8 * i);
    return hash;
}

std::size_t CallerEvidence::set_of(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(hash) & (entries_.size() - 1);
}

const CallerEvidence::Place* CallerEvidence::find(std::uint64_t hash) const noexcept {
    const Place* const set = &places_[set_of(hash) * ways];
    for (std::size_t i = 1; i < ways; ++i)
        if (set[i].requests > 0 && set[i].caller == hash) return &set[i];
    return nullptr;
}

double CallerEvidence::evidence(const Place& place) noexcept {
    if (place.requests == 0) return 0.0;
    double bets = 0.0;
    for (const double each : place.bets) bets += each;
    return std::abs(place.start) * (bets / static_cast<double>(exponents.size()) + weight_after(place.requests));
}

CallerState CallerEvidence::state_of(const Place& place, bool is_shared) noexcept {
    return {evidence(place), place.requests, place.start < 0.0, is_shared};
}

CallerEvidence::Place& CallerEvidence::place_for(std::uint64_t hash, std::uint64_t time) noexcept {
    if (const Place* const known = find(hash)) return places_[static_cast<std::size_t>(known - places_.data())];
    const std::size_t set = set_of(hash);
    Place* const places = &places_[set * ways];
    const double start = 0.5 * weight_of(entries_[set] + 1);
    Place* best = nullptr;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < ways; ++i) {
        Place& place = places[i];
        if (place.start < 0.0) continue;  // accused
        const bool is_free = place.requests == 0 || (time > place.last && time - place.last > options_.idle_time);
        const double kept = is_free ? -1.0 : evidence(place);
        if (kept > start || kept >= least) continue;
        best = &place;
        least = kept;
    }
    if (best == nullptr) {
        if (places[0].requests == 0) places[0].start = 0.5;
        return places[0];
    }
    *best = Place{.caller = hash, .last = time, .start = start};
    ++entries_[set];
    return *best;
}

CallerState CallerEvidence::update(std::string_view caller, double p_value, std::uint64_t time) noexcept {
    if (!(p_value >= 0.0 && p_value <= 1.0)) {
        ++ignored_;
        return state(caller);
    }
    const std::uint64_t hash = hash_of(caller);
    Place& place = place_for(hash, time);
    ++place.requests;
    place.last = std::max(place.last, time);
    const double weight = weight_of(place.requests);
    for (std::size_t k = 0; k < exponents.size(); ++k) {
        const double bet =
            p_value > 0.0 ? exponents[k] * std::pow(p_value, exponents[k] - 1.0) : std::numeric_limits<double>::max();
        place.bets[k] = std::min(bet * (place.bets[k] + weight), std::numeric_limits<double>::max() / 16.0);
    }
    if (evidence(place) * options_.level >= 1.0) place.start = -std::abs(place.start);
    return state_of(place, &place == &places_[set_of(hash) * ways]);
}

CallerState CallerEvidence::state(std::string_view caller) const noexcept {
    const std::uint64_t hash = hash_of(caller);
    const Place* const place = find(hash);
    return place != nullptr ? state_of(*place, false) : CallerState{};
}

bool CallerEvidence::forget(std::string_view caller) noexcept {
    const Place* const place = find(hash_of(caller));
    if (place == nullptr) return false;
    places_[static_cast<std::size_t>(place - places_.data())] = Place{};
    return true;
}

std::size_t CallerEvidence::callers() const noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) count += i % ways != 0 && places_[i].requests > 0 ? 1U : 0U;
    return count;
}

std::size_t CallerEvidence::alarms() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(places_.begin(), places_.end(), [](const Place& place) { return place.start < 0.0; }));
}

std::vector<std::byte> CallerEvidence::serialize() const {
    std::vector<std::uint64_t> numbers;
    std::vector<double> sums;
    for (const Place& place : places_) {
        numbers.insert(numbers.end(), {place.caller, place.last, place.requests});
        sums.push_back(place.start);
        sums.insert(sums.end(), place.bets.begin(), place.bets.end());
    }
    ContainerWriter writer;
    writer.add("numbers", numbers);
    writer.add("sums", sums);
    writer.add("entries", entries_);
    writer.add("settings", std::vector<std::uint64_t>{options_.idle_time, key_[0], key_[1], ignored_});
    writer.add_scalar("level", options_.level);
    return writer.finish(file_kind);
}

CallerEvidence CallerEvidence::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto require = [](bool condition) {
        if (!condition) throw Error(ErrorCode::corrupt_data, "CallerEvidence: a file that no table writes");
    };
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == (tensor.name == "level" ? 0U : 1U));
    const auto numbers = file.values<std::uint64_t>("numbers");
    const auto entries = file.values<std::uint64_t>("entries");
    const auto settings = file.values<std::uint64_t>("settings", 4);
    const std::size_t capacity = numbers.size() / 3;
    require(file.tensors().size() == 5 && numbers.size() == capacity * 3 && capacity <= most_places);
    const auto sums = file.values<double>("sums", capacity * 5);
    require(entries.size() * ways == capacity);
    CallerEvidenceOptions options{.level = file.scalar<double>("level"),
                                  .capacity = capacity,
                                  .idle_time = settings[0],
                                  .key = std::array{settings[1], settings[2]}};
    try {
        check(options);
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
    CallerEvidence table(options);
    table.ignored_ = settings[3];
    table.entries_.assign(entries.begin(), entries.end());
    for (std::size_t i = 0; i < capacity; ++i) {
        Place& place = table.places_[i];
        place.caller = numbers[3 * i];
        place.last = numbers[3 * i + 1];
        place.requests = numbers[3 * i + 2];
        place.start = sums[5 * i];
        std::copy_n(&sums[5 * i + 1], exponents.size(), place.bets.begin());
        const double start = std::abs(place.start);
        require(start <= 0.5 && (place.requests == 0 ? start == 0.0 : start > 0.0));
        require(std::all_of(place.bets.begin(), place.bets.end(),
                            [](double bet) { return bet >= 0.0 && bet <= std::numeric_limits<double>::max() / 16.0; }));
        require(place.requests > 0 || (place.caller == 0 && place.last == 0 && place.bets == Place{}.bets));
        require(i % ways == 0 ? place.caller == 0 : place.requests == 0 || table.set_of(place.caller) == i / ways);
    }
    return table;
}

}  // namespace vedette::inline v0::perturbation
