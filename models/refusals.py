"""Why a need has no option: one code, by the first condition that removed its last candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from .matching_ground import Ground
from .options import REFUSALS_SCHEMA
from .site_rules import CHECKS

RENEWED: Final = "已改造未满年限"
ELSEWHERE: Final = "应由其他渠道解决"
NO_CONSENT: Final = "民意未达到"
NO_SITE: Final = "资源未落实"
NOT_ELIGIBLE: Final = "不符合资金条件"
NO_MONEY: Final = "财力不足"
CODES: Final = (RENEWED, ELSEWHERE, NO_CONSENT, NO_SITE, NOT_ELIGIBLE, NO_MONEY)

_LAND, _HOUSING, _FINANCE = "自然资源", "住房城乡建设", "财政"

_STEPS: Final[Mapping[str, tuple[str, str]]] = {
    RENEWED: ("所在小区近年已改造过同一内容,尚未满不重复年限", "满年限后重新体检;确有隐患的按强制需求申报"),
    ELSEWHERE: ("措施目录中没有能提高现状水平的措施", "由主管部门通过其他渠道解决,或在书中增列措施"),
    NO_CONSENT: ("没有达到措施所需居民同意比例的协商记录,或有未处理的异议", "由社区组织协商表决并登记结果"),
    NOT_ELIGIBLE: ("没有一组资金既允许支持这项内容又能合计到全部费用", "核对各项资金的支持范围和比例,或争取新的资金"),
    NO_MONEY: ("各开工年份的付款年度都没有可用的预算", "在相应年度安排预算,或调整付款进度"),
}
_SITE_STEPS: Final[Mapping[str, tuple[str, str, str]]] = {
    "none": ("服务半径内没有登记的闲置用房用地", "排查并登记附近的闲置用房用地", _LAND),
    "listed": ("附近用房用地的现状用途不允许设置这类服务", "寻找其他用房用地,或申请用途变更", _LAND),
    "kind": ("附近用房用地的类别不合(用房、独立建筑或用地)", "寻找类别相符的用房用地", _LAND),
    "use": ("附近用房用地须变更用途,而没有相应的许可政策", "办理用途变更,或申请一事一议许可", _LAND),
    "floor": ("附近用房的楼层、电梯或排烟条件不符", "加装电梯或烟道,或改用首层用房", _HOUSING),
    "safe": ("附近用房的结构鉴定或消防评估不合格", "加固整改后重新鉴定", _HOUSING),
    "area": ("附近用房用地的可用面积小于最小规模", "整合相邻用房用地,或改选较小规模的措施", _HOUSING),
    "confirmed": ("附近有合适的用房用地,但尚未经部门确认", "由主管部门确认并登记文号", _LAND),
    "years": ("附近用房用地在规划期内可用年限不足,或来不及变更用途", "延长使用期限,或提前办理用途变更", _LAND),
    "amount": ("附近用房用地容不下缺口的规模", "分处安排,或寻找更大的用房用地", _HOUSING),
}
_ORDER: Final = ("none", "listed", *CHECKS, "amount")


def refusals(
    ground: Ground, stages: Mapping[str, pl.Series], reached: pl.DataFrame, fits: pl.DataFrame
) -> pl.DataFrame:
    """Needs without an option, by id.

    `stages` has for each code the needs that still had a candidate after that condition, in the order of
    `CODES`; whoever is in the last of them has an option. `reached` are sites in reach, `fits` their conditions.
    """
    needs = ground.needs.select("need", "id", "department")
    answered = stages["option"]
    left = needs.filter(~pl.col("need").is_in(answered.implode()))
    if left.is_empty():
        return pl.DataFrame(schema=REFUSALS_SCHEMA)
    code = pl.lit(CODES[-1])
    for name in reversed(CODES[:-1]):
        code = pl.when(pl.col("need").is_in(stages[name].implode())).then(code).otherwise(pl.lit(name))
    left = left.with_columns(code=code).with_columns(
        detail=pl.col("code").replace_strict(
            {c: s[0] for c, s in _STEPS.items()}, default=None, return_dtype=pl.String
        ),
        next_step=pl.col("code").replace_strict(
            {c: s[1] for c, s in _STEPS.items()}, default=None, return_dtype=pl.String
        ),
        unit_responsible=pl.when(pl.col("code").is_in([NOT_ELIGIBLE, NO_MONEY]))
        .then(pl.lit(_FINANCE))
        .otherwise("department"),
    )
    lacking = left.filter(pl.col("code") == NO_SITE)
    if len(lacking):
        why = _site_reasons(lacking.select("need"), reached, fits)
        told = {name: place for place, name in enumerate(("detail", "next_step", "unit_responsible"))}
        left = left.join(why, on="need", how="left").with_columns(
            pl.when(pl.col("why").is_not_null())
            .then(
                pl.col("why").replace_strict(
                    {reason: words[place] for reason, words in _SITE_STEPS.items()},
                    default=None,
                    return_dtype=pl.String,
                )
            )
            .otherwise(pl.col(name))
            .alias(name)
            for name, place in told.items()
        )
    return left.rename({"need": "number", "id": "need"}).select(*REFUSALS_SCHEMA).sort("need")


def _site_reasons(needs: pl.DataFrame, reached: pl.DataFrame, fits: pl.DataFrame) -> pl.DataFrame:
    """For each need the condition at which the site that came farthest failed."""
    tried = needs.join(reached, on="need", how="left").join(
        fits.select("site", "m", *(f"ok_{name}" for name in CHECKS)), on=["site", "m"], how="left"
    )
    # the number of conditions that a site passed before the first that it did not
    passed = pl.lit(_ORDER.index("amount"))
    for name in reversed(CHECKS):
        passed = pl.when(pl.col(f"ok_{name}")).then(passed).otherwise(pl.lit(_ORDER.index(name)))
    passed = pl.when(pl.col(f"ok_{CHECKS[0]}").is_null()).then(pl.lit(_ORDER.index("listed"))).otherwise(passed)
    passed = pl.when(pl.col("site").is_null()).then(pl.lit(_ORDER.index("none"))).otherwise(passed)
    farthest = tried.with_columns(passed=passed).group_by("need").agg(pl.col("passed").max())
    names = dict(enumerate(_ORDER))
    return farthest.select("need", pl.col("passed").replace_strict(names, return_dtype=pl.String).alias("why"))
