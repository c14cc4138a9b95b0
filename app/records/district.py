"""District: a local education agency (NCES), each federal figure with its year and source."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from sqlmodel import Field

from app.errors import Fault
from app.records.shape import (
    FIRST_YEAR,
    LAST_YEAR,
    LONG,
    SHORT,
    HttpUrl,
    NonEmptyText,
    Shape,
    Slug,
    repeated_faults,
)
from app.records.term_types import LocaleCode, StateCode

EARTH_RADIUS_KM = 6371.0088
BUREAU_OF_INDIAN_EDUCATION = "59"  # its LEAIDs begin so, in any state


def _seven_digits(value: str) -> str:
    if len(value) != 7 or not value.isascii() or not value.isdigit():
        # One zero: the codes of the states, with which LEAIDs begin, start at 01.
        digits = value.isascii() and value.isdecimal() and len(value) == 6
        advice = (
            f"Write {value.zfill(7)} if a leading zero was lost."
            if digits
            else "Copy it from nces.ed.gov/ccd/districtsearch."
        )
        raise ValueError(f"A LEAID has 7 digits, with its leading zeros. {advice}")
    return value


Leaid = Annotated[str, AfterValidator(_seven_digits)]
_YEAR = "the fall in which the school year begins (2023 is 2023-24)"


class District(Shape):
    """One district, without its aliases."""

    slug: Slug = Field(primary_key=True, max_length=SHORT, description="Public id.")
    nces_leaid: Leaid | None = Field(
        default=None,
        unique=True,
        description="NCES local education agency id, 7 digits (CCD); null for those without.",
    )
    name: str = Field(min_length=1, max_length=SHORT, description="Name in everyday use.")
    state: StateCode = Field(foreign_key="state.slug", description="USPS code of its state.")
    city: str | None = Field(
        default=None, max_length=SHORT, description="City of its office (CCD)."
    )
    county: str | None = Field(default=None, max_length=SHORT, description="County (CCD).")
    locale: LocaleCode | None = Field(
        default=None, foreign_key="locale.slug", description="NCES locale code, 11 to 43 (EDGE)."
    )
    locale_year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description=f"Year of the locale: {_YEAR}."
    )
    locale_source: NonEmptyText | None = Field(
        default=None, max_length=SHORT, description="Federal file that the locale was taken from."
    )
    enrollment: int | None = Field(
        default=None, ge=0, le=10_000_000, description="Students (CCD membership)."
    )
    enrollment_year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description=f"Year of the enrollment: {_YEAR}."
    )
    enrollment_source: NonEmptyText | None = Field(
        default=None,
        max_length=SHORT,
        description="Federal file that the enrollment was taken from.",
    )
    schools: int | None = Field(
        default=None, ge=0, le=10_000, description="Operating schools (CCD)."
    )
    schools_year: int | None = Field(
        default=None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description=f"Year of the number of schools: {_YEAR}.",
    )
    schools_source: NonEmptyText | None = Field(
        default=None,
        max_length=SHORT,
        description="Federal file that the number of schools was taken from.",
    )
    latitude: float | None = Field(
        default=None, ge=-90, le=90, description="Degrees north (WGS 84)."
    )
    longitude: float | None = Field(
        default=None, ge=-180, le=180, description="Degrees east (WGS 84)."
    )
    place_basis: Annotated[str, StringConstraints(pattern="^(office|city)$")] | None = Field(
        default=None,
        description="What the position is of: the district's office, or the middle of its city.",
    )
    place_source: NonEmptyText | None = Field(
        default=None, max_length=SHORT, description="Where the position was taken from."
    )
    website: HttpUrl | None = Field(
        default=None, max_length=LONG, description="The district's own address on the web."
    )


class DistrictRecord(District):
    """A district with its other names."""

    aliases: list[NonEmptyText] = Field(
        default_factory=list,
        max_length=50,
        description="Acronyms, former, federal and everyday names; search knows them.",
    )


def district_faults(district: DistrictRecord) -> list[Fault]:
    """Rules between fields: a figure has its year and source, a position has both coordinates and its basis."""
    faults = [*_slug_faults(district), *repeated_faults(district.aliases, "/aliases")]
    for figure in ("locale", "enrollment", "schools"):
        if getattr(district, figure) is not None:
            for part in (f"{figure}_year", f"{figure}_source"):
                if getattr(district, part) is None:
                    faults.append(
                        Fault(
                            "required_with", f"{figure} needs {part}. Add it.", pointer=f"/{part}"
                        )
                    )
    place = ("latitude", "longitude", "place_basis", "place_source")
    stated = [part for part in place if getattr(district, part) is not None]
    if stated and len(stated) < len(place):
        faults += [
            Fault("required_with", f"{stated[0]} needs {part}. Add it.", pointer=f"/{part}")
            for part in place
            if part not in stated
        ]
    return faults


def leaid_faults(district: DistrictRecord, fips: str | None) -> list[Fault]:
    """The LEAID and the state must agree. `fips`: the FIPS code of the state; None if not known.

    A LEAID begins with the FIPS code of its state; those of the Bureau of Indian Education do not.
    """
    leaid = district.nces_leaid
    if not leaid or fips is None or leaid.startswith((fips, BUREAU_OF_INDIAN_EDUCATION)):
        return []
    detail = (
        f"LEAID {leaid} does not belong to {district.state}: LEAIDs there begin with {fips}. "
        "Correct nces_leaid or state."
    )
    return [Fault("leaid_of_another_state", detail, pointer="/nces_leaid")]


def _slug_faults(district: DistrictRecord) -> list[Fault]:
    """Refuses a slug that looks like a LEAID: it would hide the district with that LEAID."""
    if not district.slug or not re.fullmatch("[0-9]{7}", district.slug):
        return []
    detail = f"{district.slug} looks like a LEAID. Put the LEAID in nces_leaid, and write a slug in words."
    return [Fault("looks_like_a_leaid", detail, pointer="/slug")]
