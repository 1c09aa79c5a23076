// SPDX-License-Identifier: Apache-2.0
// The generator: published vectors, key erasure, forks, threads, and failing entropy.
#include "privacy/keystream.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fixed_keystream.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/secure_random.hpp"

namespace {

using namespace vedette::privacy;
using detail::Keystream;

std::vector<std::byte> bytes_of(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
    return bytes;
}

struct Vector {
    CipherKind kind;
    const char* key;
    const char* initial;
    const char* keystream;
};

TEST_CASE("ChaCha20 and AES-256-CTR give their standards' keystream") {
    const Vector vectors[] = {
        // RFC 8439, 2.3.2 and A.1 (1, 2, 3).
        {CipherKind::chacha20, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "01000000000000090000004a00000000",
         "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164"
         "eb9"
         "cbd083e8a2503c4e"},
        {CipherKind::chacha20, "0000000000000000000000000000000000000000000000000000000000000000",
         "00000000000000000000000000000000",
         "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a"
         "11c"
         "c387b669b2ee6586"},
        {CipherKind::chacha20, "0000000000000000000000000000000000000000000000000000000000000000",
         "01000000000000000000000000000000",
         "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510af"
         "b45"
         "ace10a1f4b794d6f"},
        {CipherKind::chacha20, "0000000000000000000000000000000000000000000000000000000000000001",
         "01000000000000000000000000000000",
         "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36"
         "125"
         "a64addeb006c13a0"},
        // NIST SP 800-38A, F.5.5: the output blocks.
        {CipherKind::aes_256_ctr, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
         "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "0bdf7df1591716335e9a8b15c860c5025a6e699d536119065433863c8f657b941bc12c9c01610d5d0d8bd6a3378eca622956e1c869353"
         "6b1"
         "bee99c73a31576b6"},
    };
    for (const Vector& v : vectors) {
        const auto key = bytes_of(v.key), initial = bytes_of(v.initial), expected = bytes_of(v.keystream);
        std::vector<std::byte> out(expected.size(), std::byte{0x5A});
        Cipher cipher(v.kind);
        for (int repeat = 0; repeat < 2; ++repeat) {
            REQUIRE(cipher.generate(std::span<const std::byte, key_bytes>(key),
                                    std::span<const std::byte, initial_bytes>(initial), out));
            CHECK(out == expected);
        }
    }
}

TEST_CASE("a buffer's tail is the next key, and used words are wiped") {
    for (const CipherKind kind : {CipherKind::chacha20, CipherKind::aes_256_ctr}) {
        constexpr std::size_t words = Keystream::most_words;
        std::vector<std::byte> key(key_bytes), buffer(words * 8 + key_bytes);
        key[0] = std::byte{7};
        const std::array<std::byte, initial_bytes> zero{};
        Cipher cipher(kind);
        FixedKeystream stream(7, kind);
        for (int round = 0; round < 3; ++round) {
            REQUIRE(cipher.generate(std::span<const std::byte, key_bytes>(key), zero, buffer));
            std::size_t place = 0;
            for (const std::size_t count : {std::size_t{1}, std::size_t{100}, words - 101}) {
                const std::uint64_t* const borrowed = stream->borrow(count);
                CHECK(std::memcmp(borrowed, buffer.data() + 8 * place, 8 * count) == 0);
                stream->forget();
                CHECK(std::all_of(borrowed, borrowed + count, [](std::uint64_t w) { return w == 0; }));
                place += count;
            }
            std::copy(buffer.end() - key_bytes, buffer.end(), key.begin());
        }
    }
}

TEST_CASE("the next call wipes what was borrowed before") {
    FixedKeystream stream(1);
    const std::uint64_t* const first = stream->borrow(3);
    const std::uint64_t* const second = stream->borrow(2);
    CHECK(second == first + 3);
    CHECK((first[0] == 0 && first[1] == 0 && first[2] == 0));
    CHECK(second[0] != 0);
}

int entropy_calls = 0;
bool entropy_fails = false;
bool counted_entropy(std::span<std::byte> out) noexcept {
    ++entropy_calls;
    return !entropy_fails && detail::system_entropy(out);
}

TEST_CASE("without entropy nothing is drawn, and it is asked for again") {
    entropy_fails = true;
    Keystream stream(counted_entropy);
    std::vector<std::int64_t> out(100, 5);
    const DiscreteGaussian gaussian(3.0), wide(300.0);
    for (const DiscreteGaussian* sampler : {&gaussian, &wide}) {
        std::fill(out.begin(), out.end(), 5);
        try {
            sampler->sample(out, stream);
            FAIL("drew noise without entropy");
        } catch (const vedette::Error& error) {
            CHECK(error.code() == vedette::ErrorCode::io_error);
        }
        CHECK(std::all_of(out.begin(), out.end(), [](std::int64_t x) { return x == 0; }));
    }
    entropy_fails = false;
    gaussian.sample(out, stream);
    CHECK(std::any_of(out.begin(), out.end(), [](std::int64_t x) { return x != 0; }));
}

TEST_CASE("the system's entropy is added after every 1024 buffers, and its failure then is an error too") {
    entropy_calls = 0;
    entropy_fails = false;
    Keystream stream(counted_entropy);
    for (int i = 0; i < 1024; ++i) (void)stream.borrow(Keystream::most_words);
    CHECK(entropy_calls == 1);
    entropy_fails = true;
    CHECK_THROWS_AS((void)stream.borrow(1), vedette::Error);
    entropy_fails = false;
    (void)stream.borrow(1);
    CHECK(entropy_calls == 3);
}

// Fresh bytes that are no secret.
bool known_entropy(std::span<std::byte> out) noexcept {
    std::fill(out.begin(), out.end(), std::byte{9});
    return true;
}

TEST_CASE("what is left of a buffer when a new seed is due is not mixed into the next one") {
    for (const CipherKind kind : {CipherKind::chacha20, CipherKind::aes_256_ctr}) {
        std::array<std::byte, key_bytes> key{};
        std::vector<std::byte> buffer(Keystream::most_words * 8 + key_bytes);
        const std::array<std::byte, initial_bytes> zero{};
        Cipher cipher(kind);
        Keystream stream(known_entropy, kind);
        for (int round = 0; round <= 1024; ++round) {
            if (round % 1024 == 0)
                for (std::byte& byte : key) byte ^= std::byte{9};
            REQUIRE(cipher.generate(key, zero, buffer));
            std::copy(buffer.end() - key_bytes, buffer.end(), key.begin());
            // Two parts of each buffer, and a rest that is not drawn but from the last.
            for (const std::size_t place : {0U, 1000U}) {
                const std::uint64_t* const borrowed = stream.borrow(1000);
                REQUIRE(std::memcmp(borrowed, buffer.data() + 8 * place, 8000) == 0);
            }
        }
        CHECK(std::memcmp(stream.borrow(560), buffer.data() + 8 * 2000, 8 * 560) == 0);
    }
}

// Reads what the child draws; it must ask for entropy, and must not repeat the parent's words.
void check_fork(Keystream& stream, bool cold) {
    if (!cold) (void)stream.borrow(5);
    int channel[2];
    REQUIRE(pipe(channel) == 0);
    entropy_calls = 0;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::uint64_t report[9] = {};
        std::copy_n(stream.borrow(8), 8, report);
        report[8] = static_cast<std::uint64_t>(entropy_calls);
        const bool written = write(channel[1], report, sizeof report) == static_cast<ssize_t>(sizeof report);
        _exit(written ? 0 : 1);
    }
    std::uint64_t own[8], report[9];
    std::copy_n(stream.borrow(8), 8, own);
    REQUIRE(read(channel[0], report, sizeof report) == static_cast<ssize_t>(sizeof report));
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    close(channel[0]);
    close(channel[1]);
    CHECK(report[8] == 1);
    CHECK(entropy_calls == (cold ? 1 : 0));
    for (std::size_t i = 0; i < 8; ++i) {
        CHECK(report[i] != 0);
        CHECK(std::find(own, own + 8, report[i]) == own + 8);
    }
}

