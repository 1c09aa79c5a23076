// SPDX-License-Identifier: Apache-2.0
// SHA-256 over libsodium, whose state type stays out of the public header.
#include "vedette/core/digest.hpp"

#include <sodium.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace vedette::inline v0 {

namespace {

using State = crypto_hash_sha256_state;
static_assert(sizeof(State) == 104 && alignof(State) <= 8 && std::is_trivially_copyable_v<State>);

// Copying in and out costs 104 bytes a call and keeps the aliasing rules out of the picture.
template <class Bytes>
State load(const Bytes& bytes) noexcept {
    State state;
    std::memcpy(&state, bytes.data(), sizeof state);
    return state;
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

DigestBuilder::DigestBuilder() noexcept {
    State state;
    crypto_hash_sha256_init(&state);
    std::memcpy(state_.data(), &state, sizeof state);
}

DigestBuilder& DigestBuilder::update(std::span<const std::byte> bytes) noexcept {
    if (bytes.empty()) return *this;
    State state = load(state_);
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    std::memcpy(state_.data(), &state, sizeof state);
    return *this;
}

DigestBuilder& DigestBuilder::update(std::string_view text) noexcept {
    return update(bytes_of(text));
}

Digest DigestBuilder::digest() const noexcept {
    State state = load(state_);
    Digest result;
    crypto_hash_sha256_final(&state, reinterpret_cast<unsigned char*>(result.data()));
    return result;
}

Digest sha256(std::span<const std::byte> bytes) noexcept {
    return DigestBuilder().update(bytes).digest();
}

Digest sha256(std::string_view text) noexcept {
    return sha256(bytes_of(text));
}

std::string to_hex(const Digest& digest) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * digest.size());
    for (const std::byte b : digest) {
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15u];
    }
    return text;
}

std::optional<Digest> digest_from_hex(std::string_view text) noexcept {
    Digest digest;
    if (text.size() != 2 * digest.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_digit(text[2 * i]);
        const int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::byte>(16 * high + low);
    }
    return digest;
}

bool constant_time_equal(const Digest& a, const Digest& b) noexcept {
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace vedette::inline v0
