"""The needs list carried on: what is new, worse, better or done, with ids and hand edits kept."""

import datetime

import polars as pl

from .found_needs import LACKS, MOST_URGENT
from .standards import PARTS
from .tables import TABLES

REBOUND_DAYS = 183
"""A need that comes back within this many days of its closing is 反弹."""

SHUT = ("closed", "met")
BY_HAND = "人工"
KEPT_STATUSES = ("kept", "to_special", "rebound")
WAITING = ("to_hand_over", "handed_over", "in_hand", "overdue")
WORSE = {"none": 3, "short": 2, "poor": 1}

KEY = ["community", "neighbourhood", "service_type"]
NEED_COLUMNS = [column.name for column in TABLES["needs"].columns]
_FOUND = [name for name in NEED_COLUMNS if name not in (*KEY, "id", "edited", "note")]


def carried_on(
    found: pl.DataFrame, needs: pl.DataFrame, projects: pl.DataFrame, *, as_of: datetime.date
) -> pl.DataFrame:
    """The new needs list, wide: the columns of the table, `old_*` for what stood there before, and `case`.

    `case` is new, again, rebound, found, done, off (no longer applicable), unsure (not to be confirmed), hand or shut.
    A row that somebody closed without the day of closing is closed on `as_of`, and `dated` says so.
    """
    shut = pl.col("status").is_in(SHUT)
    undated = (shut & pl.col("closed_on").is_null()).fill_null(False)
    old = needs.with_columns(
        pl.col("neighbourhood").fill_null(""),
        pl.when(undated).then(pl.lit(as_of)).otherwise("closed_on").cast(pl.Date).alias("closed_on"),
        shut=shut,
        dated=undated,
    ).sort("shut", "id")
    first = old.unique(KEY, keep="first", maintain_order=True)
    double = old.join(first.select("id"), on="id", how="anti")
    earlier = first.drop("shut").rename({name: f"old_{name}" for name in NEED_COLUMNS if name not in KEY})
    both = found.join(earlier, on=KEY, how="full", coalesce=True).with_columns(judged=pl.col("judgement").is_not_null())
    both = both.with_columns(case=_case(as_of)).filter(pl.col("case").is_not_null())
    both = _with_ids(both, needs["id"])
    both = both.join(_stores(projects, both, as_of), left_on="id", right_on="need", how="left")
    both = _new_values(both, as_of)
    twice = double.drop("shut").rename({name: f"old_{name}" for name in NEED_COLUMNS if name not in KEY})
    twice = twice.with_columns(
        case=pl.lit("shut"), id="old_id", **{name: pl.col(f"old_{name}") for name in [*_FOUND, "edited", "note"]}
    )
    return pl.concat([both, twice], how="diagonal").with_columns(pl.col("dated").fill_null(False)).sort("id")


def _case(as_of: datetime.date) -> pl.Expr:
    lack = pl.col("judgement").is_in(LACKS).fill_null(False)
    had = pl.col("old_id").is_not_null()
    shut = pl.col("old_status").is_in(SHUT)
    closed_on = pl.col("old_closed_on")
    # What was found before the closing does not reopen a need; an undated survey is taken as the present state.
    evidence = pl.max_horizontal(pl.col("seen"), pl.when(pl.col("judgement") == "poor").then(pl.col("last_complaint")))
    fresh = (evidence > closed_on).fill_null(True)
    recent = (closed_on >= as_of - datetime.timedelta(days=REBOUND_DAYS)).fill_null(False)
    was_poor = pl.col("old_judgement") == "poor"
    done = (pl.col("judgement") == "met") | ((pl.col("enough") == "yes") & ~was_poor & ~lack)
    by_hand = pl.col("old_source").str.contains(BY_HAND, literal=True).fill_null(False)
    return (
        pl.when(~had)
        .then(pl.when(lack).then(pl.lit("new")))
        .when(shut)
        .then(
            pl.when(lack & fresh)
            .then(pl.when(recent).then(pl.lit("rebound")).otherwise(pl.lit("again")))
            .otherwise(pl.lit("shut"))
        )
        .when(by_hand)
        .then(pl.lit("hand"))
        .when(lack)
        .then(pl.lit("found"))
        .when((pl.col("judgement") == "not_applicable").fill_null(False))
        .then(pl.lit("off"))
        .when(done.fill_null(False))
        .then(pl.lit("done"))
        .otherwise(pl.lit("unsure"))
    )


def _with_ids(rows: pl.DataFrame, taken: pl.Series) -> pl.DataFrame:
    plain = pl.concat_str(
        pl.lit("N"),
        "community",
        "service_type",
        pl.when(pl.col("neighbourhood") != "").then("neighbourhood"),
        separator="-",
        ignore_nulls=True,
    )
    rows = rows.with_columns(id=pl.coalesce("old_id", plain))
    clash = pl.col("old_id").is_null() & pl.col("id").is_in(taken.implode())
    return rows.with_columns(id=pl.when(clash).then(pl.col("id") + "-new").otherwise("id"))