TEST_CASE("a forked child draws other words than its parent") {
    entropy_fails = false;
    for (const CipherKind kind : {CipherKind::chacha20, CipherKind::aes_256_ctr}) {
        Keystream stream(counted_entropy, kind);
        check_fork(stream, true);
        check_fork(stream, false);
        check_fork(stream, false);
    }
}

TEST_CASE("threads and calls draw different bytes, all of them") {
    std::array<std::array<std::byte, 4096>, 4> blocks{};
    fill_random(blocks[0]);
    fill_random(blocks[1]);
    std::thread other([&] { fill_random(blocks[2]); });
    other.join();
    fill_random(std::span(blocks[3]).first(4095));
    CHECK(blocks[3][4095] == std::byte{0});
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) CHECK(std::memcmp(blocks[i].data(), blocks[j].data(), 16) != 0);
        // Each bit is set in about half of 4096 bytes: 8 standard deviations.
        for (unsigned bit = 0; bit < 8; ++bit) {
            const auto set = std::count_if(blocks[i].begin(), blocks[i].end(), [&](std::byte b) {
                return (std::to_integer<unsigned>(b) >> bit & 1U) != 0;
            });
            CHECK(std::abs(set - 2048) < 256);
        }
    }
    std::vector<std::byte> large(1U << 20U);
    fill_random(large);
    CHECK(std::memcmp(large.data(), large.data() + 20480, 64) != 0);
    fill_random({});
    const std::string name = keystream_cipher();
    CHECK((name == "aes-256-ctr" || name == "chacha20"));
}

}  // namespace
