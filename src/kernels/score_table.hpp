// SPDX-License-Identifier: Apache-2.0
// Kernels that score one request: what softmax scores need of a row of logits, products of a matrix with one vector.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Sums over logits run in groups of so many: four floats first, then this many lanes of double.
inline constexpr std::size_t logit_group = 64;
inline constexpr std::size_t logit_lanes = 16;
/// Products come in panels of so many rows, interleaved: element k of row i at [k * product_rows + i].
inline constexpr std::size_t product_rows = 32;

/// Entries of a block in the tree of a sorted column.
inline constexpr std::size_t tree_block = 16;
inline constexpr std::size_t most_tree_levels = 8;

/// Trees of sorted columns, each `blocks` blocks long, one after the other. Level l begins at block begins[l]; the
/// root, of one block, comes first, the column itself last. An entry above is the last of its block of the next level;
/// of the last block none. What is left of a block is NaN.
struct TreeLevels {
    std::size_t count = 0;
    std::size_t begins[most_tree_levels] = {};
    std::size_t blocks = 0;
};

/// The extremes of the logits seen. Begins as it stands here.
struct LogitRange {
    float largest = -__builtin_inff();
    float second = -__builtin_inff();  ///< equal to `largest` where two are
    float lowest = __builtin_inff();   ///< above -Inf
    bool has_nan = false;
    bool has_minus_infinity = false;
};

/// Sums over 2^x, x = (z - largest) / (temperature ln 2), of the logits below the largest, lane by lane; what is no
/// normal float adds nothing to speak of, x below -127 nothing at all. Begins with zeros.
struct LogitSums {
    double exponentials[logit_lanes] = {};
    double weighted[logit_lanes] = {};  ///< 2^x 8x
};

/// Rows of 8-bit codes from -127 to 127, in panels of product_rows, element 4 g + e of row i of a panel at
/// [(g * product_rows + i) * 4 + e]; what is missing of the last group or panel is 0. Codes are aligned to 64 bytes.
struct CodePanels {
    const std::int8_t* codes;
    const float* scales;          ///< by row, not negative
    const std::int32_t* offsets;  ///< by row, -64 times the sum of its codes
    std::size_t groups;           ///< of four elements of a row, at most 1024
    std::size_t count;            ///< of panels
};

/// The largest of words that stand for a row. All of them divided by its length, their sums of products with a row of
/// words no longer than `longest_words` fit into 32 bits.
inline constexpr float largest_word = 32767.0F;
inline constexpr double longest_words = 65400.0;

/// Rows of words in panels of product_rows, element 2 p + e of row i of a panel at [(p * product_rows + i) * 2 + e],
/// panels aligned to 64 bytes.
struct WordPanels {
    const std::int16_t* words;
    const float* units;  ///< by row
    const float* norms;  ///< by row
    std::size_t pairs;
    std::size_t rows;
};

/// What the words of a row mean: row[k] is about (high[k] + low[k] / low_scale) * unit.
struct EncodedRow {
    float unit;     ///< 0, as all words, where the row is not finite or smaller than words can tell
    double square;  ///< the row's squared length
};

/// Rows in panels of product_rows, element k of row i of a panel at [(k * product_rows) + i], panels aligned to 64
/// bytes; what is missing of the last panel is 0.
struct RowPanels {
    const float* values;
    const double* norms;  ///< by row: their squared lengths
    std::size_t rows;
    std::size_t depth;
};

/// The row nearest to x: the least of norm - 2 x'row in double, x'row as by panel_product; the first of equals, +Inf
/// and 0 where none is less than that.
struct NearestRow {
    double distance = __builtin_inf();
    std::uint32_t row = 0;
};

/// What sums of p^gamma (1 - p)^gamma take, p = exp(z - largest) / total.
struct EntropyTerms {
    float largest;
    float inverse_total;
    float log2_total;
    float gamma;
};

/// All are noexcept, allocate nothing and give the same bits on every instruction set. Rows may come in parts, if all
/// but the last are a multiple of logit_group long. Times depend on sizes, for `logit_range` on whether there is a
/// -Inf, and for `collect_between` with SSE2 on how many it finds.
struct ScoreKernels {
    void (*logit_range)(const float* logits, std::size_t count, LogitRange* range) noexcept;
    void (*logit_sums)(const float* logits, std::size_t count, float largest, float inverse_temperature,
                       LogitSums* sums) noexcept;
    /// Of logits below the largest; -Inf adds nothing.
    void (*entropy_sums)(const float* logits, std::size_t count, const EntropyTerms* terms, double* lanes) noexcept;
    std::size_t (*count_at_least)(const float* logits, std::size_t count, float limit) noexcept;
    /// Copies the logits with low < z < high, in order, to `out`, which has room for `logit_lanes` more; their number.
    std::size_t (*collect_between)(const float* logits, std::size_t count, float low, float high, float* out) noexcept;

    /// out[product_rows] = sum over k < depth of panel[k][i] * x[k], in two interleaved sums; panel and out are aligned
    /// to 64 bytes.
    void (*panel_product)(const float* panel, const float* x, std::size_t depth, float* out) noexcept;

    void (*nearest_row)(const RowPanels* panels, const float* x, NearestRow* nearest) noexcept;

    /// not_above[j] = how many of column j are <= row[j], which is no NaN; trees are aligned to 64 bytes.
    void (*search_trees)(const float* trees, const TreeLevels* levels, const float* row, std::size_t columns,
                         std::uint32_t* not_above) noexcept;

    /// out[row] = (float(codes' product with x[4 * groups], an exact integer) * row's scale) * scale, and the largest
    /// of each panel. x lies in -63 to 63.
    void (*code_products)(const CodePanels* panels, const std::int8_t* x, float scale, float* out,
                          float* largest) noexcept;
    /// The same for CPUs that also have AVX512_VNNI; null where the table has none.
    void (*code_products_vnni)(const CodePanels* panels, const std::int8_t* x, float scale, float* out,
                               float* largest) noexcept;
    /// high[count] and, where it is not null, low[count]; at most `largest_word` and low_scale / 2 in size. The square
    /// is summed in double, in sixteen sums.
    void (*encode_words)(const float* x, std::size_t count, float low_scale, std::int16_t* high, std::int16_t* low,
                         EncodedRow* row) noexcept;
    /// distances[row] = norms[row] - (float(its product with x[2 * pairs], exact within 32 bits) * units[row]) * scale,
    /// +Inf for what is missing of the last panel; least[panel]. Distances are aligned to 64 bytes.
    void (*nearest_words)(const WordPanels* panels, const std::int16_t* x, float scale, float* distances,
                          float* least) noexcept;
    /// out[product_rows] = float(product with high) * low_scale + float(that with low), of a panel of words, which is
    /// read once.
    void (*split_word_products)(const std::int16_t* panel, const std::int16_t* high, const std::int16_t* low,
                                std::size_t pairs, float low_scale, float* out) noexcept;
    /// Sum of (a[i] - b[i])^2 in double, in sixteen sums.
    double (*squared_gap)(const float* a, const float* b, std::size_t count) noexcept;

    /// binary16 and bfloat16 to float, exactly.
    void (*widen_half)(const std::uint16_t* bits, std::size_t count, float* out) noexcept;
    void (*widen_bfloat16)(const std::uint16_t* bits, std::size_t count, float* out) noexcept;
};

}  // namespace vedette::inline v0::kernels
