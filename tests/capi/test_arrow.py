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
TYPE_MISMATCH, IO_ERROR = 102, 200


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
        for array in (pa.array([[1], [2, 3]]), pa.array([{"a": [1]}]), pa.array([1.5, 2.5]).dictionary_encode()):
            message = Statistics().update(pa.RecordBatch.from_arrays([array], ["x"]), code=TYPE_MISMATCH)
            self.assertIn("column 'x", message)

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
