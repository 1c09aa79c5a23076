// SPDX-License-Identifier: Apache-2.0
// Calibrators, merging and e-BH.
#include "vedette/stats/e_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0::stats {
namespace {

[[noreturn]] void refuse(const std::string& what, double value, const char* limit) {
    throw Error(ErrorCode::invalid_argument, what + " is " + std::to_string(value) + ", must " + limit);
}

void require_p(double p) {
    if (!(p >= 0.0 && p <= 1.0)) refuse("calibrator: p", p, "lie in [0, 1]");
}

void require_e_values(std::span<const double> e_values) {
    if (e_values.empty()) throw Error(ErrorCode::invalid_argument, "e-values: none given, needs at least 1");
    for (std::size_t i = 0; i < e_values.size(); ++i)
        if (!(e_values[i] >= 0.0))
            refuse("e-values: e_values[" + std::to_string(i) + "]", e_values[i], "be at least 0");
}

}  // namespace

double power_calibrator(double p, double exponent) {
    require_p(p);
    if (!(exponent > 0.0 && exponent < 1.0)) refuse("power_calibrator: exponent", exponent, "lie between 0 and 1");
    return exponent * std::pow(p, exponent - 1.0);
}

double mixture_calibrator(double p) {
    require_p(p);
    if (p == 0.0) return std::numeric_limits<double>::infinity();
    const double logarithm = std::log(p);
    // Near 1 the terms cancel: with x = -log p, (e^x - 1 - x)/x^2 by its series.
    const double x = -logarithm;
    if (x < 0.01) return 0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x / 5040.0))));
    return (1.0 - p + p * logarithm) / p / (logarithm * logarithm);
}

double p_from_e(double e) {
    if (!(e >= 0.0)) refuse("p_from_e: e", e, "be at least 0");
    return e > 1.0 ? 1.0 / e : 1.0;
}

double lift_e_process(double largest) {
    if (!(largest >= 1.0)) refuse("lift_e_process: largest", largest, "be at least 1, where an e-process begins");
    return mixture_calibrator(1.0 / largest);
}

double average_e_values(std::span<const double> e_values) {
    require_e_values(e_values);
    double mean = 0.0;
    for (const double e : e_values) mean += e / static_cast<double>(e_values.size());
    return mean;
}

double multiply_e_values(std::span<const double> e_values) {
    require_e_values(e_values);
    if (std::find(e_values.begin(), e_values.end(), 0.0) != e_values.end()) return 0.0;
    // Mantissas and exponents apart, so that no part of the product runs over.
    double mantissa = 1.0;
    double exponent = 0.0;
    for (const double e : e_values) {
        if (std::isinf(e)) return e;
        int of_e = 0;
        const double fraction = std::frexp(e, &of_e);
        int of_product = 0;
        mantissa = std::frexp(mantissa * fraction, &of_product);
        exponent += static_cast<double>(of_e) + static_cast<double>(of_product);
    }
    return std::ldexp(mantissa, static_cast<int>(std::clamp(exponent, -4000.0, 4000.0)));
}

std::vector<double> adjust_e_values(std::span<const double> e_values) {
    std::vector<double> p_values(e_values.size());
    for (std::size_t i = 0; i < e_values.size(); ++i) {
        if (e_values[i] < 0.0)
            refuse("adjust_e_values: e_values[" + std::to_string(i) + "]", e_values[i], "be at least 0");
        p_values[i] = std::isnan(e_values[i]) ? e_values[i] : p_from_e(e_values[i]);
    }
    return adjust(p_values, Correction::benjamini_hochberg);
}

}  // namespace vedette::inline v0::stats
