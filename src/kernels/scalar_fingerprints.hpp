// SPDX-License-Identifier: Apache-2.0
// The scalar twin of the fingerprint kernels.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/fingerprint_table.hpp"

namespace vedette::inline v0::kernels::scalar {

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    void round() noexcept {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
};

/// SipHash-c-d of `length` bytes.
template <int c, int d>
std::uint64_t sip_hash(const std::uint8_t* bytes, std::size_t length, const std::uint64_t (&key)[2]) noexcept {
    SipState s{key[0] ^ 0x736F6D6570736575U, key[1] ^ 0x646F72616E646F6DU, key[0] ^ 0x6C7967656E657261U,
               key[1] ^ 0x7465646279746573U};
    for (std::size_t word = 0; word <= length / 8; ++word) {
        std::uint64_t m = word == length / 8 ? static_cast<std::uint64_t>(length) << 56U : 0;
        for (std::size_t i = 8 * word; i < length && i < 8 * word + 8; ++i)
            m |= static_cast<std::uint64_t>(bytes[i]) << (8 * (i % 8));
        s.v3 ^= m;
        for (int i = 0; i < c; ++i) s.round();
        s.v0 ^= m;
    }
    s.v2 ^= 0xFFU;
    for (int i = 0; i < d; ++i) s.round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

inline std::uint8_t cell_of(std::uint8_t x, std::uint8_t salt, std::uint16_t reciprocal) noexcept {
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>((x + salt) & 0xFF) * reciprocal >> 16U);
}

inline void cells_of_bytes(const std::uint8_t* x, const CellRequest* request, std::uint8_t* cells) noexcept {
    for (std::size_t i = 0; i < request->count; ++i) cells[i] = cell_of(x[i], request->salt[i], request->reciprocal);
}

inline void cells_of_floats(const float* x, const CellRequest* request, std::uint8_t* cells) noexcept {
    for (std::size_t i = 0; i < request->count; ++i) {
        float y = x[i] * request->scale + request->offset;
        y = y > 0.0F ? y : 0.0F;
        y = y < 255.0F ? y : 255.0F;
        const float rounded = y + 0.5F;
        const auto level = static_cast<std::uint8_t>(static_cast<int>(rounded));
        cells[i] = x[i] == x[i] ? cell_of(level, request->salt[i], request->reciprocal) : cell_of_nan;
    }
}

inline void least_hashes(const WindowRequest* request, std::uint64_t* least) noexcept {
    for (std::size_t j = 0; j < request->count; ++j) {
        const std::uint64_t hash = sip_hash<1, 3>(request->cells + j * request->stride, request->length, request->key);
        std::uint64_t& slot = least[(request->first + j) % request->slots];
        slot = hash < slot ? hash : slot;
    }
}

constexpr FingerprintKernels fingerprint_entries() noexcept {
    return {&cells_of_bytes, &cells_of_floats, &least_hashes};
}

}  // namespace vedette::inline v0::kernels::scalar
