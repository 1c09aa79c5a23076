// SPDX-License-Identifier: Apache-2.0
// What `vedette monitor` tells: events as they happen, the state of all monitors at the end, metrics for a scraper.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor_file.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::cli {

/// A sentence on what was discovered, and one on what its rate rests on.
[[nodiscard]] std::string evidence_text(const EvidenceReport& evidence);

/// A monitor that has just said something.
struct WatchEvent {
    std::uint64_t row = 0;  ///< from 1, over all runs of the same state file
    std::string_view time;  ///< empty = not asked for
    double value = 0.0;
    MonitorState state = MonitorState::in_control;
};

/// The outputs of one run. Formats: `text` and `json` (a line per event, flushed, then a line per monitor),
/// `openmetrics` (a file that is replaced whenever the state is saved) and `html` (a page with time lines, at the end).
class WatchOutputs {
  public:
    /// From "text", "json=alarms.jsonl", ...; without any, text to standard output. Throws InputError.
    explicit WatchOutputs(const std::vector<std::string>& texts);

    /// Throws Error(io_error).
    void tell(const WatchedColumn& column, const WatchEvent& event);
    /// The metrics, where they go to a file.
    void refresh(const WatchState& state) const;
    /// Rows of earlier runs.
    void begin(std::uint64_t rows) noexcept { first_row_ = rows; }
    /// The last word.
    void finish(const WatchState& state);

  private:
    enum class Format : std::uint8_t { text, json, openmetrics, html };
    struct Output {
        Format format;
        std::string path;                      // empty = standard output
        std::shared_ptr<std::ostream> stream;  // of lines
    };
    void write(const Output& output, const std::string& text) const;

    [[nodiscard]] std::string page(const WatchState& state) const;

    std::vector<Output> outputs_;
    std::map<std::pair<std::string, drift::MonitorKind>, std::vector<StreamAlarm>> alarms_;  // of this run, the newest
    std::uint64_t first_row_ = 0;
};

}  // namespace vedette::inline v0::cli
