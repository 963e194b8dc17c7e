"""What people would use instead, each at its best without the zoo."""
