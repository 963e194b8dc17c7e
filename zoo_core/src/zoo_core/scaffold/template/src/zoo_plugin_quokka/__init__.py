"""A plugin for the zoo of recurrent models."""
