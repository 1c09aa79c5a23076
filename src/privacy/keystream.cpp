// SPDX-License-Identifier: Apache-2.0
// Seeding, refilling and forgetting.
#include "privacy/keystream.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>

#include "vedette/core/error.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__linux__) || defined(__APPLE__)
#include <sys/random.h>
#endif

namespace vedette::inline v0::privacy::detail {

namespace {

std::atomic<std::uint64_t> forks{1};

void count_fork() noexcept {
    forks.fetch_add(1, std::memory_order_relaxed);
}

// Once per process, before the first generator exists.
void watch_forks() {
#if defined(__unix__) || defined(__APPLE__)
    static const bool watching = pthread_atfork(nullptr, nullptr, count_fork) == 0;
    if (!watching) throw Error(ErrorCode::io_error, "random generator: forks cannot be watched");
#endif
}

}  // namespace

bool system_entropy(std::span<std::byte> out) noexcept {
    constexpr std::size_t most_at_once = 256;  // what the system promises to give uninterrupted
    while (!out.empty()) {
        const std::size_t wanted = out.size() < most_at_once ? out.size() : most_at_once;
#if defined(__linux__)
        const ssize_t got = getrandom(out.data(), wanted, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out = out.subspan(static_cast<std::size_t>(got));
#else
        if (getentropy(out.data(), wanted) != 0) return false;
        out = out.subspan(wanted);
#endif
    }
    return true;
}

Keystream::Keystream(EntropySource entropy, CipherKind kind) : entropy_(entropy), cipher_(kind) {
    watch_forks();
    map();
}

Keystream::Keystream(const FixedKey& fixed, CipherKind kind) : entropy_(nullptr), cipher_(kind) {
    map();
    std::memcpy(state_->key, fixed.key.data(), key_bytes);
    state_->position = buffer_bytes;
    state_->seeded = 1;
}

void Keystream::map() {
    static_assert(std::is_trivially_copyable_v<State>);
#if defined(__unix__) || defined(__APPLE__)
    void* const memory = mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw Error(ErrorCode::out_of_memory, "random generator: no memory");
#if defined(MADV_WIPEONFORK)
    // An older kernel declines; the counter of forks then does the work alone.
    if (entropy_ != nullptr) (void)madvise(memory, sizeof(State), MADV_WIPEONFORK);
#endif
#if defined(MADV_DONTDUMP)
    (void)madvise(memory, sizeof(State), MADV_DONTDUMP);
#endif
#else
    void* const memory = ::operator new (sizeof(State), std::align_val_t{64});
#endif
    state_ = new (memory) State{};
}

Keystream::~Keystream() {
    wipe(std::as_writable_bytes(std::span(state_, 1)));
#if defined(__unix__) || defined(__APPLE__)
    (void)munmap(state_, sizeof(State));
#else
    ::operator delete (state_, std::align_val_t{64});
#endif
}

bool Keystream::is_ready() const noexcept {
    return state_->seeded != 0 && (entropy_ == nullptr || state_->fork_count == forks.load(std::memory_order_relaxed));
}

void Keystream::forget() noexcept {
    if (borrowed_ >= state_->position) return;
    std::uint64_t* const words = state_->words + borrowed_ / sizeof(std::uint64_t);
    wipe({reinterpret_cast<std::byte*>(words), state_->position - borrowed_});
    borrowed_ = buffer_bytes;
}

// Fresh entropy is added to the key, so that a poor system source can make a good key no worse.
void Keystream::seed() {
    std::array<std::byte, key_bytes> fresh{};
    if (!entropy_(fresh)) {
        wipe(fresh);
        throw Error(ErrorCode::io_error, "random generator: the operating system gave no entropy");
    }
    for (std::size_t i = 0; i < key_bytes; ++i) state_->key[i] ^= fresh[i];
    wipe(fresh);
    state_->fork_count = forks.load(std::memory_order_relaxed);
    state_->refills = 0;
    state_->seeded = 1;
}

void Keystream::refill() {
    static_assert(offsetof(State, key) == buffer_bytes);
    if (entropy_ != nullptr && (!is_ready() || state_->refills >= refills_per_seed)) {
        // What was not drawn never will be, by a forked child neither.
        std::memset(reinterpret_cast<std::byte*>(state_) + state_->position, 0, buffer_bytes - state_->position);
        state_->position = buffer_bytes;
        seed();
    }
    if (state_->seeded == 0) throw Error(ErrorCode::io_error, "random generator: a fixed key was lost");
    std::array<std::byte, key_bytes> key;
    std::memcpy(key.data(), state_->key, key_bytes);
    constexpr std::array<std::byte, initial_bytes> from_zero{};
    const std::span<std::byte> all(reinterpret_cast<std::byte*>(state_), buffer_bytes + key_bytes);
    // What was drawn has been wiped, so that the keystream is added to zeros without wiping them again.
    std::memset(all.data() + state_->position, 0, all.size() - state_->position);
    const bool made = cipher_.add(key, from_zero, all);
    wipe(key);
    state_->position = made ? 0 : buffer_bytes;
    if (!made) {
        state_->seeded = 0;
        throw Error(ErrorCode::io_error, "random generator: the cipher failed");
    }
    ++state_->refills;
}

Keystream& Keystream::of_this_thread() {
    thread_local Keystream keystream;
    return keystream;
}

}  // namespace vedette::inline v0::privacy::detail
