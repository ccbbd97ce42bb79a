"""What the codes about rendered mails mean, those of rendering itself among them."""

from newsletter.editions.checks.explanation import Explanation
from newsletter.rendering.problems import Code, Level

_BLOCKS, _WARNS, _NOTES = Level.BLOCKS, Level.WARNS, Level.NOTES

MAILS = {
    "nearly-too-large": Explanation(
        _NOTES,
        "Gmail hides what comes after about 102 KB; one more item may be too much.",
        "Shorten the largest items, or link to the whole text.",
    ),
    "image-without-alt": Explanation(
        _WARNS,
        "A screen reader reads the name of the file, and where pictures are off nothing is shown.",
        'Give the picture an alt attribute in the theme; alt="" if it only decorates.',
    ),
    "image-without-width": Explanation(
        _WARNS,
        "Outlook shows the picture at its full size, which can be wider than the screen.",
        "Give the picture a width attribute in the theme.",
    ),
    "heading-one": Explanation(
        _WARNS,
        "Screen readers take the one h1 for the title of the letter.",
        "Have exactly one h1 in the theme.",
    ),
    "heading-skipped": Explanation(
        _WARNS,
        "Who moves from heading to heading believes to have missed one.",
        "Begin with the level below the one before: h2 after h1.",
    ),
    "language-not-marked": Explanation(
        _WARNS,
        "Screen readers pronounce the text as if it were in another language, and programs offer to translate it.",
        "Set lang and dir in the theme: on html, on the wrapper in the body and around each text.",
    ),
    "low-contrast": Explanation(
        _WARNS,
        "Many readers cannot read it (WCAG 2.2, 1.4.3 asks for 4.5 to 1, or 3 to 1 for large letters).",
        "Choose a darker or a lighter colour in the theme.",
    ),
    "insecure-address": Explanation(
        _WARNS,
        "What travels over http can be read and changed on the way, and mail programs warn of it or do not load it.",
        "Write https:// if the site can do that; nearly all can.",
    ),
    "third-party-resource": Explanation(
        _WARNS,
        "Every opening of the mail is told to somebody else, and the picture is gone when that site moves it.",
        "Host it with the announcement's pictures or on your own site.",
    ),
    "left-over-sign": Explanation(
        _WARNS,
        "Readers see what was meant for a program.",
        "Write what shall stand there, or correct the theme.",
    ),
    "unsubscribe-missing": Explanation(
        _BLOCKS,
        "Readers must be able to leave: the law and every large mailbox provider ask for it.",
        "Put the field [[link:unsubscribe]] into the theme.",
    ),
    "postal-address-missing": Explanation(
        _WARNS,
        "The law of many countries asks for the sender's postal address in every newsletter.",
        "Set NEWSLETTER_POSTAL_ADDRESS; the theme shows it in the foot.",
    ),
    "view-online-missing": Explanation(
        _WARNS,
        "Where a mail is shown broken or cut off, the page on the web is the way out.",
        "Link to the hosted page in the theme.",
    ),
    "subject-too-short": Explanation(
        _NOTES,
        "So short a subject tells little, and looks like unwanted mail.",
        "Say in a few words what is new.",
    ),
    "subject-too-long": Explanation(
        _NOTES,
        "Mailboxes cut it off: a phone shows some 40 characters, a desktop some 70.",
        "Put the news first and shorten the rest.",
    ),
    "preheader-too-short": Explanation(
        _NOTES,
        "Mailboxes fill the line up with what comes next in the mail.",
        "Write a sentence that goes on where the subject ends.",
    ),
    "preheader-too-long": Explanation(
        _NOTES, "Mailboxes cut it off.", "Say what matters in the first 90 characters."
    ),
    "client-support": Explanation(
        _WARNS,
        "Readers with that mail program may not be able to read the letter as it is meant.",
        "Do without it in the theme, or see that the letter can be read where it is not understood.",
    ),
}

