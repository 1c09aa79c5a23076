# SPDX-License-Identifier: Apache-2.0
"""Arrays made by pyarrow, nanoarrow and polars, of every type that is read and of slices, through the C Data and the C
Stream Interface: what the library counts is what Python counts. What is not installed is skipped; without pyarrow all.

usage: test_arrow.py libvedette.so
"""

import collections
import ctypes as c
import datetime
import decimal
import json
import random
import sys
import unittest

try:
    import pyarrow as pa
except ImportError:
    print("pyarrow is not installed")
    sys.exit(77)
try:
    import polars
except ImportError:
    polars = None
try:
    import nanoarrow
except ImportError:
    nanoarrow = None

lib = c.CDLL(sys.argv.pop(1))
ROWS = 150
INVALID_ARGUMENT, TYPE_MISMATCH, UNSUPPORTED, IO_ERROR = 100, 102, 400, 200


class Error(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("code", c.c_int32), ("message", c.c_char * 256)]


class Stream(c.Structure):
    pass


GET = c.CFUNCTYPE(c.c_int, c.POINTER(Stream), c.c_void_p)
TOLD = c.CFUNCTYPE(c.c_char_p, c.POINTER(Stream))
RELEASE = c.CFUNCTYPE(None, c.POINTER(Stream))
Stream._fields_ = [("get_schema", GET), ("get_next", GET), ("get_last_error", TOLD), ("release", RELEASE),
                   ("private_data", c.c_void_p)]


def call(name, *arguments, code=0):
    error = Error(struct_size=c.sizeof(Error))
    status = getattr(lib, name)(*arguments, c.byref(error))
    assert status == code, f"{name}: {status}, {error.message.decode()}"
    return error.message.decode()


def text_of(name, handle, *arguments):
    length = c.c_size_t()
    call(name, handle, *arguments, None, c.c_size_t(0), c.byref(length))
    buffer = c.create_string_buffer(length.value + 1)
    call(name, handle, *arguments, buffer, c.c_size_t(length.value + 1), c.byref(length))
    return buffer.raw[:length.value]


class Statistics:
    def __init__(self):
        self.handle = c.c_void_p()
        call("vdt_statistics_create", None, None, c.byref(self.handle))

    def __del__(self):
        lib.vdt_statistics_destroy(self.handle)

    def update(self, batch, code=0):
        array, schema = c.create_string_buffer(80), c.create_string_buffer(72)
        batch._export_to_c(c.addressof(array), c.addressof(schema))
        message = call("vdt_statistics_update_arrow", self.handle, schema, array, code=code)
        pa.RecordBatch._import_from_c(c.addressof(array), c.addressof(schema))  # to be released
        return message

    def update_stream(self, source):
        """Of anything that has __arrow_c_stream__."""
        pointer = c.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = c.c_void_p, [c.py_object, c.c_char_p]
        capsule = source.__arrow_c_stream__()
        call("vdt_statistics_update_arrow_stream", self.handle, c.c_void_p(pointer(capsule, b"arrow_array_stream")))

    def columns(self):
        found = json.loads(text_of("vdt_statistics_to_json", self.handle, c.c_size_t(1000)))
        return {column["name"]: column for column in found["columns"]}

    def bytes(self):
        return text_of("vdt_statistics_to_bytes", self.handle)


def plain(value):
    """A value as the library reads it."""
    if isinstance(value, (str, decimal.Decimal, bool, int)):
        return value if isinstance(value, str) else float(value)
    if isinstance(value, bytes):
        return value.decode()
    return value


