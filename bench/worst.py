"""What the worst public questions cost beside a plain one, in processor time of the service, nothing answered from memory.

python -m bench.worst 10000 100000

The time of the event loop is what every other request waits for; threads work beside it. Of each kind many different
questions are asked, and the dearest one counts, beside the mean of the plain ones. Those that are refused count too.
"""

import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

from app.search.filters import FACETS, FILTER
from bench import contenders
from bench.contenders import Server
from bench.generate import FOLDER, directory
from bench.words import COMMONEST, SEED, STOP_WORDS, WORDS

PLAIN = "plain: one word, two filters"
NO_LIMITS = {"RATE_LIMIT_READS": "0", "RATE_LIMIT_EXPORTS": "0"}
VARIANTS = 25
FIRST = "/v1/case-studies?q=school"
ALL = "fifty hits, explained, with all facets"
STATES = ("WA", "OR", "ID", "MT", "WY", "ND", "SD", "NE", "KS", "OK", "TX", "NM")
UNKNOWN = ["".join(letters) for letters in product("qxzjvw", repeat=4)]


@dataclass(frozen=True)
class Cost:
    """Milliseconds of the processor for one question, and how it was answered."""

    loop: float
    threads: float
    status: int
    bytes: int
    path: str


def search(**parameters: str) -> str:
    """A search for case studies."""
    return f"/v1/case-studies?{urlencode(parameters)}"


def words(draw: random.Random, count: int, vocabulary: list[str]) -> str:
    """Different words."""
    return " ".join(draw.sample(vocabulary, count))


def phrases(draw: random.Random, count: int, vocabulary: list[str]) -> str:
    """Phrases of two words each."""
    return " ".join(f'"{words(draw, 2, vocabulary)}"' for _ in range(count))


def beginnings(draw: random.Random, count: int, letters: int) -> str:
    """Beginnings of words that are there."""
    return " ".join(f"{word[:letters]}*" for word in draw.sample(WORDS[:3000], count))


Question = Callable[[random.Random], str]
COMMON, MIDDLING = [*STOP_WORDS[:12], *COMMONEST[:40]], WORDS[100:400]
# Each is asked in many variants, by a seeded random choice.
KINDS: dict[str, Question] = {
    PLAIN: lambda draw: search(
        q=draw.choice(WORDS[300:6000]), state=",".join(draw.sample(STATES, 3)), status="active"
    ),
    "a phrase of two common words": lambda draw: search(q=phrases(draw, 1, COMMON)),
    "a phrase of two middling words": lambda draw: search(q=phrases(draw, 1, MIDDLING)),
    "two phrases": lambda draw: search(q=phrases(draw, 2, MIDDLING)),
    "five phrases": lambda draw: search(q=phrases(draw, 5, MIDDLING)),
    "without five phrases": lambda draw: search(
        q="school -" + phrases(draw, 5, MIDDLING).replace('" "', '" -"')
    ),
    "a beginning of two letters": lambda draw: search(q=beginnings(draw, 1, 2)),
    "five beginnings of two letters": lambda draw: search(q=beginnings(draw, 5, 2)),
    "twenty beginnings of three letters": lambda draw: search(q=beginnings(draw, 20, 3)),
    "twenty common words": lambda draw: search(q=words(draw, 20, COMMON)),
    "twenty misspelt words": lambda draw: search(
        q=" ".join(f"{word[:3]}{draw.choice('qxz')}{word[3:]}" for word in draw.sample(WORDS, 20))
    ),
    ALL: lambda draw: search(
        q=words(draw, 2, COMMON), limit="50", facets=",".join(FACETS), explain="true"
    ),
    "near a place, by distance, a hundred hits": lambda draw: search(
        near=f"{draw.uniform(25, 49):.4f},{draw.uniform(-124, -67):.4f}",
        within_km="20000",
        sort="distance",
        limit="100",
    ),
    "nothing found, with filters to leave out": lambda draw: search(
        q=words(draw, 20, WORDS[300:6000]), match="exact", state=",".join(draw.sample(STATES, 6))
    ),
    "a hundred unknown parameters": lambda draw: (
        "/v1/case-studies?" + "&".join(draw.sample(UNKNOWN, 100))
    ),
    "unknown values, 7 KB": lambda draw: search(
        **{name: ",".join(draw.sample(UNKNOWN, 90)) for name in FACETS[:14]}
    )[:8000],
    "completion of one letter": lambda draw: (
        f"/v1/suggest?q={draw.choice('abcdefghilmnoprstuw')}&limit=20"
    ),
    "completion of a misspelt name": lambda draw: (
        f"/v1/suggest?{urlencode({'q': draw.choice(WORDS[50:3000])[:3] + 'q' + draw.choice(WORDS[50:3000])[:4]})}"
    ),
    "related case studies": lambda draw: f"{draw.choice(slugs['case-studies'])}/related",
    "a district": lambda draw: draw.choice(slugs["districts"]),
    "a case study that is not there": lambda draw: (
        f"{draw.choice(slugs['case-studies'])[:-2]}x{draw.randrange(10**6)}"
    ),
    "coverage by two facets": lambda draw: "/v1/coverage?rows={}&columns={}".format(
        *draw.sample(list(FILTER), 2)
    ),
    "a page of search in HTML": lambda draw: search(q=words(draw, 2, COMMON)).removeprefix("/v1"),
    "a filtered export of a phrase": lambda draw: (
        f"/v1/exports/case-studies.csv?{urlencode({'q': phrases(draw, 1, MIDDLING)})}"
    ),
}
slugs: dict[str, list[str]] = {}


