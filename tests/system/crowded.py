"""Thousands of live sessions of one user, on one socket, as fast as they can be had."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing

from tests.system.client import dial

ROOMY = "[limits]\nsessions_per_user = 1000000\nmessages_per_second = 1000000\nmessage_burst = 1000000\n"


def add_sessions(data_dir, user_id, count):
    """Put empty sessions into the tables of a server that has ended; return their ids."""
    now_ms = time.time_ns() // 1_000_000
    ids = [f"s_{number:016x}" for number in range(count)]
    with closing(sqlite3.connect(data_dir / "greenroom.db")) as database, database:
        record = f"INSERT INTO sessions VALUES (?, ?, '', 'e0e0e0e0', {now_ms}, {now_ms}, 0, 1)"
        database.executemany(record, [(session_id, user_id) for session_id in ids])
    return ids


async def wake(server, login, session_ids):
    """Subscribe one socket to all, which starts their actors; return it."""
    client = await dial(server, token=login.token)
    await client.event("welcome")
    for begin in range(0, len(session_ids), 200):
        part = session_ids[begin : begin + 200]
        for session_id in part:
            await client.socket.send(json.dumps({"type": "subscribe", "id": session_id, "session_id": session_id}))
        await asyncio.gather(*(client.answer(session_id, patience=60) for session_id in part[-1:]))
    return client
