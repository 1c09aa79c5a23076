// SPDX-License-Identifier: Apache-2.0
// The strict reader against damage and malice: nothing doubtful passes, nothing crashes.
#include <doctest/doctest.h>

#include "container_samples.hpp"

using namespace vedette;
using namespace vedette_test;

namespace {
constexpr int corrupt = static_cast<int>(ErrorCode::corrupt_data);

// A header with the identity and one more member must be refused with a message that contains `reason`.
void refused(const std::string& member, std::string_view data, std::string_view reason) {
    const Refusal result = refusal(handmade(std::string("{") + identity() + "," + member + "}", data));
    CAPTURE(member);
    CAPTURE(result.message);
    CHECK(result.code == corrupt);
    CHECK(result.message.find(reason) != std::string::npos);
}
}  // namespace

TEST_CASE("container: every truncation and every extension is refused") {
    const auto whole = sample_writer().finish("sample");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        REQUIRE(refusal(part).code == corrupt);
    }
    auto longer = whole;
    longer.push_back(std::byte{0});
    CHECK(refusal(longer).code == corrupt);
    CHECK(refusal(whole).code == 0);
}

TEST_CASE("container: every change of one byte is refused") {
    const auto whole = sample_writer().finish("sample");
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (const unsigned mask : {1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 255u}) {
            auto changed = whole;
            changed[i] ^= static_cast<std::byte>(mask);
            const int code = refusal(changed).code;
            // A changed version may claim to be a newer one.
            if (code != corrupt) REQUIRE(code == static_cast<int>(ErrorCode::unsupported_version));
        }
    }
}

TEST_CASE("container: handmade files that are well-formed pass") {
    CHECK(refusal(handmade(std::string("{") + identity() + "}")).code == 0);
    CHECK(refusal(handmade(std::string("{") + identity() + "}   ")).code == 0);
    CHECK(refusal(handmade(std::string("{") + identity("1", R"(,"note":"")") + "}")).code == 0);
    CHECK(refusal(handmade(std::string("{") + identity() + R"(,"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                           "ab"))
              .code == 0);
    CHECK(refusal(
              handmade(std::string("{") + identity() + R"(,"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", "a"))
              .code == 0);
    CHECK(refusal(handmade(std::string("{") + identity() +
                           R"(,"a":{"dtype":"F64","shape":[0,18446744073709551615,9],"data_offsets":[0,0]}})"))
              .code == 0);
}

TEST_CASE("container: hostile tensors") {
    refused(
        R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})",
        "x", "repeated key 'a'");
    refused(R"("a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]})", "x", "repeated key in 'a'");
    refused(R"("__metadata__":{})", "", "repeated key '__metadata__'");
    refused(
        R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]})",
        "abc", "was expected to follow");
    refused(
        R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]})",
        "abc", "was expected to follow");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]})", "ab", "was expected to follow");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})", "ab", "1 bytes follow the last tensor");
    refused(R"("a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]})", "ab", "of 2 bytes of data");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]})", "a", "of 1 bytes of data");
    refused(R"("a":{"dtype":"F64","shape":[4611686018427387904,2],"data_offsets":[0,0]})", "", "does not match");
    refused(R"("a":{"dtype":"U8","shape":[18446744073709551615,2],"data_offsets":[0,2]})", "ab", "does not match");
    refused(R"("a":{"dtype":"U16","shape":[1],"data_offsets":[0,1]})", "a", "does not match");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]})", "a", "was expected to follow");
    refused(R"("a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", "a", "negative number");
    refused(R"("a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", "a", "no 64-bit integer");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]})", "a", "no 64-bit integer");
    refused(R"("a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]})", "a", "no valid JSON");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0]})", "a", "two offsets");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]})", "a", "two offsets");
    refused(R"("a":{"dtype":"U8","shape":[1]})", "", "lacks a field");
    refused(R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":"x"})", "a", "unknown field 'note'");
    refused(R"("a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]})", "a", "unknown dtype");
    refused(R"("a":{"dtype":null,"shape":[1],"data_offsets":[0,1]})", "a", "unexpected null");
    refused(R"("a":{"dtype":"U8","shape":"1","data_offsets":[0,1]})", "a", "unexpected string");
    refused(R"("a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]})", "a", "unexpected array");
    refused(R"("a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]})", "a",
            "rank above 16");
    refused(R"("a":5)", "", "unexpected number");
    refused(R"("a":[])", "", "unexpected array");
    refused(R"("":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})", "a", "without a name");
    refused(R"("a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]})", "\x02", "neither 0 nor 1");
    refused("\"\xff\":{}", "", "no valid JSON");
}

