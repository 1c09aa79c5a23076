// SPDX-License-Identifier: Apache-2.0
// What tests on pairs of rows share: the two samples laid out, their three kinds of pairs summed, labels permuted.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "drift/pair_sums.hpp"
#include "drift/relabelling.hpp"
#include "drift/row_matrix.hpp"
#include "drift/sample_tests.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {

inline constexpr std::size_t most_pooled_rows = 65536;

inline void check_pair_options(const char* test, const TestOptions& options) {
    check_options(test, options);
    require_two_sided(test, options);
    if (options.method != Method::automatic && options.method != Method::permutation)
        throw Error(ErrorCode::unsupported,
                    std::string(test) + ": method must be automatic or permutation, no other law is known");
}

template <class T>
Sample<T> read_sample(MatrixView<T> view, NanPolicy nan, const char* test, const char* side, std::size_t least) {
    Sample<T> sample{view, kept_rows(view, nan, test, side)};
    if (sample.kept.size() < least)
        throw Error(ErrorCode::not_enough_data, std::string(test) + ": the " + side + " sample has " +
                                                    std::to_string(sample.kept.size()) + " rows, at least " +
                                                    std::to_string(least) + " needed");
    if (sample.kept.size() > most_pooled_rows)
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": the " + side + " sample has " +
                                                     std::to_string(sample.kept.size()) +
                                                     " rows, at most 65536 of both together are supported");
    return sample;
}

inline void check_pooled_rows(const char* test, std::size_t n, std::size_t m) {
    if (n + m > most_pooled_rows)
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": " + std::to_string(n + m) +
                                                     " rows, at most 65536 of both samples together are supported");
}

/// The reference's side of a comparison, which may be frozen.
template <class W>
struct ReferencePairs {
    PairRows<W> rows;
    std::vector<ByteRange<W>> ranges;
    PairSums within;
    std::vector<BytePanels> bytes;
    std::vector<std::vector<std::uint32_t>> row_sums;

    ReferencePairs(PairRows<W> reference, std::vector<ByteRange<W>> byte_ranges, const PairKernel<W>& kernel,
                   bool with_slopes)
        : rows(std::move(reference)), ranges(std::move(byte_ranges)) {
        for (std::size_t f = 0; f < kernel.functions(); ++f) {
            bytes.emplace_back(0, rows.padded / kernels::panel_rows);
            row_sums.emplace_back(rows.padded);
        }
        const ByteTarget<W> target{ranges, bytes, row_sums, 0, 0};
        within = sum_pairs(rows, rows, kernel, &target, with_slopes);
    }
};

/// Both sides' pairs.
template <class W>
struct ComparedPairs {
    const ReferencePairs<W>& reference;
    PairSums across;  ///< panels: live, rows: reference
    PairSums within_live;
    std::vector<BytePanels> live_bytes;
    std::vector<PooledBytes> pooled;

    ComparedPairs(const ReferencePairs<W>& frozen, const PairRows<W>& live, const PairKernel<W>& kernel,
                  bool with_slopes)
        : reference(frozen) {
        const std::size_t first = frozen.rows.padded;
        std::vector<std::vector<std::uint32_t>> row_sums = frozen.row_sums;
        for (std::size_t f = 0; f < kernel.functions(); ++f) {
            live_bytes.emplace_back(first / kernels::panel_rows, live.padded / kernels::panel_rows);
            row_sums[f].resize(first + live.padded);
        }
        const ByteTarget<W> to_reference{frozen.ranges, live_bytes, row_sums, first, 0};
        across = sum_pairs(live, frozen.rows, kernel, &to_reference, with_slopes);
        const ByteTarget<W> to_live{frozen.ranges, live_bytes, row_sums, first, first};
        within_live = sum_pairs(live, live, kernel, &to_live, with_slopes);
        for (std::size_t f = 0; f < kernel.functions(); ++f)
            pooled.push_back({&frozen.bytes[f], &live_bytes[f], std::move(row_sums[f])});
    }
};

}  // namespace vedette::inline v0::drift
