"""For the whole repository."""

import gateway  # noqa: F401  # or pytest takes the folder gateway/, above its tests, for the package
