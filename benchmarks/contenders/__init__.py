"""One adapter per contender: the floor, Mainspring, and the frameworks it is compared with.

Each module has `connect(base_url)`, which gives a `Contender` that reuses its clients and agents wherever the
framework allows it. Adapters are idiomatic for their framework, with all telemetry off, and know nothing of
each other. They may import `benchmarks.contender` and their own framework.
"""
