"""Plain words that mean "unsubscribe me", in four languages; and what of a mail was newly written. Pure."""

import re
import unicodedata

_SHORT = 160  # characters: a wish with a greeting and a name below it, not a letter
_TOKEN = re.compile(r"\bunsubscribe[\s:_+-]+([A-Za-z0-9_-]{40})(?![A-Za-z0-9_-])", re.IGNORECASE)

# Said at the beginning of a short mail, each of them can only mean one thing. Without accents, in small letters.
_BEGINNINGS = (
    # French
    "desinscription",
    "desinscrire",
    "desinscrivez",
    "desinscris-moi",
    "desabonnement",
    "desabonner",
    "desabonnez",
    "desabonne-moi",
    "se desabonner",
    "se desinscrire",
    "me desabonner",
    "me desinscrire",
    "merci de me desinscrire",
    "merci de me desabonner",
    "merci de me retirer",
    "veuillez me desinscrire",
    "veuillez me desabonner",
    "veuillez me retirer",
    "retirez-moi",
    "retirez moi",
    "je souhaite me desinscrire",
    "je souhaite me desabonner",
    "je voudrais me desinscrire",
    "je voudrais me desabonner",
    "je me desabonne",
    "je me desinscris",
    # English
    "unsubscribe",
    "please unsubscribe",
    "unsuscribe",
    "remove me",
    "please remove me",
    "take me off",
    "please take me off",
    "opt out",
    "opt-out",
    # Dutch
    "uitschrijven",
    "uitschrijving",
    "afmelden",
    "afmelding",
    "schrijf mij uit",
    "schrijf me uit",
    "gelieve mij uit te schrijven",
    "gelieve me uit te schrijven",
    "graag uitschrijven",
    "ik wil me uitschrijven",
    "ik wil mij uitschrijven",
    # German
    "abmelden",
    "abmeldung",
    "abbestellen",
    "abbestellung",
    "austragen",
    "bitte abmelden",
    "bitte austragen",
    "bitte abbestellen",
)
# These may begin any sentence: they count only where nothing else was written but a courtesy.
_ALONE = ("stop", "stopp", "arret", "arreter", "quitter", "leave", "remove", "end", "cancel")
_COURTESIES = (
    "please", "thanks", "thank you", "thx", "svp", "s'il vous plait", "merci", "merci d'avance", "bonjour", "hello",
    "hi", "aub", "alstublieft", "graag", "dank u", "dank je", "bedankt", "bitte", "danke", "mfg", "hallo", "goedendag",
    "dear sir or madam", "madame", "monsieur", "madame, monsieur", "cordialement", "bien a vous", "salutations",
    "regards", "best regards", "kind regards", "mvg", "met vriendelijke groeten", "mit freundlichen grussen",
)  # fmt: skip
# A question, or a "not", is for a person to read.
_DOUBTFUL = re.compile(
    r"\?|\b(?:not|don't|dont|do not|cannot|can't|pas|ne|jamais|niet|geen|nicht|kein|nie|except|sauf|but|mais|maar|aber"
    r"|erreur|mistake|error|vergissing|fout|versehen|fehler|probleme?|problem)\b"
)
_QUOTE_BEGINS = re.compile(
    r"^\s*(?:>|\|"
    r"|-{2,}\s*(?:original message|message d.origine|message transf|oorspronkelijk bericht|urspr|forwarded message)"
    r"|_{10,}\s*$"
    r"|(?:on|le|op|am)\b.{0,200}(?:wrote|ecrit|écrit|schreef|schrieb).{0,80}:\s*$"
    r"|(?:from|de|van|von|expediteur|expéditeur)\s?:\s.{0,200}@"
    r"|-- ?$)",
    re.IGNORECASE,
)
_WRAPPED_INTRODUCTION = re.compile(r"^\s*(?:on|le|op|am)\b.{0,200}$", re.IGNORECASE)
_INTRODUCTION_ENDS = re.compile(r"(?:wrote|ecrit|écrit|schreef|schrieb).{0,80}:\s*$", re.IGNORECASE)


def token_in(subject: str) -> str | None:
    """The token in the subject of a mail to the address of List-Unsubscribe ("unsubscribe TOKEN"), None without one."""
    found = _TOKEN.search(subject)
    return found[1] if found else None


def newly_written(text: str) -> str:
    """What was written above a quoted mail or a signature, without the lines that introduce the quotation."""
    lines: list[str] = []
    all_lines = text.splitlines()
    for number, line in enumerate(all_lines):
        if _QUOTE_BEGINS.match(line):
            break
        following = all_lines[number + 1] if number + 1 < len(all_lines) else ""
        if _WRAPPED_INTRODUCTION.match(line) and _INTRODUCTION_ENDS.search(following):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def is_wish_to_leave(text: str, subject: str = "") -> bool:
    """Whether what was newly written says that its writer wants to leave, and nothing else.

    A mail without words means what its subject says; that of a reply was written by us.
    """
    plain = _plain(text)
    if not plain:
        plain = _plain(subject)
        if re.match(r"(?:re|aw|tr|fwd?|antw)\s?:", plain):
            return False
    if not plain or len(plain) > _SHORT or _DOUBTFUL.search(plain):
        return False
    said = _without_courtesies(plain)
    if said in _ALONE:
        return True
    return _begins_with_wish(said) or _begins_with_wish(
        plain
    )  # "merci de me désinscrire" begins with a courtesy


def _begins_with_wish(said: str) -> bool:
    return any(
        said.startswith(beginning) and not said[len(beginning) : len(beginning) + 1].isalnum()
        for beginning in _BEGINNINGS
    )


def _without_courtesies(plain: str) -> str:
    """The words without greetings before them, and without courtesies in lines of their own or at the end."""
    said, before = plain, ""
    while said != before:
        before = said
        for courtesy in _COURTESIES:
            said = _cut_end(_cut_front(said, courtesy), courtesy) or said
    return said


def _cut_front(said: str, courtesy: str) -> str:
    rest = said.removeprefix(courtesy)
    return said if rest == said or rest[:1].isalnum() else rest.strip(" ,;.:!-\n")


def _cut_end(said: str, courtesy: str) -> str:
    rest = said.removesuffix(courtesy)
    return said if rest == said or rest[-1:].isalnum() else rest.strip(" ,;.:!-\n")


def _plain(text: str) -> str:
    """Small letters without accents, one space between words, nothing around them."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ß", "ss")[: _SHORT * 4])
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).casefold()
    return re.sub(r"\s+", " ", letters).strip(" ,;.:!-*_\"'«»“”()[]")
