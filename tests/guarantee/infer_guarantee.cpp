// SPDX-License-Identifier: Apache-2.0
// Inferred bounds refuse no more of fresh data than they say, whatever its law; and leave-one-out counts are unbiased.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/validation/infer.hpp"

using namespace vedette;
using namespace vedette::validation;

namespace {

struct Law {
    std::string name;
    bool is_continuous;
    std::function<double(Random&)> draw;
    std::function<double(double)> below;        // P(X < x)
    std::function<double(double)> at_or_below;  // P(X <= x)
};

std::vector<Law> laws() {
    const auto uniform = [](double x) { return std::clamp(x, 0.0, 1.0); };
    const auto exponential = [](double x) { return x > 0.0 ? -std::expm1(-x) : 0.0; };
    const auto cauchy = [](double x) { return 0.5 + std::atan(x) / 3.14159265358979323846; };
    // Geometric with many ties: P(X >= k) = 0.8^k.
    const auto geometric = [](double k) { return k < 0.0 ? 0.0 : 1.0 - std::pow(0.8, std::floor(k) + 1.0); };
    return {{"uniform", true, [](Random& r) { return r.uniform(); }, uniform, uniform},
            {"normal", true, [](Random& r) { return r.normal(); }, stats::normal_cdf, stats::normal_cdf},
            {"exponential", true, [](Random& r) { return -std::log1p(-r.uniform()); }, exponential, exponential},
            {"cauchy", true, [](Random& r) { return std::tan(3.14159265358979323846 * (r.uniform() - 0.5)); }, cauchy,
             cauchy},
            {"geometric", false, [](Random& r) { return std::floor(std::log1p(-r.uniform()) / std::log(0.8)); },
             [=](double k) { return geometric(std::ceil(k) - 1.0); }, geometric}};
}

const RuleEvidence& rule_of(const Inference& inference, std::string_view name) {
    const auto& rules = inference.features.at(0).rules;
    return *std::find_if(rules.begin(), rules.end(), [&](const RuleEvidence& rule) { return rule.rule == name; });
}

}  // namespace

TEST_CASE("bounds: with the stated confidence at most the stated share of fresh values lies beyond") {
    for (const Law& law : laws()) {
        for (const double slack : {0.0, 0.1}) {
            for (const std::size_t n : {60UL, 120UL}) {
                Random random(17, n);
                Rate evidence, kept, exact;
                std::vector<double> x(n);
                constexpr double confidence = 0.9, most_refused = 0.04;
                const double wilks = 1.0 - std::pow(1.0 - confidence, 1.0 / static_cast<double>(n));
                for (int run = 0; run < 2000; ++run) {
                    for (double& value : x) value = law.draw(random);
                    const Table table({{"x", Column::numeric(x)}});
                    // Everything is kept: the evidence alone is judged, whatever it came to.
                    const Inference all =
                        infer_schema(table, {.most_refused = 0.999, .confidence = confidence, .slack = slack});
                    const Bounds<double>& bounds = all.schema.features[0].number;
                    const double beyond = 1.0 - law.at_or_below(*bounds.maximum);
                    evidence.add(law.below(*bounds.minimum) > rule_of(all, "minimum").most_refused);
                    evidence.add(beyond > rule_of(all, "maximum").most_refused);
                    exact.add(beyond > wilks);
                    const Inference strict =
                        infer_schema(table, {.most_refused = most_refused, .confidence = confidence, .slack = slack});
                    kept.add(strict.schema.features[0].number.maximum && beyond > most_refused);
                }
                MESSAGE(law.name, ", n ", n, ", slack ", slack, ": evidence exceeded ", evidence.value(),
                        ", limit exceeded ", kept.value());
                CHECK(evidence.at_most(1.0 - confidence));
                CHECK(kept.at_most(1.0 - confidence));
                // Wilks's limit is exact of the greatest value of a continuous law, and slack only helps.
                CHECK(exact.at_most(1.0 - confidence));
                if (law.is_continuous && slack == 0.0) CHECK(exact.at_least(1.0 - confidence));
            }
        }
    }
}

TEST_CASE("leave-one-out: the share refused is on average what fresh values meet at one row fewer") {
    // Zipf's law over 60 texts: some are seen once, some never.
    std::vector<std::string> storage;
    std::vector<double> ends;
    double total = 0.0;
    for (int k = 1; k <= 60; ++k) {
        storage.push_back(std::to_string(k) + "th");
        ends.push_back(total += 1.0 / k);
    }
    Random random(18);
    const auto draw = [&] {
        const double at = random.uniform() * total;
        return std::string_view(
            storage[static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin())]);
    };
    constexpr std::size_t n = 80;
    constexpr int runs = 4000;
    std::vector<double> differences;
    for (int run = 0; run < runs; ++run) {
        std::vector<std::string_view> texts(n);
        for (std::string_view& text : texts) text = draw();
        const Inference full = infer_schema(Table({{"x", Column::strings(texts)}}), {.most_refused = 0.999});
        const double promised = static_cast<double>(rule_of(full, "domain").refused) / static_cast<double>(n);
        for (std::string_view& text : texts) text = draw();
        const Inference fewer =
            infer_schema(Table({{"x", Column::strings(std::span<const std::string_view>(texts).first(n - 1))}}),
                         {.most_refused = 0.999});
        const auto& known = fewer.schema.features[0].domain->values;
        double unseen = 0.0;
        for (std::size_t k = 0; k < storage.size(); ++k) {
            if (std::find(known.begin(), known.end(), storage[k]) == known.end())
                unseen += 1.0 / static_cast<double>(k + 1) / total;
        }
        differences.push_back(promised - unseen);
    }
    double sum = 0.0, squares = 0.0;
    for (const double d : differences) {
        sum += d;
        squares += d * d;
    }
    const double mean = sum / runs;
    const double error = std::sqrt((squares / runs - mean * mean) / runs);
    MESSAGE("mean difference ", mean, ", standard error ", error);
    CHECK(error < 0.002);
    CHECK(std::abs(mean) <= 4.0 * error);
}
