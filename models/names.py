"""Chinese names of everything that sentences and rows speak of."""

from __future__ import annotations

import polars as pl

from .book import Book
from .rule_base import PROGRAMMES_ZH, Names
from .tables import packaged_rows


def names_of(book: Book) -> Names:
    """Names of places, service types, measures, funds, sites, policies, operators and programmes, by code."""
    communities = book.table("communities")
    names = dict(PROGRAMMES_ZH)
    for table, column in (("service_types", "name_zh"), ("measures", "name_zh")):
        names |= {row["id"]: row[column] for row in packaged_rows(table)}
        names |= dict(book.table(table).select("id", column).iter_rows())
    for code, name in (("city_code", "city"), ("county_code", "county"), ("street_code", "street"), ("id", "name")):
        told = communities.filter(pl.col(code).is_not_null() & pl.col(name).is_not_null())
        names |= dict(told.select(code, name).unique(subset=code, keep="first", maintain_order=True).iter_rows())
    for table in ("sites", "funds", "policies", "operators"):
        names |= dict(book.table(table).select("id", "name").iter_rows())
    return names
