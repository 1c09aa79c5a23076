// SPDX-License-Identifier: Apache-2.0
// One guard, many threads, a window each: no data race, and the merged counters are those of one thread.
#include <doctest/doctest.h>

#include <thread>

#include "sample.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;

TEST_CASE("eight threads and one thread count the same bytes") {
    const Guard guard(vedette::testing::sample_baseline());
    constexpr std::size_t threads = 8;
    constexpr std::size_t rows_per_thread = 500;
    const auto live = vedette::testing::draw_sample(threads * rows_per_thread, 21, 0.2);
    const auto check_rows = [&](std::size_t begin, std::size_t end, Window& window) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::vector<Value> row{live.income[i], live.claims[i], static_cast<double>(live.score[i]),
                                         live.country[i]};
            (void)guard.check(row, window);
        }
    };
    Window single(guard.baseline());
    check_rows(0, live.rows(), single);

    std::vector<Window> windows(threads, Window(guard.baseline()));
    std::vector<std::thread> pool;
    for (std::size_t t = 0; t < threads; ++t) {
        pool.emplace_back([&, t] { check_rows(t * rows_per_thread, (t + 1) * rows_per_thread, windows[t]); });
    }
    for (std::thread& thread : pool) thread.join();
    const Window merged = merge(windows);
    CHECK(merged.to_bytes() == single.to_bytes());
    CHECK(assess(guard.baseline(), merged).decision == assess(guard.baseline(), single).decision);
}
