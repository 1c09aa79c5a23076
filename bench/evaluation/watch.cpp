// SPDX-License-Identifier: Apache-2.0
// What the evaluation needs of the memory across requests request by request, for Python: QueryWatch, Prada, and the
// windows of groups of accounts that share inputs.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/guard/mmd_groups.hpp"
#include "vedette/perturbation/prada.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace vp = vedette::perturbation;

extern "C" {

struct EvaluationWatchOptions {
    std::uint64_t values, window, stride, remembered;
    double step;  // of images: levels; of tables: what every column's cells are wide
    double level, failure_probability;
    std::int32_t is_image;
    std::int32_t with_updates;
    std::int32_t leaves_repeats_out;
};

}  // extern "C"

namespace {

constexpr vp::FingerprintKey store_key{11, 12, 13, 14}, update_key{21, 22, 23, 24};

/// Feeds rows in the order of a stream, bytes of images and floats of tables, and hands each to `take(i, row,
/// account)`.
template <class Take>
void each_row(bool is_image, const void* rows, const std::uint32_t* accounts, std::size_t count, std::size_t values,
              Take take) {
    const auto feed = [&](const auto* first) {
        for (std::size_t i = 0; i < count; ++i)
            take(i, std::span(first + i * values, values), "account " + std::to_string(accounts[i]));
    };
    if (is_image)
        feed(static_cast<const std::uint8_t*>(rows));
    else
        feed(static_cast<const float*>(rows));
}

/// Of a thousand benign inputs one links accounts at most, unless more share all that they can; as the tool has it.
/// `scores` with other accounts' inputs: an account's own link nobody.
double linking_score(std::vector<double> scores) {
    if (scores.empty()) return 1.0;
    const auto rank = static_cast<std::ptrdiff_t>(0.999 * static_cast<double>(scores.size() - 1));
    std::nth_element(scores.begin(), scores.begin() + rank, scores.end());
    return std::clamp(std::nextafter(scores[static_cast<std::size_t>(rank)], 2.0), 0.5, 1.0);
}

vp::Fingerprinter fingerprinter_of(const EvaluationWatchOptions& options) {
    if (options.is_image == 0) {
        vp::RowFingerprintOptions row;
        row.values = options.values;
        row.window = options.window;
        row.stride = options.stride;
        row.steps = {options.step};
        row.key = store_key;
        return vp::Fingerprinter(row);
    }
    vp::ImageFingerprintOptions image;
    image.values = options.values;
    image.window = options.window;
    image.stride = options.stride;
    image.step = static_cast<unsigned>(options.step);
    image.key = store_key;
    return vp::Fingerprinter(image);
}

}  // namespace

