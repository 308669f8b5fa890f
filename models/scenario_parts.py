"""The parts of a scenario that change numbers of the book: goal, factors, budgets, ceilings, quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, StrictInt, StrictStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .rule_base import Count, Part, Texts, Wan, Year, invalid
from .settings import PROGRAMMES, Points, Weight

PercentOfCost = Annotated[StrictInt, Field(ge=1, le=1000)]
PercentOfBook = Annotated[StrictInt, Field(ge=0, le=10_000)]
WHY = ("reason", "basis")
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


FACTORS = tuple(_Weights.model_fields)
"""The factors that a scenario may change."""


class ChangedFactors(_Weights):
    """Factors that replace those of `book.toml`; what is left out stays as the book has it.

    `reason` and `basis` say, factor by factor, why and on what document; one text stands for all factors named.
    """

    reason: Mapping[str, StrictStr] = Field(default_factory=dict)
    basis: Mapping[str, StrictStr] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_text_for_all(cls, told: Any) -> Any:
        if not isinstance(told, Mapping):
            return told
        named = [name for name in FACTORS if told.get(name) not in (None, {})]
        whole = {key: dict.fromkeys(named, told[key]) for key in WHY if isinstance(told.get(key), str)}
        return {**told, **whole}

    @model_validator(mode="after")
    def _why_of_a_factor(self) -> ChangedFactors:
        changed = [name for name in FACTORS if getattr(self, name) not in (None, {})]
        for name in (*self.reason, *self.basis):
            if name not in changed:
                raise invalid(
                    f"这里没有改 {name},却写了它的理由或依据", f"reason or basis of {name}, which is not changed here"
                )
        return self


class Founded(Part):
    """A part that says why it is there (`reason`) and on what document it rests (`basis`, 依据)."""

    reason: StrictStr = ""
    basis: StrictStr = ""


class Override(_Weights, Founded):
    """Other factors in some places; of several that fit a place the last one counts, factor by factor."""

    places: Annotated[tuple[Place, ...], Field(min_length=1)]


class BudgetChange(Founded):
    """Changed budgets of some funds (ids or fund types) in some years: percent of the book's, or a new amount."""

    funds: Texts = ()
    years: tuple[Year, ...] = ()
    percent: PercentOfBook | None = None
    amount: Wan | None = None

    @model_validator(mode="after")
    def _one_change(self) -> BudgetChange:
        return _one(self, "percent", "amount")


class CeilingChange(Founded):
    """Changed ceilings of later costs of some payers."""

    payers: Texts = ()
    years: tuple[Year, ...] = ()
    percent: PercentOfBook | None = None
    amount: Wan | None = None

    @model_validator(mode="after")
    def _one_change(self) -> CeilingChange:
        return _one(self, "percent", "amount")


class QuotaChange(Founded):
    """A changed number of a policy."""

    policy: Annotated[StrictStr, Field(min_length=1)]
    years: tuple[Year, ...] = ()
    number: Count


_P = TypeVar("_P", bound=Part)


def _one(part: _P, first: str, second: str) -> _P:
    if (getattr(part, first) is None) == (getattr(part, second) is None):
        raise invalid(f"{first} 与 {second} 须写一个且只写一个", f"exactly one of {first} and {second} is needed")
    return part
