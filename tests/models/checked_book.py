"""A small book that touches every rule of the checker, solved once; and copies of its run to tamper with."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from qingdan.models.checker import Report, check

BOOK = {
    "communities": """
id,name,city_code,city,county_code,county,street_code,street,lon,lat,population,households,elders_60p,pilot_category
C1,甲社区,3601,南昌市,360102,东湖区,360102001,甲街道,115.9000,28.6800,4000,1500,800,
C2,乙社区,3601,南昌市,360102,东湖区,360102001,甲街道,115.9010,28.6800,3000,1200,600,basic
C3,丙社区,3601,南昌市,360103,西湖区,360103001,丙街道,115.8800,28.6600,2000,800,300,
C4,丁社区,3601,南昌市,360103,西湖区,360103001,丙街道,115.8700,28.6500,1000,400,150,
""",
    "neighbourhoods": """
id,community,name,built_year,households,renewed_year,renewed_types
N1,C1,老院,1995,400,,
N2,C1,新院,2004,300,2025,R02
N3,C3,西院,1988,250,,
""",
    "consultations": """
id,community,neighbourhood,service_type,date,taking_part_households,agreeing_households,objections
K1,C1,N1,F15,2026-05-01,90,95,0
K2,C3,,F15,2026-05-01,50,90,0
""",
    "complaints": """
id,community,service_type,date,text
Q1,C1,R02,2026-03-01,三单元张阿姨家的水管漏了半年没人管
Q2,C2,F02,2026-04-01,老人吃饭要走很远的路请尽快解决
""",
    "needs": """
id,community,neighbourhood,service_type,need_class,judgement,level,quantity,lots,group_served,people,urgency,mandatory,status,department
A1,C1,N1,R02,special,short,1,200,4,all,1200,6,,to_match,
A2,C1,,F02,special,none,0,100,2,elders,300,7,,to_match,
A3,C2,,F02,special,none,0,100,2,elders,250,7,,to_match,
A4,C2,,R01,special,none,0,200,2,all,60,10,yes,to_match,
A5,C1,N2,R02,special,short,1,100,2,all,600,5,,to_match,
A6,C3,N3,R03,special,short,1,100,2,all,700,8,,to_match,
A7,C1,N1,F15,special,none,0,2,2,elders,120,5,,to_match,
A8,C1,,R06,general,short,0,1,1,all,100,5,,handed_over,城管
A9,C3,,R03,special,short,1,100,2,all,500,8,,to_match,
B1,C2,,F20,special,none,0,100,2,all,900,4,,to_match,
B2,C2,,F23,special,none,0,20,2,children,200,4,,to_match,
B3,C3,,F15,special,none,0,1,1,elders,40,5,,to_match,
B4,C2,,R03,special,short,1,50,1,all,300,8,yes,to_match,
B6,C4,,R02,special,short,1,50,1,all,200,6,,to_match,
B5,C3,N3,R02,special,short,1,100,2,all,650,6,,to_match,
""",
    "sites": """
id,name,kind,use,county_code,community,lon,lat,area,floor,own_entrance,structure_ok,fire_ok,rent,rent_years,free_from,free_until,change_months,conversion_cost,complex,confirmed_by,confirmed_on
S1,甲办公楼,building,闲置公共服务用房,360102,C1,115.9001,28.6801,260,1,yes,yes,yes,2,2,2027,,,8,no,民政局,2026-01-01
S2,乙底商,room,底商,360102,C2,115.9011,28.6801,420,1,no,yes,yes,,,2028,,6,3,no,商务局,2026-01-01
S3,丙空房,building,闲置公共服务用房,360102,C2,115.9012,28.6802,300,1,yes,yes,yes,,,,,,1,no,,
S4,乙旧院,building,闲置公共服务用房,360102,C2,115.9012,28.6799,500,1,yes,yes,yes,,,,2029,,1,no,民政局,2026-01-01
S5,远处楼,building,闲置公共服务用房,360102,C1,115.9800,28.6800,500,1,yes,yes,no,,,,,,1,no,民政局,2026-01-01
""",
    "funds": """
