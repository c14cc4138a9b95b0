"""Types of fields that hold a term of a vocabulary: text whose values the OpenAPI document lists.

Editors can add terms, so the values are not written here: `web/openapi.py` reads `x-vocabulary` and
lists the terms that are published when the document is made. An empty text is never a term.
"""

from typing import Annotated

from pydantic import WithJsonSchema

from app.records.shape import NOT_EMPTY


def _term_of(vocabulary: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "x-vocabulary": vocabulary})


DirectionCode = Annotated[str, NOT_EMPTY, _term_of("direction")]
EvidenceCode = Annotated[str, NOT_EMPTY, _term_of("evidence")]
FundingKindCode = Annotated[str, NOT_EMPTY, _term_of("funding-kind")]
IndicatorCode = Annotated[str, NOT_EMPTY, _term_of("indicator")]
InitiativeStatusCode = Annotated[str, NOT_EMPTY, _term_of("initiative-status")]
KinshipCode = Annotated[str, NOT_EMPTY, _term_of("kinship")]
LocaleCode = Annotated[str, NOT_EMPTY, _term_of("locale")]
ModelCode = Annotated[str, NOT_EMPTY, _term_of("model")]
PartnerTypeCode = Annotated[str, NOT_EMPTY, _term_of("partner-type")]
PillarCode = Annotated[str, NOT_EMPTY, _term_of("pillar")]
QualifierCode = Annotated[str, NOT_EMPTY, _term_of("qualifier")]
RegionCode = Annotated[str, NOT_EMPTY, _term_of("region")]
RuralityCode = Annotated[str, NOT_EMPTY, _term_of("rurality")]
SettingCode = Annotated[str, NOT_EMPTY, _term_of("setting")]
SourceKindCode = Annotated[str, NOT_EMPTY, _term_of("source-kind")]
StateCode = Annotated[str, NOT_EMPTY, _term_of("state")]
StrategyCode = Annotated[str, NOT_EMPTY, _term_of("strategy")]
TopicCode = Annotated[str, NOT_EMPTY, _term_of("topic")]
UnitCode = Annotated[str, NOT_EMPTY, _term_of("unit")]
