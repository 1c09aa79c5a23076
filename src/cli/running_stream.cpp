// SPDX-License-Identifier: Apache-2.0
#include "running_stream.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "input.hpp"
#include "privacy/secret_state.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kind = "running_stream";

std::string text_of(const RunningTerms& terms, const LedgerAccount& account) {
    const PrivacyUnit& unit = terms.unit;
    Json text = {{"account", {account.data_set, account.principal, account.purpose}}, {"horizon", terms.horizon}};
    if (terms.loss.told_rho() > 0.0) {
        text["rho"] = terms.loss.rho();
    } else {
        text["epsilon"] = terms.loss.guarantee().epsilon;
        text["delta"] = terms.loss.guarantee().delta;
    }
    if (terms.loss.is_gaussian()) text["buffered"] = terms.factor == CountFactor::buffered_toeplitz;
    text["neighbours"] = unit.neighbouring() == Neighbouring::add_remove ? "add_remove" : "replace_one";
    text["unit"] = unit.is_user() ? "user" : "record";
    text["rows"] = unit.limit().rows;
    text["partitions"] = unit.limit().partitions;
    text["confidence"] = terms.confidence.level();
    return text.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

RunningCount::RunningCount(const RunningTerms& terms, ReleaseBudget& budget) {
    if (terms.loss.is_gaussian())
        correlated_.emplace(terms.unit, terms.horizon, terms.factor, terms.loss, budget, 0, terms.confidence);
    else
        tree_.emplace(terms.unit, terms.horizon, Epsilon(terms.loss.guarantee().epsilon), budget, terms.confidence);
}

RunningCount::RunningCount(bool is_tree, std::span<const std::byte> bytes) {
    if (is_tree)
        tree_.emplace(ContinualCount::from_bytes(bytes));
    else
        correlated_.emplace(CorrelatedCount::from_bytes(bytes));
}

const char* RunningCount::noise() const noexcept {
    if (tree_) return "binary_tree";
    return correlated_->factor() == CountFactor::toeplitz_root ? "toeplitz_root" : "buffered_toeplitz";
}

RunningStream::RunningStream(const RunningTerms& terms, const std::optional<std::vector<std::byte>>& saved,
                             std::function<void(std::span<const std::byte>)> save, Payment& budget)
    : terms_(text_of(terms, budget.account())),
      horizon_(terms.horizon),
      is_tree_(!terms.loss.is_gaussian()),
      save_(std::move(save)) {
    if (saved) load(*saved, budget);
    if (count_) return;
    before_ = budget.ledger().head().sequence;
    save_all();
    budget.only_reserve();
    count_.emplace(terms, budget);
    reservation_ = budget.reservation();
    save_all();
}

void RunningStream::load(std::span<const std::byte> saved, const Payment& budget) {
    const SecretBytes own(saved);
    const Container container = Container::view(own.get());
    container.require_kind(kind);
    const auto before = container.scalar<std::uint64_t>("before");
    const auto reservation = container.scalar<std::uint64_t>("reservation");
    const std::vector<std::uint64_t> open = budget.ledger().open_reservations();
    if (reservation == 0) {
        for (const std::uint64_t number : open)
            if (number > before)
                throw InputError(fmt::format(
                    "--state: a run died while it paid, and reservation {} may be its own; nothing was released under "
                    "it. If no other program has it open, give it back (vedette privacy ledger close {} --cancel) and "
                    "run again",
                    number, number));
        return;
    }
    if (container.metadata("terms") != terms_)
        throw InputError(
            fmt::format("--state: the stream was begun with other options: {}", container.metadata("terms")));
    if (std::find(open.begin(), open.end(), reservation) == open.end())
        throw InputError(fmt::format(
            "--state: reservation {}, which pays for the stream, is not open in this ledger: it is another ledger, or "
            "the reservation was closed, and the stream with it",
            reservation));
    before_ = before;
    reservation_ = reservation;
    const std::span<const std::byte> mechanism = std::as_bytes(container.values<std::uint8_t>("mechanism"));
    count_.emplace(is_tree_, mechanism);
    const auto numbers = container.values<double>("told");
    const Json names = Json::parse(container.metadata("told"), nullptr, false);
    if (!names.is_array() || numbers.size() != 3 * names.size())
        throw InputError("--state: what was told last is not whole");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i].is_string()) throw InputError("--state: what was told last is not whole");
        told_.push_back({names[i].get<std::string>(), numbers[3 * i], {numbers[3 * i + 1], numbers[3 * i + 2]}});
    }
    was_paid_ = true;
}

void RunningStream::save_all() {
    SecretWriter writer;
    writer.set_metadata("terms", terms_);
    writer.add_scalar("before", before_);
    writer.add_scalar("reservation", reservation_);
    if (reservation_ != 0) {
        std::vector<std::byte> mechanism = count_->to_bytes();
        writer.add("mechanism", std::span(reinterpret_cast<const std::uint8_t*>(mechanism.data()), mechanism.size()));
        privacy::detail::wipe_memory(mechanism.data(), mechanism.size());
        Json names = Json::array();
        std::vector<double> numbers;
        for (const RunningTotal& total : told_) {
            names.push_back(total.step);
            numbers.insert(numbers.end(), {total.value, total.interval.lower, total.interval.upper});
        }
        writer.add("told", numbers);
        writer.set_metadata("told", names.dump(-1, ' ', true));
    }
    std::vector<std::byte> bytes = writer.finish(kind);
    save_(bytes);
    privacy::detail::wipe_memory(bytes.data(), bytes.size());
}

std::vector<RunningTotal> RunningStream::run(const std::vector<std::string>& steps,
                                             std::span<const std::uint64_t> rows) {
    const auto was_told = [this](const std::string& step) {
        return std::any_of(told_.begin(), told_.end(), [&](const RunningTotal& total) { return total.step == step; });
    };
    if (steps.size() == told_.size() &&
        std::equal(steps.begin(), steps.end(), told_.begin(),
                   [](const std::string& step, const RunningTotal& total) { return step == total.step; }))
        return told_;
    for (const std::string& step : steps)
        if (was_told(step))
            throw InputError(
                fmt::format("--categories: \"{}\" was a step of the run before; give those that came since, "
                            "or exactly those of that run, to be told its totals again",
                            step));
    if (steps.size() > horizon_ - count_->steps())
        throw InputError(fmt::format("--categories: {} steps, of {} that were paid for {} are left", steps.size(),
                                     horizon_, horizon_ - count_->steps()));
    told_.clear();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Release release = count_->step(rows[i]);
        told_.push_back({steps[i], release.value, release.interval});
    }
    save_all();
    return told_;
}

}  // namespace vedette::inline v0::cli
