"""Feature flags: what declares them, and the code that asks for them."""
