// SPDX-License-Identifier: Apache-2.0
// EDDM: do a model's errors come in quicker succession than they used to? For slow changes and rare errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

enum class EddmRule : std::uint8_t {
    baena_garcia = 0,  ///< the paper (see Eddm)
    river = 1,  ///< river 0.26's: the way to the first error is a distance too; divides by n - 1; the maximum is kept
                ///< from the first error after warm_start values on; judged from warm_start + 1 errors on
    moa = 2,    ///< as river's, but divides by n, begins one value earlier, and a new maximum ends a warning
};

struct EddmOptions {
    std::uint64_t warm_start = 30;  ///< errors before anything is judged, 2 to 2^53
    double warning_level = 0.95;    ///< of the ratio below, in (0, 1), at least drift_level
    double drift_level = 0.9;
    EddmRule rule = EddmRule::baena_garcia;
};

/// Early drift detection method, Baena-Garcia, del Campo-Avila, Fidalgo, Bifet, Gavalda and Morales-Bueno (2006), on a
/// stream of errors: 1 for a wrong prediction, 0 for a right one; anything else is refused and counted. With m and s
/// the mean and standard deviation of the distances between consecutive errors so far, a warning when (m + 2 s) is
/// below 0.95 of the largest it has been, a change below 0.9. Judged at errors, from the warm_start-th on, from which
/// on the maximum is kept too; in between the last word stands.
///
/// Without a guarantee, and quick to alarm: the maximum of a noisy statistic is compared with its later values. On
/// independent errors at a constant rate it alarms again and again; the paper's levels are for ever falling error
/// rates.
///
/// O(1) per update, 136 bytes.
class Eddm : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit Eddm(const EddmOptions& options = {});

    MonitorState update(double error) noexcept;
    void reset() noexcept;

    [[nodiscard]] const EddmOptions& options() const noexcept { return options_; }
    /// Values, and errors among them, since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t errors() const noexcept { return errors_; }
    /// Mean and standard deviation of the distances.
    [[nodiscard]] double estimate() const noexcept { return mean_; }
    [[nodiscard]] double standard_deviation() const noexcept;
    /// The largest mean + 2 standard deviations; 0 while there is none.
    [[nodiscard]] double maximum() const noexcept { return maximum_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Eddm writes, Error(unsupported_version).
    [[nodiscard]] static Eddm deserialize(std::span<const std::byte> bytes);

  private:
    void clear() noexcept;
    void add_distance(double distance) noexcept;
    MonitorState judge(MonitorState before) noexcept;

    EddmOptions options_;
    std::uint64_t count_ = 0;
    std::uint64_t errors_ = 0;
    std::uint64_t last_error_ = 0;  // its number
    std::uint64_t distances_ = 0;
    double mean_ = 0.0;
    double deviations_ = 0.0;  // sum of squared deviations
    double maximum_ = 0.0;
};

}  // namespace vedette::inline v0::drift
