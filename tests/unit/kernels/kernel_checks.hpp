// SPDX-License-Identifier: Apache-2.0
// Compares a kernel table with the scalar reference, bit for bit. Free of any test framework, so that a cross-built
// runner can use it under an emulator.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/row_plan.hpp"
#include "kernels/scalar.hpp"

namespace kernel_checks {

using namespace vedette::kernels;

/// What differed, empty when nothing did.
using Failure = std::string;

enum class Values { spread, on_edges, ties, specials, extreme, far };
inline constexpr std::array<Values, 6> all_values = {Values::spread,   Values::on_edges, Values::ties,
                                                     Values::specials, Values::extreme,  Values::far};

template <class T>
std::vector<T> make_edges(std::size_t count, std::mt19937_64& random) {
    std::vector<T> edges;
    std::normal_distribution<double> normal(0.0, 3.0);
    if (count > 3) edges.push_back(T{0});
    if (count > 20) {
        edges.insert(edges.end(), {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(),
                                   std::numeric_limits<T>::denorm_min()});
    }
    while (edges.size() < count) {
        while (edges.size() < count) edges.push_back(static_cast<T>(normal(random)));
        std::sort(edges.begin(), edges.end());
        edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    }
    return edges;
}

template <class T>
T make_value(Values kind, std::span<const T> edges, std::mt19937_64& random) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    constexpr T lowest = std::numeric_limits<T>::lowest();
    constexpr T tiny = std::numeric_limits<T>::denorm_min();
    const std::array<T, 10> odd = {nan, infinity, -infinity, T{0}, -T{0}, tiny, -tiny, lowest, -lowest, -nan};
    std::normal_distribution<double> normal(0.0, 3.0);
    switch (kind) {
        case Values::spread: return static_cast<T>(normal(random));
        case Values::on_edges: {
            const T edge = edges[random() % edges.size()];
            const std::uint64_t side = random() % 3;
            return side == 0 ? edge : std::nextafter(edge, side == 1 ? infinity : -infinity);
        }
        case Values::ties: return edges[edges.size() / 2];
        case Values::specials: return random() % 4 == 0 ? static_cast<T>(normal(random)) : odd[random() % 3];
        case Values::far: return static_cast<T>(1e4 + normal(random));
        case Values::extreme: return random() % 2 == 0 ? static_cast<T>(normal(random)) : odd[random() % odd.size()];
    }
    return nan;
}

/// `n` values at a chosen distance from a 64-byte boundary.
template <class T>
class Placed {
  public:
    Placed(std::size_t n, std::size_t offset) : storage_(n + 128 / sizeof(T)) {
        const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
        begin_ = storage_.data() + (64 - address % 64) % 64 / sizeof(T) + offset;
    }
    T* data() noexcept { return begin_; }
    T& operator[](std::size_t i) noexcept { return begin_[i]; }

  private:
    std::vector<T> storage_;
    T* begin_;
};

inline bool same_bits(const MomentsState& a, const MomentsState& b) {
    const auto same = [](double x, double y) {
        return (std::isnan(x) && std::isnan(y)) || std::memcmp(&x, &y, sizeof x) == 0;
    };
    return a.count == b.count && a.nan == b.nan && a.pos_inf == b.pos_inf && a.neg_inf == b.neg_inf &&
           a.zeros == b.zeros && same(a.min, b.min) && same(a.max, b.max) && same(a.mean, b.mean) && same(a.m2, b.m2);
}

inline std::string to_text(const MomentsState& s) {
    std::ostringstream out;
    out.precision(17);
    out << s.count << ' ' << s.nan << ' ' << s.pos_inf << ' ' << s.neg_inf << ' ' << s.zeros << ' ' << s.min << ' '
        << s.max << ' ' << s.mean << ' ' << s.m2;
    return out.str();
}

