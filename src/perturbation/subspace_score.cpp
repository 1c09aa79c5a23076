// SPDX-License-Identifier: Apache-2.0
// Residual and ViM: fitted in double, scored by products in float.
#include "vedette/perturbation/subspace_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "perturbation/linear_head.hpp"
#include "stats/matrix_factors.hpp"
#include "vedette/perturbation/logit_scores.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "subspace_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::size_t chosen_dimension(std::size_t dimension, std::size_t columns) {
    if (dimension >= columns)
        throw Error(ErrorCode::invalid_argument, "SubspaceScore: dimension is " + std::to_string(dimension) +
                                                     ", must be below " + std::to_string(columns) + " columns");
    if (dimension != 0) return dimension;
    if (columns > 1500) return 1000;
    return columns >= 768 ? 512 : columns / 2;
}

// -W^+ b; pivots below 1e-12 of the largest count as none.
Eigen::VectorXd origin_of(const LinearHead& head) {
    const std::span<const float> bias = head.bias();
    const Eigen::VectorXd b =
        Eigen::Map<const Eigen::VectorXf>(bias.data(), static_cast<Eigen::Index>(bias.size())).cast<double>();
    return -stats::least_norm_solution(head.matrix(), b, 1e-12);
}

}  // namespace

const char* subspace_score_name(SubspaceScoreKind kind) noexcept {
    return kind == SubspaceScoreKind::vim ? "vim" : "residual";
}

struct SubspaceScore::State {
    SubspaceScoreKind kind;
    SubspaceScoreOptions options;
    double alpha;
    std::vector<float> origin;
    PanelMatrix complement;  // an orthonormal basis of what the principal subspace leaves
    std::optional<LinearHead> head;
    LogitScore energy{LogitScoreKind::energy};

    // Not finite where a value is not.
    [[nodiscard]] double residual(const float* x) const noexcept {
        alignas(64) float centred[most_embedding_columns];
        alignas(64) float products[most_embedding_columns];
        for (std::size_t i = 0; i < origin.size(); ++i) centred[i] = x[i] - origin[i];
        complement.multiply(centred, products);
        return std::sqrt(squared_length(products, complement.rows()));
    }
};

SubspaceScore::SubspaceScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
SubspaceScore::SubspaceScore(const SubspaceScore& other) : state_(std::make_unique<State>(*other.state_)) {}
SubspaceScore& SubspaceScore::operator=(const SubspaceScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
SubspaceScore::SubspaceScore(SubspaceScore&&) noexcept = default;
SubspaceScore& SubspaceScore::operator=(SubspaceScore&&) noexcept = default;
SubspaceScore::~SubspaceScore() = default;

SubspaceScore::SubspaceScore(SubspaceScoreKind kind, MatrixView<float> embeddings, MatrixView<float> head_weights,
                             std::span<const float> head_bias, const SubspaceScoreOptions& options) {
    if (static_cast<unsigned>(kind) > 1)
        throw Error(ErrorCode::invalid_argument,
                    "SubspaceScore: kind is " + std::to_string(static_cast<unsigned>(kind)) + ", must be 0 or 1");
    const bool is_vim = kind == SubspaceScoreKind::vim;
    Eigen::MatrixXd rows = read_embeddings("SubspaceScore", embeddings);
    const auto columns = static_cast<std::size_t>(rows.cols());
    const std::size_t dimension = chosen_dimension(options.dimension, columns);
    LinearHead head("SubspaceScore", head_weights, head_bias, columns);
    const Eigen::VectorXd origin = origin_of(head);
    double largest_sum = 0.0;
    if (is_vim) {
        const Eigen::MatrixXd weights = head.matrix();
        const std::span<const float> bias = head.bias();
        for (Eigen::Index i = 0; i < rows.rows(); ++i) {
            const Eigen::VectorXd logits = weights * rows.row(i).transpose();
            double largest = -std::numeric_limits<double>::infinity();
            for (std::size_t c = 0; c < bias.size(); ++c)
                largest = std::max(largest, logits[static_cast<Eigen::Index>(c)] + static_cast<double>(bias[c]));
            largest_sum += largest;
        }
    }
    rows.rowwise() -= origin.transpose();
    Eigen::MatrixXd moments = Eigen::MatrixXd::Zero(rows.cols(), rows.cols());
    moments.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose(), 1.0 / static_cast<double>(rows.rows()));
    const stats::SymmetricEigen eigen = stats::symmetric_eigen(moments);
    if (!eigen.converged || !eigen.vectors.allFinite() || !origin.cast<float>().allFinite())
        throw Error(ErrorCode::invalid_argument, "SubspaceScore: the embeddings' second moments have no eigenvectors");
    const Eigen::MatrixXd basis = eigen.vectors.leftCols(static_cast<Eigen::Index>(columns - dimension));
    double alpha = 0.0;
    if (is_vim) {
        const double residual_sum = (rows * basis).rowwise().norm().sum();
        if (!(residual_sum > 1e-12 * rows.rowwise().norm().sum()))
            throw Error(ErrorCode::not_enough_data, "SubspaceScore: the embeddings have no residual beside " +
                                                        std::to_string(dimension) + " directions");
        alpha = largest_sum / residual_sum;
    }
    const Eigen::VectorXf rounded = origin.cast<float>();
    state_ = std::make_unique<State>(State{kind,
                                           {dimension},
                                           alpha,
                                           {rounded.begin(), rounded.end()},
                                           PanelMatrix::from(basis.transpose(), false),
                                           is_vim ? std::optional(std::move(head)) : std::nullopt});
}

