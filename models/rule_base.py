"""What every rule of a scenario has: a kind, a name, a sentence for people; and the filters that many share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from .settings import PROGRAMMES

if TYPE_CHECKING:
    from .rule_context import RuleContext

Names = Mapping[str, str]
"""Chinese names of codes (places, types, funds, programmes) for sentences; a code without one stays as it is."""

NO_NAMES: Names = {}

FILTERS = (
    "service_types", "programmes", "national", "cities", "counties", "streets", "communities", "departments",
    "groups", "years", "needs", "funds",
)  # fmt: skip

EACH_ZH = {
    "city": "设区市", "county": "县区", "street": "街道", "community": "社区", "department": "部门",
    "programme": "工程", "year": "年度", "group": "服务人群", "national": "专项", "fund": "资金来源",
}  # fmt: skip

GROUPS_ZH = {
    "all": "全体居民", "elders": "老年人", "children": "儿童", "children_0_3": "0至3岁儿童", "car_owners": "有车居民",
    "ebike_owners": "电动自行车居民", "disabled": "残疾人",
}  # fmt: skip

PROGRAMMES_ZH = {
    "resilience": "韧性工程", "facilities": "设施工程", "green": "绿色工程", "smart": "智慧工程",
    "governance": "治理工程",
}  # fmt: skip


def invalid(zh: str, en: str) -> PydanticCustomError:
    """A fault of a whole table of the file, in both languages."""
    return PydanticCustomError("told", "{en}", {"zh": zh, "en": en})


def _exact(value: object) -> Decimal:
    """An amount of 万元 with at most four decimals, so whole yuan."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("decimal_type", "not a number")
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0 or amount > 10**8:
        raise PydanticCustomError("amount_range", "out of range")
    if amount * 10_000 != (amount * 10_000).to_integral_value():
        raise PydanticCustomError("amount_decimals", "too many decimals")
    return amount


def one_or_more(value: object) -> object:
    """A single code as a list of one."""
    return (value,) if isinstance(value, str) else value


Wan = Annotated[Decimal, BeforeValidator(_exact)]
"""Money in 万元, exact."""

Texts = tuple[Annotated[StrictStr, Field(min_length=1)], ...]
OneOrMore = Annotated[Texts, BeforeValidator(one_or_more), Field(min_length=1)]
"""A list of codes; a single code may stand without brackets."""

CityCode = Annotated[StrictStr, Field(pattern=r"^[0-9]{4}$")]
CountyCode = Annotated[StrictStr, Field(pattern=r"^[0-9]{6}$")]
StreetCode = Annotated[StrictStr, Field(pattern=r"^[0-9]{9}$")]
Percent = Annotated[StrictInt, Field(ge=0, le=100)]
Count = Annotated[StrictInt, Field(ge=0, le=10**9)]
Year = Annotated[StrictInt, Field(ge=1900, le=2100)]
Each = Literal["city", "county", "street", "community", "department", "programme", "year", "group", "national", "fund"]
Bound = Literal["floor", "ceiling"]


def yuan(amount: Decimal) -> int:
    """Whole yuan of an amount in 万元."""
    return int(amount * 10_000)


class Part(BaseModel):
    """A table of the file; keys that it does not know are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleBase(Part):
    """One rule; subclasses add what it wants and how it becomes rows."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=80)]
    note: StrictStr = ""

    def sentence(self, names: Names = NO_NAMES) -> str:
        """What the rule does, in one Chinese sentence."""
        raise NotImplementedError

    def rows(self, context: RuleContext) -> None:
        """Add the rows and columns of the rule to the program."""
        raise NotImplementedError


class FilteredRule(RuleBase):
    """A rule that speaks of the components in a filter; an empty list lets everything in."""

    forbidden_filters: ClassVar[tuple[str, ...]] = ()
    forbidden_each: ClassVar[tuple[str, ...]] = ()

    service_types: Texts = ()
    programmes: tuple[Literal["resilience", "facilities", "green", "smart", "governance"], ...] = ()
    national: Texts = ()
    cities: tuple[CityCode, ...] = ()
    counties: tuple[CountyCode, ...] = ()
    streets: tuple[StreetCode, ...] = ()
    communities: Texts = ()
    departments: Texts = ()
    groups: tuple[
        Literal["all", "elders", "children", "children_0_3", "car_owners", "ebike_owners", "disabled"], ...
    ] = ()
    years: tuple[Year, ...] = ()
    needs: Texts = ()
    funds: Texts = ()
    each: tuple[Each, ...] = ()

    @model_validator(mode="after")
    def _filters_fit(self) -> FilteredRule:
        wrong = [name for name in self.forbidden_filters if getattr(self, name)]
        if wrong:
            raise invalid(
                f"这类规则不能用 {'、'.join(wrong)} 筛选", f"this kind of rule has no filter {', '.join(wrong)}"
            )
        wrong = [name for name in self.forbidden_each if name in self.each]
        if wrong:
            raise invalid(
                f"这类规则不能逐{'、'.join(EACH_ZH[name] for name in wrong)}", f"each may not hold {', '.join(wrong)}"
            )
        if len(set(self.each)) != len(self.each):
            raise invalid("each 有重复", "each names something twice")
        return self

    def scope(self, names: Names = NO_NAMES) -> str:
        """The filter in Chinese words, for sentences."""
        known = {**PROGRAMMES_ZH, **GROUPS_ZH, **names}
        parts = []
        for name, before, after in (
            ("cities", "", ""), ("counties", "", ""), ("streets", "", ""), ("communities", "社区", ""),
            ("years", "", "年"), ("departments", "", ""), ("funds", "资金", ""), ("programmes", "", ""), ("national", "计入", "的"),
            ("service_types", "", ""), ("groups", "服务", "的"), ("needs", "需求", ""),
        ):  # fmt: skip
            values = [known.get(str(value), str(value)) for value in getattr(self, name)]
            if values:
                shown = "、".join(values[:6]) + (f"等{len(values)}项" if len(values) > 6 else "")
                parts.append(f"{before}{shown}{after}")
        place = "、".join(f"每个{EACH_ZH[name]}" for name in self.each)
        return (f"{place}内," if place else "") + ("".join(f"{part} " for part in parts).strip() or "全部")


assert tuple(PROGRAMMES_ZH) == PROGRAMMES
