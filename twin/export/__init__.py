"""The model for others: IMDF archives, and RDF with the BOT and Brick vocabularies. See docs/exports.md."""
