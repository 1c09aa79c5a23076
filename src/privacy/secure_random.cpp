// SPDX-License-Identifier: Apache-2.0
// Bytes of this thread's generator.
#include "vedette/privacy/secure_random.hpp"

#include <algorithm>
#include <cstring>

#include "privacy/draws.hpp"

namespace vedette::inline v0::privacy {

void fill_random(std::span<std::byte> out) {
    ZeroOnFailure guard(out);
    detail::Keystream& keystream = detail::Keystream::of_this_thread();
    constexpr std::size_t most = detail::Keystream::most_words * sizeof(std::uint64_t);
    for (std::size_t begin = 0; begin < out.size();) {
        const std::size_t size = std::min(most, out.size() - begin);
        std::memcpy(out.data() + begin, keystream.borrow((size + 7) / 8), size);
        begin += size;
    }
    keystream.forget();
    guard.done();
}

const char* keystream_cipher() noexcept {
    return preferred_cipher() == CipherKind::chacha20 ? "chacha20" : "aes-256-ctr";
}

}  // namespace vedette::inline v0::privacy
