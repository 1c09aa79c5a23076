# SPDX-License-Identifier: Apache-2.0
"""Schemas beside the validators a user would pick: requests of mixed features, tables of a million rows, statistics.

usage: validation.py --library libvedette.so [--bench bench_validation_speed] [--rows N] [--output FILE]   (a peer that is
not installed is left out, and said; statistics of 34 columns against whylogs or TensorFlow Data Validation where either can be imported)
"""
import argparse
import ctypes as c
import importlib
import json
import subprocess
import sys
import warnings

import numpy as np

from results import Results, header, interleaved

warnings.simplefilter("ignore")
u32, i32, u64, f64, pointer = c.c_uint32, c.c_int32, c.c_uint64, c.c_double, c.c_void_p


class Value(c.Structure):
    _fields_ = [("kind", i32), ("reserved", u32), ("number", f64), ("text", c.c_char_p), ("text_length", u64)]


class Verdict(c.Structure):
    _fields_ = [("severity", i32), ("failed", u32)]


class Summary(c.Structure):
    _fields_ = [("struct_size", u32), ("severity", i32), ("rows", u64), ("failed_rows", u64), ("finding_count", u64),
                ("unexpected_count", u64), ("bitmap", pointer), ("bitmap_length", u64)]


class BatchOptions(c.Structure):
    _fields_ = [("struct_size", u32), ("bitmaps", i32), ("read_texts", i32), ("offenders", u32), ("confidence", f64)]


class StatisticsOptions(c.Structure):
    _fields_ = [("struct_size", u32), ("quantiles", i32), ("distinct", i32), ("values", i32)]


class Error(c.Structure):
    _fields_ = [("struct_size", u32), ("code", i32), ("message", c.c_char * 256)]


class Library:
    def __init__(self, path):
        self.lib = c.CDLL(path)
        self.lib.vdt_statistics_rows.restype = u64

    def isa(self):
        """From the line for bug reports, which ends with it."""
        self.lib.vdt_build_info.restype = c.c_char_p
        return self.lib.vdt_build_info().decode().split()[-1]

    def call(self, name, *arguments):
        error = Error(struct_size=c.sizeof(Error))
        if getattr(self.lib, name)(*arguments, c.byref(error)) != 0:
            raise RuntimeError(f"{name}: {error.message.decode()}")

    def validator(self, document):
        text = json.dumps(document).encode()
        schema, validator = pointer(), pointer()
        self.call("vdt_schema_from_json", text, c.c_size_t(len(text)), None, c.byref(schema))
        self.call("vdt_validator_create", schema, None, c.c_size_t(0), None, c.byref(validator))
        return validator


def exported(table):
    """A pyarrow record batch as the two structs of the C Data Interface (80 and 72 bytes, at addresses it fills)."""
    array, schema = c.create_string_buffer(80), c.create_string_buffer(72)
    table._export_to_c(c.addressof(array), c.addressof(schema))
    return schema, array


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def mixed_request():
    """70 floats, 20 integers, 10 texts of a domain; the schema in vedette's words and in JSON Schema's."""
    colours = ["red", "green", "blue", "a longer colour"]
    features, properties, row = [], {}, {}
    for i in range(100):
        name = f"f{i}"
        if i < 70:
            features.append({"name": name, "type": "floating", "minimum": -8, "maximum": 8})
            properties[name] = {"type": "number", "minimum": -8, "maximum": 8}
            row[name] = 0.25 + 0.01 * i
        elif i < 90:
            features.append({"name": name, "type": "integer", "minimum": 0, "maximum": 1000})
            properties[name] = {"type": "integer", "minimum": 0, "maximum": 1000}
            row[name] = i
        else:
            features.append({"name": name, "type": "text", "domain": {"values": colours}})
            properties[name] = {"type": "string", "enum": colours}
            row[name] = colours[i % 4]
    return ({"version": 1, "features": features},
            {"type": "object", "properties": properties, "required": list(properties)}, row)


