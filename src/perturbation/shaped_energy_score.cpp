// SPDX-License-Identifier: Apache-2.0
// ASH and SCALE: the largest activations, what becomes of the row, and its energy.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "perturbation/linear_head.hpp"
#include "vedette/perturbation/head_scores.hpp"
#include "vedette/perturbation/logit_scores.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "shaped_energy_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Of `columns` activations.
std::size_t kept_count(std::size_t columns, double percentile) noexcept {
    const double pruned = std::nearbyint(static_cast<double>(columns) * percentile);
    return columns - static_cast<std::size_t>(pruned);
}

void check_percentile(std::size_t columns, double percentile) {
    if (percentile >= 0.0 && percentile < 1.0 && kept_count(columns, percentile) > 0) return;
    throw Error(ErrorCode::invalid_argument, "ShapedEnergyScore: percentile is " + std::to_string(percentile) +
                                                 ", must lie in [0, 1) and keep one of " + std::to_string(columns) +
                                                 " activations");
}

double sum_of(std::span<const float> values) noexcept {
    double sum = 0.0;
    for (const float x : values) sum += static_cast<double>(x);
    return sum;
}

// out[i] = of(x[i]) for the `kept` largest, of equal ones the first; 0 for the others.
template <class Of>
void keep_largest(std::span<const float> x, std::size_t kept, float* out, Of&& of) noexcept {
    std::copy(x.begin(), x.end(), out);
    std::nth_element(out, out + (kept - 1), out + x.size(), std::greater<>());
    const float threshold = out[kept - 1];
    std::size_t equal = kept;
    for (const float value : x) equal -= value > threshold ? 1U : 0U;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const bool is_equal = x[i] == threshold && equal > 0;
        if (is_equal) --equal;
        out[i] = is_equal || x[i] > threshold ? of(x[i]) : 0.0F;
    }
}

}  // namespace

const char* shaped_energy_name(ShapedEnergyKind kind) noexcept {
    switch (kind) {
        case ShapedEnergyKind::ash_p: return "ash_p";
        case ShapedEnergyKind::ash_b: return "ash_b";
        case ShapedEnergyKind::ash_s: return "ash_s";
        case ShapedEnergyKind::scale: return "scale";
    }
    return "unknown";
}

struct ShapedEnergyScore::State {
    ShapedEnergyKind kind;
    ShapedEnergyOptions options;
    LinearHead head;
    LogitScore energy{LogitScoreKind::energy};

    // False where there is no such row.
    [[nodiscard]] bool shape(std::span<const float> x, float* out) const noexcept {
        const std::size_t kept = kept_count(x.size(), options.percentile);
        const double all = sum_of(x);
        if (kind == ShapedEnergyKind::ash_b) {
            const auto value = static_cast<float>(all / static_cast<double>(kept));
            keep_largest(x, kept, out, [value](float) { return value; });
            return true;
        }
        keep_largest(x, kept, out, [](float value) { return value; });
        if (kind == ShapedEnergyKind::ash_p) return true;
        const double largest = sum_of(std::span<const float>(out, x.size()));
        if (!(largest > 0.0)) return false;
        const double factor = std::exp(all / largest);
        const float* const scaled = kind == ShapedEnergyKind::scale ? x.data() : out;
        for (std::size_t i = 0; i < x.size(); ++i) out[i] = static_cast<float>(static_cast<double>(scaled[i]) * factor);
        return true;
    }
};

ShapedEnergyScore::ShapedEnergyScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
ShapedEnergyScore::ShapedEnergyScore(const ShapedEnergyScore& other) : state_(std::make_unique<State>(*other.state_)) {}
ShapedEnergyScore& ShapedEnergyScore::operator=(const ShapedEnergyScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
ShapedEnergyScore::ShapedEnergyScore(ShapedEnergyScore&&) noexcept = default;
ShapedEnergyScore& ShapedEnergyScore::operator=(ShapedEnergyScore&&) noexcept = default;
ShapedEnergyScore::~ShapedEnergyScore() = default;

ShapedEnergyScore::ShapedEnergyScore(ShapedEnergyKind kind, MatrixView<float> head_weights,
                                     std::span<const float> head_bias, const ShapedEnergyOptions& options) {
    if (static_cast<unsigned>(kind) > 3)
        throw Error(
            ErrorCode::invalid_argument,
            "ShapedEnergyScore: kind is " + std::to_string(static_cast<unsigned>(kind)) + ", must lie in 0 to 3");
    const std::size_t columns = head_weights.columns();
    if (head_weights.rows() == 0 || columns == 0)
        throw Error(ErrorCode::invalid_argument, "ShapedEnergyScore: needs the weights of the model's last layer");
    if (columns > most_embedding_columns)
        throw Error(ErrorCode::invalid_argument,
                    "ShapedEnergyScore: " + std::to_string(columns) + " columns, at most 4096");
    check_percentile(columns, options.percentile);
    state_ = std::make_unique<State>(
        State{kind, options, LinearHead("ShapedEnergyScore", head_weights, head_bias, columns)});
}

double ShapedEnergyScore::score(std::span<const float> embedding) const noexcept {
    const State& state = *state_;
    if (embedding.size() != state.head.columns() || !std::isfinite(squared_length(embedding.data(), embedding.size())))
        return not_a_number;
    alignas(64) float shaped[most_embedding_columns];
    if (!state.shape(embedding, shaped)) return not_a_number;
    HeadLogits logits;
    state.head.multiply(shaped, logits.values);
    const std::span<const float> used(logits.values, state.head.classes());
    // A logit that overflowed is no logit.
    if (!std::all_of(used.begin(), used.end(), [](float z) { return std::isfinite(z); })) return not_a_number;
    return state.energy.score(used);
}

ShapedEnergyKind ShapedEnergyScore::kind() const noexcept {
    return state_->kind;
}
std::size_t ShapedEnergyScore::dimension() const noexcept {
    return state_->head.columns();
}
const ShapedEnergyOptions& ShapedEnergyScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> ShapedEnergyScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    writer.add("settings", std::vector<std::uint64_t>{static_cast<std::uint64_t>(state.kind), state.head.columns()});
    writer.add_scalar("percentile", state.options.percentile);
    state.head.write(writer);
    return writer.finish(file_kind);
}

ShapedEnergyScore ShapedEnergyScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 2);
    const auto percentile = file.scalar<double>("percentile");
    const std::size_t columns = settings[1];
    require_written(file.tensors().size() == 4 && settings[0] <= 3 && columns >= 1 &&
                    columns <= most_embedding_columns);
    require_written(percentile >= 0.0 && percentile < 1.0 && kept_count(columns, percentile) > 0);
    return ShapedEnergyScore(std::make_unique<State>(
        State{static_cast<ShapedEnergyKind>(settings[0]), {percentile}, LinearHead(file, columns)}));
}

}  // namespace vedette::inline v0::perturbation
