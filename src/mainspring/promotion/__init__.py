"""A tuned model joins the pool: a gate, a canary's share, and what becomes of it by live results.

May import `evals` and everything below it; not `train`: a model is a file, with a card.
"""
