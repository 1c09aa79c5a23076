# SPDX-License-Identifier: Apache-2.0
"""The part of libvedette's C interface that the comparison needs, through ctypes."""
import ctypes as c

import numpy as np

DECISIONS = {0: "pass", 1: "not_evaluated", 2: "warn", 3: "alarm"}
KOLMOGOROV_SMIRNOV, CHI_SQUARE = 1, 2
_DTYPES = {"float32": 1, "float64": 2, "int32": 5, "int64": 6}


class Error(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("code", c.c_int32), ("message", c.c_char * 256)]


class String(c.Structure):
    _fields_ = [("data", c.c_char_p), ("length", c.c_uint64)]


class Column(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("kind", c.c_int32), ("name", c.c_char_p), ("name_length", c.c_uint64),
                ("data", c.c_void_p), ("length", c.c_uint64), ("stride", c.c_int64), ("byte_length", c.c_uint64),
                ("dtype", c.c_int32), ("reserved", c.c_uint32), ("validity", c.c_void_p),
                ("validity_offset", c.c_uint64), ("validity_byte_length", c.c_uint64), ("offsets", c.c_void_p),
                ("dictionary", c.POINTER(String)), ("dictionary_length", c.c_uint64)]


class BaselineOptions(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("reserved", c.c_uint32), ("cells", c.c_uint64),
                ("max_categories", c.c_uint64), ("minimum_rows", c.c_uint64), ("name", c.c_char_p),
                ("name_length", c.c_uint64), ("model_digest", c.c_char_p), ("model_digest_length", c.c_uint64)]


class Finding(c.Structure):
    _fields_ = [("reason", c.c_int32), ("decision", c.c_int32), ("subject", c.c_uint32), ("reserved", c.c_uint32),
                ("value", c.c_double)]


class Verdict(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("decision", c.c_int32), ("reasons", c.c_uint32),
                ("finding_count", c.c_uint32), ("findings", Finding * 8)]


class FeatureReport(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("decision", c.c_int32), ("test", c.c_int32), ("ignored", c.c_int32),
                ("feature", c.c_uint64), ("live_rows", c.c_uint64), ("live_observations", c.c_uint64),
                ("evidence_count", c.c_uint64), ("tolerance", c.c_double), ("reference_median", c.c_double),
                ("live_median", c.c_double), ("hypothesis", c.c_int32), ("reserved", c.c_uint32),
                ("statistic", c.c_double), ("p_value", c.c_double), ("adjusted_p_value", c.c_double),
                ("moved_share", c.c_double), ("moved_share_lower", c.c_double), ("moved_share_upper", c.c_double),
                ("reference_rate", c.c_double), ("live_rate", c.c_double)]


class TestResult(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("test", c.c_int32), ("statistic", c.c_double), ("p_value", c.c_double),
                ("degrees_of_freedom", c.c_double), ("effect", c.c_double), ("effect_lower", c.c_double),
                ("effect_upper", c.c_double), ("reference_count", c.c_double), ("live_count", c.c_double)]


def sized(kind):
    return kind(struct_size=c.sizeof(kind))


def numeric_column(name, values):
    column = sized(Column)
    column.kind, column.name, column.name_length = 0, name, len(name)
    column.data, column.length, column.stride = values.ctypes.data, len(values), values.strides[0]
    column.byte_length = max(0, (len(values) - 1) * values.strides[0]) + values.itemsize
    column.dtype = _DTYPES[values.dtype.name]
    column.keep = values  # a column is a view: the data must live as long
    return column


def dictionary_column(name, codes, texts):
    """`codes`: contiguous int32; `texts`: an array of String."""
    column = sized(Column)
    column.kind, column.name, column.name_length = 1, name, len(name)
    column.data, column.length, column.byte_length = codes.ctypes.data, len(codes), codes.nbytes
    column.dictionary, column.dictionary_length = texts, len(texts)
    column.keep = codes, texts
    return column


def texts_of(words):
    encoded = [word.encode() for word in words]
    texts = (String * len(encoded))(*[String(word, len(word)) for word in encoded])
    texts.keep = encoded
    return texts


class Library:
    def __init__(self, path):
        self.lib = lib = c.CDLL(path)
        for name in ("vdt_baseline_destroy", "vdt_window_destroy", "vdt_guard_destroy", "vdt_report_destroy"):
            getattr(lib, name).argtypes, getattr(lib, name).restype = [c.c_void_p], None
        p, n = c.c_void_p, c.c_size_t
        for name, arguments in {
                "vdt_baseline_create": [p, n, p, p, p, p], "vdt_window_create": [p, p, p, p],
                "vdt_guard_create": [p, p, p, p, p], "vdt_guard_check_f32": [p, p, n, p, p, p],
                "vdt_window_observe_columns": [p, p, n, p], "vdt_window_observe_column": [p, n, p, p],
                "vdt_window_counts": [p, n, p, n, p, p], "vdt_baseline_counts": [p, n, p, n, p, p],
                "vdt_baseline_edges": [p, n, p, n, p, p], "vdt_assess": [p, p, p, p, p, p],
                "vdt_report_feature": [p, n, p, p], "vdt_report_statistic": [p, n, c.c_int32, p, p]}.items():
            getattr(lib, name).argtypes, getattr(lib, name).restype = arguments, c.c_int32
        lib.vdt_build_info.restype = c.c_char_p

    def call(self, name, *arguments):
        error = sized(Error)
        if getattr(self.lib, name)(*arguments, c.byref(error)) != 0:
            raise RuntimeError(f"{name}: {error.message.decode()}")

    def _made(self, name, *arguments):
        out = c.c_void_p()
        self.call(name, *arguments, c.byref(out))
        return out

    def baseline(self, columns, cells=64):
        options = sized(BaselineOptions)
        options.cells = cells
        array = (Column * len(columns))(*columns)
        return self._made("vdt_baseline_create", array, len(columns), c.byref(options), None)

    def window(self, baseline):
        return self._made("vdt_window_create", baseline, None)

    def guard(self, baseline):
        return self._made("vdt_guard_create", baseline, None, None)

    def observe_table(self, window, columns):
        self.call("vdt_window_observe_columns", window, (Column * len(columns))(*columns), len(columns))

    def observe_column(self, window, feature, column):
        self.call("vdt_window_observe_column", window, feature, c.byref(column))

    def assess(self, baseline, window):
        return self._made("vdt_assess", baseline, window, None, None)

    def destroy(self, kind, handle):
        getattr(self.lib, f"vdt_{kind}_destroy")(handle)

    def numbers(self, name, handle, feature, dtype):
        length = c.c_size_t()
        buffer = np.zeros(2048, dtype)
        self.call(name, handle, feature, buffer.ctypes.data, len(buffer), c.byref(length))
        return buffer[:length.value].copy()

    def feature_report(self, report, feature):
        out = sized(FeatureReport)
        self.call("vdt_report_feature", report, feature, c.byref(out))
        return out

    def statistic(self, report, feature, test):
        out = sized(TestResult)
        self.call("vdt_report_statistic", report, feature, test, c.byref(out))
        return out
