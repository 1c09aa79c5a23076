// SPDX-License-Identifier: Apache-2.0
// Mahalanobis scores: fitted in double, scored by whitened products in float or of whole numbers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "perturbation/class_covariance.hpp"
#include "perturbation/compact_triangle.hpp"
#include "perturbation/linear_head.hpp"
#include "perturbation/nearest_class.hpp"
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

// The row as scored: over its norm, or as it is. False where it has no norm to be divided by; what is not finite leaves
// no whitened row finite.
bool prepare(const float* row, std::size_t count, bool normalise, const float* centre, float* out) noexcept {
    if (!normalise) {
        for (std::size_t i = 0; i < count; ++i) out[i] = row[i] - centre[i];
        return true;
    }
    const double square = squared_length(row, count);
    // A float's square never overflows a double: infinite or NaN is the row itself.
    if (!std::isfinite(square) || square == 0.0) return false;
    const double scale = 1.0 / std::sqrt(square);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(static_cast<double>(row[i]) * scale) - centre[i];
    return true;
}

// The map that makes a covariance the identity, as it is stored.
class WhiteningMap {
  public:
    WhiteningMap(const Eigen::MatrixXd& covariance, const MahalanobisOptions& options)
        : map_(make(covariance, options)) {}
    // Reads what `write` wrote.
    WhiteningMap(const Container& file, const std::string& tensor, std::size_t rows, std::size_t columns,
                 bool is_lower_triangle, MapStorage storage)
        : map_(read(file, tensor, rows, columns, is_lower_triangle, storage)) {}
    void write(ContainerWriter& writer, const std::string& tensor) const {
        if (const auto* const compact = std::get_if<CompactTriangle>(&map_))
            compact->write(writer, tensor);
        else
            writer.add(tensor, floats()->values());
    }

    void multiply(const float* x, float* out) const noexcept {
        if (const auto* const compact = std::get_if<CompactTriangle>(&map_))
            compact->multiply(x, out);
        else
            floats()->multiply(x, out);
    }
    // The images of rows of x. Of floats those of the map before it was rounded, which is nearer to the truth.
    [[nodiscard]] Eigen::MatrixXf images(const Eigen::MatrixXd& x) const {
        if (const auto* const compact = std::get_if<CompactTriangle>(&map_))
            return (x * compact->matrix().transpose()).cast<float>();
        return (x * exact_.transpose()).cast<float>();
    }
    void forget_exact() { exact_.resize(0, 0); }

    [[nodiscard]] std::size_t rows() const noexcept {
        const auto* const compact = std::get_if<CompactTriangle>(&map_);
        return compact != nullptr ? compact->rows() : floats()->rows();
    }
    [[nodiscard]] bool is_lower_triangle() const noexcept {
        return std::holds_alternative<CompactTriangle>(map_) || floats()->is_lower_triangle();
    }
    [[nodiscard]] double error() const noexcept {
        const auto* const compact = std::get_if<CompactTriangle>(&map_);
        return compact != nullptr ? compact->error() : 0.0;
    }

  private:
    using Map = std::variant<PanelMatrix, CompactTriangle>;
    Map make(const Eigen::MatrixXd& covariance, const MahalanobisOptions& options) {
        bool is_triangle = false;
        exact_ = whitening_of(covariance, options.rank, is_triangle);
        if (options.storage == MapStorage::float32) return PanelMatrix::from(exact_, is_triangle);
        if (!is_triangle)
            refuse(ErrorCode::invalid_argument, "storage int16 needs a covariance that is regular, and all directions");
        return CompactTriangle::from(exact_, covariance.diagonal().cwiseSqrt().cwiseInverse());
    }
    static Map read(const Container& file, const std::string& tensor, std::size_t rows, std::size_t columns,
                    bool is_lower_triangle, MapStorage storage) {
        if (storage == MapStorage::int16) return CompactTriangle::read(file, tensor, columns);
        return PanelMatrix::from_values(file.values<float>(tensor), rows, columns, is_lower_triangle);
    }
    [[nodiscard]] const PanelMatrix* floats() const noexcept { return std::get_if<PanelMatrix>(&map_); }

    Eigen::MatrixXd exact_;  // while a score is fitted
    Map map_;
};

std::vector<float> row_by_row(const Eigen::MatrixXf& rows) {
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(rows.size()));
    for (Eigen::Index r = 0; r < rows.rows(); ++r)
        for (Eigen::Index k = 0; k < rows.cols(); ++k) out.push_back(rows(r, k));
    return out;
}

}  // namespace

struct MahalanobisScore::State {
    MahalanobisOptions options;
    std::vector<float> centre;  // subtracted first; any point does, and a mean keeps most digits
    WhiteningMap whitening;
    NearestClass classes;                // whitened means
    std::optional<WhiteningMap> global;  // by the covariance of all rows, for the relative form
    std::vector<float> global_mean;      // by that, of the mean of all rows
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
    if (options.storage > MapStorage::int16) refuse(ErrorCode::invalid_argument, "an unknown storage");
}

}  // namespace

