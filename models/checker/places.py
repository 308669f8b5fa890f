"""Which site fits which measure, from when on, and whether residents have agreed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from .book_facts import Facts, Need, Place, holds, tenths
from .reading import Row

CHANGE, FAST, WAIVER, DIG, EMERGENCY, EXISTS = 1, 2, 4, 8, 16, 32
CORE_TYPES = frozenset({"F02", "F03", "F04", "F23"})
COMPLEX_AREA = 600

Fault = tuple[str, str, str]
"""Code of the refusal and what to say, in Chinese and English."""


def distance_m(facts: Facts, one: Row, other: Row) -> float:
    """Straight distance times the walking factor of the book."""
    east = (float(one["lon"]) - float(other["lon"])) * math.cos(
        math.radians((float(one["lat"]) + float(other["lat"])) / 2)
    )
    north = float(one["lat"]) - float(other["lat"])
    walking = float(facts.settings.get("walking_factor", 1.0))
    return walking * math.sqrt((east * 111320) ** 2 + (north * 110540) ** 2)


def site_capacity(facts: Facts, site: str) -> int:
    """Usable area less what signed projects occupy, whole 0.1 m²."""
    return tenths(facts.sites[site]["area"], up=False) - facts.occupied.get(site, 0)


def wants_change(facts: Facts, site: Row, service_type: str) -> bool | None:
    """Does the use want a change that is not yet permitted? None if the type may never go there."""
    allowed = facts.uses.get((site["use"], service_type), "no")
    if allowed == "no":
        return None
    return allowed == "change_of_use" and service_type not in (site["change_to"] or ())


def site_faults(facts: Facts, site: Row, measure: Row) -> Iterator[Fault]:
    """Why a measure may not stand on a site, whoever it serves."""
    wanted, kind = measure["site_kind"], site["kind"]
    room_apart = kind == "room" and site["own_entrance"]
    if not (
        (wanted == "land" and kind == "land")
        or (wanted == "building" and (kind == "building" or room_apart))
        or (wanted == "room" and kind in ("building", "room"))
    ):
        yield "site-kind", "场地类别不符", "the kind of site does not fit"
    if wants_change(facts, site, measure["service_type"]) is None:
        yield "site-use", "现状用途不允许这项服务", "the use of the site does not allow this service"
    if not floor_fits(site, measure):
        yield "site-floor", "楼层不符", "the floor does not fit"
    if measure["needs_flue"] and not site["flue"]:
        yield "site-flue", "没有专用烟道", "there is no flue"
    if site["structure_ok"] is False or site["fire_ok"] is False:
        yield "site-unsafe", "结构鉴定或消防评估不合格", "an appraisal says no"
    smallest = measure["min_area_m2"] or Fraction(0)
    if site["area"] < smallest or site_capacity(facts, site["id"]) < tenths(smallest, up=True):
        yield "site-too-small", "面积小于最小规模", "smaller than the smallest size"
    if not (site["confirmed_by"] and site["confirmed_on"]) and not facts.scenario.get("unconfirmed_sites", False):
        yield "site-unconfirmed", "资源未经部门确认", "no department has confirmed the site"
    if site["complex"] and site["area"] < COMPLEX_AREA:
        yield "complex-too-small", "综合体不足600平方米", "a complex of less than 600 m²"


def floor_fits(site: Row, measure: Row) -> bool:
    """The rule on floors; an empty floor is the ground floor."""
    floor = 1 if site["floor"] is None else site["floor"]
    highest = measure["max_floor"]
    under = highest is None or floor <= highest
    match measure["floor_rule"]:
        case "ground" | "ground_or_canopy":
            return bool(floor == 1)
        case "ground_low":
            return floor >= 1 and under
        case "ground_or_lift":
            return bool(floor == 1 or (floor >= 2 and site["lift"] and under))
        case "any_floor":
            return bool(under)
        case "roof":
            return bool(site["use"] == "屋顶")
        case "open_space" | "parking_space" | "new_building" | "underground":
            return bool(site["use"] != "屋顶")
        case _:
            return True


def reach_faults(facts: Facts, site: Row, measure: Row, need: Need) -> Iterator[Fault]:
    """Why a module on a site does not serve a need."""
    if site["county_code"] != need.place.county:
        yield "other-county", "场地与需求不在同一县区", "site and need lie in different counties"
    if site["community"] == need.place.community:
        return
    radius = measure["service_radius_m"]
    away = distance_m(facts, site, facts.communities[need.place.community])
    if radius is None or away > float(radius):
        yield "out-of-reach", "超出服务半径", "outside the radius served"


def policy_for(facts: Facts, kinds: tuple[str, ...], service_type: str, use: str | None, place: Place) -> str | None:
    """The first policy by id that fits; without a site no policy that names site uses."""
    key = ("policy", kinds, service_type, use, place.county, place.city)
    if key not in facts.cache:
        facts.cache[key] = next(iter(policies_for(facts, kinds, service_type, use, place)), None)
    found: str | None = facts.cache[key]
    return found


def policies_for(facts: Facts, kinds: tuple[str, ...], service_type: str, use: str | None, place: Place) -> list[str]:
    """All policies of these kinds that fit, by id."""
    return [
        name
        for name, row in sorted(facts.policies.items())
        if row["kind"] in kinds
        and holds(row["places"] or (), place.county, place.city)
        and (not row["service_types"] or service_type in row["service_types"])
        and (not row["site_uses"] or use in row["site_uses"])
    ]


def year_after(facts: Facts, months: int) -> int:
    """The year of `as_of` plus so many months."""
    return (facts.as_of.year * 12 + facts.as_of.month - 1 + months) // 12


def start_faults(facts: Facts, site: Row, service_type: str | None, variant: int, year: int) -> Iterator[Fault]:
    """Why nothing may start on a site in a year; with a type also the change of use and its policies."""
    place = facts.place_of_site(site["id"])
    if site["free_from"] is not None and year < site["free_from"]:
        yield "site-not-free", "场地尚不可用", "the site is not free yet"
    tenure = int(facts.factor("least_tenure_years", place))
    if site["free_until"] is not None and site["free_until"] < year + tenure - 1:
        yield "site-not-free", f"可用期不足{tenure}年", f"the site is free for less than {tenure} years"
    if service_type is None:
        return
    change = wants_change(facts, site, service_type)
    if bool(change) != bool(variant & CHANGE):
        yield "change-of-use", "用途变更标记与场地不符", "the flag for change of use does not fit the site"
        return
    if variant & FAST and not variant & CHANGE:
        yield "change-of-use", "无用途变更而用快速通道", "a fast track without a change of use"
        return
    if not change:
        return
    if policy_for(facts, ("change_of_use", "permit_case"), service_type, site["use"], place) is None:
        yield "change-of-use", "没有可用的用途变更政策", "no policy allows the change of use"
        return
    months = int(site["change_months"] or 0)
    earliest = year_after(facts, months)
    if variant & FAST:
        track = policy_for(facts, ("fast_track",), service_type, site["use"], place)
        saved = 0 if track is None else math.floor(facts.policies[track]["effect"] or 0)
        if track is None or year >= earliest:
            yield "change-of-use", "快速通道不适用", "the fast track does not apply"
        earliest = year_after(facts, max(0, months - saved))
    if year < earliest:
        yield "change-of-use", "用途变更尚未办完", "the change of use is not through yet"


def consent_stands(facts: Facts, need: Need, wanted: str | None) -> bool:
    """Have residents agreed as the measure asks? `none` asks nothing."""
    if wanted in (None, "", "none") or facts.scenario.get("assume_consent", False):
        return True
    row = facts.consultations.get((need.place.community, need.neighbourhood, need.row["service_type"]))
    if row is None or (row["objections"] or 0) > 0:
        return False
    taking = row["taking_part_households"]
    agreeing = row["agreeing_households"]
    if agreeing is None:
        return False
    taking_area = taking if row["taking_part_area"] is None else row["taking_part_area"]
    agreeing_area = agreeing if row["agreeing_area"] is None else row["agreeing_area"]
    if 3 * min(taking, taking_area) < 200:
        return False
    least = min(agreeing, agreeing_area)
    return bool(2 * least > 100 if wanted == "majority" else 4 * least >= 300)
