// SPDX-License-Identifier: Apache-2.0
// Two rows: Mehta and Patel's (1983) network, whose paths are cut where all, or none, of their ends count. More rows:
// every table. Or random ones.
#include "drift/fisher_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t most_pasts = 10'000'000;  // of 16 bytes
constexpr std::size_t most_walked_cells = 400;  // each is a level of recursion
constexpr double infinity = std::numeric_limits<double>::infinity();

// Paths that reached a node with the same weight, and how many.
struct Past {
    double log_weight;
    double count;
};

// The network of a table of two rows. A node is a column and what the smaller row still has to give to it and those
// after it; a step puts x of the column's items into that row, with log weight ln C(column, x).
class Network {
  public:
    Network(std::vector<std::uint64_t> columns, std::uint64_t row, const LogFactorials& log_factorial)
        : columns_(std::move(columns)), log_factorial_(log_factorial), width_(static_cast<std::size_t>(row) + 1) {
        std::sort(columns_.rbegin(), columns_.rend());
        behind_.assign(columns_.size() + 1, 0);
        for (std::size_t k = columns_.size(); k > 0; --k) behind_[k - 1] = behind_[k] + columns_[k - 1];
        bound_paths();
    }

    // The sum of the weights of all paths of at most `limit`, over that of all; empty beyond the budget.
    [[nodiscard]] std::optional<double> share_up_to(double limit, double tolerance, double budget) const {
        const double all = log_factorial_.choose(behind_[0], width_ - 1);
        std::vector<std::vector<Past>> nodes(width_);
        nodes.back().push_back({0.0, 1.0});
        double share = 0.0;
        double steps = 0.0;
        std::size_t kept = 0;
        for (std::size_t k = 0; k < columns_.size(); ++k) {
            std::vector<std::vector<Past>> next(width_);
            for (std::size_t left = 0; left < width_; ++left) {
                merge(nodes[left], tolerance);
                const auto [least, most] = range(k, left);
                steps += static_cast<double>(nodes[left].size()) * static_cast<double>(most - least + 1);
                if (steps > budget || kept > most_pasts) return std::nullopt;
                for (std::size_t x = least; x <= most; ++x) {
                    const double step = log_factorial_.choose(columns_[k], x);
                    const std::size_t rest = left - x;
                    const double heaviest = heaviest_[place(k + 1, rest)];
                    const double lightest = lightest_[place(k + 1, rest)];
                    const double of_rest = log_factorial_.choose(behind_[k + 1], rest) - all;
                    for (const Past& past : nodes[left]) {
                        const double weight = past.log_weight + step;
                        if (weight + heaviest <= limit)
                            share += past.count * std::exp(weight + of_rest);
                        else if (weight + lightest <= limit && ++kept <= most_pasts)
                            next[rest].push_back({weight, past.count});
                    }
                }
            }
            nodes = std::move(next);
        }
        if (kept > most_pasts) return std::nullopt;
        return std::min(1.0, share);
    }

  private:
    [[nodiscard]] std::size_t place(std::size_t k, std::size_t left) const { return k * width_ + left; }
    // What column k may give when `left` are still needed from it and those behind.
    [[nodiscard]] std::pair<std::size_t, std::size_t> range(std::size_t k, std::size_t left) const {
        const std::size_t others = behind_[k + 1];
        return {left > others ? left - others : 0, std::min<std::size_t>(left, columns_[k])};
    }

    void bound_paths() {
        heaviest_.assign((columns_.size() + 1) * width_, -infinity);
        lightest_.assign((columns_.size() + 1) * width_, infinity);
        heaviest_[place(columns_.size(), 0)] = lightest_[place(columns_.size(), 0)] = 0.0;
        for (std::size_t k = columns_.size(); k-- > 0;) {
            for (std::size_t left = 0; left < width_ && left <= behind_[k]; ++left) {
                const auto [least, most] = range(k, left);
                double& heaviest = heaviest_[place(k, left)];
                double& lightest = lightest_[place(k, left)];
                for (std::size_t x = least; x <= most; ++x) {
                    const double step = log_factorial_.choose(columns_[k], x);
                    heaviest = std::max(heaviest, step + heaviest_[place(k + 1, left - x)]);
                    lightest = std::min(lightest, step + lightest_[place(k + 1, left - x)]);
                }
            }
        }
    }

    static void merge(std::vector<Past>& pasts, double tolerance) {
        if (pasts.size() < 2) return;
        std::sort(pasts.begin(), pasts.end(), [](const Past& a, const Past& b) { return a.log_weight < b.log_weight; });
        std::size_t kept = 0;
        for (std::size_t i = 1; i < pasts.size(); ++i) {
            if (pasts[i].log_weight - pasts[kept].log_weight <= 1e-3 * tolerance)
                pasts[kept].count += pasts[i].count;
            else
                pasts[++kept] = pasts[i];
        }
        pasts.resize(kept + 1);
    }

    std::vector<std::uint64_t> columns_;
    std::vector<std::uint64_t> behind_;  // items of columns k and after
    const LogFactorials& log_factorial_;
    std::size_t width_;
    std::vector<double> heaviest_;
    std::vector<double> lightest_;
};

// Walks all tables of given margins, cell after cell.
struct Enumeration {
    const LogFactorials& log_factorial;
    std::vector<std::uint64_t> rows;
    std::vector<std::uint64_t> columns;
    double limit;
    double constant;
    double budget;
    double share = 0.0;