MahalanobisScore::MahalanobisScore(MatrixView<float> embeddings, std::span<const std::uint32_t> labels,
                                   std::size_t class_count, const MahalanobisOptions& options) {
    check_input(embeddings, labels, class_count, options);
    const ClassCovariance classes = class_covariance(name, embeddings, labels, class_count, options.normalise);
    // Rounded before anything is taken from it, so that means and requests are about the very same point.
    const Eigen::RowVectorXf centre = classes.mean.cast<float>();
    std::optional<WhiteningMap> global;
    std::vector<float> global_mean;
    if (options.relative) {
        global.emplace(classes.total(), options);
        global_mean = row_by_row(global->images(classes.mean - centre.cast<double>()));
        global->forget_exact();
    }
    WhiteningMap whitening(classes.within, options);
    if (whitening.rows() == 0) refuse(ErrorCode::not_enough_data, "the classes do not spread in any direction");
    NearestClass means(row_by_row(whitening.images(classes.means.rowwise() - centre.cast<double>())), whitening.rows());
    whitening.forget_exact();
    state_ = std::make_unique<State>(State{options,
                                           {centre.begin(), centre.end()},
                                           std::move(whitening),
                                           std::move(means),
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
    const NearestClass::Found found = state.classes.find(whitened);
    if (!state.global || std::isnan(found.square)) return {found.square, found.row};
    state.global->multiply(centred, whitened);
    const double from_all =
        kernels::kernels().scores.squared_gap(whitened, state.global_mean.data(), state.global->rows());
    return {found.square - from_all, found.row};
}

double MahalanobisScore::score(std::span<const float> embedding) const noexcept {
    return nearest(embedding).score;
}

std::size_t MahalanobisScore::dimension() const noexcept {
    return state_->centre.size();
}
std::size_t MahalanobisScore::class_count() const noexcept {
    return state_->classes.size();
}
std::size_t MahalanobisScore::rank() const noexcept {
    return state_->whitening.rows();
}
const MahalanobisOptions& MahalanobisScore::options() const noexcept {
    return state_->options;
}
double MahalanobisScore::storage_error() const noexcept {
    return std::max(state_->whitening.error(), state_->global ? state_->global->error() : 0.0);
}

std::vector<std::byte> MahalanobisScore::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    const auto flag = [](bool value) { return static_cast<std::uint64_t>(value ? 1 : 0); };
    std::vector<std::uint64_t> settings{flag(state.options.relative),
                                        flag(state.options.normalise),
                                        state.options.rank,
                                        state.whitening.rows(),
                                        flag(state.whitening.is_lower_triangle()),
                                        state.global ? state.global->rows() : 0,
                                        flag(state.global && state.global->is_lower_triangle())};
    // Named only where it is not that of files from before it could be chosen.
    if (state.options.storage != MapStorage::float32)
        settings.push_back(static_cast<std::uint64_t>(state.options.storage));
    writer.add("settings", settings);
    writer.add("centre", state.centre);
    state.whitening.write(writer, "whitening");
    writer.add("classes", state.classes.rows());
    if (state.global) {
        state.global->write(writer, "global");
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
    const auto settings = file.values<std::uint64_t>("settings");
    require(settings.size() == 7 || (settings.size() == 8 && settings[7] == 1));
    const bool is_compact = settings.size() == 8;
    const MapStorage storage = is_compact ? MapStorage::int16 : MapStorage::float32;
    const auto centre = file.values<float>("centre");
    const auto means = file.values<float>("classes");
    const std::size_t d = centre.size(), rank = settings[3];
    require(d >= 1 && d <= most_columns && rank >= 1 && rank <= d);
    const std::size_t class_count = means.size() / rank;
    require(class_count >= 1 && class_count <= most_classes && means.size() == class_count * rank);
    require(settings[0] <= 1 && settings[1] <= 1 && settings[2] <= d && settings[4] <= 1 && settings[6] <= 1);
    require(settings[4] == 0 || rank == d);
    require(settings[5] <= d && (settings[6] == 0 || settings[5] == d));
    const bool is_relative = settings[0] == 1;
    if (is_compact) require(settings[2] == 0 && settings[4] == 1 && (!is_relative || settings[6] == 1));
    require(file.tensors().size() == (is_relative ? 6U : 4U) + (is_compact ? (is_relative ? 6U : 3U) : 0U));
    const auto finite = [](auto x) { return std::isfinite(x); };
    require(std::all_of(centre.begin(), centre.end(), finite));
    require(std::all_of(means.begin(), means.end(), finite));
    auto state = std::make_unique<State>(State{{is_relative, settings[1] == 1, settings[2], storage},
                                               {centre.begin(), centre.end()},
                                               WhiteningMap(file, "whitening", rank, d, settings[4] == 1, storage),
                                               NearestClass({means.begin(), means.end()}, rank),
                                               std::nullopt,
                                               {}});
    if (is_relative) {
        state->global.emplace(file, "global", settings[5], d, settings[6] == 1, storage);
        const auto mean = file.values<float>("global_mean", settings[5]);
        require(std::all_of(mean.begin(), mean.end(), finite));
        state->global_mean.assign(mean.begin(), mean.end());
    }
    return MahalanobisScore(std::move(state));
}

}  // namespace vedette::inline v0::perturbation
