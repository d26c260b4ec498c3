"""Who signs in: staff and customers of one retailer, in that retailer's schema."""
