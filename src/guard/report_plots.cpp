// SPDX-License-Identifier: Apache-2.0
// SVG from grid counters: no scripts, no fonts, no fixed colours.
#include "guard/report_plots.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vedette::inline v0::rendering {

namespace {

constexpr double width = 340.0;
constexpr double height = 176.0;
constexpr double left = 8.0;
constexpr double right = width - 8.0;
constexpr double top = 20.0;
constexpr double bottom = height - 20.0;
constexpr std::size_t bins = 28;
constexpr double tail = 0.02;  // left out of a plot's range at each end
constexpr double outside_width = 34.0;
constexpr std::size_t most_bars = 64;

std::string open_svg(double w, double h, std::string_view label) {
    return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", w, h, escape_xml(label));
}

std::string text_at(double x, double y, const char* anchor, std::string_view words, const char* style = "") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor, style,
                       escape_xml(words));
}

std::string line_at(double x1, double y1, double x2, double y2, const char* style) {
    return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>", x1, y1, x2, y2,
                       style);
}

double total_of(std::span<const std::uint64_t> counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

/// The value range in which an inner cell's observations lie.
struct Cell {
    double begin = 0.0;
    double end = 0.0;
};

Cell inner_cell(const stats::Grid& grid, std::size_t cell) {
    const double begin = grid.edges[cell - 1];
    return {begin, grid.discrete ? begin : std::min(grid.edges[cell], grid.maximum)};
}

/// The range that holds all but the tails of both samples.
Cell bulk(const stats::Grid& grid, std::span<const std::uint64_t> live) {
    Cell range{grid.maximum, grid.minimum};
    for (const std::span<const std::uint64_t> counts : {std::span<const std::uint64_t>(grid.reference_counts), live}) {
        const double total = total_of(counts);
        double below = static_cast<double>(counts.front());
        for (std::size_t c = 1; c + 1 < counts.size(); ++c) {
            const auto here = static_cast<double>(counts[c]);
            const Cell cell = inner_cell(grid, c);
            if (here > 0.0) {
                const auto at = [&](double share) {
                    return cell.begin + (cell.end - cell.begin) * std::clamp((share * total - below) / here, 0.0, 1.0);
                };
                if (below + here > tail * total && below <= tail * total) range.begin = std::min(range.begin, at(tail));
                if (below + here >= (1.0 - tail) * total && below < (1.0 - tail) * total)
                    range.end = std::max(range.end, at((1.0 - tail)));
            }
            below += here;
        }
    }
    return range.begin < range.end ? range : Cell{grid.minimum, grid.maximum};
}

/// Shares of all observations per equal-width bin, each cell spread evenly over its range.
std::vector<double> binned(const stats::Grid& grid, std::span<const std::uint64_t> counts, const Cell& range) {
    std::vector<double> shares(bins, 0.0);
    const double total = total_of(counts);
    const double step = (range.end - range.begin) / static_cast<double>(bins);
    const auto place = [&](double x) { return std::clamp((x - range.begin) / step, 0.0, static_cast<double>(bins)); };
    for (std::size_t c = 1; c + 1 < counts.size(); ++c) {
        const Cell cell = inner_cell(grid, c);
        const double mass = static_cast<double>(counts[c]) / total;
        if (cell.end <= cell.begin) {
            if (cell.begin < range.begin || cell.begin > range.end) continue;
            shares[std::min(static_cast<std::size_t>(place(cell.begin)), bins - 1)] += mass;
            continue;
        }
        const double from = place(cell.begin);
        const double to = place(cell.end);
        const double cell_bins = (cell.end - cell.begin) / step;
        for (auto b = static_cast<std::size_t>(from); b < bins && static_cast<double>(b) < to; ++b) {
            const double overlap = std::min(to, static_cast<double>(b + 1)) - std::max(from, static_cast<double>(b));
            shares[b] += mass * overlap / cell_bins;
        }
    }
    return shares;
}

/// Where the horizontal axis begins and ends; out-of-range values stand beside it.
struct Span {
    double begin = left;
    double end = right;
};

std::string steps(const std::vector<double>& shares, double peak, const Span& span, bool closed) {
    const double step = (span.end - span.begin) / static_cast<double>(shares.size());
    std::string path = fmt::format("M{:.1f} {:.1f}", span.begin, bottom);
    for (std::size_t b = 0; b < shares.size(); ++b) {
        path += fmt::format("V{:.1f}H{:.1f}", bottom - (bottom - top) * shares[b] / peak,
                            span.begin + step * static_cast<double>(b + 1));
    }
    path += fmt::format("V{:.1f}", bottom);
    return closed ? path + "Z" : path;
}

std::string axis(const Cell& range, const Span& span) {
    std::string out = line_at(span.begin, bottom, span.end, bottom, "axis");
    out += text_at(span.begin, height - 6, span.begin > left ? "middle" : "start", number(range.begin));
    out += text_at((span.begin + span.end) / 2, height - 6, "middle", number((range.begin + range.end) / 2));
    return out + text_at(span.end, height - 6, span.end < right ? "middle" : "end", number(range.end));
}

/// Live values beyond everything the reference held, as one bar beside the axis.
std::string outside_bar(double share, double peak, bool below) {
    if (share == 0.0) return {};
    const double x = below ? left : right - outside_width + 12;
    const double tall = (bottom - top) * share / peak;
    return fmt::format("<rect class=\"live\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", x,
                       bottom - tall, outside_width - 12, tall) +
           text_at(x + (outside_width - 12) / 2, bottom - tall - 4, "middle", below ? "below" : "above",
                   " class=\"small\"");
}

std::string value_bars(const stats::Grid& grid, std::span<const std::uint64_t> live) {
    const std::size_t values = grid.edges.size() - 1;
    const double reference_total = total_of(grid.reference_counts);
    const double live_total = total_of(live);
    double peak = 0.0;
    for (std::size_t c = 1; c <= values; ++c) {
        peak = std::max({peak, static_cast<double>(grid.reference_counts[c]) / reference_total,
                         static_cast<double>(live[c]) / live_total});
    }
    if (peak == 0.0) return {};
    std::string out = open_svg(width, height, "share of each value, reference against live");
    const double slot = (right - left) / static_cast<double>(values);
    const std::size_t label_every = 1 + (values - 1) / 9;
    for (std::size_t c = 1; c <= values; ++c) {
        const double x = left + slot * static_cast<double>(c - 1);
        const double a = (bottom - top) * static_cast<double>(grid.reference_counts[c]) / reference_total / peak;
        const double b = (bottom - top) * static_cast<double>(live[c]) / live_total / peak;
        const double bar = std::min(slot * 0.42, 40.0);
        const double middle = x + slot / 2;
        out += fmt::format(
            "<rect class=\"ref\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>"
            "<rect class=\"live\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
            middle - bar, bottom - a, bar, a, middle, bottom - b, bar, b);
        if ((c - 1) % label_every == 0) out += text_at(middle, height - 6, "middle", number(grid.edges[c - 1]));
    }
    out += line_at(left, bottom, right, bottom, "axis");
    const double outside = static_cast<double>(live.front() + live.back()) / live_total;
    const std::string note =
        outside > 0.0 ? fmt::format("; live values not shown: {}", percent(outside)) : std::string();
    return out + text_at(left, 12, "start", "tallest bar: " + percent(peak) + note) + "</svg>";
}

}  // namespace

