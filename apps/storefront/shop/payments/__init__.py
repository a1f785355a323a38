"""Paying: the protocol of a payment provider, the built-in invoice, Stripe, and one to practise with.

Files here import nothing of the shop above them but money, terms, database and errors. The official Stripe library
is imported by `stripe` alone, which nothing here imports.
"""

from apps.storefront.shop.payments.invoice import Invoice
from apps.storefront.shop.payments.practice import PracticePayments
from apps.storefront.shop.payments.provider import Charge, Notice, Notifies, Payments

__all__ = ["Charge", "Invoice", "Notice", "Notifies", "Payments", "PracticePayments"]
