// SPDX-License-Identifier: Apache-2.0
// `vedette check` and `vedette drift`: rows through the guard, windows into reports.
#include <fmt/core.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <optional>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "performance_rows.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/report.hpp"
#include "watched_rows.hpp"

namespace vedette::inline v0::cli {

namespace {

// Every window keeps its counters for the report, so their number is bounded even though rows are streamed.
constexpr std::size_t most_windows = 4096;
constexpr std::uint64_t progress_every = 1U << 17;
constexpr std::size_t largest_release_policy = std::size_t{1} << 20U;

/// A line on stderr that overwrites itself, only when a person is watching.
class Progress {
  public:
    ~Progress() {
        if (shown_) std::fputs("\r\x1b[K", stderr);
    }
    void at(std::uint64_t rows) {
        if (rows % progress_every != 0 || !watched_) return;
        fmt::print(stderr, "\r{} rows", rendering::grouped(rows));
        shown_ = true;
    }

  private:
    bool watched_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
};

/// The rows of a window as columns, for tests that need more than counters.
class LiveSample {
  public:
    explicit LiveSample(const Baseline& baseline) : features_(baseline.features()), columns_(features_.size()) {}

    /// Nulls and values of a wrong type are no part of a sample.
    void add(std::span<const Value> row) {
        for (std::size_t f = 0; f < columns_.size(); ++f) {
            SampleColumn& column = columns_[f];
            if (features_[f].kind == FeatureKind::numeric) {
                const double number = row[f].kind == Value::Kind::number ? row[f].number : std::nan("");
                // As the reference was read: a value rounded on one side only would look like drift.
                const bool narrow = features_[f].grid.precision == stats::Precision::f32;
                column.numbers.push_back(narrow ? static_cast<double>(static_cast<float>(number)) : number);
                continue;
            }
            const bool is_text = row[f].kind == Value::Kind::text;
            const std::size_t place = column.texts.size() % 8;
            if (place == 0) column.valid.push_back(0);
            if (is_text) column.valid.back() = static_cast<std::uint8_t>(column.valid.back() | (1U << place));
            column.texts.emplace_back(is_text ? row[f].text : std::string_view());
        }
    }
    void clear() {
        for (SampleColumn& column : columns_) column = {};
    }
    /// Void once a row is added.
    [[nodiscard]] Table table() {
        std::vector<NamedColumn> named;
        for (std::size_t f = 0; f < columns_.size(); ++f) {
            SampleColumn& column = columns_[f];
            column.views.assign(column.texts.begin(), column.texts.end());
            named.push_back({features_[f].name, features_[f].kind == FeatureKind::numeric
                                                    ? Column::numeric(column.numbers)
                                                    : Column::strings(column.views, {column.valid.data(), 0})});
        }
        return Table(std::move(named));
    }

