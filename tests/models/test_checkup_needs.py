"""The needs list carried on from one check-up to the next, and the tickets of departments."""

import datetime
from typing import Any

import polars as pl
import pytest
from checkup_book import (
    TODAY,
    again,
    book,
    checkup,
    community,
    complaint,
    defect,
    facility,
    general,
    judgement,
    need,
    service,
    whats,
)
from qingdan.models.book import Book
from qingdan.models.tables import TABLES

LATER = datetime.date(2026, 12, 1)


def base(quantity: float | None = 40.0, **told: Any) -> Book:
    """One community with a special supply S and a general type G of which 5 cases are open."""
    return book(
        communities=[community()],
        service_types=[service("S"), general("G")],
        facilities=[facility("S", quantity, quality=80.0), facility("G", 5.0)],
        **told,
    )


def surveyed(supply: float | None, cases: float | None = 5.0, **told: Any) -> list[dict[str, Any]]:
    """A new survey of both types."""
    return [facility("S", supply, quality=80.0, **told), facility("G", cases, quality=80.0, **told)]


def edit(made: Book, name: str, **values: Any) -> Book:
    """The book after somebody changed one need by hand."""
    chosen = pl.col("id") == name
    needs = made.table("needs")
    changed = [pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(key)).alias(key) for key, value in values.items()]
    return made.with_table("needs", needs.with_columns(changed))


def test_new_needs_have_speaking_ids_and_their_first_status() -> None:
    """Special needs wait for a match, general ones for their department; both say when they were found."""
    found = checkup(base())
    special, case = need(found), need(found, "N-A-G")
    assert (special["status"], special["due"], special["first_found"]) == ("to_match", None, TODAY)
    assert (case["status"], case["due"], case["department"]) == ("to_hand_over", datetime.date(2026, 11, 8), "城管")
    assert whats(found) == whats(found, "N-A-G") == ["new"]


def test_the_needs_have_the_columns_of_the_book() -> None:
    """The result can be put into the book as it is."""
    found = checkup(base())
    assert found.needs.schema == TABLES["needs"].empty(()).schema


@pytest.mark.parametrize("later", [TODAY, datetime.date(2026, 11, 5)])
def test_checking_up_again_changes_nothing(later: datetime.date) -> None:
    """The same book gives the same needs, and the list of changes is empty."""
    made = base(complaints=[complaint("S", severity=5)] * 3)
    first = checkup(made)
    second = checkup(again(made, first, as_of=later))
    assert second.needs.equals(first.needs)
    assert second.changes.is_empty()


def test_a_rebound_and_a_credit_are_settled_at_once() -> None:
    """Coming back, closing and crediting happen in one check-up, not step by step over several."""
    made = base(
        projects=[
            {
                "name": "x",
                "community": "A",
                "needs": "N-A-S",
                "store": "finished",
                "delivered": "S=20",
                "accepted_on": datetime.date(2026, 10, 1),
            }
        ]
    )
    first = checkup(made)
    made = edit(again(made, first), "N-A-G", status="closed", closed_on=datetime.date(2026, 9, 1))
    second = checkup(made)
    assert need(second, "N-A-G")["status"] == "rebound"
    third = checkup(again(made, second))
    assert third.needs.equals(second.needs) and third.changes.is_empty()


@pytest.mark.parametrize(
    ("quantity", "what", "judged"), [(10.0, "raised", "none"), (30.0, "raised", "short"), (60.0, "lowered", "short")]
)
def test_a_need_follows_the_survey(quantity: float, what: str, judged: str) -> None:
    """It is raised or lowered with its shortage, keeps its id and the day when it was first found."""
    made = base()
    found = checkup(again(made, checkup(made), as_of=LATER, facilities=surveyed(quantity)))
    row = need(found)
    assert (whats(found), row["judgement"], row["first_found"]) == ([what], judged, TODAY)
    change = found.changes.filter(need="N-A-S").to_dicts()[0]
    assert change["from"] == "有而不够 60 紧迫度3 待匹配" and change["reason"]


def test_a_wish_of_the_residents_raises_a_need() -> None:
    """More urgent at the same shortage is raised as well."""
    made = base()
    wish = [{"community": "A", "service_type": "S", "date": datetime.date(2026, 11, 20), "rank": 2}]
    found = checkup(again(made, checkup(made), as_of=LATER, consultations=wish))
    assert (whats(found), need(found)["urgency"]) == (["raised"], 4)


