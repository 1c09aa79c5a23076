# SPDX-License-Identifier: Apache-2.0
"""The parts of libvedette's C interface that the evaluation asks, and watch.cpp, through ctypes."""
import ctypes as c
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "versus"))
from vedette_c import Error, String, sized

INPUTS = {0: "features", 1: "embedding", 2: "logits", 3: "scores", 4: "the model"}
FEATURE_SQUEEZING, STRIP, NOISE_STABILITY, MARGINAL_RESAMPLING = range(4)
BIT_DEPTH, MEDIAN = 0, 1
CHANGE = 2  # VDT_MONITOR_CHANGE


class Matrix(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("dtype", c.c_int32), ("data", c.c_void_p), ("rows", c.c_uint64),
                ("columns", c.c_uint64), ("row_stride", c.c_int64), ("column_stride", c.c_int64),
                ("byte_length", c.c_uint64)]


class FitOptions(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("reserved", c.c_uint32), ("kind", c.c_char_p), ("kind_length", c.c_uint64),
                ("options", c.c_char_p), ("options_length", c.c_uint64), ("labels", c.c_void_p),
                ("label_count", c.c_uint64), ("class_count", c.c_uint64), ("head_weights", c.POINTER(Matrix)),
                ("head_bias", c.c_void_p), ("head_bias_count", c.c_uint64)]


PREDICT = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.POINTER(c.c_float), c.c_size_t, c.c_size_t, c.POINTER(c.c_float),
                      c.c_size_t)


class Model(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("output", c.c_int32), ("predict", PREDICT), ("user_data", c.c_void_p),
                ("features", c.c_uint64), ("classes", c.c_uint64), ("batch_rows", c.c_uint64)]


class Squeezer(c.Structure):
    _fields_ = [("kind", c.c_int32), ("bits", c.c_uint32), ("window", c.c_uint32), ("search_window", c.c_uint32),
                ("patch", c.c_uint32), ("strength", c.c_float)]


class QueryOptions(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("kind", c.c_int32), ("reference", c.POINTER(Matrix)),
                ("squeezers", c.POINTER(Squeezer)), ("squeezer_count", c.c_uint64), ("image_height", c.c_uint64),
                ("image_width", c.c_uint64), ("image_channels", c.c_uint64), ("width", c.c_uint64),
                ("copies", c.c_uint64), ("seed", c.c_uint64), ("standard_deviation", c.c_double), ("share", c.c_double),
                ("pixel_highest", c.c_float), ("row_weight", c.c_float), ("overlay_weight", c.c_float),
                ("lowest", c.c_float), ("highest", c.c_float), ("reserved", c.c_uint32)]


class QueryAnswer(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("status", c.c_int32), ("callback_status", c.c_int32),
                ("reserved", c.c_uint32), ("score", c.c_double), ("p_value", c.c_double), ("calls", c.c_uint64),
                ("rows", c.c_uint64)]


class MmdOptions(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("standardise", c.c_int32), ("nan_policy", c.c_int32),
                ("window", c.c_uint32), ("features", c.c_uint64), ("bandwidth", c.c_double),
                ("expected_run", c.c_double), ("first_look", c.c_uint32), ("simulations", c.c_uint32),
                ("seed", c.c_uint64)]


class WatchOptions(c.Structure):
    _fields_ = [("values", c.c_uint64), ("window", c.c_uint64), ("stride", c.c_uint64), ("remembered", c.c_uint64),
                ("step", c.c_double), ("level", c.c_double), ("failure_probability", c.c_double),
                ("is_image", c.c_int32), ("with_updates", c.c_int32), ("leaves_repeats_out", c.c_int32)]


def matrix(rows):
    rows = np.ascontiguousarray(rows, np.float32)
    out = sized(Matrix)
    out.dtype, out.data, out.rows, out.columns, out.byte_length = 1, rows.ctypes.data, *rows.shape, rows.nbytes
    out.keep = rows  # a matrix is a view: the rows must live as long
    return out


class Library:
    def __init__(self, library, watch):
        self.lib, self.watch = c.CDLL(str(library)), c.CDLL(str(watch))
        self.lib.vdt_build_info.restype = c.c_char_p
        for name in ("vdt_score_kind_count", "vdt_query_score_queries"):
            getattr(self.lib, name).restype = c.c_size_t
        for name in ("evaluation_watch_fit", "evaluation_watch_copy"):
            getattr(self.watch, name).restype = c.c_void_p

    def call(self, name, *arguments):
        error = sized(Error)
        if getattr(self.lib, name)(*arguments, c.byref(error)) != 0:
            raise RuntimeError(f"{name}: {error.message.decode()}")

    def kinds(self):
        """Name and what its rows are, of every kind of score, in the library's order."""
        found = []
        for i in range(self.lib.vdt_score_kind_count()):
            name, takes = String(), c.c_int32()
            self.call("vdt_score_kind_at", c.c_size_t(i), c.byref(name), c.byref(takes))
            found.append((name.data[:name.length].decode(), INPUTS[takes.value]))
        return found


