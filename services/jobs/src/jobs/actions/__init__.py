"""Use cases, one function each, for the API and the command line alike."""
