// SPDX-License-Identifier: Apache-2.0
// E-values: from and to p-values, merged, and tested in thousands under any dependence.
#pragma once

#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// An e-value is a number >= 0 whose mean is at most 1 if the null hypothesis holds: 1/e is a p-value (Markov). All
/// functions are thread-safe and throw Error(invalid_argument), naming the value, for an e-value that is NaN or
/// negative, a p-value outside [0, 1], or an empty span. Infinity is an e-value.

/// exponent p^(exponent - 1), an e-value for any p-value; exponent in (0, 1) (Shafer, Shen, Vereshchagin and Vovk
/// 2011).
double power_calibrator(double p, double exponent);
/// The mean of the power calibrators over their exponents, (1 - p + p log p) / (p log(p)^2): no choice to be made; 1/2
/// at p = 1.
double mixture_calibrator(double p);
/// min(1, 1/e).
double p_from_e(double e);

/// The mean: an e-value under any dependence, and up to constants the only such way (Vovk and Wang 2021). What to take
/// for shards that are compared with one and the same reference.
double average_e_values(std::span<const double> e_values);
/// The product: an e-value if each has mean at most 1 given the ones before, e.g. independent ones. E-processes of
/// shards with a common reference (drift/e_process.hpp) are NOT independent, even if their streams are: the luck of the
/// reference enters each. Give each shard its own part of the reference, or average. 0 times infinity is 0.
double multiply_e_values(std::span<const double> e_values);

/// What the largest value so far of an e-process is worth as an e-value: mixture_calibrator(1 / largest). An e-process
/// is an e-value at the stopping times of its own values alone; this one is at any time, whatever else the choice of
/// the time looked at, other features and shards say (Shafer, Shen, Vereshchagin and Vovk 2011; Choe and Ramdas 2024,
/// lifting to a finer filtration): its supremum has mean 1 at most. Costs about log(largest)^2 of it. `largest` is at
/// least 1, else Error(invalid_argument).
double lift_e_process(double largest);

/// e-BH (Wang and Ramdas 2022): Benjamini and Hochberg's procedure on 1/e as adjusted p-values, in the order given.
/// Rejecting where adjusted <= level keeps the false discovery rate at most `level` under ANY dependence (which for
/// p-values costs the factor of Benjamini and Yekutieli), and at any stopping time when the e-values are of
/// e-processes in one filtration. An e-value of NaN takes no part and stays NaN. O(n log n).
std::vector<double> adjust_e_values(std::span<const double> e_values);

}  // namespace vedette::inline v0::stats
