"""Letters of an imaginary organisation, Les Jardins du Canal / Canal Gardens in Brussels, for the tests of rendering."""

from dataclasses import replace
from datetime import date

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

VARIANTS = ("fr", "en", "fr+en", "en+fr")
SITE = "https://jardins.example"

FRENCH = {
    "list_name": "La lettre du canal",
    "heading": "Le printemps arrive au bord de l'eau",
    "intro": "Trois nouvelles ce mois-ci : **deux minutes** de lecture.\nUne question ? [Écrivez-nous](mailto:bonjour@jardins.example).",
    "reason": "Vous recevez cette lettre parce que vous vous y êtes inscrit en ligne.",
    "first": "À la une",
    "second": "Au jardin",
    "subject": "Le printemps arrive au bord de l'eau",
    "preheader": "Une serre à construire, des semis à partager, un marché à préparer.",
}
ENGLISH = {
    "list_name": "The canal letter",
    "heading": "Spring comes to the waterside",
    "intro": "Three pieces of news this month: **two minutes** to read.\nA question? [Write to us](mailto:hello@jardins.example).",
    "reason": "You receive this letter because you signed up for it online.",
    "first": "In the news",
    "second": "In the garden",
    "subject": "Spring comes to the waterside",
    "preheader": "A greenhouse to build, seedlings to share, a market to prepare.",
}
WORDS = {"fr": FRENCH, "en": ENGLISH}


def a_branding(**changes: str) -> Branding:
    """Canal Gardens."""
    branding = Branding(
        "Les Jardins du Canal / Canal Gardens", "Quai des Tilleuls 12\n1000 Bruxelles", website=SITE
    )
    return replace(branding, **changes)


def a_lead(language: str = "fr", /, **changes: object) -> Item:
    """The greenhouse: picture, list, quotation, button."""
    if language == "fr":
        item = Item(
            "serre",
            "fr",
            ItemForm.FULL,
            "Une serre de quarante mètres, c'est pour bientôt !",
            body=(
                "La commune a signé : la serre du quai sera montée en avril. Il nous faut encore **douze volontaires**.\n\n"
                "- samedi 11 avril : terrassement\n- dimanche 12 avril : montage\n\n"
                '> "On n\'a jamais vu autant de bottes sur le quai", dit Amina, qui tient le carnet.'
            ),
            picture=Picture(
                f"{SITE}/images/serre.jpg", "Six voisins portent une poutre de la future serre", 1200, 600
            ),
            action=Action("S'inscrire au montage", f"{SITE}/fr/serre?jour=1&lieu=quai"),
            topic="Chantier",
        )
    else:
        item = Item(
            "serre",
            "en",
            ItemForm.FULL,
            "A forty-metre greenhouse is on its way!",
            body=(
                "The council has signed: the quayside greenhouse goes up in April. We still need **twelve volunteers**.\n\n"
                "- Saturday 11 April: groundwork\n- Sunday 12 April: assembly\n\n"
                '> "Never seen so many boots on the quay," says Amina, who keeps the list.'
            ),
            picture=Picture(
                f"{SITE}/images/serre.jpg", "Six neighbours carry a beam of the greenhouse to come", 1200, 600
            ),
            action=Action("Sign up to help", f"{SITE}/en/greenhouse?day=1&place=quay"),
            topic="Building",
        )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_market(language: str = "fr", /, **changes: object) -> Item:
    """The plant market: a date, a small picture, a heading in its text."""
    if language == "fr":
        item = Item(
            "marche",
            "fr",
            ItemForm.FULL,
            "Le marché aux plants revient",
            summary="Cent vingt variétés, un prix libre et de la soupe.",
            body="### Ce qu'il faut apporter\n\nDes cageots et de la monnaie. Tout est sur https://jardins.example/marche.",
            picture=Picture(
                f"{SITE}/images/marche.jpg", "Des plants de tomates dans des pots de yaourt", 800, 500
            ),
            happens_on=date(2026, 5, 9),
            topic="Agenda",
        )
    else:
        item = Item(
            "marche",
            "en",
            ItemForm.FULL,
            "The plant market is back",
            summary="A hundred and twenty varieties, pay what you like, and soup.",
            body="### What to bring\n\nCrates and change. It is all at https://jardins.example/market.",
            picture=Picture(f"{SITE}/images/marche.jpg", "Tomato seedlings in yoghurt pots", 800, 500),
            happens_on=date(2026, 5, 9),
            topic="What's on",
        )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_translation_gap(language: str, /, **changes: object) -> Item:
    """An item that exists in the other language only, shown whole and marked."""
    if language == "fr":
        item = Item(
            "ateliers",
            "en",
            ItemForm.LABELLED,
            "Bike repair workshops every Thursday",
            body="Bring your bike, we bring the tools. *Free for members.*",
            topic="Ateliers",
        )
    else:
        item = Item(
            "ateliers",
            "fr",
            ItemForm.LABELLED,
            "Réparer son vélo, chaque jeudi",
            body="Venez avec votre vélo, nous avons les outils. *Gratuit pour les membres.*",
            topic="Workshops",
        )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_summary(language: str, /, **changes: object) -> Item:
    """An item of which only the title is shown, in the other language."""
    if language == "fr":
        item = Item(
            "bilan", "en", ItemForm.SUMMARY, "Our year in figures", read_url=f"{SITE}/en/archive/1#bilan"
        )
    else:
        item = Item(
            "bilan", "fr", ItemForm.SUMMARY, "Notre année en chiffres", read_url=f"{SITE}/fr/archive/1#bilan"
        )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_part(language: str, /, *items: Item, **changes: object) -> LanguagePart:
    """One language; without items the four usual ones in two sections."""
    words = WORDS[language]
    sections: tuple[SectionPart, ...] = (SectionPart("", items),)
    if not items:
        sections = (
            SectionPart(words["first"], (a_lead(language), a_market(language))),
            SectionPart(words["second"], (a_translation_gap(language), a_summary(language))),
        )
    part = LanguagePart(
        language,
        words["subject"],
        words["list_name"],
        words["heading"],
        words["intro"],
        words["reason"],
        sections,
    )
    return replace(part, **changes)  # type: ignore[arg-type]


