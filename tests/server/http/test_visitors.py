"""Who has a place among the connections that are still HTTP."""

from ipaddress import ip_network

import gevent.socket
import pytest

from config.limits import Limits
from server.http.proxies import Proxies
from server.http.visitors import Visit, Visitors
from server.observability.metrics import Metrics


@pytest.fixture
def visitors():
    limits = Limits(http_connections=3, connections_per_address=2)
    return Visitors(limits, Proxies([ip_network("10.0.0.1")]), Metrics())


@pytest.fixture
def come(visitors):
    peers = []

    def arrive(address):
        ours, theirs = gevent.socket.socketpair()
        peers.append((ours, theirs))
        visit = Visit(visitors, ours, address)
        return visit, theirs, visitors.enter(visit)

    yield arrive
    for pair in peers:
        for sock in pair:
            sock.close()


def is_ended(sock):
    sock.settimeout(0.0)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False


def test_an_address_has_so_many_places_and_no_more_until_one_is_left(visitors, come):
    first, _, _ = come("192.0.2.1")
    assert come("192.0.2.1")[2]
    assert not come("192.0.2.1")[2]
    visitors.leave(first)
    assert come("192.0.2.1")[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1"])
def test_this_machine_and_proxies_may_have_them_all(come, address):
    assert [come(address)[2] for _ in range(3)] == [True] * 3


def test_whoever_is_waited_for_longest_makes_room(visitors, come):
    visits = [come(f"192.0.2.{number}") for number in range(3)]
    for visit, _, _ in (visits[1], visits[0], visits[2]):
        visit.awaited()
    visits[1][0].served()
    visits[1][0].awaited()
    newcomer = come("192.0.2.9")

    assert newcomer[2]
    assert [is_ended(peer) for _, peer, _ in visits] == [True, False, False]


def test_whoever_is_being_served_makes_no_room(visitors, come):
    visits = [come(f"192.0.2.{number}") for number in range(3)]
    visits[0][0].awaited()
    visits[0][0].served()

    assert not come("192.0.2.9")[2]
    assert not any(is_ended(peer) for _, peer, _ in visits)
    assert len(visitors) == 3


def test_one_whose_socket_is_closed_already_is_no_trouble(visitors, come):
    visit, _, _ = come("192.0.2.1")
    visit.awaited()
    visit.sock.close()
    for number in range(2, 5):
        assert come(f"192.0.2.{number}")[2]
