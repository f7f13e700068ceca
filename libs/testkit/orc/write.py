"""Writes the ORC files of the tests into the folder of this script, with pyarrow 26.0.1."""

import datetime
import pathlib
from decimal import Decimal

import pyarrow as pa
import pyarrow.orc as orc

FOLDER = pathlib.Path(__file__).parent
moment, day = datetime.datetime, datetime.date

flat = pa.table(
    {
        "a": pa.array([1, None, -3] * 4, pa.int32()),
        "b": pa.array(["x", None, "grün"] * 4),
        "t": pa.array([moment(1969, 12, 31, 23, 0, 0, 500000), None, moment(2026, 3, 17, 5, 0, 0, 123456)] * 4, pa.timestamp("ns")),
        "d": pa.array([Decimal("1.50"), Decimal("-2.25"), None] * 4, pa.decimal128(9, 2)),
        "f": pa.array([0.5, None, -1.0] * 4),
        "ok": pa.array([True, None, False] * 4),
        "day": pa.array([day(1960, 1, 1), day(2026, 3, 17), None] * 4),
    }
)
orc.write_table(flat, FOLDER / "flat.orc", compression="zstd")

nested = pa.table(
    {
        "a": pa.array([1, 2, 3, 4], pa.int64()),
        "tags": pa.array([["p", "q"], None, [], ["r", None]], pa.list_(pa.string())),
        "point": pa.array([{"x": 1, "y": "u"}, None, {"x": None, "y": "v"}, {"x": 4, "y": None}], pa.struct([("x", pa.int16()), ("y", pa.string())])),
        "count": pa.array([[("k", 1)], None, [], [("l", None), ("m", 3)]], pa.map_(pa.string(), pa.int64())),
    }
)
orc.write_table(nested, FOLDER / "nested.orc", compression="uncompressed")

words = pa.table(
    {
        "a": pa.array([n * n * (-1) ** n for n in range(40)], pa.int64()),
        "b": pa.array([["red", "green"][n % 2] for n in range(40)]),
    }
)
orc.write_table(words, FOLDER / "words.orc", compression="zlib", dictionary_key_size_threshold=1.0)
