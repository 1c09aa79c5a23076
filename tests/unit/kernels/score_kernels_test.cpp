// SPDX-License-Identifier: Apache-2.0
// The kernels of scores against their plain twins, bit for bit, on every instruction set that this CPU has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_scores.hpp"
#include "perturbation/column_search.hpp"
#include "vedette/core/dtype.hpp"

namespace kernels = vedette::kernels;

namespace {

// Equal bits, but that one NaN is as good as another.
template <class T>
bool same(const T& a, const T& b) {
    return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b);
}

template <class T>
bool same_lists(const T* a, const T* b, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        if (!same(a[i], b[i])) return false;
    return true;
}

std::vector<float> make_row(std::size_t count, int kind, std::mt19937& random) {
    std::normal_distribution<float> normal(0.0F, kind == 1 ? 60.0F : 3.0F);
    std::vector<float> row(count);
    for (float& z : row) {
        z = normal(random);
        if (kind == 2) z = static_cast<float>(static_cast<int>(z));
        if (kind == 3 && random() % 5 == 0) z = -std::numeric_limits<float>::infinity();
        if (kind == 4) z = std::ldexp(z, static_cast<int>(random() % 250) - 125);
    }
    if (kind == 5 && count > 0) row[random() % count] = std::numeric_limits<float>::quiet_NaN();
    return row;
}

void check_row(const kernels::ScoreKernels& table, const std::vector<float>& row) {
    const kernels::ScoreKernels plain = kernels::scalar::score_entries();
    kernels::LogitRange range, expected_range;
    // In two parts, the first of whole groups.
    const std::size_t first = row.size() / 2 / kernels::logit_group * kernels::logit_group;
    for (const auto& [from, count] : {std::pair{std::size_t{0}, first}, std::pair{first, row.size() - first}}) {
        table.logit_range(row.data() + from, count, &range);
        plain.logit_range(row.data() + from, count, &expected_range);
    }
    REQUIRE(range.has_nan == expected_range.has_nan);
    if (range.has_nan || !std::isfinite(expected_range.largest)) return;  // no softmax
    REQUIRE(range.largest == expected_range.largest);
    REQUIRE(range.second == expected_range.second);
    REQUIRE(range.lowest == expected_range.lowest);
    REQUIRE(range.has_minus_infinity == expected_range.has_minus_infinity);
    kernels::LogitSums sums, expected_sums;
    table.logit_sums(row.data(), row.size(), range.largest, 0.7F, &sums);
    plain.logit_sums(row.data(), row.size(), range.largest, 0.7F, &expected_sums);
    REQUIRE(same_lists(sums.exponentials, expected_sums.exponentials, kernels::logit_lanes));
    REQUIRE(same_lists(sums.weighted, expected_sums.weighted, kernels::logit_lanes));
    const kernels::EntropyTerms terms{range.largest, 0.31F, 1.7F, 0.1F};
    double lanes[kernels::logit_lanes] = {}, expected_lanes[kernels::logit_lanes] = {};
    table.entropy_sums(row.data(), row.size(), &terms, lanes);
    plain.entropy_sums(row.data(), row.size(), &terms, expected_lanes);
    REQUIRE(same_lists(lanes, expected_lanes, kernels::logit_lanes));
    std::vector<float> found(row.size() + kernels::logit_lanes), expected(row.size());
    found.resize(table.collect_between(row.data(), row.size(), -1.0F, range.largest, found.data()));
    expected.resize(plain.collect_between(row.data(), row.size(), -1.0F, range.largest, expected.data()));
    REQUIRE(found == expected);
    for (const float limit : {0.0F, -3.0F, range.largest})
        REQUIRE(table.count_at_least(row.data(), row.size(), limit) ==
                plain.count_at_least(row.data(), row.size(), limit));
}

}  // namespace

TEST_CASE("score kernels: softmax sums as their plain twins") {
    std::mt19937 random(5);
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        CAPTURE(table->name);
        for (const std::size_t count : {0UL, 1UL, 2UL, 15UL, 63UL, 64UL, 65UL, 130UL, 1000UL})
            for (int kind = 0; kind < 6; ++kind) check_row(table->scores, make_row(count, kind, random));
    }
}

