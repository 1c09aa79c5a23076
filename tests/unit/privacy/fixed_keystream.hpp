// SPDX-License-Identifier: Apache-2.0
// Reproducible noise for tests.
#pragma once

#include <cstdint>
#include <cstring>

#include "privacy/keystream.hpp"

/// The keystream of a test: its seed is all that it depends on.
class FixedKeystream {
  public:
    explicit FixedKeystream(std::uint64_t seed,
                            vedette::privacy::CipherKind kind = vedette::privacy::CipherKind::chacha20)
        : keystream_(key_of(seed), kind) {}
    operator vedette::privacy::detail::Keystream&() { return keystream_; }
    vedette::privacy::detail::Keystream* operator->() { return &keystream_; }

  private:
    static vedette::privacy::detail::Keystream::FixedKey key_of(std::uint64_t seed) {
        vedette::privacy::detail::Keystream::FixedKey fixed{};
        std::memcpy(fixed.key.data(), &seed, sizeof seed);
        return fixed;
    }
    vedette::privacy::detail::Keystream keystream_;
};
