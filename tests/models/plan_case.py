"""A small synthetic book and what matching would make of it, written by hand: two needs, a site, four funds."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl
from qingdan.models.book import Book
from qingdan.models.options import (
    DRAWS_SCHEMA,
    EMERGENCY,
    FACILITIES_SCHEMA,
    NEEDS_SCHEMA,
    OPENINGS_SCHEMA,
    OPTIONS_SCHEMA,
    PACKAGES_SCHEMA,
    REFUSALS_SCHEMA,
    SHARES_SCHEMA,
    SPENDING_SCHEMA,
    USES_SCHEMA,
    Options,
)
from qingdan.models.settings import BookSettings

YEARS = (2027, 2028)
COUNTY = "360102"
A, B = "360102001001", "360102001002"


def frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    filled = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(filled, schema=schema)


def book_case(**changed: pl.DataFrame) -> Book:
    """Two communities of one county, with an idle house, four funds, an operator and a policy with a number."""
    community = {"city_code": "3601", "city": "南昌市", "county_code": COUNTY, "county": "东湖区", "population": 5000}
    fund = {"scope": "pool", "carry_over": "tied", "account": "general"}
    need = {"need_class": "special", "judgement": "none", "level": 0, "quantity": 1.0, "lots": 1, "status": "to_match"}
    tables = {
        "communities": pl.DataFrame(
            [{"id": A, "name": "甲社区", **community, "pilot_category": "basic"}, {"id": B, "name": "乙社区", **community}]
        ),
        "neighbourhoods": pl.DataFrame(
            [{"id": "X1", "community": A, "name": "一号小区", "built_year": 1995, "households": 300}]
        ),
        "needs": pl.DataFrame(
            [
                {"id": "N1", "community": A, "neighbourhood": "X1", "service_type": "R02", **need},
                {"id": "N2", "community": B, "neighbourhood": None, "service_type": "F02", **need},
                {"id": "N3", "community": B, "neighbourhood": None, "service_type": "F02", **need},
                {"id": "N4", "community": B, "neighbourhood": None, "service_type": "R02", **need},
                {"id": "G1", "community": A, "neighbourhood": None, "service_type": "V04", **need,
                 "need_class": "general", "status": "handed_over", "department": "城管", "due": datetime.date(2027, 1, 9)},
                {"id": "G2", "community": A, "neighbourhood": None, "service_type": "V04", **need,
                 "need_class": "general", "status": "closed", "department": "城管", "due": None},
            ]
        ),
        "sites": pl.DataFrame(
            [{"id": "L1", "name": "旧办公楼", "kind": "building", "use": "闲置办公用房", "county_code": COUNTY, "community": A,
              "lon": 115.9, "lat": 28.7, "area": 300.0, "confirmed_by": "国资", "confirmed_on": datetime.date(2026, 1, 1)}]
        ),
        "funds": pl.DataFrame(
            [
                {"id": "M1", "fund_type": "CB_OLD", "name": "中央补助", "level": "central", "payer": "P0", **fund,
                 "budget_2027": 300_050, "budget_2028": 50_000, "smallest_grant": 20_000},
                {"id": "M2", "fund_type": "CITY", "name": "市财政", "level": "city", "payer": "P1", **fund,
                 "budget_2027": 100_000, "budget_2028": 100_000, "smallest_grant": None},
                {"id": "M3", "fund_type": "COUNTY", "name": "区财政", "level": "county", "payer": "P2", **fund,
                 "budget_2027": 500_000, "budget_2028": 500_000, "smallest_grant": None},
                {"id": "M4", "fund_type": "LGSB", "name": "专项债", "level": "city", "payer": "P1", **fund,
                 "account": "bonds", "budget_2027": 200_000, "budget_2028": None, "debt_rate": 2.5, "debt_years": 5},
                {"id": "M5", "fund_type": "SOC", "name": "社会资本", "level": "social", "payer": "P3", **fund,
                 "account": "social", "budget_2027": 100_000, "budget_2028": 100_000},
            ]
        ),
        "payers": pl.DataFrame(
            [
                {"id": "P0", "name": "中央", "level": "central", "place": None, "ceiling_2029": None},
                {"id": "P1", "name": "南昌市", "level": "city", "place": "3601", "ceiling_2029": None},
                {"id": "P2", "name": "东湖区", "level": "county", "place": COUNTY, "ceiling_2029": 90_000},
                {"id": "P3", "name": "社会", "level": "social", "place": None, "ceiling_2029": None},
            ]
        ),
        "operators": pl.DataFrame([{"id": "O1", "name": "社会组织运营", "service_types": "F02", "number": 3}]),
        "policies": pl.DataFrame([{"id": "Z1", "name": "一事一议", "kind": "permit_case", "number_2027": 2}]),
        **changed,
    }  # fmt: skip
    settings = BookSettings(
        title="模拟数据:两个社区", plan_years=YEARS, as_of=datetime.date(2026, 6, 30), data_kind="synthetic"
    )
    return Book(settings, tables)


def options_case() -> Options:
    """N1 by pipes (enough or good), N2 by a care station in L1, N3 has only what does not fit, N4 is refused."""
    place = {"county_code": COUNTY, "city_code": "3601"}
    need = {**place, "lots": 1, "level": 0, "urgency": 5, "safety": False, "mandatory": False}
    old = {"service_type": "F02", "programme": "facilities", "national": "完整社区;嵌入式", "group_served": "elders"}
    care = {"facility": 1, "measure": "F02b", "department": "民政", "operation": "O1", "package": 1, "lots": 1}
    pipes = {"facility": -1, "department": "住房城乡建设", "operation": "own", "package": 0, "lots": 1, "variant": 0}
    later = {"later_from": 2028, "later_to": 2038, "lag": 1, "class_lag": 0}
    options: list[dict[str, Any]] = [
        {"need": 0, "measure": "R02a", **pipes, "level": 2, "units": 100, "year": 2027, "choice": 0, "area": 0,
         "cost": 2800, "later": 3000, **later, "benefit": 900, "safety": 0},
        {"need": 0, "measure": "R02b", **pipes, "level": 3, "units": 100, "year": 2027, "choice": 1, "area": 0,
         "cost": 90_000, "later": 9000, **later, "benefit": 1200, "safety": 0},
        {"need": 1, **care, "variant": 0, "level": 3, "units": 200, "year": 2028, "choice": 2, "area": 2000,
         "cost": 1001, "later": 0, **later, "benefit": 800, "safety": 0},
        {"need": 2, **care, "variant": 0, "level": 3, "units": 200, "year": 2028, "choice": 3, "area": 2000,
         "cost": 1001, "later": 0, **later, "benefit": 100, "safety": 0},
        {"need": 3, "measure": "R02e", **pipes, "variant": EMERGENCY, "level": 1, "units": 1, "year": 2027, "choice": 4,
         "area": 0, "cost": 20, "later": 0, **later, "benefit": 0, "safety": 0},
    ]  # fmt: skip
    facility = {**place, "rule": -1, "exclusion": -1, "complex": False, "programme": "facilities"}
    pay = [(2027, 1680), (2028, 1036), (2029, 84)]
    return Options(
        needs=frame(
            [
                {"id": "N1", "community": A, "neighbourhood": "X1", **need, "service_type": "R02", "programme": "resilience",
                 "national": "完整社区", "department": "住建", "group_served": "all", "people": 900, "rank": 1},
                {"id": "N2", "community": B, **need, **old, "department": "民政", "people": 400},
                {"id": "N3", "community": B, **need, **old, "department": "民政", "people": 50},
                {"id": "N4", "community": B, **need, "mandatory": True, "service_type": "R02", "programme": "resilience",
                 "national": "", "department": "住建", "group_served": "all", "people": 60},
            ],
            NEEDS_SCHEMA,
        ),
        facilities=frame(
            [
                {"kind": "site", "parent": -1, "site": "L1", "community": A, **facility, "department": "住房城乡建设",
                 "package": 2, "variant": 0, "capacity": 3000, "minimum": 0},
                {"kind": "module", "parent": 0, "site": "L1", "community": A, **facility, "service_type": "F02",
                 "department": "民政", "measure": "F02b", "operation": "O1", "package": 1, "variant": 0, "capacity": -1,
                 "minimum": 1500},
            ],
            FACILITIES_SCHEMA,
        ),
        openings=frame(
            [
                {"facility": 0, "year": 2027, "cost": 500, "later": 12_000, "later_from": 2027, "later_to": 2038, "lag": 0,
                 "class_lag": 0},
                {"facility": 1, "year": 2028, "cost": 333, "later": 5000, **later},
            ],
            OPENINGS_SCHEMA,
        ),
        options=frame(options, OPTIONS_SCHEMA),
        packages=frame(
            [{"name": "M1:60+M2:100+M3:100+M4:50|10", "floor": 10}, {"name": "M2:100+M3:100", "floor": 0},
             {"name": "M3:100", "floor": 0}],
            PACKAGES_SCHEMA,
        ),
        shares=frame(
            [
                {"package": 0, "fund": "M1", "cap": 60, "local": False},
                {"package": 0, "fund": "M2", "cap": 100, "local": True},
                {"package": 0, "fund": "M3", "cap": 100, "local": True},
                {"package": 0, "fund": "M4", "cap": 50, "local": False},
                {"package": 1, "fund": "M2", "cap": 100, "local": True},
                {"package": 1, "fund": "M3", "cap": 100, "local": True},
                {"package": 2, "fund": "M3", "cap": 100, "local": True},
            ],
            SHARES_SCHEMA,
        ),
        spending=frame(
            [{"opening": False, "owner": 0, "year": year, "amount": amount} for year, amount in pay]
            + [{"opening": False, "owner": 1, "year": 2027, "amount": 90_000}]
            + [{"opening": False, "owner": at, "year": 2028, "amount": 801} for at in (2, 3)]
            + [{"opening": False, "owner": 4, "year": 2027, "amount": 20}]
            + [{"opening": True, "owner": 0, "year": 2027, "amount": 500}]
            + [{"opening": True, "owner": 1, "year": 2028, "amount": 333}],
            SPENDING_SCHEMA,
        ),
        draws=frame(
            [{"opening": False, "owner": at, "fund": "M5", "budget_year": 2028, "year": 2028, "amount": 200} for at in (2, 3)],
            DRAWS_SCHEMA,
        ),
        uses=frame(
            [{"opening": True, "owner": 1, "quota": "O1", "year": 0, "amount": 1},
             {"opening": True, "owner": 1, "quota": "Z1", "year": 2027, "amount": 1}],
            USES_SCHEMA,
        ),
        refusals=frame(
            [{"need": "N4", "code": "民意未达到", "detail": "同意户数不足四分之三", "next_step": "再次征求意见", "unit_responsible": "百花洲街道"}],
            REFUSALS_SCHEMA,
        ),
        found=5,
        held=(),
    )  # fmt: skip