TEST_CASE("score kernels: products of a panel with a vector as their plain twin") {
    std::mt19937 random(6);
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        CAPTURE(table->name);
        for (const std::size_t depth : {0UL, 1UL, 3UL, 4UL, 7UL, 64UL, 129UL}) {
            alignas(64) float panel[129 * kernels::product_rows];
            alignas(64) float out[kernels::product_rows], expected[kernels::product_rows];
            const std::vector<float> values = make_row(depth * kernels::product_rows, 0, random);
            std::copy(values.begin(), values.end(), panel);
            const std::vector<float> x = make_row(depth, 0, random);
            kernels::scalar::panel_product(panel, x.data(), depth, expected);
            table->scores.panel_product(panel, x.data(), depth, out);
            REQUIRE(same_lists(out, expected, kernels::product_rows));
        }
    }
}

TEST_CASE("score kernels: the nearest row, the first of equals, none of hostile ones") {
    struct alignas(64) Line {
        float x[16];
    };
    std::mt19937 random(9);
    for (const std::size_t rows : {1UL, 2UL, 7UL, 8UL, 9UL, 16UL, 31UL, 32UL, 33UL, 100UL}) {
        for (const std::size_t depth : {1UL, 3UL, 4UL, 6UL, 64UL}) {
            for (int kind = 0; kind < 7; ++kind) {
                const std::size_t panels = (rows + kernels::product_rows - 1) / kernels::product_rows;
                std::vector<Line> lines(panels * kernels::product_rows * depth / 16);
                std::vector<float> x = make_row(depth, kind, random);
                std::vector<double> norms(rows);
                for (std::size_t row = 0; row < rows; ++row) {
                    for (std::size_t k = 0; k < depth; ++k) {
                        const std::size_t panel = row / kernels::product_rows;
                        const std::size_t at = (panel * depth + k) * kernels::product_rows + row % 32;
                        lines[at / 16].x[at % 16] = static_cast<float>(random() % 3) - 1.0F;
                        norms[row] += std::abs(static_cast<double>(lines[at / 16].x[at % 16]));
                    }
                    if (kind == 6 && random() % 2 == 0) norms[row] = std::numeric_limits<double>::quiet_NaN();
                }
                if (kind == 2 && depth > 1) x[1] = std::numeric_limits<float>::infinity();
                const kernels::RowPanels all{lines.front().x, norms.data(), rows, depth};
                kernels::NearestRow expected;
                kernels::scalar::nearest_row(&all, x.data(), &expected);
                for (const kernels::KernelTable* table : kernels::available_tables()) {
                    CAPTURE(table->name);
                    kernels::NearestRow found;
                    table->scores.nearest_row(&all, x.data(), &found);
                    REQUIRE(same(found.distance, expected.distance));
                    REQUIRE(found.row == expected.row);
                }
            }
        }
    }
}

TEST_CASE("score kernels: products of codes, extreme ones too, and exact gaps as their plain twins") {
    struct alignas(64) Line {
        std::int8_t codes[64];
    };
    std::mt19937 random(8);
    for (const std::size_t groups : {0UL, 1UL, 2UL, 5UL, 32UL, 1024UL}) {
        for (const std::size_t panels : {1UL, 2UL, 3UL, 4UL, 7UL}) {
            const std::size_t rows = panels * kernels::product_rows;
            std::vector<Line> lines(rows * groups * 4 / 64 + 1);
            std::vector<std::int8_t> x(4 * groups);
            std::vector<float> scales(rows), found(rows), expected(rows), top(panels), expected_top(panels);
            std::vector<std::int32_t> offsets(rows);
            const bool extreme = panels == 2;
            const auto code = [&] {
                return static_cast<std::int8_t>(extreme ? (random() % 2 == 0 ? 127 : -127)
                                                        : static_cast<int>(random() % 255) - 127);
            };
            for (std::int8_t& each : x)
                each = static_cast<std::int8_t>(extreme ? 63 : static_cast<int>(random() % 127) - 63);
            for (std::size_t at = 0; at < rows * groups * 4; ++at) {
                const std::int8_t value = extreme && at / 4 % 3 == 0 ? std::int8_t{-127} : code();
                lines[at / 64].codes[at % 64] = value;
                const std::size_t panel = at / (groups * 4 * kernels::product_rows);
                offsets[panel * kernels::product_rows + at / 4 % kernels::product_rows] -= 64 * value;
            }
            for (float& scale : scales) scale = static_cast<float>(random() % 1000) * 1e-5F;
            const kernels::CodePanels block{lines.front().codes, scales.data(), offsets.data(), groups, panels};
            kernels::scalar::code_products(&block, x.data(), 0.013F, expected.data(), expected_top.data());
            for (const kernels::KernelTable* table : kernels::available_tables()) {
                CAPTURE(table->name);
                table->scores.code_products(&block, x.data(), 0.013F, found.data(), top.data());
                REQUIRE(found == expected);
                REQUIRE(top == expected_top);
#if defined(__x86_64__)
                if (table->scores.code_products_vnni == nullptr || !__builtin_cpu_supports("avx512vnni")) continue;
                std::fill(found.begin(), found.end(), -1.0F);
                table->scores.code_products_vnni(&block, x.data(), 0.013F, found.data(), top.data());
                REQUIRE(found == expected);
                REQUIRE(top == expected_top);
#endif
            }
        }
    }
    for (const std::size_t count : {0UL, 1UL, 15UL, 16UL, 17UL, 37UL, 128UL}) {
        const std::vector<float> a = make_row(count, 4, random), b = make_row(count, 0, random);
        const double expected = kernels::scalar::squared_gap(a.data(), b.data(), count);
        for (const kernels::KernelTable* table : kernels::available_tables())
            REQUIRE(same(table->scores.squared_gap(a.data(), b.data(), count), expected));
    }
}

