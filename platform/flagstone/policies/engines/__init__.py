"""What runs a policy's source: this process, a child that can be ended, or an OPA server."""
