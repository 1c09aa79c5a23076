// SPDX-License-Identifier: Apache-2.0
// What comes again and again in a column, counted apart: one look at a small table for each row, and what sketches cost
// for each different value alone.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "validation/column_values.hpp"

namespace vedette::inline v0::validation {

/// When to look for what repeats: at first, and after a vain attempt again after a pause, each twice as long as the one
/// before, of at most 64 turns.
class Attempts {
  public:
    [[nodiscard]] bool is_due() noexcept {
        if (wait_ == 0) return true;
        --wait_;
        return false;
    }
    void note_vain() noexcept {
        wait_ = pause_;
        pause_ = std::min(2 * pause_, 64U);
    }

  private:
    unsigned wait_ = 0, pause_ = 1;
};

/// Counts of numbers by their bits, in a table of two places per hash. A number that finds both taken is left to the
/// caller. The table is 64 kB, the numbers that are left take as much.
class RepeatedNumbers {
  public:
    /// Counts what is in the table, or finds room there, and keeps the others. False, and nothing is counted, where the
    /// numbers hardly repeat. Afterwards the caller passes on what is left above tile_rows, all of it and the table
    /// where that `is_stale`. At most tile_rows numbers.
    template <class T>
    [[nodiscard]] bool take(const T* x, std::size_t n) {
        if (!attempts_.is_due()) return false;
        std::size_t from = 0;
        if (used_ == 0) {
            from = std::min(n, trial);
            count(x, from);
            if (from == trial && used_ + left_ > trial - trial / 16) {
                clear();
                left_ = 0;
                attempts_.note_vain();
                return false;
            }
        }
        const std::size_t before = left_;
        count(x + from, n - from);
        is_stale_ = left_ - before > (n - from) / 2;
        return true;
    }
    /// Whether most numbers found no room.
    [[nodiscard]] bool is_stale() const noexcept { return is_stale_; }

    /// Gives what is left to `use(values, n)`, at most tile_rows of them at a time, until no more than `most` are left.
    template <class T, class Use>
    void pass_left(std::size_t most, Use&& use) {
        std::array<T, tile_rows> values;
        while (left_ > most) {
            const std::size_t n = std::min(tile_rows, left_);
            left_ -= n;
            for (std::size_t i = 0; i < n; ++i) values[i] = value_of<T>(others_[left_ + i]);
            use(static_cast<const T*>(values.data()), n);
        }
    }
    /// Gives every different number and its count to `use(value, count)`.
    template <class T, class Use>
    void empty_into(Use&& use) {
        for (const Slot& slot : slots_) {
            if (slot.count != 0) use(value_of<T>(slot.bits), slot.count);
        }
        clear();
        if (is_stale_) attempts_.note_vain();
        is_stale_ = false;
    }

  private:
    struct Slot {
        std::uint64_t bits = 0;
        std::uint64_t count = 0;
    };
    static constexpr unsigned set_bits = 11;
    static constexpr std::size_t trial = 1024;

    template <class T>
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    template <class T>
    static T value_of(std::uint64_t bits) noexcept {
        return std::bit_cast<T>(static_cast<Bits<T>>(bits));
    }
    // By the golden ratio: neighbours spread evenly, two to a set, so that few integers stay in the first cache.
    static std::size_t place(std::uint64_t bits) noexcept {
        return static_cast<std::size_t>((bits >> 1U) * 0x9e3779b97f4a7c15U >> (64U - set_bits)) * 2;
    }

    template <class T>
    void count(const T* x, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint64_t bits = std::bit_cast<Bits<T>>(x[i]);
            Slot* const set = slots_.data() + place(bits);
            // Without a branch: which of the two it is cannot be foretold.
            Slot* slot = set + (set[1].bits == bits ? 1 : 0);
            if (slot->bits != bits) {
                slot = set + (set[0].count != 0 ? 1 : 0);
                if (slot->count != 0) {
                    others_[left_++] = bits;
                    continue;
                }
                slot->bits = bits;
                ++used_;
            }
            ++slot->count;
        }
    }
    // What is free holds bits that belong elsewhere: 0, which is of the first set, and there 2.
    static void mark_free(std::vector<Slot>& slots) noexcept { slots[0].bits = slots[1].bits = 2; }
    void clear() noexcept {
        std::fill(slots_.begin(), slots_.end(), Slot{});
        mark_free(slots_);
        used_ = 0;
    }
    static std::vector<Slot> free_slots() {
        std::vector<Slot> slots(std::size_t{2} << set_bits);
        mark_free(slots);
        return slots;
    }