template <class T>
Failure check_column(const TypedKernels<T>& kernels, std::size_t n, std::size_t edge_count, std::size_t offset,
                     std::ptrdiff_t stride, Values kind, std::mt19937_64& random) {
    const std::vector<T> edges = make_edges<T>(edge_count, random);
    const std::size_t step = static_cast<std::size_t>(stride < 0 ? -stride : stride);
    Placed<T> x(n * step + 1, offset);
    for (std::size_t i = 0; i < n * step; ++i) x[i] = make_value<T>(kind, edges, random);
    // One block of moments among clean ones, and one step away from their mean.
    if (kind == Values::far && n > 9000) {
        x[2999 * step] = std::numeric_limits<T>::quiet_NaN();
        for (std::size_t i = 8400; i < n; ++i) x[i * step] = -x[i * step];
    }
    const T* first = stride < 0 && n > 0 ? &x[(n - 1) * step] : x.data();

    std::vector<std::uint64_t> expected(edge_count + 1 + special_count, 7), actual(expected);
    scalar::count_cells(first, n, stride, edges.data(), edge_count, expected.data(), &expected[edge_count + 1]);
    kernels.count_cells(first, n, stride, edges.data(), edge_count, actual.data(), &actual[edge_count + 1]);
    MomentsState expected_moments, actual_moments;
    for (int twice = 0; twice < 2; ++twice) {
        scalar::moments(first, n, stride, &expected_moments);
        kernels.moments(first, n, stride, &actual_moments);
    }
    std::ostringstream where;
    where << " n=" << n << " edges=" << edge_count << " offset=" << offset << " stride=" << stride
          << " values=" << static_cast<int>(kind) << " bytes=" << sizeof(T);
    if (expected != actual) return "count_cells:" + where.str();
    if (!same_bits(expected_moments, actual_moments)) {
        return "moments:" + where.str() + "\n  " + to_text(expected_moments) + "\n  " + to_text(actual_moments);
    }
    return {};
}

template <class T>
Failure check_rows(const TypedKernels<T>& kernels, std::span<const std::size_t> edge_counts, std::size_t row_count,
                   std::size_t offset, Values kind, std::mt19937_64& random) {
    std::vector<std::vector<T>> storage;
    for (const std::size_t count : edge_counts) storage.push_back(make_edges<T>(count, random));
    const std::vector<std::span<const T>> grids(storage.begin(), storage.end());
    const RowPlan<T> plan(grids);
    const std::size_t width = grids.size(), stride = width + 3;

    const std::vector<T> no_grid = {T{1}};
    Placed<T> rows(row_count * stride, offset);
    for (std::size_t r = 0; r < row_count; ++r) {
        for (std::size_t f = 0; f < stride; ++f) {
            const std::vector<T>& edges = f < width && !storage[f].empty() ? storage[f] : no_grid;
            rows[r * stride + f] = make_value<T>(kind, edges, random);
        }
    }
    const std::size_t counters = plan.counter_count();
    std::vector<std::uint64_t> one(counters, 3), batch(counters, 3), expected(counters, 3);
    for (std::size_t r = 0; r < row_count; ++r) {
        std::vector<std::uint16_t> located(width, 9), observed(width, 9), wanted(width, 9);
        const T* row = &rows[r * stride];
        kernels.locate_row(row, plan.view(), located.data());
        kernels.observe_row(row, plan.view(), one.data(), observed.data());
        scalar::observe_row(row, plan.view(), expected.data(), wanted.data());
        for (std::size_t f = 0; f < width; ++f) {
            // Straight from the definition, past the plan.
            const std::size_t k = scalar::special_kind(row[f]);
            std::size_t code =
                k < special_count ? code_nan - k : scalar::cell(row[f], grids[f].data(), grids[f].size());
            if (grids[f].empty()) code = code_skipped;
            if (wanted[f] != code) return "scalar row: feature " + std::to_string(f);
        }
        if (located != wanted) return "locate_row, row " + std::to_string(r);
        if (observed != wanted) return "observe_row codes, row " + std::to_string(r);
    }
    kernels.observe_rows(rows.data(), row_count, static_cast<std::ptrdiff_t>(stride), plan.view(), batch.data());
    if (one != expected) return "observe_row counters";
    if (batch != expected) return "observe_rows counters";
    return {};
}

