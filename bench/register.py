"""Pilots and lists, finished and signed projects, and the payments of the latter."""

import datetime
from collections.abc import Sequence

import numpy as np
import polars as pl

from .frames import table_frame

PILOT_SHARE = 200 / 4608  # 200 pilots of the province over its resident committees
KNOWN_PILOTS = {"360925100003": "basic", "360925100007": "upgraded"}  # 靖府办字〔2025〕13号: 清华社区 and 东方社区
NOTE = "模拟数据"


def pilots(communities: pl.DataFrame, rng: np.random.Generator) -> dict[int, str]:
    """Rows of the pilots and their categories; the two that a county's paper names are always among them."""
    n = len(communities)
    codes = communities["id"].to_list()
    chosen = {place: KNOWN_PILOTS[code] for place, code in enumerate(codes) if code in KNOWN_PILOTS}
    wanted = max(1, round(n * PILOT_SHARE))
    for number in rng.permutation(n):
        place = int(number)
        if len(chosen) >= wanted:
            break
        chosen.setdefault(place, "basic" if rng.random() < 0.6 else "upgraded")
    return dict(sorted(chosen.items()))


def listing_table(communities: pl.DataFrame, chosen: dict[int, str], rng: np.random.Generator) -> pl.DataFrame:
    """Communities on provincial and national lists."""
    rows: list[dict[str, object]] = []
    for place, category in chosen.items():
        code = communities["id"][place]
        real = code in KNOWN_PILOTS
        rows.append(
            {
                "id": f"L-{code}-good", "community": code, "programme": "good_pilot", "batch": "第一批", "year": 2025,
                "category": category, "document": "靖府办字〔2025〕13号" if real else "模拟文件",
                "note": "试点与分类见文件" if real else NOTE,
            }
        )  # fmt: skip
    for programme, share, year in (
        ("complete", 0.02, 2023),
        ("embedded", 0.025, 2024),
        ("circle", 0.04, 2024),
        ("barrier_free", 0.03, 2025),
    ):
        for number in np.flatnonzero(rng.random(len(communities)) < share):
            code = communities["id"][int(number)]
            rows.append(
                {
                    "id": f"L-{code}-{programme}", "community": code, "programme": programme, "batch": "模拟批次", "year": year,
                    "document": "模拟文件", "money_received": int(rng.integers(0, 20)) * 100_000, "note": NOTE,
                }
            )  # fmt: skip
    return table_frame("listings", pl.DataFrame(rows, infer_schema_length=None).to_dict(as_series=True))


def project_tables(
    communities: pl.DataFrame, sites: pl.DataFrame, years: Sequence[int], rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register with finished works and signed ones, and the ledger of the signed ones."""
    n = len(communities)
    projects: list[dict[str, object]] = []
    payments: list[dict[str, object]] = []
    finished = rng.choice(n, max(1, round(n * 0.02)), replace=False)
    for place in np.sort(finished):
        code, name = communities["id"][int(place)], communities["name"][int(place)]
        done = datetime.date(2026, int(rng.integers(3, 10)), 15)
        projects.append(
            {
                "id": f"XM-{code}-1", "name": f"{name}活动场地与分类投放点(模拟)", "community": code, "delivered": "F17=60;G06=1",
                "store": "finished", "store_date": done, "implementer": "街道办事处", "department": "住房城乡建设",
                "cost_stage": "settled", "cost": int(rng.integers(8, 20)) * 10_000, "start_year": 2026,
                "actual_start": datetime.date(2026, 1, 10), "actual_finish": done, "accepted_on": done, "note": NOTE,
            }
        )  # fmt: skip
    rooms = sites.filter(
        pl.col("use").is_in(["闲置公共服务用房", "党群服务中心余房"]), pl.col("area") >= 250, pl.col("community").is_not_null(),
        pl.col("free_from").is_null(), pl.col("confirmed_by").is_not_null(), pl.col("floor") == 1, ~pl.col("complex"),
    )  # fmt: skip
    if rooms.is_empty():
        rooms = sites.filter(pl.col("community").is_not_null()).sort("area", descending=True).head(1)
    signed = np.sort(rng.choice(len(rooms), min(len(rooms), max(1, round(n * 0.004))), replace=False))
    for number in signed:
        site = rooms.row(int(number), named=True)
        county, code = site["county_code"], site["community"]
        cost = int(rng.integers(20, 45))
        name = communities.filter(pl.col("id") == code)["name"][0]
        project = f"XM-{site['id']}"
        projects.append(
            {
                "id": project, "name": f"{name}养老服务站(模拟)", "community": code, "site": site["id"], "components": "F02a=2",
                "area": 100.0, "store": "building", "store_date": datetime.date(2026, 6, 20), "implementer": "街道办事处",
                "department": "民政", "cost_stage": "contract", "cost": cost * 10_000, "start_year": 2026,
                "planned_start": datetime.date(2026, 7, 1), "planned_finish": datetime.date(2027, 6, 30),
                "actual_start": datetime.date(2026, 7, 6), "note": NOTE,
            }
        )  # fmt: skip
        fund, first = f"COUNTY-{county}", years[0]
        ledger = (
            ("allotted", 2026, datetime.date(2026, 5, 20), 60), ("committed", 2026, datetime.date(2026, 6, 25), 60),
            ("paid", 2026, datetime.date(2026, 9, 28), 50), ("recovered", 2026, datetime.date(2026, 10, 20), 5),
            ("committed", first, datetime.date(2026, 6, 25), 40),
        )  # fmt: skip
        for place, (kind, year, day, part) in enumerate(ledger):
            payments.append(
                {
                    "id": f"{project}-{place + 1}", "project": project, "fund": fund, "budget_year": year, "date": day,
                    "kind": kind, "amount_fen": cost * part * 10_000, "document": "模拟凭证", "note": NOTE,
                }
            )  # fmt: skip
    frames = [pl.DataFrame(rows, infer_schema_length=None).to_dict(as_series=True) for rows in (projects, payments)]
    return table_frame("projects", frames[0]), table_frame("payments", frames[1])
