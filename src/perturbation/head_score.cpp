// SPDX-License-Identifier: Apache-2.0
// SHE, fDBD, NCI and ReAct: what each keeps of the training rows, and one product by the last layer.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/linear_head.hpp"
#include "vedette/perturbation/head_scores.hpp"
#include "vedette/perturbation/logit_scores.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "head_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_fdbd_classes = 4096;

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
    throw Error(code, "HeadScore: " + what);
}

// In sixteen sums; the products of floats are exact in double.
double inner_product(const float* a, const float* b, std::size_t count) noexcept {
    double sums[16] = {};
    for (std::size_t i = 0; i < count; ++i) sums[i % 16] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    for (std::size_t width = 8; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k) sums[k] += sums[k + width];
    return sums[0];
}

// The logits of a row and which is the largest.
std::size_t predict(const LinearHead& head, const float* x, HeadLogits& logits) noexcept {
    head.multiply(x, logits.values);
    return largest_place(std::span<const float>(logits.values, head.classes()));
}

// Means of the rows that are classified correctly, a row per class.
std::vector<float> prototypes_of(const LinearHead& head, const Eigen::MatrixXd& rows,
                                 std::span<const std::uint32_t> labels) {
    if (labels.size() != static_cast<std::size_t>(rows.rows()))
        refuse(ErrorCode::dimension_mismatch,
               std::to_string(labels.size()) + " labels of " + std::to_string(rows.rows()) + " embeddings");
    Eigen::MatrixXd means = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(head.classes()), rows.cols());
    std::vector<std::size_t> counts(head.classes());
    const auto logits = std::make_unique<HeadLogits>();
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::size_t c = labels[i];
        if (c >= head.classes())
            refuse(ErrorCode::invalid_argument, "labels[" + std::to_string(i) + "] is " + std::to_string(c) +
                                                    ", must be below " + std::to_string(head.classes()));
        const Eigen::VectorXf row = rows.row(static_cast<Eigen::Index>(i)).cast<float>();
        if (predict(head, row.data(), *logits) != c) continue;
        means.row(static_cast<Eigen::Index>(c)) += rows.row(static_cast<Eigen::Index>(i));
        ++counts[c];
    }
    std::vector<float> prototypes;
    for (std::size_t c = 0; c < counts.size(); ++c) {
        if (counts[c] == 0)
            refuse(ErrorCode::not_enough_data, "class " + std::to_string(c) + " has no correctly classified row");
        for (Eigen::Index k = 0; k < rows.cols(); ++k)
            prototypes.push_back(
                static_cast<float>(means(static_cast<Eigen::Index>(c), k) / static_cast<double>(counts[c])));
    }
    return prototypes;
}

// 1 / |w_a - w_b| at a C + b; 0 where a is b. Throws `code` for equal rows.
std::vector<float> inverse_distances(const LinearHead& head, ErrorCode code) {
    const std::size_t classes = head.classes(), columns = head.columns();
    std::vector<float> out(classes * classes, 0.0F);
    std::vector<float> gap(columns);
    for (std::size_t a = 0; a < classes; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            double square = 0.0;
            for (std::size_t k = 0; k < columns; ++k) {
                const double difference = static_cast<double>(head.row(a)[k]) - static_cast<double>(head.row(b)[k]);
                square += difference * difference;
            }
            const auto inverse = static_cast<float>(1.0 / std::sqrt(square));
            if (!std::isfinite(inverse))
                refuse(code, "classes " + std::to_string(b) + " and " + std::to_string(a) + " have equal weights");
            out[a * classes + b] = out[b * classes + a] = inverse;
        }
    }
    return out;
}

// Interpolated between order statistics, as NumPy's default.
float percentile_of(const Eigen::MatrixXd& rows, double share) {
    std::vector<double> values(rows.data(), rows.data() + rows.size());
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), at, values.end());
    const double low = *at;
    if (below + 1 == values.size()) return static_cast<float>(low);
    const double high = *std::min_element(at + 1, values.end());
    return static_cast<float>(low + (place - static_cast<double>(below)) * (high - low));
}

