// SPDX-License-Identifier: Apache-2.0
// `vedette drift --weights` and `--also`: tests of weighted rows, and of more than two files together.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "commands.hpp"
#include "sample_output.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0::cli {

namespace {

std::uint64_t observations_of(const Column& column) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < column.size(); ++i)
        if (column.is_valid(i) && (!column.is_numeric() || std::isfinite(column.number(i)))) ++count;
    return count;
}

/// The files as tables of the same columns, the reference first.
class Samples {
  public:
    Samples(const ReferenceOptions& reference, const LiveOptions& live) {
        std::vector<std::string> paths{live.source.path};
        paths.insert(paths.end(), live.also.begin(), live.also.end());
        const bool reads_input = reference.source.path == "-";
        if (std::count(paths.begin(), paths.end(), "-") + (reads_input ? 1 : 0) > 1)
            throw InputError("only one of the files can be standard input");
        RowSource source(reference.source);
        frames_.emplace_back(source, reference.frame);
        tables_.push_back(frames_.back().table());
        names_.push_back(source.name());
        const FramePrecision precision = source.is_f32() ? FramePrecision::f32 : reference.frame.precision;
        for (const std::string& path : paths) {
            SourceOptions options = live.source;
            options.path = path;
            RowSource other(options);
            frames_.push_back(frame_like(other, tables_.front(), precision));
            tables_.push_back(frames_.back().table());
            names_.push_back(other.name());
        }
    }
    [[nodiscard]] const Table& reference() const { return tables_.front(); }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// One feature in all files.
    [[nodiscard]] std::vector<Column> columns(std::string_view name) const {
        std::vector<Column> columns;
        for (const Table& table : tables_) columns.push_back(*table.find(name));
        return columns;
    }

  private:
    std::deque<Frame> frames_;
    std::vector<Table> tables_;
    std::vector<std::string> names_;
};

class Comparison {
  public:
    Comparison(const ReferenceOptions& reference, const LiveOptions& live)
        : samples_(reference, live), policy_(policy_of(live)), weights_(live.weights) {
        if (!policy_.joint_tests.empty() || policy_.watches_streams())
            throw InputError("--weights and --also do not run the policy's joint_tests and monitors; leave them out");
        for (const auto& [name, rules] : policy_.features)
            if (samples_.reference().find(name) == nullptr)
                throw InputError(fmt::format("the policy names a feature \"{}\" that {} does not have", name,
                                             samples_.names().front()));
        if (is_weighted() && samples_.reference().find(weights_) == nullptr)
            throw InputError(fmt::format("--weights: {} has no column \"{}\"", samples_.names().front(), weights_));
        for (const NamedColumn& named : samples_.reference().columns())
            if (named.name != weights_ && !policy_.for_feature(named.name).ignore) examine(named.name);
        decide();
    }
    /// All of it, for output.
    [[nodiscard]] SampleComparison answer() const {
        return {samples_.names(), weights_, policy_.level, policy_.correction, decision(), answers_, left_out_};
    }
    [[nodiscard]] Decision decision() const {
        Decision all = answers_.empty() ? Decision::not_evaluated : Decision::pass;
        for (const SampleAnswer& answer : answers_) all = worst(all, answer.decision);
        return all;
    }

    /// Whether there are answers, each of them evaluated.
    [[nodiscard]] bool is_complete() const {
        const auto evaluated = [](const SampleAnswer& answer) { return answer.decision != Decision::not_evaluated; };
        return !answers_.empty() && std::all_of(answers_.begin(), answers_.end(), evaluated);
    }

  private:
    [[nodiscard]] bool is_weighted() const { return !weights_.empty(); }
    [[nodiscard]] bool runs(DriftTest test, bool numeric) const {
        return is_weighted() ? numeric && drift::runs_on_weights(test) : drift::runs_on_several(test, numeric);
    }

    void examine(std::string_view name) {
        const FeaturePolicy& rules = policy_.for_feature(name);
        const std::vector<Column> columns = samples_.columns(name);
        const bool numeric = columns.front().is_numeric();
        std::vector<DriftTest> tests = rules.sample_tests;
        if (tests.empty()) tests = {DriftTest::automatic};
        bool any = false;
        for (const DriftTest test : tests) {
            // Those for its kind, as everywhere.
            if (!runs_on_samples(test, numeric) || (!runs(test, numeric) && runs(test, !numeric))) continue;
            if (!numeric && is_weighted()) continue;
            if (!runs(test, numeric))
                throw InputError(fmt::format("{} of column \"{}\" {}", drift_test_name(test), name,
                                             is_weighted() ? "has no form for weights" : "compares two files only"));
            any = true;
            SampleAnswer answer{.feature = std::string(name),
                                .numeric = numeric,
                                .tolerance = rules.tolerance,
                                .named = run(test, rules, columns)};
            for (const Column& column : columns) answer.observations.push_back(observations_of(column));
            answers_.push_back(std::move(answer));
        }
        if (!any) left_out_.emplace_back(name);
    }

    [[nodiscard]] drift::NamedResult run(DriftTest test, const FeaturePolicy& rules,
                                         const std::vector<Column>& columns) const {
        const auto own = rules.sample_options.find(test);
        const SamplePolicy how =
            own == rules.sample_options.end() ? policy_.samples : policy_.samples.with(own->second);
        const drift::TestOptions options{.alternative = how.alternative,
                                         .method = how.method,
                                         .nan = drift::NanPolicy::omit,
                                         .confidence = 1.0 - policy_.level,
                                         .permutations = static_cast<std::size_t>(how.permutations),
                                         .seed = how.seed};
        if (!is_weighted()) return drift::compare_several(test, columns, options, how.rows, how.form);
        if (how.form != drift::TestForm::standard)
            throw InputError("--weights: tests of weighted rows have no other form, and the policy asks for one");
        if (how.rows != drift::RowBlocks{})
            throw InputError("--weights: rows are taken one by one, and the policy asks for blocks or thinning");
        const std::vector<Column> weights = samples_.columns(weights_);
        return drift::compare_weighted(test, {columns[0], weights[0]}, {columns[1], weights[1]}, options);
    }

    // One family of p-values over all answers that have the rows.
    void decide() {
        std::vector<double> p_values;
        for (const SampleAnswer& answer : answers_) {
            const bool enough =
                *std::min_element(answer.observations.begin(), answer.observations.end()) >= policy_.minimum_rows;
            p_values.push_back(enough ? answer.named.result.p_value : std::nan(""));
        }
        const std::vector<double> adjusted = stats::adjust(p_values, policy_.correction);
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            SampleAnswer& answer = answers_[i];
            answer.adjusted_p_value = adjusted[i];
            if (std::isnan(adjusted[i])) continue;
            answer.decision = adjusted[i] > policy_.level ? Decision::pass
                              : answer.tolerance > 0.0    ? Decision::warn
                                                          : Decision::alarm;
        }
    }

    Samples samples_;
    Policy policy_;
    std::string weights_;
    std::vector<SampleAnswer> answers_;
    std::vector<std::string> left_out_;
};

}  // namespace

ExitStatus drift_of_samples(const ReferenceOptions& reference, const LiveOptions& live) {
    const std::vector<Output> outputs = parse_outputs(live.formats);
    const Comparison comparison(reference, live);
    const SampleComparison answer = comparison.answer();
    for (const Output& output : outputs) write_text(output.path, sample_text(output.format, answer));
    const Decision decision = comparison.decision();
    if (decision == Decision::alarm || (decision == Decision::warn && live.fail_on_warn)) return exit_failed;
    return comparison.is_complete() ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
