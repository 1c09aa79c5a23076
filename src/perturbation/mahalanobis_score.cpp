// SPDX-License-Identifier: Apache-2.0
// Mahalanobis scores: fitted in double, scored by whitened products in float.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "perturbation/class_covariance.hpp"
#include "perturbation/linear_head.hpp"
#include "perturbation/whitening.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/embedding_scores.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* name = "MahalanobisScore";
constexpr const char* file_kind = "mahalanobis_score";
constexpr std::size_t most_columns = 4096;
constexpr std::size_t most_classes = std::size_t{1} << 20U;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
    throw Error(code, std::string(name) + ": " + what);
}

Eigen::Index index_of(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

// The row as scored: over its norm, or as it is. False where there is no such row.
bool prepare(const float* row, std::size_t count, bool normalise, const float* centre, float* out) noexcept {
    const double square = squared_length(row, count);
    // A float's square never overflows a double: infinite or NaN is the row itself.
    if (!std::isfinite(square) || (normalise && square == 0.0)) return false;
    const double scale = normalise ? 1.0 / std::sqrt(square) : 1.0;
    for (std::size_t i = 0; i < count; ++i) {
        const float x = normalise ? static_cast<float>(static_cast<double>(row[i]) * scale) : row[i];
        out[i] = x - centre[i];
    }
    return true;
}

}  // namespace

struct MahalanobisScore::State {
    MahalanobisOptions options;
    std::vector<float> centre;  // subtracted first; any point does, and a mean keeps most digits
    PanelMatrix whitening;
    PanelMatrix classes;                // whitened means, a row each
    std::vector<float> class_rows;      // the same, row by row
    std::vector<double> class_norms;    // their squared norms
    std::optional<PanelMatrix> global;  // whitening by the covariance of all rows, for the relative form
    std::vector<float> global_mean;     // that, of the mean of all rows
};

MahalanobisScore::MahalanobisScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
MahalanobisScore::MahalanobisScore(const MahalanobisScore& other) : state_(std::make_unique<State>(*other.state_)) {}
MahalanobisScore& MahalanobisScore::operator=(const MahalanobisScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
MahalanobisScore::MahalanobisScore(MahalanobisScore&&) noexcept = default;
MahalanobisScore& MahalanobisScore::operator=(MahalanobisScore&&) noexcept = default;
MahalanobisScore::~MahalanobisScore() = default;

namespace {

void check_input(MatrixView<float> embeddings, std::span<const std::uint32_t> labels, std::size_t class_count,
                 const MahalanobisOptions& options) {
    const std::size_t n = embeddings.rows(), d = embeddings.columns();
    if (labels.size() != n)
        refuse(ErrorCode::dimension_mismatch,
               std::to_string(labels.size()) + " labels of " + std::to_string(n) + " embeddings");
    if (d == 0) refuse(ErrorCode::not_enough_data, "no column");
    if (d > most_columns)
        refuse(ErrorCode::invalid_argument, std::to_string(d) + " columns, at most " + std::to_string(most_columns));
    if (class_count == 0) refuse(ErrorCode::not_enough_data, "no class");
    if (class_count > most_classes)
        refuse(ErrorCode::invalid_argument,
               std::to_string(class_count) + " classes, at most " + std::to_string(most_classes));
    if (options.rank > d)
        refuse(ErrorCode::invalid_argument,
               "rank is " + std::to_string(options.rank) + ", at most " + std::to_string(d) + " columns");
}

}  // namespace

MahalanobisScore::MahalanobisScore(MatrixView<float> embeddings, std::span<const std::uint32_t> labels,
                                   std::size_t class_count, const MahalanobisOptions& options) {
    check_input(embeddings, labels, class_count, options);
    const ClassCovariance classes = class_covariance(name, embeddings, labels, class_count, options.normalise);
    // Rounded before anything is taken from it, so that means and requests are about the very same point.
    const Eigen::RowVectorXf centre = classes.mean.cast<float>();
    std::optional<PanelMatrix> global;
    std::vector<float> global_mean;
    if (options.relative) {
        bool is_triangle = false;
        const Eigen::MatrixXd map = whitening_of(classes.total(), options.rank, is_triangle);
        global = PanelMatrix::from(map, is_triangle);
        const Eigen::RowVectorXd rest = classes.mean - centre.cast<double>();
        const Eigen::VectorXf whitened = (map * rest.transpose()).cast<float>();
        global_mean.assign(whitened.begin(), whitened.end());
    }
    const Eigen::MatrixXd means = classes.means.rowwise() - centre.cast<double>();
    bool is_triangle = false;
    const Eigen::MatrixXd map = whitening_of(classes.within, options.rank, is_triangle);
    if (map.rows() == 0) refuse(ErrorCode::not_enough_data, "the classes do not spread in any direction");
    // Norms are those of the rounded means, so that a distance is that to a point.
    const Eigen::MatrixXd whitened = (means * map.transpose()).cast<float>().cast<double>();
    const Eigen::VectorXd norms = whitened.rowwise().squaredNorm();
    std::vector<float> class_rows;
    for (Eigen::Index c = 0; c < whitened.rows(); ++c)
        for (Eigen::Index i = 0; i < whitened.cols(); ++i) class_rows.push_back(static_cast<float>(whitened(c, i)));
    state_ = std::make_unique<State>(State{options,
                                           {centre.begin(), centre.end()},
                                           PanelMatrix::from(map, is_triangle),
                                           PanelMatrix::from(whitened, false),
                                           std::move(class_rows),
                                           {norms.begin(), norms.end()},
                                           std::move(global),
                                           std::move(global_mean)});
}

MahalanobisScore::Nearest MahalanobisScore::nearest(std::span<const float> embedding) const noexcept {
    const State& state = *state_;
    alignas(64) float centred[most_columns];
    alignas(64) float whitened[most_columns];
    if (embedding.size() != state.centre.size() ||
        !prepare(embedding.data(), embedding.size(), state.options.normalise, state.centre.data(), centred))
        return {not_a_number, 0};
    state.whitening.multiply(centred, whitened);
    const kernels::ScoreKernels& scores = kernels::kernels().scores;
    kernels::NearestRow found;
    const kernels::RowPanels means{state.classes.values().data(), state.class_norms.data(), state.class_norms.size(),
                                   state.classes.columns()};
    scores.nearest_row(&means, whitened, &found);
    const std::uint32_t label = found.row;
    // A coordinate that is not finite leaves no product finite.
    if (!std::isfinite(found.distance)) return {not_a_number, 0};
    // Once more without the cancellation of large squares.
    const std::size_t rank = state.whitening.rows();
    const double score = scores.squared_gap(whitened, state.class_rows.data() + std::size_t{label} * rank, rank);
    if (!state.global) return {score, label};
    state.global->multiply(centred, whitened);
    return {score - scores.squared_gap(whitened, state.global_mean.data(), state.global->rows()), label};
}

double MahalanobisScore::score(std::span<const float> embedding) const noexcept {
    return nearest(embedding).score;
}

std::size_t MahalanobisScore::dimension() const noexcept {
    return state_->centre.size();
}
std::size_t MahalanobisScore::class_count() const noexcept {
    return state_->class_norms.size();
}
std::size_t MahalanobisScore::rank() const noexcept {
    return state_->whitening.rows();
}
const MahalanobisOptions& MahalanobisScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> MahalanobisScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    const auto flag = [](bool value) { return static_cast<std::uint64_t>(value ? 1 : 0); };
    writer.add("settings", std::vector<std::uint64_t>{flag(state.options.relative), flag(state.options.normalise),
                                                      state.options.rank, state.whitening.rows(),
                                                      flag(state.whitening.is_lower_triangle()),
                                                      state.global ? state.global->rows() : 0,
                                                      flag(state.global && state.global->is_lower_triangle())});
    writer.add("centre", state.centre);
    writer.add("whitening", state.whitening.values());
    writer.add("classes", state.class_rows);
    if (state.global) {
        writer.add("global", state.global->values());
        writer.add("global_mean", state.global_mean);
    }
    return writer.finish(file_kind);
}

