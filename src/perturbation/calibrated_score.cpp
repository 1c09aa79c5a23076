// SPDX-License-Identifier: Apache-2.0
// Calibrating a score, asking it, and its bytes; fusion by the mean of e-values.
#include "vedette/perturbation/calibrated_score.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/query_score.hpp"
#include "vedette/stats/e_values.hpp"

namespace vedette::inline v0::perturbation {
namespace {

using stats::ConformalCalibration;
using stats::MondrianCalibration;
using stats::WeightedCalibration;

constexpr const char* file_kind = "calibrated_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
    throw Error(code, "CalibratedScore: " + what);
}

void check_rows(const AnyScore& score, const CalibrationRows& benign) {
    const std::size_t n = benign.rows.rows(), columns = benign.rows.columns();
    if (n == 0) refuse(ErrorCode::not_enough_data, "no calibration row");
    if (score.width() != 0 && columns != score.width())
        refuse(ErrorCode::dimension_mismatch,
               "rows of " + std::to_string(columns) + " columns, the score takes " + std::to_string(score.width()));
    if (!benign.groups.empty() && !benign.weights.empty())
        refuse(ErrorCode::invalid_argument, "groups and weights exclude each other");
    if (!benign.groups.empty() && benign.groups.size() != n)
        refuse(ErrorCode::dimension_mismatch,
               std::to_string(benign.groups.size()) + " groups of " + std::to_string(n) + " rows");
    if (!benign.weights.empty() && benign.weights.size() != n)
        refuse(ErrorCode::dimension_mismatch,
               std::to_string(benign.weights.size()) + " weights of " + std::to_string(n) + " rows");
}

// The scores that are numbers, with the groups or weights of their rows.
struct Scored {
    std::vector<double> scores;
    std::vector<std::uint32_t> groups;
    std::vector<double> weights;
};

void add(Scored& scored, double value, const CalibrationRows& benign, std::size_t i) {
    if (std::isnan(value)) return;
    scored.scores.push_back(value);
    if (!benign.groups.empty()) scored.groups.push_back(benign.groups[i]);
    if (!benign.weights.empty()) scored.weights.push_back(benign.weights[i]);
}

CalibratedScore calibrate_with(AnyScore score, const Scored& scored, const CalibrationRows& benign,
                               const stats::ConformalOptions& options) {
    if (scored.scores.empty()) refuse(ErrorCode::not_enough_data, "the score could tell of no calibration row");
    if (!benign.groups.empty()) {
        const std::size_t count = benign.group_count != 0
                                      ? benign.group_count
                                      : std::size_t{*std::max_element(benign.groups.begin(), benign.groups.end())} + 1;
        return {std::move(score), MondrianCalibration(scored.scores, scored.groups, count, options)};
    }
    if (!benign.weights.empty()) return {std::move(score), WeightedCalibration(scored.scores, scored.weights)};
    return {std::move(score), ConformalCalibration(scored.scores, options)};
}

Scored score_rows(const AnyScore& score, const CalibrationRows& benign) {
    Scored scored;
    std::vector<float> row(benign.rows.columns());
    for (std::size_t i = 0; i < benign.rows.rows(); ++i) {
        for (std::size_t j = 0; j < row.size(); ++j) row[j] = benign.rows(i, j);
        add(scored, score.score(row), benign, i);
    }
    return scored;
}

}  // namespace

CalibratedScore CalibratedScore::calibrate(AnyScore score, const CalibrationRows& benign,
                                           const stats::ConformalOptions& options, std::size_t* unscored) {
    check_rows(score, benign);
    if (score.asks() != nullptr)
        refuse(ErrorCode::invalid_argument, std::string(score.kind().name) + " asks the model: calibrate it with one");
    const Scored scored = score_rows(score, benign);
    if (unscored != nullptr) *unscored = benign.rows.rows() - scored.scores.size();
    return calibrate_with(std::move(score), scored, benign, options);
}

CalibratedScore CalibratedScore::calibrate(AnyScore score, const CalibrationRows& benign, const PredictModel& model,
                                           const stats::ConformalOptions& options, ModelQueries* queries) {
    check_rows(score, benign);
    const QueryScore* const asks = score.asks();
    if (asks == nullptr)
        refuse(ErrorCode::invalid_argument, std::string(score.kind().name) + " does not ask the model");
    const std::vector<double> values = asks->score_all(benign.rows, model, queries);
    Scored scored;
    for (std::size_t i = 0; i < values.size(); ++i) add(scored, values[i], benign, i);
    return calibrate_with(std::move(score), scored, benign, options);
}

double CalibratedScore::p_value(double score, const RowContext& context) const noexcept {
    if (const auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) return plain->p_value(score);
    if (const auto* const grouped = std::get_if<MondrianCalibration>(&calibration_))
        return grouped->p_value(score, context.group);
    return std::get_if<WeightedCalibration>(&calibration_)->p_value(score, context.weight);
}

