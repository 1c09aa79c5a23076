// SPDX-License-Identifier: Apache-2.0
// A policy's watch takes no memory after it was made, however many rows, alarms and periods it has seen.
#include <doctest/doctest.h>

#include <span>
#include <vector>

#include "sample.hpp"
#include "unit/drift/constant_memory.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/watch.hpp"

#if !defined(VEDETTE_SANITIZED)

TEST_CASE("memory is constant for ever: a policy's watch") {
    using namespace vedette;
    Watch watch(testing::sample_baseline(), Policy::from_json(R"({
        "features": {"income": {"monitors": [{"kind": "adwin"}, {"kind": "e_detector"}, {"kind": "page_hinkley"}]},
                     "score": {"monitors": [{"kind": "cusum"}, {"kind": "e_process", "thin": 7}]}},
        "outputs": {"loss": [{"kind": "harm_monitor", "tolerated": 0.2}, {"kind": "ddm"}]}})"));
    // A level that comes and goes, so that alarms fill what is kept of them, and all that is no number.
    constexpr std::size_t rows = 4096;
    Random random(1);
    std::vector<double> values;
    std::vector<double> losses;
    for (std::size_t i = 0; i < rows; ++i) {
        const double level = i < rows / 2 ? 0.0 : 2.0;
        for (const double value : {std::exp(random.normal() + level), 0.0, random.normal() + level, 0.0})
            values.push_back(i % 97 == 0 ? std::nan("") : value);
        losses.push_back(random.uniform() < (i < rows / 2 ? 0.1 : 0.4) ? 1.0 : 0.0);
    }
    constant_memory::check_constant(
        "watch", constant_memory::updates(1 << 19),
        [&](std::uint64_t i) {
            const std::size_t row = i % rows;
            watch.observe(std::span<const double>(values).subspan(4 * row, 4), static_cast<std::int64_t>(i));
            watch.observe_output(0, losses[row], static_cast<std::int64_t>(i));
        },
        [&] { return watch.to_bytes().size(); });
    CHECK(watch.alarms() > 10 * Watch::kept_alarms);
}

#endif
