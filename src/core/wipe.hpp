// SPDX-License-Identifier: Apache-2.0
// The one way in which secrets are overwritten.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace vedette::inline v0::detail {

/// Zeroes memory in a way that no compiler leaves out. OPENSSL_cleanse would be a fifteenth of what large noise costs.
inline void wipe(std::span<std::byte> bytes) noexcept {
    if (!bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
    // The stores above are seen by this, and so stay.
    __asm__ volatile("" : : "r"(bytes.data()) : "memory");
}

}  // namespace vedette::inline v0::detail