def a_content(variant: str = "fr", /, *items: Item, **changes: object) -> EditionContent:
    """An edition's content for `fr`, `en`, `fr+en` or `en+fr`."""
    languages = variant.split("+")
    words = WORDS[languages[0]]
    others = languages if len(languages) > 1 else [language for language in WORDS if language != variant]
    content = EditionContent(
        variant=variant,
        preheader=words["preheader"],
        issue_number=7,
        published_on=date(2026, 3, 1),
        parts=tuple(a_part(language, *items) for language in languages),
        view_url=f"{SITE}/{languages[0]}/archive/canal/7/{variant.replace('+', '-')}",
        other_languages=tuple(
            LanguageLink(language, f"{SITE}/{language}/archive/canal/7") for language in others
        ),
        branding=a_branding(),
    )
    if subject := changes.pop("subject", None):
        first = replace(content.parts[0], subject=str(subject))
        content = replace(content, parts=(first, *content.parts[1:]))
    return replace(content, **changes)  # type: ignore[arg-type]


def an_assembly(language: str = "fr", /, **changes: object) -> Item:
    """The general assembly: a date and no picture."""
    if language == "fr":
        item = Item(
            "assemblee",
            "fr",
            ItemForm.FULL,
            "Assemblée générale",
            body="Les comptes, les projets et le verre de l'amitié.",
            action=Action("S'inscrire", f"{SITE}/fr/assemblee"),
            happens_on=date(2026, 4, 1),
            topic="Vie du jardin",
        )
    else:
        item = Item(
            "assemblee",
            "en",
            ItemForm.FULL,
            "General assembly",
            body="Accounts, plans, and a glass together.",
            action=Action("Sign up", f"{SITE}/en/assembly"),
            happens_on=date(2026, 4, 1),
            topic="Garden life",
        )
    return replace(item, **changes)  # type: ignore[arg-type]


