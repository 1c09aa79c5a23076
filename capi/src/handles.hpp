// SPDX-License-Identifier: Apache-2.0
// The objects behind the opaque handles, and how they are placed into the memory of the caller's allocator.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "structs.hpp"
#include "vedette.h"
#include "vedette/drift/bucketed_sample.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/query_memory.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/guard/window.hpp"
#include "vedette/perturbation/calibrated_score.hpp"
#include "vedette/perturbation/caller_evidence.hpp"
#include "vedette/perturbation/explainer.hpp"
#include "vedette/perturbation/query_score.hpp"
#include "vedette/privacy/above_threshold.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/budget.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/correlated_count.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/ledger.hpp"
#include "vedette/privacy/privacy_loss.hpp"
#include "vedette/privacy/randomized_response.hpp"
#include "vedette/privacy/renyi.hpp"
#include "vedette/privacy/staircase.hpp"
#include "vedette/privacy/vector_sum.hpp"
#include "vedette/stats/kll_sketch.hpp"
#include "vedette/validation/batch_repair.hpp"
#include "vedette/validation/schema.hpp"
#include "vedette/validation/statistics.hpp"
#include "vedette/validation/validator.hpp"

struct alignas(64) vdt_baseline {
    vdt_allocator allocator;
    vedette::Baseline object;
};

struct alignas(64) vdt_guard {
    vdt_allocator allocator;
    vedette::Guard object;
};

struct alignas(64) vdt_window {
    vdt_allocator allocator;
    vedette::Window object;
    std::vector<vedette::Value> row;  // scratch of one mixed row, so that counting it allocates nothing
};

struct alignas(64) vdt_report {
    vdt_allocator allocator;
    vedette::Report object;
};

struct alignas(64) vdt_performance {
    vdt_allocator allocator;
    vedette::drift::PerformanceReference object;
};

struct alignas(64) vdt_ledger {
    vdt_allocator allocator;
    vedette::privacy::Ledger object;
};

namespace vedette::inline v0::capi {
/// Rows on their way to a release: limited by user, or as they come.
struct PrivateRows {
    privacy::PrivacyUnit unit;
    std::optional<privacy::Contributions> limited;
    std::vector<double> values;
    std::unordered_map<std::string, std::uint64_t> categories;
};
}  // namespace vedette::inline v0::capi

struct alignas(64) vdt_private_rows {
    vdt_allocator allocator;
    vedette::capi::PrivateRows object;
};

namespace vedette::inline v0::capi {
/// Rows of two values, or of two categories, as they come, or by user.
struct PrivatePairs {
    privacy::PrivacyUnit unit;
    std::vector<double> x, y;
    std::map<std::pair<std::string, std::string>, std::uint64_t> categories;
    std::optional<privacy::PairContributions> limited_values{};
    std::optional<privacy::TableContributions> limited_categories{};
};

/// Decisions counted as they come, or by user.
struct CountedRates {
    privacy::GroupRatesPartial records;
    std::optional<privacy::DecisionContributions> limited{};

    [[nodiscard]] privacy::GroupRatesPartial partial() const {
        return limited ? privacy::GroupRatesPartial(records.groups(), *limited) : records;
    }
};
}  // namespace vedette::inline v0::capi

struct alignas(64) vdt_private_pairs {
    vdt_allocator allocator;
    vedette::capi::PrivatePairs object;
};

struct alignas(64) vdt_group_rates {
    vdt_allocator allocator;
    vedette::capi::CountedRates object;
};

struct alignas(64) vdt_fairness {
    vdt_allocator allocator;
    vedette::privacy::FairnessRelease object;
};

struct alignas(64) vdt_privacy_filter {
    vdt_allocator allocator;
    vedette::privacy::PrivacyFilter object;
};

struct alignas(64) vdt_privacy_odometer {
    vdt_allocator allocator;
    vedette::privacy::PrivacyOdometer object;
};

struct alignas(64) vdt_response {
    vdt_allocator allocator;
    std::variant<vedette::privacy::RandomizedResponse, vedette::privacy::UnaryEncoding> object;
};

struct alignas(64) vdt_running_count {
    vdt_allocator allocator;
    std::variant<vedette::privacy::ContinualCount, vedette::privacy::CorrelatedCount> object;
};

struct alignas(64) vdt_noise {
    vdt_allocator allocator;
    std::variant<vedette::privacy::DiscreteLaplace, vedette::privacy::DiscreteGaussian, vedette::privacy::Geometric,
                 vedette::privacy::Staircase, vedette::privacy::Bernoulli, vedette::privacy::ExponentialBernoulli,
                 vedette::privacy::UniformInteger>
        object;
};

struct alignas(64) vdt_sum_mechanism {
    vdt_allocator allocator;
    std::variant<vedette::privacy::LaplaceSum, vedette::privacy::GaussianSum> object;
};

struct alignas(64) vdt_bounded_sum {
    vdt_allocator allocator;
    vedette::privacy::BoundedSum object;
};

struct alignas(64) vdt_vector_mechanism {
    vdt_allocator allocator;
    std::variant<vedette::privacy::GaussianVectorSum, vedette::privacy::LaplaceVectorSum> object;

    [[nodiscard]] const vedette::privacy::VectorRelease& release() const noexcept {
        const auto* const gaussian = std::get_if<0>(&object);
        if (gaussian != nullptr) return *gaussian;
        return *std::get_if<1>(&object);
    }
};

struct alignas(64) vdt_vector_sum {
    vdt_allocator allocator;
    vedette::privacy::VectorSum object;
};

struct alignas(64) vdt_above_threshold {
    vdt_allocator allocator;
    vedette::privacy::AboveThreshold object;
};

