// SPDX-License-Identifier: Apache-2.0
// Words, numbers and safe names for every report format, and the choice among the formats.
#include "guard/render_common.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::array format_names{"table", "json", "markdown", "junit", "sarif", "html", "openmetrics"};
constexpr std::array writers{rendering::table, rendering::json, rendering::markdown,   rendering::junit,
                             rendering::sarif, rendering::html, rendering::openmetrics};

}  // namespace

const char* report_format_name(ReportFormat format) noexcept {
    const auto index = static_cast<std::size_t>(format);
    return index < format_names.size() ? format_names[index] : "unknown";
}

std::optional<ReportFormat> report_format(std::string_view name) noexcept {
    const auto found = std::find(format_names.begin(), format_names.end(), name);
    if (found == format_names.end()) return std::nullopt;
    return static_cast<ReportFormat>(found - format_names.begin());
}

Decision overall_decision(std::span<const LabelledReport> windows) noexcept {
    if (windows.empty()) return Decision::not_evaluated;
    Decision decision = Decision::pass;
    for (const LabelledReport& window : windows) decision = worst(decision, window.report.decision);
    return decision;
}

std::string render(ReportFormat format, std::span<const LabelledReport> windows, const RenderOptions& options) {
    if (windows.empty()) throw Error(ErrorCode::invalid_argument, "there are no windows to report on");
    const auto index = static_cast<std::size_t>(format);
    if (index >= writers.size()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("there is no report format {}", index));
    }
    std::vector<rendering::Item> items;
    for (const LabelledReport& window : windows) {
        if (window.report.baseline.id() != windows.front().report.baseline.id()) {
            throw Error(ErrorCode::baseline_mismatch, "the windows to report on belong to different baselines");
        }
        items.push_back({window.label, &window.report});
    }
    return writers[index](items, options);
}

std::string render(ReportFormat format, const Report& report, const RenderOptions& options) {
    const auto index = static_cast<std::size_t>(format);
    if (index >= writers.size()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("there is no report format {}", index));
    }
    const rendering::Item item{{}, &report};
    return writers[index]({&item, 1}, options);
}

std::string render_table(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::table, r, o);
}
std::string render_json(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::json, r, o);
}
std::string render_markdown(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::markdown, r, o);
}
std::string render_junit(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::junit, r, o);
}
std::string render_sarif(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::sarif, r, o);
}
std::string render_html(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::html, r, o);
}
std::string render_openmetrics(const Report& r, const RenderOptions& o) {
    return render(ReportFormat::openmetrics, r, o);
}

namespace rendering {

Decision overall(Items items) noexcept {
    Decision decision = Decision::pass;
    for (const Item& item : items) decision = worst(decision, item.report->decision);
    return decision;
}

std::size_t windows_with(Items items, Decision decision) noexcept {
    return static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [decision](const Item& i) { return i.report->decision == decision; }));
}

std::string summary(Items items) {
    if (items.size() == 1) return clean(items.front().report->summary());
    std::uint64_t rows = 0;
    for (const Item& item : items) rows += item.report->live_rows;
    std::string text = fmt::format("{}: ", decision_word(overall(items)));
    bool first = true;
    const auto part = [&](Decision wanted, const char* words) {
        const std::size_t count = windows_with(items, wanted);
        if (count == 0) return;
        text += first ? fmt::format("{} of {} windows {}", count, items.size(), words)
                      : fmt::format(", {} {}", count, words);
        first = false;
    };
    part(Decision::alarm, "drifted beyond tolerance");
    part(Decision::warn, "changed, though not surely beyond tolerance");
    part(Decision::not_evaluated, "had too little data");
    part(Decision::pass, "passed");
    std::string live = grouped(rows) + " live rows";
    // One policy is that of all windows.
    if (const auto& release = items.front().report->release)
        live =
            release->releases(ReleasedOutput::features) ? "about " + live + " (noised)" : "live rows that are not told";
    return fmt::format("{}; {} against {} reference rows", text, live, grouped(items.front().report->reference_rows));
}

