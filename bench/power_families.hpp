// SPDX-License-Identifier: Apache-2.0
// What power.cpp simulates: laws without drift, and kinds of shift over several sizes. power_laws.py has the same.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/sorted_sample.hpp"

namespace power {

using vedette::Random;

inline constexpr std::size_t rows = 200;  // a side
inline constexpr std::size_t categorical_rows = 100;

/// A pair of samples: of one number, of counts of categories, of rows of several numbers.
struct Numbers {
    vedette::drift::SortedSample<double> reference, live;
};
struct Counts {
    std::vector<std::uint64_t> reference, live;
};
struct Rows {
    std::size_t features;
    std::vector<double> reference, live;  // row by row
};

/// A law that both sides have.
template <class Pair>
struct Null {
    const char* name;
    std::function<Pair(Random&)> draw;
};

/// A kind of shift. Its power is at the level of the law `null`, which is what size 0 would be.
template <class Pair>
struct Family {
    const char* name;
    std::vector<double> sizes;
    std::function<Pair(Random&, double size)> draw;
    std::size_t null = 0;
};

// ---- one number ----

using Draw = std::function<double(Random&)>;

inline double normal(Random& random) {
    return random.normal();
}
/// Student's t of that many degrees of freedom, above 2, scaled to variance 1; chi-square as a sum, or a gamma of
/// squares where the degrees are not whole.
inline double student(Random& random, int degrees) {
    double sum = 0.0;
    for (int i = 0; i < degrees; ++i) {
        const double z = random.normal();
        sum += z * z;
    }
    const double nu = degrees;
    return random.normal() / std::sqrt(sum / nu) * std::sqrt((nu - 2.0) / nu);
}
inline double five_values(Random& random) {
    return std::floor(5.0 * random.uniform());
}

inline Numbers numbers(Random& random, const Draw& reference, const Draw& live, std::size_t live_rows = rows) {
    std::vector<double> x(rows), y(live_rows);
    for (double& value : x) value = reference(random);
    for (double& value : y) value = live(random);
    return {vedette::drift::SortedSample<double>(x), vedette::drift::SortedSample<double>(y)};
}

inline std::vector<Null<Numbers>> nulls_of_numbers() {
    const Draw heavy = [](Random& random) { return student(random, 3); };
    return {{"normal", [](Random& r) { return numbers(r, normal, normal); }},
            {"t3", [heavy](Random& r) { return numbers(r, heavy, heavy); }},
            {"five values", [](Random& r) { return numbers(r, five_values, five_values); }},
            {"the same, 60 live", [](Random& r) { return numbers(r, five_values, five_values, 60); }}};
}

inline std::vector<Family<Numbers>> families_of_numbers() {
    const auto against_normal = [](const char* name, std::vector<double> sizes,
                                   std::function<double(Random&, double)> live) {
        return Family<Numbers>{name, std::move(sizes), [live](Random& random, double size) {
                                   return numbers(random, normal, [&](Random& r) { return live(r, size); });
                               }};
    };
    return {
        against_normal("location, sd", {0.1, 0.2, 0.3, 0.4, 0.5}, [](Random& r, double s) { return r.normal() + s; }),
        against_normal("scale, times", {1.1, 1.2, 1.3, 1.5, 2.0}, [](Random& r, double s) { return s * r.normal(); }),
        against_normal("tails, t of degrees", {20.0, 10.0, 5.0, 4.0, 3.0},
                       [](Random& r, double s) { return student(r, static_cast<int>(s)); }),
        against_normal("mixture, share at 4 sd", {0.01, 0.02, 0.05, 0.1, 0.2},
                       [](Random& r, double s) { return r.normal() + (r.uniform() < s ? 4.0 : 0.0); })};
}

// ---- counts of categories ----

/// Counts of `categorical_rows` draws a side.
inline Counts counts(Random& random, const std::vector<double>& reference, const std::vector<double>& live) {
    const auto draw = [&](const std::vector<double>& shares) {
        std::vector<std::uint64_t> side(shares.size(), 0);
        for (std::size_t i = 0; i < categorical_rows; ++i) {
            double left = random.uniform();
            std::size_t k = 0;
            while (k + 1 < shares.size() && left >= shares[k]) left -= shares[k++];
            ++side[k];
        }
        return side;
    };
    Counts pair;
    pair.reference = draw(reference);
    pair.live = draw(live);
    return pair;
}

/// One category gains `gain`, at the cost of all others in proportion.
inline std::vector<double> gained(std::vector<double> shares, std::size_t which, double gain) {
    const double rest = 1.0 - shares[which];
    for (std::size_t k = 0; k < shares.size(); ++k) shares[k] -= k == which ? -gain : gain * shares[k] / rest;
    return shares;
}

inline const std::vector<double>& even() {
    static const std::vector<double> shares(5, 0.2);
    return shares;
}
inline const std::vector<double>& uneven() {
    static const std::vector<double> shares{0.6, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01, 0.01};
    return shares;
}
inline const std::vector<double>& rare_event() {
    static const std::vector<double> shares{0.05, 0.95};
    return shares;
}

inline Family<Counts> gaining(const char* name, std::vector<double> sizes, const std::vector<double>& shares,
                              std::size_t which, std::size_t null) {
    return {
        name, std::move(sizes),
        [&shares, which](Random& random, double size) { return counts(random, shares, gained(shares, which, size)); },
        null};
}

inline std::vector<Null<Counts>> nulls_of_counts() {
    return {{"five even", [](Random& r) { return counts(r, even(), even()); }},
            {"eight, some rare", [](Random& r) { return counts(r, uneven(), uneven()); }}};
}
inline std::vector<Family<Counts>> families_of_counts() {
    return {gaining("one of five even gains", {0.05, 0.1, 0.15, 0.2, 0.3}, even(), 0, 0),
            gaining("commonest of eight loses", {-0.05, -0.1, -0.15, -0.2, -0.3}, uneven(), 0, 1),
            gaining("rarest of eight gains", {0.01, 0.02, 0.04, 0.06, 0.1}, uneven(), 7, 1)};
}
inline std::vector<Null<Counts>> nulls_of_rates() {
    return {{"5 %", [](Random& r) { return counts(r, rare_event(), rare_event()); }}};
}
inline std::vector<Family<Counts>> families_of_rates() {
    return {gaining("5 % gains", {0.03, 0.06, 0.09, 0.12, 0.18}, rare_event(), 0, 0)};
}

// ---- rows of several numbers ----

using DrawRow = std::function<void(Random&, double* row, std::size_t features)>;

inline void normal_row(Random& random, double* row, std::size_t features) {
    for (std::size_t j = 0; j < features; ++j) row[j] = random.normal();
}

inline Rows row_pair(Random& random, std::size_t features, const DrawRow& reference, const DrawRow& live) {
    Rows pair{features, std::vector<double>(rows * features), std::vector<double>(rows * features)};
    for (std::size_t i = 0; i < rows; ++i) {
        reference(random, pair.reference.data() + i * features, features);
        live(random, pair.live.data() + i * features, features);
    }
    return pair;
}

inline std::vector<Null<Rows>> nulls_of_rows() {
    const DrawRow heavy = [](Random& random, double* row, std::size_t d) {
        for (std::size_t j = 0; j < d; ++j) row[j] = student(random, 3);
    };
    return {{"10 normal", [](Random& r) { return row_pair(r, 10, normal_row, normal_row); }},
            {"10 of t3", [heavy](Random& r) { return row_pair(r, 10, heavy, heavy); }},
            {"100 normal", [](Random& r) { return row_pair(r, 100, normal_row, normal_row); }}};
}

inline std::vector<Family<Rows>> families_of_rows() {
    using Change = std::function<void(Random&, double* row, std::size_t features, double size)>;
    const auto of_normal = [](const char* name, std::vector<double> sizes, Change change, std::size_t features = 10,
                              std::size_t null = 0) {
        return Family<Rows>{name, std::move(sizes),
                            [change, features](Random& random, double size) {
                                return row_pair(random, features, normal_row,
                                                [&](Random& r, double* row, std::size_t d) {
                                                    normal_row(r, row, d);
                                                    change(r, row, d, size);
                                                });
                            },
                            null};
    };
    const auto each = [](auto&& change) {
        return [change](Random& random, double* row, std::size_t d, double size) {
            for (std::size_t j = 0; j < d; ++j) row[j] = change(random, row[j], size);
        };
    };
    return {of_normal("location of all, sd", {0.05, 0.1, 0.15, 0.2},
                      each([](Random&, double x, double s) { return x + s; })),
            of_normal("scale of all, times", {1.05, 1.1, 1.15, 1.25},
                      each([](Random&, double x, double s) { return s * x; })),
            of_normal("tails of all, t of degrees", {10.0, 5.0, 4.0, 3.0},
                      each([](Random& r, double, double s) { return student(r, static_cast<int>(s)); })),
            of_normal("mixture, share of rows at 1 sd", {0.05, 0.1, 0.15, 0.25},
                      [](Random& r, double* row, std::size_t d, double s) {
                          if (r.uniform() >= s) return;
                          for (std::size_t j = 0; j < d; ++j) row[j] += 1.0;
                      }),
            of_normal("correlation of two", {0.3, 0.5, 0.7, 0.9},
                      [](Random&, double* row, std::size_t, double s) {
                          row[1] = s * row[0] + std::sqrt(1.0 - s * s) * row[1];
                      }),
            of_normal("correlation of all", {0.1, 0.2, 0.3, 0.5},
                      [](Random& r, double* row, std::size_t d, double s) {
                          const double common = r.normal();
                          for (std::size_t j = 0; j < d; ++j)
                              row[j] = std::sqrt(s) * common + std::sqrt(1.0 - s) * row[j];
                      }),
            of_normal(
                "one of a hundred, sd", {0.3, 0.45, 0.6, 0.9},
                [](Random&, double* row, std::size_t d, double s) { row[d / 2] += s; }, 100, 2)};
}

}  // namespace power
