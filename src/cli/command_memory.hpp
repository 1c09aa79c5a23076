// SPDX-License-Identifier: Apache-2.0
// The memory across requests as plain functions of plain options; the command line is declared in arguments_score.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "commands.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace vedette::inline v0::cli {

/// Requests of accounts, in their order.
struct TrafficSource {
    ScoreSource rows;
    std::string account;  ///< the column
    std::string time;     ///< a column of whole numbers; empty: no time passes
};

struct MemoryOptions {
    TrafficSource benign;
    std::vector<double> steps;  ///< widths of cells, one or one a column; empty: half a standard deviation of each
    std::size_t window = 3;     ///< columns hashed together
    std::size_t remembered = 100'000;  ///< inputs, but no more than half of the benign ones
    double level = 1e-3;               ///< a benign account is ever accused with at most this probability
    stats::ConformalGuarantee guarantee = stats::ConformalGuarantee::conditional_simes;
    double failure_probability = 0.05;
    perturbation::RepeatRule repeats = perturbation::RepeatRule::judged;
    bool with_updates = false;
    bool is_silent = false;
    std::uint32_t mmd_window = 100;
    std::size_t mmd_features = 256;
    double expected_run = 10'000.0;
    std::size_t mmd_accounts = 64;   ///< 0: inputs are not compared with the benign law
    std::uint64_t least_shared = 3;  ///< inputs of two accounts of a group
    std::string output;
};

struct MemoryWatchOptions {
    std::string memory;
    TrafficSource live;
    std::uint64_t least_shared = 3;
    std::string evidence;  ///< CSV of all requests; empty = none
    std::string output;    ///< the memory, as it is then; empty = it forgets
    bool as_json = false;
};

/// Makes and calibrates a memory across requests, of benign traffic.
ExitStatus score_memory(const MemoryOptions& options);
/// Watches the requests of a file, and lets the memory go on.
ExitStatus score_watch(const MemoryWatchOptions& options);
/// What others remember, taken in.
ExitStatus score_merge(const std::string& into, const std::vector<std::string>& others, const std::string& output);

}  // namespace vedette::inline v0::cli
