// SPDX-License-Identifier: Apache-2.0
// `vedette privacy ledger`: what a ledger holds, whether it is whole and no older copy, and reservations left open.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "input.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

using namespace privacy;
using Json = nlohmann::ordered_json;

struct Period {
    LedgerAccount account;
    LedgerBalance balance;
};

double loss_of(std::uint64_t units) noexcept {
    return static_cast<double>(units) / LedgerCost::loss_units;
}
double delta_of(std::uint64_t units) noexcept {
    return static_cast<double>(units) / LedgerCost::delta_units;
}
std::uint64_t left_of(std::uint64_t budget, std::uint64_t spent) noexcept {
    return budget > spent ? budget - spent : 0;
}

const char* measure_word(LedgerMeasure measure) noexcept {
    switch (measure) {
        case LedgerMeasure::epsilon: return "epsilon";
        case LedgerMeasure::rho: return "rho";
        case LedgerMeasure::unnamed: break;
    }
    return "unnamed";
}

std::string both_times(std::int64_t seconds) {
    return fmt::format("{} ({})", seconds, time_text(seconds));
}

bool matches(const std::string& wanted, const std::string& name) {
    return wanted.empty() || wanted == name;
}

std::vector<Period> periods_of(Ledger& ledger, const LedgerAccount& wanted) {
    std::vector<Period> periods;
    for (const LedgerAccount& account : ledger.accounts()) {
        if (!matches(wanted.data_set, account.data_set) || !matches(wanted.principal, account.principal) ||
            !matches(wanted.purpose, account.purpose))
            continue;
        for (const LedgerBalance& balance : ledger.balances(account)) periods.push_back({account, balance});
    }
    return periods;
}

std::string to_json(const std::vector<Period>& periods, Ledger& ledger) {
    Json document = {{"head", head_text(ledger.head())}, {"periods", Json::array()}};
    for (const auto& [account, balance] : periods)
        document["periods"].push_back(
            {{"data_set", account.data_set},
             {"principal", account.principal},
             {"purpose", account.purpose},
             {"from", balance.period.from},
             {"from_time", time_text(balance.period.from)},
             {"until", balance.period.until},
             {"until_time", time_text(balance.period.until)},
             {"measure", measure_word(balance.measure)},
             {"budget", {{"loss", loss_of(balance.budget.loss)}, {"delta", delta_of(balance.budget.delta)}}},
             {"spent", {{"loss", loss_of(balance.spent.loss)}, {"delta", delta_of(balance.spent.delta)}}},
             {"left",
              {{"loss", loss_of(left_of(balance.budget.loss, balance.spent.loss))},
               {"delta", delta_of(left_of(balance.budget.delta, balance.spent.delta))}}}});
    document["open_reservations"] = ledger.open_reservations();
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const std::vector<Period>& periods, Ledger& ledger) {
    std::vector<std::vector<std::string>> table = {{"account", "from", "until", "measure", "loss budget", "loss spent",
                                                    "loss left", "delta budget", "delta spent", "delta left"}};
    for (const auto& [account, balance] : periods)
        table.push_back({rendering::clean(account.data_set + " / " + account.principal + " / " + account.purpose),
                         both_times(balance.period.from), both_times(balance.period.until),
                         measure_word(balance.measure), fmt::format("{:.6g}", loss_of(balance.budget.loss)),
                         fmt::format("{:.6g}", loss_of(balance.spent.loss)),
                         fmt::format("{:.6g}", loss_of(left_of(balance.budget.loss, balance.spent.loss))),
                         fmt::format("{:.3g}", delta_of(balance.budget.delta)),
                         fmt::format("{:.3g}", delta_of(balance.spent.delta)),
                         fmt::format("{:.3g}", delta_of(left_of(balance.budget.delta, balance.spent.delta)))});
    std::string text = text_table(table);
    for (const std::uint64_t number : ledger.open_reservations())
        text += fmt::format("reservation {} is open: it counts as spent\n", number);
    return text;
}

}  // namespace

ExitStatus ledger_show(const LedgerToolOptions& options) {
    Ledger ledger = open_ledger(options.file);
    const std::vector<Period> periods = periods_of(ledger, options.account);
    write_text("-", options.as_json ? to_json(periods, ledger) : to_text(periods, ledger));
    return periods.empty() ? exit_not_enough_data : exit_pass;
}

ExitStatus ledger_verify(const LedgerToolOptions& options) {
    try {
        Ledger ledger = open_ledger(options.file);
        write_text("-", head_text(ledger.head()) + "\n");
        return exit_pass;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt_data) throw;
        fmt::print(stderr, "{}: {}\n", rendering::clean(options.file.path), error.what());
        return exit_failed;
    }
}

ExitStatus ledger_close(const LedgerToolOptions& options) {
    Ledger ledger = open_ledger(options.file);
    if (options.cancels) {
        ledger.cancel(options.reservation);
    } else {
        ledger.commit(options.reservation);
    }
    write_text("-", fmt::format("reservation {} {}\n", options.reservation,
                                options.cancels ? "cancelled: its cost is given back" : "committed"));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
