// SPDX-License-Identifier: Apache-2.0
// Correlated running totals as bytes, and back.
#include <algorithm>
#include <cmath>

#include "privacy/secret_state.hpp"
#include "privacy/wide_product.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/correlated_count.hpp"

namespace vedette::inline v0::privacy {

namespace {

void check(bool holds) {
    if (!holds) throw Error(ErrorCode::corrupt_data, "the bytes hold no state of a correlated running total");
}

// Far beyond what totals of 2^56 rows and noise of 2^40 can come to, and sums of as many still are finite.
bool is_moderate(std::span<const double> values) noexcept {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::abs(x) <= 0x1p200; });
}

}  // namespace

std::vector<std::byte> CorrelatedCount::to_bytes() const {
    if (noise_.empty()) throw Error(ErrorCode::invalid_argument, "count: it was moved from");
    const bool is_root = factor_ == CountFactor::toeplitz_root;
    SecretWriter writer;
    writer.add_scalar("horizon", horizon_);
    writer.add_scalar("factor", static_cast<std::uint64_t>(factor_));
    writer.add_scalar("grid_bits", static_cast<std::uint64_t>(grid_bits_));
    writer.add_scalar("alpha", alpha_);
    writer.add_scalar("sensitivity", sensitivity_);
    writer.add_scalar("sigma", noise_[0].sigma());
    writer.add_scalar("steps", steps_);
    writer.add_scalar("total", total_);
    if (is_root) {
        writer.add("rows", std::span<const std::uint64_t>(rows_));
    } else {
        writer.add("decays", decays_);
        writer.add("scales", scales_);
        detail::SecretVector<std::uint64_t> halves;
        for (const Fixed& buffer : buffers_) {
            halves.push_back(buffer.low);
            halves.push_back(buffer.high);
        }
        writer.add("buffers", std::span<const std::uint64_t>(halves));
    }
    writer.add("released_state", rows_of_.state());
    writer.add("column_state", column_of_.state());
    writer.add("sums", std::vector<double>{value_, largest_, column_, squares_});
    return writer.finish("correlated_count");
}

CorrelatedCount CorrelatedCount::from_bytes(std::span<const std::byte> bytes) {
    const SecretBytes own(bytes);
    const Container container = Container::view(own.get());
    container.require_kind("correlated_count");
    const auto horizon = container.scalar<std::uint64_t>("horizon"), factor = container.scalar<std::uint64_t>("factor"),
               grid_bits = container.scalar<std::uint64_t>("grid_bits");
    const auto alpha = container.scalar<double>("alpha"), sigma = container.scalar<double>("sigma");
    check(factor <= 1 && grid_bits <= most_grid_bits && alpha > 0.0 && alpha < 1.0);
    CorrelatedCount count(horizon, static_cast<CountFactor>(factor), static_cast<int>(grid_bits), alpha);
    const bool is_root = count.factor_ == CountFactor::toeplitz_root;
    check(horizon >= 1 && horizon <= (is_root ? longest_root_horizon : longest_buffered_horizon));
    check(sigma >= DiscreteGaussian::least_sigma && sigma <= DiscreteGaussian::largest_sigma);
    count.noise_.emplace_back(sigma);
    count.sensitivity_ = container.scalar<double>("sensitivity");
    count.steps_ = container.scalar<std::uint64_t>("steps");
    count.total_ = container.scalar<std::uint64_t>("total");
    check(count.steps_ <= horizon && count.total_ <= most_counted);
    std::size_t released = static_cast<std::size_t>(count.steps_);
    if (is_root) {
        const auto rows = container.values<std::uint64_t>("rows", released);
        std::uint64_t left = count.total_;
        for (const std::uint64_t x : rows) {
            check(x <= left);
            left -= x;
        }
        check(left == 0);
        count.rows_.assign(rows.begin(), rows.end());
        count.make_root();
        count.move_root_to_grid();
    } else {
        const auto decays = container.values<double>("decays");
        check(!decays.empty() && decays.size() <= most_buffers);
        const auto scales = container.values<double>("scales", decays.size());
        const auto halves = container.values<std::uint64_t>("buffers", 2 * decays.size());
        const auto is_fraction = [](double x) {
            return x >= 0.0 && x < 1.0 && std::ldexp(x, 64) == std::nearbyint(std::ldexp(x, 64));
        };
        for (std::size_t j = 0; j < decays.size(); ++j) {
            check(is_fraction(decays[j]) && is_fraction(scales[j]));
            // Each is a sum of rows that have decayed, in 2^-60.
            const Wide buffer = (Wide{halves[2 * j + 1]} << 64U) | halves[2 * j];
            check(buffer <= Wide{count.total_} << fraction_bits);
            count.buffers_.push_back({halves[2 * j], halves[2 * j + 1]});
        }
        count.decays_.assign(decays.begin(), decays.end());
        count.scales_.assign(scales.begin(), scales.end());
        released = count.steps_ == 0 ? 0 : decays.size();
    }
    // No less than a single row changes.
    check(count.sensitivity_ >= count.column_length() && std::isfinite(count.sensitivity_));
    const auto released_state = container.values<double>("released_state", released),
               column_state = container.values<double>("column_state", released);
    const auto sums = container.values<double>("sums", 4);
    check(is_moderate(released_state) && is_moderate(column_state) && is_moderate(sums) && sums[1] >= 0.0 &&
          sums[3] >= 0.0);
    count.rows_of_.restore(released_state, count.steps_);
    count.column_of_.restore(column_state, count.steps_);
    count.value_ = sums[0];
    count.largest_ = sums[1];
    count.column_ = sums[2];
    count.squares_ = sums[3];
    return count;
}

}  // namespace vedette::inline v0::privacy
