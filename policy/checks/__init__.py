"""The guided checks: rules over facts that explain themselves."""
