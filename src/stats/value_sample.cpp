// SPDX-License-Identifier: Apache-2.0
// A table of the values with the least hashes.
#include "vedette/stats/value_sample.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>

#include "kernels/column_table.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {

namespace {

__extension__ using Wide = unsigned __int128;

using kernels::scalar::mixed_bits;

template <class Integer>
std::uint64_t hash_of_integer(Integer value) noexcept {
    const auto rounded = static_cast<double>(value);
    // 2^63 and 2^64 are outside of the types.
    const bool is_exact =
        rounded < (std::is_signed_v<Integer> ? 0x1p63 : 0x1p64) && static_cast<Integer>(rounded) == value;
    return is_exact ? hash_of(rounded)
                    : mixed_bits(mixed_bits(static_cast<std::uint64_t>(value)) + 0x9e3779b97f4a7c15U);
}

// Little-endian on every machine: the hash is part of files.
template <class Word>
std::uint64_t word_at(const char* at) noexcept {
    Word word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, at, sizeof word);
    } else {
        for (std::size_t i = 0; i < sizeof word; ++i)
            word = static_cast<Word>(word | Word{static_cast<unsigned char>(at[i])} << (8 * i));
    }
    return word;
}
// 1 to 7 bytes, zeros above them: of two words that overlap.
std::uint64_t rest_word(const char* at, std::size_t left) noexcept {
    if (left >= 4) return word_at<std::uint32_t>(at) | word_at<std::uint32_t>(at + left - 4) >> (8 * (8 - left)) << 32U;
    const std::uint64_t middle = word_at<std::uint8_t>(at + left / 2) << (8 * (left / 2));
    return word_at<std::uint8_t>(at) | middle | word_at<std::uint8_t>(at + left - 1) << (8 * (left - 1));
}

// The greatest of the `kept` least hashes.
std::uint64_t lowest_cut(const std::vector<ValueSample::Entry>& entries, std::size_t kept) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(entries.size());
    for (const ValueSample::Entry& entry : entries) hashes.push_back(entry.hash);
    const auto last = hashes.begin() + static_cast<std::ptrdiff_t>(kept - 1);
    std::nth_element(hashes.begin(), last, hashes.end());
    return *last;
}

// Of hashes and places: entries are large.
void sort_by_hash(std::vector<ValueSample::Entry>& entries) {
    const auto is_before = [](const auto& a, const auto& b) { return a.hash < b.hash; };
    if (std::is_sorted(entries.begin(), entries.end(), is_before)) return;
    struct Place {
        std::uint64_t hash;
        std::size_t at;
    };
    std::vector<Place> places(entries.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = {entries[i].hash, i};
    std::sort(places.begin(), places.end(), is_before);
    std::vector<ValueSample::Entry> sorted;
    sorted.reserve(entries.size());
    for (const Place& place : places) sorted.push_back(std::move(entries[place.at]));
    entries = std::move(sorted);
}

// Which of two values of one hash stands for both.
bool comes_before(const ValueSample::Entry& a, const ValueSample::Entry& b) noexcept {
    return std::tie(a.number, a.length, a.text) < std::tie(b.number, b.length, b.text);
}

}  // namespace

std::uint64_t hash_of(double value) noexcept {
    return mixed_bits(std::bit_cast<std::uint64_t>(value + 0.0));
}
std::uint64_t hash_of(std::int64_t value) noexcept {
    return hash_of_integer(value);
}
std::uint64_t hash_of(std::uint64_t value) noexcept {
    return hash_of_integer(value);
}
std::uint64_t hash_of(std::string_view text) noexcept {
    const auto fold = [](std::uint64_t state, std::uint64_t word) noexcept {
        const Wide product = Wide{state ^ word ^ 0x8ebc6af09c88c6e3U} * 0x9e3779b97f4a7c15U;
        return mixed_bits(static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U) ^ word);
    };
    std::uint64_t state = text.size();
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) state = fold(state, word_at<std::uint64_t>(at));
    if (left != 0) state = fold(state, rest_word(at, left));
    return mixed_bits(state ^ 0x589965cc75374cc3U);
}

