// SPDX-License-Identifier: Apache-2.0
// The kernels of fingerprints against their plain twins, which are held to libsodium's SipHash and to division.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_fingerprints.hpp"

namespace kernels = vedette::kernels;

TEST_CASE("fingerprint kernels: the plain hash is SipHash") {
    std::mt19937_64 random(3);
    for (std::size_t length = 0; length < 80; ++length) {
        std::vector<std::uint8_t> bytes(length + 1);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        const std::uint64_t key[2] = {random(), random()};
        unsigned char key_bytes[16], out[8];
        for (std::size_t i = 0; i < 16; ++i) key_bytes[i] = static_cast<unsigned char>(key[i / 8] >> (8 * (i % 8)));
        crypto_shorthash_siphash24(out, bytes.data(), length, key_bytes);
        std::uint64_t expected = 0;
        for (std::size_t i = 0; i < 8; ++i) expected |= std::uint64_t{out[i]} << (8 * i);
        REQUIRE(kernels::scalar::sip_hash<2, 4>(bytes.data(), length, key) == expected);
    }
    // SipHash-1-3 differs by rounds only: tests/oracle/fingerprint_oracle.py.
    const std::uint64_t key[2] = {0x0706050403020100U, 0x0F0E0D0C0B0A0908U};
    const auto hash = [&](const char* text) {
        return kernels::scalar::sip_hash<1, 3>(reinterpret_cast<const std::uint8_t*>(text), std::strlen(text), key);
    };
    CHECK(hash("") == 0xABAC0158050FC4DCU);
    CHECK(hash("a") == 0x1C2697AB786A6237U);
    CHECK(hash("abcdefghijklmnopqrst") == 0x31B10B3D9E125930U);
}

TEST_CASE("fingerprint kernels: cells are quotients of salted levels, on every instruction set") {
    std::vector<std::uint8_t> levels, salts;
    std::vector<float> floats;
    for (unsigned x = 0; x < 256; ++x) {
        for (unsigned salt = 0; salt < 256; ++salt) {
            levels.push_back(static_cast<std::uint8_t>(x));
            salts.push_back(static_cast<std::uint8_t>(salt));
            floats.push_back(static_cast<float>(x) / 255.0F);
        }
    }
    const float awkward[] = {std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::max(),
                             -1e-40F,
                             0.5F,
                             1.5F};
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        for (unsigned step = 2; step <= 128; ++step) {
            const kernels::CellRequest request{salts.data(), levels.size(),
                                               static_cast<std::uint16_t>((65536 + step - 1) / step), 255.0F, 0.0F};
            std::vector<std::uint8_t> cells(levels.size()), of_floats(levels.size());
            table->fingerprints.cells_of_bytes(levels.data(), &request, cells.data());
            table->fingerprints.cells_of_floats(floats.data(), &request, of_floats.data());
            bool all = true;
            for (std::size_t i = 0; i < levels.size(); ++i)
                all = all && cells[i] == (levels[i] + salts[i]) % 256 / step && of_floats[i] == cells[i];
            REQUIRE(all);
        }
        for (std::size_t count = 0; count < 70; ++count) {
            std::vector<float> values(count);
            for (std::size_t i = 0; i < count; ++i) values[i] = awkward[(i + count) % 7];
            const kernels::CellRequest request{salts.data() + count, count, 1311, 255.0F, 0.25F};
            std::vector<std::uint8_t> cells(count + 1, 7), expected(count + 1, 7);
            table->fingerprints.cells_of_floats(values.data(), &request, cells.data());
            kernels::scalar::cells_of_floats(values.data(), &request, expected.data());
            REQUIRE(cells == expected);
        }
    }
}

TEST_CASE("fingerprint kernels: the least hashes of windows, on every instruction set") {
    std::mt19937_64 random(5);
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        for (int run = 0; run < 400; ++run) {
            const std::size_t length = 1 + random() % 70, stride = 1 + random() % length, count = random() % 60;
            const std::size_t slots = 8 * (1 + random() % 8);
            std::vector<std::uint8_t> cells((count + 1) * stride + length + kernels::window_padding);
            for (auto& cell : cells) cell = static_cast<std::uint8_t>(random() % 6);
            const kernels::WindowRequest request{cells.data(),        count, length, stride, 8 * (random() % 9), slots,
                                                 {random(), random()}};
            std::vector<std::uint64_t> least(slots, ~std::uint64_t{0}), expected = least;
            if (run % 2 == 0) least[0] = expected[0] = 1;  // of windows before
            table->fingerprints.least_hashes(&request, least.data());
            kernels::scalar::least_hashes(&request, expected.data());
            REQUIRE(least == expected);
        }
    }
}
