"""The storefront: a furniture shop that agents keep for its owner."""
