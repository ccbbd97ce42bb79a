"""Measures rendering an edition of ten items: `python -m bench.render`, beside npm's MJML on the same input.

Ours: prepare, compile and inline (what `compile_mjml` does), and besides it the templates. npm's MJML 5.4.1 is measured in its own process, warm, where
`tools/oracle` is installed (`npm ci` there). Each of nine rounds measures both, one right after the other; the ratio is their median.
"""

import json
import shutil
import statistics
import subprocess
import time
from datetime import date
from pathlib import Path

from newsletter.rendering.content import (
    Action,
    Branding,
    EditionContent,
    Item,
    ItemForm,
    LanguageLink,
    LanguagePart,
    Picture,
    SectionPart,
)
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme, theme_names

_ROUNDS = 9
_WARM_UP = 8
_ITEMS = 10
_ORACLE = Path(__file__).parents[1] / "tools" / "oracle"
_SITE = "https://jardins.example"
_BODY = (
    "La commune a signé : la serre du quai sera montée en avril. Il nous faut encore **douze volontaires**.\n\n"
    "- samedi 11 avril : terrassement\n- dimanche 12 avril : montage\n\n"
    '> "On n\'a jamais vu autant de bottes sur le quai", dit Amina, qui tient le carnet.'
)


def _edition() -> EditionContent:
    items = tuple(
        Item(
            f"item-{number}",
            "fr",
            ItemForm.FULL,
            "Une serre de quarante mètres, c'est pour bientôt !",
            body=_BODY,
            picture=Picture(f"{_SITE}/serre.jpg", "Six voisins portent une poutre", 1200, 600),
            action=Action("S'inscrire", f"{_SITE}/serre"),
            topic="Chantier",
        )
        for number in range(_ITEMS)
    )
    part = LanguagePart(
        "fr",
        "Le printemps",
        "La lettre du canal",
        "Le printemps",
        "Bonjour !",
        "Inscrit.",
        (SectionPart("", items),),
    )
    branding = Branding("Les Jardins du Canal", "Quai des Tilleuls 12\n1000 Bruxelles")
    links = (LanguageLink("en", f"{_SITE}/en/7"),)
    return EditionContent("fr", "Une serre.", 7, date(2026, 3, 1), (part,), f"{_SITE}/fr/7", links, branding)


def _compile_ms(mjml: str) -> float:
    begin = time.perf_counter()
    compile_mjml(mjml, with_webfonts=False)
    return (time.perf_counter() - begin) * 1000


def _npm_ms(mjml: str) -> float:
    """The last and warmest of some renderings in one Node process."""
    done = subprocess.run(
        ["node", "render.mjs"],
        cwd=_ORACLE,
        input=json.dumps({"version": "5", "sources": [mjml] * _WARM_UP}),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(min(entry["milliseconds"] for entry in json.loads(done.stdout)))


def main() -> None:
    """Measures and prints."""
    content = _edition()
    has_npm = shutil.which("node") is not None and (_ORACLE / "node_modules" / "mjml").exists()
    for name in theme_names():
        theme = load_theme(name)
        bodies = render_edition(content, theme)
        _compile_ms(bodies.mjml)
        pairs = [
            (min(_compile_ms(bodies.mjml) for _ in range(_WARM_UP)), _npm_ms(bodies.mjml) if has_npm else 0.0)
            for _ in range(_ROUNDS)
        ]
        begin = time.perf_counter()
        render_edition(content, theme)
        whole = (time.perf_counter() - begin) * 1000
        ours = statistics.median(pair[0] for pair in pairs)
        line = f"{name}: {_ITEMS} items, {bodies.html_bytes / 1000:.0f} KB; prepare + compile + inline {ours:.1f} ms"
        if has_npm:
            ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
            npm = statistics.median(pair[1] for pair in pairs)
            line += f"; npm mjml {npm:.1f} ms, ratio {ratio:.1f} (median of {_ROUNDS} pairs)"
        print(f"{line}; with templates, text and checks {whole:.1f} ms")


if __name__ == "__main__":
    main()
