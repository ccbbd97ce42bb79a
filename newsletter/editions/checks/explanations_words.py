"""What the codes about languages, texts and links mean."""

from newsletter.editions.checks.explanation import Explanation
from newsletter.rendering.problems import Level

_BLOCKS, _WARNS, _NOTES = Level.BLOCKS, Level.WARNS, Level.NOTES

LANGUAGES = {
    "missing-text": Explanation(
        _BLOCKS,
        "Readers of that language would get a letter with a hole in it.",
        "Write the text, mark the language as not applicable, or choose another fallback.",
    ),
    "wrong-language": Explanation(
        _WARNS,
        "Readers would get a text that they may not be able to read, and screen readers would pronounce it wrongly.",
        "Put the text into the field of its own language, or translate it.",
    ),
    "same-subject": Explanation(
        _WARNS,
        "One of the two was probably never translated, and the subject is what readers see first.",
        "Write the subject in each language.",
    ),
    "same-text": Explanation(
        _WARNS,
        "One of the two was probably never translated.",
        "Translate it; if it shall be shown in one language only, delete the copy and let the fallback mark it.",
    ),
    "alt-in-one-language": Explanation(
        _WARNS,
        "Readers of the other language who do not see the picture are told nothing.",
        "Describe the picture in that language, too.",
    ),
    "stale-text": Explanation(
        _WARNS,
        "The text it was translated from has changed since; the two may say different things.",
        "Compare it with the source, then correct it or confirm that it is still right.",
    ),
    "text-not-approved": Explanation(
        _NOTES,
        "Nobody has said yet that this text may go out.",
        "Let somebody read it and approve it.",
    ),
    "date-differs": Explanation(
        _WARNS,
        "Some readers would come on the wrong day.",
        "See which date is right, and write it in both languages.",
    ),
    "weekday-differs": Explanation(
        _WARNS,
        "Some readers would come on the wrong day.",
        "See which weekday is right, and write it in both languages.",
    ),
    "wrong-weekday": Explanation(
        _WARNS,
        "Readers cannot know whether the weekday or the date is wrong.",
        "Look in a calendar and correct one of the two.",
    ),
    "time-differs": Explanation(
        _WARNS,
        "Some readers would come too early or too late.",
        "See which time is right, and write it in both languages.",
    ),
    "amount-differs": Explanation(
        _WARNS,
        "Some readers would be told a wrong price.",
        "See which amount is right, and write it in both languages.",
    ),
    "percentage-differs": Explanation(
        _WARNS,
        "One of the two texts states something wrong.",
        "See which figure is right, and write it in both languages.",
    ),
    "phone-differs": Explanation(
        _WARNS,
        "Some readers would call a stranger.",
        "See which number is right, and write it in both languages.",
    ),
    "mail-address-differs": Explanation(
        _WARNS,
        "What some readers write may never arrive.",
        "See which address is right; each language may have its own if that is meant.",
    ),
    "link-differs": Explanation(
        _WARNS,
        "Some readers would be led somewhere else, or nowhere.",
        "Give both languages the same links, each to the page in its own language.",
    ),
    "link-language": Explanation(
        _WARNS,
        "The link leads readers to a page in another language than the text.",
        "Link to the page in the text's own language if there is one.",
    ),
}

TEXTS = {
    "repeated-paragraph": Explanation(
        _WARNS,
        "Something was probably pasted twice, and readers read it twice.",
        "Delete one of the two.",
    ),
    "link-without-target": Explanation(
        _WARNS,
        "Readers are promised a link and find none; it was probably lost when the text was copied.",
        "Add the address, as in [words](https://…), or delete the line.",
    ),
    "missing-space-after-stop": Explanation(
        _WARNS,
        "It reads as a slip, and some programs make a link of it.",
        "Put a space between the sentences.",
    ),
    "missing-space-before-bracket": Explanation(
        _WARNS, "It reads as a slip.", "Put a space before the bracket."
    ),
    "quote-slip": Explanation(
        _WARNS,
        "A quotation that does not end, or ends before it begins, confuses readers.",
        "Turn the quotation mark round, or add the one that is missing.",
    ),
    "doubled-word": Explanation(_WARNS, "It reads as a slip.", "Delete one of the two words."),
    "odd-spacing": Explanation(_NOTES, "Two spaces in a row show as a gap.", "Leave one space."),
    "space-before-punctuation": Explanation(
        _WARNS,
        "The mark may slip to the next line by itself, and this language has no space there.",
        "Delete the space.",
    ),
    "image-caption-left": Explanation(
        _WARNS,
        "Readers read the caption of a picture that is not there.",
        "Add the picture to the announcement, or delete the caption.",
    ),
    "stray-line": Explanation(
        _NOTES,
        "A few words by themselves are often what is left of a link or a heading.",
        "Make it a heading (## …) or a link, join it to a sentence, or leave it if it is meant.",
    ),
    "event-past": Explanation(
        _WARNS, "Readers are invited to something that is over.", "Correct the date, or leave the item out."
    ),
    "date-past": Explanation(
        _WARNS,
        "Readers are asked to do something on or by a day that is over.",
        "Correct the date, or write about it as of something that has been.",
    ),
    "vague-link": Explanation(
        _WARNS,
        "Who has the links read out hears “here” and “read more” and cannot tell where they lead (WCAG 2.2, 2.4.4).",
        "Make the link of the words that say what it leads to: “the programme”, not “click here”.",
    ),
    "long-url": Explanation(
        _NOTES,
        "A long address breaks the lines of a phone and tells readers little.",
        "Write it as a link with words: [the programme](https://…).",
    ),
    "spelling": Explanation(
        _NOTES,
        "The dictionary does not know this word; it may be a slip, or a word that is simply rare.",
        "Correct it, or leave it if it is right.",
    ),
    "spelling-not-checked": Explanation(
        _NOTES,
        "Slips of spelling in this language are not found here.",
        "Install the extra (pip install .[spelling]) and a dictionary, as in apt-get install hunspell-fr hunspell-en-gb.",
    ),
}

LINKS = {
    "dead-link": Explanation(
        _WARNS,
        "Readers find an error page, or nothing at all.",
        "Correct the address, or leave the link out.",
    ),
    "moved-link": Explanation(
        _NOTES,
        "The page says that it has moved for good; the old address may end some day.",
        "Write the new address.",
    ),
    "slow-link": Explanation(
        _NOTES,
        "Many readers give up waiting, and a mailing sends them all at once.",
        "Try the page; if it stays slow, warn those who run it or link to another one.",
    ),
    "link-not-checked": Explanation(
        _NOTES,
        "Nobody knows whether the link works.",
        "Open it by hand.",
    ),
    "page-language": Explanation(
        _WARNS,
        "The page says that it is in another language than the text that links to it.",
        "Link to the page in the text's own language if there is one.",
    ),
}
