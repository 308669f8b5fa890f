"""The scenario to start from: it fits every book, and a plan can keep it."""

from hand_made import COMMUNITY, make_book
from qingdan.bench.generator import generate
from qingdan.models.checkup import checkup
from qingdan.models.formulation import formulate
from qingdan.models.matching import match
from qingdan.models.scenario import parse_scenario
from qingdan.models.scenario_checks import check_scenario
from qingdan.models.standard_scenario import standard_scenario
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop


def test_it_grows_with_the_book() -> None:
    """A province is asked for complete communities, a street is not; pilots only where there are some."""
    kinds = [rule.kind for rule in parse_scenario(standard_scenario(make_book())).rules]
    assert kinds == ["money", "money", "met", "number", "number", "dig_once"]
    many = make_book(communities=[{"id": f"3601020{n:05}", "pilot_category": "model"} for n in range(200)])
    rules = parse_scenario(standard_scenario(many)).rules
    assert [rule.kind for rule in rules[6:]] == ["pilots", "complete"]
    assert rules[7].sentence() == "至少有2个社区,计入“完整社区”的各项需求全部达到“够”的水平。"
    assert many.table("communities")["city"][0] == COMMUNITY["city"]


def test_a_generated_book_has_a_plan_under_it() -> None:
    """No rule asks for more than a synthetic book can give."""
    book = generate(8, 1)
    text = standard_scenario(book)
    scenario = parse_scenario(text)
    check_scenario(scenario, book, text=text)
    needs = book.table("needs") if book.table("needs").height else checkup(book, scenario).needs
    options = match(book, scenario, needs=needs)
    solution = solve(formulate(options, book, scenario), method="highs", stop=Stop(gap=0.5, time=20))
    assert solution.plan is not None