def native_request(bench, in_pieces):
    """Seconds for one call from C++, of this run, with a row of values or in pieces of one type; None without the benchmark."""
    if not bench:
        return None
    shown = subprocess.run([bench, f"--benchmark_filter=^request_mixed/{in_pieces:d}$", "--benchmark_format=json",
                            "--benchmark_repetitions=5"], capture_output=True, check=True, text=True)
    runs = [b["cpu_time"] for b in json.loads(shown.stdout)["benchmarks"] if b["run_type"] == "iteration"]
    return sorted(runs)[len(runs) // 2] * 1e-9


def compare_requests(library, bench, results):
    document, json_schema, row = mixed_request()
    validator = library.validator(document)
    values = (Value * 100)()
    for i, value in enumerate(row.values()):
        if isinstance(value, str):
            values[i] = Value(2, 0, 0.0, value.encode(), len(value.encode()))
        else:
            values[i] = Value(1, 0, value, None, 0)
    verdict, repeat = Verdict(), 2000
    check = library.lib.vdt_validator_check_values
    arguments = (validator, values, c.c_size_t(100), None, c.c_size_t(0), c.byref(verdict), None)

    def ours(_):
        for _ in range(repeat):
            check(*arguments)

    contenders = {"ours": ours}
    pydantic, jsonschema = optional("pydantic"), optional("jsonschema_rs")
    if pydantic:
        from typing import Annotated, Literal
        number = Annotated[float, pydantic.Field(ge=-8, le=8, allow_inf_nan=False)]
        integer = Annotated[int, pydantic.Field(ge=0, le=1000)]
        colour = Literal["red", "green", "blue", "a longer colour"]
        fields = {f"f{i}": (number if i < 70 else integer if i < 90 else colour, ...) for i in range(100)}
        validate = pydantic.create_model("Request", **fields).__pydantic_validator__.validate_python

        def with_pydantic(_):  # what it makes of a request is let go, as a server would
            for _ in range(repeat):
                validate(row)

        contenders["pydantic-core"] = with_pydantic
    if jsonschema:
        compiled = jsonschema.validator_for(json_schema)
        contenders["jsonschema (Rust)"] = lambda _: [compiled.is_valid(row) for _ in range(repeat)]
    times = interleaved(contenders)
    results.check("the request is valid", verdict.failed == 0)
    native = {layout: native_request(bench, layout == "pieces") for layout in ("values", "pieces") if bench}
    for name, bar in (("pydantic-core", 100), ("jsonschema (Rust)", 20)):
        if name in times:
            work = "request of 70 floats, 20 integers, 10 texts"
            results.add(f"{work}, ours called by ctypes", times["ours"] / repeat, name, times[name] / repeat, "ns", 1e9,
                        None if native else bar)
            for layout, seconds in native.items():
                results.add(f"{work}, ours from C++ as {layout}", seconds, name, times[name] / repeat, "ns", 1e9, bar)
        else:
            results.note("request of 100 mixed features", "", name, "not installed", "", "not evaluated")


def compare_tables(library, results, random, rows):
    """25 columns of f32, each held to a range and to be finite: 50 checks. One value in 10,000 fails."""
    pa, polars, pandera = optional("pyarrow"), optional("polars"), optional("pandera")
    columns = {f"f{i}": random.normal(size=rows).astype(np.float32) for i in range(25)}
    for values in columns.values():
        values[random.integers(0, rows, rows // 10_000)] = 100.0
    features = [{"name": name, "type": "floating", "minimum": -50, "maximum": 60} for name in columns]
    validator = library.validator({"version": 1, "features": features})
    schema, array = exported(pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns)))
    options = BatchOptions(c.sizeof(BatchOptions), 1, 0, 5, 0.95)
    no_sketches = StatisticsOptions(c.sizeof(StatisticsOptions), 0, 0, 0)
    found = {}

    def count(name, chosen):
        report, statistics = pointer(), pointer()
        library.call("vdt_statistics_create", chosen, None, c.byref(statistics))
        library.call("vdt_validator_count_arrow", validator, schema, array, c.byref(options), statistics, None,
                     c.byref(report))
        summary = Summary(struct_size=c.sizeof(Summary))
        library.call("vdt_batch_report_summary", report, c.byref(summary))
        found[name] = summary.failed_rows
        found["bitmap bytes"] = summary.bitmap_length * (summary.finding_count + 1)
        library.lib.vdt_batch_report_destroy(report)
        library.lib.vdt_statistics_destroy(statistics)

    # What pandera answers: which rows fail which check, and nothing about the columns.
    def ours_without_statistics(_):
        report = pointer()
        library.call("vdt_validator_check_arrow", validator, schema, array, c.byref(options), None, c.byref(report))
        summary = Summary(struct_size=c.sizeof(Summary))
        library.call("vdt_batch_report_summary", report, c.byref(summary))
        found["no statistics"] = summary.failed_rows
        library.lib.vdt_batch_report_destroy(report)

    contenders = {"all statistics": lambda _: count("all statistics", None),
                  "moments": lambda _: count("moments", c.byref(no_sketches)),
                  "no statistics": ours_without_statistics}
    if polars:
        frame = polars.DataFrame(columns)
        wrong = [~(polars.col(n).is_finite() & polars.col(n).is_between(-50, 60)) for n in columns]
        moments = [expression for n in columns for expression in (
            polars.col(n).min().alias(n + "-"), polars.col(n).max().alias(n + "+"),
            polars.col(n).mean().alias(n + "m"), polars.col(n).var().alias(n + "v"),
            polars.col(n).is_null().sum().alias(n + "0"), polars.col(n).is_nan().sum().alias(n + "n"))]

        # What our statistics hold beside moments: a histogram with its quantiles, different values, the commonest.
        sketches = [expression for n in columns for expression in (
            *(polars.col(n).quantile(q).alias(f"{n}q{q}") for q in (0.05, 0.25, 0.5, 0.75, 0.95)),
            polars.col(n).approx_n_unique().alias(n + "d"), (polars.col(n) == 0).sum().alias(n + "z"),
            polars.col(n).is_infinite().sum().alias(n + "i"))]

        def with_polars(_):
            flags = frame.select(wrong)
            found["polars"] = flags.select(polars.any_horizontal(polars.all())).to_series().sum()
            frame.select(moments)

        def with_all_of_polars(_):
            with_polars(_)
            frame.select(sketches)
            for n in columns:
                frame[n].hist(bin_count=10)
                frame[n].value_counts().top_k(10, by="count")

        contenders["polars expressions + moments"] = with_polars
        contenders["polars expressions + all statistics"] = with_all_of_polars
    if pandera:
        import pandas as pd
        import pandera.pandas as pandas_pandera
        frame_of_pandas = pd.DataFrame(columns)
        finite = pandas_pandera.Check(np.isfinite)
        rules = pandas_pandera.DataFrameSchema({n: pandas_pandera.Column(
            "float32", [pandas_pandera.Check.in_range(-50, 60), finite]) for n in columns})

        def with_pandera(_):
            try:
                rules.validate(frame_of_pandas, lazy=True)
            except pandas_pandera.errors.SchemaErrors as errors:
                found["pandera"] = errors.failure_cases["index"].nunique()

        contenders["pandera"] = with_pandera
    times = interleaved(contenders, 5)
    for peer in ("polars", "pandera"):
        if peer in found:
            results.check(f"failed rows are {peer}'s", found["moments"] == found[peer], f"{found}")
    results.check("failed rows are the same with and without statistics",
                  found["moments"] == found["all statistics"] == found["no statistics"], f"{found}")
    for name, mode, bar in (("pandera", "no statistics", 50), ("polars expressions + all statistics", "all statistics", 20),
                            ("polars expressions + moments", "moments", 20)):
        if name in times:
            results.add(f"{rows:,} rows x 50 checks, bitmaps, {mode}", times[mode], name, times[name], "ms", 1e3, bar)
        else:
            results.note(f"{rows:,} rows x 50 checks", "", name, "not installed", "", "not evaluated")
    size = found["bitmap bytes"] / 1e6
    results.note("failure bitmaps", f"{size:.3g} MB", "", "", "", f"≤ 7 MB {'met' if size <= 7 else 'MISSED'}")


def compare_statistics(library, results, random, rows):
    """All statistics of 34 columns, sketches included."""
    pa = optional("pyarrow")
    columns = {f"f{i}": random.normal(size=rows) for i in range(20)}
    columns |= {f"i{i}": random.integers(0, 1000, rows) for i in range(10)}
    words = np.array([f"category {i}" for i in range(50)])
    columns |= {f"t{i}": words[random.integers(0, 50, rows)] for i in range(4)}
    schema, array = exported(pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns)))

    def ours(_):
        statistics = pointer()
        library.call("vdt_statistics_create", None, None, c.byref(statistics))
        library.call("vdt_statistics_update_arrow", statistics, schema, array)
        results_rows = library.lib.vdt_statistics_rows(statistics)
        library.lib.vdt_statistics_destroy(statistics)
        return results_rows

    contenders = {"ours": ours}
    whylogs, tfdv = optional("whylogs"), optional("tensorflow_data_validation")
    import pandas as pd
    frame = pd.DataFrame(columns)
    if whylogs:
        contenders["whylogs"] = lambda _: whylogs.log(frame)
    if tfdv:
        contenders["TensorFlow Data Validation"] = lambda _: tfdv.generate_statistics_from_dataframe(frame)
    times = interleaved(contenders, 3)
    for name, bar in (("whylogs", 50), ("TensorFlow Data Validation", 30)):
        if name in times:
            results.add(f"statistics of 34 columns x {rows:,} rows", times["ours"], name, times[name], "s", 1.0, bar)
        else:
            results.note(f"statistics of 34 columns x {rows:,} rows", "", name, "not installed", "", "not evaluated")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    parser.add_argument("--bench", help="bench_validation_speed of the same build")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--output")
    arguments = parser.parse_args()
    library, results, random = Library(arguments.library), Results(), np.random.default_rng(1)
    compare_requests(library, arguments.bench, results)
    compare_tables(library, results, random, arguments.rows)
    compare_statistics(library, results, random, arguments.rows)
    peers = ("pydantic", "jsonschema_rs", "pandera", "polars", "whylogs", "pyarrow")
    versions = [(name, getattr(optional(name), "__version__", "installed" if optional(name) else "not installed"))
                for name in peers]
    text = results.markdown(header(library.isa(), "3 to 9", *versions))
    print(text)
    if arguments.output:
        open(arguments.output, "w", encoding="utf-8").write(text)
    return 1 if results.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
