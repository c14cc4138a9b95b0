"""What schemathesis is told besides the OpenAPI document: which requests are wrong for a reason that no schema can state."""

import re
from typing import Any
from urllib.parse import urlencode

import schemathesis
from schemathesis import Case, HookContext

from app.search.filters import MAX_LIMIT_IN_FULL
from app.web.server_answers import MAX_TARGET

schemathesis.serializer.alias("application/x-ndjson", "text/plain")


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Whether a case that is meant to be right is right; each of these rules has directed tests of its own."""
    if case.meta is None:
        return True
    query = case.query
    # An address that is too long gets 414, whatever else is wrong with it.
    if len(urlencode(query, doseq=True, errors="surrogatepass")) > MAX_TARGET // 2:
        return False
    if not case.meta.generation.mode.is_positive:
        # An empty value means that a parameter is not given, so it is not wrong.
        return "" not in [str(value) for given in query.values() for value in _listed(given)]
    sort_keys = [str(key).removeprefix("-") for key in _listed(query.get("sort"))]
    by_distance = "within_km" in query or "distance" in sort_keys
    key_twice = len(set(sort_keys)) < len(sort_keys)
    seed_alone = "seed" in query and "sample" not in query
    in_full = "include" in query or str(query.get("explain")) == "true"
    too_long_a_page = in_full and int(query.get("limit", 20)) > MAX_LIMIT_IN_FULL
    turned_round = any(
        int(query[f"{name}_min"]) > int(query[f"{name}_max"])
        for name in ("started", "enrollment")
        if f"{name}_min" in query and f"{name}_max" in query
    )
    facets = query.get("facets", [])
    none_and_others = "none" in facets and len(facets) > 1
    too_many_words = len(re.findall(r"[^\W_]+", str(query.get("q", "")))) > 20
    # Text that databases cannot store is refused; JSON Schema has no simple word for it.
    unstorable = re.search("[\0\ud800-\udfff]", str(case.body)) is not None
    waits = int(query.get("wait", 0)) > 5  # seconds; schemathesis itself waits ten
    return not unstorable and not (
        (by_distance and "near" not in query)
        or turned_round
        or none_and_others
        or too_many_words
        or key_twice
        or seed_alone
        or too_long_a_page
        or waits
    )


def _listed(value: Any) -> list[Any]:
    """The values of a list of the query, which may come as one text."""
    return value if isinstance(value, list) else str(value or "").split(",")
