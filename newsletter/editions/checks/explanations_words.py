"""What the codes about languages, texts and links mean."""

from newsletter.editions.checks.explanation import Explanation
from newsletter.foundation.sayings import saying
from newsletter.rendering.problems import Level

_BLOCKS, _WARNS, _NOTES = Level.BLOCKS, Level.WARNS, Level.NOTES

LANGUAGES = {
    "missing-text": Explanation(
        _BLOCKS,
        saying("Readers of that language would get a letter with a hole in it."),
        saying("Write the text, mark the language as not applicable, or choose another fallback."),
    ),
    "few-items": Explanation(
        _WARNS,
        saying("Readers of that language would get a thin letter, as if it were not meant for them."),
        saying(
            "Translate more, let that language wait, freeze without it, or send both languages in one letter."
        ),
    ),
    "wrong-language": Explanation(
        _WARNS,
        saying(
            "Readers would get a text that they may not be able to read, and screen readers would pronounce it wrongly."
        ),
        saying("Put the text into the field of its own language, or translate it."),
    ),
    "same-subject": Explanation(
        _WARNS,
        saying("One of the two was probably never translated, and the subject is what readers see first."),
        saying("Write the subject in each language."),
    ),
    "same-text": Explanation(
        _WARNS,
        saying("One of the two was probably never translated."),
        saying(
            "Translate it; if it shall be shown in one language only, delete the copy and let the fallback mark it."
        ),
    ),
    "alt-in-one-language": Explanation(
        _WARNS,
        saying("Readers of the other language who do not see the picture are told nothing."),
        saying("Describe the picture in that language, too."),
    ),
    "stale-text": Explanation(
        _WARNS,
        saying("The text it was translated from has changed since; the two may say different things."),
        saying("Compare it with the source, then correct it or confirm that it is still right."),
    ),
    "text-not-approved": Explanation(
        _NOTES,
        saying("Nobody has said yet that this text may go out."),
        saying("Let somebody read it and approve it."),
    ),
    "date-differs": Explanation(
        _WARNS,
        saying("Some readers would come on the wrong day."),
        saying("See which date is right, and write it in both languages."),
    ),
    "weekday-differs": Explanation(
        _WARNS,
        saying("Some readers would come on the wrong day."),
        saying("See which weekday is right, and write it in both languages."),
    ),
    "wrong-weekday": Explanation(
        _WARNS,
        saying("Readers cannot know whether the weekday or the date is wrong."),
        saying("Look in a calendar and correct one of the two."),
    ),
    "time-differs": Explanation(
        _WARNS,
        saying("Some readers would come too early or too late."),
        saying("See which time is right, and write it in both languages."),
    ),
    "amount-differs": Explanation(
        _WARNS,
        saying("Some readers would be told a wrong price."),
        saying("See which amount is right, and write it in both languages."),
    ),
    "percentage-differs": Explanation(
        _WARNS,
        saying("One of the two texts states something wrong."),
        saying("See which figure is right, and write it in both languages."),
    ),
    "phone-differs": Explanation(
        _WARNS,
        saying("Some readers would call a stranger."),
        saying("See which number is right, and write it in both languages."),
    ),
    "mail-address-differs": Explanation(
        _WARNS,
        saying("What some readers write may never arrive."),
        saying("See which address is right; each language may have its own if that is meant."),
    ),
    "link-differs": Explanation(
        _WARNS,
        saying("Some readers would be led somewhere else, or nowhere."),
        saying("Give both languages the same links, each to the page in its own language."),
    ),
    "link-language": Explanation(
        _WARNS,
        saying("The link leads readers to a page in another language than the text."),
        saying("Link to the page in the text's own language if there is one."),
    ),
}

TEXTS = {
    "repeated-paragraph": Explanation(
        _WARNS,
        saying("Something was probably pasted twice, and readers read it twice."),
        saying("Delete one of the two."),
    ),
    "link-without-target": Explanation(
        _WARNS,
        saying("Readers are promised a link and find none; it was probably lost when the text was copied."),
        saying("Add the address, as in [words](https://…), or delete the line."),
    ),
    "missing-space-after-stop": Explanation(
        _WARNS,
        saying("It reads as a slip, and some programs make a link of it."),
        saying("Put a space between the sentences."),
    ),
    "missing-space-before-bracket": Explanation(
        _WARNS,
        saying("It reads as a slip."),
        saying("Put a space before the bracket."),
    ),
    "quote-slip": Explanation(
        _WARNS,
        saying("A quotation that does not end, or ends before it begins, confuses readers."),
        saying("Turn the quotation mark round, or add the one that is missing."),
    ),
    "doubled-word": Explanation(
        _WARNS,
        saying("It reads as a slip."),
        saying("Delete one of the two words."),
    ),
    "odd-spacing": Explanation(
        _NOTES,
        saying("Two spaces in a row show as a gap."),
        saying("Leave one space."),
    ),
    "space-before-punctuation": Explanation(
        _WARNS,
        saying("The mark may slip to the next line by itself, and this language has no space there."),
        saying("Delete the space."),
    ),
    "image-caption-left": Explanation(
        _WARNS,
        saying("Readers read the caption of a picture that is not there."),
        saying("Add the picture to the announcement, or delete the caption."),
    ),
    "stray-line": Explanation(
        _NOTES,
        saying("A few words by themselves are often what is left of a link or a heading."),
        saying("Make it a heading (## …) or a link, join it to a sentence, or leave it if it is meant."),
    ),
    "event-past": Explanation(
        _WARNS,
        saying("Readers are invited to something that is over."),
        saying("Correct the date, or leave the item out."),
    ),
    "date-past": Explanation(
        _WARNS,
        saying("Readers are asked to do something on or by a day that is over."),
        saying("Correct the date, or write about it as of something that has been."),
    ),
    "vague-link": Explanation(
        _WARNS,
        saying(
            "Who has the links read out hears “here” and “read more” and cannot tell where they lead (WCAG 2.2, 2.4.4)."
        ),
        saying("Make the link of the words that say what it leads to: “the programme”, not “click here”."),
    ),
    "long-url": Explanation(
        _NOTES,
        saying("A long address breaks the lines of a phone and tells readers little."),
        saying("Write it as a link with words: [the programme](https://…)."),
    ),
    "spelling": Explanation(
        _NOTES,
        saying("The dictionary does not know this word; it may be a slip, or a word that is simply rare."),
        saying("Correct it, or leave it if it is right."),
    ),
    "spelling-not-checked": Explanation(
        _NOTES,
        saying("Slips of spelling in this language are not found here."),
        saying(
            "Install the extra (pip install .[spelling]) and a dictionary, as in apt-get install hunspell-fr hunspell-en-gb."
        ),
    ),
}

LINKS = {
    "dead-link": Explanation(
        _WARNS,
        saying("Readers find an error page, or nothing at all."),
        saying("Correct the address, or leave the link out."),
    ),
    "moved-link": Explanation(
        _NOTES,
        saying("The page says that it has moved for good; the old address may end some day."),
        saying("Write the new address."),
    ),
    "slow-link": Explanation(
        _NOTES,
        saying("Many readers give up waiting, and a mailing sends them all at once."),
        saying("Try the page; if it stays slow, warn those who run it or link to another one."),
    ),
    "link-not-checked": Explanation(
        _NOTES,
        saying("Nobody knows whether the link works."),
        saying("Open it by hand."),
    ),
    "page-language": Explanation(
        _WARNS,
        saying("The page says that it is in another language than the text that links to it."),
        saying("Link to the page in the text's own language if there is one."),
    ),
}
