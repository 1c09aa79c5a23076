// SPDX-License-Identifier: Apache-2.0
// Command line of a model's performance: fit, estimate, realised, shift, rank.
#include "arguments.hpp"

namespace vedette::inline v0::cli {

namespace {

class PerformanceCommands final : public CommandFamily {
  public:
    PerformanceCommands(CLI::App& app, Action& action) : action_(action) {
        CLI::App& group = *app.add_subcommand(
            "performance", "How a model does: without labels, with late ones, under label shift, and what costs it");
        group.require_subcommand(1);
        add_fit(group);
        add_estimate(group);
        add_realised(group);
        add_merge(group);
        add_shift(group);
        add_rank(group);
    }

  private:
    using Command = ExitStatus (*)(const PerformanceToolOptions&);

    CLI::App& add(CLI::App& group, const char* name, const char* help, Command command) {
        CLI::App& sub = *group.add_subcommand(name, help);
        sub.callback([this, command] { action_ = [this, command] { return command(options_); }; });
        add_text_or_json(sub, options_.as_json);
        add_delimiter(sub, options_.source);
        return sub;
    }
    // In place of text or JSON alone.
    void add_page(CLI::App& command) {
        command.remove_option(command.get_option("--format"));
        command
            .add_option_function<std::string>(
                "--format",
                [this](const std::string& word) {
                    options_.as_json = word == "json";
                    options_.as_html = word == "html";
                },
                "text (default), json, or html: a page with the time line of alarms")
            ->type_name("WORD")
            ->check(CLI::IsMember({"text", "json", "html"}));
    }
    void add_reference(CLI::App& command) {
        command.add_option("reference", options_.reference, "A file that `performance fit` wrote")->required();
    }
    void add_live(CLI::App& command, const char* help) {
        command.add_option("live", options_.source.path, help)->required();
    }
    void add_scores(CLI::App& command) {
        command
            .add_option("--scores", options_.columns.scores,
                        "The column of scores in [0, 1] of class 1, or one column for each class")
            ->delimiter(',')
            ->required();
        add_prediction(command);
    }
    void add_prediction(CLI::App& command) {
        command.add_option("--prediction", options_.columns.prediction, "The column of predicted classes, from 0 on")
            ->required();
    }
    void add_harm(CLI::App& command) {
        command.add_option("--level", options_.level, "Of a false alarm, ever; intervals have 1 - level")
            ->check(CLI::Range(1e-12, 0.5))
            ->capture_default_str();
        CLI::Option& margin = *command.add_option("--margin", options_.margin,
                                                  "More loss (1 - metric) than the reference's that is tolerated");
        margin.check(CLI::Range(0.0, 1.0))->capture_default_str();
        command.add_option("--tolerated", options_.tolerated, "Or the loss that is tolerated")
            ->check(CLI::Range(0.0, 1.0))
            ->excludes(&margin);
    }

    void add_metric(CLI::App& command) {
        command
            .add_option(
                "--metric", options_.metric,
                "That harm is judged by: accuracy (default), precision, recall, specificity, f1 or roc_auc; its "
                "interval and its alarm hold at all times")
            ->type_name("WORD")
            ->transform(word<drift::PerformanceMetric>({{"accuracy", drift::PerformanceMetric::accuracy},
                                                        {"precision", drift::PerformanceMetric::precision},
                                                        {"recall", drift::PerformanceMetric::recall},
                                                        {"specificity", drift::PerformanceMetric::specificity},
                                                        {"f1", drift::PerformanceMetric::f1},
                                                        {"roc_auc", drift::PerformanceMetric::roc_auc}}));
    }

    void add_merge(CLI::App& group) {
        CLI::App& command = add(group, "merge",
                                "States of shards of one stream (of estimate or realised) as one: windows are added, "
                                "and the metric's bounds hold for all of them together",
                                performance_merge);
        add_reference(command);
        command.add_option("states", options_.states, "Files that --state saved")->required()->expected(1, 4096);
        command.add_option("-o,--output", options_.output, "A state to go on from, to write; default none");
    }

