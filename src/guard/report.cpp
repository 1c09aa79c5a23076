// SPDX-License-Identifier: Apache-2.0
// The report in words and in order.
#include "vedette/guard/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "guard/render_common.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::array hypothesis_names{
    "distribution",           "null_rate",         "nan_rate",    "positive_infinity_rate",
    "negative_infinity_rate", "out_of_range_rate", "unseen_rate", "invalid_rate"};

constexpr std::array rate_words{"",
                                "null",
                                "NaN",
                                "+infinity",
                                "-infinity",
                                "outside the reference's range",
                                "a category the reference did not hold",
                                "of the wrong type"};

std::string percent(double share) {
    return fmt::format("{:.3g} %", share * 100.0);
}

std::string probability(double p) {
    return p < 1e-300 ? std::string("< 1e-300") : fmt::format("= {:.2g}", p);
}

// A test's name as words of a sentence.
std::string words_of(const char* name) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

double sort_key(double share) {
    return std::isnan(share) ? -1.0 : share;
}

}  // namespace

const char* hypothesis_name(Hypothesis hypothesis) noexcept {
    const auto index = static_cast<std::size_t>(hypothesis);
    return index < hypothesis_names.size() ? hypothesis_names[index] : "unknown";
}

const Evidence* FeatureReport::decisive() const noexcept {
    // New categories or values out of range move the distribution too; the rate then says what happened, and goes first
    // unless the distribution moved by clearly more.
    const auto weight = [](const Evidence& evidence) {
        return sort_key(evidence.moved_share) * (evidence.hypothesis == Hypothesis::distribution ? 1.0 : 1.25);
    };
    const Evidence* best = nullptr;
    for (const Evidence& evidence : this->evidence()) {
        if (evidence.decision == Decision::not_evaluated && decision == Decision::pass) continue;
        if (best == nullptr || evidence.decision > best->decision ||
            (evidence.decision == best->decision && weight(evidence) > weight(*best))) {
            best = &evidence;
        }
    }
    return best;
}

std::vector<std::size_t> Report::ranking() const {
    std::vector<std::size_t> order(features.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto share = [this](std::size_t f) {
        const Evidence* evidence = features[f].decisive();
        return evidence == nullptr ? -1.0 : sort_key(evidence->moved_share);
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const auto grade = [this](std::size_t f) {
            return features[f].ignored ? -1 : static_cast<int>(features[f].decision);
        };
        return grade(a) != grade(b) ? grade(a) > grade(b) : share(a) > share(b);
    });
    return order;
}

std::size_t Report::count(Decision wanted) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        features.begin(), features.end(),
        [wanted](const FeatureReport& feature) { return !feature.ignored && feature.decision == wanted; }));
}

