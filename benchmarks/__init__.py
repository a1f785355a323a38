"""Measures what Mainspring costs: CPU per agent step, streaming, memory, start-up, install size, and the journal.

Nothing here is part of the package. Run the modules from the root of the checkout; README.md says how.
"""
