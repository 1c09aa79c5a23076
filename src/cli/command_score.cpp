// SPDX-License-Identifier: Apache-2.0
// `vedette score`: scores fitted and calibrated from files, put into baselines, and run over files.
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "csv_writer.hpp"
#include "guard/render_common.hpp"
#include "row_columns.hpp"
#include "text_table.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/perturbation/query_score.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0::cli {

namespace {

using perturbation::AnyScore;
using perturbation::CalibratedScore;
using perturbation::QueryScore;
using rendering::clean;
using rendering::grouped;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The numbers of a file as rows of floats, and the whole numbers of one of its columns.
struct ScoreRows {
    std::vector<float> values;
    std::vector<std::uint32_t> words;  // of the label or group column, where one is named
    std::vector<double> weights;       // of the weight column, where one is named
    std::vector<std::string> names;    // of the columns
    std::size_t width = 0;
    std::size_t count = 0;

    [[nodiscard]] MatrixView<float> view() const { return MatrixView<float>::row_major(values.data(), count, width); }
    [[nodiscard]] std::span<const float> row(std::size_t i) const {
        return std::span(values).subspan(i * width, width);
    }
};

std::uint32_t whole_number(RowSource& source, std::size_t column) {
    const std::optional<double> number = source.number(column);
    if (!number || !(*number >= 0.0 && *number <= 4294967294.0) || *number != std::floor(*number))
        throw InputError(fmt::format("{}: \"{}\" is no class: a whole number from 0 on", source.place(column),
                                     clean(source.text(column))));
    return static_cast<std::uint32_t>(*number);
}

double density_ratio(RowSource& source, std::size_t column) {
    const std::optional<double> number = source.number(column);
    if (!number || !(*number >= 0.0) || !std::isfinite(*number))
        throw InputError(fmt::format("{}: \"{}\" is no weight: a finite number from 0 on", source.place(column),
                                     clean(source.text(column))));
    return *number;
}

// `made_with`: the names of the columns of what is to score them.
ScoreRows read_rows(const ScoreSource& options, const std::string& word_column, const std::string& weight_column = {},
                    const std::vector<std::string>& made_with = {}) {
    RowSource source(options.source);
    std::optional<std::size_t> words, weights;
    if (!word_column.empty()) words = source.column(word_column);
    if (!weight_column.empty()) weights = source.column(weight_column);
    const std::vector<std::size_t> columns =
        row_columns(source, {options.columns, options.ignore, {words, weights}}, made_with);
    ScoreRows rows;
    rows.names = names_of(source, columns);
    rows.width = columns.size();
    while (source.next()) {
        for (const std::size_t column : columns) {
            const std::optional<double> number = source.number(column);
            if (!number && !source.is_null(column))
                throw InputError(fmt::format("{}: \"{}\" is not a number; choose numeric --columns",
                                             source.place(column), clean(source.text(column))));
            rows.values.push_back(static_cast<float>(number.value_or(not_a_number)));
        }
        if (words) rows.words.push_back(whole_number(source, *words));
        if (weights) rows.weights.push_back(density_ratio(source, *weights));
        ++rows.count;
    }
    return rows;
}

// Takes out the rows that hold anything but numbers: nothing is fitted to them. How many they were.
std::size_t drop_incomplete(ScoreRows& rows) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.count; ++i) {
        const auto row = rows.row(i);
        if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) continue;
        std::copy(row.begin(), row.end(), rows.values.begin() + static_cast<std::ptrdiff_t>(kept * rows.width));
        if (!rows.words.empty()) rows.words[kept] = rows.words[i];
        if (!rows.weights.empty()) rows.weights[kept] = rows.weights[i];
        ++kept;
    }
    const std::size_t dropped = rows.count - kept;
    rows.count = kept;
    rows.values.resize(kept * rows.width);
    if (!rows.words.empty()) rows.words.resize(kept);
    if (!rows.weights.empty()) rows.weights.resize(kept);
    return dropped;
}

