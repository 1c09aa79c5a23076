// SPDX-License-Identifier: Apache-2.0
// Rank bets as part of a monitor's file, and back.
#pragma once

#include <cstddef>

#include "drift/monitor_codec.hpp"
#include "vedette/drift/rank_bets.hpp"

namespace vedette::inline v0::drift {

struct RankBetsCodec {
    static constexpr std::size_t setting_count = 2;  // the seed and the size of the reference

    /// Appends to settings, numbers and integers.
    static void write(const RankBets& bets, MonitorCodec& file);
    /// Settings start at `first_setting`; `own_numbers` numbers and no integers follow in the file.
    static RankBets read(const MonitorCodec& file, std::size_t first_setting, std::size_t own_numbers);
};

}  // namespace vedette::inline v0::drift