void ValueSample::rebuild(std::size_t slots) {
    slots_.assign(slots, 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        std::size_t slot = entries_[i].hash & (slots - 1);
        while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
        slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
}

void ValueSample::settle() {
    if (entries_.size() > capacity) {
        const std::uint64_t last = lowest_cut(entries_, capacity);
        std::erase_if(entries_, [&](const Entry& entry) { return entry.hash > last; });
        is_complete_ = false;
    }
    sort_by_hash(entries_);
    if (!is_complete_ && entries_.size() == capacity) threshold_ = entries_.back().hash;
    slots_.clear();
}

ValueSample::Entry* ValueSample::find_or_insert(std::uint64_t hash, bool& is_new) {
    if (entries_.size() >= 2 * capacity) {
        // As settle, without the order. Hashes are spread evenly: somewhat more than half of the range mostly holds
        // enough of them, and any threshold will do below which there are enough.
        const std::uint64_t guess = threshold_ / 16 * 9;
        const auto below =
            std::count_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.hash <= guess; });
        threshold_ = below >= static_cast<std::ptrdiff_t>(capacity) && below < static_cast<std::ptrdiff_t>(2 * capacity)
                         ? guess
                         : lowest_cut(entries_, capacity);
        std::erase_if(entries_, [&](const Entry& entry) { return entry.hash > threshold_; });
        is_complete_ = false;
        slots_.clear();
    }
    if (slots_.empty()) rebuild(std::max<std::size_t>(64, std::bit_ceil(2 * entries_.size() + 2)));
    if (2 * (entries_.size() + 1) > slots_.size()) rebuild(2 * slots_.size());
    if (hash > threshold_) return nullptr;
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        Entry& entry = entries_[slots_[slot] - 1];
        if (entry.hash == hash) {
            is_new = false;
            return &entry;
        }
    }
    entries_.emplace_back().hash = hash;
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    is_new = true;
    return &entries_.back();
}

void ValueSample::add(std::uint64_t hash, double number, std::uint64_t count) {
    bool is_new = false;
    Entry* const entry = find_or_insert(hash, is_new);
    if (entry == nullptr) return add_beyond(count);
    total_ += count;
    entry->count += count;
    number += 0.0;
    if (is_new || number < entry->number) entry->number = number;
}

void ValueSample::add(std::uint64_t hash, std::string_view text, std::uint64_t count) {
    bool is_new = false;
    Entry* const entry = find_or_insert(hash, is_new);
    if (entry == nullptr) return add_beyond(count);
    total_ += count;
    entry->count += count;
    const std::string_view kept = text.substr(0, longest_text);
    if (is_new || std::tuple(text.size(), kept) < std::tuple(entry->length, std::string_view(entry->text))) {
        entry->text.assign(kept);
        entry->length = text.size();
    }
}

void ValueSample::merge(const ValueSample& other) {
    if (total_ == 0) {
        *this = other;
        return settle();
    }
    const std::vector<Entry> added = other.entries();
    std::uint64_t in_sample = 0;
    for (const Entry& entry : added) in_sample += entry.count;
    const std::uint64_t beyond = other.total_ - in_sample;
    const bool is_complete = other.is_complete();
    // What the other one has dropped is dropped here, too.
    if (!is_complete && !added.empty() && added.size() == capacity) {
        threshold_ = std::min(threshold_, added.back().hash);
        std::erase_if(entries_, [&](const Entry& entry) { return entry.hash > threshold_; });
        slots_.clear();
    }
    for (const Entry& entry : added) {
        bool is_new = false;
        Entry* const own = find_or_insert(entry.hash, is_new);
        if (own == nullptr) {
            add_beyond(entry.count);
            continue;
        }
        total_ += entry.count;
        const std::uint64_t count = own->count + entry.count;
        if (is_new || comes_before(entry, *own)) *own = entry;
        own->count = count;
    }
    total_ += beyond;
    is_complete_ = is_complete_ && is_complete;
    settle();
}

std::vector<ValueSample::Entry> ValueSample::entries() const {
    ValueSample copy;
    copy.entries_ = entries_;
    copy.settle();
    return std::move(copy.entries_);
}

std::uint64_t ValueSample::missing_count() const {
    std::uint64_t missing = total_;
    for (const Entry& entry : entries()) missing -= entry.count;
    return missing;
}

std::vector<ValueSample::Entry> ValueSample::commonest(std::size_t most) const {
    std::vector<Entry> all = entries();
    const auto is_commoner = [](const Entry& a, const Entry& b) {
        return a.count != b.count ? a.count > b.count : comes_before(a, b);
    };
    std::stable_sort(all.begin(), all.end(), is_commoner);
    if (all.size() > most) all.resize(most);
    return all;
}

ValueSample ValueSample::from_entries(std::vector<Entry> entries, std::uint64_t total, bool is_complete) {
    const auto require = [](bool condition, const char* what) {
        if (!condition) throw Error(ErrorCode::corrupt_data, std::string("sample of values: ") + what);
    };
    require(entries.size() <= capacity && (is_complete || entries.size() == capacity), "impossible size");
    std::uint64_t left = total;
    const Entry* before = nullptr;
    for (const Entry& entry : entries) {
        require(before == nullptr || before->hash < entry.hash, "not in order");
        require(entry.count != 0 && entry.count <= left, "impossible counts");
        require(std::isfinite(entry.number) && !(entry.number == 0.0 && std::signbit(entry.number)), "no number");
        require(entry.text.size() == std::min<std::uint64_t>(entry.length, longest_text), "an impossible text");
        left -= entry.count;
        before = &entry;
    }
    require(is_complete == (left == 0), "counts that do not add up");
    ValueSample sample;
    sample.entries_ = std::move(entries);
    sample.total_ = total;
    sample.is_complete_ = is_complete;
    sample.settle();
    return sample;
}

}  // namespace vedette::inline v0::stats
