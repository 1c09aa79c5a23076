// SPDX-License-Identifier: Apache-2.0
// The policy document: defaults, overriding, and refusal with a path.
#include "vedette/guard/policy.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "vedette/core/error.hpp"

using namespace vedette;

namespace {

std::string refusal(std::string_view text) {
    try {
        (void)Policy::from_json(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_policy);
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an empty policy is the default policy") {
    const Policy policy = Policy::from_json("{}");
    CHECK(policy.level == 0.01);
    CHECK(policy.correction == stats::Correction::benjamini_hochberg);
    CHECK(policy.minimum_rows == 100);
    CHECK(policy.defaults.tolerance == 0.05);
    CHECK(policy.to_json() == Policy{}.to_json());
}

TEST_CASE("writing and reading again changes nothing") {
    Policy policy;
    policy.level = 0.001;
    policy.correction = stats::Correction::holm;
    policy.features["age"].test = DriftTest::wasserstein;
    policy.features["age"].sample_tests = {DriftTest::mann_whitney, DriftTest::epps_singleton};
    policy.joint_tests = {MultivariateTest::mmd_fuse, MultivariateTest::classifier};
    policy.samples = {.method = drift::Method::permutation,
                      .alternative = drift::Alternative::less,
                      .permutations = 19'999,
                      .seed = 1ULL << 40U,
                      .rows = {.thin = 7}};
    policy.features["age"].request.null = Action::alarm;
    const std::string text = policy.to_json();
    const Policy again = Policy::from_json(text);
    CHECK(again.to_json() == text);
    CHECK(again.for_feature("age").test == DriftTest::wasserstein);
    CHECK(again.for_feature("other").test == DriftTest::automatic);
    CHECK(again.for_feature("age").sample_tests == policy.features["age"].sample_tests);
    CHECK(again.for_feature("other").sample_tests.empty());
    CHECK(again.joint_tests == policy.joint_tests);
    CHECK(again.samples == policy.samples);
    CHECK(again.compares_samples());
    CHECK_FALSE(Policy{}.compares_samples());
}

TEST_CASE("tests on samples have options of their own, per feature and test") {
    const char* const text = R"({
        "samples": {"method": "asymptotic", "permutations": 499, "thin": 2},
        "joint_tests": ["hotelling_t2", {"test": "mmd_fuse", "permutations": 1999, "seed": 7,
                                          "bandwidths": [0.5, 2], "most_rows": 500}],
        "defaults": {"sample_tests": [{"test": "kolmogorov_smirnov", "method": "exact"}, "welch_t"]},
        "features": {"age": {"sample_tests": [{"test": "mann_whitney", "alternative": "greater", "block": 5}]},
                     "income": {"tolerance": 0.5},
                     "height": {"sample_tests": ["levene"]},
                     "width": {"sample_tests": [{"test": "levene", "form": "trimmed"}]}}})";
    const Policy policy = Policy::from_json(text);
    using Tests = std::vector<DriftTest>;
    CHECK(policy.defaults.sample_tests == Tests{DriftTest::kolmogorov_smirnov, DriftTest::welch_t});
    CHECK(policy.defaults.sample_options.size() == 1);
    CHECK(policy.for_feature("income").sample_options == policy.defaults.sample_options);  // inherited
    CHECK(policy.for_feature("height").sample_options.empty());                            // tests of its own
    const FeaturePolicy& age = policy.for_feature("age");
    CHECK(age.sample_tests == Tests{DriftTest::mann_whitney});
    const SamplePolicy how = policy.samples.with(age.sample_options.at(DriftTest::mann_whitney));
    CHECK(how.alternative == drift::Alternative::greater);
    CHECK(how.method == drift::Method::asymptotic);  // what it does not say is as everywhere
    CHECK(how.permutations == 499);
    CHECK(how.rows == drift::RowBlocks{.block = 5});  // in place of thinning, too
    CHECK(policy.joint_options.at(MultivariateTest::mmd_fuse).permutations == 1999);
    CHECK(policy.joint_options.size() == 1);
    CHECK(policy.joint_options.at(MultivariateTest::mmd_fuse).bandwidths == std::vector<double>{0.5, 2.0});
    CHECK(policy.samples.with(policy.joint_options.at(MultivariateTest::mmd_fuse)).most_rows == 500);
    CHECK(policy.for_feature("width").sample_options.at(DriftTest::levene).form == drift::TestForm::trimmed);
    const Policy again = Policy::from_json(policy.to_json());
    CHECK(again.to_json() == policy.to_json());
    CHECK(again.joint_options == policy.joint_options);
    CHECK(again.defaults.sample_options == policy.defaults.sample_options);
    CHECK(again.for_feature("age").sample_options == age.sample_options);

