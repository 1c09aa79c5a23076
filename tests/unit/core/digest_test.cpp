// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the vectors of FIPS 180-4 / NIST CAVP, in one piece and in many.
#include "vedette/core/digest.hpp"

#include <doctest/doctest.h>

using namespace vedette;

TEST_CASE("digest: published vectors") {
    CHECK(to_hex(sha256(std::string_view(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256(std::string_view("abc"))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(std::string_view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(to_hex(sha256(std::string(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("digest: the split into pieces does not matter, and a builder goes on") {
    std::string text;
    for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i % 26);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        DigestBuilder builder;
        builder.update(std::string_view(text).substr(0, cut));
        REQUIRE(builder.digest() == sha256(std::string_view(text).substr(0, cut)));
        DigestBuilder copy = builder;
        builder.update(std::string_view(text).substr(cut));
        REQUIRE(builder.digest() == sha256(text));
        REQUIRE(copy.digest() == sha256(std::string_view(text).substr(0, cut)));
    }
}

TEST_CASE("digest: hexadecimal text is strict") {
    const Digest digest = sha256(std::string_view("abc"));
    std::string hex = to_hex(digest);
    CHECK(digest_from_hex(hex) == digest);
    CHECK_FALSE(digest_from_hex(hex.substr(1)).has_value());
    CHECK_FALSE(digest_from_hex(hex + "0").has_value());
    hex[5] = 'A';
    CHECK_FALSE(digest_from_hex(hex).has_value());
    hex[5] = 'g';
    CHECK_FALSE(digest_from_hex(hex).has_value());
    Digest other = digest;
    CHECK(constant_time_equal(digest, other));
    other[31] ^= std::byte{1};
    CHECK_FALSE(constant_time_equal(digest, other));
}