/// Every alignment and size, every edge count that changes the shape of a search tree, and every kind of value.
template <class T>
Failure check_all(const TypedKernels<T>& kernels) {
    std::mt19937_64 random(20240229);
    const auto column = [&](std::size_t n, std::size_t edges, std::size_t offset, std::ptrdiff_t stride, Values kind) {
        return check_column<T>(kernels, n, edges, offset, stride, kind, random);
    };
    Failure failure;
    for (const Values kind : all_values) {
        for (std::size_t n = 0; n <= 72; ++n) {
            for (std::size_t offset = 0; offset < 64 / sizeof(T); ++offset) {
                for (const std::size_t edges : {5U, 40U}) {
                    if (!(failure = column(n, edges, offset, 1, kind)).empty()) return failure;
                }
            }
        }
        std::vector<std::size_t> edge_counts = {71,  72,  73,  127, 128, 129, 255,  256,
                                                511, 512, 513, 583, 584, 585, 1022, 1023};
        for (std::size_t edges = 1; edges <= 70; ++edges) edge_counts.push_back(edges);
        for (const std::size_t edges : edge_counts) {
            for (const std::size_t n : {3U, 63U, 300U}) {
                if (!(failure = column(n, edges, edges % 4, 1, kind)).empty()) return failure;
            }
        }
        for (const std::ptrdiff_t stride : {1, 2, 7, -1, -3}) {
            for (const std::size_t n : {1U, 2047U, 2048U, 2049U, 4095U, 4096U, 4097U, 10001U}) {
                for (const std::size_t edges : {15U, 63U, 200U}) {
                    if (!(failure = column(n, edges, 1, stride, kind)).empty()) return failure;
                }
            }
        }
        if (!(failure = column(0, 1, 0, 1, kind)).empty()) return failure;

        std::vector<std::size_t> every(edge_counts);
        every.insert(every.begin() + 5, 0);
        every.push_back(0);
        const std::vector<std::size_t> uniform(100, 63), small(9, 4), none(3, 0);
        for (std::size_t offset = 0; offset < 64 / sizeof(T); offset += 3) {
            if (!(failure = check_rows<T>(kernels, every, 17, offset, kind, random)).empty()) return failure;
            if (!(failure = check_rows<T>(kernels, uniform, 40, offset, kind, random)).empty()) return failure;
            if (!(failure = check_rows<T>(kernels, small, 40, offset, kind, random)).empty()) return failure;
            if (!(failure = check_rows<T>(kernels, none, 4, offset, kind, random)).empty()) return failure;
        }
    }
    return {};
}

inline PooledScale pooled_scale(double n, double m, double cells) {
    constexpr double smoothing = 0.5;
    return {n,
            m,
            1.0 / n,
            1.0 / m,
            std::max(n, m),
            1.0 / (n + m),
            (n + m) / n,
            (n + m) / m,
            smoothing,
            1.0 / (n + smoothing * cells),
            1.0 / (m + smoothing * cells)};
}

/// The sums over pooled cells: every size of the last step, empty cells, and counts as large as counters get.
inline Failure check_pooled(const KernelTable& table) {
    std::mt19937_64 random(77);
    for (std::size_t cells = 0; cells <= 80; ++cells) {
        for (const double most : {3.0, 1000.0, 4e12}) {
            std::vector<double> r(cells + 1), l(cells + 1);
            double n = 0.0, m = 0.0;
            for (std::size_t i = 0; i < cells; ++i) {
                r[i + 1] = std::floor(std::uniform_real_distribution<double>(0.0, most)(random));
                l[i + 1] = std::floor(std::uniform_real_distribution<double>(0.0, most)(random)) + (r[i + 1] == 0.0);
                if ((i / 24) % 2 == 1 && most > 3.0) l[i + 1] = std::floor(r[i + 1] * 1.07) + 1.0;  // near each other
                n += r[i + 1];
                m += l[i + 1];
            }
            const PooledScale scale = pooled_scale(n + 1.0, m + 1.0, static_cast<double>(cells));
            PooledSums expected, got;
            for (int round = 0; round < 2; ++round) {  // a second block adds
                scalar::pooled_sums(r.data() + 1, l.data() + 1, cells, &scale, &expected);
                table.pooled_sums(r.data() + 1, l.data() + 1, cells, &scale, &got);
            }
            if (std::memcmp(&expected, &got, sizeof got) != 0) {
                std::ostringstream text;
                text << "pooled_sums of " << cells << " cells up to " << most;
                return text.str();
            }
        }
    }
    return {};
}

