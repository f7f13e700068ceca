"""Are two outputs the same rows? Both are read back with DuckDB."""

import pathlib

# Sums of doubles depend on the order of addition.
TOLERANCE = 1e-9


def files(path):
    if pathlib.Path(path).is_file():
        return [str(path)]
    return sorted(str(file) for file in pathlib.Path(path).rglob("*.parquet"))


def summary(path):
    """{figure: value} of a Parquet tree: rows, sums, min and max of times, nulls, a
    hash of one text column. Partition columns are left out: engines type them differently."""
    import duckdb

    con = duckdb.connect()
    con.execute("set threads=2; set timezone='UTC'")
    source = f"read_parquet({files(path)!r}, hive_partitioning=false, union_by_name=true)"
    described = con.execute(f"describe select * from {source}").fetchall()
    wanted, text = ["count(*)"], None
    for name, kind, *_ in described:
        if name in ("order_date", "order_hour", "key", "part"):
            continue
        if kind in ("BIGINT", "INTEGER", "DOUBLE", "UBIGINT", "SMALLINT", "TINYINT") or kind.startswith("DECIMAL"):
            wanted += [f'sum("{name}")::DOUBLE', f'count("{name}")']
        elif kind.startswith("TIMESTAMP"):
            wanted += [f'epoch_us(min("{name}"))', f'epoch_us(max("{name}"))']
        elif kind == "VARCHAR":
            wanted.append(f'count("{name}")')
            text = text or name
    if text:
        wanted.append(f'bit_xor(hash("{text}"))')
    values = con.execute(f"select {', '.join(wanted)} from {source}").fetchone()
    return dict(zip(wanted, values))


def differences(ours, theirs):
    """Lines that say what differs; empty when the outputs hold the same rows."""
    if ours.get("count(*)") is None:
        return ["ours holds nothing"]
    common = [figure for figure in ours if figure in theirs]
    found = [f"{figure} is missing on one side" for figure in ours.keys() ^ theirs.keys() if "amount" in figure]
    for figure in common:
        a, b = ours[figure], theirs[figure]
        close = isinstance(a, float) and isinstance(b, float) and abs(a - b) <= TOLERANCE * max(abs(a), abs(b), 1)
        if a != b and not close:
            found.append(f"{figure}: {a} against {b}")
    return found


def answers_differ(ours, theirs):
    def rows(path):
        lines = pathlib.Path(path).read_text().splitlines()
        pairs = [line.split(",") for line in lines if line and line[0].isdigit()]
        return sorted((int(a), round(float(b), 6)) for a, b in pairs)

    a, b = rows(ours), rows(theirs)
    return [] if a == b else [f"{len(a)} rows against {len(b)}"]
