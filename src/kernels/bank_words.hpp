// SPDX-License-Identifier: Apache-2.0
// The words of the banks' kernels for a single lane.
#pragma once

#include <cmath>
#include <cstddef>

namespace vedette::inline v0::kernels {

struct ScalarLane {
    using Value = double;
    using Mask = bool;
    static constexpr std::size_t size = 1;

    template <class T>
    static double load(const T* x) noexcept {
        return static_cast<double>(*x);
    }
    static void store(double* to, double x) noexcept { *to = x; }
    /// Sum and difference; vectors may take other instructions, and `one`, for the same bits.
    static double one() noexcept { return 1.0; }
    static double plus(double a, double b, double) noexcept { return a + b; }
    static double minus(double a, double b, double) noexcept { return a - b; }
    /// sum + x^2, for a guess: vectors may round once.
    static double add_square(double sum, double x) noexcept { return sum + x * x; }
    /// 1/n of a whole number n >= 1.
    static double reciprocal(double n) noexcept { return 1.0 / n; }
    static bool less(double a, double b) noexcept { return a < b; }
    static bool not_above(double a, double b) noexcept { return a <= b; }
    /// The second of two that are equal.
    static double smaller(double a, double b) noexcept { return a < b ? a : b; }
    static double larger(double a, double b) noexcept { return a > b ? a : b; }
    static double magnitude(double x) noexcept { return std::fabs(x); }
    static double root(double x) noexcept { return std::sqrt(x); }
    static double choose(bool m, double yes, double no) noexcept { return m ? yes : no; }
    /// x where the mask holds, else 0.
    static double keep(bool m, double x) noexcept { return m ? x : 0.0; }
    /// m, where a <= b too.
    static bool still_not_above(bool m, double a, double b) noexcept { return m && a <= b; }
    static bool either(bool a, bool b) noexcept { return a || b; }
    static bool both(bool a, bool b) noexcept { return a && b; }
    static unsigned bits(bool m) noexcept { return m ? 1U : 0U; }
};

}  // namespace vedette::inline v0::kernels