/// The sums over ordered cells: every size of the last step, differences that change sign, totals beyond 2^53.
inline Failure check_ordered(const KernelTable& table) {
    std::mt19937_64 random(78);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    for (std::size_t cells = 0; cells <= most_ordered_cells; ++cells) {
        for (const double most : {1.5, 300.0, 1e17}) {
            for (const bool discrete : {false, true}) {
                std::vector<double> f(cells + 1), widths(cells + 1), positions(cells + 1);
                std::vector<std::uint64_t> live(cells + 1);
                double total = 1.0;
                for (std::size_t i = 1; i <= cells; ++i) {
                    live[i] = static_cast<std::uint64_t>(most * uniform(random));
                    total += static_cast<double>(live[i]);
                    widths[i] = uniform(random);
                    positions[i] = uniform(random);
                    f[i] = (static_cast<double>(i) + 0.3 * uniform(random)) / static_cast<double>(cells + 1);
                }
                const OrderedBlock block{f.data() + 1, live.data() + 1, widths.data() + 1, positions.data() + 1,
                                         cells,        0.5 / total,     discrete};
                OrderedSums expected, got;
                for (int round = 0; round < 2; ++round) {  // a second block goes on
                    scalar::ordered_sums(&block, &expected);
                    table.ordered_sums(&block, &got);
                }
                if (std::memcmp(&expected, &got, sizeof got) != 0) {
                    std::ostringstream text;
                    text << "ordered_sums of " << cells << " cells up to " << most << (discrete ? ", discrete" : "");
                    return text.str();
                }
            }
        }
    }
    return {};
}

/// Heights in blocks: every state after each of many steps, small blocks and large, ends at every border.
inline Failure check_sliding(const KernelTable& table) {
    std::mt19937_64 random(79);
    struct alignas(64) Line {
        std::int32_t values[16] = {};
    };
    for (const unsigned block_bits : {4U, 6U, 7U}) {
        const std::size_t block_size = std::size_t{1} << block_bits;
        for (const std::size_t block_count : {1U, 2U, 15U, 16U, 17U, 33U}) {
            const std::size_t places = block_size * block_count;
            std::vector<Line> memory[2][4];
            SlidingHeights sliding[2];
            for (int k = 0; k < 2; ++k) {
                memory[k][0].resize(places / 16);
                for (int list = 1; list < 4; ++list) memory[k][list].resize((block_count + 15) / 16);
                sliding[k] = {memory[k][0][0].values,
                              memory[k][1][0].values,
                              memory[k][2][0].values,
                              memory[k][3][0].values,
                              block_bits,
                              block_count};
            }
            for (int turn = 0; turn < 200; ++turn) {
                std::size_t from = random() % places;
                std::size_t to = 1 + random() % places;
                if (turn % 3 == 0) from -= from % block_size;
                if (turn % 5 == 0) to += (block_size - to % block_size) % block_size;
                if (from >= to) std::swap(from, to);
                if (from == to) continue;
                const auto step = static_cast<std::int32_t>(random() % 2001) - 1000;
                const std::int32_t expected = scalar::shift_heights(&sliding[0], from, to, step);
                const std::int32_t got = table.shift_heights(&sliding[1], from, to, step);
                bool same = expected == got;
                for (int list = 0; list < 4; ++list)
                    same = same && std::memcmp(memory[0][list].data(), memory[1][list].data(),
                                               memory[0][list].size() * sizeof(Line)) == 0;
                std::int32_t largest = 0;
                for (std::size_t i = 0; i < places; ++i)
                    largest = std::max(largest, std::abs(sliding[0].heights[i] + sliding[0].offsets[i / block_size]));
                if (!same || largest != got) {
                    std::ostringstream text;
                    text << "shift_heights of " << block_count << " blocks of " << block_size << ", " << from << " to "
                         << to;
                    return text.str();
                }
            }
        }
    }
    return {};
}

}  // namespace kernel_checks
