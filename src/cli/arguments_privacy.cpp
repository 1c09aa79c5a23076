// SPDX-License-Identifier: Apache-2.0
// Command line of differential privacy: account, calibrate, grant, release, audit, ledger.
#include "arguments.hpp"
#include "privacy_events.hpp"
#include "release_kinds.hpp"

namespace vedette::inline v0::cli {

namespace {

std::vector<std::string> released_names() {
    std::vector<std::string> names;
    for (const ReleasedKind& kind : released_kinds()) names.emplace_back(kind.name);
    return names;
}

CLI::Validator neighbours_word() {
    return word<privacy::Neighbouring>(
        {{"add_remove", privacy::Neighbouring::add_remove}, {"replace_one", privacy::Neighbouring::replace_one}});
}

class PrivacyCommands final : public CommandFamily {
  public:
    PrivacyCommands(CLI::App& app, Action& action) : action_(action) { add_privacy(app); }

  private:
    void add_events(CLI::App& command, const char* about) {
        command.add_option("--event", privacy_.events, std::string(about) + ":\n" + PrivacyEvent::help())
            ->type_name("KIND:NAME=NUMBER,...")
            ->allow_extra_args(false);
        command.add_option("--sampling-rate", privacy_.sampling_rate,
                           "A training (DP-SGD) in place of an event, or beside them: expected batch over records, "
                           "each step a Poisson sample of them");
        command.add_option("--steps", privacy_.steps, "Steps of training")->check([](const std::string& text) {
            return std::string(text[0] == '-' ? "it must be 0 or more" : "");
        });
        command
            .add_option("--neighbours", privacy_.neighbouring,
                        "Between which data: add_remove (one record more or less) or replace_one (one replaced by "
                        "another). Noise and sensitivities are always stated for one added or removed, as a clipping "
                        "norm; guarantees (epsilon, mu, rho) for the neighbours at hand")
            ->type_name("WORD")
            ->transform(neighbours_word());
        add_text_or_json(command, privacy_.as_json);
    }

    void add_privacy(CLI::App& app) {
        CLI::App& group = *app.add_subcommand(
            "privacy",
            "Differential privacy: noised statistics under a budget, the loss of noisy training (DP-SGD), audits");
        group.require_subcommand(1);
        CLI::App& account = *group.add_subcommand(
            "account",
            "What mechanisms lose together: epsilon, delta or an attack's success, as intervals that hold it");
        account.add_option("--noise-multiplier", privacy_.noise_multiplier,
                           "Of a training: standard deviation of the noise over the clipping norm");
        add_events(account, "A mechanism; may be repeated");
        account.add_option("--delta", privacy_.delta, "Tell the epsilon at this delta");
        account.add_option("--epsilon", privacy_.epsilon, "Tell the delta at this epsilon");
        account.add_option("--false-positive-rate", privacy_.false_positive_rate,
                           "Tell the true positives of the best attack on membership at this rate (f-DP)");
        account.add_option("--error", privacy_.error, "Width of the interval; of delta and rates, relative")
            ->capture_default_str();
        account.add_option("--max-epsilon", privacy_.max_epsilon, "Exit status 1 if epsilon may exceed this");
        account.add_option("--max-delta", privacy_.max_delta, "Exit status 1 if delta may exceed this");
        account.callback([this] { action_ = [this] { return privacy_account(privacy_); }; });
        CLI::App& calibrate = *group.add_subcommand("calibrate", "The least noise that keeps an epsilon");
        calibrate.add_option("--epsilon", privacy_.epsilon, "The epsilon to keep")->required();
        calibrate.add_option("--delta", privacy_.delta, "The delta of (epsilon, delta)")->required();
        add_events(
            calibrate,
            "A mechanism; may be repeated. The one without its sigma, scale, epsilon or mu is what is looked for");
        calibrate.add_option("--precision", privacy_.precision, "Of the noise, relative")->capture_default_str();
        calibrate.callback([this] { action_ = [this] { return privacy_calibrate(privacy_); }; });
        add_grant(group);
        add_release(group);
    }

    static void add_ledger(CLI::App& command, LedgerUse& use) {
        command.add_option("--ledger", use.file.path, "The ledger file")->required();
        add_ledger_proof(command, use.file);
        command.add_option("--data-set", use.account.data_set, "Account: which data")->required();
        command.add_option("--principal", use.account.principal, "Account: whose budget")->required();
        command.add_option("--purpose", use.account.purpose, "Account: what for")->required();
        command.add_option("--now", use.now, "Seconds since 1970 (default: the system's clock)");
    }

    void add_grant(CLI::App& group) {
        CLI::App& command = *group.add_subcommand("grant", "Give an account of a ledger a budget for some days");
        add_ledger(command, grant_.use);
        CLI::Option_group& loss = *command.add_option_group("loss");
        loss.require_option(1);
        loss.add_option("--epsilon", grant_.epsilon, "What may be spent");
        loss.add_option("--rho", grant_.rho,
                        "In place of epsilon: an account of zero-concentrated privacy, for releases with --rho");
        command.add_option("--delta", grant_.delta, "What may be spent of delta, beside epsilon (default: none)");
        command.add_option("--days", grant_.days, "From now on")->required();
        command.add_flag("--create", grant_.create, "Make a new ledger file");
        command.callback([this] { action_ = [this] { return privacy_grant(grant_); }; });
    }