_LONG = {
    "fr": "Le vélo-cargo est arrivé, et il porte **quatre-vingts kilos**. On le réserve pour une heure ou pour un jour. ",
    "en": "The cargo bike is here, and it carries **eighty kilos**. You can have it for an hour or a day. ",
}


def a_long_story(language: str = "fr", /, **changes: object) -> Item:
    """The cargo bike: a picture and a text longer than a card or a digest has room for."""
    title = {"fr": "Un vélo-cargo à partager", "en": "A cargo bike to share"}[language]
    item = Item(
        "velo",
        language,
        ItemForm.FULL,
        title,
        body=f"{_LONG[language] * 4}\n\n{_LONG[language]}",
        picture=Picture(f"{SITE}/images/velo.jpg", title, 1200, 800),
        action=Action({"fr": "Réserver", "en": "Book it"}[language], f"{SITE}/{language}/velo"),
        read_url=f"{SITE}/{language}/archive/canal/7",
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_rich_content(variant: str = "fr", /, **changes: object) -> EditionContent:
    """An edition with an item for every way of showing one, a logo and a way to the preferences; `ar` runs from right to left."""
    languages = variant.split("+")
    if "ar" in languages:
        return replace(_with_arabic(languages), **changes)  # type: ignore[arg-type]
    parts = tuple(
        replace(_rich_part(language), preferences_url=f"{SITE}/{language}/preferences")
        for language in languages
    )
    content = a_content(variant, parts=parts, branding=a_branding(logo_url=f"{SITE}/logo.png"))
    return replace(content, **changes)  # type: ignore[arg-type]


def _rich_part(language: str) -> LanguagePart:
    if language == "ar":
        return _part_in_arabic()
    words = WORDS[language]
    second = (a_market(language), a_long_story(language), a_long_story(language, key="velo-2"))
    third = (an_assembly(language), a_translation_gap(language), a_summary(language))
    sections = (
        SectionPart(words["first"], (a_lead(language),)),
        SectionPart(words["second"], second),
        SectionPart("", third),
    )
    return a_part(language, sections=sections)


def _with_arabic(languages: list[str]) -> EditionContent:
    variant = "+".join(languages)
    content = a_content("fr", branding=a_branding(logo_url=f"{SITE}/logo.png"))
    if languages[0] == "ar":
        content = replace(content, preheader="أخبار البستان")
    others = languages if len(languages) > 1 else ["en"]
    return replace(
        content,
        variant=variant,
        parts=tuple(_rich_part(language) for language in languages),
        view_url=f"{SITE}/{languages[0]}/archive/canal/7/{variant.replace('+', '-')}",
        other_languages=tuple(
            LanguageLink(language, f"{SITE}/{language}/archive/canal/7") for language in others
        ),
    )


def _part_in_arabic() -> LanguagePart:
    story = Item(
        "bustan",
        "ar",
        ItemForm.FULL,
        "البستان الجديد على ضفة القناة",
        body="نحتاج إلى **اثني عشر متطوعًا**.\n\n> قول جميل\n\n- السبت\n- الأحد",
        picture=Picture(f"{SITE}/images/serre.jpg", "صورة البستان", 1200, 600),
        action=Action("سجّلوا الآن", f"{SITE}/ar/x"),
        topic="ورشة",
    )
    event = Item("jamiya", "ar", ItemForm.FULL, "الجمعية العامة", body="حسابات.", happens_on=date(2026, 4, 1))
    stories = (story, replace(story, key="b"), replace(story, key="c"), event)
    labelled = (a_lead("en", form=ItemForm.LABELLED), a_translation_gap("fr", key="d"))
    return LanguagePart(
        "ar",
        "الربيع",
        "رسالة القناة",
        "الربيع يصل إلى الضفة",
        "ثلاثة أخبار هذا الشهر.",
        "تصلكم هذه الرسالة لأنكم اشتركتم فيها.",
        (SectionPart("الأخبار", stories), SectionPart("أخبار أخرى", labelled)),
    )
