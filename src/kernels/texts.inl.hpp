// SPDX-License-Identifier: Apache-2.0
// UTF-8 by table look-ups in registers, an intrinsics island (xsimd 8.1 has no run-time byte shuffle): Keiser and
// Lemire (2021), "Validating UTF-8 in less than one instruction per byte". SSE2 has no shuffle.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/text_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

#if defined(__AVX2__) || defined(__aarch64__)

// What two neighbouring bytes can have wrong, one bit each: sets of the first byte's upper and lower half and of the
// second one's upper half, bit k for the value k. Two faults that no pair can have at once share the bit of `above`.
struct PairFault {
    std::uint16_t upper, lower, next;
};
constexpr std::uint16_t any_half = 0xFFFF, ascii_half = 0x00FF, following_half = 0x0F00, leading_half = 0xF000;
constexpr PairFault pair_faults[] = {
    {leading_half, any_half, ascii_half | leading_half},  // a lead without what follows
    {ascii_half, any_half, following_half},               // a byte that follows nothing
    {1U << 0xE, 1U << 0x0, 0x0300},                       // three bytes where two do
    {1U << 0xE, 1U << 0xD, 0x0C00},                       // a surrogate
    {1U << 0xC, 0x0003, following_half},                  // two bytes where one does
    {1U << 0xF, 0xFFF0, 0x0E00},                          // above U+10FFFF
    {1U << 0xF, 0xFFE1, 0x0100},                          // four bytes where three do, or far above
    {following_half, any_half, following_half},           // two that follow: right where a third or fourth byte is due
};
struct PairTables {
    std::uint8_t upper[16], lower[16], next[16];
};
constexpr PairTables make_pair_tables() noexcept {
    PairTables tables{};
    for (unsigned fault = 0; fault < 8; ++fault) {
        for (unsigned half = 0; half < 16; ++half) {
            const auto bit = [&](std::uint16_t set) { return static_cast<std::uint8_t>((set >> half & 1U) << fault); };
            tables.upper[half] = static_cast<std::uint8_t>(tables.upper[half] | bit(pair_faults[fault].upper));
            tables.lower[half] = static_cast<std::uint8_t>(tables.lower[half] | bit(pair_faults[fault].lower));
            tables.next[half] = static_cast<std::uint8_t>(tables.next[half] | bit(pair_faults[fault].next));
        }
    }
    return tables;
}
alignas(16) constexpr PairTables pair_tables = make_pair_tables();

