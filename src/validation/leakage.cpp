// SPDX-License-Identifier: Apache-2.0
// Each column as cells, and how well the cells of one half of the rows foretell the label of the other.
#include "vedette/validation/leakage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "vedette/core/error.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::validation {

namespace {

constexpr std::size_t most_classes = 20, label_cells = 10;

// A column's values as numbers from 0 on; nulls and NaN are `none`.
struct Cells {
    static constexpr std::uint32_t none = 0;
    std::vector<std::uint32_t> of;  // of each row
    std::uint32_t count = 1;        // with `none`
    std::uint64_t values = 0;       // rows that have one
    std::uint64_t distinct = 0;     // different values
    bool is_whole = true;           // of numbers
};

Cells cells_of_texts(const Column& column) {
    Cells cells;
    cells.of.resize(column.size(), Cells::none);
    std::unordered_map<std::string_view, std::uint32_t> known;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        cells.of[i] = known.try_emplace(column.text(i), static_cast<std::uint32_t>(known.size() + 1)).first->second;
        ++cells.values;
    }
    cells.distinct = known.size();
    cells.count = static_cast<std::uint32_t>(known.size() + 1);
    return cells;
}

// Different numbers, or `most` cells of about equal mass: a value lies in one cell alone.
Cells cells_of_numbers(const Column& column, std::size_t exact, std::size_t most) {
    Cells cells;
    cells.of.resize(column.size(), Cells::none);
    std::vector<double> numbers(column.size());
    column.copy_as_double(0, column.size(), numbers.data());
    std::vector<double> sorted;
    sorted.reserve(numbers.size());
    for (const double x : numbers) {
        if (std::isnan(x)) continue;
        sorted.push_back(x);
        cells.is_whole = cells.is_whole && std::trunc(x) == x && std::isfinite(x);
    }
    std::sort(sorted.begin(), sorted.end());
    cells.values = sorted.size();
    // The greatest value of each cell.
    std::vector<double> ends = sorted;
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    cells.distinct = ends.size();
    if (ends.size() > exact) {
        ends.clear();
        for (std::size_t k = 1; k <= most; ++k) {
            const double end = sorted[k * sorted.size() / most - 1];
            if (ends.empty() || ends.back() < end) ends.push_back(end);
        }
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (std::isnan(numbers[i])) continue;
        const auto place = std::lower_bound(ends.begin(), ends.end(), numbers[i]);
        cells.of[i] = static_cast<std::uint32_t>(place - ends.begin()) + 1;
    }
    cells.count = static_cast<std::uint32_t>(ends.size() + 1);
    return cells;
}

Cells cells_of(const Column& column, std::size_t exact, std::size_t most) {
    return column.is_numeric() ? cells_of_numbers(column, exact, most) : cells_of_texts(column);
}

// Which half a row belongs to: not by parity, which a table may be sorted by.
std::size_t half_of(std::size_t row) noexcept {
    std::uint64_t x = static_cast<std::uint64_t>(row) + 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<std::size_t>((x ^ (x >> 31U)) & 1U);
}

struct Half {
    std::uint64_t hits = 0, rows = 0;
};

// Guesses for each half from the commonest labels of the other's cells; of equally common ones, the lowest.
std::array<Half, 2> guess(const std::vector<std::uint32_t>& cells, std::uint32_t cell_count, const Cells& label) {
    std::vector<std::pair<std::uint64_t, std::size_t>> seen[2];  // cell and label, row
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (label.of[i] != Cells::none) seen[half_of(i)].emplace_back(std::uint64_t{cells[i]} << 32U | label.of[i], i);
    }
    std::array<Half, 2> halves;
    for (std::size_t half = 0; half < 2; ++half) {
        std::sort(seen[half].begin(), seen[half].end());
        std::vector<std::uint32_t> best(cell_count, Cells::none), totals(label.count, 0);
        for (std::size_t begin = 0, most = 0; begin < seen[half].size();) {
            std::size_t end = begin;
            while (end < seen[half].size() && seen[half][end].first == seen[half][begin].first) ++end;
            const auto cell = static_cast<std::uint32_t>(seen[half][begin].first >> 32U);
            const auto value = static_cast<std::uint32_t>(seen[half][begin].first);
            if (begin == 0 || seen[half][begin - 1].first >> 32U != cell) most = 0;
            if (end - begin > most) {
                most = end - begin;
                best[cell] = value;
            }
            totals[value] += static_cast<std::uint32_t>(end - begin);
            begin = end;
        }
        // A cell that this half does not know.
        const auto common = static_cast<std::uint32_t>(std::max_element(totals.begin(), totals.end()) - totals.begin());
        Half& other = halves[1 - half];
        for (const auto& [key, row] : seen[1 - half]) {
            const std::uint32_t known = best[static_cast<std::uint32_t>(key >> 32U)];
            other.hits += (known == Cells::none ? common : known) == label.of[row] ? 1U : 0U;
            ++other.rows;
        }
    }
    return halves;
}

