# SPDX-License-Identifier: Apache-2.0
"""Drives the C library from Python's ctypes: struct layouts, a full round trip, Arrow batches built by hand, callbacks.

usage: test_ctypes.py libvedette.so capi_layout_test scratch_folder
"""

import ctypes as c
import json
import math
import os
import random
import subprocess
import sys
import unittest

LIBRARY, LAYOUT_PROGRAM, FOLDER = sys.argv[1:4]
vdt = c.CDLL(LIBRARY)

OK, INVALID_ARGUMENT, TYPE_MISMATCH, SCHEMA_MISMATCH, UNSUPPORTED = 0, 100, 102, 300, 400
PASS, NOT_EVALUATED, WARN, ALARM = range(4)
u32, i32, u64, i64, f64, pointer = c.c_uint32, c.c_int32, c.c_uint64, c.c_int64, c.c_double, c.c_void_p
f32 = c.c_float
SCORE_F32 = c.CFUNCTYPE(i32, pointer, c.POINTER(c.c_float), c.c_size_t, c.POINTER(f64))
SCORE_F64 = c.CFUNCTYPE(i32, pointer, c.POINTER(f64), c.c_size_t, c.POINTER(f64))


STRUCTS = []


def struct(name, *fields):
    STRUCTS.append(type(name, (c.Structure,), {"_fields_": [tuple(field) for field in fields]}))
    return STRUCTS[-1]


def doubles(names):
    return [(name, f64) for name in names.split()]


Error = struct("vdt_error", ("struct_size", u32), ("code", i32), ("message", c.c_char * 256))
Allocator = struct("vdt_allocator", ("struct_size", u32), ("reserved", u32), ("allocate", pointer),
                   ("release", pointer), ("user_data", pointer))
String = struct("vdt_string", ("data", pointer), ("length", u64))
Value = struct("vdt_value", ("kind", i32), ("reserved", u32), ("number", f64), ("text", c.c_char_p),
               ("text_length", u64))
Column = struct("vdt_column", ("struct_size", u32), ("kind", i32), ("name", c.c_char_p), ("name_length", u64),
                ("data", pointer), ("length", u64), ("stride", i64), ("byte_length", u64), ("dtype", i32),
                ("reserved", u32), ("validity", pointer), ("validity_offset", u64), ("validity_byte_length", u64),
                ("offsets", pointer), ("dictionary", pointer), ("dictionary_length", u64))
Matrix = struct("vdt_matrix", ("struct_size", u32), ("dtype", i32), ("data", pointer), ("rows", u64),
                ("columns", u64), ("row_stride", i64), ("column_stride", i64), ("byte_length", u64))
BaselineOptions = struct("vdt_baseline_options", ("struct_size", u32), ("reserved", u32), ("cells", u64),
                         ("max_categories", u64), ("minimum_rows", u64), ("name", c.c_char_p), ("name_length", u64),
                         ("model_digest", c.c_char_p), ("model_digest_length", u64))
GuardOptions = struct("vdt_guard_options", ("struct_size", u32), ("reserved", u32), ("policy_json", c.c_char_p),
                      ("policy_length", u64))
Finding = struct("vdt_finding", ("reason", i32), ("decision", i32), ("subject", u32), ("reserved", u32),
                 ("value", f64))
ScoreAnswer = struct("vdt_score_answer", ("score", f64), ("p_value", f64), ("decision", i32), ("reserved", u32))
MemoryEvidence = struct("vdt_memory_evidence", ("query_attack", i32), ("extraction", i32), ("is_silent", i32),
                        ("reserved", u32), *doubles("overlap update_score p_value e_value"), ("requests", u64),
                        ("statistic", f64))
MmdEvidence = struct("vdt_mmd_evidence", ("unlike_benign", i32), ("rows", u32),
                     *((name, f64) for name in ("statistic", "threshold", "distance")))
ThreatTag = struct("vdt_threat_tag", ("catalogue", c.c_char_p), ("id", c.c_char_p), ("name", c.c_char_p))
Verdict = struct("vdt_verdict", ("struct_size", u32), ("decision", i32), ("reasons", u32), ("finding_count", u32),
                 ("findings", Finding * 8),
                 ("score_count", u32), ("reserved", u32), ("fused_e_value", f64), ("scores", ScoreAnswer * 8),
                 ("model_calls", u64), ("model_rows", u64), ("memory", MemoryEvidence), ("mmd", MmdEvidence),
                 ("mmd_group", MmdEvidence), ("mmd_group_accounts", u64))
RequestVectors = struct("vdt_request_vectors", ("struct_size", u32), ("group", u32), ("embedding", pointer),
                        ("embedding_length", u64), ("logits", pointer), ("logits_length", u64), ("weight", f64),
                        ("model", pointer), ("input", pointer), ("input_length", u64), ("workspace", pointer),
                        ("workspace_length", u64), ("memory", pointer), ("account", pointer), ("account_length", u64),
                        ("time", u64), ("predicted", c.c_int64), ("without_model", i32), ("reserved", u32))
QueryMemoryOptions = struct("vdt_query_memory_options", ("struct_size", u32), ("guarantee", i32),
                            ("failure_probability", f64), ("store", pointer), ("store_scores", pointer),
                            ("store_score_count", u64), ("updates", pointer), ("update_scores", pointer),
                            ("update_score_count", u64), ("level", f64), ("caller_capacity", u64), ("idle_time", u64),
                            ("links", u64), ("linked_score", f64), ("prada_values", u64), ("prada_classes", u32),
                            ("prada_accounts", u32), ("prada_threshold", f64), ("prada_capacity", u64),
                            ("prada_distances", u64), ("mmd", pointer), ("mmd_accounts", u64),
                            ("repeats_left_out", i32), ("reserved", u32), ("mmd_groups", u64),
                            ("mmd_group_accounts", u64), ("mmd_group_least_shared", u64), ("mmd_group_largest", u64))
