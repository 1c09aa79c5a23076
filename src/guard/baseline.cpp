// SPDX-License-Identifier: Apache-2.0
// Learning a baseline from reference columns, and deriving what the request path needs.
#include "vedette/guard/baseline.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "guard/baseline_state.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t most_categories = 1022;

stats::Moments moments_of(std::span<const double> values) {
    kernels::MomentsState state;
    kernels::kernels().f64.moments(values.data(), values.size(), 1, &state);
    stats::Moments moments;
    moments.count = state.count;
    moments.nan = state.nan;
    moments.positive_infinity = state.pos_inf;
    moments.negative_infinity = state.neg_inf;
    moments.zeros = state.zeros;
    if (state.count > 0) {
        moments.minimum = state.min;
        moments.maximum = state.max;
        moments.mean = state.mean;
        moments.m2 = state.m2;
    }
    return moments;
}

// A reference without a single finite value still needs cells: every live value will then lie outside.
stats::Grid empty_grid(stats::Precision precision) {
    stats::Grid grid;
    grid.precision = precision;
    const double next = precision == stats::Precision::f32
                            ? static_cast<double>(std::numeric_limits<float>::denorm_min())
                            : std::numeric_limits<double>::denorm_min();
    grid.edges = {0.0, next};
    grid.reference_counts = {0, 0, 0};
    grid.discrete = true;
    return grid;
}

FeatureBaseline learn_numeric(const Column& column, const BaselineOptions& options) {
    FeatureBaseline feature;
    feature.kind = FeatureKind::numeric;
    const bool narrow = column.dtype() == Dtype::f32 || column.dtype() == Dtype::f16 || column.dtype() == Dtype::bf16;
    const auto precision = narrow ? stats::Precision::f32 : stats::Precision::f64;
    std::vector<double> values(column.size());
    std::vector<char> valid_bytes(column.size());
    bool* const valid = reinterpret_cast<bool*>(valid_bytes.data());
    column.copy_as_double(0, column.size(), values.data(), valid);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (valid[i]) values[kept++] = values[i];
    }
    feature.nulls = values.size() - kept;
    values.resize(kept);
    feature.moments = moments_of(values);
    feature.nans = feature.moments.nan;
    feature.positive_infinities = feature.moments.positive_infinity;
    feature.negative_infinities = feature.moments.negative_infinity;
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    feature.grid = values.empty() ? empty_grid(precision) : stats::fit_grid(values, options.cells, precision);
    return feature;
}

FeatureBaseline learn_categorical(const Column& column, const BaselineOptions& options) {
    FeatureBaseline feature;
    feature.kind = FeatureKind::categorical;
    std::unordered_map<std::string_view, std::uint64_t> counts;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) {
            ++counts[column.text(i)];
        } else {
            ++feature.nulls;
        }
    }
    std::vector<std::pair<std::string_view, std::uint64_t>> ordered(counts.begin(), counts.end());
    std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    std::uint64_t left_out = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        const auto& [text, count] = ordered[i];
        feature.singletons += count == 1 ? 1U : 0U;
        feature.doubletons += count == 2 ? 1U : 0U;
        if (i < options.max_categories) {
            feature.categories.emplace_back(text);
            feature.category_counts.push_back(count);
        } else {
            left_out += count;
        }
    }
    feature.category_counts.push_back(left_out);
    return feature;
}

std::vector<double> wide_edges(const stats::Grid& grid) {
    if (grid.precision == stats::Precision::f64) return grid.edges;
    // A double rounds to a float at or above the edge exactly from the midpoint to the float below on; the midpoint
    // itself rounds to the even one of the two.
    std::vector<double> edges;
    edges.reserve(grid.edges.size());
    for (const double edge : grid.edges) {
        const auto exact = static_cast<float>(edge);
        const float below = std::nextafter(exact, -std::numeric_limits<float>::infinity());
        if (!std::isfinite(exact)) {
            edges.push_back(0x1.ffffffp127);  // from here on doubles round to infinity, out of every float's range
            continue;
        }
        if (!std::isfinite(below)) {
            edges.push_back(edge);
            continue;
        }
        const double midpoint = (static_cast<double>(exact) + static_cast<double>(below)) / 2.0;
        const bool even = (std::bit_cast<std::uint32_t>(exact) & 1U) == 0;
        edges.push_back(even ? midpoint : std::nextafter(midpoint, std::numeric_limits<double>::infinity()));
    }
    return edges;
}

std::vector<float> narrow_edges(const stats::Grid& grid) {
    std::vector<float> edges;
    edges.reserve(grid.edges.size());
    constexpr double largest = std::numeric_limits<float>::max();
    for (const double edge : grid.edges) {
        // Beyond the range of float every finite value lies on one side of the edge.
        edges.push_back(edge > largest    ? std::numeric_limits<float>::infinity()
                        : edge < -largest ? std::numeric_limits<float>::lowest()
                                          : static_cast<float>(edge));
    }
    // The last edge is the number after the maximum; rounded to float it must still lie above the rounded maximum.
    edges.back() =
        std::max(edges.back(), std::nextafter(static_cast<float>(std::clamp(grid.maximum, -largest, largest)),
                                              std::numeric_limits<float>::infinity()));
    return edges;
}

