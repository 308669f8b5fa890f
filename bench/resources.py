"""Idle land and buildings, policy support and types of operation of a synthetic book."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from .frames import Flags, Floats, Ints, chosen, days_before, joined, kept, table_frame
from .places import METRES_EAST, METRES_NORTH
from .reach import near_pairs

SITES_A_COMMUNITY = 3.7
LONELY_SITES = 5.0  # a town of one or two communities has nothing in reach but its own
COMPLEX_USES = ("闲置公共服务用房", "闲置办公用房")
COMPLEX_SHARE, COMPLEX_AREA = 0.02, (620.0, 1100.0)  # of such buildings (every book has one); m2
SCARCITY = (1.32, 1.7)  # area asked over area there is, indoors and in all
LEAST_CUT = (205.0, 420.0)  # m2; sites are not cut below what a nursery or a small park takes
CONFIRMED = datetime.date(2026, 9, 30)
OWNERS = ("街道办事处", "国有资产公司(模拟)", "机关事务部门", "教育部门", "社区居委会", "业主共有", "村集体")


@dataclass(frozen=True, slots=True)
class SiteUse:
    """How often a use occurs, how large it is (median and upper limit, m2), and where in a building it lies."""

    kind: str
    weight: float
    area: float
    most: float
    floors: tuple[int, ...]
    conversion: float  # 万元 a m2, before any service moves in


SITE_USES: Mapping[str, SiteUse] = {
    "闲置公共服务用房": SiteUse("building", 0.14, 215.0, 2500.0, (1,), 0.020),
    "闲置办公用房": SiteUse("building", 0.05, 240.0, 3000.0, (1, 1, 2), 0.025),
    "闲置厂房": SiteUse("building", 0.01, 450.0, 5000.0, (1,), 0.030),
    "闲置校舍": SiteUse("building", 0.03, 420.0, 4500.0, (1,), 0.025),
    "底商": SiteUse("room", 0.10, 125.0, 1000.0, (1,), 0.010),
    "架空层": SiteUse("room", 0.06, 95.0, 700.0, (1,), 0.010),
    "物业用房": SiteUse("room", 0.05, 50.0, 300.0, (1, 1, 2), 0.010),
    "闲置住宅": SiteUse("room", 0.01, 70.0, 150.0, (1, 2, 3), 0.015),
    "党群服务中心余房": SiteUse("room", 0.14, 135.0, 1000.0, (1, 1, 2), 0.008),
    "地下室与地下车库": SiteUse("room", 0.01, 230.0, 2500.0, (-1,), 0.015),
    "人防工程": SiteUse("room", 0.01, 250.0, 3000.0, (-1,), 0.020),
    "仓库与设备用房": SiteUse("room", 0.02, 70.0, 500.0, (1,), 0.020),
    "空地": SiteUse("land", 0.16, 520.0, 6000.0, (1,), 0.002),
    "边角地": SiteUse("land", 0.09, 260.0, 1000.0, (1,), 0.002),
    "小区共有场地": SiteUse("land", 0.08, 260.0, 1500.0, (1,), 0.001),
    "公共绿地": SiteUse("land", 0.05, 600.0, 5000.0, (1,), 0.001),
    "学校操场": SiteUse("land", 0.01, 1800.0, 6000.0, (1,), 0.0),
    "停车场": SiteUse("land", 0.02, 600.0, 4000.0, (1,), 0.001),
    "屋顶": SiteUse("land", 0.02, 350.0, 2000.0, (5, 6, 7), 0.003),
}

OPERATORS: Sequence[tuple[str, str, float, float, float, float]] = (
    # Type of operation, service types, number a community, share of capital %, subsidy and rent 万元 a year.
    ("养老运营", "F02", 0.10, 20.0, 4.0, 0.5),
    ("托育运营", "F04;F23", 0.10, 25.0, 6.0, 0.0),
    ("食堂运营", "F03", 0.10, 30.0, 3.0, 0.0),
    ("停车运营", "F09;F11", 0.15, 50.0, 0.0, 1.5),
    ("快递驿站", "F08", 0.06, 100.0, 0.0, 0.3),
)


def site_table(
    communities: pl.DataFrame, years: Sequence[int], asked: tuple[float, float], rng: np.random.Generator
) -> pl.DataFrame:
    """Idle buildings, rooms and plots near communities, most confirmed, some free later, some for rent.

    `asked` is the area that needs ask for indoors and in all (m2): the largest sites are cut until there is
    less than that by `SCARCITY`, complexes apart.
    """
    n = len(communities)
    near = np.bincount(near_pairs(communities, communities, 600.0)[0], minlength=n) - 1
    counts = 1 + rng.poisson(np.where(near < 2, LONELY_SITES, SITES_A_COMMUNITY) - 1.0)
    where = np.repeat(np.arange(n), counts)
    place = np.arange(len(where)) - np.repeat(np.cumsum(counts) - counts, counts)
    total = len(where)
    uses = list(SITE_USES)
    weights = np.tile([SITE_USES[name].weight for name in uses], (total, 1))
    use = chosen(rng, uses, np.asarray(weights, dtype=np.float64))
    number = use.replace_strict({name: place for place, name in enumerate(uses)}, return_dtype=pl.Int64).to_numpy()

    def of_use(values: Sequence[float]) -> Floats:
        return np.asarray(np.array(values, dtype=np.float64)[number])

    kinds = pl.Series([SITE_USES[name].kind for name in uses]).gather(number)
    land, building = (kinds == "land").to_numpy(), (kinds == "building").to_numpy()
    median, most = of_use([u.area for u in SITE_USES.values()]), of_use([u.most for u in SITE_USES.values()])
    area = np.clip(np.round(median * rng.lognormal(-0.40, 0.5, total)), 25.0, most)
    floor = np.array(
        [SITE_USES[name].floors[rng.integers(0, len(SITE_USES[name].floors))] for name in use], dtype=np.int64
    )
    floors = np.where(land & (floor == 1), 0, np.maximum(floor, 0) + rng.integers(0, 4, total))
    lon, lat = _near(communities, where, rng)
    owned = rng.random(total)
    rented = ~land & (owned > 0.84)
    later = rng.random(total) < 0.14
    until = rng.random(total) < 0.05
    confirmed = rng.random(total) > 0.07
    code = communities["id"].gather(where)
    name = joined(communities["name"].gather(where), use, place + 1, "号")
    complexes = building & np.isin(use.to_numpy(), COMPLEX_USES) & (floor <= 1)
    largest = np.argmax(np.where(complexes, area, 0.0))
    complexes &= (rng.random(total) < COMPLEX_SHARE) | (np.arange(total) == largest)
    area = np.where(complexes, np.round(rng.uniform(*COMPLEX_AREA, total)), area)
    area = _cut(area, ~land, complexes, asked[0] / SCARCITY[0], LEAST_CUT[0])
    area = _cut(area, land, complexes, sum(asked) / SCARCITY[1] - float(area[~land].sum()), LEAST_CUT[1])
    conversion = np.round(
        area * of_use([u.conversion for u in SITE_USES.values()]) * rng.uniform(0.5, 1.6, total)
    ).astype(np.int64)
    ok = rng.random((2, total))
    permitted = np.isin(use.to_numpy(), ["闲置办公用房", "闲置校舍", "底商", "党群服务中心余房"]) & (
        rng.random(total) < 0.12
    )
    rent = np.round(area * 1.2 * rng.uniform(0.6, 1.6, total)).astype(np.int64) * 100  # about 120 yuan a m2 and year
    return table_frame(
        "sites",
        {
            "id": joined("S-", code, "-", place + 1),
            "name": name,
            "kind": kinds,
            "use": use,
            "county_code": communities["county_code"].gather(where),
            "community": kept(code, rng.random(total) > 0.04),
            "owner": pl.Series(OWNERS).gather(rng.integers(0, len(OWNERS), total)),
            "lon": lon,
            "lat": lat,
            "area": area,
            "floor": floor,
            "floors": np.maximum(floors, floor),
            "lift": (floors >= 3) & (rng.random(total) < 0.6),
            "flue": ~land & (floor <= 2) & (rng.random(total) < 0.45),
            "own_entrance": building | (~land & (rng.random(total) < 0.65)),
            "structure_ok": kept(ok[0] > 0.02, (ok[0] < 0.9) & ~land),
            "fire_ok": kept(ok[1] > 0.02, (ok[1] < 0.88) & ~land),
            "tenure": pl.Series(np.where(rented, "rented", np.where(owned > 0.6, "lent", "owned"))),
            "rent": kept(rent, rented),
            "rent_years": kept(rng.integers(5, 13, total), rented),
            "free_from": kept(years[0] + rng.integers(0, len(years), total), later),
            "free_until": kept(years[-1] + rng.integers(5, 12, total), until & ~rented),
            "change_to": kept(["F02;F23"] * total, permitted),
            "change_authority": pl.Series(np.where(rng.random(total) < 0.9, "自然资源部门", "住房城乡建设部门")),
            "change_months": rng.integers(2, 15, total),
            "conversion_cost": conversion * 10_000,
            "complex": complexes,
            "confirmed_by": kept(["住房城乡建设部门"] * total, confirmed),
            "confirmed_on": kept(days_before(CONFIRMED, rng.integers(0, 120, total)), confirmed),
            "confirmed_document": kept(["模拟确认单"] * total, confirmed),
            "note": ["模拟数据"] * total,
        },
    )


def _cut(area: Floats, among: Flags, spared: Flags, supply: float, least: float) -> Floats:
    """The areas with the largest of some sites cut to one size, no smaller than `least`, so that all add up to `supply`."""
    some = among & ~spared
    rest = supply - float(area[among & spared].sum())
    low, high = least, float(area[some].max(initial=least))
    for _ in range(40):
        size = (low + high) / 2.0
        low, high = (size, high) if float(np.minimum(area[some], size).sum()) < rest else (low, size)
    return np.where(some, np.minimum(area, np.floor(high)), area)


def _near(communities: pl.DataFrame, where: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points within about 250 m of the communities, so that neighbours reach them too."""
    turn = rng.uniform(0.0, 2.0 * np.pi, len(where))
    away = 260.0 * np.sqrt(rng.random(len(where)))
    lat = communities["lat"].gather(where).to_numpy() + away * np.sin(turn) / METRES_NORTH
    lon = communities["lon"].gather(where).to_numpy() + away * np.cos(turn) / (METRES_EAST * np.cos(np.radians(lat)))
    return np.round(lon, 6), np.round(lat, 6)