TEST_CASE("score kernels: words of rows, hostile ones too, as their plain twin, and what they stand for") {
    std::mt19937 random(10);
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float low_scale = 1024.0F;
    for (const std::size_t count : {0UL, 1UL, 15UL, 16UL, 17UL, 64UL, 768UL}) {
        for (int kind = 0; kind < 10; ++kind) {
            std::vector<float> x = make_row(count, kind % 6, random);
            if (kind == 6) std::fill(x.begin(), x.end(), 1e-42F);
            if (kind == 7) std::fill(x.begin(), x.end(), std::numeric_limits<float>::max());
            if (kind >= 8 && count != 0) x[random() % count] = kind == 8 ? nan : -infinity;
            std::vector<std::int16_t> expected(count), expected_low(count), high(count), low(count);
            kernels::EncodedRow plain{}, row{};
            kernels::scalar::encode_words(x.data(), count, low_scale, expected.data(), expected_low.data(), &plain);
            if (plain.unit > 0.0F) {
                double square = 0.0;
                for (std::size_t i = 0; i < count; ++i) {
                    square += static_cast<double>(expected[i]) * expected[i];
                    const double words = static_cast<double>(x[i]) / static_cast<double>(plain.unit);
                    // Half a word, and of the quotient rounding of some 2^-23 of at most 32767.
                    CHECK(std::abs(words - expected[i]) <= 0.51);
                    CHECK(std::abs(words - expected[i] - expected_low[i] / static_cast<double>(low_scale)) <=
                          0.5 / static_cast<double>(low_scale) + 0.01);
                }
                CHECK(std::sqrt(square) <= 32767.0 + 0.51 * std::sqrt(static_cast<double>(count)));
            }
            for (const kernels::KernelTable* table : kernels::available_tables()) {
                CAPTURE(table->name);
                table->scores.encode_words(x.data(), count, low_scale, high.data(), low.data(), &row);
                REQUIRE(high == expected);
                REQUIRE(low == expected_low);
                REQUIRE(same(row.unit, plain.unit));
                REQUIRE(same(row.square, plain.square));
                std::fill(high.begin(), high.end(), std::int16_t{7});
                table->scores.encode_words(x.data(), count, low_scale, high.data(), nullptr, &row);
                REQUIRE(high == expected);
            }
        }
    }
}

