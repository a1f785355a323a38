"""Runs that outlive their process: journal, driver, budgets, human answers, dispatch, replay.

A run is its journal. Driving it folds the journal and goes on from its end; whatever it waits for, nothing of it
stays in memory. Imports the agent, models, tools and the core.
"""
