// SPDX-License-Identifier: Apache-2.0
// Monitors as bytes and back: five lists in a container, the same for all of them, and the checks that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

/// A file: the tensors `options` and `numbers` (f64), `settings`, `counts` and `integers` (u64), each of rank 1.
struct MonitorCodec {
    std::vector<double> options;          // what the constructor was given
    std::vector<std::uint64_t> settings;  // the same, whole numbers
    std::vector<double> numbers;          // what observations have made of it
    std::vector<std::uint64_t> integers;
    std::vector<std::uint64_t> counts;  // the fields of MonitorCounts, the state, whether a restart is pending

    [[nodiscard]] std::vector<std::byte> write(std::string_view kind, const MonitorBase& monitor) const;
    /// With `counts` as they are.
    [[nodiscard]] std::vector<std::byte> write(std::string_view kind) const;

    [[nodiscard]] static std::vector<std::uint64_t> counts_of(const MonitorBase& monitor);
    /// Throws Error(corrupt_data) for counts that no monitor has.
    void check_counts() const;

    /// Throws Error(corrupt_data) unless the file is of that kind and has as many options and settings; the other lists
    /// are for the monitor to judge.
    [[nodiscard]] static MonitorCodec read(std::string_view kind, std::span<const std::byte> bytes,
                                           std::size_t option_count, std::size_t setting_count);
    /// Sets counts and state. Call it last.
    void restore(MonitorBase& monitor) const;

    /// Adds the counts of `other` to those of `monitor`. Throws Error(overflow) beyond 2^53 accepted values, or 2^62 of
    /// any other kind, and changes nothing then.
    static void add_counts(MonitorBase& monitor, const MonitorBase& other);

    /// Makes the monitor; what its constructor refuses is corrupt data.
    template <class Make>
    static auto make(Make&& construct) {
        try {
            return construct();
        } catch (const Error& error) {
            throw Error(ErrorCode::corrupt_data, std::string("monitor: ") + error.what());
        }
    }

    static void require(bool condition, const char* what) {
        if (!condition) throw Error(ErrorCode::corrupt_data, std::string("monitor: ") + what);
    }
    static void require_within(double value, double least, double most, const char* what) {
        require(value >= least && value <= most, what);
    }
    /// An option that is 0 or 1, or a choice of an enumeration.
    [[nodiscard]] std::uint8_t choice(std::size_t setting, std::uint8_t last) const {
        require(settings[setting] <= last, "an unknown choice");
        return static_cast<std::uint8_t>(settings[setting]);
    }
    [[nodiscard]] std::uint32_t setting32(std::size_t setting) const {
        require(settings[setting] <= 0xFFFFFFFFU, "a setting out of range");
        return static_cast<std::uint32_t>(settings[setting]);
    }
};

/// Throws Error(invalid_argument), naming monitor, option, value and limit, unless least <= value <= most.
void require_option(const char* monitor, const char* option, double value, double least, double most);
/// The same for least < value < most.
void require_option_inside(const char* monitor, const char* option, double value, double least, double most);
/// Throws Error(invalid_argument) for a value that the enumeration does not have.
void require_choice(const char* monitor, const char* option, unsigned value, unsigned last);

}  // namespace vedette::inline v0::drift
