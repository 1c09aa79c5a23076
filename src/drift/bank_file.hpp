// SPDX-License-Identifier: Apache-2.0
// Banks as bytes and back: the lists of each feature's monitor, end to end, so that the monitors' own readers judge
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {

/// A file: the tensors `options` (f64) and `settings` (u64) of one monitor or of each, `counts` (u64) of each, all of
/// rank 2; `numbers` (f64) and `integers` (u64) of all, and `sizes` (u64), how many of either belong to each; `rows`
/// (u64): those taken, those refused; `last_change` (u64).
struct BankFile {
    std::vector<MonitorCodec> monitors;
    bool uniform = true;  // options and settings of the first are those of all
    std::uint64_t rows = 0;
    std::uint64_t refused_rows = 0;
    std::vector<std::uint64_t> last_change;

    [[nodiscard]] std::vector<std::byte> write(std::string_view kind) const;
    /// Throws Error(corrupt_data) unless the file is of that kind, the lists are as long as they say, and counts and
    /// last changes agree with the rows. Statistics are for the monitor to judge.
    [[nodiscard]] static BankFile read(std::string_view kind, std::span<const std::byte> bytes,
                                       std::size_t option_count, std::size_t setting_count);
};

}  // namespace vedette::inline v0::drift