id,fund_type,name,level,payer,account,scope,budget_2027,budget_2028,budget_2029,budget_2030,eligible_types,places,built_before,share_cap,min_share,unit_sums,carry_over,arrives,exclusive_with,pilot_only,debt_rate,debt_years
COUNTY-A,COUNTY,东湖区一般公共预算,county,P-A,general,pool,60,110,40,8,,360102,,100,,,tied,same_year,,,,
COUNTY-B,COUNTY,西湖区一般公共预算,county,P-B,general,pool,60,40,10,,,360103,,,,,none,same_year,,,,
CITY,CITY,南昌市一般公共预算,city,P-C,general,pool,20,20,5,,,3601,,50,,,tied,same_year,,,,
OLD,CB_OLD,中央老旧小区补助,central,P-Z,general,pool,25,20,5,,R02,,2000,80,20,,tied,same_year,LIFT,,,
LIFT,SLTB_LIFT,国债加装电梯,central,P-Z,bonds,pool,40,20,,,F15,,,100,,F15=13.5,none,same_year,OLD,,,
BOND,GENB,东湖区一般债,county,P-A,bonds,pool,20,10,,,R01;R02,360102,,100,,,tied,same_year,,,3.5,5
LATE,PROV,省级以奖代补,province,P-Z,general,pool,15,15,10,5,F02;F20,,,30,,,tied,after_acceptance,,,,
SOC,SOC,社会资本,social,P-S,social,project,30,30,10,,F02;F23,,,100,,,free,same_year,,,,
""",
    "payers": """
id,name,level,place,ceiling_2027,ceiling_2028,ceiling_2029,ceiling_2030,debt_quota
P-A,东湖区财政局,county,360102,30,30,30,30,25
P-B,西湖区财政局,county,360103,,,,,
P-C,南昌市财政局,city,3601,,,,,
P-Z,上级财政,central,,,,,,
P-S,社会,social,,,,,,
""",
    "policies": """
id,name,kind,places,service_types,site_uses,number_2027,number_2028,number_2029,effect
G1,底商转用,change_of_use,3601,F20;F23,底商,1,1,1,
G2,养老减免,fee_waiver,3601,F02,,1,1,1,5
G3,文化指标,quota,,F20,,1,1,1,
""",
    "operators": """
id,name,service_types,places,number,capital_share,subsidy,rent_paid
W1,公建民营,F02,3601,1,30,1,0.2
""",
    "projects": """
id,name,community,site,needs,area,store,operator_contract
J1,乙社区在建,C2,S4,A9,80,building,某某养老服务有限公司
""",
    "payments": """
id,project,fund,budget_year,date,kind,amount_fen
Y1,J1,COUNTY-A,2027,2026-11-01,committed,500000
Y2,J1,COUNTY-A,2027,2026-11-05,recovered,100000
""",
    "listings": """
id,community,programme,batch,year,category
L1,C1,good_pilot,第一批,2026,basic
""",
}

SETTINGS = """
title = "复核用例(模拟)"
region = ["3601"]
plan_years = [2027, 2028]
horizon_years = 4
as_of = 2026-11-01
data_kind = "synthetic"

[factors]
repeat_years = 5
least_tenure_years = 2
"""

SCENARIO = """
title = "复核方案"

[factors]
discount_percent = 95

[[override]]
places = ["360103"]
cost_percent = 110
level_worth = [0, 30, 75, 100]
discount_percent = 90

[[budget]]
funds = ["CITY"]
percent = 90

[[ceiling]]
payers = ["P-A"]
percent = 95

[[quota]]
policy = "G3"
years = [2028]
number = 2

[[rule]]
kind = "money"
name = "韧性不少于一成"
bound = "floor"
share = 10
programmes = ["resilience"]

[[rule]]
kind = "money"
name = "债券不超过二十万"
bound = "ceiling"
amount = 20
funds = ["BOND"]

