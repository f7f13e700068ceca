"""Streams as pyarrow and Polars write them: every type, every option."""

import datetime as dt
import decimal
import io

import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc


def stream(batches, schema=None, **options):
    """The bytes of a complete stream."""
    return parts(batches, schema, **options)[0]


def parts(batches, schema=None, **options):
    """The bytes of a complete stream, and where each message but the end marker ends."""
    sink = io.BytesIO()
    ends = []
    bare = (schema or batches[0].schema).serialize().to_pybytes()
    options = ipc.IpcWriteOptions(**options)
    with ipc.new_stream(sink, schema or batches[0].schema, options=options) as writer:
        # pyarrow writes the schema with the first batch.
        ends.append(8 + int.from_bytes(bare[4:8], "little"))
        for batch in batches:
            writer.write_batch(batch)
            ends.append(sink.tell())
    return sink.getvalue(), ends


def three_batches():
    return [
        pa.record_batch({"id": pa.array([n, n + 1], pa.int64()), "name": pa.array([f"customer {n}", None])})
        for n in (0, 2, 4)
    ]


def columns():
    """One array of five values, nulls among them, per type: {name: array}."""
    text = ["a", None, "", "longer than twelve bytes, ünïcødé", "b\0\n"]
    ticks = [0, None, 1_700_000_000, -1000, 1000]
    found = {
        "null": pa.nulls(5),
        "bool": pa.array([True, None, False, True, None]),
        "float16": pa.array([0.5, None, -0.0, 1.0, 2.0], pa.float16()),
        "float32": pa.array([0.1, None, -0.0, float("inf"), 1e30], pa.float32()),
        "float64": pa.array([0.1, None, -0.0, float("-inf"), 1e300], pa.float64()),
        "date32": pa.array([0, None, 19_000, -1, 1], pa.date32()),
        "date64": pa.array([0, None, 86_400_000, 0, 0], pa.date64()),
        "time32": pa.array([0, None, 86_399, 1, 2], pa.time32("s")),
        "time64": pa.array([0, None, 86_399_999_999, 1, 2], pa.time64("us")),
        "duration": pa.array(ticks, pa.duration("us")),
        "month_day_nano": pa.array([pa.MonthDayNano([1, 2, 3]), None, None, None, None]),
        "decimal128": pa.array([decimal.Decimal("9" * 34 + ".9999"), None, decimal.Decimal("-0.0001"), None, None], pa.decimal128(38, 4)),
        "decimal256": pa.array([decimal.Decimal("9" * 70), None, decimal.Decimal(-1), None, None], pa.decimal256(76, 0)),
        "decimal32": pa.array([decimal.Decimal("1.23"), None, None, None, None], pa.decimal32(9, 2)),
        "decimal64": pa.array([decimal.Decimal("1.23"), None, None, None, None], pa.decimal64(18, 2)),
        "fixed_size_binary": pa.array([b"ab", None, b"cd", b"ef", b"gh"], pa.binary(2)),
        "list": pa.array([["x", None], None, [], ["y"], [None]], pa.list_(pa.string())),
        "large_list": pa.array([[1], None, [], [2, 3], [None]], pa.large_list(pa.int64())),
        "fixed_size_list": pa.array([[1, 2], None, [3, None], [4, 5], [6, 7]], pa.list_(pa.int16(), 2)),
        "list_view": pa.array([[1], None, [], [2, 3], [None]], pa.list_view(pa.int64())),
        "struct": pa.array([{"n": 1, "l": ["x"]}, None, {"n": None, "l": None}, {"n": 4, "l": []}, {"n": 5, "l": [None]}]),
        "map": pa.array([[("k", 1)], None, [], [("a", None), ("b", 2)], []], pa.map_(pa.string(), pa.int32())),
        "map_of_zoned": pa.array([[("k", 1)], None, [], [("a", None)], []], pa.map_(pa.string(), pa.timestamp("us", "Asia/Tokyo"))),
        "map_of_dictionary": pa.array([[("k", "x")], None, [], [("a", None)], []], pa.map_(pa.string(), pa.string())).cast(
            pa.map_(pa.string(), pa.dictionary(pa.int32(), pa.string()))
        ),
        "struct_of_zoned": pa.array([{"t": 1}, None, {"t": None}, {"t": 2}, {"t": 3}], pa.struct([("t", pa.timestamp("ms", "Asia/Tokyo"))])),
        "list_of_struct": pa.array([[{"a": 1}], None, [], [{"a": None}, None], [{"a": 3}]]),
        "dictionary": pa.array(["red", None, "green", "red", "blue"]).dictionary_encode(),
        "dictionary_int8": pa.array(["red", None, "red", "red", "blue"]).cast(pa.dictionary(pa.int8(), pa.string())),
        "dictionary_of_decimal": pa.array([decimal.Decimal("1.5"), None, decimal.Decimal("1.5"), None, None]).dictionary_encode(),
        "list_of_dictionary": pa.ListArray.from_arrays([0, 1, 1, 3, 4, 5], pa.array(["a", "b", "a", None, "c"]).dictionary_encode()),
        "run_end_encoded": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 5], pa.int32()), pa.array(["a", None, "b"])),
        "dense_union": pa.UnionArray.from_dense(
            pa.array([0, 1, 0, 1, 0], pa.int8()), pa.array([0, 0, 1, 1, 2], pa.int32()), [pa.array([1, None, 3]), pa.array(["a", "b"])]
        ),
        "sparse_union": pa.UnionArray.from_sparse(
            pa.array([0, 1, 0, 1, 0], pa.int8()), [pa.array([1, 2, None, 4, 5]), pa.array(["a", "b", "c", "d", "e"])]
        ),
    }
    for kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        found[kind] = pa.array([0, None, 1, 2, 127], getattr(pa, kind)())
    for kind in ("string", "large_string", "string_view"):
        found[kind] = pa.array(text, getattr(pa, kind)())
    for kind in ("binary", "large_binary", "binary_view"):
        found[kind] = pa.array([t and t.encode() for t in text], getattr(pa, kind)())
    for unit in ("s", "ms", "us", "ns"):
        found[f"timestamp_{unit}"] = pa.array(ticks, pa.timestamp(unit))
        found[f"timestamp_{unit}_zone"] = pa.array(ticks, pa.timestamp(unit, "Europe/Berlin"))
    return found


