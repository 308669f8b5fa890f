"""Small books for the tests of matching: one service type T01 of their own, with figures worked out by hand."""

import datetime
from typing import Any

import polars as pl
from qingdan.models.book import Book
from qingdan.models.catalogue import packaged_catalogue
from qingdan.models.matching import match
from qingdan.models.options import Options
from qingdan.models.scenario import parse_scenario
from qingdan.models.settings import BookSettings

Row = dict[str, Any]
DAY = datetime.date(2026, 6, 30)
METRE_NORTH = 1 / 110_540


def community(name: str = "A", **told: Any) -> Row:
    """A community of county 360102."""
    return {
        "id": name, "name": name, "city_code": "3601", "city": "南昌市", "county_code": "360102", "county": "东湖区",
        "street_code": "360102001", "lon": 115.9, "lat": 28.68, "population": 1000, "households": 400,
    } | told  # fmt: skip


def home(name: str = "X", **told: Any) -> Row:
    """A neighbourhood of community A, completed in 1995."""
    return {"id": name, "community": "A", "name": name, "built_year": 1995, "households": 300} | told


def service(name: str = "T01", **told: Any) -> Row:
    """A divisible service type in lots of 10, of the programme facilities."""
    row = packaged_catalogue().service_types.filter(pl.col("id") == "F01").to_dicts()[0]
    plain: Row = {
        "id": name, "programme": "facilities", "divisible": True, "lot_size": 10.0, "safety": False,
        "department_zh": "民政/卫生健康", "programmes_counted": "完整社区;嵌入式", "group_served": "all",
    }  # fmt: skip
    return row | plain | told


def measure(name: str = "T01a", **told: Any) -> Row:
    """A siteless measure: 1,000 yuan a unit and 500 yuan once, 20 yuan a unit and year net, paid 60/37/3."""
    return {
        "id": name, "service_type": name[:-1], "name_zh": name, "level_reached": "enough", "unit": "m2",
        "metric_per_unit": 1.0, "capex_wan_per_unit_typ": 1_000, "fixed_capex_wan": 500, "opex_wan_per_unit_year": 30,
        "revenue_wan_per_unit_year": 10, "site_kind": "none", "needs_consent": "none", "life_years": 10,
        "build_months": 6, "spend_profile": "60/37/3", "eligible_share_by_fund": "COUNTY=1", "department_zh": "民政/卫生健康",
    } | told  # fmt: skip


def at_room(name: str = "T01a", **told: Any) -> Row:
    """The same measure in a room on the ground floor: 2 m² a unit, at least 30 m², within 300 m."""
    return measure(
        name, site_kind="room", floor_rule="ground", max_floor=1, area_m2_per_unit=2.0, min_area_m2=30.0, service_radius_m=300.0,
    ) | told  # fmt: skip


def need(name: str = "N1", **told: Any) -> Row:
    """Five lots short in community A, nothing there yet, 100 people, urgency 5."""
    return {
        "id": name, "community": "A", "service_type": "T01", "need_class": "special", "judgement": "none", "level": 0,
        "quantity": 45.0, "lots": 5, "group_served": "all", "people": 100, "urgency": 5, "status": "to_match",
    } | told  # fmt: skip


def site(name: str = "S1", **told: Any) -> Row:
    """A confirmed room of 200 m² on the ground floor in community A."""
    return {
        "id": name, "name": name, "kind": "room", "use": "底商", "county_code": "360102", "community": "A", "lon": 115.9,
        "lat": 28.68, "area": 200.0, "confirmed_by": "住建局", "confirmed_on": DAY,
    } | told  # fmt: skip


def use(site_use: str = "底商", service_type: str = "T01", allowed: str = "yes", **told: Any) -> Row:
    """A service type may go into sites of a use."""
    return {
        "id": f"{site_use}|{service_type}", "site_use": site_use, "site_kind": "room", "service_type": service_type,
        "allowed": allowed,
    } | told  # fmt: skip


def fund(name: str = "C1", *, years: tuple[int, ...] = (2027, 2028, 2029, 2030, 2031), **told: Any) -> Row:
    """County money of the general budget, tied carry-over, 100 万元 in each of the years."""
    return {
        "id": name, "fund_type": "COUNTY", "name": name, "level": "county", "payer": "P1", "account": "general",
        "carry_over": "tied", **{f"budget_{year}": 1_000_000 for year in years},
    } | told  # fmt: skip


def policy(kind: str, name: str = "Z1", **told: Any) -> Row:
    """A policy that fits everywhere."""
    return {"id": name, "name": name, "kind": kind} | told


def operator(name: str = "O1", **told: Any) -> Row:
    """An operator of T01 that brings 40 % of the capital and asks for a subsidy."""
    return {
        "id": name, "name": name, "service_types": "T01", "capital_share": 40.0, "subsidy": 9_000, "rent_paid": 2_000,
    } | told  # fmt: skip


def consent(name: str = "K1", **told: Any) -> Row:
    """A vote in community A in which 70 % took part and 80 % of them agreed."""
    return {
        "id": name, "community": "A", "service_type": "T01", "date": DAY, "form": "vote", "taking_part_households": 70.0,
        "agreeing_households": 80.0,
    } | told  # fmt: skip


def book(*, years: tuple[int, ...] = (2027, 2028, 2029), settings: Row | None = None, **tables: list[Row]) -> Book:
    """A synthetic book of the given rows; without further word one community, type, measure, need and fund."""
    rows = {
        "communities": [community()], "service_types": [service()], "measures": [measure()], "needs": [need()],
        "funds": [fund()],
    } | tables  # fmt: skip
    told = {"title": "模拟数据", "plan_years": years, "as_of": DAY, "data_kind": "synthetic", **(settings or {})}
    frames = {name: pl.DataFrame(some, infer_schema_length=None) for name, some in rows.items() if some}
    return Book(BookSettings.model_validate(told), frames)


def matched(scenario: str = "", **told: Any) -> Options:
    """The options of such a book under the text of a scenario."""
    return match(book(**told), parse_scenario(scenario))


def rows(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The values of some columns, row by row."""
    return list(frame.select(columns).iter_rows())


def spent(options: Options, owner: int, *, opening: bool = False) -> dict[int, int]:
    """What an option or opening leaves to its package, by year."""
    told = options.spending.filter((pl.col("opening") == opening) & (pl.col("owner") == owner))
    return dict(told.select("year", "amount").iter_rows())


def drawn(options: Options, owner: int, *, opening: bool = False) -> list[tuple[str, int, int, int]]:
    """Draws of an option or opening: fund, budget year, payment year, amount."""
    told = options.draws.filter((pl.col("opening") == opening) & (pl.col("owner") == owner))
    return list(told.select("fund", "budget_year", "year", "amount").iter_rows())


def packages(options: Options) -> list[str]:
    """Names of the packages in use."""
    return options.packages["name"].to_list()


def refusal(options: Options) -> tuple[str, str, str]:
    """Code, detail and unit responsible of the only refusal."""
    (told,) = rows(options.refusals, "code", "detail", "unit_responsible")
    return told