AccountLink = struct("vdt_account_link", ("first", u32), ("second", u32), ("shared", u64), ("overcount", u64))
ReleaseOptions = struct("vdt_release_options", ("struct_size", u32), ("reserved", u32), ("release_policy", pointer),
                        ("release_policy_length", u64), ("policy_json", pointer), ("policy_length", u64),
                        ("ledger", pointer), ("now", c.c_int64), ("statistics", pointer), ("rates", pointer))
ReleaseInfo = struct("vdt_release_info", ("struct_size", u32), ("is_released", i32),
                     *doubles("epsilon delta scale standard_deviation"), ("rows_per_user", u64),
                     ("counters_per_row", u64), ("is_gaussian", i32), ("reserved", i32))
ScoreFitOptions = struct("vdt_score_fit_options", ("struct_size", u32), ("reserved", u32), ("kind", pointer),
                         ("kind_length", u64), ("options", pointer), ("options_length", u64), ("labels", pointer),
                         ("label_count", u64), ("class_count", u64), ("head_weights", pointer), ("head_bias", pointer),
                         ("head_bias_count", u64))
ScoreCalibrationOptions = struct("vdt_score_calibration_options", ("struct_size", u32), ("guarantee", i32),
                                 ("failure_probability", f64), ("groups", pointer), ("group_length", u64),
                                 ("group_count", u64), ("weights", pointer), ("weight_count", u64))
PredictModel = struct("vdt_predict_model", ("struct_size", u32), ("output", i32), ("predict", pointer),
                      ("user_data", pointer), ("features", u64), ("classes", u64), ("batch_rows", u64))
Squeezer = struct("vdt_squeezer", ("kind", i32), ("bits", u32), ("window", u32), ("search_window", u32),
                  ("patch", u32), ("strength", f32))
QueryScoreOptions = struct("vdt_query_score_options", ("struct_size", u32), ("kind", i32), ("reference", pointer),
                           ("squeezers", pointer), ("squeezer_count", u64), ("image_height", u64),
                           ("image_width", u64), ("image_channels", u64), ("width", u64), ("copies", u64),
                           ("seed", u64), ("standard_deviation", f64), ("share", f64), ("pixel_highest", f32),
                           ("row_weight", f32), ("overlay_weight", f32), ("lowest", f32), ("highest", f32),
                           ("reserved", u32))
QueryAnswer = struct("vdt_query_answer", ("struct_size", u32), ("status", i32), ("callback_status", i32),
                     ("reserved", u32), ("score", f64), ("p_value", f64), ("calls", u64), ("rows", u64))
ExplainerOptions = struct("vdt_explainer_options", ("struct_size", u32), ("method", i32), ("background", pointer),
                          ("players", pointer), ("player_length", u64), ("most_coalitions", u64), ("seed", u64))
Explanation = struct("vdt_explanation", ("struct_size", u32), ("status", i32), ("callback_status", i32),
                     ("reserved", u32), ("prediction", f64), ("expected", f64), ("calls", u64), ("rows", u64))
CallerOptions = struct("vdt_caller_options", ("struct_size", u32), ("has_key", u32), ("level", f64), ("capacity", u64),
                       ("idle_time", u64), ("key", u64 * 2))
CallerState = struct("vdt_caller_state", ("struct_size", u32), ("is_alarm", i32), ("e_value", f64), ("requests", u64),
                     ("is_shared", u32), ("reserved", u32))
FingerprintOptions = struct("vdt_fingerprint_options", ("struct_size", u32), ("kind", i32), ("values", u64),
                            ("window", u64), ("stride", u64), ("slots", u64), ("steps", pointer), ("step_count", u64),
                            ("step", u32), ("normalise", u32), *doubles("low high"), ("memory", u64), ("period", u64),
                            ("periods", u32), ("silent", u32), ("has_key", u32), ("reserved", u32), ("key", u64 * 4))
FingerprintMatch = struct("vdt_fingerprint_match", ("struct_size", u32), ("overlap", u32), ("score", f64),
                          ("slots", u32), ("compared", u32), ("query", u64), ("period", u64), ("account", u32),
                          ("is_silent", u32), ("repeat", i32), ("reserved", u32))
ScoreOptions = struct("vdt_score_options", ("struct_size", u32), ("reserved", u32), ("name", c.c_char_p),
                      ("name_length", u64), ("score_f32", SCORE_F32), ("score_f64", SCORE_F64),
                      ("user_data", pointer), ("warn_threshold", f64), ("alarm_threshold", f64))
AssessOptions = struct("vdt_assess_options", ("struct_size", u32), ("reserved", u32), ("policy_json", c.c_char_p),
                       ("policy_length", u64))
ScoreReport = struct("vdt_score_report", ("struct_size", u32), ("decision", i32), ("name", String), ("kind", String),
                     ("input", i32), ("is_stale", i32), ("level", f64), ("calibration_count", u64), ("evaluated", u64),
                     ("exceeded", u64), ("unevaluated", u64),
                     *((name, f64) for name in ("rate", "rate_lower", "rate_upper", "allowed_rate")),
                     ("p_values", u64 * 10), ("model_calls", u64), ("model_rows", u64), ("model_aborts", u64))
MemoryReport = struct("vdt_memory_report", ("struct_size", u32), ("decision", i32), ("is_watched", i32),
                      ("is_silent", i32), ("watched", u64), ("query_attacks", u64), ("extractions", u64),
                      ("untold", u64))
ReportInfo = struct("vdt_report_info", ("struct_size", u32), ("decision", i32), ("reference_rows", u64),
                    ("live_rows", u64), ("feature_count", u64), ("minimum_rows", u64), ("level", f64),
                    ("passed", u64), ("not_evaluated", u64), ("warned", u64), ("alarmed", u64))
FeatureReport = struct("vdt_feature_report", ("struct_size", u32), ("decision", i32), ("test", i32),
                       ("ignored", i32), ("feature", u64), ("live_rows", u64), ("live_observations", u64),
                       ("evidence_count", u64), *doubles("tolerance reference_median live_median"),
                       ("hypothesis", i32), ("reserved", u32),
                       *doubles("statistic p_value adjusted_p_value moved_share moved_share_lower "
                                "moved_share_upper reference_rate live_rate"))
