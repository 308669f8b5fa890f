"""Matching: needs × measures × sites, money, policies and operators → the options of a plan."""

from __future__ import annotations

from collections import Counter

import polars as pl

from .assembly import Found, assembled
from .at_sites import module_drafts, modules_at, reachable, site_kinds
from .benefit import with_worth
from .book import Book
from .by_year import Yearly, module_openings, money_of, paid_by_year, root_openings
from .dominance import beaten
from .doors import Doors, that_open
from .matching_ground import lay_ground
from .matching_settings import matching_settings
from .options import Options
from .refusals import CODES, ELSEWHERE, NO_CONSENT, NO_SITE, NOT_ELIGIBLE, RENEWED, refusals
from .roots import campaigns_of, site_roots
from .scenario import Scenario
from .site_rules import site_fits, site_variants
from .siteless import campaign_drafts, emergency_drafts, offered, siteless_drafts, siteless_pairs, with_consent

__all__ = ["match", "options_summary"]


def match(book: Book, scenario: Scenario | None = None, *, needs: pl.DataFrame | None = None) -> Options:
    """All options of a book under a scenario (docs/reference/derivation.md), beaten ones dropped.

    `needs` replaces the book's own needs list, for instance by that of a check-up.
    """
    settings = matching_settings(book, scenario)
    ground = lay_ground(book, settings, book.table("needs") if needs is None else needs)

    # who could be answered by what
    unbarred = ground.needs.filter(~pl.col("barred")).select("need")
    pairs = offered(ground).join(unbarred, on="need", how="semi")
    agreed = with_consent(pairs, ground)
    free = agreed.join(ground.measures.filter("siteless").select("m"), on="m", how="semi")

    # at sites
    fits = site_fits(ground.sites, ground.measures, ground.catalogue, book, settings)
    fits = fits.join(ground.measures.select("measure", "m"), on="measure", how="left")
    reached = reachable(agreed, ground)
    fitting = reached.join(fits.filter("fits").select("site", "m"), on=["site", "m"], how="semi")
    kinds = site_kinds(fitting, ground)
    variants = site_variants(fits.join(kinds.select("site", "m").unique(), on=["site", "m"], how="semi"), book)
    variants = variants.join(ground.measures.select("measure", "m"), on="measure", how="left")
    modules = modules_at(variants, ground)
    at_modules = module_drafts(kinds, modules, ground)

    # without a site
    payable = siteless_pairs(free, ground)
    campaigns = campaigns_of(ground, len(modules))
    drafts = pl.concat(
        [
            siteless_drafts(payable, ground),
            campaign_drafts(payable, campaigns, ground),
            emergency_drafts(ground),
            at_modules,
        ]
    )
    sites = site_roots(modules, ground)

    # year by year, as far as it can be paid and opened in time
    money = money_of(ground)
    options = paid_by_year(drafts, ground, money)
    opened_modules = module_openings(modules, ground, money)
    opened_sites = root_openings(sites, ground, money)
    opened_campaigns = root_openings(campaigns, ground, money)
    doors = that_open(Doors(options.rows, opened_modules.rows, opened_sites.rows, opened_campaigns.rows), len(modules))
    rows = with_worth(doors.options, ground.needs, settings.plan_years[0])
    rows = rows.join(ground.measures.select("m", "department"), on="m", how="left")
    private = frozenset(fund.number for fund in ground.funds if fund.private)
    lost = beaten(rows, options.draws, settings, settings.free_waivers, private)
    kept = rows.filter(~pl.col("row").is_in(lost.implode()))

    stages = {
        RENEWED: unbarred["need"],
        ELSEWHERE: pairs["need"].unique(),
        NO_CONSENT: agreed["need"].unique(),
        NO_SITE: pl.concat([free["need"], kinds["need"]]).unique(),
        NOT_ELIGIBLE: pl.concat([payable["need"], at_modules["need"]]).unique(),
        "option": kept["need"].unique(),
    }
    return assembled(
        Found(
            ground=ground,
            options=Yearly(kept, options.draws),
            modules=Yearly(doors.modules, opened_modules.draws),
            sites=Yearly(doors.sites, opened_sites.draws),
            campaigns=Yearly(doors.campaigns, opened_campaigns.draws),
            module_count=len(modules),
            refusals=refusals(ground, stages, reached, fits),
            found=len(rows),
        )
    )


def options_summary(options: Options, book: Book) -> dict[str, object]:
    """What a matching found, in numbers: options and openings by kind, columns a community, refusals by code."""
    communities = max(1, len(book.table("communities")))
    kinds = options.facilities["kind"].to_list()
    at = options.options["facility"].to_list()
    by_kind = Counter("siteless" if row < 0 else kinds[row] for row in at)
    opened = Counter(kinds[row] for row in options.openings["facility"].to_list())
    columns = len(options.options) + len(options.openings)
    dropped = options.found - len(options.options)
    codes = Counter(options.refusals["code"].to_list())
    return {
        "needs": len(options.needs),
        "held": len(options.held),
        "options": {"all": len(options.options), "found": options.found, "beaten": dropped, **_sorted(by_kind)},
        "facilities": _sorted(Counter(kinds)),
        "openings": {"all": len(options.openings), **_sorted(opened)},
        "packages": len(options.packages),
        "columns_per_community": {
            "before": round((columns + dropped) / communities, 1),
            "after": round(columns / communities, 1),
        },
        "refusals": {code: codes[code] for code in CODES if codes[code]},
    }


def _sorted(counts: Counter[str]) -> dict[str, int]:
    """Counts by name, names in order."""
    return dict(sorted(counts.items()))
