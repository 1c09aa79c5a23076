// SPDX-License-Identifier: Apache-2.0
// What a detector must offer to plug into the guard: write a type that satisfies one of these, and it is one of ours.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/monitor_state.hpp"

namespace vedette::inline v0 {

/// A frozen detector: `score(row)` says how anomalous one row is; **higher = more anomalous**, NaN = "could not tell".
/// It must not throw, allocate or lock, and must be callable from several threads at once.
template <class S, class T = float>
concept Score = requires(const S& score, std::span<const T> row) {
    { score.score(row) }
    noexcept->std::convertible_to<double>;
};

/// A stream detector: `update(x)` takes one observation in bounded time and memory, without allocation, and says what
/// it makes of it; `state()` repeats what the last update said, `reset()` forgets all observations.
template <class M>
concept Monitor = requires(M& monitor, const M& frozen, double x) {
    { monitor.update(x) }
    noexcept->std::same_as<MonitorState>;
    { monitor.reset() }
    noexcept;
    { frozen.state() }
    noexcept->std::same_as<MonitorState>;
};

/// A monitor that can be saved at any point: what `deserialize` returns goes on bit for bit as the original would have.
template <class M>
concept PersistentMonitor = Monitor<M> && requires(const M& frozen, std::span<const std::byte> bytes) {
    { frozen.serialize() } -> std::same_as<std::vector<std::byte>>;
    { M::deserialize(bytes) } -> std::same_as<M>;
};

/// A two-sample test: called with the reference and the live sample, it answers with evidence.
template <class F, class Reference, class Live = Reference>
concept TwoSampleTest = requires(const F& test, const Reference& reference, const Live& live) {
    { test(reference, live) } -> std::convertible_to<TestResult>;
};

/// A differential-privacy noise primitive: adds calibrated noise to one value, drawing from a generator.
template <class M, class Generator>
concept Mechanism = requires(const M& mechanism, Generator& generator, typename M::value_type value) {
    { mechanism.release(value, generator) } -> std::same_as<typename M::value_type>;
};

}  // namespace vedette::inline v0
