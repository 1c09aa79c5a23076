// SPDX-License-Identifier: Apache-2.0
// Fingerprints: cells by a reciprocal, and SipHash-1-3 of several windows side by side, a window to a lane.
#pragma once

#include "kernels/fingerprint_table.hpp"
#include "kernels/lanes.inl.hpp"
#include "kernels/waves.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// The compiler's own vectors, which have rotation where the instruction set does.
#if defined(__AVX2__)
constexpr std::size_t sip_lanes = 4;
#else
constexpr std::size_t sip_lanes = 2;
#endif
using Words = std::uint64_t __attribute__((vector_size(8 * sip_lanes)));
using Flags = std::int64_t __attribute__((vector_size(8 * sip_lanes)));
// So many vectors at once, for their rounds are one long chain.
constexpr std::size_t sip_vectors = slot_group / sip_lanes * 2;
constexpr std::size_t sip_windows = sip_vectors * sip_lanes;

void cells_of_bytes(const std::uint8_t* x, const CellRequest* request, std::uint8_t* cells) noexcept {
    const std::uint8_t* const salt = request->salt;
    const std::uint16_t reciprocal = request->reciprocal;
    const std::size_t count = request->count;
    for (std::size_t i = 0; i < count; ++i) {
        const auto sum = static_cast<std::uint16_t>(static_cast<std::uint8_t>(x[i] + salt[i]));
        cells[i] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(
            static_cast<std::uint32_t>(sum) * static_cast<std::uint32_t>(reciprocal) >> 16U));
    }
}

constexpr std::size_t level_block = 512;

// Levels of at most level_block values, of which those of NaN are 0; whether there was one.
VEDETTE_INLINE bool levels_of(const float* x, std::size_t count, float scale, float offset,
                              std::uint8_t* levels) noexcept {
    alignas(64) std::int32_t wide[level_block] = {};
    const Wave most = all_of(255.0F);
    Units unordered{};
    bool any = false;
    std::size_t i = 0;
    for (; i + wave_width <= count; i += wave_width) {
        const Wave value = load_values<Wave>(x + i);
        Wave y = value * scale + offset;
        y = reinterpret_cast<Wave>(reinterpret_cast<Units>(y) & (y > all_of(0.0F)));
        const Units below = y < most;
        y = reinterpret_cast<Wave>((reinterpret_cast<Units>(y) & below) | (reinterpret_cast<Units>(most) & ~below));
        unordered |= value != value;
        store_values(__builtin_convertvector(y + 0.5F, Units), wide + i);
    }
    for (std::size_t k = 0; k < wave_width; ++k) any |= unordered[k] != 0;
    for (; i < count; ++i) {
        float y = x[i] * scale + offset;
        y = y > 0.0F ? y : 0.0F;
        y = y < 255.0F ? y : 255.0F;
        y += 0.5F;
        wide[i] = static_cast<std::int32_t>(y);
        any |= x[i] != x[i];
    }
    // A fixed count, so that compilers pack it.
    for (std::size_t k = 0; k < level_block; ++k) levels[k] = static_cast<std::uint8_t>(wide[k]);
    return any;
}

void cells_of_floats(const float* x, const CellRequest* request, std::uint8_t* cells) noexcept {
    alignas(64) std::uint8_t levels[level_block];
    for (std::size_t begin = 0; begin < request->count; begin += level_block) {
        CellRequest part = *request;
        part.salt += begin;
        part.count = request->count - begin < level_block ? request->count - begin : level_block;
        const bool has_nan = levels_of(x + begin, part.count, part.scale, part.offset, levels);
        cells_of_bytes(levels, &part, cells + begin);
        if (!has_nan) continue;
        for (std::size_t i = begin; i < begin + part.count; ++i)
            if (x[i] != x[i]) cells[i] = cell_of_nan;
    }
}

VEDETTE_INLINE Words all_words(std::uint64_t x) noexcept {
    return x - Words{};
}
VEDETTE_INLINE Words rotate(Words x, unsigned bits) noexcept {
    return x << bits | x >> (64 - bits);
}

struct SipLanes {
    Words v0, v1, v2, v3;