def arrays():
    """Name, array, and how pyarrow's own cast shows the values."""
    r = random.Random(4)
    holed = lambda make: [None if r.random() < 0.2 else make() for _ in range(ROWS)]
    few = lambda: r.randrange(0, 60)
    words = lambda: r.choice(["", "a", "twelve bytes", "more than twelve bytes", "\u00e4\u20ac", "\U0001F600 smile"])
    for kind in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        yield kind, pa.array(holed(few), getattr(pa, kind)()), None
    yield "no nulls", pa.array([few() for _ in range(ROWS)], pa.int64()), None
    yield "all null", pa.array([None] * ROWS, pa.float32()), None
    yield "null", pa.nulls(ROWS), None
    yield "bool", pa.array(holed(lambda: r.random() < 0.5)), None
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        yield str(kind), pa.array(holed(lambda: few() / 8), pa.float64()).cast(kind), None
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()):
        as_bytes = "binary" in str(kind)
        yield str(kind), pa.array(holed(lambda: words().encode() if as_bytes else words()), kind), None
    yield "fixed", pa.array(holed(lambda: r.choice([b"abc", b"xyz"])), pa.binary(3)), None
    for index in (pa.int8(), pa.uint16(), pa.int64()):
        yield f"dictionary {index}", pa.array(holed(words)).dictionary_encode().cast(
            pa.dictionary(index, pa.string())), pa.string()
    day = datetime.date(2020, 1, 1)
    days = holed(lambda: day + datetime.timedelta(days=few()))
    yield "date32", pa.array(days, pa.date32()), pa.int32()
    yield "date64", pa.array(days, pa.date64()), pa.int64()
    for unit in ("s", "ms", "us", "ns"):
        yield f"timestamp {unit}", pa.array(holed(few), pa.int64()).cast(pa.timestamp(unit, "Europe/Berlin")), pa.int64()
        yield f"duration {unit}", pa.array(holed(few), pa.int64()).cast(pa.duration(unit)), pa.int64()
    yield "time32", pa.array(holed(few), pa.int32()).cast(pa.time32("ms")), pa.int32()
    yield "time64", pa.array(holed(few), pa.int64()).cast(pa.time64("ns")), pa.int64()
    number = lambda: decimal.Decimal(r.randrange(-50, 50)).scaleb(-2)
    kinds = [pa.decimal128(9, 2), pa.decimal256(40, 2)]
    kinds += [getattr(pa, f"decimal{bits}")(9, 2) for bits in (32, 64) if hasattr(pa, f"decimal{bits}")]
    for kind in kinds:
        yield str(kind), pa.array(holed(number), kind), None


def nested_arrays():
    """Name, array, and of each column of values its depth of lists and how to find them in a row."""
    r = random.Random(9)
    maybe = lambda make, share=0.15: None if r.random() < share else make()
    ints = lambda: [maybe(lambda: r.randrange(0, 60)) for _ in range(r.randrange(0, 5))]
    rows = lambda make: [maybe(make) for _ in range(ROWS)]
    plain = lambda depth: {"x": (depth, lambda row: row)}
    kinds = [("list", pa.list_), ("large_list", pa.large_list)]
    kinds += [(n, getattr(pa, n)) for n in ("list_view", "large_list_view") if hasattr(pa, n)]
    for name, kind in kinds:
        yield f"{name} int64", pa.array(rows(ints), kind(pa.int64())), plain(1)
        pairs = rows(lambda: [maybe(ints) for _ in range(r.randrange(0, 4))])
        yield f"{name} of list int16", pa.array(pairs, kind(pa.list_(pa.int16()))), plain(2)
        fixed = rows(lambda: [maybe(lambda: [1, maybe(lambda: 70), 3]) for _ in range(r.randrange(0, 3))])
        yield f"{name} of fixed list int32", pa.array(fixed, kind(pa.list_(pa.int32(), 3))), plain(2)
    yield "fixed list int32", pa.array(rows(lambda: [r.randrange(60), maybe(lambda: 8), 9]), pa.list_(pa.int32(), 3)), plain(1)
    yield "fixed list of list int8", pa.array(rows(lambda: [maybe(ints), ints()]), pa.list_(pa.list_(pa.int8()), 2)), plain(2)
    words = lambda: [maybe(lambda: r.choice(["", "a", "more than twelve bytes", "\u00e4"])) for _ in range(r.randrange(0, 4))]
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        yield f"list of {kind}", pa.array(rows(words), pa.list_(pa.string())).cast(pa.list_(kind)) if kind != pa.string_view() \
            else pa.array(rows(words), pa.list_(kind)), plain(1)
    yield "list of bool", pa.array(rows(lambda: [maybe(lambda: r.random() < 0.5) for _ in range(r.randrange(3))])), plain(1)
    # What is null may hold values all the same.
    offsets, values = [0], []
    for _ in range(ROWS):
        values += ints()
        offsets.append(len(values))
    mask = pa.array([r.random() < 0.3 for _ in range(ROWS)])
    yield "list int64 with values in what is null", pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(values, pa.int64()), mask=mask), plain(1)
    member = lambda name: lambda row: None if row is None else [None if e is None else e[name] for e in row]
    structs = rows(lambda: [maybe(lambda: {"a": maybe(lambda: 7), "b": maybe(ints)}) for _ in range(r.randrange(0, 4))])
    yield "list of structs", pa.array(structs, pa.list_(pa.struct([("a", pa.int32()), ("b", pa.list_(pa.int32()))]))), {
        "x.a": (1, member("a")), "x.b": (2, member("b"))}
    structs = rows(lambda: {"s": maybe(lambda: {"v": maybe(ints)})})
    yield "lists in structs in structs", pa.array(structs, pa.struct([("s", pa.struct([("v", pa.list_(pa.int64()))]))])), {
        "x.s.v": (1, lambda row: row and row["s"] and row["s"]["v"])}
    maps = rows(lambda: [("k%d" % i, maybe(lambda: r.randrange(9))) for i in range(r.randrange(0, 4))])
    yield "map", pa.array(maps, pa.map_(pa.string(), pa.int64())), {
        f"x.{part}": (1, lambda row, at=at: row and [e[at] for e in row] if row is not None else None)
        for at, part in enumerate(("key", "value"))}