def test_a_need_that_is_met_is_closed() -> None:
    """达标销号 with its date; the row stays on the list as history."""
    made = base()
    found = checkup(again(made, checkup(made), as_of=LATER, facilities=surveyed(100.0)))
    row = need(found)
    assert (row["status"], row["closed_on"], row["judgement"], row["level"]) == ("met", LATER, "met", 3)
    assert whats(found) == ["closed"]


def test_a_shortage_that_is_gone_closes_though_the_quality_is_unknown() -> None:
    """A need for quantity ends with the quantity; the judgement stays 未采集 and is listed."""
    made = base()
    found = checkup(again(made, checkup(made), as_of=LATER, facilities=[facility("S", 100.0)]))
    row = need(found)
    assert (row["status"], row["judgement"], row["level"]) == ("met", "unknown", 2)
    assert found.unknown.filter(service_type="S")["what"].to_list() == ["quality"]


def test_a_need_is_kept_where_the_new_survey_says_nothing() -> None:
    """An empty cell neither closes nor changes a need, and the list says that it was kept."""
    made = base()
    first = checkup(made)
    found = checkup(again(made, first, as_of=LATER, facilities=surveyed(None)))
    assert need(found) == need(first)
    assert whats(found) == ["kept"]


def test_a_poor_service_is_not_closed_before_its_quality_is_known() -> None:
    """Without a new score nobody knows that it became better."""
    made = base().with_table("facilities", pl.DataFrame([{"id": "f", **facility("S", 100.0, quality=10.0)}]))
    first = checkup(made)
    assert need(first)["judgement"] == "poor"
    assert whats(checkup(again(made, first, facilities=[facility("S", 100.0)]))) == ["kept"]
    assert whats(checkup(again(made, first, facilities=[facility("S", 100.0, quality=90.0)]))) == ["closed"]


def test_what_no_longer_applies_is_closed() -> None:
    """不适用 ends a need without calling it met."""
    made = base()
    found = checkup(again(made, checkup(made), facilities=[facility("S", None, applicable=False)]))
    assert (need(found)["status"], whats(found)) == ("closed", ["closed"])


@pytest.mark.parametrize(
    ("closed_on", "status", "what", "urgency"),
    [
        (datetime.date(2026, 5, 2), "rebound", "rebound", 5),
        (datetime.date(2026, 5, 1), "to_hand_over", "new", 4),
        (TODAY, "closed", None, 4),
    ],
)
def test_a_case_that_comes_back_within_six_months_is_more_urgent(
    closed_on: datetime.date, status: str, what: str | None, urgency: int
) -> None:
    """183 days back is 反弹, a day more is a new need, and what was closed today is not opened by today's survey."""
    made = base()
    made = edit(again(made, checkup(made)), "N-A-G", status="closed", closed_on=closed_on)
    found = checkup(made)
    row = need(found, "N-A-G")
    assert (row["status"], row["urgency"]) == (status, urgency)
    assert whats(found, "N-A-G") == ([what] if what else [])


@pytest.mark.parametrize(("name", "status"), [("N-A-G", "closed"), ("N-A-S", "met")])
def test_a_need_closed_by_hand_without_a_day_stays_closed(name: str, status: str) -> None:
    """Whoever forgets the day of closing finds the day of the check-up there; only a later survey reopens the need."""
    made = base()
    made = edit(again(made, checkup(made)), name, status=status, closed_on=None)
    found = checkup(made)
    assert (need(found, name)["status"], need(found, name)["closed_on"]) == (status, TODAY)
    assert whats(found, name) == ["updated"]
    assert found.changes.filter(need=name)["reason"].to_list() == ["销号日期未填,按体检日期2026-11-01记"]
    second = checkup(again(made, found))
    assert second.needs.equals(found.needs) and second.changes.is_empty()
    later = checkup(again(made, found, as_of=LATER))
    assert whats(later, name) == ["rebound"]


def test_an_old_survey_does_not_reopen_what_was_closed_since() -> None:
    """Five cases counted in March say nothing about a street that was cleaned in May."""
    march = datetime.date(2026, 3, 1)
    made = base().with_table("facilities", pl.DataFrame(surveyed(40.0, surveyed=march)).with_row_index("id"))
    made = edit(again(made, checkup(made)), "N-A-G", status="closed", closed_on=datetime.date(2026, 5, 10))
    assert need(checkup(made), "N-A-G")["status"] == "closed"


