"""Job requests, jobs, backends' health and the RAP integration."""
