"""Measures what Mainspring costs: per agent step, model call and gateway request, at start-up, and in the journal.

Nothing here is part of the package. Run the modules from the root of the checkout; README.md says how.
"""