def operator_table(communities: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Types of operation on offer in every city; never a company."""
    rows = []
    for city, name, size in _cities(communities):
        for place, (kind, types, number, share, subsidy, rent) in enumerate(OPERATORS):
            rows.append(
                {
                    "id": f"OP-{city}-{place + 1}",
                    "name": kind,
                    "service_types": types,
                    "places": city,
                    "number": max(1, round(size * number * rng.uniform(0.7, 1.3))),
                    "capital_share": share,
                    "subsidy": round(subsidy * rng.uniform(0.8, 1.2), 1),
                    "rent_paid": round(rent * rng.uniform(0.8, 1.2), 1),
                    "basis": f"{name}意向征集(模拟)",
                }
            )
    frame = pl.DataFrame(rows)
    return table_frame("operators", frame.with_columns(_yuan("subsidy"), _yuan("rent_paid")).to_dict(as_series=True))


def policy_table(communities: pl.DataFrame, years: Sequence[int], rng: np.random.Generator) -> pl.DataFrame:
    """Quotas of changes of use, permit cases, fast tracks and fee waivers, a few in every city."""
    rows = []
    for city, name, size in _cities(communities):
        kinds = (
            ("1", "change_of_use", "存量用房转换用途指标", "F01;F02;F03;F04;F06;F20;F23;F24;V03", "", 0.11, None),
            ("2", "permit_case", "公共场地设置停车充电等一事一议", "F09;F11;F13;F17;F19;G06;G07;R07", "", 0.10, None),
            ("3", "fast_track", "养老托育用房并联审批", "F02;F04;F06", "", None, 6.0),
            ("4", "fee_waiver", "养老托育行政事业性收费减免", "F02;F04", "", None, 5.0),
            ("5", "quota", "运动场地新增指标", "F18", "", 0.03, None),
        )
        for mark, kind, title, types, uses, number, effect in kinds:
            row = {
                "id": f"POL-{city}-{mark}",
                "name": f"{name}{title}(模拟)",
                "kind": kind,
                "places": city,
                "service_types": types,
                "site_uses": uses or None,
                "effect": effect,
                "basis": "模拟文件",
            }
            for year in years:
                row[f"number_{year}"] = None if number is None else max(1, round(size * number * rng.uniform(0.7, 1.3)))
            rows.append(row)
    return table_frame("policies", pl.DataFrame(rows, infer_schema_length=None).to_dict(as_series=True), years)


def _cities(communities: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Code, name and number of communities of every city, by code."""
    places = communities.group_by("city_code", "city").len().sort("city_code")
    return [(str(code), str(name), int(size)) for code, name, size in places.iter_rows()]


def _yuan(name: str) -> pl.Expr:
    """A column in 万元 as whole yuan."""
    return (pl.col(name) * 10_000).round().cast(pl.Int64)
