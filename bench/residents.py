"""What the residents of a synthetic book complain of, wish for and agree to; no line is about a real person."""

import datetime

import numpy as np
import polars as pl

from .frames import days_before, joined, kept, table_frame
from .standards import standards

# Types of which some measure needs the residents' consent.
CONSENT_TYPES = ("R01", "R05", "R09", "R10", "F09", "F13", "F14", "F15", "F16", "G04", "G05", "S02", "S04", "V01")

ABOUT = {
    "supply": ("希望在附近增加{name}", "{name}不够用,建议尽快补上", "反映{name}离家太远、使用不便"),
    "defect": ("反映{name}问题一直没有解决", "{name}方面存在隐患,请尽快处理", "希望把{name}列入今年的改造"),
}
SAID = "(模拟诉求)"


def complaint_table(
    communities: pl.DataFrame, expected: pl.DataFrame, as_of: datetime.date, rng: np.random.Generator
) -> pl.DataFrame:
    """Complaints of the year before `as_of`: many where something is wanting, a few about anything, over-dispersed."""
    types = standards()
    urgency = {standard.id: 1.0 + (standard.group == "all") * 0.4 for standard in types}
    n = len(communities)
    mood = rng.gamma(2.0, 0.5, n)  # communities differ in how much they complain
    wanted = expected.with_columns(
        pl.col("service_type").replace_strict(urgency, return_dtype=pl.Float64).alias("rate")
    )
    mean = wanted["rate"].to_numpy() * mood[wanted["row"].to_numpy()] * rng.gamma(0.8, 1.25, len(wanted))
    about = wanted.select("row", "neighbourhood", "service_type")
    counts = np.minimum(rng.poisson(mean), 25)
    rows = about.with_columns(pl.Series("count", counts))
    general = [standard.id for standard in types if not standard.special]
    special = [standard.id for standard in types if standard.special]
    stray = [
        pl.DataFrame(
            {
                "row": np.arange(n),
                "service_type": code,
                "count": np.minimum(rng.poisson(mood * rate * rng.gamma(0.7, 1.4, n)), 20),
            }
        )
        for codes, rate in ((general, 0.45), (special, 0.03))
        for code in codes
    ]
    rows = pl.concat([rows, *stray], how="diagonal_relaxed").filter(pl.col("count") > 0)
    rows = rows.sort("row", "service_type", "neighbourhood", nulls_last=False)
    repeated = rows.select(pl.exclude("count").repeat_by("count").explode())
    total = len(repeated)
    row = repeated["row"].to_numpy()
    place = np.arange(total) - np.searchsorted(row, row)
    code = communities["id"].gather(row)
    # A matter is reported again under the same event; two rows in five come without one.
    matter = pl.struct("row", "service_type", "neighbourhood")
    same = repeated.select((matter == matter.shift(1)).fill_null(False)).to_series().to_numpy()
    event = np.maximum.accumulate(np.where(same & (rng.random(total) < 0.35), 0, np.arange(total)))
    named = rng.random(total) < 0.6
    return table_frame(
        "complaints",
        {
            "id": joined("Q-", code, "-", pl.Series(place + 1).cast(pl.String).str.zfill(3)),
            "community": code,
            "neighbourhood": repeated["neighbourhood"],
            "service_type": repeated["service_type"],
            "event": kept(joined("E-", pl.Series(event).cast(pl.String).str.zfill(7)), named),
            "number": 1 + np.minimum(rng.negative_binomial(0.6, 0.75, total), 12),
            "severity": rng.choice(np.arange(1, 6), total, p=[0.1, 0.25, 0.35, 0.2, 0.1]),
            "date": days_before(as_of, rng.integers(1, 364, total)),
            "text": _texts(repeated["service_type"], rng),
        },
    )


def _texts(types: pl.Series, rng: np.random.Generator) -> pl.Series:
    lines = [
        pattern.format(name=standard.name_zh) + SAID
        for standard in standards()
        for pattern in ABOUT["supply" if standard.supply else "defect"]
    ]
    number = types.replace_strict(
        {standard.id: place for place, standard in enumerate(standards())}, return_dtype=pl.Int64
    )
    return pl.Series(lines).gather(number.to_numpy() * 3 + rng.integers(0, 3, len(types)))


