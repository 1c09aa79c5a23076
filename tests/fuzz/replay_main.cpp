// SPDX-License-Identifier: Apache-2.0
// Runs a fuzzer's entry point over a corpus and small changes of it, for builds without libFuzzer. After --accepted
// every seed must be taken by one of its readers, but those whose names say that they are none: a seed of an old format
// would be turned away at the door, and nothing behind it would be tried.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "promise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::vector<std::uint8_t>& input) {
    // An exact-size copy lets an address sanitizer see every read beyond the end.
    const std::vector<std::uint8_t> exact(input.begin(), input.end());
    (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// Up to 512 truncations and 512 changed bytes, spread over the file.
void run_variants(const std::vector<std::uint8_t>& input) {
    const std::size_t step = std::max<std::size_t>(1, input.size() / 512);
    for (std::size_t i = 0; i < input.size(); i += step) {
        run({input.begin(), input.begin() + static_cast<std::ptrdiff_t>(i)});
        auto changed = input;
        changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1u << (i % 8)));
        run(changed);
    }
}

bool is_no_file(const std::string& name) {
    return name == "garbage" || name == "one_byte" || name.rfind("truncated", 0) == 0 || name.rfind("refused", 0) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t files = 0, turned_away = 0;
    const bool must_accept = argc > 1 && std::string(argv[1]) == "--accepted";
    for (int i = must_accept ? 2 : 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            std::ifstream stream(entry.path(), std::ios::binary);
            const std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(stream),
                                                  std::istreambuf_iterator<char>()};
            const std::size_t before = vedette::fuzzing::accepted;
            run(input);
            if (must_accept && vedette::fuzzing::accepted == before && !is_no_file(entry.path().filename().string())) {
                std::fprintf(stderr, "%s: no reader takes it\n", entry.path().c_str());
                ++turned_away;
            }
            run_variants(input);
            ++files;
        }
    }
    std::printf("replayed %zu files\n", files);
    return files == 0 || turned_away > 0 ? 1 : 0;  // an empty corpus tests nothing
}
