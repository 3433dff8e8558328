"""A RAP controller with a made-up agent (spec/jobs.md §2, §7; wire-observed §1)."""