    VEDETTE_INLINE void round() noexcept {
        v0 += v1;
        v2 += v3;
        v1 = rotate(v1, 13) ^ v0;
        v3 = rotate(v3, 16) ^ v2;
        v0 = rotate(v0, 32);
        v0 += v3;
        v2 += v1;
        v3 = rotate(v3, 21) ^ v0;
        v1 = rotate(v1, 17) ^ v2;
        v2 = rotate(v2, 32);
    }
};

VEDETTE_INLINE std::uint64_t load_word(const std::uint8_t* from) noexcept {
    std::uint64_t word;
    __builtin_memcpy(&word, from, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

// One word of `sip_lanes` windows, of which those behind the last repeat it.
VEDETTE_INLINE Words load_words(const std::uint8_t* cells, std::size_t stride, std::size_t last) noexcept {
    Words words;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < sip_lanes; ++i) words[i] = load_word(cells + (i < last ? i : last) * stride);
    return words;
}

// Hashes of up to sip_windows windows, of which there is one at least.
VEDETTE_INLINE void hash_windows(const std::uint8_t* cells, std::size_t windows, const WindowRequest& r,
                                 Words (&hashes)[sip_vectors]) noexcept {
    SipLanes s[sip_vectors];
    const std::uint8_t* begins[sip_vectors];
    std::size_t lasts[sip_vectors];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < sip_vectors; ++k) {
        const std::size_t first = k * sip_lanes < windows ? k * sip_lanes : windows - 1;
        begins[k] = cells + first * r.stride;
        lasts[k] = windows - 1 - first;
        s[k] = {all_words(r.key[0] ^ 0x736F6D6570736575U), all_words(r.key[1] ^ 0x646F72616E646F6DU),
                all_words(r.key[0] ^ 0x6C7967656E657261U), all_words(r.key[1] ^ 0x7465646279746573U)};
    }
    const std::size_t whole = r.length / 8, rest = r.length % 8;
    for (std::size_t word = 0; word < whole; ++word) {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < sip_vectors; ++k) {
            const Words m = load_words(begins[k] + 8 * word, r.stride, lasts[k]);
            s[k].v3 ^= m;
            s[k].round();
            s[k].v0 ^= m;
        }
    }
    const std::uint64_t kept = (std::uint64_t{1} << (8 * rest)) - 1;
    const std::uint64_t length = static_cast<std::uint64_t>(r.length) << 56U;
#pragma GCC unroll 8
    for (std::size_t k = 0; k < sip_vectors; ++k) {
        const Words m = (load_words(begins[k] + 8 * whole, r.stride, lasts[k]) & kept) | length;
        s[k].v3 ^= m;
        s[k].round();
        s[k].v0 ^= m;
        s[k].v2 ^= all_words(0xFFU);
        s[k].round();
        s[k].round();
        s[k].round();
        hashes[k] = s[k].v0 ^ s[k].v1 ^ s[k].v2 ^ s[k].v3;
    }
}

VEDETTE_INLINE Words smaller(Words a, Words b) noexcept {
    const Words top = all_words(std::uint64_t{1} << 63U);
    const auto is_less = reinterpret_cast<Words>(reinterpret_cast<Flags>(a ^ top) < reinterpret_cast<Flags>(b ^ top));
    return (a & is_less) | (b & ~is_less);
}

void least_hashes(const WindowRequest* request, std::uint64_t* least) noexcept {
    const WindowRequest r = *request;
    std::size_t slot = r.first % r.slots;
    for (std::size_t j = 0; j < r.count; j += sip_windows) {
        const std::size_t windows = r.count - j < sip_windows ? r.count - j : sip_windows;
        Words hashes[sip_vectors];
        hash_windows(r.cells + j * r.stride, windows, r, hashes);
#pragma GCC unroll 8
        for (std::size_t k = 0; k < sip_vectors; ++k) {
            if (k * sip_lanes >= windows) break;
            // Lanes behind the last window repeat it, and must not count.
            for (std::size_t i = windows - k * sip_lanes; i < sip_lanes; ++i) hashes[k][i] = ~std::uint64_t{0};
            Words before;
            __builtin_memcpy(&before, least + slot, sizeof before);
            before = smaller(hashes[k], before);
            __builtin_memcpy(least + slot, &before, sizeof before);
            slot = slot + sip_lanes == r.slots ? 0 : slot + sip_lanes;
        }
    }
}

constexpr FingerprintKernels fingerprint_entries() noexcept {
    return {&cells_of_bytes, &cells_of_floats, &least_hashes};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
