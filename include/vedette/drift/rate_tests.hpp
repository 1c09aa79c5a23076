// SPDX-License-Identifier: Apache-2.0
// Tests of rates: nulls, NaN and infinities, values beyond the reference's range, categories it never showed.
#pragma once

#include <cstdint>

#include "vedette/core/evidence.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {

// All tests are noexcept, allocation-free and thread-safe. The effect is live rate minus expected rate, in [-1, 1]. An
// empty side, or more events than observations, gives NaN.

/// Is an event as frequent live as in the reference? Two-sided. The pooled z test when all expected counts are at least
/// 10, else Fisher's exact test (at most as many steps as there are events). Newcombe's interval; neither side with an
/// event gives p = 1.
TestResult two_proportion(std::uint64_t reference_events, std::uint64_t reference_count, std::uint64_t live_events,
                          std::uint64_t live_count, const stats::Confidence& confidence) noexcept;

/// Do live values leave the reference's own [minimum, maximum] more often than chance allows? One-sided and exact for
/// exchangeable continuous data: the live values beyond the extremes fill two of n + 1 exchangeable gaps, so
/// P(B >= b) = P(Hypergeometric(n + m, n, b + 1) <= 1). Ties make it conservative. (Comparing with the reference's own
/// rate, which is 0 by construction, would be liberal.) The expected rate is 2/(n + 1).
TestResult exceedance(std::uint64_t reference_count, std::uint64_t live_out_of_range, std::uint64_t live_count,
                      const stats::Confidence& confidence) noexcept;

/// Do categories that the reference never showed come more often than the reference itself leads one to expect?
/// One-sided. Its own rate of newness is that of values seen once (Good 1953, Turing), so `reference_singletons` of n
/// is compared with b of m, after dividing both by the overdispersion 1 + 2 f2/max(f1, 1) * m/(n + m), where
/// `reference_doubletons` f2 is the number of categories seen twice: a rare category comes back.
TestResult unseen_category(std::uint64_t reference_singletons, std::uint64_t reference_doubletons,
                           std::uint64_t reference_count, std::uint64_t live_unseen, std::uint64_t live_count,
                           const stats::Confidence& confidence) noexcept;

}  // namespace vedette::inline v0::drift
