"""Visits a server with Autobahn, as the order in the first argument says, and prints what it saw.

Runs under the Python that Autobahn is packaged for.
"""

import asyncio
import json
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

order = json.loads(sys.argv[1])
report = {"echoes": [], "fragmented": None, "pong": None, "error": None}


def ping(t):
    return json.dumps({"type": "ping", "t": t}, ensure_ascii=False).encode()


class Judge(WebSocketClientProtocol):
    """One visit. Its methods have the names that Autobahn calls them by."""

    def onConnect(self, response):  # noqa: N802
        report["protocol"] = response.protocol
        report["compression"] = bool(response.extensions)

    def onMessage(self, payload, isBinary):  # noqa: N802, N803
        frame = json.loads(payload)
        if isBinary:
            report["error"] = "a binary message"
        elif frame["type"] == "welcome":
            for text in order["texts"]:
                self.sendMessage(ping(text))
        elif frame["type"] == "pong" and len(report["echoes"]) < len(order["texts"]):
            report["echoes"].append(frame["t"])
            if len(report["echoes"]) == len(order["texts"]):
                self.sendMessage(ping(order["fragmented"]), fragmentSize=10)
        elif frame["type"] == "pong":
            report["fragmented"] = frame["t"]
            self.sendPing(order["ping"].encode())

    def onPong(self, payload):  # noqa: N802
        report["pong"] = payload.decode()
        if order["end"] == "close":
            self.sendClose(order["code"], order["reason"])
        elif order["end"] == "binary":
            self.sendMessage(b"\1\2\3", isBinary=True)
        else:
            print("waiting", flush=True)

    def onClose(self, wasClean, code, reason):  # noqa: N802, N803
        report["closed"] = [code, reason]
        if not wasClean:
            report["error"] = f"the close wasn't clean: {reason}"
        asyncio.get_event_loop().stop()


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)
    return None


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
factory = WebSocketClientFactory(order["url"], protocols=order["protocols"], headers=order["headers"], loop=loop)
factory.protocol = Judge
factory.setProtocolOptions(
    failByDrop=False,
    perMessageCompressionOffers=[PerMessageDeflateOffer()] if order["compression"] else [],
    perMessageCompressionAccept=accept,
)
place = urlsplit(order["url"])
loop.run_until_complete(loop.create_connection(factory, place.hostname, place.port))
loop.run_forever()
print(json.dumps(report))
