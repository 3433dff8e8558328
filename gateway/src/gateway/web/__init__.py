"""Page models: typed, formatted, ready to be shown. No raw service JSON in templates."""
