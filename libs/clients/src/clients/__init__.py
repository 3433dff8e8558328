"""One typed client per service, with a verified fake."""