class Score:
    """One kind, fitted. `head`: weights and bias of the last layer."""

    def __init__(self, library, kind, rows, labels, classes, head, options=None):
        self.library, self.handle = library, c.c_void_p()
        wanted = sized(FitOptions)
        library.lib.vdt_score_fit_options_init(c.byref(wanted), c.c_size_t(c.sizeof(wanted)))
        name, text = kind.encode(), json.dumps(options or {}).encode()
        wanted.kind, wanted.kind_length, wanted.options, wanted.options_length = name, len(name), text, len(text)
        labels = np.ascontiguousarray(labels, np.uint32)
        wanted.labels, wanted.label_count, wanted.class_count = labels.ctypes.data, len(labels), classes
        reference, weights, bias = matrix(rows), matrix(head[0]), np.ascontiguousarray(head[1], np.float32)
        wanted.head_weights = c.pointer(weights)
        wanted.head_bias, wanted.head_bias_count = bias.ctypes.data, len(bias)
        library.call("vdt_score_fit", c.byref(reference), c.byref(wanted), None, c.byref(self.handle))

    def calibrate(self, rows):
        self.library.call("vdt_score_calibrate", self.handle, c.byref(matrix(rows)), None, None)

    def __call__(self, rows):
        """Scores and p-values (NaN without a calibration)."""
        scores, p_values = np.empty(len(rows)), np.empty(len(rows))
        if len(rows):
            self.library.call("vdt_score_rows", self.handle, c.byref(matrix(rows)), c.c_void_p(scores.ctypes.data),
                              c.c_void_p(p_values.ctypes.data), c.c_size_t(len(rows)))
        return scores, p_values

    def __del__(self):
        self.library.lib.vdt_score_destroy(self.handle)


class QueryScore:
    """A score that asks the model again: a callback into ONNX Runtime."""

    def __init__(self, library, kind, network, classes, reference=None, squeezers=(), **fields):
        self.library, self.handle = library, c.c_void_p()
        options = sized(QueryOptions)
        library.lib.vdt_query_score_options_init(c.byref(options), c.c_size_t(c.sizeof(options)))
        options.kind = kind
        if reference is not None:
            keep = matrix(reference)
            options.reference = c.pointer(keep)
        options.squeezers, options.squeezer_count = (Squeezer * len(squeezers))(*squeezers), len(squeezers)
        for field, value in fields.items():
            setattr(options, field, value)
        library.call("vdt_query_score_create", c.byref(options), None, c.byref(self.handle))
        self.failure = None

        def predict(_, rows, count, features, outputs, outputs_each):
            try:
                answer = network.logits(np.ctypeslib.as_array(rows, (count, features)))
                np.ctypeslib.as_array(outputs, (count, outputs_each))[:] = answer
                return 0
            except Exception as failure:  # it cannot cross the C frames between
                self.failure = failure
                return 1

        self.model = sized(Model)
        library.lib.vdt_predict_model_init(c.byref(self.model), c.c_size_t(c.sizeof(self.model)))
        self.model.output, self.model.predict = 1, PREDICT(predict)
        self.model.features, self.model.classes = network.width, classes
        self.queries = library.lib.vdt_query_score_queries(self.handle)
        size = c.c_size_t()
        library.call("vdt_query_score_workspace", self.handle, c.byref(self.model), c.byref(size))
        self.workspace = np.zeros(size.value, np.float32)

    def calibrate(self, rows):
        self.library.call("vdt_query_score_calibrate", self.handle, c.byref(matrix(rows)), c.byref(self.model), None,
                          None)

    def __call__(self, rows):
        scores, p_values, answer = np.empty(len(rows)), np.empty(len(rows)), sized(QueryAnswer)
        for i, row in enumerate(np.ascontiguousarray(rows, np.float32)):
            self.library.call("vdt_query_score_row", self.handle, c.c_void_p(row.ctypes.data), c.c_size_t(len(row)),
                              c.byref(self.model), c.c_void_p(self.workspace.ctypes.data),
                              c.c_size_t(len(self.workspace)), c.byref(answer))
            scores[i], p_values[i] = answer.score, answer.p_value
        return scores, p_values

    def __del__(self):
        self.library.lib.vdt_query_score_destroy(self.handle)


