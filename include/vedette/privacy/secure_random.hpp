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

// The constant-time contract of the samplers. Which instructions run and which addresses are touched depends on the
// law, on the number of values, and, where candidates are thrown away, on how many were kept, which is independent of
// the values kept. The exception is the lazy path, whose time tells that it ran: a word fell where 63 bits do not
// decide. Its probability is below 2^-55 per value, for every law and scale:
//   a table of K thresholds leaves less than K + 4 of 2^63 words open: less than one by each outcome's rounding down,
//   and less than four beyond the last outcome that has a word of its own, where weights fall by a factor of 0.65 or
//   less; a coin leaves 129 of 2^63 words open (64 either side of a fixed-point exponential that is proven within 39);
//   where candidates are thrown away, at least 0.87 of them are kept, and each has a table or two and a coin.
// The discrete Gaussian has K <= 180 up to sigma = 20 (2^-55.4), and K <= 55 with a coin beyond (2^-55.2). The discrete
// Laplace and geometric laws have K <= 44 in one digit, and K <= 22 + 3 x 32 in four (2^-55.9), up to a scale of 2^13;
// beyond, K <= 22 + 32 in two, with a coin (2^-55.2). Half of each is expected of tables. Staircase noise and coins of
// a given probability: below 2^-55 of each part they are made of.

namespace detail {
class Keystream;
}

/// Fills `out` with random bytes. Throws io_error if the operating system gives no entropy (`out` is zeroed then).
/// Thread-safe: one generator per thread. O(size), about 7 GB/s with AES instructions.
void fill_random(std::span<std::byte> out);

/// The cipher in use on this CPU: "aes-256-ctr" or "chacha20".
const char* keystream_cipher() noexcept;

}  // namespace vedette::inline v0::privacy
