// SPDX-License-Identifier: Apache-2.0
// Mixture scores: components as they are scored, and files.
#include "vedette/perturbation/mixture_score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/linear_head.hpp"
#include "perturbation/mixture_fit.hpp"
#include "perturbation/whitening.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "mixture_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t most_components = 1024;
constexpr std::size_t most_full_columns = 1024;

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
    throw Error(code, "MixtureScore: " + what);
}

void require_options(const MixtureScoreOptions& options, std::size_t columns) {
    const auto refuse_option = [](const std::string& what) { refuse(ErrorCode::invalid_argument, what); };
    if (options.kind > MixtureScoreKind::typicality) refuse_option("an unknown kind");
    if (options.covariance > MixtureCovariance::full) refuse_option("an unknown covariance");
    if (options.components == 0 || options.components > most_components)
        refuse_option(fmt::format("components is {}, must lie in [1, {}]", options.components, most_components));
    if (!(options.regularisation >= 0.0 && options.regularisation <= 1e60))
        refuse_option(fmt::format("regularisation is {}, must lie in [0, 1e60]", options.regularisation));
    if (!(options.tolerance >= 0.0))
        refuse_option(fmt::format("tolerance is {}, must be at least 0", options.tolerance));
    if (options.most_iterations == 0) refuse_option("most_iterations is 0, must be at least 1");
    if (options.covariance == MixtureCovariance::full && columns > most_full_columns)
        refuse_option(fmt::format("{} columns, at most {} of full covariance", columns, most_full_columns));
}

}  // namespace

struct MixtureScore::State {
    MixtureScoreOptions options;
    std::size_t columns = 0;
    std::vector<double> means;               // a row per component
    std::vector<double> inverse_deviations;  // a row per component; of diagonal covariance only
    std::vector<PanelMatrix> whitening;      // of full covariance only
    std::vector<double> constants;
    double mean_level = 0.0;
    bool converged = false;

    [[nodiscard]] double squared_norm(const float* x, std::size_t component) const noexcept {
        const double* const mean = means.data() + component * columns;
        if (!whitening.empty()) {
            alignas(64) float centred[most_full_columns], white[most_full_columns];
            for (std::size_t j = 0; j < columns; ++j)
                centred[j] = static_cast<float>(static_cast<double>(x[j]) - mean[j]);
            whitening[component].multiply(centred, white);
            const double square = squared_length(white, columns);
            return std::isnan(square) ? infinity : square;  // infinities of both signs met in a product
        }
        const double* const scale = inverse_deviations.data() + component * columns;
        double sums[16] = {};
        for (std::size_t j = 0; j < columns; ++j) {
            const double z = (static_cast<double>(x[j]) - mean[j]) * scale[j];
            sums[j % 16] += z * z;
        }
        for (std::size_t width = 8; width > 0; width /= 2)
            for (std::size_t k = 0; k < width; ++k) sums[k] += sums[k + width];
        return sums[0];
    }

    [[nodiscard]] double level(std::span<const float> x) const noexcept {
        if (x.size() != columns) return not_a_number;
        for (const float each : x)
            if (!std::isfinite(each)) return not_a_number;
        const std::size_t count = constants.size();
        double terms[most_components];
        double top = -infinity;
        for (std::size_t c = 0; c < count; ++c) {
            terms[c] = constants[c] - 0.5 * squared_norm(x.data(), c);
            top = std::max(top, terms[c]);
        }
        if (top == -infinity) return infinity;
        double sum = 0.0;
        for (std::size_t c = 0; c < count; ++c) sum += std::exp(terms[c] - top);
        return -(top + std::log(sum));
    }
};

const char* mixture_score_name(MixtureScoreKind kind) noexcept {
    return kind == MixtureScoreKind::typicality ? "typicality" : "gaussian_mixture";
}

MixtureScore::MixtureScore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
MixtureScore::MixtureScore(const MixtureScore& other) : state_(std::make_unique<State>(*other.state_)) {}
MixtureScore& MixtureScore::operator=(const MixtureScore& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
MixtureScore::MixtureScore(MixtureScore&&) noexcept = default;
MixtureScore& MixtureScore::operator=(MixtureScore&&) noexcept = default;
MixtureScore::~MixtureScore() = default;

MixtureScore::MixtureScore(MatrixView<float> embeddings, const MixtureScoreOptions& options)
    : MixtureScore(embeddings, {}, options) {}

MixtureScore::MixtureScore(MatrixView<float> embeddings, std::span<const std::uint32_t> start,
                           const MixtureScoreOptions& options) {
    require_options(options, embeddings.columns());
    const Eigen::MatrixXd rows = read_embeddings("MixtureScore", embeddings);
    const std::size_t n = embeddings.rows(), d = embeddings.columns();
    if (n < 2 || n < options.components)
        refuse(ErrorCode::not_enough_data,
               fmt::format("{} rows, at least 2 and as many as {} components needed", n, options.components));
    std::vector<std::uint32_t> drawn;
    if (start.empty()) {
        drawn = start_mixture(rows, options.components, options.seed);
        start = drawn;
    }
    if (start.size() != n)
        refuse(ErrorCode::dimension_mismatch, fmt::format("a start of {} rows, of {}", start.size(), n));
    std::vector<bool> present(options.components);
    for (const std::uint32_t component : start) {
        if (component >= options.components)
            refuse(ErrorCode::invalid_argument,
                   fmt::format("a start in component {}, there are {}", component, options.components));
        present[component] = true;
    }
    if (std::find(present.begin(), present.end(), false) != present.end())
        refuse(ErrorCode::invalid_argument, "a start leaves a component without rows");

    const MixtureFit fit = fit_mixture(rows, start, options);
    auto state = std::make_unique<State>();
    state->options = options;
    state->columns = d;
    state->constants = fit.constants;
    state->converged = fit.converged;
    for (std::size_t c = 0; c < options.components; ++c) {
        const auto row = static_cast<Eigen::Index>(c);
        for (Eigen::Index j = 0; j < rows.cols(); ++j) {
            state->means.push_back(fit.means(row, j));
            if (fit.whitening.empty()) state->inverse_deviations.push_back(fit.inverse_deviations(row, j));
        }
        if (!fit.whitening.empty()) state->whitening.push_back(PanelMatrix::from(fit.whitening[c], true));
    }
    std::vector<float> row(d);
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) row[j] = embeddings(i, j);
        sum += state->level(row);
    }
    state->mean_level = sum / static_cast<double>(n);
    if (!std::isfinite(state->mean_level))
        refuse(ErrorCode::invalid_argument, "the reference has no finite density: scale the columns alike");
    state_ = std::move(state);
}

