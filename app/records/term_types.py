"""Types of fields that hold a term of a vocabulary: text whose values the OpenAPI document lists.

Editors can add terms, so the values are not written here: `web/openapi.py` reads `x-vocabulary` and
lists the terms that are published when the document is made.
"""

from typing import Annotated

from pydantic import WithJsonSchema


def _term_of(vocabulary: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "x-vocabulary": vocabulary})


DirectionCode = Annotated[str, _term_of("direction")]
EvidenceCode = Annotated[str, _term_of("evidence")]
FundingKindCode = Annotated[str, _term_of("funding-kind")]
IndicatorCode = Annotated[str, _term_of("indicator")]
InitiativeStatusCode = Annotated[str, _term_of("initiative-status")]
KinshipCode = Annotated[str, _term_of("kinship")]
LocaleCode = Annotated[str, _term_of("locale")]
ModelCode = Annotated[str, _term_of("model")]
PartnerTypeCode = Annotated[str, _term_of("partner-type")]
PillarCode = Annotated[str, _term_of("pillar")]
QualifierCode = Annotated[str, _term_of("qualifier")]
RegionCode = Annotated[str, _term_of("region")]
RuralityCode = Annotated[str, _term_of("rurality")]
SettingCode = Annotated[str, _term_of("setting")]
SourceKindCode = Annotated[str, _term_of("source-kind")]
StateCode = Annotated[str, _term_of("state")]
StrategyCode = Annotated[str, _term_of("strategy")]
TopicCode = Annotated[str, _term_of("topic")]
UnitCode = Annotated[str, _term_of("unit")]
