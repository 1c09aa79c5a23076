# SPDX-License-Identifier: Apache-2.0
"""Texts of tensorflow.metadata.v0.Schema, whether protocol buffers' own parser takes them, and what they then say.

Writes tests/oracle/data/tfdv_schema.json. Run with tensorflow-metadata (schema.proto, Apache License 2.0) and protobuf:
python3 tests/oracle/tfdv_schema_oracle.py
"""
import importlib.metadata
import json
import pathlib
import random
import sys

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

GRAMMAR = [
    "", "# a remark\n", "feature { name: \"a\" type: INT }", "feature: { name: \"a\" type: INT }",
    "feature < name: \"a\" type: INT >", "feature { name: 'a' type: 2 }", "feature { name: 'a', type: INT; }",
    "feature { name: 'a' 'b' \"c\" type: BYTES }", "feature { name: 'a\\n\\t\\\\\\'\\\"\\x41\\101\\u20ac' type: BYTES }",
    "feature { name: 'a\\U0001f600' type: BYTES }", "feature { name: 'a' type: FLOAT float_domain { min: -1.5f max: 1e3 } }",
    "feature { name: 'a' type: FLOAT float_domain { min: -inf max: inf } }",
    "feature { name: 'a' type: FLOAT float_domain { min: .5 max: 5. } }",
    "feature { name: 'a' type: INT int_domain { min: 0x10 max: 017 } }",
    "feature { name: 'a' type: INT int_domain { min: -0x10 max: 0x7fffffffffffffff } }",
    "feature { name: 'a' type: INT int_domain { min: - 5 } }", "feature { name: 'a' type: INT int_domain { min: 1.5 } }",
    "feature { name: 'a' type: INT int_domain { min: 9223372036854775808 } }",
    "feature { name: 'a' type: BYTES string_domain { value: ['x', 'y'] value: 'z' } }",
    "feature { name: 'a' type: BYTES string_domain { value: [] value: 'z' } }",
    "feature [{ name: 'a' type: INT }, { name: 'b' type: FLOAT }]", "feature: [{ name: 'a' type: INT }]",
    "feature { name: 'a' name: 'b' type: INT }", "feature { name: 'a' type: INT type: INT }",
    "feature { name: 'a' type: INT colour: 1 }", "feature { name: 'a' type: INTEGER }", "feature { name: 'a' type: 'INT' }",
    "feature { name: a type: INT }", "feature { name: 7 type: INT }", "feature { name: 'a type: INT }",
    "feature { name: 'a' type: INT", "feature { name: 'a' type: INT } }", "feature { name 'a' type: INT }",
    "feature { name: 'a\\q' type: INT }", "feature { name: 'a\n' type: INT }", "feature name: 'a'", "feature: 7",
    "feature { name: 'a' type: INT int_domain { } float_domain { } }",
    "feature { name: 'a' type: INT presence { } group_presence { } }",
    "feature { name: 'a' type: INT presence { min_fraction: 1.0 min_count: 1 } }",
    "feature { name: 'a' type: INT presence: 1 }", "feature { name: 'a' type: INT deprecated: true }",
    "feature { name: 'a' type: INT deprecated: maybe }", "feature { name: 'a' type: INT lifecycle_stage: BETA }",
    "feature { name: 'a' type: INT lifecycle_stage: 8 }", "feature { name: 'a' type: INT not_in_environment: 'S' }",
    "feature { name: 'a' type: INT shape { dim { size: 2 } dim { size: 3 } } }",
    "feature { name: 'a' type: INT value_count { min: 1 max: 4 } }",
    "feature { name: 'a' type: INT value_counts { value_count { min: 1 } value_count { max: 2 } } }",
    "feature { [x.y] { } }", "feature,", "{ }", ": 1", "feature {{}}", "feature { name: \"\\xe9\" type: INT }",
]


def said(message):
    features = []
    for feature in message.feature:
        item = {"name": feature.name, "type": schema_pb2.FeatureType.Name(feature.type)}
        kind = feature.WhichOneof("domain_info")
        if kind in ("int_domain", "float_domain"):
            domain = getattr(feature, kind)
            for bound in ("min", "max"):
                if domain.HasField(bound) and abs(getattr(domain, bound)) != float("inf"):
                    item[bound] = getattr(domain, bound)
        if kind == "string_domain":
            item["values"] = list(feature.string_domain.value)
        item["min_fraction"] = feature.presence.min_fraction
        features.append(item)
    return features


def random_schema(source):
    schema = schema_pb2.Schema()
    for i in range(source.randrange(1, 5)):
        feature = schema.feature.add(name=f"f{i} \"{chr(source.choice([65, 233, 0x20ac, 0x1f600]))}\"")
        feature.type = source.choice([1, 2, 3])
        if source.random() < 0.5:
            feature.presence.min_fraction = source.choice([0.0, 0.25, 1.0])
            feature.presence.min_count = source.randrange(3)
        if feature.type == 1 and source.random() < 0.7:
            feature.string_domain.value.extend(f"v\n'{k}\\" for k in range(source.randrange(1, 4)))
        if feature.type == 2 and source.random() < 0.7:
            feature.int_domain.min = source.randrange(-2**63, 0)
            feature.int_domain.max = source.randrange(0, 2**63)
        if feature.type == 3 and source.random() < 0.7:
            feature.float_domain.min = source.uniform(-10, 0)
            feature.float_domain.max = source.choice([0.1, 1e30, 3.0])
    return schema


def main():
    source = random.Random(6)
    texts = list(GRAMMAR)
    for i in range(24):
        schema = random_schema(source)
        text = text_format.MessageToString(schema, as_one_line=i % 2 == 0, use_short_repeated_primitives=i % 3 == 0,
                                           as_utf8=i % 4 < 2)
        texts.append(text)
        for _ in range(3):  # damaged: mostly refused
            cut = source.randrange(len(text))
            texts.append(text[:cut] + source.choice(["", "}", "{", "'", "1", ":", "\\"]) + text[cut + 1:])
    cases = []
    for text in texts:
        try:
            message = text_format.Parse(text, schema_pb2.Schema())
            cases.append({"text": text, "parses": True, "features": said(message)})
        except text_format.ParseError:
            cases.append({"text": text, "parses": False})
    versions = {name: importlib.metadata.version(name) for name in ("protobuf", "tensorflow-metadata")}
    versions["python"] = sys.version.split()[0]
    target = pathlib.Path(__file__).parent / "data" / "tfdv_schema.json"
    target.write_text(json.dumps({"versions": versions, "cases": cases}, indent=0) + "\n")
    print(len(cases), sum(case["parses"] for case in cases))


main()
