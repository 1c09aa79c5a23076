// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of the tool's sketch files, as given and with the checksum mended; what is accepted is canonical.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sketch_file.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/error.hpp"

namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "sketch file fuzzer: %s\n", what);
    std::abort();
}

void try_bytes(const std::vector<std::byte>& bytes) {
    using vedette::ErrorCode;
    try {
        const auto sketches = vedette::cli::read_sketches(bytes);
        require(!sketches.empty(), "a file without a sketch");
        if (sketches.front().name.empty()) return;  // the bytes of a single sketch, which kll_fuzzer covers
        const auto again = vedette::cli::write_sketches(sketches);
        require(vedette::cli::write_sketches(vedette::cli::read_sketches(again)) == again, "writing is not canonical");
    } catch (const vedette::Error& error) {
        require(error.code() == ErrorCode::corrupt_data || error.code() == ErrorCode::unsupported_version,
                error.what());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    std::vector<std::byte> bytes(begin, begin + size);
    try_bytes(bytes);

    constexpr std::string_view field = "\"sha256\":\"";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = text.find(field);
    if (at != std::string_view::npos && text.size() - at >= field.size() + 64) {
        const auto digits = bytes.begin() + static_cast<std::ptrdiff_t>(at + field.size());
        std::fill_n(digits, 64, std::byte{'0'});
        const std::string digest = vedette::to_hex(vedette::sha256(bytes));
        std::transform(digest.begin(), digest.end(), digits, [](char c) { return static_cast<std::byte>(c); });
        try_bytes(bytes);
    }
    return 0;
}
