// SPDX-License-Identifier: Apache-2.0
// LODA: drawing projections, choosing their bins, and explaining by them.
#include "vedette/perturbation/loda.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "loda";
constexpr const char* who = "Loda";
constexpr std::size_t most_projections = 1024;
constexpr std::size_t most_bins = 4096;
constexpr std::size_t most_chosen_bins = 128;

// The number of bins of equal width with the greatest likelihood less b - 1 + ln(b)^2.5.
std::size_t choose_bins(std::span<const double> sorted) {
    const auto n = static_cast<double>(sorted.size());
    const double begin = sorted.front(), width = sorted.back() - begin;
    const auto most =
        std::clamp<std::size_t>(static_cast<std::size_t>(n / std::log(std::max(n, 3.0))), 1, most_chosen_bins);
    std::size_t best = 1;
    double best_value = 0.0;
    for (std::size_t bins = 2; bins <= most; ++bins) {
        const auto b = static_cast<double>(bins);
        double value = -(b - 1.0 + std::pow(std::log(b), 2.5));
        auto from = sorted.begin();
        for (std::size_t k = 1; k <= bins; ++k) {
            const double edge = begin + width * static_cast<double>(k) / b;
            const auto to = k == bins ? sorted.end() : std::lower_bound(from, sorted.end(), edge);
            const auto rows = static_cast<double>(to - from);
            if (rows > 0.0) value += rows * std::log(b * rows / n);
            from = to;
        }
        if (value > best_value) {
            best_value = value;
            best = bins;
        }
    }
    return best;
}

}  // namespace

Loda::Loda(MatrixView<float> reference, const LodaOptions& options) : bins_(options.bins), seed_(options.seed) {
    require_option(who, "projections", options.projections, 1, most_projections);
    require_option(who, "bins", options.bins, 0, most_bins);
    const std::vector<float> rows = reference_rows(reference, who);
    const std::size_t d = reference.columns();
    count_ = reference.rows();
    for (std::size_t j = 0; j < d; ++j) {
        double mean = 0.0;
        for (std::size_t i = j; i < rows.size(); i += d)
            mean += static_cast<double>(rows[i]) / static_cast<double>(count_);
        means_.push_back(static_cast<float>(mean));
    }
    terms_ = static_cast<std::size_t>(std::sqrt(static_cast<double>(d)));
    draw(options.seed, options.projections);
    offsets_.push_back(0);
    for (std::size_t k = 0; k < options.projections; ++k) fit(rows, k, options.bins);
    prepare();
}

void Loda::draw(std::uint64_t seed, std::size_t projections) {
    std::vector<std::uint16_t> order(dimension());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    Random random(seed);
    for (std::size_t k = 0; k < projections; ++k) {
        for (std::size_t t = 0; t < terms_; ++t) {
            std::swap(order[t], order[t + draw_below(random, order.size() - t)]);
            features_.push_back(order[t]);
            weights_.push_back(static_cast<float>(random.normal()));
        }
    }
}

void Loda::fit(std::span<const float> rows, std::size_t projection, std::size_t bins) {
    std::vector<double> values;
    for (std::size_t i = 0; i < rows.size(); i += dimension()) {
        double sum = 0.0;
        for (std::size_t t = projection * terms_; t < (projection + 1) * terms_; ++t)
            sum += static_cast<double>(weights_[t]) * static_cast<double>(rows[i + features_[t]]);
        values.push_back(sum);
    }
    std::sort(values.begin(), values.end());
    const double width = values.back() - values.front();
    if (width == 0.0) bins = 1;
    if (bins == 0) bins = choose_bins(values);
    begins_.push_back(values.front());
    ends_.push_back(values.back());
    const double scale = width > 0.0 ? static_cast<double>(bins) / width : 0.0;
    scales_.push_back(std::isfinite(scale) ? scale : 0.0);
    counts_.resize(counts_.size() + bins);
    std::uint32_t* const counts = counts_.data() + offsets_.back();
    for (const double value : values) {
        const auto bin = static_cast<std::size_t>((value - values.front()) * scales_.back());
        ++counts[std::min(bin, bins - 1)];
    }
    offsets_.push_back(static_cast<std::uint32_t>(counts_.size()));
}

