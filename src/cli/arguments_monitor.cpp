// SPDX-License-Identifier: Apache-2.0
// Command line of monitors of streams.
#include <cstdint>

#include "arguments.hpp"

namespace vedette::inline v0::cli {

namespace {

class MonitorCommands final : public CommandFamily {
  public:
    MonitorCommands(CLI::App& app, Action& action) : action_(action) { add_monitor(app); }

  private:
    void add_monitor(CLI::App& app) {
        CLI::App& command = *app.add_subcommand(
            "monitor", "Watch columns of a stream value by value: alarms as they happen, saved and resumed");
        MonitorOptions& options = monitor_;
        CLI::Option& data = *command.add_option("data", options.source.path,
                                                "CSV with a header, or NPY; - = standard input, read as it comes");
        CLI::Option& monitors = *command.add_option(
            "--monitor", options.monitors,
            "KIND, KIND:OPTIONS or COLUMN=KIND:OPTIONS, repeatable, e.g. delay=cusum:average_run_length=10000; several "
            "columns together: COLUMN,COLUMN=mmd_monitor:OPTIONS");
        monitors.expected(1)->take_all();
        command.add_flag("--list", list_, "Print all kinds with their default options, and nothing else");
        command.add_option("--columns", options.columns, "Columns of monitors that name none")->delimiter(',');
        CLI::Option& learn = *command.add_option(
            "--learn", options.learn, "Monitors with a reference take it from so many numbers of the beginning");
        learn.check(CLI::Range(std::uint64_t{2}, std::uint64_t{1'000'000}));
        command.add_option("--reference", options.reference, "Or from all rows of this file")->excludes(&learn);
        command.add_option("--state", options.state, "File to go on from, where there is one, and to save to");
        command.add_option("--save-every", options.save_every, "Rows between two saves; 0 = at the end only")
            ->capture_default_str();
        command.add_option("--time", options.time, "Column that says when a row was, shown with its alarms");
        CLI::Option& block = *command.add_option(
            "--block", options.block, "Watch means of so many values: for autocorrelated streams, keeps their power");
        block.check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31U))->capture_default_str();
        add_thinning(command, options.source);
        command.get_option("--thin")->excludes(&block);
        command
            .add_option(
                "--false-discovery-rate", options.false_discovery_rate,
                "Judge all monitors of kind e_process together by e-BH, in place of each by its level: share of "
                "the discovered columns that may be in order, at any time and under any dependence")
            ->check(CLI::Range(1e-12, 0.5));
        command.add_flag("--warnings", options.warnings, "Tell warnings too, not changes alone");
        command.add_flag("!--no-header", options.source.has_header, "CSV begins with data; columns are f0, f1, ...");
        command
            .add_option(
                "--format", options.formats,
                "FORMAT or FORMAT=PATH, repeatable: text (default), json (lines), openmetrics, html (time lines)")
            ->expected(1)
            ->take_all();
        add_delimiter(command, options.source);
        add_merge(command);
        command.callback([this, &command, &data, &monitors] {
            if (!command.get_subcommands().empty()) return;
            if (!list_ && data.count() == 0) throw CLI::RequiredError("data");
            if (!list_ && monitors.count() == 0) throw CLI::RequiredError("--monitor");
            action_ = [this] { return list_ ? monitor_list() : monitor(monitor_); };
        });
    }

    void add_merge(CLI::App& monitor) {
        CLI::App& command = *monitor.add_subcommand(
            "merge", "What the monitors of several states, of shards of one stream, say together");
        command.add_option("states", merge_.states, "Files that --state saved, with the same columns and monitors")
            ->required()
            ->expected(2, 4096);
        command
            .add_option(
                "--e-values", merge_.merge,
                "average (default): holds under any dependence, and beside one reference; product: where shards "
                "are independent and each has a reference of its own")
            ->type_name("WORD")
            ->transform(word<drift::EvidenceMerge>(
                {{"average", drift::EvidenceMerge::average}, {"product", drift::EvidenceMerge::product}}));
        command
            .add_option("--false-discovery-rate", merge_.false_discovery_rate,
                        "Of the columns that are told as changed; without it the states' own, else 0.01")
            ->check(CLI::Range(1e-12, 0.5));
        add_text_or_json(command, merge_.as_json);
        command.callback([this] { action_ = [this] { return monitor_merge(merge_); }; });
    }

    Action& action_;
    MonitorMergeOptions merge_;
    MonitorOptions monitor_;
    bool list_ = false;
};

}  // namespace

std::unique_ptr<CommandFamily> monitor_commands(CLI::App& app, Action& action) {
    return std::make_unique<MonitorCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
