"""The catalogue: what is judged, by what it is met, what may go where, and the kinds of money."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import polars as pl

from .book import Book
from .faults import BookError
from .raw_tables import ROW, RawTable, raw_table
from .tables import TABLES, Column, Table, packaged_rows
from .typed_tables import typed_table

programme_zh: Mapping[str, str] = MappingProxyType(
    {
        "resilience": "韧性提升",
        "facilities": "设施提升",
        "green": "绿色发展",
        "smart": "智慧赋能",
        "governance": "治理强基",
    }
)
"""The five programmes (五大工程) by code."""

NATIONAL_PROGRAMMES: Mapping[str, str] = MappingProxyType(
    {
        "complete": "完整社区",
        "embedded": "嵌入式",
        "circle": "便民生活圈",
        "barrier_free": "无障碍",
    }
)
"""National programmes by the code of `listings.programme`, as `service_types.programmes_counted` names them."""

_FUND_TYPE_KINDS = {
    "id": "id",
    "share_cap": "number",
    "unit_subsidy": "sums",
    "min_local_share": "number",
    "needs_revenue_cover": "number",
    "recover_after_years": "int",
    "neighbourhood_built_before": "year",
    "smallest_grant_wan": "money",
    "pilot_only": "yesno",
}
"""Kinds of the columns of the fund types that are not text; shares there are parts of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Typed frames like those of the book: money in whole yuan, radii in metres, areas in m²."""

    service_types: pl.DataFrame
    measures: pl.DataFrame
    uses: pl.DataFrame
    fund_types: pl.DataFrame

    def counted_for(self, programme: str) -> list[str]:
        """The service types that count for a national programme, by its code or Chinese name."""
        name = NATIONAL_PROGRAMMES.get(programme, programme)
        counts = pl.col("programmes_counted").str.split(";").list.contains(name)
        return self.service_types.filter(counts.fill_null(False))["id"].to_list()


def catalogue_of(book: Book) -> Catalogue:
    """The packaged catalogue with the rows of the book in place of those with the same id, and its new rows."""
    packaged = packaged_catalogue()
    return Catalogue(
        service_types=_overlaid(packaged.service_types, book.table("service_types")),
        measures=_overlaid(packaged.measures, book.table("measures")),
        uses=_overlaid(packaged.uses, book.table("uses")),
        fund_types=packaged.fund_types,
    )


def _overlaid(packaged: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    kept = packaged.join(own.select("id"), on="id", how="anti", maintain_order="left")
    return pl.concat([kept, own]).sort("id")


@cache
def packaged_catalogue() -> Catalogue:
    """The catalogue that ships with the package, rows in the order of their ids."""
    frames = {name: _packaged(TABLES[name]) for name in ("service_types", "measures", "uses")}
    return Catalogue(**frames, fund_types=_packaged(_fund_types()))


def _fund_types() -> Table:
    columns = tuple(
        Column(
            table="fund_types", name=name, kind=_FUND_TYPE_KINDS.get(name, "text"), unit="", required=False, choices={},
            refers="", low=None, high=None, name_zh=name, text_zh="", text_en="",
        )
        for name in packaged_rows("fund_types")[0]
    )  # fmt: skip
    return Table("fund_types", "资金类型", columns, "资金类型目录", "Catalogue of fund types")


def _packaged(table: Table) -> pl.DataFrame:
    rows = packaged_rows(table.name)
    headers = list(rows[0])
    raw, faults = raw_table(table, headers, [pl.Series([row[header] for row in rows]) for header in headers])
    frame, wrong = typed_table(RawTable(table, raw.frame), ())
    if faults or wrong:
        raise BookError([*faults, *wrong])
    return frame.drop(ROW).sort("id")
