// SPDX-License-Identifier: Apache-2.0
// Totals after each of some steps.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "guard/render_common.hpp"
#include "input.hpp"
#include "release_kinds.hpp"
#include "release_places.hpp"
#include "text_table.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/correlated_count.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

// A running total of either kind.
class RunningCount {
  public:
    RunningCount(const ReleaseOptions& options, std::uint64_t horizon, ReleaseBudget& budget) {
        const PrivacyUnit unit = unit_of(options);
        const stats::Confidence confidence(options.confidence);
        const ReleaseLoss loss = loss_of(options);
        if (!options.rho && options.delta == 0.0) {
            if (std::find(options.given.begin(), options.given.end(), "--factor") != options.given.end())
                throw InputError("--factor: it is of the Gaussian noise of --rho or --delta");
            tree_.emplace(unit, horizon, Epsilon(loss.guarantee().epsilon), budget, confidence);
        } else {
            const CountFactor factor = options.buffered ? CountFactor::buffered_toeplitz : CountFactor::toeplitz_root;
            correlated_.emplace(unit, horizon, factor, loss, budget, 0, confidence);
        }
    }
    Release step(std::uint64_t rows) { return tree_ ? tree_->step(rows) : correlated_->step(rows); }
    [[nodiscard]] const char* noise() const noexcept {
        if (tree_) return "binary_tree";
        return correlated_->factor() == CountFactor::toeplitz_root ? "toeplitz_root" : "buffered_toeplitz";
    }

  private:
    std::optional<ContinualCount> tree_;
    std::optional<CorrelatedCount> correlated_;
};

}  // namespace

Answer release_running_count(const ReleaseOptions& options, ReleaseBudget& budget) {
    const Places steps(options.categories);
    const std::vector<std::uint64_t> counts = counts_of(options, steps);
    RunningCount total(options, steps.size(), budget);
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["noise"] = total.noise();
    told["totals"] = Json::array();
    std::vector<std::vector<std::string>> lines = {
        {"step", "total", fmt::format("{:g}% from", 100.0 * options.confidence), "to"}};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Release release = total.step(counts[i]);
        told["totals"].push_back(
            {{"step", options.categories[i]}, {"value", release.value}, {"interval", interval_json(release.interval)}});
        lines.push_back({rendering::clean(options.categories[i])});
        for (const double number : {release.value, release.interval.lower, release.interval.upper})
            lines.back().push_back(fmt::format("{:.10g}", number));
    }
    answer.text = text_table(lines);
    return answer;
}

}  // namespace vedette::inline v0::cli