MahalanobisScore MahalanobisScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto require = [](bool condition) {
        if (!condition) refuse(ErrorCode::corrupt_data, "a file that no score writes");
    };
    const auto settings = file.values<std::uint64_t>("settings", 7);
    const auto centre = file.values<float>("centre");
    const auto means = file.values<float>("classes");
    const std::size_t d = centre.size(), rank = settings[3];
    require(d >= 1 && d <= most_columns && rank >= 1 && rank <= d);
    const std::size_t class_count = means.size() / rank;
    require(class_count >= 1 && class_count <= most_classes && means.size() == class_count * rank);
    require(settings[0] <= 1 && settings[1] <= 1 && settings[2] <= d && settings[4] <= 1 && settings[6] <= 1);
    require(settings[4] == 0 || rank == d);
    require(settings[5] <= d && (settings[6] == 0 || settings[5] == d));
    require(file.tensors().size() == (settings[0] == 1 ? 6U : 4U));
    const auto finite = [](auto x) { return std::isfinite(x); };
    require(std::all_of(centre.begin(), centre.end(), finite));
    require(std::all_of(means.begin(), means.end(), finite));
    const Eigen::MatrixXd whitened = Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(
                                         means.data(), index_of(class_count), index_of(rank))
                                         .cast<double>();
    const Eigen::VectorXd norms = whitened.rowwise().squaredNorm();
    auto state = std::make_unique<State>(
        State{{settings[0] == 1, settings[1] == 1, settings[2]},
              {centre.begin(), centre.end()},
              PanelMatrix::from_values(file.values<float>("whitening"), rank, d, settings[4] == 1),
              PanelMatrix::from(whitened, false),
              {means.begin(), means.end()},
              {norms.begin(), norms.end()},
              std::nullopt,
              {}});
    if (settings[0] == 1) {
        state->global = PanelMatrix::from_values(file.values<float>("global"), settings[5], d, settings[6] == 1);
        const auto mean = file.values<float>("global_mean", settings[5]);
        require(std::all_of(mean.begin(), mean.end(), finite));
        state->global_mean.assign(mean.begin(), mean.end());
    }
    return MahalanobisScore(std::move(state));
}

}  // namespace vedette::inline v0::perturbation
