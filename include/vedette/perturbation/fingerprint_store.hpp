// SPDX-License-Identifier: Apache-2.0
// A memory of inputs seen: how much of this one has been asked before, by whom, in memory and time that are bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/perturbation/fingerprint.hpp"

namespace vedette::inline v0::perturbation {

struct FingerprintStoreOptions {
    /// Bytes that the store may take, all at once: see `FingerprintStore::memory_needed`.
    std::size_t memory = std::size_t{96} << 20U;
    /// Of time windows, in the unit of `time`; at least 1.
    std::uint64_t period = 3600;
    /// Time windows that are remembered, the current one included: 1 to 256.
    std::uint32_t periods = 24;
    /// Marks all evidence as not to be acted on where the caller would see it (`FingerprintMatch::is_silent`).
    bool silent = false;
};

/// Whether the very same input is remembered, bit for bit: of a model that always answers alike, asking again tells an
/// attacker nothing, and retries do it all the time.
enum class Repeat : std::uint8_t {
    none = 0,
    /// Of the account that asks, whoever else has asked it too, as long as its own record is found: an index of 48
    /// slots keeps about 24 records of one input (4 of each hash, each filed under 8), so of an image that many
    /// accounts send, an account's own repeat is `other` when two dozen others have come between.
    own = 1,
    other = 2,  ///< no record of the account's own is found
};

/// How much of an input was remembered, and of which earlier one.
struct FingerprintMatch {
    /// Share of slots that agree with the closest remembered input, 0 to 1; NaN for an input of the wrong size.
    double score = std::numeric_limits<double>::quiet_NaN();
    std::uint32_t overlap = 0;   ///< slots that agree
    std::uint32_t slots = 0;     ///< of so many
    std::uint32_t compared = 0;  ///< remembered inputs that were compared, at most 64: the rest of the cost is fixed
    std::uint32_t account = 0;   ///< whose the closest was, as `account_mark`; 0 without one
    std::uint64_t query = 0;     ///< its number, in the order of remembering; without meaning if `overlap` is 0
    std::uint64_t period = 0;    ///< the time window it fell into: time / period
    /// By 24 bits of a keyed hash, so that an input which agrees in all slots is taken for another by a chance of
    /// 2^-24. Told apart from nearly the same. Where more than 4 remembered inputs agree in all hashes, those filed
    /// last alone are known: a repeat of another is `none`.
    Repeat repeat = Repeat::none;
    /// Silent mode: score, count and log, but let no answer depend on it, or an attacker learns what is noticed.
    bool is_silent = false;
};

/// Remembers the fingerprints of the newest inputs, and finds the remembered input closest to a new one.
///
/// **Record.** A byte of each slot's hash, four of the account and three of the input's content: unlike inputs agree in
/// a slot with probability 1/256. **Index.** Up to eight slots of each record, others for each, are filed under their
/// hash in lines of 16 places; all slots of an input are looked up there, and at most 64 records that come up are
/// compared. An input that shares a part f of the slots of a remembered one misses it with probability (1 - f)^8, and
/// with as many chances again for each further query of an attack.
///
/// **Bounds, under any input.** Memory is taken at construction and never grows. A look-up reads at most 64 lines and
/// 64 records. A hash that many inputs share (a white margin, a flood of equal queries) holds at most 4 places of its
/// line, so that it cannot displace more; a full line gives up its oldest entry; a full store its oldest record.
/// Records of time windows that have passed are forgotten at once. Hashes are keyed, so lines cannot be aimed at
/// without the key; who has the key can make look-ups miss, but not slow or large.
///
/// **Rotation.** By time, which the caller passes in and which should not run backwards (if it does, the latest known
/// is meant). `rotate_key` begins anew.
///
/// Benign traffic repeats itself too (retries, default images): calibrate the score on it (stats/conformal.hpp).
/// Not thread-safe: one per thread, merged now and then, or under the server's lock. No look-up allocates.
class FingerprintStore {
  public:
    static constexpr std::size_t most_queries = (std::size_t{1} << 24U) - 2;
    static constexpr std::size_t most_compared = 64;

    /// Throws Error(invalid_argument) for an option out of range or memory for fewer than 64 inputs, saying how much
    /// that takes.
    explicit FingerprintStore(Fingerprinter fingerprinter, const FingerprintStoreOptions& options = {});

    /// Bytes for so many inputs.
    [[nodiscard]] static std::size_t memory_needed(const Fingerprinter& fingerprinter, std::size_t queries,
                                                   std::uint32_t periods = 24) noexcept;