std::size_t focus(Items items) noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i < items.size(); ++i) {
        const Report& candidate = *items[i].report;
        const Report& holder = *items[best].report;
        if (candidate.decision > holder.decision ||
            (candidate.decision == holder.decision &&
             candidate.count(Decision::alarm) >= holder.count(Decision::alarm))) {
            best = i;
        }
    }
    return best;
}

std::vector<std::size_t> ranking(Items items) {
    const std::size_t features = items.front().report->features.size();
    std::vector<int> grade(features, -1);
    std::vector<double> share(features, -1.0);
    for (const Item& item : items) {
        for (std::size_t f = 0; f < features; ++f) {
            const FeatureReport& feature = item.report->features[f];
            if (feature.ignored) continue;
            grade[f] = std::max(grade[f], static_cast<int>(feature.decision));
            const Evidence* evidence = largest_move(feature);
            if (evidence != nullptr && evidence->moved_share > share[f]) share[f] = evidence->moved_share;
        }
    }
    std::vector<std::size_t> order(features);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t f) { return grade[f] < 0; });
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return grade[a] != grade[b] ? grade[a] > grade[b] : share[a] > share[b];
    });
    return order;
}

const Evidence* largest_move(const FeatureReport& feature) noexcept {
    const Evidence* best = nullptr;
    for (const Evidence& evidence : feature.evidence()) {
        if (best == nullptr || std::isnan(best->moved_share) || evidence.moved_share > best->moved_share)
            best = &evidence;
    }
    return best;
}

std::string left_open(const FeatureReport& feature) {
    std::string text;
    if (feature.decision == Decision::not_evaluated) return text;
    for (const Evidence& evidence : feature.evidence()) {
        if (evidence.decision != Decision::not_evaluated) continue;
        if (!text.empty()) text += "; ";
        text += feature.compared_.empty() || evidence.hypothesis != Hypothesis::distribution
                    ? fmt::format("{} not evaluated, {} observations", hypothesis_word(evidence.hypothesis),
                                  grouped(feature.live_observations))
                    : fmt::format("{} not evaluated: {}", test_word(evidence.by), undefined_test);
    }
    return text;
}

std::size_t common_prefix(Items items) noexcept {
    if (items.size() < 2) return 0;
    std::string_view prefix = items.front().label;
    for (const Item& item : items) {
        const auto [end, other] = std::mismatch(prefix.begin(), prefix.end(), item.label.begin(), item.label.end());
        prefix = prefix.substr(0, static_cast<std::size_t>(end - prefix.begin()));
    }
    const std::size_t space = prefix.rfind(' ');
    return space == std::string_view::npos ? 0 : space + 1;
}

std::string title(Items items, const RenderOptions& options) {
    if (!options.title.empty()) return clean(options.title);
    const std::string& name = items.front().report->baseline.name();
    return name.empty() ? std::string("Drift report") : clean(name);
}

const char* decision_word(Decision decision) noexcept {
    switch (decision) {
        case Decision::pass: return "pass";
        case Decision::warn: return "warning";
        case Decision::alarm: return "alarm";
        case Decision::not_evaluated: break;
    }
    return "not evaluated";
}

const char* hypothesis_word(Hypothesis hypothesis) noexcept {
    constexpr std::array words{"distribution",     "null values",       "NaN values",        "+infinity values",
                               "-infinity values", "outside the range", "unseen categories", "values of a wrong type"};
    const auto index = static_cast<std::size_t>(hypothesis);
    return index < words.size() ? words[index] : "unknown";
}

const char* test_word(DriftTest test) noexcept {
    constexpr std::array<const char*, drift_test_count> words{
        "automatic",       "Kolmogorov-Smirnov", "chi-square",       "G-test",         "PSI",
        "Jensen-Shannon",  "Hellinger",          "total variation",  "Wasserstein",    "two proportions",
        "Kuiper",          "Cramer-von Mises",   "Anderson-Darling", "Mann-Whitney",   "Epps-Singleton",
        "energy distance", "Welch's t",          "Levene",           "Brown-Forsythe", "Fisher's exact"};
    const auto index = static_cast<std::size_t>(test);
    return index < words.size() ? words[index] : "unknown";
}

