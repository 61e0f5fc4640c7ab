"""Programs run with a temporary key that ends with them."""
