"""Agents: what answers a message, written as plain blocking Python against a turn."""

from actors.agents.agent import Agent
from actors.agents.errors import AgentError
from actors.agents.turn import Exchange, Turn

__all__ = ["Agent", "AgentError", "Exchange", "Turn"]