ScoreEvidence CalibratedScore::evaluate(std::span<const float> row, const RowContext& context) const noexcept {
    const double score = score_.score(row);
    return {score, p_value(score, context)};
}

double CalibratedScore::smallest_p_value(const RowContext& context) const noexcept {
    if (const auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) return plain->smallest_p_value();
    if (const auto* const grouped = std::get_if<MondrianCalibration>(&calibration_))
        return grouped->smallest_p_value(context.group);
    return std::get_if<WeightedCalibration>(&calibration_)->smallest_p_value(context.weight);
}

Decision CalibratedScore::decide(const ScoreEvidence& evidence, double level,
                                 const RowContext& context) const noexcept {
    if (is_stale() || std::isnan(evidence.p_value) || !(smallest_p_value(context) <= level))
        return Decision::not_evaluated;
    return evidence.p_value <= level ? Decision::alarm : Decision::pass;
}

void CalibratedScore::require_level(double level) const {
    if (!(level > 0.0 && level < 1.0))
        refuse(ErrorCode::invalid_argument, "level is " + std::to_string(level) + ", must lie in (0, 1)");
    if (const auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) {
        static_cast<void>(plain->threshold(level));
    } else if (const auto* const grouped = std::get_if<MondrianCalibration>(&calibration_)) {
        for (std::uint32_t group = 0; group < grouped->group_count(); ++group)
            static_cast<void>(grouped->group(group).threshold(level));
    } else if (!(std::get<WeightedCalibration>(calibration_).smallest_p_value(1.0) <= level)) {
        refuse(ErrorCode::not_enough_data,
               std::to_string(calibration_count()) + " calibration rows, worth " +
                   std::to_string(std::get<WeightedCalibration>(calibration_).effective_size()) +
                   " of equal weight, cannot alarm at level " + std::to_string(level) + ", at least " +
                   std::to_string(stats::conformal_count_needed(level)) + " needed");
    }
}

std::size_t CalibratedScore::calibration_count() const noexcept {
    if (const auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) return plain->size();
    if (const auto* const weighted = std::get_if<WeightedCalibration>(&calibration_)) return weighted->size();
    return std::get_if<MondrianCalibration>(&calibration_)->size();
}

void CalibratedScore::mark_stale() noexcept {
    if (auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) plain->mark_stale();
    if (auto* const grouped = std::get_if<MondrianCalibration>(&calibration_)) grouped->mark_stale();
    if (auto* const weighted = std::get_if<WeightedCalibration>(&calibration_)) weighted->mark_stale();
}

bool CalibratedScore::is_stale() const noexcept {
    if (const auto* const plain = std::get_if<ConformalCalibration>(&calibration_)) return plain->is_stale();
    if (const auto* const weighted = std::get_if<WeightedCalibration>(&calibration_)) return weighted->is_stale();
    return std::get_if<MondrianCalibration>(&calibration_)->is_stale();
}

namespace {

void add_bytes(ContainerWriter& writer, const char* name, std::span<const std::byte> bytes) {
    writer.add(name, std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

CalibratedScore::Calibration read_calibration(std::span<const std::byte> bytes) {
    const std::string kind = Container::view(bytes).kind();
    if (kind == "mondrian_calibration") return MondrianCalibration::deserialize(bytes);
    if (kind == "weighted_calibration") return WeightedCalibration::deserialize(bytes);
    return ConformalCalibration::deserialize(bytes);
}

}  // namespace

std::vector<std::byte> CalibratedScore::serialize() const {
    ContainerWriter writer;
    add_bytes(writer, "score", score_.serialize());
    add_bytes(writer, "calibration",
              std::visit([](const auto& calibration) { return calibration.serialize(); }, calibration_));
    return writer.finish(file_kind);
}

CalibratedScore CalibratedScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    if (file.tensors().size() != 2 || file.tensor("score").shape.size() != 1 ||
        file.tensor("calibration").shape.size() != 1)
        refuse(ErrorCode::corrupt_data, "a file that no calibrated score writes");
    return {AnyScore::deserialize(std::as_bytes(file.values<std::uint8_t>("score"))),
            read_calibration(std::as_bytes(file.values<std::uint8_t>("calibration")))};
}

double fused_e_value(std::span<const double> p_values) noexcept {
    double sum = 0.0;
    std::size_t count = 0;
    for (const double p : p_values) {
        if (std::isnan(p)) continue;
        if (!(p >= 0.0 && p <= 1.0)) return not_a_number;
        sum += stats::mixture_calibrator(p);  // throws for nothing that comes here
        ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : not_a_number;
}

}  // namespace vedette::inline v0::perturbation