class Search {
  public:
    Search(const Table& table, std::string_view label, const LeakageOptions& options)
        : table_(table),
          options_(options),
          name_(label),
          label_(label_of(table, label, options)),
          limit_(level(table, options)) {
        std::vector<std::uint64_t> counts(label_.count, 0);
        for (const std::uint32_t cell : label_.of) ++counts[cell];
        const std::uint64_t most = *std::max_element(counts.begin() + 1, counts.end());
        report_.rows = label_.values;
        report_.labels = static_cast<std::uint64_t>(label_.count) - 1;
        if (report_.labels < 2) throw Error(ErrorCode::invalid_argument, "label: has fewer than two different values");
        base_ = static_cast<double>(most) / static_cast<double>(label_.values);
        highest_base_ = stats::clopper_pearson(most, label_.values, limit_).upper;
    }

    LeakageReport run() && {
        for (const NamedColumn& named : table_.columns()) {
            if (named.name == name_) continue;
            const std::uint64_t print = print_of(named.column);
            const NamedColumn* const twin = twin_of(named.column, print);
            const Cells cells = cells_of(named.column, options_.cells, options_.cells);
            if (twin != nullptr && twin->name == name_) {
                add(LeakageKind::label_copy, named.name, {}, cells.values);
                continue;
            }
            find_gain(named.name, cells);
            if (twin != nullptr) add(LeakageKind::duplicate, named.name, twin->name, cells.values);
            const bool is_name = !named.column.is_numeric() || cells.is_whole;
            if (is_name && cells.values >= options_.minimum_rows && cells.distinct == cells.values)
                add(LeakageKind::identifier, named.name, {}, cells.values);
            // The first of its like stands for all: many equal columns are compared once each.
            if (twin == nullptr) prints_.emplace(print, &named);
        }
        return std::move(report_);
    }

