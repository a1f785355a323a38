"""Workers that die on purpose, and what is needed to tell whether anything was lost or done twice by that."""
