"""One adapter per contender of `client.py`: the floor, Mainspring's `ChatModel`, and other clients.

Each module has `connect(base_url)`, which gives a `Client` that keeps its connection. Adapters know nothing of each
other, and import `benchmarks.client_contender`, the name of the model, and their own library.
"""
