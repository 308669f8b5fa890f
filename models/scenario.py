"""The scenario (`scenario.toml`): under which conditions, changes and policy rules a book is solved."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pydantic
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .faults import BookError, Fault
from .rule_base import Count, Part, Texts, Wan, Year, invalid
from .rules import Rule
from .scenario_words import TABLE, KeyLines, fault_of, not_toml
from .settings import PROGRAMMES, BookSettings, Points, Weight, toml_text

PercentOfCost = Annotated[StrictInt, Field(ge=1, le=1000)]
PercentOfBook = Annotated[StrictInt, Field(ge=0, le=10_000)]
Place = Annotated[StrictStr, Field(pattern=r"^(?:[0-9]{4}|[0-9]{6}|[0-9]{9})$")]


class Goal(Part):
    """What the plan is to reach: in order of weight, benefit alone, least cost for a target, or the smallest county."""

    kind: Literal["lexicographic", "benefit", "least_cost", "smallest_county"] = "lexicographic"
    target: Count = 0

    @model_validator(mode="after")
    def _target_where_used(self) -> Goal:
        if self.kind == "least_cost" and self.target == 0:
            raise invalid("最省费用须写要达到的 target 分值", "least_cost needs a target")
        if self.kind != "least_cost" and self.target:
            raise invalid("target 只对 least_cost 有用", "target goes with least_cost alone")
        return self


class _Weights(Part):
    cost_percent: PercentOfCost | None = None
    programme_weight: Mapping[str, Weight] = Field(default_factory=dict)
    repeat_years: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    level_worth: tuple[Points, Points, Points, Points] | None = None
    discount_percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None

    @field_validator("level_worth")
    @classmethod
    def _levels_rise(cls, worth: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if worth is not None and list(worth) != sorted(worth):
            raise PydanticCustomError("levels_fall", "a better level is worth less")
        return worth

    @field_validator("programme_weight")
    @classmethod
    def _known_programmes(cls, weight: Mapping[str, int]) -> Mapping[str, int]:
        for name in weight:
            if name not in PROGRAMMES:
                raise PydanticCustomError("unknown_name", "unknown", {"name": name, "known": ";".join(PROGRAMMES)})
        return {name: weight[name] for name in PROGRAMMES if name in weight}


class ChangedFactors(_Weights):
    """Factors that replace those of `book.toml`; what is left out stays as the book has it."""


class Override(_Weights):
    """Other factors in some places; of several that fit a place the last one counts, factor by factor."""

    places: Annotated[tuple[Place, ...], Field(min_length=1)]


class BudgetChange(Part):
    """Changed budgets of some funds (ids or fund types) in some years: percent of the book's, or a new amount."""

    funds: Texts = ()
    years: tuple[Year, ...] = ()
    percent: PercentOfBook | None = None
    amount: Wan | None = None

    @model_validator(mode="after")
    def _one_change(self) -> BudgetChange:
        return _one(self, "percent", "amount")


class CeilingChange(Part):
    """Changed ceilings of later costs of some payers."""

    payers: Texts = ()
    years: tuple[Year, ...] = ()
    percent: PercentOfBook | None = None
    amount: Wan | None = None

    @model_validator(mode="after")
    def _one_change(self) -> CeilingChange:
        return _one(self, "percent", "amount")


class QuotaChange(Part):
    """A changed number of a policy."""

    policy: Annotated[StrictStr, Field(min_length=1)]
    years: tuple[Year, ...] = ()
    number: Count


_P = TypeVar("_P", bound=Part)


def _one(part: _P, first: str, second: str) -> _P:
    if (getattr(part, first) is None) == (getattr(part, second) is None):
        raise invalid(f"{first} 与 {second} 须写一个且只写一个", f"exactly one of {first} and {second} is needed")
    return part


@dataclass(frozen=True, slots=True)
class PlaceFactors:
    """The factors that hold in one place, all filled."""

    cost_percent: int
    programme_weight: Mapping[str, int]
    level_worth: tuple[int, int, int, int]
    discount_percent: int
    repeat_years: int