void save(const std::string& output, const std::vector<std::byte>& bytes) {
    write_text(output, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A file of `score fit`: with or without a calibration.
struct ScoreFile {
    AnyScore score;
    std::optional<CalibratedScore> calibrated;
    std::vector<std::string> columns;  // of its rows, in order; empty = not known
};

ScoreFile load(const std::string& path) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        std::vector<std::string> columns = columns_of(bytes);
        if (Container::view(bytes).kind() != "calibrated_score")
            return {AnyScore::deserialize(bytes), std::nullopt, std::move(columns)};
        CalibratedScore calibrated = CalibratedScore::deserialize(bytes);
        AnyScore score = calibrated.score();
        return {std::move(score), std::move(calibrated), std::move(columns)};
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", path, error.what()));
    }
}

// What is said of a score's storage where it is not exact.
std::string storage_of(const AnyScore& score) {
    return score.storage_error() == 0.0
               ? std::string()
               : fmt::format("; squared distances within {:.2g} % by their storage", 100.0 * score.storage_error());
}

// The numbers of a whole file.
ScoreRows read_numbers(const std::string& path) {
    ScoreSource source;
    source.source.path = path;
    return read_rows(source, {});
}

// What the model said of the rows of `score queries`, handed out in their order.
class Predictions {
  public:
    Predictions(const QueryScore& score, const std::string& path, bool as_logits, std::size_t rows)
        : outputs_(read_numbers(path)),
          model_{.predict = perturbation::PredictFunction(*this),
                 .features = score.width(),
                 .classes = outputs_.width,
                 .output = as_logits ? perturbation::ModelOutput::logits : perturbation::ModelOutput::probabilities},
          workspace_(score.workspace_size(model_)) {
        if (outputs_.count != rows * score.queries_per_row())
            throw InputError(
                fmt::format("{}: {} predictions; {} rows without gaps take {} each: see vedette score "
                            "queries",
                            clean(path), outputs_.count, rows, score.queries_per_row()));
    }
    Predictions(const Predictions&) = delete;
    Predictions& operator=(const Predictions&) = delete;

    int operator()(MatrixView<float> rows, std::span<float> outputs) {
        if (rows.rows() > outputs_.count - next_) return 1;
        std::copy_n(&outputs_.values[next_ * outputs_.width], outputs.size(), outputs.begin());
        next_ += rows.rows();
        return 0;
    }
    [[nodiscard]] const perturbation::PredictModel& model() const { return model_; }
    [[nodiscard]] double score(const QueryScore& score, std::span<const float> row) {
        const perturbation::Answer answer = score.score(row, model_, workspace_);
        if (answer.status == perturbation::AnswerStatus::invalid_prediction)
            throw InputError(fmt::format("prediction {} to {}: not finite, or no probabilities; see --logits",
                                         next_ - answer.queries.rows + 1, next_));
        return answer.score;
    }

  private:
    ScoreRows outputs_;
    perturbation::PredictModel model_;
    std::vector<float> workspace_;
    std::size_t next_ = 0;
};

void require_predictions(const AnyScore& score, const std::string& path) {
    if (score.asks() != nullptr && path.empty())
        throw InputError(fmt::format("{} asks the model: give its --predictions on what vedette score queries writes",
                                     score.kind().name));
    if (score.asks() == nullptr && !path.empty())
        throw InputError(fmt::format("{} does not ask the model: it takes no --predictions", score.kind().name));
}

void require_weights(const ScoreFile& file, const std::string& weight) {
    const bool is_weighted =
        file.calibrated && std::holds_alternative<stats::WeightedCalibration>(file.calibrated->calibration());
    if (is_weighted && weight.empty())
        throw InputError("the calibration is weighted: name the column of the rows' density ratios, --weight");
    if (!is_weighted && !weight.empty()) throw InputError("the calibration is not weighted: it takes no --weight");
}

bool is_finite(std::span<const float> row) {
    return std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
}

// The header of an NPY file of f32, version 1.0.
std::string npy_header(std::size_t rows, std::size_t columns) {
    std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
    constexpr std::size_t front = 10;  // magic, version and the length of the text
    text.append(63 - (front + text.size()) % 64, ' ');
    text += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(text.size() & 0xFFU);
    header += static_cast<char>(text.size() >> 8U);
    return header + text;
}

// The scores of a file with what they are worth.
struct RunRows {
    std::vector<double> scores, p_values, adjusted;
    std::vector<double> contributions;  // of each row and column, where asked for
    std::size_t found = 0;
    std::size_t unevaluated = 0;
};