#if defined(__AVX512BW__)
struct Bytes {
    static constexpr std::size_t width = 64;
    __m512i v;
    static VEDETTE_INLINE Bytes load(const char* at) noexcept { return {_mm512_loadu_si512(at)}; }
    static VEDETTE_INLINE Bytes all(std::uint8_t byte) noexcept { return {_mm512_set1_epi8(static_cast<char>(byte))}; }
    static VEDETTE_INLINE Bytes table(const std::uint8_t* halves) noexcept {
        return {_mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(halves)))};
    }
    // The bytes n places before those of `v`, the first ones from the end of `before`.
    template <int n>
    static VEDETTE_INLINE Bytes shifted(Bytes v, Bytes before) noexcept {
        const __m512i order = _mm512_set_epi64(13, 12, 11, 10, 9, 8, 7, 6);
        return {_mm512_alignr_epi8(v.v, _mm512_permutex2var_epi64(before.v, order, v.v), 16 - n)};
    }
    VEDETTE_INLINE Bytes look_up(Bytes halves) const noexcept { return {_mm512_shuffle_epi8(v, halves.v)}; }
    VEDETTE_INLINE Bytes upper_halves() const noexcept {
        return {_mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15))};
    }
    VEDETTE_INLINE Bytes operator&(Bytes o) const noexcept { return {_mm512_and_si512(v, o.v)}; }
    VEDETTE_INLINE Bytes operator|(Bytes o) const noexcept { return {_mm512_or_si512(v, o.v)}; }
    VEDETTE_INLINE Bytes operator^(Bytes o) const noexcept { return {_mm512_xor_si512(v, o.v)}; }
    VEDETTE_INLINE Bytes above(Bytes o) const noexcept { return {_mm512_subs_epu8(v, o.v)}; }  // 0 where not above
    VEDETTE_INLINE bool is_ascii() const noexcept { return _mm512_movepi8_mask(v) == 0; }
    VEDETTE_INLINE bool is_zero() const noexcept { return _mm512_test_epi8_mask(v, v) == 0; }
    VEDETTE_INLINE std::size_t count_starts() const noexcept {
        return static_cast<std::size_t>(
            __builtin_popcountll(_mm512_cmpgt_epi8_mask(v, _mm512_set1_epi8(static_cast<char>(0xBF)))));
    }
};
#elif defined(__AVX2__)
struct Bytes {
    static constexpr std::size_t width = 32;
    __m256i v;
    static VEDETTE_INLINE Bytes load(const char* at) noexcept {
        return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))};
    }
    static VEDETTE_INLINE Bytes all(std::uint8_t byte) noexcept { return {_mm256_set1_epi8(static_cast<char>(byte))}; }
    static VEDETTE_INLINE Bytes table(const std::uint8_t* halves) noexcept {
        return {_mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(halves)))};
    }
    template <int n>
    static VEDETTE_INLINE Bytes shifted(Bytes v, Bytes before) noexcept {
        return {_mm256_alignr_epi8(v.v, _mm256_permute2x128_si256(before.v, v.v, 0x21), 16 - n)};
    }
    VEDETTE_INLINE Bytes look_up(Bytes halves) const noexcept { return {_mm256_shuffle_epi8(v, halves.v)}; }
    VEDETTE_INLINE Bytes upper_halves() const noexcept {
        return {_mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15))};
    }
    VEDETTE_INLINE Bytes operator&(Bytes o) const noexcept { return {_mm256_and_si256(v, o.v)}; }
    VEDETTE_INLINE Bytes operator|(Bytes o) const noexcept { return {_mm256_or_si256(v, o.v)}; }
    VEDETTE_INLINE Bytes operator^(Bytes o) const noexcept { return {_mm256_xor_si256(v, o.v)}; }
    VEDETTE_INLINE Bytes above(Bytes o) const noexcept { return {_mm256_subs_epu8(v, o.v)}; }
    VEDETTE_INLINE bool is_ascii() const noexcept { return _mm256_movemask_epi8(v) == 0; }
    VEDETTE_INLINE bool is_zero() const noexcept { return _mm256_testz_si256(v, v) != 0; }
    VEDETTE_INLINE std::size_t count_starts() const noexcept {
        const __m256i starts = _mm256_cmpgt_epi8(v, _mm256_set1_epi8(static_cast<char>(0xBF)));
        return static_cast<std::size_t>(__builtin_popcount(static_cast<unsigned>(_mm256_movemask_epi8(starts))));
    }
};
#else
struct Bytes {
    static constexpr std::size_t width = 16;
    uint8x16_t v;
    static VEDETTE_INLINE Bytes load(const char* at) noexcept {
        return {vld1q_u8(reinterpret_cast<const std::uint8_t*>(at))};
    }
    static VEDETTE_INLINE Bytes all(std::uint8_t byte) noexcept { return {vdupq_n_u8(byte)}; }
    static VEDETTE_INLINE Bytes table(const std::uint8_t* halves) noexcept { return {vld1q_u8(halves)}; }
    template <int n>
    static VEDETTE_INLINE Bytes shifted(Bytes v, Bytes before) noexcept {
        return {vextq_u8(before.v, v.v, 16 - n)};
    }
    VEDETTE_INLINE Bytes look_up(Bytes halves) const noexcept { return {vqtbl1q_u8(v, halves.v)}; }
    VEDETTE_INLINE Bytes upper_halves() const noexcept { return {vshrq_n_u8(v, 4)}; }
    VEDETTE_INLINE Bytes operator&(Bytes o) const noexcept { return {vandq_u8(v, o.v)}; }
    VEDETTE_INLINE Bytes operator|(Bytes o) const noexcept { return {vorrq_u8(v, o.v)}; }
    VEDETTE_INLINE Bytes operator^(Bytes o) const noexcept { return {veorq_u8(v, o.v)}; }
    VEDETTE_INLINE Bytes above(Bytes o) const noexcept { return {vqsubq_u8(v, o.v)}; }
    VEDETTE_INLINE bool is_ascii() const noexcept { return vmaxvq_u8(v) < 0x80; }
    VEDETTE_INLINE bool is_zero() const noexcept { return vmaxvq_u8(v) == 0; }
    VEDETTE_INLINE std::size_t count_starts() const noexcept {
        return vaddvq_u8(vshrq_n_u8(vcgtq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(static_cast<std::int8_t>(0xBF))), 7));
    }
};
#endif

