"""The guided checks and the route."""
