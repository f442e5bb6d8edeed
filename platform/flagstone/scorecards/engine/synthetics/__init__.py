"""Synthetic customers in Terraform: their code, runtime, schedule and rights."""
