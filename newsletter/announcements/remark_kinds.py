"""The kinds of remark, and the sentence that each is told by."""

from enum import StrEnum

from newsletter.foundation.sayings import Saying, saying


class RemarkCode(StrEnum):
    """The kinds of remark. The first ones are about the words, the later ones about how they came in."""

    REPEATED_PARAGRAPH = (
        "repeated_paragraph"  # a paragraph, or its first or last sentence, stands there twice
    )
    LINK_WITHOUT_TARGET = "link_without_target"  # "Link to the report." without an address
    MISSING_SPACE_AFTER_STOP = "missing_space_after_stop"  # "ended.Then"
    MISSING_SPACE_BEFORE_BRACKET = "missing_space_before_bracket"  # "Goals(SDG)"
    QUOTE_SLIP = (
        "quote_slip"  # a closing quotation mark where one opens, the reverse, or one without its other
    )
    DOUBLED_WORD = "doubled_word"  # "the the"
    ODD_SPACING = "odd_spacing"  # a no-break space beside another space
    SPACE_BEFORE_PUNCTUATION = "space_before_punctuation"  # "she said : " where the language has none
    IMAGE_CAPTION_LEFT = "image_caption_left"  # the caption of a picture that is not there
    STRAY_LINE = "stray_line"  # a few words alone on a line, perhaps what is left of a link
    DERIVED_TITLE = "derived_title"  # there was no title; the first words serve
    GUESSED_LANGUAGE = "guessed_language"  # too little text to tell the language
    ENCODING_GUESSED = "encoding_guessed"  # not UTF-8; read as Windows-1252
    CONTROL_CHARACTERS = "control_characters"  # characters that no mail may hold became spaces
    UNKNOWN_FIELD = "unknown_field"  # a line of the front matter that means nothing here
    FIELDS_DIFFER = (
        "fields_differ"  # the languages of one announcement disagree about a date, topic or picture
    )
    ALT_MISSING = "alt_missing"  # a picture without words for those who do not see it
    PICTURE_IN_BODY = "picture_in_body"  # a picture inside the text, which is not taken along
    FURTHER_PICTURE = "further_picture"  # a text from the web had several pictures; the first one is taken
    PICTURE_REFUSED = "picture_refused"  # a picture could not be fetched, or is none that can be mailed
    TABLE_AS_TEXT = "table_as_text"  # a table became a list, one line per row
    EMBED_LEFT_OUT = "embed_left_out"  # a video, a form or another page inside the text
    LINK_LEFT_OUT = "link_left_out"  # a link that leads nowhere from a mailbox; its words stay
    LANGUAGE_CORRECTED = "language_corrected"  # the source as a whole names another language than the text's


# What only the intake could tell; all others can be told from an announcement as it is (see current_remarks.py).
OF_THE_INTAKE = frozenset(
    {
        RemarkCode.GUESSED_LANGUAGE,
        RemarkCode.ENCODING_GUESSED,
        RemarkCode.CONTROL_CHARACTERS,
        RemarkCode.UNKNOWN_FIELD,
        RemarkCode.FIELDS_DIFFER,
        RemarkCode.FURTHER_PICTURE,
        RemarkCode.PICTURE_REFUSED,
        RemarkCode.TABLE_AS_TEXT,
        RemarkCode.EMBED_LEFT_OUT,
        RemarkCode.LINK_LEFT_OUT,
        RemarkCode.LANGUAGE_CORRECTED,
    }
)

# Plain sentences without values; the excerpt says what is meant.
MESSAGES: dict[RemarkCode, Saying] = {
    RemarkCode.REPEATED_PARAGRAPH: saying("This has been said before in the same announcement."),
    RemarkCode.LINK_WITHOUT_TARGET: saying("A link is announced here, but there is no address."),
    RemarkCode.MISSING_SPACE_AFTER_STOP: saying("A space is missing between two sentences."),
    RemarkCode.MISSING_SPACE_BEFORE_BRACKET: saying("A space is missing before the bracket."),
    RemarkCode.QUOTE_SLIP: saying("A quotation mark is turned the wrong way or lacks its other half."),
    RemarkCode.DOUBLED_WORD: saying("A word stands here twice."),
    RemarkCode.ODD_SPACING: saying("A no-break space stands beside another space and will show as a gap."),
    RemarkCode.SPACE_BEFORE_PUNCTUATION: saying("There is a space before a punctuation mark."),
    RemarkCode.IMAGE_CAPTION_LEFT: saying("This looks like the caption of a picture that is not there."),
    RemarkCode.STRAY_LINE: saying(
        "A few words stand alone on this line; a heading, or a link that lost its address?"
    ),
    RemarkCode.DERIVED_TITLE: saying("There was no title; this one was taken from the text."),
    RemarkCode.GUESSED_LANGUAGE: saying("The text does not tell its language plainly; this is a guess."),
    RemarkCode.ENCODING_GUESSED: saying(
        "The file is not in UTF-8; it was read as Windows-1252, look at the accents."
    ),
    RemarkCode.CONTROL_CHARACTERS: saying("Characters that cannot be shown were replaced by spaces."),
    RemarkCode.UNKNOWN_FIELD: saying("This field means nothing here and was left out."),
    RemarkCode.FIELDS_DIFFER: saying(
        "The languages disagree about this field; the source language's value was taken."
    ),
    RemarkCode.ALT_MISSING: saying("The picture has no description in this language."),
    RemarkCode.PICTURE_IN_BODY: saying(
        "A picture inside the text is not taken along; name it in the field `image`."
    ),
    RemarkCode.FURTHER_PICTURE: saying("Only the first picture is taken along; this one was left out."),
    RemarkCode.PICTURE_REFUSED: saying("A picture could not be taken along."),
    RemarkCode.TABLE_AS_TEXT: saying(
        "A table became a list with one line per row; see whether it still reads well."
    ),
    RemarkCode.EMBED_LEFT_OUT: saying("A video, a form or another page inside the text was left out."),
    RemarkCode.LINK_LEFT_OUT: saying(
        "A link that leads nowhere from a mailbox was left out; its words stay."
    ),
    RemarkCode.LANGUAGE_CORRECTED: saying(
        "The source is marked as another language; the one of the text was taken."
    ),
}
