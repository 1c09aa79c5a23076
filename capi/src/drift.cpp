// SPDX-License-Identifier: Apache-2.0
// Tests on samples, across the C boundary.
#include <array>
#include <string>

#include "structs.hpp"
#include "vedette.h"
#include "vedette/drift/comparison.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

vdt_test_options default_test_options() noexcept {
    const drift::TestOptions defaults;
    vdt_test_options options{};
    options.struct_size = sizeof options;
    options.confidence = defaults.confidence;
    options.permutations = defaults.permutations;
    options.seed = defaults.seed;
    return options;
}

template <class Enum>
Enum choice(std::int32_t value, Enum last, const char* argument) {
    if (value < 0 || value > static_cast<std::int32_t>(last))
        throw Error(ErrorCode::invalid_argument, std::string(argument) + ": " + std::to_string(value) +
                                                     " is none of 0 to " + std::to_string(static_cast<int>(last)));
    return static_cast<Enum>(value);
}

drift::TestOptions read_options(const vdt_test_options* given) {
    const vdt_test_options options = read_struct(given, default_test_options(), "options");
    return {.alternative = choice(options.alternative, drift::Alternative::greater, "options.alternative"),
            .method = choice(options.method, drift::Method::permutation, "options.method"),
            .nan = drift::NanPolicy::omit,
            .confidence = options.confidence,
            .permutations = static_cast<std::size_t>(options.permutations),
            .seed = options.seed};
}

}  // namespace

extern "C" {

void vdt_test_options_init(vdt_test_options* options, size_t size) noexcept {
    init_struct(options, size, default_test_options());
}

vdt_status vdt_compare_columns(vdt_drift_test test, const vdt_column* reference, const vdt_column* live,
                               const vdt_test_options* options, vdt_test_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        const std::array<DriftTest, 1> tests{choice(test, static_cast<DriftTest>(drift_test_count - 1), "test")};
        ColumnStorage reference_storage;
        ColumnStorage live_storage;
        const Table left({{"column", read_column(reference, reference_storage)}});
        const Table right({{"column", read_column(live, live_storage)}});
        const auto features = drift::compare(left, right, tests, read_options(options));
        if (features.front().results.empty())
            throw Error(ErrorCode::unsupported, std::string(drift_test_name(tests[0])) + " does not run on " +
                                                    (features.front().numeric ? "numbers" : "categories"));
        const drift::NamedResult& named = features.front().results.front();
        write_struct(out, to_c(named.test, named.result), "out");
    });
}

}  // extern "C"
