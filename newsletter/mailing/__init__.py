"""A frozen edition on its way: who gets which variant, what has been handed over, what the server said."""