def below(lists):
    return [value for each in lists if each is not None for value in each]


def naive_checks(row, level, depth, valency):
    if row is None:
        return {"null"}
    if level == depth:
        return {"minimum"} if row < 5 else {"maximum"} if row > 50 else set()
    found = {"nestedness"} if level == 0 and valency and len(valency) != depth else set()
    if len(valency) == depth:
        found |= {"few_values"} if len(row) < valency[level][0] else set()
        found |= {"many_values"} if len(row) > valency[level][1] else set()
    return found.union(*(naive_checks(each, level + 1, depth, valency) for each in row))


class BatchOptions(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("bitmaps", c.c_int32), ("read_texts", c.c_int32),
                ("offenders", c.c_uint32), ("confidence", c.c_double), ("repair", c.c_int32), ("level", c.c_int32)]


class Validator:
    def __init__(self, document):
        text = json.dumps(document).encode()
        schema, self.handle = c.c_void_p(), c.c_void_p()
        call("vdt_schema_from_json", text, c.c_size_t(len(text)), None, c.byref(schema))
        call("vdt_validator_create", schema, None, c.c_size_t(0), None, c.byref(self.handle))
        lib.vdt_schema_destroy(schema)

    def __del__(self):
        lib.vdt_validator_destroy(self.handle)

    def check(self, batch, level=0, code=0):
        """Rows by feature and check; the message where it is refused."""
        array, schema = c.create_string_buffer(80), c.create_string_buffer(72)
        batch._export_to_c(c.addressof(array), c.addressof(schema))
        options, report = BatchOptions(c.sizeof(BatchOptions), 0, 0, 1000, 0.95, 0, level), c.c_void_p()
        message = call("vdt_validator_check_arrow", self.handle, schema, array, c.byref(options), None,
                       c.byref(report), code=code)
        pa.RecordBatch._import_from_c(c.addressof(array), c.addressof(schema))  # to be released
        if code:
            return message
        found = json.loads(text_of("vdt_batch_report_render", report, b"json", None))
        lib.vdt_batch_report_destroy(report)
        return {(each["feature"], each["check"]): each["rows"] for each in found["findings"]}


SLICES = [slice(0, None), slice(3, None), slice(7, 40), slice(64, 130), slice(149, 150), slice(5, 5)]