    void add_release(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "release",
            "Release a statistic of a column with noise, paid out of a ledger. Exit status 1 if the budget "
            "does not allow it");
        command.add_option("data", release_.source.path, "Data: CSV with a header, or NPY; - = standard input")
            ->required();
        add_delimiter(command, release_.source);
        command
            .add_option("--statistic", release_.statistic,
                        "count, sum, mean, variance, quantile or range of numbers; covariance and table, of two "
                        "columns; histogram; partitions: which categories there are; above_threshold: which of some "
                        "counts are at least a threshold (sparse vector); running_count: after each of some steps; "
                        "randomized_response: each row's own category disturbed by itself, and what they tell of the "
                        "shares")
            ->required()
            ->type_name("WORD")
            ->check(CLI::IsMember(released_names()).description(""));
        command.add_option("--column", release_.column, "The column; a count needs none");
        command.add_option("--lower", release_.lower, "Values are clamped to this, chosen without looking at them");
        command.add_option("--upper", release_.upper, "and to this");
        command
            .add_option(
                "--categories", release_.categories,
                "Categories that are known beforehand: of a histogram, a table, an above_threshold (asked in this "
                "order), a randomized_response, or the steps of a running_count in their order")
            ->delimiter(',');
        command.add_option("--second", release_.second, "The other column of a covariance or a table");
        command.add_option("--second-lower", release_.second_lower, "Its values are clamped to this");
        command.add_option("--second-upper", release_.second_upper, "and to this");
        command.add_option("--second-categories", release_.second_categories, "Its categories, of a table")
            ->delimiter(',');
        command.add_option("--least-power", release_.least_power, "A range tells sizes apart from 2 to this power on")
            ->capture_default_str();
        command.add_option("--largest-power", release_.largest_power, "and below 2 to this power")
            ->capture_default_str();
        command.add_option("--quantile", release_.quantile, "Between 0 and 1, in thousandths")->capture_default_str();
        command.add_option("--steps", release_.steps, "Steps of the grid that a quantile is chosen from")
            ->capture_default_str();
        command.add_option("--threshold", release_.threshold, "Of above_threshold: is a count at least this?");
        command
            .add_option("--positives", release_.positives,
                        "Of above_threshold: after so many counts above it nothing more is told")
            ->capture_default_str();
        command.add_option("--sensitivity", release_.sensitivity,
                           "Of above_threshold: in place of counts of categories, each row is a query, a whole number "
                           "in the column that whoever is hidden changes by at most this");
        command
            .add_option("--factor", release_.buffered,
                        "Of a running_count with --rho or --delta: root (default; the square root of the totals' "
                        "Toeplitz matrix) or buffered (within 1 % of it, from a few numbers)")
            ->type_name("WORD")
            ->transform(word<bool>({{"root", false}, {"buffered", true}}));
        command.add_option("--responses", release_.responses,
                           "Of a randomized_response: CSV that the responses are written to, row by row");
        add_encoding(command, release_.encoding);
        command.add_option("--user", release_.user,
                           "Column that says whose a row is (default: every row is someone else's). Rows without one "
                           "are left out");
        command.add_option("--rows-per-user", release_.limit.rows, "Rows of a user that count (in each category)")
            ->capture_default_str();
        command
            .add_option("--categories-per-user", release_.limit.partitions,
                        "Categories of a histogram, or cells of a table, in which a user counts")
            ->capture_default_str();
        command
            .add_option("--choice", release_.choice, "Which rows of a user count: the first (default) or random ones")
            ->type_name("WORD")
            ->transform(word<privacy::ContributionChoice>(
                {{"first", privacy::ContributionChoice::first}, {"random", privacy::ContributionChoice::random}}));
        command
            .add_option("--neighbours", release_.neighbouring,
                        "Whom the noise hides: add_remove (default), whether someone is in the data at all; "
                        "replace_one, what someone's rows say, the number of records or of users being public")
            ->type_name("WORD")
            ->transform(neighbours_word());
        CLI::Option_group& loss = *command.add_option_group("loss");
        loss.require_option(1);
        loss.add_option("--epsilon", release_.epsilon, "What the release spends");
        loss.add_option("--rho", release_.rho,
                        "In place of epsilon: zero-concentrated privacy, Gaussian noise, out of an account that was "
                        "granted in rho");
        command.add_option("--delta", release_.delta,
                           "For a histogram whose categories come from the data: those of a single user are told with "
                           "at most this probability. For counts, sums, means and variances: Gaussian noise, which is "
                           "wider for so few numbers but has lighter tails");
        command.add_option("--confidence", release_.confidence, "Of the interval")->capture_default_str();
        add_ledger(command, release_.use);
        add_text_or_json(command, release_.as_json);
        command.callback([this, &command] {
            release_.given.clear();
            for (const CLI::Option* option : command.get_options())
                if (option->count() > 0) release_.given.push_back(option->get_name());
            action_ = [this] { return privacy_release(release_); };
        });
        add_estimate(group);
        add_privacy_audit(group);
        add_ledger_tool(group);
    }

