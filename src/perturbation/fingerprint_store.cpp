// SPDX-License-Identifier: Apache-2.0
// The store: looking up, filing, forgetting.
#include "vedette/perturbation/fingerprint_store.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/scalar_fingerprints.hpp"
#include "perturbation/feature_rows.hpp"
#include "perturbation/secret_stream.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "FingerprintStore";
constexpr std::size_t least_queries = 64;
// Places in the index for each record: a quarter more than are filed.
constexpr std::size_t places_per_query = 10;

// For the object itself: a number that files can rely on, whatever the compiler.
constexpr std::size_t object_bytes = 1024;
static_assert(sizeof(FingerprintStore) <= object_bytes);

std::size_t lines_for(std::size_t queries, std::size_t places) noexcept {
    return (queries * places_per_query + places - 1) / places;
}

// Records already looked at: open addressing, never more than half full.
class Seen {
  public:
    bool insert(std::uint32_t place) noexcept {
        std::size_t at = (place * std::uint32_t{2654435769U}) >> 25U;
        while (keys_[at] != 0) {
            if (keys_[at] == place + 1) return false;
            at = (at + 1) % keys_.size();
        }
        keys_[at] = place + 1;
        return true;
    }

  private:
    std::array<std::uint32_t, 128> keys_{};
};

// Which of two records that agree as much is closer.
int rank_of(Repeat repeat) noexcept {
    return repeat == Repeat::own ? 2 : repeat == Repeat::other ? 1 : 0;
}

// Three bytes, not all 0.
std::array<std::uint8_t, 3> content_of(const Fingerprint& print) noexcept {
    const std::uint32_t content = (print.content & 0xFFFFFFU) != 0 ? print.content : 1U;
    return {static_cast<std::uint8_t>(content), static_cast<std::uint8_t>(content >> 8U),
            static_cast<std::uint8_t>(content >> 16U)};
}

}  // namespace

std::size_t FingerprintStore::memory_needed(const Fingerprinter& fingerprinter, std::size_t queries,
                                            std::uint32_t periods) noexcept {
    return object_bytes + fingerprinter.memory() + periods * sizeof(Period) +
           lines_for(queries, places) * sizeof(Line) +
           queries * (fingerprinter.slots() + sizeof(std::uint32_t) + content_bytes);
}

FingerprintStore::FingerprintStore(Fingerprinter fingerprinter, const FingerprintStoreOptions& options)
    : fingerprinter_(std::move(fingerprinter)), options_(options) {
    require_option(who, "period", options.period == 0 ? 0 : 1, 1, 1);
    require_option(who, "periods", options.periods, 1, 256);
    const std::size_t least = memory_needed(fingerprinter_, least_queries, options.periods);
    if (options.memory < least)
        throw Error(ErrorCode::invalid_argument, "FingerprintStore: memory is " + std::to_string(options.memory) +
                                                     " bytes, must be at least " + std::to_string(least) +
                                                     ", which hold 64 inputs");
    std::size_t low = least_queries, high = most_queries;
    while (low < high) {
        const std::size_t middle = low + (high - low + 1) / 2;
        if (memory_needed(fingerprinter_, middle, options.periods) <= options.memory)
            low = middle;
        else
            high = middle - 1;
    }
    make_room(low);
}

void FingerprintStore::make_room(std::size_t queries) {
    accounts_.resize(queries);
    tags_.resize(queries * tag_width());
    contents_.resize(queries * content_bytes);
    lines_.resize(lines_for(queries, places));
    periods_.resize(options_.periods);
    place_bits_ = 1;
    while ((queries >> place_bits_) != 0) ++place_bits_;
    draw_account_key();
    clear();
}

void FingerprintStore::draw_account_key() {
    const std::vector<std::uint64_t> words = expand_words(fingerprinter_.key(), 5, 2);
    account_key_ = {words[0], words[1]};
}

void FingerprintStore::clear() noexcept {
    for (Line& line : lines_) line.entries.fill(~std::uint32_t{0});
    std::fill(tags_.begin(), tags_.end(), std::uint8_t{0});
    std::fill(accounts_.begin(), accounts_.end(), 0U);
    std::fill(contents_.begin(), contents_.end(), std::uint8_t{0});
    std::fill(periods_.begin(), periods_.end(), Period{});
    period_count_ = next_place_ = 0;
    next_ = first_ = 0;
}

void FingerprintStore::rotate_key(const std::optional<FingerprintKey>& key) {
    fingerprinter_ = fingerprinter_.with_key(key);
    draw_account_key();
    clear();
}

