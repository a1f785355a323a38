"""Agents: the ReAct loop, and the objects that start, watch and finish it.

A run alternates between a model's decision and the tools' observations until there is an answer. Imports the
core, prompts, models and tools.
"""

from mainspring.agent.agent import Agent
from mainspring.agent.blocking import run_in_new_loop
from mainspring.agent.context import Context
from mainspring.agent.escalate import Escalate
from mainspring.agent.run import Result, Run

__all__ = ["Agent", "Context", "Escalate", "Result", "Run", "run_in_new_loop"]