Evidence = struct("vdt_evidence", ("struct_size", u32), ("hypothesis", i32), ("decision", i32), ("reserved", u32),
                  *doubles("statistic p_value degrees_of_freedom effect effect_lower effect_upper reference_count "
                           "live_count adjusted_p_value moved_share moved_share_lower moved_share_upper "
                           "reference_rate live_rate"), ("test", i32), ("reserved_2", u32))
TestResult = struct("vdt_test_result", ("struct_size", u32), ("test", i32),
                    *doubles("statistic p_value degrees_of_freedom effect effect_lower effect_upper "
                             "reference_count live_count"))
TestOptions = struct("vdt_test_options", ("struct_size", u32), ("alternative", i32), ("method", i32),
                     ("reserved", u32), *doubles("confidence"), ("permutations", u64), ("seed", u64), ("block", u32),
                     ("thin", u32))
SketchResult = struct("vdt_sketch_result", ("struct_size", u32), ("reserved", u32),
                      *doubles("statistic statistic_lower statistic_upper p_value p_value_lower p_value_upper "
                               "effect_lower effect_upper rank_error sketch_error_probability"),
                      ("reference_count", u64), ("live_count", u64))
JointEvidence = struct("vdt_joint_evidence", ("struct_size", u32), ("test", i32), ("decision", i32), ("reserved", u32),
                       *doubles("statistic p_value degrees_of_freedom effect effect_lower effect_upper reference_count "
                                "live_count adjusted_p_value moved_share moved_share_lower moved_share_upper"),
                       ("feature_count", u64))
SampleOptions = struct("vdt_sample_options", ("struct_size", u32), ("nan_policy", i32))
MmdOptions = struct("vdt_mmd_options", ("struct_size", u32), ("aggregation", i32), ("nan_policy", i32),
                    ("feature_contributions", i32), ("confidence", f64), ("permutations", u64), ("seed", u64),
                    ("stop_after", u64), ("bandwidths", pointer), ("bandwidth_count", u64))
RandomFeaturesOptions = struct("vdt_random_features_options", ("struct_size", u32), ("standardise", i32),
                               ("nan_policy", i32), ("reserved", u32), ("features", u64), ("bandwidth", f64),
                               ("whitening", f64), ("seed", u64))
LedgerAccount = struct("vdt_ledger_account", ("data_set", String), ("principal", String), ("purpose", String))
LedgerOptions = struct("vdt_ledger_options", ("struct_size", u32), ("not_durable", i32), ("key", pointer),
                       ("key_length", u64), ("at_least_sequence", u64), ("at_least_digest", c.c_uint8 * 32))
LedgerBalance = struct("vdt_ledger_balance", ("struct_size", u32), ("reserved", u32), ("valid_from", i64),
                       ("valid_until", i64), ("budget_loss_units", u64), ("budget_delta_units", u64),
                       ("spent_loss_units", u64), ("spent_delta_units", u64),
                       *doubles("budget_loss budget_delta spent_loss spent_delta"))
PrivateRowsOptions = struct("vdt_private_rows_options", ("struct_size", u32), ("by_user", i32), ("rows_per_user", u64),
                            ("categories_per_user", u64), ("random_choice", i32), ("replace_one", i32))
PrivateReleaseOptions = struct("vdt_private_release_options", ("struct_size", u32), ("reserved", u32),
                               *doubles("epsilon lower upper confidence"), ("ledger", pointer), ("account", pointer),
                               ("now", i64), *doubles("delta rho"), ("filter", pointer))
PrivateRelease = struct("vdt_private_release", ("struct_size", u32), ("reserved", u32),
                        *doubles("value lower upper epsilon delta rho"))
Noised = struct("vdt_noised", *doubles("value lower upper"))
ReleasedColumn = struct("vdt_released_column", ("struct_size", u32), ("has_bounds", i32), ("rows", Noised),
                        ("nulls", Noised), ("nans", Noised), ("positive_infinities", Noised),
                        ("negative_infinities", Noised), *doubles("lower upper median_lower median_upper"))
FairnessGroup = struct("vdt_fairness_group", ("struct_size", u32), ("reserved", u32), ("group", String),
                       ("rows", Noised), ("selection", Noised), ("true_positive", Noised), ("false_positive", Noised))
FairnessDifferences = struct("vdt_fairness_differences", ("struct_size", u32), ("group_count", u32),
                             ("parity", Noised), ("opportunity", Noised), ("odds", Noised))
AuditCounts = struct("vdt_audit_counts", ("first_runs", u64), ("first_hits", u64), ("second_runs", u64),
                     ("second_hits", u64))
PerformanceOptions = struct("vdt_performance_options", ("struct_size", u32), ("calibration", i32), ("cells", u64),
                            ("chunk_rows", u64), ("deviations", f64), ("seed", u64))
MetricEstimate = struct("vdt_metric_estimate",
                        *doubles("value standard_error lower upper realised_lower realised_upper"))
PerformanceEstimate = struct("vdt_performance_estimate", ("struct_size", u32), ("reserved", u32), ("rows", u64),
                             ("metrics", MetricEstimate * 6), ("roc_auc_resolution", f64))
EstimateGap = struct("vdt_estimate_gap", ("struct_size", u32), ("reserved", u32), ("rows", u64),
                     *doubles("estimated realised gap lower upper p_value"))
LabelJoinOptions = struct("vdt_label_join_options", ("struct_size", u32), ("reserved", u32), ("capacity", u64),
                          ("longest_wait", u64), ("seed", u64))
LabelJoinCounts = struct("vdt_label_join_counts", ("struct_size", u32), ("reserved", u32), ("predictions", u64),
                         ("refused", u64), ("duplicates", u64), ("joined", u64), ("unknown", u64),
                         ("refused_labels", u64), ("expired", u64), ("displaced", u64), ("waiting", u64))
RenderOptions = struct("vdt_render_options", ("struct_size", u32), ("color", i32), ("title", c.c_char_p),
                       ("title_length", u64), ("live_name", c.c_char_p), ("live_name_length", u64),
                       ("max_features", u64))


