// SPDX-License-Identifier: Apache-2.0
// Scores of the nearest unit vectors: what is kept of the known ones, and what is told of the nearest.
#include "vedette/perturbation/neighbour_score.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <variant>

#include "perturbation/neighbour_search.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "neighbour_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// x over its norm; false where there is none.
bool normalise(const float* x, std::size_t count, float* out) noexcept {
    const double square = squared_length(x, count);
    if (!std::isfinite(square) || square == 0.0) return false;
    const double scale = 1.0 / std::sqrt(square);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(static_cast<double>(x[i]) * scale);
    return true;
}

void require_options(const NeighbourScoreOptions& options) {
    const auto refuse = [](const std::string& what) {
        throw Error(ErrorCode::invalid_argument, "NeighbourScore: " + what);
    };
    if (options.kind > NeighbourScoreKind::intrinsic_dimensionality) refuse("an unknown kind");
    if (options.scan > NeighbourScan::int8) refuse("an unknown scan");
    if (options.neighbours == 0 || options.neighbours > most_neighbours)
        refuse(fmt::format("neighbours is {}, must lie in [1, {}]", options.neighbours, most_neighbours));
    if (options.coreset != 0 && options.coreset < options.neighbours)
        refuse(fmt::format("coreset is {}, fewer than {} neighbours", options.coreset, options.neighbours));
}

std::vector<float> unit_rows(MatrixView<float> embeddings) {
    const Eigen::MatrixXd rows = read_embeddings("NeighbourScore", embeddings);
    std::vector<float> out;
    out.reserve(embeddings.rows() * embeddings.columns());
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const double norm = rows.row(i).norm();
        if (!(norm > 0.0))
            throw Error(ErrorCode::invalid_argument, fmt::format("NeighbourScore: row {} has norm zero", i));
        for (Eigen::Index j = 0; j < rows.cols(); ++j) out.push_back(static_cast<float>(rows(i, j) / norm));
    }
    return out;
}

// Gonzalez's greedy choice among the rows: each next is the farthest from those chosen, the first of equals. Tells the
// radius within which the chosen cover all.
std::vector<float> choose_coreset(std::span<const float> rows, std::size_t columns, std::size_t wanted,
                                  std::uint64_t seed, double& radius) {
    const std::size_t count = rows.size() / columns;
    constexpr double chosen = -1.0;
    std::vector<double> gaps(count, std::numeric_limits<double>::infinity());
    const auto distance = kernels::kernels().scores.squared_gap;
    Random random(seed);
    std::size_t next = static_cast<std::size_t>(random.uniform() * static_cast<double>(count));
    std::vector<float> kept;
    kept.reserve(wanted * columns);
    for (std::size_t k = 0; k < wanted; ++k) {
        const float* const centre = rows.data() + next * columns;
        kept.insert(kept.end(), centre, centre + columns);
        gaps[next] = chosen;
        for (std::size_t i = 0; i < count; ++i)
            if (gaps[i] != chosen) gaps[i] = std::min(gaps[i], distance(rows.data() + i * columns, centre, columns));
        next = static_cast<std::size_t>(std::max_element(gaps.begin(), gaps.end()) - gaps.begin());
    }
    radius = std::sqrt(std::max(0.0, gaps[next]));
    return kept;
}

// 1 / mean of ln(r_k / r_i), of squared distances.
double intrinsic_dimensionality(std::span<double> squares) noexcept {
    std::sort(squares.begin(), squares.end());
    const double farthest = squares.back();
    double sum = 0.0;
    std::size_t count = 0;
    for (const double square : squares) {
        if (square == 0.0) continue;
        sum += 0.5 * std::log(farthest / square);
        ++count;
    }
    if (count == 0) return 0.0;
    return static_cast<double>(count) / sum;
}

}  // namespace

const char* neighbour_score_name(NeighbourScoreKind kind) noexcept {
    return kind == NeighbourScoreKind::distance ? "nearest_neighbours" : "local_intrinsic_dimensionality";
}

struct NeighbourScore::State {
    NeighbourScoreOptions options;
    std::size_t columns;
    std::size_t count;
    double radius;
    std::variant<FloatScan, CodeScan> scan;

    State(const NeighbourScoreOptions& wanted, std::span<const float> rows, std::size_t width, double covering)
        : options(wanted),
          columns(width),
          count(width == 0 ? 0 : rows.size() / width),
          radius(covering),
          scan(make(wanted, rows, width)) {}

