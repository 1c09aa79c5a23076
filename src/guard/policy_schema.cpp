// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of a policy.
#include "vedette/guard/policy.hpp"

namespace vedette::inline v0 {

std::string_view Policy::json_schema() noexcept {
    return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Vedette policy, version 1",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "version": {"const": 1},
    "level": {"type": "number", "minimum": 1e-12, "maximum": 0.5, "default": 0.01,
      "description": "false-alarm level of a report over all its tests"},
    "correction": {"enum": ["none", "bonferroni", "holm", "benjamini_hochberg", "benjamini_yekutieli"],
      "default": "benjamini_hochberg"},
    "minimum_rows": {"type": "integer", "minimum": 1, "default": 100,
      "description": "live observations below which a feature is not evaluated"},
    "joint_tests": {"type": "array", "uniqueItems": true, "default": [],
      "description": "tests of all numeric features together, where samples are compared",
      "items": {"oneOf": [{"$ref": "#/$defs/joint_test"},
        {"allOf": [{"$ref": "#/$defs/test_options"}], "properties": {"test": {"$ref": "#/$defs/joint_test"}}}]}},
    "samples": {"type": "object", "additionalProperties": false,
      "description": "how samples are compared, where they are",
      "properties": {
        "method": {"enum": ["automatic", "exact", "asymptotic", "permutation"], "default": "automatic",
          "description": "where p-values come from; every test named must have it"},
        "alternative": {"enum": ["two_sided", "less", "greater"], "default": "two_sided",
          "description": "which way live values are suspected to have moved; every test named must have a direction"},
        "permutations": {"type": "integer", "minimum": 1, "maximum": 10000000, "default": 999,
          "description": "of each test by permutation, whose p-values are then at least one over one more"},
        "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "of the permutations"},
        "block": {"type": "integer", "minimum": 1, "default": 1,
          "description": "against autocorrelation: means of so many rows are compared"},
        "thin": {"type": "integer", "minimum": 1, "default": 1,
          "description": "against autocorrelation: one of so many rows is compared"},
        "form": {"$ref": "#/$defs/test_form", "default": "standard"},
        "bandwidths": {"$ref": "#/$defs/bandwidths", "default": []},
        "most_rows": {"type": "integer", "minimum": 4, "default": 2000,
          "description": "a side, that joint tests of pairs take, drawn by the seed"}
      }},
    "defaults": {"$ref": "#/$defs/feature"},
    "features": {"type": "object", "additionalProperties": {"$ref": "#/$defs/feature"},
      "description": "rules of single features; what a feature leaves out it takes from defaults"},
    "outputs": {"type": "object", "additionalProperties": {"allOf": [{"$ref": "#/$defs/monitors"}], "minItems": 1},
      "description": "monitors of what the model answers, or of its loss, by a name of your own"},
    "performance": {"type": "object", "additionalProperties": false,
      "description": "monitors of the performance that is estimated without labels; a metric enters as 1 - metric",
      "properties": {
        "metric": {"enum": ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc"], "default": "accuracy"},
        "rows": {"type": "integer", "minimum": 1, "maximum": 2147483648, "default": 1,
          "description": "predictions to one value; at least 50 for metrics other than accuracy"},
        "margin": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.05,
          "description": "what a harm_monitor without tolerated tolerates beyond the reference's loss"},
        "monitors": {"$ref": "#/$defs/monitors"}
      }},
    "schema": {"type": "object", "additionalProperties": false,
      "description": "requests that fail the baseline's schema, by the severity that the schema gives",
      "properties": {
        "error": {"$ref": "#/$defs/fixed_action", "default": "alarm"},
        "warning": {"$ref": "#/$defs/fixed_action", "default": "warn"},
        "tolerance": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.01,
          "description": "share of the requests that may fail without a verdict on their window"}
      }},
    "joined_evidence": {"type": "object", "additionalProperties": false,
      "description": "all monitors of kind e_process together, by e-BH: none then names a level",
      "properties": {
        "false_discovery_rate": {"type": "number", "minimum": 0, "maximum": 0.5, "default": 0,
          "description": "share of the discovered streams that may be in order, expected, at all times; 0 = each by its level"}
      }},
    "groups": {"type": "object",
      "description": "monitors of features together, or without features of an embedding, by a name of your own",
      "additionalProperties": {"type": "object", "additionalProperties": false, "required": ["monitors"],
        "properties": {
          "features": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string"},
            "description": "numeric features, in their order in a row of the group"},
          "monitors": {"type": "array", "minItems": 1,
            "items": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["mmd_monitor"]}},
              "additionalProperties": {"type": ["number", "string", "boolean"]}}}
        }}},
    "scores": {"type": "object", "maxProperties": 8, "additionalProperties": {"$ref": "#/$defs/score"},
      "description": "scores of the baseline by its names for them; a score that is not named is not asked"},
    "fused_scores": {"$ref": "#/$defs/score",
      "description": "all of these scores together, by the mean of their e-values; action pass leaves it out"},
    "memory": {"type": "object", "additionalProperties": false,
      "description": "requests that the memory across requests speaks against, where the server keeps one",
      "properties": {
        "query_attacks": {"$ref": "#/$defs/fixed_action", "default": "warn"},
        "extraction": {"$ref": "#/$defs/fixed_action", "default": "warn"},
        "silent": {"type": "boolean", "default": false,
          "description": "score, count and report, but neither in a verdict's decision nor its findings"}
      }}
  },
  "$defs": {
    "action": {"enum": ["pass", "warn", "alarm", "learned"]},
    "fixed_action": {"enum": ["pass", "warn", "alarm"]},
    "monitors": {"type": "array", "default": [],
      "description": "over the stream of values: a kind, each once, and its options beside it, see vedette monitor --list",
      "items": {"type": "object", "required": ["kind"],
        "properties": {"kind": {"enum": ["adwin", "page_hinkley", "cusum", "ewma_chart", "ddm", "eddm", "hddm_a", "hddm_w",
          "kswin", "stepd", "incremental_ks", "e_process", "e_detector", "harm_monitor", "mean_monitor"]}},
        "additionalProperties": {"type": ["number", "string", "boolean"]}}},
    "sample_test": {"enum": ["kolmogorov_smirnov", "chi_square", "g_test", "population_stability", "jensen_shannon",
      "hellinger", "total_variation", "wasserstein", "kuiper", "cramer_von_mises", "anderson_darling", "mann_whitney",
      "epps_singleton", "energy_distance", "welch_t", "levene", "brown_forsythe", "fisher_exact",
      "two_proportion"]},
    "test_form": {"enum": ["standard", "trimmed", "yates", "separate", "clamped"],
      "description": "levene has trimmed, chi_square and g_test yates, epps_singleton separate, anderson_darling clamped"},
    "bandwidths": {"type": "array", "maxItems": 64, "items": {"type": "number", "exclusiveMinimum": 0},
      "description": "of joint tests by a kernel, in pooled standard deviations of a feature; none: learned"},
    "joint_test": {"enum": ["hotelling_t2", "maximum_mean_discrepancy", "energy", "density_difference", "classifier",
      "mmd_fuse", "mean_shift", "random_feature_mmd"]},
    "test_options": {"type": "object", "additionalProperties": false, "required": ["test"],
      "description": "a test with what it does otherwise than samples says; block or thin replace both of them",
      "properties": {
        "test": {"type": "string"},
        "method": {"enum": ["automatic", "exact", "asymptotic", "permutation"]},
        "alternative": {"enum": ["two_sided", "less", "greater"]},
        "permutations": {"type": "integer", "minimum": 1, "maximum": 10000000},
        "seed": {"type": "integer", "minimum": 0},
        "block": {"type": "integer", "minimum": 1},
        "thin": {"type": "integer", "minimum": 1},
        "form": {"$ref": "#/$defs/test_form"},
        "bandwidths": {"$ref": "#/$defs/bandwidths"},
        "most_rows": {"type": "integer", "minimum": 4}
      }},
    "score": {"type": "object", "additionalProperties": false,
      "properties": {
        "level": {"type": "number", "minimum": 1e-9, "maximum": 0.5, "default": 0.001,
          "description": "share of benign requests that may be found; the calibration needs the rows for it"},
        "action": {"$ref": "#/$defs/fixed_action", "default": "warn"}
      }},
    "feature": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "ignore": {"type": "boolean", "default": false},
        "test": {"enum": ["automatic", "kolmogorov_smirnov", "chi_square", "g_test", "population_stability",
          "jensen_shannon", "hellinger", "total_variation", "wasserstein"], "default": "automatic"},
        "sample_tests": {"type": "array", "uniqueItems": true, "default": [],
          "description": "tests that decide where samples are compared; those for its kind",
          "items": {"oneOf": [{"$ref": "#/$defs/sample_test"},
            {"allOf": [{"$ref": "#/$defs/test_options"}], "properties": {"test": {"$ref": "#/$defs/sample_test"}}}]}},
        "tolerance": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.05,
          "description": "share of the traffic that may move without an alarm"},
        "request": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "null": {"$ref": "#/$defs/action", "default": "learned"},
            "not_a_number": {"$ref": "#/$defs/action", "default": "learned"},
            "infinity": {"$ref": "#/$defs/action", "default": "learned"},
            "unseen_category": {"$ref": "#/$defs/action", "default": "warn"},
            "out_of_range": {"$ref": "#/$defs/fixed_action", "default": "pass"},
            "far_out_of_range": {"$ref": "#/$defs/fixed_action", "default": "warn"},
            "far_factor": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 1},
            "wrong_type": {"$ref": "#/$defs/fixed_action", "default": "alarm"}
          }
        },
        "monitors": {"$ref": "#/$defs/monitors"}
      }
    }
  }
}
)";
}

}  // namespace vedette::inline v0