// What is not in files.
void Loda::prepare() {
    const auto all = static_cast<double>(count_);
    surprise_beyond_ = std::log(2.0 * all);
    surprises_.clear();
    for (const std::uint32_t rows : counts_)
        surprises_.push_back(rows == 0 ? surprise_beyond_ : std::log(all / static_cast<double>(rows)));
    starts_.assign(dimension() + 1, 0);
    for (const std::uint16_t feature : features_) ++starts_[feature + 1U];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    having_.resize(features_.size());
    std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
    for (std::size_t t = 0; t < features_.size(); ++t)
        having_[next[features_[t]]++] = static_cast<std::uint16_t>(t / terms_);
}

double Loda::project(std::size_t projection, const float* row) const noexcept {
    double sum = 0.0;
    for (std::size_t t = projection * terms_; t < (projection + 1) * terms_; ++t)
        sum += static_cast<double>(weights_[t]) * static_cast<double>(row[features_[t]]);
    return sum;
}

double Loda::surprise(std::size_t projection, const float* row) const noexcept {
    const double value = project(projection, row);
    // Infinities of either sign may have met: beyond, too.
    if (!(value >= begins_[projection] && value <= ends_[projection])) return surprise_beyond_;
    const auto bin = static_cast<std::size_t>((value - begins_[projection]) * scales_[projection]);
    return surprises_[offsets_[projection] + std::min(bin, bin_count(projection) - 1)];
}

// How far a term moves its projection from that of the mean row.
double Loda::pull(std::size_t term, const float* row) const noexcept {
    constexpr float most = std::numeric_limits<float>::max();
    const double x = std::clamp(row[features_[term]], -most, most);
    return std::abs(static_cast<double>(weights_[term]) * (x - static_cast<double>(means_[features_[term]])));
}

double Loda::score(std::span<const float> row) const noexcept {
    if (row.size() != dimension() || has_nan(row)) return not_a_score;
    double sum = 0.0;
    for (std::size_t k = 0; k < projection_count(); ++k) sum += surprise(k, row.data());
    return sum / static_cast<double>(projection_count());
}

double Loda::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension()) return not_a_score;
    const double total = score(row);
    if (std::isnan(total)) return total;
    std::fill(contributions.begin(), contributions.end(), 0.0);
    for (std::size_t k = 0; k < projection_count(); ++k) {
        const double whole = surprise(k, row.data());
        double all = 0.0;
        for (std::size_t t = k * terms_; t < (k + 1) * terms_; ++t) all += pull(t, row.data());
        for (std::size_t t = k * terms_; t < (k + 1) * terms_; ++t)
            contributions[features_[t]] +=
                whole * (all > 0.0 ? pull(t, row.data()) / all : 1.0 / static_cast<double>(terms_));
    }
    share_score(total, contributions);
    return total;
}

bool Loda::feature_statistics(std::span<const float> row, std::span<double> statistics) const noexcept {
    if (statistics.size() != dimension() || row.size() != dimension() || has_nan(row)) return false;
    double surprises[most_projections] = {};
    const auto count = static_cast<double>(projection_count());
    double mean = 0.0;
    for (std::size_t k = 0; k < projection_count(); ++k) mean += (surprises[k] = surprise(k, row.data())) / count;
    // From the mean on, so that little cancels in the squares.
    double all = 0.0, all_squares = 0.0;
    for (std::size_t k = 0; k < projection_count(); ++k) {
        surprises[k] -= mean;
        all += surprises[k];
        all_squares += surprises[k] * surprises[k];
    }
    const auto squared_error = [](double n, double sum, double squares) {
        return std::max(0.0, squares - sum * sum / n) / (n - 1.0) / n;
    };
    for (std::size_t j = 0; j < dimension(); ++j) {
        double sum = 0.0, squares = 0.0;
        for (std::uint32_t i = starts_[j]; i < starts_[j + 1]; ++i) {
            sum += surprises[having_[i]];
            squares += surprises[having_[i]] * surprises[having_[i]];
        }
        const auto with = static_cast<double>(starts_[j + 1] - starts_[j]);
        const double without = count - with;
        statistics[j] = not_a_score;
        if (with < 2.0 || without < 2.0) continue;
        const double difference = sum / with - (all - sum) / without;
        const double error =
            squared_error(with, sum, squares) + squared_error(without, all - sum, all_squares - squares);
        if (error > 0.0)
            statistics[j] = difference / std::sqrt(error);
        else if (difference == 0.0)
            statistics[j] = 0.0;
    }
    return true;
}