// A name is printed in terminals, logs and pages, where such characters would pass for commands or line ends.
bool has_control_characters(std::string_view name) {
    return std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

void check_options(const Table& reference, const BaselineOptions& options) {
    if (options.cells < stats::minimum_grid_cells || options.cells > stats::maximum_grid_cells) {
        throw Error(ErrorCode::invalid_argument, fmt::format("cells = {} lies outside [{}, {}]", options.cells,
                                                             stats::minimum_grid_cells, stats::maximum_grid_cells));
    }
    if (options.max_categories < 1 || options.max_categories > most_categories) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("max_categories = {} lies outside [1, {}]", options.max_categories, most_categories));
    }
    if (reference.column_count() == 0) throw Error(ErrorCode::invalid_argument, "the reference has no columns");
    if (reference.rows() < std::max<std::size_t>(options.minimum_rows, 1)) {
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("the reference has {} rows, {} are needed", reference.rows(),
                                std::max<std::size_t>(options.minimum_rows, 1)));
    }
}

}  // namespace

void Baseline::State::check_scores(ErrorCode code) const {
    if (scores.size() > most_scores)
        throw Error(code, fmt::format("a baseline holds {} scores at most, not {}", most_scores, scores.size()));
    const auto single =
        static_cast<std::size_t>(std::count_if(scores.begin(), scores.end(), [](const BaselineScore& score) {
            const perturbation::ScoreInput input = score.score.score().kind().input;
            return input != perturbation::ScoreInput::scores && input != perturbation::ScoreInput::model;
        }));
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const BaselineScore& score = scores[i];
        if (score.name.empty() || has_control_characters(score.name))
            throw Error(code, "the name of a score is empty or holds a control character");
        for (std::size_t k = 0; k < i; ++k)
            if (scores[k].name == score.name) throw Error(code, fmt::format("two scores are named \"{}\"", score.name));
        const perturbation::AnyScore& fitted = score.score.score();
        if (fitted.kind().input == perturbation::ScoreInput::scores && fitted.width() != single)
            throw Error(code == ErrorCode::corrupt_data ? code : ErrorCode::dimension_mismatch,
                        fmt::format("score \"{}\" combines {} scores, the baseline has {}", score.name, fitted.width(),
                                    single));
        if (fitted.kind().input == perturbation::ScoreInput::features && fitted.width() != features.size())
            throw Error(code == ErrorCode::corrupt_data ? code : ErrorCode::dimension_mismatch,
                        fmt::format("score \"{}\" takes {} features, the baseline has {}", score.name, fitted.width(),
                                    features.size()));
    }
}

void Baseline::State::prepare() {
    check_scores(ErrorCode::corrupt_data);
    by_name.resize(features.size());
    std::iota(by_name.begin(), by_name.end(), std::size_t{0});
    std::sort(by_name.begin(), by_name.end(),
              [this](std::size_t a, std::size_t b) { return features[a].name < features[b].name; });
    for (std::size_t i = 0; i < features.size(); ++i) {
        if (has_control_characters(features[by_name[i]].name)) {
            throw Error(ErrorCode::corrupt_data, "the name of a feature holds a control character");
        }
        if (features[by_name[i]].name.empty() ||
            (i > 0 && features[by_name[i]].name == features[by_name[i - 1]].name)) {
            throw Error(ErrorCode::corrupt_data, "the baseline has a feature without a name of its own");
        }
    }
    edges_f32.resize(features.size());
    edges_f64.resize(features.size());
    std::vector<std::uint32_t> offsets;
    std::size_t offset = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
        const FeatureBaseline& feature = features[f];
        counter_offsets.push_back(offset);
        const auto cells = static_cast<std::uint16_t>(cell_count(f));
        if (feature.kind == FeatureKind::numeric) {
            tables.emplace_back();
            references.push_back(drift::GridReference::ordered(feature.grid, feature.moments.standard_deviation()));
            edges_f32[f] = narrow_edges(feature.grid);
            edges_f64[f] = wide_edges(feature.grid);
            expected_first.push_back(1);
            expected_size.push_back(static_cast<std::uint16_t>(cells - 2));
        } else {
            tables.emplace_back(feature.categories);
            categorical.push_back(static_cast<std::uint32_t>(f));
            references.push_back(drift::GridReference::nominal(feature.category_counts));
            expected_first.push_back(0);
            expected_size.push_back(static_cast<std::uint16_t>(cells - 1));
        }
        offsets.push_back(static_cast<std::uint32_t>(offset));
        offset += cells + Window::extra_count;
        if (offset > std::numeric_limits<std::uint32_t>::max()) {
            throw Error(ErrorCode::overflow, "the features have more than 2^32 cells together");
        }
    }
    counter_offsets.push_back(offset);
    const std::vector<std::span<const float>> grids_f32(edges_f32.begin(), edges_f32.end());
    const std::vector<std::span<const double>> grids_f64(edges_f64.begin(), edges_f64.end());
    plan_f32.emplace(grids_f32, offsets);
    plan_f64.emplace(grids_f64, offsets);
}

