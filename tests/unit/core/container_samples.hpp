// SPDX-License-Identifier: Apache-2.0
// Containers for tests: a reference content, and files put together from a header written by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette_test {

/// Every feature of the format in little space; `tests/oracle/container_oracle.py` knows the same content.
inline vedette::ContainerWriter sample_writer() {
    vedette::ContainerWriter writer;
    writer.set_metadata("schema", "{\"a\":\"b\\n\"}\t\x01");
    writer.set_metadata("caf\xc3\xa9", "\xe2\x82\xac \xf0\x9f\x90\x8e");
    writer.add("edges", std::vector<double>{-1.5, 0.0, 2.25});
    writer.add("counts", std::vector<std::uint64_t>{0, 7, 1ull << 63});
    const std::vector<float> matrix{1, 2, 3, 4, 5, 6};
    const std::uint64_t shape[] = {2, 3};
    writer.add("matrix", std::span<const float>(matrix), shape);
    writer.add("codes", std::vector<std::int8_t>{-128, 0, 127});
    const bool flags[] = {true, false};
    writer.add("flags", std::span<const bool>(flags));
    writer.add("empty", std::vector<std::int32_t>{});
    writer.add_scalar("scale", 0.5f);
    return writer;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

/// Length, header, data; the first run of 64 zeros in the header becomes the right digest.
inline std::vector<std::byte> handmade(std::string header, std::string_view data = {}) {
    std::string file(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
    file += header;
    file += data;
    if (const std::size_t at = file.find(std::string(64, '0')); at != std::string::npos) {
        file.replace(at, 64, vedette::to_hex(vedette::sha256(file)));
    }
    return bytes_of(file);
}

inline std::string identity(std::string_view version = "1", std::string_view extra = "") {
    return std::string(R"("__metadata__":{"format":"vedette","format_version":")").append(version) +
           R"(","kind":"test","sha256":")" + std::string(64, '0') + "\"" + std::string(extra) + "}";
}

/// The code and message of the refusal; code 0 when the file is accepted.
struct Refusal {
    int code = 0;
    std::string message;
};
inline Refusal refusal(const std::vector<std::byte>& file) {
    try {
        (void)vedette::Container::view(file);
    } catch (const vedette::Error& error) {
        return {static_cast<int>(error.code()), error.what()};
    }
    return {};
}

}  // namespace vedette_test
