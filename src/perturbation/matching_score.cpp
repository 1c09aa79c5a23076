// SPDX-License-Identifier: Apache-2.0
// KL-matching: -entropy(p) - p . log q_c, and once more in double for the nearest template.
#include "vedette/perturbation/matching_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "perturbation/linear_head.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "matching_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double least_share = 1e-30;

// shares[count] of finite logits, and their total before division.
void softmax(const float* logits, std::size_t count, double* shares) noexcept {
    const double largest = *std::max_element(logits, logits + count);
    double total = 0.0;
    for (std::size_t i = 0; i < count; ++i) total += shares[i] = std::exp(static_cast<double>(logits[i]) - largest);
    for (std::size_t i = 0; i < count; ++i) shares[i] /= total;
}

}  // namespace

struct MatchingScore::State {
    std::vector<float> logarithms;  // of the templates' shares, a row each
    PanelMatrix panels;
};

MatchingScore::MatchingScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
MatchingScore::MatchingScore(const MatchingScore& other) : state_(std::make_unique<State>(*other.state_)) {}
MatchingScore& MatchingScore::operator=(const MatchingScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
MatchingScore::MatchingScore(MatchingScore&&) noexcept = default;
MatchingScore& MatchingScore::operator=(MatchingScore&&) noexcept = default;
MatchingScore::~MatchingScore() = default;

MatchingScore::MatchingScore(MatrixView<float> logits) {
    const Eigen::MatrixXd rows = read_embeddings("MatchingScore", logits);
    const auto classes = static_cast<std::size_t>(rows.cols());
    std::vector<double> sums(classes * classes, 0.0), shares(classes);
    std::vector<std::size_t> counts(classes, 0);
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const Eigen::VectorXf row = rows.row(i).cast<float>();
        softmax(row.data(), classes, shares.data());
        const std::size_t c = largest_place(std::span<const float>(row.data(), classes));
        ++counts[c];
        for (std::size_t k = 0; k < classes; ++k) sums[c * classes + k] += shares[k];
    }
    std::vector<float> logarithms;
    for (std::size_t c = 0; c < classes; ++c) {
        if (counts[c] == 0) continue;
        for (std::size_t k = 0; k < classes; ++k) {
            const double share = sums[c * classes + k] / static_cast<double>(counts[c]);
            logarithms.push_back(static_cast<float>(std::log(std::max(share, least_share))));
        }
    }
    PanelMatrix panels = PanelMatrix::from(matrix_of(logarithms, classes), false);
    state_ = std::make_unique<State>(State{std::move(logarithms), std::move(panels)});
}

double MatchingScore::score(std::span<const float> logits) const noexcept {
    const State& state = *state_;
    const std::size_t classes = state.panels.columns();
    if (logits.size() != classes || !std::isfinite(squared_length(logits.data(), classes))) return not_a_number;
    double shares[most_embedding_columns];
    alignas(64) float rounded[most_embedding_columns];
    softmax(logits.data(), classes, shares);
    for (std::size_t k = 0; k < classes; ++k) rounded[k] = static_cast<float>(shares[k]);
    float largest = -std::numeric_limits<float>::infinity();
    std::size_t nearest = 0;
    state.panels.for_each_product(rounded, [&](std::size_t first, std::size_t count, const float* products) {
        for (std::size_t i = 0; i < count; ++i) {
            if (!(products[i] > largest)) continue;
            largest = products[i];
            nearest = first + i;
        }
    });
    const float* const logarithms = state.logarithms.data() + nearest * classes;
    double sum = 0.0;
    for (std::size_t k = 0; k < classes; ++k)
        if (shares[k] > 0.0) sum += shares[k] * (std::log(shares[k]) - static_cast<double>(logarithms[k]));
    return std::max(sum, 0.0);
}

std::size_t MatchingScore::dimension() const noexcept {
    return state_->panels.columns();
}
std::size_t MatchingScore::template_count() const noexcept {
    return state_->panels.rows();
}

std::vector<std::byte> MatchingScore::serialize() const {
    ContainerWriter writer;
    writer.add_scalar("classes", static_cast<std::uint64_t>(dimension()));
    writer.add("logarithms", state_->logarithms);
    return writer.finish(file_kind);
}

MatchingScore MatchingScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const std::size_t classes = file.scalar<std::uint64_t>("classes");
    const auto logarithms = file.values<float>("logarithms");
    require_written(file.tensors().size() == 2 && classes >= 1 && classes <= most_embedding_columns &&
                    !logarithms.empty() && logarithms.size() % classes == 0 && logarithms.size() / classes <= classes);
    require_written(
        std::all_of(logarithms.begin(), logarithms.end(), [](float x) { return x >= -70.0F && x <= 1e-6F; }));
    return MatchingScore(std::make_unique<State>(
        State{{logarithms.begin(), logarithms.end()}, PanelMatrix::from(matrix_of(logarithms, classes), false)}));
}

}  // namespace vedette::inline v0::perturbation
