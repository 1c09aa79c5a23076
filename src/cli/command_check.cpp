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
constexpr std::size_t rows_at_once = 4096;  // of statistics
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
        ++rows_;
        for (std::size_t f = 0; f < columns_.size(); ++f) {
            SampleColumn& column = columns_[f];
            if (features_[f].kind == FeatureKind::numeric) {
                const bool is_number = row[f].kind == Value::Kind::number;
                const double number = is_number ? row[f].number : std::nan("");
                column.add_valid(column.numbers.size(), is_number);
                // As the reference was read: a value rounded on one side only would look like drift.
                const bool narrow = features_[f].grid.precision == stats::Precision::f32;
                column.numbers.push_back(narrow ? static_cast<double>(static_cast<float>(number)) : number);
                continue;
            }
            const bool is_text = row[f].kind == Value::Kind::text;
            column.add_valid(column.texts.size(), is_text);
            column.texts.emplace_back(is_text ? row[f].text : std::string_view());
        }
    }
    void clear() {
        for (SampleColumn& column : columns_) column = {};
        rows_ = 0;
    }
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    /// Void once a row is added. `with_nulls`: numbers that are missing are nulls, not NaN.
    [[nodiscard]] Table table(bool with_nulls = false) {
        std::vector<NamedColumn> named;
        for (std::size_t f = 0; f < columns_.size(); ++f) {
            SampleColumn& column = columns_[f];
            column.views.assign(column.texts.begin(), column.texts.end());
            const bool is_numeric = features_[f].kind == FeatureKind::numeric;
            const Validity valid = with_nulls || !is_numeric ? Validity{column.valid.data(), 0} : Validity{};
            named.push_back({features_[f].name, is_numeric ? Column::numeric(column.numbers, valid)
                                                           : Column::strings(column.views, valid)});
        }
        return Table(std::move(named));
    }

  private:
    struct SampleColumn {
        std::vector<double> numbers;
        std::vector<std::string> texts;
        std::vector<std::string_view> views;
        std::vector<std::uint8_t> valid;  // a bit for each value

        void add_valid(std::size_t at, bool is_valid) {
            if (at % 8 == 0) valid.push_back(0);
            if (is_valid) valid.back() = static_cast<std::uint8_t>(valid.back() | (1U << at % 8));
        }
    };
    std::span<const FeatureBaseline> features_;
    std::vector<SampleColumn> columns_;
    std::size_t rows_ = 0;
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
    if (options.ledger.path.empty()) throw InputError("--release-policy needs --ledger, which pays");
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
        if (!options.release_policy.empty()) prepare_release(options);
    }

    std::vector<LabelledReport> run() {
        Progress progress;
        while (source_.next()) {
            if (by_ && begins_new_window()) finish();
            for (std::size_t f = 0; f < columns_.size(); ++f) row_[f] = source_.value(columns_[f], kinds_[f]);
            static_cast<void>(guard_.check(std::span<const Value>(row_), window_));
            if (reference_) sample_.add(row_);
            if (release_policy_) count_released();
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
    void prepare_release(const LiveOptions& options) {
        release_policy_ = read_release_policy(options.release_policy);
        for (const std::string& column : release_policy_->columns)
            if (!guard_.baseline().find(column))
                throw InputError("--release-policy: the baseline has no feature " + column + " to tell statistics of");
        if (release_policy_->groups.empty()) return;
        if (options.group.empty() || options.labelled.prediction.empty() || options.labelled.label.empty())
            throw InputError("--release-policy names groups: --group, --prediction and --label say where they are");
        rates_.emplace(release_policy_->groups);
        group_ = source_.column(options.group);
        prediction_ = source_.column(options.labelled.prediction);
        label_ = source_.column(options.labelled.label);
    }

    // Of the row that was read: into statistics by and by, and as a decision where there is one and its label has come.
    void count_released() {
        if (!release_policy_->columns.empty()) {
            sample_.add(row_);
            if (sample_.rows() == rows_at_once) count_statistics();
        }
        if (!rates_) return;
        const std::uint32_t decision = class_in(source_, *prediction_), label = class_in(source_, *label_);
        if (decision != no_class && label != no_class)
            rates_->add(source_.is_null(*group_) ? std::string_view() : source_.text(*group_), decision == 1,
                        label == 1);
    }

    void count_statistics() {
        statistics_.update(sample_.table(true));
        sample_.clear();
    }

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
            privacy::Ledger ledger = open_ledger(options_.ledger);
            privacy::LedgerBudget budget(ledger, release_policy_->account, seconds_of(options_.now));
            if (!release_policy_->columns.empty() && sample_.rows() > 0) count_statistics();
            return assess(window_, guard_.policy(), *release_policy_, budget,
                          {&statistics_, rates_ ? &*rates_ : nullptr});
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
    validation::TableStatistics statistics_;           // where it names columns
    std::optional<privacy::GroupRatesPartial> rates_;  // where it names groups, which are in these columns
    std::optional<std::size_t> group_, prediction_, label_;
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
