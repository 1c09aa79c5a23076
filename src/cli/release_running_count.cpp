// SPDX-License-Identifier: Apache-2.0
// Totals after each of some steps; with a state file, those of a stream that goes on from run to run.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "guard/render_common.hpp"
#include "release_kinds.hpp"
#include "release_places.hpp"
#include "running_stream.hpp"
#include "state_file.hpp"
#include "text_table.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

RunningTerms terms_of(const ReleaseOptions& options, std::uint64_t horizon) {
    const RunningTerms terms{unit_of(options), loss_of(options),
                             options.buffered ? CountFactor::buffered_toeplitz : CountFactor::toeplitz_root, horizon,
                             stats::Confidence(options.confidence)};
    if (!terms.loss.is_gaussian() &&
        std::find(options.given.begin(), options.given.end(), "--factor") != options.given.end())
        throw InputError("--factor: it is of the Gaussian noise of --rho or --delta");
    return terms;
}

Answer answer_of(const std::vector<RunningTotal>& totals, const char* noise, double confidence) {
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["noise"] = noise;
    told["totals"] = Json::array();
    std::vector<std::vector<std::string>> lines = {
        {"step", "total", fmt::format("{:g}% from", 100.0 * confidence), "to"}};
    for (const RunningTotal& total : totals) {
        told["totals"].push_back(
            {{"step", total.step}, {"value", total.value}, {"interval", interval_json(total.interval)}});
        lines.push_back({rendering::clean(total.step)});
        for (const double number : {total.value, total.interval.lower, total.interval.upper})
            lines.back().push_back(fmt::format("{:.10g}", number));
    }
    answer.text = text_table(lines);
    return answer;
}

Answer release_stream(const ReleaseOptions& options, const Places& steps, Payment& budget) {
    if (options.horizon == 0) throw InputError("--horizon is needed with --state: the steps of all runs together");
    if (!options.user.empty())
        throw InputError(
            "--state: a user's rows are limited within one run, not across them; without --user it is "
            "each row that is hidden");
    const RunningTerms terms = terms_of(options, options.horizon);
    const std::vector<std::uint64_t> counts = counts_of(options, steps);
    // It holds true counts.
    StateFile file(options.state, NewFile::owner_only);
    std::optional<std::vector<std::byte>> saved;
    file.resume([&saved](std::span<const std::byte> bytes) { saved.emplace(bytes.begin(), bytes.end()); });
    RunningStream stream(
        terms, saved, [&file](std::span<const std::byte> bytes) { file.save(bytes); }, budget);
    if (saved) privacy::detail::wipe_memory(saved->data(), saved->size());
    Answer answer = answer_of(stream.run(options.categories, std::span(counts).first(steps.size())), stream.noise(),
                              options.confidence);
    answer.is_paid = stream.was_paid();
    (*answer.told)["steps"] = stream.steps();
    (*answer.told)["horizon"] = options.horizon;
    answer.text += fmt::format("{} of {} steps\n", stream.steps(), options.horizon);
    return answer;
}

}  // namespace

Answer release_running_count(const ReleaseOptions& options, Payment& budget) {
    const Places steps(options.categories);
    if (!options.state.empty()) return release_stream(options, steps, budget);
    if (options.horizon != 0) throw InputError("--horizon: without --state there are no further runs");
    const RunningTerms terms = terms_of(options, steps.size());
    const std::vector<std::uint64_t> counts = counts_of(options, steps);
    RunningCount count(terms, budget);
    std::vector<RunningTotal> totals;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Release release = count.step(counts[i]);
        totals.push_back({options.categories[i], release.value, release.interval});
    }
    return answer_of(totals, count.noise(), options.confidence);
}

}  // namespace vedette::inline v0::cli