def pyarrow_streams():
    """(name, bytes) of everything that pyarrow writes."""
    for name, array in columns().items():
        batch = pa.record_batch({"key": pa.array(range(5)), name: array})
        batches = [batch, batch.slice(1, 3), batch.slice(0, 0), batch.slice(4)]
        if name == "run_end_encoded":
            batches.pop(2)  # pyarrow's own reader refuses what its writer makes of an empty slice
        yield name, stream(batches)
    plain = {n: a for n, a in columns().items() if "union" not in n and n != "run_end_encoded"}
    everything = pa.record_batch(plain)
    for codec in ("lz4", "zstd"):
        yield f"compressed by {codec}", stream([everything, everything.slice(1, 2)], compression=codec)
    numbers = pa.record_batch({"n": pa.array([n % 7 for n in range(100_000)])})
    for codec in ("lz4", "zstd"):
        yield f"100 000 rows compressed by {codec}", stream([numbers] * 3, compression=codec)
    yield "no batch", stream([], everything.schema)
    yield "empty batches", stream([everything.slice(0, 0)] * 3)
    yield "no column", stream([pa.record_batch({"x": [1, 2]}).select([])] * 2)
    yield "metadata version 4", stream([pa.record_batch({"x": [1]})], metadata_version=ipc.MetadataVersion.V4)
    yield "before arrow 0.15", stream(three_batches(), use_legacy_format=True)
    notes = {"note": "kept"}
    fields = [pa.field("x", pa.int64(), nullable=False, metadata=notes)]
    yield "metadata", stream([pa.record_batch([pa.array([1])], schema=pa.schema(fields, metadata=notes))])
    kind = pa.dictionary(pa.int32(), pa.string())
    growing = [pa.record_batch({"c": pa.array(v).cast(kind)}) for v in (["a", "b"], ["a", "b", "c"], ["z"], ["z"])]
    yield "dictionaries replaced", stream(growing)
    yield "dictionaries extended", stream(growing, emit_dictionary_deltas=True)


def polars_streams():
    """(name, bytes) of everything that Polars writes."""
    frame = pl.DataFrame(
        {
            "n": [1, None, 3],
            "text": ["a", None, "a text that is longer than twelve bytes"],
            "cat": pl.Series(["x", None, "y"], dtype=pl.Categorical),
            "enum": pl.Series(["x", None, "y"], dtype=pl.Enum(["y", "x"])),
            "day": [dt.date(2026, 3, 17), None, dt.date(1969, 12, 31)],
            "at": [dt.datetime(2026, 3, 17, 5, 0, 0, 1), None, dt.datetime(1969, 1, 1)],
            "zoned": pl.Series([dt.datetime(2026, 3, 17, 5), None, None]).dt.replace_time_zone("Europe/Berlin"),
            "time": [dt.time(5, 6, 7, 8), None, dt.time(0)],
            "took": [dt.timedelta(seconds=5), None, dt.timedelta(0)],
            "price": pl.Series([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")], dtype=pl.Decimal(20, 2)),
            "raw": [b"\x00\xff", None, b""],
            "list": [[1, 2], None, []],
            "array": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int16, 2)),
            "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
        }
    )
    for codec in ("uncompressed", "lz4", "zstd"):
        for level in (pl.CompatLevel.oldest(), pl.CompatLevel.newest()):
            for name, some in (("rows", frame), ("no row", frame.clear())):
                sink = io.BytesIO()
                some.write_ipc_stream(sink, compression=codec, compat_level=level)
                yield f"{name}, {codec}, {level}", sink.getvalue()