[[rule]]
kind = "number"
name = "每县至多九项"
bound = "ceiling"
number = 9
each = ["county"]

[[rule]]
kind = "met"
name = "养老至少解决一半"
share = 50
service_types = ["F02"]

[[rule]]
kind = "prerequisite"
name = "先管后梯"
before = "R02"
after = "F15"

[[rule]]
kind = "exclusion"
name = "梯与文化不同时"
first = "F16"
second = "F20"

[[rule]]
kind = "pin"
name = "西院燃气"
needs = ["A6"]
basis = "专题会议纪要"

[[rule]]
kind = "forbid"
name = "不用丙空房"
sites = ["S3"]

[[rule]]
kind = "safety_first"
name = "安全优先"
share = 50

[[rule]]
kind = "dig_once"
name = "一次开挖"
service_types = ["R02", "R03"]
saving = 20
fixed = 1

[[rule]]
kind = "complete"
name = "至少一个完整社区"
number = 1

[[rule]]
kind = "pilots"
name = "试点先行"
mode = "listed"
"""


def write_text_book(folder: Path, *, scenario: str = SCENARIO, **tables: str) -> Path:
    """The book as a folder; tables that are named replace those of `BOOK`."""
    folder.mkdir(parents=True)
    (folder / "book.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "scenario.toml").write_text(scenario, encoding="utf-8")
    for name, text in {**BOOK, **tables}.items():
        (folder / f"{name}.csv").write_text(text.lstrip(), encoding="utf-8")
    return folder


class Copy:
    """A copy of a book and its run in which anything can be altered."""

    def __init__(self, source: Path, target: Path) -> None:
        shutil.copytree(source, target)
        self.book, self.run = target / "book", target / "run"

    def check(self) -> Report:
        return check(self.book, self.run)

    def codes(self) -> set[str]:
        """The codes of all refusals."""
        return {refusal.code for refusal in self.check().refusals}

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a table of the run, as text."""
        text = (self.run / f"{name}.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    def write(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Replace the rows of a table of the run."""
        rows = list(rows)
        with (self.run / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def alter(self, name: str, which: Callable[[dict[str, str]], bool], **cells: Any) -> None:
        """Change cells of the first row of a table of the run that fits; functions are given the old text."""
        rows = self.rows(name)
        row = next(row for row in rows if which(row))
        for column, value in cells.items():
            row[column] = value(row[column]) if callable(value) else value
        self.write(name, rows)

    def drop(self, name: str, which: Callable[[dict[str, str]], bool]) -> None:
        """Take the first row that fits out of a table of the run."""
        rows = self.rows(name)
        rows.remove(next(row for row in rows if which(row)))
        self.write(name, rows)

    def add(self, name: str, **cells: Any) -> None:
        """Add a row like the last one, with some cells changed."""
        rows = self.rows(name)
        self.write(name, [*rows, {**rows[-1], **cells}])

    def result(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change result.json in place."""
        path = self.run / "result.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        change(told)
        path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    def arrays(self, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change problem.npz or certificate.npz in place."""
        path = self.run / f"{name}.npz"
        with np.load(path) as held:
            arrays = {key: held[key].copy() for key in held.files}
        change(arrays)
        np.savez_compressed(path, **arrays)

    def scenario(self, *pairs: str) -> None:
        """Change the scenario of the run: pairs of old and new text."""
        path = self.run / "scenario.toml"
        told = path.read_text(encoding="utf-8")
        before = told
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            told = told.replace(old, new)
        assert told != before, before
        path.write_text(told, encoding="utf-8")

    def rule(self, text: str) -> None:
        """Add a rule to the scenario of the run."""
        path = self.run / "scenario.toml"
        path.write_text(path.read_text(encoding="utf-8") + f"\n[[rule]]\n{text}\n", encoding="utf-8")

    def text(self, name: str, old: str, new: str) -> None:
        """Replace text in a file of the book."""
        path = self.book / name
        told = path.read_text(encoding="utf-8")
        assert old in told, old
        path.write_text(told.replace(old, new), encoding="utf-8")
