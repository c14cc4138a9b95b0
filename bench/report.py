"""The table of targets, the other figures, and a plot, from what was measured."""

import math
from typing import Any

LOADS = {
    "bare": "bare ASGI app, same bytes: the limit",
    "not_modified": "this service, 304 on a matching ETag",
    "warm": "this service, warm",
    "fastapi": "FastAPI route, same bytes",
    "cold_varied": "this service, questions never asked before",
    "cold": "this service, cache off, eight questions again and again",
    "datasette": "Datasette, same questions",
    "bare_page": "bare ASGI app, same pages: their limit",
    "warm_page": "this service, pages of case studies, warm",
    "cold_page": "this service, pages of case studies, cache off",
}
COLOURS = {"bare": "#666666", "fastapi": "#9a7b2f", "datasette": "#b03a2e"}


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """What is asked and what was reached; what is asked of 100,000, at the largest size measured whole."""
    sizes = {int(size): found for size, found in results["sizes"].items() if "export" in found}
    small, n, seed = min(sizes), max(sizes), results["seed"]
    large = sizes[n]
    rows: list[dict[str, Any]] = []

    def row(what: str, asked: str, reached: float | None, note: str = "") -> None:
        sign, bound, *unit = asked.split()
        met = reached is not None and (
            reached >= float(bound) if sign == ">=" else reached <= float(bound)
        )
        shown = "-" if reached is None else " ".join([short(reached), *unit])
        rows.append(
            {
                "target": what,
                "asked": asked,
                "reached": shown,
                "met": "met" if met else "missed",
                "note": note,
            }
        )

    for size, found in sizes.items():
        row(f"warm search at {size:,}, over the limit", ">= 0.9", _of_limit(found, "warm"))
        row(f"304 at {size:,}, over the limit's 200s", ">= 1.2", _of_limit(found, "not_modified"))
        row(f"warm page at {size:,}, over the limit", ">= 0.9", _of_limit(found, "warm_page"))
        row(f"cold page at {size:,}, over the limit", ">= 0.15", _of_limit(found, "cold_page"))
    for size, asked in ((small, ">= 0.05"), (n, ">= 0.03")):
        again = _of_limit(sizes[size], "cold") or 0
        note = f"{again:.2g} with eight questions again and again"
        reached = _of_limit(sizes[size], "cold_varied")
        row(f"search never asked before at {size:,}, over the limit", asked, reached, note)
    row(
        f"search never asked before at {n:,}, one connection, p99",
        "<= 8 ms",
        large["loads"]["cold_varied"]["one_p99_ms"]["median"],
    )
    anew = large["anew"]
    row(
        f"memory per worker at {n:,}",
        "<= 500 MB",
        large["peak_mb"]["warm"],
        f"{anew['peak_mb']:.0f} MB with the index built anew",
    )
    row(f"start to first answer at {n:,}", "<= 3 s", large["start_s"])
    row(f"start with the index built again at {n:,}", "<= 60 s", anew["start_s"])
    row(
        f"a publication visible at {n:,}",
        "<= 50 ms",
        large["visible_ms"]["median"],
        f"at most {large['visible_ms']['most']:.1f} ms",
    )
    row(
        f"NDJSON export of {n:,}, time over the sqlite3 shell's",
        "<= 1.4",
        large["export"]["over_sqlite3"]["median"],
    )
    for name, two in large["two_workers"].items():
        note = "" if two["core_for_client"] else "no core of its own for the client"
        row(f"two workers over one at {n:,}, {name}", ">= 1.8", two["over_one"], note)
    row(
        "start to first answer, real seed",
        "<= 1.5 s",
        seed["next"]["start_s"],
        f"{seed['first']['start_s']:.1f} s with the seed loaded anew",
    )
    row("memory per worker, real seed", "<= 120 MB", seed["next"]["peak_mb"])
    return rows