def main() -> None:
    """Measure each size, and print one table."""
    sizes = [int(size) for size in sys.argv[1:]]
    found = {size: measure(directory(size)) for size in sizes}
    heads = [f"{size:,}: ms (x plain)" for size in sizes]
    print(f"| question | {' | '.join(heads)} | bytes | answer |")
    print("| --- |" + " --- |" * (len(sizes) + 2))
    for kind in KINDS:
        cells = [cell(found[size], kind) for size in sizes]
        last = found[sizes[-1]][kind]
        statuses = Counter(cost.status for cost in last)
        told = ", ".join(f"{status}" for status in sorted(statuses))
        most = max(cost.bytes for cost in last)
        print(f"| {kind} | {' | '.join(cells)} | {most:,} | {told} |")


def cell(costs: dict[str, list[Cost]], kind: str) -> str:
    """The dearest question of a kind, beside the mean of plain ones."""
    plain = statistics.mean(cost.loop for cost in costs[PLAIN])
    if kind == PLAIN:
        return f"{plain:.2f}"
    dearest = max(costs[kind], key=lambda cost: cost.loop)
    threads = max(cost.threads for cost in costs[kind])
    beside = f" and {threads:.0f} in threads" if threads > 1 else ""
    return f"{dearest.loop:.2f} (x{dearest.loop / plain:.1f}){beside}"


def measure(database: Path) -> dict[str, list[Cost]]:
    """The costs of every kind of question."""
    server = contenders.service("worst", database, FIRST, cache=False)
    server.environment |= NO_LIMITS | {"INDEX_DIR": str(FOLDER / "worst-index")}
    with server:
        for kind in ("case-studies", "districts"):
            hits = server.ask(f"/v1/{kind}?limit=100")["data"]
            slugs[kind] = [f"/v1/{kind}/{hit['slug']}" for hit in hits]
        for kind in KINDS:  # so that templates, threads and pools are there
            server.client.get(KINDS[kind](random.Random(SEED)))
        for path in variants(PLAIN):
            server.client.get(path)
        return {kind: [ask(server, path) for path in variants(kind)] for kind in KINDS}


def variants(kind: str) -> Iterator[str]:
    """Different questions of one kind, always the same ones."""
    draw = random.Random(f"{SEED} {kind}")
    for _ in range(4 * VARIANTS if kind == PLAIN else VARIANTS):
        yield KINDS[kind](draw)


def ask(server: Server, path: str) -> Cost:
    """Ask once."""
    before = processor_ms(server)
    answer = server.client.get(path)
    after = processor_ms(server)
    loop = after[server.process.pid] - before[server.process.pid]
    return Cost(
        loop,
        sum(after.values()) - sum(before.values()) - loop,
        answer.status_code,
        len(answer.content),
        path,
    )


def processor_ms(server: Server) -> dict[int, float]:
    """Processor time of each thread of the service, the event loop's under the process's own number."""
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return {int(path.parent.name): int(path.read_text().split()[0]) / 1e6 for path in threads}


if __name__ == "__main__":
    main()
