"""Routers, one module per resource; what each client method asks stands in `clients.identity`."""