std::string Report::summary() const {
    const std::size_t judged = static_cast<std::size_t>(
        std::count_if(features.begin(), features.end(), [](const FeatureReport& feature) { return !feature.ignored; }));
    const auto names = [this](Decision wanted) {
        std::string list;
        std::size_t shown = 0;
        for (const std::size_t f : ranking()) {
            if (features[f].ignored || features[f].decision != wanted) continue;
            if (++shown > 3) break;
            list += fmt::format("{}{}", list.empty() ? "" : ", ", baseline.features()[f].name);
        }
        return list + (count(wanted) > 3 ? ", ..." : "");
    };
    // "2 of 14 features drifted (a, b)", and the tests of several features that say so.
    const auto changed = [&](Decision wanted, const char* words) {
        std::string together;
        for (const JointEvidence& evidence : joint)
            if (evidence.decision == wanted)
                together += (together.empty() ? "" : ", ") + words_of(multivariate_test_name(evidence.by));
        if (!together.empty()) together = fmt::format("features together {} ({})", words, together);
        std::string watched;
        for (const StreamReport& stream : streams)
            if (stream.decision == wanted)
                watched += fmt::format("{}{} by {}", watched.empty() ? "" : ", ", stream.subject(),
                                       words_of(drift::monitor_kind_name(stream.kind)));
        if (!watched.empty())
            together += fmt::format("{}monitors saw changes ({})", together.empty() ? "" : "; ", watched);
        if (watched.empty() && joined_evidence && joined_evidence->decision == wanted)
            together += fmt::format("{}joined evidence discovers changes in {} streams", together.empty() ? "" : "; ",
                                    joined_evidence->discovered());
        std::string found;
        for (const ScoreReport& score : scores)
            if (score.decision == wanted) found += (found.empty() ? "" : ", ") + score.name;
        if (!found.empty())
            together += fmt::format("{}scores found more requests than a benign window has ({})",
                                    together.empty() ? "" : "; ", found);
        if (schema && schema->decision == wanted)
            together += (together.empty() ? "" : "; ") + std::string("requests fail the schema");
        if (performance && performance->decision == wanted)
            together += fmt::format("{}{} {} is lower than in the reference", together.empty() ? "" : "; ",
                                    performance->by_labels ? "realised" : "estimated",
                                    words_of(drift::performance_metric_name(performance->metric)));
        if (memory && memory->decision == wanted)
            together += (together.empty() ? "" : "; ") + std::string("accounts probe or copy the model");
        if (count(wanted) == 0) return "no feature by itself, but " + together;
        return fmt::format("{} of {} features {} ({}){}{}", count(wanted), judged, words, names(wanted),
                           together.empty() ? "" : "; ", together);
    };
    std::string rows = fmt::format("{} live rows", live_rows);
    if (release)
        rows = release->releases(ReleasedOutput::features) ? fmt::format("about {} live rows (noised)", live_rows)
                                                           : "live rows that are not told";
    rows += fmt::format(" against {} reference rows", reference_rows);
    switch (decision) {
        case Decision::alarm:
            return fmt::format("alarm: {}; {}", changed(Decision::alarm, "drifted beyond tolerance"), rows);
        case Decision::warn:
            return fmt::format("warn: {}; {}", changed(Decision::warn, "changed, though not surely beyond tolerance"),
                               rows);
        case Decision::not_evaluated:
            if (judged != 0 && count(Decision::not_evaluated) == 0 && schema &&
                schema->decision == Decision::not_evaluated)
                return fmt::format("not evaluated: {}; {}", schema->reason(), rows);
            if (judged != 0 && count(Decision::not_evaluated) == 0 && memory &&
                memory->decision == Decision::not_evaluated)
                return fmt::format("not evaluated: {}; {}", memory->reason(), rows);
            if (judged != 0 && count(Decision::not_evaluated) == 0 && performance &&
                performance->decision == Decision::not_evaluated)
                return fmt::format("not evaluated: {}; {}", performance->reason(), rows);
            if (judged != 0 && count(Decision::not_evaluated) == 0)
                for (const ScoreReport& score : scores)
                    if (score.decision == Decision::not_evaluated)
                        return fmt::format("not evaluated: {}; {}", score.reason(), rows);
            if (judged != 0 && count(Decision::not_evaluated) == 0 &&
                std::any_of(streams.begin(), streams.end(),
                            [](const StreamReport& s) { return s.decision == Decision::not_evaluated; }))
                return fmt::format("not evaluated: monitors were given no value; {}", rows);
            if (judged == 0) return fmt::format("not evaluated: the policy ignores every feature; {}", rows);
            if (count(Decision::not_evaluated) == 0)
                return fmt::format("not evaluated: too little data to test features together; {}", rows);
            if (std::all_of(features.begin(), features.end(), [&](const FeatureReport& feature) {
                    return feature.ignored || feature.decision != Decision::not_evaluated ||
                           (feature.live_observations >= minimum_rows && !feature.compared_.empty());
                }))
                return fmt::format("not evaluated: {} of {} features ({}): {}; {}", count(Decision::not_evaluated),
                                   judged, names(Decision::not_evaluated), rendering::undefined_test, rows);
            return fmt::format(
                "not evaluated: too little data for {} of {} features ({}; at least {} observations are needed); {}",
                count(Decision::not_evaluated), judged, names(Decision::not_evaluated), minimum_rows, rows);
        case Decision::pass: break;
    }
    return fmt::format("pass: none of {} features changed; {}", judged, rows);
}

std::string Report::reason(std::size_t index) const {
    const FeatureReport& feature = features.at(index);
    const FeatureBaseline& known = baseline.features()[index];
    if (feature.ignored) return fmt::format("{}: ignored by the policy", known.name);
    const Evidence* evidence = feature.decisive();
    if (evidence == nullptr || evidence->decision == Decision::not_evaluated) {
        if (feature.live_observations < minimum_rows) {
            return fmt::format("{}: not evaluated, {} observations where {} are needed", known.name,
                               feature.live_observations, minimum_rows);
        }
        if (!feature.compared_.empty())
            return fmt::format("{}: not evaluated, {}, at {} live observations", known.name, rendering::undefined_test,
                               feature.live_observations);
        return fmt::format("{}: not evaluated, the reference holds too little for this test at {} live observations",
                           known.name, feature.live_observations);
    }
    std::string text;
    if (evidence->hypothesis == Hypothesis::distribution) {
        text = fmt::format("{}: at least {} of the values moved (estimate {}, {} p {})", known.name,
                           percent(std::max(0.0, evidence->moved_share_interval.lower)), percent(evidence->moved_share),
                           words_of(drift_test_name(evidence->by)), probability(evidence->adjusted_p_value));
        if (known.kind == FeatureKind::numeric && !std::isnan(feature.live_median)) {
            text += fmt::format("; median {:.4g} was {:.4g}", feature.live_median, feature.reference_median);
        }
    } else {
        text = fmt::format("{}: {} of the values are {}, {} in the reference (p {})", known.name,
                           percent(evidence->live_rate), rate_words[static_cast<std::size_t>(evidence->hypothesis)],
                           percent(evidence->reference_rate), probability(evidence->adjusted_p_value));
    }
    text += rendering::smallest_p_note(*evidence);
    if (evidence->decision == Decision::warn) {
        text += fmt::format("; not surely above the tolerance of {}", percent(feature.tolerance));
    }
    if (evidence->decision == Decision::pass) text += "; no evidence of change";
    return text;
}

}  // namespace vedette::inline v0
