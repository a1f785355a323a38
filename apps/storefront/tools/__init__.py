"""What the shop's agents can do: choosing furniture, ordering it, and what comes after an order.

The customer is settled when the tools are made and is never an argument, so no words of anybody can name another
one. Arguments are what a small model can copy from the words before it; amounts and totals are the shop's own.
"""

from apps.storefront.tools.ordering import ordering_tools
from apps.storefront.tools.outdoors import outdoor_tools
from apps.storefront.tools.service import service_tools
from apps.storefront.tools.styling import finding_tool, piece_tools

__all__ = ["finding_tool", "ordering_tools", "outdoor_tools", "piece_tools", "service_tools"]