std::string distribution_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live) {
    const stats::Grid& grid = feature.grid;
    if (total_of(grid.reference_counts) == 0.0 || total_of(live) == 0.0) return {};
    if (grid.discrete && grid.edges.size() - 1 <= most_bars) return value_bars(grid, live);
    const Cell range = bulk(grid, live);
    if (!(range.end > range.begin) || !std::isfinite(range.end - range.begin)) return {};
    const std::vector<double> a = binned(grid, grid.reference_counts, range);
    const std::vector<double> b = binned(grid, live, range);
    const double below = static_cast<double>(live.front()) / total_of(live);
    const double above = static_cast<double>(live.back()) / total_of(live);
    const double peak =
        std::max({*std::max_element(a.begin(), a.end()), *std::max_element(b.begin(), b.end()), below, above});
    if (!(peak > 0.0)) return {};
    const Span span{below > 0.0 ? left + outside_width : left, above > 0.0 ? right - outside_width : right};
    std::string out = open_svg(width, height, "histogram, reference against live");
    out += fmt::format("<path class=\"ref\" d=\"{}\"/><path class=\"live-line\" d=\"{}\"/>", steps(a, peak, span, true),
                       steps(b, peak, span, false));
    out += outside_bar(below, peak, true) + outside_bar(above, peak, false);
    return out + axis(range, span) + text_at(left, 12, "start", "tallest: " + percent(peak) + "; middle 96 % of both") +
           "</svg>";
}

