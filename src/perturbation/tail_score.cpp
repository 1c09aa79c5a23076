// SPDX-License-Identifier: Apache-2.0
// ECOD and COPOD: sorted columns, searched several at a time.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/column_search.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "tail_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The sign of an ascending column's third central moment; 0 where that is nothing but rounding. Values are taken from
// the first one on, so that a mean far from 0 costs no digits.
std::int8_t skewness_sign(std::span<const float> column) {
    const auto n = static_cast<double>(column.size());
    const double first = column.front(), width = static_cast<double>(column.back()) - first;
    if (width == 0.0) return 0;
    const auto place = [=](float x) { return (static_cast<double>(x) - first) / width; };
    double mean = 0.0;
    for (const float x : column) mean += place(x) / n;
    double second = 0.0, third = 0.0;
    for (const float x : column) {
        const double deviation = place(x) - mean;
        second += deviation * deviation;
        third += deviation * deviation * deviation;
    }
    const double skewness = third / n / std::pow(second / n, 1.5);
    if (!(std::abs(skewness) > 1e-12)) return 0;
    return skewness < 0.0 ? std::int8_t{-1} : std::int8_t{1};
}

double skewed_tail(int skewness, double left, double right) noexcept {
    return skewness < 0 ? left : right;
}

// What PyOD makes of a feature.
double tail_by_feature(TailScoreKind kind, int skewness, double left, double right) noexcept {
    const double skewed = skewness == 0 ? left + right : skewed_tail(skewness, left, right);
    if (kind == TailScoreKind::copod_pyod) return std::max(skewed, 0.5 * (left + right));
    return std::max(skewed, std::max(left, right));
}

}  // namespace

const char* tail_score_name(TailScoreKind kind) noexcept {
    switch (kind) {
        case TailScoreKind::ecod: return "ecod";
        case TailScoreKind::ecod_pyod: return "ecod_pyod";
        case TailScoreKind::copod_pyod: return "copod_pyod";
    }
    return "unknown";
}

TailScore::TailScore(MatrixView<float> reference, TailScoreKind kind) : kind_(kind), count_(reference.rows()) {
    const auto refuse = [](ErrorCode code, const std::string& what) { throw Error(code, "TailScore: " + what); };
    if (static_cast<unsigned>(kind) > static_cast<unsigned>(TailScoreKind::copod_pyod))
        refuse(ErrorCode::invalid_argument,
               "kind is " + std::to_string(static_cast<unsigned>(kind)) + ", must lie in 0 to 2");
    if (count_ < 2 || reference.columns() == 0)
        refuse(ErrorCode::not_enough_data, std::to_string(count_) + " rows of " + std::to_string(reference.columns()) +
                                               " columns, at least 2 rows and a column needed");
    if (count_ >= (std::size_t{1} << 31U))
        refuse(ErrorCode::overflow, std::to_string(count_) + " rows, must be below 2^31");
    std::vector<float> column(count_);
    for (std::size_t j = 0; j < reference.columns(); ++j) {
        for (std::size_t i = 0; i < count_; ++i) {
            column[i] = reference(i, j) + 0.0F;  // either zero as +0
            if (!std::isfinite(column[i]))
                refuse(ErrorCode::invalid_argument,
                       "row " + std::to_string(i) + ", column " + std::to_string(j) + " is not finite");
        }
        std::sort(column.begin(), column.end());
        skewness_.push_back(skewness_sign(column));
        append_tree(std::span<const float>(column), trees_);
    }
    prepare();
}

void TailScore::prepare() {
    begins_.resize(dimension() * count_);
    const kernels::TreeLevels levels = tree_levels(count_);
    for (std::size_t j = 0; j < dimension(); ++j) {
        const Block* const tree = &trees_[j * levels.blocks];
        std::uint32_t* const begins = begins_.data() + j * count_;
        for (std::size_t i = 0; i < count_; ++i) {
            const bool is_tie = i > 0 && column_entry(tree, levels, i) == column_entry(tree, levels, i - 1);
            begins[i] = is_tie ? begins[i - 1] : static_cast<std::uint32_t>(i);
        }
    }
    tails_.assign(count_ + 2, 0.0);
    const double all = static_cast<double>(count_) + 1.0;
    for (std::size_t k = 1; k <= count_; ++k) tails_[k] = -std::log(static_cast<double>(k) / all);
}

