"""Descriptions of data: signatures, vocabularies and text decoding."""
