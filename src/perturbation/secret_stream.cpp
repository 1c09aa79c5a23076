// SPDX-License-Identifier: Apache-2.0
// One key to many secrets.
#include "perturbation/secret_stream.hpp"

#include <sodium.h>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {

FingerprintKey key_of(const std::optional<FingerprintKey>& given) {
    if (given) return *given;
    if (sodium_init() < 0) throw Error(ErrorCode::internal, "no source of secure randomness");
    FingerprintKey key;
    randombytes_buf(key.data(), sizeof key);
    return key;
}

std::vector<std::uint8_t> expand_bytes(const FingerprintKey& key, std::uint8_t purpose, std::size_t count) {
    static_assert(crypto_stream_chacha20_KEYBYTES == sizeof(FingerprintKey));
    unsigned char bytes[crypto_stream_chacha20_KEYBYTES], nonce[crypto_stream_chacha20_NONCEBYTES] = {};
    for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<unsigned char>(key[i / 8] >> (8 * (i % 8)));
    nonce[0] = purpose;
    std::vector<std::uint8_t> stream(count);
    crypto_stream_chacha20(stream.data(), stream.size(), nonce, bytes);
    return stream;
}

std::vector<std::uint64_t> expand_words(const FingerprintKey& key, std::uint8_t purpose, std::size_t count) {
    const std::vector<std::uint8_t> bytes = expand_bytes(key, purpose, count * 8);
    std::vector<std::uint64_t> words(count);
    for (std::size_t i = 0; i < bytes.size(); ++i) words[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    return words;
}

}  // namespace vedette::inline v0::perturbation
