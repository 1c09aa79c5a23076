// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of the tool's sketch files, as given and with the checksum mended; what is accepted is canonical.
#include <cstdint>
#include <string>
#include <vector>

#include "container_input.hpp"
#include "promise.hpp"
#include "sketch_file.hpp"
#include "vedette/core/error.hpp"

namespace {

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

void try_bytes(const std::vector<std::byte>& bytes) {
    using vedette::ErrorCode;
    attempt([&] {
        const auto sketches = vedette::cli::read_sketches(bytes);
        require(!sketches.empty(), "a file without a sketch");
        if (sketches.front().name.empty()) return;  // the bytes of a single sketch, which kll_fuzzer covers
        const auto again = vedette::cli::write_sketches(sketches);
        require(vedette::cli::write_sketches(vedette::cli::read_sketches(again)) == again, "writing is not canonical");
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
