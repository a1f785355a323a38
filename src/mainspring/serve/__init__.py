"""The gateway: configured models over HTTP, for clients in any language.

Balancing and failover are the pools', money is the ledger's; here they meet a wire, keys and metrics. Imports the
runs' ledger, the models and the core; aiohttp's server lives only here.
"""

from mainspring.serve.gateway import Gateway
from mainspring.serve.keys import hashed, new_key
from mainspring.serve.opening import open_gateway
from mainspring.serve.running import serving
from mainspring.serve.settings import GatewaySettings, KeySettings, gateway_settings

__all__ = [
    "Gateway",
    "GatewaySettings",
    "KeySettings",
    "gateway_settings",
    "hashed",
    "new_key",
    "open_gateway",
    "serving",
]
