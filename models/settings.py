"""`book.toml`: what the book is about, and the factors of a benefit with their basis."""

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .faults import SETTINGS, Fault
from .settings_help import HELP, fault_words

PROGRAMMES = ("resilience", "facilities", "green", "smart", "governance")

Percent = Annotated[StrictInt, Field(ge=0, le=100)]
Weight = Annotated[StrictInt, Field(ge=0, le=1000)]
Points = Annotated[StrictInt, Field(ge=0, le=1000)]
Year = Annotated[StrictInt, Field(ge=1900, le=2100)]
PlaceCode = Annotated[StrictStr, Field(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6})$")]


def _iso_date(value: object) -> object:
    """A date of TOML, or its ISO text as a workbook has it; nothing else is taken for a date."""
    if isinstance(value, datetime.datetime):
        raise PydanticCustomError("bad_date", "not a date")
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("bad_date", "not a date")


Day = Annotated[datetime.date, pydantic.BeforeValidator(_iso_date)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Factors(_Frozen):
    """What turns people, urgency and levels into the points that the solver maximises.

    `basis` and `date` say, factor by factor, who set it and when.
    """

    level_worth: tuple[Points, Points, Points, Points] = (0, 40, 70, 100)
    programme_weight: Mapping[str, Weight] = Field(default_factory=lambda: dict.fromkeys(PROGRAMMES, 100))
    discount_percent: Annotated[StrictInt, Field(ge=1, le=100)] = 97
    repeat_years: Annotated[StrictInt, Field(ge=0, le=100)] = 5
    fit_out_share: Percent = 25
    least_tenure_years: Annotated[StrictInt, Field(ge=1, le=100)] = 5
    emergency_cost: Annotated[StrictInt, Field(ge=0, le=10**9)] = 2000
    note: StrictStr = ""
    basis: Mapping[str, Annotated[StrictStr, Field(min_length=1)]] = Field(default_factory=dict)
    date: Mapping[str, Day] = Field(default_factory=dict)

    @field_validator("level_worth")
    @classmethod
    def _levels_rise(cls, worth: tuple[int, ...]) -> tuple[int, ...]:
        if list(worth) != sorted(worth):
            raise PydanticCustomError("levels_fall", "a better level is worth less")
        return worth

    @field_validator("programme_weight")
    @classmethod
    def _known_programmes(cls, weight: Mapping[str, int]) -> Mapping[str, int]:
        unknown = [name for name in weight if name not in PROGRAMMES]
        if unknown:
            raise PydanticCustomError("unknown_name", "unknown", {"name": unknown[0], "known": ";".join(PROGRAMMES)})
        return {name: weight.get(name, 100) for name in PROGRAMMES}

    @field_validator("basis", "date")
    @classmethod
    def _known_factors(cls, told: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = [name for name in told if name not in FACTORS]
        if unknown:
            raise PydanticCustomError("unknown_name", "unknown", {"name": unknown[0], "known": ";".join(FACTORS)})
        return {name: told[name] for name in FACTORS if name in told}


FACTORS = (
    "level_worth", "programme_weight", "discount_percent", "repeat_years", "fit_out_share", "least_tenure_years",
    "emergency_cost",
)  # fmt: skip


class BookSettings(_Frozen):
    """What `book.toml` says; coordinates of a book in memory are always WGS-84 (CGCS2000 is taken as equal).

    A book whose file says GCJ02 or BD09 has its coordinates converted on reading; `datum` is then
    WGS84 and `converted_from` keeps what the file said.
    """

    title: Annotated[StrictStr, Field(min_length=1)]
    region: tuple[PlaceCode, ...] = ()
    plan_years: Annotated[tuple[Year, ...], Field(min_length=1, max_length=10)]
    horizon_years: Annotated[StrictInt, Field(ge=0, le=50)] = 10
    as_of: Day
    datum: Literal["CGCS2000", "WGS84", "GCJ02", "BD09"] = "CGCS2000"
    converted_from: Literal["GCJ02", "BD09"] | None = None
    data_kind: Literal["real", "synthetic"]
    walking_factor: Annotated[StrictFloat, Field(ge=1, le=10, allow_inf_nan=False)] = 1.0
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = None
    complaints_window_days: Annotated[StrictInt, Field(ge=1, le=3660)] = 365
    complaint_minimum: Annotated[StrictInt, Field(ge=1, le=100000)] = 3
    factors: Factors = Field(default_factory=Factors)

    @field_validator("plan_years")
    @classmethod
    def _years_follow(cls, years: tuple[int, ...]) -> tuple[int, ...]:
        if years != tuple(range(years[0], years[0] + len(years))):
            raise PydanticCustomError("years_gap", "plan years do not follow each other")
        return years

    @model_validator(mode="after")
    def _one_datum(self) -> "BookSettings":
        if self.converted_from and self.datum in ("GCJ02", "BD09"):
            raise PydanticCustomError("two_datums", "converted_from with a datum that is still to be converted")
        return self

    @property
    def horizon_end(self) -> int:
        """The last year for which later costs are counted."""
        return self.plan_years[-1] + self.horizon_years


def first_settings(today: datetime.date) -> BookSettings:
    """What a new book says until its owner changes it."""
    years = tuple(range(today.year + 1, today.year + 4))
    return BookSettings(title="新建清单簿", plan_years=years, as_of=today, data_kind="real")


def settings_of(
    told: Mapping[str, Any], row_of: Callable[[tuple[str, ...]], int] = lambda path: 0
) -> tuple[BookSettings | None, list[Fault]]:
    """The settings in a mapping shaped like `book.toml`, or all its faults.

    `row_of` gives the line of a key, so that a fault can name it.
    """
    try:
        return BookSettings.model_validate(dict(told)), []
    except pydantic.ValidationError as error:
        return None, [_fault(dict(problem), row_of) for problem in error.errors(include_url=False)]


def _fault(problem: dict[str, Any], row_of: Callable[[tuple[str, ...]], int]) -> Fault:
    path = tuple(str(part) for part in problem["loc"] if isinstance(part, str))
    if problem["type"] == "two_datums":
        path = ("converted_from",)
    words = fault_words(problem, path)
    value = problem["input"]
    missing = problem["type"] == "missing"
    shown = "" if missing or isinstance(value, dict) else str(list(value) if isinstance(value, tuple) else value)
    return Fault(SETTINGS, 0 if missing else row_of(path), ".".join(path), shown, *words)


def read_settings(text: str) -> tuple[dict[str, Any], BookSettings | None, list[Fault]]:
    """The text of `book.toml` as a mapping and as settings, with its faults."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return {}, None, [
            Fault(
                SETTINGS, int(line[1]) if line else 0, "", "",
                "这一行不是合法的 TOML", f"this is not TOML ({error})",
                "写成 键 = 值,文字加英文双引号", "write key = value, with text in double quotes",
            )
        ]  # fmt: skip
    settings, faults = settings_of(told, lambda path: _line_of(text, path))
    return told, settings, faults


def _line_of(text: str, path: tuple[str, ...]) -> int:
    """The line on which a key stands, or the last line that belongs to the longest known part of it."""
    section: tuple[str, ...] = ()
    best = (0, 0)
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([A-Za-z0-9_.\s-]+)\]", line)
        key = re.match(r"\s*([A-Za-z0-9_.-]+|\"[^\"]+\")\s*=", line)
        if header:
            section = tuple(part.strip() for part in header[1].split("."))
            here = section
        elif key:
            here = (*section, *key[1].strip('"').split("."))
        else:
            continue
        if here == path[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1]


def settings_toml(settings: BookSettings, *, comments: bool = False) -> str:
    """The settings as TOML in one canonical form, with an explanation before each key if asked for."""
    lines: list[str] = []
    for path, value in flat_settings(settings):
        section, key = path[:-1], path[-1]
        if section and f"[{'.'.join(section)}]" not in lines:
            lines += ["", f"[{'.'.join(section)}]"]
        if comments and ".".join(path) in HELP:
            name, text_zh, text_en = HELP[".".join(path)]
            lines.append(f"# {name}：{text_zh} | {text_en}")
        lines.append(f"{key} = {toml_text(value)}")
    return "\n".join(lines) + "\n"


def flat_settings(settings: BookSettings) -> list[tuple[tuple[str, ...], Any]]:
    """Every key that has a value, sections written out as paths, in the order of the model."""
    flat: list[tuple[tuple[str, ...], Any]] = []

    def walk(path: tuple[str, ...], values: Mapping[str, Any]) -> None:
        plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
        flat.extend(((*path, key), value) for key, value in plain.items() if value is not None)
        for key, value in values.items():
            if isinstance(value, Mapping):
                walk((*path, key), value)

    walk((), settings.model_dump())
    return flat


def toml_text(value: Any) -> str:
    """One value in TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case datetime.date():
            return value.isoformat()
        case str():
            return '"' + "".join(_escaped(character) for character in value) + '"'
        case _:
            return "[" + ", ".join(toml_text(item) for item in value) + "]"


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    return f"\\u{ord(character):04X}" if ord(character) < 32 or ord(character) == 127 else character
