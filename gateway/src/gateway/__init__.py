"""The only public process: sessions, pages, /api/v2 proxy, live updates."""
