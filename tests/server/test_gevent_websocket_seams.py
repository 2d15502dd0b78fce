"""The private seams of gevent-websocket, gevent's WSGI server and `websockets` that `server` stands on.

An upgrade that moves one of them fails here, by name, before it fails a person.
"""

import inspect
import socket

import gevent.socket
import pytest
from gevent.pywsgi import WSGIHandler
from geventwebsocket.handler import WebSocketHandler
from geventwebsocket.websocket import WebSocket
from websockets.frames import Frame
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as Frames

UPGRADE = "server/upgrade.py"
FRAMES = "server/frames.py"
WEBSOCKET = "server/websocket.py"
DEFLATE = "server/deflate.py"


def source(function):
    return inspect.getsource(function)


@pytest.mark.parametrize(
    ("function", "fragment", "who", "why"),
    [
        (WebSocketHandler.run_application, "self.upgrade_websocket()", UPGRADE, "the upgrade is called from here"),
        (WebSocketHandler.run_application, "self.run_websocket()", UPGRADE, "run_websocket is overridden"),
        (
            WebSocketHandler.run_application,
            "hasattr(self, 'websocket')",
            UPGRADE,
            "an upgrade is told by this attribute",
        ),
        (WebSocketHandler.run_application, "self.write('')", UPGRADE, "the 101 is written before run_websocket"),
        (WebSocketHandler.upgrade_connection, "self.websocket = WebSocket(", UPGRADE, "the object to be replaced"),
        (
            WebSocketHandler.upgrade_connection,
            '"101 Switching Protocols"',
            UPGRADE,
            "the subprotocol joins this answer",
        ),
        (WebSocketHandler.upgrade_connection, "'app_protocol'", UPGRADE, "no subprotocol is echoed without it"),
        (WebSocketHandler.start_response, "self._prepare_response()", UPGRADE, "start_response is extended"),
        (WebSocket.__del__, "self.close()", UPGRADE, "its end writes a close frame unless closed is set"),
        (WebSocket.close, "if self.closed", UPGRADE, "closed keeps __del__ from writing"),
        (WSGIHandler.handle, "while self.socket is not None", UPGRADE, "a socket that was taken ends the handler"),
        (WSGIHandler.handle, "if self.socket is not None", UPGRADE, "a socket that was taken isn't closed"),
        (WSGIHandler.handle_one_request, "self.environ = self.get_environ()", UPGRADE, "run_application reads environ"),
        (
            WSGIHandler._handle_client_error,
            "self.log_error(",
            UPGRADE,
            "unreadable requests are told through log_error",
        ),
        (WSGIHandler.handle_one_request, "self.read_requestline()", UPGRADE, "the head's deadline begins there"),
        (
            WSGIHandler.handle_one_request,
            "self.read_request(self.requestline)",
            UPGRADE,
            "the head's deadline ends there",
        ),
        (WSGIHandler.handle_one_request, "except Exception as ex", UPGRADE, "a slow head is answered as a bad request"),
        (WSGIHandler.handle, "self.socket.sendall(response_body)", UPGRADE, "a peer that is gone is found out there"),
        (WSGIHandler.read_request, "self.MessageClass(self.rfile", UPGRADE, "a head that can't be read raises there"),
        (WSGIHandler.handle_one_response, "self.handle_error(", UPGRADE, "a peer that is gone is no error to tell of"),
        (
            WSGIHandler._send_error_response_if_possible,
            "except socket.error",
            UPGRADE,
            "a second answer is given up there",
        ),
        (WSGIHandler.run_application, "self.process_result()", UPGRADE, "refusals are written by process_result"),
        (Frames.fail, "self.send_eof()", FRAMES, "a failed connection ends its stream"),
        (Frames.send_eof, "self.eof_sent = True", WEBSOCKET, "the end of the stream is told by this attribute"),
        (Frames.parse, "self.recv_frame(frame)", FRAMES, "recv_frame is extended"),
        (Frames.parse, "except ProtocolError as exc", FRAMES, "an exception ends the reading of what came"),
        (Frames.parse, "except UnicodeDecodeError as exc", FRAMES, "text that isn't UTF-8 is told by this exception"),
        (Frames.parse, "self.max_message_size - self.current_size", FRAMES, "what is left is left for a control frame"),
        (Frames.parse, "extensions=self.extensions", FRAMES, "compression is put into this attribute"),
        (Frames.recv_frame, "if self.current_size is not None", FRAMES, "a close may come between fragments"),
        (Frame.parse, "extension.decode(frame, max_size=max_size)", DEFLATE, "the bound of inflating comes from there"),
        (Frame.parse, "frame.check()", DEFLATE, "a reserved bit that is left standing is refused there"),
    ],
)
def test_a_seam_is_where_it_was(function, fragment, who, why):
    assert fragment in source(function), f"{function.__qualname__} has moved: {who} relies on {fragment!r} ({why})"


def test_the_handler_reads_through_a_buffer_that_can_be_looked_into():
    ours, theirs = gevent.socket.socketpair()
    handler = WSGIHandler(ours, ("127.0.0.1", 1), None)
    assert hasattr(handler.rfile, "peek"), f"WSGIHandler.rfile has no peek: {UPGRADE} takes early frames from it"
    ours.settimeout(0.0)
    assert handler.rfile.peek() == b"", f"peek waits on an empty buffer: {UPGRADE} would hang"
    theirs.sendall(b"early")
    gevent.socket.wait_read(ours.fileno())
    assert handler.rfile.peek() == b"early"
    handler.rfile.close()
    ours.close()
    theirs.close()


def test_a_detached_socket_survives_its_wrapper():
    ours, theirs = gevent.socket.socketpair()
    taken = socket.socket(fileno=ours.detach())
    ours.close()
    theirs.sendall(b"x")
    assert taken.recv(1) == b"x", f"socket.detach closes the descriptor: {UPGRADE} takes sockets by it"
    taken.close()
    theirs.close()


def test_a_protocol_past_its_handshake_begins_open():
    frames = Frames(SERVER, max_size=10)
    assert frames.state is State.OPEN, f"Protocol doesn't begin open: {FRAMES} skips the library's handshake"
    frames.receive_data(b"\x81\x85\x00\x00\x00\x00hello")
    assert [event.data for event in frames.events_received()] == [b"hello"]


def test_the_end_of_the_stream_is_an_empty_chunk():
    frames = Frames(SERVER)
    frames.fail(1002)
    assert frames.data_to_send()[-1] == b"", f"SEND_EOF is no longer empty bytes: {WEBSOCKET} adds chunks up"
    assert frames.eof_sent
