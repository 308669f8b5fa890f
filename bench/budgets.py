"""Money of a synthetic book: funds with budgets by year, and who pays what comes after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..models.catalogue import packaged_catalogue
from ..models.sums import parse_sums
from .costs import Cheapest, accepted_parts, measures
from .frames import Floats, Ints, table_frame

MONEY_SHARE = 0.40  # all budgets of the plan years over the cost of meeting every need
AFTERWARDS = (0.16, 0.05, 0.02)  # budgets of the years after the plan, as parts of the plan's
ACCOUNTS = {"一般公共预算": "general", "政府性基金": "fund", "债券": "bonds", "社会": "social", "居民": "owners"}


@dataclass(frozen=True, slots=True)
class FundKind:
    """How a fund type appears in the book.

    `pool`: one row a county, a city or for the province; `part`: its budget over the cost it accepts,
    before all are scaled to `MONEY_SHARE`; `local` the smallest local share in percent; `debt` rate and years.
    """

    pool: str
    part: float
    payer: str
    cap: int = 100
    local: int = 0
    debt: tuple[float, int] | None = None
    grant: float = 1.0


KINDS: Mapping[str, FundKind] = {
    "COUNTY": FundKind("county", 0.16, "county", grant=0.0),
    "PGF": FundKind("county", 0.08, "county"),
    "LGSB": FundKind("county", 0.16, "county", cap=80, local=20, debt=(2.6, 15), grant=50.0),
    "GENB": FundKind("county_some", 0.10, "county", debt=(2.3, 10), grant=20.0),
    "COMM": FundKind("county_rest", 0.30, "county", grant=0.0),
    "CITY": FundKind("city", 0.06, "city"),
    "CB_OLD": FundKind("city", 0.12, "central", local=20),
    "RES": FundKind("city", 0.06, "owners", cap=20, grant=0.0),
    "SOC": FundKind("city", 0.05, "social", grant=0.0),
    "CI_PIPE": FundKind("province", 0.20, "central", cap=45, local=20, grant=20.0),
    "CI_EMB": FundKind("province", 0.16, "central", cap=60, local=20, grant=20.0),
    "SLTB_LIFT": FundKind("province", 0.22, "central", grant=13.5),
    "PROV": FundKind("province", 0.035, "province", cap=30),
    "LOT": FundKind("province", 0.12, "province", cap=50),
    "SPORTLOT": FundKind("province", 0.12, "province", cap=50),
}

_LEVEL_OF_PAYER = {"county": "county", "city": "city", "province": "province", "central": "central"}
_FIXED = {
    "CENTRAL": ("中央财政", "central"),
    "PROVINCE": ("江西省财政", "province"),
    "SOCIAL": ("社会资本", "social"),
    "OWNERS": ("居民和产权单位", "owners"),
}
_PAYER_ID = {"central": "CENTRAL", "province": "PROVINCE", "social": "SOCIAL", "owners": "OWNERS"}


def fund_table(
    communities: pl.DataFrame, rows: Ints, take: Cheapest, years: Sequence[int], rng: np.random.Generator
) -> pl.DataFrame:
    """Funds of county, city and province whose budgets are together `MONEY_SHARE` of the cost of everything.

    `rows` is the community row of every need, `take` its cheapest measure.
    """
    catalogue = {row["id"]: row for row in packaged_catalogue().fund_types.iter_rows(named=True)}
    county, county_names = _numbered(communities, "county")
    city, city_names = _numbered(communities, "city")
    people = communities["population"].to_numpy().astype(np.float64)
    some = rng.random(len(county_names)) < 0.5
    listed: list[dict[str, object]] = []
    totals: list[float] = []
    for kind, form in KINDS.items():
        wanted = take.cost * _accepted(kind, form, catalogue[kind])[take.measure]
        pool, names = {"county": (county, county_names), "city": (city, city_names)}.get(
            form.pool.partition("_")[0], (np.zeros(len(communities), dtype=np.int64), [("", "江西省")])
        )
        need = np.bincount(pool[rows], wanted, len(names))
        weight = np.bincount(pool, people, len(names)) * rng.lognormal(0.0, 0.15, len(names))
        # Half by what the place needs and half by its people: some places are better off than others.
        split = 0.5 * need + 0.5 * need.sum() * weight / weight.sum()
        for place, (code, name) in enumerate(names):
            if form.pool.endswith(("_some", "_rest")) and some[place] != form.pool.endswith("_some"):
                continue
            listed.append(_row(kind, form, catalogue[kind], code, name))
            totals.append(max(form.part * min(split[place], 0.9 * need[place] / max(form.part, 0.3)), 20_000.0))
    scale = MONEY_SHARE * take.cost.sum() / sum(totals)
    for row, total in zip(listed, totals, strict=True):
        for year, part in zip(range(years[0], years[-1] + 1 + len(AFTERWARDS)), _parts(len(years), rng), strict=True):
            row[f"budget_{year}"] = round(total * scale * part / 1000.0) * 1000
    all_years = range(years[0], years[-1] + 1 + len(AFTERWARDS))
    return table_frame("funds", pl.DataFrame(listed, infer_schema_length=None).to_dict(as_series=True), list(all_years))


def _parts(plan_years: int, rng: np.random.Generator) -> Floats:
    plan = rng.uniform(0.85, 1.15, plan_years)
    return np.concatenate([plan / plan.sum(), np.array(AFTERWARDS) * rng.uniform(0.9, 1.1, len(AFTERWARDS))])


def _accepted(kind: str, form: FundKind, told: Mapping[str, object]) -> Floats:
    """The part of the cost of every measure that the fund can pay."""
    frame = measures()
    share = accepted_parts(kind) * form.cap / 100.0
    sums = parse_sums(str(told["unit_subsidy"] or ""))
    if sums:
        each = {kind: float(value) * 10_000 for kind, value in sums.items()}
        fixed = frame["service_type"].replace_strict(each, default=0.0, return_dtype=pl.Float64).to_numpy()
        share = np.where(
            fixed > 0, fixed / frame["capex_wan_per_unit_typ"].to_numpy(), 0.0 if kind == "SLTB_LIFT" else share
        )
    if form.debt:
        net = (
            frame["revenue_wan_per_unit_year"].fill_null(0) - frame["opex_wan_per_unit_year"].fill_null(0)
        ).to_numpy()
        cover = float(told["needs_revenue_cover"] or 0)  # type: ignore[arg-type]
        if cover:
            share = share * (net >= cover * frame["capex_wan_per_unit_typ"].to_numpy() * share * annuity(*form.debt))
    if kind == "RES":
        share = share * (frame["needs_consent"] != "none").to_numpy()
    return np.asarray(share, dtype=np.float64)


def annuity(rate: float, years: int) -> float:
    """What has to be paid back a year for one yuan borrowed at a rate in percent."""
    i = rate / 100.0
    return i / (1.0 - (1.0 + i) ** -years) if i else 1.0 / years


def _row(kind: str, form: FundKind, told: Mapping[str, object], code: str, name: str) -> dict[str, object]:
    level = told["level"] if form.payer != "central" else "central"
    payer = _PAYER_ID.get(form.payer, f"P-{code}")
    return {
        "id": f"{kind}-{code}" if code else kind,
        "fund_type": kind,
        "name": f"{name}{str(told['name_zh']).removeprefix('县区').removeprefix('市本级')}(模拟)",
        "level": level,
        "payer": payer,
        "account": ACCOUNTS[str(told["account"])],
        "scope": told["scope"],
        "eligible_types": told["eligible_service_types"],
        "eligible_programmes": told["eligible_programmes"],
        "places": code or None,
        "built_before": told["neighbourhood_built_before"],
        "share_cap": float(form.cap),
        "min_share": float(form.local) if form.local else None,
        "unit_sums": told["unit_subsidy"] or None,
        "revenue_cover": told["needs_revenue_cover"] if form.debt else None,
        "carry_over": told["carry_over"],
        "arrives": told["arrives"],
        "exclusive_with": _present(told["exclusive_with"]),
        "smallest_grant": round(form.grant * 10_000),
        "pilot_only": told["pilot_only"],
        "debt_rate": form.debt[0] if form.debt else None,
        "debt_years": form.debt[1] if form.debt else None,
        "basis": "模拟:预算数按人口和需求推算",
    }


def _present(cell: object) -> str | None:
    kept = [kind for kind in str(cell or "").split(";") if kind in KINDS]
    return ";".join(kept) or None


def _numbered(communities: pl.DataFrame, level: str) -> tuple[Ints, list[tuple[str, str]]]:
    """The number of the county or city of every community, the places by code."""
    code = pl.col(f"{level}_code").alias("code")
    places = communities.select(code, pl.col(level).alias("name")).unique().sort("code")
    number = {code: place for place, code in enumerate(places["code"])}
    of = communities[f"{level}_code"].replace_strict(number, return_dtype=pl.Int64).to_numpy()
    return of, list(places.iter_rows())


def payer_table(
    communities: pl.DataFrame,
    funds: pl.DataFrame,
    rows: Ints,
    take: Cheapest,
    years: Sequence[int],
    horizon: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Who bears later costs: every county with a ceiling a year to the horizon and a limit of new bonds."""
    county, counties = _numbered(communities, "county")
    _, cities = _numbered(communities, "city")
    later = np.bincount(county[rows], take.later, len(counties))
    cost = np.bincount(county[rows], take.cost, len(counties))
    bonds = funds.filter(pl.col("account") == "bonds", pl.col("level") == "county")
    plan = [f"budget_{year}" for year in years]
    all_years = list(range(years[0], years[-1] + horizon + 1))
    listed: list[dict[str, object]] = []
    for place, (code, name) in enumerate(counties):
        own = bonds.filter(pl.col("payer") == f"P-{code}")
        quota, service = 0.0, 0.0
        for row in own.iter_rows(named=True):
            total = float(sum(row[column] for column in plan))
            quota += 0.85 * total
            service += 0.75 * total * annuity(row["debt_rate"], row["debt_years"])
        # Room for a third of the running cost of everything, and for some rents and subsidies besides.
        full = 0.32 * later[place] + 0.004 * cost[place] + service
        row = {
            "id": f"P-{code}",
            "name": f"{name}财政",
            "level": "county",
            "place": code,
            "debt_quota": int(quota // 1000) * 1000,
            "note": "模拟数据",
        }
        for k, year in enumerate(all_years):
            row[f"ceiling_{year}"] = (
                int(full * min(1.0, 0.35 + 0.25 * k) * rng.uniform(0.95, 1.05) // 1000) * 1000 + 10_000
            )
        listed.append(row)
    for code, name in cities:
        listed.append(
            {"id": f"P-{code}", "name": f"{name}本级财政", "level": "city", "place": code, "note": "模拟数据"}
        )
    for key, (name, level) in _FIXED.items():
        listed.append(
            {
                "id": key,
                "name": name,
                "level": level,
                "place": "36" if level == "province" else None,
                "note": "模拟数据",
            }
        )
    frame = pl.DataFrame(listed, infer_schema_length=None)
    return table_frame("payers", frame.to_dict(as_series=True), all_years)
