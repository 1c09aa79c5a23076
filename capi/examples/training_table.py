# SPDX-License-Identifier: Apache-2.0
"""The schema of the server held against the training table: Arrow data from Python, through the C interface.

Usage: python3 training_table.py SCHEMA.json TABLE.parquet|TABLE.csv [LIBRARY]   (needs pyarrow; nothing is copied)
A server reads the same SCHEMA.json by Schema::from_json or vdt_schema_from_json and judges its rows by it: each row gets
there the verdict that it gets here.
"""
import ctypes as c
import pathlib
import sys

import pyarrow
import pyarrow.csv
import pyarrow.parquet


class Error(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("code", c.c_int32), ("message", c.c_char * 256)]


class ArrowSchema(c.Structure):  # the C data interface: 72 and 80 bytes, filled by pyarrow
    _fields_ = [("words", c.c_uint64 * 9)]


class ArrowArray(c.Structure):
    _fields_ = [("words", c.c_uint64 * 10)]


def call(function, *arguments):
    error = Error(struct_size=c.sizeof(Error))
    if function(*arguments, c.byref(error)) != 0:
        raise RuntimeError(error.message.decode())


def read_table(path):
    if path.endswith(".csv"):
        return pyarrow.csv.read_csv(path)
    return pyarrow.parquet.read_table(path)


def main():
    vdt = c.CDLL(sys.argv[3] if len(sys.argv) > 3 else "libvedette.so.1")
    document = pathlib.Path(sys.argv[1]).read_bytes()
    schema, rules = c.c_void_p(), c.c_void_p()
    call(vdt.vdt_schema_from_json, document, c.c_size_t(len(document)), None, c.byref(schema))
    call(vdt.vdt_validator_create, schema, None, c.c_size_t(0), None, c.byref(rules))
    for number, batch in enumerate(read_table(sys.argv[2]).combine_chunks().to_batches()):
        arrow_schema, arrow_array, report = ArrowSchema(), ArrowArray(), c.c_void_p()
        batch._export_to_c(c.addressof(arrow_array), c.addressof(arrow_schema))
        call(vdt.vdt_validator_check_arrow, rules, c.byref(arrow_schema), c.byref(arrow_array), None, None,
             c.byref(report))
        # The structs are ours to release: pyarrow takes them back and does so.
        pyarrow.RecordBatch._import_from_c(c.addressof(arrow_array), c.addressof(arrow_schema))
        length = c.c_size_t()
        # Two calls: the length, then the text.
        vdt.vdt_batch_report_render(report, b"table", None, None, c.c_size_t(0), c.byref(length), None)
        text = c.create_string_buffer(length.value + 1)
        call(vdt.vdt_batch_report_render, report, b"table", None, text, c.c_size_t(len(text)), None)
        print(f"batch {number}:\n{text.value.decode()}")
        vdt.vdt_batch_report_destroy(report)
    vdt.vdt_validator_destroy(rules)
    vdt.vdt_schema_destroy(schema)


main()
