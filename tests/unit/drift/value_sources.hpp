// SPDX-License-Identifier: Apache-2.0
// Values of every kind for tests that promise the same answer on any data.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "vedette/core/random.hpp"

namespace vedette::testing {

struct Source {
    const char* name;
    std::function<double(Random&)> draw;
};

inline const std::vector<Source> sources{
    {"normal", [](Random& r) { return r.normal(); }},
    {"far from 0", [](Random& r) { return 1e9 + r.normal(); }},
    {"log-normal over 30 powers of ten", [](Random& r) { return std::exp(15.0 * r.normal()); }},
    {"both signs, all magnitudes",
     [](Random& r) { return std::exp(100.0 * r.normal()) * (r.uniform() < 0.5 ? -1 : 1); }},
    {"clusters that defeat width and bits",
     [](Random& r) { return r.uniform() < 0.5 ? 1.0 + 1e-6 * r.uniform() : 1e10 * (1.0 + 1e-6 * r.uniform()); }},
    {"coin tosses", [](Random& r) { return r.uniform() < 0.5 ? 0.0 : 1.0; }},
    {"signed zeros", [](Random& r) { return r.uniform() < 0.5 ? -0.0 : (r.uniform() < 0.5 ? 0.0 : r.normal()); }},
    {"integers", [](Random& r) { return std::floor(30.0 * r.uniform()); }},
    {"mostly one value", [](Random& r) { return r.uniform() < 0.9 ? 7.0 : r.normal(); }},
    {"infinities",
     [](Random& r) {
         return r.uniform() < 0.1 ? (r.uniform() < 0.5 ? -std::numeric_limits<double>::infinity()
                                                       : std::numeric_limits<double>::infinity())
                                  : r.normal();
     }},
    {"denormals", [](Random& r) { return 1e-310 * r.normal(); }},
    {"constant", [](Random&) { return 3.5; }},
    {"near the largest number", [](Random& r) { return 1e308 * r.normal(); }},
};

template <class T>
std::vector<T> draw(const Source& source, std::size_t n, Random& random) {
    std::vector<T> values(n);
    for (T& value : values) {
        const double drawn = source.draw(random);
        value = static_cast<T>(sizeof(T) == 4 && std::isfinite(drawn) ? std::clamp(drawn, -3e38, 3e38) : drawn);
    }
    return values;
}

}  // namespace vedette::testing
