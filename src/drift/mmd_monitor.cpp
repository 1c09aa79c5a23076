// SPDX-License-Identifier: Apache-2.0
// Rows become features, features sums over a sliding window, and the sums are compared with the reference's mean.
#include "vedette/drift/mmd_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/mmd_options.hpp"
#include "drift/mmd_thresholds.hpp"
#include "drift/monitor_codec.hpp"
#include "drift/random_feature_state.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/container.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "mmd_monitor";
constexpr std::size_t most_cells = std::size_t{1} << 26U;  // window * features
constexpr std::size_t most_rows = 4096;                    // of the reference, that are simulated with
constexpr std::uint64_t split_tag = 2;                     // 0 and 1 are RandomFeatureMmd's

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Squared feature units in one.
double squared_unit(std::size_t features) noexcept {
    return 1.0 / (feature_unit * feature_unit * static_cast<double>(features));
}

}  // namespace

MmdMonitorOptions complete(MmdMonitorOptions options) {
    require_option(name, "window", options.window, 2, 1'000'000);
    require_option(name, "first_look", options.first_look, 0, options.window);
    require_option(name, "expected_run", options.expected_run, 10.0, 1e6);
    require_option(name, "expected_run (at least the window)", options.expected_run, options.window, 1e6);
    if (options.simulations != 0) require_option(name, "simulations", options.simulations, 1000, 1e7);
    require_option(name, "window * features",
                   static_cast<double>(options.window) * static_cast<double>(options.features), 1.0, most_cells);
    if (options.first_look == 0) options.first_look = (options.window + 3) / 4;
    if (options.simulations == 0)
        options.simulations =
            static_cast<std::uint32_t>(std::clamp(1000.0 * options.expected_run / options.window, 1000.0, 1e7));
    return options;
}

namespace {

LookPlan plan_of(const MmdMonitorOptions& options) noexcept {
    return {options.window, options.first_look, options.expected_run};
}

// The features of at most most_rows rows, by seed.
template <class T>
std::vector<std::int32_t> reference_features(const FeatureMap& map, const MatrixView<T>& view, std::uint64_t seed) {
    std::vector<float> scaled(4 * map.stride(), 0.0F);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < view.rows(); ++i)
        if (map.scale_row(view, i, scaled.data())) rows.push_back(i);
    std::vector<std::uint8_t> chosen(rows.size());
    stats::random_split(seed, split_tag, std::min(most_rows, rows.size()), chosen);
    std::vector<std::int32_t> features;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (chosen[i] == 0) continue;
        map.scale_row(view, rows[i], scaled.data());
        features.resize(features.size() + 2 * map.features);
        map.evaluate(scaled.data(), 1, features.data() + features.size() - 2 * map.features);
    }
    return features;
}

}  // namespace

template <class T>
MmdMonitor<T>::MmdMonitor(RandomFeatureMmd<T> fitted, const MmdMonitorOptions& options)
    : options_(complete(options)), fitted_(std::move(fitted)) {
    make_room();
}

template <class T>
MmdMonitor<T>::MmdMonitor(MatrixView<T> reference, const MmdMonitorOptions& options)
    : options_(complete(options)),
      fitted_(reference, {.features = options.features,
                          .bandwidth = options.bandwidth,
                          .standardise = options.standardise,
                          .whitening = 0.0,
                          .nan = options.nan,
                          .seed = options.seed}) {
    make_room();
    const FeatureMap& map = fitted_.state_->map;
    thresholds_ = simulate_thresholds(reference_features(map, reference, options_.seed), 2 * map.features,
                                      static_cast<double>(fitted_.reference_count()), plan_of(options_),
                                      options_.simulations, options_.seed);
    for (double& threshold : thresholds_) threshold *= squared_unit(map.features);
}

template <class T>
void MmdMonitor<T>::make_room() {
    const auto& state = *fitted_.state_;
    const std::size_t width = 2 * state.map.features;
    for (const std::int64_t sum : state.sums)
        mean_.push_back(static_cast<double>(sum) / static_cast<double>(state.count));
    ring_.resize(options_.window * width);
    sums_.resize(width);
    scaled_.resize(state.map.block_rows() * state.map.stride());
    entering_.resize(state.map.block_rows() * width);
}

template <class T>
std::size_t MmdMonitor<T>::memory() const noexcept {
    const auto bytes = [](const auto& list) { return list.size() * sizeof(list[0]); };
    return bytes(thresholds_) + bytes(mean_) + bytes(ring_) + bytes(sums_) + bytes(scaled_) + bytes(entering_);
}

template <class T>
void MmdMonitor<T>::clear() noexcept {
    // Rows that leave before the window is full are rows of zeros.
    std::fill(ring_.begin(), ring_.end(), 0);
    std::fill(sums_.begin(), sums_.end(), 0.0);
    squares_ = 0.0;
    age_ = 0;
    next_ = width_ = 0;
}

template <class T>
void MmdMonitor<T>::reset() noexcept {
    clear();
    forget();
}

