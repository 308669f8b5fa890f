"""What a check-up changed in the needs list, and why, in words."""

import polars as pl

from .needs_update import NEED_COLUMNS, severity
from .standards import PARTS, parts
from .tables import TABLES

CHANGES_SCHEMA = {"need": pl.String, "what": pl.String, "from": pl.String, "to": pl.String, "reason": pl.String}

_JUDGEMENTS = dict(TABLES["needs"].column("judgement").choices)
_STATUSES = dict(TABLES["needs"].column("status").choices)
_OWN = [name for name in NEED_COLUMNS if name not in ("id", "community", "neighbourhood", "service_type")]


def changes_of(rows: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    """One row for every need that is new, back, closed, raised, lowered, kept unconfirmed or otherwise updated.

    A need that changed in a check-up that credited finished works has a row `credited` as well. Nothing of a
    complaint but its number is told.
    """
    worse, before = severity(pl.col("judgement")), severity(pl.col("old_judgement"))
    amount, old_amount = parts(pl.col("quantity")), parts(pl.col("old_quantity"))
    steps = [
        (worse, before),
        (amount, old_amount),
        (pl.col("urgency"), pl.col("old_urgency")),
        (pl.col("people"), pl.col("old_people")),
    ]
    moved = pl.lit(0)
    for new, old in reversed(steps):
        moved = pl.when(new > old).then(1).when(new < old).then(-1).otherwise(moved)
    altered = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in _OWN)
    case = pl.col("case")
    what = (
        pl.when(case.is_in(["new", "again"]))
        .then(pl.lit("new"))
        .when(case == "rebound")
        .then(pl.lit("rebound"))
        .when(case.is_in(["done", "off"]))
        .then(pl.lit("closed"))
        .when((case == "found") & (moved > 0))
        .then(pl.lit("raised"))
        .when((case == "found") & (moved < 0))
        .then(pl.lit("lowered"))
        .when(case == "unsure")
        .then(pl.lit("kept"))
        .when(altered | pl.col("dated"))
        .then(pl.lit("updated"))
    )
    told = rows.with_columns(what=what).filter(pl.col("what").is_not_null())
    plain = told.select(
        need="id",
        what="what",
        **{"from": pl.when(~case.is_in(["new"])).then(_state("old_")).otherwise(pl.lit(""))},
        to=_state(""),
        reason=_reason(case, pl.col("what")),
    )
    used = credits.filter("used").group_by("community", "service_type").agg(projects=pl.col("project").unique().sort())
    credited = (
        told.filter(pl.col("credit") > 0, pl.col("what") != "kept")
        .join(used, on=["community", "service_type"], how="left")
        .select(
            need="id",
            what=pl.lit("credited"),
            **{"from": pl.lit("")},
            to=_number(pl.col("credit")),
            reason=pl.format("完工项目计入底数:{}", pl.col("projects").list.join("、").fill_null("")),
        )
    )
    return pl.concat([plain.cast(CHANGES_SCHEMA), credited.cast(CHANGES_SCHEMA)]).sort("need", "what")  # type: ignore[arg-type]


def _state(prefix: str) -> pl.Expr:
    return pl.format(
        "{} {} 紧迫度{} {}",
        pl.col(f"{prefix}judgement").replace_strict(_JUDGEMENTS, default=""),
        _number(parts(pl.col(f"{prefix}quantity"))),
        pl.col(f"{prefix}urgency"),
        pl.col(f"{prefix}status").replace_strict(_STATUSES, default=""),
    )


def _number(amount: pl.Expr) -> pl.Expr:
    whole = (amount // PARTS).cast(pl.String)
    return pl.when(amount % PARTS == 0).then(whole).otherwise((amount / PARTS).cast(pl.String))


def _reason(case: pl.Expr, what: pl.Expr) -> pl.Expr:
    judgement = pl.col("judgement")
    found = (
        pl.when(judgement.is_in(["none", "short"]) & (pl.col("metric_kind") == "defect"))
        .then(pl.when(judgement == "none").then(pl.lit("问题超过第一级界限")).otherwise(pl.lit("仍有问题未解决")))
        .when(judgement == "none")
        .then(pl.lit("服务半径内没有,或不足第一级界限"))
        .when(judgement == "short")
        .then(pl.lit("数量低于标准"))
        .otherwise(pl.format("质量得分或每千人诉求未达标(近一年诉求{}件)", pl.col("complaints").fill_null(0)))
    )
    return (
        pl.when(case == "off")
        .then(pl.lit("不适用"))
        .when((case == "done") & (judgement == "met"))
        .then(pl.lit("三级均达标"))
        .when(case == "done")
        .then(pl.lit("数量已达标,好不好未采集"))
        .when(case == "unsure")
        .then(pl.lit("未采集或未再判定,需求保留"))
        .when(case == "rebound")
        .then(pl.concat_str(pl.lit("销号后六个月内反弹:"), found))
        .when(case == "again")
        .then(pl.concat_str(pl.lit("销号后再次出现:"), found))
        .when((what == "updated") & pl.col("dated"))
        .then(pl.format("销号日期未填,按体检日期{}记", pl.col("closed_on")))
        .when(what == "updated")
        .then(pl.lit("状态、排序或说明更新"))
        .otherwise(found)
    )
