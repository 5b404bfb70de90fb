#!/usr/bin/env python3
"""Kills the control plane at random moments of deployments and looks at everything after each new start.

chaos.py [ROUNDS [SEED]]   without a seed one is drawn and printed; the same seed asks for the same things
"""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEST = "tests/chaos/test_kill_fuzz.py"


def main(arguments: Sequence[str]) -> int:
    rounds = arguments[0] if arguments else "15"
    seed = arguments[1] if len(arguments) > 1 else str(random.randrange(10**8))
    print(f"» {rounds} rounds; to see the same again: make chaos N={rounds} SEED={seed}", flush=True)
    env = {**os.environ, "CHAOS_ROUNDS": rounds, "CHAOS_SEED": seed}
    return subprocess.run([sys.executable, "-m", "pytest", "-s", "-x", TEST], cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