RunRows run_rows(const ScoreFile& file, const ScoreRows& rows, const ScoreRunOptions& options) {
    RunRows run;
    std::size_t complete = 0;
    for (std::size_t i = 0; i < rows.count; ++i) complete += is_finite(rows.row(i)) ? 1U : 0U;
    std::optional<Predictions> predictions;
    if (file.score.asks() != nullptr)
        predictions.emplace(*file.score.asks(), options.predictions, options.as_logits, complete);
    std::vector<double> contributions(options.with_contributions ? rows.width : 0);
    for (std::size_t i = 0; i < rows.count; ++i) {
        if (options.with_contributions) {
            std::fill(contributions.begin(), contributions.end(), not_a_number);
            (void)file.score.score(rows.row(i), contributions);
            run.contributions.insert(run.contributions.end(), contributions.begin(), contributions.end());
        }
        const perturbation::RowContext context{.group = rows.words.empty() ? 0 : rows.words[i],
                                               .weight = rows.weights.empty() ? 1.0 : rows.weights[i]};
        const double score =
            predictions ? predictions->score(*file.score.asks(), rows.row(i)) : file.score.score(rows.row(i));
        const bool can_tell = file.calibrated && !file.calibrated->is_stale();
        run.scores.push_back(score);
        run.p_values.push_back(can_tell ? file.calibrated->p_value(score, context) : not_a_number);
    }
    run.adjusted = stats::adjust(run.p_values, stats::Correction::benjamini_hochberg);
    for (const double p : run.adjusted) {
        run.found += p <= options.level ? 1U : 0U;
        run.unevaluated += std::isnan(p) ? 1U : 0U;
    }
    return run;
}

std::string as_csv(const RunRows& run, double level, const std::vector<std::string>& names) {
    const auto number = [](double x) { return std::isnan(x) ? std::string() : fmt::format("{}", x); };
    std::string text = "row,score,p_value,adjusted_p_value,found";
    const std::size_t width = run.contributions.size() / std::max<std::size_t>(run.scores.size(), 1);
    for (std::size_t j = 0; j < width; ++j) text += ',' + csv_field("contribution of " + names[j]);
    text += '\n';
    for (std::size_t i = 0; i < run.scores.size(); ++i) {
        text += fmt::format("{},{},{},{},{}", i + 1, number(run.scores[i]), number(run.p_values[i]),
                            number(run.adjusted[i]),
                            std::isnan(run.adjusted[i]) ? ""
                            : run.adjusted[i] <= level  ? "1"
                                                        : "0");
        for (std::size_t j = 0; j < width; ++j) text += ',' + number(run.contributions[i * width + j]);
        text += '\n';
    }
    return text;
}

std::string headline(const ScoreFile& file, const RunRows& run, double level) {
    const char* const kind = file.score.kind().name;
    if (!file.calibrated)
        return fmt::format("not evaluated: {} of {} rows; the score has no calibration, see score fit --calibrate\n",
                           kind, grouped(run.scores.size()));
    if (file.calibrated->is_stale()) return fmt::format("not evaluated: the calibration of {} is stale\n", kind);
    return fmt::format(
        "{}: {} of {} rows found by {}, of which {:.3g} % at most are expected to be benign; {} not "
        "evaluated\n",
        run.found > 0 ? "alarm" : "pass", grouped(run.found), grouped(run.scores.size()), kind, 100.0 * level,
        grouped(run.unevaluated));
}

}  // namespace

namespace {

CalibratedScore calibrate(AnyScore score, ScoreRows& benign, const ScoreFitOptions& options, std::size_t& unscored) {
    const stats::ConformalOptions promise{options.guarantee, options.failure_probability};
    const QueryScore* const asks = score.asks();
    if (asks == nullptr)
        return CalibratedScore::calibrate(std::move(score),
                                          {.rows = benign.view(), .groups = benign.words, .weights = benign.weights},
                                          promise, &unscored);
    unscored = drop_incomplete(benign);
    const Predictions predictions(*asks, options.predictions, options.as_logits, benign.count);
    return CalibratedScore::calibrate(std::move(score),
                                      {.rows = benign.view(), .groups = benign.words, .weights = benign.weights},
                                      predictions.model(), promise);
}

}  // namespace