    /// match, then remember. T is std::uint8_t, float or double. O(values).
    template <class T>
    FingerprintMatch observe(std::span<const T> input, std::string_view account, std::uint64_t time) noexcept {
        const Fingerprint print = fingerprinter_.fingerprint(input);
        pass_to(time);
        const FingerprintMatch found = match(print, account_mark(account));
        remember(print, account, time);
        return found;
    }
    /// The closest remembered input; of those that compete the very same, then the account's own, then the newest.
    /// `account` is who asks, as `account_mark`; 0: nobody that is known. Remembers nothing. O(1).
    [[nodiscard]] FingerprintMatch match(const Fingerprint& print, std::uint32_t account = 0) const noexcept;
    /// False, and nothing is remembered, for a fingerprint without as many slots as this store's. O(1).
    bool remember(const Fingerprint& print, std::string_view account, std::uint64_t time) noexcept;
    /// Lets time windows pass without an input.
    void pass_to(std::uint64_t time) noexcept;

    /// How an account's name is kept: 32 bits of a keyed hash, never 0.
    [[nodiscard]] std::uint32_t account_mark(std::string_view account) const noexcept;

    /// Forgets everything, and goes on under another key (drawn by the system, if none is given). O(memory).
    void rotate_key(const std::optional<FingerprintKey>& key = {});

    /// Takes in what another store of the same fingerprinter and options remembers; of each time window after its own,
    /// and the newest of all if these are too many. Queries are numbered anew. Throws Error(baseline_mismatch),
    /// changing nothing. Takes as much memory again while it runs.
    void merge(const FingerprintStore& other);

    [[nodiscard]] const Fingerprinter& fingerprinter() const noexcept { return fingerprinter_; }
    [[nodiscard]] const FingerprintStoreOptions& options() const noexcept { return options_; }
    /// Inputs that can be remembered.
    [[nodiscard]] std::size_t capacity() const noexcept { return accounts_.size(); }
    /// Inputs remembered now.
    [[nodiscard]] std::size_t size() const noexcept;
    /// Inputs ever remembered, and those of the wrong size.
    [[nodiscard]] std::uint64_t queries() const noexcept { return next_; }
    [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }
    /// How often all that it remembers has passed: the latest time window over their number.
    [[nodiscard]] std::uint64_t span_of_time() const noexcept { return latest_ / options_.periods; }
    /// Bytes taken, the fingerprinter's included: at most `options().memory`.
    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "fingerprint_store": what `deserialize` returns goes on bit for bit. The bytes hold the
    /// key, and so are as secret. Throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static FingerprintStore deserialize(std::span<const std::byte> bytes);

  private:
    static constexpr std::size_t places = 16;      // of a line
    static constexpr std::size_t filed_slots = 8;  // of a record
    static constexpr std::size_t most_alike = 4;   // entries of one hash
    static constexpr std::size_t content_bytes = 3;

    struct alignas(64) Line {
        std::array<std::uint32_t, places> entries;  // bits of the hash, then the record's place
    };
    struct Period {
        std::uint64_t period = 0;
        std::uint64_t first = 0;  // query
    };
    struct Address {
        std::size_t line;
        std::uint32_t wanted;
    };

    void make_room(std::size_t queries);
    void draw_account_key();
    void clear() noexcept;
    [[nodiscard]] std::size_t tag_width() const noexcept { return fingerprinter_.slots(); }
    [[nodiscard]] Address address_of(std::uint64_t hash, std::size_t slot) const noexcept;
    [[nodiscard]] std::uint64_t age_of(std::size_t place) const noexcept;
    [[nodiscard]] std::size_t gather(const std::array<Address, Fingerprint::most_slots>& addresses,
                                     std::array<std::uint32_t, most_compared>& found) const noexcept;
    [[nodiscard]] bool is_same(const Fingerprint& print, std::size_t place) const noexcept;
    [[nodiscard]] std::uint32_t agreement(const std::uint8_t* tags, std::size_t place) const noexcept;
    void file(Address address, std::uint32_t place) noexcept;
    [[nodiscard]] std::uint64_t oldest() const noexcept;
    [[nodiscard]] const Period& period_of(std::uint64_t query) const noexcept;

    Fingerprinter fingerprinter_;
    FingerprintStoreOptions options_;
    std::array<std::uint64_t, 2> account_key_{};
    unsigned place_bits_ = 0;
    std::vector<Line> lines_;
    std::vector<std::uint8_t> tags_;       // by place and slot
    std::vector<std::uint32_t> accounts_;  // by place
    std::vector<std::uint8_t> contents_;   // three bytes by place; 0: none
    std::vector<Period> periods_;          // those with records, oldest first
    std::size_t period_count_ = 0;
    std::uint64_t latest_ = 0;  // period
    std::uint64_t next_ = 0;    // query; it goes to place next_ mod capacity
    std::size_t next_place_ = 0;
    std::uint64_t first_ = 0;  // query that time has not taken
    std::uint64_t ignored_ = 0;
};

}  // namespace vedette::inline v0::perturbation
