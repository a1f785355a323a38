"""The commands of `mainspring eval`, and what they share."""
