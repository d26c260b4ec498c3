"""Whether one company's flood holds up another: real workers, a real broker (docs/algorithms/queues.md).

Company A sends thousands of chunks and is being served; then company B sends ten. Printed is after how many chunk-times
B's last one was done (two workers that serve A and B in turn need ten for ten), and how much longer it had taken behind
the whole flood. It fails when it took more than twice the ten.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import measuring

MOST_TIMES_FAIR = 2.0


def main(arguments: Sequence[str]) -> int:
    given = _arguments(arguments)
    print(measuring.machine(), flush=True)
    with measuring.database("queues") as name:
        from harness.laws import fairness
        from tenancy import context

        companies = {code: context.retailer_by_code(code=code) for code in ("alder", "birch")}
        told = fairness.measure(
            database=name, flooding=companies["alder"], other=companies["birch"], flood=given.flood, few=given.few,
            seconds=given.seconds, workers=given.workers,
        )  # fmt: skip
    fair = 2 * given.few / given.workers
    ratio = told.chunk_times / fair
    print(
        f"A {told.flood:,} chunks waiting, B sends {told.few}: done after {told.seconds:.2f} s ="
        f" {told.chunk_times:.1f} chunk-times, {told.served_before_last} of A's served meanwhile;"
        f" {told.rate:.0f} chunks/s; {told.times_faster:,.0f} times sooner than behind all of A's"
    )
    print(f"{ratio:.2f} times what strict turns give (at most {MOST_TIMES_FAIR}): {'holds' if ratio <= 2 else 'FAILS'}")
    return 0 if ratio <= MOST_TIMES_FAIR else 1


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--flood", type=int, default=10_000, help="chunks that A sends")
    options.add_argument("--few", type=int, default=10, help="chunks that B sends")
    options.add_argument("--seconds", type=float, default=0.02, help="what a chunk takes")
    options.add_argument("--workers", type=int, default=2, help="worker processes")
    return options.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
