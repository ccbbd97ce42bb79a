"""The sign-up form that an organisation puts into its own web site."""

from urllib.parse import quote

from markupsafe import Markup

from newsletter.audience.models import MailingList
from newsletter.foundation.language import direction
from newsletter.foundation.texts import texts

_FORM = Markup("""\
<form action="{action}" method="post" accept-charset="utf-8" lang="{language}" dir="{direction}">
  <p><label>{address}<br>
    <input type="email" name="address" autocomplete="email" required></label></p>
  <p><button>{subscribe}</button></p>
</form>""")


def embedded_form(base_url: str, mailing_list: MailingList, language: str) -> str:
    """Plain HTML without script or style. It leads to our own page, where one more click sends it.

    A page of another site carries no form token of ours, so that no site can sign up its visitors (threat T13).
    """
    t = texts(language).gettext
    return _FORM.format(
        action=f"{base_url}/{language}/subscribe/{quote(mailing_list.slug)}",
        language=language,
        direction=direction(language),
        address=t("E-mail address"),
        subscribe=t("Subscribe"),
    )
