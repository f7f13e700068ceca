"""Tables and a chart of the results."""

import html
import json
import os
import platform
import statistics as st


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as info:
        memory = int(info.readline().split()[1]) // 1024 // 1024
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release()}


def spread(runs, field):
    values = [run[field] for run in runs]
    return {"median": st.median(values), "min": min(values), "max": max(values)}


def ratios(ours, theirs, field):
    """theirs / ours, pair by pair; the median. 0 where ours was too small to sample."""
    pairs = [b[field] / a[field] for a, b in zip(ours, theirs) if a[field]]
    return st.median(pairs) if pairs else 0.0


def rows(results):
    """One row per job and engine, ours first."""
    for entry in results:
        ours = entry["engines"]["millrace"]["runs"]
        for engine, found in entry["engines"].items():
            runs = found["runs"]
            if not runs:
                yield entry, engine, None
                continue
            wall = spread(runs, "wall")
            yield entry, engine, {
                "wall": wall,
                "rounds": len(runs),
                "cpu": spread(runs, "cpu")["median"],
                "memory": spread(runs, "peak_sum")["median"],
                "sampled": spread(runs, "peak_sampled")["median"],
                "rate": entry["input_bytes"] / wall["median"] / 1e6,
                "output_mb": found.get("output_bytes", 0) / 1e6,
                "files": found.get("output_files", 0),
                "time_ratio": ratios(ours, runs, "wall"),
                "memory_ratio": ratios(ours, runs, "peak_sum"),
                "durable": found.get("durable", {}).get("median"),
            }


def cell(row, found):
    """Time and memory of one engine at one job, in few characters."""
    if row is None:
        skipped = found.get("skipped", "failed")
        if skipped.startswith("stopped"):
            return skipped
        return {"not offered": "—"}.get(skipped, "other rows" if skipped.startswith("different") else "failed")
    return f"{row['wall']['median']:.2f} s, {row['memory'] / 1e6:.0f} MB"


def summary(record):
    """One row a job, one column an engine: what the README quotes."""
    engines = [name for name in record["versions"]]
    lines = ["| job | " + " | ".join(engines) + " |", "|---" * (len(engines) + 1) + "|"]
    for entry in record["results"]:
        cells = {engine: cell(row, entry["engines"][engine]) for _, engine, row in rows([entry])}
        lines.append(f"| {entry['title']} | " + " | ".join(cells.get(engine, "—") for engine in engines) + " |")
    return "\n".join(lines)


HEAD = "| job | engine | wall s (min–max) | with sync | CPU s | memory MB (sampled) | MB/s in | output MB, files | × time | × memory |"


def markdown(record):
    m = record["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    lines = [
        f"# Benchmark of {record['date']}",
        "",
        f"{m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, Linux {m['kernel']}; {versions}.",
        f"Scale {record['scale']:g}, {record['rounds']} counted rounds in turn, warm cache, {record['threads']} threads; medians.",
        "× time and × memory: theirs by ours, the median of the ratios of each round; above 1 ours is better.",
        "Ours always includes its fsyncs; “with sync” adds a final `sync` to everyone.",
        "",
        summary(record),
        "",
        HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry, engine, row in rows(record["results"]):
        if row is None:
            reason = entry["engines"][engine].get("skipped", "failed")
            lines.append(f"| {entry['job']} | {engine} | {reason} | | | | | | | |")
            continue
        wall = row["wall"]
        durable = f"{row['durable']:.2f}" if row["durable"] else ""
        fewer = f", {row['rounds']} rounds" if row["rounds"] < record["rounds"] else ""
        lines.append(
            f"| {entry['job']} | {engine} | {wall['median']:.2f} ({wall['min']:.2f}–{wall['max']:.2f}{fewer}) | {durable} |"
            f" {row['cpu']:.2f} | {row['memory'] / 1e6:.0f} ({row['sampled'] / 1e6:.0f}) | {row['rate']:.0f} |"
            f" {row['output_mb']:.0f}, {row['files']} | {row['time_ratio']:.2f} | {row['memory_ratio']:.2f} |"
        )
    return "\n".join(lines) + "\n"


COLOURS = {"millrace": "#2a78d6", "duckdb": "#e0a100", "polars": "#8a5cd1", "pyarrow": "#1d9a6c", "chdb": "#d1495b", "spark": "#8d99ae"}


def svg(record):
    """Two bars per job and engine: time and memory, as multiples of ours. Text takes
    the reader's own colour, so that it is legible on light and dark."""
    bars, y = [], 54
    for entry in record["results"]:
        found = [(engine, row) for e, engine, row in rows([entry]) if row]
        bars.append(f'<text x="8" y="{y}" font-weight="600">{html.escape(entry["title"])}</text>')
        y += 8
        for engine, row in found:
            for column, (label, value) in enumerate(
                [(f"{row['wall']['median']:.2f} s", row["time_ratio"]), (f"{row['memory'] / 1e6:.0f} MB", row["memory_ratio"])]
            ):
                x = 90 + column * 400
                width = min(value, 12) / 12 * 280
                bars.append(f'<rect x="{x}" y="{y}" width="{max(width, 1):.1f}" height="11" rx="2" fill="{COLOURS[engine]}"/>')
                bars.append(f'<text x="{x + width + 6:.1f}" y="{y + 10}">{label}{f" ({value:.1f}×)" if engine != "millrace" else ""}</text>')
            bars.append(f'<text x="84" y="{y + 10}" text-anchor="end">{engine}</text>')
            y += 15
        y += 22
    style = "text{font:11px sans-serif;fill:#333}@media(prefers-color-scheme:dark){text{fill:#ddd}}"
    head = '<text x="90" y="24" font-weight="600">time</text><text x="490" y="24" font-weight="600">memory</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 {y}" width="880" height="{y}" role="img"'
        f' aria-label="time and memory of each job, ours and peers"><style>{style}</style>{head}{"".join(bars)}</svg>\n'
    )


def write(record, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "results.md").write_text(markdown(record))
    (folder / "chart.svg").write_text(svg(record))


def compare(old, new):
    """Ours then and now, by job."""
    then = {entry["job"]: entry for entry in old["results"]}
    lines = ["| job | wall s then | now | now/then | memory MB then | now |", "|---|---|---|---|---|---|"]
    for entry in new["results"]:
        if entry["job"] not in then:
            continue
        a, b = then[entry["job"]]["engines"]["millrace"]["runs"], entry["engines"]["millrace"]["runs"]
        if not a or not b:
            continue
        wa, wb = spread(a, "wall")["median"], spread(b, "wall")["median"]
        ma, mb = spread(a, "peak_sum")["median"] / 1e6, spread(b, "peak_sum")["median"] / 1e6
        lines.append(f"| {entry['job']} | {wa:.2f} | {wb:.2f} | {wb / wa:.2f} | {ma:.0f} | {mb:.0f} |")
    return "\n".join(lines)
