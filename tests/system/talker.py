"""A user on a plain blocking socket, for tests that a browser drives: there is no loop for another client there."""

import itertools
import json
from contextlib import ExitStack
from typing import Any, Self

from websockets.sync.client import connect

from tests.system.client import PATIENCE, Frame, script
from tests.system.process import ServerProcess


class Talker:
    """One connection of a user, from ``with`` to its end."""

    def __init__(self, server: ServerProcess, username: str) -> None:
        self._server = server
        self._login = server.known(username)
        self._ids = itertools.count(1)
        self._ending = ExitStack()
        self.frames: list[Frame] = []

    def __enter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._login.token}"}
        connection = connect(self._server.ws_url, additional_headers=headers, max_size=None, proxy=None)
        self._socket = self._ending.enter_context(connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def new_session(self, title: str = "") -> str:
        """Make a session, and watch it, which starts its actors."""
        session_id = self._server.new_session(self._login, title)
        self.request("subscribe", session_id=session_id)
        return session_id

    def send(self, frame_type: str, **fields: Any) -> str:
        """Send a frame; return its id."""
        frame_id = str(next(self._ids))
        self._socket.send(json.dumps({"type": frame_type, "id": frame_id, **fields}))
        return frame_id

    def request(self, frame_type: str, **fields: Any) -> Frame:
        """Send a frame and return its ack."""
        frame_id = self.send(frame_type, **fields)
        answer = self.wait_for(lambda frame: frame.get("re") == frame_id)
        assert answer["type"] == "ack", answer
        return answer

    def message(self, session_id: str, *steps: dict[str, Any]) -> str:
        """Send a script to the rehearsal agent and return its run's id."""
        return self.request("message", session_id=session_id, agent="rehearsal", text=script(*steps))["run_id"]

    def event(self, kind: str, run_id: str) -> Frame:
        """Return an event of a run, seen or coming."""
        return self.wait_for(lambda frame: (frame["type"], frame.get("run_id")) == (kind, run_id))

    def wait_for(self, wanted: Any) -> Frame:
        """Return the first frame, seen or coming, that is wanted."""
        found = next((frame for frame in self.frames if wanted(frame)), None)
        while found is None:
            frame = json.loads(self._socket.recv(timeout=PATIENCE))
            self.frames.append(frame)
            found = frame if wanted(frame) else None
        return found