extern "C" {

/// Benign traffic of accounts fills the store, and what it is given there calibrates the watch. `scores`: of `count`
/// places, the store's. NULL where it fails.
[[gnu::visibility("default")]] void* evaluation_watch_fit(const EvaluationWatchOptions* options, const void* rows,
                                                          const std::uint32_t* accounts, std::size_t count,
                                                          double* scores) {
    try {
        const vp::Fingerprinter fingerprinter = fingerprinter_of(*options);
        vp::FingerprintStore store(fingerprinter,
                                   {.memory = vp::FingerprintStore::memory_needed(fingerprinter, options->remembered)});
        vp::UpdateSimilarity updates({.values = options->values, .key = update_key});
        std::vector<double> kept, with_others, update_scores;
        each_row(options->is_image != 0, rows, accounts, count, options->values,
                 [&](std::size_t i, auto row, const std::string& account) {
                     const vp::FingerprintMatch match = store.observe(row, account, 0);
                     scores[i] = match.score;
                     if (options->leaves_repeats_out != 0 && match.repeat != vp::Repeat::none) return;
                     kept.push_back(match.score);
                     with_others.push_back(match.account == store.account_mark(account) ? 0.0 : match.score);
                     const double score = updates.update(row, account).score;
                     if (score == score) update_scores.push_back(score);
                 });
        const vedette::stats::ConformalOptions conditional{vedette::stats::ConformalGuarantee::conditional_simes,
                                                           options->failure_probability};
        std::optional<vp::CalibratedUpdates> calibrated;
        if (options->with_updates != 0)
            calibrated.emplace(
                vp::CalibratedUpdates{vp::UpdateSimilarity({.values = options->values, .key = update_key}),
                                      vedette::stats::ConformalCalibration(update_scores, conditional)});
        const vedette::stats::ConformalCalibration calibration(kept, conditional);
        return std::make_unique<vp::QueryWatch>(
                   std::move(store), calibration,
                   vp::QueryWatchOptions{
                       .callers = {.level = options->level, .key = {{31, 32}}},
                       .linked_score = linking_score(with_others),
                       .repeats = options->leaves_repeats_out != 0 ? vp::RepeatRule::left_out : vp::RepeatRule::judged},
                   std::move(calibrated))
            .release();
    } catch (const std::exception&) {
        return nullptr;
    }
}

[[gnu::visibility("default")]] void* evaluation_watch_copy(const void* watch) {
    return std::make_unique<vp::QueryWatch>(*static_cast<const vp::QueryWatch*>(watch)).release();
}

[[gnu::visibility("default")]] void evaluation_watch_destroy(void* watch) {
    delete static_cast<vp::QueryWatch*>(watch);
}

/// Requests in turn: the store's score, the p-value, the account's evidence, and whether it is accused.
[[gnu::visibility("default")]] void evaluation_watch_observe(void* watch, const void* rows,
                                                             const std::uint32_t* accounts, std::size_t count,
                                                             double* scores, double* p_values, double* e_values,
                                                             std::uint8_t* alarms) {
    auto& own = *static_cast<vp::QueryWatch*>(watch);
    const vp::Fingerprinter& fingerprinter = own.store().fingerprinter();
    each_row(fingerprinter.is_of_images(), rows, accounts, count, fingerprinter.values(),
             [&](std::size_t i, auto row, const std::string& account) {
                 const vp::QueryEvidence evidence = own.observe(row, account, 0);
                 scores[i] = evidence.match.score;
                 p_values[i] = evidence.p_value;
                 e_values[i] = evidence.account.e_value;
                 alarms[i] = evidence.account.is_alarm ? 1 : 0;
             });
}

/// Requests in turn, and their embeddings: whether the window of the account's group is in alarm, and that of the
/// account alone; of how many accounts the group is. `reference`: embeddings of benign inputs.
[[gnu::visibility("default")]] std::int32_t evaluation_groups(
    const void* watch, const float* reference, std::size_t reference_rows, std::size_t width, std::uint32_t window,
    double expected_run, std::uint64_t seed, const void* rows, const float* embeddings, const std::uint32_t* accounts,
    std::size_t count, std::uint8_t* group_alarms, std::uint8_t* account_alarms, std::uint32_t* sizes) {
    try {
        vp::QueryWatch own(*static_cast<const vp::QueryWatch*>(watch));
        const vedette::drift::MmdMonitor<float> fitted(
            vedette::MatrixView<float>::row_major(reference, reference_rows, width),
            {.window = window, .expected_run = expected_run, .seed = seed});
        vedette::MmdGroups groups(fitted);
        vedette::MmdAccounts alone(fitted, 256, vp::FingerprintKey{41, 42, 43, 44});
        const vp::Fingerprinter& fingerprinter = own.store().fingerprinter();
        each_row(fingerprinter.is_of_images(), rows, accounts, count, fingerprinter.values(),
                 [&](std::size_t i, auto row, const std::string& account) {
                     const vp::QueryEvidence evidence = own.observe(row, account, 0);
                     const std::span<const float> embedding(embeddings + i * width, width);
                     (void)groups.link(evidence.mark, evidence.match.account, evidence.shared);
                     const vedette::MmdGroupEvidence said =
                         evidence.is_left_out ? vedette::MmdGroupEvidence{} : groups.update(embedding, evidence.mark);
                     group_alarms[i] = said.window.is_alarm ? 1 : 0;
                     sizes[i] = said.accounts;
                     account_alarms[i] = alone.update(embedding, account).is_alarm ? 1 : 0;
                 });
        return 0;
    } catch (const std::exception&) {
        return 1;
    }
}

/// W after each input of one account, NaN before the first look.
[[gnu::visibility("default")]] std::int32_t evaluation_prada(const float* rows, const std::uint32_t* predicted,
                                                             std::size_t count, std::size_t values,
                                                             std::uint32_t classes, double* statistics) {
    try {
        vp::Prada prada({.values = values, .classes = classes});
        for (std::size_t i = 0; i < count; ++i)
            statistics[i] = prada.update(std::span(rows + i * values, values), predicted[i]).statistic;
        return 0;
    } catch (const std::exception&) {
        return 1;
    }
}

}  // extern "C"