std::string cumulative_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live) {
    const stats::Grid& grid = feature.grid;
    const double reference_total = total_of(grid.reference_counts);
    const double live_total = total_of(live);
    const Cell range = bulk(grid, live);
    if (reference_total == 0.0 || live_total == 0.0 || !(range.end > range.begin) ||
        !std::isfinite(range.end - range.begin)) {
        return {};
    }
    const auto x_of = [&](double x) {
        return left + (right - left) * std::clamp((x - range.begin) / (range.end - range.begin), 0.0, 1.0);
    };
    const auto y_of = [](double share) { return bottom - (bottom - top) * share; };
    std::string paths[2];
    double below[2] = {0.0, 0.0};
    double gap = 0.0;
    double gap_x = left;
    double gap_ends[2] = {bottom, bottom};
    for (std::size_t e = 0; e < grid.edges.size(); ++e) {
        const double totals[2] = {reference_total, live_total};
        const std::uint64_t counts[2] = {grid.reference_counts[e], live[e]};
        const double x = x_of(e + 1 == grid.edges.size() ? grid.maximum : grid.edges[e]);
        for (std::size_t s = 0; s < 2; ++s) {
            below[s] += static_cast<double>(counts[s]) / totals[s];
            paths[s] += paths[s].empty() ? fmt::format("M{:.1f} {:.1f}", x, y_of(below[s]))
                        : grid.discrete  ? fmt::format("V{:.1f}H{:.1f}", y_of(below[s]), x)
                                         : fmt::format("L{:.1f} {:.1f}", x, y_of(below[s]));
        }
        if (std::abs(below[0] - below[1]) > gap) {
            gap = std::abs(below[0] - below[1]);
            gap_x = x;
            gap_ends[0] = y_of(below[0]);
            gap_ends[1] = y_of(below[1]);
        }
    }
    std::string out = open_svg(width, height, "cumulative distribution, reference against live");
    out +=
        line_at(left, top, right, top, "grid") + line_at(left, (top + bottom) / 2, right, (top + bottom) / 2, "grid");
    out += fmt::format("<path class=\"ref-line\" d=\"{}\"/><path class=\"live-line\" d=\"{}\"/>", paths[0], paths[1]);
    out += line_at(gap_x, gap_ends[0], gap_x, gap_ends[1], "gap");
    const std::string note = "largest gap: " + percent(gap);
    return out + text_at(left, 12, "start", note) + axis(range, {}) + "</svg>";
}