TEST_CASE("score kernels: products of words, as large as they may be, as their plain twins") {
    struct alignas(64) Line {
        std::int16_t words[32];
    };
    std::mt19937 random(11);
    constexpr std::size_t most_rows = 100, padded = 128;
    for (const std::size_t pairs : {0UL, 1UL, 2UL, 33UL, 384UL}) {
        for (const bool extreme : {false, true}) {
            std::vector<Line> lines(padded * pairs / 16 + 1);
            std::int16_t* const panels = lines.front().words;
            std::vector<std::int16_t> high(2 * pairs), low(2 * pairs);
            // Extreme rows have their whole length in four elements.
            const auto word = [&](std::size_t k, int most) {
                if (extreme) return static_cast<std::int16_t>(k >= 4 ? 0 : random() % 4 == 0 ? -most : most);
                return static_cast<std::int16_t>(static_cast<int>(random() % 1001) - 500);
            };
            for (std::size_t at = 0; at < 2 * padded * pairs; ++at)
                panels[at] = word(2 * (at % (64 * pairs) / 64) + at % 2, 32'700);
            for (std::size_t k = 0; k < 2 * pairs; ++k) {
                high[k] = word(k, 16'383);
                low[k] = word(k, 8'000);
            }
            std::vector<float> units = make_row(padded, 0, random), norms = make_row(padded, 1, random);
            alignas(64) float found[padded], expected[padded];
            float least[4], expected_least[4];
            for (const kernels::KernelTable* table : kernels::available_tables()) {
                CAPTURE(table->name);
                for (const std::size_t rows : {1UL, 8UL, 9UL, 31UL, 32UL, 36UL, 57UL, 88UL, most_rows}) {
                    std::vector<float> ends = norms;
                    std::fill(ends.begin() + static_cast<std::ptrdiff_t>(rows), ends.end(),
                              std::numeric_limits<float>::infinity());
                    const kernels::WordPanels all{panels, units.data(), ends.data(), pairs, rows};
                    const std::size_t count = (rows + 31) / 32;
                    kernels::scalar::nearest_words(&all, high.data(), 0.37F, expected, expected_least);
                    table->scores.nearest_words(&all, high.data(), 0.37F, found, least);
                    REQUIRE(same_lists(found, expected, 32 * count));
                    REQUIRE(same_lists(least, expected_least, count));
                }
                kernels::scalar::split_word_products(panels, high.data(), low.data(), pairs, 2048.0F, expected);
                table->scores.split_word_products(panels, high.data(), low.data(), pairs, 2048.0F, found);
                REQUIRE(same_lists(found, expected, kernels::product_rows));
            }
        }
    }
}

TEST_CASE("score kernels: all 65,536 halves of both types") {
    std::vector<std::uint16_t> bits(65'536);
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
    std::vector<float> half(bits.size()), bfloat16(bits.size());
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        table->scores.widen_half(bits.data(), bits.size(), half.data());
        table->scores.widen_bfloat16(bits.data(), bits.size(), bfloat16.data());
        for (std::size_t i = 0; i < bits.size(); ++i) {
            REQUIRE(same(half[i], vedette::half_to_float(bits[i])));
            REQUIRE(same(bfloat16[i], vedette::bfloat16_to_float(bits[i])));
        }
    }
}

TEST_CASE("score kernels: search in trees of sorted columns") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    struct alignas(64) Block {
        float entries[kernels::tree_block];
    };
    std::mt19937 random(7);
    for (const std::size_t count : {1UL, 2UL, 15UL, 16UL, 17UL, 255UL, 256UL, 257UL, 4097UL}) {
        constexpr std::size_t columns = 11;
        std::vector<Block> trees;
        std::vector<std::vector<float>> sorted;
        for (std::size_t j = 0; j < columns; ++j) {
            sorted.push_back(make_row(count, j % 2 == 0 ? 2 : 4, random));  // ties, and all magnitudes
            if (j == 3) sorted.back().back() = infinity;
            std::sort(sorted.back().begin(), sorted.back().end());
            vedette::perturbation::append_tree(std::span<const float>(sorted.back()), trees);
        }
        const kernels::TreeLevels levels = vedette::perturbation::tree_levels(count);
        REQUIRE(trees.size() == columns * levels.blocks);
        for (int turn = 0; turn < 60; ++turn) {
            std::vector<float> row = make_row(columns, 3, random);
            for (std::size_t j = 0; j < columns; ++j)
                if (turn % 2 == 0) row[j] = sorted[j][random() % count];
            if (turn == 5) row.assign(columns, infinity);
            for (const kernels::KernelTable* table : kernels::available_tables()) {
                CAPTURE(table->name);
                std::uint32_t found[columns] = {};
                table->scores.search_trees(trees.front().entries, &levels, row.data(), columns, found);
                for (std::size_t j = 0; j < columns; ++j)
                    REQUIRE(found[j] ==
                            std::upper_bound(sorted[j].begin(), sorted[j].end(), row[j]) - sorted[j].begin());
            }
            std::uint32_t plain[columns] = {};
            kernels::scalar::search_trees(trees.front().entries, &levels, row.data(), columns, plain);
            for (std::size_t j = 0; j < columns; ++j)
                REQUIRE(plain[j] == std::upper_bound(sorted[j].begin(), sorted[j].end(), row[j]) - sorted[j].begin());
        }
    }
}
