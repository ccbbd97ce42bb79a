"""What the codes about rendered mails mean, those of rendering itself among them."""

from newsletter.editions.checks.explanation import Explanation
from newsletter.foundation.sayings import saying
from newsletter.rendering.problems import Code, Level

_BLOCKS, _WARNS, _NOTES = Level.BLOCKS, Level.WARNS, Level.NOTES

MAILS = {
    "nearly-too-large": Explanation(
        _NOTES,
        saying("Gmail hides what comes after about 102 KB; one more item may be too much."),
        saying("Shorten the largest items, or link to the whole text."),
    ),
    "image-without-alt": Explanation(
        _WARNS,
        saying("A screen reader reads the name of the file, and where pictures are off nothing is shown."),
        saying('Give the picture an alt attribute in the theme; alt="" if it only decorates.'),
    ),
    "image-without-width": Explanation(
        _WARNS,
        saying("Outlook shows the picture at its full size, which can be wider than the screen."),
        saying("Give the picture a width attribute in the theme."),
    ),
    "heading-one": Explanation(
        _WARNS,
        saying("Screen readers take the one h1 for the title of the letter."),
        saying("Have exactly one h1 in the theme."),
    ),
    "heading-skipped": Explanation(
        _WARNS,
        saying("Who moves from heading to heading believes to have missed one."),
        saying("Begin with the level below the one before: h2 after h1."),
    ),
    "language-not-marked": Explanation(
        _WARNS,
        saying(
            "Screen readers pronounce the text as if it were in another language, and programs offer to translate it."
        ),
        saying("Set lang and dir in the theme: on html, on the wrapper in the body and around each text."),
    ),
    "low-contrast": Explanation(
        _WARNS,
        saying(
            "Many readers cannot read it (WCAG 2.2, 1.4.3 asks for 4.5 to 1, or 3 to 1 for large letters)."
        ),
        saying("Choose a darker or a lighter colour in the theme."),
    ),
    "insecure-address": Explanation(
        _WARNS,
        saying(
            "What travels over http can be read and changed on the way, and mail programs warn of it or do not load it."
        ),
        saying("Write https:// if the site can do that; nearly all can."),
    ),
    "third-party-resource": Explanation(
        _WARNS,
        saying(
            "Every opening of the mail is told to somebody else, and the picture is gone when that site moves it."
        ),
        saying("Host it with the announcement's pictures or on your own site."),
    ),
    "left-over-sign": Explanation(
        _WARNS,
        saying("Readers see what was meant for a program."),
        saying("Write what shall stand there, or correct the theme."),
    ),
    "unsubscribe-missing": Explanation(
        _BLOCKS,
        saying("Readers must be able to leave: the law and every large mailbox provider ask for it."),
        saying("Put the field [[link:unsubscribe]] into the theme."),
    ),
    "postal-address-missing": Explanation(
        _WARNS,
        saying("The law of many countries asks for the sender's postal address in every newsletter."),
        saying("Set NEWSLETTER_POSTAL_ADDRESS; the theme shows it in the foot."),
    ),
    "view-online-missing": Explanation(
        _WARNS,
        saying("Where a mail is shown broken or cut off, the page on the web is the way out."),
        saying("Link to the hosted page in the theme."),
    ),
    "subject-too-short": Explanation(
        _NOTES,
        saying("So short a subject tells little, and looks like unwanted mail."),
        saying("Say in a few words what is new."),
    ),
    "subject-too-long": Explanation(
        _NOTES,
        saying("Mailboxes cut it off: a phone shows some 40 characters, a desktop some 70."),
        saying("Put the news first and shorten the rest."),
    ),
    "preheader-too-short": Explanation(
        _NOTES,
        saying("Mailboxes fill the line up with what comes next in the mail."),
        saying("Write a sentence that goes on where the subject ends."),
    ),
    "preheader-too-long": Explanation(
        _NOTES,
        saying("Mailboxes cut it off."),
        saying("Say what matters in the first 90 characters."),
    ),
    "client-support": Explanation(
        _WARNS,
        saying("Readers with that mail program may not be able to read the letter as it is meant."),
        saying("Do without it in the theme, or see that the letter can be read where it is not understood."),
    ),
}

