"""What a test waits for once it has killed somebody."""

import gevent


def kill(ref):
    """Kill an actor, and wait until its next life has begun."""
    life = ref.incarnation
    ref.kill()
    with gevent.Timeout(5):
        while ref.incarnation == life:
            gevent.sleep(0)