void check_options(const HeadScoreOptions& options) {
    if (!(options.alpha >= 0.0 && options.alpha <= 1e6))
        refuse(ErrorCode::invalid_argument, "alpha is " + std::to_string(options.alpha) + ", must lie in [0, 1e6]");
    if (!(options.percentile > 0.0 && options.percentile <= 1.0))
        refuse(ErrorCode::invalid_argument,
               "percentile is " + std::to_string(options.percentile) + ", must lie in (0, 1]");
}

}  // namespace

const char* head_score_name(HeadScoreKind kind) noexcept {
    switch (kind) {
        case HeadScoreKind::class_prototype: return "class_prototype";
        case HeadScoreKind::fdbd: return "fdbd";
        case HeadScoreKind::nci: return "nci";
        case HeadScoreKind::react: return "react";
    }
    return "unknown";
}

struct HeadScore::State {
    HeadScoreKind kind;
    HeadScoreOptions options;
    LinearHead head;
    std::vector<float> kept;       // prototypes by class, or the mean, or the threshold
    std::vector<float> distances;  // of fdbd, inverted; made anew from a file
    LogitScore energy{LogitScoreKind::energy};

    [[nodiscard]] double prototype(const float* x, HeadLogits& logits) const noexcept {
        const std::size_t columns = head.columns(), c = predict(head, x, logits);
        return -inner_product(x, kept.data() + c * columns, columns);
    }

    // Of fdbd and nci.
    [[nodiscard]] double about_mean(const float* x, HeadLogits& logits) const noexcept {
        const std::size_t columns = head.columns(), classes = head.classes(), c = predict(head, x, logits);
        alignas(64) float centred[most_embedding_columns];
        for (std::size_t i = 0; i < columns; ++i) centred[i] = x[i] - kept[i];
        const double norm = std::sqrt(squared_length(centred, columns));
        if (kind == HeadScoreKind::nci) {
            double length = 0.0;
            for (std::size_t i = 0; i < columns; ++i) length += std::abs(static_cast<double>(x[i]));
            return -(inner_product(head.row(c).data(), centred, columns) / norm + options.alpha * length);
        }
        const float* const inverse = distances.data() + c * classes;
        const double largest = logits.values[c];
        double sum = 0.0;
        for (std::size_t i = 0; i < classes; ++i)
            sum += (largest - static_cast<double>(logits.values[i])) * static_cast<double>(inverse[i]);
        return -sum / static_cast<double>(classes - 1) / norm;
    }

    [[nodiscard]] double rectified(const float* x, HeadLogits& logits) const noexcept {
        const std::size_t columns = head.columns();
        alignas(64) float clipped[most_embedding_columns];
        for (std::size_t i = 0; i < columns; ++i) clipped[i] = std::min(x[i], kept[0]);
        head.multiply(clipped, logits.values);
        return energy.score(std::span<const float>(logits.values, head.classes()));
    }
};

