// SPDX-License-Identifier: Apache-2.0
// Command line of scores: fit, run, add, list; and of the memory across requests: memory, watch, merge.
#include <vector>

#include "arguments.hpp"
#include "command_memory.hpp"

namespace vedette::inline v0::cli {

namespace {

class ScoreCommands final : public CommandFamily {
  public:
    ScoreCommands(CLI::App& app, Action& action) : action_(action) { add_score(app); }

  private:
    void add_score_source(CLI::App& command, ScoreSource& rows) {
        command
            .add_option("--columns", rows.columns,
                        "Columns that are the row, in order (default: those it was made with, or all)")
            ->delimiter(',');
        command.add_option("--ignore", rows.ignore, "Columns that are not")->delimiter(',');
        add_delimiter(command, rows.source);
    }

    void add_score(CLI::App& app) {
        CLI::App& group = *app.add_subcommand("score", "Score rows for attack and novelty, at a false-alarm rate");
        group.require_subcommand(1);
        add_score_fit(group);
        CLI::App& run = *group.add_subcommand("run", "Score the rows of a file");
        run.add_option("score", score_run_.score, "The score file")->required();
        run.add_option("data", score_run_.live.source.path, "CSV with a header, or NPY; - = standard input")
            ->required();
        add_score_source(run, score_run_.live);
        run.add_option("--group", score_run_.group, "Column with the group of each row, as when it was calibrated");
        run.add_option("--weight", score_run_.weight,
                       "Column with the ratio of densities of each row, live to calibration, where that is weighted");
        run.add_option("--level", score_run_.level, "Share of the rows found that may be benign (false discovery rate)")
            ->check(CLI::Range(1e-9, 0.5))
            ->capture_default_str();
        run.add_option("-o,--output", score_run_.output, "CSV of score and p-values for every row");
        run.add_flag("--contributions", score_run_.with_contributions,
                     "With what each column adds to the score, for kinds that say so");
        add_text_or_json(run, score_run_.as_json);
        run.callback([this] { action_ = [this] { return score_run(score_run_); }; });
        add_predictions(run, score_run_.predictions, score_run_.as_logits);
        add_queries(group);
        add_memory(group);
        add_watch(group);
        CLI::App& add = *group.add_subcommand("add", "Put calibrated scores into a baseline, for a policy to name");
        add.add_option("baseline", baseline_, "The baseline file")->required();
        add.add_option("scores", score_files_, "NAME=FILE, repeatable")->required();
        add.add_option("-o,--output", output_, "The baseline file to write")->required();
        add.callback([this] { action_ = [this] { return score_add(baseline_, score_files_, output_); }; });
        CLI::App& list = *group.add_subcommand("list", "Print all kinds with their default options");
        list.callback([this] { action_ = [] { return score_list(); }; });
    }

    static void add_predictions(CLI::App& command, std::string& predictions, bool& as_logits) {
        command.add_option(
            "--predictions", predictions,
            "For kinds that ask the model: its outputs on the rows of vedette score queries, NPY or CSV");
        command.add_flag("--logits", as_logits, "They are logits, not probabilities");
    }

    void add_queries(CLI::App& group) {
        CLI::App& queries = *group.add_subcommand(
            "queries", "Write what a score that asks the model asks it about a file's rows, for you to run");
        queries.add_option("score", score_run_.score, "The score file")->required();
        queries.add_option("data", score_run_.live.source.path, "CSV with a header, or NPY; - = standard input")
            ->required();
        add_score_source(queries, score_run_.live);
        queries.add_option("-o,--output", score_run_.output, "The NPY file to write, f32, a query a row")->required();
        queries.callback([this] { action_ = [this] { return score_queries(score_run_); }; });
    }

    static CLI::Validator guarantees() {
        return word<stats::ConformalGuarantee>({{"marginal", stats::ConformalGuarantee::marginal},
                                                {"conditional_dkw", stats::ConformalGuarantee::conditional_dkw},
                                                {"conditional_simes", stats::ConformalGuarantee::conditional_simes}});
    }

    void add_traffic(CLI::App& command, TrafficSource& traffic, const char* what) {
        command.add_option("data", traffic.rows.source.path, what)->required();
        command.add_option("--account", traffic.account, "Column that says whose request a row is")->required();
        command.add_option("--time", traffic.time, "Column with the time, whole numbers that do not run backwards");
        add_score_source(command, traffic.rows);
    }