RENDERING = {
    Code.UNKNOWN_FIELD: Explanation(
        _BLOCKS,
        "Readers would see the field instead of its value.",
        "Correct its name, or write a backslash before it.",
    ),
    Code.LOOKS_LIKE_FIELD: Explanation(
        _WARNS,
        "If it was meant as a field, readers see it as it was typed.",
        "Write one of the fields: [[first_name]], [[name]], [[email]].",
    ),
    Code.UNSAFE_LINK: Explanation(
        _BLOCKS,
        "Mail programs block such addresses, so the link is left out.",
        "Write an address with https, http, mailto or tel.",
    ),
    Code.RELATIVE_LINK: Explanation(
        _WARNS,
        "A mail stands on no site, so the link is left out.",
        "Write the whole address, with https://.",
    ),
    Code.PICTURE_IN_BODY: Explanation(
        _WARNS, "Pictures inside a text are not shown.", "Make it the announcement's picture, or delete it."
    ),
    Code.PICTURE_WITHOUT_ALT: Explanation(
        _WARNS,
        "Readers who do not see the picture are told nothing.",
        "Describe in a few words what it shows.",
    ),
    Code.TOO_DEEP: Explanation(
        _BLOCKS, "The innermost text would be lost.", "Put fewer lists or quotations into each other."
    ),
    Code.TITLE_MISSING: Explanation(
        _BLOCKS, "Readers cannot see where the item begins or what it is about.", "Give it a title."
    ),
    Code.LINK_MISSING: Explanation(
        _WARNS, "Readers see a title and cannot read on.", "Give the announcement a button with an address."
    ),
    Code.BAD_ACCENT: Explanation(
        _WARNS,
        "Another colour than the one you wanted is shown.",
        "Write it as #rrggbb in NEWSLETTER_ACCENT_COLOUR.",
    ),
    Code.ACCENT_ADJUSTED: Explanation(
        _NOTES,
        "The colour as it was set is too pale to be read on white.",
        "Set a darker one, or leave it: it is shown darker.",
    ),
    Code.TOO_LARGE: Explanation(
        _WARNS,
        "Gmail hides what comes after about 102 KB, and the link to unsubscribe with it.",
        "Shorten the largest items, or send two editions.",
    ),
    Code.MJML_UNREADABLE: Explanation(
        _BLOCKS, "No mail can be made of it.", "Correct the theme at the line named."
    ),
    Code.MJML_MENDED: Explanation(
        _NOTES,
        "It was understood this time; another engine may read it otherwise.",
        "Correct the theme at the line named.",
    ),
    Code.MJML_NOT_INCLUDED: Explanation(
        _BLOCKS,
        "What the other file holds is not in the letter.",
        "Put the piece into the theme itself, or include it with Jinja.",
    ),
    Code.MJML_UNKNOWN_ELEMENT: Explanation(
        _BLOCKS, "What stands in it would be lost.", "Correct the theme at the line named."
    ),
    Code.MJML_MISPLACED_ELEMENT: Explanation(
        _BLOCKS, "It is shown in the wrong place, or not at all.", "Correct the theme at the line named."
    ),
    Code.MJML_UNKNOWN_ATTRIBUTE: Explanation(
        _BLOCKS, "It has no effect; perhaps its name is misspelt.", "Correct the theme at the line named."
    ),
    Code.MJML_BAD_VALUE: Explanation(
        _BLOCKS, "It has no effect, or a wrong one.", "Correct the theme at the line named."
    ),
    Code.MJML_NOT_USED_HERE: Explanation(
        _BLOCKS, "The engine gets it wrong (docs/decisions/0006).", "Write the theme without it."
    ),
    Code.MJML_LOOSE_TEXT: Explanation(
        _BLOCKS, "The text would be lost.", "Put it into an mj-text element of the theme."
    ),
    Code.MJML_NOT_COMPILED: Explanation(
        _BLOCKS, "There is no mail to send.", "Correct the theme as the message says."
    ),
}