std::string category_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live) {
    const std::span<const std::uint64_t> reference = feature.counts();
    const double reference_total = total_of(reference);
    const double live_total = total_of(live);
    if (reference_total == 0.0 || live_total == 0.0) return {};
    struct Row {
        std::string name{};
        double reference = 0.0;
        double live = 0.0;
        bool is_rest = false;  // told in numbers: its bars would dwarf the others
    };
    const auto share = [&](std::size_t c) {
        return Row{.reference = static_cast<double>(reference[c]) / reference_total,
                   .live = static_cast<double>(live[c]) / live_total};
    };
    std::vector<std::size_t> order(feature.categories.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const Row x = share(a);
        const Row y = share(b);
        return std::max(x.reference, x.live) > std::max(y.reference, y.live);
    });
    std::vector<Row> rows;
    Row other{.name = "(all others)", .is_rest = true};
    for (std::size_t i = 0; i < order.size(); ++i) {
        Row row = share(order[i]);
        if (i < 8 || order.size() == 9) {
            row.name = shortened(feature.categories[order[i]], 14);
            if (feature.categories[order[i]].empty()) row.name = "(empty text)";
            rows.push_back(row);
        } else {
            other.reference += row.reference;
            other.live += row.live;
        }
    }
    if (order.size() > 9) rows.push_back(other);
    rows.push_back(share(reference.size() - 1));
    rows.back().name = "(unseen)";
    double peak = 0.0;
    for (const Row& row : rows) {
        if (!row.is_rest) peak = std::max({peak, row.reference, row.live});
    }
    if (peak == 0.0) peak = 1.0;
    constexpr double row_height = 24.0;
    constexpr double label_width = 92.0;
    constexpr double value_width = 46.0;
    std::string out = open_svg(width, row_height * static_cast<double>(rows.size()) + 4,
                               "share of each category, reference against live");
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const double y = row_height * static_cast<double>(r) + 2;
        const double scale = (width - label_width - value_width) / peak;
        out += text_at(label_width - 6, y + 14, "end", rows[r].name);
        if (rows[r].is_rest) {
            out +=
                text_at(label_width, y + 14, "start",
                        fmt::format("{} in the reference, {} live", percent(rows[r].reference), percent(rows[r].live)),
                        " class=\"small\"");
            continue;
        }
        out += fmt::format(
            "<rect class=\"ref\" x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"{2:.1f}\" height=\"9\"/>"
            "<rect class=\"live\" x=\"{0:.1f}\" y=\"{3:.1f}\" width=\"{4:.1f}\" height=\"9\"/>",
            label_width, y + 1, rows[r].reference * scale, y + 11, rows[r].live * scale);
        out += text_at(label_width + rows[r].reference * scale + 4, y + 9, "start", percent(rows[r].reference),
                       " class=\"small\"");
        out +=
            text_at(label_width + rows[r].live * scale + 4, y + 19, "start", percent(rows[r].live), " class=\"small\"");
    }
    return out + "</svg>";
}

std::string share_bar(const Evidence& evidence, double tolerance) {
    const Interval& bounds = evidence.moved_share_interval;
    if (std::isnan(evidence.moved_share) || std::isnan(bounds.lower) || std::isnan(bounds.upper)) return {};
    const double scale = std::min(1.0, std::max({0.1, tolerance * 1.5, bounds.upper * 1.1}));
    const auto x_of = [scale](double share) { return 4.0 + 332.0 * std::clamp(share / scale, 0.0, 1.0); };
    std::string out = open_svg(width, 30, "moved share with interval and tolerance");
    out += line_at(4, 9, 336, 9, "grid");
    out += fmt::format("<rect class=\"live\" x=\"4\" y=\"5\" width=\"{:.1f}\" height=\"8\"/>",
                       x_of(evidence.moved_share) - 4.0);
    out += line_at(x_of(bounds.lower), 9, x_of(bounds.upper), 9, "interval");
    out += line_at(x_of(bounds.lower), 4, x_of(bounds.lower), 14, "interval");
    out += line_at(x_of(bounds.upper), 4, x_of(bounds.upper), 14, "interval");
    out += line_at(x_of(tolerance), 0, x_of(tolerance), 18, "tolerance");
    const double at = x_of(tolerance);
    out += text_at(std::clamp(at, 4.0, 336.0), 28,
                   at < 60    ? "start"
                   : at > 280 ? "end"
                              : "middle",
                   "tolerance " + percent(tolerance), " class=\"small\"");
    return out + "</svg>";
}

