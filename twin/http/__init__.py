"""The HTTP rooms of the twin: one file a subject, thin over what the other packages know."""