double MixtureScore::score(std::span<const float> embedding) const noexcept {
    const double level = state_->level(embedding);
    return state_->options.kind == MixtureScoreKind::typicality ? std::abs(level - state_->mean_level) : level;
}

std::size_t MixtureScore::dimension() const noexcept {
    return state_->columns;
}
double MixtureScore::mean_level() const noexcept {
    return state_->mean_level;
}
bool MixtureScore::converged() const noexcept {
    return state_->converged;
}
const MixtureScoreOptions& MixtureScore::options() const noexcept {
    return state_->options;
}

std::vector<std::byte> MixtureScore::serialize() const {
    const State& state = *state_;
    const MixtureScoreOptions& options = state.options;
    ContainerWriter writer;
    writer.add("settings", std::vector<std::uint64_t>{static_cast<std::uint64_t>(options.kind), options.components,
                                                      static_cast<std::uint64_t>(options.covariance),
                                                      options.most_iterations, options.seed, state.columns,
                                                      static_cast<std::uint64_t>(state.converged ? 1 : 0)});
    writer.add("levels", std::vector<double>{options.regularisation, options.tolerance, state.mean_level});
    writer.add("constants", state.constants);
    writer.add("means", state.means);
    if (state.whitening.empty()) {
        writer.add("inverse_deviations", state.inverse_deviations);
    } else {
        std::vector<float> values;
        for (const PanelMatrix& each : state.whitening)
            values.insert(values.end(), each.values().begin(), each.values().end());
        writer.add("whitening", values);
    }
    return writer.finish(file_kind);
}

MixtureScore MixtureScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 7);
    const auto levels = file.values<double>("levels", 3);
    auto state = std::make_unique<State>();
    state->columns = settings[5];
    require_written(file.tensors().size() == 5 && settings[0] <= 1 && settings[2] <= 1 && settings[6] <= 1);
    state->options = {.kind = static_cast<MixtureScoreKind>(settings[0]),
                      .components = settings[1],
                      .covariance = static_cast<MixtureCovariance>(settings[2]),
                      .regularisation = levels[0],
                      .tolerance = levels[1],
                      .most_iterations = settings[3],
                      .seed = settings[4]};
    state->mean_level = levels[2];
    state->converged = settings[6] != 0;
    const std::size_t components = settings[1], d = state->columns;
    require_written(components >= 1 && components <= most_components && d >= 1 && d <= most_embedding_columns);
    require_written(levels[0] >= 0.0 && levels[0] <= 1e60 && levels[1] >= 0.0 && std::isfinite(levels[2]));
    require_written(settings[3] >= 1);
    const auto finite = [](std::span<const double> values) {
        return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
    };
    const auto constants = file.values<double>("constants", components);
    const auto means = file.values<double>("means", components * d);
    require_written(finite(constants));
    // Beyond any mean of what may be fitted.
    require_written(std::all_of(means.begin(), means.end(), [](double x) { return std::abs(x) <= 1e31; }));
    state->constants.assign(constants.begin(), constants.end());
    state->means.assign(means.begin(), means.end());
    if (state->options.covariance == MixtureCovariance::diagonal) {
        const auto scales = file.values<double>("inverse_deviations", components * d);
        require_written(finite(scales) && std::all_of(scales.begin(), scales.end(), [](double x) { return x > 0.0; }));
        state->inverse_deviations.assign(scales.begin(), scales.end());
    } else {
        require_written(d <= most_full_columns);
        const auto values = file.values<float>("whitening");
        const std::size_t each = components == 0 ? 0 : values.size() / components;
        require_written(each * components == values.size());
        for (std::size_t c = 0; c < components; ++c)
            state->whitening.push_back(PanelMatrix::from_values(values.subspan(c * each, each), d, d, true));
    }
    return MixtureScore(std::move(state));
}

}  // namespace vedette::inline v0::perturbation
