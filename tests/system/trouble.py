"""Servers to look at while somebody on them is in trouble."""

SECRET = "what demo alone may know"
"""What a person wrote: nothing of it may be in anything that an operator sees."""
FAULTS = "[faults]\nenabled = true\n"


def down_for(seconds):
    """Return the settings by which an agent's second failure leaves it down for so long, and for twice that at most."""
    policy = "[restart.agent]\nmax_restarts = 6\nwithin = 3600\n"
    return f"{policy}[restart.agent.backoff]\nmin = {seconds}\nmax = {2 * seconds}\n"
