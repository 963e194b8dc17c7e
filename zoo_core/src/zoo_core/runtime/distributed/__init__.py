"""One run on many processes: how they share a batch, agree and are started."""