HeadScore::HeadScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
HeadScore::HeadScore(const HeadScore& other) : state_(std::make_unique<State>(*other.state_)) {}
HeadScore& HeadScore::operator=(const HeadScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
HeadScore::HeadScore(HeadScore&&) noexcept = default;
HeadScore& HeadScore::operator=(HeadScore&&) noexcept = default;
HeadScore::~HeadScore() = default;

HeadScore::HeadScore(HeadScoreKind kind, MatrixView<float> embeddings, std::span<const std::uint32_t> labels,
                     MatrixView<float> head_weights, std::span<const float> head_bias,
                     const HeadScoreOptions& options) {
    if (static_cast<unsigned>(kind) > 3)
        refuse(ErrorCode::invalid_argument,
               "kind is " + std::to_string(static_cast<unsigned>(kind)) + ", must lie in 0 to 3");
    check_options(options);
    const Eigen::MatrixXd rows = read_embeddings("HeadScore", embeddings);
    LinearHead head("HeadScore", head_weights, head_bias, static_cast<std::size_t>(rows.cols()));
    std::vector<float> kept, distances;
    if (kind == HeadScoreKind::class_prototype) {
        kept = prototypes_of(head, rows, labels);
    } else if (kind == HeadScoreKind::react) {
        kept = {percentile_of(rows, options.percentile)};
    } else {
        const Eigen::RowVectorXf mean = rows.colwise().mean().cast<float>();
        kept.assign(mean.begin(), mean.end());
    }
    if (kind == HeadScoreKind::fdbd) {
        if (head.classes() < 2) refuse(ErrorCode::not_enough_data, "fdbd needs two classes");
        if (head.classes() > most_fdbd_classes)
            refuse(ErrorCode::invalid_argument, std::to_string(head.classes()) + " classes, at most 4096 for fdbd");
        distances = inverse_distances(head, ErrorCode::invalid_argument);
    }
    state_ = std::make_unique<State>(State{kind, options, std::move(head), std::move(kept), std::move(distances)});
}

double HeadScore::score(std::span<const float> embedding) const noexcept {
    const State& state = *state_;
    if (embedding.size() != state.head.columns() || !std::isfinite(squared_length(embedding.data(), embedding.size())))
        return not_a_number;
    HeadLogits logits;
    const auto value = [&] {
        switch (state.kind) {
            case HeadScoreKind::class_prototype: return state.prototype(embedding.data(), logits);
            case HeadScoreKind::fdbd:
            case HeadScoreKind::nci: return state.about_mean(embedding.data(), logits);
            case HeadScoreKind::react: return state.rectified(embedding.data(), logits);
        }
        return not_a_number;
    }();
    // A logit that overflowed names no class.
    for (std::size_t c = 0; c < state.head.classes(); ++c)
        if (!std::isfinite(logits.values[c])) return not_a_number;
    return std::isfinite(value) ? value : not_a_number;
}

HeadScoreKind HeadScore::kind() const noexcept {
    return state_->kind;
}
std::size_t HeadScore::dimension() const noexcept {
    return state_->head.columns();
}
std::size_t HeadScore::class_count() const noexcept {
    return state_->head.classes();
}
const HeadScoreOptions& HeadScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> HeadScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    writer.add("settings", std::vector<std::uint64_t>{static_cast<std::uint64_t>(state.kind), state.head.columns()});
    writer.add("numbers", std::vector<double>{state.options.alpha, state.options.percentile});
    writer.add("kept", state.kept);
    state.head.write(writer);
    return writer.finish(file_kind);
}

HeadScore HeadScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 2);
    const auto numbers = file.values<double>("numbers", 2);
    const auto kept = file.values<float>("kept");
    const std::size_t columns = settings[1];
    require_written(file.tensors().size() == 5 && settings[0] <= 3 && columns >= 1 &&
                    columns <= most_embedding_columns);
    const HeadScoreOptions options{numbers[0], numbers[1]};
    try {
        check_options(options);
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
    const auto kind = static_cast<HeadScoreKind>(settings[0]);
    LinearHead head(file, columns);
    const std::size_t size = kind == HeadScoreKind::react             ? 1
                             : kind == HeadScoreKind::class_prototype ? columns * head.classes()
                                                                      : columns;
    require_written(kept.size() == size);
    require_sane(kept);
    std::vector<float> distances;
    if (kind == HeadScoreKind::fdbd) {
        require_written(head.classes() >= 2 && head.classes() <= most_fdbd_classes);
        distances = inverse_distances(head, ErrorCode::corrupt_data);
    }
    return HeadScore(std::make_unique<State>(
        State{kind, options, std::move(head), {kept.begin(), kept.end()}, std::move(distances)}));
}

}  // namespace vedette::inline v0::perturbation
