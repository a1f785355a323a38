"""One adapter per contender of `journal.py`: Mainspring with and without a store, and those it is compared with.

Each module has a `CONTENDER`. Adapters are idiomatic for their framework, with all telemetry off, and know nothing
of each other. They may import `benchmarks.journal_contender` and their own framework.
"""
