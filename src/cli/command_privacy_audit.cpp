// SPDX-License-Identifier: Apache-2.0
// `vedette privacy audit`.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "commands.hpp"
#include "row_source.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/audit.hpp"

namespace vedette::inline v0::cli {

namespace {

[[noreturn]] void refuse(const RowSource& source, std::size_t column, const char* expected) {
    throw InputError(fmt::format("{}: {}", source.place(column), expected));
}

using Evidence = nlohmann::ordered_json;

// What a file or a list of counts gives; the numbers that it rests on are told as evidence.
struct Found {
    double epsilon = 0.0;
    std::string told;
};

Found found_of(const privacy::AuditCounts& counts, double epsilon, const stats::Confidence& confidence,
               Evidence& evidence) {
    Found found;
    found.epsilon = epsilon;
    const double mu = privacy::audit_gdp_mu(counts, confidence);
    evidence = {{"first_hits", counts.first_hits},
                {"first_runs", counts.first_runs},
                {"second_hits", counts.second_hits},
                {"second_runs", counts.second_runs},
                {"gdp_mu", mu}};
    found.told = fmt::format("an event in {} of {} and {} of {} runs; mu of Gaussian privacy at least {:.5g}",
                             counts.first_hits, counts.first_runs, counts.second_hits, counts.second_runs, mu);
    return found;
}

Found audit_counts(const PrivacyAuditOptions& options, const stats::Confidence& confidence, Evidence& evidence) {
    const std::vector<std::uint64_t>& c = options.counts;
    const privacy::AuditCounts counts{c.at(1), c.at(0), c.at(3), c.at(2)};
    return found_of(counts, privacy::audit_epsilon(counts, options.delta, confidence), confidence, evidence);
}

Found audit_outputs(const PrivacyAuditOptions& options, const stats::Confidence& confidence, Evidence& evidence) {
    RowSource source(options.outputs);
    const std::size_t input = source.column("input"), output = source.column("output");
    std::array<std::vector<double>, 2> outputs;
    while (source.next()) {
        const std::optional<double> which = source.number(input);
        if (which != 1.0 && which != 2.0) refuse(source, input, "an input must be 1 or 2");
        const std::optional<double> value = source.number(output);
        if (!value && !source.is_null(output)) refuse(source, output, "an output must be a number, or empty for NaN");
        outputs[which == 1.0 ? 0 : 1].push_back(value.value_or(std::nan("")));
    }
    const privacy::OutputAudit<double> audit =
        privacy::audit_outputs(outputs[0], outputs[1], options.delta, confidence);
    return found_of(audit.counts, audit.epsilon, confidence, evidence);
}

Found audit_guesses(const PrivacyAuditOptions& options, const stats::Confidence& confidence, Evidence& evidence) {
    RowSource source(options.guesses);
    const std::size_t included = source.column("included"), guess = source.column("guess");
    privacy::CanaryGuesses guesses;
    while (source.next()) {
        const std::optional<double> truth = source.number(included);
        if (truth != 0.0 && truth != 1.0) refuse(source, included, "included must be 0 or 1");
        ++guesses.canaries;
        if (source.is_null(guess)) continue;
        const std::optional<double> guessed = source.number(guess);
        if (guessed != 0.0 && guessed != 1.0) refuse(source, guess, "a guess must be 0, 1 or empty");
        ++guesses.guesses;
        guesses.correct += guessed == truth ? 1U : 0U;
    }
    if (guesses.guesses == 0) {
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("{}: there is no guess about {} canaries", source.name(), guesses.canaries));
    }
    evidence = {{"canaries", guesses.canaries}, {"guesses", guesses.guesses}, {"correct", guesses.correct}};
    return {privacy::one_run_epsilon(guesses, options.delta, confidence),
            fmt::format("{} of {} guesses about {} canaries were right", guesses.correct, guesses.guesses,
                        guesses.canaries)};
}

}  // namespace

ExitStatus privacy_audit(const PrivacyAuditOptions& options) {
    if (options.epsilon && !(*options.epsilon >= 0.0))
        throw InputError(fmt::format("--claimed-epsilon is {}; it must be at least 0", *options.epsilon));
    const stats::Confidence confidence(options.confidence);
    Evidence evidence;
    const Found found = !options.guesses.path.empty()   ? audit_guesses(options, confidence, evidence)
                        : !options.outputs.path.empty() ? audit_outputs(options, confidence, evidence)
                                                        : audit_counts(options, confidence, evidence);
    const bool refuted = options.epsilon && found.epsilon > *options.epsilon;
    if (options.as_json) {
        nlohmann::ordered_json document = {{"epsilon_lower_bound", found.epsilon},
                                           {"delta", options.delta},
                                           {"confidence", options.confidence},
                                           {"evidence", evidence}};
        if (options.epsilon) document["claimed_epsilon"] = *options.epsilon;
        if (options.epsilon) document["refuted"] = refuted;
        write_text("-", document.dump(2) + "\n");
    } else {
        // Down, as every digit of a lower bound.
        const double shown = std::floor(found.epsilon * 1e4) / 1e4;
        std::string text = fmt::format("epsilon at least {:g} at delta {:g}, with confidence {:g}\n{}\n", shown,
                                       options.delta, options.confidence, found.told);
        if (refuted) text += fmt::format("epsilon {:g} is refuted\n", *options.epsilon);
        write_text("-", text);
    }
    return refuted ? exit_failed : exit_pass;
}

}  // namespace vedette::inline v0::cli