class ArrowSchema(c.Structure):
    pass


class ArrowArray(c.Structure):
    pass


RELEASE_SCHEMA = c.CFUNCTYPE(None, c.POINTER(ArrowSchema))
RELEASE_ARRAY = c.CFUNCTYPE(None, c.POINTER(ArrowArray))
STRUCTS += [ArrowSchema, ArrowArray]
ArrowSchema._fields_ = [("format", c.c_char_p), ("name", c.c_char_p), ("metadata", c.c_char_p), ("flags", i64),
                        ("n_children", i64), ("children", c.POINTER(c.POINTER(ArrowSchema))),
                        ("dictionary", c.POINTER(ArrowSchema)), ("release", RELEASE_SCHEMA),
                        ("private_data", pointer)]
ArrowArray._fields_ = [("length", i64), ("null_count", i64), ("offset", i64), ("n_buffers", i64),
                       ("n_children", i64), ("buffers", c.POINTER(pointer)),
                       ("children", c.POINTER(c.POINTER(ArrowArray))), ("dictionary", c.POINTER(ArrowArray)),
                       ("release", RELEASE_ARRAY), ("private_data", pointer)]

MonitorOptions = struct("vdt_monitor_options", ("struct_size", u32), ("reserved", u32), ("kind", c.c_char_p),
                        ("kind_length", u64), ("options", c.c_char_p), ("options_length", u64), ("reference", pointer))
MonitorReading = struct("vdt_monitor_reading", ("struct_size", u32), ("state", i32),
                        *[(name, u64) for name in "seen accepted nan infinite refused changes".split()],
                        *doubles("estimate statistic limit p_value e_value interval_lower interval_upper"))

MetricSequenceOptions = struct("vdt_metric_sequence_options", ("struct_size", u32), ("metric", i32),
                               ("with_labels", i32), ("reserved", i32),
                               *doubles("level alarm_level tolerated intrinsic_time"))
MetricBounds = struct("vdt_metric_bounds", ("struct_size", u32), ("state", i32),
                      *[(name, u64) for name in "rows values refused alarms".split()], *doubles("value lower upper"))

WatchReference = struct("vdt_watch_reference", ("output", String), ("values", pointer))
WatchGroup = struct("vdt_watch_group", ("group", String), ("rows", pointer))
WatchOptions = struct("vdt_watch_options", ("struct_size", u32), ("reserved", u32), ("policy_json", c.c_char_p),
                      ("policy_length", u64), ("performance", pointer), ("references", pointer),
                      ("reference_count", u64), ("estimates", pointer), ("groups", pointer), ("group_count", u64))
StreamReport = struct("vdt_stream_report", ("struct_size", u32), ("source", i32), ("decision", i32), ("state", i32),
                      ("name", String), ("monitor", String),
                      *[(name, u64) for name in "seen period_begin alarms period_alarms alarm_position".split()],
                      ("alarm_time", i64), *doubles("estimate statistic limit p_value e_value interval_lower interval_upper "
                                                    "joined_e_value"), ("is_discovered", u64))
EvidenceReport = struct("vdt_joined_evidence", ("struct_size", u32), ("decision", i32),
                        *doubles("false_discovery_rate threshold"),
                        *[(name, u64) for name in "streams discovered shards".split()])
BankOptions = struct("vdt_bank_options", ("struct_size", u32), ("reserved", u32), ("kind", c.c_char_p),
                     ("kind_length", u64), ("features", u64), ("options", pointer), ("options_count", u64),
                     ("reference", pointer))
MmdMonitorOptions = struct("vdt_mmd_monitor_options", ("struct_size", u32), ("standardise", i32), ("nan_policy", i32),
                           ("window", u32), ("features", u64), *doubles("bandwidth expected_run"), ("first_look", u32),
                           ("simulations", u32), ("seed", u64))

SequenceOptions = struct("vdt_confidence_sequence_options", ("struct_size", u32), ("kind", i32),
                         *doubles("level intrinsic_time lower upper prior_ones prior_zeros"), ("cells", u64),
                         *doubles("largest_bet"))
SequenceBounds = struct("vdt_confidence_bounds", ("struct_size", u32), ("reserved", u32), ("count", u64),
                        ("refused", u64), *doubles("mean lower upper"))
ClassShare = struct("vdt_class_share",
                    *doubles("reference live live_lower live_upper weight weight_error share_error"))
LabelShift = struct("vdt_label_shift", ("struct_size", u32), ("decision", i32), ("was_cut", i32), ("reserved", i32),
                    *doubles("condition statistic p_value effect accuracy accuracy_lower accuracy_upper"))
FeatureCells = struct("vdt_feature_cells", ("reference", pointer), ("right", pointer), ("live", pointer),
                      ("cells", u64))
PerformanceEffect = struct("vdt_performance_effect", ("feature", u64),
                           *doubles("effect standard_error lower upper p_value live_unseen"))
RowVerdict = struct("vdt_row_verdict", ("severity", i32), ("failed", u32))
RowPart = struct("vdt_row_part", ("kind", i32), ("reserved", u32), ("data", pointer), ("length", u64))
NamedTensor = struct("vdt_named_tensor", ("name", String), ("tensor", pointer), ("texts", pointer), ("text_count", u64),
                     ("holds_texts", i32), ("reserved", u32))
Repaired = struct("vdt_repaired", ("feature", u32), ("how", i32), ("failed", u32), ("reserved", u32), ("before", Value),
                  ("after", Value))
LeakageOptions = struct("vdt_leakage_options", ("struct_size", u32), ("cells", u32), ("minimum_gain", f64),
                        ("confidence", f64), ("minimum_rows", u64))
RepairVerdict = struct("vdt_repair_verdict", ("before", RowVerdict), ("after", RowVerdict), ("repaired", u64))
Tensor = struct("vdt_tensor", ("struct_size", u32), ("dtype", i32), ("data", pointer), ("byte_offset", u64),
                ("byte_length", u64), ("shape", pointer), ("strides", pointer), ("rank", u64))