    // From cell (i, j) on; `weight` is that of the cells before it. False: the budget is spent.
    bool walk(std::size_t i, std::size_t j, double weight) {
        if (i + 1 == rows.size()) {
            for (const std::uint64_t rest : columns) weight += log_factorial(rest);
            if (weight >= limit) share += std::exp(constant - weight);
            return true;
        }
        if (j + 1 == columns.size()) {
            const std::uint64_t x = rows[i];
            columns[j] -= x;
            const bool within = walk(i + 1, 0, weight + log_factorial(x));
            columns[j] += x;
            return within;
        }
        std::uint64_t room = 0;
        for (std::size_t k = j + 1; k < columns.size(); ++k) room += columns[k];
        const std::uint64_t least = rows[i] > room ? rows[i] - room : 0;
        const std::uint64_t most = std::min(rows[i], columns[j]);
        for (std::uint64_t x = least; x <= most; ++x) {
            if ((budget -= 1.0) < 0.0) return false;
            rows[i] -= x;
            columns[j] -= x;
            const bool within = walk(i, j + 1, weight + log_factorial(x));
            rows[i] += x;
            columns[j] += x;
            if (!within) return false;
        }
        return true;
    }
};

// About how many tables have these margins, on a log scale (Gail and Mantel 1977): each row alone is any of so many
// compositions, and the sums of columns are nearly normal.
double log_tables(std::span<const std::uint64_t> rows, std::span<const std::uint64_t> columns,
                  const LogFactorials& log_factorial) {
    const auto width = static_cast<double>(columns.size());
    double log_compositions = 0.0;
    double variance = 0.0;
    double total = 0.0;
    for (const std::uint64_t row : rows) {
        const auto n = static_cast<double>(row);
        log_compositions += log_factorial.choose(row + columns.size() - 1, columns.size() - 1);
        variance += n * (n + width) * (width - 1.0) / (width * width * (width + 1.0));
        total += n;
    }
    double squares = 0.0;
    for (const std::uint64_t column : columns) squares += std::pow(static_cast<double>(column) - total / width, 2.0);
    const double scale = (width - 1.0) / (width * variance);
    return log_compositions + 0.5 * std::log(width) + 0.5 * (width - 1.0) * std::log(0.5 * scale / std::numbers::pi) -
           0.5 * scale * squares;
}

}  // namespace

FisherTable::FisherTable(std::vector<std::uint64_t> cells, std::size_t rows, std::size_t columns)
    : cells_(std::move(cells)),
      rows_(rows),
      columns_(columns),
      log_factorial_(std::min<std::size_t>(std::accumulate(cells_.begin(), cells_.end(), std::uint64_t{0}) + 1,
                                           std::size_t{1} << 16U)) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        rows_[i / columns] += cells_[i];
        columns_[i % columns] += cells_[i];
        total += cells_[i];
        weight_ += log_factorial_(cells_[i]);
    }
    for (const std::uint64_t row : rows_) constant_ += log_factorial_(row);
    for (const std::uint64_t column : columns_) constant_ += log_factorial_(column);
    tolerance_ = 1e-7 + 1e-14 * (constant_ + log_factorial_(total));
    constant_ -= log_factorial_(total);
}

std::optional<double> FisherTable::exact(double budget) const {
    return rows_.size() == 2 || columns_.size() == 2 ? exact_two_rows(budget) : exact_any(budget);
}

std::optional<double> FisherTable::exact_two_rows(double budget) const {
    const auto& pair = rows_.size() == 2 ? rows_ : columns_;
    const auto& many = rows_.size() == 2 ? columns_ : rows_;
    const std::uint64_t row = std::min(pair[0], pair[1]);
    // Preparing the network takes a step for every node and count.
    double steps = 0.0;
    for (const std::uint64_t column : many)
        steps += static_cast<double>(row + 1) * static_cast<double>(std::min(row, column) + 1);
    if (steps > budget) return std::nullopt;
    double limit = 0.0;  // prod C(column, x) of the observed table
    for (const std::uint64_t column : many) limit += log_factorial_(column);
    limit += tolerance_ - weight_;
    return Network(many, row, log_factorial_).share_up_to(limit, tolerance_, budget - steps);
}

std::optional<double> FisherTable::exact_any(double budget) const {
    // No walk is begun that is most unlikely to end; the estimate is a rough one.
    const double tables =
        std::min(log_tables(rows_, columns_, log_factorial_), log_tables(columns_, rows_, log_factorial_));
    if (cells_.size() > most_walked_cells || tables > std::log(8.0 * budget)) return std::nullopt;
    Enumeration all{log_factorial_, rows_, columns_, weight_ - tolerance_, constant_, budget};
    if (!all.walk(0, 0, 0.0)) return std::nullopt;
    return std::min(1.0, all.share);
}

double FisherTable::permuted(const TestOptions& options) const {
    std::vector<std::uint64_t> cells(cells_.size());
    std::uint64_t as_extreme = 0;
    for (std::size_t index = 0; index < options.permutations; ++index) {
        Random random(options.seed, index);
        random_table(random, log_factorial_, rows_, columns_, cells);
        double weight = 0.0;
        for (const std::uint64_t cell : cells) weight += log_factorial_(cell);
        as_extreme += weight >= weight_ - tolerance_ ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

}  // namespace vedette::inline v0::drift
