"""What the areas of the site share; it knows none of them."""