BatchOptions = struct("vdt_batch_options", ("struct_size", u32), ("bitmaps", i32), ("read_texts", i32),
                      ("offenders", u32), ("confidence", f64), ("repair", i32), ("arrow_level", i32))
ReferenceSet = struct("vdt_reference_set", ("name", String), ("values", pointer), ("count", u64))
RuleInputs = struct("vdt_rule_inputs", ("struct_size", u32), ("reserved", u32), ("reference_sets", pointer),
                    ("reference_set_count", u64), ("now", pointer), ("user_data", pointer))
BatchSummary = struct("vdt_batch_summary", ("struct_size", u32), ("severity", i32), ("rows", u64),
                      ("failed_rows", u64), ("finding_count", u64), ("unexpected_count", u64),
                      ("failed_row_bitmap", pointer), ("bitmap_length", u64), ("repair_count", u64),
                      ("repaired_cells", u64))
BatchRepair = struct("vdt_batch_repair", ("struct_size", u32), ("how", i32), ("feature", u64), ("failed", u32),
                     ("reserved", u32), ("count", u64), *doubles("rate_lower rate_upper"), ("offenders", pointer),
                     ("offender_count", u64))
BatchFinding = struct("vdt_batch_finding", ("struct_size", u32), ("check", i32), ("feature", u64), ("severity", i32),
                      ("reserved", u32), ("count", u64), *doubles("rate_lower rate_upper"), ("offenders", pointer),
                      ("offender_count", u64), ("bitmap", pointer), ("bitmap_length", u64))
ComparatorLimits = struct("vdt_comparator_limits", ("column", pointer), ("column_length", u64),
                          *doubles("infinity_norm jensen_shannon normalized_difference"))
StatisticsCompareOptions = struct("vdt_statistics_compare_options", ("struct_size", u32), ("as_tfdv", i32),
                                  ("cells", u32), ("tell_values", i32),
                                  *doubles("minimum_rows_ratio maximum_rows_ratio"), ("limits", pointer),
                                  ("limit_count", u64))
Noised = struct("vdt_noised", *doubles("value lower upper"))
ReleasedColumn = struct("vdt_released_column", ("struct_size", u32), ("has_bounds", i32),
                        *((name, Noised) for name in "rows nulls nans positive_infinities negative_infinities".split()),
                        *doubles("lower upper median_lower median_upper"))
FairnessGroup = struct("vdt_fairness_group", ("struct_size", u32), ("reserved", u32), ("group", String),
                       *((name, Noised) for name in "rows selection true_positive false_positive".split()))
FairnessDifferences = struct("vdt_fairness_differences", ("struct_size", u32), ("group_count", u32),
                             *((name, Noised) for name in "parity opportunity odds".split()))