    static void add_encoding(CLI::App& command, ResponseEncoding& encoding) {
        command
            .add_option("--encoding", encoding,
                        "Of a response: direct (default), a category's name; or a bit for each category and for all "
                        "others, in columns that are called like them: rappor, all flipped alike, or optimised, with "
                        "the least variance of rare categories")
            ->type_name("WORD")
            ->transform(word<ResponseEncoding>({{"direct", ResponseEncoding::direct},
                                                {"rappor", ResponseEncoding::rappor},
                                                {"optimised", ResponseEncoding::optimised}}));
    }

    void add_estimate(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "estimate", "Shares of the truth among randomised responses; what was released already costs nothing more");
        command.add_option("data", estimate_.source.path, "Responses: CSV with a header; - = standard input")
            ->required();
        add_delimiter(command, estimate_.source);
        command.add_option("--column", estimate_.column, "The responses, where they are names");
        add_encoding(command, estimate_.encoding);
        command
            .add_option("--categories", estimate_.categories,
                        "As they were when the responses were drawn; what is none of them is \"(all others)\"")
            ->required()
            ->delimiter(',');
        command.add_option("--epsilon", estimate_.epsilon, "That of each response")->required();
        command.add_option("--confidence", estimate_.confidence, "Of the intervals")->capture_default_str();
        add_text_or_json(command, estimate_.as_json);
        command.callback([this] { action_ = [this] { return privacy_estimate(estimate_); }; });
    }

    void add_ledger_tool(CLI::App& group) {
        CLI::App& tool = *group.add_subcommand("ledger", "Look into a ledger file: show, verify, close");
        tool.require_subcommand(1);
        const auto add = [&](const char* name, const char* about, ExitStatus (*run)(const LedgerToolOptions&)) {
            CLI::App& command = *tool.add_subcommand(name, about);
            command.add_option("ledger", ledger_.file.path, "The ledger file")->required();
            add_ledger_proof(command, ledger_.file);
            command.callback([this, run] { action_ = [this, run] { return run(ledger_); }; });
            return &command;
        };
        CLI::App& show = *add("show", "Budgets, what is spent of them, and reservations left open", ledger_show);
        show.add_option("--data-set", ledger_.account.data_set, "Accounts of this data alone");
        show.add_option("--principal", ledger_.account.principal, "Accounts of this principal alone");
        show.add_option("--purpose", ledger_.account.purpose, "Accounts for this purpose alone");
        add_text_or_json(show, ledger_.as_json);
        add("verify",
            "Print the head, to be kept elsewhere. Exit status 1 for a file that was cut, altered or put back",
            ledger_verify);
        CLI::App& close = *add("close", "Settle a reservation whose process died", ledger_close);
        close.add_option("reservation", ledger_.reservation, "Its number, see show")->required();
        close.add_flag("--cancel", ledger_.cancels,
                       "Give its cost back: only where it is certain that nothing was released (default: commit)");
    }

    void add_privacy_audit(CLI::App& group) {
        CLI::App& audit = *group.add_subcommand("audit", "How much epsilon a mechanism has at least, from its outputs");
        CLI::Option_group& source = *audit.add_option_group("source");
        source.require_option(1);
        source.add_option("--guesses", audit_.guesses.path,
                          "CSV of one run's canaries: included (0 or 1), guess (0, 1 or empty)");
        source.add_option("--outputs", audit_.outputs.path,
                          "CSV of runs: input (1 or 2, of two neighbours), output (a number)");
        source
            .add_option("--counts", audit_.counts,
                        "An event's hits and runs on the first input, and on the second one, where it should be rarer")
            ->expected(4)
            ->type_name("HITS RUNS HITS RUNS");
        audit.add_option("--delta", audit_.delta, "The delta of (epsilon, delta)")->capture_default_str();
        audit.add_option("--confidence", audit_.confidence, "Of the bound")->capture_default_str();
        audit.add_option("--claimed-epsilon", audit_.epsilon, "Exit status 1 if this is refuted");
        add_text_or_json(audit, audit_.as_json);
        audit.callback([this] { action_ = [this] { return privacy_audit(audit_); }; });
    }

    Action& action_;
    PrivacyOptions privacy_;
    GrantOptions grant_;
    ReleaseOptions release_;
    EstimateOptions estimate_;
    LedgerToolOptions ledger_;
    PrivacyAuditOptions audit_;
};

}  // namespace

std::unique_ptr<CommandFamily> privacy_commands(CLI::App& app, Action& action) {
    return std::make_unique<PrivacyCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
