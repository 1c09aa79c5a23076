// SPDX-License-Identifier: Apache-2.0
// The request path: count the row, look only at what stands out, judge it by the policy.
#include "vedette/guard/guard.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "guard/baseline_state.hpp"
#include "guard/codes.hpp"
#include "guard/findings.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

// What an entry can turn out to be. The first six are the codes from `codes::invalid` on, in their order.
enum EntryKind : std::uint8_t {
    wrong_type,
    null,
    skipped,
    negative_infinity,
    positive_infinity,
    nan,
    unseen,
    outside,
    far_outside,
    as_expected,
    kind_count
};
static_assert(codes::null == codes::invalid + null && codes::negative_infinity == codes::invalid + negative_infinity &&
              codes::positive_infinity == codes::invalid + positive_infinity && codes::nan == codes::invalid + nan);

constexpr std::array<Reason, kind_count> reason_of{
    Reason::wrong_type,       Reason::null_value,   Reason::wrong_type,      Reason::infinite_value,
    Reason::infinite_value,   Reason::not_a_number, Reason::unseen_category, Reason::out_of_range,
    Reason::far_out_of_range, Reason::out_of_range};

}  // namespace

// The policy of one feature with everything looked up that can be looked up beforehand.
struct Guard::FeatureRule {
    std::array<Decision, kind_count> decisions{};  // by kind of entry
    Decision schema_error = Decision::pass;
    Decision schema_warning = Decision::pass;
    bool categorical = false;
    double far_below = 0.0;
    double far_above = 0.0;

    // Without branches: in a flood of findings they would be mispredicted.
    [[nodiscard]] std::size_t classify(std::uint16_t code, double value) const noexcept {
        const std::size_t numeric =
            outside + (static_cast<std::size_t>(value < far_below) | static_cast<std::size_t>(value > far_above));
        const std::size_t cell = categorical ? std::size_t{unseen} : numeric;
        return code >= codes::invalid ? static_cast<std::size_t>(code - codes::invalid) : cell;
    }
};

Guard::Guard(Baseline baseline, Policy policy) : baseline_(std::move(baseline)), policy_(std::move(policy)) {
    policy_.validate();
    for (const auto& [name, rules] : policy_.features) {
        if (!baseline_.find(name)) {
            throw Error(ErrorCode::invalid_policy,
                        fmt::format("policy /features/{}: the baseline has no feature of this name", name));
        }
    }
    auto rules = std::make_shared<std::vector<FeatureRule>>();
    for (const FeatureBaseline& feature : baseline_.features()) {
        const FeaturePolicy& given = policy_.for_feature(feature.name);
        const RequestPolicy& request = given.request;
        FeatureRule rule;
        rule.categorical = feature.kind == FeatureKind::categorical;
        if (!given.ignore && baseline_.validator() == nullptr) {
            rule.decisions[wrong_type] = resolve(request.wrong_type, 0);
            rule.decisions[null] = resolve(request.null, feature.nulls);
            rule.decisions[negative_infinity] = resolve(request.infinity, feature.negative_infinities);
            rule.decisions[positive_infinity] = resolve(request.infinity, feature.positive_infinities);
            rule.decisions[nan] = resolve(request.not_a_number, feature.nans);
        }
        if (!given.ignore) {
            if (baseline_.validator() != nullptr) {
                rule.schema_error = resolve(policy_.schema.error, 0);
                rule.schema_warning = resolve(policy_.schema.warning, 0);
            }
            rule.decisions[unseen] = resolve(request.unseen_category, feature.counts().back());
            rule.decisions[outside] = resolve(request.out_of_range, 0);
            rule.decisions[far_outside] = resolve(request.far_out_of_range, 0);
        }
        const double range = feature.grid.maximum - feature.grid.minimum;
        rule.far_below = feature.grid.minimum - request.far_factor * range;
        rule.far_above = feature.grid.maximum + request.far_factor * range;
        rules->push_back(rule);
    }
    // Behind the features: of all expressions of the schema.
    FeatureRule expressions;
    expressions.schema_error = resolve(policy_.schema.error, 0);
    expressions.schema_warning = resolve(policy_.schema.warning, 0);
    rules->push_back(expressions);
    rules_ = std::move(rules);
    name_scores();
}

