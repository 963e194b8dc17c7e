"""Sequence to sequence: an encoder, a decoder and attention, of any recurrent cell."""
