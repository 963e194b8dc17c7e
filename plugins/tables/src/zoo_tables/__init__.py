"""Tables as data: labelled texts and pairs of texts."""
