"""Try the isolation of companies with all there is: ``make test-isolation``; its last line says what was tried."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from isolation import tally  # noqa: E402


def main() -> int:
    """Run the tests of isolation, the slow ones too, and add up what each process tried."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, tally.VARIABLE: folder}
        command = [sys.executable, "-m", "pytest", "-q", *(sys.argv[1:] or ["-n", "2", "tests/isolation"])]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        told = tally.told(Path(folder))
    minutes = (time.monotonic() - started) / 60
    print(f"{told if done.returncode == 0 else 'isolation: FAILED, see above'} ({minutes:.1f} min)")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
