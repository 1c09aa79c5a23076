#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Independent check of the container files under data/, and the making of those that the safetensors package writes.

check     reads data/sample.vedette with the standard library only and, when it is installed, with safetensors
generate  writes data/python_plain.safetensors and data/python_sealed.safetensors (safetensors 0.8.0, numpy 2.4.6)
"""
import hashlib
import json
import pathlib
import struct
import sys

DATA = pathlib.Path(__file__).parent / "data"
CODES = {"F64": "d", "F32": "f", "U64": "Q", "I64": "q", "I32": "i", "I8": "b", "BOOL": "?"}
EXPECTED = {
    "edges": ("F64", [3], [-1.5, 0.0, 2.25]),
    "counts": ("U64", [3], [0, 7, 1 << 63]),
    "matrix": ("F32", [2, 3], [1, 2, 3, 4, 5, 6]),
    "codes": ("I8", [3], [-128, 0, 127]),
    "flags": ("BOOL", [2], [True, False]),
    "empty": ("I32", [0], []),
    "scale": ("F32", [], [0.5]),
}
TEXTS = {"schema": '{"a":"b\\n"}\t\x01', "café": "€ 🐎", "format": "vedette", "format_version": "1", "kind": "sample"}


def sealed_digest(raw: bytes, digits: str) -> str:
    return hashlib.sha256(raw.replace(digits.encode(), b"0" * 64, 1)).hexdigest()


def check() -> None:
    raw = (DATA / "sample.vedette").read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + length])
    data = raw[8 + length :]
    assert (8 + length) % 64 == 0
    metadata = header.pop("__metadata__")
    digits = metadata.pop("sha256")
    assert metadata == TEXTS, metadata
    assert sealed_digest(raw, digits) == digits
    assert list(header) == sorted(header) == sorted(EXPECTED)
    for name, (dtype, shape, values) in EXPECTED.items():
        entry = header[name]
        begin, end = entry["data_offsets"]
        assert (entry["dtype"], entry["shape"]) == (dtype, shape), name
        assert list(struct.unpack(f"<{len(values)}{CODES[dtype]}", data[begin:end])) == values, name
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        print("standard library: agrees; safetensors is not installed")
        return
    tensors = safetensors.numpy.load(raw)
    assert set(tensors) == set(EXPECTED)
    for name, (_, shape, values) in EXPECTED.items():
        assert list(tensors[name].shape) == shape and tensors[name].ravel().tolist() == values, name
    with safetensors.safe_open(DATA / "sample.vedette", framework="numpy") as file:
        assert file.metadata() == {**TEXTS, "sha256": digits}
    print(f"standard library and safetensors {safetensors.__version__}: agree")


def generate() -> None:
    import numpy
    import safetensors.numpy

    tensors = {
        "weight": numpy.array([[1, 2], [3, 4]], dtype=numpy.float32),
        "index": numpy.array([5, -9], dtype=numpy.int64),
        "half": numpy.array([0.5], dtype=numpy.float16),
    }
    (DATA / "python_plain.safetensors").write_bytes(safetensors.numpy.save(tensors))
    # The package orders metadata by hash, so the place of the digits is searched for.
    metadata = {"format": "vedette", "format_version": "1", "kind": "foreign", "sha256": "0" * 64}
    raw = safetensors.numpy.save(tensors, metadata)
    digest = hashlib.sha256(raw).hexdigest()
    (DATA / "python_sealed.safetensors").write_bytes(raw.replace(b"0" * 64, digest.encode(), 1))


if __name__ == "__main__":
    {"check": check, "generate": generate}[sys.argv[1]]()
