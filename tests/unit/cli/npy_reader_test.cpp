// SPDX-License-Identifier: Apache-2.0
// The NPY reader: every type, order and version it accepts, and every lie in a header that it refuses.
#include "npy_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

using namespace vedette::cli;

namespace {

/// An NPY file built by hand, as the format's specification describes it.
std::string npy(std::string dictionary, const std::string& data, int major = 1) {
    const std::size_t prefix = major == 1 ? 10 : 12;
    dictionary.append(64 - (prefix + dictionary.size() + 1) % 64, ' ');
    dictionary.push_back('\n');
    std::string file = "\x93NUMPY";
    file.push_back(static_cast<char>(major));
    file.push_back('\0');
    for (std::size_t i = 0; i < prefix - 8; ++i) file.push_back(static_cast<char>(dictionary.size() >> (8 * i) & 0xFF));
    return file + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape, bool fortran = false) {
    return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape +
           ", }";
}

template <class T>
std::string bytes(std::initializer_list<T> values, bool swapped = false) {
    std::string out;
    for (const T value : values) {
        char raw[sizeof(T)];
        std::memcpy(raw, &value, sizeof(T));
        if (swapped) std::reverse(raw, raw + sizeof(T));
        out.append(raw, sizeof(T));
    }
    return out;
}

std::vector<std::vector<double>> read_all(const std::string& file) {
    NpyReader reader(ByteSource::memory("x.npy", file));
    std::vector<std::vector<double>> rows;
    std::vector<double> row(reader.columns());
    while (reader.next(row)) rows.push_back(row);
    CHECK(rows.size() == reader.rows());
    return rows;
}

std::string error_of(const std::string& file) {
    try {
        return "accepted " + std::to_string(read_all(file).size());
    } catch (const InputError& error) {
        return error.what();
    }
}

using Rows = std::vector<std::vector<double>>;

}  // namespace

TEST_CASE("C order, Fortran order, one dimension, and every version") {
    const std::string data = bytes<double>({1, 2, 3, 4, 5, 6});
    CHECK(read_all(npy(dictionary("<f8", "(2, 3)"), data)) == Rows{{1, 2, 3}, {4, 5, 6}});
    CHECK(read_all(npy(dictionary("<f8", "(2, 3)", true), data)) == Rows{{1, 3, 5}, {2, 4, 6}});
    CHECK(read_all(npy(dictionary("<f8", "(6,)"), data)) == Rows{{1}, {2}, {3}, {4}, {5}, {6}});
    CHECK(read_all(npy(dictionary("<f8", "(6,)", true), data)).size() == 6);
    CHECK(read_all(npy(dictionary("<f8", "(0, 3)"), "")).empty());
    for (const int major : {1, 2, 3}) {
        CHECK(read_all(npy(dictionary("<f8", "(3, 2)"), data, major)) == Rows{{1, 2}, {3, 4}, {5, 6}});
    }
}

TEST_CASE("every type in both byte orders, at its extremes") {
    for (const bool big : {false, true}) {
        const bool swapped = big == (std::endian::native == std::endian::little);
        const std::string order = big ? ">" : "<";
        CHECK(read_all(npy(dictionary(order + "f4", "(2,)"), bytes<float>({-1.5F, 3e38F}, swapped))) ==
              Rows{{-1.5}, {double{3e38F}}});
        CHECK(read_all(npy(dictionary(order + "f8", "(1,)"), bytes<double>({1e-300}, swapped))) == Rows{{1e-300}});
        CHECK(read_all(npy(dictionary(order + "i2", "(2,)"), bytes<std::int16_t>({-32768, 32767}, swapped))) ==
              Rows{{-32768}, {32767}});
        CHECK(read_all(npy(dictionary(order + "i4", "(1,)"), bytes<std::int32_t>({INT32_MIN}, swapped))) ==
              Rows{{-2147483648.0}});
        CHECK(read_all(npy(dictionary(order + "i8", "(1,)"), bytes<std::int64_t>({INT64_MIN}, swapped))) ==
              Rows{{-9223372036854775808.0}});
        CHECK(read_all(npy(dictionary(order + "u2", "(1,)"), bytes<std::uint16_t>({65535}, swapped))) == Rows{{65535}});
        CHECK(read_all(npy(dictionary(order + "u4", "(1,)"), bytes<std::uint32_t>({4294967295U}, swapped))) ==
              Rows{{4294967295.0}});
        CHECK(read_all(npy(dictionary(order + "u8", "(1,)"), bytes<std::uint64_t>({UINT64_MAX}, swapped))) ==
              Rows{{18446744073709551616.0}});
    }
    CHECK(read_all(npy(dictionary("|i1", "(2,)"), bytes<signed char>({-128, 127}))) == Rows{{-128}, {127}});
    CHECK(read_all(npy(dictionary("|u1", "(1,)"), "\xFF")) == Rows{{255}});
    CHECK(read_all(npy(dictionary("|b1", "(3,)"), std::string("\x01\x00\x01", 3))) == Rows{{1}, {0}, {1}});
    const auto specials = read_all(npy(dictionary("<f8", "(2,)"), bytes<double>({std::nan(""), -INFINITY})));
    CHECK(std::isnan(specials[0][0]));
    CHECK(specials[1][0] == -INFINITY);
}

