// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of the tool's state files (`monitor --state`, `performance --state`, and what their merges read),
// as given and with the checksum mended; what is accepted is canonical, goes on and merges.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "container_input.hpp"
#include "input.hpp"
#include "known_performance.hpp"
#include "monitor_file.hpp"
#include "monitor_output.hpp"
#include "performance_question.hpp"
#include "promise.hpp"
#include "vedette/core/error.hpp"

namespace {

namespace cli = vedette::cli;
namespace drift = vedette::drift;
using vedette::ErrorCode;
using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

// What the seeds of performance commands are of: `performance fit` of these rows.
const drift::PerformanceReference& known() {
    static const drift::PerformanceReference reference = vedette::fuzzing::known_performance();
    return reference;
}

void check(const cli::WatchState& state) {
    require(!state.columns.empty(), "a state without a column");
    const auto bytes = cli::write_monitors(state);
    cli::WatchState again = cli::read_monitors(bytes);
    require(cli::write_monitors(again) == bytes, "writing monitors is not canonical");
    for (cli::WatchedColumn& each : again.columns) {
        (void)cli::summary(each);
        const std::vector<double> row(each.joined.size(), 0.5);
        for (int i = 0; i < 20; ++i) {
            if (each.monitor) static_cast<void>(each.monitor->update(0.25 * (i % 5)));
            if (each.rows) static_cast<void>(each.rows->update(row));
        }
    }
    (void)cli::read_monitors(cli::write_monitors(again));
}

void check(const std::vector<std::byte>& bytes) {
    const std::string asked = cli::asked_in(bytes);
    const cli::PerformanceQuestion question = cli::question_in(asked, known());
    require(cli::asked_of(question, known()) == asked, "a question is not canonical");
    if (question.options.join.capacity > 100'000) return;  // memory, and no other code
    std::optional<cli::PerformanceProgress> begun;
    try {
        begun = cli::progress_of(question, known());
    } catch (const cli::InputError&) {
        return;  // no answer to it: told as such
    }
    cli::PerformanceProgress& progress = *begun;
    cli::read_progress(asked, bytes, progress);
    const auto written = cli::write_progress(asked, progress);
    cli::PerformanceProgress again = cli::progress_of(question, known());
    cli::read_progress(asked, written, again);
    require(cli::write_progress(asked, again) == written, "writing progress is not canonical");
    cli::merge_progress(again, progress);
    (void)again.harm.text();
    if (again.estimated) (void)again.estimated->estimate();
    if (again.realised) (void)again.realised->performance();
}

void try_bytes(const std::vector<std::byte>& bytes) {
    attempt([&] { check(cli::read_monitors(bytes)); });
    attempt([&] { check(bytes); }, {ErrorCode::baseline_mismatch, ErrorCode::invalid_argument, ErrorCode::overflow});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
