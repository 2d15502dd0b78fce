"""What every test shares: its own modules can be imported by their path from the project's root, and Ctrl-C counts."""

import signal
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in the background of a script. What the tests start would inherit that, and some of it is to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    """Let a part of the tests be run, beside whoever runs the others."""
    parser.addoption("--part", metavar="K/N", help="run every Nth module, from the Kth on", type=part)


def part(text):
    """Return the K and the N of "K/N"; raises ValueError where there is no such part."""
    which, parts = map(int, text.split("/"))
    if not 1 <= which <= parts:
        raise ValueError(text)
    return which, parts


def pytest_collection_modifyitems(config, items):
    """Leave out the modules that are another part's: what a module's tests share, they share still."""
    if config.option.part is None:
        return
    which, parts = config.option.part
    numbers = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    others = [item for item in items if numbers[item.path] % parts != which - 1]
    items[:] = [item for item in items if numbers[item.path] % parts == which - 1]
    config.hook.pytest_deselected(items=others)
