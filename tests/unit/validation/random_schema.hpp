// SPDX-License-Identifier: Apache-2.0
// Random features, and values that lie at their rules' edges.
#pragma once

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

#include "vedette/core/random.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::validation::random_schema {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

inline std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}
inline bool coin(Random& random) {
    return below(random, 2) == 0;
}

inline Feature random_feature(Random& random, std::size_t index) {
    Feature feature;
    feature.name = std::to_string(index);
    constexpr FeatureType types[] = {FeatureType::floating, FeatureType::floating, FeatureType::floating,
                                     FeatureType::integer,  FeatureType::boolean,  FeatureType::text,
                                     FeatureType::bytes};
    feature.type = types[below(random, 7)];
    if (below(random, 12) == 0) feature.stage = Stage::alpha;
    feature.required = below(random, 4) != 0;
    feature.nullable = coin(random);
    if (feature.type == FeatureType::floating) {
        if (coin(random)) feature.number.minimum = below(random, 3) == 0 ? 0.1 : -2.0;
        if (coin(random)) feature.number.maximum = below(random, 3) == 0 ? 0.3 : 2.0;
        feature.number.exclusive_minimum = feature.number.minimum && coin(random);
        feature.number.exclusive_maximum = feature.number.maximum && coin(random);
        if (below(random, 4) == 0) feature.number.step = coin(random) ? 0.25 : 0.1;
        if (below(random, 3) == 0) feature.standard_score = StandardScore{0.5, 0.7, 1.5};
        feature.integral = below(random, 5) == 0;
        feature.allow_nan = below(random, 3) == 0;
        feature.allow_infinity = below(random, 3) == 0;
    } else if (feature.type == FeatureType::integer) {
        if (coin(random)) feature.integer.minimum = coin(random) ? std::numeric_limits<std::int64_t>::min() : -2;
        if (coin(random)) feature.integer.maximum = coin(random) ? std::numeric_limits<std::int64_t>::max() : 2;
        feature.integer.exclusive_minimum = feature.integer.minimum && coin(random);
        feature.integer.exclusive_maximum = feature.integer.maximum && coin(random);
        if (coin(random)) feature.integer.step = 2;
    } else if (feature.type != FeatureType::boolean) {
        if (coin(random))
            feature.domain = Domain{{"aa", "b", "\xC3\xA9", "a longer value"},
                                    coin(random) ? 0.1 : 0.0,
                                    coin(random) ? Case::exact : Case::fold_ascii};
        if (coin(random)) feature.length = Count{below(random, 3), 2 + below(random, 9)};
        if (feature.type == FeatureType::text && feature.length && coin(random))
            feature.length_unit = LengthUnit::code_points;
        if (feature.type == FeatureType::text && below(random, 4) == 0) feature.format = Format::ipv4;
        if (feature.type == FeatureType::text && below(random, 4) == 0) feature.pattern = "^[0-9.]*$";
    }
    while (below(random, 3) == 0)
        feature.severity[static_cast<Check>(below(random, check_count))] = static_cast<Severity>(below(random, 3));
    return feature;
}

inline double random_number(Random& random) {
    constexpr double values[] = {0.0,
                                 -0.0,
                                 0.1,
                                 0.3,
                                 static_cast<double>(0.1F),
                                 static_cast<double>(0.3F),
                                 1.0,
                                 2.0,
                                 -2.0,
                                 0.25,
                                 0.75,
                                 4e18,
                                 2e19,
                                 5e-324,
                                 1e300,
                                 -1e300,
                                 infinity,
                                 -infinity,
                                 not_a_number,
                                 -0x1p63};
    return coin(random) ? values[below(random, std::size(values))] : random.normal();
}

inline std::string_view random_text(Random& random) {
    constexpr const char* texts[] = {"",
                                     "aa",
                                     "AA",
                                     "b",
                                     "B",
                                     "\xC3\xA9",
                                     "\xC3",
                                     "\xED\xA0\x80",
                                     "A LONGER value",
                                     "1.2.3.4",
                                     "01.2.3.4",
                                     "a text that is longer than any domain"};
    return texts[below(random, std::size(texts))];
}

}  // namespace vedette::validation::random_schema