def text(results: dict[str, Any]) -> str:
    """All of it for a terminal."""
    about, sizes = results["machine"], results["sizes"]
    found = [
        f"{about['at']}: {about['cores']} cores ({about['processor']}), load {about['load_before']:.1f} before, Python {about['python']}"
    ]
    if about["cores"] < 3 and "targets" in results:
        found.append(
            "There is no third core: two workers share theirs with the client, so that ratio is stated, not a measure of them."
        )
    if reached := results.get("targets"):
        found += _table([list(reached[0]), *(list(row.values()) for row in reached)])
    for size, of in sizes.items():
        found.append(
            f"{int(size):,} case studies, one worker, eight questions in turn, medians (least to most)"
        )
        rows = [
            [
                "16 connections",
                "requests/s",
                "",
                "of limit",
                "p50 ms",
                "p99 ms",
                "p50, one",
                "p99, one",
                "peak MB",
            ]
        ]
        for name, load in of["loads"].items():
            rps, ratio, peak = load["rps"], _of_limit(of, name), of["peak_mb"].get(name, math.nan)
            times = [
                f"{load[figure]['median']:.2f}"
                for figure in ("p50_ms", "p99_ms", "one_p50_ms", "one_p99_ms")
            ]
            between = f"({short(rps['least'])} to {short(rps['most'])})"
            rows.append(
                [
                    LOADS[name],
                    short(rps["median"]),
                    between,
                    "" if ratio is None else f"{ratio:.2g}",
                    *times,
                    short(peak),
                ]
            )
        anew = f"{of['anew']['start_s']:.1f} s and {of['anew']['peak_mb']:,.0f} MB with the index built anew"
        found += [*_table(rows), f"Start to first answer: {of['start_s']:.1f} s; {anew}", ""]
    found.append("One search without cache: ms (hits)")
    names = list(next(iter(sizes.values()))["questions"])
    each = [
        [
            name,
            *(
                f"{of['questions'][name]['ms']:.2f} ({of['questions'][name]['hits']:,})"
                for of in sizes.values()
            ),
        ]
        for name in names
    ]
    found += _table([["question", *(f"{int(size):,}" for size in sizes)], *each])
    everything = [
        [
            "everything",
            "NDJSON s",
            "sqlite3 s",
            "Datasette CSV s",
            "NDJSON MB",
            "CSV MB",
            "NDJSON first byte s",
        ]
    ]
    for size, of in sizes.items():
        if export := of.get("export"):
            seconds = (
                f"{export[name]['s']['median']:.2f}" for name in ("ndjson", "sqlite3", "datasette")
            )
            megabytes = (short(export[name]["megabytes"]) for name in ("ndjson", "datasette"))
            everything.append(
                [f"{int(size):,}", *seconds, *megabytes, f"{export['ndjson']['first_byte_s']:.3f}"]
            )
    return "\n".join(found + (_table(everything) if everything[1:] else []))


def plot(results: dict[str, Any]) -> str:
    """Requests per second as bars on a logarithmic scale, as SVG."""
    left, decade, y = 300, 100, 52  # from one a second to 100,000
    parts: list[str] = []
    for size, of in results["sizes"].items():
        parts.append(
            f'<text x="16" y="{y + 12}" font-weight="bold">{int(size):,} case studies</text>'
        )
        for name, label in ((name, label) for name, label in LOADS.items() if name in of["loads"]):
            y += 24
            rps = of["loads"][name]["rps"]["median"]
            wide = max(2.0, decade * math.log10(max(rps, 1)))
            parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{label}</text>')
            parts.append(
                f'<rect x="{left}" y="{y}" width="{wide:.0f}" height="18" fill="{COLOURS.get(name, "#1f6f8b")}"/>'
            )
            parts.append(f'<text x="{left + wide + 6:.0f}" y="{y + 13}">{short(rps)}</text>')
        y += 40
    for power in range(6):
        x = left + decade * power
        parts.insert(
            0,
            f'<path d="M{x} 44V{y - 12}" stroke="#ddd"/><text x="{x}" y="{y + 4}" text-anchor="middle">{10**power:,}</text>',
        )
    title = "Requests per second: one worker on one core, 16 connections, logarithmic scale"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 {y + 16}" font-family="sans-serif" font-size="13">'
    paper = f'<title>{title}</title><rect width="880" height="100%" fill="white"/><text x="16" y="26" font-size="16">{title}</text>'
    return "\n".join([head, paper, *parts, "</svg>\n"])


def short(value: float) -> str:
    """Three digits or so."""
    return "" if math.isnan(value) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _of_limit(found: dict[str, Any], name: str) -> float | None:
    if name not in found["loads"] or "bare" not in found["loads"]:
        return None
    load = found["loads"][name]
    return float(
        load["of_limit"]["median"]
        if "of_limit" in load
        else load["rps"]["median"] / found["loads"]["bare"]["rps"]["median"]
    )


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return ["", lines[0], "  ".join("-" * width for width in widths), *lines[1:], ""]
