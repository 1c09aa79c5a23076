// SPDX-License-Identifier: Apache-2.0
// Checks of the kernels of pairs against their scalar twins, bit for bit, with neither a test framework nor the
// library.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/scalar_pairs.hpp"

namespace kernel_checks {

using namespace vedette::kernels;

/// Zeros on a 64-byte boundary.
template <class T>
class Aligned {
  public:
    explicit Aligned(std::size_t n) : storage_(n + 64 / sizeof(T)) {
        const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
        begin_ = storage_.data() + (64 - address % 64) % 64 / sizeof(T);
        size_ = n;
    }
    Aligned(const Aligned& other) : Aligned(other.size_) { std::copy_n(other.begin_, size_, begin_); }
    Aligned& operator=(const Aligned&) = delete;
    T* data() noexcept { return begin_; }
    T& operator[](std::size_t i) noexcept { return begin_[i]; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool operator==(const Aligned& other) const noexcept {
        return size_ == other.size_ && std::memcmp(begin_, other.begin_, size_ * sizeof(T)) == 0;
    }

  private:
    std::vector<T> storage_;
    T* begin_;
    std::size_t size_ = 0;
};

/// Values of every size, with ties and exact halves: many sums are exact, or halfway between two floats.
template <class T>
T pair_value(int kind, std::mt19937_64& random) {
    std::normal_distribution<double> normal;
    switch (kind) {
        case 0: return static_cast<T>(normal(random));
        case 1: return static_cast<T>(static_cast<int>(random() % 9) - 4) / T{4};
        case 2: return static_cast<T>(std::ldexp(normal(random), static_cast<int>(random() % 40) - 20));
        // One bit far below another: products and sums that lie just beside a midpoint.
        default:
            return static_cast<T>((random() % 2 == 0 ? 1.0 : -1.0) + std::ldexp(1.0, -static_cast<int>(random() % 24)));
    }
}

template <class T>
std::string check_product(const PairKernels<T>& kernels, int kind, std::size_t depth, std::size_t columns,
                          bool transposed, bool accumulate, std::mt19937_64& random) {
    Aligned<T> panel(depth * panel_rows), out(columns * panel_rows);
    std::vector<T> values(depth * columns + 3);
    for (std::size_t i = 0; i < panel.size(); ++i) panel[i] = pair_value<T>(kind, random);
    for (T& v : values) v = pair_value<T>(kind, random);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = pair_value<T>(kind, random);
    Aligned<T> expected = out;
    PanelProduct<T> product{
        panel.data(), depth,      values.data() + 3, transposed ? 1 : depth, transposed ? columns : 1,
        columns,      out.data(), accumulate};
    kernels.multiply(&product);
    product.out = expected.data();
    scalar::multiply(&product);
    if (out == expected) return {};
    std::ostringstream text;
    text << "multiply: depth " << depth << ", columns " << columns << ", values " << kind << ", bytes " << sizeof(T);
    return text.str();
}

template <class T>
std::string check_tile(const PairKernels<T>& kernels, int kind, std::size_t rows, std::mt19937_64& random) {
    Aligned<T> norms(panel_rows), squared(rows * panel_rows);
    std::vector<T> row_norms(rows);
    for (std::size_t i = 0; i < panel_rows; ++i) norms[i] = std::fabs(pair_value<T>(kind, random));
    for (T& v : row_norms) v = std::fabs(pair_value<T>(kind, random));
    for (std::size_t i = 0; i < squared.size(); ++i) squared[i] = pair_value<T>(kind, random);
    const auto differs = [&](const char* what) {
        std::ostringstream text;
        text << what << ": rows " << rows << ", values " << kind << ", bytes " << sizeof(T);
        return text.str();
    };
    Aligned<T> expected = squared;
    const T nearness = rows % 2 == 0 ? T(0x1p-8) : T(0);
    const bool near = kernels.squared_distances(norms.data(), row_norms.data(), rows, nearness, squared.data());
    if (near != scalar::squared_distances(norms.data(), row_norms.data(), rows, nearness, expected.data()) ||
        !(squared == expected))
        return differs("squared_distances");

    Aligned<T> out(rows * panel_rows), wanted(rows * panel_rows), inverse(rows * panel_rows), roots = inverse;
    for (const T factor : {T(0.7), T(0), T(1e6), T(1e30)}) {
        for (const bool accumulate : {false, true}) {
            kernels.gaussian(squared.data(), rows, factor, T(0.3), accumulate, out.data());
            scalar::gaussian(squared.data(), rows, factor, T(0.3), accumulate, wanted.data());
            if (!(out == wanted)) return differs("gaussian");
        }
    }
    kernels.gaussian(squared.data(), rows, T(0.7), T(0.3), false, out.data());

    std::vector<double> lanes(panel_rows, 1.0), by_row(rows, 2.0);
    std::vector<double> wanted_lanes = lanes, wanted_by_row = by_row;
    kernels.add_sums(out.data(), rows, lanes.data(), by_row.data());
    scalar::add_sums(out.data(), rows, wanted_lanes.data(), wanted_by_row.data());
    if (lanes != wanted_lanes || by_row != wanted_by_row) return differs("add_sums");
    if (kernels.sum_squares(out.data(), rows) != scalar::sum_squares(out.data(), rows)) return differs("sum_squares");

    std::vector<std::uint32_t> lane_bytes(panel_rows, 7), row_bytes(rows, 9);
    std::vector<std::uint32_t> wanted_lane_bytes = lane_bytes, wanted_row_bytes = row_bytes;
    Aligned<std::uint8_t> bytes(rows * panel_rows), wanted_bytes = bytes;
    for (const T scale : {T(1000), T(255.0 / 0.3), T(0)}) {
        kernels.quantise(out.data(), rows, T(0.05), scale, bytes.data(), lane_bytes.data(), row_bytes.data());
        scalar::quantise(out.data(), rows, T(0.05), scale, wanted_bytes.data(), wanted_lane_bytes.data(),
                         wanted_row_bytes.data());
        if (!(bytes == wanted_bytes) || lane_bytes != wanted_lane_bytes || row_bytes != wanted_row_bytes)
            return differs("quantise");
    }

    kernels.distances(squared.data(), rows, out.data(), inverse.data());
    scalar::distances(squared.data(), rows, wanted.data(), roots.data());
    if (!(out == wanted) || !(inverse == roots)) return differs("distances");
    return {};
}

/// Rows placed and interleaved, and norms that are `multiply`'s.
template <class T, class Stored>
std::string check_rows(const PairKernels<T>& kernels, int kind, std::size_t depth, std::mt19937_64& random) {
    const std::size_t stride = depth + 3;
    std::vector<Stored> given(panel_rows * stride);
    std::vector<double> centre(depth);
    for (Stored& x : given) x = static_cast<Stored>(pair_value<T>(kind, random));
    for (double& x : centre) x = static_cast<double>(pair_value<T>(kind, random));
    const PairPlace place{centre.data(), kind % 2 == 0 ? 1.0 : 0.25, 2.0, 0x1p20, 0x1p-20, 0x1p10};
    Aligned<T> rows(panel_rows * stride), wanted_rows = rows;
    bool same = true;
    for (std::size_t i = 0; i < panel_rows; ++i) {
        const Stored* const row = given.data() + i * stride;
        bool beyond = false;
        if constexpr (sizeof(Stored) == sizeof(float)) {
            beyond = kernels.place_f32(row, depth, &place, rows.data() + i * stride);
        } else {
            beyond = kernels.place_f64(row, depth, &place, rows.data() + i * stride);
        }
        same = same && beyond == scalar::place_row(row, depth, &place, wanted_rows.data() + i * stride);
    }
    Aligned<T> panel(panel_rows * depth), wanted_panel = panel, norms(panel_rows), products(panel_rows * panel_rows);
    kernels.interleave(rows.data(), stride, depth, panel.data());
    scalar::interleave(rows.data(), stride, depth, wanted_panel.data());
    kernels.panel_norms(panel.data(), depth, norms.data());
    const PanelProduct<T> product{panel.data(), depth, rows.data(), stride, 1, panel_rows, products.data(), false};
    kernels.multiply(&product);
    for (std::size_t i = 0; i < panel_rows; ++i) {
        same = same && norms[i] == products[i * panel_rows + i];
        for (std::size_t k = 0; k < depth; ++k) same = same && panel[k * panel_rows + i] == rows[i * stride + k];
    }
    if (same && rows == wanted_rows && panel == wanted_panel) return {};
    std::ostringstream text;
    text << "rows: depth " << depth << ", values " << kind << ", bytes " << sizeof(T) << ", " << sizeof(Stored);
    return text.str();
}

/// Every remainder of columns and rows, depths around the blocking, both orders of columns.
template <class T>
std::string check_pairs(const PairKernels<T>& kernels) {
    std::mt19937_64 random(31);
    std::string failure;
    for (int kind = 0; kind < 4; ++kind) {
        for (const std::size_t depth : {1U, 2U, 7U, 255U, 256U, 257U, 600U}) {
            for (std::size_t columns = 1; columns <= (depth < 10 ? 64U : 26U); ++columns) {
                if (!(failure =
                          check_product<T>(kernels, kind, depth, columns, columns % 2 == 0, columns % 3 == 0, random))
                         .empty())
                    return failure;
            }
        }
        for (const std::size_t depth : {1U, 7U, 16U, 33U, 300U}) {
            if (!(failure = check_rows<T, float>(kernels, kind, depth, random)).empty()) return failure;
            if (!(failure = check_rows<T, double>(kernels, kind, depth, random)).empty()) return failure;
        }
        for (std::size_t rows = 1; rows <= tile_rows; ++rows)
            if (!(failure = check_tile<T>(kernels, kind, rows, random)).empty()) return failure;
    }
    return {};
}

/// Rows in whole steps, the largest there may be among them, and their distances; every remainder of columns and words.
inline std::string check_steps(const StepKernels& kernels) {
    std::mt19937_64 random(33);
    for (const std::size_t depth : {1U, 2U, 3U, 64U, 255U, 256U, 257U, 513U, 600U}) {
        const std::size_t words = (depth + 1) / 2, parts = (words + step_part_words - 1) / step_part_words;
        const std::size_t part_depth = 2 * step_part_words;
        for (int kind = 0; kind < 3; ++kind) {
            // Kind 2: rows as far apart as they may be, on either side.
            const auto largest = static_cast<float>(
                std::floor(std::sqrt(most_part_norm / static_cast<double>(std::min(depth, part_depth)))));
            std::normal_distribution<float> normal(0.0F, 0.2F * largest);
            const auto value = [&](std::size_t row) {
                if (kind == 2) return row % 2 == 0 ? largest : -largest;
                const float x = std::clamp(normal(random), -largest, largest);
                return kind == 0 ? x : std::floor(x) + 0.5F;  // halves
            };
            Aligned<float> panel(depth * panel_rows);
            for (std::size_t i = 0; i < panel.size(); ++i) panel[i] = value(i % panel_rows);
            Aligned<std::int32_t> got(words * panel_rows), wanted = got, norms(parts * panel_rows), same_norms = norms;
            for (std::size_t part = 0; part < parts; ++part) {
                const std::size_t begin = part * part_depth, part_of = std::min(part_depth, depth - begin);
                const float* const from = panel.data() + begin * panel_rows;
                const std::size_t to = part * step_part_words * panel_rows;
                kernels.round_panel(from, part_of, 0.999F, got.data() + to, norms.data() + part * panel_rows);
                scalar::round_panel(from, part_of, 0.999F, wanted.data() + to, same_norms.data() + part * panel_rows);
            }
            if (!(got == wanted) || !(norms == same_norms)) return "round_panel: depth " + std::to_string(depth);
            std::vector<float> rows(panel_rows * depth);
            std::vector<std::int32_t> row_words(panel_rows * (words + 3)), wanted_words = row_words;
            for (std::size_t i = 0; i < panel_rows; ++i) {
                for (std::size_t k = 0; k < depth; ++k) rows[i * depth + k] = panel[k * panel_rows + i];
                kernels.round_row(rows.data() + i * depth, depth, 0.999F, row_words.data() + i * (words + 3));
                scalar::round_row(rows.data() + i * depth, depth, 0.999F, wanted_words.data() + i * (words + 3));
                for (std::size_t k = 0; k < words; ++k)
                    if (row_words[i * (words + 3) + k] != got[k * panel_rows + i])
                        return "round_row: depth " + std::to_string(depth);
            }
            if (row_words != wanted_words) return "round_row: depth " + std::to_string(depth);
            for (std::size_t columns = 1; columns <= 26; columns += depth > 300 ? 5 : 1) {
                Aligned<float> out(columns * panel_rows), expected = out;
                StepProduct product{got.data(),   row_words.data(), words,      words + 3, columns,   norms.data(),
                                    norms.data(), panel_rows,       panel_rows, 0.37F,     out.data()};
                kernels.distances(&product);
                product.out = expected.data();
                scalar::step_distances(&product);
                if (!(out == expected))
                    return "distances in steps: depth " + std::to_string(depth) + ", columns " +
                           std::to_string(columns);
                for (std::size_t c = 0; c < columns; ++c)
                    if (out[c * panel_rows + c] != 0.0F) return "distances in steps: a row from itself";
            }
        }
    }
    return {};
}

/// Splits of every shape, and the sums of chosen bytes, the largest there are among them.
inline std::string check_labels(const LabelKernels& kernels) {
    std::mt19937_64 random(32);
    const std::uint32_t sizes[][3] = {{1, 1, 1},     {3, 2, 2},     {64, 64, 64},  {63, 65, 65}, {130, 1, 1},
                                      {1, 200, 200}, {100, 77, 77}, {128, 10, 10}, {40, 24, 64}, {40, 24, 0}};
    for (const auto& size : sizes) {
        const std::size_t words = (size[0] + 63) / 64 + (size[1] + 63) / 64;
        for (const std::size_t groups : {1U, 3U}) {
            const std::size_t stride = split_lanes * groups + 8;
            std::vector<std::uint64_t> got(words * stride), wanted(words * stride), undecided(stride), asked(stride);
            SplitRequest request{random(), random(),   groups, size[2],         size[0],
                                 size[1],  got.data(), stride, undecided.data()};
            kernels.random_splits(&request);
            request.words = wanted.data();
            request.undecided = asked.data();
            scalar::random_splits(&request);
            for (std::uint64_t& u : undecided) u >>= 63U;
            for (std::uint64_t& u : asked) u >>= 63U;
            if (got != wanted || undecided != asked)
                return "random_splits: " + std::to_string(size[0]) + " and " + std::to_string(size[1]);
        }
    }
    for (const std::size_t splits : {1U, 5U, 70U}) {
        for (const unsigned shift : {0U, 32U}) {
            for (const bool largest : {false, true}) {
                Aligned<std::uint8_t> bytes(64 * panel_rows);
                for (std::size_t i = 0; i < bytes.size(); ++i)
                    bytes[i] = largest ? std::uint8_t{255} : static_cast<std::uint8_t>(random());
                std::vector<std::uint64_t> rows(splits), lanes(splits);
                for (std::uint64_t& w : rows) w = largest ? ~std::uint64_t{0} : random();
                for (std::uint64_t& w : lanes) w = largest ? ~std::uint64_t{0} : random();
                Aligned<std::uint32_t> got(splits * split_counters), wanted = got;
                ChosenBlock block{bytes.data(), rows.data(), lanes.data(), shift, splits, got.data()};
                kernels.add_chosen(&block);
                block.counters = wanted.data();
                scalar::add_chosen(&block);
                if (!(got == wanted)) return "add_chosen of " + std::to_string(splits) + " splits";
                if (largest && got[0] != most_added_to_counter) return "add_chosen: the largest sum";
            }
        }
    }
    return {};
}

inline std::string check_all_pairs(const KernelTable& table) {
    std::string failure = check_pairs<float>(table.pairs_f32);
    if (failure.empty()) failure = check_pairs<double>(table.pairs_f64);
    if (failure.empty()) failure = check_steps(table.steps);
    return failure.empty() ? check_labels(table.labels) : failure;
}

}  // namespace kernel_checks
