"""Judges many generated programs: `python tests/generated --programs 20000`. The exit status is 1 after a disagreement.

Each program has a number, from which it is written; `--first N --programs 1` shows one again, as small as it gets.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from generated.judge import faults_of_fixes, judge  # noqa: E402  # once its folder is known
from generated.shrink import draws, shrunk, written  # noqa: E402

CHUNK = 50


def faults(text: str, *, fixes: bool) -> list[str]:
    """What is wrong with the linter by one program."""
    return list(faults_of_fixes(text) if fixes else judge(text).disagreements)


def judged(numbers: range, fixes: bool) -> tuple[Counter[str], list[tuple[int, list[str]]]]:
    """How many programs of a chunk were what, and those with a fault."""
    counts: Counter[str] = Counter()
    failed = []
    for number in numbers:
        text, _ = written(draws(number), apart=fixes)
        counts["programs"] += 1
        if fixes:
            found = faults(text, fixes=True)
        else:
            result = judge(text)
            counts[result.verdict] += 1
            found = list(result.disagreements)
        if found:
            failed.append((number, found))
    return counts, failed


def main() -> int:
    """Judge programs in several processes, and print what disagrees."""
    parser = argparse.ArgumentParser(prog="python tests/generated", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first one (default: 0)")
    parser.add_argument("--fixes", action="store_true", help="apply fixes, and run what they make")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes")
    arguments = parser.parse_args()
    if min(arguments.programs, arguments.jobs) < 1:
        parser.error("--programs and --jobs begin at 1")
    began = time.monotonic()
    counts: Counter[str] = Counter()
    failed: list[tuple[int, list[str]]] = []
    if arguments.programs == 1:
        return show(arguments.first, fixes=arguments.fixes)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        numbers = range(arguments.first, arguments.first + arguments.programs)
        chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
        for counted, found in pool.map(judged, chunks, [arguments.fixes] * len(chunks)):
            counts += counted
            failed += found
            for number, what in found:
                print(f"{number}: {'; '.join(what)}", flush=True)
    kinds = [f"{counts[name]} {name}" for name in ("right", "wrong", "doubtful", "broken") if counts[name]]
    shown = f"{counts['programs']} programs" + (f" ({', '.join(kinds)} when they run)" if kinds else "")
    print(f"{shown}; the linter disagrees on {len(failed)}; {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def show(number: int, *, fixes: bool) -> int:
    """Print one program, with what is said of it, shrunk where that disagrees."""
    text, taken = written(draws(number), apart=fixes)
    found = faults(text, fixes=fixes)
    if found:
        text = shrunk(taken, lambda each: bool(faults(each, fixes=fixes)), apart=fixes)
    for row, line in enumerate(text.splitlines(), start=1):
        print(f"{row:3} {line}")
    print("\n".join(faults(text, fixes=fixes)) or "nothing disagrees")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