ExitStatus score_fit(const ScoreFitOptions& options) {
    const bool needs_rows = perturbation::score_kind(options.kind).needs_reference;
    if (needs_rows && options.reference.source.path.empty())
        throw InputError(
            fmt::format("score fit: the kind {} needs the file of rows that it is fitted to", options.kind));
    ScoreRows rows;
    if (!options.reference.source.path.empty()) rows = read_rows(options.reference, options.label);
    if (const std::size_t dropped = drop_incomplete(rows); dropped > 0)
        fmt::print(stderr, "vedette: note: {} rows with an empty or infinite field are not fitted to\n",
                   grouped(dropped));
    ScoreRows weights, bias;
    if (!options.head_weights.empty()) weights = read_numbers(options.head_weights);
    if (!options.head_bias.empty()) bias = read_numbers(options.head_bias);
    if (bias.width > 1 && bias.count > 1)
        throw InputError(fmt::format("{}: a bias is one number per class", clean(options.head_bias)));
    AnyScore score = perturbation::fit_score(
        options.kind, options.options,
        {.rows = rows.view(), .labels = rows.words, .head_weights = weights.view(), .head_bias = bias.values});
    if (options.calibrate.source.path.empty()) {
        save(options.output, with_columns(score.serialize(), rows.names));
        if (options.output != "-")
            write_text("-", fmt::format("{}: {}, {} entries, {} rows; no calibration, so no p-values{}\n",
                                        clean(options.output), options.kind, score.width(), grouped(rows.count),
                                        storage_of(score)));
        return exit_pass;
    }
    require_predictions(score, options.predictions);
    ScoreRows benign = read_rows(options.calibrate, options.group, options.weight, rows.names);
    std::size_t unscored = 0;
    const CalibratedScore calibrated = calibrate(std::move(score), benign, options, unscored);
    if (options.level > 0.0) calibrated.require_level(options.level);
    save(options.output, with_columns(calibrated.serialize(), rows.names.empty() ? benign.names : rows.names));
    if (options.output != "-")
        write_text("-", fmt::format("{}: {}, {} entries, {} rows, calibrated by {} ({} could not be scored); the least "
                                    "p-value is {:.3g}{}\n",
                                    clean(options.output), options.kind, calibrated.score().width(),
                                    grouped(rows.count), grouped(calibrated.calibration_count()), grouped(unscored),
                                    calibrated.smallest_p_value(), storage_of(calibrated.score())));
    return exit_pass;
}

ExitStatus score_run(const ScoreRunOptions& options) {
    const ScoreFile file = load(options.score);
    const ScoreRows rows = read_rows(options.live, options.group, options.weight, file.columns);
    if (rows.count == 0) throw Error(ErrorCode::not_enough_data, "there is no row to score");
    if (file.score.width() != 0 && rows.width != file.score.width())
        throw InputError(
            fmt::format("{} numeric columns, the score takes {}: choose --columns", rows.width, file.score.width()));
    require_predictions(file.score, options.predictions);
    require_weights(file, options.weight);
    if (options.with_contributions && !file.score.kind().has_contributions)
        throw InputError(
            fmt::format("{} does not say what a column adds; see vedette score list", file.score.kind().name));
    if (options.with_contributions && options.output.empty())
        throw InputError("--contributions are written beside the scores: name the CSV, --output");
    const RunRows run = run_rows(file, rows, options);
    if (options.as_json) {
        nlohmann::ordered_json out{{"kind", file.score.kind().name},
                                   {"storage_error", file.score.storage_error()},
                                   {"level", options.level},
                                   {"rows", rows.count},
                                   {"found", run.found},
                                   {"not_evaluated", run.unevaluated},
                                   {"scores", run.scores},
                                   {"p_values", run.p_values},
                                   {"adjusted_p_values", run.adjusted}};  // NaN is written as null
        write_text("-", out.dump() + '\n');
    } else {
        write_text("-", headline(file, run, options.level));
    }
    if (!options.output.empty()) write_text(options.output, as_csv(run, options.level, rows.names));
    if (run.found > 0) return exit_failed;
    return run.unevaluated > 0 ? exit_not_enough_data : exit_pass;
}