TEST_CASE("container: a tensor at an odd address is refused, at an even one accepted") {
    const std::string member =
        R"(,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U16","shape":[1],"data_offsets":[1,3]}})";
    for (std::size_t spaces = 0; spaces < 4; ++spaces) {
        const std::string header = std::string("{") + identity() + member + std::string(spaces, ' ');
        const Refusal result = refusal(handmade(header, "abc"));
        const bool is_aligned = (header.size() + 1) % 2 == 0;
        CHECK(result.code == (is_aligned ? 0 : corrupt));
        CHECK((result.message.find("not aligned") != std::string::npos) == !is_aligned);
    }
}

TEST_CASE("container: hostile headers") {
    const auto message = [](const std::string& header) {
        const Refusal result = refusal(handmade(header));
        CHECK(result.code == corrupt);
        return result.message;
    };
    const auto contains = [](const std::string& text, std::string_view part) {
        CAPTURE(text);
        CHECK(text.find(part) != std::string::npos);
    };
    contains(message(""), "does not begin");
    contains(message(" {" + identity() + "}"), "does not begin");
    contains(message("[]"), "does not begin");
    contains(message(std::string("{") + identity() + "}x"), "no valid JSON");
    contains(message(std::string("{") + identity() + "}{}"), "no valid JSON");
    contains(message(std::string("{") + identity() + "}" + std::string(1, '\0') + "hidden"), "zero byte");
    contains(message(std::string("{") + identity()), "no valid JSON");
    contains(message("{}"), "not one of Vedette");
    contains(message(R"({"__metadata__":{}})"), "not one of Vedette");
    contains(message(R"({"__metadata__":{"kind":5}})"), "unexpected number");
    contains(message(R"({"__metadata__":{"kind":{"a":"b"}}})"), "unexpected object");
    contains(message(R"({"__metadata__":{"kind":"x","kind":"x"}})"), "repeated key");
    contains(message(R"({"__metadata__":{"kind":"x"}})"), "'format' is missing");
    contains(message(R"({"__metadata__":{"kind":"x","format":"pt","format_version":"1"}})"), "format is 'pt'");
    for (const char* version : {"", "0", "01", "-1", "1.0", "1x", "99999999999999999999"}) {
        contains(message(std::string("{") + identity(version) + "}"), "no version number");
    }
    CHECK(refusal(handmade(std::string("{") + identity("2") + "}")).code ==
          static_cast<int>(ErrorCode::unsupported_version));
    contains(message(R"({"__metadata__":{"kind":"x","format":"vedette","format_version":"1"}})"),
             "'sha256' is missing");
    contains(message(R"({"__metadata__":{"kind":"x","format":"vedette","format_version":"1","sha256":"12"}})"),
             "malformed");
    contains(message(std::string(R"({"__metadata__":{"kind":"x","format":"vedette","format_version":"1","sha256" :")") +
                     std::string(64, '0') + "\"}}"),
             "malformed");
    contains(message(std::string("{") + std::string(1'000'000, '[')), "no valid JSON");
    contains(message(std::string("{\"a\":") + std::string(1'000'000, '[')), "unexpected array");
    std::string nested;
    for (int i = 0; i < 200'000; ++i) nested += "{\"a\":";
    contains(message(nested), "unknown field");
    contains(message(std::string("{\"a\":{\"shape\":") + nested), "unexpected object");
}

TEST_CASE("container: a length is never trusted") {
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{100'000'000},
                                       std::uint64_t{100'000'001}, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
        std::vector<std::byte> file(10, std::byte{'{'});
        for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<std::byte>(length >> (8 * i) & 0xff);
        CHECK(refusal(file).code == corrupt);
    }
}