template <class T>
void MmdMonitor<T>::resume(const MmdMonitor& other) {
    MmdMonitor resumed = other, own = *this;
    resumed.reset();
    own.reset();
    if (resumed.serialize() != own.serialize())
        throw Error(ErrorCode::baseline_mismatch, "MmdMonitor: resuming one of another fit or other options");
    resumed = other;
    resumed.fitted_ = fitted_;
    *this = std::move(resumed);
}

template <class T>
MonitorState MmdMonitor<T>::enter(const std::int32_t* row) noexcept {
    admit(0.0);
    if (take_restart()) clear();
    const std::size_t width = sums_.size();
    std::int32_t* const place = ring_.data() + next_ * width;
    ++age_;
    if (width_ < options_.window) ++width_;
    const kernels::WaveSlide slide{row, place, mean_.data(), static_cast<double>(width_), width, sums_.data()};
    squares_ = kernels::kernels().waves.slide(&slide);
    std::copy_n(row, width, place);
    next_ = next_ + 1 == options_.window ? 0 : next_ + 1;
    const bool is_change = age_ >= options_.first_look && statistic() > threshold();
    return settle(is_change ? MonitorState::change : MonitorState::in_control);
}

template <class T>
MonitorState MmdMonitor<T>::turn_away_row(const MatrixView<T>& rows, std::size_t i) noexcept {
    double worst = 0.0;
    for (std::size_t j = 0; j < rows.columns(); ++j) {
        const auto value = static_cast<double>(rows(i, j));
        if (std::isnan(value)) return refuse(value);
        if (!std::isfinite(value)) worst = value;
    }
    return refuse(worst);
}

template <class T>
MonitorState MmdMonitor<T>::update(std::span<const T> row) noexcept {
    MonitorState state = MonitorState::in_control;
    if (row.size() != dimension()) return refuse(0.0);
    update(MatrixView<T>::row_major(row.data(), 1, row.size()), {&state, 1});
    return state;
}

template <class T>
std::size_t MmdMonitor<T>::update(MatrixView<T> rows, std::span<MonitorState> states) noexcept {
    const FeatureMap& map = fitted_.state_->map;
    const std::size_t width = 2 * map.features;
    const std::uint64_t before = counts().changes;
    const bool fits = rows.columns() == map.columns;
    const std::size_t block = map.block_rows();
    for (std::size_t begin = 0; begin < rows.rows(); begin += block) {
        const std::size_t count = std::min(block, rows.rows() - begin);
        // A block has at most 64 rows.
        std::uint64_t enters = 0;
        std::size_t filled = 0;
        for (std::size_t i = 0; fits && i < count; ++i) {
            if (!map.scale_row(rows, begin + i, scaled_.data() + filled * map.stride())) continue;
            enters |= std::uint64_t{1} << i;
            ++filled;
        }
        // Up to three rows behind the last are looked at too, and must be finite.
        const std::size_t whole = std::min(block, (filled + 3) / 4 * 4);
        std::fill_n(scaled_.data() + filled * map.stride(), (whole - filled) * map.stride(), 0.0F);
        map.evaluate(scaled_.data(), filled, entering_.data());
        std::size_t taken = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const bool entered = (enters >> i & 1U) != 0;
            const MonitorState state = entered ? enter(entering_.data() + taken * width)
                                       : fits  ? turn_away_row(rows, begin + i)
                                               : refuse(0.0);
            taken += entered ? 1U : 0U;
            if (begin + i < states.size()) states[begin + i] = state;
        }
    }
    return static_cast<std::size_t>(counts().changes - before);
}

template <class T>
void MmdMonitor<T>::take_window(const MmdMonitor& other) noexcept {
    if (&other == this || other.ring_.size() != ring_.size()) return;
    const std::uint32_t first = other.width_ == options_.window ? other.next_ : 0;
    for (std::uint32_t i = 0; i < other.width_; ++i) {
        const std::uint32_t place = first + i < options_.window ? first + i : first + i - options_.window;
        enter(other.ring_.data() + place * sums_.size());
    }
}

template <class T>
double MmdMonitor<T>::scale() const noexcept {
    return squared_unit(fitted_.features()) *
           harmonic_scale(static_cast<double>(fitted_.reference_count()), static_cast<double>(width_));
}

template <class T>
double MmdMonitor<T>::statistic() const noexcept {
    return age_ < options_.first_look ? not_a_number : squares_ * scale();
}

template <class T>
double MmdMonitor<T>::threshold() const noexcept {
    if (age_ < options_.first_look) return std::numeric_limits<double>::infinity();
    return thresholds_[plan_of(options_).stage_of(age_)];
}

template <class T>
double MmdMonitor<T>::distance() const noexcept {
    if (width_ == 0) return not_a_number;
    return std::sqrt(squares_ * squared_unit(fitted_.features())) / width_;
}

template <class T>
FeatureWindow MmdMonitor<T>::live() const {
    FeatureWindow window = fitted_.window();
    for (std::size_t k = 0; k < sums_.size(); ++k) window.sums_[k] = static_cast<std::int64_t>(sums_[k]);
    window.count_ = width_;
    return window;
}

