"""github.com and api.github.com, as far as the product uses them."""
