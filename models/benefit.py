"""What an option is worth: points of benefit and thousandths of a safety need."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .options import EMERGENCY
from .settings import PROGRAMMES

Int = NDArray[np.int64]
_SAFE: Final = 2**62


def with_worth(options: pl.DataFrame, needs: pl.DataFrame, first_year: int) -> pl.DataFrame:
    """Options (`need, level, lots, year, variant`) with `benefit`, `safety` and `whole_lots`."""
    weight = pl.coalesce([pl.when(pl.col("programme") == name).then(f"weight_{name}") for name in PROGRAMMES])
    told = needs.select(
        "need",
        pl.col("lots").alias("whole_lots"),
        pl.col("level").alias("level_now"),
        pl.col("safety").alias("for_safety"),
        "discount",
        (pl.col("people") * pl.col("urgency") * weight).alias("stake"),
        *(f"worth_{level}" for level in range(4)),
    )
    rows = options.join(told, on="need", how="left", maintain_order="left")

    def worth(level: str) -> pl.Expr:
        return pl.coalesce([pl.when(pl.col(level) == number).then(f"worth_{number}") for number in range(4)])

    rows = rows.with_columns(gain=worth("level") - worth("level_now"))
    points = discounted(
        rows["stake"].to_numpy().astype(np.int64),
        (rows["gain"] * rows["lots"]).to_numpy().astype(np.int64),
        rows["whole_lots"].to_numpy().astype(np.int64),
        rows["discount"].to_numpy().astype(np.int64),
        (rows["year"] - first_year).to_numpy().astype(np.int64),
    )
    emergency = (pl.col("variant") & EMERGENCY) > 0
    safe = pl.col("for_safety") & (pl.col("level") >= 2) & ~emergency
    return rows.with_columns(
        benefit=pl.when(emergency).then(0).otherwise(pl.Series(points)),
        safety=pl.when(safe).then(1000 * pl.col("lots") // pl.col("whole_lots")).otherwise(0),
    ).drop("level_now", "for_safety", "discount", "stake", "gain", *(f"worth_{level}" for level in range(4)))


def discounted(stake: Int, gain: Int, whole_lots: Int, discount: Int, years: Int) -> Int:
    """`stake * gain * discount^years // (whole_lots * 100 * 100^years)`, exactly, however large the product."""
    if not len(stake):
        return np.zeros(0, np.int64)
    most = float(np.abs(stake).max()) * float(np.abs(gain).max()) * 100.0 ** int(years.max())
    if most < _SAFE and float(whole_lots.max()) * 100.0 ** (int(years.max()) + 1) < _SAFE:
        exact: Int = stake * gain * discount**years // (whole_lots * 100 ** (years + 1))
        return exact
    columns = (stake.tolist(), gain.tolist(), whole_lots.tolist(), discount.tolist(), years.tolist())
    return np.array([s * g * d**k // (w * 100 ** (k + 1)) for s, g, w, d, k in zip(*columns, strict=True)], np.int64)