def test_a_special_need_may_rebound_too() -> None:
    """A service lost again after it was met comes back under its id."""
    made = base()
    first = checkup(made)
    second = checkup(again(made, first, facilities=surveyed(100.0)))
    third = checkup(again(made, second, as_of=LATER, facilities=surveyed(40.0)))
    row = need(third)
    assert (row["status"], row["closed_on"], row["urgency"]) == ("rebound", TODAY, need(first)["urgency"] + 1)
    assert whats(third) == ["rebound"]


def test_a_need_that_came_back_stays_more_urgent_on_its_way() -> None:
    """Handing it over does not take the step of urgency away; closing and a long time do."""
    made = base()
    made = edit(again(made, checkup(made)), "N-A-G", status="closed", closed_on=datetime.date(2026, 10, 1))
    back = checkup(made)
    assert need(back, "N-A-G")["urgency"] == 5
    handed = checkup(edit(again(made, back), "N-A-G", status="handed_over"))
    assert need(handed, "N-A-G")["urgency"] == 5


def test_a_new_project_for_the_rest_of_a_need_counts() -> None:
    """Beside a finished work that did a part, the next one in reserve sets the status."""
    made = base()
    works = [
        {
            "name": "x",
            "needs": "N-A-S",
            "store": "finished",
            "delivered": "S=10",
            "accepted_on": TODAY,
            "community": "A",
        },
        {"name": "y", "needs": "N-A-S", "store": "reserve", "delivered": None, "accepted_on": None, "community": "A"},
    ]
    assert need(checkup(again(made, checkup(made), projects=works)))["status"] == "reserve"


def test_hand_edits_survive() -> None:
    """Columns named in `edited` keep what a person wrote; the others follow the survey."""
    made = base()
    made = edit(
        again(made, checkup(made)), "N-A-S", people=77, department="街道办", edited="people;department", note="注"
    )
    found = checkup(again(made, checkup(made), facilities=surveyed(30.0)))
    row = need(found)
    assert (row["people"], row["department"], row["note"], row["quantity"]) == (77, "街道办", "注", 70.0)
    assert row["edited"] == "people;department"


def test_a_need_entered_by_hand_stays() -> None:
    """Source 人工: a planner's own need is neither changed nor closed by figures, under whatever id it has."""
    made = base(100.0)
    row = need(checkup(base())) | {"id": "M-1", "source": "人工", "people": 9}
    made = made.with_table("needs", pl.DataFrame([row], schema=TABLES["needs"].empty(()).schema))
    found = checkup(made)
    assert need(found, "M-1") == row
    assert found.needs.filter(service_type="S").height == 1


def test_of_two_rows_for_one_need_the_open_one_is_carried_on() -> None:
    """A closed row of earlier years stays as history beside the one that is open now."""
    made = base()
    row = need(checkup(made))
    past = row | {"id": "2020-001", "status": "met", "closed_on": datetime.date(2020, 1, 1)}
    found = checkup(
        made.with_table("needs", pl.DataFrame([past, row | {"lots": 1}], schema=TABLES["needs"].empty(()).schema))
    )
    assert need(found, "2020-001") == past
    assert need(found)["lots"] == 6


def test_a_foreign_id_is_kept() -> None:
    """A need is recognised by its place and type, so a list with its own numbers keeps them."""
    made = base()
    row = need(checkup(made)) | {"id": "2025-017"}
    found = checkup(made.with_table("needs", pl.DataFrame([row], schema=TABLES["needs"].empty(()).schema)))
    assert need(found, "2025-017")["quantity"] == 60.0
    assert "N-A-S" not in found.needs["id"]


@pytest.mark.parametrize(
    ("store", "told", "status"),
    [
        ("idea", {}, "idea"),
        ("reserve", {}, "reserve"),
        ("building", {}, "building"),
        ("finished", {}, "finished"),
        ("finished", {"accepted_on": datetime.date(2026, 10, 1)}, "finished"),
        ("finished", {"accepted_on": datetime.date(2026, 10, 1), "delivered": "S=10"}, "to_match"),
        ("finished", {"accepted_on": datetime.date(2026, 10, 1), "delivered": "S=60"}, "met"),
        ("left", {}, "to_match"),
    ],
)
def test_the_status_of_a_special_need_follows_its_project(store: str, told: dict[str, Any], status: str) -> None:
    """It is derived from the register, never typed twice; after acceptance the rest of a need is matched again."""
    made = base(projects=[{"name": "x", "community": "A", "needs": "N-A-S", "store": store} | told])
    first = checkup(base())
    assert need(checkup(again(made, first)))["status"] == status


