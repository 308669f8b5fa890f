"""The three lists as people read them (需求清单, 资源清单, 项目清单): Chinese headers, names, money in 万元."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from .book import Book
from .catalogue import programme_zh
from .options import CAMPAIGN, SITE
from .plan import ProjectPlan
from .projects import WORKS
from .reasons import names_of
from .tables import TABLES

TOTAL = "合计"
KIND_ZH = {WORKS: "小区工程", SITE: "场地设施", CAMPAIGN: "一次开挖"}


def shown_wan(amounts: Sequence[int], total: int | None = None) -> list[float]:
    """Yuan as 万元 with two decimals that add up to the shown total; the largest line takes the rounding.

    `total` is the yuan that the lines stand for together, their sum if left out.
    """
    hundreds = [_rounded(amount) for amount in amounts]
    rest = _rounded(sum(amounts) if total is None else total) - sum(hundreds)
    if hundreds and rest:
        hundreds[max(range(len(amounts)), key=lambda place: amounts[place])] += rest
    return [value / 100 for value in hundreds]


def _rounded(yuan: int) -> int:
    return (yuan + 50) // 100


def needs_list(book: Book, needs: pl.DataFrame | None = None) -> pl.DataFrame:
    """The needs list; `needs` is the frame of a check-up, the book's own table if left out."""
    table = TABLES["needs"]
    names = names_of(book)
    frame = book.table("needs") if needs is None else needs
    return frame.sort("community", "service_type", "id").select(
        pl.col("id").alias("需求编号"),
        _named("community", names.communities).alias("社区"),
        _named("neighbourhood", names.neighbourhoods).alias("小区"),
        _named("service_type", names.service_types).alias("服务类型"),
        *(
            _named(column, table.column(column).choices).alias(header)
            for column, header in (("need_class", "类别"), ("judgement", "体检判定"))
        ),
        pl.col("quantity").alias("缺口"),
        pl.col("lots").alias("份数"),
        _named("group_served", table.column("group_served").choices).alias("服务人群"),
        pl.col("people").alias("受影响人数"),
        pl.col("urgency").alias("紧迫度"),
        pl.col("rank").alias("居民排序"),
        pl.when("mandatory").then(pl.lit("是")).otherwise(pl.lit("")).alias("强制"),
        _named("status", table.column("status").choices).alias("状态"),
        pl.col("department").fill_null("").alias("责任部门"),
    )


