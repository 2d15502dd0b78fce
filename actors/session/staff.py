"""Whom a session consists of: what it starts with, and whom it hires when there is work. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.specs import ChildSpec, MailboxSpec
from actors.session.agent import AgentActor
from actors.session.emitter import Emitter
from actors.session.tools import Tools

if TYPE_CHECKING:
    from actors.runtime.ref import ActorRef
    from actors.session.environment import Environment

INTERNAL_MAILBOX = MailboxSpec(capacity=10_000)
"""For mailboxes that the session's own actors fill: each of their senders is bounded by itself."""

AGENT_SHUTDOWN = 0.2
"""How many seconds an agent has to end its work when its session, or what it stands on, stops.

What it does can be done again or is known not to be: little is gained by waiting for it.
"""


def emitter(environment: Environment, session_id: str, session: ActorRef[Any]) -> ChildSpec:
    """Say how to start who records events."""
    policy = environment.policies.emitter
    return ChildSpec(
        "emitter",
        Emitter,
        (environment.journal, session_id, session),
        mailbox=INTERNAL_MAILBOX,
        intensity=policy.intensity,
        backoff=policy.backoff,
    )


def tools(environment: Environment, user_id: str, emitter: ActorRef[Any]) -> ChildSpec:
    """Say how to start who makes an agent's tool calls."""
    policy = environment.policies.tools
    return ChildSpec(
        "tools",
        Tools,
        (environment, user_id, emitter),
        mailbox=INTERNAL_MAILBOX,
        intensity=policy.intensity,
        backoff=policy.backoff,
    )


def agent(
    environment: Environment,
    session_id: str,
    session: ActorRef[Any],
    emitter: ActorRef[Any],
    tools: ActorRef[Any],
) -> ChildSpec:
    """Say how to start who works on runs."""
    policy = environment.policies.agent
    return ChildSpec(
        "agent",
        AgentActor,
        (environment, session_id, session, emitter, tools),
        shutdown=AGENT_SHUTDOWN,
        intensity=policy.intensity,
        backoff=policy.backoff,
    )
