"""The config engine and the configs that models and trainers share."""
