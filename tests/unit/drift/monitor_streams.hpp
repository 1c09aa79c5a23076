// SPDX-License-Identifier: Apache-2.0
// The streams of the monitors' oracle (tests/oracle/monitor_streams.py), made again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "source_directory.hpp"

namespace monitor_streams {

/// Steele, Lea and Flood (2014).
class SplitMix {
  public:
    explicit SplitMix(std::uint64_t seed) : state_(seed) {}

    std::uint64_t word() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }
    double uniform() { return static_cast<double>(word() >> 11U) * 0x1p-53; }
    double bell() {
        double total = 0.0;
        for (int i = 0; i < 12; ++i) total += uniform();
        return total - 6.0;
    }

  private:
    std::uint64_t state_;
};

inline std::vector<double> levels(std::size_t count) {
    SplitMix random(1);
    const double steps[] = {0.0, 1.0, 0.5, -1.5};
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(random.bell() + steps[4 * i / count]);
    return values;
}

inline std::vector<double> spreads(std::size_t count) {
    SplitMix random(2);
    const double places[] = {0.0, 0.0, 2.0, 2.0};
    const double widths[] = {1.0, 3.0, 3.0, 0.25};
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t part = 4 * i / count;
        values.push_back(static_cast<double>(static_cast<int>((random.uniform() * widths[part] + places[part]) * 8.0)) /
                         8.0);
    }
    return values;
}

inline std::vector<double> errors(std::size_t count) {
    SplitMix random(3);
    const double rates[] = {0.125, 0.3125, 0.0625, 0.25, 0.5};
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(random.uniform() < rates[5 * i / count] ? 1.0 : 0.0);
    return values;
}

inline std::vector<double> rare_errors(std::size_t count) {
    SplitMix random(4);
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
        const double rise = static_cast<double>(i) / static_cast<double>(count) - 0.125;
        values.push_back(random.uniform() < 0.25 * (rise > 0.0 ? rise : 0.0) ? 1.0 : 0.0);
    }
    return values;
}

inline std::vector<double> shares(std::size_t count) {
    SplitMix random(5);
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
        const double u = random.uniform();
        values.push_back(random.uniform() > static_cast<double>(i) / static_cast<double>(count) ? u * u : u);
    }
    return values;
}

inline std::vector<double> flights() {
    std::vector<double> values;
    for (const char* name : {"flights_2013_q1.csv", "flights_2013_april_december.csv"}) {
        std::ifstream file(std::string(source_directory()) + "/tests/data/" + name);
        std::string line;
        std::getline(file, line);
        while (std::getline(file, line)) {
            std::istringstream cells(line);
            std::string cell;
            for (int i = 0; i < 8; ++i) std::getline(cells, cell, ',');
            if (!cell.empty()) values.push_back(std::stod(cell));
        }
    }
    return values;
}

/// By the oracle's name: "levels:20000", "late_flights" ...
inline std::vector<double> stream(const std::string& name) {
    const std::size_t colon = name.find(':');
    const std::string kind = name.substr(0, colon);
    const std::size_t count = colon == std::string::npos ? 0 : std::stoul(name.substr(colon + 1));
    if (kind == "levels") return levels(count);
    if (kind == "spreads") return spreads(count);
    if (kind == "errors") return errors(count);
    if (kind == "rare_errors") return rare_errors(count);
    if (kind == "shares") return shares(count);
    std::vector<double> values = flights();
    if (values.empty()) throw std::runtime_error("no flights");
    if (kind == "late_flights")
        for (double& value : values) value = value > 15.0 ? 1.0 : 0.0;
    else if (kind != "flights")
        throw std::runtime_error("no stream " + name);
    return values;
}

}  // namespace monitor_streams
