// SPDX-License-Identifier: Apache-2.0
// What the samplers share: a tile of words against a law, and the pieces of memory that hold secrets.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/dispatch.hpp"
#include "privacy/exact_law.hpp"
#include "privacy/keystream.hpp"

namespace vedette::inline v0::privacy {

/// Samplers work on at most so many draws at a time.
inline constexpr std::size_t draw_tile = 512;

constexpr std::size_t whole_groups(std::size_t count) noexcept {
    return (count + kernels::draw_group - 1) / kernels::draw_group * kernels::draw_group;
}

/// An array on the stack that is wiped at the end of its life.
template <class T, std::size_t size>
struct SecretArray {
    alignas(64) std::array<T, size> values;

    SecretArray() noexcept {
    }  // NOLINT(modernize-use-equals-default): left uninitialised, it is written before it is read
    ~SecretArray() { wipe(std::as_writable_bytes(std::span(values))); }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    T* data() noexcept { return values.data(); }
    T& operator[](std::size_t i) noexcept { return values[i]; }
};

/// Zeroes the caller's output if the block is left by an exception: a half-filled span must not pass for noise.
template <class T>
class ZeroOnFailure {
  public:
    explicit ZeroOnFailure(std::span<T> out) noexcept : out_(out) {}
    ~ZeroOnFailure() {
        if (!done_) std::fill(out_.begin(), out_.end(), T{});
    }
    ZeroOnFailure(const ZeroOnFailure&) = delete;
    ZeroOnFailure& operator=(const ZeroOnFailure&) = delete;
    void done() noexcept { done_ = true; }

  private:
    std::span<T> out_;
    bool done_ = false;
};

/// How outcomes enter what is there already: kernels/draw_table.hpp.
struct DrawForm {
    unsigned shift = 64;
    std::uint64_t sign_mask = 0;
};

/// The second half of a draw, for the rare words that passed all thresholds. `words` must not be borrowed ones.
inline void settle(const ExactLaw& law, const std::uint64_t* words, std::size_t count, std::uint64_t sign_mask,
                   std::int64_t* outcomes, detail::Keystream& keystream) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t u = words[i] >> 1U;
        if (!law.is_left_over(u)) continue;
        const auto beyond =
            static_cast<std::int64_t>(law.resolve(u, keystream)) - static_cast<std::int64_t>(law.thresholds().size());
        outcomes[i] += (words[i] & sign_mask) != 0 ? -beyond : beyond;
    }
}

/// Outcomes of words, but for those that pass all thresholds: whether there are any.
inline bool count_outcomes(const ExactLaw& law, const std::uint64_t* words, std::size_t count, DrawForm form,
                           std::int64_t* outcomes) noexcept {
    const auto thresholds = law.thresholds();
    return kernels::kernels().draws.count_thresholds(words, count, thresholds.data(), thresholds.size(), form.shift,
                                                     form.sign_mask, outcomes);
}

/// `count` draws, a multiple of draw_group and at most draw_tile, into outcomes.
inline void draw_outcomes(const ExactLaw& law, std::size_t count, DrawForm form, std::int64_t* outcomes,
                          detail::Keystream& keystream) {
    const std::uint64_t* const words = keystream.borrow(count);
    if (!count_outcomes(law, words, count, form, outcomes)) return;
    SecretArray<std::uint64_t, draw_tile> kept;
    std::copy_n(words, count, kept.data());
    settle(law, kept.data(), count, form.sign_mask, outcomes, keystream);
}

/// Calls draw(count, values) for tiles of whole groups until `out` is full.
template <class Draw>
void sample_in_tiles(std::span<std::int64_t> out, detail::Keystream& keystream, Draw draw) {
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, draw_tile> last;
    for (std::size_t begin = 0; begin < out.size(); begin += draw_tile) {
        const std::size_t wanted = std::min(draw_tile, out.size() - begin), count = whole_groups(wanted);
        if (count == wanted) {
            draw(count, out.data() + begin);
        } else {
            draw(count, last.data());
            std::copy_n(last.data(), wanted, out.data() + begin);
        }
    }
    keystream.forget();
    guard.done();
}

}  // namespace vedette::inline v0::privacy