std::string stream_plot(const StreamReport& stream) {
    if (stream.seen == 0) return {};
    const auto x_of = [&](std::uint64_t position) {
        return 4.0 + 332.0 * static_cast<double>(position) / static_cast<double>(stream.seen);
    };
    std::string out = open_svg(width, 34, "alarms over the values of the stream");
    const double begin = x_of(std::min(stream.period_begin, stream.seen));
    out += fmt::format("<rect class=\"period\" x=\"{:.1f}\" y=\"2\" width=\"{:.1f}\" height=\"18\"/>", begin,
                       x_of(stream.seen) - begin);
    out += line_at(4, 11, 336, 11, "axis");
    for (const StreamAlarm& alarm : stream.alarms)
        out += fmt::format(
            "<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"11\" r=\"4\"><title>value {}, time {}</title></circle>",
            alarm.position > stream.period_begin ? "alarm" : "earlier", x_of(alarm.position), grouped(alarm.position),
            alarm.time);
    out += text_at(4, 32, "start", "1", " class=\"small\"");
    out += text_at(336, 32, "end", grouped(stream.seen) + " values", " class=\"small\"");
    if (stream.counts.changes > stream.alarms.size())
        out += text_at(170, 32, "middle",
                       fmt::format("the newest {} of {} alarms", stream.alarms.size(), grouped(stream.counts.changes)),
                       " class=\"small\"");
    return out + "</svg>";
}

std::string timeline_plot(Items items, std::size_t feature) {
    double peak = 0.02;
    for (const Item& item : items) {
        const FeatureReport& report = item.report->features[feature];
        peak = std::max(peak, report.tolerance * 1.3);
        const Evidence* evidence = largest_move(report);
        if (evidence != nullptr && evidence->moved_share_interval.upper > peak) {
            peak = evidence->moved_share_interval.upper;
        }
    }
    const auto y_of = [peak](double share) { return bottom - (bottom - top) * std::clamp(share / peak, 0.0, 1.0); };
    const double slot = (right - left) / static_cast<double>(items.size());
    std::string out = open_svg(width, height, "moved share per window");
    out += line_at(left, bottom, right, bottom, "axis");
    const double tolerance = items.front().report->features[feature].tolerance;
    out += line_at(left, y_of(tolerance), right, y_of(tolerance), "tolerance");
    std::string path;
    std::string marks;
    const std::size_t prefix = common_prefix(items);
    std::size_t widest = 1;
    for (const Item& item : items) widest = std::max(widest, std::min<std::size_t>(item.label.size() - prefix, 9));
    const auto label_every = static_cast<std::size_t>(std::ceil(static_cast<double>(widest) * 6.5 / slot));
    for (std::size_t i = 0; i < items.size(); ++i) {
        const double x = left + slot * (static_cast<double>(i) + 0.5);
        if (i % label_every == 0)
            marks += text_at(x, height - 6, "middle", shortened(items[i].label.substr(prefix), 9));
        const FeatureReport& report = items[i].report->features[feature];
        const Evidence* evidence = largest_move(report);
        if (evidence == nullptr || std::isnan(evidence->moved_share)) continue;
        const double y = y_of(evidence->moved_share);
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
        marks += line_at(x, y_of(evidence->moved_share_interval.lower), x, y_of(evidence->moved_share_interval.upper),
                         "interval");
        marks += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>",
                             decision_name(report.decision), x, y);
    }
    if (!path.empty()) out += fmt::format("<path class=\"time-line\" d=\"{}\"/>", path);
    return out + marks + text_at(left, 12, "start", "top: " + percent(peak)) + "</svg>";
}

}  // namespace vedette::inline v0::rendering
