"""Compares our compiler with npm's MJML on MJML documents: python tools/compare_mjml.py FOLDER|attributes [4|5].

The documents are the `.mjml` files under FOLDER, or, with `attributes`, some 2,800 that set every attribute in every way.

Prints a line for each document that differs, with the first differing tokens, and the sums: how many are equivalent of
those that npm's MJML compiles. Documents that say the same but for white space count once. Run `npm ci` in tools/oracle
first. Ends with 0 where every document is equivalent.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from html_tokens import differences, tokens_of
from newsletter.rendering.mjml.compiling import compile_mjml
from npm_mjml import Rendered, render_with_npm
from varied_mjml import varied_mjml

_AT_ONCE = 200


def main(folder: str, version: str = "4") -> int:
    """Compares; 0 where every document is equivalent."""
    documents = dict(varied_mjml()) if folder == "attributes" else _read(Path(folder))
    distinct = {" ".join(source.split()): name for name, source in reversed(documents.items())}
    names = sorted(distinct.values())
    sums: Counter[str] = Counter()
    for name, official in zip(names, _official([documents[name] for name in names], version), strict=True):
        if "<body" in official.html:
            verdict, detail = _judged(documents[name], official.html)
            sums[verdict] += 1
            if detail:
                print(f"{verdict:12} {name}: {detail}")
    usable = sums.total()
    print(f"{len(documents)} documents, {len(names)} distinct, {usable} that npm's MJML {version} compiles:")
    print(f"{sums['equivalent']} of {usable} equivalent;", ", ".join(_parts(sums)) or "nothing else")
    return 0 if set(sums) <= {"equivalent"} else 1


def _read(folder: Path) -> dict[str, str]:
    found = sorted(folder.rglob("*.mjml"))
    return {str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace") for path in found}


def _official(sources: list[str], version: str) -> Iterator[Rendered]:
    for start in range(0, len(sources), _AT_ONCE):
        yield from render_with_npm(sources[start : start + _AT_ONCE], version)


def _parts(sums: Counter[str]) -> list[str]:
    return [f"{count} {name}" for name, count in sums.most_common() if name != "equivalent"]


def _judged(source: str, official: str) -> tuple[str, str]:
    """The verdict on one document (`raised` and `fails` are ours, the others tell where it differs), and the details."""
    try:
        compiled = compile_mjml(source)
    except Exception as error:
        return "raised", repr(error)
    if not compiled.html:
        problem = compiled.problems[-1]
        return "fails", f"{problem.message.said_in('en')} (line {problem.line})"
    found = differences(compiled.html, official)
    if not found:
        return "equivalent", ""
    return "+".join(found), _first_difference(compiled.html, official, found[0])


def _first_difference(ours: str, theirs: str, channel: str) -> str:
    pairs = zip_longest(getattr(tokens_of(ours), channel), getattr(tokens_of(theirs), channel))
    one, other = next(pair for pair in pairs if pair[0] != pair[1])
    return f"\n    ours   {one}\n    theirs {other}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