// Bytes that need more after them, at the end of a vector.
VEDETTE_INLINE Bytes ends_early(Bytes v) noexcept {
    alignas(64) static constexpr auto limits = [] {
        struct {
            char bytes[Bytes::width];
        } made{};
        for (char& byte : made.bytes) byte = static_cast<char>(0xFF);
        made.bytes[Bytes::width - 3] = static_cast<char>(0xEF);
        made.bytes[Bytes::width - 2] = static_cast<char>(0xDF);
        made.bytes[Bytes::width - 1] = static_cast<char>(0xBF);
        return made;
    }();
    return v.above(Bytes::load(limits.bytes));
}

// What is wrong in a text so far; one vector after the other.
struct Utf8Judge {
    Bytes error = Bytes::all(0), before = Bytes::all(0), open = Bytes::all(0);

    VEDETTE_INLINE void add_other(Bytes v) noexcept {
        const Bytes first = Bytes::shifted<1>(v, before);
        const Bytes faults = Bytes::table(pair_tables.upper).look_up(first.upper_halves()) &
                             Bytes::table(pair_tables.lower).look_up(first & Bytes::all(15)) &
                             Bytes::table(pair_tables.next).look_up(v.upper_halves());
        // A third or a fourth byte must follow one that follows, and nothing else may.
        const Bytes third = Bytes::shifted<2>(v, before).above(Bytes::all(0xE0 - 0x80));
        const Bytes fourth = Bytes::shifted<3>(v, before).above(Bytes::all(0xF0 - 0x80));
        error = error | (((third | fourth) & Bytes::all(0x80)) ^ faults);
        before = v;
    }
    VEDETTE_INLINE void add_ascii(Bytes v) noexcept {
        error = error | open;
        before = v;
        open = Bytes::all(0);
    }
};

std::size_t count_code_points(const char* text, std::size_t size) noexcept {
    constexpr std::size_t block = 2 * Bytes::width;
    Utf8Judge judge;
    std::size_t count = 0;
    const auto add = [&](const char* at) __attribute__((always_inline)) {
        const Bytes a = Bytes::load(at), b = Bytes::load(at + Bytes::width);
        if ((a | b).is_ascii()) {
            judge.add_ascii(b);
            count += block;
            return;
        }
        judge.add_other(a);
        judge.add_other(b);
        judge.open = ends_early(b);
        count += a.count_starts() + b.count_starts();
    };
    std::size_t i = 0;
    for (; i + block <= size; i += block) {
        // Long runs of ASCII at twice the stride.
        for (; i + 2 * block <= size; i += 2 * block) {
            const Bytes last = Bytes::load(text + i + 3 * Bytes::width);
            const Bytes all = Bytes::load(text + i) | Bytes::load(text + i + Bytes::width) |
                              Bytes::load(text + i + 2 * Bytes::width) | last;
            if (!all.is_ascii()) break;
            judge.add_ascii(last);
            count += 2 * block;
        }
        if (i + block > size) break;
        add(text + i);
    }
    // The rest with zeros behind it: they are ASCII, so that nothing can stay open.
    alignas(64) char rest[block] = {};
    __builtin_memcpy(rest, text + i, size - i);
    add(rest);
    count -= block - (size - i);
    judge.error = judge.error | judge.open;
    return judge.error.is_zero() ? count : no_code_points;
}

constexpr TextKernels text_entries() noexcept {
    return {&count_code_points};
}

#else

constexpr TextKernels text_entries() noexcept {
    return {nullptr};
}

#endif

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
