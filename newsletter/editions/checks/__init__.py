"""What somebody should look at before an edition goes out: the words, the facts in both languages, the mail, the links."""
