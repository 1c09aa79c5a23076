// SPDX-License-Identifier: Apache-2.0
// Random bytes for keys and noise. Simulation has its own, reproducible generator in core/random.hpp.
#pragma once

#include <cstddef>
#include <span>

namespace vedette::inline v0::privacy {

// Every mechanism and sampler of this family draws from one generator per thread: AES-256 in counter mode where the CPU
// has AES instructions, else ChaCha20 (RFC 8439), both by OpenSSL's libcrypto, under fast key erasure: each buffer of
// 20 KiB begins with a new key, and words are wiped once used, so that memory read later says nothing about earlier
// noise. The operating system seeds it, again after every 20 MiB, and in the child after a fork. Nothing chooses
// another generator, and there is no seed to set: noise that can be repeated protects nobody.

namespace detail {
class Keystream;
}

/// Fills `out` with random bytes. Throws io_error if the operating system gives no entropy (`out` is zeroed then).
/// Thread-safe: one generator per thread. O(size), about 7 GB/s with AES instructions.
void fill_random(std::span<std::byte> out);

/// The cipher in use on this CPU: "aes-256-ctr" or "chacha20".
const char* keystream_cipher() noexcept;

}  // namespace vedette::inline v0::privacy