    Attempts attempts_;
    std::vector<Slot> slots_ = free_slots();
    // Memory that is never used is never touched.
    std::unique_ptr<std::uint64_t[]> others_ = std::make_unique_for_overwrite<std::uint64_t[]>(2 * tile_rows);
    std::size_t used_ = 0, left_ = 0;
    bool is_stale_ = false;
};

/// The same of texts, which must outlive it; a text that finds no room is not counted.
class RepeatedTexts {
  public:
    /// `rows` texts, each by `text(i)`; `use(text, 1)` for those that are not counted here.
    template <class Text, class Use>
    void take(std::size_t rows, Text&& text, Use&& use) {
        if (!attempts_.is_due()) {
            for (std::size_t i = 0; i < rows; ++i) use(text(i), 1);
            return;
        }
        const bool is_first = used_ == 0;
        std::size_t left = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            const std::string_view given = text(i);
            if (count(given)) continue;
            ++left;
            use(given, 1);
        }
        const bool is_vain = is_first ? used_ + left > rows - rows / 16 : left > rows / 2;
        if (!is_vain) return;
        empty_into(use);
        attempts_.note_vain();
    }
    template <class Use>
    void empty_into(Use&& use) {
        if (used_ == 0) return;
        for (const Slot& slot : slots_) {
            if (slot.count != 0) use(std::string_view(slot.data, slot.length), slot.count);
        }
        std::fill(slots_.begin(), slots_.end(), Slot{});
        used_ = 0;
    }

  private:
    struct Slot {
        std::uint64_t first = 0, last = 0;
        const char* data = nullptr;
        std::size_t length = 0;
        std::uint64_t count = 0;
    };
    static constexpr unsigned set_bits = 10;

    // Every byte of at most 16, else the first and the last eight.
    static std::pair<std::uint64_t, std::uint64_t> ends_of(std::string_view text) noexcept {
        const auto load = [](const char* at, auto word) {
            std::memcpy(&word, at, sizeof word);
            return std::uint64_t{word};
        };
        const char* const at = text.data();
        const std::size_t n = text.size();
        if (n >= 8) return {load(at, std::uint64_t{}), load(at + n - 8, std::uint64_t{})};
        if (n >= 4) return {load(at, std::uint32_t{}), load(at + n - 4, std::uint32_t{})};
        if (n == 0) return {0, 0};
        return {load(at, std::uint8_t{}) << 8U | load(at + n / 2, std::uint8_t{}), load(at + n - 1, std::uint8_t{})};
    }

    bool count(std::string_view text) noexcept {
        __extension__ using Wide = unsigned __int128;
        const auto [first, last] = ends_of(text);
        const Wide product = Wide{first ^ 0x9e3779b97f4a7c15U} * (last ^ 0xd1b54a32d192ed03U ^ text.size());
        const auto mixed = static_cast<std::uint64_t>(product >> 64U) ^ static_cast<std::uint64_t>(product);
        Slot* const set = slots_.data() + 2 * (mixed * 0x9e3779b97f4a7c15U >> (64U - set_bits));
        const auto is_it = [&, first = first, last = last](const Slot& slot) {
            // Both are compared without a branch between them.
            const bool agree = (static_cast<std::uint64_t>(slot.first ^ first) |
                                static_cast<std::uint64_t>(slot.last ^ last) | (slot.length ^ text.size())) == 0;
            return agree;
        };
        Slot* slot = set + (is_it(set[1]) ? 1 : 0);
        const bool is_known =
            slot->count != 0 && is_it(*slot) &&
            (text.size() <= 16 || std::memcmp(slot->data + 8, text.data() + 8, text.size() - 16) == 0);
        if (!is_known) {
            slot = set + (set[0].count != 0 ? 1 : 0);
            if (slot->count != 0) return false;
            *slot = {first, last, text.data(), text.size(), 0};
            ++used_;
        }
        ++slot->count;
        return true;
    }

    Attempts attempts_;
    std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{2} << set_bits);
    std::size_t used_ = 0;
};

}  // namespace vedette::inline v0::validation
