"""Several coroutines side by side, in a bounded time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable


async def together(coroutines: Iterable[Coroutine[Any, Any, None]], within: float) -> None:
    """Run them to their ends; where one fails, the others are cancelled.

    Unlike a task group it raises what was raised, and not a group of it.

    Raises:
        AssertionError: they took more than ``within`` seconds.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        _, late = await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task not in late:
                task.result()
        assert not late, f"it took more than {within} s: {late}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
