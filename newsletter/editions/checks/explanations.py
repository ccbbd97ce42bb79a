"""What each code means: how grave it is, why it matters, how to mend it. docs/checks.md says the same, with examples."""

from newsletter.editions.checks.explanation import Explanation
from newsletter.editions.checks.explanations_mails import MAILS, RENDERING
from newsletter.editions.checks.explanations_words import LANGUAGES, LINKS, TEXTS

EXPLANATIONS: dict[str, Explanation] = {
    **LANGUAGES,
    **TEXTS,
    **MAILS,
    **LINKS,
    **{code.value: explanation for code, explanation in RENDERING.items()},
}
