"""What keeps public forms from being turned against people: tokens spent once, and budgets."""
