"""What is odd in the words of a story: editorial remarks on the text as it is now, days that are over, poor links."""

import re
from collections.abc import Iterator
from datetime import date

from newsletter.announcements.remark_kinds import MESSAGES
from newsletter.announcements.remarks import Remark, editorial_remarks, paragraphs_of
from newsletter.announcements.sentences import one_line, sentences
from newsletter.editions.checks.calendar_words import Day
from newsletter.editions.checks.facts import Facts, facts_in
from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.links_in_text import links_in
from newsletter.editions.checks.material import Story, TextField, WrittenText
from newsletter.editions.checks.places import Place
from newsletter.foundation.sayings import saying

_LONG_URL = 50
_VAGUE = re.compile(
    r"(?:(?:please\s)?(?:click|press|tap)(?:\son)?(?:\shere|\sthis\slink)?|here|this\slink|link|this\spage|(?:read|see|learn|find\sout)\smore(?:\shere)?|more|more\sinfo(?:rmation)?"
    r"|(?:cliquez|cliquer|appuyez)(?:\ssur)?(?:\sici|\sce\slien)?|ici|ce\slien|lien|cette\spage|lire\s(?:la\ssuite|plus)|en\ssavoir\splus|plus\sd[’']infos?|plus\sd[’']informations?|suite"
    r"|klik(?:\shier)?|hier|deze\slink|lees\s(?:meer|verder)|meer(?:\sinfo)?"
    r"|(?:hier\s)?klicken|klicken\ssie\shier|mehr|mehr\serfahren|weiterlesen)[\s.!:>»→…]*",
    re.IGNORECASE,
)
# On a button, which stands by its title, "Read more" tells enough.
_VAGUE_BUTTON = re.compile(
    r"(?:click(?:\shere)?|here|link|cliquez(?:\sici)?|ici|lien|klik(?:\shier)?|hier(?:\sklicken)?)[\s.!:>»→…]*",
    re.IGNORECASE,
)
# Words by which a sentence asks something of its readers on or until a day.
_ASKS = re.compile(
    r"\b(?:rendez-vous|inscri(?:vez|ption)s?\w*|réserve[zr]|venez|rejoignez|jusqu[’']au|avant\sle|au\splus\stard|participez|aura\slieu|auront\slieu"
    r"|join\sus|see\syou|register|sign\sup|book|until|no\slater\sthan|deadline|before|come\s(?:to|and|along)|will\s(?:be|take|start|hold|open|meet)"
    r"|schrijf\sje\sin|kom|uiterlijk|vóór|tot\sen\smet|anmelden|kommen\sSie|spätestens|bis\szum)(?!\w)",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\b(?:every|each|weekly|monthly|(?:mon|tues|wednes|thurs|fri|satur|sun)days|chaque|tou(?:s|tes)\sles|(?:lun|mar|mercre|jeu|vendre)dis|samedis|dimanches"
    r"|elke?|iedere?|wekelijks|maandelijks|jede[nrs]?)\b",
    re.IGNORECASE,
)
_HAS_BEEN = re.compile(
    r"\b(?:a\seu\slieu|ont\seu\slieu|s[’']est\stenue?|a\s(?:été|réuni|accueilli)|était|étaient|took\splace|was|were|has\sbeen|had|vond\splaats|was\ser|fand\sstatt|war)\b",
    re.IGNORECASE,
)


def check_texts(story: Story, today: date) -> Iterator[Finding]:
    """What an editor should look at in the words of a story."""
    is_over = story.happens_on is not None and story.happens_on < today and not _recurs(story)
    if is_over and story.happens_on:
        message = saying("It happens on {day}, which is over.", day=Day(story.happens_on))
        yield finding("event-past", message, where=story.where)
    for text in story.texts:
        for field in text.fields:
            where = story.where.at(field.name)
            yield from (_remark(remark, where, field) for remark in _remarks(field, text.language))
            yield from _poor_links(field, text.language, where)
            if field.name != "picture" and not is_over:
                yield from _days_over(story, field, text, today, where)


def _recurs(story: Story) -> bool:
    """Whether what happens happens again: its first day may well be over."""
    return any(_AGAIN.search(field.text) for text in story.texts for field in text.fields)


def _remarks(field: TextField, language: str) -> tuple[Remark, ...]:
    if field.is_derived or field.name in {"button", "picture"}:
        return ()
    return editorial_remarks(paragraphs_of(field.text), language)


def _remark(remark: Remark, where: Place, field: TextField) -> Finding:
    return finding(
        remark.code.value.replace("_", "-"),
        saying("{remark} “{words}”", remark=MESSAGES[remark.code], words=remark.excerpt),
        where=where,
        language=remark.language,
        line=remark.line if field.is_markdown else None,
    )


def _poor_links(field: TextField, language: str, where: Place) -> Iterator[Finding]:
    if field.name == "button":
        if _VAGUE_BUTTON.fullmatch(field.text.strip()):
            message = saying("The button says only “{words}”.", words=one_line(field.text))
            yield finding("vague-link", message, where=where, language=language)
        return
    for link in links_in(field.text):
        line = link.line if field.is_markdown else None
        if link.label and _VAGUE.fullmatch(link.label.strip(" *_")):
            message = saying("A link says only “{words}”.", words=link.label)
            yield finding("vague-link", message, where=where, language=language, line=line)
        elif link.is_bare and len(link.target) > _LONG_URL and link.target.startswith("http"):
            message = saying(
                "An address of {count} characters stands in the text: {address}",
                count=len(link.target),
                address=f"{link.target[:40]}…",
            )
            yield finding("long-url", message, where=where, language=language, line=line)


def _days_over(
    story: Story, field: TextField, text: WrittenText, today: date, where: Place
) -> Iterator[Finding]:
    """Days in the past on or by which the text asks something of its readers."""
    for paragraph in paragraphs_of(field.text):
        for sentence in sentences(paragraph.text):
            facts = facts_in(sentence, text.language)
            if _HAS_BEEN.search(sentence) or not (_ASKS.search(sentence) or _has_day_and_hour(facts)):
                continue
            day = _latest_day(story, facts, today)
            if day and day < today and day != story.happens_on:
                yield finding(
                    "date-past",
                    saying("{day} is over: “{words}”", day=Day(day), words=_cut(sentence)),
                    where=where,
                    language=text.language,
                    line=paragraph.line if field.is_markdown else None,
                )


def _has_day_and_hour(facts: Facts) -> bool:
    return any(written.weekday is not None for written in facts.dates) and any(
        fact.kind == "time" for fact in facts.facts
    )


def _latest_day(story: Story, facts: Facts, today: date) -> date | None:
    """The last day that the sentence can mean, where it is sure which year each of its dates is in."""
    near = story.happens_on or story.published_on or today
    latest: list[date] = []
    for written in facts.dates:
        days = written.days((near.year - 1, near.year, near.year + 1))
        if written.weekday is not None:
            days = [day for day in days if day.weekday() == written.weekday] or days
        elif story.published_on:  # what is announced lies ahead of the announcement
            days = [day for day in days if day >= story.published_on] or days
        if not days:
            return None
        latest.append(min(days, key=lambda day: abs((day - near).days)))
    return max(latest, default=None)


def _cut(text: str, length: int = 80) -> str:
    words = one_line(text)
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"