    const auto refused = [](const char* entry) {
        return refusal(R"({"features": {"age": {"sample_tests": ["welch_t", )" + std::string(entry) + "]}}}");
    };
    CHECK(contains(refused(R"({"method": "exact"})"), "/features/age/sample_tests/1/test: must be a word"));
    CHECK(contains(refused(R"({"test": "t"})"), "/features/age/sample_tests/1/test: \"t\" is not one of"));
    CHECK(contains(refused(R"({"test": "levene", "methods": "exact"})"), "/sample_tests/1/methods: unknown key"));
    CHECK(contains(refused(R"({"test": "levene", "permutations": 0})"),
                   "/features/age/sample_tests/1/permutations: 0 lies outside"));
    CHECK(contains(refused(R"({"test": "levene", "block": 2, "thin": 2})"), "/sample_tests/1: block and thin exclude"));
    CHECK(contains(refused(R"({"test": "welch_t", "seed": 1})"), "names a test twice"));
    CHECK(contains(refused("7"), "/features/age/sample_tests/1: must be a word"));
    CHECK(contains(refused(R"({"test": "levene", "form": "trimed"})"),
                   "/sample_tests/1/form: must be standard, trimmed"));
    const auto joint = [](const char* option) {
        return refusal(R"({"joint_tests": [{"test": "energy", )" + std::string(option) + "}]}");
    };
    CHECK(contains(joint(R"("bandwidths": 1)"), "/joint_tests/0/bandwidths: must be an array"));
    CHECK(contains(joint(R"("bandwidths": [1, "2"])"), "/joint_tests/0/bandwidths/1: must be a number"));
    CHECK(contains(joint(R"("bandwidths": [0])"), "/joint_tests/0/bandwidths: 0 must be finite and above 0"));
    CHECK(contains(joint(R"("most_rows": 3)"), "/joint_tests/0/most_rows: 3 is less than 4"));
    CHECK(contains(refusal(R"({"joint_tests": [{"test": "mmd"}]})"), "/joint_tests/0/test: \"mmd\" is not one of"));
    Policy unnamed;
    unnamed.features["age"].sample_options[DriftTest::levene].seed = 1;
    CHECK_THROWS_WITH(unnamed.validate(),
                      "policy /features/age/sample_tests: has options of levene, which it does not name");
}

TEST_CASE("a feature takes from defaults what it leaves out, in whatever order they stand") {
    const Policy policy = Policy::from_json(
        R"({"features": {"age": {"tolerance": 0.2}}, "defaults": {"tolerance": 0.1, "request": {"null": "alarm"}}})");
    CHECK(policy.for_feature("age").tolerance == 0.2);
    CHECK(policy.for_feature("age").request.null == Action::alarm);
    CHECK(policy.for_feature("height").tolerance == 0.1);
}