void Guard::name_scores() {
    for (const auto& [name, rule] : policy_.scores) {
        const auto index = baseline_.find_score(name);
        if (!index)
            throw Error(ErrorCode::invalid_policy,
                        fmt::format("policy /scores/{}: the baseline has no score of this name", name));
        try {
            baseline_.scores()[*index].score.require_level(rule.level);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("policy /scores/{}/level: {}", name, error.what()));
        }
        calibrated_.push_back({*index, rule.level, resolve(rule.action, 0)});
    }
    if (policy_.fused_scores.action == Action::pass) return;
    std::vector<double> least;
    for (const CalibratedSlot& slot : calibrated_)
        least.push_back(baseline_.scores()[slot.index].score.smallest_p_value());
    const double most = perturbation::fused_e_value(least);
    if (!(most * policy_.fused_scores.level >= 1.0))
        throw Error(
            ErrorCode::not_enough_data,
            fmt::format("policy /fused_scores/level: {} needs an e-value of {:.6g}, and {} scores so calibrated "
                        "reach {:.6g} at most: name scores with more calibration rows",
                        policy_.fused_scores.level, 1.0 / policy_.fused_scores.level, calibrated_.size(), most));
}

const std::string& Guard::calibrated_score_name(std::size_t index) const {
    return baseline_.scores()[calibrated_.at(index).index].name;
}

void Guard::add_slot(ScoreSlot slot) {
    if (slot.name.empty()) throw Error(ErrorCode::invalid_argument, "a score needs a name");
    if (std::isnan(slot.thresholds.warn) || std::isnan(slot.thresholds.alarm)) {
        throw Error(ErrorCode::invalid_argument, fmt::format("score \"{}\": a threshold is NaN", slot.name));
    }
    if (slot.thresholds.alarm < slot.thresholds.warn && !std::isinf(slot.thresholds.warn)) {
        throw Error(ErrorCode::invalid_argument, fmt::format("score \"{}\": alarm threshold {} lies below warn {}",
                                                             slot.name, slot.thresholds.alarm, slot.thresholds.warn));
    }
    for (const ScoreSlot& other : scores_) {
        if (other.name == slot.name) {
            throw Error(ErrorCode::invalid_argument, fmt::format("there is a score \"{}\" already", slot.name));
        }
    }
    scores_.push_back(std::move(slot));
}

