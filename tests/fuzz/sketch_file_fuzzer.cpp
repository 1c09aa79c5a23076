// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of the tool's sketch files, as given and with the checksum mended; what is accepted is canonical.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "container_input.hpp"
#include "sketch_file.hpp"
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
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