    void add_state(CLI::App& command) {
        CLI::Option& state =
            *command.add_option("--state", options_.state, "File to go on from, where there is one, and to save to");
        command
            .add_option("--save-every", options_.save_every, "Rows and labels between two saves; 0 = at the end only")
            ->capture_default_str()
            ->needs(&state);
    }

    void add_fit(CLI::App& group) {
        CLI::App& command = add(group, "fit", "Learn what scores mean from rows with labels", performance_fit);
        command.add_option("data", options_.source.path, "Rows with labels: CSV with a header, or NPY")->required();
        add_scores(command);
        command.add_option("--label", options_.columns.label, "The column of labels")->required();
        command.add_option("-o,--output", options_.output, "The file to write")->required();
        command.add_option("--calibration", options_.fit.calibration, "automatic (default), always or never")
            ->type_name("WORD")
            ->transform(word<drift::CalibrationRule>({{"automatic", drift::CalibrationRule::automatic},
                                                      {"always", drift::CalibrationRule::always},
                                                      {"never", drift::CalibrationRule::never}}));
    }
    void add_estimate(CLI::App& group) {
        CLI::App& command =
            add(group, "estimate", "Metrics without labels, and one of them at all times with its alarm on harm",
                performance_estimate);
        add_page(command);
        add_reference(command);
        add_live(command, "Predictions: CSV with a header, or NPY; - = standard input");
        add_scores(command);
        add_harm(command);
        add_metric(command);
        add_state(command);
    }
    void add_realised(CLI::App& group) {
        CLI::App& command =
            add(group, "realised", "Metrics by labels, in the file or coming late by id, beside the estimate",
                performance_realised);
        add_page(command);
        add_reference(command);
        add_live(command, "Predictions: CSV with a header, or NPY; - = standard input");
        add_scores(command);
        command.add_option("--label", options_.columns.label, "The column of labels; empty where none has come")
            ->required();
        CLI::Option& id = *command.add_option("--id", options_.id, "The column of ids, in both files");
        CLI::Option& labels =
            *command.add_option("--labels", options_.labels.path, "The file of labels, where they come by id");
        labels.needs(&id);
        id.needs(&labels);
        CLI::Option& time =
            *command.add_option("--time", options_.time, "The column of times, in both files, whole numbers");
        time.needs(&labels);
        command.add_option("--capacity", options_.join.capacity, "Predictions remembered; one more forgets the oldest")
            ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 24U))
            ->capture_default_str()
            ->needs(&labels);
        command.add_option("--longest-wait", options_.join.longest_wait, "After which a prediction is forgotten")
            ->needs(&time);
        add_harm(command);
        add_metric(command);
        add_state(command);
    }
    void add_shift(CLI::App& group) {
        CLI::App& command = add(group, "shift",
                                "Which share each class has in live rows, by predictions alone (black-box shift "
                                "estimation)",
                                performance_shift);
        add_reference(command);
        add_live(command, "Predictions: CSV with a header, or NPY; - = standard input");
        add_prediction(command);
        command.add_option("--confidence", options_.shift.confidence, "Of intervals")
            ->check(CLI::Range(1e-6, 1.0 - 1e-12))
            ->capture_default_str();
        command
            .add_option("--largest-condition", options_.shift.largest_condition,
                        "Condition number of the table above which classes cannot be told apart")
            ->capture_default_str();
    }
    void add_rank(CLI::App& group) {
        CLI::App& command = add(group, "rank", "Features by what their drift does to the accuracy", performance_rank);
        command.add_option("labelled", options_.columns.path, "Rows with features, predictions and labels")->required();
        add_live(command, "Rows with the same features; - = standard input");
        add_prediction(command);
        command.add_option("--label", options_.columns.label, "The column of labels")->required();
        command.add_option("--scores", options_.columns.scores, "Columns of scores, which are no features")
            ->delimiter(',');
        command.add_option("--ignore", options_.ignore, "Other columns that are no features")->delimiter(',');
        command.add_option("--level", options_.level, "Intervals have 1 - level")
            ->check(CLI::Range(1e-12, 0.5))
            ->capture_default_str();
    }

    Action& action_;
    PerformanceToolOptions options_;
};

}  // namespace

std::unique_ptr<CommandFamily> performance_commands(CLI::App& app, Action& action) {
    return std::make_unique<PerformanceCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
