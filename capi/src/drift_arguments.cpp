// SPDX-License-Identifier: Apache-2.0
// Options of tests as the library's own, and contributions as the caller's arrays.
#include "drift_arguments.hpp"

#include <algorithm>
#include <cmath>

#include "structs.hpp"

namespace vedette::inline v0::capi {

vdt_test_options default_test_options() noexcept {
    const drift::TestOptions defaults;
    vdt_test_options options{};
    options.struct_size = sizeof options;
    options.confidence = defaults.confidence;
    options.permutations = defaults.permutations;
    options.seed = defaults.seed;
    options.block = options.thin = 1;
    return options;
}

namespace {

drift::TestOptions to_test_options(const vdt_test_options& options) {
    return {.alternative = choice(options.alternative, drift::Alternative::greater, "options.alternative"),
            .method = choice(options.method, drift::Method::permutation, "options.method"),
            .nan = drift::NanPolicy::omit,
            .confidence = options.confidence,
            .permutations = static_cast<std::size_t>(options.permutations),
            .seed = options.seed};
}

}  // namespace

drift::TestOptions read_test_options(const vdt_test_options* given) {
    const vdt_test_options options = read_struct(given, default_test_options(), "options");
    if (options.block != 1 || options.thin != 1)
        throw Error(ErrorCode::unsupported, "options.block and options.thin are for vdt_compare_columns");
    return to_test_options(options);
}

ColumnOptions read_column_options(const vdt_test_options* given) {
    const vdt_test_options options = read_struct(given, default_test_options(), "options");
    return {to_test_options(options), {.block = options.block, .thin = options.thin}};
}

drift::MultivariateResult not_evaluated(std::size_t reference_rows, std::size_t live_rows) {
    drift::MultivariateResult none;
    none.test.reference_count = static_cast<double>(reference_rows);
    none.test.live_count = static_cast<double>(live_rows);
    return none;
}

void check_room(const double* buffer, std::size_t capacity, std::size_t needed, const char* argument) {
    if (buffer != nullptr && capacity != needed)
        throw Error(ErrorCode::dimension_mismatch, std::string(argument) + ": room for " + std::to_string(capacity) +
                                                       " numbers, there are " + std::to_string(needed));
}

void write_contributions(const std::vector<double>& from, double* to, std::size_t capacity, std::size_t needed,
                         const char* argument) {
    check_room(to, capacity, needed, argument);
    if (to == nullptr) return;
    std::fill(to, to + needed, std::nan(""));
    std::copy(from.begin(), from.end(), to);
}

}  // namespace vedette::inline v0::capi
