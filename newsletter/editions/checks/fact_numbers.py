"""Amounts of money, percentages and telephone numbers, however a language writes them."""

import re

_SPACE = "[ \u00a0\u202f]"
_NUMBER = rf"\d{{1,3}}(?:(?:{_SPACE}|[.,'’])\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)|\d+(?:[.,]\d{{1,2}})?(?!\d)"
_MANY = rf"(?:{_SPACE}?(?P<{{}}>k|m|mn|mio|million|millions|miljoen|Millionen|milliards?|billion|miljard|Milliarden?)\b)?"
_SIGN = r"€|\$|£|EUR\b|USD\b|GBP\b|CHF\b"
_WORD = r"€|\$|£|euros?\b|EUR\b|USD\b|GBP\b|CHF\b|dollars?\b|pounds?\b"
AMOUNT = re.compile(
    rf"(?P<sign>{_SIGN}){_SPACE}?(?P<after>{_NUMBER})(?:,-|,–|,—)?{_MANY.format('many_after')}"
    rf"|(?<![\d.,])(?P<before>{_NUMBER})(?:,-|,–)?{_MANY.format('many_before')}{_SPACE}*(?:d[’'])?(?:of )?(?P<word>{_WORD})",
    re.IGNORECASE,
)
# "20 à 60 €" and "€20–60" name the currency once; `one` is the amount without it.
AMOUNT_RANGES = (
    re.compile(
        rf"(?<![\d.,])(?P<one>{_NUMBER}){_SPACE}*(?:-|–|à|et|ou|to|and|or|tot|en|bis|und){_SPACE}*(?:{_NUMBER}){_SPACE}?(?P<sign>{_WORD})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<sign>{_SIGN}){_SPACE}?(?:{_NUMBER}){_SPACE}*(?:-|–|to|tot|à){_SPACE}*(?P<one>{_NUMBER})(?!{_SPACE}?[%\w])",
        re.IGNORECASE,
    ),
)
PERCENTAGE = re.compile(
    rf"(?<![\d.,])(?P<number>{_NUMBER}){_SPACE}*(?:%|pour{_SPACE}cent\b|per{_SPACE}?cent\b|procent\b|Prozent\b)",
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<![\w+/.,-])(?:\+|00)?\(?\d[\d \u00a0\u202f./()-]{6,18}\d(?![\w])")

_CURRENCY = {"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "dollar": "USD", "dollars": "USD"}
_CURRENCY |= {"£": "GBP", "pound": "GBP", "pounds": "GBP"}
_TIMES = {"k": 1e3, "million": 1e6, "milliard": 1e9, "billion": 1e9}
_TIMES |= dict.fromkeys(("m", "mn", "mio", "millions", "miljoen", "millionen"), 1e6)
_TIMES |= dict.fromkeys(("milliards", "miljard", "milliarde", "milliarden"), 1e9)
_PHONE_DIGITS_MIN, _PHONE_DIGITS_MAX = 8, 15


def amount(match: re.Match[str]) -> tuple[str, ...]:
    """An AMOUNT as "EUR 12.5"."""
    sign = (match["sign"] or match["word"]).lower()
    many = (match["many_after"] or match["many_before"] or "").lower()
    value = _value(match["after"] or match["before"]) * _TIMES.get(many, 1)
    return (f"{_CURRENCY.get(sign, sign.upper())} {value:.10g}",)


def amount_in_range(match: re.Match[str]) -> tuple[str, ...]:
    """The amount of one of AMOUNT_RANGES that stands without its currency, as "EUR 12.5"."""
    sign = match["sign"].lower()
    return (f"{_CURRENCY.get(sign, sign.upper())} {_value(match['one']):.10g}",)


def percentage(match: re.Match[str]) -> tuple[str, ...]:
    """A PERCENTAGE as "12.5"."""
    return (f"{_value(match['number']):g}",)


def phone(match: re.Match[str]) -> tuple[str, ...]:
    """A PHONE as `phone_values` gives it; nothing for a figure that no one would dial."""
    shown = match[0]
    return phone_values(shown) if shown.startswith(("+", "0", "(0")) else ()


def phone_values(shown: str) -> tuple[str, ...]:
    """The last eight digits, which stay the same with and without the prefix of a country."""
    digits = re.sub(r"\D", "", shown.replace("(0)", ""))
    return (digits[-8:],) if _PHONE_DIGITS_MIN <= len(digits) <= _PHONE_DIGITS_MAX else ()


def _value(number: str) -> float:
    """1 200,50 and 1,200.50 and 1.200,50: three digits after the last mark are thousands, fewer are cents."""
    plain = re.sub(rf"{_SPACE}|['’]", "", number)
    whole, mark, cents = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", plain).groups()  # type: ignore[union-attr]
    return float(re.sub(r"[.,]", "", whole) + (f".{cents}" if mark else ""))
