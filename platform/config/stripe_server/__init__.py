"""A small stateful server that speaks Stripe's protocol, for tests and the demo; it never leaves this machine.

stripe-python reaches it through ``base_addresses``. What a request may hold is read from the types that stripe-python
ships (``stripe.params``); what it does not know is refused as Stripe refuses it. ``python -m config.stripe_server``
serves it for the demo; `config.stripe_server.server.Server` serves it inside a test.
"""
