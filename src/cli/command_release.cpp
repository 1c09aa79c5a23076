// SPDX-License-Identifier: Apache-2.0
// `vedette privacy grant` and `vedette privacy release`: a statistic of a column, noised, under a ledger's budget.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "input.hpp"
#include "release_kinds.hpp"

namespace vedette::inline v0::cli {

namespace {

using namespace privacy;
using Json = nlohmann::ordered_json;

// What the account has left at that time, rounded down.
Guarantee left_of(Ledger& ledger, const LedgerAccount& account, std::int64_t now) {
    for (const LedgerBalance& balance : ledger.balances(account))
        if (balance.period.from <= now && now < balance.period.until) {
            const auto less = [](std::uint64_t budget, std::uint64_t spent) {
                return static_cast<double>(budget > spent ? budget - spent : 0);
            };
            return {less(balance.budget.loss, balance.spent.loss) / LedgerCost::loss_units,
                    less(balance.budget.delta, balance.spent.delta) / LedgerCost::delta_units};
        }
    return {};
}

const char* neighbours_word(Neighbouring neighbouring) noexcept {
    return neighbouring == Neighbouring::add_remove ? "add_remove" : "replace_one";
}

// Whom the noise hides, in words.
std::string hidden_line(const ReleaseOptions& options) {
    const bool replaces = options.neighbouring == Neighbouring::replace_one;
    if (options.user.empty())
        return replaces ? "hidden: what any one record says, but not how many there are (neighbours replace_one)\n"
                        : "hidden: whether any one record is in the data (neighbours add_remove)\n";
    std::string rows = fmt::format("{} {} of a user", options.limit.rows, options.limit.rows == 1 ? "row" : "rows");
    if (released_kind(options.statistic).by_category)
        rows += fmt::format(" in each of {} {}", options.limit.partitions,
                            options.limit.partitions == 1 ? "category" : "categories");
    return replaces
               ? fmt::format(
                     "hidden: all that any one user's rows say, but not how many users there are "
                     "(neighbours replace_one; {} count)\n",
                     rows)
               : fmt::format("hidden: whether any one user is in the data (neighbours add_remove; {} count)\n", rows);
}

std::string to_json(const ReleaseOptions& options, const Answer& answer, const Guarantee& left,
                    const LedgerHead& head) {
    const ReleasedKind& kind = released_kind(options.statistic);
    Json document = {{"statistic", kind.name}};
    if (!options.column.empty()) document["column"] = options.column;
    document.update(*answer.told);
    if (std::find(kind.options.begin(), kind.options.end(), std::string_view("--confidence")) != kind.options.end())
        document["confidence"] = options.confidence;
    document["neighbours"] = neighbours_word(options.neighbouring);
    document["unit"] = options.user.empty() ? Json("record") : Json("user");
    if (!options.user.empty()) {
        document["rows_per_user"] = options.limit.rows;
        if (kind.by_category) document["categories_per_user"] = options.limit.partitions;
    }
    if (options.rho) {
        document["spent"] = {{"rho", *options.rho}};
        document["left"] = {{"rho", left.epsilon}};
    } else {
        document["spent"] = {{"epsilon", options.epsilon.value_or(0.0)}, {"delta", options.delta}};
        document["left"] = {{"epsilon", left.epsilon}, {"delta", left.delta}};
    }
    document["ledger_head"] = head_text(head);
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const ReleaseOptions& options, const Answer& answer, const Guarantee& left) {
    std::string text = answer.text;
    text += fmt::format("{} {:g} spent, {:.6g} left", options.rho ? "rho" : "epsilon",
                        options.rho ? *options.rho : options.epsilon.value_or(0.0), left.epsilon);
    if (options.delta > 0.0) text += fmt::format("; delta {:g} spent, {:.6g} left", options.delta, left.delta);
    return text + "\n" + (answer.hidden.empty() ? hidden_line(options) : answer.hidden);
}

// An account whose measure nobody named may be one of epsilon, of which rho is no part.
void require_rho(Ledger& ledger, const LedgerAccount& account) {
    for (const LedgerBalance& balance : ledger.balances(account))
        if (balance.measure != LedgerMeasure::rho)
            throw InputError("--rho: the account is not kept in rho; see vedette privacy grant --rho");
}

// For those who keep heads: the one to give next time.
std::string head_line(const LedgerUse& use, Ledger& ledger) {
    return use.file.at_least.empty() ? std::string() : "ledger head " + head_text(ledger.head()) + "\n";
}

}  // namespace

std::int64_t seconds_of(const std::optional<std::int64_t>& now) {
    if (now) return *now;
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

ExitStatus privacy_grant(const GrantOptions& options) {
    const std::int64_t now = seconds_of(options.use.now);
    if (options.rho && options.delta != 0.0) throw InputError("--delta: rho has none");
    const double loss = options.rho ? *options.rho : options.epsilon.value_or(0.0);
    const LedgerCost budget = LedgerCost::budget(loss, options.delta);
    if (!(options.days > 0.0 && options.days <= 1e6)) throw InputError("--days: it must be above 0, at most 1000000");
    const auto seconds = static_cast<std::int64_t>(std::ceil(options.days * 86'400.0));
    Ledger ledger = options.create ? create_ledger(options.use.file) : open_ledger(options.use.file);
    ledger.grant(options.use.account, budget, {now, now + seconds},
                 options.rho ? LedgerMeasure::rho : LedgerMeasure::epsilon);
    const std::string what =
        options.rho ? fmt::format("rho {:g}", loss) : fmt::format("epsilon {:g} and delta {:g}", loss, options.delta);
    write_text("-", fmt::format("{} granted until {} ({})\n", what, now + seconds, time_text(now + seconds)) +
                        head_line(options.use, ledger));
    return exit_pass;
}

ExitStatus privacy_release(const ReleaseOptions& options) {
    const std::int64_t now = seconds_of(options.use.now);
    check_release(options);
    Ledger ledger = open_ledger(options.use.file);
    std::unique_ptr<ReleaseBudget> budget = std::make_unique<LedgerBudget>(ledger, options.use.account, now);
    if (options.rho) {
        require_rho(ledger, options.use.account);
        budget = std::make_unique<LedgerRhoBudget>(ledger, options.use.account, now);
    }
    const Answer answer = released_kind(options.statistic).run(options, *budget);
    const Guarantee left = left_of(ledger, options.use.account, now);
    write_text("-", options.as_json ? to_json(options, answer, left, ledger.head())
                                    : to_text(options, answer, left) + head_line(options.use, ledger));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
