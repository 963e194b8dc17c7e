"""Devices, threads and memory."""
