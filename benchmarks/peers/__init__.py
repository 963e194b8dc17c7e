"""The libraries that the zoo is compared with, each used at its best."""