class Scenario(Part):
    """Conditions, changed numbers and policy rules; `Scenario()` changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    title: StrictStr = ""
    unconfirmed_sites: StrictBool = False
    assume_consent: StrictBool = False
    most_packages: Annotated[StrictInt, Field(ge=1, le=10)] = 2
    objective: Goal = Field(default_factory=Goal)
    factors: ChangedFactors = Field(default_factory=ChangedFactors)
    overrides: tuple[Override, ...] = Field(default=(), alias="override")
    budgets: tuple[BudgetChange, ...] = Field(default=(), alias="budget")
    ceilings: tuple[CeilingChange, ...] = Field(default=(), alias="ceiling")
    quotas: tuple[QuotaChange, ...] = Field(default=(), alias="quota")
    rules: tuple[Rule, ...] = Field(default=(), alias="rule")

    @model_validator(mode="after")
    def _names_differ(self) -> Scenario:
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise invalid(f"规则重名:{'、'.join(twice)}", f"rules of the same name: {', '.join(twice)}")
        if sum(rule.kind == "pilots" for rule in self.rules) > 1:
            raise invalid("试点规则只能有一条", "there may be only one rule on pilots")
        return self

    def factors_at(self, settings: BookSettings, city: str, county: str, street: str | None = None) -> PlaceFactors:
        """The factors in one place: the book's, replaced by `[factors]`, then by each fitting `[[override]]` in turn."""
        book = settings.factors
        weight = {**book.programme_weight, **self.factors.programme_weight}
        cost = _chosen(self.factors.cost_percent, 100)
        repeat = _chosen(self.factors.repeat_years, book.repeat_years)
        worth = self.factors.level_worth or book.level_worth
        discount = _chosen(self.factors.discount_percent, book.discount_percent)
        for override in self.overrides:
            if {city, county, street} & set(override.places):
                weight |= override.programme_weight
                cost = _chosen(override.cost_percent, cost)
                repeat = _chosen(override.repeat_years, repeat)
                worth = override.level_worth or worth
                discount = _chosen(override.discount_percent, discount)
        return PlaceFactors(
            cost_percent=cost,
            programme_weight=weight,
            level_worth=worth,
            discount_percent=discount,
            repeat_years=repeat,
        )

    @property
    def selects_pilots(self) -> bool:
        """Whether the run chooses the pilots itself."""
        return any(rule.kind == "pilots" and rule.mode == "select" for rule in self.rules)

    def text(self) -> str:
        """The canonical TOML: every value that is not the default, in the order of the model."""
        return scenario_toml(self)

    def digest(self) -> str:
        """SHA-256 of the canonical text; empty for a scenario that changes nothing."""
        text = self.text()
        return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _chosen(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def read_scenario(path: Path | str) -> Scenario:
    """The scenario in a file; a `BookError` lists everything that is wrong with it.

    The `plan` of a rule on changes is meant relative to the folder of the file.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        words = (f"读不出这个文件({reason})", f"the file cannot be read ({reason})", "检查文件和权限", "check the file")
        raise BookError([Fault(TABLE, 0, "", path.name, *words)]) from None
    except UnicodeDecodeError:
        words = ("不是 UTF-8 编码", "not UTF-8", "另存为 UTF-8", "save it as UTF-8")
        raise BookError([Fault(TABLE, 0, "", path.name, *words)]) from None
    return parse_scenario(text, folder=path.parent)


def parse_scenario(text: str, *, folder: Path | None = None) -> Scenario:
    """The scenario in a text; `folder` is where relative paths of earlier plans start."""
    try:
        told = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BookError([not_toml(error)]) from None
    rules = told.get("rule")
    for rule in rules if isinstance(rules, list) and folder is not None else []:
        if isinstance(rule, dict) and rule.get("kind") == "changes" and isinstance(rule.get("plan"), str):
            rule["plan"] = str((folder / rule["plan"]).resolve())
    lines = KeyLines(text)
    # names of the attributes are no keys of the file
    attributes = [key for key in told if key in Scenario.model_fields and Scenario.model_fields[key].alias]
    faults = [fault_of({"type": "extra_forbidden", "loc": (key,), "input": told.pop(key)}, lines) for key in attributes]
    try:
        scenario = Scenario.model_validate(told)
    except pydantic.ValidationError as error:
        found: list[dict[str, Any]] = [dict(problem) for problem in error.errors(include_url=False)]
        places = [problem["loc"] for problem in found]
        # a list with a bad entry counts as too short as well; once is enough
        echoes = [p["type"] == "too_short" and any(q[:-1] == p["loc"] for q in places) for p in found]
        faults += [fault_of(problem, lines) for problem, echo in zip(found, echoes, strict=True) if not echo]
    if faults:
        raise BookError(faults)
    return scenario


def scenario_toml(scenario: Scenario) -> str:
    """A scenario as TOML in one canonical form: what is not the default, in the order of the model."""
    told = scenario.model_dump(by_alias=True, exclude_defaults=True)
    plain = {key: value for key, value in told.items() if not isinstance(value, Mapping | tuple)}
    blocks = [_lines(plain)] if plain else []
    for key, value in told.items():
        if isinstance(value, Mapping):
            blocks.append([f"[{key}]", *_lines(value)])
        elif isinstance(value, tuple):
            blocks += [[f"[[{key}]]", *_lines(entry)] for entry in value]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" if blocks else ""


def _lines(part: Mapping[str, Any]) -> list[str]:
    first = [key for key in ("kind", "name") if key in part]
    order = [*first, *(key for key in part if key not in first)]
    return [f"{key} = {_value(part[key])}" for key in order]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return str(int(whole)) if value == whole else f"{value.normalize():f}"
    return toml_text(value)


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else f'"{key}"'
