"""The scenario (`scenario.toml`): under which conditions, changes and policy rules a book is solved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from .rule_base import Part, invalid
from .rules import Rule
from .scenario_parts import BudgetChange, CeilingChange, ChangedFactors, Goal, Override, QuotaChange
from .scenario_text import scenario_toml
from .settings import BookSettings

__all__ = [
    "BudgetChange", "CeilingChange", "ChangedFactors", "Goal", "Override", "PlaceFactors", "QuotaChange", "Scenario",
    "parse_scenario", "read_scenario", "scenario_toml",
]  # fmt: skip


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


def read_scenario(path: Path | str, *, own: str | None = None) -> Scenario:
    """The scenario in a file, with what it inherits by `extends`; a `BookError` lists everything that is wrong.

    `own` is the text of the book's own scenario, for a file that extends it. The `plan` of a rule on changes is
    meant relative to the folder of the file that names it.
    """
    from .scenario_reading import read_layers  # late: reading needs the model, callers only these two verbs

    return read_layers(path, own=own).scenario


def parse_scenario(text: str, *, folder: Path | None = None) -> Scenario:
    """The scenario in a text; `folder` is where relative paths of earlier plans and of `extends` start."""
    from .scenario_reading import parse_layers

    return parse_layers(text, folder=folder).scenario