std::uint64_t FeatureBaseline::observations() const noexcept {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts()) total += count;
    return total;
}

Baseline Baseline::build(const Table& reference, const BaselineOptions& options) {
    check_options(reference, options);
    auto state = std::make_shared<State>();
    state->rows = reference.rows();
    state->name = options.name;
    state->model_digest = options.model_digest;
    for (const auto& [name, column] : reference.columns()) {
        if (has_control_characters(name)) {
            throw Error(ErrorCode::invalid_argument, "the name of a column holds a control character");
        }
        state->features.push_back(column.is_numeric() ? learn_numeric(column, options)
                                                      : learn_categorical(column, options));
        state->features.back().name = name;
    }
    // Reading back what would be saved gives the identity, and proves that it can be read.
    return from_bytes(Baseline(std::move(state)).to_bytes());
}

std::shared_ptr<Baseline::State> Baseline::copy_of_learned() const {
    auto state = std::make_shared<State>();
    state->rows = state_->rows;
    state->name = state_->name;
    state->model_digest = state_->model_digest;
    state->features = state_->features;
    state->scores = state_->scores;
    state->schema = state_->schema;
    return state;
}

Baseline Baseline::with_scores(std::vector<BaselineScore> scores) const {
    auto state = copy_of_learned();
    state->scores = std::move(scores);
    state->check_scores(ErrorCode::invalid_argument);
    return from_bytes(Baseline(std::move(state)).to_bytes());
}

Baseline Baseline::with_schema(BaselineSchema schema) const {
    auto state = copy_of_learned();
    state->schema.emplace(std::move(schema), state->features);
    return from_bytes(Baseline(std::move(state)).to_bytes());
}

Baseline Baseline::with_rule_inputs(validation::RuleInputs inputs) const {
    if (!state_->schema) throw Error(ErrorCode::invalid_argument, "the baseline carries no schema to judge with them");
    Baseline fresh = from_bytes(to_bytes());
    BaselineSchema schema = state_->schema->given();
    schema.inputs = std::move(inputs);
    // Nobody else has seen it yet.
    auto& state = const_cast<State&>(*fresh.state_);
    state.schema.emplace(std::move(schema), state.features);
    return fresh;
}

const BaselineSchema* Baseline::schema() const noexcept {
    return state_->schema ? &state_->schema->given() : nullptr;
}
const validation::Validator* Baseline::validator() const noexcept {
    return state_->schema ? &state_->schema->validator() : nullptr;
}

std::span<const BaselineScore> Baseline::scores() const noexcept {
    return state_->scores;
}

std::optional<std::size_t> Baseline::find_score(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < state_->scores.size(); ++i)
        if (state_->scores[i].name == name) return i;
    return std::nullopt;
}

Baseline Baseline::load(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        return from_bytes(bytes);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", path.string(), error.what()));
    }
}

void Baseline::save(const std::filesystem::path& path) const {
    write_file_atomically(path, to_bytes());
}

std::size_t Baseline::feature_count() const noexcept {
    return state_->features.size();
}
std::span<const FeatureBaseline> Baseline::features() const noexcept {
    return state_->features;
}
std::uint64_t Baseline::rows() const noexcept {
    return state_->rows;
}
const std::string& Baseline::name() const noexcept {
    return state_->name;
}
const std::string& Baseline::model_digest() const noexcept {
    return state_->model_digest;
}
const Digest& Baseline::id() const noexcept {
    return state_->id;
}

const FeatureBaseline& Baseline::feature(std::size_t index) const {
    if (index >= feature_count()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("feature index {} is not below the number of features {}", index, feature_count()));
    }
    return state_->features[index];
}

std::optional<std::size_t> Baseline::find(std::string_view name) const noexcept {
    const auto& features = state_->features;
    const auto found =
        std::lower_bound(state_->by_name.begin(), state_->by_name.end(), name,
                         [&features](std::size_t f, std::string_view wanted) { return features[f].name < wanted; });
    if (found == state_->by_name.end() || features[*found].name != name) return std::nullopt;
    return *found;
}

std::size_t Baseline::category_cell(std::size_t feature, std::string_view text) const noexcept {
    return feature < state_->tables.size() ? state_->tables[feature].find(text) : 0;
}

}  // namespace vedette::inline v0
