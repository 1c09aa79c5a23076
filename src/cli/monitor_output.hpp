// SPDX-License-Identifier: Apache-2.0
// What `vedette monitor` tells: events as they happen, the state of all monitors at the end, metrics for a scraper.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "monitor_file.hpp"

namespace vedette::inline v0::cli {

/// A monitor that has just said something.
struct WatchEvent {
    std::uint64_t row = 0;  ///< from 1, over all runs of the same state file
    std::string_view time;  ///< empty = not asked for
    double value = 0.0;
    MonitorState state = MonitorState::in_control;
};

/// The outputs of one run. Formats: `text` and `json` (a line per event, flushed, then a line per monitor) and
/// `openmetrics` (a file that is replaced whenever the state is saved).
class WatchOutputs {
  public:
    /// From "text", "json=alarms.jsonl", ...; without any, text to standard output. Throws InputError.
    explicit WatchOutputs(const std::vector<std::string>& texts);

    /// Throws Error(io_error).
    void tell(const WatchedColumn& column, const WatchEvent& event);
    /// The metrics, where they go to a file.
    void refresh(const WatchState& state) const;
    /// The last word.
    void finish(const WatchState& state);

  private:
    enum class Format : std::uint8_t { text, json, openmetrics };
    struct Output {
        Format format;
        std::string path;                      // empty = standard output
        std::shared_ptr<std::ostream> stream;  // of lines
    };
    void write(const Output& output, const std::string& text) const;

    std::vector<Output> outputs_;
};

}  // namespace vedette::inline v0::cli
