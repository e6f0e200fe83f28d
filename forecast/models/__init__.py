"""The models that can forecast: each a class with the one contract of `forecast.models.base`."""
