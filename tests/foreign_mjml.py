"""Documents as people outside write them: not one of them is a letter of ours, and few are well-formed XML."""


def a_document(body: str, head: str = "") -> str:
    """An MJML document with this in its body."""
    return f"<mjml>\n  <mj-head>{head}</mj-head>\n  <mj-body>\n{body}\n  </mj-body>\n</mjml>\n"


def a_column(content: str, head: str = "") -> str:
    """One section with one column."""
    return a_document(f"<mj-section>\n  <mj-column>\n{content}\n  </mj-column>\n</mj-section>", head)


FOREIGN = {
    "welcome": a_document(
        """<mj-section background-color="#f0f0f0" padding="20px 0">
      <mj-column>
        <mj-text font-style="italic" font-size="20px" color="#626262">Welcome aboard</mj-text>
        <mj-image src="https://site.example/a.png" width="100px" />
      </mj-column>
    </mj-section>
    <mj-section background-url="https://site.example/b.jpg" background-size="cover" background-repeat="no-repeat">
      <mj-column width="600px"><mj-text align="center" color="#fff" font-size="40px" font-family="Helvetica Neue">Slogan here</mj-text>
        <mj-button background-color="#F63A4D" href="#">Promotion</mj-button></mj-column>
    </mj-section>""",
        '<mj-title>Hi</mj-title><mj-preview>Short &amp; sweet</mj-preview><mj-font name="Raleway" href="https://fonts.example/raleway" />',
    ),
    "unclosed tags": a_column(
        "<mj-text><p>one<p>two<ul><li>a<li>b</ul>three<br>four<hr>5 < 6 & 7 > 2 &copy; &nbsp;x</mj-text>"
    ),
    "loose attributes": a_column(
        """<mj-text align=center color='#123' color="#456"><a href=https://site.example?a=1&b=2 target=_blank>x</a></mj-text>"""
    ),
    "comments": a_document(
        "<!-- a -- b --><mj-section><!-- x --><mj-column><mj-text>x<!-- in -->y</mj-text></mj-column></mj-section>"
    ),
    "windows": a_column("<mj-text>\nun\n<b>deux</b>\n<i>trois</i></mj-text>").replace("\n", "\r\n"),
    "attributes": a_document(
        """<mj-section mj-class="blue"><mj-column><mj-text mj-class="big loud">x</mj-text><mj-divider /></mj-column></mj-section>
    <mj-section><mj-group><mj-column width="30%"><mj-text>a</mj-text></mj-column><mj-column width="70%"><mj-text>b</mj-text></mj-column></mj-group></mj-section>""",
        """<mj-attributes><mj-all padding="0" /><mj-text font-size="18px" /><mj-class name="blue" background-color="#00f" />
    <mj-class name="big" font-size="30px" css-class="b" /><mj-class name="loud" color="red" css-class="l" /></mj-attributes>""",
    ),
    "styles": a_column(
        '<mj-text css-class="red">x <span class="it">y</span></mj-text>',
        """<mj-style inline="inline">.red div { color: red } .it { font-style: italic }</mj-style>
    <mj-style>@media (max-width: 480px) { .red div { color: blue !important } }</mj-style>""",
    ),
    "wrapper and table": a_document(
        """<mj-wrapper background-color="#eee" padding="20px" full-width="full-width"><mj-section background-color="#fff"><mj-column>
      <mj-table><tr style="border-bottom:1px solid #ecedee"><th>Year</th><td>1995</td></tr></mj-table>
      <mj-spacer height="20px" /><mj-raw><div class="x">raw</div></mj-raw></mj-column></mj-section></mj-wrapper>"""
    ),
    "social": a_column(
        """<mj-social font-size="15px" icon-size="30px" mode="horizontal"><mj-social-element name="facebook-noshare" href="https://site.example/">Facebook</mj-social-element>
    <mj-social-element src="https://site.example/i.png" href="https://site.example/">Own</mj-social-element></mj-social>"""
    ),
    "named fonts": a_column(
        '<mj-text font-family="Roboto, Arial">x</mj-text><mj-text font-family="Arial">y</mj-text>'
    ),
    "prologue": '<?xml version="1.0"?>\n<!DOCTYPE mjml>\n' + a_column("<mj-text>x</mj-text>"),
    "conditions": a_document(
        """<mj-raw><!--[if mso]><table><tr><td><![endif]--><i>x</i></mj-raw><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>
    <!--[if mso]><p>for Outlook</p><![endif]-->"""
    ),
    "hero": a_document(
        """<mj-hero mode="fixed-height" height="469px" background-width="600px" background-height="469px"
      background-url="https://site.example/h.jpg" background-color="#2a3448" padding="100px 0px"><mj-text color="#fff">x</mj-text></mj-hero>"""
    ),
    "file start": '<mjml><mj-raw position="file-start"><!-- top --></mj-raw><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>',
    "empty": "<mjml><mj-body></mj-body></mjml>",
    "pictures": a_column(
        """<mj-image src="https://site.example/a.png" href="#" title="t" sizes="50vw" border-top="2px solid #00f" border-left="1px dotted red" />
    <mj-image src="https://site.example/b.png" width="50" /><mj-image src="https://site.example/c.png" width="33%" />"""
    ),
    "thirds": a_document(
        """<mj-section padding="0 7px"><mj-column><mj-image src="https://site.example/a.png" /></mj-column><mj-column><mj-divider /></mj-column>
    <mj-column><mj-text>x</mj-text></mj-column></mj-section><mj-section><mj-column width="33.33333333333333%"><mj-image src="https://site.example/a.png" /></mj-column>
    <mj-column width="66.66666666666666%"><mj-image src="https://site.example/b.png" /></mj-column></mj-section>"""
    ),
    "a group of three": a_document(
        """<mj-section><mj-group><mj-column padding="0 10px" border-left="3px solid red"><mj-text>a</mj-text></mj-column>
    <mj-column padding-right="7px"><mj-text>b</mj-text></mj-column><mj-column><mj-text>c</mj-text></mj-column></mj-group></mj-section>"""
    ),
    "percent": a_document(
        """<mj-wrapper padding="0 5%"><mj-section padding="10px 3%"><mj-column padding-left="2%"><mj-image src="https://site.example/a.png" padding="0 4%" />
    <mj-divider padding-left="10%" /></mj-column></mj-section></mj-wrapper>"""
    ),
    "buttons and tables": a_column(
        """<mj-button href="#" title="t">a</mj-button><mj-button title="u">b</mj-button><mj-table role="none" cellspacing="3"><tr><td>x</td></tr></mj-table>
    <mj-table width="200px" border="1px solid #ccc" cellspacing="0"><tr><td>y</td></tr></mj-table>"""
    ),
    "gap": a_document(
        """<mj-wrapper gap="12px"><mj-section background-color="#eee"><mj-column><mj-text>a</mj-text></mj-column></mj-section>
    <mj-section background-color="#ddd"><mj-column><mj-text>b</mj-text></mj-column></mj-section></mj-wrapper>"""
    ),
    "fluid hero": a_document(
        """<mj-hero mode="fluid-height" background-width="600px" background-height="400px" background-url="https://site.example/h.jpg" border-radius="6px"
      padding="50px 0"><mj-text>x</mj-text><mj-social><mj-social-element name="github" href="https://site.example/">y</mj-social-element></mj-social></mj-hero>"""
    ),
    "accordion": a_column(
        """<mj-accordion><mj-accordion-element><mj-accordion-title font-weight="bold">a</mj-accordion-title><mj-accordion-text>b</mj-accordion-text></mj-accordion-element>
    <mj-accordion-element font-family="Georgia"><mj-accordion-title>c</mj-accordion-title><mj-accordion-text font-family="Arial">d</mj-accordion-text></mj-accordion-element></mj-accordion>""",
        """<mj-attributes><mj-accordion border="none" /><mj-accordion-title font-family="Roboto, Arial" /><mj-accordion-text font-family="Lato" /></mj-attributes>""",
    ),
    "for all": a_column(
        """<mj-text>a</mj-text><mj-social padding="0" inner-padding="2px"><mj-social-element name="github" srcset="https://site.example/2.png 2x" href="#">b</mj-social-element></mj-social>
    <mj-social><mj-social-element name="web" href="#">c</mj-social-element></mj-social>""",
        '<mj-attributes><mj-all padding="5px" align="right" font-size="15px" /></mj-attributes>',
    ),
    "two classes": a_document(
        """<mj-section css-class="one two" full-width="full-width" border-radius="5px" background-color="#eee"><mj-column css-class="three four">
    <mj-text>x</mj-text></mj-column></mj-section>"""
    ),
    "from a word processor": a_column(
        """<mj-text><p class="MsoNormal">a<o:p></o:p></p><b>x<wbr>y</b></mj-text><mj-text><svg xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#a"></use></svg></mj-text>"""
    ),
    "unknown": a_column(
        "<mj-text>a</mj-text><mj-unheard-of>b</mj-unheard-of><div>c</div>", "<mj-unheard-of />"
    ),
    "nothing in title and preview": a_column(
        "<mj-text>x</mj-text>", "<mj-title></mj-title><mj-preview> </mj-preview>"
    ),
    "important": a_column(
        '<mj-text css-class="red">x</mj-text>',
        '<mj-style inline="inline">.red div { color: red !important }</mj-style><mj-style>.a::after { content: "&" }</mj-style>',
    ),
    "loose text": a_column(
        '<mj-raw>{{#each items}}</mj-raw><mj-text css-class="red">x</mj-text><mj-raw>{{/each}} é &amp; &lt;</mj-raw>',
        '<mj-style inline="inline">.red div { color: red }</mj-style>',
    ),
    "hyphens": a_document(
        "<mj-section><mj-column><mj-text>a<!-- b -- c --><!--[if mso]><i>-- --</i><![endif]--></mj-text></mj-column></mj-section>"
    ),
    "fonts with two parameters": a_column(
        '<mj-text font-family="Mine, Arial">x</mj-text>',
        '<mj-font name="Mine" href="https://fonts.example/css?family=Mine&amp;display=swap" />',
    ),
}

# MJML 5 counts other pixels here, or writes other rules.
OTHERWISE_IN_5 = frozenset({"thirds", "accordion"})
