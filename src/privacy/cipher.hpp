// SPDX-License-Identifier: Apache-2.0
// The one place where a cryptographic library makes keystream: ChaCha20 or AES-256 in counter mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/wipe.hpp"

namespace vedette::inline v0::privacy {

enum class CipherKind : std::uint8_t {
    chacha20,     ///< RFC 8439
    aes_256_ctr,  ///< NIST SP 800-38A, on the CPU's own AES instructions
};

inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t initial_bytes = 16;

/// AES-256-CTR where the CPU computes AES in instructions of its own (constant-time and faster), else ChaCha20.
CipherKind preferred_cipher() noexcept;

/// A cipher of OpenSSL's libcrypto. Neither copied nor shared between threads.
class Cipher {
  public:
    /// Throws unsupported where libcrypto declines the cipher (a configuration may forbid it).
    explicit Cipher(CipherKind kind);
    ~Cipher();
    Cipher(const Cipher&) = delete;
    Cipher& operator=(const Cipher&) = delete;

    /// Writes keystream under that key, and forgets the key. `initial` is the first counter block: 16 bytes big-endian
    /// of AES; of ChaCha20 the counter, 4 bytes little-endian, then the nonce. False on failure, `out` zeroed.
    [[nodiscard]] bool generate(std::span<const std::byte, key_bytes> key,
                                std::span<const std::byte, initial_bytes> initial, std::span<std::byte> out) noexcept;
    /// The same, added (by exclusive or) to what `out` holds.
    [[nodiscard]] bool add(std::span<const std::byte, key_bytes> key, std::span<const std::byte, initial_bytes> initial,
                           std::span<std::byte> out) noexcept;

  private:
    void* context_;
};

using vedette::detail::wipe;

}  // namespace vedette::inline v0::privacy
