// SPDX-License-Identifier: Apache-2.0
// Samplers, vectors, private choices, sparse vectors, running totals and accounting through the C interface: each near
// what its law says (seldom missed: below 1e-9 per check), and misuse.
#include <string.h>

#include "check.h"

enum { DRAWS = 40000 };
static int64_t drawn[DRAWS];

static void moments(vdt_noise_kind kind, double parameter, uint64_t whole, double mean, double deviation) {
    vdt_noise* noise = NULL;
    CHECK_OK(vdt_noise_create(kind, parameter, whole, NULL, &noise, e));
    CHECK_OK(vdt_noise_sample(noise, drawn, DRAWS, e));
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < DRAWS; ++i) {
        const double x = (double)drawn[i] - mean;
        sum += x / DRAWS;
        squares += x * x / DRAWS;
    }
    CHECK(fabs(sum) < 7.0 * deviation / sqrt((double)DRAWS));
    CHECK(fabs(squares / (deviation * deviation) - 1.0) < 0.12);  // kurtosis at most 9
    CHECK_OK(vdt_noise_sample(noise, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_noise_sample(noise, NULL, 1, e));
    vdt_noise_destroy(noise);
}

static void test_noise(void) {
    const double q = exp(-1.0 / 20.0);
    moments(VDT_NOISE_DISCRETE_LAPLACE, 20.0, 0, 0.0, sqrt(2.0 * q) / (1.0 - q));
    moments(VDT_NOISE_DISCRETE_GAUSSIAN, 3.0, 0, 0.0, 3.0);
    moments(VDT_NOISE_DISCRETE_GAUSSIAN, 1e6, 0, 0.0, 1e6);
    moments(VDT_NOISE_GEOMETRIC, 20.0, 0, q / (1.0 - q), sqrt(q) / (1.0 - q));
    moments(VDT_NOISE_STAIRCASE, 0.05, 1, 0.0, sqrt(2.0 * q) / (1.0 - q));  // of sensitivity 1: discrete Laplace
    moments(VDT_NOISE_BERNOULLI, 0.3, 0, 0.3, sqrt(0.21));
    moments(VDT_NOISE_EXPONENTIAL_BERNOULLI, 1.0, 0, exp(-1.0), sqrt(exp(-1.0) * (1.0 - exp(-1.0))));
    moments(VDT_NOISE_UNIFORM, 0.0, 1001, 500.0, sqrt(1001.0 * 1001.0 - 1.0) / sqrt(12.0));
    vdt_noise* noise = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_noise_create(7, 1.0, 0, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "whole", vdt_noise_create(VDT_NOISE_GEOMETRIC, 1.0, 1, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scale", vdt_noise_create(VDT_NOISE_DISCRETE_LAPLACE, NAN, 0, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bound", vdt_noise_create(VDT_NOISE_UNIFORM, 0.0, 0, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "whole", vdt_noise_create(VDT_NOISE_UNIFORM, 0.0, UINT64_MAX, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "parameter", vdt_noise_create(VDT_NOISE_UNIFORM, 1.0, 5, NULL, &noise, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "noise", vdt_noise_sample(NULL, drawn, 1, e));
    CHECK(noise == NULL);
    vdt_noise_destroy(NULL);
}

static void test_vectors(void) {
    double record[3] = {3.0, 0.0, -4.0}, out[3];
    float floats[3] = {30.0F, 0.0F, -40.0F};
    vdt_vector_mechanism *gaussian = NULL, *laplace = NULL;
    CHECK_OK(vdt_vector_gaussian_create(3, 1.0, 0x1p-10, 0, NULL, &gaussian, e));
    CHECK_OK(vdt_vector_laplace_create(3, 7.0, 0x1p16, 0, NULL, &laplace, e));
    vdt_vector_sum *sum = NULL, *other = NULL, *foreign = NULL;
    CHECK_OK(vdt_vector_sum_create(gaussian, NULL, &sum, e));
    CHECK_OK(vdt_vector_sum_create(gaussian, NULL, &other, e));
    CHECK_OK(vdt_vector_sum_create(laplace, NULL, &foreign, e));
    CHECK_OK(vdt_vector_sum_add_f64(sum, gaussian, record, 3, e));  // clipped to length 1
    CHECK_OK(vdt_vector_sum_add_f32(other, gaussian, floats, 3, e));
    CHECK_OK(vdt_vector_sum_merge(sum, other, e));
    CHECK_OK(vdt_vector_release_f64(gaussian, sum, out, 3, e));
    CHECK(fabs(out[0] - 1.2) < 0.02 && fabs(out[1]) < 0.02 && fabs(out[2] + 1.6) < 0.02);
    CHECK_OK(vdt_vector_release_f32(gaussian, sum, floats, 3, e));
    CHECK(fabs((double)floats[2] + 1.6) < 0.02);
    CHECK_OK(vdt_vector_noise_f64(laplace, record, 3, e));  // of L1 length 7: left as it is
    CHECK(fabs(record[0] - 3.0) < 0.01 && fabs(record[1]) < 0.01 && fabs(record[2] + 4.0) < 0.01);
    CHECK_OK(vdt_vector_noise_f32(laplace, floats, 3, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_vector_sum_merge(sum, foreign, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_vector_release_f64(laplace, sum, out, 3, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "record", vdt_vector_sum_add_f64(sum, gaussian, record, 2, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "record", vdt_vector_noise_f64(laplace, NULL, 3, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mechanism", vdt_vector_noise_f64(NULL, record, 3, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "replace_one", vdt_vector_gaussian_create(3, 1.0, 1.0, 2, NULL, &gaussian, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_vector_laplace_create(3, 1.0, 0x1p21, 0, NULL, &laplace, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dimension", vdt_vector_laplace_create(0, 1.0, 1.0, 0, NULL, &laplace, e));
    vdt_vector_sum_destroy(sum);
    vdt_vector_sum_destroy(other);
    vdt_vector_sum_destroy(foreign);
    vdt_vector_mechanism_destroy(gaussian);
    vdt_vector_mechanism_destroy(laplace);
}

static void test_sums(void) {
    double scale = 0.0, rho = -1.0, out = 0.0;
    vdt_sum_mechanism *laplace = NULL, *gaussian = NULL, *concentrated = NULL, *swapped = NULL, *none = NULL;
    CHECK_OK(vdt_sum_laplace_create(-10.0, 100.0, 0.5, 0, NULL, &laplace, e));
    CHECK_OK(vdt_sum_laplace_create(-10.0, 100.0, 0.5, 1, NULL, &swapped, e));
    CHECK_OK(vdt_sum_gaussian_create(-10.0, 100.0, 1.0, 1e-6, 0.0, 0, NULL, &gaussian, e));
    CHECK_OK(vdt_sum_gaussian_create(-10.0, 100.0, 0.0, 0.0, 0.125, 0, NULL, &concentrated, e));
    CHECK_OK(vdt_sum_mechanism_noise(laplace, &scale, &rho, e));
    CHECK(scale >= 200.0 && scale < 200.001 && rho == 0.0);  // 100 / 0.5
    CHECK_OK(vdt_sum_mechanism_noise(swapped, &scale, NULL, e));
    CHECK(scale >= 220.0 && scale < 220.001);  // 110 / 0.5
    CHECK_OK(vdt_sum_mechanism_noise(concentrated, &scale, &rho, e));
    CHECK(scale >= 200.0 && scale < 200.001 && rho <= 0.125 && rho > 0.1249);  // 100 / sqrt(2 rho)
    // Balle and Wang's sigma of sensitivity 1 at (1, 1e-6) is 4.2247...; the discrete law's is the same at this grain.
    CHECK_OK(vdt_sum_mechanism_noise(gaussian, &scale, &rho, e));
    CHECK(fabs(scale / 100.0 - 4.2247) < 1e-3 && rho > 0.0);

    // Clamped: 12 + 100 - 10 + 0 (NaN) - 10, in two parts.
    const double values[5] = {12.0, 1e300, -INFINITY, NAN, -11.0};
    vdt_bounded_sum *sum = NULL, *more = NULL, *foreign = NULL;
    CHECK_OK(vdt_sum_laplace_create(-10.0, 100.0, 0x1p20, 0, NULL, &none, e));
    CHECK_OK(vdt_bounded_sum_create(none, NULL, &sum, e));
    CHECK_OK(vdt_bounded_sum_create(none, NULL, &more, e));
    CHECK_OK(vdt_bounded_sum_create(laplace, NULL, &foreign, e));
    CHECK_OK(vdt_bounded_sum_add(sum, values, 2, e));
    CHECK_OK(vdt_bounded_sum_add(more, values + 2, 3, e));
    CHECK_OK(vdt_bounded_sum_add(more, NULL, 0, e));
    CHECK_OK(vdt_bounded_sum_merge(sum, more, e));
    CHECK_OK(vdt_sum_release(none, sum, &out, e));
    CHECK(fabs(out - 92.0) < 0.005);  // 50 scales
    CHECK_OK(vdt_sum_release_values(none, values, 5, &out, e));
    CHECK(fabs(out - 92.0) < 0.005);
    // The mean distance of the noise is its scale, give or take 6.1 standard errors.
    double distance = 0.0;
    for (int i = 0; i < DRAWS; ++i) {
        CHECK_OK(vdt_sum_release_values(laplace, values, 5, &out, e));
        distance += fabs(out - 92.0) / DRAWS;
    }
    CHECK(fabs(distance / 200.0 - 1.0) < 6.1 / sqrt(DRAWS));

    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_bounded_sum_merge(sum, foreign, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_sum_release(laplace, sum, &out, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "values", vdt_bounded_sum_add(sum, NULL, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_sum_release(none, sum, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "replace_one", vdt_sum_laplace_create(0, 1, 1.0, 2, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_sum_laplace_create(0, 1, NAN, 0, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_sum_laplace_create(0, 0, 1.0, 0, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rho", vdt_sum_gaussian_create(0, 1, 1.0, 0.0, 0.1, 0, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_sum_gaussian_create(0, 1, 1.0, 0.0, 0.0, 0, NULL, &none, e));
    vdt_bounded_sum_destroy(sum);
    vdt_bounded_sum_destroy(more);
    vdt_bounded_sum_destroy(foreign);
    vdt_sum_mechanism_destroy(laplace);
    vdt_sum_mechanism_destroy(gaussian);
    vdt_sum_mechanism_destroy(concentrated);
    vdt_sum_mechanism_destroy(swapped);
    vdt_sum_mechanism_destroy(none);
    vdt_sum_mechanism_destroy(NULL);
    vdt_bounded_sum_destroy(NULL);
}

static void test_choices(void) {
    const int64_t utilities[4] = {1, 40, 39, -5};
    size_t chosen = 9;
    for (vdt_selection_kind kind = VDT_SELECT_EXPONENTIAL; kind <= VDT_SELECT_NOISY_MAX_LAPLACE; ++kind) {
        CHECK_OK(vdt_select(kind, 200.0, 1, 0, -100, 100, utilities, 4, &chosen, e));
        CHECK(chosen == 1);  // the second has a chance of e^-100
        int best = 0;
        for (int i = 0; i < 300; ++i) {
            CHECK_OK(vdt_select(kind, 0.2, 1, 1, -100, 100, utilities, 4, &chosen, e));
            best += chosen == 1 ? 1 : 0;
        }
        CHECK(best > 60 && best < 270);  // a near tie of two, and others now and then
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_select(kind, 1.0, 1, 0, -1, 1, NULL, 0, &chosen, e));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "one_sided", vdt_select(kind, 1.0, 1, 2, -1, 1, utilities, 4, &chosen, e));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_select(kind, 1.0, 0, 0, -1, 1, utilities, 4, &chosen, e));
    }
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_select(4, 1.0, 1, 0, -1, 1, utilities, 4, &chosen, e));

    vdt_above_threshold* queries = NULL;
    int32_t above = -1;
    uint64_t left = 0;
    CHECK_OK(vdt_above_threshold_create(1000, 1, 4.0, 2, NULL, &queries, e));
    CHECK_OK(vdt_above_threshold_query(queries, 0, &above, &left, e));
    CHECK(above == 0 && left == 2);
    CHECK_OK(vdt_above_threshold_query(queries, 2000, &above, NULL, e));
    CHECK(above == 1);
    CHECK_OK(vdt_above_threshold_query(queries, 2000, &above, &left, e));
    CHECK(above == 1 && left == 0);
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "", vdt_above_threshold_query(queries, 0, &above, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "above", vdt_above_threshold_query(queries, 0, NULL, NULL, e));
    vdt_above_threshold_destroy(queries);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_above_threshold_create(0, 1, 1.0, 0, NULL, &queries, e));
}

// Beside dp-accounting's two ends, and its tests' value of truncated batches (see privacy_loss_grid_test.cpp).
static void test_replaced_and_either(void) {
    vdt_privacy_loss *replaced = NULL, *first = NULL, *second = NULL, *both = NULL;
    double lower = -1.0, upper = -1.0;
    CHECK_OK(vdt_privacy_loss_create(NULL, &replaced, e));
    CHECK_OK(vdt_privacy_loss_create(NULL, &first, e));
    CHECK_OK(vdt_privacy_loss_create(NULL, &second, e));
    CHECK_OK(vdt_privacy_loss_create(NULL, &both, e));
    CHECK_OK(vdt_privacy_loss_add(replaced, VDT_LOSS_REPLACED_GAUSSIAN, 1.0, 0, 0.2, 50, e));
    CHECK_OK(vdt_privacy_loss_epsilon(replaced, 1e-6, 1e-3, &lower, &upper, e));
    CHECK(lower <= 17.020035 && upper >= 16.995027 && upper - lower <= 1e-3);
    // Of rate 1/2 and scale 1 the greatest loss is log((1 + e) / (1 + 1/e)) = 1, an atom of probability 0.34.
    CHECK_OK(vdt_privacy_loss_add(second, VDT_LOSS_REPLACED_LAPLACE, 1.0, 0, 0.5, 1, e));
    CHECK_OK(vdt_privacy_loss_epsilon(second, 1e-12, 1e-3, &lower, &upper, e));
    CHECK(lower <= 1.0 && upper >= 1.0 - 1e-11 && upper - lower <= 1e-3);
    vdt_privacy_loss_destroy(second);
    second = NULL;
    CHECK_OK(vdt_privacy_loss_create(NULL, &second, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "noise_multiplier",
                vdt_privacy_loss_add(replaced, VDT_LOSS_REPLACED_GAUSSIAN, 0.06, 0, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_add(first, VDT_LOSS_GAUSSIAN, 1.0, 0, 0.5, 1, e));
    CHECK_OK(vdt_privacy_loss_add(second, VDT_LOSS_REPLACED_GAUSSIAN, 0.5, 0, 0.3125, 1, e));
    CHECK_OK(vdt_privacy_loss_add_either(both, first, second, 0.5, 3, e));
    vdt_privacy_loss_destroy(second);
    second = NULL;
    CHECK_OK(vdt_privacy_loss_create(NULL, &second, e));
    CHECK_OK(vdt_privacy_loss_add(second, VDT_LOSS_REPLACED_GAUSSIAN, 0.5, 0, 1.0 / 3.0, 1, e));
    CHECK_OK(vdt_privacy_loss_add_either(both, first, second, 0.25, 2, e));
    CHECK_OK(vdt_privacy_loss_epsilon(both, 1e-6, 1e-4, &lower, &upper, e));
    CHECK(lower <= 17.904331 && upper >= 17.904229 && upper - lower <= 1e-4);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "one mechanism", vdt_privacy_loss_add_either(both, first, both, 0.5, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "probability", vdt_privacy_loss_add_either(both, first, second, 2.0, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "second", vdt_privacy_loss_add_either(both, first, NULL, 0.5, 1, e));
    vdt_privacy_loss_destroy(replaced);
    vdt_privacy_loss_destroy(first);
    vdt_privacy_loss_destroy(second);
    vdt_privacy_loss_destroy(both);
}

static void test_accounting(void) {
    vdt_privacy_loss *loss = NULL, *more = NULL;
    double lower = -1.0, upper = -1.0, value = -1.0;
    CHECK_OK(vdt_privacy_loss_create(NULL, &loss, e));
    CHECK_OK(vdt_privacy_loss_create(NULL, &more, e));
    CHECK_OK(vdt_privacy_loss_epsilon(loss, 1e-6, 0.0, &lower, &upper, e));
    CHECK(lower == 0.0 && upper == 0.0);
    // Three Gaussian releases of sigma sqrt(3) are one of sigma 1.
    CHECK_OK(vdt_privacy_loss_add(loss, VDT_LOSS_GAUSSIAN, sqrt(3.0), 0, 1.0, 2, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_GAUSSIAN, sqrt(3.0), 0, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_compose(loss, more, e));
    CHECK_OK(vdt_privacy_loss_delta(loss, 1.0, 1e-4, &lower, &upper, e));
    CHECK(lower <= 0.126936737506644 && upper >= 0.126936737506644 && upper - lower < 2e-5);
    CHECK_OK(vdt_privacy_loss_delta(loss, 1.0, 0.0, NULL, &upper, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_LAPLACE, 1.0, 0, 0.5, 1, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_DISCRETE_GAUSSIAN, 4.0, 2, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_DISCRETE_LAPLACE, 4.0, 2, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_RANDOMIZED_RESPONSE, 0.5, 3, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_add(more, VDT_LOSS_APPROXIMATE, 0.5, 0, 1e-9, 1, e));
    CHECK_OK(vdt_privacy_loss_epsilon(more, 1e-6, 0.05, &lower, &upper, e));
    CHECK(lower > 1.0 && lower < upper && upper < 8.0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_privacy_loss_add(more, 8, 1.0, 0, 1.0, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "whole", vdt_privacy_loss_add(more, VDT_LOSS_GAUSSIAN, 1.0, 1, 1.0, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "second",
                vdt_privacy_loss_add(more, VDT_LOSS_RANDOMIZED_RESPONSE, 1.0, 2, 0.5, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_privacy_loss_epsilon(more, 0.0, 0.0, NULL, &upper, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "upper", vdt_privacy_loss_epsilon(more, 0.1, 0.0, NULL, NULL, e));
    vdt_privacy_loss_destroy(loss);
    vdt_privacy_loss_destroy(more);
    test_replaced_and_either();

    vdt_renyi* renyi = NULL;
    const double orders[2] = {2.0, 32.0};
    CHECK_OK(vdt_renyi_create(NULL, 0, NULL, &renyi, e));
    CHECK_OK(vdt_renyi_add_gaussian(renyi, 4.530877117, 1.0, 1, e));
    CHECK_OK(vdt_renyi_epsilon(renyi, 1e-6, &value, e));
    CHECK(fabs(value - 1.0) < 1e-3);
    CHECK_OK(vdt_renyi_delta(renyi, 1.0, &value, e));
    CHECK(value > 0.9e-6 && value < 1.1e-6);
    CHECK_OK(vdt_renyi_add_pure(renyi, 0.1, 2, e));
    CHECK_OK(vdt_renyi_add_zcdp(renyi, 0.01, e));
    CHECK_OK(vdt_renyi_epsilon(renyi, 1e-6, &value, e));
    CHECK(value > 1.0 && value < 2.5);
    vdt_renyi_destroy(renyi);
    CHECK_OK(vdt_renyi_create(orders, 2, NULL, &renyi, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_renyi_add_gaussian(renyi, -1.0, 1.0, 1, e));
    vdt_renyi_destroy(renyi);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "orders", vdt_renyi_create(NULL, 2, NULL, &renyi, e));

    // Values in 40 digits, rounded up.
    static const struct {
        vdt_conversion conversion;
        double first, second, result;
    } values[] = {{VDT_GAUSSIAN_SIGMA, 1.0, 1e-6, 4.22467888932684},
                  {VDT_GAUSSIAN_EPSILON, 4.22467888932684, 1e-6, 1.0},
                  {VDT_GAUSSIAN_DELTA, 1.0, 1.0, 0.126936737506644},
                  {VDT_ZCDP_OF_PURE, 2.0, 0.0, 2.0},
                  {VDT_ZCDP_OF_GAUSSIAN, 2.0, 0.0, 0.125},
                  {VDT_ZCDP_EPSILON, 0.5, 1e-6, 5.22153444453017},
                  {VDT_ZCDP_DELTA, 0.5, 4.0, 1.95795416957722e-4},
                  {VDT_GAUSSIAN_LOG_DELTA, 1.0, 1.0, -2.06406644650039},
                  {VDT_RENYI_OF_ZCDP, 0.25, 4.0, 1.0},
                  {VDT_RENYI_OF_PURE, 1.0, 2.0, 0.735325664055519},
                  {VDT_GDP_EPSILON, 0.236704380663435, 1e-6, 1.0},
                  {VDT_GDP_DELTA, 1.0, 1.0, 0.126936737506644},
                  {VDT_GDP_MU, 1.0, 1e-6, 0.236704380663435}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; ++i) {
        CHECK_OK(vdt_privacy_convert(values[i].conversion, values[i].first, values[i].second, &value, e));
        CHECK(fabs(value / values[i].result - 1.0) < 1e-9);
    }
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "second", vdt_privacy_convert(VDT_ZCDP_OF_PURE, 1.0, 1.0, &value, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "conversion", vdt_privacy_convert(14, 1.0, 1.0, &value, e));
    CHECK_OK(vdt_privacy_compose(0.1, 0.0, 10, 1e-5, &value, e));
    CHECK(value > 0.3 && value <= 1.0);
    CHECK_OK(vdt_calibrate_noise(1.0, 1e-6, 1.0, 1, &value, e));
    CHECK(value >= 4.22467888932684 && value < 4.24);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_calibrate_noise(-1.0, 1e-6, 1.0, 1, &value, e));
}

static void test_compositions(void) {
    double lower = -1.0, upper = -1.0, value = -1.0, more = -1.0;
    int32_t reached = -1;
    vdt_privacy_loss *loss = NULL, *one = NULL;
    CHECK_OK(vdt_privacy_loss_create(NULL, &loss, e));
    // A sum of Gaussians with shifts 0 and 1 is Poisson sampling.
    const double shifts[2] = {0.0, 1.0}, weights[2] = {0.95, 0.05};
    CHECK_OK(vdt_privacy_loss_add_mixture(loss, 0.8, shifts, weights, 2, 100, e));
    CHECK_OK(vdt_privacy_loss_ask(loss, VDT_ASK_EPSILON, 1e-6, 0.0, 0, &lower, &upper, &reached, e));
    CHECK(lower <= 6.7410519394 && upper >= 6.72 && upper <= 6.7410519394 && upper - lower <= 0.01 && reached == 1);
    // Too few cells for such a width: told, and true all the same.
    CHECK_OK(vdt_privacy_loss_ask(loss, VDT_ASK_EPSILON, 1e-6, 1e-6, 1024, &lower, &upper, &reached, e));
    CHECK(lower <= 6.7310519394 && upper >= 6.72 && upper < 9.0 && reached == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "question",
                vdt_privacy_loss_ask(loss, 4, 1e-6, 0.0, 0, &lower, &upper, &reached, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "max_cells",
                vdt_privacy_loss_ask(loss, VDT_ASK_DELTA, 1.0, 0.0, 10, &lower, &upper, &reached, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "shifts", vdt_privacy_loss_add_mixture(loss, 1.0, NULL, weights, 2, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "sum", vdt_privacy_loss_add_mixture(loss, 1.0, shifts, weights, 1, 1, e));

    CHECK_OK(vdt_privacy_loss_create(NULL, &one, e));
    const double atoms[2] = {2.0, 1.0}, masses[2] = {0.2, 0.7};
    CHECK_OK(vdt_privacy_loss_add_atoms(one, atoms, masses, 2, 0.1, 1, e));
    CHECK_OK(vdt_privacy_loss_ask(one, VDT_ASK_EPSILON, 0.2, 1e-4, 0, NULL, &upper, NULL, e));
    CHECK(fabs(upper - 1.3068528194) < 2e-4);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "probabilities", vdt_privacy_loss_add_atoms(one, atoms, masses, 1, 0.1, 1, e));
    vdt_privacy_loss_destroy(one);

    // f-DP: mu = 1 at 0.1 is Phi(Phi^-1(0.1) + 1).
    CHECK_OK(vdt_privacy_loss_create(NULL, &one, e));
    CHECK_OK(vdt_privacy_loss_add(one, VDT_LOSS_GAUSSIAN, sqrt(3.0), 0, 1.0, 3, e));
    CHECK_OK(vdt_privacy_loss_ask(one, VDT_ASK_TRUE_POSITIVE_RATE, 0.1, 1e-5, 0, &lower, &upper, &reached, e));
    CHECK(lower <= 0.3891436917 && upper >= 0.3891436916 && upper - lower < 4e-6 && reached == 1);
    CHECK_OK(vdt_privacy_convert(VDT_GDP_TYPE_II_ERROR, 1.0, 0.1, &value, e));
    CHECK(fabs(value - (1.0 - 0.38914369)) < 1e-7);
    CHECK_OK(vdt_privacy_loss_ask(one, VDT_ASK_LOG_DELTA, 1.0, 1e-4, 0, &lower, &upper, NULL, e));
    CHECK(lower <= -2.0640664 && upper >= -2.0640665);

    // The greatest randomised response beside them, and the noise of a training, to a precision.
    CHECK_OK(vdt_privacy_loss_calibrate(one, VDT_LOSS_RANDOMIZED_RESPONSE, 2, 1.0, 1, 8.0, 1e-6, 0.0, &value, e));
    CHECK(value > 1.0 && value < 4.0);
    CHECK_OK(vdt_privacy_loss_add(one, VDT_LOSS_RANDOMIZED_RESPONSE, value, 2, 1.0, 1, e));
    CHECK_OK(vdt_privacy_loss_epsilon(one, 1e-6, 0.004, NULL, &upper, e));
    CHECK(upper <= 8.0 && upper > 7.96);
    CHECK_OK(vdt_privacy_loss_calibrate(NULL, VDT_LOSS_GAUSSIAN, 0, 0.04, 2000, 8.0, 1e-5, 1e-2, &value, e));
    CHECK_OK(vdt_calibrate_noise(8.0, 1e-5, 0.04, 2000, &more, e));
    CHECK(value > 0.995 * more && value < 1.02 * more);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "precision",
                vdt_privacy_loss_calibrate(NULL, VDT_LOSS_LAPLACE, 0, 1.0, 1, 1.0, 1e-6, 0.5, &value, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind",
                vdt_privacy_loss_calibrate(NULL, 17, 0, 1.0, 1, 1.0, 1e-6, 0.0, &value, e));
    vdt_privacy_loss_destroy(one);
    vdt_privacy_loss_destroy(loss);

    vdt_renyi *exact = NULL, *absolute = NULL;
    const double orders[2] = {2.5, 8.0}, curve[2] = {0.25, INFINITY};
    const double *told_orders = NULL, *told = NULL;
    size_t count = 0;
    CHECK_OK(vdt_renyi_create_with(orders, 2, VDT_RENYI_EXACT, NULL, &exact, e));
    CHECK_OK(vdt_renyi_create_with(orders, 2, VDT_RENYI_ABSOLUTE, NULL, &absolute, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "series", vdt_renyi_create_with(orders, 2, 2, NULL, &absolute, e));
    CHECK_OK(vdt_renyi_add_gaussian(exact, 2.5, 0.01, 50, e));
    CHECK_OK(vdt_renyi_add_gaussian(absolute, 2.5, 0.01, 50, e));
    CHECK_OK(vdt_renyi_curve(exact, &told_orders, &told, &count, e));
    CHECK(count == 2 && told_orders[0] == 2.5 && told_orders[1] == 8.0);
    lower = told[0];
    CHECK_OK(vdt_renyi_curve(absolute, NULL, &told, NULL, e));
    // What packages that sum without signs state; the exact one is below.
    CHECK(fabs(told[0] - 1.08548710e-3) < 1e-11 && told[0] > lower && told[0] < 1.001 * lower);
    CHECK_OK(vdt_renyi_gaussian(2.5, 0.01, 2.5, VDT_RENYI_EXACT, &value, e));
    CHECK(fabs(50.0 * value - lower) < 1e-12);
    CHECK_OK(vdt_renyi_add(absolute, curve, 2, 3, e));
    CHECK_OK(vdt_renyi_curve(absolute, NULL, &told, NULL, e));
    CHECK(told[0] > 0.75 && told[0] < 0.76 && isinf(told[1]));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "divergences", vdt_renyi_add(absolute, curve, 1, 1, e));
    vdt_renyi_destroy(exact);
    vdt_renyi_destroy(absolute);

    const double epsilons[2] = {0.5, 0.25}, deltas[2] = {1e-6, 0.0}, mu[2] = {0.6, 0.8};
    CHECK_OK(vdt_privacy_compose_basic(epsilons, deltas, 2, &value, &more, e));
    CHECK(value >= 0.75 && value < 0.7500001 && more >= 1e-6 && more < 1.000001e-6);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "deltas", vdt_privacy_compose_basic(epsilons, NULL, 2, &value, &more, e));
    CHECK_OK(vdt_privacy_compose_advanced(0.1, 0.0, 100, 1e-6, &value, &more, e));
    CHECK(fabs(value - (sqrt(200.0 * log(1e6)) * 0.1 + 10.0 * expm1(0.1))) < 1e-9 && more >= 1e-6);
    CHECK_OK(vdt_gdp_compose(mu, 2, &value, e));
    CHECK(value >= 1.0 && value < 1.0 + 1e-11);
    CHECK_OK(vdt_gdp_optimistic_mu(1.0, 0.01, 10000, &value, e));
    CHECK(fabs(value - sqrt(exp(1.0) - 1.0)) < 1e-12);
}

static double spent(vdt_ledger* ledger, const vdt_ledger_account* account) {
    vdt_ledger_balance balance;
    vdt_ledger_balance_init(&balance, sizeof balance);
    CHECK_OK(vdt_ledger_balance_of(ledger, account, 0, &balance, e));
    return balance.spent_loss;
}

static void count_name(void* user_data, const char* name, size_t length) {
    CHECK(length == 5 && memcmp(name, "often", 5) == 0);
    ++*(int*)user_data;
}

static void test_statistics(const char* folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/mechanisms_test.ledger", folder);
    remove(path);
    static const char name[] = "name";
    const vdt_string text = {name, 4}, other = {name, 3};
    const vdt_ledger_account in_epsilon = {text, text, text}, in_rho = {text, text, other};
    vdt_ledger* ledger = NULL;
    CHECK_OK(vdt_ledger_create(path, NULL, NULL, &ledger, e));
    CHECK_OK(vdt_ledger_grant(ledger, &in_epsilon, 20000.0, 0.1, 0, 10, e));
    CHECK_OK(vdt_ledger_grant(ledger, &in_rho, 20000.0, 0.0, 0, 10, e));
    vdt_private_rows* rows = NULL;
    CHECK_OK(vdt_private_rows_create(NULL, NULL, &rows, e));
    for (int i = 0; i < 1000; ++i)
        CHECK_OK(vdt_private_rows_add(rows, NULL, 0, i % 100, i == 0 ? "once " : "often", 5, e));
    vdt_private_release_options options;
    vdt_private_release_options_init(&options, sizeof options);
    options.ledger = ledger;
    options.account = &in_epsilon;
    options.epsilon = 1000.0;
    options.upper = 100.0;
    options.confidence = 1.0 - 1e-9;  // the noise is real: an interval misses once in a billion runs
    vdt_private_release release;
    vdt_private_release_init(&release, sizeof release);
    double rank_error = -1.0;
    CHECK_OK(vdt_private_variance(rows, &options, &release, e));
    CHECK(fabs(release.value - 833.25) < 1.0 && release.lower < 833.25 && 833.25 < release.upper);
    CHECK(release.delta == 0.0 && release.rho == 0.0);
    CHECK_OK(vdt_private_quantile(rows, 9, 10, 100, &options, &release, &rank_error, e));
    CHECK(fabs(release.value - 90.0) < 1.5 && rank_error >= 0.0 && rank_error < 5.0);
    options.delta = 1e-6;
    CHECK_OK(vdt_private_mean(rows, &options, &release, e));
    CHECK(fabs(release.value - 49.5) < 1.0 && release.epsilon == 1000.0 && release.delta == 1e-6);
    int told = 0;
    options.epsilon = 1.0;
    options.delta = 1e-12;  // "once" is told with that probability
    CHECK_OK(vdt_private_partitions(rows, &options, count_name, &told, e));
    CHECK(told == 1);
    CHECK(spent(ledger, &in_epsilon) == 3001.0);
    options.epsilon = 0.0;
    options.delta = 0.0;
    options.rho = 100.0;
    options.account = &in_rho;
    CHECK_OK(vdt_private_count(rows, &options, &release, e));
    CHECK(fabs(release.value - 1000.0) <= 1.0 && release.rho == 100.0 && release.epsilon == 0.0);
    CHECK(spent(ledger, &in_rho) == 100.0);
    vdt_running_count* count = NULL;
    for (vdt_running_count_kind kind = VDT_RUNNING_TREE; kind <= VDT_RUNNING_BUFFERED; ++kind) {
        if (kind == VDT_RUNNING_TREE) {
            CHECK_FAILS(VDT_INVALID_ARGUMENT, "rho", vdt_running_count_create(kind, 8, 1, &options, NULL, &count, e));
            options.account = &in_epsilon;
            options.epsilon = 400.0;
            options.rho = 0.0;
        }
        CHECK_OK(vdt_running_count_create(kind, 8, 1, &options, NULL, &count, e));
        double total = 0.0, variance = -1.0;
        for (uint64_t step = 1; step <= 8; ++step) {
            CHECK_OK(vdt_running_count_step(count, 100 * step, &release, e));
            total += 100.0 * (double)step;
            CHECK(fabs(release.value - total) < 3.0 && release.lower <= total && total <= release.upper);
        }
        CHECK_OK(vdt_running_count_variance(count, 8, &variance, e));
        CHECK(variance >= 0.0 && variance < 0.1);
        CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "", vdt_running_count_step(count, 1, &release, e));
        vdt_running_count_destroy(count);
        count = NULL;
        options.account = &in_rho;
        options.epsilon = 0.0;
        options.rho = 500.0;
    }
    CHECK(spent(ledger, &in_rho) == 1100.0);
    CHECK(spent(ledger, &in_epsilon) == 3401.0);

    // What is refused costs nothing.
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "pure", vdt_private_quantile(rows, 1, 2, 10, &options, &release, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_private_partitions(rows, &options, count_name, &told, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "names", vdt_private_partitions(rows, &options, NULL, &told, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_running_count_create(3, 8, 1, &options, NULL, &count, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "horizon", vdt_running_count_create(1, 0, 1, &options, NULL, &count, e));
    options.epsilon = 1.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rho", vdt_private_variance(rows, &options, &release, e));
    // Structs of before have no delta or rho.
    options.epsilon = 0.0;
    options.struct_size = 64;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_private_variance(rows, &options, &release, e));
    CHECK(spent(ledger, &in_rho) == 1100.0);
    vdt_private_rows_destroy(rows);
    vdt_ledger_destroy(ledger);
    remove(path);
}

int main(int argc, char** argv) {
    test_noise();
    test_vectors();
    test_sums();
    test_choices();
    test_accounting();
    test_compositions();
    test_statistics(argc > 1 ? argv[1] : ".");
    return check_result();
}
