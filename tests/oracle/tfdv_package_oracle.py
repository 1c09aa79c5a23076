#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What TensorFlow Data Validation itself finds in columns of lists, infers from them, and measures between them.

    tfdv_package_oracle.py > data/tfdv_package.json

Run with tensorflow-data-validation 1.16.1 (Python 3.11, with tensorflow-cpu 2.16.2, tfx-bsl 1.16.1 and pyarrow 10.0.1).
"""
import json
import os
import random

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import pyarrow as pa  # noqa: E402
import tensorflow_data_validation as tfdv  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow_data_validation.statistics import stats_impl, stats_options  # noqa: E402
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2  # noqa: E402

KINDS = {"INT": pa.int64(), "FLOAT": pa.float32(), "BYTES": pa.binary()}


def statistics(rows, kind, depth):
    inner = KINDS[kind]
    for _ in range(depth):
        inner = pa.list_(inner)
    batch = pa.RecordBatch.from_arrays([pa.array(rows, inner)], ["x"])
    return stats_impl.generate_statistics_in_memory(batch, stats_options.StatsOptions())


def draw_value(r, kind):
    if kind == "INT":
        return r.choice([-3, 0, 1, 2, 7, 60])
    if kind == "FLOAT":
        return r.choice([-3.5, 0.0, 0.25, 2.0, 60.5, float("nan"), float("inf")] if r.random() < 0.3 else [0.0, 0.25, 2.0])
    return r.choice([b"a", b"b", b"c", b"x"])


def draw_rows(r, kind, depth):
    hole, sizes = r.choice([0.0, 0.0, 0.2]), r.choice([(1, 1), (1, 3), (0, 2), (2, 2)])

    def lists(level):
        if level == 0:
            return draw_value(r, kind)
        return [lists(level - 1) for _ in range(r.randint(*sizes))]
    return [None if r.random() < hole else lists(depth) for _ in range(r.randrange(8, 40))]


def draw_schema(r, kind, depth):
    lines = [f"type: {kind}"]
    if r.random() < 0.5:
        lines.append("presence { min_fraction: %s min_count: %d }" % (r.choice(["1.0", "0.5", "0.95"]), r.choice([1, 25])))
    counts = ["{ min: %d max: %d }" % (r.randrange(0, 3), r.randrange(2, 4)) for _ in range(depth)]
    if r.random() < 0.6:
        lines.append("value_count " + counts[0] if depth == 1 else
                     "value_counts { " + " ".join("value_count " + each for each in counts) + " }")
    if kind == "INT" and r.random() < 0.6:
        lines.append("int_domain { min: %d max: %d }" % (r.choice([-5, 0]), r.choice([10, 100])))
    if kind == "FLOAT" and r.random() < 0.6:
        lines.append("float_domain { min: %d max: %d%s }" % (r.choice([-5, 0]), r.choice([10, 100]),
                                                            r.choice(["", " disallow_nan: true", " disallow_inf: true"])))
    if kind == "BYTES" and r.random() < 0.7:
        lines.append("domain: 'd' distribution_constraints { min_domain_mass: %s }" % r.choice(["1.0", "0.6"]))
    return "feature { name: 'x' %s } string_domain { name: 'd' value: ['a', 'b', 'c'] }" % " ".join(lines)


def readable(value):
    if isinstance(value, list):
        return [readable(each) for each in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    return value


def main():
    r = random.Random(16)
    anomalies, inference = [], []
    for i in range(150):
        kind, depth = r.choice(list(KINDS)), r.choice([1, 1, 2])
        rows, text = draw_rows(r, kind, depth), draw_schema(r, kind, depth)
        schema = text_format.Parse(text, schema_pb2.Schema())
        found = tfdv.validate_statistics(statistics(rows, kind, depth), schema)
        names = sorted({anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
                        for info in found.anomaly_info.values() for reason in info.reason})
        anomalies.append({"schema": text, "kind": kind, "depth": depth, "rows": readable(rows), "anomalies": names})
    for _ in range(60):
        kind = r.choice(list(KINDS))
        rows = draw_rows(r, kind, 1)
        schema = tfdv.infer_schema(statistics(rows, kind, 1))
        feature = schema.feature[0]
        inference.append({"kind": kind, "rows": readable(rows), "min_fraction": feature.presence.min_fraction,
                          "min_count": feature.presence.min_count,
                          "shape": [d.size for d in feature.shape.dim] if feature.HasField("shape") else None,
                          "value_count": [feature.value_count.min, feature.value_count.max]
                          if feature.HasField("value_count") else None,
                          "domain": sorted(schema.string_domain[0].value) if schema.string_domain else None})
    comparisons = []
    for _ in range(40):
        sides = [[[r.choice(words).encode()] for _ in range(r.randrange(5, 60))]
                 for words in ("aabbcde", "abbbcdf")]
        schema = text_format.Parse("feature { name: 'x' type: BYTES drift_comparator { infinity_norm { threshold: 0 } "
                                   "jensen_shannon_divergence { threshold: 0 } } }", schema_pb2.Schema())
        before, after = (statistics(side, "BYTES", 1) for side in sides)
        info = tfdv.validate_statistics(after, schema, previous_statistics=before).drift_skew_info[0].drift_measurements
        measured = {schema_pb2.DESCRIPTOR.name and m.type: m.value for m in info}
        comparisons.append({"before": [s[0].decode() for s in sides[0]], "after": [s[0].decode() for s in sides[1]],
                            "measured": {anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(k): v
                                         for k, v in measured.items()}})
    print(json.dumps({"tensorflow-data-validation": tfdv.__version__, "anomalies": anomalies, "inference": inference,
                      "comparisons": comparisons}, separators=(",", ":")))


if __name__ == "__main__":
    main()