    static std::variant<FloatScan, CodeScan> make(const NeighbourScoreOptions& wanted, std::span<const float> rows,
                                                  std::size_t width) {
        if (wanted.scan == NeighbourScan::int8) return CodeScan(rows, width);
        return FloatScan(rows, width);
    }
};

NeighbourScore::NeighbourScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
NeighbourScore::NeighbourScore(const NeighbourScore& other) : state_(std::make_unique<State>(*other.state_)) {}
NeighbourScore& NeighbourScore::operator=(const NeighbourScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
NeighbourScore::NeighbourScore(NeighbourScore&&) noexcept = default;
NeighbourScore& NeighbourScore::operator=(NeighbourScore&&) noexcept = default;
NeighbourScore::~NeighbourScore() = default;

NeighbourScore::NeighbourScore(MatrixView<float> embeddings, const NeighbourScoreOptions& options) {
    require_options(options);
    std::vector<float> rows = unit_rows(embeddings);
    const std::size_t least = std::max(options.neighbours, options.coreset);
    if (embeddings.rows() < least)
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("NeighbourScore: {} embeddings, fewer than {} {}", embeddings.rows(), least,
                                options.coreset != 0 ? "of the coreset" : "neighbours"));
    double radius = 0.0;
    if (options.coreset != 0) rows = choose_coreset(rows, embeddings.columns(), options.coreset, options.seed, radius);
    state_ = std::make_unique<State>(options, rows, embeddings.columns(), radius);
}

double NeighbourScore::score(std::span<const float> embedding) const noexcept {
    alignas(64) float x[most_embedding_columns];
    const State& state = *state_;
    if (embedding.size() != state.columns || !normalise(embedding.data(), state.columns, x)) return not_a_number;
    LeastOf least(state.options.neighbours);
    if (const CodeScan* const codes = std::get_if<CodeScan>(&state.scan)) {
        codes->search(x, least);
    } else if (const FloatScan* const floats = std::get_if<FloatScan>(&state.scan)) {
        floats->search(x, least);
    }
    return state.options.kind == NeighbourScoreKind::distance ? std::sqrt(least.limit())
                                                              : intrinsic_dimensionality(least.values());
}

std::size_t NeighbourScore::dimension() const noexcept {
    return state_->columns;
}
std::size_t NeighbourScore::size() const noexcept {
    return state_->count;
}
double NeighbourScore::coverage_radius() const noexcept {
    return state_->radius;
}
const NeighbourScoreOptions& NeighbourScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> NeighbourScore::serialize() const {
    const State& state = *state_;
    const NeighbourScoreOptions& options = state.options;
    ContainerWriter writer;
    writer.add("settings", std::vector<std::uint64_t>{static_cast<std::uint64_t>(options.kind), options.neighbours,
                                                      static_cast<std::uint64_t>(options.scan), options.coreset,
                                                      options.seed, state.columns});
    writer.add_scalar("coverage_radius", state.radius);
    if (const CodeScan* const codes = std::get_if<CodeScan>(&state.scan)) {
        writer.add("known", codes->rows());
    } else if (const FloatScan* const floats = std::get_if<FloatScan>(&state.scan)) {
        writer.add("known", floats->rows());
    }
    return writer.finish(file_kind);
}

NeighbourScore NeighbourScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 6);
    const auto radius = file.scalar<double>("coverage_radius");
    const auto values = file.values<float>("known");
    const std::size_t neighbours = settings[1], coreset = settings[3], columns = settings[5];
    require_written(file.tensors().size() == 3 && settings[0] <= 1 && settings[2] <= 1);
    require_written(neighbours >= 1 && neighbours <= most_neighbours);
    require_written(columns >= 1 && columns <= most_embedding_columns);
    const std::size_t rows = columns == 0 ? 0 : values.size() / columns;
    require_written(rows * columns == values.size());
    require_written(rows >= neighbours && (coreset == 0 || coreset == rows));
    require_written(radius >= 0.0 && radius <= 2.0 + unit_tolerance && (coreset != 0 || radius == 0.0));
    require_sane(values);
    for (std::size_t row = 0; row < rows; ++row)
        require_written(std::abs(squared_length(values.data() + row * columns, columns) - 1.0) <= unit_tolerance);
    const NeighbourScoreOptions options{.kind = static_cast<NeighbourScoreKind>(settings[0]),
                                        .neighbours = neighbours,
                                        .scan = static_cast<NeighbourScan>(settings[2]),
                                        .coreset = coreset,
                                        .seed = settings[4]};
    return NeighbourScore(std::make_unique<State>(options, values, columns, radius));
}

}  // namespace vedette::inline v0::perturbation