def consultation_table(
    communities: pl.DataFrame,
    neighbourhoods: pl.DataFrame,
    expected: pl.DataFrame,
    as_of: datetime.date,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Meetings that rank what residents want most, and votes where a measure needs consent; some votes fail."""
    return pl.concat(
        [_ranks(communities, expected, as_of, rng), _votes(communities, neighbourhoods, expected, as_of, rng)]
    )


def _ranks(
    communities: pl.DataFrame, expected: pl.DataFrame, as_of: datetime.date, rng: np.random.Generator
) -> pl.DataFrame:
    met = rng.random(len(communities)) < 0.85
    wish = expected.with_columns(pl.Series("wish", rng.random(len(expected)))).filter(
        pl.Series(met).gather(expected["row"])
    )
    wish = wish.with_columns(pl.col("wish").rank("ordinal").over("row").cast(pl.Int64).alias("rank"))
    wish = wish.filter(pl.col("rank") <= 5).sort("row", "rank")
    row, rank, total = wish["row"].to_numpy(), wish["rank"].to_numpy(), len(wish)
    code = communities["id"].gather(row)
    asked = np.minimum(communities["households"].gather(row).to_numpy(), 600)
    answered = np.floor(asked * rng.uniform(0.3, 0.9, total)).astype(np.int64)
    return table_frame(
        "consultations",
        {
            "id": joined("X-", code, "-", rank),
            "community": code,
            "neighbourhood": wish["neighbourhood"],
            "service_type": wish["service_type"],
            "date": days_before(as_of, rng.integers(20, 120, len(communities))[row]),
            "form": ["meeting"] * total,
            "asked": asked,
            "answered": answered,
            "rank": rank,
            "votes": np.floor(answered * rng.uniform(0.75, 1.0, total) / (0.8 + 0.6 * rank)).astype(np.int64),
        },
    )


def _votes(
    communities: pl.DataFrame,
    neighbourhoods: pl.DataFrame,
    expected: pl.DataFrame,
    as_of: datetime.date,
    rng: np.random.Generator,
) -> pl.DataFrame:
    vote = expected.filter(pl.col("service_type").is_in(list(CONSENT_TYPES)))
    vote = vote.filter(pl.Series(rng.random(len(vote)) < 0.92))
    total = len(vote)
    code = communities["id"].gather(vote["row"])
    place = vote["neighbourhood"].fill_null(code)
    homes = (
        vote.join(
            neighbourhoods.select("id", "households"),
            left_on="neighbourhood",
            right_on="id",
            how="left",
            maintain_order="left",
        )["households"]
        .fill_null(communities["households"].gather(vote["row"]))
        .to_numpy()
    )
    fails = rng.random(total)
    taking = np.where(fails < 0.07, rng.uniform(38.0, 64.0, total), rng.uniform(68.0, 96.0, total))
    agreeing = np.where(
        fails > 0.94,
        rng.uniform(30.0, 49.0, total),
        np.where(fails > 0.88, rng.uniform(55.0, 72.0, total), rng.uniform(76.0, 97.0, total)),
    )
    part, agree = np.round(taking, 1), np.round(agreeing, 1)
    days = rng.integers(30, 200, total)
    return table_frame(
        "consultations",
        {
            "id": joined("Y-", place, "-", vote["service_type"]),
            "community": code,
            "neighbourhood": vote["neighbourhood"],
            "service_type": vote["service_type"],
            "date": days_before(as_of, days),
            "form": ["vote"] * total,
            "asked": homes,
            "answered": np.floor(homes * part / 100.0).astype(np.int64),
            "taking_part_households": part,
            "taking_part_area": np.round(np.clip(taking + rng.uniform(-1.0, 1.5, total), 0.0, 100.0), 1),
            "agreeing_households": agree,
            "agreeing_area": np.round(np.clip(agreeing + rng.uniform(-0.8, 1.5, total), 0.0, 100.0), 1),
            "notice_from": days_before(as_of, days - 1),
            "notice_to": days_before(as_of, days - 8),
            "objections": np.where(rng.random(total) < 0.03, rng.integers(1, 4, total), 0),
        },
    )