ExitStatus score_queries(const ScoreRunOptions& options) {
    const ScoreFile file = load(options.score);
    const QueryScore* const asks = file.score.asks();
    if (asks == nullptr) throw InputError(fmt::format("{} does not ask the model", file.score.kind().name));
    ScoreRows rows = read_rows(options.live, {}, {}, file.columns);
    if (rows.width != asks->width())
        throw InputError(
            fmt::format("{} numeric columns, the score takes {}: choose --columns", rows.width, asks->width()));
    if (const std::size_t dropped = drop_incomplete(rows); dropped > 0)
        fmt::print(stderr, "vedette: note: {} rows with an empty or infinite field are left out\n", grouped(dropped));
    if (rows.count == 0) throw Error(ErrorCode::not_enough_data, "there is no row to ask about");
    std::vector<float> queries(asks->queries_per_row() * asks->width());
    std::string text = npy_header(rows.count * asks->queries_per_row(), asks->width());
    for (std::size_t i = 0; i < rows.count; ++i) {
        asks->write_queries(rows.row(i), queries);
        for (const float x : queries) {
            const auto bits = std::bit_cast<std::uint32_t>(x);
            for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(bits >> shift & 0xFFU);
        }
    }
    write_text(options.output, text);
    if (options.output != "-")
        write_text("-", fmt::format("{}: {} queries of {} rows, {} each\n", clean(options.output),
                                    grouped(rows.count * asks->queries_per_row()), grouped(rows.count),
                                    asks->queries_per_row()));
    return exit_pass;
}

namespace {

// A guard gives a score of rows the baseline's features in their order.
void require_columns(const Baseline& baseline, const ScoreFile& file, const std::string& path) {
    const perturbation::ScoreInput input = file.score.kind().input;
    if (file.columns.empty() ||
        (input != perturbation::ScoreInput::features && input != perturbation::ScoreInput::model))
        return;
    std::vector<std::string> features;
    for (const FeatureBaseline& feature : baseline.features()) features.push_back(feature.name);
    const bool are_known = std::all_of(file.columns.begin(), file.columns.end(), [&](const std::string& name) {
        return std::find(features.begin(), features.end(), name) != features.end();
    });
    if (are_known && file.columns != features)
        throw InputError(fmt::format("{}: its columns are not the baseline's features, in their order", clean(path)));
}

}  // namespace

ExitStatus score_add(const std::string& baseline_path, const std::vector<std::string>& scores,
                     const std::string& output) {
    const Baseline baseline = Baseline::load(baseline_path);
    std::vector<BaselineScore> held(baseline.scores().begin(), baseline.scores().end());
    for (const std::string& text : scores) {
        const std::size_t sign = text.find('=');
        if (sign == std::string::npos || sign == 0)
            throw InputError(fmt::format("score add: \"{}\" is not NAME=FILE", clean(text)));
        const std::string name = text.substr(0, sign), path = text.substr(sign + 1);
        ScoreFile file = load(path);
        if (!file.calibrated)
            throw InputError(fmt::format("{}: the score has no calibration, see score fit --calibrate", clean(path)));
        require_columns(baseline, file, path);
        const auto same =
            std::find_if(held.begin(), held.end(), [&](const BaselineScore& each) { return each.name == name; });
        if (same == held.end())
            held.push_back({name, std::move(*file.calibrated)});
        else
            same->score = std::move(*file.calibrated);
    }
    const Baseline with = baseline.with_scores(std::move(held));
    with.save(output);
    std::string names;
    for (const BaselineScore& score : with.scores())
        names +=
            fmt::format("{}{} ({})", names.empty() ? "" : ", ", clean(score.name), score.score.score().kind().name);
    write_text("-", fmt::format("{}: scores {}\n", clean(output), names));
    return exit_pass;
}

ExitStatus score_list() {
    std::vector<std::vector<std::string>> rows{{"kind", "takes", "contributions", "options"}};
    for (const perturbation::ScoreKindInfo& kind : perturbation::score_kinds())
        rows.push_back({kind.name, perturbation::score_input_name(kind.input), kind.has_contributions ? "yes" : "no",
                        perturbation::score_defaults(kind.name)});
    write_text("-", text_table(rows));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