    void add_memory(CLI::App& group) {
        CLI::App& memory = *group.add_subcommand(
            "memory", "Make a memory of requests, calibrated on benign traffic, that finds probing and extraction");
        MemoryOptions& options = memory_;
        add_traffic(memory, options.benign, "Benign traffic, CSV or NPY: its first half fills, its second calibrates");
        memory.add_option("--steps", options.steps, "Width of a cell, one or one a column (default: half an SD)")
            ->delimiter(',');
        memory.add_option("--window", options.window, "Columns that are hashed together")->capture_default_str();
        memory.add_option("--remember", options.remembered, "Inputs, but no more than half of the benign ones")
            ->capture_default_str();
        memory.add_option("--level", options.level, "A benign account is ever accused with at most this probability")
            ->capture_default_str();
        memory.add_option("--guarantee", options.guarantee, "conditional_simes (default), conditional_dkw or marginal")
            ->type_name("WORD")
            ->transform(guarantees());
        memory.add_option("--failure-probability", options.failure_probability, "Of the conditional guarantees")
            ->capture_default_str();
        memory.add_option("--repeats", options.repeats, "Exact repeats: judged (default), own_left_out or left_out")
            ->type_name("WORD")
            ->transform(word<perturbation::RepeatRule>({{"judged", perturbation::RepeatRule::judged},
                                                        {"own_left_out", perturbation::RepeatRule::own_left_out},
                                                        {"left_out", perturbation::RepeatRule::left_out}}));
        memory.add_flag("--updates", options.with_updates, "Judge the directions of an account's steps, too");
        memory.add_flag("--silent", options.is_silent, "A guard scores, but lets no answer show it");
        memory.add_option("--mmd-window", options.mmd_window, "Inputs compared with the law of benign ones")
            ->capture_default_str();
        memory.add_option("--mmd-features", options.mmd_features, "Random features of that comparison")
            ->capture_default_str();
        memory.add_option("--expected-run", options.expected_run, "Inputs between false alarms of that, on average")
            ->capture_default_str();
        memory.add_option("--mmd-accounts", options.mmd_accounts, "Accounts with a window; 0 = no such comparison")
            ->capture_default_str();
        memory.add_option("--least-shared", options.least_shared, "Inputs that accounts of a group share")
            ->capture_default_str();
        memory.add_option("-o,--output", options.output, "The memory file to write; its owner's alone")->required();
        memory.callback([this] { action_ = [this] { return score_memory(memory_); }; });
    }

    void add_watch(CLI::App& group) {
        CLI::App& watch = *group.add_subcommand("watch", "Show a file's requests to a memory: who probes, who copies?");
        MemoryWatchOptions& options = watch_;
        watch.add_option("memory", options.memory, "The memory file")->required();
        add_traffic(watch, options.live, "Requests, CSV or NPY; - = standard input");
        watch.add_option("--least-shared", options.least_shared, "Groups of accounts share at least so many inputs")
            ->capture_default_str();
        watch.add_option("--evidence", options.evidence, "CSV of the evidence after every request");
        watch.add_option("-o,--output", options.output, "The memory as it is then, to go on with");
        add_text_or_json(watch, options.as_json);
        watch.callback([this] { action_ = [this] { return score_watch(watch_); }; });
        CLI::App& merge = *group.add_subcommand("merge", "Take in what memories of other shards remember");
        merge.add_option("memory", memory_into_, "A memory file")->required();
        merge.add_option("others", memory_others_, "Others of the same making, repeatable")->required();
        merge.add_option("-o,--output", output_, "The memory file to write")->required();
        merge.callback([this] { action_ = [this] { return score_merge(memory_into_, memory_others_, output_); }; });
    }

    void add_score_fit(CLI::App& group) {
        CLI::App& fit = *group.add_subcommand("fit", "Fit a score to rows that the model knows, and calibrate it");
        ScoreFitOptions& options = score_fit_;
        fit.add_option("data", options.reference.source.path, "CSV with a header, or NPY; not for most logits kinds");
        fit.add_option("--kind", options.kind, "See vedette score list")->required();
        fit.add_option("--options", options.options, "Of the kind, e.g. relative=true,rank=64");
        add_score_source(fit, options.reference);
        fit.add_option("--label", options.label, "Column with the class of each row, 0, 1, ...");
        fit.add_option("--head-weights", options.head_weights,
                       "The model's last layer, NPY or CSV, a row per class: for kinds that ask for it");
        fit.add_option("--head-bias", options.head_bias, "Its bias, NPY or CSV, a number per class");
        add_predictions(fit, options.predictions, options.as_logits);
        fit.add_option("--calibrate", options.calibrate.source.path, "File of other benign rows, of the same columns");
        fit.add_option("--group", options.group,
                       "Column of that file with the group of each row, e.g. predicted class");
        fit.add_option("--weight", options.weight,
                       "Column of that file with the ratio of densities of each row, live to calibration");
        fit.add_option("--guarantee", options.guarantee, "marginal (default), conditional_dkw or conditional_simes")
            ->type_name("WORD")
            ->transform(guarantees());
        fit.add_option("--failure-probability", options.failure_probability, "Of the conditional guarantees")
            ->capture_default_str();
        fit.add_option("--level", options.level, "Fail unless the calibration can alarm at this level");
        fit.add_option("-o,--output", options.output, "The score file to write")->required();
        fit.callback([this] {
            score_fit_.calibrate.source.delimiter = score_fit_.reference.source.delimiter;
            score_fit_.calibrate.columns = score_fit_.reference.columns;
            score_fit_.calibrate.ignore = score_fit_.reference.ignore;
            // The class of a row is no entry of it, in either file.
            if (!score_fit_.label.empty()) score_fit_.calibrate.ignore.push_back(score_fit_.label);
            if (!score_fit_.group.empty()) score_fit_.reference.ignore.push_back(score_fit_.group);
            if (!score_fit_.weight.empty()) score_fit_.reference.ignore.push_back(score_fit_.weight);
            action_ = [this] { return score_fit(score_fit_); };
        });
    }

    Action& action_;
    ScoreFitOptions score_fit_;
    ScoreRunOptions score_run_;
    MemoryOptions memory_;
    MemoryWatchOptions watch_;
    std::string memory_into_;
    std::vector<std::string> memory_others_;
    std::vector<std::string> score_files_;
    std::string baseline_;
    std::string output_;
};

}  // namespace

std::unique_ptr<CommandFamily> score_commands(CLI::App& app, Action& action) {
    return std::make_unique<ScoreCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
