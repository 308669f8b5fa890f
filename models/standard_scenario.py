"""A scenario to start from: moderate rules that a book of usual shape can keep, and that bind."""

from __future__ import annotations

import polars as pl

from .book import Book

_TEXT = """\
title = "基准方案"

[objective]
kind = "lexicographic"

[[rule]]
kind = "money"
name = "韧性工程不少于所用资金的15%"
bound = "floor"
share = 15
of = "used"
programmes = ["resilience"]

[[rule]]
kind = "money"
name = "绿色工程不少于所用资金的5%"
bound = "floor"
share = 5
of = "used"
programmes = ["green"]

[[rule]]
kind = "met"
name = "各县区有办法的需求解决不少于10%"
share = 10
reachable = true
each = ["county"]

[[rule]]
kind = "number"
name = "每个街道每年开工不超过20项"
bound = "ceiling"
number = 20
each = ["street", "year"]

[[rule]]
kind = "number"
name = "每个部门每年开工不超过{capacity}项"
bound = "ceiling"
number = {capacity}
each = ["department", "year"]

[[rule]]
kind = "dig_once"
name = "管线同沟同期开挖"
service_types = ["R02", "R03", "G03"]
saving = 8
fixed = 2
"""

_PILOTS = """
[[rule]]
kind = "pilots"
name = "试点第一年各项工程先行"
mode = "listed"
"""

_COMPLETE = """
[[rule]]
kind = "complete"
name = "至少建成{number}个完整社区"
number = {number}
"""

WORKS_A_COMMUNITY = 0.3
"""What one department can start a year, in works a community of the book."""

COMMUNITIES_A_COMPLETE_ONE = 100
"""One complete community is asked for in so many."""


def standard_scenario(book: Book) -> str:
    """The text of a scenario for this book: money by programme, need met by county, capacity, pilots.

    Capacities and the number of complete communities grow with the number of communities.
    """
    communities = book.table("communities").height
    capacity = max(10, round(WORKS_A_COMMUNITY * communities))
    text = _TEXT.format(capacity=capacity)
    listed = book.table("listings").filter(pl.col("programme") == "good_pilot").height
    if listed or book.table("communities")["pilot_category"].drop_nulls().len():
        text += _PILOTS
    complete = communities // COMMUNITIES_A_COMPLETE_ONE
    if complete:
        text += _COMPLETE.format(number=complete)
    return text
