// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of scores, their calibrations and evidence against callers, as given and with the checksum mended;
// what is accepted must work and be canonical.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/calibrated_score.hpp"
#include "vedette/perturbation/caller_evidence.hpp"
#include "vedette/perturbation/query_score.hpp"

namespace {

namespace perturbation = vedette::perturbation;
namespace stats = vedette::stats;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "score fuzzer: %s\n", what);
    std::abort();
}

// What a reader refuses, it refuses with one of these.
template <class Read>
void attempt(Read&& read) {
    try {
        read();
        ++vedette::fuzzing::accepted;
    } catch (const vedette::Error& error) {
        const vedette::ErrorCode code = error.code();
        require(code == vedette::ErrorCode::corrupt_data || code == vedette::ErrorCode::unsupported_version,
                error.what());
    }
}

bool is_p_value(double p) {
    return std::isnan(p) || (p >= 0.0 && p <= 1.0);
}

const double live[] = {-std::numeric_limits<double>::infinity(), -1e300,      0.0, 0.5, 7.0,
                       std::numeric_limits<double>::infinity(),  std::nan("")};

void check(const perturbation::AnyScore& score) {
    const auto bytes = score.serialize();
    require(perturbation::AnyScore::deserialize(bytes).serialize() == bytes, "a score's bytes are not canonical");
    (void)score.options_json();
    const std::size_t width = score.width() != 0 ? score.width() : 5;
    if (width > 4096) return;
    std::vector<float> row(width, 0.25F);
    std::vector<double> contributions(width);
    for (const double x : live) {
        row[0] = static_cast<float>(x);
        const double value = score.score(row);
        const double told = score.score(row, contributions);
        require(score.asks() == nullptr || std::isnan(value), "a score without its model");
        require(!score.kind().has_contributions || std::isnan(value) == std::isnan(told), "contributions differ");
    }
    if (const perturbation::QueryScore* const asks = score.asks()) {
        if (asks->queries_per_row() > 4096) return;
        std::vector<float> queries(asks->queries_per_row() * width);
        row[0] = 0.5F;
        asks->write_queries(row, queries);
    }
    require(std::isnan(score.score(std::span<const float>(row).first(width - 1))) || score.width() == 0, "a short row");
}

void check(const perturbation::CalibratedScore& score) {
    const auto bytes = score.serialize();
    require(perturbation::CalibratedScore::deserialize(bytes).serialize() == bytes, "bytes are not canonical");
    check(score.score());
    for (const double x : live)
        for (const std::uint32_t group : {0U, 1U, 4'000'000'000U})
            require(is_p_value(score.p_value(x, {.group = group, .weight = 2.0})), "a p-value out of range");
    (void)score.decide({1.0, 0.01}, 0.05);
    (void)score.calibration_count();
}

void check(const stats::MondrianCalibration& calibration) {
    require(stats::MondrianCalibration::deserialize(calibration.serialize()).serialize() == calibration.serialize(),
            "a calibration by group is not canonical");
    for (const double x : live) require(is_p_value(calibration.p_value(x, 0)), "a p-value out of range");
}

void check(const stats::WeightedCalibration& calibration) {
    require(stats::WeightedCalibration::deserialize(calibration.serialize()).serialize() == calibration.serialize(),
            "a weighted calibration is not canonical");
    for (const double x : live)
        for (const double weight : {0.0, 1.0, 1e300})
            require(is_p_value(calibration.p_value(x, weight)), "a p-value out of range");
}

void check(perturbation::CallerEvidence table) {
    const auto bytes = table.serialize();
    perturbation::CallerEvidence again = perturbation::CallerEvidence::deserialize(bytes);
    require(again.serialize() == bytes, "a table of callers is not canonical");
    const std::size_t memory = table.memory();
    for (int i = 0; i < 40; ++i) {
        const std::string caller(1, static_cast<char>('a' + i % 20));
        const auto one = table.update(caller, 0.02 * (i % 7), static_cast<std::uint64_t>(i));
        const auto two = again.update(caller, 0.02 * (i % 7), static_cast<std::uint64_t>(i));
        require(one.e_value == two.e_value && one.is_alarm == two.is_alarm, "it does not go on as it was");
        require(one.e_value >= 0.0, "evidence below 0");
    }
    require(table.serialize() == again.serialize() && table.memory() == memory, "it does not end as it was");
}

void try_all(const std::vector<std::byte>& bytes) {
    attempt([&] { check(perturbation::AnyScore::deserialize(bytes)); });
    attempt([&] { check(perturbation::CalibratedScore::deserialize(bytes)); });
    attempt([&] { check(stats::MondrianCalibration::deserialize(bytes)); });
    attempt([&] { check(stats::WeightedCalibration::deserialize(bytes)); });
    attempt([&] { check(perturbation::CallerEvidence::deserialize(bytes)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