def _named(column: str, names: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace(dict(names)).fill_null("")


RESOURCES_SCHEMA = {
    "类别": pl.String, "编号": pl.String, "名称": pl.String, "内容": pl.String, "数量": pl.Float64, "单位": pl.String,
    "说明": pl.String,
}  # fmt: skip


def resource_list(book: Book) -> pl.DataFrame:
    """The resource list with its four kinds; money is the sum of the plan years."""
    rows: list[tuple[str, str, str, str, float | None, str, str]] = []
    kinds = TABLES["sites"].column("kind").choices
    for row in book.table("sites").sort("id").iter_rows(named=True):
        sure = "已确认" if row["confirmed_by"] and row["confirmed_on"] else "未确认"
        what = f"{kinds[row['kind']]}·{row['use']}"
        rows.append(("闲置用房用地", row["id"], row["name"], what, float(row["area"]), "m²", sure))
    funds = book.table("funds").sort("id")
    levels = TABLES["funds"].column("level").choices
    carry = TABLES["funds"].column("carry_over").choices
    budgets = [f"budget_{year}" for year in book.years if f"budget_{year}" in funds.columns]
    yuan = [sum(row[name] or 0 for name in budgets) for row in funds.iter_rows(named=True)]
    for row, amount in zip(funds.iter_rows(named=True), shown_wan(yuan), strict=True):
        span = f"{book.years[0]}—{book.years[-1]}年预算"
        rows.append(("资金", row["id"], row["name"], f"{levels[row['level']]}，{span}", amount, "万元",
                     carry[row["carry_over"] or "none"]))  # fmt: skip
    if yuan:
        rows.append(("资金", TOTAL, "", "", shown_wan([sum(yuan)])[0], "万元", ""))
    policies = book.table("policies").sort("id")
    kinds = TABLES["policies"].column("kind").choices
    numbers = [f"number_{year}" for year in book.years if f"number_{year}" in policies.columns]
    for row in policies.iter_rows(named=True):
        told = [row[name] for name in numbers if row[name] is not None]
        rows.append(("政策支持", row["id"], row["name"], kinds[row["kind"]], float(sum(told)) if told else None, "个",
                     row["basis"] or ""))  # fmt: skip
    types = names_of(book)
    for row in book.table("operators").sort("id").iter_rows(named=True):
        number = float(row["number"]) if row["number"] is not None else None
        what = types.types(row["service_types"] or "")
        rows.append(("社会运营", row["id"], row["name"], what, number, "处", "意向运营方式"))
    return pl.DataFrame(rows, schema=RESOURCES_SCHEMA, orient="row")


LEVEL_HEADERS = {
    "central": "中央", "province": "省", "city": "市", "county": "县区", "social": "社会", "owners": "居民",
}  # fmt: skip


def project_list(plan: ProjectPlan, book: Book) -> pl.DataFrame:
    """The project list with what each level of funds pays, and a last line with the totals of what is shown."""
    names = names_of(book)
    county = dict(book.table("communities").select("county_code", "county").unique().iter_rows())
    level = dict(book.table("funds").select("id", "level").iter_rows())
    paid: dict[str, dict[str, int]] = {}
    for project, fund, amount in plan.funding.select("project_id", "fund_id", "amount_yuan").iter_rows():
        mine = paid.setdefault(project, dict.fromkeys(LEVEL_HEADERS, 0))
        mine[level[fund]] += amount
    needs = dict(
        plan.components.filter(pl.col("need_id") != "")
        .group_by("project_id")
        .agg(pl.col("need_id").n_unique())
        .iter_rows()
    )
    operators = _operation(plan, book)
    rows = []
    for row in plan.projects.iter_rows(named=True):
        shares = list(paid.get(row["project_id"], dict.fromkeys(LEVEL_HEADERS, 0)).values())
        rows.append(
            {
                "项目编号": row["project_id"],
                "项目名称": row["name"],
                "类型": KIND_ZH[row["kind"]],
                "县区": county.get(row["county"], row["county"]),
                "社区": names.communities.get(row["community"], row["community"]),
                "工程": "、".join(programme_zh.get(code, code) for code in row["programmes"].split(";")),
                "主管部门": row["department"],
                "意向运营方式": operators.get(row["project_id"], ""),
                "开工年份": row["start_year"],
                "投资（万元）": shown_wan([row["cost_yuan"]])[0],
                **dict(zip((f"{name}（万元）" for name in LEVEL_HEADERS.values()), shown_wan(shares), strict=True)),
                "年运行费（万元）": shown_wan([row["running_cost_yuan"]])[0],
                "解决需求数": needs.get(row["project_id"], 0),
                "项目库": row["store"],
                "理由": row["reason"],
            }
        )
    money = ["投资（万元）", *(f"{name}（万元）" for name in LEVEL_HEADERS.values()), "年运行费（万元）"]
    schema = {
        **dict.fromkeys(
            ("项目编号", "项目名称", "类型", "县区", "社区", "工程", "主管部门", "意向运营方式"), pl.String
        ),
        "开工年份": pl.Int64,
        **dict.fromkeys(money, pl.Float64),
        "解决需求数": pl.Int64,
        **dict.fromkeys(("项目库", "理由"), pl.String),
    }
    frame = pl.DataFrame(rows, schema=schema).sort("开工年份", "县区", "项目编号")
    if frame.is_empty():
        return frame
    total = frame.select(
        pl.lit(TOTAL).alias("项目编号"), *(pl.col(name).sum().round(2) for name in money), pl.col("解决需求数").sum()
    )
    return pl.concat([frame, total], how="diagonal")


def _operation(plan: ProjectPlan, book: Book) -> dict[str, str]:
    """The intended type of operation of each project; never a company."""
    named = {"own": "自营", **dict(book.table("operators").select("id", "name").iter_rows())}
    modules = plan.components.filter((pl.col("need_id") == "") & (pl.col("operation_type") != ""))
    out: dict[str, list[str]] = {}
    for project, operation in modules.select("project_id", "operation_type").iter_rows():
        words = out.setdefault(project, [])
        if named.get(operation, operation) not in words:
            words.append(named.get(operation, operation))
    return {project: "、".join(words) for project, words in out.items()}
