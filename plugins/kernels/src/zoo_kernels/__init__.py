"""The recurrences of the zoo in C++."""