const char* multivariate_test_word(MultivariateTest test) noexcept {
    constexpr std::array<const char*, multivariate_test_count> words{
        "Hotelling's T2", "maximum mean discrepancy", "energy test", "density difference", "classifier", "MMD-FUSE",
        "mean shift",     "random-feature MMD"};
    const auto index = static_cast<std::size_t>(test);
    return index < words.size() ? words[index] : "unknown";
}

const char* evidence_test_word(const Evidence& evidence) noexcept {
    if (evidence.by != DriftTest::automatic) return test_word(evidence.by);
    switch (evidence.hypothesis) {
        case Hypothesis::out_of_range_rate: return "exceedances";
        case Hypothesis::unseen_rate: return "unseen rate";
        default: return "two proportions";
    }
}

const char* evidence_test_key(const Evidence& evidence) noexcept {
    if (evidence.by != DriftTest::automatic) return drift_test_name(evidence.by);
    return evidence.hypothesis == Hypothesis::unseen_rate ? "unseen_category" : "exceedance";
}

std::string grouped(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

std::string live_rows_told(const Report& report) {
    if (!report.release) return grouped(report.live_rows);
    return report.release->releases(ReleasedOutput::features) ? grouped(report.live_rows) + " (noised)" : "-";
}

std::string percent(double share) {
    if (std::isnan(share)) return "-";
    if (share == 0.0) return "0 %";
    const double value = share * 100.0;
    if (value < 0.01) return "< 0.01 %";
    return value >= 10.0 ? fmt::format("{:.0f} %", value) : fmt::format("{:.2g} %", value);
}

std::string percent_with_interval(double share, const Interval& interval) {
    if (std::isnan(share)) return "-";
    if (std::isnan(interval.lower) || std::isnan(interval.upper)) return percent(share);
    const auto bare = [](double bound) {
        const double value = std::max(0.0, bound) * 100.0;
        return value >= 10.0 ? fmt::format("{:.0f}", value) : value < 0.05 ? "0" : fmt::format("{:.2g}", value);
    };
    return fmt::format("{} ({} to {})", percent(share), bare(interval.lower), bare(interval.upper));
}

std::string p_value(double p) {
    if (std::isnan(p)) return "-";
    return p < 1e-300 ? std::string("< 1e-300") : fmt::format("{:.2g}", p);
}

std::string number(double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.4g}", value);
}

namespace {

struct Decoded {
    std::uint32_t point = 0;
    std::size_t length = 0;  // 0 = invalid
};

Decoded decode(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    std::uint32_t point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {};
        point = point << 6 | (byte(i) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {};
    return {point, length};
}

bool is_unsafe(std::uint32_t point) noexcept {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xFFFE || point == 0xFFFF;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Decoded next = decode(text);
        if (next.point == '\n' || next.point == '\r' || next.point == '\t') {
            out += ' ';
        } else if (next.length == 0 || is_unsafe(next.point)) {
            out += "\xEF\xBF\xBD";
        } else {
            out.append(text.substr(0, next.length));
        }
        text.remove_prefix(std::max<std::size_t>(next.length, 1));
    }
    return out;
}

std::string escape_xml(std::string_view text) {
    std::string out;
    for (const char c : clean(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string markdown_text(std::string_view text) {
    const std::string safe = clean(text);
    std::string out;
    for (std::size_t i = 0; i < safe.size(); ++i) {
        const char c = safe[i];
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '@': out += "&#64;"; break;
            case ':': out += i + 1 < safe.size() && safe[i + 1] == '/' ? "&#58;" : ":"; break;
            default:
                if (std::string_view("\\`*_[]#|~!").find(c) != std::string_view::npos) out += '\\';
                out += c;
        }
    }
    return out;
}

std::string uri_reference(std::string_view path) {
    std::string out;
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                           c == '.' || c == '-' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

std::size_t width_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string shortened(std::string_view text, std::size_t limit) {
    std::string safe = clean(text);
    if (width_of(safe) <= limit) return safe;
    std::size_t at = 0;
    for (std::size_t kept = 0; kept + 1 < limit; ++kept) at += decode(std::string_view(safe).substr(at)).length;
    return safe.substr(0, at) + "\xE2\x80\xA6";
}

}  // namespace rendering

}  // namespace vedette::inline v0
