// SPDX-License-Identifier: Apache-2.0
// The generator behind all noise: fast key erasure over a cipher's keystream, one per thread, safe across fork.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "privacy/cipher.hpp"

namespace vedette::inline v0::privacy::detail {

/// Fills the span with the operating system's entropy; false if it cannot.
using EntropySource = bool (*)(std::span<std::byte>) noexcept;
bool system_entropy(std::span<std::byte> out) noexcept;

/// Random words by fast key erasure (Bernstein 2017): a key makes one buffer, whose tail is the next key and replaces
/// it; words are wiped once they have been used. So what memory holds at any time says nothing about words drawn
/// before. The operating system seeds it, and adds fresh entropy to the key after every 20 MiB and after a fork: a
/// forked child finds the state gone (Linux: MADV_WIPEONFORK) or outdated (a counter that pthread_atfork advances) and
/// seeds anew. If the system gives no entropy or the cipher fails, a draw throws io_error, and nothing is drawn. One
/// per thread.
class Keystream {
  public:
    /// At most so many words at a time.
    static constexpr std::size_t most_words = 2560;

    explicit Keystream(EntropySource entropy = system_entropy, CipherKind kind = preferred_cipher());

    /// A fixed key, without entropy: for tests, that alone can name this type. Not part of the installed headers.
    struct FixedKey {
        std::array<std::byte, key_bytes> key;
    };
    explicit Keystream(const FixedKey& fixed, CipherKind kind = preferred_cipher());

    ~Keystream();
    Keystream(const Keystream&) = delete;
    Keystream& operator=(const Keystream&) = delete;

    /// The next `count` words, valid until the next call, which wipes them. Throws as said above, and keeps its state.
    [[nodiscard]] const std::uint64_t* borrow(std::size_t count) {
        const std::size_t size = count * sizeof(std::uint64_t);
        forget();
        if (!is_ready() || buffer_bytes - state_->position < size) refill();
        const std::size_t begin = state_->position;
        state_->position = begin + size;
        borrowed_ = begin;
        return state_->words + begin / sizeof(std::uint64_t);
    }
    [[nodiscard]] std::uint64_t word() { return *borrow(1); }
    /// Wipes what was borrowed last.
    void forget() noexcept;

    /// The one of this thread.
    static Keystream& of_this_thread();

  private:
    static constexpr std::size_t buffer_bytes = most_words * sizeof(std::uint64_t);
    static constexpr std::uint64_t refills_per_seed = 1024;

    struct State {
        std::uint64_t words[most_words];
        std::byte key[key_bytes];  // follows the words: one keystream fills both
        std::uint64_t seeded;      // 0 in a child where the system wipes the page
        std::uint64_t fork_count;
        std::uint64_t refills;
        std::size_t position;
    };

    [[nodiscard]] bool is_ready() const noexcept;
    void map();
    void refill();
    void seed();

    EntropySource entropy_;
    Cipher cipher_;
    State* state_ = nullptr;
    std::size_t borrowed_ = buffer_bytes;
};

}  // namespace vedette::inline v0::privacy::detail
