"""What can really open: options whose module, and modules whose site, can be open in time."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Doors:
    """Yearly rows that hang together: options, openings of modules, sites and campaigns."""

    options: pl.DataFrame
    modules: pl.DataFrame  # openings: place, site, year
    sites: pl.DataFrame  # openings: site, year
    campaigns: pl.DataFrame  # openings: place, year


def that_open(doors: Doors, module_count: int) -> Doors:
    """Drop options without a module that opens by their year, modules without options, sites without modules.

    A campaign serves only in its own year. A site opens in the years from the first in which one of its modules
    may start to the last in which one opens; `first` of a module opening is that first year.
    """
    place = pl.col("place")
    standing = doors.options.filter(place < 0)
    at = doors.options.filter((place >= 0) & (place < module_count))
    digging = doors.options.filter(place >= module_count)
    digging = digging.join(doors.campaigns.select("place", "year"), on=["place", "year"], how="semi")
    campaigns = doors.campaigns.join(digging.select("place", "year").unique(), on=["place", "year"], how="semi")
    modules, sites = doors.modules, doors.sites
    while True:
        before = len(at), len(modules), len(sites)
        spans = modules.group_by("site").agg(pl.col("first").min(), pl.col("year").max().alias("until"))
        sites = sites.drop("from", "until", strict=False).join(
            spans.rename({"first": "from"}), on="site", how="inner"
        )  # fmt: skip
        sites = sites.filter(pl.col("year").is_between("from", "until"))
        opened = sites.group_by("site").agg(pl.col("year").min().alias("opened"))
        modules = modules.join(opened, on="site", how="inner").filter(pl.col("year") >= pl.col("opened")).drop("opened")
        opened = modules.group_by("place").agg(pl.col("year").min().alias("opened"))
        at = at.join(opened, on="place", how="inner").filter(pl.col("year") >= pl.col("opened")).drop("opened")
        modules = modules.join(at.select("place", "year").unique(), on=["place", "year"], how="semi")
        if (len(at), len(modules), len(sites)) == before:
            break
    return Doors(pl.concat([standing, at, digging]), modules, sites.drop("from", "until", strict=False), campaigns)