// each(feature, -ln F, -ln P(X >= x)); false where the row has no score.
template <class Each>
bool TailScore::for_each_tail(std::span<const float> row, Each&& each) const noexcept {
    if (row.size() != dimension()) return false;
    for (const float x : row)
        if (std::isnan(x)) return false;
    const kernels::TreeLevels levels = tree_levels(count_);
    search_columns(trees_.data(), levels, row, [&](std::size_t j, std::size_t not_above) {
        const bool is_tie = not_above > 0 && column_entry(&trees_[j * levels.blocks], levels, not_above - 1) == row[j];
        const std::size_t below = is_tie ? begins_[j * count_ + not_above - 1] : not_above;
        each(j, tails_[not_above + 1], tails_[count_ - below + 1]);
    });
    return true;
}

double TailScore::score(std::span<const float> row) const noexcept {
    double left_sum = 0.0, right_sum = 0.0, third_sum = 0.0;
    const bool by_feature = kind_ != TailScoreKind::ecod;
    const bool is_scored = for_each_tail(row, [&](std::size_t j, double left, double right) {
        left_sum += left;
        right_sum += right;
        third_sum +=
            by_feature ? tail_by_feature(kind_, skewness_[j], left, right) : skewed_tail(skewness_[j], left, right);
    });
    if (!is_scored) return not_a_number;
    return by_feature ? third_sum : std::max(third_sum, std::max(left_sum, right_sum));
}

double TailScore::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension()) return not_a_number;
    const double total = score(row);
    if (std::isnan(total)) return total;
    if (kind_ != TailScoreKind::ecod) {
        for_each_tail(row, [&](std::size_t j, double left, double right) {
            contributions[j] = tail_by_feature(kind_, skewness_[j], left, right);
        });
        return total;
    }
    // Of the side whose sum won; the sums are added up as above, so that one of them equals the total.
    const auto add_up = [&](auto&& side) {
        double sum = 0.0;
        for_each_tail(
            row, [&](std::size_t j, double left, double right) { sum += contributions[j] = side(j, left, right); });
        return sum;
    };
    if (add_up([&](std::size_t j, double l, double r) { return skewed_tail(skewness_[j], l, r); }) == total)
        return total;
    if (add_up([](std::size_t, double l, double) { return l; }) == total) return total;
    add_up([](std::size_t, double, double r) { return r; });
    return total;
}

// Each ascending, one after the other.
std::vector<float> TailScore::columns() const {
    const kernels::TreeLevels levels = tree_levels(count_);
    std::vector<float> all;
    for (std::size_t j = 0; j < dimension(); ++j)
        for (std::size_t i = 0; i < count_; ++i) all.push_back(column_entry(&trees_[j * levels.blocks], levels, i));
    return all;
}

std::vector<std::byte> TailScore::serialize() const {
    ContainerWriter writer;
    const std::uint64_t shape[] = {dimension(), count_};
    writer.add("columns", std::span<const float>(columns()), shape);
    writer.add("skewness", skewness_);
    writer.add_scalar("kind", static_cast<std::uint8_t>(kind_));
    return writer.finish(file_kind);
}

TailScore TailScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto require = [](bool condition) {
        if (!condition) throw Error(ErrorCode::corrupt_data, "TailScore: a file that no score writes");
    };
    const auto shape = file.tensor("columns").shape;
    const auto columns = file.values<float>("columns");
    const auto skewness = file.values<std::int8_t>("skewness");
    const auto kind = file.scalar<std::uint8_t>("kind");
    require(file.tensors().size() == 3 && shape.size() == 2 && shape[0] == skewness.size() && shape[0] >= 1);
    require(shape[1] >= 2 && shape[1] < (std::uint64_t{1} << 31U) && kind <= 2);
    require(std::all_of(skewness.begin(), skewness.end(), [](int sign) { return sign >= -1 && sign <= 1; }));
    require(std::all_of(columns.begin(), columns.end(), [](float x) { return std::isfinite(x); }));
    TailScore score;
    score.kind_ = static_cast<TailScoreKind>(kind);
    score.count_ = static_cast<std::size_t>(shape[1]);
    score.skewness_.assign(skewness.begin(), skewness.end());
    for (std::size_t j = 0; j < score.dimension(); ++j) {
        const auto column = columns.subspan(j * score.count_, score.count_);
        require(std::is_sorted(column.begin(), column.end()));
        append_tree(column, score.trees_);
    }
    score.prepare();
    return score;
}

}  // namespace vedette::inline v0::perturbation