  private:
    static Cells label_of(const Table& table, std::string_view label, const LeakageOptions& options) {
        if (!(options.minimum_gain > 0.0 && options.minimum_gain <= 1.0))
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("minimum_gain: {} lies outside (0, 1]", options.minimum_gain));
        if (!(options.confidence > 0.0 && options.confidence < 1.0))
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("confidence: {} lies outside (0, 1)", options.confidence));
        if (options.cells < 2 || options.cells > 4096)
            throw Error(ErrorCode::invalid_argument, fmt::format("cells: {} lies outside 2 to 4096", options.cells));
        if (options.minimum_rows < 20)
            throw Error(ErrorCode::invalid_argument, fmt::format("minimum_rows: {} is below 20", options.minimum_rows));
        if (table.rows() >= std::numeric_limits<std::uint32_t>::max())
            throw Error(ErrorCode::overflow, "table: more than 2^32 - 2 rows");
        const Column* const column = table.find(label);
        if (column == nullptr)
            throw Error(ErrorCode::invalid_argument, fmt::format("label: there is no column \"{}\"", label));
        Cells cells = cells_of(*column, most_classes, label_cells);
        if (cells.values < options.minimum_rows)
            throw Error(ErrorCode::not_enough_data,
                        fmt::format("label: {} rows have one, fewer than {}", cells.values, options.minimum_rows));
        return cells;
    }
    // Per limit: of every column twice (itself, its nulls) in two halves, and of the base.
    static stats::Confidence level(const Table& table, const LeakageOptions& options) {
        const double limits = 4.0 * static_cast<double>(table.columns().size()) + 1.0;
        return stats::Confidence(1.0 - (1.0 - options.confidence) / limits);
    }

    // Of equal columns equal; numbers as doubles.
    static std::uint64_t print_of(const Column& column) {
        std::uint64_t print = column.is_numeric() ? 1 : 2;
        for (std::size_t i = 0; i < column.size(); ++i) {
            std::uint64_t x = 3;
            if (column.is_numeric()) {
                const double number = column.number(i);
                if (!std::isnan(number)) x = std::hash<double>{}(number) + 5;
            } else if (column.is_valid(i)) {
                x = std::hash<std::string_view>{}(column.text(i)) + 5;
            }
            print = (print ^ x) * 0x9E3779B97F4A7C15U;
            print ^= print >> 29U;
        }
        return print;
    }
    static bool are_same(const Column& a, const Column& b) {
        if (a.is_numeric() != b.is_numeric()) return false;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (a.is_numeric()) {
                const double x = a.number(i), y = b.number(i);
                if (!(x == y || (std::isnan(x) && std::isnan(y)))) return false;
            } else if (a.is_valid(i) != b.is_valid(i) || a.text(i) != b.text(i)) {
                return false;
            }
        }
        return true;
    }
    // The label, or the first column before, that is the same.
    const NamedColumn* twin_of(const Column& column, std::uint64_t print) {
        for (const NamedColumn& named : table_.columns()) {
            if (named.name == name_ && are_same(named.column, column)) return &named;
        }
        const auto [begin, end] = prints_.equal_range(print);
        const NamedColumn* first = nullptr;
        for (auto at = begin; at != end; ++at) {
            if ((first == nullptr || at->second < first) && are_same(at->second->column, column)) first = at->second;
        }
        return first;
    }

    void find_gain(std::string_view column, const Cells& cells) {
        if (tell_gain(LeakageKind::tells_label, column, cells.of, cells.count)) return;
        const bool has_both = cells.values != 0 && cells.values != cells.of.size();
        if (!has_both) return;
        std::vector<std::uint32_t> nulls(cells.of.size());
        for (std::size_t i = 0; i < nulls.size(); ++i) nulls[i] = cells.of[i] == Cells::none ? 0 : 1;
        static_cast<void>(tell_gain(LeakageKind::nulls_tell, column, nulls, 2));
    }
    bool tell_gain(LeakageKind kind, std::string_view column, const std::vector<std::uint32_t>& cells,
                   std::uint32_t count) {
        double accuracy = 0.0, lowest = 0.0;
        for (const Half& half : guess(cells, count, label_)) {
            if (half.rows == 0) return false;
            const double weight = static_cast<double>(half.rows) / static_cast<double>(label_.values);
            accuracy += static_cast<double>(half.hits) / static_cast<double>(label_.values);
            lowest += weight * stats::clopper_pearson(half.hits, half.rows, limit_).lower;
        }
        if (highest_base_ >= 1.0) return false;
        const double lower = (lowest - highest_base_) / (1.0 - highest_base_);
        if (!(lower >= options_.minimum_gain)) return false;
        add(kind, column, {}, label_.values);
        report_.hints.back().gain = (accuracy - base_) / (1.0 - base_);
        report_.hints.back().lower = lower;
        report_.hints.back().base = base_;
        return true;
    }
    void add(LeakageKind kind, std::string_view column, std::string_view other, std::uint64_t rows) {
        LeakageHint hint;
        hint.kind = kind;
        hint.column = column;
        hint.other = other;
        hint.rows = rows;
        report_.hints.push_back(std::move(hint));
    }

    const Table& table_;
    const LeakageOptions& options_;
    std::string_view name_;
    Cells label_;
    stats::Confidence limit_;
    double base_ = 0.0, highest_base_ = 0.0;
    std::unordered_multimap<std::uint64_t, const NamedColumn*> prints_;
    LeakageReport report_;
};

}  // namespace

LeakageReport find_leakage(const Table& table, std::string_view label, const LeakageOptions& options) {
    return Search(table, label, options).run();
}

const char* leakage_kind_name(LeakageKind kind) noexcept {
    constexpr std::array names{"label_copy", "tells_label", "nulls_tell", "duplicate", "identifier"};
    const auto index = static_cast<std::size_t>(kind);
    return index < names.size() ? names[index] : "unknown";
}

std::string describe(const LeakageHint& hint) {
    const nlohmann::json name = hint.column;
    std::string text = fmt::format("column {}: {}", name.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                                   leakage_kind_name(hint.kind));
    if (hint.kind == LeakageKind::tells_label || hint.kind == LeakageKind::nulls_tell)
        return text + fmt::format(": gain {:.4g}, at least {:.4g}", hint.gain, hint.lower);
    if (hint.kind == LeakageKind::duplicate)
        return text +
               fmt::format(" of {}",
                           nlohmann::json(hint.other).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return text;
}

std::string to_json(const LeakageReport& report) {
    nlohmann::ordered_json json{{"format", "vedette.leakage"}, {"version", 1}};
    json["rows"] = report.rows;
    json["labels"] = report.labels;
    json["hints"] = nlohmann::ordered_json::array();
    for (const LeakageHint& hint : report.hints) {
        nlohmann::ordered_json item{{"column", hint.column}, {"kind", leakage_kind_name(hint.kind)}};
        if (hint.kind == LeakageKind::duplicate) item["of"] = hint.other;
        if (hint.kind == LeakageKind::tells_label || hint.kind == LeakageKind::nulls_tell) {
            item["gain"] = hint.gain;
            item["lower"] = hint.lower;
            item["base"] = hint.base;
        }
        item["rows"] = hint.rows;
        json["hints"].push_back(std::move(item));
    }
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace vedette::inline v0::validation
