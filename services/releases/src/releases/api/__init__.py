"""Routers: Airlock's calls, the public reads, and what pages ask (`clients.releases`)."""
