"""Rego on regorus: the text of a policy is written as both the engine and OPA understand it, and evaluated."""