double SubspaceScore::score(std::span<const float> embedding) const noexcept {
    const State& state = *state_;
    if (embedding.size() != state.origin.size()) return not_a_number;
    const double residual = state.residual(embedding.data());
    if (!std::isfinite(residual)) return not_a_number;
    if (!state.head) return residual;
    HeadLogits logits;
    state.head->multiply(embedding.data(), logits.values);
    return state.alpha * residual + state.energy.score(std::span<const float>(logits.values, state.head->classes()));
}

SubspaceScoreKind SubspaceScore::kind() const noexcept {
    return state_->kind;
}
std::size_t SubspaceScore::dimension() const noexcept {
    return state_->origin.size();
}
const SubspaceScoreOptions& SubspaceScore::options() const noexcept {
    return state_->options;
}
double SubspaceScore::alpha() const noexcept {
    return state_->alpha;
}

std::vector<std::byte> SubspaceScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    writer.add("settings", std::vector<std::uint64_t>{static_cast<std::uint64_t>(state.kind), state.options.dimension});
    writer.add("origin", state.origin);
    writer.add("complement", state.complement.values());
    if (state.head) {
        writer.add_scalar("alpha", state.alpha);
        state.head->write(writer);
    }
    return writer.finish(file_kind);
}

SubspaceScore SubspaceScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 2);
    const auto origin = file.values<float>("origin");
    const std::size_t columns = origin.size();
    require_written(settings[0] <= 1 && columns >= 1 && columns <= most_embedding_columns && settings[1] < columns);
    const bool is_vim = settings[0] == 1;
    require_written(file.tensors().size() == (is_vim ? 6U : 3U));
    require_sane(origin);
    require_sane(file.values<float>("complement"));
    const double alpha = is_vim ? file.scalar<double>("alpha") : 0.0;
    require_written(std::isfinite(alpha));
    return SubspaceScore(std::make_unique<State>(
        State{static_cast<SubspaceScoreKind>(settings[0]),
              {static_cast<std::size_t>(settings[1])},
              alpha,
              {origin.begin(), origin.end()},
              PanelMatrix::from_values(file.values<float>("complement"), columns - settings[1], columns, false),
              is_vim ? std::optional(LinearHead(file, columns)) : std::nullopt}));
}

}  // namespace vedette::inline v0::perturbation
