"""Pages of payments, statements, cash and refunds."""
