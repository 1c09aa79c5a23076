// SPDX-License-Identifier: Apache-2.0
// What the report formats share: windows as a list, numbers in words, and names from the data made safe.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/guard/render.hpp"

namespace vedette::inline v0::rendering {

/// A window and what it is called.
struct Item {
    std::string_view label;
    const Report* report = nullptr;
};
using Items = std::span<const Item>;

std::string table(Items items, const RenderOptions& options);
std::string json(Items items, const RenderOptions& options);
std::string markdown(Items items, const RenderOptions& options);
std::string junit(Items items, const RenderOptions& options);
std::string sarif(Items items, const RenderOptions& options);
std::string html(Items items, const RenderOptions& options);
std::string openmetrics(Items items, const RenderOptions& options);

/// A page in the report's style around a body of HTML; name and summary are made safe.
std::string page_around(std::string_view name, std::string_view summary, Decision decision, std::string_view body);
/// A decision as a coloured word of such a page.
std::string badge(Decision decision);

/// The gravest decision of all windows, and one sentence on the whole.
Decision overall(Items items) noexcept;
std::string summary(Items items);
/// How many windows ended in a decision.
std::size_t windows_with(Items items, Decision decision) noexcept;
/// The window that deserves the closer look: the gravest, then the one with most alarms, then the latest.
std::size_t focus(Items items) noexcept;
/// Features ordered by their gravest decision and then largest moved share over all windows; ignored ones are left out.
std::vector<std::size_t> ranking(Items items);

/// The evidence with the largest moved share, whatever it decided; null when there is none.
const Evidence* largest_move(const FeatureReport& feature) noexcept;
/// What was left open beside the verdict on a feature: "distribution not evaluated, 35 observations"; often empty.
std::string left_open(const FeatureReport& feature);
/// What all labels of several windows begin with, up to and including a space: "month " of "month 4", "month 5".
std::size_t common_prefix(Items items) noexcept;

/// The title that a report carries, made safe.
std::string title(Items items, const RenderOptions& options);
/// "alarm", "warning", "pass", "not evaluated": for people.
const char* decision_word(Decision decision) noexcept;
/// "distribution", "null values", ...: for people.
const char* hypothesis_word(Hypothesis hypothesis) noexcept;
/// "Kolmogorov-Smirnov", ...: for people.
const char* test_word(DriftTest test) noexcept;
/// "Hotelling's T2", ...: for people.
const char* multivariate_test_word(MultivariateTest test) noexcept;
/// What tested a piece of evidence, e.g. "chi-square" or "two proportions".
const char* evidence_test_word(const Evidence& evidence) noexcept;
/// The same as a key for programs, e.g. "mann_whitney".
const char* evidence_test_key(const Evidence& evidence) noexcept;

/// "12,345".
std::string grouped(std::uint64_t count);
/// The live rows of a report: "12,345", "12,345 (noised)", or "-" where they were not released.
std::string live_rows_told(const Report& report);
/// Three significant digits of a share as a percentage: "4.27 %"; "-" for NaN.
std::string percent(double share);
/// "31 % (27 to 35)"; "-" for NaN.
std::string percent_with_interval(double share, const Interval& interval);
/// "0.013", "2.1e-45", "< 1e-300"; "-" for NaN.
std::string p_value(double p);
/// Four significant digits; "-" for NaN.
std::string number(double value);

/// Why a test on samples has no answer.
inline constexpr const char* undefined_test =
    "too few values for the test, no spread to compare, or one that no double holds";

/// ", the smallest possible with 999 permutations" where p is; else nothing.
template <class AnyEvidence>
std::string smallest_p_note(const AnyEvidence& evidence) {
    if (!evidence.is_smallest_p) return {};
    return ", the smallest possible with " +
           grouped(static_cast<std::uint64_t>(std::llround(1.0 / evidence.test.p_value)) - 1) + " permutations";
}

/// Valid UTF-8 without control or bidirectional override characters; each offending byte or character is U+FFFD.
/// Line ends and tabs become spaces.
std::string clean(std::string_view text);
/// Cleaned and escaped for HTML and XML text and attributes.
std::string escape_xml(std::string_view text);
/// Cleaned text in which nothing is markup, a mention or a link of Markdown.
std::string markdown_text(std::string_view text);
/// A relative or absolute path as a URI reference.
std::string uri_reference(std::string_view path);
/// A number, and a cleaned and escaped label value, as OpenMetrics writes them.
std::string metric_value(double value);
std::string metric_label(std::string_view text);
/// At most `limit` characters (code points) of a cleaned text, the last one an ellipsis when cut.
std::string shortened(std::string_view text, std::size_t limit);
/// Code points of a cleaned text: its width in a terminal, near enough.
std::size_t width_of(std::string_view text) noexcept;

}  // namespace vedette::inline v0::rendering