std::vector<std::byte> Loda::serialize() const {
    ContainerWriter writer;
    const std::uint64_t shape[] = {projection_count(), terms_};
    writer.add("weights", std::span<const float>(weights_), shape);
    writer.add("features", std::span<const std::uint16_t>(features_), shape);
    writer.add("means", means_);
    writer.add("begins", begins_);
    writer.add("ends", ends_);
    writer.add("scales", scales_);
    writer.add("offsets", offsets_);
    writer.add("counts", counts_);
    writer.add_scalar("reference_count", count_);
    writer.add_scalar("bins", static_cast<std::uint64_t>(bins_));
    writer.add_scalar("seed", seed_);
    return writer.finish(file_kind);
}

Loda Loda::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto shape = file.tensor("weights").shape;
    require_file(file.tensors().size() == 11 && shape.size() == 2, who);
    const std::uint64_t projections = shape[0];
    const auto weights = file.values<float>("weights");
    const auto features = file.values<std::uint16_t>("features", weights.size());
    const auto means = file.values<float>("means");
    const auto begins = file.values<double>("begins", projections), ends = file.values<double>("ends", projections);
    const auto scales = file.values<double>("scales", projections);
    const auto offsets = file.values<std::uint32_t>("offsets", projections + 1);
    const auto counts = file.values<std::uint32_t>("counts");
    require_file(projections >= 1 && projections <= most_projections && shape[1] >= 1, who);
    require_file(!means.empty() && means.size() <= 0xFFFF && shape[1] <= means.size(), who);
    require_file(is_finite(weights) && is_finite(means), who);
    require_file(std::all_of(features.begin(), features.end(), [&](auto j) { return j < means.size(); }), who);
    require_file(file.tensor("features").shape.size() == 2 && file.tensor("features").shape[0] == projections, who);

    Loda score;
    score.seed_ = file.scalar<std::uint64_t>("seed");
    require_file(file.scalar<std::uint64_t>("bins") <= most_bins, who);
    score.bins_ = static_cast<std::size_t>(file.scalar<std::uint64_t>("bins"));
    score.count_ = file.scalar<std::uint64_t>("reference_count");
    require_file(score.count_ >= 2 && score.count_ < (1ULL << 31U) && offsets[0] == 0, who);
    for (std::size_t k = 0; k < projections; ++k) {
        require_file(offsets[k] < offsets[k + 1] && offsets[k + 1] <= counts.size(), who);
        require_file(offsets[k + 1] - offsets[k] <= most_bins, who);
        const auto own = counts.subspan(offsets[k], offsets[k + 1] - offsets[k]);
        require_file(std::accumulate(own.begin(), own.end(), std::uint64_t{0}) == score.count_, who);
        require_file(std::isfinite(begins[k]) && std::isfinite(ends[k]) && begins[k] <= ends[k], who);
        // What is in range must land in a bin, or just behind the last.
        const double last = (ends[k] - begins[k]) * scales[k];
        require_file(scales[k] >= 0.0 && last < static_cast<double>(own.size()) + 1.0, who);
    }
    require_file(offsets.back() == counts.size(), who);
    score.terms_ = static_cast<std::size_t>(shape[1]);
    score.means_.assign(means.begin(), means.end());
    score.weights_.assign(weights.begin(), weights.end());
    score.features_.assign(features.begin(), features.end());
    score.begins_.assign(begins.begin(), begins.end());
    score.ends_.assign(ends.begin(), ends.end());
    score.scales_.assign(scales.begin(), scales.end());
    score.offsets_.assign(offsets.begin(), offsets.end());
    score.counts_.assign(counts.begin(), counts.end());
    score.prepare();
    return score;
}

}  // namespace vedette::inline v0::perturbation
