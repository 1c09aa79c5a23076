# SPDX-License-Identifier: Apache-2.0
"""JSON Schema's official test suite, as schemas of one row, with the verdicts of python-jsonschema.

Each group of the suite whose schema is of one value becomes the schema of an object with one required property, "x", of
each type in turn: the verdict is the suite's for values of the type, and python-jsonschema must agree. Groups of objects
are taken as they are, their rows cut to the named properties, with the verdict of python-jsonschema.

Writes tests/oracle/data/json_schema_suite.json. Run with the folder json/tests of the suite, as the source distribution
of python-jsonschema carries it: python3 tests/oracle/json_schema_oracle.py SUITE
"""
import importlib.metadata
import json
import pathlib
import re
import sys

import jsonschema

FILES = """allOf anyOf boolean_schema const default dependentRequired enum exclusiveMaximum exclusiveMinimum
if-then-else items maxItems maxLength maximum minItems minLength minimum multipleOf not oneOf pattern properties ref
required type uniqueItems optional/non-bmp-regex optional/ecmascript-regex optional/format/date optional/format/date-time
optional/format/email optional/format/hostname optional/format/ipv4 optional/format/ipv6 optional/format/time
optional/format/uri optional/format/uuid""".split()
TYPES = ["number", "integer", "string", "boolean", ["string", "null"], ["number", "null"], "array"]
WHATWG_EMAIL = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
                          r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*")


def is_plain(value):
    """A value that a row can hold."""
    if isinstance(value, list):
        return all(not isinstance(item, (list, dict)) for item in value)
    if isinstance(value, int) and not -2**63 <= value < 2**63:
        return False
    return not isinstance(value, dict)


def verdict(schema, row):
    return jsonschema.Draft202012Validator(schema).is_valid(row)


def cases_of(name, group):
    schema = group["schema"]
    if isinstance(schema, dict) and ("properties" in schema or schema.get("type") == "object"):
        rows = []
        names = schema.get("properties", {})
        for test in group["tests"]:
            if not isinstance(test["data"], dict):
                continue
            row = {key: value for key, value in test["data"].items() if key in names}
            if all(is_plain(value) for value in row.values()):
                rows.append([row, verdict(schema, row)])
        if rows:
            yield {"file": name, "group": group["description"], "schema": schema, "rows": rows}
        return
    values = [test["data"] for test in group["tests"] if is_plain(test["data"])]
    own = schema.get("type") if isinstance(schema, dict) else None
    kinds = TYPES if "optional" not in name else ["string", ["string", "null"]]
    for kind in [own] if own else kinds:
        inner = {key: value for key, value in schema.items() if key != "$schema"} if isinstance(schema, dict) else schema
        wrapped = {"type": "object", "required": ["x"], "additionalProperties": False}
        if isinstance(inner, dict) and "$defs" in inner:
            wrapped["$defs"] = inner.pop("$defs")
        wrapped["properties"] = {"x": inner}
        if not own:
            wrapped["properties"] = {"x": {"allOf": [{"type": kind}, inner]}}
        rows = []
        for test in group["tests"]:
            if not is_plain(test["data"]):
                continue
            value = test["data"]
            valid = test["valid"] and verdict({"type": kind}, value)
            if schema is not True and schema is not False and schema.get("format") == "email" and isinstance(value, str):
                valid = WHATWG_EMAIL.fullmatch(value) is not None  # the grammar that Vedette states
            # Python's regular expressions are not ECMA-262's, and a reference may have moved with the wrapping.
            try:
                agrees = "regex" in name or "format" in name or verdict(wrapped, {"x": value}) == valid
            except Exception:
                agrees = False
            if not agrees:
                rows = []
                break
            rows.append([{"x": value}, valid])
        # Nothing to learn where no value is of the type.
        if rows and any(valid for _, valid in rows):
            yield {"file": name, "group": group["description"], "schema": wrapped, "rows": rows}


def main():
    suite = pathlib.Path(sys.argv[1]) / "draft2020-12"
    cases = []
    for name in FILES:
        for group in json.loads((suite / f"{name}.json").read_text()):
            cases += cases_of(name, group)
    document = {
        "source": "JSON-Schema-Test-Suite, draft 2020-12 (schemas and values)",
        "licence": "MIT, Copyright (c) 2012 Julian Berman: permission to use, copy, modify and distribute, with this "
                   "notice included; provided as is, without warranty of any kind",
        "versions": {"python": sys.version.split()[0], "jsonschema": importlib.metadata.version("jsonschema")},
        "cases": cases,
    }
    target = pathlib.Path(__file__).parent / "data" / "json_schema_suite.json"
    lines = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases)
    head = json.dumps({**document, "cases": []}, indent=1)
    target.write_text(head.replace('"cases": []', '"cases": [\n' + lines + "\n]") + "\n")
    print(len(cases), "cases,", sum(len(case["rows"]) for case in cases), "rows")


main()
