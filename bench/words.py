"""The words of the invented text: 30,000 by a Zipf law, the commonest of them English; names of places."""

import itertools
import random

SEED = 20261123
STOP_WORDS = "the of and to in a for with that on is was as by are from at their this an be were which it or its has have more they than through".split()
CONTENT = """school students rural district teachers learning community program education support county staff families
college career high state year classroom leaders instruction partnership local training data access grade skills
courses student reading math graduation attendance funding grant technology teacher superintendent principal
curriculum assessment literacy science engagement workforce industry internship apprenticeship credit enrollment
transportation broadband consolidation cooperative recruitment retention mentoring coaching professional development
preschool kindergarten elementary middle secondary postsecondary university regional tribal agriculture health
counselor tutoring summer library nutrition housing homeless migrant bilingual english equity outcomes
evaluation research evidence improvement implementation sustainability scale outreach collaboration network consortium
board policy legislature budget facilities calendar schedule remote hybrid virtual online laptop devices connectivity
volunteer nonprofit foundation employer business chamber manufacturing energy mining fishing forestry ranching tourism
welding nursing coding robotics engineering biology algebra geometry history civics arts music theater athletics
discipline suspension behavior wellness trauma counseling resilience belonging identity culture language heritage
survey interview focus cohort pilot baseline growth proficiency benchmark rubric portfolio credential certificate
diploma scholarship aid advising orientation transition alumni parent guardian sibling elder neighbor coalition""".split()
SYLLABLES = "ba be bi bo ca ce co da de di do fa fe fi ga ge go ha he hi ja jo ka ke la le li lo ma me mi mo na ne ni no pa pe pi po ra re ri ro sa se si so ta te ti to va ve vi vo wa we wi ya zo".split()
ENDINGS = ("", "", "n", "r", "s", "t", "l", "ment", "tion", "ing")
NAMES = "Cedar Elk Pine Maple Willow Stone Clear Red Blue Silver Eagle Bear Fox Oak Prairie Mesa Canyon River Lake Summit Valley Harbor Granite Copper Juniper Sage Aspen Bluff Meadow Ridge".split()
KINDS = "Creek Falls Springs Hollow Point Grove Crossing Flats Bend Hill".split()


def _words(size: int) -> list[str]:
    random_ = random.Random(SEED)
    found = dict.fromkeys(STOP_WORDS + CONTENT)
    while len(found) < size:
        found[
            "".join(random_.choices(SYLLABLES, k=random_.choice((2, 3, 3, 4))))
            + random_.choice(ENDINGS)
        ] = None
    return list(found)


WORDS = _words(30_000)
CUMULATIVE = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(WORDS))))
COMMONEST = WORDS[len(STOP_WORDS) : 400]


def sentences(draw: random.Random, count: int, phrases: list[str]) -> str:
    """A paragraph of so many words, the phrases among them."""
    chosen = draw.choices(WORDS, cum_weights=CUMULATIVE, k=count)
    for phrase in phrases:
        chosen[draw.randrange(count)] = phrase
    for start in range(0, count, 12):
        end = min(start + 11, count - 1)
        chosen[start], chosen[end] = chosen[start].capitalize(), chosen[end] + "."
    return " ".join(chosen)
