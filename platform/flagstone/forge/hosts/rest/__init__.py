"""What the code hosts that are spoken to over HTTP share."""