RENDERING = {
    Code.UNKNOWN_FIELD: Explanation(
        _BLOCKS,
        saying("Readers would see the field instead of its value."),
        saying("Correct its name, or write a backslash before it."),
    ),
    Code.LOOKS_LIKE_FIELD: Explanation(
        _WARNS,
        saying("If it was meant as a field, readers see it as it was typed."),
        saying("Write one of the fields: [[first_name]], [[name]], [[email]]."),
    ),
    Code.UNSAFE_LINK: Explanation(
        _BLOCKS,
        saying("Mail programs block such addresses, so the link is left out."),
        saying("Write an address with https, http, mailto or tel."),
    ),
    Code.RELATIVE_LINK: Explanation(
        _WARNS,
        saying("A mail stands on no site, so the link is left out."),
        saying("Write the whole address, with https://."),
    ),
    Code.PICTURE_IN_BODY: Explanation(
        _WARNS,
        saying("Pictures inside a text are not shown."),
        saying("Make it the announcement's picture, or delete it."),
    ),
    Code.PICTURE_WITHOUT_ALT: Explanation(
        _WARNS,
        saying("Readers who do not see the picture are told nothing."),
        saying("Describe in a few words what it shows."),
    ),
    Code.TOO_DEEP: Explanation(
        _BLOCKS,
        saying("The innermost text would be lost."),
        saying("Put fewer lists or quotations into each other."),
    ),
    Code.TITLE_MISSING: Explanation(
        _BLOCKS,
        saying("Readers cannot see where the item begins or what it is about."),
        saying("Give it a title."),
    ),
    Code.LINK_MISSING: Explanation(
        _WARNS,
        saying("Readers see a title and cannot read on."),
        saying("Give the announcement a button with an address."),
    ),
    Code.BAD_ACCENT: Explanation(
        _WARNS,
        saying("Another colour than the one you wanted is shown."),
        saying("Write it as #rrggbb in NEWSLETTER_ACCENT_COLOUR."),
    ),
    Code.ACCENT_ADJUSTED: Explanation(
        _NOTES,
        saying("The colour as it was set is too pale to be read on white."),
        saying("Set a darker one, or leave it: it is shown darker."),
    ),
    Code.TOO_LARGE: Explanation(
        _WARNS,
        saying("Gmail hides what comes after about 102 KB, and the link to unsubscribe with it."),
        saying("Shorten the largest items, or send two editions."),
    ),
    Code.MJML_UNREADABLE: Explanation(
        _BLOCKS,
        saying("No mail can be made of it."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_MENDED: Explanation(
        _NOTES,
        saying("It was understood this time; another engine may read it otherwise."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_NOT_INCLUDED: Explanation(
        _BLOCKS,
        saying("What the other file holds is not in the letter."),
        saying("Put the piece into the theme itself, or include it with Jinja."),
    ),
    Code.MJML_UNKNOWN_ELEMENT: Explanation(
        _BLOCKS,
        saying("What stands in it would be lost."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_MISPLACED_ELEMENT: Explanation(
        _BLOCKS,
        saying("It is shown in the wrong place, or not at all."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_UNKNOWN_ATTRIBUTE: Explanation(
        _BLOCKS,
        saying("It has no effect; perhaps its name is misspelt."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_BAD_VALUE: Explanation(
        _BLOCKS,
        saying("It has no effect, or a wrong one."),
        saying("Correct the theme at the line named."),
    ),
    Code.MJML_NOT_USED_HERE: Explanation(
        _BLOCKS,
        saying("The engine gets it wrong (docs/decisions/0006)."),
        saying("Write the theme without it."),
    ),
    Code.MJML_LOOSE_TEXT: Explanation(
        _BLOCKS,
        saying("The text would be lost."),
        saying("Put it into an mj-text element of the theme."),
    ),
    Code.MJML_NOT_COMPILED: Explanation(
        _BLOCKS,
        saying("There is no mail to send."),
        saying("Correct the theme as the message says."),
    ),
}
