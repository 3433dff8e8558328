"""Routers; what each client method asks stands in `clients.notifications`."""
