// SPDX-License-Identifier: Apache-2.0
// The table of what can be released, and the checks that follow from it.
#include "release_kinds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "input.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;

Answer::Answer(const nlohmann::ordered_json& fields, std::string words)
    : told(std::make_shared<nlohmann::ordered_json>(fields)), text(std::move(words)) {}

std::span<const ReleasedKind> released_kinds() {
    using enum ReleasedKind::Loss;
    static const std::vector<ReleasedKind> kinds = {
        {"count", release_count, false, false, any, {"--confidence"}},
        {"sum", release_sum, true, false, any, {"--lower", "--upper", "--confidence"}},
        {"mean", release_mean, true, false, any, {"--lower", "--upper", "--confidence"}},
        {"variance", release_variance, true, false, any, {"--lower", "--upper", "--confidence"}},
        {"histogram", release_histogram, true, true, any, {"--categories", "--confidence"}},
        {"quantile",
         release_quantile,
         true,
         false,
         pure,
         {"--lower", "--upper", "--quantile", "--steps", "--confidence"}},
        {"covariance",
         release_covariance,
         true,
         false,
         any,
         {"--lower", "--upper", "--second", "--second-lower", "--second-upper", "--confidence"}},
        {"table", release_table, true, true, any, {"--categories", "--second", "--second-categories", "--confidence"}},
        {"range", release_range, true, false, any, {"--least-power", "--largest-power"}},
        {"partitions", release_partitions, true, true, approximate, {}},
        {"above_threshold",
         release_above_threshold,
         true,
         true,
         pure,
         {"--categories", "--threshold", "--positives", "--sensitivity"}},
        {"running_count", release_running_count, true, true, any, {"--categories", "--factor", "--confidence"}},
        {"randomized_response",
         release_randomized_response,
         true,
         false,
         pure,
         {"--categories", "--responses", "--encoding", "--confidence"}},
    };
    return kinds;
}

const ReleasedKind& released_kind(const std::string& name) {
    for (const ReleasedKind& kind : released_kinds())
        if (name == kind.name) return kind;
    throw InputError("--statistic: there is no " + name);
}

void check_release(const ReleaseOptions& options) {
    const ReleasedKind& kind = released_kind(options.statistic);
    const auto has = [](const auto& list, const std::string& option) {
        return std::find(list.begin(), list.end(), option) != list.end();
    };
    // Whoever gives what says nothing believes something else.
    for (const ReleasedKind& other : released_kinds())
        for (const char* option : other.options)
            if (has(options.given, option) && !has(kind.options, option))
                throw InputError(fmt::format("{}: it is of no use to --statistic {}", option, kind.name));
    if (has(options.given, "--categories-per-user") && !kind.by_category)
        throw InputError(fmt::format("--categories-per-user: it is of no use to --statistic {}", kind.name));
    if (options.user.empty())
        for (const char* option : {"--rows-per-user", "--categories-per-user", "--choice"})
            if (has(options.given, option))
                throw InputError(fmt::format("{}: it needs --user; without it every row is someone else's", option));
    if (options.rho && options.delta != 0.0) throw InputError("--delta: rho has none");
    if (kind.needs_column && options.column.empty()) throw InputError("--column is needed for this statistic");
    if (kind.loss == ReleasedKind::Loss::pure && (options.delta != 0.0 || options.rho))
        throw InputError(fmt::format("--delta, --rho: {} has pure differential privacy, and takes neither", kind.name));
    if (kind.loss == ReleasedKind::Loss::approximate && (options.delta == 0.0 || options.rho))
        throw InputError(fmt::format("{} takes --epsilon and --delta", kind.name));
}

PrivacyUnit unit_of(const ReleaseOptions& options) {
    if (options.user.empty()) return PrivacyUnit::record(options.neighbouring);
    return PrivacyUnit::user(options.neighbouring, options.limit);
}

ReleaseLoss loss_of(const ReleaseOptions& options) {
    if (options.rho) return Rho(*options.rho);
    const Epsilon epsilon(options.epsilon.value_or(0.0));
    if (options.delta != 0.0) return {epsilon, Delta(options.delta)};
    return epsilon;
}

nlohmann::ordered_json interval_json(const Interval& interval) {
    return {{"lower", interval.lower}, {"upper", interval.upper}};
}

}  // namespace vedette::inline v0::cli
