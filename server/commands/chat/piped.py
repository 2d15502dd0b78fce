"""A chat without a terminal: one message in, its answer out, its events on standard error."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

import click

from actors.session.events import Event
from server.client import ClientFault, Dequeued
from server.commands.chat.lines import line

if TYPE_CHECKING:
    from server.client import Run, Session, State

INTERRUPTED = 130
"""The exit status of who was ended by Ctrl-C, as shells have it."""


def told(state: State) -> None:
    """Say how the client stands with the server, where that is news."""
    if state.name == "waiting":
        click.echo(f"not connected ({state.reason}): trying again in {state.seconds:.1f} s", err=True)
    elif state.name == "draining":
        click.echo("the server is going away", err=True)


async def converse(session: Session, text: str, agent: str | None) -> int:
    """Send one message, print its answer, and return the exit status: 0 for a success.

    Raises:
        ClientFault: the server won't take it, or can't be reached any more.
    """
    run = await session.send(text, agent=agent)
    try:
        async for seen in run:
            if isinstance(seen, Event):
                click.echo(line(seen).plain, err=True)
        completed = await run.completed()
    except Dequeued as dequeued:
        click.echo(str(dequeued), err=True)
        return 1
    except asyncio.CancelledError:
        await _cancel(session, run)
        return INTERRUPTED
    if completed.text:
        # As it is: what reads it may want every character, and isn't a terminal.
        click.echo(completed.text)
        sys.stdout.flush()
    return 0 if completed.outcome == "success" else 1


async def _cancel(session: Session, run: Run) -> None:
    click.echo("stopping …", err=True)
    with contextlib.suppress(ClientFault):
        await session.cancel(run.run_id)
