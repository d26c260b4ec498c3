"""Ask a probe of this container and end with 0 when it answers well: ``python deploy/probe.py ADDRESS``."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

SECONDS = 4


def main(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 - the image's own address
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.HTTPError) as fault:
        sys.stderr.write(f"{address}: {fault}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
