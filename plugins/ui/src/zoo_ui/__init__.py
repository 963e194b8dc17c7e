"""The zoo in the browser."""