def _stores(projects: pl.DataFrame, rows: pl.DataFrame, as_of: datetime.date) -> pl.DataFrame:
    """For every need that a project names, the store that counts: signed before finished, reserve and idea.

    An accepted work whose delivery of the service is stated, or that a dated survey has seen since, is assessed by
    this check-up and counts as `left`.
    """
    accepted = ((pl.col("store") == "finished") & (pl.col("accepted_on") <= as_of)).fill_null(False)
    entries = pl.lit(";") + pl.col("delivered").fill_null("")
    stated = entries.str.contains(pl.lit(";") + pl.col("service_type") + "=", literal=True)
    surveyed = (pl.col("surveyed_on") >= pl.col("accepted_on")).fill_null(False)
    order = {"building": 0, "finished": 1, "reserve": 2, "idea": 3, "left": 4}
    return (
        projects.select("store", "accepted_on", "delivered", need=pl.col("needs").str.split(";"))
        .explode("need")
        .join(rows.select("service_type", "surveyed_on", need="id"), on="need")
        .with_columns(store=pl.when(accepted & (stated | surveyed)).then(pl.lit("left")).otherwise("store"))
        .with_columns(place=pl.col("store").replace_strict(order, return_dtype=pl.Int64))
        .sort("need", "place")
        .unique("need", keep="first", maintain_order=True)
        .select("need", "store")
    )


def _new_values(rows: pl.DataFrame, as_of: datetime.date) -> pl.DataFrame:
    case, old_status, store = pl.col("case"), pl.col("old_status"), pl.col("store")
    listed = case.is_in(["new", "again", "rebound", "found"])
    opened = case.is_in(["new", "again", "rebound"])
    ended = case.is_in(["done", "off"])
    today = pl.lit(as_of)
    # An open need that keeps the day of its last closing is one that came back, whatever its status is by now.
    came_back = (case == "rebound") | ((case == "found") & pl.col("old_closed_on").is_not_null())
    edited = pl.col("old_edited").str.split(";").fill_null([])
    # A general need that was moved to the special ones stays as it was entered.
    moved = (old_status == "to_special").fill_null(False) | edited.list.contains("need_class")
    need_class = pl.when(pl.col("judged") & ~moved).then("need_class").otherwise("old_need_class")
    general = pl.col("need_class") == "general"
    special_status = (
        pl.when(case.is_in(["done", "off", "shut"]))
        .then(old_status)
        .when(store.is_in(["building", "finished", "reserve", "idea"]))
        .then(store)
        .when(case == "rebound")
        .then(pl.lit("rebound"))
        .when(old_status.is_in(KEPT_STATUSES) & ~opened)
        .then(old_status)
        .when(store.is_null() & ~opened & old_status.is_in(["idea", "reserve", "building", "finished"]))
        .then(old_status)
        .when(case.is_in(["hand", "unsure"]))
        .then(pl.when(store == "left").then(pl.lit("to_match")).otherwise(old_status))
        .otherwise(pl.lit("to_match"))
    )
    due = (
        pl.when(opened | (case == "found") & pl.col("old_due").is_null())
        .then(pl.when(general).then(today + pl.duration(days="general_deadline_days")))
        .otherwise("old_due")
        .cast(pl.Date)
    )
    general_status = (
        pl.when(case == "rebound")
        .then(pl.lit("rebound"))
        .when(opened)
        .then(pl.lit("to_hand_over"))
        .when(old_status.is_in(WAITING) & (pl.col("due") < today))
        .then(pl.lit("overdue"))
        # A deadline that was put off by hand ends the delay.
        .when((old_status == "overdue") & (pl.col("due") >= today))
        .then(pl.lit("handed_over"))
        .otherwise(old_status)
    )
    closing = pl.when((case == "off") | general).then(pl.lit("closed")).otherwise(pl.lit("met"))
    rows = rows.with_columns(need_class=need_class, due=due)
    values: dict[str, pl.Expr] = {
        "quantity": (pl.col("amount") / PARTS).round(4),
        "urgency": pl.min_horizontal(pl.col("urgency") + came_back.cast(pl.Int64), MOST_URGENT),
        "department": pl.col("department_zh"),
        "status": pl.when(ended).then(closing).when(general).then(general_status).otherwise(special_status),
        "first_found": pl.when(case.is_in(["new", "again"]))
        .then(today)
        .otherwise(pl.coalesce("old_first_found", today)),
        "closed_on": pl.when(ended).then(today).when(case == "again").then(None).otherwise("old_closed_on"),
    }
    # Rows that are closed take over the judgement that closed them and keep their last figures.
    at_end = {"judgement", "level", "status", "closed_on"}
    always = {"status", "due"}

    def value(name: str) -> pl.Expr:
        new = values.get(name, pl.col(name))
        old = pl.col(f"old_{name}")
        takes = listed | ended if name in at_end else listed
        takes = takes | (case.is_in(["hand", "unsure"])) if name in always else takes
        takes = takes & ~edited.list.contains(name)
        return pl.when(takes).then(new).otherwise(old).alias(name)

    # `due` may be edited too, so it is settled before the status that follows from it.
    rows = rows.with_columns(pl.when(edited.list.contains("due")).then("old_due").otherwise("due").alias("due"))
    return rows.with_columns(*[value(name) for name in _FOUND], edited="old_edited", note="old_note")


def needs_table(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the columns and types of the book's table, in the order of their ids."""
    table = TABLES["needs"]
    blank = pl.when(pl.col("neighbourhood") != "").then("neighbourhood").alias("neighbourhood")
    return (
        rows.with_columns(blank).select(pl.col(name).cast(table.column(name).dtype) for name in NEED_COLUMNS).sort("id")
    )


def severity(judgement: pl.Expr) -> pl.Expr:
    """How bad a judgement is: none 3, short 2, poor 1, else 0."""
    return judgement.replace_strict(WORSE, default=0, return_dtype=pl.Int64)