struct alignas(64) vdt_privacy_loss {
    vdt_allocator allocator;
    vedette::privacy::PrivacyLossDistribution object;
};

struct alignas(64) vdt_renyi {
    vdt_allocator allocator;
    vedette::privacy::RenyiAccountant object;
};

struct alignas(64) vdt_schema {
    vdt_allocator allocator;
    vedette::validation::Schema object;
    std::string evidence = {};  // of an inferred or relaxed one
};

struct alignas(64) vdt_statistics {
    vdt_allocator allocator;
    vedette::validation::TableStatistics object;
};

struct alignas(64) vdt_validator {
    vdt_allocator allocator;
    vedette::validation::Validator object;
};

struct alignas(64) vdt_batch_report {
    vdt_allocator allocator;
    vedette::validation::Validator rules;
    vedette::validation::BatchReport object;
    std::vector<vedette::validation::CellRepair> cells = {};  // of a repaired table
    std::deque<std::string> texts = {};                       // theirs, of a stream whose batches are gone
};

struct alignas(64) vdt_score {
    vdt_allocator allocator;
    vedette::perturbation::AnyScore object;
    std::optional<vedette::perturbation::CalibratedScore> calibrated;  // of the same score
};

struct alignas(64) vdt_caller_evidence {
    vdt_allocator allocator;
    vedette::perturbation::CallerEvidence object;
};

struct alignas(64) vdt_fingerprint_store {
    vdt_allocator allocator;
    vedette::perturbation::FingerprintStore object;
};

struct alignas(64) vdt_update_similarity {
    vdt_allocator allocator;
    vedette::perturbation::UpdateSimilarity object;
};

struct alignas(64) vdt_query_memory {
    vdt_allocator allocator;
    vedette::QueryMemory object;
};

struct alignas(64) vdt_query_score {
    vdt_allocator allocator;
    vedette::perturbation::QueryScore object;
    std::optional<vedette::stats::ConformalCalibration> calibration;
};

struct alignas(64) vdt_explainer {
    vdt_allocator allocator;
    vedette::perturbation::PredictionExplainer object;
};

struct alignas(64) vdt_sketch {
    vdt_allocator allocator;
    vedette::stats::KllSketch<double> object;
};

namespace vedette::inline v0::capi {
/// An object over float or over double, whichever the caller's data were.
template <template <class> class Object>
using EitherPrecision = std::variant<Object<float>, Object<double>>;

/// As std::visit, for questions that cannot fail. Handles never lose their object.
template <class Either, class Ask>
auto ask(const Either& either, Ask question) noexcept {
    const auto* narrow = std::get_if<0>(&either);
    return narrow != nullptr ? question(*narrow) : question(*std::get_if<1>(&either));
}
}  // namespace vedette::inline v0::capi

struct alignas(64) vdt_sample {
    vdt_allocator allocator;
    vedette::capi::EitherPrecision<vedette::drift::BucketedSample> object;
};

struct alignas(64) vdt_mmd {
    vdt_allocator allocator;
    vedette::capi::EitherPrecision<vedette::drift::MaximumMeanDiscrepancy> object;
    std::int32_t test;  // the VDT_MULTIVARIATE_* of its answers
};

struct alignas(64) vdt_random_features {
    vdt_allocator allocator;
    vedette::capi::EitherPrecision<vedette::drift::RandomFeatureMmd> object;
};

struct alignas(64) vdt_feature_window {
    vdt_allocator allocator;
    vedette::capi::EitherPrecision<vedette::drift::RandomFeatureMmd> features;
    vedette::drift::FeatureWindow object;
    std::vector<float> row_f32;  // scratch of one row of the other precision, so that adding it allocates nothing
    std::vector<double> row_f64;
};

namespace vedette::inline v0::capi {

vdt_allocator default_allocator() noexcept;
/// The caller's allocator, checked; the default one for null.
vdt_allocator read_allocator(const vdt_allocator* given);
/// Memory for a handle. Throws std::bad_alloc, Error(invalid_argument) for memory that is not aligned as asked.
void* allocate_handle(const vdt_allocator& allocator, std::size_t size, std::size_t alignment);

/// Places a handle whose members after the allocator are made from `parts`.
template <class Handle, class... Parts>
Handle* make_handle(const vdt_allocator* given, Parts&&... parts) {
    const vdt_allocator allocator = read_allocator(given);
    void* memory = allocate_handle(allocator, sizeof(Handle), alignof(Handle));
    try {
        return ::new (memory) Handle{allocator, std::forward<Parts>(parts)...};
    } catch (...) {
        allocator.release(allocator.user_data, memory, sizeof(Handle), alignof(Handle));
        throw;
    }
}

template <class Handle>
void destroy_handle(Handle* handle) noexcept {
    if (handle == nullptr) return;
    const vdt_allocator allocator = handle->allocator;
    std::destroy_at(handle);
    allocator.release(allocator.user_data, handle, sizeof(Handle), alignof(Handle));
}

vdt_window* make_window(const vdt_allocator* allocator, Window window);
/// The policy of a text; the default one for null with length 0.
Policy read_policy(const char* json, std::uint64_t length);

/// 0 stands for the default, so that a zeroed struct is a valid one.
vdt_baseline_options default_baseline_options() noexcept;
BaselineOptions read_baseline_options(const vdt_baseline_options* given);

privacy::LedgerAccount to_account(const vdt_ledger_account* account);

/// Throws Error(invalid_argument) when `feature` is no index of a feature.
void check_feature(const Baseline& baseline, std::size_t feature);

}  // namespace vedette::inline v0::capi
