"""The pages: routes, the adapter, rendering, then a file a feature."""