template <class T>
std::vector<std::byte> MmdMonitor<T>::serialize() const {
    ContainerWriter writer;
    writer.add_scalar("expected_run", options_.expected_run);
    writer.add_scalar("bandwidth", options_.bandwidth);
    writer.add("settings",
               std::vector<std::uint64_t>{options_.standardise ? 1U : 0U, static_cast<std::uint64_t>(options_.nan),
                                          options_.window, options_.first_look, options_.simulations, options_.seed});
    writer.add("counts", MonitorCodec::counts_of(*this));
    writer.add("thresholds", thresholds_);
    writer.add_scalar("age", age_);
    const std::vector<std::byte> fitted = fitted_.serialize();
    writer.add("fitted",
               std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(fitted.data()), fitted.size()));
    // Oldest first.
    std::vector<std::int32_t> rows(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(width_ * sums_.size()));
    if (width_ == options_.window)
        std::rotate(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(next_ * sums_.size()), rows.end());
    writer.add("rows", rows);
    return writer.finish(name);
}

template <class T>
MmdMonitor<T> MmdMonitor<T>::deserialize(std::span<const std::byte> bytes) {
    const auto require = MonitorCodec::require;
    const Container file = Container::view(bytes);
    file.require_kind(name);
    require(file.tensors().size() == 8 && file.metadata_keys().size() == 4, "parts that no monitor has");
    for (const char* part : {"expected_run", "bandwidth", "age"}) require(file.tensor(part).shape.empty(), "no scalar");
    for (const char* part : {"settings", "counts", "thresholds", "fitted", "rows"})
        require(file.tensor(part).shape.size() == 1, "no list");
    const auto settings = file.values<std::uint64_t>("settings", 6);
    require(settings[0] <= 1 && settings[1] <= static_cast<std::uint64_t>(NanPolicy::omit), "an unknown choice");
    for (const std::uint64_t setting : settings.subspan(2, 3))
        require(setting >= 1 && setting <= 0xFFFFFFFFU, "a setting out of range");
    MonitorCodec counts;
    const auto counted = file.values<std::uint64_t>("counts");
    counts.counts.assign(counted.begin(), counted.end());
    counts.check_counts();
    auto fitted = RandomFeatureMmd<T>::deserialize(std::as_bytes(file.values<std::uint8_t>("fitted")));
    require(std::isinf(fitted.regularisation()), "features with another metric");
    const MmdMonitorOptions options{.features = fitted.features(),
                                    .bandwidth = file.scalar<double>("bandwidth"),
                                    .standardise = settings[0] == 1,
                                    .nan = static_cast<NanPolicy>(settings[1]),
                                    .window = static_cast<std::uint32_t>(settings[2]),
                                    .expected_run = file.scalar<double>("expected_run"),
                                    .first_look = static_cast<std::uint32_t>(settings[3]),
                                    .simulations = static_cast<std::uint32_t>(settings[4]),
                                    .seed = settings[5]};
    require(options.bandwidth >= 0.0 && std::isfinite(options.bandwidth), "an impossible bandwidth");
    const std::uint64_t age = file.scalar<std::uint64_t>("age");
    require(age <= counted[0] && settings[2] * fitted.features() <= most_cells, "more rows than were seen");
    const std::size_t width = 2 * fitted.features();
    const auto rows = file.values<std::int32_t>("rows", std::min(age, settings[2]) * width);
    constexpr auto one = static_cast<std::int32_t>(feature_unit);
    require(std::all_of(rows.begin(), rows.end(), [](std::int32_t x) { return x >= -one && x <= one; }),
            "a feature beyond one");
    auto monitor = MonitorCodec::make([&] { return MmdMonitor(std::move(fitted), options); });
    const auto thresholds = file.values<double>("thresholds", plan_of(options).growing_stages() + 1);
    require(std::all_of(thresholds.begin(), thresholds.end(), [](double x) { return x >= 0.0 && std::isfinite(x); }),
            "an impossible threshold");
    monitor.thresholds_.assign(thresholds.begin(), thresholds.end());
    monitor.age_ = age;
    monitor.width_ = static_cast<std::uint32_t>(rows.size() / width);
    monitor.next_ = monitor.width_ == options.window ? 0 : monitor.width_;
    std::copy(rows.begin(), rows.end(), monitor.ring_.begin());
    const std::vector<std::int32_t> zeros(width);
    for (std::size_t i = 0; i < monitor.width_; ++i) {
        const kernels::WaveSlide slide{rows.data() + i * width,    zeros.data(), monitor.mean_.data(),
                                       static_cast<double>(i + 1), width,        monitor.sums_.data()};
        monitor.squares_ = kernels::kernels().waves.slide(&slide);
    }
    counts.restore(monitor);
    return monitor;
}

template class MmdMonitor<float>;
template class MmdMonitor<double>;

}  // namespace vedette::inline v0::drift
