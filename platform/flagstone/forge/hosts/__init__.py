"""Code hosts: one typed adapter each behind `base.Forge`. Knows no Django."""
