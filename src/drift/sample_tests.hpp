// SPDX-License-Identifier: Apache-2.0
// What all tests on two samples share: checks, counts, and permutations of the pooled sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drift/tie_groups.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/evidence.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_options.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {

inline void check_options(const char* test, const TestOptions& options) {
    if (!(options.confidence > 0.0 && options.confidence < 1.0))
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": confidence is " +
                                                     std::to_string(options.confidence) +
                                                     ", must lie strictly between 0 and 1");
    if (options.permutations == 0)
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": permutations is 0, must be at least 1");
}

inline void require_two_sided(const char* test, const TestOptions& options) {
    if (options.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported, std::string(test) + ": alternative must be two_sided, it has no direction");
}

inline void refuse_exact(const char* test, const TestOptions& options) {
    if (options.method == Method::exact)
        throw Error(ErrorCode::unsupported, std::string(test) + ": method is exact, which this test does not have");
}

// Counts of a result, after checking that both samples have `least` values.
inline TestResult start_result(const char* test, std::size_t reference_size, std::size_t live_size, std::size_t least) {
    const auto check = [&](const char* side, std::size_t size) {
        if (size < least)
            throw Error(ErrorCode::not_enough_data, std::string(test) + ": the " + side + " sample has " +
                                                        std::to_string(size) + " values, at least " +
                                                        std::to_string(least) + " are needed");
    };
    check("reference", reference_size);
    check("live", live_size);
    TestResult result;
    result.reference_count = static_cast<double>(reference_size);
    result.live_count = static_cast<double>(live_size);
    return result;
}

template <class T>
TestResult start_result(const char* test, const SortedSample<T>& reference, const SortedSample<T>& live,
                        std::size_t least) {
    return start_result(test, reference.size(), live.size(), least);
}

/// The pooled sample as its distinct values and the size of each tie group.
template <class T>
struct PooledGroups {
    std::vector<T> values;
    std::vector<std::size_t> sizes;

    PooledGroups(std::span<const T> reference, std::span<const T> live) {
        for_each_tie_group(reference, live, [&](T value, std::size_t c, std::size_t d) {
            values.push_back(value);
            sizes.push_back(c + d);
        });
    }
};

/// The permutation p-value of statistic `Scan`: an object made by make(), fed each tie group in order as
/// scan(value, reference_count, live_count), and read by extremeness(), larger = more extreme.
template <class T, class Make>
double permutation_p(std::span<const T> reference, std::span<const T> live, const TestOptions& options, Make&& make) {
    auto observed_scan = make();
    for_each_tie_group(reference, live, [&](T v, std::size_t c, std::size_t d) { observed_scan(v, c, d); });
    const double observed = observed_scan.extremeness();
    const PooledGroups<T> groups(reference, live);
    std::vector<std::uint8_t> labels(reference.size() + live.size());
    std::uint64_t as_extreme = 0;
    for (std::size_t split = 0; split < options.permutations; ++split) {
        stats::random_split(options.seed, split, reference.size(), labels);
        auto scan = make();
        const std::uint8_t* label = labels.data();
        for (std::size_t g = 0; g < groups.sizes.size(); ++g) {
            std::size_t chosen = 0;
            for (const std::uint8_t* end = label + groups.sizes[g]; label != end; ++label) chosen += *label;
            scan(groups.values[g], chosen, groups.sizes[g] - chosen);
        }
        as_extreme += stats::is_as_extreme(scan.extremeness(), observed) ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

}  // namespace vedette::inline v0::drift
