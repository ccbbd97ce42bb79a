"""Gathers foreign MJML for compare_mjml.py: python tools/gather_mjml.py FOLDER OUT.

FOLDER holds unpacked packages of others. Writes every distinct document found in them to OUT: `.mjml` files, code blocks of
manuals, and documents that stand in source text, as tests have them. What is gathered is for comparing and is not ours to keep.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_DOCUMENT = re.compile(r"<mjml\b[^>/]*>.*?</mjml>", re.DOTALL)
_BLOCK = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_SOURCES = frozenset({".rs", ".go", ".py", ".js", ".mjs", ".ts"})
_LARGEST_BYTES = 400_000  # larger source files are bundles


def main(folder: str, out: str) -> int:
    """Writes what it finds; 0 where that is anything."""
    target, seen = Path(out), set[str]()
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        for document in _documents_in(path):
            key = " ".join(document.split())
            if key not in seen:
                seen.add(key)
                name = "-".join([*path.relative_to(folder).parts[:2], path.stem])[-80:]
                (target / f"{len(seen):04}-{name}.mjml").write_text(document, "utf-8")
    print(f"{len(seen)} documents")
    return 0 if seen else 1


def _documents_in(path: Path) -> Iterator[str]:
    if path.suffix == ".mjml":
        yield path.read_bytes().decode("utf-8", "replace")
    elif path.suffix == ".md":
        for block in _BLOCK.findall(path.read_bytes().decode("utf-8", "replace")):
            yield from map(_unescaped, _DOCUMENT.findall(block))
    elif path.suffix in _SOURCES and path.stat().st_size <= _LARGEST_BYTES:
        for document in _DOCUMENT.findall(path.read_bytes().decode("utf-8", "replace")):
            if "${" not in document:
                yield _unescaped(document)


def _unescaped(literal: str) -> str:
    return literal.replace("\\n", "\n").replace('\\"', '"')


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
