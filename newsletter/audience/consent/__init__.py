"""Evidence: what each person agreed to, when, how and in which words (GDPR article 7(1))."""
