"""Released files and the Airlock API."""
