"""The contenders of `pool_policy.py`: Mainspring's pool, policies written by hand, and LiteLLM's Router.

They know nothing of each other, and import `benchmarks.pool_contender`, `benchmarks.pool_servers` and their own
library.
"""
