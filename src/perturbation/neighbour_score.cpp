// SPDX-License-Identifier: Apache-2.0
// The k nearest on the sphere: panel products choose candidates, distances in double decide.
#include "vedette/perturbation/neighbour_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/linear_head.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "neighbour_score";
constexpr std::size_t most_neighbours = 1024;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double norm_tolerance = 1e-6;  // of a squared norm after rounding to float

// x over its norm; false where there is none.
bool normalise(const float* x, std::size_t count, float* out) noexcept {
    const double square = squared_length(x, count);
    if (!std::isfinite(square) || square == 0.0) return false;
    const double scale = 1.0 / std::sqrt(square);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(static_cast<double>(x[i]) * scale);
    return true;
}

// In sixteen sums, of column `first` of a panel.
double squared_distance(const float* x, const float* panel, std::size_t first, std::size_t count) noexcept {
    double sums[16] = {};
    for (std::size_t i = 0; i < count; ++i) {
        const double gap = static_cast<double>(x[i]) - static_cast<double>(panel[i * kernels::product_rows + first]);
        sums[i % 16] += gap * gap;
    }
    for (std::size_t width = 8; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k) sums[k] += sums[k + width];
    return sums[0];
}

// The k least so far, the largest of them first.
class LeastOf {
  public:
    explicit LeastOf(std::size_t wanted) noexcept : wanted_(wanted) {}
    /// The largest of them, +Inf while there are fewer.
    [[nodiscard]] double limit() const noexcept { return limit_; }
    void offer(double value) noexcept {
        if (count_ == wanted_) {
            if (!(value < limit_)) return;
            std::pop_heap(values_, values_ + count_);
            --count_;
        }
        values_[count_++] = value;
        std::push_heap(values_, values_ + count_);
        if (count_ == wanted_) limit_ = values_[0];
    }

  private:
    std::size_t wanted_;
    std::size_t count_ = 0;
    double limit_ = std::numeric_limits<double>::infinity();
    double values_[most_neighbours];
};

}  // namespace

struct NeighbourScore::State {
    NeighbourScoreOptions options;
    PanelMatrix known;
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
    if (options.neighbours == 0 || options.neighbours > most_neighbours)
        throw Error(ErrorCode::invalid_argument,
                    "NeighbourScore: neighbours is " + std::to_string(options.neighbours) + ", must lie in [1, 1024]");
    Eigen::MatrixXd rows = read_embeddings("NeighbourScore", embeddings);
    if (embeddings.rows() < options.neighbours)
        throw Error(ErrorCode::not_enough_data, "NeighbourScore: " + std::to_string(embeddings.rows()) +
                                                    " embeddings, fewer than " + std::to_string(options.neighbours) +
                                                    " neighbours");
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const double norm = rows.row(i).norm();
        if (!(norm > 0.0))
            throw Error(ErrorCode::invalid_argument, "NeighbourScore: row " + std::to_string(i) + " has norm zero");
        rows.row(i) /= norm;
    }
    state_ = std::make_unique<State>(State{options, PanelMatrix::from(rows, false)});
}

double NeighbourScore::score(std::span<const float> embedding) const noexcept {
    const PanelMatrix& known = state_->known;
    const std::size_t columns = known.columns();
    alignas(64) float x[most_embedding_columns];
    if (embedding.size() != columns || !normalise(embedding.data(), columns, x)) return not_a_number;
    // Of unit vectors the square is 2 - 2 x'r, but for norms' rounding and d roundings of the product.
    const double slack = 2.0 * norm_tolerance + 2.0 * 1.02 * static_cast<double>(columns + 4) * 0x1p-24;
    LeastOf least(state_->options.neighbours);
    known.for_each_product(x, [&](std::size_t first, std::size_t count, const float* products) {
        const auto lowest = static_cast<float>(1.0 - 0.5 * (least.limit() + slack));
        float largest = products[0];
        for (std::size_t i = 1; i < count; ++i) largest = std::max(largest, products[i]);
        if (largest < lowest) return;
        const float* const panel = known.values().data() + first * columns;
        for (std::size_t i = 0; i < count; ++i) {
            if (static_cast<double>(products[i]) < 1.0 - 0.5 * (least.limit() + slack)) continue;
            least.offer(squared_distance(x, panel, i, columns));
        }
    });
    return std::sqrt(least.limit());
}

std::size_t NeighbourScore::dimension() const noexcept {
    return state_->known.columns();
}
std::size_t NeighbourScore::size() const noexcept {
    return state_->known.rows();
}
const NeighbourScoreOptions& NeighbourScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> NeighbourScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    writer.add("settings",
               std::vector<std::uint64_t>{state.options.neighbours, state.known.rows(), state.known.columns()});
    writer.add("known", state.known.values());
    return writer.finish(file_kind);
}

NeighbourScore NeighbourScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 3);
    const auto values = file.values<float>("known");
    const std::size_t neighbours = settings[0], rows = settings[1], columns = settings[2];
    require_written(file.tensors().size() == 2 && neighbours >= 1 && neighbours <= most_neighbours);
    // Before anything of that size is made.
    require_written(columns >= 1 && columns <= most_embedding_columns && rows >= neighbours && rows <= values.size());
    require_written((rows + kernels::product_rows - 1) / kernels::product_rows * kernels::product_rows * columns ==
                    values.size());
    require_sane(values);
    for (std::size_t row = 0; row < rows; ++row) {
        const float* const panel = values.data() + row / kernels::product_rows * kernels::product_rows * columns;
        double square = 0.0;
        for (std::size_t k = 0; k < columns; ++k) {
            const auto x = static_cast<double>(panel[k * kernels::product_rows + row % kernels::product_rows]);
            square += x * x;
        }
        require_written(std::abs(square - 1.0) <= norm_tolerance);
    }
    return NeighbourScore(
        std::make_unique<State>(State{{neighbours}, PanelMatrix::from_values(values, rows, columns, false)}));
}

}  // namespace vedette::inline v0::perturbation
