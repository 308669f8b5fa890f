"""Random small books and scenarios: every kind of rule on and off, awkward amounts, and few enough needs to prove."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

from checked_book import BOOK, write_text_book

Row = dict[str, str]

TYPES = ("F02", "F15", "F20", "F23", "R01", "R02", "R03")
SHARES = ("", "", "", "33", "50", "80", "100")


def table(name: str) -> list[Row]:
    """The rows of a table of the hand-made book."""
    return list(csv.DictReader(io.StringIO(BOOK[name].strip())))


def text(rows: list[Row], header: list[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def random_tables(draw: random.Random) -> dict[str, str]:
    """The hand-made book with some rows left out and its figures drawn anew."""
    works = draw.random() < 0.4  # a project under way with its need, site and money
    needs = [row for row in table("needs") if row["id"] != "A9" and draw.random() < 0.5]
    sites = [row for row in table("sites") if row["id"] == "S4" or draw.random() < 0.6]
    needs += [row for row in table("needs") if row["id"] == "A9" and (works or draw.random() < 0.5)]
    if not needs:
        needs = table("needs")[:2]
    for row in needs:
        lots = draw.randint(1, 3) if row["service_type"] != "R06" else 1
        row |= {
            "lots": str(lots), "quantity": str(int(row["quantity"]) * lots // int(row["lots"])),
            "people": str(draw.randint(0, 1500)), "urgency": str(draw.randint(1, 10)),
            "level": draw.choice(["0", row["level"]]), "mandatory": "yes" if draw.random() < 0.04 else "",
        }  # fmt: skip
    for row in sites:
        row |= {
            "area": f"{draw.uniform(100, 700):.1f}", "conversion_cost": f"{draw.uniform(0, 6):.4f}",
            "free_from": draw.choice(["", "2027", "2028"]), "complex": draw.choice(["", "", "yes"]),
        }  # fmt: skip
    funds = [row for row in table("funds") if row["id"] in ("COUNTY-A", "LIFT", "OLD") or draw.random() < 0.8]
    for row in funds:
        for year in range(2027, 2031):
            if row[f"budget_{year}"]:
                row[f"budget_{year}"] = f"{draw.choice([0, 20, 60, 120]) * draw.random():.4f}"
        row |= {
            "share_cap": draw.choice(SHARES), "min_share": draw.choice(["", "", "", "", "10", "25"]),
            "carry_over": draw.choice(["none", "tied", "free"]),
            "arrives": draw.choice(["same_year"] * 4 + ["next_year", "after_acceptance"]),
            "pilot_only": "yes" if draw.random() < 0.1 else "",
        }  # fmt: skip
    payers = table("payers")
    for row in payers:
        for year in range(2027, 2031):
            row[f"ceiling_{year}"] = f"{draw.uniform(0, 20):.4f}" if draw.random() < 0.3 else ""
        row["debt_quota"] = f"{draw.uniform(0, 20):.4f}" if draw.random() < 0.3 else ""
    rows = {"needs": needs, "sites": sites, "funds": funds, "payers": payers}
    if not works:
        rows |= {"projects": [], "payments": []}
    if draw.random() < 0.4:
        rows["operators"] = []
    if draw.random() < 0.3:
        rows["listings"] = []
    return {name: text(some, list(table(name)[0])) for name, some in rows.items()}


def _filters(draw: random.Random) -> str:
    kinds = [
        "", "", 'counties = ["360102"]\n', 'cities = ["3601"]\n', 'programmes = ["resilience"]\n',
        f'service_types = ["{draw.choice(TYPES)}"]\n', 'communities = ["C1", "C3"]\n', "years = [2027]\n",
        'groups = ["elders", "all"]\n', 'streets = ["360102001"]\n', 'national = ["完整社区"]\n',
    ]  # fmt: skip
    return draw.choice(kinds)


def _each(draw: random.Random, *names: str) -> str:
    return f'each = ["{draw.choice(names)}"]\n' if draw.random() < 0.4 else ""


def money(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    if draw.random() < 0.3:
        filters = f'funds = ["{draw.choice(funds)}"]\n'
        each = _each(draw, "county", "year", "programme")
    else:
        filters, each = _filters(draw), _each(draw, "county", "community", "year", "programme", "department")
    if draw.random() < 0.6:
        amount = f"amount = {draw.uniform(0, 60):.4f}\n"
        return f'kind = "money"\nbound = "ceiling"\n{amount}{filters}{each}'
    bound = draw.choice([("floor", draw.randint(0, 15)), ("ceiling", draw.randint(20, 90))])
    of = "used" if "years" in filters + each or "funds" in filters else draw.choice(["used", "budget"])
    return f'kind = "money"\nbound = "{bound[0]}"\nshare = {bound[1]}\nof = "{of}"\n{filters}{each}'


def number(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    limit = draw.choice(
        [f'bound = "ceiling"\nnumber = {draw.randint(0, 6)}\n', f'bound = "ceiling"\nshare = {draw.randint(30, 90)}\n',
         'bound = "floor"\nnumber = 1\n', f'bound = "floor"\nshare = {draw.randint(1, 20)}\n']
    )  # fmt: skip
    each = _each(draw, "county", "year", "community", "street", "department") if "ceiling" in limit else ""
    return f'kind = "number"\n{limit}{_filters(draw)}{each}'


def met(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    level = draw.choice(["", "level = 1\n", "level = 3\n"])
    return f'kind = "met"\nshare = {draw.randint(0, 30)}\nreachable = true\n{level}{_filters(draw)}{_each(draw, "county", "programme")}'


def complete(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    return f'kind = "complete"\nnumber = {draw.choice([1, 1, 2])}\nnational = "{draw.choice(["完整社区", "嵌入式"])}"\n'


def prerequisite(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    before, after = draw.sample(TYPES, 2)
    return f'kind = "prerequisite"\nbefore = "{before}"\nafter = "{after}"\n'


def exclusion(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    first, second = draw.sample(TYPES, 2)
    return f'kind = "exclusion"\nfirst = "{first}"\nsecond = "{second}"\n'


def dig_once(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    saving, fixed = draw.randint(0, 40), f"{draw.uniform(0, 3):.4f}"
    return f'kind = "dig_once"\nservice_types = ["R02", "R03"]\nsaving = {saving}\nfixed = {fixed}\n'


def forbid(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    what = f'needs = ["{draw.choice(needs)}"]\n' if draw.random() < 0.6 else f'sites = ["{draw.choice(sites)}"]\n'
    return f'kind = "forbid"\n{what}{draw.choice(["", "years = [2027]"])}\n'


def pilots(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    if draw.random() < 0.5:
        return 'kind = "pilots"\nmode = "listed"\n'
    return f'kind = "pilots"\nmode = "select"\nnumber = {draw.randint(1, 2)}\nleast_needs = {draw.randint(0, 1)}\n'


def safety_first(draw: random.Random, needs: list[str], sites: list[str], funds: list[str]) -> str:
    return f'kind = "safety_first"\nshare = {draw.randint(0, 50)}\n'


Maker = Callable[[random.Random, list[str], list[str], list[str]], str]
RULES: tuple[Maker, ...] = (
    money, number, met, complete, prerequisite, exclusion, dig_once, forbid, pilots, safety_first,
)  # fmt: skip


def random_scenario(draw: random.Random, tables: dict[str, str], *, likely: float = 0.25) -> str:
    """Settings, changes and rules, each there or not."""
    ids = {
        name: [row["id"] for row in csv.DictReader(io.StringIO(tables[name]))] for name in ("needs", "sites", "funds")
    }
    goal = draw.choice(["lexicographic", "benefit", "benefit", "smallest_county"])
    consent = "true" if draw.random() < 0.6 else "false"
    parts = [f'most_packages = {draw.randint(1, 3)}\nassume_consent = {consent}\n[objective]\nkind = "{goal}"\n']
    if draw.random() < 0.5:
        parts.append(f"[factors]\ndiscount_percent = {draw.randint(80, 100)}\ncost_percent = {draw.randint(70, 140)}\n")
    if draw.random() < 0.3:
        parts.append(f'[[override]]\nplaces = ["360103"]\ncost_percent = {draw.randint(50, 150)}\n')
    if draw.random() < 0.3:
        parts.append(f'[[budget]]\nfunds = ["COUNTY-A"]\npercent = {draw.randint(30, 170)}\n')
    if draw.random() < 0.3:
        parts.append(f'[[ceiling]]\npayers = ["P-A"]\namount = {draw.uniform(0, 6):.4f}\n')
    if draw.random() < 0.3:
        parts.append(f'[[quota]]\npolicy = "G3"\nyears = [2028]\nnumber = {draw.randint(0, 2)}\n')
    for maker in RULES:
        if draw.random() < likely:
            rule = maker(draw, ids["needs"], ids["sites"], ids["funds"])
            parts.append(f'[[rule]]\nname = "{maker.__name__}"\n{rule}')
    return "\n".join(parts)


def write_random_book(folder: Path, seed: int) -> Path:
    """The book of a seed, with its scenario; the same seed gives the same book."""
    draw = random.Random(seed)
    tables = random_tables(draw)
    return write_text_book(folder, scenario=random_scenario(draw, tables), **tables)
