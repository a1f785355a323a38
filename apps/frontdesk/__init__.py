"""A front desk: reads what people write, and hands each request on as one call with its fields filled in."""