std::size_t FingerprintStore::memory() const noexcept {
    return object_bytes + fingerprinter_.memory() + periods_.capacity() * sizeof(Period) +
           lines_.capacity() * sizeof(Line) + tags_.capacity() + accounts_.capacity() * sizeof(std::uint32_t) +
           contents_.capacity();
}

std::uint64_t FingerprintStore::oldest() const noexcept {
    return std::max(first_, next_ - std::min<std::uint64_t>(next_, capacity()));
}

std::size_t FingerprintStore::size() const noexcept {
    return static_cast<std::size_t>(next_ - oldest());
}

std::uint32_t FingerprintStore::account_mark(std::string_view account) const noexcept {
    const std::uint64_t key[2] = {account_key_[0], account_key_[1]};
    const auto hash = static_cast<std::uint32_t>(
        kernels::scalar::sip_hash<1, 3>(reinterpret_cast<const std::uint8_t*>(account.data()), account.size(), key));
    return hash == 0 ? 1 : hash;
}

// The low bits of a least hash are as good as any hash's; the highest are small where it is the least of many.
FingerprintStore::Address FingerprintStore::address_of(std::uint64_t hash, std::size_t slot) const noexcept {
    const std::uint64_t low = (hash + slot * 0x9E3779B9U) & 0xFFFFFFFFU;
    return {static_cast<std::size_t>(low * lines_.size() >> 32U),
            static_cast<std::uint32_t>(hash >> 20U) >> place_bits_ << place_bits_};
}

// Queries since the record at a place, the newest having age 0.
std::uint64_t FingerprintStore::age_of(std::size_t place) const noexcept {
    return next_place_ > place ? next_place_ - 1 - place : next_place_ + (capacity() - 1 - place);
}

std::size_t FingerprintStore::gather(const std::array<Address, Fingerprint::most_slots>& addresses,
                                     std::array<std::uint32_t, most_compared>& found) const noexcept {
    const std::uint32_t mask = (std::uint32_t{1} << place_bits_) - 1;
    const std::uint64_t remembered = size();
    Seen seen;
    std::size_t count = 0;
    for (std::size_t slot = 0; slot < tag_width(); ++slot) {
        const Line& line = lines_[addresses[slot].line];
        std::uint32_t hits = 0;
        for (std::size_t i = 0; i < places; ++i)
            hits |= static_cast<std::uint32_t>((line.entries[i] ^ addresses[slot].wanted) <= mask) << i;
        for (std::size_t i = 0; hits != 0; ++i, hits >>= 1U) {
            if ((hits & 1U) == 0) continue;
            const std::uint32_t place = line.entries[i] & mask;
            if (place >= capacity() || age_of(place) >= remembered || !seen.insert(place)) continue;
            __builtin_prefetch(&tags_[place * tag_width()]);
            found[count++] = place;
            if (count == most_compared) return count;
        }
    }
    return count;
}

std::uint32_t FingerprintStore::agreement(const std::uint8_t* tags, std::size_t place) const noexcept {
    const std::uint8_t* const own = &tags_[place * tag_width()];
    std::uint32_t equal = 0;
    for (std::size_t i = 0; i < tag_width(); ++i) equal += own[i] == tags[i] ? 1U : 0U;
    return equal;
}

// Of a record that agrees in all slots. Its bytes are never all 0, so a record without content is no input's.
bool FingerprintStore::is_same(const Fingerprint& print, std::size_t place) const noexcept {
    const std::array<std::uint8_t, content_bytes> own = content_of(print);
    return std::equal(own.begin(), own.end(), &contents_[place * content_bytes]);
}

const FingerprintStore::Period& FingerprintStore::period_of(std::uint64_t query) const noexcept {
    std::size_t at = period_count_ - 1;
    while (at > 0 && periods_[at].first > query) --at;
    return periods_[at];
}

