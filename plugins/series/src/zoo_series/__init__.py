"""Time series: windows, forecasts and baselines."""