  private:
    struct SampleColumn {
        std::vector<double> numbers;
        std::vector<std::string> texts;
        std::vector<std::string_view> views;
        std::vector<std::uint8_t> valid;  // a bit for each text
    };
    std::span<const FeatureBaseline> features_;
    std::vector<SampleColumn> columns_;
};

ReleasePolicy read_release_policy(const std::string& path) {
    const std::vector<std::byte> bytes = read_file(path, largest_release_policy);
    try {
        return ReleasePolicy::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

// What would tell more than the noised counts: where windows begin depends on all rows before, as does which rows are
// kept when they are thinned, so that one row more would change many counts; samples and monitors are exact.
void check_released(const Policy& policy, const LiveOptions& options) {
    if (options.release_policy.empty()) return;
    if (options.ledger.empty()) throw InputError("--release-policy needs --ledger, which pays");
    if (options.window != 0 || !options.window_by.empty())
        throw InputError("--release-policy excludes --window and --window-by: a row more would move others");
    if (options.source.thinning > 1)
        throw InputError("--release-policy excludes thinning: a row more would move others");
    if (policy.compares_samples()) throw InputError("--release-policy: tests on samples are not noised");
    if (!options.labelled.path.empty()) throw InputError("--release-policy: the model's performance is not noised");
    if (policy.watches_streams()) throw InputError("--release-policy: what monitors say is not noised");
}

/// Fills one window after the other and judges each.
class Walk {
  public:
    Walk(const Baseline& baseline, Policy policy, const LiveOptions& options, RowSource& source, const Frame* reference)
        : guard_(baseline, std::move(policy)),
          options_(options),
          source_(source),
          window_(baseline),
          sample_(guard_.baseline()) {
        if (reference != nullptr) reference_.emplace(reference->table());
        for (const FeatureBaseline& feature : baseline.features()) {
            columns_.push_back(source.column(feature.name));
            kinds_.push_back(feature.kind);
        }
        row_.resize(columns_.size());
        if (guard_.policy().watches_streams())
            watch_.emplace(
                baseline, guard_.policy(), options.labelled,
                SourceOptions{
                    .path = options.reference, .delimiter = options.source.delimiter, .bytes = options.reference_bytes},
                source);
        if (!options.labelled.path.empty())
            performance_.emplace(baseline, options.labelled, options.source.delimiter, source);
        if (!options.window_by.empty()) by_ = source.column(options.window_by);
        if (!options.release_policy.empty()) release_policy_ = read_release_policy(options.release_policy);
    }

    std::vector<LabelledReport> run() {
        Progress progress;
        while (source_.next()) {
            if (by_ && begins_new_window()) finish();
            for (std::size_t f = 0; f < columns_.size(); ++f) row_[f] = source_.value(columns_[f], kinds_[f]);
            static_cast<void>(guard_.check(std::span<const Value>(row_), window_));
            if (reference_) sample_.add(row_);
            if (watch_) watch_->observe(row_);
            if (performance_) performance_->observe();
            ++rows_;
            if (options_.window != 0 && rows_ == options_.window) finish();
            progress.at(source_.rows());
        }
        finish_last();
        return std::move(reports_);
    }

  private:
    bool begins_new_window() {
        const std::string_view value = source_.is_null(*by_) ? std::string_view("(null)") : source_.text(*by_);
        if (rows_ != 0 && value == by_value_) return false;
        const bool changed = rows_ != 0;
        next_value_ = value;
        if (!changed) by_value_ = next_value_;
        return changed;
    }

    [[nodiscard]] std::string label() const {
        if (by_) return options_.window_by + " " + by_value_;
        if (options_.window == 0) return {};
        return fmt::format("{}-{}", first_row_, first_row_ + rows_ - 1);
    }

    void finish() {
        if (reports_.size() == most_windows) {
            throw InputError(fmt::format("{}: more than {} windows; choose larger ones", source_.name(), most_windows));
        }
        reports_.push_back({label(), judge_window()});
        if (watch_) watch_->tell(reports_.back().report);
        if (performance_) performance_->tell(reports_.back().report, guard_.policy());
        window_.reset();
        sample_.clear();
        first_row_ += rows_;
        rows_ = 0;
        by_value_ = next_value_;
    }

    [[nodiscard]] Report judge_window() {
        if (release_policy_) {
            privacy::Ledger ledger = privacy::Ledger::open(options_.ledger);
            privacy::LedgerBudget budget(ledger, release_policy_->account, seconds_of(options_.now));
            return assess(window_, guard_.policy(), *release_policy_, budget);
        }
        if (!reference_) return assess(guard_.baseline(), window_, guard_.policy());
        const SampleComparisons compared = compare_samples(guard_.policy(), *reference_, sample_.table());
        return assess(guard_.baseline(), window_, guard_.policy(), compared.features, compared.joint);
    }

    /// A rest too short to be judged joins the window before it: windows merge exactly, so no row goes unjudged.
    void finish_last() {
        const bool short_rest = options_.window != 0 && !reports_.empty() && rows_ < guard_.policy().minimum_rows;
        if (rows_ == 0 && !reports_.empty()) return;
        if (!short_rest) return finish();
        LabelledReport last = std::move(reports_.back());
        reports_.pop_back();
        window_.merge(last.report.window);
        if (watch_) watch_->join_last();
        if (performance_) performance_->join_last();
        first_row_ -= options_.window;
        rows_ += options_.window;
        finish();
    }

    Guard guard_;
    const LiveOptions& options_;
    RowSource& source_;
    Window window_;
    LiveSample sample_;
    std::optional<WatchedRows> watch_;            // where the policy names monitors
    std::optional<PerformanceRows> performance_;  // where rows with labels are given
    std::optional<Table> reference_;              // where samples are compared
    std::optional<ReleasePolicy> release_policy_;
    std::vector<std::size_t> columns_;
    std::vector<FeatureKind> kinds_;
    std::vector<Value> row_;
    std::optional<std::size_t> by_;
    std::string by_value_;
    std::string next_value_;
    std::uint64_t first_row_ = 1;
    std::uint64_t rows_ = 0;
    std::vector<LabelledReport> reports_;
};

ExitStatus judge(const Baseline& baseline, Policy policy, const LiveOptions& given, const Frame* reference) {
    LiveOptions options = given;
    if (options.labelled.path == "-" && options.source.path == "-")
        throw InputError("only one of the two files can be standard input");
    // What scores mean and what features do to them are learned in two readings.
    options.labelled.bytes = read_once(options.labelled.path);
    const std::vector<Output> outputs = parse_outputs(options.formats);
    if (options.window != 0 && !options.window_by.empty()) {
        throw InputError("--window and --window-by exclude each other");
    }
    check_released(policy, options);
    RowSource source(options.source);
    const std::vector<LabelledReport> reports = Walk(baseline, std::move(policy), options, source, reference).run();
    RenderOptions render_options;
    render_options.title = options.title;
    render_options.live_name = source.name();
    render_options.max_features = options.max_features;
    write_outputs(outputs, reports, render_options, options.color);
    return exit_status(reports, options.fail_on_warn);
}

}  // namespace

ExitStatus check(const std::string& baseline_path, const LiveOptions& options) {
    return judge(Baseline::load(baseline_path), policy_of(options), options, nullptr);
}

ExitStatus drift(const ReferenceOptions& given_reference, const LiveOptions& given) {
    ReferenceOptions reference = given_reference;
    if (reference.source.path == "-" && given.source.path == "-") {
        throw InputError("only one of the two files can be standard input");
    }
    LiveOptions live = given;
    const Policy policy = policy_of(live);
    if (live.reference.empty() && !policy.groups.empty()) {
        // Read for the baseline, and again for the groups of features.
        live.reference = reference.source.path;
        live.reference_bytes = reference.source.bytes = read_once(reference.source.path);
    }
    if (!policy.compares_samples()) return judge(learn(reference), policy, live, nullptr);
    if (live.window != 0 || !live.window_by.empty())
        throw InputError("tests on samples compare them whole; they exclude --window and --window-by");
    RowSource source(reference.source);
    const Frame frame(source, reference.frame);
    return judge(learn(reference, source.name(), frame), policy, live, &frame);
}

}  // namespace vedette::inline v0::cli
