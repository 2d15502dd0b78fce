"""What every test shares: the tests' own modules can be imported by their path from the root, and Ctrl-C counts."""

import signal
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in the background of a script. What the tests start would inherit that, and some of it is to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
