// SPDX-License-Identifier: Apache-2.0
// Privacy audits through the C interface: bounds from counts, outputs and guesses, and misuse.
#include "check.h"

enum { RUNS = 4000 };

int main(void) {
    // Of randomised response with epsilon = log 4, and of one that always tells.
    const vdt_audit_counts counts = {1000, 800, 1000, 200}, telling = {1000, 1000, 1000, 0};
    double bound = -1.0, other = -1.0;
    CHECK_OK(vdt_audit_epsilon(&counts, 0.0, 0.95, &bound, e));
    CHECK(bound > 1.2 && bound < log(4.0));
    CHECK_OK(vdt_audit_epsilon(&counts, 0.1, 0.95, &other, e));
    CHECK(other > 0.9 && other < bound);
    CHECK_OK(vdt_audit_epsilon(&telling, 0.0, 0.95, &bound, e));
    CHECK(bound > 5.0);
    CHECK_OK(vdt_audit_gdp_mu(&counts, 0.95, &bound, e));
    CHECK(bound > 1.4 && bound < 1.6833);
    CHECK_OK(vdt_audit_gaussian_epsilon(&counts, 1e-5, 0.95, &other, e));
    CHECK(other > 5.0 && other < 9.0);
    CHECK_OK(vdt_audit_renyi(&counts, 2.0, 0.95, &bound, e));
    CHECK(bound > 0.9 && bound < log(0.64 / 0.2 + 0.04 / 0.8));

    static double first[RUNS], second[RUNS];
    uint64_t state = 7;
    for (int i = 0; i < RUNS; ++i) {
        first[i] = draw(&state);
        second[i] = draw(&state) + 0.5;
    }
    second[1] = NAN;
    vdt_audit_counts held = {0, 0, 0, 0};
    CHECK_OK(vdt_audit_outputs(first, RUNS, second, RUNS, 0.0, 0.95, &held, &bound, e));
    CHECK(bound > 4.0);
    CHECK(held.first_runs == RUNS / 2 && held.second_runs == RUNS / 2);
    CHECK(held.first_hits > 900 && held.second_hits == 0);
    CHECK_OK(vdt_audit_epsilon(&held, 0.0, 0.95, &other, e));
    CHECK(bound == other);
    CHECK_OK(vdt_audit_outputs(first, RUNS, second, RUNS, 0.0, 0.95, NULL, &other, e));
    CHECK(bound == other);

    CHECK_OK(vdt_audit_one_run_epsilon(1000, 100, 75, 1e-4, 0.95, &bound, e));
    CHECK(fabs(bound - 0.673) < 1e-3);
    CHECK_OK(vdt_audit_one_run_p_value(1000, 100, 75, bound, 1e-4, &other, e));
    CHECK(other <= 0.05 && other > 0.0499);

    // Misuse; the result is as it was.
    const vdt_audit_counts none = {0, 0, 0, 0}, contradicting = {10, 11, 10, 0};
    bound = 42.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "no runs", vdt_audit_epsilon(&none, 0.0, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "11 hits", vdt_audit_gdp_mu(&contradicting, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_audit_epsilon(&counts, NAN, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_audit_gaussian_epsilon(&counts, 0.0, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "order", vdt_audit_renyi(&counts, 1.0, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "level", vdt_audit_epsilon(&counts, 0.0, 1.0, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "counts", vdt_audit_epsilon(NULL, 0.0, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_audit_epsilon(&counts, 0.0, 0.95, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "first", vdt_audit_outputs(NULL, 4, second, 4, 0.0, 0.95, NULL, &bound, e));
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "at least 2", vdt_audit_outputs(NULL, 0, second, 4, 0.0, 0.95, NULL, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "guesses", vdt_audit_one_run_gdp_mu(9, 10, 5, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "right guesses", vdt_audit_one_run_epsilon(9, 10, 5, 0.0, 0.95, &bound, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_audit_one_run_p_value(10, 10, 5, -1.0, 0.0, &bound, e));
    CHECK(bound == 42.0);
    CHECK_OK(vdt_audit_one_run_gdp_mu(1000, 100, 95, 0.95, &bound, e));
    CHECK(bound > 0.5 && bound < 5.0);
    return check_result();
}
