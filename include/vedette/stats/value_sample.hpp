// SPDX-License-Identifier: Apache-2.0
// The commonest values with exact counts while there are few, and a sample of the values, with exact counts, when there
// are many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::inline v0::stats {

/// A hash of a number, the same for equal numbers of any type (-0 and 0 are equal).
[[nodiscard]] std::uint64_t hash_of(double value) noexcept;
[[nodiscard]] std::uint64_t hash_of(std::int64_t value) noexcept;
[[nodiscard]] std::uint64_t hash_of(std::uint64_t value) noexcept;
[[nodiscard]] std::uint64_t hash_of(std::string_view text) noexcept;

/// The `capacity` different values with the least hashes, and how often each was seen (a bottom-k sample of values:
/// Cohen and Kaplan 2007). A value that is in it at the end was in it all the time, in every part: the threshold only
/// falls, and that of a part is never below that of the whole. So every count is exact, and the state depends on the
/// multiset of values alone: any parts, in any order, the same bytes. Misra-Gries and Space-Saving cannot promise that.
///
/// While no more than `capacity` different values were seen, `is_complete`: the sample is all of them, and its
/// commonest are the commonest. After that it is a uniform sample of the *different* values: a common one may be
/// missing, and no missing one was seen more than missing_count() times. Values whose 64-bit hashes agree count as one.
class ValueSample {
  public:
    static constexpr std::size_t capacity = 1024;
    static constexpr std::size_t longest_text = 256;

    struct Entry {
        std::uint64_t hash = 0;
        std::uint64_t count = 0;
        double number = 0.0;       ///< of a number, to the nearest double
        std::uint64_t length = 0;  ///< bytes of a text
        std::string text;          ///< the first `longest_text` bytes of it
        bool operator==(const Entry&) const = default;
    };

    /// Adds `count` times a value. Amortised O(1).
    void add(std::uint64_t hash, double number, std::uint64_t count = 1);
    void add(std::uint64_t hash, std::string_view text, std::uint64_t count = 1);
    /// Whether adding a value of that hash would be in vain, but for the total.
    [[nodiscard]] bool is_beyond(std::uint64_t hash) const noexcept { return hash > threshold_; }
    /// The greatest hash that is not.
    [[nodiscard]] std::uint64_t threshold() const noexcept { return threshold_; }
    void add_beyond(std::uint64_t count) noexcept {
        total_ += count;
        is_complete_ = false;
    }
    void merge(const ValueSample& other);

    /// All values that were added.
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_ && entries_.size() <= capacity; }
    /// Of values that are not in the sample; 0 while complete.
    [[nodiscard]] std::uint64_t missing_count() const;
    /// The sample, by hash.
    [[nodiscard]] std::vector<Entry> entries() const;
    /// The `most` commonest of the sample, by falling count, equal ones by number or text.
    [[nodiscard]] std::vector<Entry> commonest(std::size_t most) const;

    /// Throws Error(corrupt_data) for what no sample holds.
    [[nodiscard]] static ValueSample from_entries(std::vector<Entry> entries, std::uint64_t total, bool is_complete);

    /// Joins and cuts what was added, so that the state takes the least memory.
    void settle();

  private:
    Entry* find_or_insert(std::uint64_t hash, bool& is_new);
    void rebuild(std::size_t slots);

    std::vector<Entry> entries_;        // at most twice the capacity, in order of arrival
    std::vector<std::uint32_t> slots_;  // index + 1 by hash; 0 = free
    std::uint64_t threshold_ = ~std::uint64_t{0};
    std::uint64_t total_ = 0;
    bool is_complete_ = true;
};

}  // namespace vedette::inline v0::stats
