"""`python -m config.stripe_server --port 8012 --file .gridhall/stripe.sqlite`: Stripe for the demo, on this machine only."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from config.stripe_server.server import Server


def main() -> int:
    """Serve until asked to stop; the result is the status to exit with."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--file", type=Path, default=None, help="keep what happens in this file")
    arguments.add_argument("--key", action="append", default=[], help="KEY=ACCOUNT: a secret key of an own account")
    chosen = arguments.parse_args()
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    keys = dict(pair.split("=", 1) for pair in chosen.key)
    with Server(port=chosen.port, path=chosen.file, keys=keys, delivers=True) as server:
        sys.stdout.write(f"serving at {server.base}\n")
        sys.stdout.flush()
        ending.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