FingerprintMatch FingerprintStore::match(const Fingerprint& print, std::uint32_t account) const noexcept {
    FingerprintMatch result;
    result.is_silent = options_.silent;
    if (print.slots != tag_width()) return result;
    result.score = 0.0;
    result.slots = print.slots;
    std::array<Address, Fingerprint::most_slots> addresses;
    std::array<std::uint8_t, Fingerprint::most_slots> tags;
    for (std::size_t slot = 0; slot < tag_width(); ++slot) {
        addresses[slot] = address_of(print.hashes[slot], slot);
        __builtin_prefetch(&lines_[addresses[slot].line]);
        tags[slot] = static_cast<std::uint8_t>(print.hashes[slot] >> 8U);
    }
    std::array<std::uint32_t, most_compared> found;
    const std::size_t count = gather(addresses, found);
    result.compared = static_cast<std::uint32_t>(count);
    std::uint64_t age = 0;
    std::size_t closest = 0;
    Repeat repeat = Repeat::none;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t equal = agreement(tags.data(), found[i]);
        if (equal < result.overlap || equal == 0) continue;
        Repeat of = Repeat::none;
        if (equal == tag_width() && is_same(print, found[i]))
            of = account != 0 && accounts_[found[i]] == account ? Repeat::own : Repeat::other;
        const std::uint64_t own_age = age_of(found[i]);
        const bool is_closer = equal > result.overlap || (of != repeat ? rank_of(of) > rank_of(repeat) : own_age < age);
        if (!is_closer) continue;
        result.overlap = equal;
        repeat = of;
        closest = found[i];
        age = own_age;
    }
    result.repeat = repeat;
    if (result.overlap == 0) return result;
    result.score = static_cast<double>(result.overlap) / static_cast<double>(result.slots);
    result.query = next_ - 1 - age;
    result.account = accounts_[closest];
    result.period = period_of(result.query).period;
    return result;
}

void FingerprintStore::pass_to(std::uint64_t time) noexcept {
    const std::uint64_t period = time / options_.period;
    if (period <= latest_) return;
    latest_ = period;
    std::size_t passed = 0;
    while (passed < period_count_ && period - periods_[passed].period >= options_.periods) ++passed;
    if (passed == 0) return;
    first_ = passed == period_count_ ? next_ : periods_[passed].first;
    std::move(periods_.begin() + static_cast<std::ptrdiff_t>(passed),
              periods_.begin() + static_cast<std::ptrdiff_t>(period_count_), periods_.begin());
    period_count_ -= passed;
    std::fill(periods_.begin() + static_cast<std::ptrdiff_t>(period_count_), periods_.end(), Period{});
}

// In the place of, in this order: the oldest entry of the same hash, if it has enough; one that leads nowhere; the
// oldest.
void FingerprintStore::file(Address address, std::uint32_t place) noexcept {
    const std::uint32_t mask = (std::uint32_t{1} << place_bits_) - 1;
    const std::uint64_t remembered = size();
    Line& line = lines_[address.line];
    std::size_t alike = 0, oldest_alike = 0, victim = 0;
    std::uint64_t age_alike = 0, age_victim = 0;
    for (std::size_t i = 0; i < places; ++i) {
        const std::uint32_t entry = line.entries[i], at = entry & mask;
        const bool leads_nowhere = at >= capacity() || at == place || age_of(at) >= remembered;
        const std::uint64_t age = leads_nowhere ? std::numeric_limits<std::uint64_t>::max() : age_of(at) + 1;
        if (age > age_victim) {
            victim = i;
            age_victim = age;
        }
        if ((entry ^ address.wanted) > mask || leads_nowhere) continue;
        ++alike;
        if (age > age_alike) {
            oldest_alike = i;
            age_alike = age;
        }
    }
    line.entries[alike >= most_alike ? oldest_alike : victim] = address.wanted | place;
}

bool FingerprintStore::remember(const Fingerprint& print, std::string_view account, std::uint64_t time) noexcept {
    pass_to(time);
    if (print.slots != tag_width()) {
        ++ignored_;
        return false;
    }
    if (period_count_ == 0 || periods_[period_count_ - 1].period < latest_)
        periods_[period_count_++] = {latest_, next_};
    const std::size_t place = next_place_, filed = std::min(filed_slots, tag_width());
    for (std::size_t slot = 0; slot < tag_width(); ++slot)
        tags_[place * tag_width() + slot] = static_cast<std::uint8_t>(print.hashes[slot] >> 8U);
    accounts_[place] = account_mark(account);
    const std::array<std::uint8_t, content_bytes> content = content_of(print);
    std::copy(content.begin(), content.end(), &contents_[place * content_bytes]);
    const std::size_t turn = static_cast<std::size_t>(next_ % tag_width());
    ++next_;
    next_place_ = place + 1 == capacity() ? 0 : place + 1;
    for (std::size_t i = 0; i < filed; ++i) {
        const std::size_t slot = (turn + i * tag_width() / filed) % tag_width();
        file(address_of(print.hashes[slot], slot), static_cast<std::uint32_t>(place));
    }
    return true;
}

}  // namespace vedette::inline v0::perturbation