class Arrow(unittest.TestCase):
    def compare(self, column, values, what):
        counts = collections.Counter(plain(v) for v in values if v is not None)
        self.assertEqual(column["rows"], len(values), what)
        self.assertEqual(column["nulls"], sum(v is None for v in values), what)
        self.assertEqual({e["value"]: e["count"] for e in column["commonest"]["values"]}, dict(counts), what)

    def test_every_type_and_slice(self):
        for name, array, cast in arrays():
            for cut in SLICES:
                part = array[cut]
                values = (part.cast(cast) if cast else part).to_pylist()
                statistics = Statistics()
                statistics.update(pa.RecordBatch.from_arrays([part], ["x"]))
                self.compare(statistics.columns()["x"], values, (name, cut))

    def test_slices_of_batches_and_structs(self):
        made = [(n, a) for n, a, _ in arrays() if n in ("int32", "string", "bool", "string_view", "timestamp ms")]
        valid = pa.array([i % 5 != 0 for i in range(ROWS)])
        inner = pa.StructArray.from_arrays([a for _, a in made], [n for n, _ in made], mask=pa.compute.invert(valid))
        outer = pa.StructArray.from_arrays([inner, made[0][1]], ["in", "n"],
                                           mask=pa.array([i % 7 == 0 for i in range(ROWS)]))
        batch = pa.RecordBatch.from_arrays([outer, made[1][1]], ["out", "t"])
        for cut in SLICES:
            part = batch.slice(cut.start, (cut.stop or ROWS) - cut.start)
            statistics = Statistics()
            statistics.update(part)
            columns, rows = statistics.columns(), part.column(0).to_pylist()
            self.compare(columns["t"], part.column(1).to_pylist(), ("t", cut))
            self.compare(columns["out.n"], [row and row["n"] for row in rows], ("out.n", cut))
            for name, array in made:
                if name == "timestamp ms":
                    continue
                values = [row["in"][name] if row and row["in"] else None for row in rows]
                self.compare(columns["out.in." + name], values, (name, cut))

    def test_what_is_not_read_is_named(self):
        deep = pa.array([[[[1]]]], pa.list_(pa.list_(pa.list_(pa.int8()))))
        for array, code in ((deep, UNSUPPORTED), (pa.array([1.5, 2.5]).dictionary_encode(), TYPE_MISMATCH),
                            (pa.array([[1.5], []]), 0)):
            message = Statistics().update(pa.RecordBatch.from_arrays([array], ["x"]), code=code)
            self.assertIn("column 'x" if code else "", message)

    def test_lists_of_every_kind_and_slice(self):
        for name, array, leaves in nested_arrays():
            for cut in SLICES:
                part = array[cut]
                statistics = Statistics()
                statistics.update(pa.RecordBatch.from_arrays([part], ["x"]))
                for leaf, (depth, take) in leaves.items():
                    self.compare_lists(statistics.columns(), leaf, [take(row) for row in part.to_pylist()], depth,
                                       (name, leaf, cut))

    def compare_lists(self, columns, leaf, lists, depth, what):
        """The values in lists, and of each level how many there are, null where a list is."""
        for level in range(1, depth + 1):
            lengths = [None if each is None else len(each) for each in lists]
            self.compare(columns[leaf + "[]" * level], lengths, (what, level))
            lists = below(lists)
        self.compare(columns[leaf], lists, what)

    def test_verdicts_on_lists(self):
        rules = {"type": "integer", "minimum": 5, "maximum": 50, "nullable": False}
        for valency in ([], [(1, 2)], [(1, 2), (0, 3)], [(0, 9), (1, 2)]):
            feature = dict(rules, name="x", valency=[{"minimum": a, "maximum": b} for a, b in valency])
            validator = Validator({"version": 1, "features": [feature]})
            for name, array, leaves in nested_arrays():
                if list(leaves) != ["x"] or "int" not in name or "string" in name:
                    continue
                depth = leaves["x"][0]
                for cut in SLICES:
                    part = array[cut]
                    found = validator.check(pa.RecordBatch.from_arrays([part], ["x"]))
                    expected = collections.defaultdict(list)
                    for i, row in enumerate(part.to_pylist()):
                        for check in naive_checks(row, 0, depth, valency):
                            expected[("x", check)].append(i)
                    self.assertEqual(found, dict(expected), (name, cut, valency))

    def test_unions(self):
        types = pa.array([i % 3 for i in range(ROWS)], pa.int8())
        numbers = pa.array([None if i % 7 == 0 else i for i in range(ROWS)], pa.int32())
        words = pa.array(["w%d" % (i % 5) for i in range(ROWS)])
        lists = pa.array([[i, i + 1] if i % 4 else None for i in range(ROWS)])
        order = [i // 3 for i in range(ROWS)]
        dense = pa.UnionArray.from_dense(types, pa.array(order, pa.int32()), [numbers, words, lists], ["n", "w", "l"])
        sparse = pa.UnionArray.from_sparse(types, [numbers, words, lists], ["n", "w", "l"])
        for name, union, place in (("dense", dense, lambda i: i // 3), ("sparse", sparse, lambda i: i)):
            for cut in SLICES:
                part = union[cut]
                rows = list(range(ROWS))[cut]
                statistics = Statistics()
                statistics.update(pa.RecordBatch.from_arrays([part], ["u"]))
                columns = statistics.columns()
                pick = lambda kind, array: [array[place(i)].as_py() if i % 3 == kind else None for i in rows]
                self.compare(columns["u.n"], pick(0, numbers), (name, cut))
                self.compare(columns["u.w"], pick(1, words), (name, cut))
                self.compare_lists(columns, "u.l", pick(2, lists), 1, (name, cut))

    def test_levels_of_checking_give_one_report_of_what_is_right(self):
        validator = Validator({"version": 1, "features": [{"name": "x", "type": "integer", "maximum": 40},
                                                          {"name": "t", "type": "text", "length": {"maximum": 9}}]})
        made = {name: array for name, array, _ in arrays()}
        for name, array, leaves in nested_arrays():
            if list(leaves) != ["x"] or "int" not in name or "string" in name:
                continue
            batch = pa.RecordBatch.from_arrays([array, made["string_view"]], ["x", "t"])
            reports = [validator.check(batch, level=level) for level in (0, 1, 2)]
            self.assertTrue(reports[0])
            self.assertEqual(reports[0], reports[1], name)
            self.assertEqual(reports[0], reports[2], name)
        self.assertIn("no level", validator.check(batch, level=3, code=INVALID_ARGUMENT))

    def test_streams(self):
        table = pa.table({n.replace(" ", "_"): a for n, a, _ in arrays()})
        whole = Statistics()
        whole.update(table.combine_chunks().to_batches()[0])
        for size in (1, 7, 64, ROWS):
            streamed = Statistics()
            streamed.update_stream(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(size)))
            self.assertEqual(streamed.bytes(), whole.bytes())

    def test_a_stream_that_fails_tells_why(self):
        table = pa.table({"x": [1, 2, 3]})

        def batches():
            yield table.to_batches()[0]
            raise ValueError("the disk is gone")

        statistics = Statistics()
        with self.assertRaisesRegex(AssertionError, "200, stream: get_next failed.*the disk is gone"):
            statistics.update_stream(pa.RecordBatchReader.from_batches(table.schema, batches()))
        lib.vdt_statistics_rows.restype = c.c_uint64
        self.assertEqual(lib.vdt_statistics_rows(statistics.handle), 3)

    @unittest.skipUnless(polars, "polars is not installed")
    def test_polars(self):
        frame = polars.DataFrame({
            "i": [1, None, 3] * 20, "f": [0.5, None, 2.0] * 20, "t": ["a", None, "more than twelve bytes"] * 20,
            "b": [True, None, False] * 20})
        frame = frame.with_columns(polars.col("t").cast(polars.Categorical).alias("c"))
        for part in (frame, frame[5:31], polars.concat([frame[:9], frame[17:]], rechunk=False)):
            statistics = Statistics()
            statistics.update_stream(part)
            for name, column in statistics.columns().items():
                self.compare(column, part[name].to_list(), name)

    @unittest.skipUnless(polars, "polars is not installed")
    def test_polars_lists(self):
        frame = polars.DataFrame({
            "l": [[1, 2], None, [], [3, None]] * 15, "t": [["a"], ["more than twelve bytes", None], None] * 20,
            "f": polars.Series([[1, 2], None, [3, None]] * 20, dtype=polars.Array(polars.Int32, 2)),
            "s": [{"p": [1.5]}, {"p": None}, {"p": []}] * 20, "n": [[[1], None, [2, 3]], []] * 30})
        for part in (frame, frame[5:31], polars.concat([frame[:9], frame[17:]], rechunk=False)):
            statistics = Statistics()
            statistics.update_stream(part)
            columns = statistics.columns()
            for name, depth in (("l", 1), ("t", 1), ("f", 1), ("n", 2)):
                lists = [None if e is None else list(e) for e in part[name].to_list()]
                self.compare_lists(columns, name, lists, depth, name)
            self.compare_lists(columns, "s.p", [e and e["p"] for e in part["s"].to_list()], 1, "s.p")

    @unittest.skipUnless(nanoarrow, "nanoarrow is not installed")
    def test_nanoarrow_lists(self):
        values = [[1, 2], None, [], [3, None]]
        array = nanoarrow.Array(nanoarrow.c_array(pa.array(values, pa.list_(pa.int16()))))
        batch = pa.RecordBatch.from_arrays([pa.array(array)], ["x"])
        statistics = Statistics()
        statistics.update(batch)
        self.compare_lists(statistics.columns(), "x", values, 1, "nanoarrow")

    @unittest.skipUnless(nanoarrow, "nanoarrow is not installed")
    def test_nanoarrow(self):
        values = [1, None, 3, 3, None, 7]
        array = nanoarrow.Array(values, nanoarrow.int32())
        batch = pa.RecordBatch.from_arrays([pa.array(array)], ["x"])
        statistics = Statistics()
        statistics.update(batch)
        self.compare(statistics.columns()["x"], values, "nanoarrow")


if __name__ == "__main__":
    import pyarrow.compute  # noqa: F401, pa.compute
    unittest.main()
