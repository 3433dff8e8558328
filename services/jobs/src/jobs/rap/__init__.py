"""The RAP controller: its wire, sending to it, and following what it does (spec/jobs.md §2)."""