class MmdMonitor:
    def __init__(self, library, reference, window, expected_run, seed):
        self.library, self.handle = library, c.c_void_p()
        options = sized(MmdOptions)
        library.lib.vdt_mmd_monitor_options_init(c.byref(options), c.c_size_t(c.sizeof(options)))
        options.window, options.expected_run, options.seed = window, expected_run, seed
        library.call("vdt_mmd_monitor_create", c.byref(matrix(reference)), c.byref(options), None,
                     c.byref(self.handle))

    def first_change(self, rows):
        """After how many rows of a new stream it alarms first; None: never."""
        self.library.call("vdt_mmd_monitor_reset", self.handle)
        states, changes = np.zeros(len(rows), np.uint8), c.c_size_t()
        self.library.call("vdt_mmd_monitor_update_matrix", self.handle, c.byref(matrix(rows)),
                          c.c_void_p(states.ctypes.data), c.byref(changes))
        found = np.flatnonzero(states == CHANGE)
        return int(found[0]) + 1 if len(found) else None

    def __del__(self):
        self.library.lib.vdt_mmd_monitor_destroy(self.handle)


class Watch:
    """QueryWatch over images of bytes or rows of floats, calibrated on benign traffic."""

    def __init__(self, library, handle, kind, calibration_scores=None):
        self.library, self.handle, self.calibration_scores = library, c.c_void_p(handle), calibration_scores
        self.kind = kind  # of the values

    @classmethod
    def fit(cls, library, rows, accounts, **fields):
        kind = rows.dtype if rows.dtype == np.uint8 else np.float32
        rows, accounts = np.ascontiguousarray(rows, kind), np.ascontiguousarray(accounts, np.uint32)
        scores = np.empty(len(rows))
        handle = library.watch.evaluation_watch_fit(
            c.byref(WatchOptions(values=rows.shape[1], is_image=kind == np.uint8, **fields)), c.c_void_p(rows.ctypes.data),
            c.c_void_p(accounts.ctypes.data), c.c_size_t(len(rows)), c.c_void_p(scores.ctypes.data))
        if not handle:
            raise RuntimeError("the watch was refused")
        return cls(library, handle, kind, scores)

    def copy(self):
        return Watch(self.library, self.library.watch.evaluation_watch_copy(self.handle), self.kind)

    def observe(self, rows, accounts):
        """The store's score, the p-value, the account's evidence, and whether it is accused, of each request."""
        rows, accounts = np.ascontiguousarray(rows, self.kind), np.ascontiguousarray(accounts, np.uint32)
        scores, p_values, e_values = np.empty((3, len(rows)))
        alarms = np.zeros(len(rows), np.uint8)
        self.library.watch.evaluation_watch_observe(
            self.handle, c.c_void_p(rows.ctypes.data), c.c_void_p(accounts.ctypes.data), c.c_size_t(len(rows)),
            *(c.c_void_p(each.ctypes.data) for each in (scores, p_values, e_values, alarms)))
        return scores, p_values, e_values, alarms.astype(bool)

    def groups(self, reference, rows, embeddings, accounts, window, expected_run, seed):
        """Of each request: whether its account's group is in alarm, and its account alone; the accounts of the group."""
        rows, accounts = np.ascontiguousarray(rows, self.kind), np.ascontiguousarray(accounts, np.uint32)
        reference, embeddings = (np.ascontiguousarray(each, np.float32) for each in (reference, embeddings))
        by_group, by_account = np.zeros((2, len(rows)), np.uint8)
        sizes = np.zeros(len(rows), np.uint32)
        pointer = lambda array: c.c_void_p(array.ctypes.data)
        if self.library.watch.evaluation_groups(
                self.handle, pointer(reference), c.c_size_t(len(reference)), c.c_size_t(reference.shape[1]),
                c.c_uint32(window), c.c_double(expected_run), c.c_uint64(seed), pointer(rows), pointer(embeddings),
                pointer(accounts), c.c_size_t(len(rows)), pointer(by_group), pointer(by_account), pointer(sizes)) != 0:
            raise RuntimeError("the groups were refused")
        return by_group.astype(bool), by_account.astype(bool), sizes

    def __del__(self):
        self.library.watch.evaluation_watch_destroy(self.handle)


def prada(library, rows, predicted, classes):
    rows, predicted = np.ascontiguousarray(rows, np.float32), np.ascontiguousarray(predicted, np.uint32)
    statistics = np.empty(len(rows))
    if library.watch.evaluation_prada(c.c_void_p(rows.ctypes.data), c.c_void_p(predicted.ctypes.data),
                                      c.c_size_t(len(rows)), c.c_size_t(rows.shape[1]), c.c_uint32(classes),
                                      c.c_void_p(statistics.ctypes.data)) != 0:
        raise RuntimeError("PRADA refused the rows")
    return statistics
