"""The engine: what runs under torchrun, in processes of its own. Nothing else of the package imports it."""