TEST_CASE("a wrong policy is refused with the path of the fault") {
    CHECK(contains(refusal(R"({"levle": 0.1})"), "/levle: unknown key"));
    CHECK(contains(refusal(R"({"level": 0.7})"), "/level: 0.7 lies outside"));
    CHECK(contains(refusal(R"({"level": "high"})"), "/level: must be a number"));
    CHECK(contains(refusal(R"({"level": 1e999})"), "policy /"));
    CHECK(contains(refusal(R"({"minimum_rows": 0})"), "/minimum_rows"));
    CHECK(contains(refusal(R"({"minimum_rows": -5})"), "/minimum_rows"));
    CHECK(contains(refusal(R"({"minimum_rows": 1.5})"), "/minimum_rows"));
    CHECK(contains(refusal(R"({"version": 2})"), "/version: version 2"));
    CHECK(contains(refusal(R"({"correction": "sidak"})"), "/correction: \"sidak\" is not one of"));
    CHECK(contains(refusal(R"({"defaults": {"request": {"null": "explode"}}})"), "/defaults/request/null"));
    CHECK(contains(refusal(R"({"features": {"age": {"tolerance": 2}}})"), "/features/age/tolerance: 2 lies outside"));
    CHECK(contains(refusal(R"({"features": {"age": {"request": {"far_factor": -1}}}})"),
                   "/features/age/request/far_factor"));
    CHECK(contains(refusal(R"({"features": []})"), "/features: must be an object"));
    CHECK(contains(refusal(R"({"level": 0.1, "level": 0.2})"), "given twice"));
    CHECK(contains(refusal(R"({"defaults": {"request": {"wrong_type": "learned"}}})"), "/defaults/request/wrong_type"));
    CHECK(contains(refusal(R"({"defaults": {"test": "welch_t"}})"), "/defaults/test: welch_t does not run on"));
    CHECK(
        contains(refusal(R"({"defaults": {"sample_tests": "welch_t"}})"), "/defaults/sample_tests: must be an array"));
    CHECK(contains(refusal(R"({"defaults": {"sample_tests": ["welch_t", "t"]}})"),
                   "/defaults/sample_tests/1: \"t\" is not one of"));
    CHECK(contains(refusal(R"({"defaults": {"sample_tests": ["automatic"]}})"), "does not run on samples"));
    CHECK(contains(refusal(R"({"samples": {"method": "exakt"}})"), "/samples/method: \"exakt\" is not one of"));
    CHECK(contains(refusal(R"({"samples": {"permutations": 0}})"), "/samples/permutations: 0 lies outside"));
    CHECK(contains(refusal(R"({"samples": {"alternative": "more"}})"), "/samples/alternative: \"more\" is not one of"));
    CHECK(contains(refusal(R"({"samples": {"seed": -1}})"), "/samples/seed: must be a whole number"));
    CHECK(contains(refusal(R"({"samples": {"block": 0}})"), "/samples/block: must be a positive integer"));
    CHECK(contains(refusal(R"({"samples": {"block": 4294967296}})"), "/samples/block: must be a positive integer"));
    CHECK(contains(refusal(R"({"samples": {"block": 2, "thin": 2}})"), "/samples: block and thin exclude each other"));
    CHECK(contains(refusal(R"({"features": {"age": {"sample_tests": ["welch_t", "welch_t"]}}})"),
                   "/features/age/sample_tests: names a test twice"));
    CHECK(contains(refusal(R"({"joint_tests": ["mmd"]})"), "/joint_tests/0: \"mmd\" is not one of"));
    CHECK(contains(refusal(R"({"joint_tests": [7]})"), "/joint_tests/0: must be a word"));
    CHECK(contains(refusal("[]"), "must be an object"));
    CHECK(contains(refusal(""), "not valid JSON"));
    CHECK(contains(refusal(std::string(100000, '[')), "policy"));
    CHECK(contains(refusal(std::string_view("{}\0{\"level\": 0.5}", 18)), "zero byte"));
}

TEST_CASE("a policy built by hand is checked as well") {
    Policy policy;
    policy.features["age"].tolerance = -0.1;
    CHECK_THROWS_WITH_AS(policy.validate(), "policy /features/age/tolerance: -0.1 lies outside [0, 1]", Error);
}

TEST_CASE("a choice that does not exist is refused") {
    Policy policy;
    policy.correction = static_cast<stats::Correction>(77);
    CHECK_THROWS_WITH_AS(policy.validate(), "policy /correction: 77 is no such choice", Error);
    policy = Policy{};
    policy.defaults.test = static_cast<DriftTest>(drift_test_count);
    CHECK_THROWS_AS(policy.validate(), Error);
    policy.defaults.test = DriftTest::welch_t;
    CHECK_THROWS_WITH_AS(policy.validate(),
                         "policy /defaults/test: welch_t does not run on a window's counters; `sample_tests` "
                         "run on samples",
                         Error);
    policy = Policy{};
    policy.features["age"].request.null = static_cast<Action>(4);
    CHECK_THROWS_AS(policy.validate(), Error);
}

TEST_CASE("the published schema is JSON and knows every key of the default policy") {
    const auto schema = nlohmann::json::parse(Policy::json_schema());
    const auto policy = nlohmann::json::parse(Policy{}.to_json());
    for (const auto& [key, value] : policy.items()) CHECK(schema["properties"].contains(key));
    for (const auto& [key, value] : policy["defaults"].items()) {
        CHECK(schema["$defs"]["feature"]["properties"].contains(key));
    }
    for (const auto& [key, value] : policy["defaults"]["request"].items()) {
        CHECK(schema["$defs"]["feature"]["properties"]["request"]["properties"].contains(key));
    }
}
