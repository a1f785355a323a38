"""The storefront; `mainspring run apps/storefront "..." --store runs.db` serves a customer.

STOREFRONT_DATABASE   where the shop is kept: a file, or postgresql://...; storefront.db if not given
STOREFRONT_CUSTOMER   whom it serves; guest if not given
OPEN_METEO_API_KEY    Open-Meteo's key; without one its free service is asked
"""

import os

from apps.storefront.shop import open_shop
from apps.storefront.team import storefront
from apps.storefront.weather import open_weather

shop = open_shop(os.environ.get("STOREFRONT_DATABASE", "storefront.db"))
shop.recover()
agent = storefront(
    shop, open_weather(os.environ.get("OPEN_METEO_API_KEY")), os.environ.get("STOREFRONT_CUSTOMER", "guest")
)
