"""Generalized assignment: every job to one agent whose time suffices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from .classic_amounts import Amounts, Int, one_unit, shaped
from .classic_family import NO_EXTRA, Classic, chosen_of_each, over_limits


@dataclass(frozen=True, slots=True, eq=False)
class Assignment(Classic):
    """Jobs to agents: `cost[agent, job]`, `size[agent, job]`, `capacity[agent]`; columns are pairs that fit."""

    cost: Amounts
    size: Amounts
    capacity: Amounts
    agent_of_option: Int
    job_of_option: Int
    parts: int
    maximise: bool

    def agents(self, plan: Plan) -> Int:
        """The agent of every job, -1 where it has none."""
        option, _ = chosen_of_each(self.job_of_option, plan.option, self.cost.shape[1])
        return np.where(option < 0, NONE, self.agent_of_option[option])

    def value(self, plan: Plan) -> Fraction:
        """Cost (or profit) of all pairs taken."""
        taken = plan.option
        return self.cost.total((self.agent_of_option[taken], self.job_of_option[taken]))

    def faults(self, plan: Plan) -> list[str]:
        """Jobs without exactly one agent, and agents with too much work."""
        _, count = chosen_of_each(self.job_of_option, plan.option, self.cost.shape[1])
        wrong = [f"job {job}: {n} agents" for job, n in enumerate(count.tolist()) if n != 1]
        agents, jobs = self.agent_of_option[plan.option], self.job_of_option[plan.option]
        used = [self.size.total((agent, jobs[agents == agent])) for agent in range(self.capacity.shape[0])]
        return [*wrong, *over_limits("agent", used, [self.capacity.exact(agent) for agent in range(len(used))])]


def generalized_assignment(
    cost: Any, size: Any, capacity: Any, *, maximise: bool = False
) -> tuple[Problem, Assignment]:
    """Least cost (or, with `maximise`, highest profit) of every job at one agent, within the agents' capacities.

    `cost` and `size` have a line for every agent with one number for every job. Jobs become groups that are met
    exactly, agents root facilities whose door costs nothing, pairs options; a pair that no agent has room for is
    left out.
    """
    room = shaped("capacity", capacity, -1)
    price = shaped("cost", cost, room.shape[0], -1)
    agents, jobs = price.shape
    load = shaped("size", size, agents, jobs)
    _, (sizes, limits) = one_unit(load, room)
    job, agent = np.nonzero(limits >= sizes.T)
    problem = make_problem(
        1,
        (Objective("value", price.whole[agent, job] * (1 if maximise else -1), np.zeros(agents, np.int64), NO_EXTRA),),
        group_capacity=np.ones(jobs, np.int64),
        group_exact=np.ones(jobs, np.bool_),
        facility_parent=np.full(agents, NONE, np.int64),
        facility_capacity=limits,
        opening_facility=np.arange(agents),
        option_group=job,
        option_facility=agent,
        option_size=sizes[agent, job],
    )
    return problem, Assignment(price, load, room, agent, job, price.parts, maximise)
