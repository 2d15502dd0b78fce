"""The private seams of gevent-websocket, gevent's WSGI server and `websockets` that `server` stands on.

An upgrade that moves one of them fails here, by name, before it fails a person.
"""

import inspect
import socket

import gevent.socket
import pytest
from gevent.pywsgi import Input, WSGIHandler
from gevent.server import StreamServer
from gevent.ssl import SSLSocket
from geventwebsocket.handler import WebSocketHandler
from geventwebsocket.websocket import WebSocket
from websockets.frames import Frame
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as Frames

UPGRADE = "server/http/upgrade.py"
HANDLER = "server/http/handler.py"
LISTENER = "server/http/listener.py"
TRANSPORT = "server/sockets/transport.py"
BODY = "server/http/uploads.py"
FRAMES = "server/sockets/frames.py"
WEBSOCKET = "server/sockets/websocket.py"
DEFLATE = "server/sockets/deflate.py"


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
        (WSGIHandler.handle_one_request, "self.read_requestline()", HANDLER, "the head's deadline begins there"),
        (WSGIHandler.handle_one_request, "self.read_request(self.requestline)", HANDLER, "and ends there"),
        (WSGIHandler.handle_one_request, "except Exception as ex", HANDLER, "a bad head is answered, not logged"),
        (WSGIHandler.handle_one_request, "self._handle_client_error(ex)", HANDLER, "the answer to a bad head is ours"),
        (WSGIHandler.read_request, "self.MessageClass(self.rfile, 0)", HANDLER, "the head is read in bounds"),
        (WSGIHandler.handle_one_response, "self.wsgi_input._discard()", BODY, "what was left of a body is read there"),
        (
            WSGIHandler.handle_one_response,
            "self.handle_error(*sys.exc_info())",
            HANDLER,
            "clients' faults aren't logged",
        ),
        (WSGIHandler.handle, "self.socket.sendall(response_body)", HANDLER, "a peer that is gone is found out there"),
        (Input.read, "self._chunked_read(length)", BODY, "a read of a body ends within its time"),
        (Input._send_100_continue, "self.socket = None", BODY, "tells whether the client was asked for its body"),
        (StreamServer.init_socket, "self._handle = self.wrap_socket_and_handle", LISTENER, "TLS is entered through it"),
        (SSLSocket.send, "return 0", TRANSPORT, "a TLS socket without a timeout says 0 where it can't write"),
        (SSLSocket.shutdown, "self._sslobj = None", TRANSPORT, "why its own shutdown isn't called"),
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
    assert hasattr(handler.rfile, "peek"), f"WSGIHandler.rfile has no peek: {TRANSPORT} takes early frames from it"
    ours.settimeout(0.0)
    assert handler.rfile.peek() == b"", f"peek waits on an empty buffer: {TRANSPORT} would hang"
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
    assert taken.recv(1) == b"x", f"socket.detach closes the descriptor: {TRANSPORT} takes sockets by it"
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
