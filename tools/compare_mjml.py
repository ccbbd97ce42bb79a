"""Compares our compiler with npm's MJML on a folder of MJML documents: python tools/compare_mjml.py FOLDER [4|5].

Prints a line for each document that differs, with the first differing tokens, and the sums. Documents that npm itself
cannot render are left out.
"""

import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from html_tokens import differences, tokens_of
from newsletter.rendering.mjml.compiling import compile_mjml
from npm_mjml import render_with_npm


def main(folder: str, version: str = "4") -> int:
    """Compares; 0 where every document is equivalent."""
    paths = sorted(Path(folder).rglob("*.mjml"))
    sources = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    sums: Counter[str] = Counter()
    for path, source, official in zip(paths, sources, render_with_npm(sources, version), strict=True):
        if "<body" not in official.html:
            continue
        compiled = compile_mjml(source)
        found = differences(compiled.html, official.html) if compiled.html else ("fails",)
        verdict = (
            "equivalent"
            if not found
            else found[0]
            if len(found) == 1 or found[0] == "seen"
            else "+".join(found)
        )
        sums[verdict] += 1
        if found:
            print(f"{verdict:12} {path.name}: {_first_difference(compiled.html, official.html, found[0])}")
            if not compiled.html:
                print(f"             {compiled.problems[-1].message} (line {compiled.problems[-1].line})")
    print(
        f"{sum(sums.values())} documents:", ", ".join(f"{count} {name}" for name, count in sums.most_common())
    )
    return 0 if set(sums) <= {"equivalent"} else 1


def _first_difference(ours: str, theirs: str, channel: str) -> str:
    if channel == "fails":
        return ""
    pairs = zip_longest(getattr(tokens_of(ours), channel), getattr(tokens_of(theirs), channel))
    one, other = next(pair for pair in pairs if pair[0] != pair[1])
    return f"\n    ours   {one}\n    theirs {other}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