TEST_CASE("what could run code or has no meaning as rows is refused") {
    CHECK(error_of(npy(dictionary("|O", "(1,)"), "x")).find("object array") != std::string::npos);
    CHECK(error_of(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", "")).find("structured") !=
          std::string::npos);
    for (const char* type : {"<f2", "<c8", "<U4", "|S3", "<f9", "<i3", "f8", "<M8", "|f8", "<b4", "", "<", "<f"}) {
        CHECK_MESSAGE(
            error_of(npy(dictionary(type, "(1,)"), std::string(64, 'x'))).find("accepted") == std::string::npos, type);
    }
    CHECK(error_of(npy(dictionary("<f8", "()"), bytes<double>({1}))).find("without dimensions") != std::string::npos);
    CHECK(error_of(npy(dictionary("<f8", "(1, 1, 1)"), bytes<double>({1}))).find("two dimensions") !=
          std::string::npos);
    CHECK(error_of(npy(dictionary("<f8", "(1, 0)"), "")).find("0 columns") != std::string::npos);
    CHECK(error_of(npy(dictionary("<f8", "(1, 65537)"), "")).find("65537 columns") != std::string::npos);
}

TEST_CASE("no length is trusted") {
    const std::string good = npy(dictionary("<f8", "(2, 2)"), bytes<double>({1, 2, 3, 4}));
    REQUIRE(error_of(good) == "accepted 2");
    std::size_t refused = 0;
    for (std::size_t length = 0; length < good.size(); ++length) {
        refused += error_of(good.substr(0, length)).find("accepted") == std::string::npos ? 1U : 0U;
    }
    CHECK(refused == good.size());
    CHECK(error_of(good + "x") == "x.npy: bytes follow the array");
    CHECK(error_of(npy(dictionary("<f8", "(4611686018427387904, 2)"), "")).find("overflows") != std::string::npos);
    CHECK(error_of(npy(dictionary("<f8", "(99999999999999999999999, 2)"), "")).find("too large") != std::string::npos);
    // a huge claim over a short file: refused by what is there, without the memory that is claimed
    CHECK(error_of(npy(dictionary("<f8", "(1000000000000, 100)", true), "x")).find("truncated") != std::string::npos);
    CHECK(error_of(npy(dictionary("<f8", "(1000000000000, 100)"), "x")).find("truncated in row 1") !=
          std::string::npos);
    std::string long_header = "\x93NUMPY";
    long_header += std::string("\x02\x00\xFF\xFF\xFF\xFF", 6);
    CHECK(error_of(long_header).find("a header of 4294967295 bytes") != std::string::npos);
    std::string future = good;
    future[6] = 4;
    CHECK(error_of(future).find("NPY version 4.0") != std::string::npos);
    CHECK(error_of("PK\x03\x04 and so on").find("not an NPY file") != std::string::npos);
}

TEST_CASE("a header is one dictionary of three keys, nothing else") {
    const NpyHeader header = parse_npy_header("{\"shape\":(3,),'fortran_order':True,'descr':'<i4'}");
    CHECK(header.shape == std::vector<std::uint64_t>{3});
    CHECK(header.fortran_order);
    CHECK(header.type == 'i');
    for (const char* bad :
         {"", "{", "{}", "[]", "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } x",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (3), }", "{'descr': '<f8', 'fortran_order': False}",
          "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
          "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}", "{'descr': '<f8', 'fortran_order': False, 'shape': 3}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}", "{'descr: '<f8'}", "{'descr' '<f8'}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'extra': 1}",
          "{'descr': '<f8' 'fortran_order': False, 'shape': (3,)}", "{'descr': __import__('os')}"}) {
        CHECK_THROWS_AS_MESSAGE(static_cast<void>(parse_npy_header(bad)), InputError, bad);
    }
}