size_t_pointer = c.POINTER(c.c_size_t)
SIGNATURES = {  # without the trailing error, which `call` adds
    "vdt_baseline_create": [pointer, c.c_size_t, pointer, pointer, pointer],
    "vdt_baseline_create_arrow": [pointer, pointer, pointer, pointer, pointer],
    "vdt_baseline_load": [c.c_char_p, pointer, pointer],
    "vdt_baseline_save": [pointer, c.c_char_p],
    "vdt_baseline_to_bytes": [pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_baseline_from_bytes": [c.c_char_p, c.c_size_t, pointer, pointer],
    "vdt_baseline_id": [pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_baseline_find": [pointer, c.c_char_p, c.c_size_t, size_t_pointer],
    "vdt_baseline_feature_name": [pointer, c.c_size_t, pointer],
    "vdt_policy_default_json": [pointer, c.c_size_t, size_t_pointer],
    "vdt_window_create": [pointer, pointer, pointer],
    "vdt_window_to_bytes": [pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_window_from_bytes": [pointer, c.c_char_p, c.c_size_t, pointer, pointer],
    "vdt_window_observe_columns": [pointer, pointer, c.c_size_t],
    "vdt_window_observe_arrow": [pointer, pointer, pointer],
    "vdt_window_observe_matrix": [pointer, pointer],
    "vdt_window_merge": [pointer, pointer],
    "vdt_guard_create": [pointer, pointer, pointer, pointer],
    "vdt_guard_add_score": [pointer, pointer],
    "vdt_guard_check_f64": [pointer, pointer, c.c_size_t, pointer, pointer],
    "vdt_guard_check_values": [pointer, pointer, c.c_size_t, pointer, pointer],
    "vdt_guard_explain": [pointer, pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_guard_assess": [pointer, pointer, pointer, pointer],
    "vdt_report_describe": [pointer, pointer],
    "vdt_report_feature": [pointer, c.c_size_t, pointer],
    "vdt_compare_tables": [pointer, c.c_size_t, pointer, c.c_size_t, pointer, pointer, pointer, pointer],
    "vdt_compare_arrow": [pointer] * 8,
    "vdt_report_joint": [pointer, c.c_size_t, pointer],
    "vdt_sample_create": [pointer, pointer, pointer, pointer],
    "vdt_sample_test": [pointer, i32, pointer, pointer, pointer],
    "vdt_monitor_create": [pointer, pointer, pointer],
    "vdt_monitor_from_bytes": [c.c_char_p, c.c_size_t, pointer, pointer],
    "vdt_monitor_to_bytes": [pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_monitor_update": [pointer, f64, pointer],
    "vdt_monitor_update_column": [pointer, pointer, pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_monitor_reading_get": [pointer, pointer],
    "vdt_monitor_options_text": [pointer, pointer, c.c_size_t, size_t_pointer],
    "vdt_report_render": [pointer, c.c_char_p, pointer, pointer, c.c_size_t, size_t_pointer],
}
for function_name, arguments in SIGNATURES.items():
    getattr(vdt, function_name).argtypes = arguments + [pointer]
    getattr(vdt, function_name).restype = i32
for handle in ("baseline", "guard", "window", "report", "monitor"):
    getattr(vdt, f"vdt_{handle}_destroy").argtypes = [pointer]
    getattr(vdt, f"vdt_{handle}_destroy").restype = None
for name in ("vdt_window_rows", "vdt_baseline_rows"):
    getattr(vdt, name).argtypes = [pointer]
    getattr(vdt, name).restype = u64
vdt.vdt_version_string.restype = vdt.vdt_build_info.restype = c.c_char_p


class VedetteError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def call(name, *args):
    error = Error(c.sizeof(Error))
    code = getattr(vdt, name)(*args, c.byref(error))
    if code != OK:
        assert error.code == code
        raise VedetteError(code, error.message.decode())


def create(name, *args):
    """Calls a function whose last parameter before the error is the handle it makes."""
    out = pointer()
    call(name, *args, c.byref(out))
    return out


def two_call(name, *args, text=True):
    length = c.c_size_t()
    call(name, *args, None, 0, c.byref(length))
    buffer = c.create_string_buffer(length.value + 1)
    call(name, *args, buffer, length.value + 1, c.byref(length))
    return buffer.raw[: length.value].decode() if text else buffer.raw[: length.value]


def initialised(struct_type, /, **values):
    value = struct_type()
    init = getattr(vdt, struct_type.__name__ + "_init")
    init.argtypes, init.restype = [pointer, c.c_size_t], None
    init(c.byref(value), c.sizeof(value))
    for key, content in values.items():
        setattr(value, key, content)
    return value


ROWS = 400
generator = random.Random(7)
AMOUNT = (c.c_double * ROWS)(*[generator.lognormvariate(0, 1) for _ in range(ROWS)])
SPEED = (c.c_float * ROWS)(*[generator.gauss(50, 10) for _ in range(ROWS)])
WORDS = [b"CH", b"DE", b"AT"]
COUNTRY = [generator.choice(WORDS) for _ in range(ROWS)]
STRINGS = (String * ROWS)(*[String(c.cast(c.c_char_p(word), pointer), 2) for word in COUNTRY])


def reference_columns():
    def column(name, kind, dtype, data):
        return initialised(Column, name=name, name_length=len(name), kind=kind, dtype=dtype, length=ROWS,
                           data=c.cast(data, pointer), byte_length=c.sizeof(data))

    return (Column * 3)(column(b"amount", 0, 2, AMOUNT), column(b"speed", 0, 1, SPEED),
                        column(b"country", 2, 0, STRINGS))


def make_baseline():
    return create("vdt_baseline_create", reference_columns(), 3, None, None)


class ArrowBatch:
    """The reference as a record batch, its memory kept alive and its releases counted."""

    def __init__(self, country_format=b"u", dictionary=False):
        self.releases = 0
        self.keep = []
        self.release_schema = RELEASE_SCHEMA(lambda _: self.count())
        self.release_array = RELEASE_ARRAY(lambda _: self.count())
        offset_type = c.c_int64 if country_format == b"U" else c.c_int32
        if dictionary:
            codes = (c.c_int8 * ROWS)(*[WORDS.index(word) for word in COUNTRY])
            words = self.texts(WORDS, c.c_int32)
            country = self.array([None, codes], dictionary=words)
            country_schema = self.schema(b"c", b"country", dictionary=self.schema(b"u", None))
        else:
            country = self.texts(COUNTRY, offset_type)
            country_schema = self.schema(country_format, b"country")
        children = [self.array([None, AMOUNT]), self.array([None, SPEED]), country]
        schemas = [self.schema(b"g", b"amount"), self.schema(b"f", b"speed"), country_schema]
        self.batch = self.array([None], children=children)
        self.record = self.schema(b"+s", b"", children=schemas)

    def count(self):
        self.releases += 1

    def schema(self, form, name, children=(), dictionary=None):
        pointers = (c.POINTER(ArrowSchema) * max(1, len(children)))(*[c.pointer(child) for child in children])
        result = ArrowSchema(form, name, None, 2, len(children), pointers,
                             c.pointer(dictionary) if dictionary else None, self.release_schema, None)
        self.keep += [pointers, result]
        return result

    def array(self, buffers, children=(), dictionary=None, length=ROWS):
        addresses = (pointer * len(buffers))(*[c.cast(b, pointer) if b is not None else None for b in buffers])
        pointers = (c.POINTER(ArrowArray) * max(1, len(children)))(*[c.pointer(child) for child in children])
        result = ArrowArray(length, 0, 0, len(buffers), len(children), addresses, pointers,
                            c.pointer(dictionary) if dictionary else None, self.release_array, None)
        self.keep += [buffers, addresses, pointers, result]
        return result

    def texts(self, words, offset_type):
        offsets, position = [0], 0
        for word in words:
            position += len(word)
            offsets.append(position)
        text = c.create_string_buffer(b"".join(words))
        return self.array([None, (offset_type * len(offsets))(*offsets), text], length=len(words))


class Layout(unittest.TestCase):
    def test_sizes_and_offsets(self):
        printed = subprocess.run([LAYOUT_PROGRAM], check=True, capture_output=True, text=True).stdout
        pinned = {}
        for line in printed.splitlines():
            if not line.startswith(("vdt_", "struct ")):
                continue
            name, first, second = line.replace("struct ", "").split()
            pinned[name] = (int(first), int(second))
        mine = {}
        for kind in STRUCTS:
            mine[kind.__name__] = (c.sizeof(kind), c.sizeof(kind))
            for name, _ in kind._fields_:
                field = getattr(kind, name)
                mine[f"{kind.__name__}.{name}"] = (field.offset, field.size)
        self.assertEqual(pinned, mine)

    def test_no_hidden_padding(self):
        for kind in STRUCTS:
            self.assertEqual(sum(getattr(kind, name).size for name, _ in kind._fields_), c.sizeof(kind), kind)

    def test_versions(self):
        self.assertEqual(vdt.vdt_abi_version(), 1)
        self.assertIn(b"kernels", vdt.vdt_build_info())
        self.assertTrue(os.path.realpath(LIBRARY).split(".so.")[1].startswith("1."))


class RoundTrip(unittest.TestCase):
    def test_everything_once(self):
        path = os.path.join(FOLDER, "capi_ctypes.vedette").encode()
        baseline = make_baseline()
        call("vdt_baseline_save", baseline, path)
        loaded = create("vdt_baseline_load", path, None)
        self.assertEqual(two_call("vdt_baseline_id", baseline), two_call("vdt_baseline_id", loaded))
        with open(path, "rb") as file:
            self.assertEqual(two_call("vdt_baseline_to_bytes", baseline, text=False), file.read())
        vdt.vdt_baseline_destroy(baseline)
        name = String()
        call("vdt_baseline_feature_name", loaded, 2, c.byref(name))
        self.assertEqual(c.string_at(name.data, name.length), b"country")

        policy = json.loads(two_call("vdt_policy_default_json"))
        policy["minimum_rows"] = 50
        text = json.dumps(policy).encode()
        guard = create("vdt_guard_create", loaded,
                       c.byref(initialised(GuardOptions, policy_json=text, policy_length=len(text))), None)
        window = create("vdt_window_create", loaded, None)
        verdict = initialised(Verdict)
        row = (Value * 3)(Value(1, 0, math.inf, None, 0), Value(0, 0, 0.0, None, 0), Value(2, 0, 0.0, b"XX", 2))
        call("vdt_guard_check_values", guard, row, 3, window, c.byref(verdict))
        self.assertEqual([verdict.findings[i].reason for i in range(verdict.finding_count)], [4, 2, 5])
        self.assertEqual(verdict.decision, WARN)
        self.assertIn("country", two_call("vdt_guard_explain", guard, c.byref(verdict)))
        for _ in range(300):
            numbers = (f64 * 3)(generator.lognormvariate(2, 1), generator.gauss(50, 10), generator.randrange(3))
            call("vdt_guard_check_f64", guard, numbers, 3, window, c.byref(verdict))
        data = two_call("vdt_window_to_bytes", window, text=False)
        copy = create("vdt_window_from_bytes", loaded, data, len(data), None)
        call("vdt_window_merge", window, copy)
        self.assertEqual(vdt.vdt_window_rows(window), 602)

        report = create("vdt_guard_assess", guard, window, None)
        info = initialised(ReportInfo)
        call("vdt_report_describe", report, c.byref(info))
        self.assertEqual((info.decision, info.live_rows, info.feature_count, info.minimum_rows), (ALARM, 602, 3, 50))
        feature = initialised(FeatureReport)
        call("vdt_report_feature", report, 0, c.byref(feature))
        self.assertEqual(feature.decision, ALARM)
        self.assertGreater(feature.live_median, 3 * feature.reference_median)
        document = json.loads(two_call("vdt_report_render", report, b"json", None))
        self.assertIsInstance(document, dict)
        for handle, kind in ((report, "report"), (copy, "window"), (window, "window"), (guard, "guard"),
                             (loaded, "baseline")):
            getattr(vdt, f"vdt_{kind}_destroy")(handle)

    def test_errors_are_told(self):
        baseline = make_baseline()
        with self.assertRaises(VedetteError) as raised:
            call("vdt_baseline_find", baseline, b"nothing", 7, c.byref(c.c_size_t()))
        self.assertEqual(raised.exception.code, SCHEMA_MISMATCH)
        self.assertIn("nothing", str(raised.exception))
        options = initialised(GuardOptions)
        options.reserved = 9
        with self.assertRaises(VedetteError) as raised:
            create("vdt_guard_create", baseline, c.byref(options), None)
        self.assertEqual(raised.exception.code, UNSUPPORTED)
        vdt.vdt_baseline_destroy(baseline)

    def test_python_score(self):
        baseline = make_baseline()
        guard = create("vdt_guard_create", baseline, None, None)
        window = create("vdt_window_create", baseline, None)

        def score(_, row, width, result):
            if row[1] < 0:
                return 1
            result[0] = row[0] / row[1]
            return 0

        options = initialised(ScoreOptions, name=b"ratio", name_length=5, alarm_threshold=0.1)
        callback = options.score_f64 = SCORE_F64(score)
        call("vdt_guard_add_score", guard, c.byref(options))
        verdict = initialised(Verdict)
        for amount, speed, decision in ((1.0, 50.0, PASS), (6.0, 40.0, ALARM)):
            call("vdt_guard_check_f64", guard, (f64 * 3)(amount, speed, 0.0), 3, window, c.byref(verdict))
            self.assertEqual(verdict.decision, decision)
        call("vdt_guard_check_f64", guard, (f64 * 3)(1.0, -1.0, 0.0), 3, window, c.byref(verdict))
        self.assertTrue(verdict.reasons & 1 << 9)  # score_not_evaluated
        del callback
        for handle, kind in ((window, "window"), (guard, "guard"), (baseline, "baseline")):
            getattr(vdt, f"vdt_{kind}_destroy")(handle)


class FrozenReference(unittest.TestCase):
    def test_one_reference_many_live_columns(self):
        amount, speed, _ = reference_columns()
        sample = create("vdt_sample_create", c.byref(amount), None, None)
        result = initialised(TestResult)
        call("vdt_sample_test", sample, 0, c.byref(amount), None, c.byref(result))
        self.assertEqual((result.test, result.statistic, result.p_value), (1, 0.0, 1.0))
        call("vdt_sample_test", sample, 0, c.byref(speed), None, c.byref(result))
        self.assertLess(result.p_value, 1e-50)
        self.assertEqual(result.reference_count, ROWS)
        vdt.vdt_sample_destroy(sample)


class Banks(unittest.TestCase):
    def test_rows(self):
        width, rows = 5, 60
        words = [c.create_string_buffer(b"threshold=%d" % (4 + f)) for f in range(width)]
        texts = (String * width)(*[String(c.cast(word, pointer), 11) for word in words])
        bank = create("vdt_bank_create", c.byref(initialised(
            BankOptions, kind=b"page_hinkley", kind_length=12, features=width,
            options=c.cast(texts, pointer), options_count=width)), None)
        self.assertEqual(vdt.vdt_bank_features(bank), width)
        found, alarms = c.c_size_t(), []
        for r in range(rows):
            row = (c.c_double * width)(*[1.0 if r >= 40 else 0.0] * width)
            call("vdt_bank_update_f64", bank, row, c.c_size_t(width), c.byref(found))
            which = (u64 * width)()
            call("vdt_bank_changed", bank, which, c.c_size_t(width), None)
            alarms += [(r, f) for f in which[: found.value]]
        # Smaller thresholds alarm first.
        self.assertEqual([f for _, f in alarms][:width], list(range(width)))
        self.assertTrue(all(r >= 40 for r, _ in alarms))
        reading = initialised(MonitorReading)
        call("vdt_bank_reading_get", bank, u64(3), c.byref(reading))
        self.assertEqual((reading.limit, reading.accepted), (7.0, rows))
        saved = two_call("vdt_bank_to_bytes", bank, text=False)
        again = create("vdt_bank_from_bytes", saved, len(saved), None)
        self.assertEqual(two_call("vdt_bank_to_bytes", again, text=False), saved)
        for each in (bank, again):
            vdt.vdt_bank_destroy(each)


class Monitors(unittest.TestCase):
    def make(self, kind, options=b"", reference=None):
        return create("vdt_monitor_create", c.byref(initialised(
            MonitorOptions, kind=kind, kind_length=len(kind), options=options, options_length=len(options),
            reference=c.cast(c.byref(reference), pointer) if reference else None)), None)

    def test_a_stream(self):
        amount, speed, _ = reference_columns()
        monitor = self.make(b"ewma_chart", b'{"weight": 0.2}', speed)
        states, changes, found = (c.c_uint8 * ROWS)(), (u64 * ROWS)(), c.c_size_t()
        call("vdt_monitor_update_column", monitor, c.byref(speed), states, changes, ROWS, c.byref(found))
        self.assertEqual([i for i in range(ROWS) if states[i] == 2], list(changes[: found.value]))
        state = i32()
        for _ in range(3):
            call("vdt_monitor_update", monitor, 90.0, c.byref(state))
            if state.value == 2:
                break
        self.assertEqual(state.value, 2)
        reading = initialised(MonitorReading)
        call("vdt_monitor_reading_get", monitor, c.byref(reading))
        self.assertEqual((reading.state, reading.changes), (2, found.value + 1))
        self.assertGreater(reading.statistic, reading.limit)
        self.assertTrue(math.isnan(reading.p_value))
        options = json.loads(two_call("vdt_monitor_options_text", monitor))
        self.assertEqual((options["weight"], round(options["mean"])), (0.2, 50))
        saved = two_call("vdt_monitor_to_bytes", monitor, text=False)
        resumed = create("vdt_monitor_from_bytes", saved, len(saved), None)
        for each in (monitor, resumed):
            call("vdt_monitor_update_column", each, c.byref(amount), None, None, 0, None)
        self.assertEqual(two_call("vdt_monitor_to_bytes", monitor, text=False),
                         two_call("vdt_monitor_to_bytes", resumed, text=False))
        for each in (monitor, resumed):
            vdt.vdt_monitor_destroy(each)

    def test_what_is_wrong_is_said(self):
        with self.assertRaises(VedetteError) as raised:
            self.make(b"adwin", b"delta=2")
        self.assertEqual(raised.exception.code, INVALID_ARGUMENT)
        self.assertIn("delta must lie between 0 and 1", str(raised.exception))


class Arrow(unittest.TestCase):
    def test_batches_equal_columns(self):
        baseline = make_baseline()
        expected = create("vdt_window_create", baseline, None)
        call("vdt_window_observe_columns", expected, reference_columns(), 3)
        for batch in (ArrowBatch(), ArrowBatch(b"U"), ArrowBatch(dictionary=True)):
            same = create("vdt_baseline_create_arrow", c.byref(batch.record), c.byref(batch.batch), None, None)
            self.assertEqual(two_call("vdt_baseline_id", same), two_call("vdt_baseline_id", baseline))
            window = create("vdt_window_create", same, None)
            call("vdt_window_observe_arrow", window, c.byref(batch.record), c.byref(batch.batch))
            self.assertEqual(two_call("vdt_window_to_bytes", window, text=False),
                             two_call("vdt_window_to_bytes", expected, text=False))
            self.assertEqual(batch.releases, 0)
            vdt.vdt_window_destroy(window)
            vdt.vdt_baseline_destroy(same)
        vdt.vdt_window_destroy(expected)
        vdt.vdt_baseline_destroy(baseline)

    def test_tables_are_compared_as_columns_are(self):
        policy = b'{"joint_tests": ["hotelling_t2"], "defaults": {"sample_tests": ["anderson_darling"]}}'
        judging = initialised(AssessOptions, policy_json=policy, policy_length=len(policy))
        batch, live = ArrowBatch(), ArrowBatch(dictionary=True)
        columns = reference_columns()
        expected = create("vdt_compare_tables", columns, 3, columns, 3, None, c.byref(judging), None)
        report = create("vdt_compare_arrow", c.byref(batch.record), c.byref(batch.batch), c.byref(live.record),
                        c.byref(live.batch), None, c.byref(judging), None)
        first, second = (json.loads(two_call("vdt_report_render", each, b"json", None)) for each in (expected, report))
        self.assertEqual(first, second)
        self.assertEqual(vdt.vdt_report_joint_count(report), 1)
        joint = initialised(JointEvidence)
        call("vdt_report_joint", report, 0, c.byref(joint))
        self.assertEqual((joint.decision, joint.p_value, joint.feature_count), (PASS, 1.0, 2))
        self.assertEqual(batch.releases + live.releases, 0)
        for each in (expected, report):
            vdt.vdt_report_destroy(each)

    def test_unsupported_format_names_the_column(self):
        batch = ArrowBatch(b"vx")
        with self.assertRaises(VedetteError) as raised:
            create("vdt_baseline_create_arrow", c.byref(batch.record), c.byref(batch.batch), None, None)
        self.assertEqual(raised.exception.code, TYPE_MISMATCH)
        self.assertIn("country", str(raised.exception))
        self.assertEqual(batch.releases, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