def test_a_finished_work_is_told_with_what_it_changed() -> None:
    """The list of changes names the work beside the need that it lowered."""
    work = {
        "name": "x",
        "community": "A",
        "needs": "N-A-S",
        "store": "finished",
        "accepted_on": datetime.date(2026, 10, 1),
        "delivered": "S=10",
    }
    made = base()
    found = checkup(again(made, checkup(made), projects=[work]))
    assert whats(found) == ["credited", "lowered"]
    assert found.changes.filter(what="credited")["to"].to_list() == ["10"]
    assert "projects-0" in found.changes.filter(what="credited")["reason"][0]


def test_a_need_kept_for_good_stays_so() -> None:
    """长期保留 is a decision of people, not of figures."""
    made = base()
    made = edit(again(made, checkup(made)), "N-A-S", status="kept")
    assert need(checkup(made))["status"] == "kept"


def test_tickets_go_to_the_department_with_a_day() -> None:
    """Every open general need is on the list, special ones are not."""
    found = checkup(base())
    assert found.tickets.to_dicts() == [
        {
            "id": "N-A-G",
            "community": "A",
            "service_type": "G",
            "department": "城管",
            "due": datetime.date(2026, 11, 8),
            "status": "to_hand_over",
            "days_overdue": 0,
        }
    ]


@pytest.mark.parametrize(
    ("status", "later", "wanted", "days"),
    [
        ("handed_over", datetime.date(2026, 11, 8), "handed_over", 0),
        ("handed_over", datetime.date(2026, 11, 10), "overdue", 2),
        ("in_hand", datetime.date(2026, 11, 10), "overdue", 2),
        ("done", datetime.date(2026, 11, 10), "done", 2),
        ("verifying", datetime.date(2026, 11, 10), "verifying", 2),
        ("returned", datetime.date(2026, 11, 10), "returned", 2),
    ],
)
def test_a_ticket_is_overdue_after_its_day(status: str, later: datetime.date, wanted: str, days: int) -> None:
    """Due on the 8th and still open on the 10th is 逾期 by two days; what is done waits for the community."""
    made = base()
    made = edit(again(made, checkup(made), as_of=later), "N-A-G", status=status)
    found = checkup(made)
    ticket = found.tickets.to_dicts()[0]
    assert (ticket["status"], ticket["days_overdue"], ticket["due"]) == (wanted, days, datetime.date(2026, 11, 8))


def test_a_longer_deadline_ends_the_delay() -> None:
    """A due date that was put off by hand is kept, and the ticket is no longer overdue."""
    made = base()
    late = checkup(again(made, checkup(made), as_of=LATER))
    assert need(late, "N-A-G")["status"] == "overdue"
    put_off = edit(again(made, late, as_of=LATER), "N-A-G", due=datetime.date(2026, 12, 9), edited="due")
    row = need(checkup(put_off), "N-A-G")
    assert (row["status"], row["due"]) == ("handed_over", datetime.date(2026, 12, 9))


def test_a_ticket_leaves_the_list_once_verified() -> None:
    """When a survey finds none left the case is 销号."""
    made = base()
    found = checkup(again(made, checkup(made), facilities=surveyed(40.0, 0.0)))
    assert need(found, "N-A-G")["status"] == "closed"
    assert found.tickets.is_empty()


def test_a_general_need_moved_to_the_special_ones_stays_there() -> None:
    """转专项 with its class is kept, so that matching sees it."""
    made = base()
    made = edit(again(made, checkup(made)), "N-A-G", status="to_special", need_class="special")
    found = checkup(made)
    row = need(found, "N-A-G")
    assert (row["status"], row["need_class"]) == ("to_special", "special")
    assert found.tickets.is_empty()


def test_a_defect_lowers_with_the_work_that_mends_it() -> None:
    """Twenty of fifty households done leave a need of thirty in three lots."""
    made = book(communities=[community()], service_types=[defect("S")], facilities=[facility("S", 50.0)])
    work = {
        "name": "x",
        "community": "A",
        "store": "finished",
        "accepted_on": datetime.date(2026, 10, 1),
        "delivered": "S=20",
    }
    found = checkup(again(made, checkup(made), projects=[work]))
    assert (need(found)["quantity"], need(found)["lots"]) == (30.0, 3)
    assert judgement(found)["judgement"] == "short"