namespace {

// How the value of entry f of a row is told to a finding.
double number_of(std::span<const float> row, std::size_t f) noexcept {
    return static_cast<double>(row[f]);
}
double number_of(std::span<const double> row, std::size_t f) noexcept {
    return row[f];
}
double number_of(std::span<const Value> row, std::size_t f) noexcept {
    return row[f].kind == Value::Kind::number ? row[f].number : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

template <class T>
struct Guard::Repairing {
    std::span<T> row;
    TellRepaired tell = nullptr;
    void* user = nullptr;
    validation::RepairVerdict verdict{};
};

template <class T>
Verdict Guard::judge(std::span<const T> row, Window& window, const RequestVectors& vectors,
                     Repairing<T>* repairing) const noexcept {
    Verdict verdict;
    const Baseline::State& state = baseline_.state();
    if (&window.baseline_.state() != &state && window.baseline_.id() != baseline_.id()) {
        add(verdict, Reason::foreign_window, Decision::not_evaluated, 0, std::numeric_limits<double>::quiet_NaN());
        return verdict;
    }
    if (!window.count_row(row)) {
        add(verdict, Reason::wrong_width, Decision::alarm, 0, static_cast<double>(row.size()));
        ++window.rejected_;
        ++window.requests_[static_cast<std::size_t>(verdict.decision)];
        return verdict;
    }
    const std::uint16_t* const found = window.codes_.data();
    const std::span<const validation::CheckSet> failed = judge_schema(row, window, repairing);
    if (state.stands_out(found) || !failed.empty()) judge_entries(row, found, failed, verdict);
    if (!scores_.empty()) run_scores(row, window, verdict);
    if (!calibrated_.empty()) run_calibrated(row, window, vectors, verdict);
    if (vectors.memory != nullptr)
        run_memory(vectors, vectors.input.empty() ? row_as_floats(row, window) : vectors.input, window, verdict);
    ++window.requests_[static_cast<std::size_t>(verdict.decision)];
    return verdict;
}

// The failed checks of each feature; empty where the row is valid, or there is no schema.
template <class T>
std::span<const validation::CheckSet> Guard::judge_schema(std::span<const T> row, Window& window,
                                                          Repairing<T>* repairing) const noexcept {
    const std::optional<SchemaRules>& schema = baseline_.state().schema;
    if (!schema) return {};
    validation::RowVerdict verdict = schema->find_failures(row, window.codes_.data(), window.failed_);
    if (repairing != nullptr) repairing->verdict = {verdict, verdict, 0};
    if (verdict.is_valid()) return {};
    window.count_failed(verdict.severity);
    if (repairing == nullptr) return window.failed_;
    for (const std::uint32_t f : schema->repairing()) {
        validation::Repaired done;
        if (!schema->repair(f, repairing->row[f], window.codes_[f], done)) continue;
        repairing->tell(repairing->user, done);
        ++repairing->verdict.repaired;
    }
    if (repairing->verdict.repaired == 0) return window.failed_;
    window.locate_row(row);
    verdict = repairing->verdict.after = schema->find_failures(row, window.codes_.data(), window.failed_);
    if (verdict.is_valid()) return {};
    return window.failed_;
}

void Guard::add_failed(std::size_t feature, validation::CheckSet failed, Verdict& verdict) const noexcept {
    const FeatureRule& rule = (*rules_)[std::min(feature, rules_->size() - 1)];
    const validation::Validator& validator = *baseline_.validator();
    for (; failed != 0; failed &= failed - 1) {
        const auto check = static_cast<validation::Check>(std::countr_zero(failed));
        const validation::Severity severity = validator.severity(feature, check);
        const Decision decision = severity == validation::Severity::error ? rule.schema_error : rule.schema_warning;
        const std::uint32_t place = verdict.finding_count;
        add(verdict, Reason::schema, decision, feature, std::numeric_limits<double>::quiet_NaN());
        if (place < verdict.stored_findings()) verdict.findings[place].check = check;
    }
}

template <class T>
void Guard::judge_entries(std::span<const T> row, const std::uint16_t* found,
                          std::span<const validation::CheckSet> failed, Verdict& verdict) const noexcept {
    const Baseline::State& state = baseline_.state();
    const FeatureRule* const rules = rules_->data();
    std::size_t f = 0;
    for (; f < row.size() && verdict.finding_count < Verdict::capacity; ++f) {
        if (!failed.empty()) add_failed(f, failed[f], verdict);
        if (!state.stands_out(found, f)) continue;
        const double value = number_of(row, f);
        const std::size_t kind = rules[f].classify(found[f], value);
        add(verdict, reason_of[kind], rules[f].decisions[kind], f, value);
    }
    // No room for more findings: what is left is counted without a branch, so that a flood costs little.
    for (std::size_t rest = f; rest < failed.size(); ++rest) add_failed(rest, failed[rest], verdict);
    for (; f < row.size(); ++f) {
        const std::size_t suspect = rules[f].classify(found[f], number_of(row, f));
        const std::size_t kind = state.stands_out(found, f) ? suspect : std::size_t{as_expected};
        const Decision decision = rules[f].decisions[kind];
        const std::uint32_t counts = decision != Decision::pass ? 1 : 0;
        verdict.decision = worst(verdict.decision, decision);
        verdict.reasons |= counts << static_cast<unsigned>(reason_of[kind]);
        verdict.finding_count += counts;
    }
}

Verdict Guard::check(std::span<const float> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}
Verdict Guard::check(std::span<const double> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}
Verdict Guard::check(std::span<const Value> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}

RepairedVerdict Guard::repair(std::span<float> row, Window& window, TellRepaired tell, void* user,
                              const RequestVectors& vectors) const noexcept {
    Repairing<float> repairing{row, tell, user};
    const Verdict verdict = judge(std::span<const float>(row), window, vectors, &repairing);
    return {verdict, repairing.verdict};
}
RepairedVerdict Guard::repair(std::span<double> row, Window& window, TellRepaired tell, void* user,
                              const RequestVectors& vectors) const noexcept {
    Repairing<double> repairing{row, tell, user};
    const Verdict verdict = judge(std::span<const double>(row), window, vectors, &repairing);
    return {verdict, repairing.verdict};
}
RepairedVerdict Guard::repair(std::span<Value> row, Window& window, TellRepaired tell, void* user,
                              const RequestVectors& vectors) const noexcept {
    Repairing<Value> repairing{row, tell, user};
    const Verdict verdict = judge(std::span<const Value>(row), window, vectors, &repairing);
    return {verdict, repairing.verdict};
}

namespace {

// Room for what was repaired, filled as far as it goes.
struct Told {
    std::span<validation::Repaired> room;
    std::size_t count = 0;

    static void add(void* self, const validation::Repaired& done) noexcept {
        auto& told = *static_cast<Told*>(self);
        if (told.count < told.room.size()) told.room[told.count++] = done;
    }
};

}  // namespace

RepairedVerdict Guard::repair(std::span<float> row, Window& window, std::span<validation::Repaired> told,
                              const RequestVectors& vectors) const noexcept {
    Told kept{told};
    return repair(row, window, &Told::add, &kept, vectors);
}
RepairedVerdict Guard::repair(std::span<double> row, Window& window, std::span<validation::Repaired> told,
                              const RequestVectors& vectors) const noexcept {
    Told kept{told};
    return repair(row, window, &Told::add, &kept, vectors);
}
RepairedVerdict Guard::repair(std::span<Value> row, Window& window, std::span<validation::Repaired> told,
                              const RequestVectors& vectors) const noexcept {
    Told kept{told};
    return repair(row, window, &Told::add, &kept, vectors);
}

}  // namespace vedette::inline v0
